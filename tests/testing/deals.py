"""A well-behaved connector with paging and batches, and the example that proves it: what the mistakes are made in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field, HttpUrl, SecretStr

from okrsync import Ask, Bearer, Choice, Config, Connector, Problem, Query, Reading, Reason, Window
from okrsync.connect.answers.paging import Page, Paginate, Request, pages
from okrsync.connect.answers.rows import Aggregate, reduce_rows
from okrsync.testing import Case, Example, Exchange

PAGING = Paginate(cursor="next", into="params.after")
SUM = Aggregate.model_validate({"agg": "sum", "of": "amount"})


class DealsConfig(Config):
    """One account."""

    token: SecretStr = Field(description="Token with the right to read deals.")
    base_url: HttpUrl = Field(HttpUrl("https://api.deals.test/v1"), description="Where the API is.")


class DealsQuery(Query):
    """What the deals of a stage are worth."""

    stage: str = Field(description="Name of the stage.", examples=["won"])


class Deals(Connector[DealsConfig, DealsQuery]):
    """Deals of a CRM."""

    name, history = "deals", "window"
    auth = Bearer("token")

    def read(self, ask: Ask[DealsQuery]) -> Reading:
        reduced = reduce_rows(self.rows(ask), SUM)
        return Reading(reduced.value, as_of=ask.as_of, rows=reduced.rows, sample=reduced.sample)

    def rows(self, ask: Ask[DealsQuery]) -> Any:
        for rows in pages(self.page, Request("GET", "/deals", self.params(ask)), PAGING, lambda body: body["results"]):
            yield from rows

    def params(self, ask: Ask[DealsQuery]) -> dict[str, str]:
        assert ask.window.start is not None
        return {
            "stage": ask.query.stage,
            "from": ask.window.start.isoformat(),
            "before": ask.window.end.isoformat(),
        }

    def page(self, request: Request) -> Page:
        body = self.http.get(request.path, params=request.params)
        if not isinstance(body, dict) or not isinstance(body.get("results"), list):
            raise Problem(Reason.BAD_RESPONSE, "the reply holds no `results`")
        return Page(body)

    def check(self) -> str:
        return f"connected as {self.http.get('/me')['user']}"

    def discover(self, like: str = "") -> list[Choice]:
        return [Choice("stage", name) for name in self.http.get("/stages")["names"] if like in name]


OCTOBER = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), ZoneInfo("UTC"))
AT = "2026-10-01T00:00:00", "2026-10-15T12:00:00", "2026-10-31T23:59:59", "2026-11-01T00:00:00"


def deals(*amounts: int, after: str | None = None, **to: Any) -> Exchange:
    """A page of deals."""
    rows = [{"amount": f"{amount}.50", "stage": "won"} for amount in amounts]
    return Exchange({"results": rows, **({"next": after} if after else {})}, path="/deals", **to)


def dated(sent: Any) -> dict[str, Any]:
    """What a source that has a deal of 1 on each edge says to the window it is asked for."""
    start, end = sent.params.get("from", "2026"), sent.params.get("before", "2027")
    return {"results": [{"amount": 1} for at in AT if start[:19] <= at < end[:19]]}


EXAMPLE = Example(
    connector=Deals,
    settings={"token": "canary-4711"},
    query={"stage": "won"},
    exchanges=[deals(10, 5, containing="stage=won")],
    value="16.00",
    empty=Case([deals()]),
    bad_query=Case([Exchange({"message": "no such stage"}, 400, containing="stage=wno")], query={"stage": "wno"}),
    edges=Case([Exchange(dated)], value=3, window=OCTOBER),
    batch=[
        Case([deals(1, containing="stage=lost")], "1.50", {"stage": "lost"}),
        Case([deals(2, containing="stage=open")], "2.50", {"stage": "open"}),
        Case([deals(3, containing="stage=won")], "3.50"),
    ],
    pages=Case(
        [deals(1, after="a"), deals(2, after="b", containing="after=a"), deals(3, containing="after=b")], "7.50"
    ),
    check=[Exchange({"user": "ann"})],
    discover=[Exchange({"names": ["won", "lost"]})],
)


def example(connector: type[Connector[Any, Any]], **changes: Any) -> Example:
    """The example with another connector, and whatever else it needs."""
    return replace(EXAMPLE, connector=connector, **changes)
