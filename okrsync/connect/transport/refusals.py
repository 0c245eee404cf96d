"""What a failed exchange means: whose turn it is, and whether asking again can help."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import requests
from urllib3.exceptions import NameResolutionError

from okrsync.connect.transport.body import BodyError, CutOff, TooLarge
from okrsync.connect.transport.reply import Reply
from okrsync.connect.transport.retry import Patience, Transient, limit_reset, retry_after, until
from okrsync.errors import Problem, Reason

_QUOTA = re.compile(
    rb"rate.?limit|quota.?exceeded|exceeded.{0,40}quota|request.?limit.?exceeded|too many requests", re.IGNORECASE
)
_TRANSIENT_STATUSES = frozenset({408, 425, 429})
_LIMITED = frozenset({403, 429})
_PASSING = frozenset({Reason.RATE_LIMITED, Reason.UNREACHABLE, Reason.TIMEOUT})
_BREAKS = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)


@dataclass(frozen=True)
class Asked:
    """Who was asked, as messages name it."""

    connection: str
    host: str
    secret: str
    """Name of the setting or variable that holds the credentials; empty if there are none."""
    patience: Patience

    def problem(self, reason: Reason, what: str, hint: str = "", retry_at: datetime | None = None) -> Problem:
        """Return a problem, named after connection and host."""
        return Problem(reason, f"{self.connection}: {self.host} {what}", hint, retry_at)

    @property
    def try_check(self) -> str:
        """How a person finds out whether it works again."""
        return f"then try `okrsync check {self.connection}`"


def refusal(asked: Asked, reply: Reply, now: datetime) -> Problem | Transient | None:
    """Return what the status of `reply` means; None when it is a success."""
    status = reply.status
    if 200 <= status < 300:
        return None
    if status in _TRANSIENT_STATUSES or status >= 500 or (status == 403 and announces_quota(reply)):
        return _later(asked, reply, now)
    return asked.problem(*_final(asked, status))


def _final(asked: Asked, status: int) -> tuple[Reason, str, str]:
    """Return reason, message and hint for a status that asking again does not change."""
    secret = asked.secret or "its credentials"
    match status:
        case 401:
            return Reason.AUTH, "refused the credentials (401)", f"renew {secret}, {asked.try_check}"
        case 403:
            return Reason.AUTH, "does not let us read this (403)", f"see what {secret} may read, {asked.try_check}"
        case 402:
            return Reason.CONFIG, "wants a paid plan (402)", f"settle it there, {asked.try_check}"
        case 404 | 410:
            hint = f"correct the metric's query, or the address of {asked.connection}"
            return Reason.QUERY, f"knows nothing at the address asked for ({status})", hint
        case _ if status >= 400:
            return Reason.QUERY, f"did not accept the question ({status})", "correct the metric's query"
    return Reason.BAD_RESPONSE, f"answered HTTP {status}, which holds no data", ""


def announces_quota(reply: Reply) -> bool:
    """Whether a 403 says "too much" rather than "not you": some sources have no other word for it."""
    remaining = reply.headers.get("X-RateLimit-Remaining", "").strip()
    return remaining == "0" or "Retry-After" in reply.headers or _QUOTA.search(reply.content[:4096]) is not None


def _later(asked: Asked, reply: Reply, now: datetime) -> Transient:
    wait = retry_after(reply.headers, now)
    if reply.status not in _LIMITED:
        # A reset time may stand here, too: it is that of a limit which is not what went wrong.
        failed = asked.problem(Reason.UNREACHABLE, f"answered HTTP {reply.status}", retry_at=until(now, wait))
        return Transient(failed, wait)
    wait = limit_reset(reply.headers, now) if wait is None else wait
    limited = asked.problem(
        Reason.RATE_LIMITED,
        f"wants to be asked less often ({reply.status})",
        "nothing to do yet: a later run asks again; if it stays so, ask it less often or for fewer numbers, and see "
        "which other programs use up the same limit",
        retry_at=until(now, wait),
    )
    # A quota announced without a time is one of an hour or a day: asking on would only spend more of it.
    return Transient(limited, wait, attempts=1 if reply.status == 403 and wait is None else None)


def classified(theirs: Problem | Transient, reply: Reply, now: datetime) -> Problem | Transient:
    """Return what a connector's own word on `reply` comes to.

    What is transient is left alone for as long as the connector says, or `Retry-After` if that is longer. A problem
    is transient where a source is out of reach, and where a limit has a time at which it starts anew: one without is
    one that asking on would only spend more of.
    """
    stated = retry_after(reply.headers, now)
    if isinstance(theirs, Problem):
        if theirs.reason not in _PASSING:
            return theirs
        if theirs.reason is Reason.RATE_LIMITED and theirs.retry_at is None and stated is None:
            return theirs
        theirs = Transient(theirs, max(0.0, (theirs.retry_at - now).total_seconds()) if theirs.retry_at else None)
    if stated is None or stated <= (theirs.wait or 0.0):
        return theirs
    problem = theirs.problem
    later = Problem(problem.reason, problem.message, problem.hint, until(now, stated))
    return Transient(later, stated, theirs.attempts)


def breakdown(asked: Asked, error: Exception, *, kept_line: bool) -> Problem | Transient:
    """Return what `error`, raised while a request was under way, means.

    `kept_line` tells that it went over a line kept from earlier, which the source may just have closed.
    """
    if isinstance(error, BodyError):
        return _spoilt(asked, error)
    causes = list(_chain(error))
    if any(isinstance(cause, ssl.SSLError | ssl.CertificateError) for cause in causes):
        return _tls(asked, causes)
    if isinstance(error, requests.ConnectTimeout):
        what = f"took no connection within {asked.patience.connect:g} s"
        return Transient(asked.problem(Reason.TIMEOUT, what))
    if any(isinstance(cause, requests.Timeout | TimeoutError) for cause in causes):
        return Transient(asked.problem(Reason.TIMEOUT, f"did not answer within {asked.patience.read:g} s"))
    return Transient(asked.problem(Reason.UNREACHABLE, *_unreachable(asked, causes)), wait=0.0 if kept_line else None)


def _spoilt(asked: Asked, error: BodyError) -> Problem | Transient:
    if isinstance(error, TooLarge):
        return asked.problem(Reason.BAD_RESPONSE, "sent more than an answer may hold", "ask for less, or in pages")
    what = "cut off" if isinstance(error, CutOff) else "garbled in packing"
    return Transient(asked.problem(Reason.BAD_RESPONSE, f"sent an answer that was {what}"))


def _unreachable(asked: Asked, causes: list[BaseException]) -> tuple[str, str]:
    """Return what happened, and a hint."""
    if any(isinstance(cause, NameResolutionError | socket.gaierror) for cause in causes):
        return (
            "is a name that leads nowhere",
            f"check the address of {asked.connection}, and this machine's name service",
        )
    if any(isinstance(cause, requests.exceptions.ProxyError) for cause in causes):
        return "cannot be reached through the proxy", f"check `proxy` of {asked.connection}"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "cannot be reached (connection refused)", f"check that it runs, and the address of {asked.connection}"
    broken = any(isinstance(cause, _BREAKS) for cause in causes)
    return ("closed the connection" if broken else "cannot be reached"), ""


def _tls(asked: Asked, causes: list[BaseException]) -> Problem | Transient:
    error = next(cause for cause in causes if isinstance(cause, ssl.SSLError | ssl.CertificateError))
    if isinstance(error, ssl.SSLCertVerificationError):
        why = f"TLS: its certificate is not trusted ({error.verify_message})"
        hint = "if it is of your own authority, name that authority's certificate in `ca_file`"
        return asked.problem(Reason.UNREACHABLE, f"cannot be reached safely, {why}", hint)
    if getattr(error, "reason", None) in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        hint = f"check scheme and port in the address of {asked.connection}"
        return asked.problem(Reason.UNREACHABLE, "cannot be reached safely, TLS: it does not speak TLS there", hint)
    return Transient(asked.problem(Reason.UNREACHABLE, "broke off the TLS connection"))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield `error` and everything it stems from, which the libraries keep in several places."""
    pending, seen = [error], set[int]()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = (current.__cause__, current.__context__, getattr(current, "reason", None), *current.args)
        pending += [part for part in inner if isinstance(part, BaseException)]
