"""How a sync compares with a bare client that asks the same questions and writes the same rows: `make bench`.

A service on loopback answers every call 50 ms later; a fifth of the key results ask what another one asks. The bare
client asks each distinct question once over the same number of connections, and writes all rows in one statement.
Figures are of one run on the machine it runs on; the ratio is what can be compared.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from okrsync.errors import ExitCode
from okrsync.settings import Settings
from okrsync.sync.apply import apply
from okrsync.sync.run import sync
from okrsync.sync.workspace import Workspace
from tests.bench.service import Service, number

LATENCY = 0.05
AT_ONCE = 16
SHARED = 0.2
"""The part of the key results that ask what another one asks."""


@dataclass(frozen=True)
class Measured:
    """What one run took: seconds of wall clock and of processor, and how many calls and rows it made."""

    wall: float
    processor: float
    calls: int
    rows: int


def distinct(key_results: int) -> int:
    """Return how many distinct questions so many key results have."""
    return key_results - int(key_results * SHARED)


def write_project(folder: Path, url: str, key_results: int) -> None:
    """Write a project with so many key results on the service."""
    today = datetime.now(UTC).date()
    questions = distinct(key_results)
    metrics = "".join(
        f"  m{id_}: {{connection: service, query: {{path: /number, params: {{id: {id_}}}, value: value}}}}\n"
        for id_ in range(questions)
    )
    (folder / "goals").mkdir(parents=True)
    (folder / "okrsync.yaml").write_text(
        f"cycle: {{name: bench, start: {today - timedelta(days=40)}, end: {today + timedelta(days=50)}}}\n"
        f"connections:\n  service: {{connector: http, base_url: '{url}', at_once: {AT_ONCE}}}\nmetrics:\n{metrics}"
    )
    goals = "".join(
        f"      - {{id: kr-{id_}, title: Key result {id_}, metric: m{id_ % questions}, unit: count, "
        f"start: 0, target: 1001}}\n"
        for id_ in range(key_results)
    )
    (folder / "goals" / "bench.yaml").write_text(
        "team: bench\nobjectives:\n"
        f"  - id: o\n    title: Bench\n    owner: bench@example.com\n    key_results:\n{goals}"
    )


def of_okrsync(folder: Path, service: Service, now: datetime) -> Measured:
    """Sync the project once, as a person does who asks for everything, and check what it recorded."""
    with Workspace.open(folder, Settings()) as workspace:
        calls, wall, processor = service.calls, time.perf_counter(), time.process_time()
        report = sync(workspace, now, due_only=False)
        took = time.perf_counter() - wall, time.process_time() - processor
    assert report.exit_code is ExitCode.OK, report.summary()
    values = {row.key: row.value for row in report.rows}
    questions = distinct(len(values))
    assert all(value == number(int(key[3:]) % questions) for key, value in values.items())
    return Measured(*took, service.calls - calls, len(values))


def of_a_bare_client(service: Service, key_results: int, place: Path) -> Measured:
    """Ask the distinct questions and write a row per key result, and nothing else."""
    questions = distinct(key_results)
    calls, wall, processor = service.calls, time.perf_counter(), time.process_time()
    sessions = threading.local()

    def ask(id_: int) -> int:
        if not hasattr(sessions, "session"):
            sessions.session = requests.Session()
        return int(sessions.session.get(f"{service.url}/number", params={"id": id_}, timeout=10).json()["value"])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        values = list(pool.map(ask, range(questions)))
    with sqlite3.connect(place) as database:
        database.execute("CREATE TABLE value (key_result TEXT, value TEXT)")
        rows = [(f"kr-{id_}", str(values[id_ % questions])) for id_ in range(key_results)]
        database.executemany("INSERT INTO value VALUES (?, ?)", rows)
    database.close()
    return Measured(time.perf_counter() - wall, time.process_time() - processor, service.calls - calls, key_results)


def compared(key_results: int, place: Path) -> tuple[Measured, Measured, Measured]:
    """Return a first sync, one where nothing has moved, and the bare client, for so many key results."""
    folder = place / str(key_results)
    now = datetime.now(UTC)
    with Service(LATENCY) as service:
        write_project(folder, service.url, key_results)
        with Workspace.open(folder, Settings(), migrated=False) as workspace:
            apply(workspace, now)
        first = of_okrsync(folder, service, now)
        again = of_okrsync(folder, service, now + timedelta(minutes=1))
        bare = of_a_bare_client(service, key_results, place / f"bare-{key_results}.db")
    return first, again, bare


def print_line(cells: Iterable[object]) -> None:
    """Print one line of the table."""
    print("  ".join(f"{cell:>{width}}" for cell, width in zip(cells, (11, 10, 7, 6, 6, 6, 6, 28), strict=True)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[100, 1000], help="numbers of key results")
    sizes = parser.parse_args().sizes
    columns = ("key results", "run", "wall s", "× bare", "CPU s", "calls", "rows", "ms per key result over bare")
    print_line(columns)
    with tempfile.TemporaryDirectory() as place:
        for size in sizes:
            first, again, bare = compared(size, Path(place))
            for name, run in (("first", first), ("unchanged", again), ("bare", bare)):
                over = (run.wall - bare.wall) * 1000 / size
                ratio = f"{run.wall / bare.wall:.2f}"
                print_line(
                    (size, name, f"{run.wall:.2f}", ratio, f"{run.processor:.2f}", run.calls, run.rows, f"{over:.2f}")
                )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{LATENCY * 1000:.0f} ms per call, {AT_ONCE} calls at once, SQLite; peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
