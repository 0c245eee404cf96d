"""The reference pages, made from the program itself: `python -m docs.generate` writes them."""

from __future__ import annotations

from pathlib import Path

from docs.generate import command_line, connectors, database, project_file, settings, trouble

FOLDER = Path(__file__).parents[1] / "reference"
NOTE = "<!-- Made by `python -m docs.generate` from the program; change the program, not this page. -->\n\n"


def pages() -> dict[str, str]:
    """Return every generated page, by its path below `docs/reference/`."""
    made = {
        "command-line.md": command_line.page(),
        "project-file.md": project_file.page(),
        "settings.md": settings.page(),
        "database.md": database.page(),
        "exit-codes-and-reasons.md": trouble.page(),
        **{f"connectors/{name}.md": text for name, text in connectors.pages().items()},
    }
    return {path: NOTE + text for path, text in made.items()}
