"""`okrsync sync` and `okrsync backfill`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from okrsync.cli import options
from okrsync.errors import ExitCode

FAIL_ON = {"any": (ExitCode.SOME_FAILED, ExitCode.ALL_FAILED), "all": (ExitCode.ALL_FAILED,), "never": ()}


@click.command(cls=options.Command)
@options.project
@click.option("--only", metavar="KR", multiple=True, help="Only this key result or KPI; may be given again.")
@click.option(
    "--due",
    "due_only",
    is_flag=True,
    help="Only those that have no check-in for their newest slot yet, as a schedule does.",
)
@click.option("--dry-run", is_flag=True, help="Ask the sources and show what would change; write nothing.")
@click.option("--quiet", is_flag=True, help="Print only what is wrong or fell behind: for cron, which mails the rest.")
@click.option("--prefect", is_flag=True, help="Run the Prefect flow also where no Prefect API is configured.")
@click.option(
    "--fail-on",
    type=click.Choice(list(FAIL_ON)),
    default="any",
    show_default=True,
    help="Which failed key results make the exit code 3 or 4.",
)
@options.output("text", "json")
def sync(
    folder: Path,
    only: tuple[str, ...],
    due_only: bool,
    dry_run: bool,
    quiet: bool,
    prefect: bool,
    fail_on: str,
    form: str,
) -> int:
    """Fetch what is live, record it, and judge every goal.

    Beside a Prefect API (PREFECT_API_URL, or `okrsync serve` for this project) it is a flow run there; else the
    same steps run in this process. A key result that has its check-in for the slot gets another only if its
    source now says otherwise.
    """
    if dry_run:
        from okrsync.cli.sources import show_previews

        return show_previews(folder, only, form)
    from okrsync.cli.running import run_sync
    from okrsync.views.sync_report import print_report, report_document

    report = run_sync(folder, only, due_only=due_only, prefect=prefect, quiet=quiet)
    if quiet and report.exit_code is ExitCode.OK and not report.fell_behind:
        return ExitCode.OK
    if form == "json":
        from okrsync.views.documents import print_json

        print_json(report_document(report))
    else:
        print_report(report)
    failed = report.exit_code in (ExitCode.SOME_FAILED, ExitCode.ALL_FAILED)
    return ExitCode.OK if failed and report.exit_code not in FAIL_ON[fail_on] else report.exit_code


@click.command(cls=options.Command)
@click.argument("key_results", metavar="[KR]...", nargs=-1)
@options.project
@click.option(
    "--from",
    "since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The first day, in UTC; the begin of each cycle if not given.",
)
def backfill(key_results: tuple[str, ...], folder: Path, since: datetime | None) -> int:
    """Ask sources that know the past for the check-ins of the past.

    Fills the slots that have no check-in; never replaces one. Repeat it as often as you like. That a source knows
    only the present is no failure; exit code 3 or 4 where one could not be asked.
    """
    from okrsync.cli.running import run_backfill
    from okrsync.views.sync_report import print_backfill

    rows = run_backfill(folder, key_results, since.replace(tzinfo=UTC) if since else None)
    print_backfill(rows)
    return options.exit_code(sum(row.failed for row in rows), len(rows))
