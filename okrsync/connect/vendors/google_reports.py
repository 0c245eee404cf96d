"""Reports of Google Analytics: what one number is asked for with, what an answer holds, and which quota is used up.

https://developers.google.com/analytics/devguides/reporting/data/v1/rest/v1beta/properties/batchRunReports
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from okrsync.connect.answers.numbers import to_decimal
from okrsync.connect.transport.reply import Reply
from okrsync.connect.transport.retry import Transient, http_date
from okrsync.connect.vendors import google
from okrsync.errors import Problem, Reason
from okrsync.okrs.windows import Window

FIRST_DAY = date(2015, 8, 14)
"""Earlier ones are refused (seen in several other clients)."""

_NOTHING_IS_ZERO = "if nothing means zero here, give the metric `when_empty: zero`"
_UNITS = {
    "TYPE_SECONDS": "seconds",
    "TYPE_MILLISECONDS": "milliseconds",
    "TYPE_MINUTES": "minutes",
    "TYPE_HOURS": "hours",
    "TYPE_FEET": "feet",
    "TYPE_MILES": "miles",
    "TYPE_METERS": "metres",
    "TYPE_KILOMETERS": "kilometres",
}
_MATCHES = {
    "contains": "CONTAINS",
    "begins_with": "BEGINS_WITH",
    "ends_with": "ENDS_WITH",
    "matches": "FULL_REGEXP",
}
_UNKNOWN_FIELD = re.compile(r"Field ([\w:.-]{1,100}) is not a valid (metric|dimension)")
_LATE, _LATER_STILL = 15.0, 3
"""Seconds until what was too much at once is asked again, and how often it is asked in all."""
_SPARED = 4
"""Server errors that are left to other programs of the same project."""


class Match(BaseModel):
    """What the text of a dimension must be like; all that is said must hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    contains: str | None = Field(None, min_length=1, description="Holds this, whatever the case of its letters.")
    begins_with: str | None = Field(None, min_length=1, description="Begins with this.", examples=["/blog/"])
    ends_with: str | None = Field(None, min_length=1, description="Ends with this.")
    matches: str | None = Field(None, min_length=1, description="Fits this regular expression (RE2) as a whole.")
    none_of: tuple[str, ...] | None = Field(None, min_length=1, description="None of these, letter by letter.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise ValueError(f"say what the dimension must be like: {', '.join(type(self).model_fields)}")
        return self

    def expressions(self, dimension: str) -> Iterator[dict[str, Any]]:
        """Yield the filter expressions that mean this of `dimension`."""
        for name, kind in _MATCHES.items():
            if text := getattr(self, name):
                yield _filter(dimension, stringFilter={"matchType": kind, "value": text})
        if self.none_of:
            yield {"notExpression": _one_of(dimension, self.none_of)}


Condition = str | tuple[str, ...] | Match


def dimension_filter(where: Mapping[str, Condition]) -> dict[str, Any] | None:
    """Return the filter that lets through what fits all of `where`; None if anything does."""
    found = [one for dimension, condition in where.items() for one in _expressions(dimension, condition)]
    if not found:
        return None
    return found[0] if len(found) == 1 else {"andGroup": {"expressions": found}}


def _expressions(dimension: str, condition: Condition) -> Iterator[dict[str, Any]]:
    if isinstance(condition, Match):
        yield from condition.expressions(dimension)
    elif isinstance(condition, str):
        yield _filter(dimension, stringFilter={"matchType": "EXACT", "value": condition, "caseSensitive": True})
    else:
        yield _one_of(dimension, condition)


def _one_of(dimension: str, values: Sequence[str]) -> dict[str, Any]:
    return _filter(dimension, inListFilter={"values": list(values), "caseSensitive": True})


def _filter(dimension: str, **how: Any) -> dict[str, Any]:
    return {"filter": {"fieldName": dimension, **how}}


def request(
    metric: str, window: Window, where: Mapping[str, Condition] | None = None, currency: str | None = None
) -> dict[str, Any]:
    """Return the request for one number: no dimension, for users of single days cannot be added up."""
    first = max(window.first_day or FIRST_DAY, FIRST_DAY)
    wanted = {
        "dateRanges": [{"startDate": first.isoformat(), "endDate": window.last_day.isoformat()}],
        "metrics": [{"name": metric}],
        "dimensionFilter": dimension_filter(where or {}),
        "currencyCode": currency,
        # Without it a row of zeros is left out, and looks like no data.
        "keepEmptyRows": True,
        "returnPropertyQuota": True,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def reports_in(answer: Any, wanted: int) -> list[Mapping[str, Any]]:
    """Return the reports of an answer, in the order of the requests; raises `Problem`."""
    found = answer.get("reports") if isinstance(answer, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise Problem(Reason.BAD_RESPONSE, "sent an answer that holds no reports", "check `base_url`")
    if len(found) != wanted:
        raise Problem(Reason.BAD_RESPONSE, f"sent {len(found)} reports where {wanted} were asked for")
    return found


@dataclass(frozen=True)
class Report:
    """One report with one metric, as it came."""

    body: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the report says about itself."""
        return _object(self.body.get("metadata"))

    @property
    def time_zone(self) -> str:
        """The zone in which the property counts its days; empty if it does not say."""
        return str(self.metadata.get("timeZone") or "")

    @property
    def currency(self) -> str:
        """The currency of its amounts; empty if it does not say."""
        return str(self.metadata.get("currencyCode") or "")

    @property
    def quota(self) -> dict[str, int]:
        """What is left of each quota."""
        left = {
            name: _object(state).get("remaining") for name, state in _object(self.body.get("propertyQuota")).items()
        }
        return {name: count for name, count in left.items() if isinstance(count, int)}

    @property
    def doubts(self) -> dict[str, Any]:
        """Why the number is not the whole truth, in Google's words; nothing if it is."""
        about = self.metadata
        found = {name: about[name] for name in ("subjectToThresholding", "dataLossFromOtherRow") if about.get(name)}
        sampled = [one for one in _objects(about.get("samplingMetadatas")) if not _read_all(one)]
        cut = [str(one.get("dataTruncationType")) for one in _objects(about.get("dataTruncationReasons"))]
        return {**found, **({"sampled": sampled} if sampled else {}), **({"truncated": cut} if cut else {})}

    def unit(self) -> str | None:
        """Return the unit of the metric, where it has one."""
        kind = _object(next(iter(_objects(self.body.get("metricHeaders"))), None)).get("type")
        return self.currency or None if kind == "TYPE_CURRENCY" else _UNITS.get(str(kind))

    def value(self, metric: str) -> Decimal:
        """Return the number; raises `Problem`."""
        if [one.get("name") for one in _objects(self.body.get("metricHeaders"))] != [metric]:
            raise Problem(Reason.BAD_RESPONSE, f"sent a report about something else than {metric}")
        self._refuse_what_is_hidden(metric)
        rows = self.body.get("rows")
        if not rows:
            why = re.sub(r"[^\w ]", "", str(self.metadata.get("emptyReason") or ""))[:60]
            raise Problem(
                Reason.NO_DATA, f"there is no {metric} in the window{f' ({why})' if why else ''}", _NOTHING_IS_ZERO
            )
        try:
            (row,) = rows
            (cell,) = row["metricValues"]
            text = cell["value"]
        except (TypeError, ValueError, KeyError):
            raise Problem(Reason.BAD_RESPONSE, f"sent a report that holds no single value of {metric}") from None
        return to_decimal(text, metric)

    def _refuse_what_is_hidden(self, metric: str) -> None:
        """Raise `Problem` where the account sees zeros because it may not see the metric."""
        restrictions = _object(self.metadata.get("schemaRestrictionResponse")).get("activeMetricRestrictions")
        if metric in [one.get("metricName") for one in _objects(restrictions)]:
            raise Problem(
                Reason.AUTH,
                f"the account may not see {metric}: it would be shown as 0",
                "have an administrator of the property lift the restriction of cost or revenue metrics",
            )


def trouble(reply: Reply, meanings: google.Meanings, errors_left: int | None) -> Problem | Transient | None:
    """Return what a refusal means; None for a success and for what means the same everywhere.

    `errors_left` is how many server errors the project may still cause in this hour. After the tenth it is locked
    out, so the client's own way to ask again after one would do harm: `Transient` says another.
    """
    if reply.status >= 500:
        unreachable = reply.problem(f"answered HTTP {reply.status}", reason=Reason.UNREACHABLE)
        return Transient(unreachable, _LATE, attempts=2 if errors_left is None or errors_left > _SPARED else 1)
    if reply.status == 429:
        return _used_up(reply)
    if unknown := _UNKNOWN_FIELD.search(google.message_of(reply) if reply.status == 400 else ""):
        what = f"{' '.join(['answered 400', *google.words_of(reply)])}: {unknown[1]!r} is not a valid {unknown[2]}"
        return reply.problem(what, f"find its name with `okrsync discover {reply.connection}`", Reason.QUERY)
    return google.trouble(reply, meanings)


def _used_up(reply: Reply) -> Problem | Transient | None:
    said = google.message_of(reply).lower()
    if "concurrent" in said:
        return Transient(_of_quota(reply, "requests at once"), _LATE, attempts=_LATER_STILL)
    sent = http_date(reply.headers.get("Date", ""))
    if "per day" in said:
        return _of_quota(reply, "tokens of the day", sent and _next_day(sent))
    quotas = {"per hour": "tokens of the hour", "thresholded": "thresholded requests", "server errors": "server errors"}
    found = next((quota for sign, quota in quotas.items() if sign in said), None)
    return _of_quota(reply, found, sent and sent + timedelta(hours=1)) if found else None


def _of_quota(reply: Reply, quota: str, retry_at: datetime | None = None) -> Problem:
    problem = reply.problem(
        f"has no {quota} left for the property (429 RESOURCE_EXHAUSTED)",
        "ask less often or for fewer numbers; other programs of the same project draw on it too",
        Reason.RATE_LIMITED,
    )
    return Problem(problem.reason, problem.message, problem.hint, retry_at)


def _next_day(moment: datetime) -> datetime:
    """Return when the quotas of a day start anew: at midnight in California, as for other APIs (unverified)."""
    there = ZoneInfo("America/Los_Angeles")
    return datetime.combine(moment.astimezone(there).date() + timedelta(days=1), time(), there)


def _read_all(sampling: Mapping[str, Any]) -> bool:
    read, there = sampling.get("samplesReadCount"), sampling.get("samplingSpaceSize")
    return read is not None and str(read) == str(there)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [part for part in value if isinstance(part, Mapping)] if isinstance(value, list) else []
