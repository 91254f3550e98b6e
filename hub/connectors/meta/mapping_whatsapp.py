"""WhatsApp's messages, statuses and preferences to canonical events. Sources: see ``schemas_whatsapp``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hub.connectors.meta.mapping import account, fact, person_key, status
from hub.connectors.meta.schemas_whatsapp import (
    AdReferral,
    Attached,
    Call,
    Calls,
    Choice,
    Contact,
    Context,
    Echoes,
    EditedMessage,
    FlowReply,
    History,
    IdUpdates,
    Interactive,
    Messages,
    OfANumber,
    Preference,
    Preferences,
    Product,
    Status,
    WhatsAppMessage,
)
from hub.errors import PayloadError
from hub.mapping.custom import texts
from hub.mapping.customer import customer
from hub.mapping.details import answers
from hub.mapping.payload import Reading
from hub.mapping.phone import phone, region_of
from hub.mapping.time import epoch
from hub.model.consent import Consent, ConsentState
from hub.model.customer import ChannelAccount, CustomerSnapshot
from hub.model.event import CanonicalEvent, ConsentEvent, CustomerEvent, InteractionEvent, LinkEvent
from hub.model.interaction import Interaction

_NUMBER_CHANGED = ("user_changed_number", "customer_changed_number", "user_changed_user_id")


def whatsapp(business: str, value: Messages, path: str, reading: Reading, *, region: str) -> Iterator[CanonicalEvent]:
    """Messages, changed numbers and statuses of one WhatsApp number; each stands alone."""
    for index, message in enumerate(value.messages):
        yield from reading.alone(_received(business, value, message, f"{path}.messages.{index}", region=region))
    for index, found in enumerate(value.statuses):
        here = f"{path}.statuses.{index}"
        yield from reading.alone(_whatsapp_status(business, value, found, here, region=region))


def echoes(business: str, value: Echoes, path: str, reading: Reading, *, region: str) -> Iterator[CanonicalEvent]:
    """What colleagues wrote in the app: it stands with whom they wrote to."""
    for index, message in enumerate(value.message_echoes):
        here = f"{path}.message_echoes.{index}"
        yield from reading.alone(_sent(business, value, message, message.to, here, region=region))


def history(business: str, value: History, path: str, reading: Reading, *, region: str) -> Iterator[CanonicalEvent]:
    """What was written in the app before, by either side."""
    for number, chunk in enumerate(value.history):
        for place, thread in enumerate(chunk.threads):
            for index, message in enumerate(thread.messages):
                here = f"{path}.history.{number}.threads.{place}.messages.{index}"
                if _is_own(value, message.from_):
                    yield from reading.alone(_sent(business, value, message, thread.id, here, region=region))
                else:
                    yield from reading.alone(_received(business, value, message, here, region=region))


def calls(business: str, value: Calls, path: str, reading: Reading, *, region: str) -> Iterator[CanonicalEvent]:
    """Calls that are over: who called whom, how long, and whether anybody answered."""
    for index, call in enumerate(value.calls):
        if call.event.lower() == "terminate":
            yield from reading.alone(_called(business, value, call, f"{path}.calls.{index}", region=region))


def _called(business: str, value: Calls, call: Call, here: str, *, region: str) -> Iterator[CanonicalEvent]:
    out = (call.direction or "").upper() == "BUSINESS_INITIATED" or _is_own(value, call.from_)
    wa_id, user_id = (call.to, call.to_user_id) if out else (call.from_, call.from_user_id)
    person = _person(business, value.contacts, wa_id=wa_id, user_id=user_id, region=region)
    if person is None:
        raise PayloadError("neither number nor user id", path=f"{here}.{'to' if out else 'from'}")
    at = epoch(call.timestamp, path=f"{here}.timestamp")
    yield CustomerEvent(occurred_at=at, customer=person)
    told = fact(
        "whatsapp",
        call.id,
        "call",
        direction="out" if out else "in",
        starts_at=epoch(call.start_time, path=f"{here}.start_time") if call.start_time else None,
        ends_at=epoch(call.end_time, path=f"{here}.end_time") if call.end_time else None,
        state=(call.status or "").lower() or None,
        details=texts([("seconds", call.duration)]),
    )
    yield InteractionEvent(occurred_at=at, interaction=told, record=person.key)


def _sent(
    business: str, value: OfANumber, message: WhatsAppMessage, to: str | None, here: str, *, region: str
) -> Iterator[CanonicalEvent]:
    person = _person(business, value.contacts, wa_id=_digits(to), user_id=message.to_user_id, region=region)
    if person is None:
        raise PayloadError("neither to nor to_user_id", path=f"{here}.to")
    at = epoch(message.timestamp, path=f"{here}.timestamp")
    yield CustomerEvent(occurred_at=at, customer=person)
    yield InteractionEvent(occurred_at=at, interaction=_whatsapp_message(message, "out"), record=person.key)


def _digits(number: str | None) -> str | None:
    """A number as WhatsApp's ids have it: of echoes it may be one with a plus."""
    return "".join(filter(str.isdigit, number or "")) or None


def _is_own(value: OfANumber, wa_id: str | None) -> bool:
    """The business's own number is no customer's."""
    own = _digits(value.metadata.display_phone_number)
    return own is not None and _digits(wa_id) == own


def _received(
    business: str, value: OfANumber, message: WhatsAppMessage, here: str, *, region: str
) -> Iterator[CanonicalEvent]:
    if _is_own(value, message.from_):
        return
    if message.type == "system" and message.system and message.system.type in _NUMBER_CHANGED:
        yield from _changed_number(business, message, here, region=region)
        return
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
    yield InteractionEvent(occurred_at=at, interaction=_whatsapp_message(message, "in"), record=person.key)


def preferences(
    business: str, value: Preferences, path: str, reading: Reading, *, region: str
) -> Iterator[CanonicalEvent]:
    """The person's own "stop" or "resume" of marketing messages: an explicit act with its time; each stands alone."""
    for index, preference in enumerate(value.user_preferences):
        here = f"{path}.user_preferences.{index}"
        yield from reading.alone(_preference(business, value, preference, here, region=region))


_STATES: dict[str, ConsentState] = {"stop": "opted_out", "resume": "opted_in", "signup": "opted_in"}


def _preference(
    business: str, value: Preferences, preference: Preference, here: str, *, region: str
) -> Iterator[CanonicalEvent]:
    state = _STATES.get(preference.value.lower())
    if state is not None and preference.category in (None, "marketing_messages"):
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
    if system is None:
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
    number = phone(f"+{wa_id}", region) if wa_id else None
    if wa_id is None and user_id is None:
        return None
    handle = (contact.profile.username or "").removeprefix("@") or None
    ids = [account("whatsapp", business, each, handle) for each in (user_id, wa_id) if each]
    if contact.parent_user_id:
        ids.append(ChannelAccount(network="whatsapp", account_id=contact.parent_user_id, handle=handle))
    return customer(
        person_key("whatsapp", business, user_id or wa_id or ""),
        {"full_name": (contact.profile.name or "",), "phone": (f"+{wa_id}" if wa_id else "", *phones)},
        region=(region_of(number.value) if number and number.usable else None) or region,
        accounts=ids,
    )


def _contact(contacts: tuple[Contact, ...], wa_id: str | None, user_id: str | None) -> Contact:
    for contact in contacts:
        if (user_id and contact.user_id == user_id) or (wa_id and contact.wa_id == wa_id):
            return contact
    return contacts[0] if len(contacts) == 1 and wa_id is None and user_id is None else Contact()


def _whatsapp_message(message: WhatsAppMessage, direction: str) -> Interaction:
    if message.reaction:
        reaction = message.reaction
        taken_back = {} if reaction.emoji else {"action": "unreact"}
        return fact(
            "whatsapp",
            message.id,
            "reaction",
            direction=direction,
            text=reaction.emoji,
            reference=reaction.message_id,
            details=taken_back,
        )
    if message.revoke:
        gone = message.revoke.original_message_id
        return status("whatsapp", f"{gone}:deleted", "deleted", direction=direction, reference=gone)
    referral, context = message.referral or AdReferral(), message.context or Context()
    details = {"type": message.type, "group": message.group_id} | _content(message, context, referral)
    return fact(
        "whatsapp",
        message.id,
        "message",
        direction=direction,
        text=_text(message),
        url=referral.source_url or (message.location.url if message.location else None),
        campaign=referral.source_id,
        reference=message.edit.original_message_id if message.edit else context.id,
        details=texts(details.items()),
    )


def _content(message: WhatsAppMessage, context: Context, referral: AdReferral) -> dict[str, object]:
    """What a form holds beside its words, by WhatsApp's names."""
    found: dict[str, object] = {}
    if message.order:
        found["items"] = ", ".join(f"{i.quantity} × {i.product_retailer_id}" for i in message.order.product_items)
        prices = (f"{i.item_price} {i.currency}" for i in message.order.product_items if i.item_price and i.currency)
        found |= {"catalog": message.order.catalog_id, "prices": ", ".join(prices)}
    if message.location:
        found |= message.location.model_dump(exclude={"url"})
    if message.button:
        found["payload"] = message.button.payload
    if message.interactive:
        choice = message.interactive.button_reply or message.interactive.list_reply or Choice()
        flow = message.interactive.nfm_reply or FlowReply()
        found |= {"choice": choice.id, "description": choice.description, "form": flow.name}
        found |= answers(flow.response_json)
        if permission := message.interactive.call_permission_reply:
            found |= {"call_permission": permission.response, "permanent": permission.is_permanent}
            found["until"] = permission.expiration_timestamp
    if attached := _attached(message):
        found |= {"media": attached.id, "filename": attached.filename, "mime_type": attached.mime_type}
    if message.type == "contacts" and message.origin != "contact_request":
        found["contacts"] = ", ".join(c.name.shown for c in message.contacts if c.name.shown)
    for error in message.errors[:1]:
        found |= {"error": error.code, "reason": error.title}
    if message.unsupported:
        found["unsupported"] = message.unsupported.type
    if message.edit:
        found["edited"] = True
    if context.forwarded or context.frequently_forwarded:
        found["forwarded"] = True
    product = context.referred_product or Product()
    found |= {"product": product.product_retailer_id, "ad": referral.source_type, "headline": referral.headline}
    return found | {"ad_text": referral.body, "click": referral.ctwa_clid}


def _attached(message: WhatsAppMessage) -> Attached | None:
    return message.image or message.video or message.document or message.audio or message.sticker


def _text(message: WhatsAppMessage) -> str | None:
    interactive = message.interactive or Interactive()
    choice = interactive.button_reply or interactive.list_reply
    edited = message.edit.message if message.edit else EditedMessage()
    attached = _attached(message) or edited.image or edited.video or edited.document
    return (
        (message.text.body if message.text else None)
        or (edited.text.body if edited.text else None)
        or (message.button.text if message.button else None)
        or (choice.title if choice else None)
        or (interactive.nfm_reply.body if interactive.nfm_reply else None)
        or (attached.caption if attached else None)
        or (message.order.text if message.order else None)
        or (message.system.body if message.system else None)
    )


def _whatsapp_status(
    business: str, value: Messages, found: Status, path: str, *, region: str
) -> Iterator[CanonicalEvent]:
    """In a group every participant has a status of their own; ``recipient_id`` is the group's."""
    group = found.recipient_type == "group"
    wa_id = found.recipient_participant_id if group else found.recipient_id
    user_id = found.recipient_participant_user_id if group else found.recipient_user_id
    if _is_own(value, wa_id):
        return
    person = _person(business, value.contacts, wa_id=wa_id, user_id=user_id, region=region)
    if person is None:
        raise PayloadError("neither recipient_id nor recipient_user_id", path=f"{path}.recipient_id")
    at = epoch(found.timestamp, path=f"{path}.timestamp")
    details = {"status": found.status}
    for error in found.errors[:1]:
        details |= {name: text for name, text in (("error", error.code), ("reason", error.title)) if text}
    suffix = f":{user_id or wa_id}" if group else ""
    yield CustomerEvent(occurred_at=at, customer=person)
    yield InteractionEvent(
        occurred_at=at,
        record=person.key,
        interaction=fact(
            "whatsapp",
            f"{found.id}:{found.status}{suffix}",
            "message_status",
            direction="out",
            reference=found.id,
            details=details,
        ),
    )
