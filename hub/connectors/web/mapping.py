"""Messages to canonical events, one message at a time. Sources: see ``schemas``.

What a visitor does waits under the id of their device or account (``InteractionEvent.waits``): no record, no profile
and no comparison is made for somebody of whom nothing is known. Only ``identify`` and ``alias`` make records.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from hub.connectors.web.manifest import WebSettings
from hub.connectors.web.mapping_admission import id_of
from hub.connectors.web.mapping_orders import ORDER_EVENTS, events_of_order
from hub.connectors.web.schemas import Item, Message, Properties, Traits
from hub.errors import PayloadError
from hub.mapping.came import came_by, named
from hub.mapping.custom import text
from hub.mapping.customer import CustomerFields, customer, guest_key
from hub.mapping.details import answers
from hub.mapping.email import email
from hub.mapping.fieldmap import FieldMap
from hub.mapping.payload import Reading
from hub.model.consent import Consent
from hub.model.event import CanonicalEvent, CustomerEvent, InteractionEvent, LinkEvent, Note
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction, InteractionKind
from hub.model.order import ProductReference

TRAITS = FieldMap(
    Traits,
    {
        "first_name": ("firstName", "first_name"),
        "last_name": ("lastName", "last_name"),
        "full_name": "name",
        "email": "email",
        "phone": "phone",
        "birth_date": "birthday",
        "street": "address.street",
        "postal_code": ("address.postalCode", "address.postal_code"),
        "city": "address.city",
        "region": "address.state",
        "country": "address.country",
        "company": "company.name",
        "language": "language",
        "handle": "username",
    },
    not_offered={
        "external_id": "the user's id is the record key",
        "middle_name": "no trait of that meaning",
        "house_number": "part of address.street",
        "line2": "part of address.street",
        "national_id": "no trait of that meaning",
        "loyalty_id": "no trait of that meaning",
        "contact_kind": "no trait of that meaning",
    },
)
_OWN = frozenset(Traits.model_fields)

LONGEST_ID = 200
_DEVICE, _USER = "anonymous", "user"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")

_KINDS: Mapping[str, InteractionKind] = {
    "product viewed": "product_viewed",
    "product clicked": "product_viewed",
    "product added": "product_added",
    "product removed": "product_removed",
    "checkout started": "checkout_started",
    "products searched": "searched",
    "form submitted": "form_submitted",
}
"""https://www.twilio.com/docs/segment/connections/spec/ecommerce/v2; every other event is ``tracked``."""

_OF_PRODUCTS = ("product_viewed", "product_added", "product_removed")
_NOT_TOLD = ("url", "path", "title", "name", "referrer", "search", "query", "products", "product_id", "sku")


def events_of(
    message: Message, message_id: str, at: datetime, path: str, reading: Reading, settings: WebSettings
) -> Iterator[CanonicalEvent]:
    """What one message tells. Raises PayloadError where it names nobody, or is none of the calls."""
    device = _key(_DEVICE, message.anonymousId)
    user = _key(_USER, message.userId)
    who = user or device
    match message.type:
        case "identify" if who:
            yield from _identified(message, message_id, at, path, reading, settings, user, device)
        case "alias" if user:
            yield from _aliased(message, at, user, device, path)
        case "group" if who and (group := id_of(message.groupId)):
            details = {**_plain_texts(message.traits, f"{path}.traits".lstrip("."), reading), **_named(message)}
            yield _done(message_id, at, who, message, "tracked", subject="group", reference=group, details=details)
        case "page" | "screen" if who:
            kind: InteractionKind = "page_viewed" if message.type == "page" else "screen_viewed"
            seen = _properties(message, path, reading)
            title = message.name or seen.title or message.context.page.title
            details = _details(message, seen, path, reading)
            yield _done(message_id, at, who, message, kind, url=seen.url, subject=title, details=details)
        case "track" if who and message.event:
            yield from _tracked(message, message_id, at, path, reading, settings, who)
        case "track" | "group" if who:
            missing = "event" if message.type == "track" else "groupId"
            raise PayloadError("it does not say what it is of", path=f"{path}.{missing}".lstrip("."))
        case "alias":
            raise PayloadError("it names nobody", path=f"{path}.userId".lstrip("."))
        case "identify" | "group" | "page" | "screen" | "track":
            raise PayloadError("it names nobody", path=f"{path}.anonymousId".lstrip("."))
        case _:
            raise PayloadError("none of the calls", path=f"{path}.type".lstrip("."))


def digest(told: str | bytes) -> str:
    return hashlib.blake2b(told.encode() if isinstance(told, str) else told, digest_size=16).hexdigest()


def _key(kind: str, told: str | None) -> RecordKey | None:
    found = id_of(told)
    if found is None:
        return None
    return RecordKey(kind=kind, external_id=found if len(found) <= LONGEST_ID else digest(found))


def _identified(
    message: Message,
    message_id: str,
    at: datetime,
    path: str,
    reading: Reading,
    settings: WebSettings,
    user: RecordKey | None,
    device: RecordKey | None,
) -> Iterator[CanonicalEvent]:
    """Who somebody is. Where no account is named it goes by their e-mail or phone, else by nothing.

    Two people who tell their addresses on one device are two records: a device is no person (``LinkEvent.once``).
    """
    told = message.traits or message.context.traits
    place = f"{path}.traits".lstrip(".")
    fields = _fields(message, told, place, reading)
    custom = _plain_texts({name: value for name, value in told.items() if name not in _OWN}, place, reading)
    key = user or guest_key(fields, region=settings.default_region, fallback="")
    if not key.external_id:
        if device and (custom or fields):
            said = custom | {str(name): values[0] for name, values in fields.items()}
            yield _done(message_id, at, device, message, "tracked", subject="identify", details=said)
        return
    consent = tuple(_consents(told, settings))
    if fields or custom or consent:
        yield CustomerEvent(
            occurred_at=at,
            customer=customer(key, fields, region=settings.default_region, consents=consent, custom=custom),
        )
    if device:
        yield LinkEvent(occurred_at=at, records=(device, key), reason="identified on this device", once=device)


def _fields(message: Message, told: Mapping[str, Any], place: str, reading: Reading) -> CustomerFields:
    tree = dict(told)
    if isinstance(tree.get("company"), str):
        tree["company"] = {"name": tree["company"]}
    if isinstance(tree.get("address"), str):
        tree["address"] = {"street": tree["address"]}
    fields = dict(TRAITS.read(reading.tree(Traits, tree, place)))
    if "email" not in fields and message.userId and "@" in message.userId and (found := email(message.userId)):
        fields["email"] = (found.original,)
    return fields


def _consents(told: Mapping[str, Any], settings: WebSettings) -> Iterator[Consent]:
    """A trait comes along with every identify: it is a copied flag, and no act. An opt-out holds all the same."""
    for name, channel in settings.consent_traits.items():
        said = (text(told.get(name)) or "").lower()
        if said:
            refused = said in ("false", "0", "no", "off", "unsubscribed")
            yield Consent(
                channel=channel, state="opted_out" if refused else "opted_in", evidence=f"trait {name}", explicit=False
            )


def _aliased(
    message: Message, at: datetime, user: RecordKey, device: RecordKey | None, path: str
) -> Iterator[CanonicalEvent]:
    """Two ids of one user. The old one may be that of a device, which are UUIDs; nobody says which it is."""
    before = _key(_USER, message.previousId) or device
    if before is None:
        raise PayloadError("no id", path=f"{path}.previousId".lstrip("."))
    seen = device is not None and before.external_id == device.external_id
    keys = [] if seen else [before]
    if seen or _UUID.fullmatch(before.external_id):
        keys.append(RecordKey(kind=_DEVICE, external_id=before.external_id))
    for key in keys:
        if key != user:
            yield LinkEvent(occurred_at=at, records=(key, user), reason="alias", once=key)


def _tracked(
    message: Message,
    message_id: str,
    at: datetime,
    path: str,
    reading: Reading,
    settings: WebSettings,
    who: RecordKey,
) -> Iterator[CanonicalEvent]:
    name = " ".join((message.event or "").replace("_", " ").split()).lower()
    place = f"{path}.properties".lstrip(".")
    kind = _KINDS.get(name, "tracked")
    if settings.orders and name in ORDER_EVENTS:
        own = who if who.kind == _USER else None
        events = reading.alone(events_of_order(name, message, message_id, at, place, reading, own, settings))
        yield from events
        if events and kind == "tracked":
            return
    seen = _properties(message, path, reading)
    item = reading.tree(Item, message.properties, place) if kind in _OF_PRODUCTS else None
    yield _done(
        message_id,
        at,
        who,
        message,
        kind,
        subject=message.event,
        reference=seen.order_id or seen.checkout_id or seen.cart_id,
        url=seen.url,
        query=seen.query if kind == "searched" else None,
        product=ProductReference(
            external_id=item.product_id or item.id, variant_id=item.variant, sku=item.sku, name=item.name
        )
        if item
        else None,
        details=_details(message, seen, path, reading),
    )


def _done(
    message_id: str,
    at: datetime,
    who: RecordKey,
    message: Message,
    kind: InteractionKind,
    *,
    url: str | None = None,
    **told: Any,
) -> InteractionEvent:
    context = message.context
    told["details"] = {**told.get("details", {}), **_came(message, url)}
    app = message.type == "screen" or context.device.type or message.channel == "mobile"
    return InteractionEvent(
        occurred_at=at,
        record=who,
        waits=kind != "form_submitted" or who.kind == _DEVICE,
        interaction=Interaction(
            external_id=message_id,
            kind=kind,
            channel="app" if app else "web",
            url=_plain(url or context.page.url),
            campaign=context.campaign.name,
            **told,
        ),
    )


def _properties(message: Message, path: str, reading: Reading) -> Properties:
    return reading.tree(Properties, message.properties, f"{path}.properties".lstrip("."))


def _details(message: Message, seen: Properties, path: str, reading: Reading) -> dict[str, str]:
    place = f"{path}.properties".lstrip(".")
    told = {name: value for name, value in message.properties.items() if name not in _NOT_TOLD}
    referrer = _plain(seen.referrer or message.context.page.referrer)
    came = {"referrer": referrer} if referrer else {}
    return {**_plain_texts(told, place, reading), **_named(message), **came}


def _came(message: Message, url: str | None) -> dict[str, str]:
    """The campaign of the address, and what the sender read of it.

    ``context.campaign`` holds UTM parameters: https://www.twilio.com/docs/segment/connections/spec/common#context
    """
    campaign = message.context.campaign
    told = named({"utm_source": campaign.source, "utm_medium": campaign.medium, "utm_campaign": campaign.name})
    return {**told, **came_by(url or message.context.page.url)}


def _plain_texts(told: Mapping[str, Any], place: str, reading: Reading) -> dict[str, str]:
    """What is text, number or a list of them; the names of objects are noted."""
    reading.notes += [
        Note(path=f"{place}.{name}", reason="an object, which is left out")
        for name, value in told.items()
        if isinstance(value, dict)
    ]
    return answers({name: value for name, value in told.items() if not isinstance(value, dict)})


def _named(message: Message) -> dict[str, str]:
    return {"category": message.category} if message.category else {}


def _plain(url: str | None) -> str | None:
    """Without query and fragment, where tokens and addresses of people stand."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if not parts.netloc:
        return parts.path if parts.path.startswith("/") else None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
