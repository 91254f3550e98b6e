"""Messenger's and Instagram's direct messages to canonical events, one update at a time. Sources: see ``schemas``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hub.connectors.meta.mapping import account, entry_time, fact, person_key, status
from hub.connectors.meta.schemas import DirectMessage, Entry, MessageReference, Messaging, OptIn, Referral, Story
from hub.errors import PayloadError
from hub.mapping.custom import texts
from hub.mapping.customer import customer
from hub.mapping.details import picked
from hub.mapping.time import epoch
from hub.model.consent import Consent
from hub.model.event import CanonicalEvent, ConsentEvent, CustomerEvent, InteractionEvent
from hub.model.interaction import Interaction

_SAID = ("message", "postback", "reaction", "delivery", "read", "message_edit", "optin", "referral")
_READ = (*_SAID, "messaging_feedback", "response_feedback")
_ATTACHED = ("title", "sticker_id", "coordinates.lat", "coordinates.long", "reel_video_id", "ig_post_media_id")
"""What is kept of an attachment's payload beside its type and URL."""

_OPT_IN = (
    "type",
    "payload",
    "ref",
    "notification_messages_frequency",
    "notification_messages_status",
    "user_token_status",
)


def conversation(network: str, entry: Entry, update: Messaging, path: str) -> Iterator[CanonicalEvent]:
    """Messenger and Instagram direct messages. The other side is the person, whoever wrote."""
    out = update.sender.id == entry.id or (update.message is not None and update.message.is_echo)
    other, role = (update.recipient, "recipient") if out else (update.sender, "sender")
    read = any(getattr(update, name) for name in _READ)
    visitor = other.user_ref or (update.optin and update.optin.user_ref)
    if not read or other.id == entry.id or (other.id is None and visitor):
        return
    if other.id is None:
        raise PayloadError("no id", path=f"{path}.{role}.id")
    at = _time(update, entry, path)
    key = person_key(network, entry.id, other.id)
    person = account(network, entry.id, other.id, other.username)
    yield CustomerEvent(occurred_at=at, customer=customer(key, {}, accounts=(person,)))
    for interaction in _interactions(network, update, "out" if out else "in", at, other.id):
        yield InteractionEvent(occurred_at=at, interaction=interaction, record=key)
    if update.optin and (consent := _consent(network, update.optin, at)):
        yield ConsentEvent(occurred_at=at, record=key, consent=consent)


def _interactions(network: str, update: Messaging, direction: str, at: datetime, person: str) -> Iterator[Interaction]:
    millis = int(at.timestamp() * 1000)
    if update.message:
        yield _message(network, update.message, direction)
    if update.postback:
        yield fact(
            network,
            update.postback.mid or f"postback:{person}:{millis}",
            "message",
            text=update.postback.title or update.postback.payload,
            campaign=update.postback.referral.ad_id if update.postback.referral else None,
            details=texts(({"payload": update.postback.payload} | _came_by(update.postback.referral)).items()),
        )
    if update.message_edit:
        edit = update.message_edit
        yield fact(
            network,
            f"{edit.mid}:edited:{edit.num_edit or millis}",
            "message",
            direction=direction,
            text=edit.text,
            reference=edit.mid,
            details={"edited": edit.num_edit or "true"},
        )
    if update.optin:
        told = update.optin
        yield fact(
            network,
            f"optin:{person}:{millis}",
            "note",
            subject="opt-in",
            text=told.title,
            details=picked(told.model_dump(), _OPT_IN),
        )
    if update.referral:
        yield fact(
            network,
            f"referral:{person}:{millis}",
            "note",
            subject="referral",
            url=update.referral.referer_uri,
            campaign=update.referral.ad_id,
            details=texts(_came_by(update.referral).items()),
        )
    if update.reaction:
        reaction = update.reaction
        yield fact(
            network,
            f"{reaction.mid}:{reaction.action}:{millis}",
            "reaction",
            direction=direction,
            text=reaction.emoji or reaction.reaction,
            reference=reaction.mid,
            details={"action": reaction.action},
        )
    yield from _judged(network, update, f"{person}:{millis}")
    for state, receipt in (("delivered", update.delivery), ("read", update.read)):
        if receipt:
            mids = receipt.mids or ((receipt.mid,) if receipt.mid else ())
            for mid in mids:
                yield status(network, f"{mid}:{state}", state, reference=mid)
            if not mids:
                yield status(network, f"{person}:{state}:{millis}", state)


def _judged(network: str, update: Messaging, now: str) -> Iterator[Interaction]:
    """What the person says of the service: the answers of a form, a thumb under one message."""
    if update.messaging_feedback:
        told: dict[str, object] = {}
        for name, asked in (
            one for screen in update.messaging_feedback.feedback_screens for one in screen.questions.items()
        ):
            told |= {name: asked.payload, f"{name}.follow_up": asked.follow_up.payload if asked.follow_up else None}
        yield fact(network, f"feedback:{now}", "note", subject="feedback", details=texts(told.items()))
    if thumb := update.response_feedback:
        yield fact(network, f"{thumb.mid}:feedback:{now}", "reaction", text=thumb.feedback, reference=thumb.mid)


def _message(network: str, message: DirectMessage, direction: str) -> Interaction:
    if message.is_deleted:
        return status(network, f"{message.mid}:deleted", "deleted", reference=message.mid, direction=direction)
    answered = message.reply_to or MessageReference()
    story = answered.story or Story()
    attached = [(a.url or (a.payload.url if a.payload else None)) for a in message.attachments]
    kinds = ", ".join(attachment.type for attachment in message.attachments if attachment.type)
    details: dict[str, object] = {"attachments": kinds}
    for attachment in message.attachments:
        details |= picked(attachment.payload.model_dump() if attachment.payload else None, _ATTACHED)
        shown = attachment.payload.product if attachment.payload else None
        if shown:
            details["product"] = ", ".join(one.title or one.retailer_id or "" for one in shown.elements)
        if attachment.title:
            details["title"] = attachment.title
    details["quick_reply"] = message.quick_reply.payload if message.quick_reply else None
    if answered.story:
        details |= {"reply_to": "story", "story": story.id}
    if message.is_unsupported:
        details["type"] = "unsupported"
    return fact(
        network,
        message.mid,
        "message",
        direction=direction,
        text=message.text,
        url=next((url for url in attached if url), story.url),
        campaign=message.referral.ad_id if message.referral else None,
        reference=answered.mid or story.id,
        details=texts((details | _came_by(message.referral)).items()),
    )


def _came_by(referral: Referral | None) -> dict[str, object]:
    """How the person came here, by Meta's names."""
    if referral is None:
        return {}
    product: dict[str, object] = {"product": referral.product.id if referral.product else None}
    ad = referral.ads_context_data.ad_title if referral.ads_context_data else None
    return {"ref": referral.ref, "source": referral.source, "referral_type": referral.type, "ad_title": ad} | product


def _consent(network: str, told: OptIn, at: datetime) -> Consent | None:
    """The person's own word on marketing messages, with its time; a plug-in's button is none."""
    if told.type != "notification_messages" or network not in ("messenger", "instagram"):
        return None
    stopped = "STOP" in (told.notification_messages_status or "").upper()
    how = "stopped" if stopped else told.notification_messages_frequency or "asked for"
    return Consent(
        channel="messenger" if network == "messenger" else "instagram",
        state="opted_out" if stopped else "opted_in",
        at=at,
        evidence=f"{network} notification_messages: {how}",
        explicit=True,
    )


def _time(update: Messaging, entry: Entry, path: str) -> datetime:
    """Delivery receipts have no time but the watermark up to which they count."""
    receipt = update.delivery or update.read
    value = update.timestamp or (receipt.watermark if receipt else None)
    return entry_time(entry, path) if value is None else epoch(value, path=f"{path}.timestamp")
