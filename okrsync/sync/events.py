"""What a sync logs of itself: a record per connection and one that sums up the run, with fields for machines.

A warning will heal itself; an error is one where a person must act, and says what to do.
"""

from __future__ import annotations

import logging
from datetime import datetime

from okrsync.errors import Actor
from okrsync.sync.report import ConnectionReport, Outcome, SyncReport

logger = logging.getLogger(__name__)


def clock_behind(run_id: str, now: datetime, newest: datetime) -> None:
    """Log that values in force are from after `now`: a clock was wrong, then or now."""
    logger.warning(
        "the clock says %s, and there are values as of %s; set the clock right. "
        "Older values go into the history and do not replace newer ones",
        f"{now:%Y-%m-%d %H:%M} UTC",
        f"{newest:%Y-%m-%d %H:%M} UTC",
        extra={"event": "clock_behind", "run_id": run_id, "newest_as_of": newest.isoformat()},
    )


def asked(run_id: str, connection: ConnectionReport) -> None:
    """Log what a connection said."""
    level = logging.INFO
    said = f"{connection.answered} of {connection.asked} answered"
    if connection.reason:
        level = logging.WARNING if connection.reason.actor is Actor.NOBODY_YET else logging.ERROR
        said += f"; {connection.reason}: " + ". ".join(filter(None, [connection.message, connection.hint]))
    fields = {
        "event": "connection_asked",
        "run_id": run_id,
        "connection": connection.connection,
        "asked": connection.asked,
        "answered": connection.answered,
        "requests": connection.requests,
        "reason": connection.reason,
        "duration_ms": round(connection.seconds * 1000),
    }
    logger.log(level, "%s: %s", connection.connection, said, extra=fields)


def ended(report: SyncReport) -> None:
    """Log the one line that sums up a run."""
    fields = {
        "event": "run_ended",
        "run_id": report.run_id,
        "exit_code": int(report.exit_code),
        "recorded": report.count(Outcome.RECORDED, Outcome.RESTATED),
        "unchanged": report.count(Outcome.UNCHANGED, Outcome.ALREADY_DONE, Outcome.KEPT),
        "failed": len(report.failed),
        "fell_behind": list(report.fell_behind),
        "duration_ms": round(report.seconds * 1000),
    }
    logger.info("%s", report.summary(), extra=fields)
