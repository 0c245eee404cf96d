"""Numbers from any JSON endpoint: one field of a reply, or many rows reduced to one number."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import Field, HttpUrl, SecretStr, model_validator

from okrsync import (
    Aggregate,
    Answer,
    Ask,
    Auth,
    Basic,
    Bearer,
    Config,
    Connector,
    Header,
    History,
    Problem,
    Query,
    Reading,
    Reason,
    number,
)
from okrsync.connect.answers.expressions import compiled
from okrsync.connect.answers.fields import begins_in, holds, keys_of
from okrsync.connect.answers.paging import Page, Paginate, Request, pages, refuse_first_of_many
from okrsync.connect.answers.placeholders import Slots, fill, reaches_the_past
from okrsync.connect.answers.placeholders import check as check_placeholders
from okrsync.connect.answers.rows import Expression, Reducer
from okrsync.connect.files import ProjectFile
from okrsync.nearest import did_you_mean
from okrsync.vocabulary import Aggregation

_ERROR = "error != `0` && error || errors != `0` && errors"
_LONGEST_ERROR = 80


class HttpConfig(Config):
    """One API: where it is, and one way to prove who asks, or none."""

    base_url: HttpUrl = Field(
        description="What the paths of queries are relative to.", examples=["https://api.example.com/v1"]
    )
    bearer: SecretStr | None = Field(None, description="Token for `Authorization: Bearer`.")
    user: str | None = Field(None, description="User for basic authentication, with `password`.")
    password: SecretStr | None = Field(None, description="Password for basic authentication.")
    header_name: str | None = Field(
        None, pattern=r"^[A-Za-z0-9-]+$", description="Header of the API's own.", examples=["X-Api-Key"]
    )
    header_value: SecretStr | None = Field(None, description="The secret that goes into that header.")
    check: str = Field("", description="A path that answers who is asking, or anything cheap.", examples=["/me"])
    allow_private: bool = Field(False, description="Whether the host may be in a private network.")
    ca_file: ProjectFile | None = Field(None, description="Certificates of your own authority (PEM).")
    per_second: float | None = Field(None, gt=0, description="Requests per second that the API wants at most.")
    at_once: int = Field(4, ge=1, le=32, description="Requests that may be under way at the same time.")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("`user` and `password` belong together")
        if (self.header_name is None) != (self.header_value is None):
            raise ValueError("`header_name` and `header_value` belong together")
        ways = [self.bearer, self.password, self.header_value]
        if sum(way is not None for way in ways) > 1:
            raise ValueError("say only one of `bearer`, `user` with `password`, and `header_name` with `header_value`")
        return self


class HttpQuery(Query):
    """One number of one endpoint: a `value` of its reply, or its `rows` reduced with `agg`.

    `path`, `params` and `json` may hold placeholders such as `{window.start:date}` and `{window.end:ms}`; with the
    window's end in them, the past can be asked for, too.
    """

    path: str = Field(description="Relative to the base URL.", examples=["/contacts", "/deals/search"])
    method: Literal["GET", "POST"] = Field("GET", description="POST only for endpoints that read, such as searches.")
    params: dict[str, Any] = Field({}, description="The query string.", examples=[{"since": "{window.start:date}"}])
    body: Any = Field(
        None, alias="json", description="The body of a POST.", examples=[{"closed_after": "{window.start:ms}"}]
    )
    value: Expression | None = Field(
        None, description="Where in the reply the number is, as JMESPath.", examples=["data.total"]
    )
    rows: Expression | None = Field(
        None, description="Or where in the reply the rows are; `@` if it is a list.", examples=["results"]
    )
    agg: Aggregation | None = Field(None, description="How the rows become one number.", examples=["sum"])
    of: Expression | None = Field(
        None, description="Which value of each row, as JMESPath; not for `count`.", examples=["properties.amount"]
    )
    where: Expression | None = Field(
        None, description="Which rows, as a JMESPath condition on each.", examples=["stage == 'won'"]
    )
    by: Expression | None = Field(None, description="What `latest` and `first` go by.", examples=["closed_at"])
    p: Decimal | None = Field(None, ge=0, le=100, description="Which percentile, from 0 to 100.")
    paginate: Paginate | None = Field(None, description="How the rows come in pages; `none` if the first is enough.")
    error_when: Expression = Field(
        _ERROR,
        description="What in a reply with status 200 means that it is an error, as a JMESPath condition.",
        examples=["status != 'ok'"],
    )

    @model_validator(mode="after")
    def _one_number(self) -> Self:
        reducing = {name: getattr(self, name) for name in Aggregate.model_fields}
        given = [name for name, value in reducing.items() if value is not None]
        if (self.value is None) == (self.rows is None):
            raise ValueError("say either `value`, for one number of the reply, or `rows` with `agg`")
        if self.value is not None and (given or self.paginate):
            raise ValueError(f"`{[*given, 'paginate'][0]}` goes with `rows`, not with `value`")
        if self.rows is not None:
            if self.agg is None:
                raise ValueError("`rows` need `agg`: how they become one number")
            Aggregate.model_validate(reducing)
        return self

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        if self.body is not None and self.method == "GET":
            raise ValueError("`json` goes with `method: POST`")
        check_placeholders([self.path, self.params, self.body])
        return self

    @property
    def aggregate(self) -> Aggregate:
        """How the rows become one number."""
        return Aggregate.model_validate({name: getattr(self, name) for name in Aggregate.model_fields})


@dataclass(frozen=True)
class _Fetch:
    """What is sent for a question, and how its reply is taken apart; equal ones are sent once."""

    request: Request
    rows: str | None
    paginate: Paginate | None
    error_when: str

    @property
    def key(self) -> str:
        request = self.request
        sent = [request.method, request.path, request.params, request.json]
        return json.dumps([sent, self.rows, repr(self.paginate), self.error_when], sort_keys=True, default=str)


class Http(Connector[HttpConfig, HttpQuery]):
    """Any JSON endpoint."""

    name, history, max_batch = "http", "snapshot", 100

    @classmethod
    def credentials(cls, config: HttpConfig) -> Auth | None:
        """Return the one way to prove who asks that the connection has."""
        if config.bearer:
            return Bearer("bearer")
        if config.password:
            return Basic("user", "password")
        return Header(config.header_name, "header_value") if config.header_name else None

    def history_of(self, query: HttpQuery) -> History:
        """Any past window can be asked for where the request says when the window ends."""
        timed = reaches_the_past([query.path, query.params, query.body])
        return History.WINDOW if timed else History.SNAPSHOT

    def together(self, ask: Ask[HttpQuery]) -> str:
        """Questions that the same replies answer."""
        return _fetch(ask).key

    def check(self) -> str:
        """Get the path that the settings name for it."""
        reply = self.http.request("GET", self.config.check)
        reply.refuse_html()
        return f"connected to {reply.host}: GET {self.config.check or '/'} answered {reply.status}"

    def read_many(self, asks: Sequence[Ask[HttpQuery]]) -> Iterable[Answer]:
        """Send each distinct request once and answer every question that its reply answers."""
        groups: dict[str, list[Ask[HttpQuery]]] = {}
        for ask in asks:
            groups.setdefault(_fetch(ask).key, []).append(ask)
        answers: dict[str, Answer] = {}
        for group in groups.values():
            answers.update(zip([ask.key for ask in group], self._answered(group), strict=True))
        return [answers[ask.key] for ask in asks]

    def _answered(self, asks: Sequence[Ask[HttpQuery]]) -> Sequence[Answer]:
        fetch = _fetch(asks[0])
        try:
            return self._from_rows(fetch, asks) if fetch.rows else self._from_values(fetch, asks)
        except Problem as problem:
            if problem.reason.of_the_connection:
                raise
            return [problem] * len(asks)

    def _from_values(self, fetch: _Fetch, asks: Sequence[Ask[HttpQuery]]) -> Sequence[Answer]:
        body = self._page(fetch, fetch.request).body
        return [_value_or_problem(body, ask) for ask in asks]

    def _from_rows(self, fetch: _Fetch, asks: Sequence[Ask[HttpQuery]]) -> Sequence[Answer]:
        reductions = [_Reduction(ask) for ask in asks]
        for row in self._rows(fetch):
            for reduction in reductions:
                reduction.add(row)
        return [reduction.answer() for reduction in reductions]

    def _rows(self, fetch: _Fetch) -> Iterator[Any]:
        path = fetch.rows or "@"
        if fetch.paginate is None:
            page = self._page(fetch, fetch.request)
            rows = _rows_in(page.body, path)
            refuse_first_of_many(page, rows)
            yield from rows
            return
        each = pages(
            lambda request: self._page(fetch, request), fetch.request, fetch.paginate, lambda body: _rows_in(body, path)
        )
        for some in each:
            yield from some

    def _page(self, fetch: _Fetch, request: Request) -> Page:
        reply = self.http.request(request.method, request.path, params=request.params, json=request.json)
        body = reply.json()
        if holds(found := compiled(fetch.error_when).search(body)):
            code = f": {found}" if isinstance(found, str | int) and found is not True else ""
            raise reply.problem(
                f"answered {reply.status} with an error{code[:_LONGEST_ERROR]}",
                "see the API's documentation; `error_when` says which replies are errors",
            )
        return Page(body, reply.next_link, reply.absolute)


class _Reduction:
    """One question on its way through the rows; a problem of its own stops no other."""

    def __init__(self, ask: Ask[HttpQuery]) -> None:
        self._ask = ask
        self._reducer = Reducer(ask.query.aggregate)
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


def _fetch(ask: Ask[HttpQuery]) -> _Fetch:
    query, slots = ask.query, Slots(ask.window, ask.as_of)
    params = {name: _parameter(value) for name, value in fill(query.params, slots).items()}
    request = Request(query.method, str(fill(query.path, slots)), params, _body(fill(query.body, slots)))
    return _Fetch(request, query.rows, query.paginate, query.error_when)


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


def _value_or_problem(body: Any, ask: Ask[HttpQuery]) -> Answer:
    path = ask.query.value or "@"
    try:
        return Reading(number(body, path), as_of=ask.as_of)
    except Problem as problem:
        return problem


def _rows_in(body: Any, path: str) -> list[Any]:
    found = compiled(path).search(body)
    if isinstance(found, list):
        return found
    if found is None and begins_in(body, path):
        raise Problem(Reason.NO_DATA, f"{path!r} is empty (null): no rows")
    if found is None:
        keys = keys_of(body, depth=2)
        there = f" | there is: {', '.join(keys[:12])}" if keys else ""
        raise Problem(Reason.QUERY, f"{path!r} is not in the reply{there}", did_you_mean(path, keys))
    raise Problem(Reason.QUERY, f"{path!r} is a single {type(found).__name__}, not a list of rows", "see `value`")
