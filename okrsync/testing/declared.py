"""Trying a connector file: its `example` as the kit's, and what is found in the words of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from okrsync.connect.declared.compiling import Declared
from okrsync.connect.declared.example import CasePart, ExamplePart, ReplyPart
from okrsync.errors import GoalsError
from okrsync.okrs.documents import Way
from okrsync.okrs.windows import Window, cycle_window
from okrsync.testing.example import Case, Example, Exchange
from okrsync.testing.failure import Failure
from okrsync.testing.running import CHECKS, OPENING

_SECTIONS = {
    "Config": "config",
    "Query": "query",
    "auth": "auth",
    "check": "check",
    "history_of": "history",
    "zone": "grain",
    "read_many": "request",
    "read": "request",
}
"""Where in a file stands what a check looks at in the code of a class."""

_SECTIONS_OF_CHECKS = {
    "the_value_is_read": "value",
    "three_pages_are_counted": "paginate",
    "the_same_cursor_twice_stops": "paginate",
}

_MENDED = {
    "settings_are_described": "say in `help` what it is and where a person finds it",
    "queries_are_described_with_examples": "give the field an `example`, what a person would write",
    "secrets_are_hidden_types": "write `secret: true`; in the example make up one of at least 8 characters",
    "no_secret_in_an_address": "send it with `auth: {bearer: …}` or `{header: …}`; if the API knows no other way, say"
    " so in `without` of the example",
    "the_value_is_read": "compare `rows` and `value` with the reply, and `value` of the example with both",
    "check_proves_who_asks": "name in `check` a path that wants the credentials, and give the example `check`, what"
    " the source answers to it",
    "an_error_with_status_200": "say in `error_when` which replies are errors",
    "the_window_reaches_the_source": 'write "{window.start}" and "{window.end}" (or :date, :ms, :s) where the API wants'
    " them; if it knows only its present, say `history: snapshot`",
    "rows_on_both_edges_of_the_window": "the window is [start, end): have the API count from {window.start} on, up to"
    " but not with {window.end}; an API that counts its last day takes {window.last_day}",
    "three_pages_are_counted": "say in `paginate` how the next page is asked for",
    "a_zone_far_from_utc": "days are {window.start:date}, moments {window.start}: put nothing behind them",
}
_MISSING = {
    "empty_is_not_zero": "`empty: {replies: […]}`",
    "a_bad_question_is_its_owners_to_mend": "`bad_query: {query: …, replies: […]}`",
    "one_bad_question_spoils_no_other": "`bad_query: {query: …, replies: […]}`",
    "rows_on_both_edges_of_the_window": "`edges: {value: …, replies: […]}`, each reply `containing` both edges",
    "three_pages_are_counted": "`pages: {value: …, replies: [first, second, third]}`",
    "the_same_cursor_twice_stops": "`pages: {value: …, replies: [first, second, third]}`",
    "a_batch_equals_singles": "`batch: [{query: …, value: …, replies: […]}, …]`, with different values",
}
_UNSAID = "the example does not show"


def example_of(kind: type[Declared]) -> Example:
    """Return the example of a connector file; raises `GoalsError` where it has none."""
    said = kind.file.example
    if said is None:
        hint = "give it the source's own reply: example: {settings: …, query: …, replies: [{body: …}], value: …}"
        raise GoalsError([kind.document.finding((), "there is no `example`, so nothing can be tried", hint)])
    return Example(
        connector=kind,
        settings=_settings(kind, said),
        query=said.query,
        window=_window(said),
        exchanges=_exchanges(said.replies),
        value=said.value,
        check=_exchanges(said.check),
        tokens=_exchanges(said.tokens),
        batch=[case for part in said.batch if (case := _case(part))],
        without=_without(kind, said),
        empty=_case(said.empty),
        bad_query=_case(said.bad_query),
        edges=_case(said.edges),
        pages=_case(said.pages),
        error_in_200=_case(said.error_in_200),
    )


def in_words_of_the_file(kind: type[Declared], failure: Failure) -> Failure:
    """Return `failure` with the line of the file that it is about, and with what to change there."""
    if failure.check == OPENING:
        return replace(failure, place=_place(kind, ("example",)))
    if failure.message.startswith(_UNSAID):
        why = f'if there is no such thing here, say why: without: {{{failure.check}: "…"}}'
        return replace(failure, hint=f"give it {_MISSING[failure.check]}; {why}", place=_place(kind, ("example",)))
    about = CHECKS[failure.check].about
    section = next((_SECTIONS[name] for name in about if name in _SECTIONS), "connector")
    section = _SECTIONS_OF_CHECKS.get(failure.check, section)
    section = section if (section,) in kind.document.keys else "request"
    return replace(failure, hint=_MENDED.get(failure.check, failure.hint), place=_place(kind, (section,)))


def _place(kind: type[Declared], way: Way) -> str:
    document = kind.document
    return f"{document.file}:{document.key_spot(way).line}"


def _settings(kind: type[Declared], said: ExamplePart) -> dict[str, object]:
    """Return the settings with the address that the others make, so that the kit can move it."""
    address = kind.file.base_url
    for name, value in said.settings.items():
        address = address.replace(f"{{config.{name}}}", str(value))
    return {"base_url": address, **said.settings}


def _without(kind: type[Declared], said: ExamplePart) -> dict[str, str]:
    """Return the checks that are not made, those of pages among them where there are none by the file's own word."""
    if kind.file.paginate is not None and not kind.file.paginate.first_page_only:
        return said.without
    why = "one number comes in one reply" if kind.file.rows is None else "the rows come in one reply"
    return {"three_pages_are_counted": why, "the_same_cursor_twice_stops": why, **said.without}


def _window(said: ExamplePart) -> Window | None:
    if said.first_day is None or said.last_day is None:
        return None
    return cycle_window(said.first_day, said.last_day, ZoneInfo("UTC"))


def _case(part: CasePart | None) -> Case | None:
    return Case(_exchanges(part.replies), part.value, part.query) if part else None


def _exchanges(replies: Sequence[ReplyPart]) -> list[Exchange]:
    return [_exchange(one) for one in replies]


def _exchange(reply: ReplyPart) -> Exchange:
    return Exchange(reply.body, reply.status, reply.headers, reply.method, reply.path, tuple(reply.containing))
