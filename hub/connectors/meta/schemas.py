"""Meta's webhook bodies, as far as they are read. Absent, null and empty are the same thing.

Sources: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events,
https://developers.facebook.com/docs/instagram-platform/webhooks/examples,
https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/message-edits,
and .../messaging_optins, https://developers.facebook.com/docs/graph-api/webhooks/reference/instagram and .../page.
WhatsApp's are in ``schemas_whatsapp``.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from hub.connectors.meta.schemas_whatsapp import Calls, Echoes, History, IdUpdates, Messages, Preferences
from hub.mapping.payload import VendorModel


class Party(VendorModel):
    """``user_ref`` stands for a visitor of the chat plug-in, who has no id yet."""

    id: str | None = None
    user_ref: str | None = None
    username: str | None = None


class Coordinates(VendorModel):
    lat: str | None = None
    long: str | None = None


class Element(VendorModel):
    title: str | None = None
    retailer_id: str | None = None


class Elements(VendorModel):
    elements: tuple[Element, ...] = ()


class AttachmentPayload(VendorModel):
    url: str | None = None
    title: str | None = None
    sticker_id: str | None = None
    reel_video_id: str | None = None
    ig_post_media_id: str | None = None
    coordinates: Coordinates | None = None
    product: Elements | None = None


class Attachment(VendorModel):
    """``payload`` has one shape per ``type``; a shared link has title and URL beside it."""

    type: str | None = None
    title: str | None = None
    url: str | None = None
    payload: AttachmentPayload | None = None


class Story(VendorModel):
    id: str | None = None
    url: str | None = None


class MessageReference(VendorModel):
    """A reply to a message, or on Instagram to a story."""

    mid: str | None = None
    story: Story | None = None


class QuickReply(VendorModel):
    payload: str | None = None


class ReferredProduct(VendorModel):
    id: str | None = None


class AdsContext(VendorModel):
    ad_title: str | None = None


class Referral(VendorModel):
    """How the person came into the conversation: a link, an ad, a product of the shop."""

    ref: str | None = None
    source: str | None = None
    type: str | None = None
    ad_id: str | None = None
    referer_uri: str | None = None
    product: ReferredProduct | None = None
    ads_context_data: AdsContext | None = None


class DirectMessage(VendorModel):
    mid: str
    text: str | None = None
    is_echo: bool = False
    is_deleted: bool = False
    is_unsupported: bool = False
    attachments: tuple[Attachment, ...] = ()
    quick_reply: QuickReply | None = None
    reply_to: MessageReference | None = None
    referral: Referral | None = None


class Postback(VendorModel):
    mid: str | None = None
    title: str | None = None
    payload: str | None = None
    referral: Referral | None = None


class Edit(VendorModel):
    mid: str
    text: str | None = None
    num_edit: str | None = None


class OptIn(VendorModel):
    """``type`` ``notification_messages`` is a consent to marketing messages; ``ref`` comes from a plug-in's button.

    The token that lets one write to the person is a credential, and not read.
    """

    type: str | None = None
    title: str | None = None
    payload: str | None = None
    ref: str | None = None
    user_ref: str | None = None
    notification_messages_frequency: str | None = None
    notification_messages_status: str | None = None
    user_token_status: str | None = None


class Reaction(VendorModel):
    mid: str
    action: str = "react"
    emoji: str | None = None
    reaction: str | None = None


class Receipt(VendorModel):
    """Messenger counts by ``watermark`` (milliseconds), Instagram by ``mid``."""

    mid: str | None = None
    mids: tuple[str, ...] = ()
    watermark: float | None = None


class FollowUp(VendorModel):
    payload: str | None = None


class Question(VendorModel):
    """``payload`` is the answer: a score, or what somebody wrote."""

    payload: str | None = None
    follow_up: FollowUp | None = None


class FeedbackScreen(VendorModel):
    questions: dict[str, Question] = Field(default_factory=dict)


class Feedback(VendorModel):
    """The answers to a form.

    https://developers.facebook.com/docs/messenger-platform/send-messages/templates/customer-feedback-template
    """

    feedback_screens: tuple[FeedbackScreen, ...] = ()


class Thumb(VendorModel):
    """A thumb under one message: .../messenger-platform/webhooks/webhook-events/response_feedback."""

    mid: str
    feedback: str | None = None


class Messaging(VendorModel):
    sender: Party = Party()
    recipient: Party = Party()
    timestamp: float | None = None
    message: DirectMessage | None = None
    postback: Postback | None = None
    reaction: Reaction | None = None
    read: Receipt | None = None
    delivery: Receipt | None = None
    message_edit: Edit | None = None
    optin: OptIn | None = None
    referral: Referral | None = None
    messaging_feedback: Feedback | None = None
    response_feedback: Thumb | None = None


class Change(VendorModel):
    """``value`` has one shape per ``field``; see ``VALUES``."""

    field: str
    value: Any = None


class Entry(VendorModel):
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


class Delivery(VendorModel):
    object: str
    entry: tuple[Entry, ...] = ()


class Leadgen(VendorModel):
    leadgen_id: str
    form_id: str | None = None
    ad_id: str | None = None
    created_time: float


class Media(VendorModel):
    """``media_product_type`` is AD, FEED, STORY or REELS; an ad is a medium of its own, of ``original_media_id``."""

    id: str | None = None
    ad_id: str | None = None
    original_media_id: str | None = None
    media_product_type: str | None = None


class Comment(VendorModel):
    id: str
    from_: Party = Field(Party(), alias="from")
    media: Media = Media()
    parent_id: str | None = None
    text: str | None = None


class FeedAuthor(VendorModel):
    id: str | None = None
    name: str | None = None


class Feed(VendorModel):
    """A change of a page's feed: a comment, reaction or post that was added, edited or removed.

    ``sender_id`` and ``sender_name`` stand for ``from`` in older versions, and in what is said of ratings.
    """

    item: str | None = None
    verb: str | None = None
    from_: FeedAuthor = Field(FeedAuthor(), alias="from")
    sender_id: str | None = None
    sender_name: str | None = None
    post_id: str | None = None
    comment_id: str | None = None
    parent_id: str | None = None
    reaction_type: str | None = None
    message: str | None = None
    permalink_url: str | None = None
    link: str | None = None
    photo: str | None = None
    video: str | None = None
    created_time: float | None = None


class Rating(Feed):
    """A recommendation of the page (stars until 2018), or what is said of one: restfb/restfb#744, #758, #904."""

    open_graph_story_id: str | None = None
    reviewer_id: str | None = None
    reviewer_name: str | None = None
    rating: int | None = None
    recommendation_type: str | None = None
    review_text: str | None = None


class PageMention(Feed):
    """Somebody names the page in a post or comment elsewhere."""


class Mention(VendorModel):
    """A mention in a comment has both ids, one in a caption only ``media_id``."""

    media_id: str | None = None
    comment_id: str | None = None


VALUES: dict[str, type[VendorModel]] = {
    "page.leadgen": Leadgen,
    "page.feed": Feed,
    "page.ratings": Rating,
    "page.mention": PageMention,
    "instagram.comments": Comment,
    "instagram.live_comments": Comment,
    "instagram.mentions": Mention,
    "whatsapp.messages": Messages,
    "whatsapp.user_preferences": Preferences,
    "whatsapp.user_id_update": IdUpdates,
    "whatsapp.smb_message_echoes": Echoes,
    "whatsapp.history": History,
    "whatsapp.calls": Calls,
}
"""The shape of ``value`` by object and ``field``; any other field is not read."""


class Answer(VendorModel):
    name: str
    values: tuple[str, ...] = ()


class Disclaimer(VendorModel):
    """A box below the form; ``is_checked`` comes as true or "1", and empty where it is not."""

    checkbox_key: str
    is_checked: bool = False


class Lead(VendorModel):
    """``GET /{leadgen_id}``."""

    created_time: str | None = None
    form_id: str | None = None
    ad_id: str | None = None
    field_data: tuple[Answer, ...] = ()
    disclaimers: tuple[Disclaimer, ...] = Field((), alias="custom_disclaimer_responses")


class LeadAnswers(VendorModel):
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


class MentionedItem(VendorModel):
    text: str | None = None
    caption: str | None = None
    timestamp: str | None = None
    username: str | None = None
    permalink: str | None = None


class Mentioned(VendorModel):
    """``GET /{ig-user-id}?fields=mentioned_comment…`` or ``mentioned_media…``."""

    mentioned_comment: MentionedItem | None = None
    mentioned_media: MentionedItem | None = None
