"""The picture of a board, `docs/board.svg`: `python -m docs.picture` draws it from the demo, synced for real."""

from __future__ import annotations

import io
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from okrsync.demo import service
from okrsync.demo.sample import write_demo
from okrsync.settings import Settings
from okrsync.sync.apply import apply
from okrsync.sync.backfill import backfill
from okrsync.sync.run import sync
from okrsync.sync.workspace import Workspace
from okrsync.views.board import board
from okrsync.views.board_table import print_board
from okrsync.vocabulary import Trigger

FILE = Path(__file__).with_name("board.svg")
MOMENT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
"""When the picture is taken: the demo has the same numbers at the same moment."""
COLUMNS = 158
_FETCHED_FONTS = re.compile(r"@font-face \{.*?\}", re.DOTALL)


def picture() -> str:
    """Return the board of a fresh demo as an SVG that fetches nothing."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "okrsync-demo"
        write_demo(folder, MOMENT.date(), MOMENT)
        service.start(folder)
        try:
            return _drawn(folder)
        finally:
            service.stop(folder)


def _drawn(folder: Path) -> str:
    with Workspace.open(folder, Settings(), migrated=False) as workspace:
        apply(workspace, MOMENT)
        backfill(workspace, MOMENT)
        sync(workspace, MOMENT, trigger=Trigger.DEMO)
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
        print_board(board(workspace, MOMENT), console)
    drawn = console.export_svg(title="okrsync status", theme=MONOKAI, unique_id="board")
    return _FETCHED_FONTS.sub("", drawn)


if __name__ == "__main__":
    FILE.write_text(picture(), encoding="utf-8")
