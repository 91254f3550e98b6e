"""What of a request may be stored: nothing without its key, before consent, or of a robot.

Sources: https://www.twilio.com/docs/segment/privacy/consent-management/consent-in-unify (``categoryPreferences``),
https://www.rudderstack.com/docs/data-governance/consent-management/passing-consent/ (``consentManagement``),
https://www.w3.org/TR/tracking-dnt/ (``DNT: 1``), https://www.w3.org/TR/gpc/ (``Sec-GPC: 1``), and, for where the SDKs
post to and what they expect, the packages ``@segment/analytics-next`` 1.84 and ``@segment/analytics-node`` 3.1
(plugins/segmentio), ``@rudderstack/analytics-js`` 3.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson
from crawleruseragents import is_crawler  # type: ignore[import-untyped]

from hub.connectors.web.manifest import WebSettings
from hub.errors import VerificationError
from hub.mapping.nobody import nobodys
from hub.sdk import signatures
from hub.sdk.source import RawDelivery, Reply

LARGEST = 1024 * 1024
"""Bytes of an unpacked body; Segment takes 500 KB."""

CALLS = {"i": "identify", "t": "track", "p": "page", "s": "screen", "a": "alias", "g": "group"}
"""The last step of the path, in short as analytics.js posts; the HTTP API's own bodies name no type."""

SUCCESS = Reply(200, b'{"success":true}', "application/json")
_WITHOUT_CONSENT = (
    "no event of it may be kept: without consent (consent: implied takes it for given where nothing is told), "
    "without any id, of nobody (anonymous: false), or a robot's"
)
_NOT_READ = Reply(400, b'{"success":false,"message":"no JSON"}', "application/json")
_TOO_LARGE = Reply(413, b'{"success":false,"message":"too large"}', "application/json")
_CLIENT = ("ip", "userAgent", "userAgentData")
_DEVICE = ("id", "advertisingId", "token", "adTrackingEnabled")


def admit(delivery: RawDelivery, settings: WebSettings) -> RawDelivery | Reply:
    """The delivery as it may be stored, with its key in the header; the answer, where nothing of it may.

    A page cannot tell from the answer whether it was a robot's. Raises VerificationError without a live key, and for
    another page than ``origins`` names.
    """
    origin = delivery.headers.get("origin")
    if settings.origins and origin and origin.rstrip("/").lower() not in _plain(settings.origins):
        raise VerificationError("another origin")
    body = _unpacked(delivery)
    if isinstance(body, Reply):
        return body
    try:
        tree = orjson.loads(body)
    except orjson.JSONDecodeError:
        tree = None
    given = key_of(delivery) or delivery.query.get("writeKey") or (isinstance(tree, dict) and tree.get("writeKey"))
    if isinstance(tree, dict) and not given and isinstance(tree.get("batch"), list):
        given = next((one.get("writeKey") for one in tree["batch"] if isinstance(one, dict)), None)
    keyed = replace(delivery, headers=_signed(str(given or "")), query={}, url=delivery.url.partition("?")[0])
    verify(keyed, settings)
    if not isinstance(tree, dict):
        return _NOT_READ
    if _objects(delivery.headers, settings):
        return replace(SUCCESS, told="Do Not Track or Global Privacy Control is on (do_not_track: false lets it in)")
    if not settings.bots and _is_bot(delivery.headers.get("user-agent", "")):
        return replace(SUCCESS, told="its user agent is a known robot's (bots: true lets it in)")
    kept = _kept(tree, delivery, settings)
    if kept:
        return replace(keyed, body=orjson.dumps(kept))
    return replace(SUCCESS, told=_WITHOUT_CONSENT)


def verify(delivery: RawDelivery, settings: WebSettings) -> None:
    """The write key as the user of HTTP Basic, with no password."""
    signatures.require(key_of(delivery), settings.write_key, lambda key: key)


def sign(delivery: RawDelivery, settings: WebSettings) -> RawDelivery:
    return replace(delivery, headers={**delivery.headers, **_signed(settings.write_key[0].get_secret_value())})


def key_of(delivery: RawDelivery) -> str | None:
    """The user of HTTP Basic."""
    scheme, _, value = delivery.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0] or None
    except (binascii.Error, UnicodeDecodeError):
        return None


def consents(context: Mapping[str, Any], settings: WebSettings) -> bool:
    """Whether the visitor allowed what Hub does with an event.

    All the categories that the settings name have to be allowed; where they name none, all that the event tells.
    """
    told = _categories(context)
    if told is None:
        return settings.consent == "implied"
    wanted = settings.consent_categories or tuple(told)
    return bool(told) and all(told.get(name, False) for name in wanted)


def _categories(context: Mapping[str, Any]) -> dict[str, bool] | None:
    consent, managed = context.get("consent"), context.get("consentManagement")
    if isinstance(consent, dict) and isinstance(consent.get("categoryPreferences"), dict):
        return {
            str(name): value is True or (isinstance(value, str) and value.strip().lower() in ("true", "1", "yes"))
            for name, value in consent["categoryPreferences"].items()
            if isinstance(value, bool) or (isinstance(value, str) and value)
        } or None
    if isinstance(managed, dict):
        allowed = dict.fromkeys(_names(managed.get("allowedConsentIds")), True)
        return {**allowed, **dict.fromkeys(_names(managed.get("deniedConsentIds")), False)} or None
    return None


def _names(told: Any) -> list[str]:
    if isinstance(told, dict):
        return [name for value in told.values() for name in _names(value)]
    return [str(name) for name in told] if isinstance(told, list) else []


def _kept(tree: dict[str, Any], delivery: RawDelivery, settings: WebSettings) -> dict[str, Any] | None:
    batch = tree.get("batch")
    if not isinstance(batch, list):
        step = delivery.url.partition("?")[0].rstrip("/").rpartition("/")[2]
        kind = CALLS.get(step, step)
        if kind in CALLS.values() and not tree.get("type"):
            tree["type"] = kind
        return _message(tree, {}, settings)
    shared = tree.get("context") if isinstance(tree.get("context"), dict) else {}
    messages = [kept for one in batch if isinstance(one, dict) and (kept := _message(one, shared, settings))]
    return {"batch": messages, "sentAt": tree.get("sentAt")} if messages else None


def _message(told: dict[str, Any], shared: Any, settings: WebSettings) -> dict[str, Any] | None:
    if not any(id_of(told.get(name)) for name in ("userId", "anonymousId", "previousId")):
        return None
    own = told.get("context")
    context = {**shared, **(own if isinstance(own, dict) else {})}
    if not consents(context, settings):
        return None
    agent = context.get("userAgent")
    if not settings.bots and isinstance(agent, str) and _is_bot(agent):
        return None
    if not settings.anonymous and told.get("type") not in ("identify", "alias") and id_of(told.get("userId")) is None:
        return None
    kept = {name: value for name, value in told.items() if name not in ("writeKey", "_metadata", "integrations")}
    if settings.keep_client:
        return {**kept, "context": context}
    kept.pop("request_ip", None)
    context = {name: value for name, value in context.items() if name not in _CLIENT}
    if isinstance(device := context.get("device"), dict):
        context["device"] = {name: value for name, value in device.items() if name not in _DEVICE}
    return {**kept, "context": context}


def id_of(told: Any) -> str | None:
    """An id that somebody was given; None for what programs write where there is none (null, "undefined", 0)."""
    if not isinstance(told, str | int) or isinstance(told, bool):
        return None
    text = str(told).strip()
    return None if not text or nobodys(text) else text


def _unpacked(delivery: RawDelivery) -> bytes | Reply:
    """The body as JSON text. RudderStack's SDKs send gzip; a beacon may, without a header that says so."""
    body = delivery.body
    if body[:2] == b"\x1f\x8b":
        unpack = zlib.decompressobj(wbits=31)
        try:
            body = unpack.decompress(body, LARGEST + 1)
        except zlib.error:
            return _NOT_READ
        if not unpack.eof and len(body) <= LARGEST:
            return _NOT_READ
    return body if len(body) <= LARGEST else _TOO_LARGE


def _objects(headers: Mapping[str, str], settings: WebSettings) -> bool:
    return settings.do_not_track and (headers.get("dnt") == "1" or headers.get("sec-gpc") == "1")


@lru_cache(maxsize=4_096)
def _is_bot(agent: str) -> bool:
    """Only browsers are asked: the list has HTTP libraries too, which apps and servers send with."""
    return agent.startswith("Mozilla/") and bool(is_crawler(agent[:1_000]))


def _signed(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


@lru_cache(maxsize=64)
def _plain(origins: tuple[str, ...]) -> frozenset[str]:
    return frozenset(origin.rstrip("/").lower() for origin in origins)
