"""What Salesforce's replies say: the number of a query or a report, or the code of an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from okrsync.connect.answers.numbers import to_decimal
from okrsync.connect.transport.http import Reply
from okrsync.errors import Problem, Reason
from okrsync.nearest import did_you_mean

_NOTHING = "if nothing means zero here, give the metric `when_empty: zero`"
_COUNT = re.compile(r"\s*SELECT\s+COUNT\(\s*\)\s+FROM\b", re.IGNORECASE)
_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,59}")
_CODES = {
    "REQUEST_LIMIT_EXCEEDED": (Reason.RATE_LIMITED, "the org's API calls of 24 hours are used up; ask less often"),
    "QUERY_TIMEOUT": (Reason.TIMEOUT, "have WHERE leave fewer records, by an indexed field such as CreatedDate"),
    "SERVER_UNAVAILABLE": (Reason.UNREACHABLE, ""),
    "UNABLE_TO_LOCK_ROW": (Reason.UNREACHABLE, ""),
    "INSUFFICIENT_ACCESS": (Reason.AUTH, "give the user the right to read this, or ask for something else"),
    "API_DISABLED_FOR_ORG": (Reason.AUTH, "give the user's profile the permission API Enabled"),
    "INVALID_SESSION_ID": (Reason.AUTH, "log in anew"),
}
"""What codes mean whatever the status is: REQUEST_LIMIT_EXCEEDED comes as 403, QUERY_TIMEOUT as 400."""


def object_with(answer: Any, *needed: str) -> Mapping[str, Any]:
    """Return `answer` if it is an object that has the keys `needed`; raises `Problem` (`bad_response`)."""
    if isinstance(answer, Mapping) and answer.keys() >= set(needed):
        return answer
    raise Problem(Reason.BAD_RESPONSE, f"Salesforce's reply holds no {' and '.join(needed)}", "check `base_url`")


def objects_in(answer: Any, *needed: str) -> list[Mapping[str, Any]]:
    """Return `answer` if it is a list of objects that have the keys `needed`; raises `Problem` (`bad_response`)."""
    if not isinstance(answer, list):
        raise Problem(Reason.BAD_RESPONSE, "Salesforce's reply is not the list it should be", "check `base_url`")
    return [object_with(one, *needed) for one in answer]


def number_of_batched(result: Any, soql: str) -> Decimal:
    """Return the number in the result of a subrequest of composite/batch; raises `Problem`."""
    answer = object_with(result, "statusCode", "result")
    if answer["statusCode"] != 200:
        raise _refused(answer["statusCode"], answer["result"])
    found = object_with(answer["result"], "totalSize", "records")
    if _COUNT.match(soql):
        return to_decimal(found["totalSize"], "totalSize")
    return _only_value(found["records"], found["totalSize"])


def total_of_report(ran: Any, summary: str, group: str) -> tuple[Decimal, str | None]:
    """Return a total of a report that was run, and its currency where it says one; raises `Problem`."""
    report = object_with(ran, "factMap", "reportMetadata")
    names = object_with(report["reportMetadata"], "aggregates")["aggregates"]
    if group not in object_with(report["factMap"]):
        raise Problem(Reason.QUERY, f"the report has no group {group!r}", did_you_mean(group, report["factMap"]))
    totals = objects_in(object_with(report["factMap"][group], "aggregates")["aggregates"], "value")
    if not isinstance(names, list) or len(names) != len(totals):
        raise Problem(Reason.BAD_RESPONSE, "the report names other totals than it holds", "check `api_version`")
    if summary not in names:
        raise Problem(Reason.QUERY, f"the report has no total {summary!r}", did_you_mean(summary, map(str, names)))
    value = totals[names.index(summary)]["value"]
    if isinstance(value, Mapping):
        return to_decimal(value.get("amount"), summary), str(value["currency"]) if value.get("currency") else None
    return to_decimal(value, summary), None


def told_by_code(reply: Reply) -> Problem | None:
    """Return what only the code in a refusal tells; the rest is said by the status."""
    if reply.status not in (400, 403, 404):
        return None
    try:
        code = _code_of(reply.json())
    except Problem:
        return None
    if not code:
        return None
    meant = _REASONS_OF_STATUS.get(reply.status, Reason.QUERY), "correct the metric's query"
    reason, hint = _CODES.get(code, meant)
    return reply.problem(f"did not answer the question ({reply.status} {code})", hint, reason)


_REASONS_OF_STATUS = {403: Reason.AUTH}


def _refused(status: Any, body: Any) -> Problem:
    code = _code_of(body)
    of_the_question = isinstance(status, int) and 400 <= status < 500
    meant = (Reason.QUERY, "correct the metric's `soql`") if of_the_question else (Reason.UNREACHABLE, "")
    reason, hint = _CODES.get(code, meant)
    told = " ".join(str(part) for part in (status, code) if part)
    return Problem(reason, f"Salesforce did not answer the question ({told})", hint)


def _code_of(body: Any) -> str:
    """Return the code of the first error in a list of them."""
    first = body[0] if isinstance(body, list) and body else None
    code = first.get("errorCode") if isinstance(first, Mapping) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _only_value(found: Any, total: Any) -> Decimal:
    """Return the only field of the only row."""
    rows = objects_in(found)
    if not rows and total == 0:
        raise Problem(Reason.NO_DATA, "no rows", _NOTHING)
    if len(rows) != 1 or total != 1:
        raise Problem(Reason.QUERY, f"{total} rows, expected 1", "count them with COUNT(), or aggregate them")
    fields = {name: value for name, value in rows[0].items() if name != "attributes"}
    if len(fields) != 1:
        shown = ", ".join(list(fields)[:8])
        raise Problem(Reason.QUERY, f"{len(fields)} values in the row, expected 1: {shown}", "select one of them")
    ((name, value),) = fields.items()
    if value is None:
        raise Problem(Reason.NO_DATA, f"{name} is null, as the sum of no records is", _NOTHING)
    return to_decimal(value, name)
