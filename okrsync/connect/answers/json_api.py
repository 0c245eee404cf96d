"""Questions to a JSON API: what is sent, how replies are taken apart, and that equal requests are sent once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel

from okrsync.connect.answers.expressions import compiled
from okrsync.connect.answers.fields import begins_in, holds, keys_of
from okrsync.connect.answers.numbers import number
from okrsync.connect.answers.paging import Page, Paginate, Request, pages, refuse_first_of_many
from okrsync.connect.answers.placeholders import Slots, fill
from okrsync.connect.answers.rows import Aggregate, Reducer
from okrsync.connect.contract import Answer, Ask, Reading
from okrsync.errors import Problem, Reason
from okrsync.nearest import did_you_mean

if TYPE_CHECKING:
    from okrsync.connect.transport.http import HttpClient
    from okrsync.connect.transport.reply import Reply

ERROR = "error != `0` && error || errors != `0` && errors"
"""What in a reply with status 200 means that it is an error, where nothing else is said."""

_LONGEST_ERROR = 80


@dataclass(frozen=True)
class Template:
    """A request with placeholders in it."""

    path: str
    method: Literal["GET", "POST"] = "GET"
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None

    def filled(self, slots: Slots) -> Request:
        """Return the request for one question; raises ValueError for a placeholder that stands for nothing."""
        params = {name: _parameter(value) for name, value in fill(self.params, slots).items()}
        return Request(self.method, str(fill(self.path, _quoted(slots))), params, _body(fill(self.json, slots)))


@dataclass(frozen=True)
class Fetch:
    """What is sent, and how its reply is taken apart. `rows` says where rows are; None for a reply with one number."""

    request: Request
    headers: Mapping[str, str] = field(default_factory=dict)
    rows: str | None = None
    paginate: Paginate | None = None
    error_when: str = ERROR

    @property
    def key(self) -> str:
        """What makes it the same as another."""
        request = self.request
        sent = [request.method, request.path, request.params, request.json, self.headers]
        return json.dumps([sent, self.rows, repr(self.paginate), self.error_when], sort_keys=True, default=str)


@dataclass(frozen=True)
class Wanted:
    """A question, and what its number is made of: a path of the reply, or its rows reduced."""

    ask: Ask[Any]
    fetch: Fetch
    take: str | Aggregate


def slots_of(ask: Ask[Any], config: BaseModel) -> Slots:
    """Return what placeholders stand for in `ask`, fields of its query and of the connection among them."""
    return Slots(ask.window, ask.as_of, _fields(ask.query), _fields(config))


def settled(text: str, config: BaseModel) -> str:
    """Return `text` with its `{config.x}` filled in from the settings of a connection."""
    for name, value in config:
        text = text.replace(f"{{config.{name}}}", str(value))
    return text


def checked(http: HttpClient, path: str) -> str:
    """Get `path` and say that it went well; raises `Problem`."""
    reply = http.request("GET", path)
    reply.refuse_html()
    return f"connected to {reply.host}: GET {path or '/'} answered {reply.status}"


def checked_json(http: HttpClient, path: str, headers: Mapping[str, str] | None = None, error_when: str = ERROR) -> str:
    """Get `path`, which has to be JSON that says of no error, and say that it went well; raises `Problem`."""
    reply = http.json_reply("GET", path, headers=headers)
    _body_of(reply, error_when)
    return f"connected to {reply.host}: GET {path or '/'} answered {reply.status}"


def answers(http: HttpClient, wanted: Sequence[Wanted]) -> list[Answer]:
    """Send each distinct request once and return the answers in the order of the questions.

    Raises the `Problem` that concerns the whole connection; any other is the answer to its questions.
    """
    groups: dict[str, list[Wanted]] = {}
    for one in wanted:
        groups.setdefault(one.fetch.key, []).append(one)
    found: dict[int, Answer] = {}
    for group in groups.values():
        found.update(zip(map(id, group), _answered(http, group), strict=True))
    return [found[id(one)] for one in wanted]


def _answered(http: HttpClient, group: Sequence[Wanted]) -> Sequence[Answer]:
    """Answer questions that have their request in common."""
    fetch = group[0].fetch
    try:
        if fetch.rows is None:
            body = _page(http, fetch, fetch.request).body
            return [_picked(body, one) for one in group]
        reductions = [_Reduction(one.ask, one.take) for one in group if isinstance(one.take, Aggregate)]
        for row in _rows(http, fetch, fetch.rows):
            for reduction in reductions:
                reduction.add(row)
        return [reduction.answer() for reduction in reductions]
    except Problem as problem:
        if problem.reason.of_the_connection:
            raise
        return [problem] * len(group)


def _rows(http: HttpClient, fetch: Fetch, path: str) -> Iterator[Any]:
    if fetch.paginate is None:
        page = _page(http, fetch, fetch.request)
        rows = _rows_in(page.body, path)
        refuse_first_of_many(page, rows)
        yield from rows
        return
    each = pages(
        lambda request: _page(http, fetch, request), fetch.request, fetch.paginate, lambda body: _rows_in(body, path)
    )
    for some in each:
        yield from some


def _page(http: HttpClient, fetch: Fetch, request: Request) -> Page:
    reply = http.json_reply(
        request.method, request.path, params=request.params, json=request.json, headers=fetch.headers or None
    )
    return Page(_body_of(reply, fetch.error_when), reply.next_link, reply.absolute)


def _body_of(reply: Reply, error_when: str) -> Any:
    body = reply.json()
    if holds(found := compiled(error_when).search(body)):
        code = f": {found}" if isinstance(found, str | int) and found is not True else ""
        raise reply.problem(
            f"answered {reply.status} with an error{code[:_LONGEST_ERROR]}",
            "see the API's documentation; `error_when` says which replies are errors",
        )
    return body


class _Reduction:
    """One question on its way through the rows; a problem of its own stops no other."""

    def __init__(self, ask: Ask[Any], aggregate: Aggregate) -> None:
        self._ask = ask
        self._reducer = Reducer(aggregate)
        self._problem: Problem | None = None

    def add(self, row: Any) -> None:
        if self._problem:
            return
        try:
            self._reducer.add(row)
        except Problem as problem:
            self._problem = problem

    def answer(self) -> Answer:
        if self._problem:
            return self._problem
        try:
            reduced = self._reducer.result()
        except Problem as problem:
            return problem
        counted = {"rows": reduced.rows, "matched": reduced.matched}
        return Reading(
            reduced.value, as_of=self._ask.as_of, rows=reduced.rows, sample=reduced.sample, provenance=counted
        )


def _picked(body: Any, wanted: Wanted) -> Answer:
    path = wanted.take if isinstance(wanted.take, str) else "@"
    try:
        return Reading(number(body, path), as_of=wanted.ask.as_of)
    except Problem as problem:
        return problem


def _rows_in(body: Any, path: str) -> list[Any]:
    found = compiled(path).search(body)
    if not found and not begins_in(body, path):
        keys = keys_of(body, depth=2)
        there = f" | there is: {', '.join(keys[:12])}" if keys else ""
        raise Problem(Reason.QUERY, f"{path!r} is not in the reply{there}", did_you_mean(path, keys))
    if isinstance(found, list):
        return found
    if found is None:
        raise Problem(Reason.NO_DATA, f"{path!r} is empty (null): no rows")
    raise Problem(Reason.QUERY, f"{path!r} is a single {type(found).__name__}, not a list of rows", "see `value`")


def _fields(model: BaseModel) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in model}


def _quoted(slots: Slots) -> Slots:
    """Return `slots` as the path of an address can hold them."""
    return replace(slots, query=_quoted_texts(slots.query), config=_quoted_texts(slots.config))


def _quoted_texts(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: quote(value, safe="/:,@") if isinstance(value, str) else value for name, value in values.items()}


def _parameter(value: Any) -> Any:
    """Return `value` as a query string says it: true, not True."""
    if isinstance(value, list):
        return [_parameter(part) for part in value]
    return str(value).lower() if isinstance(value, bool) else value


def _body(value: Any) -> Any:
    """Return `value` as JSON can carry it: files hold exact decimals, JSON plain numbers."""
    if isinstance(value, Mapping):
        return {name: _body(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_body(part) for part in value]
    return float(value) if isinstance(value, Decimal) else value
