"""Numbers kept in an Excel workbook on OneDrive or SharePoint, by Microsoft Graph.

https://learn.microsoft.com/graph/api/driveitem-get
https://learn.microsoft.com/graph/api/resources/excel
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal, Self
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, HttpUrl, SecretStr, model_validator

from okrsync import Answer, Ask, Auth, Choice, Config, Connector, History, Problem, Reading, Reason
from okrsync.connect.credentials.oauth import ClientCredentials, RefreshToken
from okrsync.connect.sheets.answers import Answers, choices
from okrsync.connect.sheets.bounds import LARGEST_FILE, too_big
from okrsync.connect.sheets.opening import open_workbook
from okrsync.connect.sheets.questions import SheetQuery
from okrsync.connect.sheets.workbook import Workbook
from okrsync.connect.transport.http import HttpClient
from okrsync.connect.transport.reply import Reply
from okrsync.connect.vendors import microsoft
from okrsync.connect.vendors.excel_ranges import Ranges
from okrsync.connect.zones import ZoneName
from okrsync.redaction import learn

_ADDRESS = "@microsoft.graph.downloadUrl"


class MicrosoftExcelConfig(Config):
    """One workbook, and who may read it: an application, or a person who has authorised one."""

    tenant: str = Field(
        pattern=r"^[A-Za-z0-9.-]+$",
        description="Directory (tenant) id, or a domain of it.",
        examples=["acme.onmicrosoft.com"],
    )
    client_id: str = Field(min_length=1, description="Application (client) id of the app registration.")
    client_secret: SecretStr | None = Field(None, description="Value of a client secret of that application.")
    refresh_token: SecretStr | None = Field(
        None, description="Refresh token of a person who has authorised the application; it is replaced as it is used."
    )
    read: Literal["download", "ranges"] = Field(
        "download",
        description="`download` the whole file, as it was last saved; or ask Excel for `ranges`, which works them out "
        "anew and takes a `refresh_token`.",
    )
    drive: str | None = Field(
        None, min_length=1, description="The library, by its drive id.", examples=["b!-RIj2DuyvEy"]
    )
    site: str | None = Field(
        None,
        pattern=r"^[^/:]+(/[^:]+)?$",
        description="Or the main library of a SharePoint site, by its address without https://.",
        examples=["acme.sharepoint.com/sites/Strategy"],
    )
    user: str | None = Field(
        None, min_length=1, description="Or the OneDrive of a person.", examples=["kim@acme.example"]
    )
    item: str | None = Field(None, min_length=1, description="The file, by its item id, which stays when it is moved.")
    path: str | None = Field(
        None, min_length=1, description="Or by its path in the library.", examples=["OKR/plan.xlsx"]
    )
    timezone: ZoneName | None = Field(
        None,
        description="Where the days in the sheets begin and end; the zone of the cycle if left out.",
        examples=["Europe/Berlin"],
    )
    base_url: HttpUrl = Field(HttpUrl("https://graph.microsoft.com/v1.0"), description="Where Microsoft Graph is.")
    login_url: HttpUrl = Field(HttpUrl("https://login.microsoftonline.com"), description="Where tokens are fetched.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.drive, self.site, self.user)) != 1:
            raise ValueError("say where the file is by one of `drive`, `site` and `user`")
        if (self.item is None) == (self.path is None):
            raise ValueError("say which file it is by one of the two, `item` or `path`")
        return self

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.client_secret is None and self.refresh_token is None:
            raise ValueError("an application needs its `client_secret`, a person a `refresh_token`")
        if self.read == "ranges" and self.refresh_token is None:
            raise ValueError("`read: ranges` needs a `refresh_token`: Excel answers people, never an application alone")
        return self

    @property
    def token_url(self) -> str:
        """Where tokens are fetched for this tenant."""
        return f"{str(self.login_url).rstrip('/')}/{self.tenant}/oauth2/v2.0/token"


class MicrosoftExcel(Connector[MicrosoftExcelConfig, SheetQuery]):
    """A workbook of Excel on OneDrive or SharePoint.

    The file is downloaded and its saved values are read: one request for where it is and one for the file, however
    many the questions. With `read: ranges` Excel is asked for single ranges instead, 20 to a request.

    Credentials:

    1. In Microsoft Entra register an application: its ids go into `client_id` and `tenant`.
    2. Make a client secret; its value goes into `client_secret`. Note when it expires.
    3. Give the application the application permission `Sites.Selected` of Microsoft Graph, and have an administrator
       consent to it.
    4. Have the administrator grant it the role `read` on the one site (`POST /sites/{site-id}/permissions`).

    `Files.Read.All` instead of the last two reads every file of the tenant. For `read: ranges` a person who may edit
    the workbook authorises the application with the delegated permissions `Files.ReadWrite` and `offline_access`: Excel
    wants that much even to be read.

    Limits: 1,500 requests in 10 seconds for an application in a tenant, as of 2021; files up to 50 MB.

    Cannot: see values that nobody has saved, such as those of TODAY() (`read: ranges` can); read .xls and .xlsb, or
    files with a password; answer for the past without `date_column`. That refresh tokens are replaced at every use is
    unverified; okrsync keeps the newest either way.
    """

    name, history, max_batch = "microsoft_excel", "snapshot", 1000
    scopes = ("Sites.Selected",)

    def __init__(self, connection: str, config: MicrosoftExcelConfig, http: HttpClient) -> None:
        """Take the connection's name and settings."""
        super().__init__(connection, config, http)
        http.classify = microsoft.trouble

    @classmethod
    def credentials(cls, config: MicrosoftExcelConfig) -> Auth:
        """Return how the person, or else the application itself, gets tokens."""
        if config.refresh_token is not None:
            return RefreshToken()
        parts = urlsplit(str(config.base_url))
        return ClientCredentials(scopes=(f"{parts.scheme}://{parts.netloc}/.default",))

    def zone(self) -> str | None:
        """Return the zone of the days in the sheets."""
        return self.config.timezone

    def history_of(self, query: SheetQuery) -> History:
        """Return `window` for rows that carry dates."""
        return query.history

    def check(self) -> str:
        """Look at the file, and for ranges at its sheets."""
        app = f"application {self.config.client_id}"
        who = f"the person who authorised {app}" if self.config.refresh_token else app
        file = self._file()
        sheets = f", with the sheets {', '.join(self._names('worksheets'))}" if self.config.read == "ranges" else ""
        return f"connected as {who}: may read {file['name']}, last changed {file.get('lastModifiedDateTime')}{sheets}"

    def discover(self, like: str = "") -> Iterable[Choice]:
        """Yield the sheets, the headers in their first rows where the file is downloaded, and the named ranges."""
        if self.config.read == "download":
            return choices(self._workbook()[0], like)
        found = [Choice("sheet", name) for name in self._names("worksheets")]
        found += [Choice("name", name) for name in self._names("names")]
        return (choice for choice in found if like.casefold() in choice.value.casefold())

    def read_many(self, asks: Sequence[Ask[SheetQuery]]) -> Iterator[Answer]:
        """Answer all questions from one download, or from as few batches of ranges as may be."""
        answered = self._by_ranges(asks) if self.config.read == "ranges" else self._by_download()
        for ask in asks:
            try:
                yield answered(ask)
            except Problem as problem:
                yield problem

    def _by_ranges(self, asks: Sequence[Ask[SheetQuery]]) -> Callable[[Ask[SheetQuery]], Reading]:
        answers = Answers({"file": self.config.path or self.config.item or ""}, self._zone_of_days)
        return partial(Ranges(self.http, self._inside, [ask.query for ask in asks]).answer, answers)

    def _by_download(self) -> Callable[[Ask[SheetQuery]], Reading]:
        book, source = self._workbook()
        return partial(Answers(source, self._zone_of_days).from_workbook, book)

    @property
    def _zone_of_days(self) -> ZoneInfo | None:
        return ZoneInfo(self.config.timezone) if self.config.timezone else None

    @property
    def _outside(self) -> str:
        """The path of the file."""
        config = self.config
        library = microsoft.drive_path(config.drive, config.site, config.user)
        return f"{library}/items/{quote(config.item)}" if config.item else f"{library}/root:/{quote(config.path or '')}"

    @property
    def _inside(self) -> str:
        """The path of the workbook that the file holds."""
        return f"{self._outside}{'' if self.config.item else ':'}/workbook"

    def _names(self, kind: Literal["worksheets", "names"]) -> list[str]:
        answer = self.http.get(f"{self._inside}/{kind}", params={"$select": "name"})
        found = answer.get("value") if isinstance(answer, Mapping) else None
        if not isinstance(found, list):
            raise Problem(Reason.BAD_RESPONSE, f"sent an answer without its {kind}")
        return [str(each["name"]) for each in found if isinstance(each, Mapping) and each.get("name")]

    def _file(self) -> Mapping[str, Any]:
        """Return what Graph says of the file; raises `Problem` unless it is one that can be downloaded."""
        file = self.http.get(self._outside)
        if not isinstance(file, Mapping) or not isinstance(file.get("name"), str):
            raise Problem(Reason.BAD_RESPONSE, "sent an answer that does not say what the file is called")
        if "folder" in file:
            raise Problem(Reason.CONFIG, f"{file['name']} is a folder", "name the workbook by `item` or `path`")
        return file

    def _workbook(self) -> tuple[Workbook, dict[str, str]]:
        file = self._file()
        name, size = str(file["name"]), file.get("size")
        if isinstance(size, int) and size > LARGEST_FILE:
            raise too_big(f"{name} is bigger than {LARGEST_FILE // 1024**2} MiB")
        source = {"file": name, "changed": str(file.get("lastModifiedDateTime"))}
        return open_workbook(self._content(file), name), source

    def _content(self, file: Mapping[str, Any]) -> bytes:
        """Return the content from the address that Graph gives out for a few minutes, mostly on another host.

        That address is a credential itself, by its query or else by its path: it goes without our token and is hidden.
        """
        address = file.get(_ADDRESS)
        parts = urlsplit(address) if isinstance(address, str) else None
        if parts is None or not parts.netloc or parts.scheme != urlsplit(str(self.config.base_url)).scheme:
            raise Problem(Reason.BAD_RESPONSE, f"{file['name']} comes without an address to download it from")
        learn(parts.query or parts.path)
        elsewhere = HttpClient(
            connection=self.connection, base_url=f"{parts.scheme}://{parts.netloc}", classify=_expired
        )
        try:
            return elsewhere.download(str(address), max_bytes=LARGEST_FILE)
        finally:
            elsewhere.close()


def _expired(reply: Reply) -> Problem | None:
    """Return what it means that the address of a download is refused; it has nothing to do with our credentials."""
    if reply.status not in (401, 403, 404, 410):
        return None
    return reply.problem(f"refused the download that Graph had just offered ({reply.status})")
