"""What any CRM is told of a profile and an order, before it has a name there. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from hub.mapping.fieldmap import PersonMap
from hub.model.address import Address
from hub.model.consent import ConsentChannel
from hub.model.order import Order, OrderLine
from hub.model.profile import ConsentSummary, Profile
from hub.sdk.destination import OrderChange

CHANNELS: tuple[ConsentChannel, ...] = ("email", "sms", "whatsapp", "phone", "post")

NAMES = (
    *("profile_id", "emails", "phones", "birth_date", "language", "tags", "loyalty_ids", "contact_kinds"),
    *("lifetime_value", "lifetime_totals", "order_count", "first_order_at", "last_order_at"),
    *(f"{channel}_consent" for channel in CHANNELS),
    "email_consent_at",
)
"""What Hub tells of a profile in fields of its own, whatever a CRM calls them. Several values are joined by ";"."""


def consents(profile: Profile) -> dict[ConsentChannel, ConsentSummary]:
    """The marketing consent that holds for each channel; none where nobody knows.

    An opt-out from everything is one from each (law L7); an opt-in to everything counts where a channel has no own.
    """
    held = {consent.channel: consent for consent in profile.consents if consent.purpose == "marketing"}
    general = held.get("any")
    refused = general is not None and general.state == "opted_out"
    found = {channel: general if refused else held.get(channel) or general for channel in CHANNELS}
    return {channel: one for channel, one in found.items() if one is not None and one.state != "unknown"}


def of_profile(profile: Profile, fields: Mapping[str, str], moment: Callable[[datetime | None], str]) -> dict[str, str]:
    """What the CRM's fields hold of a profile, as text; what nobody knows is left out.

    ``fields`` maps each field to a name of ``NAMES``, to one of ``full_name``, ``last_name`` (all of a name that has no
    parts), ``street`` (both lines), ``address`` (in one line) and ``language_code`` (two letters), or to a path of the
    profile. ``moment`` writes a moment in the CRM's own form.
    """
    told = _told(profile, moment)
    paths, facts = _split(tuple(fields.items()))
    return {**paths.read(profile), **{field: text for field, fact in facts if (text := told[fact])}}


@lru_cache(maxsize=64)
def _split(fields: tuple[tuple[str, str], ...]) -> tuple[PersonMap, tuple[tuple[str, str], ...]]:
    """Those with a path of the profile, as they are read, and those with a name of ours."""
    named = {*NAMES, "full_name", "last_name", "street", "address", "language_code"}
    paths = {field: path for field, path in fields if path not in named}
    return PersonMap(paths), tuple((field, fact) for field, fact in fields if fact in named)


ORDER_NAMES = ("key", "title", "net", "currency", "placed_on", "placed_at", "state")
"""What Hub tells of an order: ``net`` of refunds, ``placed_on`` as a day, its own ``state`` or ``deleted``."""


def of_order(
    change: OrderChange, fields: Mapping[str, str], moment: Callable[[datetime | None], str]
) -> dict[str, str]:
    """What the CRM's fields hold of an order, as text; ``fields`` maps each to a name of ``ORDER_NAMES``."""
    order = change.order
    told = {
        "key": change.key,
        "title": title(change),
        "net": decimal(change.net),
        "currency": order.currency,
        "placed_on": day(order.placed_at),
        "placed_at": moment(order.placed_at),
        "state": state(change),
    }
    return {field: told[fact] for field, fact in fields.items()}


def _told(profile: Profile, moment: Callable[[datetime | None], str]) -> dict[str, str]:
    orders, held = profile.orders, consents(profile)
    email, name = held.get("email"), profile.name
    home = profile.addresses[0] if profile.addresses else Address()
    return {
        "full_name": full_name(profile),
        "last_name": name.last or ("" if name.first else name.full) or "",
        "street": "\n".join(filter(None, (home.line1, home.line2))),
        "address": in_one_line(home),
        "language_code": language_code(profile.language),
        "profile_id": str(profile.id),
        "emails": ";".join(profile.emails[1:] and profile.emails),
        "phones": ";".join(profile.phones[1:] and profile.phones),
        "birth_date": profile.birth_date.isoformat() if profile.birth_date else "",
        "language": profile.language or "",
        "tags": ";".join(profile.tags),
        "loyalty_ids": ";".join(profile.loyalty_ids),
        "contact_kinds": ";".join(profile.contact_kinds),
        "lifetime_value": lifetime_value(profile),
        "lifetime_totals": lifetime_totals(profile),
        "order_count": str(orders.count) if orders.count else "",
        "first_order_at": moment(orders.first_at),
        "last_order_at": moment(orders.last_at),
        **{f"{channel}_consent": held[channel].state if channel in held else "" for channel in CHANNELS},
        "email_consent_at": moment(email.at) if email else "",
    }


def full_name(profile: Profile) -> str:
    """The name in one text; "" where nobody knows it."""
    return profile.name.full or " ".join(filter(None, (profile.name.first, profile.name.last)))


def in_one_line(address: Address) -> str:
    """An address such as "Große Straße 12, 49074 Osnabrück, DE"."""
    town = " ".join(filter(None, (address.postal_code, address.city)))
    return ", ".join(filter(None, (address.line1, address.line2, town, address.region, address.country)))


def language_code(language: str | None) -> str:
    """The two letters of a language, the part that closed lists know everywhere; "" where it has none."""
    primary = (language or "").replace("_", "-").split("-")[0].lower()
    return primary if len(primary) == 2 else ""


def opted_out(profile: Profile) -> set[ConsentChannel]:
    """The channels by which the person wants no marketing."""
    return {channel for channel, consent in consents(profile).items() if consent.state == "opted_out"}


def title(change: OrderChange) -> str:
    """What an order is called: its number and the connection it is from, and no personal value."""
    return f"{change.order.number or change.order.external_id} ({change.connection})"


MOST_LINES, MOST_TEXT = 50, 1500
"""How much of an order's lines is told: text fields of every CRM take as much."""


LINE_NAMES = ("name", "sku", "quantity", "price", "currency")
"""What Hub tells of a line that is a record of its own: ``price`` is of one, after discounts."""


def line_records(change: OrderChange, fields: Mapping[str, str]) -> list[dict[str, str]]:
    """The goods of an order, at most ``MOST_LINES``; ``fields`` maps each field of a line to a name of ``LINE_NAMES``.

    What nobody knows is "": another product may have stood in its place.
    """
    told = [
        {
            "name": line.product.name or line.product.sku or "?",
            "sku": line.product.sku or "",
            "quantity": decimal(line.quantity),
            "price": _price(line),
            "currency": change.order.currency,
        }
        for line in _goods(change.order)[:MOST_LINES]
    ]
    return [{field: line[fact] for field, fact in fields.items()} for line in told]


def _goods(order: Order) -> list[OrderLine]:
    return [line for line in order.lines if line.kind == "product"]


def _price(line: OrderLine) -> str:
    """Of one, after discounts; "" where nobody knows it, or where it is less than nothing (CRMs refuse that)."""
    price = line.unit_price if line.total is None or not line.quantity else line.total / line.quantity
    if price is None or price < 0:
        return ""
    return decimal(price.quantize(MILLIONTH).normalize())


MILLIONTH = Decimal("0.000001")


def lines(change: OrderChange) -> str:
    """The goods of an order for people to read, a line each, and what was given back; "" where none are known.

    What the customer chose for a line (an engraving) is left out: it may name somebody.
    """
    order = change.order
    goods = [f"{line.quantity:f} x {line.product.name or line.product.sku or '?'}" for line in _goods(order)]
    shown, length = [], 0
    for line in goods[:MOST_LINES]:
        length += len(line) + 1
        if length > MOST_TEXT:
            break
        shown.append(line)
    if len(shown) < len(goods):
        shown.append(f"and {len(goods) - len(shown)} more")
    given_back = order.total - change.net
    if shown and given_back > 0:
        shown.append(f"given back: {decimal(given_back)} {order.currency}")
    return "\n".join(shown)


def state(change: OrderChange) -> str:
    """The order's own state, or ``deleted``."""
    return "deleted" if change.deleted else change.order.state


def sale(change: OrderChange) -> Literal["open", "won", "lost"]:
    """Lost when it failed, was cancelled or deleted, or nothing of it is left; won once it is paid; else open."""
    nothing_left = change.net <= 0 < change.order.total
    if change.deleted or nothing_left or change.order.state in ("cancelled", "refunded", "failed"):
        return "lost"
    return "open" if change.is_open else "won"


def lifetime_value(profile: Profile) -> str:
    """The total of all orders, where they are of one currency: amounts of several are never added up."""
    totals = profile.orders.totals
    return decimal(totals[0].amount) if len(totals) == 1 else ""


def lifetime_totals(profile: Profile) -> str:
    """The total in each currency, such as ``EUR 118.40; CHF 20.00``."""
    return "; ".join(f"{total.currency} {decimal(total.amount)}" for total in profile.orders.totals)


def decimal(value: Decimal) -> str:
    """A number as text, never as 1E+2."""
    return format(value, "f")


def day(value: datetime | None) -> str:
    """The day in UTC, such as 2026-03-01; "" for none."""
    return value.astimezone(UTC).date().isoformat() if value else ""


def instant(value: datetime | None, timespec: str = "seconds") -> str:
    """The moment in UTC, such as 2026-03-01T12:00:00Z (RFC 3339); "" for none."""
    return value.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z") if value else ""


def day_and_time(value: datetime | None) -> str:
    """The moment in UTC, such as 2026-03-01 12:00:00; "" for none."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if value else ""
