"""Writes the demo: goals of a company and three teams, and the real sources their key results are read from."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from okrsync.demo.crm import TOKEN_FILE
from okrsync.demo.crm_records import write_records
from okrsync.demo.marker import Marker, is_demo
from okrsync.demo.product import write_product_database
from okrsync.demo.quarters import Quarter
from okrsync.demo.service import free_port
from okrsync.demo.templates import write_folder
from okrsync.demo.workbook import write_workbook
from okrsync.errors import Finding, SettingsError

SEED = 28


@dataclass(frozen=True)
class Demo:
    """A demo folder. `start` and `end` are the first and the last day of its cycle, both included, in UTC."""

    folder: Path
    cycle: str
    start: date
    end: date
    port: int


def write_demo(folder: Path, today: date, now: datetime, seed: int = SEED) -> Demo:
    """Write a project folder for the quarter that `today` lies in, its sources filled until `now` (aware).

    The same quarter and seed give the same numbers; a later `now` only adds to them. `today` is the day of `now`
    in UTC, which the demo's days are counted in. A demo that is there already is written anew, but keeps its port,
    its token and its okrsync database. Raises `SettingsError` where the folder holds something else.
    """
    quarter, now = Quarter.of(today), now.astimezone(UTC)
    port = _port(folder)
    folder.mkdir(parents=True, exist_ok=True)
    Marker(quarter.name, seed, port).write(folder)
    write_folder("project", folder, _values(quarter, port))
    write_workbook(folder / "plan.xlsx", quarter, now, seed)
    write_product_database(folder / "product.db", quarter, now, seed)
    write_records(folder / "crm", quarter, now, seed)
    _write_token(folder / TOKEN_FILE)
    return Demo(folder, quarter.name, quarter.start, quarter.end, port)


def _port(folder: Path) -> int:
    """Return the port that the folder has, or a free one; refuse a folder of somebody else's."""
    if is_demo(folder):
        return Marker.read(folder).port
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        found = Finding(str(folder), 0, 0, "is not empty, and not a demo", hint="name another folder for the demo")
        raise SettingsError([found])
    return free_port()


def _values(quarter: Quarter, port: int) -> dict[str, str]:
    first_month_end, second_month_end, _ = quarter.month_ends()
    return {
        "cycle": quarter.name,
        "cycle_start": quarter.start.isoformat(),
        "cycle_end": quarter.end.isoformat(),
        "first_month_end": first_month_end.isoformat(),
        "second_month_end": second_month_end.isoformat(),
        "port": str(port),
    }


def _write_token(path: Path) -> None:
    """Write a token that only this folder's CRM takes, readable by its owner alone."""
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
