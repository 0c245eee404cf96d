"""Where a connection may go: its own host, and no address that only a trick would lead to."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from okrsync.errors import Problem, Reason

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"http": 80, "https": 443}
_INTERNAL_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "100.100.100.200", "fd00:ec2::254")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Site:
    """The one host that a connection talks to, from its base URL."""

    scheme: str
    host: str
    port: int
    base: str
    """The base URL without a trailing slash; relative paths are appended to it."""
    allow_private: bool = False

    @classmethod
    def of(cls, base_url: str, allow_private: bool = False) -> Site:
        """Read `base_url`; raises `Problem` (`config`) when it is no plain http(s) URL."""
        url = _parsed(base_url)
        if url is None:
            raise Problem(
                Reason.CONFIG,
                "the connection's base URL is not an http:// or https:// address",
                hint="write it as https://host/path",
            )
        if url.auth:
            raise Problem(
                Reason.CONFIG,
                "the connection's base URL holds a user or password",
                hint="take it out and use the settings for credentials",
            )
        if url.query or url.fragment:
            raise Problem(Reason.CONFIG, "the connection's base URL holds a query or fragment", hint="take it out")
        return cls(*_place(url), base_url.rstrip("/"), allow_private)

    @property
    def shown(self) -> str:
        """The host as messages name it, with its port where that is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def url(self, path: str) -> str:
        """Return the URL of `path`: relative to the base URL, or absolute on this very host (a next link)."""
        if "://" not in path.split("?", 1)[0] and not path.startswith("//"):
            return f"{self.base}/{path.lstrip('/')}" if path else self.base
        self.require(path)
        return path

    def require(self, url: str) -> None:
        """Raise `Problem` (`config`) unless `url` is on this host."""
        if not self._has(url):
            raise Problem(
                Reason.CONFIG,
                f"would leave {self.shown} for {self._elsewhere(url)}",
                hint="credentials go to the configured host only; if the source has moved, change its address",
            )

    def redirected(self, url: str, location: str) -> str:
        """Return the URL that `location`, received from `url`, leads to; raises `Problem` unless on this host."""
        target = urljoin(url, location)
        if not self._has(target):
            raise Problem(
                Reason.CONFIG,
                f"{self.shown} redirected to {self._elsewhere(target)}, which is not followed",
                hint="credentials go to the configured host only; if the source has moved, change its address",
            )
        return target

    def _elsewhere(self, address: str) -> str:
        """Return the host of `address` for a message, with the scheme where that is what differs."""
        other = host_of(address)
        return f"{address.partition(':')[0].lower()}://{other}" if other == self.shown else other

    def _has(self, address: str) -> bool:
        url = _parsed(address)
        if url is None or url.auth:
            return False
        scheme, host, port = _place(url)
        if host != self.host:
            return False
        upgraded = (self.scheme, self.port, scheme, port) == ("http", 80, "https", 443)
        return upgraded or (scheme, port) == (self.scheme, self.port)

    def admit(self, address: str) -> None:
        """Raise `Problem` (`config`) when the host must not be reached at `address`, an IP as text."""
        ip = _plain(ipaddress.ip_address(address.partition("%")[0]))
        match _kind(ip):
            case "forbidden":
                raise Problem(
                    Reason.CONFIG,
                    f"{self.shown} leads to {ip}, an address that is never asked",
                    hint="link-local and metadata addresses hold no numbers; correct the host",
                )
            case "private" if not (self.allow_private or _written_as_internal(self.host)):
                raise Problem(
                    Reason.CONFIG,
                    f"{self.shown} leads to {ip}, an address of a private network",
                    hint="if that is meant, set `allow_private: true` for this connection",
                )


def host_of(url: str) -> str:
    """Return the host of `url` for a message; nothing else of it."""
    parsed = _parsed(url)
    if parsed is None:
        return "something that is no http(s) address"
    scheme, host, port = _place(parsed)
    return Site(scheme, host, port, "").shown


def _parsed(address: str) -> Url | None:
    try:
        url = parse_url(address)
    except LocationParseError:
        return None
    usable = url.scheme in _PORTS and url.host and url.hostname and not any(c.isspace() or c == "\\" for c in address)
    return url if usable else None


def _place(url: Url) -> tuple[str, str, int]:
    scheme = url.scheme or ""
    return scheme, (url.host or "").strip("[]").rstrip(".").lower(), url.port or _PORTS[scheme]


def _plain(ip: Address) -> Address:
    """Return the IPv4 address that is wrapped in `ip`, if one is."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        return ip.ipv4_mapped or ip.sixtofour or ip
    return ip


def _kind(ip: Address) -> Literal["forbidden", "private", "public"]:
    if ip in _METADATA or ip.is_link_local or ip.is_multicast or ip.is_unspecified or str(ip) == "255.255.255.255":
        return "forbidden"
    return "public" if ip.is_global else "private"


def _written_as_internal(host: str) -> bool:
    """Whether whoever wrote the host wrote an address or a name that can only be an internal one."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_INTERNAL_ENDINGS)
    return True
