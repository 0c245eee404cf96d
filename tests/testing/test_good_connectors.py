"""Connectors that do what the contract asks pass every check that is for them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine

from okrsync import Window
from okrsync.connect.registry import Registry
from okrsync.testing import Case, ConnectorContract, Example, Exchange, LocalExample
from tests.testing.deals import AT, EXAMPLE, OCTOBER
from tests.workbooks import xlsx

SHIPPED = Registry.load()
DAY = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC), ZoneInfo("UTC"))


class TestDeals(ConnectorContract):
    example = EXAMPLE


PERIOD = {"from": "{window.start}", "before": "{window.end}"}
TOTAL = {"path": "/deals/count", "params": PERIOD, "value": "total"}


class TestHttpWithOneNumber(ConnectorContract):
    example = Example(
        connector=SHIPPED.get("http"),
        settings={"base_url": "https://crm.test/v1", "bearer": "canary-4711", "check": "/me"},
        query=TOTAL,
        exchanges=[Exchange({"total": 7}, path="/deals/count")],
        value=7,
        empty=Case([Exchange({"total": None})]),
        bad_query=Case([Exchange({"message": "unknown"}, 404, path="/wrong")], query={**TOTAL, "path": "/wrong"}),
        error_in_200=Case([Exchange({"error": "quota", "total": 0})]),
        edges=Case(
            [Exchange({"total": 3}, containing=["from=2026-10-01T00:00:00Z", "before=2026-11-01T00:00:00Z"])],
            value=3,
            window=OCTOBER,
        ),
        batch=[
            Case([Exchange({"total": 1}, path="/a")], 1, {**TOTAL, "path": "/a"}),
            Case([Exchange({"total": 2}, path="/b")], 2, {**TOTAL, "path": "/b"}),
        ],
        without={
            "three_pages_are_counted": "one number comes in one reply",
            "the_same_cursor_twice_stops": "one number comes in one reply",
        },
    )


ROWS = {
    "path": "/deals",
    "method": "POST",
    "json": {"from": "{window.start:ms}", "before": "{window.end:ms}"},
    "rows": "results",
    "agg": "sum",
    "of": "amount",
    "paginate": {"cursor": "next", "into": "json.after"},
}


def page(*amounts: int, after: str | None = None, **to: object) -> Exchange:
    return Exchange({"results": [{"amount": amount} for amount in amounts], "next": after}, **to)  # type: ignore[arg-type]


class TestHttpWithRows(ConnectorContract):
    example = Example(
        connector=SHIPPED.get("http"),
        settings={
            "base_url": "https://crm.test/v1",
            "user": "ann",
            "password": "canary-4711",
            "check": "/me",
            "per_second": 50,
        },
        query=ROWS,
        exchanges=[page(10, after="a"), page(5)],
        value=15,
        empty=Case([page()]),
        bad_query=Case([page(1, 2)], query={**ROWS, "of": "amont"}),
        edges=Case([page(2, containing=["1790812800000", "1793491200000"])], value=2, window=OCTOBER),
        batch=[
            Case([page(4, path="/a")], 4, {**ROWS, "path": "/a"}),
            Case([page(6, path="/b")], 6, {**ROWS, "path": "/b"}),
        ],
        pages=Case([page(1, after="a"), page(2, after="b", containing='"a"'), page(3, containing='"b"')], 6),
        without={
            "one_bad_question_spoils_no_other": "the bad question shares its reply with the good one",
        },
    )


def signups(folder: Path) -> None:
    engine = create_engine(f"sqlite:///{folder / 'product.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE signups (at text, amount numeric)")
        for at in AT:
            connection.exec_driver_sql(f"INSERT INTO signups VALUES ('{at.replace('T', ' ')}', 2)")
    engine.dispose()


def select(what: str) -> dict[str, str]:
    return {"sql": f"SELECT {what} FROM signups WHERE at >= :start AND at < :end"}


class TestSql(ConnectorContract):
    example = LocalExample(
        connector=SHIPPED.get("sql"),
        settings={"url": "sqlite:///product.db"},
        prepare=signups,
        broken=lambda folder: (folder / "product.db").write_text("no database"),
        query=select("count(*)"),
        value=3,
        empty=Case(query={"sql": "SELECT sum(amount) FROM signups WHERE at < '1990'"}),
        bad_query=Case(query=select("coutn(*)")),
        edges=Case(value=1, window=DAY),
        batch=[Case(value=3), Case(value=6, query=select("sum(amount)")), Case(value=2, query=select("max(amount)"))],
    )


def workbook(folder: Path) -> None:
    rows = [["Day", "Amount", "Stage"], *[[datetime.fromisoformat(at), 2, "Won"] for at in AT]]
    (folder / "plan.xlsx").write_bytes(xlsx(("Deals", rows)))


SUM_OF_DAYS = {"column": "Amount", "agg": "sum", "date_column": "Day"}


class TestSpreadsheet(ConnectorContract):
    example = LocalExample(
        connector=SHIPPED.get("spreadsheet"),
        settings={"path": "plan.xlsx"},
        prepare=workbook,
        broken=lambda folder: (folder / "plan.xlsx").write_text("no workbook"),
        query=SUM_OF_DAYS,
        value=6,
        empty=Case(query={**SUM_OF_DAYS, "where": {"Stage": "Lost"}}),
        bad_query=Case(query={**SUM_OF_DAYS, "column": "Amonut"}),
        edges=Case(value=2, window=DAY),
        batch=[
            Case(value=6),
            Case(value=3, query={**SUM_OF_DAYS, "agg": "count"}),
            Case(value=2, query={"cell": "B2"}),
        ],
    )


class TestSpreadsheetFromAnAddress(ConnectorContract):
    example = Example(
        connector=SHIPPED.get("spreadsheet"),
        settings={"url": "https://files.test/plan.xlsx", "token": "canary-4711"},
        query={"cell": "B1"},
        exchanges=[Exchange(xlsx(("KPI", [["churn", 3, 4, None]])))],
        value=3,
        empty=Case([Exchange(xlsx(("KPI", [["churn", None, 1]])))]),
        bad_query=Case([Exchange(xlsx(("KPI", [["churn", 3, 4]])))], query={"cell": "A1"}),
        batch=[
            Case([Exchange(xlsx(("KPI", [["churn", 3, 4]])))], 3),
            Case([Exchange(xlsx(("KPI", [["churn", 3, 4]])))], 4, {"cell": "C1"}),
        ],
        without={
            "three_pages_are_counted": "a workbook comes as one file",
            "the_same_cursor_twice_stops": "a workbook comes as one file",
        },
    )
