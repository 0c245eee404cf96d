"""What the sample's key results must be, counted straight from its files and by nothing of okrsync."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl


@dataclass
class Truth:
    """The metrics of a demo folder whose cycle starts on `start`, as they were at any moment of it."""

    folder: Path
    start: date
    sheets: dict[str, list[dict[str, Any]]] = field(init=False)
    deals: list[dict[str, Any]] = field(init=False)
    contacts: list[dict[str, Any]] = field(init=False)
    moments: dict[str, list[tuple[Any, ...]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        with closing(openpyxl.load_workbook(self.folder / "plan.xlsx")) as book:
            self.sheets = {sheet.title: _rows(sheet) for sheet in book.worksheets}
        self.deals = json.loads((self.folder / "crm" / "deals.json").read_text())
        self.contacts = json.loads((self.folder / "crm" / "contacts.json").read_text())
        with closing(sqlite3.connect(self.folder / "product.db")) as database:
            for table, columns in _COLUMNS.items():
                rows = database.execute(f"SELECT {columns} FROM {table}")
                self.moments[table] = [tuple(moment and _moment(moment) for moment in row) for row in rows]

    def at(self, at: datetime) -> dict[str, Fraction]:
        """Return every metric of the sample but those that only know the present."""
        so_far = (datetime.combine(self.start, time(), UTC), at)
        weeks = _trailing(at, 28)
        won = self._won(*weeks)
        mqls, sqls = self._entered("mql", *weeks), self._entered("sql", *weeks)
        spend = sum(Fraction(row["Spend"]) for row in self._dated("Marketing spend", "Date", *weeks))
        revenue = [
            row["Recurring revenue"] for row in self._dated("Revenue", "Week ending", _trailing(at, 9999)[0], at)
        ]
        return {
            "recurring_revenue": Fraction(revenue[-1]),
            "satisfaction": _mean([row["Score"] for row in self._dated("Survey", "Date", *weeks)]),
            "partner_agreements": self._delivered("sales", *so_far),
            "releases": self._delivered("product", *so_far),
            "new_revenue": Fraction(sum(deal["amount"] for deal in self._won(*so_far))),
            "won_deals": Fraction(len(self._won(*so_far))),
            "sales_cycle": _mean([deal["days_to_close"] for deal in won]),
            "mqls_so_far": Fraction(self._entered("mql", *so_far)),
            "mql_to_sql": Fraction(100 * sqls, mqls),
            "cost_per_mql": spend / mqls,
            **self._of_the_product(at, so_far, weeks),
        }

    def gross_margin(self) -> Fraction:
        """Return the one metric that only knows the present."""
        return 100 * Fraction(str(self.sheets["KPIs"][0]["Actual"]))

    def _won(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        return [deal for deal in self.deals if deal["stage"] == "won" and start <= _moment(deal["closed_at"]) < end]

    def _entered(self, stage: str, start: datetime, end: datetime) -> int:
        moments = [_moment(contact[f"{stage}_at"]) for contact in self.contacts if contact[f"{stage}_at"]]
        return sum(start <= moment < end for moment in moments)

    def _dated(self, sheet: str, column: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
        rows = [row for row in self.sheets[sheet] if row[column]]
        return [row for row in rows if start <= row[column].replace(tzinfo=UTC) < end]

    def _delivered(self, team: str, start: datetime, end: datetime) -> Fraction:
        rows = self._dated("Deliveries", "Done on", start, end)
        return Fraction(sum(row["Team"] == team and row["Status"] == "done" for row in rows))

    def _of_the_product(self, at: datetime, so_far: tuple[datetime, datetime], weeks: tuple[datetime, datetime]) -> Any:
        signups, tickets, customers = (self.moments[table] for table in _COLUMNS)
        fortnight, month = _trailing(at, 14), _trailing(at, 30)
        recent = [active for up, active in signups if weeks[0] <= up < weeks[1]]
        waits = [
            replied - opened for opened, replied, _ in tickets if replied and fortnight[0] <= replied < fortnight[1]
        ]
        there = [left for came, left in customers if came < month[0] and (left is None or left >= month[0])]
        return {
            "signups": Fraction(sum(so_far[0] <= up < so_far[1] for up, _ in signups)),
            "activation_rate": Fraction(
                100 * sum(active is not None and active < weeks[1] for active in recent), len(recent)
            ),
            "first_reply_hours": _mean([Fraction(wait / timedelta(hours=1)) for wait in waits]),
            "old_tickets": Fraction(
                sum(opened < at - timedelta(days=7) and (done is None or done >= at) for opened, _, done in tickets)
            ),
            "churn": Fraction(100 * sum(left is not None and left < month[1] for left in there), len(there)),
        }


_COLUMNS = {
    "signups": "signed_up_at, activated_at",
    "tickets": "opened_at, first_reply_at, resolved_at",
    "subscriptions": "started_at, cancelled_at",
}


def _rows(sheet: Any) -> list[dict[str, Any]]:
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, map(_exact, row), strict=True)) for row in rows]


def _exact(value: Any) -> Any:
    return Decimal(repr(value)) if isinstance(value, float) else value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _trailing(at: datetime, days: int) -> tuple[datetime, datetime]:
    today = datetime.combine(at.date(), time(), UTC)
    return today - timedelta(days=days), today


def _mean(values: list[Any]) -> Fraction:
    return sum(map(Fraction, values), Fraction()) / len(values)
