"""A host on loopback that gives out tokens, and an API beside it that takes them."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from pydantic import SecretStr

from okrsync import Config

CLIENT = ("client-of-okrsync", "cl1ent-s3cret")
FIRST = "refresh-0-of-the-settings"


class Account(Config):
    """The settings of a connection that this host knows."""

    client_id: str = CLIENT[0]
    client_secret: SecretStr | None = SecretStr(CLIENT[1])
    refresh_token: SecretStr = SecretStr(FIRST)
    token_url: str = "https://login.acme.test/oauth/token"
    username: str = "okr@acme.test"
    audience: str = "https://login.acme.test"
    key: SecretStr | None = None


class TokenServer:
    """Knows one client. `expires_in` is in seconds; None is not said. Each refresh token is good for one use,
    and for `grace` more; `delay` (seconds) is taken for each token."""

    def __init__(self, *, rotating: bool = True, grace: int = 0, delay: float = 0.0) -> None:
        self.rotating, self.grace, self.delay = rotating, grace, delay
        self.expires_in: Any = 3600
        self.extra: dict[str, Any] = {}
        self.forms: list[dict[str, str]] = []
        self.basic: list[str] = []
        self.asked = 0
        self.spent: dict[str, int] = {}
        self.refresh_tokens = [FIRST]
        self.access_tokens: list[str] = []
        self.good: set[str] = set()
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self.token_url = f"{self.url}/oauth/token/"

    @property
    def overspent(self) -> list[str]:
        """The refresh tokens that were used more often than they may be."""
        return [token for token, uses in self.spent.items() if uses > 1 + self.grace]

    def revoke(self) -> None:
        """Let the API take none of the access tokens given out so far."""
        self.good.clear()

    def answer(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        time.sleep(self.delay)
        with self._lock:
            self.forms.append(form)
            self.basic.append(authorization)
            if not self._knows(form, authorization):
                return 401, {"error": "invalid_client"}
            if form["grant_type"] == "refresh_token":
                return self._refreshed(form["refresh_token"])
            return 200, self._token()

    def kpi(self, authorization: str) -> tuple[int, Any]:
        self.asked += 1
        good = authorization.removeprefix("Bearer ") in self.good
        return (200, {"total": 42}) if good else (401, [{"errorCode": "INVALID_SESSION_ID"}])

    def _knows(self, form: dict[str, str], authorization: str) -> bool:
        basic = "Basic " + base64.b64encode(":".join(CLIENT).encode()).decode()
        in_body = (form.get("client_id"), form.get("client_secret")) == CLIENT
        return "assertion" in form or in_body or authorization == basic

    def _refreshed(self, token: str) -> tuple[int, Any]:
        self.spent[token] = uses = self.spent.get(token, 0) + 1
        if token not in self.refresh_tokens or (self.rotating and uses > 1 + self.grace):
            return 400, {"error": "invalid_grant", "error_description": "expired access/refresh token"}
        if not self.rotating:
            return 200, self._token()
        self.refresh_tokens.append(f"refresh-{len(self.refresh_tokens)}-{secrets.token_urlsafe(24)}")
        return 200, self._token() | {"refresh_token": self.refresh_tokens[-1]}

    def _token(self) -> dict[str, Any]:
        token = f"access-{len(self.access_tokens)}-{secrets.token_urlsafe(24)}"
        self.access_tokens.append(token)
        self.good.add(token)
        lifetime = {} if self.expires_in is None else {"expires_in": self.expires_in}
        return {"access_token": token, "token_type": "Bearer", **lifetime, **self.extra}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                if self.path == "/oauth/token/":
                    self.say(*server.answer(form, self.headers.get("Authorization", "")))
                else:
                    self.say(404, {})

            def do_GET(self) -> None:
                self.say(*server.kpi(self.headers.get("Authorization", "")))

            def say(self, status: int, answer: Any) -> None:
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

            def date_time_string(self, timestamp: float | None = None) -> str:
                return "unknown"

        return Handler

    @contextmanager
    def running(self) -> Iterator[TokenServer]:
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()
