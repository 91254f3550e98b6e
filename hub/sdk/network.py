"""What lies under every outgoing request: one deadline for the whole call, and only addresses that may be called.

A name is resolved once, each of its addresses is judged, and the connection goes to one that was judged, so that a name
server that answers otherwise a moment later (rebinding) leads nowhere else; ``Host`` and SNI keep the name. With a
proxy in the environment (``HTTPS_PROXY``, ``NO_PROXY``) the proxy resolves, and has to be told what it may call.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from ssl import SSLContext
from typing import Any, cast
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from hub.errors import AuthError

_NEVER = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "169.254.0.0/16",
            "224.0.0.0/4",
            "100.100.100.200/32",
            "::/128",
            "fe80::/10",
            "ff00::/8",
            "fd00:ec2::254/128",
        ),
    )
)
"""Never called, whatever is configured: unspecified, link-local (RFC 3927, RFC 4291) and multicast addresses, and where
clouds hand out credentials (169.254.169.254 and fd00:ec2::254: AWS, "Access instance metadata"; 100.100.100.200:
Alibaba Cloud, "Instance metadata")."""

_NAT64 = ip_network("64:ff9b::/96")
"""IPv4 within IPv6 (RFC 6052, 2.1)."""

_MEANT = "if that is meant, base_url or allow_private_addresses has to say so"
_WRITE_BYTES = 16 * 1024
_KEEP_ALIVE_SECONDS = 5.0
_DEADLINE: ContextVar[float] = ContextVar("deadline", default=float("inf"))

Address = IPv4Address | IPv6Address
SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """All calls of this thread that are begun within are over after ``seconds``: names, headers, bodies and all."""
    token = _DEADLINE.set(min(_DEADLINE.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def _left(timeout: float | None, error: type[Exception]) -> float | None:
    """The seconds one step may take; raises ``error`` when the deadline is over."""
    left = _DEADLINE.get() - time.monotonic()
    if left <= 0:
        raise error("the call takes too long")
    least = left if timeout is None else min(timeout, left)
    return None if least == float("inf") else least


def judge(address: str, *, private: bool) -> str | None:
    """Why this address is not called, or None; ``private`` allows all but those that are never called."""
    found = _inner(ip_address(address.partition("%")[0]))
    if any(found in network for network in _NEVER):
        return "an address that is never called"
    if not private and not (found.is_global and not found.is_multicast):
        return "a private address"
    return None


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to, where it is made of one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


@dataclass(frozen=True, slots=True)
class Guard:
    """Which addresses may be called: public ones, and those of ``private_hosts`` also within a private network."""

    private_hosts: frozenset[str] = frozenset()

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host, resolved once and all judged.

        Raises httpcore.ConnectError when the name does not resolve, AuthError (the connection rests until its settings
        change) when one of the addresses is not to be called.
        """
        try:
            addresses = resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(type(error).__name__) from None
        private = host in self.private_hosts
        for address in addresses:
            if fault := judge(address, private=private):
                raise AuthError(f"{host} leads to {fault}; {_MEANT}")
        return addresses


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, each once, the preferred first. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(slots=True)
class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends at the deadline."""

    inner: httpcore.NetworkStream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In parts: the inner stream gives the whole time to each part that the other side takes.
        for start in range(0, len(buffer), _WRITE_BYTES):
            self.inner.write(buffer[start : start + _WRITE_BYTES], _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self.inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


@dataclass(slots=True)
class _Backend(httpcore.NetworkBackend):
    """Opens connections; without a guard to whatever the name resolves to (a proxy that the operator named)."""

    guard: Guard | None
    inner: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self.guard.addresses(host, port) if self.guard else [host]
        failed: httpcore.ConnectError | httpcore.ConnectTimeout = httpcore.ConnectError("no address")
        for address in addresses:
            left = _left(timeout, httpcore.ConnectTimeout)
            try:
                return _Stream(self.inner.connect_tcp(address, port, left, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


class Transport(httpx.BaseTransport):
    """httpx over httpcore's pool with the backend above, for a client whose API is at ``root``."""

    def __init__(self, root: str, guard: Guard) -> None:
        self._guard = guard
        self._proxied = proxy = _proxy(root)
        limits: dict[str, Any] = {
            "ssl_context": _authorities(),
            "max_connections": 100,
            "max_keepalive_connections": 20,
            "keepalive_expiry": _KEEP_ALIVE_SECONDS,
            "network_backend": _Backend(None if proxy else guard),
        }
        if proxy is None:
            self._pool = httpcore.ConnectionPool(**limits)
        else:
            auth = (proxy.username, proxy.password) if proxy.username else None
            kind = httpcore.SOCKSProxy if proxy.scheme.startswith("socks") else httpcore.HTTPProxy
            self._pool = kind(str(proxy.copy_with(username=None, password=None)), proxy_auth=auth, **limits)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; errors are httpx's, AuthError where the address is not to be called."""
        if self._proxied:
            self._judge_literal(request.url.host)
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        with _as_httpx(request):
            response = self._pool.handle_request(
                httpcore.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    content=cast(httpx.SyncByteStream, request.stream),
                    extensions=request.extensions,
                )
            )
        stream = _Body(cast(Iterable[bytes], response.stream), response, request)
        return httpx.Response(response.status, headers=response.headers, stream=stream, extensions=response.extensions)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _judge_literal(self, host: str) -> None:
        try:
            ip_address(host.partition("%")[0])
        except ValueError:
            return
        self._guard.addresses(host, 0)


@dataclass(slots=True)
class _Body(httpx.SyncByteStream):
    parts: Iterable[bytes]
    response: httpcore.Response
    request: httpx.Request

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx(self.request):
            yield from self.parts

    def close(self) -> None:
        self.response.close()


@contextmanager
def _as_httpx(request: httpx.Request) -> Iterator[None]:
    """Httpcore's errors as httpx's, which are called alike."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        kind = getattr(httpx, type(error).__name__, httpx.NetworkError)
        raise kind(str(error), request=request) from error


@cache
def _authorities() -> SSLContext:
    """Whom TLS trusts, read once: to read 140 certificates for each connection takes 50 ms of each one's start."""
    return httpx.create_ssl_context()


def _proxy(root: str) -> httpx.URL | None:
    """The proxy that the environment names for this root; None without one."""
    parts = urlsplit(root)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    return httpx.URL(found if "://" in found else f"http://{found}") if found else None
