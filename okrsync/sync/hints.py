"""What to do about a problem that does not say so itself: every number that is missing names its way out."""

from __future__ import annotations

from okrsync.errors import Problem, Reason

_LATER = "nothing to do yet: a later run asks again; see `okrsync check {connection}` if it stays so"
_REPORT = "this is a fault in the connector; report it to whoever maintains it"
_QUERY = "see what {connection} says with `okrsync preview METRIC`, then mend the metric's query"
_HINTS = {
    Reason.AUTH: "renew the credentials of {connection}, then try `okrsync check {connection}`",
    Reason.CONFIG: "mend {connection} in okrsync.yaml, then try `okrsync check {connection}`",
    Reason.QUERY: _QUERY,
    Reason.UNSUPPORTED: _QUERY,
    Reason.NO_DATA: "see what {connection} holds; `when_empty` says what nothing means for a metric",
    Reason.BAD_VALUE: "mend the number in {connection}; it was not recorded",
    Reason.SUSPICIOUS: "look at the number in {connection}; it was not recorded",
    Reason.RATE_LIMITED: _LATER,
    Reason.UNREACHABLE: _LATER,
    Reason.TIMEOUT: _LATER,
    Reason.BAD_RESPONSE: _LATER,
    Reason.INTERNAL: _REPORT,
}


def with_hint(problem: Problem, connection: str) -> Problem:
    """Return `problem` of `connection` with a hint; its own if it has one."""
    if problem.hint:
        return problem
    hint = _HINTS[problem.reason].format(connection=connection)
    return Problem(problem.reason, problem.message, hint, problem.retry_at)
