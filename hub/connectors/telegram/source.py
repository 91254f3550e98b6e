"""Telegram as a source: updates of a bot, with a secret token in a header."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from hub.connectors.telegram.manifest import MANIFEST, TelegramSettings
from hub.connectors.telegram.schemas import Answered, Button, Chat, Message, Reaction, Update, User
from hub.errors import PayloadError, SkipEvent
from hub.mapping.body import json_tree
from hub.mapping.payload import Reading, read
from hub.mapping.said import Author, Said, said_events
from hub.mapping.time import epoch
from hub.model.event import CanonicalEvent, Note
from hub.sdk.signatures import SharedSecret
from hub.sdk.source import EventName, InboxEntry, RawDelivery, Source

TOKEN: SharedSecret[TelegramSettings] = SharedSecret(
    "x-telegram-bot-api-secret-token", secrets=lambda settings: settings.secret_token
)
_FILES = ("photo", "document", "voice", "video")


def name_event(delivery: RawDelivery, settings: TelegramSettings) -> EventName:
    """The update's own number, which grows; its kind is the member beside it."""
    update, body = read(Update, delivery.body), json_tree(delivery.body)
    kinds = [name for name, value in body.items() if name != "update_id" and value]
    known = next((name for name in kinds if name in MANIFEST.topics), None)
    return EventName(update.update_id, known or next(iter(kinds), "unknown"))


def parse(entry: InboxEntry, settings: TelegramSettings) -> Sequence[CanonicalEvent | Note]:
    """What somebody said. Raises SkipEvent for other updates and for bots, PayloadError with a path."""
    if entry.topic not in MANIFEST.topics:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    update = reading.read(Update, entry.body)
    if entry.topic in ("message", "edited_message"):
        message = update.message if entry.topic == "message" else update.edited_message
        if message is None:
            raise PayloadError("missing", path=entry.topic)
        return reading.of(_written(message, edited=entry.topic != "message", settings=settings))
    if entry.topic == "callback_query":
        if update.callback_query is None:
            raise PayloadError("missing", path=entry.topic)
        return reading.of(_pressed(update.callback_query, entry.received_at, settings))
    if update.message_reaction is None:
        raise PayloadError("missing", path=entry.topic)
    return reading.of(_reacted(update.message_reaction, settings))


def _author(user: User | None, *, phone: str | None = None) -> Author:
    if user is None or user.is_bot:
        raise SkipEvent("of a bot, a channel or somebody anonymous")
    return Author(
        "telegram",
        user.id,
        user.username,
        {
            "first_name": user.first_name,
            "last_name": user.last_name,
            "language": user.language_code,
            "phone": phone,
        },
    )


def _written(message: Message, *, edited: bool, settings: TelegramSettings) -> Iterable[CanonicalEvent]:
    """An edited message stands beside what it changed, and says so in ``reference``."""
    user, contact = message.from_, message.contact
    own = contact is not None and user is not None and contact.user_id == user.id
    # A number is told as people dial abroad, and without its plus on some phones.
    phone = f"+{contact.phone_number.lstrip('+')}" if contact and own and contact.phone_number else None
    name = f"{message.chat.id}:{message.message_id}"
    changed = message.edit_date or message.date
    said = Said(
        external_id=f"{name}:edited:{changed}" if edited else name,
        at=epoch(changed if edited else message.date, path="message.date"),
        kind="message",
        text=message.text or message.caption,
        reference=name if edited else _name(message.reply_to_message, message.chat),
        details=_details(message, own=own),
    )
    return said_events(_author(user, phone=phone), said, region=settings.default_region)


def _name(answered: Answered | None, chat: Chat | None = None) -> str | None:
    if answered is None:
        return None
    where = answered.chat or chat
    return f"{where.id}:{answered.message_id}" if where else answered.message_id


def _details(message: Message, *, own: bool) -> dict[str, str]:
    found = {"chat": message.chat.type or ""} if message.chat.type not in (None, "private") else {}
    sent = [name for name in _FILES if getattr(message, name)]
    if sent:
        found["sent"] = "; ".join(sent)
    if message.document and message.document.file_name:
        found["file"] = message.document.file_name.strip()
    if message.location:
        found["place"] = f"{message.location.latitude:.5f},{message.location.longitude:.5f}"
    if message.contact and not own:
        found["sent"] = "contact"  # of another person, of whom nothing is read
    return found


def _pressed(button: Button, received_at: datetime, settings: TelegramSettings) -> Iterable[CanonicalEvent]:
    """A button has no time of its own: the arrival is taken."""
    said = Said(
        external_id=f"button:{button.id}",
        at=received_at,
        kind="message",
        text=button.data,
        reference=_name(button.message),
        details={"button": "true"},
    )
    return said_events(_author(button.from_), said, region=settings.default_region)


def _reacted(reaction: Reaction, settings: TelegramSettings) -> Iterable[CanonicalEvent]:
    author = _author(reaction.user)
    said = Said(
        external_id=f"{reaction.chat.id}:{reaction.message_id}:{author.id}:{reaction.date}",
        at=epoch(reaction.date, path="message_reaction.date"),
        kind="reaction",
        text=" ".join(one.emoji for one in reaction.new_reaction if one.emoji) or None,
        reference=f"{reaction.chat.id}:{reaction.message_id}",
        details={"action": "add" if reaction.new_reaction else "remove"},
    )
    return said_events(author, said, region=settings.default_region)


SOURCE = Source(parse=parse, verify=TOKEN.verify, sign=TOKEN.sign, name_event=name_event)
