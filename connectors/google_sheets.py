"""Numbers kept in Google Sheets, API v4.

https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values/batchGet
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Self
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, HttpUrl, field_validator, model_validator

from okrsync import Answer, Ask, Auth, Choice, Connector, History, Limits, Problem, Reading, Reason
from okrsync.connect.sheets.answers import Answers, headers
from okrsync.connect.sheets.grid import Content, Grid, block
from okrsync.connect.sheets.questions import SheetQuery
from okrsync.connect.sheets.workbook import Area
from okrsync.connect.transport.http import HttpClient
from okrsync.connect.vendors import google
from okrsync.connect.vendors.google import GoogleConfig
from okrsync.connect.zones import ZoneName

SCOPE = "https://www.googleapis.com/auth/spreadsheets.readonly"

_ADDRESS = re.compile(r"https://docs\.google\.com/(?:a/[^/]+/)?spreadsheets/(?:u/\d+/)?d/([\w-]+)")
_ID = re.compile(r"[\w-]{10,100}", re.ASCII)
_LONGEST_ADDRESS = 8000
"""Characters that ranges may take in an address; no documented limit is known (unverified)."""
_AS_THEY_ARE = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER"}
"""Anything else is written the way of the spreadsheet's country: 1.234,5 in one and 1,234.5 in the next."""


class GoogleSheetsConfig(GoogleConfig):
    """One spreadsheet."""

    spreadsheet: str = Field(
        description="The spreadsheet, by its address or its id; share it with the account, as Viewer.",
        examples=["https://docs.google.com/spreadsheets/d/1f7zKlUAxEFe6q2jbUe3UNQDbMZyt6EQvoqjs_dxK6Ro/edit"],
    )
    timezone: ZoneName | None = Field(
        None,
        description="Where the days in the sheets begin and end; the spreadsheet's own zone if left out.",
        examples=["Europe/Berlin"],
    )
    base_url: HttpUrl = Field(HttpUrl("https://sheets.googleapis.com"), description="Where the API is.")

    @field_validator("spreadsheet")
    @classmethod
    def _id_of(cls, text: str) -> str:
        found = _ADDRESS.match(text)
        spreadsheet = found[1] if found else text
        if not _ID.fullmatch(spreadsheet):
            raise ValueError("`spreadsheet` must be its address, https://docs.google.com/spreadsheets/d/…, or its id")
        return spreadsheet


class GoogleSheetsQuery(SheetQuery):
    """One number: a cell, a named range, a column and a row by their labels, or a column reduced to one number."""

    sheet: str | None = Field(None, description="The tab; not needed for a named range.", examples=["KPI"])

    @model_validator(mode="after")
    def _on_a_tab(self) -> Self:
        if self.sheet is None and self.name is None:
            raise ValueError("say which tab by `sheet`; the first one may be another tomorrow")
        return self

    @property
    def range(self) -> str:
        """What is asked for in Google's notation: one cell, a named range, or a whole tab."""
        if self.name is not None:
            return self.name
        tab = _quoted(self.sheet or "")
        return f"{tab}!{self.cell.replace('$', '').upper()}" if self.cell else tab


def _quoted(tab: str) -> str:
    """Return the name of a tab for a range; without quotes one called A1 would be a cell."""
    return "'{}'".format(tab.replace("'", "''"))


class GoogleSheets(Connector[GoogleSheetsConfig, GoogleSheetsQuery]):
    """A spreadsheet of Google Sheets.

    All questions go out in one request. Cells are read as they are, never as they are shown: 12.5 % is 0.125.

    Credentials:

    1. In Google Cloud create a project and enable the Google Sheets API in it.
    2. Create a service account without any role and make a JSON key for it; the whole file goes into `key_json`.
    3. Share the spreadsheet with the account's address, as Viewer.

    Instead of `key_json` a person's `refresh_token` with the scope `spreadsheets.readonly` will do.

    Limits: 60 requests per minute for an account, 300 for its project; a request may take 180 seconds.

    Cannot: answer for the past without `date_column`; read a workbook of Excel that was only uploaded to Drive;
    see whether a cell is shown as a percentage. How many ranges an address can hold is unverified.
    """

    name, history, max_batch = "google_sheets", "snapshot", 1000
    scopes = (SCOPE,)
    limits = Limits(per_second=1)

    def __init__(self, connection: str, config: GoogleSheetsConfig, http: HttpClient) -> None:
        """Take the connection's name and settings."""
        super().__init__(connection, config, http)
        shared = f"share the spreadsheet with {config.account}, as Viewer"
        meanings: google.Meanings = {
            "FAILED_PRECONDITION": (Reason.CONFIG, "save the uploaded file as a Google spreadsheet, and name that one"),
            400: (Reason.QUERY, "correct `sheet`, `cell` or `name`"),
            403: (Reason.AUTH, f"{shared}, then try `okrsync check {connection}`"),
            404: (Reason.CONFIG, f"correct `spreadsheet` of {connection}"),
        }
        http.classify = partial(google.trouble, meanings=meanings)

    @classmethod
    def credentials(cls, config: GoogleSheetsConfig) -> Auth:
        """Return how the account gets tokens that read spreadsheets."""
        return google.credentials(config, SCOPE)

    def zone(self) -> str | None:
        """Return the zone of the days in the sheets, where the settings name it."""
        return self.config.timezone

    def history_of(self, query: GoogleSheetsQuery) -> History:
        """Return `window` for rows that carry dates."""
        return query.history

    def check(self) -> str:
        """Get the name of the spreadsheet and of its tabs."""
        seen = self._get(fields="properties(title,timeZone),sheets(properties(title))")
        tabs = ", ".join(_property(tab, "title") for tab in _objects_in(seen, "sheets"))
        title, zone = _property(seen, "title"), _property(seen, "timeZone")
        return f"connected as {self.config.account} with spreadsheets.readonly: {title!r} ({zone}) has the tabs {tabs}"

    def discover(self, like: str = "") -> Iterable[Choice]:
        """Yield the tabs, the headers in their first rows, and the named ranges."""
        return (choice for choice in self._choices() if like.casefold() in choice.value.casefold())

    def _choices(self) -> Iterator[Choice]:
        seen = self._get(fields="sheets(properties(title)),namedRanges(name)")
        titles = [_property(tab, "title") for tab in _objects_in(seen, "sheets")]
        firsts = self._read([f"{_quoted(title)}!1:1" for title in titles])
        for title, (first, _) in zip(titles, firsts, strict=True):
            yield Choice("sheet", title)
            yield from headers(first)
        yield from (Choice("name", str(each.get("name"))) for each in _objects_in(seen, "namedRanges"))

    def read_many(self, asks: Sequence[Ask[GoogleSheetsQuery]]) -> Iterator[Answer]:
        """Read the ranges that are asked for, each once, and answer from them."""
        ranges = list(dict.fromkeys(ask.query.range for ask in asks))
        read = dict(zip(ranges, self._read(ranges), strict=True))
        answers = Answers({"spreadsheet": self.config.spreadsheet}, self._zone_of_days(asks))
        for ask in asks:
            try:
                yield _answer(answers, *read[ask.query.range], ask)
            except Problem as problem:
                yield problem

    def _zone_of_days(self, asks: Sequence[Ask[GoogleSheetsQuery]]) -> ZoneInfo | None:
        """Return where days begin and end; the spreadsheet is asked only where a question has to do with days."""
        if all(ask.query.date_column is None for ask in asks):
            return None
        name = self.config.timezone or _property(self._get(fields="properties(timeZone)"), "timeZone")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            hint = f"set `timezone` of {self.connection}"
            raise Problem(Reason.CONFIG, f"the spreadsheet's time zone {name!r} is not known here", hint) from None

    def _read(self, ranges: Sequence[str]) -> list[tuple[Grid, Area]]:
        """Return what stands in `ranges`, in their order; raises `Problem`, one bad range being enough."""
        found: list[tuple[Grid, Area]] = []
        for some in _portions(ranges):
            answer = self._get("/values:batchGet", ranges=some, **_AS_THEY_ARE)
            values = _objects_in(answer, "valueRanges")
            if len(values) != len(some):
                raise Problem(Reason.BAD_RESPONSE, f"sent {len(values)} ranges where {len(some)} were asked for")
            found += map(_grid, values)
        return found

    def _get(self, path: str = "", **params: Any) -> Mapping[str, Any]:
        answer = self.http.get(f"/v4/spreadsheets/{quote(self.config.spreadsheet)}{path}", params=params)
        if not isinstance(answer, Mapping):
            raise Problem(Reason.BAD_RESPONSE, "sent an answer that is no object")
        return answer


def _answer(answers: Answers, grid: Grid, area: Area, ask: Ask[GoogleSheetsQuery]) -> Reading:
    query = ask.query
    if query.name is not None:
        if area.first != area.last:
            message = f"the named range {query.name!r} is the block {area}, expected one cell"
            raise Problem(Reason.QUERY, message, "let it mean one cell, or ask by `column` and `agg`")
        return answers.from_cell(grid, grid.cell(*area.first), ask)
    if grid.name.casefold() != (query.sheet or "").casefold():
        hint = "rename the tab, or the named range that is called like it"
        raise Problem(Reason.QUERY, f"asked for the tab {query.sheet!r}, it sent {area}", hint)
    return answers.from_sheet(grid, ask)


def _grid(values: Mapping[str, Any]) -> tuple[Grid, Area]:
    """Return a range and where it stands. Cells that are empty at the end are missing, and so is an empty range."""
    area = block(str(values.get("range")))
    rows = values.get("values", [])
    if area is None or not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Problem(Reason.BAD_RESPONSE, "sent a range that is no block of cells")
    return Grid(area.sheet, [[Content(value) for value in row] for row in rows], area.first), area


def _portions(ranges: Sequence[str]) -> Iterator[list[str]]:
    """Yield `ranges` in portions that an address can hold."""
    some: list[str] = []
    length = 0
    for each in ranges:
        more = len(f"&ranges={quote(each)}")
        if some and length + more > _LONGEST_ADDRESS:
            yield some
            some, length = [], 0
        some.append(each)
        length += more
    if some:
        yield some


def _objects_in(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = answer.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise Problem(Reason.BAD_RESPONSE, f"sent an answer whose {name} are no list")
    return found


def _property(holder: Mapping[str, Any], name: str) -> str:
    properties = holder.get("properties")
    found = properties.get(name) if isinstance(properties, Mapping) else None
    if not isinstance(found, str) or not found:
        raise Problem(Reason.BAD_RESPONSE, f"sent an answer without the {name} that was asked for")
    return found
