"""How Matomo is called many times in one request, which periods it knows, and what its answers hold.

https://developer.matomo.org/api-reference/reporting-api
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from okrsync.connect.answers.numbers import to_decimal
from okrsync.connect.contract import Choice
from okrsync.connect.reporting_days import unaskable
from okrsync.errors import Problem, Reason
from okrsync.okrs.windows import Window

Call = Mapping[str, Any]
"""One call of the API: its `method` and parameters."""

_NOTHING_IS_ZERO = "if nothing means zero here, give the metric `when_empty: zero`"
_ONLY_BY_PERIOD = ("nb_uniq_visitors", "nb_users")
_ACCESS = re.compile(r"access|token|authenticat|logged in|permission", re.IGNORECASE)
_PASSING = re.compile(r"SQLSTATE|mysql|memory|timed? ?out|maintenance|archiving", re.IGNORECASE)
_SPECIAL = re.compile(r"[%&+#]")
_LONGEST_MESSAGE = 160
_NAMED = 5


def written(call: Call) -> str:
    """Return a call as a query, as it stands in the form of a bulk request.

    Matomo undoes its quoting before it takes it apart (API::getBulkRequest), so only what would break is quoted.
    """
    return "&".join(f"{name}={quoted(str(value))}" for name, value in call.items())


def quoted(text: str) -> str:
    """Return `text` with the signs quoted that mean something in a query; a label is quoted once more than the rest."""
    return _SPECIAL.sub(lambda sign: quote(sign[0]), text)


def refusal_in(item: Any, connection: str) -> Problem | None:
    """Return the error that an answer with status 200 is; None if it is none."""
    if not isinstance(item, Mapping) or item.get("result") != "error":
        return None
    said = html.unescape(str(item.get("message") or "")).strip()[:_LONGEST_MESSAGE].rstrip(". ")
    if _ACCESS.search(said):
        hint = f"give the user of `token` the role View for the site, then try `okrsync check {connection}`"
        return Problem(Reason.AUTH, f"Matomo does not let us read this: {said}", hint)
    if _PASSING.search(said):
        return Problem(Reason.BAD_RESPONSE, f"Matomo failed: {said}", "see its log if this goes on")
    hint = f"compare the metric's query with `okrsync discover {connection}`"
    return Problem(Reason.QUERY, f"Matomo did not accept the question: {said}", hint)


def period_of(window: Window) -> tuple[str, str]:
    """Return period and date. Periods of the calendar are archived, and have unique visitors; other ranges have not."""
    if problem := unaskable(window):
        raise problem
    first, last = window.first_day, window.last_day
    if first is None:
        what = "Matomo needs a first day, and the metric's window has none"
        raise Problem(Reason.UNSUPPORTED, what, "give the metric a window such as cycle_to_date or trailing(365 days)")
    ends = {
        "day": first,
        "week": first + timedelta(days=6) if first.weekday() == 0 else None,
        "month": _month_after(first) - timedelta(days=1) if first.day == 1 else None,
        "year": date(first.year, 12, 31) if (first.month, first.day) == (1, 1) else None,
    }
    period = next((period for period, end in ends.items() if end == last), None)
    return (period, first.isoformat()) if period else ("range", f"{first},{last}")


def _month_after(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def value_in(item: Any, call: Call, metric: str) -> Decimal:
    """Return what `metric` is in the answer to `call`; raises `Problem`."""
    report, period = call["method"], call["period"]
    if item == []:
        raise Problem(Reason.NO_DATA, f"{report} is empty for site {call['idSite']} in the window", _NOTHING_IS_ZERO)
    if isinstance(item, list):
        if len(item) > 1:
            labels = ", ".join(str(row.get("label")) for row in item[:_NAMED] if isinstance(row, Mapping))
            what = f"{report} has {len(item)} rows, expected 1 | there is: {labels}"
            raise Problem(Reason.QUERY, what, "say which by `row`")
        (item,) = item
    if not isinstance(item, Mapping):
        raise Problem(Reason.BAD_RESPONSE, f"{report} is no row of numbers")
    if metric in item:
        return to_decimal(item[metric], metric)
    if metric in _ONLY_BY_PERIOD and period in ("range", "year"):
        what = f"Matomo counts no {metric} for a {period}"
        hint = "ask for previous(week) or previous(month), or have enable_processing_unique_visitors_range set there"
        raise Problem(Reason.UNSUPPORTED, what, hint)
    there = ", ".join(map(str, list(item)[:12]))
    raise Problem(Reason.QUERY, f"{report} has no {metric} | there is: {there}", "correct `metric`")


def site_in(item: Any) -> Mapping[str, Any]:
    """Return what Matomo says about a site; nothing where it does not. Before version 4 it came in a list."""
    if isinstance(item, list) and len(item) == 1:
        (item,) = item
    return item if isinstance(item, Mapping) and item.get("result") != "error" else {}


def sites_in(item: Any) -> list[Mapping[str, Any]]:
    """Return the sites of a list of them; none where it is no list."""
    return [site for site in item if isinstance(site, Mapping)] if isinstance(item, list) else []


def choices_of(report: Mapping[str, Any]) -> Iterator[Choice]:
    """Yield a report and its metrics, from the description of it that Matomo has."""
    method, name = f"{report.get('module')}.{report.get('action')}", str(report.get("name"))
    yield Choice("report", method, name)
    for metrics in (report.get("metrics"), report.get("processedMetrics")):
        for metric, label in metrics.items() if isinstance(metrics, Mapping) else ():
            yield Choice("metric", str(metric), f"{label} ({method})")
