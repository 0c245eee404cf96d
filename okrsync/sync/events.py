"""What a sync logs of itself: a record per connection and one that sums up the run, with fields for machines.

A warning will heal itself; an error is one where a person must act, and says what to do.
"""

from __future__ import annotations

import logging

from okrsync.errors import Actor
from okrsync.sync.report import ConnectionReport, Outcome, SyncReport

logger = logging.getLogger(__name__)


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
