"""A fast service on loopback that takes as long as one across a network, and counts what it is asked."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Service(ThreadingHTTPServer):
    """Answers `/number?id=N` with a number made of N, `latency` seconds later; `calls` counts the answers."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, latency: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.latency = latency
        self.calls = 0
        self.counting = threading.Lock()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Service:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_GET(self) -> None:
        time.sleep(self.server.latency)
        with self.server.counting:
            self.server.calls += 1
        asked = parse_qs(urlsplit(self.path).query)
        body = json.dumps({"value": number(int(asked["id"][0]))}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def number(id_: int) -> int:
    """Return the number behind an id."""
    return id_ * 7 % 1000 + 1
