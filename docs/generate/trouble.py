"""The page to open when something is wrong: exit codes, and what to do for every reason."""

from __future__ import annotations

from docs.generate import markdown
from docs.generate.runbook import RUNBOOK
from okrsync.errors import Actor, ExitCode, Reason

_EXIT_CODES = {
    ExitCode.OK: "All well.",
    ExitCode.BUG: "A bug of okrsync's. `OKRSYNC_LOG_LEVEL=DEBUG` shows the traceback; please report it.",
    ExitCode.USAGE: "The command, the settings or the project's files are wrong, or Prefect's server cannot be "
    "started. Nothing ran, nothing was changed.",
    ExitCode.SOME_FAILED: "Some key results have no new number; the others were written.",
    ExitCode.ALL_FAILED: "None of the key results asked for has a new number.",
    ExitCode.DATABASE: "The central database cannot be used: unreachable, locked for 30 seconds, full, or its schema "
    "is not the one this okrsync works with. What was not written is written by the next run.",
    ExitCode.DEADLINE: "The sync reached its deadline (`OKRSYNC_RUN_DEADLINE`, 600 seconds). What had been answered by "
    "then is recorded; the rest counts as timed out.",
    ExitCode.UNDELIVERED: "Kept for alerts that could not be delivered. No command of this version ends with it.",
}

_ACTORS = {
    Actor.CONNECTION_OWNER: "whoever runs the connection",
    Actor.METRIC_OWNER: "whoever owns the metric",
    Actor.NOBODY_YET: "nobody yet: okrsync asks again",
    Actor.OKRSYNC: "whoever maintains okrsync or the connector",
}

_INTRODUCTION = """# Exit codes and reasons

## Exit codes

They are stable; schedulers and monitors can rely on them."""

_AFTER_EXIT_CODES = """`okrsync sync --fail-on all` ends with 0 where only some failed, `--fail-on never` also where all
did; 1, 2, 5 and 6 stay what they are. `okrsync status` ends with 3 or 4 where numbers on the board are stale,
`okrsync check` where connections do not work. A command that is stopped with Ctrl-C ends with 130."""

_REASONS = """## Reasons

A number that is not there has a reason. The key result keeps its last good value, with its age; its data state becomes
`stale` and the reason stands beside it, with a hint that names the way out. While it is stale it never shows as on
track or achieved, and its objective's progress is counted without it. When the source answers again, the mark goes by
itself.

The fastest look at any of them: `okrsync explain KR` for the key result, `okrsync preview KR` to ask again now without
writing, `okrsync check CONNECTION` for the connection."""


def page() -> str:
    """Return the page."""
    exit_codes = [(str(int(code)), f"`{code.name}`", _EXIT_CODES[code]) for code in ExitCode]
    reasons = [(f"[`{reason}`](#{reason})", _ACTORS[reason.actor], RUNBOOK[reason].means) for reason in Reason]
    return markdown.page(
        _INTRODUCTION,
        markdown.table(("exit code", "name", "meaning"), exit_codes),
        _AFTER_EXIT_CODES,
        _REASONS,
        markdown.table(("reason", "who acts", "what it means"), reasons),
        *(_section(reason) for reason in Reason),
    )


def _section(reason: Reason) -> str:
    entry = RUNBOOK[reason]
    whole = "It concerns the whole connection, whose other questions are not asked any more in this run."
    return markdown.page(
        f"### {reason}",
        f"{entry.means} {whole if reason.of_the_connection else ''}",
        f"**Usual causes.** {entry.causes}",
        f"**What to do.** {entry.do}",
    )
