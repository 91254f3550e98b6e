"""Receives real deliveries and keeps them as samples: scrubbed, and without the signature, which the kit makes anew.

Nothing is verified, as only the vendor and the connection know the secret; capture against a test account. What the
vendor sent is in memory only until its person is taken out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from hub.errors import HubError
from hub.sdk.scrub import Scrubber
from hub.sdk.source import RawDelivery
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.documents import Embedded, decode, encode

MAX_BYTES = 10_000_000
TRANSPORT = frozenset(
    {
        "host",
        "connection",
        "content-length",
        "accept",
        "accept-encoding",
        "transfer-encoding",
        "cookie",
        "via",
        "forwarded",
    }
)
"""Headers of the way, not of the event; so are those that begin with ``x-forwarded-`` or ``x-real-``."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def keep(case: ConnectorCase, delivery: RawDelivery, scrubber: Scrubber) -> Path:
    """Write one delivery as a sample and give its folder. Raises PayloadError when it is neither JSON nor a form."""
    form = "form-urlencoded" in delivery.headers.get("content-type", "")
    sign, name_event = case.source.sign, case.source.name_event
    assert name_event is not None, f"{case.id}: takes no deliveries"
    tree = decode(delivery.body, form=form)
    body = encode(scrubbed_tree(tree, scrubber, form=form), form=form)
    added = _added(case, delivery) if sign else set()
    headers = {name: value for name, value in delivery.headers.items() if name not in added and not _of_the_way(name)}
    query = {name: value for name, value in delivery.query.items() if name not in added}
    bare = replace(delivery, headers=scrubber.headers(headers), query=scrubber.headers(query), body=body)
    topic = name_event(sign(bare, case.settings) if sign else bare, case.settings).topic
    folder = _free(case.folder / "samples" / re.sub(r"[^\w.\-]", ".", topic))
    folder.mkdir(parents=True)
    (folder / ("body.form" if form else "body.json")).write_bytes(body)
    _write(folder / "headers.json", bare.headers)
    if bare.query:
        _write(folder / "query.json", bare.query)
    return folder


def asgi(
    case: ConnectorCase, kept: Callable[[Path | None, str], None]
) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """An ASGI application that answers like an intake and calls ``kept`` with each sample's folder and a remark."""
    scrubber = Scrubber()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        delivery = await _read(scope, receive)
        reply = case.source.answer(delivery, case.settings) if case.source.answer else None
        if reply is not None:
            kept(None, "answered a challenge or a set-up ping")
            await _answer(send, reply.status, reply.body, reply.content_type)
            return
        try:
            kept(keep(case, delivery, scrubber), "")
        except (HubError, ValueError) as error:
            kept(None, f"not kept: {type(error).__name__}")
        await _answer(send, 200, b"", "text/plain")

    return application


def scrubbed_tree(tree: Any, scrubber: Scrubber, *, form: bool) -> Any:
    """A decoded body without the person, also inside JSON that stands in a form field."""
    if not form:
        return scrubber.payload(tree)
    flat = scrubber.payload({name: value for name, value in tree.items() if not isinstance(value, Embedded)})
    inner = {name: Embedded(scrubber.payload(v.value)) for name, v in tree.items() if isinstance(v, Embedded)}
    return {name: (flat | inner)[name] for name in tree if name in flat or name in inner}


def _added(case: ConnectorCase, delivery: RawDelivery) -> set[str]:
    """The headers and query parameters the sender's scheme adds."""
    assert case.source.sign is not None
    bare = replace(delivery, headers={}, query={})
    signed = case.source.sign(bare, case.settings)
    return {*signed.headers, *signed.query}


def _of_the_way(name: str) -> bool:
    return name in TRANSPORT or name.startswith(("x-forwarded-", "x-real-"))


def _free(topic: Path) -> Path:
    number = 1
    while (topic / f"captured_{number}").exists():
        number += 1
    return topic / f"captured_{number}"


def _write(path: Path, value: Mapping[str, str]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


async def _read(scope: Scope, receive: Receive) -> RawDelivery:
    body, more = b"", True
    while more and len(body) <= MAX_BYTES:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    url = f"https://{headers.get('host', 'localhost')}{scope['path']}"
    return RawDelivery(scope["method"], url, query, headers, body, datetime.now(UTC))


async def _answer(send: Send, status: int, body: bytes, content_type: str) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
