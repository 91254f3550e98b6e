"""Meta's webhook bodies, as far as they are read. Absent, null and empty are the same thing.

Sources: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events,
https://developers.facebook.com/docs/instagram-platform/webhooks/examples,
https://developers.facebook.com/docs/graph-api/webhooks/reference/instagram,
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages,
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Vendor(BaseModel):
    """A tolerant object: unknown members are ignored, empty ones count as absent."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, data: Any) -> Any:
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if value is not None and value != ""}
        return data


class Party(Vendor):
    """``user_ref`` stands for a visitor of the chat plug-in, who has no id yet."""

    id: str | None = None
    user_ref: str | None = None
    username: str | None = None


class AttachmentPayload(Vendor):
    url: str | None = None


class Attachment(Vendor):
    type: str | None = None
    payload: AttachmentPayload | None = None


class MessageReference(Vendor):
    mid: str | None = None


class DirectMessage(Vendor):
    mid: str
    text: str | None = None
    is_echo: bool = False
    is_deleted: bool = False
    attachments: tuple[Attachment, ...] = ()
    reply_to: MessageReference | None = None


class Postback(Vendor):
    mid: str | None = None
    title: str | None = None
    payload: str | None = None


class Reaction(Vendor):
    mid: str
    action: str = "react"
    emoji: str | None = None
    reaction: str | None = None


class Receipt(Vendor):
    """Messenger counts by ``watermark`` (milliseconds), Instagram by ``mid``."""

    mid: str | None = None
    mids: tuple[str, ...] = ()
    watermark: float | None = None


class Messaging(Vendor):
    sender: Party = Party()
    recipient: Party = Party()
    timestamp: float | None = None
    message: DirectMessage | None = None
    postback: Postback | None = None
    reaction: Reaction | None = None
    read: Receipt | None = None
    delivery: Receipt | None = None


class Change(Vendor):
    """``value`` has one shape per ``field``; see ``VALUES``."""

    field: str
    value: Any = None


class Entry(Vendor):
    """``standby`` is ``messaging`` while another app holds the conversation.

    Apps with Instagram Login get ``field`` and ``value`` here instead of in ``changes``.
    """

    id: str
    time: float | None = None
    messaging: tuple[Messaging, ...] = ()
    standby: tuple[Messaging, ...] = ()
    changes: tuple[Change, ...] = ()
    field: str | None = None
    value: Any = None


class Delivery(Vendor):
    object: str
    entry: tuple[Entry, ...] = ()


class Leadgen(Vendor):
    leadgen_id: str
    form_id: str | None = None
    ad_id: str | None = None
    created_time: float


class Media(Vendor):
    id: str | None = None


class Comment(Vendor):
    id: str
    from_: Party = Field(alias="from")
    media: Media = Media()
    parent_id: str | None = None
    text: str | None = None


class Mention(Vendor):
    """A mention in a comment has both ids, one in a caption only ``media_id``."""

    media_id: str | None = None
    comment_id: str | None = None


class ContactProfile(Vendor):
    name: str | None = None
    username: str | None = None


class Contact(Vendor):
    """Since 2026 ``wa_id`` (the number) may be absent; ``user_id`` is the business-scoped id."""

    profile: ContactProfile = ContactProfile()
    wa_id: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None


class Body(Vendor):
    body: str | None = None


class Choice(Vendor):
    title: str | None = None


class Interactive(Vendor):
    button_reply: Choice | None = None
    list_reply: Choice | None = None


class Button(Vendor):
    text: str | None = None


class Attached(Vendor):
    caption: str | None = None


class Emoji(Vendor):
    message_id: str
    emoji: str | None = None


class Context(Vendor):
    id: str | None = None


class Referral(Vendor):
    source_url: str | None = None
    source_id: str | None = None


class OrderItem(Vendor):
    product_retailer_id: str | None = None
    quantity: str | None = None


class CatalogOrder(Vendor):
    text: str | None = None
    product_items: tuple[OrderItem, ...] = ()


class SharedPhone(Vendor):
    phone: str | None = None


class SharedContact(Vendor):
    phones: tuple[SharedPhone, ...] = ()


class System(Vendor):
    """``wa_id`` and ``user_id`` are the new ones; up to Graph v11 the number was ``new_wa_id``."""

    type: str | None = None
    wa_id: str | None = None
    new_wa_id: str | None = None
    user_id: str | None = None


class WhatsAppMessage(Vendor):
    """``origin`` ``contact_request`` marks contacts a person shared as their own."""

    id: str
    timestamp: float
    type: str = "unknown"
    from_: str | None = Field(None, alias="from")
    from_user_id: str | None = None
    group_id: str | None = None
    text: Body | None = None
    button: Button | None = None
    interactive: Interactive | None = None
    image: Attached | None = None
    video: Attached | None = None
    document: Attached | None = None
    reaction: Emoji | None = None
    context: Context | None = None
    referral: Referral | None = None
    order: CatalogOrder | None = None
    origin: str | None = None
    contacts: tuple[SharedContact, ...] = ()
    system: System | None = None


class StatusError(Vendor):
    code: str | None = None
    title: str | None = None


class Status(Vendor):
    id: str
    status: str
    timestamp: float
    recipient_type: str = "individual"
    recipient_id: str | None = None
    recipient_user_id: str | None = None
    recipient_participant_id: str | None = None
    recipient_participant_user_id: str | None = None
    errors: tuple[StatusError, ...] = ()


class Messages(Vendor):
    contacts: tuple[Contact, ...] = ()
    messages: tuple[WhatsAppMessage, ...] = ()
    statuses: tuple[Status, ...] = ()


class Preference(Vendor):
    wa_id: str | None = None
    user_id: str | None = None
    category: str | None = None
    value: str
    timestamp: float


class Preferences(Vendor):
    contacts: tuple[Contact, ...] = ()
    user_preferences: tuple[Preference, ...] = ()


class ChangedId(Vendor):
    previous: str
    current: str


class IdUpdate(Vendor):
    wa_id: str | None = None
    user_id: ChangedId
    timestamp: float


class IdUpdates(Vendor):
    contacts: tuple[Contact, ...] = ()
    user_id_update: tuple[IdUpdate, ...] = ()


VALUES: dict[str, type[Vendor]] = {
    "page.leadgen": Leadgen,
    "instagram.comments": Comment,
    "instagram.live_comments": Comment,
    "instagram.mentions": Mention,
    "whatsapp.messages": Messages,
    "whatsapp.user_preferences": Preferences,
    "whatsapp.user_id_update": IdUpdates,
}
"""The shape of ``value`` by object and ``field``; any other field is not read."""


class Answer(Vendor):
    name: str
    values: tuple[str, ...] = ()


class Lead(Vendor):
    """``GET /{leadgen_id}``."""

    created_time: str | None = None
    form_id: str | None = None
    ad_id: str | None = None
    field_data: tuple[Answer, ...] = ()


class LeadAnswers(Vendor):
    """The standard questions of a lead form, by their keys; own questions have keys of their own."""

    full_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    work_email: str | None = None
    phone_number: str | None = None
    work_phone_number: str | None = None
    street_address: str | None = None
    post_code: str | None = None
    zip_code: str | None = None
    city: str | None = None
    state: str | None = None
    province: str | None = None
    country: str | None = None
    company_name: str | None = None
    national_id: str | None = None


class MentionedItem(Vendor):
    text: str | None = None
    caption: str | None = None
    timestamp: str | None = None
    username: str | None = None
    permalink: str | None = None


class Mentioned(Vendor):
    """``GET /{ig-user-id}?fields=mentioned_comment…`` or ``mentioned_media…``."""

    mentioned_comment: MentionedItem | None = None
    mentioned_media: MentionedItem | None = None
