"""Mailchimp's subscribers to canonical customers and consents. Pure.

A record is one address on one audience: its id is ``<list id>:<md5 of the lower-case address>``, which every event
type can give (``cleaned`` has no id, ``upemail`` names another), and whose second half is the member id of the
Marketing API. Of the audience that Hub writes to it is the contact itself, with that second half alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from hub.connectors.mailchimp import schemas
from hub.connectors.mailchimp.manifest import MailchimpSettings
from hub.connectors.mailchimp.schemas_members import hash_of
from hub.mapping.customer import customer
from hub.mapping.fieldmap import FieldMap
from hub.mapping.name import clean
from hub.mapping.time import instant, maybe_instant
from hub.model.consent import Consent, ConsentChannel, ConsentState
from hub.model.customer import CustomerSnapshot
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction, InteractionKind
from hub.sdk.crm.reading import KIND

SUBSCRIBER = FieldMap(
    schemas.Subscriber,
    {
        "first_name": "first_name",
        "last_name": "last_name",
        "email": "email",
        "phone": ("phone", "sms_phone"),
        "street": "street",
        "line2": "line2",
        "postal_code": "postal_code",
        "city": "city",
        "region": "region",
        "country": "country",
        "company": "company",
    },
    not_offered={
        "external_id": "made of audience and address, see the module's text",
        "middle_name": "no such merge field by default",
        "full_name": "FNAME and LNAME only",
        "birth_date": "BIRTHDAY is month and day without a year",
        "house_number": "part of addr1",
        "language": "not in webhooks; see members",
        "national_id": "not collected",
        "contact_kind": "a subscriber may be anything to the business",
        "handle": "not collected",
        "loyalty_id": "not collected",
    },
)

MEMBER = FieldMap(
    schemas.Member,
    {
        "first_name": "merge_fields.FNAME",
        "last_name": "merge_fields.LNAME",
        "email": "email_address",
        "phone": ("merge_fields.PHONE", "merge_fields.SMSPHONE", "sms_phone_number"),
        "street": "merge_fields.ADDRESS.addr1",
        "line2": "merge_fields.ADDRESS.addr2",
        "postal_code": "merge_fields.ADDRESS.zip",
        "city": "merge_fields.ADDRESS.city",
        "region": "merge_fields.ADDRESS.state",
        "country": "merge_fields.ADDRESS.country",
        "company": "merge_fields.COMPANY",
        "language": "language",
    },
    not_offered={name: why for name, why in SUBSCRIBER.not_offered.items() if name != "language"},
)


def record_key(settings: MailchimpSettings, list_id: str, email: str) -> RecordKey:
    """The record of an address on an audience: a contact that Hub writes to, or a subscriber of another audience."""
    digest = hash_of(email)
    if list_id == settings.audience:
        return RecordKey(kind=KIND, external_id=digest)
    return RecordKey(kind="subscriber", external_id=f"{list_id}:{digest}")


def subscriber(
    source: schemas.Subscriber,
    key: RecordKey,
    region: str,
    *,
    consent: Consent | None = None,
    custom: Mapping[str, object] | None = None,
) -> CustomerSnapshot:
    return customer(
        key,
        SUBSCRIBER.read(source),
        region=region,
        consents=(consent,) if consent else (),
        tags=_names(source.interests),
        custom=custom,
    )


def member(
    source: schemas.Member, key: RecordKey, region: str, *, custom: Mapping[str, object] | None = None
) -> CustomerSnapshot:
    told = (member_consent(source), *_by_text(source))
    return customer(
        key,
        MEMBER.read(source),
        region=region,
        consents=[consent for consent in told if consent],
        custom=custom,
        tags=dict.fromkeys(name for tag in source.tags if (name := clean(tag.name))),
    )


# what stands beside the box is the owner's own text; these are Mailchimp's defaults, and their German translations
_CHANNELS: Mapping[str, ConsentChannel] = {
    "email": "email",
    "e-mail": "email",
    "sms": "sms",
    "text message": "sms",
    "phone": "phone",
    "telefon": "phone",
    "direct mail": "post",
    "post": "post",
    "brief": "post",
}


def _permissions(source: schemas.Member) -> Iterator[Consent]:
    """The boxes of a GDPR form, where they name a channel; when they were ticked is not told.

    A box that is not ticked is no opt-out: nothing says that the person saw it. Of e-mail the subscription tells.
    """
    for box in source.marketing_permissions:
        channel = _CHANNELS.get((box.text or "").strip().lower())
        if channel is None or channel == "email" or not box.enabled:
            continue
        yield Consent(
            channel=channel,
            state="opted_in",
            evidence=f"mailchimp: marketing permission {box.marketing_permission_id} of audience {source.list_id}",
        )


_SMS_STATES: Mapping[str, ConsentState] = {
    "subscribed": "opted_in",
    "unsubscribed": "opted_out",
    "pending": "pending",
}


def _by_text(source: schemas.Member) -> tuple[Consent, ...]:
    """The boxes of a form, and the subscription to text messages, which counts before a box for them.

    ``nonsubscribed`` is the state before any act.
    """
    boxes = tuple(_permissions(source))
    state = _SMS_STATES.get((source.sms_subscription_status or "").lower())
    if state is None:
        return boxes
    at = source.sms_subscription_last_updated or (source.last_changed if state == "opted_out" else None)
    evidence = f"mailchimp: text messages of audience {source.list_id}: {state}"
    told = Consent(
        channel="sms", state=state, at=maybe_instant(at, path="sms_subscription_last_updated"), evidence=evidence
    )
    return (told, *(box for box in boxes if box.channel != "sms"))


def fired_at(event: schemas.Event) -> datetime:
    """Mailchimp writes no zone and its guide names none; read as UTC, as the Marketing API's own times are."""
    return instant(event.fired_at, path="fired_at")


def opt_in(source: schemas.Subscriber) -> Consent:
    """Explicit only with the address the person confirmed from: an import or API call has none.

    The address itself is personal and no evidence to carry around.
    """
    return Consent(
        channel="email",
        state="opted_in",
        at=fired_at(source),
        evidence=f"mailchimp: subscribed to audience {source.list_id}",
        explicit=bool(source.ip_opt),
    )


def opt_out(source: schemas.Subscriber, how: str) -> Consent:
    return Consent(
        channel="email",
        state="opted_out",
        at=fired_at(source),
        evidence=f"mailchimp: {how} audience {source.list_id}",
        explicit=True,
    )


def member_consent(source: schemas.Member) -> Consent | None:
    """None for ``cleaned``, ``transactional`` and ``archived``: none of these is a word of the person on marketing.

    ``last_changed`` is at or after the time of an opt-out, so that no older opt-in can win against it.
    """
    audience = f"audience {source.list_id}"
    opted_at = maybe_instant(source.timestamp_opt, path="timestamp_opt")
    match source.status:
        case "subscribed":
            explicit = bool(opted_at and source.ip_opt)
            evidence = f"mailchimp: subscribed to {audience}"
            return Consent(channel="email", state="opted_in", at=opted_at, evidence=evidence, explicit=explicit)
        case "unsubscribed":
            at = instant(source.last_changed, path="last_changed")
            return Consent(
                channel="email", state="opted_out", at=at, evidence=f"mailchimp: unsubscribed from {audience}"
            )
        case "pending":
            at_signup = maybe_instant(source.timestamp_signup, path="timestamp_signup")
            evidence = f"mailchimp: not yet confirmed for {audience}"
            return Consent(channel="email", state="pending", at=at_signup, evidence=evidence)
        case _:
            return None


def interaction(source: schemas.Subscriber, kind: InteractionKind, event_id: str) -> Interaction:
    return Interaction(
        external_id=event_id,
        kind=kind,
        channel="email",
        direction="in",
        campaign=source.campaign_id or None,
        reference=source.list_id,
        details={"reason": source.reason} if source.reason else {},
    )


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in (text or "").split(",") if (name := clean(part))))
