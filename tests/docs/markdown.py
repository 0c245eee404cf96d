"""The pages of the documentation, taken apart: their links, headings and blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^```(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"``.*?``|`[^`\n]*`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, what stands behind that (a file, or a request), and its text."""

    language: str
    of: str
    text: str

    @property
    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.strip()]

    @property
    def commands(self) -> list[str]:
        """The commands of a block, without prompts, output and comments."""
        lines = [line.removeprefix("$ ") for line in self.lines if self.language == "sh" or line.startswith("$ ")]
        return [re.split(r"\s+#", line)[0].strip() for line in lines if not line.startswith("#")]


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [Block(*info.partition(" ")[::2], text) for info, text in found]


def prose(page: Path) -> str:
    """Return the page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> Iterator[str]:
    yield from _LINK.findall(_CODE.sub("`", prose(page)))


def anchors(page: Path) -> set[str]:
    """Return the anchors that headings have, as the usual viewers of Markdown make them."""
    return {_anchor(heading) for heading in _HEADING.findall(prose(page))}


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
