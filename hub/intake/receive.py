"""receive: the HTTP edge, a plain ASGI application (a framework's handler costs more than the database here).

Bytes and headers are kept as they came; nothing is parsed before the signature is checked. What has arrived and is not
yet verified is bounded, for all callers together and for each of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from time import monotonic
from typing import Any
from urllib.parse import parse_qsl

import structlog

from hub import metrics
from hub.errors import RetryableError, VerificationError
from hub.intake.arrivals import Arrivals
from hub.intake.callers import Held, caller, family
from hub.intake.inbox import GroupCommit
from hub.intake.pace import Pace
from hub.intake.verify import verify
from hub.sdk.connection import Connection
from hub.sdk.source import Public, RawDelivery, Reply

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/webhooks/"
HELD_BYTES = 128 * 1024 * 1024
"""Bytes of all bodies that are being read."""

SHARES = 8
"""One caller may hold this part of them: the others are never shut out by one."""

FREE_BYTES = 64 * 1024
"""The beginning of a body is not counted (the number of connections bounds it): ordinary events always get in."""

TELL_SECONDS = 10.0
"""The least time between two log lines about refused deliveries of one connection."""

PUBLIC_WAITING = 500
"""What browsers and apps sent and that waits for a commit, at most: the rest of what may wait is the others'."""

RETRY_AFTER = 5
"""Seconds a sender is asked to wait when an event cannot be made durable."""

log = structlog.get_logger()


class _Unread(Enum):
    """Why a body was not taken: the outcome as the metric names it."""

    TOO_LARGE = "too_large"
    TOO_MUCH = "unavailable"
    GONE = "gone"


class WebhookIntake:
    """Answers ``/webhooks/{connection}``: 202 once durable, 401, 404, 405, 413, or 503 with Retry-After.

    A public source is also answered below it, and paced.
    """

    def __init__(
        self,
        connections: Mapping[str, Connection],
        inbox: GroupCommit,
        *,
        public_url: str,
        max_body_bytes: int,
        arrivals: Arrivals | None = None,
    ) -> None:
        self._connections = connections
        self._inbox = inbox
        self.arrivals = arrivals
        self._public_url = public_url.rstrip("/")
        self._max_body_bytes = max_body_bytes
        self._told: dict[str, float] = {}
        self._paces: dict[str, Pace] = {}
        self._public_waiting = 0
        total = max(HELD_BYTES, 2 * max_body_bytes)
        self.held = Held(total, max(total // SHARES, max_body_bytes))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI call."""
        name, _, below = scope["path"][len(PREFIX) :].strip("/").partition("/")
        connection = self._connections.get(name)
        source = connection.connector.source if connection else None
        if connection is None or source is None or (below and source.public is None):
            metrics.RECEIVED.labels("-", "unknown").inc()
            await _respond(send, Reply(404, b"no such connection"))
            return
        if source.public is not None:
            await _respond(send, await self._answer_anybody(connection, source.public, scope, receive))
            return
        await _respond(send, await self._answer(connection, scope, receive))

    async def _answer_anybody(
        self, connection: Connection, public: Public[Any], scope: Scope, receive: Receive
    ) -> Reply:
        """Like ``_answer``, for whoever has a page open: paced before anything is read, so that others feel none."""
        bare = self._delivery(scope, b"")
        if scope["method"] != "POST":
            metrics.RECEIVED.labels(connection.name, "answered").inc()
            reply = public.asked(bare, connection.settings) or Reply(405, b"method not allowed")
        elif wait := self._paced(connection, public, caller(scope)):
            metrics.RECEIVED.labels(connection.name, "paced").inc()
            reply = Reply(429, b"too many requests", headers={"retry-after": str(wait)})
        else:
            reply = await self._answer(connection, scope, receive)
        return replace(reply, headers={**reply.headers, **public.headers(bare.headers, connection.settings)})

    def _paced(self, connection: Connection, public: Public[Any], who: str) -> int | None:
        """The seconds to wait, or None."""
        pace = self._paces.get(connection.name)
        if pace is None:
            pace = self._paces[connection.name] = Pace(*public.pace(connection.settings))
        return pace.take(who, monotonic())

    async def _answer(self, connection: Connection, scope: Scope, receive: Receive) -> Reply:
        if scope["method"] != "POST":  # a challenge: it has no body that anybody would read
            return self._challenged(connection, self._delivery(scope, b""))
        if _declares_more(scope, self._max_body_bytes):
            return _unread(connection, _Unread.TOO_LARGE)
        if self._inbox.full:
            return _unread(connection, _Unread.TOO_MUCH)
        body = await self._read(scope, receive)
        if isinstance(body, _Unread):
            return _unread(connection, body)
        return await self._reply(connection, self._delivery(scope, body))

    def _delivery(self, scope: Scope, body: bytes) -> RawDelivery:
        query = scope.get("query_string", b"").decode("latin-1")
        path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
        return RawDelivery(
            method=scope["method"],
            url=f"{self._public_url}{path}?{query}" if query else f"{self._public_url}{path}",
            query=dict(parse_qsl(query, keep_blank_values=True)) if query else {},
            headers={key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]},
            body=body,
            received_at=datetime.now(UTC),
            family=family(scope),
        )

    def _challenged(self, connection: Connection, delivery: RawDelivery) -> Reply:
        source = connection.connector.source
        assert source is not None
        try:
            reply = source.answer(delivery, connection.settings) if source.answer is not None else None
        except VerificationError as error:
            return self._refuse(connection, error)
        if reply is None:
            return Reply(405, b"method not allowed")
        metrics.RECEIVED.labels(connection.name, "answered").inc()
        return reply

    async def _reply(self, connection: Connection, delivery: RawDelivery) -> Reply:
        source = connection.connector.source
        assert source is not None
        try:
            reply = source.answer(delivery, connection.settings) if source.answer is not None else None
            if reply is not None:
                metrics.RECEIVED.labels(connection.name, "answered").inc()
                if reply.told and self._may_tell(f"answered {connection.name}"):
                    log.warning("intake.answered", connection=connection.name, reason=reply.told)
                return reply
            if source.public is not None:
                admitted = source.public.admit(delivery, connection.settings)
                if isinstance(admitted, Reply):
                    metrics.RECEIVED.labels(connection.name, "withheld").inc()
                    if admitted.told and self._may_tell(f"withheld {connection.name} {admitted.told}"):
                        log.info("intake.withheld", connection=connection.name, reason=admitted.told)
                    return admitted
                delivery = admitted
            entry = verify(connection, delivery)
        except VerificationError as error:
            return self._refuse(connection, error)
        if self.arrivals is not None:
            self.arrivals.accepted(connection.name)
        if source.public is not None and self._public_waiting >= PUBLIC_WAITING:
            return _unread(connection, _Unread.TOO_MUCH)
        self._public_waiting += source.public is not None
        try:
            await self._inbox.store(entry)
        except RetryableError:
            return _unread(connection, _Unread.TOO_MUCH)
        finally:
            self._public_waiting -= source.public is not None
        metrics.RECEIVED.labels(connection.name, "stored").inc()
        return source.public.accepted(delivery, connection.settings) if source.public is not None else Reply(202, b"")

    def _refuse(self, connection: Connection, error: VerificationError) -> Reply:
        metrics.RECEIVED.labels(connection.name, "refused").inc()
        metrics.REFUSED.labels(connection.name, "signature").inc()
        self._tell(connection.name, str(error))
        if self.arrivals is not None:
            self.arrivals.refused(connection.name)
        return Reply(401, b"unauthorized")

    def _tell(self, connection: str, reason: str) -> None:
        """Anybody sends what is refused, and the metric counts them all."""
        if self._may_tell(f"refused {connection}"):
            log.warning("intake.refused", connection=connection, reason=reason)

    def _may_tell(self, what: str) -> bool:
        """A line in ten seconds of each kind for a connection."""
        now = monotonic()
        if now - self._told.get(what, float("-inf")) < TELL_SECONDS:
            return False
        self._told[what] = now
        return True

    async def _read(self, scope: Scope, receive: Receive) -> bytes | _Unread:
        """The whole body, or why it was not taken."""
        message = await receive()
        if message["type"] == "http.disconnect":
            return _Unread.GONE
        body: bytes = message.get("body", b"")
        if message.get("more_body", False):
            return await self._read_on(caller(scope), body, receive)
        return body if len(body) <= self._max_body_bytes else _Unread.TOO_LARGE

    async def _read_on(self, who: str, first: bytes, receive: Receive) -> bytes | _Unread:
        parts, size, counted = [first], len(first), 0
        try:
            while True:
                if size > self._max_body_bytes:
                    return _Unread.TOO_LARGE
                over = size - FREE_BYTES - counted
                if over > 0:
                    if not self.held.take(who, over):
                        return _Unread.TOO_MUCH
                    counted += over
                message = await receive()
                if message["type"] == "http.disconnect":
                    return _Unread.GONE  # half a body must never be taken for a whole one
                part = message.get("body", b"")
                size += len(part)
                if part:
                    parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts) if size <= self._max_body_bytes else _Unread.TOO_LARGE
        finally:
            self.held.give_back(who, counted)


def _declares_more(scope: Scope, limit: int) -> bool:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return not value.isdigit() or len(value) > 18 or int(value) > limit
    return False


def _unread(connection: Connection, why: _Unread) -> Reply:
    metrics.RECEIVED.labels(connection.name, why.value).inc()
    if why is _Unread.TOO_MUCH:
        assert connection.connector.source is not None
        return Reply(connection.connector.source.retry_status, b"try again later")
    if why is _Unread.GONE:
        return Reply(400, b"the body is not whole")
    return Reply(413, b"too large")


async def _respond(send: Send, reply: Reply) -> None:
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()),
    ]
    if reply.status in (429, 503) and "retry-after" not in reply.headers:
        headers.append((b"retry-after", str(RETRY_AFTER).encode()))
    if reply.status == 405:
        headers.append((b"allow", b"POST"))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
