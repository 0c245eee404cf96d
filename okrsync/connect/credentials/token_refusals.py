"""What the host that gives out tokens means when it gives none, and what to do about it.

The codes are those of OAuth 2 (RFC 6749, 5.2). Hosts put the rest into prose: it is read here, never passed on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from okrsync.connect.transport.refusals import announces_quota
from okrsync.connect.transport.reply import Reply
from okrsync.connect.transport.retry import http_date
from okrsync.connect.transport.strict_json import NotStrictJson, parse
from okrsync.errors import Problem, Reason

LARGEST_SKEW = 30
"""Seconds. Clocks that differ by more than that are named as the likely cause."""

_CLIENT = re.compile(r"invalid_client|unauthorized_client|bad_client", re.IGNORECASE)
_SCOPE = re.compile(r"invalid_scope", re.IGNORECASE)
_LATER = re.compile(r"temporarily_unavailable|server_error|unknown_error", re.IGNORECASE)
_TOO_OFTEN = re.compile(r"slow_down|rate.?limit|rate exceeded|too many", re.IGNORECASE)
_SIGNATURE = re.compile(r"signature|invalid assertion", re.IGNORECASE)
_ACCOUNT = re.compile(r"account not found|account has been deleted|inactive user", re.IGNORECASE)
_CONSENT = re.compile(r"approved this consumer|not approved|consent|AADSTS65001", re.IGNORECASE)
_CLOCK = re.compile(r"short-lived|timeframe|clock|\biat\b|\bexp\b|expired|not yet valid", re.IGNORECASE)
_SHOWABLE = re.compile(r"[A-Za-z_]{1,40}")
_MICROSOFT = re.compile(r"AADSTS\d{3,8}")


@dataclass(frozen=True)
class Grounds:
    """What a token was asked for with, in the names that people know it by."""

    connection: str
    client: str
    """The variables of the client's own id and secret."""
    proof: str
    """The variable of what proves the right to a token: a refresh token, a key."""
    remedy: str
    """What to do when that proof is not taken any more."""
    address: str
    """What the address of the token host comes from."""
    signed: bool = False
    """Whether the proof is a signature that bears a time."""


class _Said(NamedTuple):
    code: str
    prose: str

    @property
    def shown(self) -> str:
        """The code, and Microsoft's number for it, if they are what they look like."""
        code = self.code if _SHOWABLE.fullmatch(self.code) else ""
        number = _MICROSOFT.search(self.prose)
        parts = [code, number[0] if number else ""]
        return f" ({', '.join(filter(None, parts))})" if any(parts) else ""


def token_refusal(grounds: Grounds, reply: Reply, now: datetime) -> Problem | None:
    """Return why `reply` holds no token; None for a success, and for what means the same at every host."""
    if reply.status in (404, 405, 410):
        return reply.problem(
            f"gives out no tokens at the address asked for ({reply.status})",
            f"correct {grounds.address}",
            Reason.CONFIG,
        )
    said = _said(reply)
    if reply.status < 300 and not (said and said.code):
        return None
    if _means_the_same_everywhere(reply):
        return None
    return _refused(grounds, reply, said or _Said("", ""), now)


def _means_the_same_everywhere(reply: Reply) -> bool:
    elsewhere = 300 <= reply.status < 400 or reply.status in (408, 425, 429) or reply.status >= 500
    return elsewhere or (reply.status == 403 and announces_quota(reply))


def _said(reply: Reply) -> _Said | None:
    try:
        answer = parse(reply.content)
    except NotStrictJson:
        return None
    if not isinstance(answer, dict) or "access_token" in answer:
        return None
    code, prose = answer.get("error") or answer.get("status"), answer.get("error_description") or answer.get("message")
    return _Said(_text(code), _text(prose))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _refused(grounds: Grounds, reply: Reply, said: _Said, now: datetime) -> Problem:
    whole = f"{said.code} {said.prose}"
    if _TOO_OFTEN.search(whole):
        return reply.problem(f"wants to be asked for tokens less often{said.shown}", reason=Reason.RATE_LIMITED)
    if _LATER.search(said.code):
        return reply.problem(f"cannot give out a token now{said.shown}", reason=Reason.UNREACHABLE)
    what, remedy = _cause(grounds, said, whole, _skew(reply, now))
    hint = f"{remedy}, then try `okrsync check {grounds.connection}`"
    return reply.problem(f"{what}{said.shown or f' ({reply.status})'}", hint, Reason.AUTH)


def _cause(grounds: Grounds, said: _Said, whole: str, skew: str) -> tuple[str, str]:
    """Return what was refused, and what to do about it: the first that fits."""
    client, proof, signed = grounds.client, grounds.proof, grounds.signed
    causes = (
        (_CLIENT.search(said.code), "refused the client", f"check {client}; a secret may have run out"),
        (_SCOPE.search(said.code), "does not give it the rights asked for", f"grant them to what {client} stands for"),
        (_CONSENT.search(whole), "has no consent of the user for it", "have an administrator approve the client there"),
        (_ACCOUNT.search(whole), "knows no such account", f"check the account that {proof} is for"),
        (
            signed and _SIGNATURE.search(whole),
            "refused the signature",
            f"make a new key for the account and put it into {proof}",
        ),
        (
            signed and (skew or _CLOCK.search(whole)),
            "refused the time of the signature",
            skew or "set this machine's clock",
        ),
    )
    fitting = ((what, remedy) for fits, what, remedy in causes if fits)
    return next(fitting, (f"refused {proof}", grounds.remedy))


def _skew(reply: Reply, now: datetime) -> str:
    """Return how wrong this machine's clock is against that of the host; nothing if they agree, or it does not say."""
    theirs = http_date(reply.headers.get("Date", ""))
    seconds = round((now - theirs).total_seconds()) if theirs else 0
    if abs(seconds) <= LARGEST_SKEW:
        return ""
    way = "ahead of" if seconds > 0 else "behind"
    return f"set this machine's clock, which is {abs(seconds)} s {way} that of the host"
