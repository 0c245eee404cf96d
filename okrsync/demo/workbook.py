"""The sample company's planning workbook: `plan.xlsx`, as a finance team would keep it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from okrsync.demo.courses import (
    COST_PER_MQL,
    GROSS_MARGIN,
    MQLS,
    PARTNERS_SIGNED_AT,
    RECURRING_REVENUE,
    RELEASES,
    SATISFACTION,
    Noise,
    Whole,
    release_share,
)
from okrsync.demo.quarters import HISTORY, Quarter

Cell = str | int | Decimal | date | None
Row = tuple[Cell, ...]

_AVERAGE_LEAD = 15
_ANSWERS_A_DAY = 5
_BEST = 5
_MOODS = (0, 0, 0, 0, 0, 0, 0, 1, 1, 2)
"""How many points below what is due an answer falls; later answers make up for it."""
_PARTNERS = ("Alder Works", "Fjord Labs", "Gable Homes")
_RELEASE_NAMES = (
    "Guided set-up",
    "Import from spreadsheets",
    "Single sign-on",
    "Mobile approvals",
    "Audit log",
    "Saved filters",
    "Webhooks",
    "Usage page",
)
_WIDTH = 22
"""Characters."""


def write_workbook(path: Path, quarter: Quarter, now: datetime, seed: int) -> None:
    """Write `plan.xlsx` anew; no row is dated after the day of `now`."""
    today = min(now.date(), quarter.end)
    book = Workbook()
    book.remove(book.worksheets[0])
    margins = _sheet(book, "KPIs", ("Metric", "Unit", "Actual", "Owner"), _kpis(quarter, today))
    margins["C2"].number_format = "0.0%"
    _sheet(book, "Revenue", ("Week ending", "Recurring revenue", "Customers"), _revenue(quarter, today))
    _sheet(book, "Marketing spend", ("Date", "Channel", "Spend"), _spend(quarter, today, seed))
    _sheet(book, "Survey", ("Date", "Score", "Asked after"), _survey(quarter, today, seed))
    _sheet(book, "Deliveries", ("Done on", "Team", "What", "Status"), _deliveries(quarter, today))
    book.save(path)


def _sheet(book: Workbook, title: str, header: Row, rows: Iterable[Row]) -> Worksheet:
    sheet: Worksheet = book.create_sheet(title)
    sheet.append(header)
    for row in rows:
        sheet.append(row)
    for number in range(1, len(header) + 1):
        sheet.cell(1, number).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
    sheet.freeze_panes = "A2"
    return sheet


def _kpis(quarter: Quarter, today: date) -> Iterator[Row]:
    margin = _tenths(GROSS_MARGIN.level(quarter, today)) / 100
    yield "Gross margin", "percent", margin, "finance@example.com"
    yield "Cash runway", "months", 17, "finance@example.com"
    yield "Headcount", "people", 84, "people@example.com"


def _revenue(quarter: Quarter, today: date) -> Iterator[Row]:
    """Yield a row per Sunday; before the quarter, revenue grew at two thirds of the wanted speed."""
    way = (RECURRING_REVENUE.target - RECURRING_REVENUE.start) * 2 / 3
    for day in _days_until(quarter, today):
        if day.weekday() == 6:
            before = way * min(quarter.share_over(day), 0)
            revenue = round((RECURRING_REVENUE.level(quarter, day, lead=3) + before) / 10) * 10
            yield day, revenue, revenue // 390


def _spend(quarter: Quarter, today: date, seed: int) -> Iterator[Row]:
    """Yield what the channels cost per day, up to yesterday: cost per MQL times the MQLs of an average day."""
    noise = Noise(Random(f"{seed} spend"), 0.1)  # noqa: S311
    for day in _days_until(quarter, today - timedelta(days=1)):
        spend = COST_PER_MQL.level(quarter, day, _AVERAGE_LEAD) * MQLS.gain(quarter, day) * noise.factor()
        for channel, share in (("search ads", 0.55), ("events", 0.3), ("newsletter", 0.15)):
            yield day, channel, _cents(spend * share)


def _survey(quarter: Quarter, today: date, seed: int) -> Iterator[Row]:
    rng = Random(f"{seed} survey")  # noqa: S311
    whole = Whole()
    for day in _days_until(quarter, today - timedelta(days=1)):
        for _ in range(_ANSWERS_A_DAY):
            due = whole.of(SATISFACTION.level(quarter, day, _AVERAGE_LEAD))
            score = min(due, _BEST) - rng.choice(_MOODS)
            whole.put_back(due - score)
            yield day, score, rng.choice(("set-up", "support", "renewal"))


def _deliveries(quarter: Quarter, today: date) -> Iterator[Row]:
    """Yield what was delivered, and what is planned: a planned row has no date."""
    yield quarter.start - timedelta(days=40), "product", "Dark mode", "done"
    for name, share in zip(_PARTNERS, PARTNERS_SIGNED_AT, strict=True):
        yield _delivery("sales", f"Agreement with {name}", _workday(quarter, share), today)
    for number, name in enumerate(_RELEASE_NAMES[:RELEASES], start=1):
        yield _delivery("product", name, _workday(quarter, release_share(number)), today)


def _delivery(team: str, what: str, day: date, today: date) -> Row:
    return (day, team, what, "done") if day <= today else (None, team, what, "planned")


def _workday(quarter: Quarter, share: float) -> date:
    """Return the working day at `share` of the quarter, or the one before; the quarter's first day at the earliest."""
    day = quarter.start + timedelta(days=round(share * quarter.length))
    return max(day - timedelta(days=max(day.weekday() - 4, 0)), quarter.start)


def _days_until(quarter: Quarter, last: date) -> Iterator[date]:
    first = quarter.start - HISTORY
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _cents(amount: float) -> Decimal:
    return Decimal(f"{amount:.2f}")


def _tenths(amount: float) -> Decimal:
    return Decimal(f"{amount:.1f}")
