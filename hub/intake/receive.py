"""receive: the HTTP edge, a plain ASGI application (a framework's handler costs more than the database here).

Bytes and headers are kept as they came; nothing is parsed before the signature is checked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import structlog

from hub import metrics
from hub.errors import RetryableError, VerificationError
from hub.intake.inbox import GroupCommit
from hub.intake.verify import verify
from hub.sdk.connection import Connection
from hub.sdk.source import RawDelivery, Reply

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/webhooks/"
MAX_HELD_BYTES = 256 * 1024 * 1024
"""Bodies in memory at one time, by what senders declare; beyond that they are asked to come again."""

CHUNKED_BYTES = 1024 * 1024
"""What a body of unknown length counts for."""

RETRY_AFTER = 5
"""Seconds a sender is asked to wait when an event cannot be made durable."""

log = structlog.get_logger()


class WebhookIntake:
    """Answers ``/webhooks/{connection}``: 202 once durable, 401, 404, 405, 413, or 503 with Retry-After."""

    def __init__(
        self, connections: Mapping[str, Connection], inbox: GroupCommit, *, public_url: str, max_body_bytes: int
    ) -> None:
        self._connections = connections
        self._inbox = inbox
        self._public_url = public_url.rstrip("/")
        self._max_body_bytes = max_body_bytes
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI call."""
        name = scope["path"][len(PREFIX) :].strip("/")
        connection = self._connections.get(name)
        if connection is None or connection.connector.source is None:
            metrics.RECEIVED.labels("-", "unknown").inc()
            await _respond(send, Reply(404, b"no such connection"))
            return
        declared = _declared_length(scope, self._max_body_bytes)
        if declared > self._max_body_bytes:
            metrics.RECEIVED.labels(name, "too_large").inc()
            await _respond(send, Reply(413, b"too large"))
            return
        if self._held + declared > MAX_HELD_BYTES:
            metrics.RECEIVED.labels(name, "unavailable").inc()
            await _respond(send, Reply(connection.connector.source.retry_status, b"try again later"))
            return
        self._held += declared
        try:
            await _respond(send, await self._answer(connection, scope, receive))
        finally:
            self._held -= declared

    async def _answer(self, connection: Connection, scope: Scope, receive: Receive) -> Reply:
        body = await _read(receive, self._max_body_bytes)
        if body is None:
            metrics.RECEIVED.labels(connection.name, "too_large").inc()
            return Reply(413, b"too large")
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
        )

    async def _reply(self, connection: Connection, delivery: RawDelivery) -> Reply:
        source = connection.connector.source
        assert source is not None
        if source.answer is not None:
            reply = source.answer(delivery, connection.settings)
            if reply is not None:
                metrics.RECEIVED.labels(connection.name, "answered").inc()
                return reply
        if delivery.method != "POST":
            return Reply(405, b"method not allowed")
        try:
            entry = verify(connection, delivery)
        except VerificationError as error:
            metrics.RECEIVED.labels(connection.name, "refused").inc()
            metrics.REFUSED.labels(connection.name, "signature").inc()
            log.warning("intake.refused", connection=connection.name, reason=str(error))
            return Reply(401, b"unauthorized")
        try:
            await self._inbox.store(entry)
        except RetryableError:
            metrics.RECEIVED.labels(connection.name, "unavailable").inc()
            return Reply(source.retry_status, b"try again later")
        metrics.RECEIVED.labels(connection.name, "stored").inc()
        return Reply(202, b"")


def _declared_length(scope: Scope, limit: int) -> int:
    """The Content-Length; a chunked body, which declares none, counts for a good part of what it may hold."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return min(CHUNKED_BYTES, limit)


async def _read(receive: Receive, limit: int) -> bytes | None:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body if len(body) <= limit else None
    parts = [body]
    size = len(body)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None  # half a body must never be taken for a whole one
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
    return b"".join(parts)


async def _respond(send: Send, reply: Reply) -> None:
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
    ]
    if reply.status in (429, 503):
        headers.append((b"retry-after", str(RETRY_AFTER).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
