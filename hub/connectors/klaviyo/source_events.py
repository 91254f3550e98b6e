"""What Klaviyo's events mean. Pure.

A mail's events are told of the address, like those of every sending system; who subscribes and unsubscribes is an
interaction of the profile, whose consent the profile itself tells. An order is the shop's to tell: here it is no more
than something that happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from hub.connectors.klaviyo.manifest import KlaviyoSettings
from hub.connectors.klaviyo.schemas_events import Event, Properties
from hub.errors import PayloadError, SkipEvent
from hub.mapping.mail_event import Happened, MailEvent, mail_events
from hub.mapping.time import epoch, instant
from hub.model.event import CanonicalEvent, InteractionEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction, InteractionKind
from hub.sdk.crm.reading import KIND

METRICS: Mapping[str, str] = {
    "Received Email": "delivered",
    "Opened Email": "opened",
    "Clicked Email": "clicked",
    "Bounced Email": "bounced",
    "Dropped Email": "failed",
    "Marked Email as Spam": "complained",
    "Subscribed to Email Marketing": "email_subscribed",
    "Unsubscribed from Email Marketing": "email_unsubscribed",
    "Subscribed to List": "email_subscribed",
    "Unsubscribed": "email_unsubscribed",
    "Placed Order": "tracked",
}
"""The metrics that are read, by their names in the account; the last two of mail are those of older accounts."""

TOPICS: Mapping[str, str] = {
    **{f"event:klaviyo.{name.lower().replace(' ', '_')}": what for name, what in METRICS.items()},
    "event:klaviyo.email_delivered": "delivered",
    **{f"event:{shop}.placed_order": "tracked" for shop in ("shopify", "woocommerce", "magento", "bigcommerce", "api")},
}
"""The same by the topics of webhooks (``email_delivered`` is in the guide's text, ``received_email`` in its table)."""

_OF_PROFILE: Mapping[str, tuple[InteractionKind, Literal["in", "out"]]] = {
    "email_subscribed": ("email_subscribed", "in"),
    "email_unsubscribed": ("email_unsubscribed", "in"),
    "tracked": ("tracked", "in"),
}


def events_of(event: Event, what: str | None, email: str | None, settings: KlaviyoSettings) -> list[CanonicalEvent]:
    """What an event tells. Raises SkipEvent where it is of no interest, PayloadError with a path."""
    if what is None:
        raise SkipEvent("an event of another kind")
    told = event.attributes.event_properties if event.attributes else None
    said = told or Properties()
    if what in _OF_PROFILE:
        return [_of_profile(event, what, said)]
    if not email:
        raise SkipEvent("a mail to nobody that is known any more")
    happened: Happened = what  # type: ignore[assignment]
    if what == "bounced" and "hard" not in (said.bounce_type or "").lower():
        happened = "deferred"
    mail = MailEvent(
        external_id=event.id,
        at=_at(event),
        address=email,
        happened=happened,
        message=said.message,
        subject=said.subject,
        url=said.url,
        campaign=said.campaign,
        reason=said.bounce_type,
    )
    return mail_events(mail, source="klaviyo", own=settings.own, region=settings.default_region)


def _of_profile(event: Event, what: str, said: Properties) -> CanonicalEvent:
    if event.profile is None:
        raise SkipEvent("an event of nobody")
    kind, direction = _OF_PROFILE[what]
    worth = {"value": str(said.value)} if what == "tracked" and said.value is not None else {}
    interaction = Interaction(
        external_id=event.id,
        kind=kind,
        channel="email" if kind != "tracked" else "web",
        direction=direction,
        subject="Placed Order" if kind == "tracked" else None,
        details=worth,
    )
    key = RecordKey(kind=KIND, external_id=event.profile)
    return InteractionEvent(occurred_at=_at(event), interaction=interaction, record=key, waits=True)


def _at(event: Event) -> datetime:
    told = event.attributes
    if told and told.datetime:
        return instant(told.datetime, path="attributes.datetime")
    if told is None or told.timestamp is None:
        raise PayloadError("missing", path="attributes.datetime")
    return epoch(told.timestamp, path="attributes.timestamp")
