"""Connections that belong to an exchange: each address admitted before use, each socket under its deadline."""

from __future__ import annotations

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from okrsync.connect.transport.deadline import Exchange, current


class _WatchedLine(HTTPConnection):
    """A connection made and used under the exchange of its thread."""

    def _new_conn(self) -> socket.socket:
        exchange = current()
        if exchange is None:
            return super()._new_conn()
        # Behind a proxy, which the operator chose, the name is looked up by the proxy.
        line = super()._new_conn() if self.proxy else self._connected(exchange)
        exchange.watch(line)
        return line

    def _connected(self, exchange: Exchange) -> socket.socket:
        """Connect to one of the host's addresses, exactly as it was admitted: no second look-up in between."""
        addresses = self._addresses()
        for address in addresses:
            exchange.admit(address)
        failure: OSError = OSError("the name has no address")
        for address in addresses:
            limit = min(float(self.timeout or exchange.seconds_left), exchange.seconds_left)
            try:
                return create_connection((address, self.port or 0), limit, socket_options=self.socket_options)
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time") from failure
        raise NewConnectionError(self, failure.strerror or "no connection") from failure

    def _addresses(self) -> list[str]:
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            reason = error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
            raise NameResolutionError(self.host, self, reason) from error
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def request(self, *args: Any, **kwargs: Any) -> None:
        exchange = current()
        if exchange is not None and self.sock is not None and not exchange.holds_line:
            exchange.reused_line = True
            exchange.watch(self.sock)
        super().request(*args, **kwargs)


class _WatchedTlsLine(_WatchedLine, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _WatchedLine


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTlsLine


class WatchedAdapter(HTTPAdapter):
    """Sends requests over watched connections; retries nothing itself."""

    def __init__(self, at_once: int) -> None:
        super().__init__(pool_connections=2, pool_maxsize=at_once, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use pools of watched connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Use pools of watched connections behind a proxy, too."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager
