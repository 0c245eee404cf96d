"""Write the reference pages, and remove those that nothing makes any more."""

from __future__ import annotations

from docs.generate import FOLDER, pages


def main() -> None:
    """Bring `docs/reference/` to what the program says."""
    made = pages()
    for old in FOLDER.rglob("*.md"):
        if old.relative_to(FOLDER).as_posix() not in made:
            old.unlink()
    for path, text in made.items():
        file = FOLDER / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


main()
