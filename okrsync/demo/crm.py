"""A small CRM on loopback that answers as real ones do: bearer token, filters, pages, and patience asked for once.

It reads `crm/deals.json` and `crm/contacts.json` of the demo folder anew at every request, so that editing them
changes its answers. It needs nothing but the standard library and runs in the foreground with
`python -m okrsync.demo.crm FOLDER --port 8123 --for 600`.

- `GET /v1/me`
- `POST /v1/deals/search` with `{"filters": {"stage": "won", "closed_from": …, "closed_to": …}, "cursor": …}`
- `GET /v1/contacts?stage=mql&entered_from=…&entered_to=…&cursor=…`

Times are ISO 8601 with a zone; spans are half-open. Lists come in pages of 50 at most.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hmac
import json
import os
import signal
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit

HOST = "127.0.0.1"
TOKEN_FILE = Path("secrets") / "DEMO_CRM_TOKEN"
PAGE_SIZE = 50
_LARGEST_BODY = 64 * 1024
"""Bytes."""

Record = dict[str, Any]
Test = Callable[[Record], bool]


class Refused(Exception):
    """A request that gets an error as its answer."""

    def __init__(self, status: HTTPStatus, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body = {"error": {"code": code, "message": message}}


class Crm(ThreadingHTTPServer):
    """The service of one demo folder; port 0 takes any free one, and `server_port` tells which."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder = folder
        self._patience = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def ask_for_patience_once(self) -> None:
        """Refuse the first list request of this process, as a busy service would."""
        if self._patience.acquire(blocking=False):
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", "too many requests", {"Retry-After": "1"})

    def require_token(self, authorization: str) -> None:
        """Refuse a request without the folder's token."""
        token = (self.folder / TOKEN_FILE).read_text(encoding="utf-8").strip()
        if not hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode()):
            raise Refused(HTTPStatus.UNAUTHORIZED, "unauthorized", "the token is missing or wrong")

    def records(self, name: str) -> list[Record]:
        """Return what the folder's file holds right now."""
        try:
            records: list[Record] = json.loads((self.folder / "crm" / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            message = f"crm/{name}.json cannot be read: {error}"
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "broken_data", message) from error
        return records


def _me(_: Crm, __: Mapping[str, Any]) -> Record:
    return {"account": "Fennel Analytics", "scopes": ["deals:read", "contacts:read"], "process": os.getpid()}


def _search_deals(crm: Crm, body: Mapping[str, Any]) -> Record:
    _refuse_unknown(body, ("filters", "limit", "cursor"))
    filters = body.get("filters") or {}
    if not isinstance(filters, dict):
        raise Refused(HTTPStatus.BAD_REQUEST, "bad_filter", "filters must be an object")
    _refuse_unknown(filters, ("stage", "owner", "created_from", "created_to", "closed_from", "closed_to"))
    tests = [_equals(field, filters[field]) for field in ("stage", "owner") if field in filters]
    tests += [_within(moment, filters) for moment in ("created", "closed")]
    return _page(crm, "deals", tests, body)


def _list_contacts(crm: Crm, params: Mapping[str, Any]) -> Record:
    _refuse_unknown(params, ("stage", "entered_from", "entered_to", "limit", "cursor"))
    stage = params.get("stage", "lead")
    if stage not in ("lead", "mql", "sql"):
        raise Refused(HTTPStatus.BAD_REQUEST, "bad_filter", f"unknown stage {stage!r}; one of lead, mql, sql")
    entered = _within("entered", params, field=f"{stage}_at")
    return _page(crm, "contacts", [lambda contact: contact[f"{stage}_at"] is not None, entered], params)


_ROUTES: Mapping[tuple[str, str], Callable[[Crm, Mapping[str, Any]], Record]] = {
    ("GET", "/v1/me"): _me,
    ("POST", "/v1/deals/search"): _search_deals,
    ("GET", "/v1/contacts"): _list_contacts,
}


def _refuse_unknown(given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    if unknown := sorted(set(given) - set(known)):
        message = f"unknown filter {unknown[0]!r}; there are {', '.join(known)}"
        raise Refused(HTTPStatus.BAD_REQUEST, "unknown_filter", message)


def _equals(field: str, wanted: Any) -> Test:
    return lambda record: bool(record.get(field) == wanted)


def _within(name: str, filters: Mapping[str, Any], field: str = "") -> Test:
    """Return a test for records whose time lies in the half-open span that the filters `NAME_from`, `NAME_to` give."""
    start, end = (_moment(f"{name}_{side}", filters.get(f"{name}_{side}")) for side in ("from", "to"))
    if start is None and end is None:
        return lambda _: True

    def test(record: Record) -> bool:
        at = record.get(field or f"{name}_at")
        if at is None:
            return False
        moment = datetime.fromisoformat(at)
        return (start is None or start <= moment) and (end is None or moment < end)

    return test


def _moment(name: str, text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise Refused(HTTPStatus.BAD_REQUEST, "bad_filter", f"{name} is no ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _page(crm: Crm, name: str, tests: list[Test], options: Mapping[str, Any]) -> Record:
    crm.ask_for_patience_once()
    found = [record for record in crm.records(name) if all(test(record) for test in tests)]
    limit, start = _limit(options.get("limit", PAGE_SIZE)), _position(options.get("cursor"))
    rest = start + limit < len(found)
    following = {"cursor": base64.urlsafe_b64encode(f"after:{start + limit}".encode()).decode()} if rest else None
    return {"results": found[start : start + limit], "total": len(found), "paging": {"next": following}}


def _limit(text: Any) -> int:
    if not str(text).isdecimal() or not 1 <= int(text) <= PAGE_SIZE:
        raise Refused(HTTPStatus.BAD_REQUEST, "bad_limit", f"limit must be from 1 to {PAGE_SIZE}")
    return int(text)


def _position(cursor: Any) -> int:
    if not cursor:
        return 0
    try:
        word, number = base64.urlsafe_b64decode(str(cursor)).decode().split(":")
        if word == "after" and number.isdecimal():
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise Refused(HTTPStatus.BAD_REQUEST, "bad_cursor", "the cursor is none that this service gave")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in one piece
    timeout = 30
    server: Crm

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        try:
            self._send(HTTPStatus.OK, self._reply())
        except Refused as refused:
            self.close_connection = refused.status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            self._send(refused.status, refused.body, refused.headers)

    def _reply(self) -> Record:
        given = self._given()
        self.server.require_token(self.headers.get("Authorization", ""))
        path = urlsplit(self.path).path
        route = _ROUTES.get((self.command, path))
        if route is None:
            raise Refused(HTTPStatus.NOT_FOUND, "not_found", f"there is no {self.command} {path}")
        return route(self.server, given)

    def _given(self) -> Mapping[str, Any]:
        body = self._body()
        if self.command == "GET":
            return dict(parse_qsl(urlsplit(self.path).query))
        try:
            given = json.loads(body or b"{}")
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "bad_json", "the body must be a JSON object")
        return given

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _LARGEST_BODY:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", f"at most {_LARGEST_BODY} bytes")
        return self.rfile.read(int(length))

    def _send(self, status: HTTPStatus, body: Record, headers: Mapping[str, str] | None = None) -> None:
        content = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def serve(folder: Path, port: int, seconds: float) -> None:
    """Answer requests for `seconds`, or until the process is asked to end."""
    signal.signal(signal.SIGTERM, _end)
    with Crm(folder, port) as crm:
        print(f"the CRM of {folder} answers on http://{HOST}:{crm.server_port}", flush=True)  # noqa: T201
        clock = threading.Timer(seconds, crm.shutdown)
        clock.daemon = True
        clock.start()
        crm.serve_forever()


def _end(*_: object) -> NoReturn:
    raise SystemExit(0)


def main() -> None:
    """Run the service in the foreground."""
    parser = argparse.ArgumentParser(prog="python -m okrsync.demo.crm", description="The demo's CRM, on loopback only.")
    parser.add_argument("folder", type=Path, help="the demo folder")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; any free one if left out")
    parser.add_argument(
        "--for", type=float, default=3600, dest="seconds", metavar="SECONDS", help="when to end by itself"
    )
    options = parser.parse_args()
    serve(options.folder, options.port, options.seconds)


if __name__ == "__main__":
    main()
