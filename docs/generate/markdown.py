"""The few pieces of Markdown that generated pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, with what would break a cell escaped."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """Return `text` as code, where there is any."""
    said = str(text)
    if "`" in said:
        return f"`` {said} ``"
    return f"`{said}`" if said else ""


def block(language: str, text: str) -> str:
    """Return a block of code."""
    inside = text.strip("\n")
    return f"```{language}\n{inside}\n```"


def page(*parts: str) -> str:
    """Return paragraphs, tables and headings as one page."""
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"
