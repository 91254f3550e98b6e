"""Meta's updates to canonical events, one update at a time.

Ids are scoped: the same person has another id at every page, account and WhatsApp business, so the business's own id
is part of every record key and account. Sources: see ``schemas``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hub.connectors.meta.schemas import (
    Comment,
    Contact,
    DirectMessage,
    Entry,
    IdUpdates,
    Interactive,
    Lead,
    LeadAnswers,
    Leadgen,
    Mention,
    MentionedItem,
    Messages,
    Messaging,
    Preferences,
    Status,
    WhatsAppMessage,
)
from hub.errors import PayloadError
from hub.mapping.customer import customer
from hub.mapping.fieldmap import FieldMap
from hub.mapping.time import epoch, instant
from hub.model.consent import Consent, ConsentState
from hub.model.customer import ChannelAccount, CustomerSnapshot
from hub.model.event import CanonicalEvent, ConsentEvent, CustomerEvent, InteractionEvent, LinkEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction

LEAD_FIELDS = FieldMap(
    LeadAnswers,
    {
        "first_name": "first_name",
        "last_name": "last_name",
        "full_name": "full_name",
        "email": ("email", "work_email"),
        "phone": ("phone_number", "work_phone_number"),
        "street": "street_address",
        "postal_code": ("post_code", "zip_code"),
        "city": "city",
        "region": ("state", "province"),
        "country": "country",
        "company": "company_name",
        "national_id": "national_id",
    },
    not_offered={
        "external_id": "the lead's own id is the record key",
        "middle_name": "no standard question",
        "birth_date": "the notation follows the form's language (month or day first) and is not told",
        "house_number": "part of street_address",
        "line2": "no standard question",
        "language": "not told",
        "handle": "not told",
        "loyalty_id": "no standard question",
    },
)


def _key(network: str, business: str, person: str) -> RecordKey:
    return RecordKey(kind="person", external_id=f"{network}:{business}:{person}")


def _account(network: str, business: str, person: str, handle: str | None = None) -> ChannelAccount:
    return ChannelAccount(network=network, account_id=f"{business}:{person}", handle=handle)


def conversation(network: str, entry: Entry, update: Messaging, path: str) -> Iterator[CanonicalEvent]:
    """Messenger and Instagram direct messages. The other side is the person, whoever wrote."""
    out = update.sender.id == entry.id or (update.message is not None and update.message.is_echo)
    other, role = (update.recipient, "recipient") if out else (update.sender, "sender")
    read = update.message or update.postback or update.reaction or update.delivery or update.read
    if read is None or (other.id is None and other.user_ref):
        return
    if other.id is None:
        raise PayloadError("no id", path=f"{path}.{role}.id")
    at = _time(update, entry, path)
    key = _key(network, entry.id, other.id)
    person = _account(network, entry.id, other.id, other.username)
    yield CustomerEvent(occurred_at=at, customer=customer(key, {}, accounts=(person,)))
    for interaction in _interactions(network, update, "out" if out else "in", at, other.id):
        yield InteractionEvent(occurred_at=at, interaction=interaction, record=key)


def comment(entry: Entry, value: Comment, path: str) -> Iterator[CanonicalEvent]:
    """A comment under the account's own media; the account's own comments belong to nobody."""
    if value.from_.id is None:
        raise PayloadError("no id", path=f"{path}.from.id")
    if value.from_.id == entry.id:
        return
    at = _entry_time(entry, path)
    key = _key("instagram", entry.id, value.from_.id)
    person = _account("instagram", entry.id, value.from_.id, value.from_.username)
    yield CustomerEvent(occurred_at=at, customer=customer(key, {}, accounts=(person,)))
    yield InteractionEvent(
        occurred_at=at,
        record=key,
        interaction=Interaction(
            external_id=value.id,
            kind="comment",
            channel="instagram",
            text=value.text,
            reference=value.parent_id or value.media.id,
        ),
    )


def mention(entry: Entry, value: Mention, found: MentionedItem | None, path: str) -> Iterator[CanonicalEvent]:
    """A mention with what was fetched about it; without an author (deleted, hidden) it belongs to nobody."""
    if found is None or found.username is None:
        return
    at = instant(found.timestamp, path=f"{path}.timestamp") if found.timestamp else _entry_time(entry, path)
    key = _key("instagram", entry.id, f"@{found.username.lower()}")
    yield CustomerEvent(occurred_at=at, customer=customer(key, {"handle": (found.username,)}))
    yield InteractionEvent(
        occurred_at=at,
        record=key,
        interaction=Interaction(
            external_id=value.comment_id or value.media_id or "",
            kind="mention",
            channel="instagram",
            text=found.text or found.caption,
            url=found.permalink,
            reference=value.media_id,
        ),
    )


def lead(value: Leadgen, found: Lead, *, region: str, path: str) -> Iterator[CanonicalEvent]:
    """A filled-in lead form. Answers to the form's own questions become details of the interaction."""
    at = epoch(value.created_time, path=f"{path}.created_time")
    answers = {answer.name: ", ".join(answer.values) for answer in found.field_data if answer.values}
    standard = LeadAnswers.model_validate(answers)
    key = RecordKey(kind="lead", external_id=value.leadgen_id)
    yield CustomerEvent(occurred_at=at, customer=customer(key, LEAD_FIELDS.read(standard), region=region))
    yield InteractionEvent(
        occurred_at=at,
        record=key,
        interaction=Interaction(
            external_id=value.leadgen_id,
            kind="lead_form",
            channel="facebook",
            reference=value.form_id or found.form_id,
            campaign=value.ad_id or found.ad_id,
            details={name: text for name, text in answers.items() if name not in LeadAnswers.model_fields},
        ),
    )


def whatsapp(business: str, value: Messages, path: str, *, region: str) -> Iterator[CanonicalEvent]:
    """Messages, changed numbers and statuses of one WhatsApp number."""
    for index, message in enumerate(value.messages):
        here = f"{path}.messages.{index}"
        if message.type == "system":
            yield from _changed_number(business, message, here, region=region)
            continue
        own = message.contacts if message.type == "contacts" and message.origin == "contact_request" else ()
        person = _person(
            business,
            value.contacts,
            wa_id=message.from_,
            user_id=message.from_user_id,
            phones=tuple(phone.phone for contact in own for phone in contact.phones if phone.phone),
            region=region,
        )
        if person is None:
            raise PayloadError("neither from nor from_user_id", path=f"{here}.from")
        at = epoch(message.timestamp, path=f"{here}.timestamp")
        yield CustomerEvent(occurred_at=at, customer=person, whole=() if own else ("phones",))
        yield InteractionEvent(occurred_at=at, interaction=_whatsapp_message(message), record=person.key)
    for index, status in enumerate(value.statuses):
        yield from _whatsapp_status(business, value.contacts, status, f"{path}.statuses.{index}", region=region)


def preferences(business: str, value: Preferences, path: str, *, region: str) -> Iterator[CanonicalEvent]:
    """The person's own "stop" or "resume" of marketing messages: an explicit act with its time."""
    states: dict[str, ConsentState] = {"stop": "opted_out", "resume": "opted_in", "signup": "opted_in"}
    for index, preference in enumerate(value.user_preferences):
        here = f"{path}.user_preferences.{index}"
        state = states.get(preference.value.lower())
        if state is None or preference.category not in (None, "marketing_messages"):
            continue
        person = _person(business, value.contacts, wa_id=preference.wa_id, user_id=preference.user_id, region=region)
        if person is None:
            raise PayloadError("neither wa_id nor user_id", path=here)
        at = epoch(preference.timestamp, path=f"{here}.timestamp")
        evidence = f"WhatsApp user_preferences: {preference.value.lower()}"
        consent = Consent(channel="whatsapp", state=state, at=at, evidence=evidence, explicit=True)
        yield CustomerEvent(occurred_at=at, customer=person, whole=("phones",))
        yield ConsentEvent(occurred_at=at, record=person.key, consent=consent)


def changed_ids(business: str, value: IdUpdates, path: str, *, region: str) -> Iterator[CanonicalEvent]:
    """A new business-scoped id of the same person (they get one with a new number)."""
    for index, update in enumerate(value.user_id_update):
        at = epoch(update.timestamp, path=f"{path}.user_id_update.{index}.timestamp")
        old = _person(business, (), user_id=update.user_id.previous, region=region)
        new = _person(business, value.contacts, wa_id=update.wa_id, user_id=update.user_id.current, region=region)
        yield from _linked(at, old, new, "WhatsApp user id changed")


def _changed_number(business: str, message: WhatsAppMessage, path: str, *, region: str) -> Iterator[CanonicalEvent]:
    system = message.system
    if system is None or system.type not in ("user_changed_number", "customer_changed_number", "user_changed_user_id"):
        return
    at = epoch(message.timestamp, path=f"{path}.timestamp")
    old = _person(business, (), wa_id=message.from_, user_id=message.from_user_id, region=region)
    new = _person(business, (), wa_id=system.wa_id or system.new_wa_id, user_id=system.user_id, region=region)
    if old is None or new is None:
        raise PayloadError("old or new id is missing", path=f"{path}.system")
    yield from _linked(at, old, new, "WhatsApp number changed")


def _linked(
    at: datetime, old: CustomerSnapshot | None, new: CustomerSnapshot | None, reason: str
) -> Iterator[CanonicalEvent]:
    """The old record has the new number too: its own may be another person's by now."""
    if old is None or new is None:
        return
    yield CustomerEvent(occurred_at=at, customer=old.model_copy(update={"phones": new.phones}), whole=("phones",))
    yield CustomerEvent(occurred_at=at, customer=new, whole=("phones",))
    if old.key != new.key:
        yield LinkEvent(occurred_at=at, records=(old.key, new.key), reason=reason)


def _person(
    business: str,
    contacts: tuple[Contact, ...],
    *,
    wa_id: str | None = None,
    user_id: str | None = None,
    phones: tuple[str, ...] = (),
    region: str,
) -> CustomerSnapshot | None:
    """The record is named by the business-scoped id where there is one, else by the number; None without both."""
    contact = _contact(contacts, wa_id, user_id)
    wa_id, user_id = wa_id or contact.wa_id, user_id or contact.user_id
    if wa_id is None and user_id is None:
        return None
    handle = (contact.profile.username or "").removeprefix("@") or None
    ids = [_account("whatsapp", business, each, handle) for each in (user_id, wa_id) if each]
    if contact.parent_user_id:
        ids.append(ChannelAccount(network="whatsapp", account_id=contact.parent_user_id, handle=handle))
    return customer(
        _key("whatsapp", business, user_id or wa_id or ""),
        {"full_name": (contact.profile.name or "",), "phone": (f"+{wa_id}" if wa_id else "", *phones)},
        region=region,
        accounts=ids,
    )


def _contact(contacts: tuple[Contact, ...], wa_id: str | None, user_id: str | None) -> Contact:
    for contact in contacts:
        if (user_id and contact.user_id == user_id) or (wa_id and contact.wa_id == wa_id):
            return contact
    return contacts[0] if len(contacts) == 1 and wa_id is None and user_id is None else Contact()


def _whatsapp_message(message: WhatsAppMessage) -> Interaction:
    if message.reaction:
        reaction = message.reaction
        return _fact("whatsapp", message.id, "reaction", text=reaction.emoji, reference=reaction.message_id)
    details = {"type": message.type}
    if message.group_id:
        details["group"] = message.group_id
    if message.order:
        details["items"] = ", ".join(f"{i.quantity} × {i.product_retailer_id}" for i in message.order.product_items)
    return _fact(
        "whatsapp",
        message.id,
        "message",
        text=_text(message),
        url=message.referral.source_url if message.referral else None,
        campaign=message.referral.source_id if message.referral else None,
        reference=message.context.id if message.context else None,
        details=details,
    )


def _text(message: WhatsAppMessage) -> str | None:
    interactive = message.interactive or Interactive()
    choice = interactive.button_reply or interactive.list_reply
    attached = message.image or message.video or message.document
    return (
        (message.text.body if message.text else None)
        or (message.button.text if message.button else None)
        or (choice.title if choice else None)
        or (attached.caption if attached else None)
        or (message.order.text if message.order else None)
    )


def _whatsapp_status(
    business: str, contacts: tuple[Contact, ...], status: Status, path: str, *, region: str
) -> Iterator[CanonicalEvent]:
    """In a group every participant has a status of their own; ``recipient_id`` is the group's."""
    group = status.recipient_type == "group"
    wa_id = status.recipient_participant_id if group else status.recipient_id
    user_id = status.recipient_participant_user_id if group else status.recipient_user_id
    person = _person(business, contacts, wa_id=wa_id, user_id=user_id, region=region)
    if person is None:
        raise PayloadError("neither recipient_id nor recipient_user_id", path=f"{path}.recipient_id")
    at = epoch(status.timestamp, path=f"{path}.timestamp")
    details = {"status": status.status}
    for error in status.errors[:1]:
        details |= {name: text for name, text in (("error", error.code), ("reason", error.title)) if text}
    suffix = f":{user_id or wa_id}" if group else ""
    yield CustomerEvent(occurred_at=at, customer=person)
    yield InteractionEvent(
        occurred_at=at,
        record=person.key,
        interaction=_fact(
            "whatsapp",
            f"{status.id}:{status.status}{suffix}",
            "message_status",
            direction="out",
            reference=status.id,
            details=details,
        ),
    )


def _interactions(network: str, update: Messaging, direction: str, at: datetime, person: str) -> Iterator[Interaction]:
    millis = int(at.timestamp() * 1000)
    if update.message:
        yield _message(network, update.message, direction)
    if update.postback:
        yield _fact(
            network,
            update.postback.mid or f"postback:{person}:{millis}",
            "message",
            text=update.postback.title or update.postback.payload,
        )
    if update.reaction:
        reaction = update.reaction
        yield _fact(
            network,
            f"{reaction.mid}:{reaction.action}:{millis}",
            "reaction",
            direction=direction,
            text=reaction.emoji or reaction.reaction,
            reference=reaction.mid,
            details={"action": reaction.action},
        )
    for status, receipt in (("delivered", update.delivery), ("read", update.read)):
        if receipt:
            mids = receipt.mids or ((receipt.mid,) if receipt.mid else ())
            for mid in mids:
                yield _status(network, f"{mid}:{status}", status, reference=mid)
            if not mids:
                yield _status(network, f"{person}:{status}:{millis}", status)


def _message(network: str, message: DirectMessage, direction: str) -> Interaction:
    if message.is_deleted:
        return _status(network, f"{message.mid}:deleted", "deleted", reference=message.mid, direction=direction)
    kinds = ", ".join(attachment.type for attachment in message.attachments if attachment.type)
    urls = (a.payload.url for a in message.attachments if a.payload and a.payload.url)
    return _fact(
        network,
        message.mid,
        "message",
        direction=direction,
        text=message.text,
        url=next(urls, None),
        reference=message.reply_to.mid if message.reply_to else None,
        details={"attachments": kinds} if kinds else {},
    )


def _fact(network: str, external_id: str, kind: str, **values: object) -> Interaction:
    return Interaction.model_validate({"external_id": external_id, "kind": kind, "channel": network, **values})


def _status(network: str, external_id: str, status: str, **values: object) -> Interaction:
    return _fact(network, external_id, "message_status", **{"direction": "out", **values}, details={"status": status})


def _time(update: Messaging, entry: Entry, path: str) -> datetime:
    """Delivery receipts have no time but the watermark up to which they count."""
    receipt = update.delivery or update.read
    value = update.timestamp or (receipt.watermark if receipt else None)
    return _entry_time(entry, path) if value is None else epoch(value, path=f"{path}.timestamp")


def _entry_time(entry: Entry, path: str) -> datetime:
    path = ".".join([*path.split(".")[:2], "time"])
    if entry.time is None:
        raise PayloadError("no time", path=path)
    return epoch(entry.time, path=path)
