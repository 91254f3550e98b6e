"""Klaviyo as a source: its profiles and its events, by signed webhooks and by lists.

A webhook brings events, which name a profile by its id; up to 50 profiles are fetched in one call, each with what it is
subscribed to now. Lists: profiles by the time of their change, and events by their own.

Sources: developers.klaviyo.com/en/docs/working_with_system_webhooks (``Klaviyo-Signature``: hex HMAC-SHA256 over the
body and then ``Klaviyo-Timestamp``; only Advanced KDP and app partners have webhooks), Klaviyo's own OpenAPI
description (get_profiles: filter and sort by ``updated``, 100 a page; get_events: by ``datetime``, 1,000 a page).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from hub.connectors.klaviyo.manifest import API_ROOT, KlaviyoSettings, headers_of
from hub.connectors.klaviyo.mapping import MAP
from hub.connectors.klaviyo.schemas import Many, Profile
from hub.connectors.klaviyo.schemas_events import Delivery, Event
from hub.connectors.klaviyo.source_events import METRICS, TOPICS, events_of
from hub.errors import PayloadError, SkipEvent, VerificationError
from hub.mapping.body import json_tree
from hub.mapping.payload import Reading, read
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.completing import fetched
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.mailing_reading import contact_events, reads
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.signatures import BodyHmac, require_fresh
from hub.sdk.source import BackfillItem, Completion, EventName, InboxEntry, Listed, Part, RawDelivery, Source

EVENTS, EVENT, PROFILE = "events", "event", "profile"
_SENT_AT = "klaviyo-timestamp"
SOUGHT = 50
WITH_CONSENT = {"additional-fields[profile]": "subscriptions", "page[size]": "100"}

SIGNATURE: BodyHmac[KlaviyoSettings] = BodyHmac(
    "klaviyo-signature",
    encoding="hex",
    secrets=lambda settings: settings.webhook_secret or (),
    signed=lambda delivery: delivery.body + delivery.headers.get(_SENT_AT, "").encode(),
)


def verify(delivery: RawDelivery, settings: KlaviyoSettings) -> None:
    """Raise VerificationError unless one of the secrets signed body and time, in the last five minutes."""
    try:
        sent_at = parsedate_to_datetime(delivery.headers.get(_SENT_AT, ""))
    except ValueError:
        raise VerificationError("no timestamp that can be read") from None
    SIGNATURE.verify(delivery, settings)
    require_fresh(sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC), delivery.received_at)


def sign(delivery: RawDelivery, settings: KlaviyoSettings) -> RawDelivery:
    """The inverse: as Klaviyo sends it."""
    sent_at = format_datetime(delivery.received_at.astimezone(UTC), usegmt=True)
    return SIGNATURE.sign(replace(delivery, headers={_SENT_AT: sent_at, **delivery.headers}), settings)


def name_event(delivery: RawDelivery, settings: KlaviyoSettings) -> EventName:
    """The digest of a delivery, whose events have ids of their own; an item of a list by its id and version."""
    body = json_tree(delivery.body)
    if isinstance(body, dict) and body.get("type") == PROFILE:
        return EventName(_profile_name(body), PROFILE)
    if isinstance(body, dict) and body.get("type") == EVENT:
        return EventName(f"event:{read(Event, delivery.body).id}", EVENT)
    read(Delivery, delivery.body)
    return EventName(hashlib.sha256(delivery.body).hexdigest(), EVENTS)


def completions(entry: InboxEntry, settings: KlaviyoSettings) -> Sequence[Completion]:
    """The profiles of a delivery's events, as they are now."""
    if entry.topic != EVENTS:
        return ()
    told = (one.payload.data.profile for one in read(Delivery, entry.body).data if one.topic in TOPICS)
    wanted = [
        Completion(f"profiles.{place}", "/api/profiles", {"filter": _any(part), **WITH_CONSENT})
        for place, part in enumerate(chunks(dict.fromkeys(filter(None, told)), SOUGHT))
    ]
    return [one for one in wanted if one.name not in entry.completions]


def _any(ids: Sequence[str]) -> str:
    return f"any(id,{orjson.dumps(list(ids)).decode()})"


def parse(entry: InboxEntry, settings: KlaviyoSettings) -> Sequence[CanonicalEvent | Note]:
    """Profiles and events. Raises SkipEvent where nothing of it is of interest, PayloadError with a path."""
    reading = Reading()
    if entry.topic == PROFILE:
        profile = reading.read(Profile, entry.body)
        if not profile.attributes.email:
            raise SkipEvent("a profile without an e-mail")
        return reading.of(_profile(profile, settings))
    if entry.topic == EVENT:
        event = reading.read(Event, entry.body)
        return reading.of(events_of(event, METRICS.get(event.metric_name or ""), event.email, settings))
    if entry.topic != EVENTS:
        raise SkipEvent(f"topic not read: {entry.topic}")
    told = reading.read(Delivery, entry.body).data
    bodies = [body for _, body in sorted(entry.completions.items()) if body]
    found = {one.id: one for body in bodies for one in reading.read(Many, body).data}
    events = [event for one in found.values() for event in reading.alone(_profile(one, settings))]
    for one in told:
        event = one.payload.data
        who = found.get(event.profile or "")
        email = who.attributes.email if who else None
        events += reading.alone(_quietly(event, TOPICS.get(one.topic), email, settings))
    if not events:
        raise SkipEvent("nothing of it is of interest")
    return reading.of(events)


def _quietly(event: Event, what: str | None, email: str | None, settings: KlaviyoSettings) -> Iterator[CanonicalEvent]:
    """The same, where others of the delivery may be of interest."""
    try:
        yield from events_of(event, what, email, settings)
    except SkipEvent:
        return


def _profile(one: Profile, settings: KlaviyoSettings) -> list[CanonicalEvent]:
    """A profile as it stands there; of one with a number alone nothing is told."""
    if not one.attributes.email:
        return []
    at = instant(one.attributes.updated, path="attributes.updated")
    return contact_events(
        MAP, one.contact(), one.held(), settings, source="klaviyo", at=at, explicit=one.is_double_opt_in()
    )


def _profile_name(body: Mapping[str, Any]) -> str:
    if not body.get("id"):
        raise PayloadError("missing", path="id")
    return f"profile:{body['id']}:{(body.get('attributes') or {}).get('updated')}"


# -- lists ------------------------------------------------------------------------------------------------------------


def _since(since: datetime | None, condition: str) -> dict[str, str]:
    return {"filter": condition.format(since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))} if since else {}


def _next(told: Mapping[str, Any]) -> str | None:
    """The cursor of the next page."""
    link = (told.get("links") or {}).get("next")
    return next(iter(parse_qs(urlsplit(str(link)).query).get("page[cursor]", ())), None) if link else None


def _profiles(http: HttpClient, settings: KlaviyoSettings, since: datetime | None, at: Any) -> Part:
    """Profiles by the time of their change; a second early, as ``greater-than`` leaves out its own."""
    early = since - timedelta(seconds=1) if since else None
    query = {"sort": "updated", **WITH_CONSENT, **_since(early, "greater-than(updated,{})")}
    told = json_of(http.get("/api/profiles", {**query, **({"page[cursor]": at} if at else {})}))
    items = [BackfillItem(_profile_name(one), PROFILE, orjson.dumps(one)) for one in told.get("data") or ()]
    return Part(items, _next(told))


def _events(http: HttpClient, settings: KlaviyoSettings, since: datetime | None, at: Any) -> Part:
    """Events by their time, each with the name of its metric and the address of its profile."""
    query = {
        "sort": "datetime",
        "include": "metric,profile",
        "fields[metric]": "name",
        "fields[profile]": "email",
        "page[size]": "1000",
        **_since(since, "greater-or-equal(datetime,{})"),
    }
    told = json_of(http.get("/api/events", {**query, **({"page[cursor]": at} if at else {})}))
    beside = {(one.get("type"), one.get("id")): one.get("attributes") or {} for one in told.get("included") or ()}
    items = [_event(one, beside) for one in told.get("data") or ()]
    return Part([one for one in items if one is not None], _next(told))


def _event(one: Mapping[str, Any], beside: Mapping[Any, Any]) -> BackfillItem | None:
    """An event of interest; None for another."""

    def related(kind: str) -> Mapping[str, Any]:
        data = ((one.get("relationships") or {}).get(kind) or {}).get("data") or {}
        found: Mapping[str, Any] = beside.get((kind, data.get("id"))) or {}
        return found

    name = related("metric").get("name")
    if name not in METRICS or not one.get("id"):
        return None
    body = {**one, "metric_name": name, "email": related("profile").get("email")}
    return BackfillItem(f"event:{one['id']}", EVENT, orjson.dumps(body))


LISTS = {"profiles": Listed(_profiles, quiet=timedelta(0)), "events": Listed(_events)}

SOURCE: Source[KlaviyoSettings] = Source(
    parse=parse,
    verify=verify,
    sign=sign,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=partial(in_turn, LISTS),
    lists=LISTS,
    authorise=headers_of,
    api_root=lambda settings: settings.base_url or API_ROOT,
    reads=reads(MAP),
)
