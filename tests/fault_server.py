"""A source on loopback that misbehaves on demand, at the level of bytes and sockets.

`responses` answers in place of the transport; here the transport itself is what is tried.
"""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

Act = Callable[["Line"], None]


@dataclass(frozen=True)
class Seen:
    """A request that came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


class Line:
    """One accepted connection."""

    def __init__(self, sock: socket.socket, stopped: threading.Event) -> None:
        self._sock, self._stopped = sock, stopped
        self._file = sock.makefile("rb")
        self.open = True

    def read_request(self) -> Seen | None:
        if not self._file.peek(1)[:1].isalpha():
            self.send(head("400 Bad Request"))
            return None
        first = self._file.readline().decode("latin-1").split()
        if len(first) < 2:
            return None
        headers = {}
        while line := self._file.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = self._file.read(int(headers.get("content-length", 0)))
        return Seen(first[0], first[1], headers, body)

    def send(self, content: bytes) -> None:
        self._sock.sendall(content)

    def drip(self, content: bytes, every: float) -> None:
        """Send byte by byte."""
        for byte in content:
            if self._stopped.wait(every):
                return
            self.send(bytes([byte]))

    def wait(self) -> None:
        """Say nothing until the server stops or the other side goes away."""
        self._sock.settimeout(0.05)
        while not self._stopped.is_set():
            try:
                if not self._sock.recv(1):
                    return
            except TimeoutError:
                continue
            except OSError:
                return

    def close(self, *, reset: bool = False) -> None:
        self.open = False
        with suppress(OSError):
            if reset:
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._sock.close()


class FaultServer:
    """Plays, for each path, a list of acts in order; the last one goes on for ever."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._acts: dict[str, list[Act]] = {}
        self._stopped = threading.Event()
        self._lines: list[Line] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"
        self.requests: list[Seen] = []
        self.connections = 0
        self._start(self._accept)

    def answer(self, path: str, *acts: Act) -> None:
        self._acts[path] = list(acts)

    def stop(self) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self._lines:
            with suppress(OSError):
                line._sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(2)
        for line in self._lines:
            line.close()

    def _start(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
            line = Line(sock, self._stopped)
        except OSError:
            sock.close()
            return
        self._lines.append(line)
        with suppress(OSError):
            while line.open and (seen := line.read_request()):
                self.requests.append(seen)
                self._next_act(seen.path)(line)
        line.close()

    def _next_act(self, path: str) -> Act:
        acts = self._acts[path]
        return acts.pop(0) if len(acts) > 1 else acts[0]


def head(status: str = "200 OK", **headers: Any) -> bytes:
    """A status line and headers; underscores in names stand for dashes."""
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def reply(body: bytes | dict[str, Any] = b"", status: str = "200 OK", **headers: Any) -> Act:
    """A proper reply; the line is kept."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content_Type": "application/json", "Content_Length": len(content), **headers}
    return lambda line: line.send(head(status, **headers) + content)


def then(*steps: Act) -> Act:
    """Several steps after one another."""

    def act(line: Line) -> None:
        for step in steps:
            step(line)

    return act


def sending(content: bytes) -> Act:
    return lambda line: line.send(content)


def dripping(content: bytes, every: float = 0.05) -> Act:
    return lambda line: line.drip(content, every)


def closing(line: Line) -> None:
    line.close()


def resetting(line: Line) -> None:
    time.sleep(0.02)  # so that what was sent before arrives before the reset
    line.close(reset=True)


def silence(line: Line) -> None:
    line.wait()


def half_gzip(body: bytes) -> Act:
    """Half a gzip stream whose Content-Length is right."""
    packed = gzip.compress(body)
    half = packed[: len(packed) // 2]
    return reply(half, Content_Encoding="gzip", Content_Length=len(half))


def running(tls: ssl.SSLContext | None = None) -> Iterator[FaultServer]:
    """A server for the length of a test."""
    server = FaultServer(tls)
    try:
        yield server
    finally:
        server.stop()
