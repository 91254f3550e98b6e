"""Telegram's updates: only what is read.

Source: https://core.telegram.org/bots/api#available-types
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import VendorModel


class User(VendorModel):
    """A person or a bot; ``id`` is theirs for ever, ``username`` may change."""

    id: str
    is_bot: bool = False
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None


class Chat(VendorModel):
    """Where it was said: private, group, supergroup or channel."""

    id: str
    type: str | None = None


class Contact(VendorModel):
    """A contact that was sent; of the sender where ``user_id`` is theirs."""

    phone_number: str | None = None
    user_id: str | None = None


class Location(VendorModel):
    """A place that was sent."""

    latitude: float
    longitude: float


class File(VendorModel):
    """A file that was sent; only its name is read."""

    file_name: str | None = None


class Answered(VendorModel):
    """The message that is answered or under a button; it may be another person's."""

    message_id: str
    chat: Chat | None = None


class Message(VendorModel):
    """A message; ``date`` and ``edit_date`` are in seconds."""

    message_id: str
    date: int
    chat: Chat
    from_: User | None = Field(None, alias="from")
    edit_date: int | None = None
    text: str | None = None
    caption: str | None = None
    contact: Contact | None = None
    location: Location | None = None
    document: File | None = None
    photo: tuple[File, ...] = ()
    voice: File | None = None
    video: File | None = None
    reply_to_message: Answered | None = None


class Button(VendorModel):
    """A button that was pressed, under ``message``; it has no time of its own."""

    id: str
    from_: User = Field(alias="from")
    data: str | None = None
    message: Answered | None = None


class Emoji(VendorModel):
    """One reaction."""

    emoji: str | None = None


class Reaction(VendorModel):
    """Somebody's reactions to a message, as they are now; ``user`` is absent where they are anonymous."""

    chat: Chat
    message_id: str
    date: int
    user: User | None = None
    new_reaction: tuple[Emoji, ...] = ()


class Update(VendorModel):
    """One update; exactly one of these is there."""

    update_id: str
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: Button | None = None
    message_reaction: Reaction | None = None
