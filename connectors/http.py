"""Numbers from any JSON endpoint: one field of a reply, or many rows reduced to one number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    Query,
)
from okrsync.connect.answers.json_api import ERROR, Fetch, Template, Wanted, answers, checked
from okrsync.connect.answers.paging import Paginate
from okrsync.connect.answers.placeholders import Slots, reaches_the_past
from okrsync.connect.answers.placeholders import check as check_placeholders
from okrsync.connect.answers.rows import Expression
from okrsync.connect.files import ProjectFile
from okrsync.vocabulary import Aggregation


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
        ERROR,
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


class Http(Connector[HttpConfig, HttpQuery]):
    """Any JSON endpoint.

    Credentials:

    1. Have whoever runs the API give okrsync credentials of its own, which may only read what the metrics ask for.
    2. Put them where the API wants them: `bearer`, or `user` and `password`, or `header_name` and `header_value`.

    Limits: those of the API, which `per_second` and `at_once` make known. A reply holds 10 MB, a list 200 pages.

    Cannot: log in by OAuth or sign requests; read anything but JSON; follow a redirect to another host. It sends GET
    and POST, and cannot know whether a POST only reads.
    """

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
        return checked(self.http, self.config.check)

    def read_many(self, asks: Sequence[Ask[HttpQuery]]) -> Iterable[Answer]:
        """Send each distinct request once and answer every question that its reply answers."""
        return answers(self.http, [Wanted(ask, _fetch(ask), ask.query.value or ask.query.aggregate) for ask in asks])


def _fetch(ask: Ask[HttpQuery]) -> Fetch:
    query = ask.query
    request = Template(query.path, query.method, query.params, query.body).filled(Slots(ask.window, ask.as_of))
    return Fetch(request, rows=query.rows, paginate=query.paginate, error_when=query.error_when)
