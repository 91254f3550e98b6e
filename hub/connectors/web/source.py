"""The HTTP API of Segment's and RudderStack's SDKs as a source.

Sources: https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api (calls, basic auth,
``{"success": true}``, 400 for what is no JSON), https://www.rudderstack.com/docs/api/http-api/,
https://fetch.spec.whatwg.org/#http-cors-protocol (what a browser asks before it sends).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from hub.connectors.web.manifest import MANIFEST, WebSettings
from hub.connectors.web.mapping import LONGEST_ID, digest, events_of
from hub.connectors.web.mapping_admission import SUCCESS, admit, consents, key_of, sign, verify
from hub.connectors.web.schemas import Delivery, Message
from hub.errors import PayloadError, SkipEvent
from hub.mapping.body import json_tree
from hub.mapping.payload import Reading
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk import cors
from hub.sdk.source import EventName, InboxEntry, Public, RawDelivery, Reply, Source

_SETTINGS = re.compile(r"/v1/projects/([^/]+)/settings$")


def headers(asked: Mapping[str, str], settings: WebSettings) -> Mapping[str, str]:
    """The SDKs send with credentials, though none means anything here."""
    return cors.shown(asked, {"access-control-allow-credentials": "true"})


def asked(delivery: RawDelivery, settings: WebSettings) -> Reply | None:
    """A browser's question before it sends, and the settings that each of the two SDKs fetches before it starts."""
    if delivery.method == "OPTIONS":
        return cors.may_send(delivery, "POST, GET, OPTIONS", "authorization, content-type")
    url, keys = urlsplit(delivery.url), [key.get_secret_value() for key in settings.write_key]
    found = _SETTINGS.search(url.path)
    if delivery.method == "GET" and found and found[1] in keys:
        host = f"{url.netloc}{url.path[: found.start()]}/v1"
        own: dict[str, Any] = {"apiKey": found[1], "apiHost": host, "protocol": url.scheme, "unbundledIntegrations": []}
        return Reply(200, orjson.dumps({"integrations": {"Segment.io": own}}), "application/json")
    key = delivery.query.get("writeKey") or key_of(delivery)
    if delivery.method == "GET" and url.path.rstrip("/").endswith("/sourceConfig") and key in keys:
        silent = {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}}
        source = {"id": "hub", "name": "Hub", "writeKey": key, "enabled": True, "workspaceId": "hub"}
        return Reply(
            200, orjson.dumps({"source": {**source, "config": silent, "destinations": []}}), "application/json"
        )
    return None


def name_event(delivery: RawDelivery, settings: WebSettings) -> EventName:
    """The message's own id; a batch has none, and goes by those in it. ``sentAt`` differs when it is sent again."""
    tree = json_tree(delivery.body)
    if not isinstance(tree, dict):
        raise PayloadError("no object", path="")
    if "batch" not in tree:
        return EventName(_id(tree), str(tree.get("type")))
    batch = tree["batch"] if isinstance(tree["batch"], list) else [tree["batch"]]
    return EventName(digest("\n".join(_id(one) for one in batch)), "batch")


def parse(entry: InboxEntry, settings: WebSettings) -> Sequence[CanonicalEvent | Note]:
    """Every message of a batch stands alone: one that cannot be read costs itself, and a note."""
    if entry.topic not in MANIFEST.topics:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    if entry.topic != "batch":
        tree = json_tree(entry.body)
        events = reading.of(_told(tree, "", None, entry, settings, reading))
    else:
        delivery = reading.read(Delivery, entry.body)
        events = reading.of(
            event
            for place, tree in enumerate(delivery.batch)
            for event in reading.alone(_told(tree, f"batch.{place}", delivery.sentAt, entry, settings, reading))
        )
    if not events:
        raise SkipEvent("nothing in it that is read")
    return events


def _told(
    tree: Any, path: str, sent_at: str | None, entry: InboxEntry, settings: WebSettings, reading: Reading
) -> Iterator[CanonicalEvent]:
    message = reading.tree(Message, tree, path)
    context = tree.get("context")
    # It was asked at the door already; the settings may have become stricter since.
    if consents(context if isinstance(context, dict) else {}, settings):
        at = _occurred(message, sent_at, entry.received_at, path)
        yield from events_of(message, _id(tree), at, path, reading, settings)


def _occurred(message: Message, sent_at: str | None, received_at: datetime, path: str) -> datetime:
    """Arrival, less the time that passed at the sender between event and sending: its clock may be wrong.

    Source: https://www.twilio.com/docs/segment/connections/spec/common#timestamps
    """
    told = message.originalTimestamp or message.timestamp
    if not told:
        return received_at
    at, sent = instant(told, path=f"{path}.timestamp"), message.sentAt or sent_at
    if sent:
        at = received_at - (instant(sent, path=f"{path}.sentAt") - at)
    return min(at, received_at)


def _id(tree: Any) -> str:
    """The message's own id, else a digest of what it tells but the time of its sending."""
    own = tree.get("messageId") if isinstance(tree, dict) else None
    if isinstance(own, str | int) and str(own).strip():
        text = str(own).strip()
        return text if len(text) <= LONGEST_ID else digest(text)
    if not isinstance(tree, dict):
        return digest(str(tree))
    rest = {
        name: value for name, value in tree.items() if name not in ("messageId", "sentAt") and value not in (None, "")
    }
    return digest(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS, default=str))


PUBLIC: Public[WebSettings] = Public(
    admit=admit,
    accepted=lambda delivery, settings: SUCCESS,
    asked=asked,
    headers=headers,
    pace=lambda settings: (settings.rate_per_client, settings.rate),
)

SOURCE = Source(parse=parse, verify=verify, sign=sign, name_event=name_event, public=PUBLIC, retry_status=429)
