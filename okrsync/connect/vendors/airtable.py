"""How Airtable writes records, formulas and refusals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from okrsync.connect.answers.paging import Paginate, Request
from okrsync.connect.contract import Choice
from okrsync.connect.transport.reply import Reply
from okrsync.connect.transport.retry import http_date
from okrsync.errors import Problem, Reason
from okrsync.okrs.windows import Window

Record = Mapping[str, Any]

UNKNOWN_FIELD = "UNKNOWN_FIELD_NAME"
_LONGEST_IN_ADDRESS = 4000
"""Characters of a formula. An address may have 16,000, and quoting makes it up to three times as long."""
_PENALTY = timedelta(seconds=30)
"""After a 429 nothing is answered for so long, and no header says so."""
_REFUSALS: Mapping[str, tuple[Reason, str]] = {
    "NOT_FOUND": (Reason.CONFIG, "correct `base`, and give the token access to that base"),
    "TABLE_NOT_FOUND": (Reason.QUERY, "correct `table`: its name as Airtable shows it, or its id (tbl…)"),
    "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND": (
        Reason.QUERY,
        "correct `table`, or give the token access to the base and the scope data.records:read",
    ),
    UNKNOWN_FIELD: (Reason.QUERY, "correct `field` or `date_field`: the name as Airtable shows it, or the id (fld…)"),
    "INVALID_FILTER_BY_FORMULA": (Reason.QUERY, "correct `formula`; names of fields stand in braces: {Stage}='Won'"),
    "VIEW_NAME_NOT_FOUND": (Reason.QUERY, "correct `view`: its name as Airtable shows it, or its id (viw…)"),
    "LIST_RECORDS_ITERATOR_NOT_AVAILABLE": (Reason.BAD_RESPONSE, "the list went stale while it was read"),
}


@dataclass(frozen=True)
class Listing:
    """Which records of a table are listed; questions about the same ones share them, whatever fields they look at."""

    table: str
    by_id: bool
    """Whether fields are named by ids, which stay the same when a field is renamed."""
    view: str | None = None
    formula: str | None = ""
    """Which records; None where each question names its own."""

    def request(self, base: str, fields: Iterable[str]) -> tuple[Request, Paginate]:
        """Return the request for the first page with these fields, or all if there are none, and how it goes on."""
        path, named = f"/{base}/{quote(self.table, safe='')}", sorted(fields)
        wanted = {"pageSize": 100, "filterByFormula": self.formula, "view": self.view}
        said: dict[str, Any] = {name: value for name, value in wanted.items() if value}
        if len(self.formula or "") > _LONGEST_IN_ADDRESS:
            said |= {"returnFieldsByFieldId": self.by_id} | ({"fields": named} if named else {})
            return Request("POST", f"{path}/listRecords", json=said), Paginate(cursor="offset", into="json.offset")
        said |= {"fields[]": named} | ({"returnFieldsByFieldId": "true"} if self.by_id else {})
        return Request("GET", path, params=said), Paginate(cursor="offset", into="params.offset")


def around(field: str, window: Window) -> Iterator[str]:
    """Yield conditions that let through all of `window` and two days beside: which days they mean is decided here."""
    escaped = re.sub(r"([\\}])", r"\\\1", field)
    two_days = timedelta(days=2)
    if window.first_day:
        yield f"IS_AFTER({{{escaped}}},DATETIME_PARSE('{window.first_day - two_days}','YYYY-MM-DD'))"
    yield f"IS_BEFORE({{{escaped}}},DATETIME_PARSE('{window.last_day + two_days}','YYYY-MM-DD'))"


def any_of(records: Iterable[str]) -> str:
    """Return the formula that lets through the records with these ids."""
    named = (f"RECORD_ID()='{record}'" for record in sorted(set(records)))
    return f"OR({','.join(named)})"


def list_in(answer: Any, name: str) -> Sequence[Record]:
    """Return the list called `name` of an answer; raises `Problem` where it holds none."""
    found = answer.get(name) if isinstance(answer, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise Problem(Reason.BAD_RESPONSE, f"the answer holds no list of {name}")
    return found


def value_of(record: Record, field: str) -> Any:
    """Return what a field holds, None where it is empty; raises `Problem` for a formula that failed."""
    fields = record.get("fields")
    value = fields.get(field) if isinstance(fields, Mapping) else None
    if isinstance(value, list) and len(value) == 1:  # a lookup of one record
        value = value[0]
    if isinstance(value, Mapping) and (failure := value.get("specialValue") or value.get("error")):
        hint = "mend the formula in Airtable, such as with IF() for records that have nothing to work on"
        raise Problem(Reason.BAD_VALUE, f"{field!r} of {record.get('id')} is {str(failure)[:40]}, not a number", hint)
    return value


def moment_of(record: Record, field: str | None, zone: ZoneInfo) -> datetime | None:
    """Return a field's day, as its first instant in `zone`, or its moment; None where no field is asked for."""
    if field is None:
        return None
    value = value_of(record, field)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise Problem(Reason.BAD_VALUE, f"{field!r} of {record.get('id')} is no date", "name a date field")
    return moment.replace(tzinfo=moment.tzinfo or zone).astimezone(UTC)


def choices_of(table: Record) -> Iterator[Choice]:
    """Yield a table, its fields and its views."""
    name = str(table.get("name"))
    yield Choice("table", name, str(table.get("id")))
    for field in list_in(table, "fields"):
        yield Choice("field", str(field.get("name")), f"{name}: {field.get('type')}, {field.get('id')}")
    for view in list_in(table, "views"):
        yield Choice("view", str(view.get("name")), f"{name}: {view.get('type')}, {view.get('id')}")


def trouble(reply: Reply) -> Problem | None:
    """Return what a refusal means where Airtable says it by a code rather than by the status."""
    if reply.status == 429 and "Retry-After" not in reply.headers and (end := _end_of_penalty(reply)):
        message = reply.problem("wants to be asked less often (429)").message
        return Problem(Reason.RATE_LIMITED, message, retry_at=end)
    code = _code(reply) if reply.status in (403, 404, 422) else ""
    reason, hint = _REFUSALS.get(code, (Reason.QUERY, "correct the metric's query"))
    if not code or (reply.status == 403 and code not in _REFUSALS):
        return None
    return reply.problem(f"answered {reply.status} {code}", hint, reason)


def _end_of_penalty(reply: Reply) -> datetime | None:
    began = http_date(reply.headers.get("Date", ""))
    return began + _PENALTY if began else None


def _code(reply: Reply) -> str:
    """Return Airtable's word for what is wrong: `{"error": {"type": …}}`, or `{"error": …}` alone."""
    try:
        error = reply.json()["error"]
    except (Problem, KeyError, TypeError):
        return ""
    code = error.get("type") if isinstance(error, Mapping) else error
    return code if isinstance(code, str) and re.fullmatch(r"[A-Z_]{1,60}", code) else ""
