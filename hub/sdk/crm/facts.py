"""What any CRM is told of a profile and an order, before it has a name there. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from hub.model.consent import ConsentChannel
from hub.model.profile import ConsentSummary, Profile
from hub.sdk.destination import OrderChange

CHANNELS: tuple[ConsentChannel, ...] = ("email", "sms", "whatsapp", "phone", "post")


def consents(profile: Profile) -> dict[ConsentChannel, ConsentSummary]:
    """The marketing consent that holds for each channel; none where nobody knows.

    An opt-out from everything is one from each (law L7); an opt-in to everything counts where a channel has no own.
    """
    held = {consent.channel: consent for consent in profile.consents if consent.purpose == "marketing"}
    general = held.get("any")
    refused = general is not None and general.state == "opted_out"
    found = {channel: general if refused else held.get(channel) or general for channel in CHANNELS}
    return {channel: one for channel, one in found.items() if one is not None and one.state != "unknown"}


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
