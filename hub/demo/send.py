"""The senders: they sign like the vendor, send over HTTP, and send again until they are acknowledged."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock
from urllib.parse import parse_qsl, urlsplit

import httpx

from hub.demo.payloads import Delivery, Outcome
from hub.intake.verify import verify
from hub.sdk.connection import Connection
from hub.sdk.source import RawDelivery

SENDERS = 6
PATIENCE_SECONDS = 30.0
EventKey = tuple[str, str]
"""Connection and event id."""


@dataclass(slots=True)
class Sent:
    """What the senders know: ``acknowledged`` counts the 2xx answers per event."""

    acknowledged: Counter[EventKey] = field(default_factory=Counter)
    expected: dict[EventKey, Outcome] = field(default_factory=dict)
    topics: dict[EventKey, str] = field(default_factory=dict)
    by_connection: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    interrupted: int = 0
    """Sendings that broke off or met a closed door, and were made again."""


class Senders:
    """All vendors at once."""

    def __init__(self, url: str, connections: Mapping[str, Connection]) -> None:
        self._url, self._connections = url, connections
        self._client = httpx.Client(trust_env=False, timeout=10.0)
        self._lock = Lock()
        self.sent = Sent()

    def send(self, deliveries: Iterable[Delivery], done: Callable[[], None]) -> None:
        """Send them all, several at a time, in about this order; ``done`` is called after each."""
        with ThreadPoolExecutor(SENDERS) as pool:
            for _ in pool.map(self._until_acknowledged, deliveries):
                done()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _until_acknowledged(self, delivery: Delivery) -> None:
        signed = self._signed(delivery)
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            status = self._post(signed)
            if status is not None and status < 500:
                break
            with self._lock:
                self.sent.interrupted += 1
            if time.monotonic() > until:
                self.sent.wrong.append(f"{delivery.connection} {delivery.topic}: never acknowledged")
                return
            time.sleep(0.1)
        self._note(delivery, signed, status)

    def _post(self, signed: RawDelivery) -> int | None:
        try:
            answer = self._client.post(signed.url, content=signed.body, headers=dict(signed.headers))
        except httpx.HTTPError:
            return None
        return answer.status_code

    def _note(self, delivery: Delivery, signed: RawDelivery, status: int) -> None:
        name = delivery.connection
        with self._lock:
            self.sent.by_connection[name] += 1
            if delivery.expect == "refused" and status == 401:
                self.sent.refused[name] += 1
            elif delivery.expect == "refused" or not 200 <= status < 300:
                self.sent.wrong.append(f"{name} {delivery.topic}: answered {status}")
            else:
                entry = verify(self._connections[name], signed)
                key = (name, entry.event_id)
                self.sent.acknowledged[key] += 1
                self.sent.expected[key] = delivery.expect
                self.sent.topics[key] = delivery.topic

    def _signed(self, delivery: Delivery) -> RawDelivery:
        connection = self._connections[delivery.connection]
        source = connection.connector.source
        assert source is not None
        assert source.sign is not None
        raw = RawDelivery(
            method="POST",
            url=f"{self._url}/webhooks/{delivery.connection}",
            query={},
            headers=delivery.headers,
            body=b"something else" if delivery.forged else delivery.body,
            received_at=datetime.now(UTC),
        )
        signed = source.sign(raw, connection.settings)
        return replace(signed, body=delivery.body, query=dict(parse_qsl(urlsplit(signed.url).query)))
