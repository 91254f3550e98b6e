"""The HTTP connections: uvicorn's protocol with what it leaves to others, time limits and bounds for strangers.

uvicorn bounds neither the time nor the size of a request's head, nor the time of a body, nor the connections of one
address. Here a sweep looks at every connection once a second, so that a request itself costs nothing more:

* a head has ``head_seconds`` and ``head_bytes``; a body has ``body_seconds`` and the time it takes at ``body_rate``;
* an answer that nobody takes ends after ``write_seconds``; a body that goes on after its answer is not read for long;
* one address (an IPv6 /64) holds at most ``per_address`` connections; when all are taken, the address with the most
  gives one up. Addresses of trusted proxies are not counted: they speak for many.

It also reads the body of a request that offers an upgrade nobody takes (Java's HttpClient sends ``Upgrade: h2c`` with
every POST, and httptools skips its body: github.com/MagicStack/httptools/issues/124), and drops chunked trailers, which
uvicorn adds to the headers of a request that is being answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

import httptools
import orjson
import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hub import metrics
from hub.intake.callers import network

log = structlog.get_logger()

Network = IPv4Network | IPv6Network
_HOP = frozenset({b"upgrade", b"http2-settings"})
_STEP = 64 * 1024
_STREAMS = "/console/live/"
_ANSWER = (
    b"HTTP/1.1 %d %s\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a stranger may take. Seconds, bytes, bytes a second, and counts."""

    head_seconds: float = 10.0
    head_bytes: int = 64 * 1024
    head_lines: int = 100
    body_seconds: float = 20.0
    body_rate: int = 32 * 1024
    idle_seconds: float = 30.0
    write_seconds: float = 60.0
    linger_seconds: float = 2.0
    linger_bytes: int = 1024 * 1024
    connections: int = 2_000
    per_address: int = 500
    sweep_seconds: float = 1.0


class Guard:
    """All connections of one API process, by address."""

    def __init__(self, limits: Limits, trusted: Sequence[Network] = ()) -> None:
        self.limits = limits
        self._trusted = tuple(trusted)
        self._all: dict[Guarded, None] = {}
        self._by_address: dict[str, dict[Guarded, None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._warned_at = float("-inf")

    def admit(self, connection: Guarded) -> bool:
        """Count a new connection; False when there is no room for it."""
        address = self._address(connection)
        theirs = self._by_address.get(address, {}) if address else {}
        if len(theirs) >= self.limits.per_address or not self._room():
            self._refused("address" if theirs else "connections", connection.loop.time())
            return False
        connection.address = address
        self._all[connection] = None
        if address:
            self._by_address.setdefault(address, {})[connection] = None
        if self._timer is None:
            self._timer = connection.loop.call_later(self.limits.sweep_seconds, self._sweep, connection.loop)
        return True

    def leave(self, connection: Guarded) -> None:
        """A connection has ended."""
        self._all.pop(connection, None)
        theirs = self._by_address.get(connection.address or "")
        if theirs is not None:
            theirs.pop(connection, None)
            if not theirs:
                del self._by_address[connection.address or ""]

    def _address(self, connection: Guarded) -> str | None:
        """Whom the connection counts for; None for a UNIX socket and for a trusted proxy."""
        if not connection.client:
            return None
        try:
            peer = ip_address(connection.client[0].partition("%")[0])
        except ValueError:
            return None
        return None if any(peer in trusted for trusted in self._trusted) else network(connection.client[0])

    def _room(self) -> bool:
        if len(self._all) < self.limits.connections:
            return True
        largest = max(self._by_address.values(), key=len, default={})
        waiting = next((one for one in largest if one.waits), None)
        if waiting is None:
            return False
        self.leave(waiting)
        waiting.transport.abort()
        return True

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in list(self._all):
            connection.check_time(now)
        self._timer = loop.call_later(self.limits.sweep_seconds, self._sweep, loop) if self._all else None

    def _refused(self, reason: str, now: float) -> None:
        metrics.CONNECTIONS_REFUSED.labels(reason).inc()
        if now - self._warned_at > 60:  # one line a minute, however many they are
            self._warned_at = now
            log.warning("http.refused", reason=reason, hint="behind a reverse proxy, set hub.trusted_proxies")


class Guarded(HttpToolsProtocol):
    """One connection. ``guarded`` gives the class with its guard."""

    guard: Guard

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.address: str | None = None
        self._received = 0
        self._check_at = self.guard.limits.head_bytes
        self._unwanted = 0
        self._declined = False
        self._refusal = HTTPStatus.BAD_REQUEST
        self._state: tuple[str, Any] = ("", None)
        self._since = 0.0
        self._before = 0

    # -- what uvicorn calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self.guard.admit(self):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections")

    def connection_lost(self, exc: Exception | None) -> None:
        self.guard.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        self._received += len(data)
        self._feed(data)
        if self._received > self._check_at and not self.transport.is_closing():
            self._check_size()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._unwanted = 0
        self._check_at = self._received + self.guard.limits.head_bytes

    def on_headers_complete(self) -> None:
        if len(self.headers) > self.guard.limits.head_lines:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ValueError("too many headers")
        if self.parser.should_upgrade():
            self._declined = True
            return
        super().on_headers_complete()
        self.headers = _Trailers()

    def on_message_complete(self) -> None:
        if not self._declined:
            super().on_message_complete()
            self.cycle.more_body = False  # uvicorn leaves it so when the answer came first

    def shutdown(self) -> None:
        """The server ends. A stream of events would go on for ever: its browser connects again."""
        super().shutdown()
        if not self._answered and self.scope["path"].startswith(_STREAMS):
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal, "the request is no HTTP that Hub reads")

    # -- ours

    @property
    def waits(self) -> bool:
        """True while no request of this connection is being answered."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offered:
            self._declined = False
            self._read_as_it_is(data[offered.args[0] :])
        except httptools.HttpParserError:
            metrics.CONNECTIONS_REFUSED.labels("malformed").inc()
            self.send_400_response("")

    def _read_as_it_is(self, rest: bytes) -> None:
        """Read a request again without its offer of an upgrade; ``rest`` is what follows its head."""
        method, headers = self.parser.get_method(), self.headers
        if method == b"CONNECT":
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "Hub is no proxy")
            return
        kept = [(name, _without_upgrade(value) if name == b"connection" else value) for name, value in headers]
        lines = [name + b": " + value for name, value in kept if name not in _HOP and (value or name != b"connection")]
        version = self.parser.get_http_version().encode()
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._feed(b"\r\n".join([method + b" " + self.url + b" HTTP/" + version, *lines, b"", rest]))

    def _check_size(self) -> None:
        limits = self.guard.limits
        if self._in_head:
            metrics.CONNECTIONS_REFUSED.labels("too_large").inc()
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the head of the request is too large")
            return
        self._check_at = self._received + _STEP
        if self.cycle.response_complete and self.cycle.more_body:
            self._unwanted += _STEP
            if self._unwanted > limits.linger_bytes:
                self.flow.pause_reading()

    @property
    def _in_head(self) -> bool:
        return self.cycle is None or self.cycle.scope is not self.scope

    def check_time(self, now: float) -> None:
        """End the connection when what it does has taken too long; called about once a second."""
        state = (self._doing(), self.scope)
        if state[0] != self._state[0] or state[1] is not self._state[1]:
            self._state, self._since, self._before = state, now, self._received
            return
        age, limits = now - self._since, self.guard.limits
        match state[0]:
            case "head" if age > limits.head_seconds and not self._received:
                self.transport.close()  # somebody's spare connection
            case "head" if age > limits.head_seconds:
                self._late()
            case "body" if age > limits.body_seconds + (self._received - self._before) / limits.body_rate:
                self._late()
            case "idle" if age > limits.idle_seconds:
                self.transport.close()
            case "linger" if age > limits.linger_seconds:
                self.transport.close()
            case "write" | "close" if age > limits.write_seconds:
                metrics.CONNECTIONS_REFUSED.labels("late").inc()
                self.transport.abort()

    def _doing(self) -> str:
        if self.transport.is_closing():
            return "close"
        if self.flow.write_paused:
            return "write"
        if self.pipeline:
            return "answer"
        if self._in_head:
            return "head" if self._answered else "answer"
        if self.cycle.response_complete:
            return "linger" if self.cycle.more_body else "idle"
        return "body" if self.cycle.more_body else "answer"

    @property
    def _answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _late(self) -> None:
        metrics.CONNECTIONS_REFUSED.labels("late").inc()
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, "the request came too slowly")

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Answer the request that is being read, unless an earlier one still waits for its answer; then close."""
        if self.transport.is_closing():
            return
        if self._answered or not (self._in_head or self.pipeline or self.cycle.response_started):
            told = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
            body = orjson.dumps(told)
            self.transport.write(_ANSWER % (status.value, status.phrase.encode(), len(body), body))
        if not self._answered:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()


class _Trailers(list[tuple[bytes, bytes]]):
    """Where chunked trailers go: nowhere."""

    def append(self, _: tuple[bytes, bytes]) -> None:
        """Drop it."""


def _without_upgrade(value: bytes) -> bytes:
    tokens = (token.strip() for token in value.split(b","))
    return b", ".join(token for token in tokens if token.lower() not in _HOP)


def guarded(limits: Limits, trusted: Sequence[Network] = ()) -> type[Guarded]:
    """The protocol class of one server, for uvicorn's ``http``."""
    return type("GuardedConnection", (Guarded,), {"guard": Guard(limits, trusted)})
