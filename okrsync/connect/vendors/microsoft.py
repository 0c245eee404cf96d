"""How Microsoft Graph names files, refuses, and takes several questions in one request.

https://learn.microsoft.com/graph/json-batching
https://learn.microsoft.com/graph/workbook-error-handling
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from okrsync.connect.transport.http import HttpClient
from okrsync.connect.transport.reply import Reply
from okrsync.errors import Problem, Reason

MOST_IN_BATCH = 20
FOR_A_MOMENT = frozenset({401, 424, 429, 500, 502, 503, 504, 509})
"""Statuses of answers within a batch that are worth asking for once more, each by itself."""

_WORD = re.compile(r"[A-Za-z]{1,60}")
_NESTED = 5
_PASSING = frozenset({"transientFailure", "gatewayTimeoutUncategorized", "serviceUnavailable", "fileTooBusy"})
_WRONG_QUESTION = (Reason.QUERY, "correct `sheet`, `cell` or `name`, or else where the file is")
_WRONG_PLACE = (Reason.CONFIG, "correct where the file is: `drive`, `site` or `user`, and `item` or `path`")
_MEANINGS: Mapping[tuple[int, bool], tuple[Reason, str]] = {
    (200, True): _WRONG_QUESTION,
    (400, True): _WRONG_QUESTION,
    (404, True): _WRONG_QUESTION,
    (400, False): _WRONG_PLACE,
    (404, False): _WRONG_PLACE,
    (403, True): (Reason.AUTH, "ranges need the token of a person who may edit the workbook, with Files.ReadWrite"),
    (403, False): (Reason.AUTH, "let an administrator grant the application the right to read this file"),
}
"""By status, and whether something within a workbook was asked for."""
_HELD_BACK = frozenset({"accessConflict", "resourceLocked", "editModeCannotAcquireLock"})


@dataclass(frozen=True)
class Item:
    """The answer to one question of a batch."""

    status: int
    body: Any


def drive_path(drive: str | None, site: str | None, user: str | None) -> str:
    """Return the path of a library: by its id, as the main one of a site, or as a person's OneDrive."""
    if drive is not None:
        return f"/drives/{quote(drive, safe='!')}"
    if site is not None:
        host, _, inner = site.partition("/")
        return f"/sites/{quote(host)}:/{quote(inner)}:/drive" if inner else f"/sites/{quote(host)}/drive"
    return f"/users/{quote(user or '')}/drive"


def quoted(value: str) -> str:
    """Return `value` as a text within an address: a quote in it is written twice."""
    return quote(value.replace("'", "''"), safe="")


def batch(http: HttpClient, paths: Sequence[str]) -> list[Item]:
    """Return the answers at `paths`, in their order, from as few requests as may be; raises `Problem`.

    Answers come in any order and are told apart by their ids. What one of them refuses stays its own.
    """
    return [item for some in _portions(paths) for item in _answers(http, some)]


def _portions(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(paths), MOST_IN_BATCH):
        yield paths[start : start + MOST_IN_BATCH]


def _answers(http: HttpClient, paths: Sequence[str]) -> list[Item]:
    asked = [{"id": str(number), "method": "GET", "url": path} for number, path in enumerate(paths)]
    answer = http.post("/$batch", json={"requests": asked})
    responses = answer.get("responses") if isinstance(answer, Mapping) else None
    found = {str(each.get("id")): each for each in _objects(responses)}
    if found.keys() != {each["id"] for each in asked}:
        raise Problem(Reason.BAD_RESPONSE, f"sent {len(found)} answers to {len(asked)} questions of a batch")
    return [_item(found[each["id"]]) for each in asked]


def _item(response: Mapping[str, Any]) -> Item:
    status = response.get("status")
    if not isinstance(status, int):
        raise Problem(Reason.BAD_RESPONSE, "sent an answer within a batch that has no status")
    return Item(status, response.get("body"))


def words_of(body: Any) -> list[str]:
    """Return the codes of an error, from the general to the exact: the second and further ones decide."""
    error = body.get("error") if isinstance(body, Mapping) else None
    found: list[str] = []
    for _ in range(_NESTED):
        if not isinstance(error, Mapping):
            break
        code = error.get("code")
        found += [code] if isinstance(code, str) and _WORD.fullmatch(code) else []
        error = error.get("innerError", error.get("innererror"))
    return list(dict.fromkeys(found))


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []


def failed(status: int, body: Any) -> bool:
    """Return whether an answer is a refusal: some come with status 200."""
    return status >= 400 or (isinstance(body, Mapping) and body.get("status") == "failed")


def meaning(status: int, body: Any, *, in_workbook: bool) -> tuple[Reason, str] | None:
    """Return what a refusal means, as a reason and a hint; None for what means the same everywhere.

    `in_workbook` says that something within a workbook was asked for, rather than the file.
    """
    words = set(words_of(body))
    if words & _PASSING:
        return Reason.UNREACHABLE, ""
    if words & _HELD_BACK or status in (409, 423):
        return Reason.BAD_RESPONSE, "somebody is editing the workbook; it is asked again by the next sync"
    return _MEANINGS.get((status, in_workbook)) if words else None


def trouble(reply: Reply) -> Problem | None:
    """Return what a reply of Graph means where its codes say more than its status."""
    if (reply.status != 200 and not 400 <= reply.status < 600) or reply.status in (401, 429):
        return None
    try:
        body = reply.json()
    except Problem:
        return None
    if not failed(reply.status, body) or not (found := meaning(reply.status, body, in_workbook=_is_inside(reply.url))):
        return None
    reason, hint = found
    return reply.problem(said(reply.status, body), hint, reason)


def said(status: int, body: Any) -> str:
    """Return what a refusal says, for a message."""
    return f"answered {status} {' '.join(words_of(body))}".rstrip()


def _is_inside(url: str) -> bool:
    return "/workbook/" in url
