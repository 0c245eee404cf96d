"""Numbers kept in a workbook: xlsx, ods or csv, from the project folder or from an https address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, HttpUrl, PrivateAttr, SecretStr, field_validator, model_validator

from okrsync import Aggregate, Answer, Ask, Bearer, Choice, Config, Connector, History, Problem, Query, Reading
from okrsync.connect.files import ProjectFile
from okrsync.connect.rows import reduce_rows
from okrsync.connect.sheets import evidence
from okrsync.connect.sheets.bounds import LARGEST_FILE
from okrsync.connect.sheets.cells import label_of, parse_coordinate
from okrsync.connect.sheets.delimited import Dialect
from okrsync.connect.sheets.opening import open_workbook, read_file
from okrsync.connect.sheets.records import Dated, Selection, refuse_what_failed, refuse_what_is_no_number, select
from okrsync.connect.sheets.table import Table
from okrsync.connect.sheets.workbook import Workbook
from okrsync.redaction import shown_url
from okrsync.vocabulary import Aggregation


class SpreadsheetConfig(Config):
    """One workbook."""

    path: ProjectFile | None = Field(
        None, description="The file, relative to the project folder.", examples=["plan.xlsx"]
    )
    url: HttpUrl | None = Field(
        None,
        description="Or the https address it is downloaded from; it may not redirect to another host.",
        examples=["https://files.example.com/plan.xlsx"],
    )
    token: SecretStr | None = Field(None, description="Bearer token for `url`, where it asks for one.")
    delimiter: Literal[",", ";", "tab"] | None = Field(None, description="Of a csv file; found out if left out.")
    decimal_comma: bool = Field(False, description="In a csv file, 1.234,56 is a number, and 1.5 is none.")
    encoding: Literal["utf-8", "utf-16", "windows-1252"] = Field("utf-8", description="Of a csv file.")
    timezone: str | None = Field(
        None,
        description="Where the days in the sheet begin and end; the zone of the cycle if left out.",
        examples=["Europe/Berlin"],
    )
    allow_private: bool = Field(False, description="Whether `url` may lead into a private network, also by http.")
    ca_file: ProjectFile | None = Field(None, description="Certificates of your own authority, for `url`.")
    _folder: Path = PrivateAttr(default=Path())

    def model_post_init(self, context: Any, /) -> None:
        """Remember the project folder, to name the file as its owner knows it."""
        self._folder = Path((context or {}).get("folder") or "").resolve()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        try:
            return None if name is None else ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{name!r} is no time zone; write it like Europe/Berlin") from None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError("say one of the two, `path` or `url`")
        if self.token is not None and self.url is None:
            raise ValueError("a `token` goes with `url` only")
        return self

    @model_validator(mode="after")
    def _safe_address(self) -> Self:
        if self.url is None:
            return self
        if self.url.username or self.url.password:
            raise ValueError("`url` holds credentials; put them into `token`")
        if self.url.scheme == "http" and not (self.allow_private or _on_this_machine(self.url.host or "")):
            raise ValueError("`url` must begin with https://")
        return self

    @property
    def folder(self) -> Path:
        """The project folder."""
        return self._folder

    @property
    def file(self) -> Path:
        """The file, relative to the project folder."""
        return Path() if self.path is None else self.path.relative_to(self._folder)


def _on_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _as_text(value: Any) -> Any:
    """Take `row: 2026`, `where: {Won: true}` and a date as they stand in the sheet."""
    return label_of(Decimal(repr(value)) if isinstance(value, float) else value) if _is_plain(value) else value


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float | Decimal | date)


Text = Annotated[str, BeforeValidator(_as_text), Field(min_length=1)]

_GOES_WITH: Mapping[str, frozenset[str]] = {
    "cell": frozenset(),
    "name": frozenset(),
    "row": frozenset({"column", "label_column", "header_row"}),
    "agg": frozenset({"column", "where", "date_column", "p", "header_row"}),
}
_BY_DATE = (Aggregation.LATEST, Aggregation.FIRST)
_ANY_VALUE = (Aggregation.COUNT, Aggregation.DISTINCT)
_SHOWN_ROWS = 3


class SpreadsheetQuery(Query):
    """One number: a cell, a named range, a column and a row by their labels, or a column reduced to one number."""

    sheet: str | None = Field(None, description="The sheet; may be left out where there is just one.", examples=["KPI"])
    cell: str | None = Field(None, description="The cell that holds the number.", examples=["B2"])
    name: str | None = Field(None, description="Or a named range of one cell.", examples=["MonthlyRevenue"])
    column: Text | None = Field(None, description="Or the column, by its header.", examples=["Amount"])
    row: Text | None = Field(None, description="The row of `column`, by its label.", examples=["Revenue"])
    label_column: Text | None = Field(None, description="Header of the row labels; the first column if left out.")
    agg: Aggregation | None = Field(None, description="What becomes of all rows of `column`.", examples=["sum"])
    where: dict[Text, Text] = Field({}, description="Only rows that hold this.", examples=[{"Stage": "Won"}])
    date_column: Text | None = Field(
        None,
        description="Only rows whose date lies in the metric's window; without it the sheet knows only its present.",
        examples=["Closed"],
    )
    p: Decimal | None = Field(None, ge=0, le=100, description="Which percentile.", examples=[90])
    header_row: int = Field(1, ge=1, description="Number of the row that holds the headers.")

    @field_validator("cell")
    @classmethod
    def _one_cell(cls, cell: str | None) -> str | None:
        if cell is not None:
            parse_coordinate(cell)
        return cell

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [way for way in _GOES_WITH if getattr(self, way) is not None]
        if len(ways) != 1:
            raise ValueError("ask in one of these ways: `cell`, `name`, `column` and `row`, or `column` and `agg`")
        if surplus := self.model_fields_set - _GOES_WITH[ways[0]] - {ways[0], "sheet"} - self._unset():
            raise ValueError(f"`{ways[0]}` does not go with {', '.join(f'`{each}`' for each in sorted(surplus))}")
        if "column" in _GOES_WITH[ways[0]] and self.column is None:
            raise ValueError(f"`{ways[0]}` needs `column`, the header of the column")
        return self

    @model_validator(mode="after")
    def _aggregate_complete(self) -> Self:
        if (self.agg is Aggregation.PERCENTILE) != (self.p is not None):
            raise ValueError("`agg: percentile` and `p` go together")
        if self.agg in _BY_DATE and self.date_column is None:
            raise ValueError(f"`agg: {self.agg}` needs `date_column`")
        return self

    def _unset(self) -> set[str]:
        return {field for field in self.model_fields_set if getattr(self, field) in (None, {})}


@dataclass(frozen=True)
class _Opened:
    """A workbook as it was read for one batch of questions, with what a receipt says about the file."""

    workbook: Workbook
    source: Mapping[str, str]
    zone: ZoneInfo | None
    tables: dict[tuple[str, int], Table] = field(default_factory=dict)

    def table(self, query: SpreadsheetQuery) -> Table:
        sheet = self.workbook.sheet(query.sheet)
        key = (sheet.name, query.header_row)
        if key not in self.tables:
            self.tables[key] = Table(sheet, query.header_row)
        return self.tables[key]


class Spreadsheet(Connector[SpreadsheetConfig, SpreadsheetQuery]):
    """A workbook: xlsx, ods or csv."""

    name, history, max_batch = "spreadsheet", "snapshot", 10_000
    auth = Bearer("token")

    def base_url(self) -> str:
        """Return where `url` is served."""
        parts = urlsplit(str(self.config.url or ""))
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    def zone(self) -> str | None:
        """Return the zone of the sheet's days."""
        return self.config.timezone

    def history_of(self, query: SpreadsheetQuery) -> History:
        """Return `window` for rows that carry dates."""
        return History.SNAPSHOT if query.date_column is None else History.WINDOW

    def check(self) -> str:
        """Open the workbook and return what is in it; raises `Problem`."""
        opened = self._open()
        book = opened.workbook
        sheets = ", ".join(f"{name} ({book.sheet(name).row_count:,} rows)" for name in book.sheet_names)
        return f"opened {opened.source['file']}: {sheets}"

    def discover(self, like: str = "") -> Iterable[Choice]:
        """Yield the sheets, the headers in their first rows, and the named ranges."""
        return (choice for choice in self._choices(self._open().workbook) if like.casefold() in choice.value.casefold())

    def read_many(self, asks: Sequence[Ask[SpreadsheetQuery]]) -> Iterator[Answer]:
        """Answer all questions from one reading of the file; raises `Problem` when it cannot be opened."""
        opened = self._open()
        for ask in asks:
            try:
                yield self._answer(opened, ask)
            except Problem as problem:
                yield problem

    def _answer(self, opened: _Opened, ask: Ask[SpreadsheetQuery]) -> Reading:
        book, query = opened.workbook, ask.query
        match query:
            case SpreadsheetQuery(column=str(column), agg=Aggregation() as agg):
                return _reduced(opened, ask, column, agg)
            case SpreadsheetQuery(column=str(column), row=str(row)):
                table = opened.table(query)
                labels = table.column(query.label_column) if query.label_column else 1
                sheet, cell = table.sheet, table.sheet.cell(table.row(row, labels), table.column(column))
            case SpreadsheetQuery(name=str(name)):
                sheet, cell = book.named_cell(name, query.sheet)
            case _:
                sheet = book.sheet(query.sheet)
                cell = sheet.cell(*parse_coordinate(str(query.cell)))
        return Reading(
            cell.number(sheet.place), ask.as_of, provenance={**opened.source, **evidence.of_one(sheet, cell)}
        )

    def _open(self) -> _Opened:
        name, content, source = self._from_url(self.config.url) if self.config.url else self._from_file()
        delimiter = "\t" if self.config.delimiter == "tab" else self.config.delimiter
        dialect = Dialect(delimiter, self.config.decimal_comma, self.config.encoding)
        zone = ZoneInfo(self.config.timezone) if self.config.timezone else None
        return _Opened(open_workbook(content, name, dialect), source, zone)

    def _from_file(self) -> tuple[str, bytes, dict[str, str]]:
        file = self.config.file
        content, changed = read_file(self.config.folder, file)
        return file.as_posix(), content, {"file": file.as_posix(), "changed": changed.isoformat(timespec="seconds")}

    def _from_url(self, url: HttpUrl) -> tuple[str, bytes, dict[str, str]]:
        name = PurePosixPath(url.path or "").name or str(url.host)
        return name, self.http.download(str(url), max_bytes=LARGEST_FILE), {"file": shown_url(str(url))}

    def _choices(self, book: Workbook) -> Iterator[Choice]:
        for name in book.sheet_names:
            sheet = book.sheet(name)
            yield Choice("sheet", name, f"{sheet.row_count:,} rows")
            headers = (sheet.cell(1, column + 1) for column in range(sheet.width(1)))
            yield from (Choice("column", cell.label, f"{name}!{cell.coordinate}") for cell in headers if cell.label)
        for (_, name), area in book.names.items():
            yield Choice("name", name, str(area or "not a cell"))


def _reduced(opened: _Opened, ask: Ask[SpreadsheetQuery], column: str, agg: Aggregation) -> Reading:
    query, table = ask.query, opened.table(ask.query)
    dated = Dated(query.date_column, ask.window, opened.zone or ask.window.zone) if query.date_column else None
    chosen = select(table, column, query.where, dated)
    (refuse_what_failed if agg in _ANY_VALUE else refuse_what_is_no_number)(table, chosen)
    aggregate = Aggregate(
        agg=agg, of=None if agg is Aggregation.COUNT else "value", by="at" if agg in _BY_DATE else None, p=query.p
    )
    try:
        reduced = reduce_rows(chosen.rows(), aggregate)
    except Problem as problem:
        message = f"{table.sheet.shown}: {agg} of {column!r}: {problem.message}"
        raise Problem(problem.reason, message, problem.hint) from None
    return Reading(
        reduced.value,
        ask.as_of,
        complete=dated is None or ask.window.end <= ask.as_of,
        rows=reduced.rows,
        watermark=chosen.newest,
        sample=_sample(chosen, query, column),
        provenance={**opened.source, **evidence.of_many(table.sheet, chosen)},
    )


def _sample(chosen: Selection, query: SpreadsheetQuery, column: str) -> list[dict[str, str]]:
    found = []
    for record in chosen.records[:_SHOWN_ROWS]:
        day = {query.date_column: label_of(record.moment)} if query.date_column else {}
        found.append({**query.where, **day, column: record.cell.label})
    return found
