"""Numbers kept in a workbook: xlsx, ods or csv, from the project folder or from an https address."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, HttpUrl, PrivateAttr, SecretStr, model_validator

from okrsync import Answer, Ask, Bearer, Choice, Config, Connector, History, Problem
from okrsync.connect.files import ProjectFile
from okrsync.connect.sheets.answers import Answers, choices
from okrsync.connect.sheets.bounds import LARGEST_FILE
from okrsync.connect.sheets.delimited import Dialect
from okrsync.connect.sheets.opening import open_workbook, read_file
from okrsync.connect.sheets.questions import SheetQuery
from okrsync.connect.sheets.workbook import Workbook
from okrsync.connect.zones import ZoneName
from okrsync.redaction import shown_url


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
    timezone: ZoneName | None = Field(
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


class SpreadsheetQuery(SheetQuery):
    """One number: a cell, a named range, a column and a row by their labels, or a column reduced to one number."""


@dataclass(frozen=True)
class _Opened:
    """A workbook as it was read for one batch of questions, with what a receipt says about the file."""

    workbook: Workbook
    source: Mapping[str, str]


class Spreadsheet(Connector[SpreadsheetConfig, SpreadsheetQuery]):
    """A workbook: xlsx, ods or csv.

    Credentials:

    1. A file of the project folder needs none: give its `path`, and let the user that okrsync runs as read it.
    2. A file elsewhere has an https address, `url`. Where it asks for a token, have one made that can read this file
       and nothing else, and give it as `token`.

    Limits: 50 MB for a file, 500,000 cells for a sheet. The file is opened once per sync, whatever is asked.

    Cannot: calculate, so a formula has the value that was saved last; read .xls, .xlsb or files with a password;
    answer for the past without `date_column`; follow a shared link to another host or through a login page
    (`google_sheets` and `microsoft_excel` do without).
    """

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
        return query.history

    def check(self) -> str:
        """Open the workbook and return what is in it; raises `Problem`."""
        opened = self._open()
        book = opened.workbook
        sheets = ", ".join(f"{name} ({book.sheet(name).row_count:,} rows)" for name in book.sheet_names)
        return f"opened {opened.source['file']}: {sheets}"

    def discover(self, like: str = "") -> Iterable[Choice]:
        """Yield the sheets, the headers in their first rows, and the named ranges."""
        return choices(self._open().workbook, like)

    def read_many(self, asks: Sequence[Ask[SpreadsheetQuery]]) -> Iterator[Answer]:
        """Answer all questions from one reading of the file; raises `Problem` when it cannot be opened."""
        opened = self._open()
        answers = Answers(opened.source, ZoneInfo(self.config.timezone) if self.config.timezone else None)
        for ask in asks:
            try:
                yield answers.from_workbook(opened.workbook, ask)
            except Problem as problem:
                yield problem

    def _open(self) -> _Opened:
        name, content, source = self._from_url(self.config.url) if self.config.url else self._from_file()
        delimiter = "\t" if self.config.delimiter == "tab" else self.config.delimiter
        dialect = Dialect(delimiter, self.config.decimal_comma, self.config.encoding)
        return _Opened(open_workbook(content, name, dialect), source)

    def _from_file(self) -> tuple[str, bytes, dict[str, str]]:
        file = self.config.file
        content, changed = read_file(self.config.folder, file)
        return file.as_posix(), content, {"file": file.as_posix(), "changed": changed.isoformat(timespec="seconds")}

    def _from_url(self, url: HttpUrl) -> tuple[str, bytes, dict[str, str]]:
        name = PurePosixPath(url.path or "").name or str(url.host)
        return name, self.http.download(str(url), max_bytes=LARGEST_FILE), {"file": shown_url(str(url))}
