"""The bodies of WhatsApp's webhooks, as far as they are read.

Sources: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages and its
pages per type (revoke, edit, unsupported, interactive, location, contacts, order), .../smb_message_echoes and
.../history (a number that the WhatsApp Business app is used with, too), .../whatsapp/calling/reference,
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids.
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import VendorModel


class ContactProfile(VendorModel):
    name: str | None = None
    username: str | None = None


class Contact(VendorModel):
    """Since 2026 ``wa_id`` (the number) may be absent; ``user_id`` is the business-scoped id."""

    profile: ContactProfile = ContactProfile()
    wa_id: str | None = None
    user_id: str | None = None
    parent_user_id: str | None = None


class Body(VendorModel):
    body: str | None = None


class Choice(VendorModel):
    id: str | None = None
    title: str | None = None
    description: str | None = None


class FlowReply(VendorModel):
    """``response_json`` is a JSON object of the answers, as text; some gateways decode it on the way."""

    name: str | None = None
    body: str | None = None
    response_json: str | dict[str, str | int | float | bool | tuple[str, ...] | None] | None = None


class CallPermission(VendorModel):
    """Whether the business may call: developers.facebook.com, WhatsApp, "Business-initiated calls"."""

    response: str | None = None
    is_permanent: bool | None = None
    expiration_timestamp: str | None = None


class Interactive(VendorModel):
    type: str | None = None
    button_reply: Choice | None = None
    list_reply: Choice | None = None
    nfm_reply: FlowReply | None = None
    call_permission_reply: CallPermission | None = None


class Button(VendorModel):
    text: str | None = None
    payload: str | None = None


class Attached(VendorModel):
    """A picture, video, voice message, document or sticker; its bytes are fetched by id, and not by Hub."""

    id: str | None = None
    caption: str | None = None
    filename: str | None = None
    mime_type: str | None = None


class Location(VendorModel):
    latitude: str | None = None
    longitude: str | None = None
    name: str | None = None
    address: str | None = None
    url: str | None = None


class Revoke(VendorModel):
    original_message_id: str


class EditedMessage(VendorModel):
    text: Body | None = None
    image: Attached | None = None
    video: Attached | None = None
    document: Attached | None = None


class EditedBy(VendorModel):
    original_message_id: str
    message: EditedMessage = EditedMessage()


class Emoji(VendorModel):
    message_id: str
    emoji: str | None = None


class Product(VendorModel):
    catalog_id: str | None = None
    product_retailer_id: str | None = None


class Context(VendorModel):
    id: str | None = None
    forwarded: bool = False
    frequently_forwarded: bool = False
    referred_product: Product | None = None


class AdReferral(VendorModel):
    source_url: str | None = None
    source_id: str | None = None
    source_type: str | None = None
    headline: str | None = None
    body: str | None = None
    ctwa_clid: str | None = None


class OrderItem(VendorModel):
    product_retailer_id: str | None = None
    quantity: str | None = None
    item_price: str | None = None
    currency: str | None = None


class CatalogOrder(VendorModel):
    catalog_id: str | None = None
    text: str | None = None
    product_items: tuple[OrderItem, ...] = ()


class SharedPhone(VendorModel):
    phone: str | None = None


class SharedName(VendorModel):
    formatted_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None

    @property
    def shown(self) -> str:
        return self.formatted_name or " ".join(part for part in (self.first_name, self.last_name) if part)


class SharedContact(VendorModel):
    name: SharedName = SharedName()
    phones: tuple[SharedPhone, ...] = ()


class System(VendorModel):
    """``wa_id`` and ``user_id`` are the new ones; up to Graph v11 the number was ``new_wa_id``."""

    type: str | None = None
    body: str | None = None
    wa_id: str | None = None
    new_wa_id: str | None = None
    user_id: str | None = None


class Unsupported(VendorModel):
    """What kind of message the API does not hand over: one to be viewed once, a poll."""

    type: str | None = None


class StatusError(VendorModel):
    code: str | None = None
    title: str | None = None


class WhatsAppMessage(VendorModel):
    """``origin`` ``contact_request`` marks contacts a person shared as their own; ``to`` is told of what we sent."""

    id: str
    timestamp: float
    type: str = "unknown"
    from_: str | None = Field(None, alias="from")
    from_user_id: str | None = None
    to: str | None = None
    to_user_id: str | None = None
    group_id: str | None = None
    text: Body | None = None
    button: Button | None = None
    interactive: Interactive | None = None
    image: Attached | None = None
    video: Attached | None = None
    document: Attached | None = None
    audio: Attached | None = None
    sticker: Attached | None = None
    location: Location | None = None
    revoke: Revoke | None = None
    edit: EditedBy | None = None
    errors: tuple[StatusError, ...] = ()
    unsupported: Unsupported | None = None
    reaction: Emoji | None = None
    context: Context | None = None
    referral: AdReferral | None = None
    order: CatalogOrder | None = None
    origin: str | None = None
    contacts: tuple[SharedContact, ...] = ()
    system: System | None = None


class Status(VendorModel):
    id: str
    status: str
    timestamp: float
    recipient_type: str = "individual"
    recipient_id: str | None = None
    recipient_user_id: str | None = None
    recipient_participant_id: str | None = None
    recipient_participant_user_id: str | None = None
    errors: tuple[StatusError, ...] = ()


class Metadata(VendorModel):
    """The business's own number."""

    display_phone_number: str | None = None


class OfANumber(VendorModel):
    """What comes for one number of the business."""

    metadata: Metadata = Metadata()
    contacts: tuple[Contact, ...] = ()


class Messages(OfANumber):
    messages: tuple[WhatsAppMessage, ...] = ()
    statuses: tuple[Status, ...] = ()


class Preference(VendorModel):
    wa_id: str | None = None
    user_id: str | None = None
    category: str | None = None
    value: str
    timestamp: float


class Preferences(VendorModel):
    contacts: tuple[Contact, ...] = ()
    user_preferences: tuple[Preference, ...] = ()


class ChangedId(VendorModel):
    previous: str
    current: str


class IdUpdate(VendorModel):
    wa_id: str | None = None
    user_id: ChangedId
    timestamp: float


class IdUpdates(VendorModel):
    contacts: tuple[Contact, ...] = ()
    user_id_update: tuple[IdUpdate, ...] = ()


class Echoes(OfANumber):
    """What colleagues wrote in the WhatsApp Business app."""

    message_echoes: tuple[WhatsAppMessage, ...] = ()


class Thread(VendorModel):
    """A conversation with the person of this number."""

    id: str
    messages: tuple[WhatsAppMessage, ...] = ()


class Chunk(VendorModel):
    threads: tuple[Thread, ...] = ()


class History(OfANumber):
    """What was written in that app before, of 180 days; where it was not shared there is an error instead."""

    history: tuple[Chunk, ...] = ()


class Call(VendorModel):
    """A call begins (connect) and ends (terminate); only then is told how it went. Times are seconds since 1970."""

    id: str
    event: str
    timestamp: float
    from_: str | None = Field(None, alias="from")
    from_user_id: str | None = None
    to: str | None = None
    to_user_id: str | None = None
    direction: str | None = None
    status: str | None = None
    start_time: float | None = None
    end_time: float | None = None
    duration: str | None = None


class Calls(OfANumber):
    calls: tuple[Call, ...] = ()
