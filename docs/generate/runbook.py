"""What a person on call does about each reason. A reason without an entry breaks the page, and so a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from okrsync.errors import Reason


class Entry(NamedTuple):
    """What a reason means, where it mostly comes from, and what to do."""

    means: str
    causes: str
    do: str


RUNBOOK: Mapping[Reason, Entry] = {
    Reason.AUTH: Entry(
        "The source refused the credentials.",
        "A token has expired or was revoked, a password was changed, or a right was taken away. An answer of 401 or "
        "403, or a login page where data should be, ends here. It is not tried again within the run, so that no "
        "account gets locked.",
        "The hint names the variable that holds the secret. Renew it, put it into the environment or into "
        "`secrets/NAME`, then `okrsync check CONNECTION`. The next sync needs no more.",
    ),
    Reason.CONFIG: Entry(
        "The connection cannot work as it is configured.",
        "A variable is not set, a file is not where `path` says, a driver is not installed, the address redirects to "
        "another host or leads into a private network, a workbook is protected by a password.",
        "Do what the hint says in `okrsync.yaml` or in the environment, then `okrsync lint` and "
        "`okrsync check CONNECTION`.",
    ),
    Reason.QUERY: Entry(
        "The source understood who asks, but not what is asked.",
        "A renamed header, sheet, table or field; a mistyped path in a reply; a statement that gives more than one "
        "row; an answer of 404 or 400. Other metrics of the same connection are not affected.",
        "The message lists what there is instead. `okrsync discover CONNECTION` lists what can be asked. Correct "
        "`query` of the metric, try it with `okrsync preview METRIC`, then `okrsync apply`.",
    ),
    Reason.UNSUPPORTED: Entry(
        "The source cannot answer this question at all.",
        "The past was asked of a source that knows only the present, mostly by `okrsync backfill`; today's number is "
        "never dated back.",
        "Nothing, if the history may begin today. Else ask in a way that carries dates: `date_column` in a "
        "spreadsheet, `:end` or `:as_of` in SQL, `{window.end}` in an HTTP request.",
    ),
    Reason.NO_DATA: Entry(
        "The source was asked correctly and has nothing.",
        "No row fits, a cell or a field is empty, a sum of no rows is NULL, the denominator of a formula is 0. Nothing "
        "is not zero, so no 0 is recorded.",
        "See with `okrsync preview METRIC` whether there should be something. If nothing does mean zero here, give the "
        "metric `when_empty: zero`; if it means no change, `when_empty: keep`.",
    ),
    Reason.BAD_VALUE: Entry(
        "There is something, but it is no number that could be right.",
        "Text in a number's cell, `#REF!`, a formula that was never calculated, `12%` or `1,234.5` as text, a value "
        "outside `minimum` and `maximum` of the metric, not a finite number, true or false.",
        "The message names the cell or the row. Mend it at the source; the next sync takes it.",
    ),
    Reason.SUSPICIOUS: Entry(
        "The number is valid and yet hard to believe.",
        "Kept for connectors that can tell: okrsync's own do not give this reason.",
        "Compare with the source's own screens, and mend it there or in the metric.",
    ),
    Reason.RATE_LIMITED: Entry(
        "The source wants to be asked less often.",
        "An answer of 429, or of 403 that speaks of a quota. Short waits are waited for within the run; for a longer "
        "one the message says from when on it is asked again.",
        "Nothing at first. If it stays, let cadences be longer, let metrics share a request (equal questions are sent "
        "once), or set `per_second` of the connection.",
    ),
    Reason.UNREACHABLE: Entry(
        "The source cannot be reached, or is in trouble itself.",
        "Connection refused or reset, a name that leads nowhere, a certificate that is not trusted, an answer of 500 "
        "or above. It has been tried several times with growing waits.",
        "If others reach the source, look at this machine's network, proxy and name service. A certificate of your own "
        "authority goes into `ca_file`; checking is never switched off. Else wait: the next sync tries again.",
    ),
    Reason.TIMEOUT: Entry(
        "The source took too long.",
        "A slow answer, a statement over its `timeout`, or the run's own deadline.",
        "Make the question smaller: a shorter window, an index, an aggregate at the source. For SQL raise `timeout` of "
        "the connection; the deadline of the whole run is `OKRSYNC_RUN_DEADLINE`.",
    ),
    Reason.BAD_RESPONSE: Entry(
        "The answer is not what such a source answers.",
        "HTML instead of JSON, an answer that was cut off or is too large, an error in an answer with status 200, a "
        "damaged workbook, the same page twice.",
        "Ask the address by hand; `okrsync explain KR` shows the requests of the last good answer. If it stays, "
        "correct `base_url` or `path`, or ask for less.",
    ),
    Reason.INTERNAL: Entry(
        "Something in okrsync or in a connector failed that should not.",
        "A bug, mostly in a connector of your own.",
        "`OKRSYNC_LOG_LEVEL=DEBUG okrsync preview KR` says more. Mend the connector, or report it with that output, "
        "which holds no secret.",
    ),
}
