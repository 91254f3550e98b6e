"""What of a person's history was a touch, by which channel, and the paths that led to orders or to nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from hub.insight.attribution import DIRECT, Journey, touches
from hub.mapping.came import came_by

WINDOW = 90 * 86_400
"""Seconds before an order in which a touch counts."""

_CLICK_IDS = {
    "gclid": "google ads", "gbraid": "google ads", "wbraid": "google ads", "msclkid": "microsoft ads",
    "ttclid": "tiktok ads", "li_fat_id": "linkedin ads", "twclid": "x ads", "epik": "pinterest ads",
}  # fmt: skip
"""Parameters that advertising networks put on links. Facebook's ``fbclid`` is on every link, paid or not."""

_PAID = ("cpc", "ppc", "paid", "cpm", "display", "ads")
_SEARCH = (".google.", ".bing.", ".duckduckgo.", ".ecosia.", ".qwant.", ".yahoo.", ".startpage.", ".baidu.", ".yandex.")
_PAYMENT = ("paypal.", "klarna.", "stripe.com", "mollie.", "adyen.", "giropay.", "sofort.", "amazonpay", "payments.")
_OF_KINDS = {
    "email_clicked": "email", "email_replied": "email", "store_visit": "store", "call": "phone", "appointment": "store",
}  # fmt: skip
_SOCIAL = frozenset({"message", "comment", "mention", "reaction"})
_PAGES = frozenset({"page_viewed", "screen_viewed", "product_viewed", "searched", "checkout_started", "form_submitted"})


@dataclass(frozen=True, slots=True)
class Happened:
    """``at`` is in seconds; an order has a ``value``, a touch a ``channel``, or whatever else a path is to consist of.

    ``value`` is net of returns, 0 where all went back; ``gross`` is what it was before, where that is more.
    """

    at: float
    channel: str | None = None
    value: float | None = None
    gross: float | None = None


def channel_of(interaction: Mapping[str, Any]) -> str | None:
    """The channel of an interaction, as it is stored; None for what is no touch of the person's own."""
    kind = str(interaction.get("kind"))
    if kind in _OF_KINDS:
        return _OF_KINDS[kind]
    if kind in _SOCIAL:
        return str(interaction.get("channel")) if interaction.get("direction", "in") == "in" else None
    if kind not in _PAGES:
        return None
    details = interaction.get("details")
    told = details if isinstance(details, Mapping) else {}
    url = str(interaction.get("url") or "")
    found = channel_of_campaign({**told, **came_by(url)})
    if found is not None:
        return found
    referrer = _host(str(told.get("referrer") or ""))
    if not referrer or any(each in referrer for each in _PAYMENT):
        # Who comes back from paying came by what brought them before (matomo-org/matomo#18612).
        return None if referrer else DIRECT
    if referrer == _host(url):
        # A step within the site is no touch of its own: counted, it would give all to direct (matomo#22347).
        return None
    return "organic search" if any(each in f".{referrer}." for each in _SEARCH) else "referral"


def channel_of_link(url: str) -> str | None:
    """The channel that a landing page's parameters name: click ids first, then UTM. None where they say nothing."""
    return channel_of_campaign(came_by(url))


def channel_of_order(order: Mapping[str, Any]) -> str | None:
    """The channel that an order, as it is stored, says it came by; None where it says nothing."""
    custom = order.get("custom")
    if not isinstance(custom, Mapping):
        return None
    # Shopware keeps the codes of links by themselves, as affiliateCode and campaignCode of its orders.
    codes = "affiliate" if custom.get("affiliateCode") else "other campaigns" if custom.get("campaignCode") else None
    return channel_of_campaign(custom) or codes


def channel_of_campaign(told: Mapping[str, Any]) -> str | None:
    """The channel of ``click_id``, ``utm_source``, ``utm_medium`` and ``utm_campaign``; None where there are none.

    A campaign that names no source is one all the same, and not direct (rybbit-io/rybbit#1102).
    """
    clicked = str(told.get("click_id") or "").lower()
    if clicked in _CLICK_IDS:
        return _CLICK_IDS[clicked]
    source, medium = (str(told.get(name) or "").strip().lower() for name in ("utm_source", "utm_medium"))
    if medium in ("email", "e-mail", "newsletter"):
        return "email"
    if medium == "organic":
        return "organic search"
    if source:
        return f"{source[:40]} ads" if any(word in medium for word in _PAID) else source[:40]
    if clicked == "fbclid":
        return "facebook"
    return medium[:40] or ("other campaigns" if told.get("utm_campaign") else None)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def journeys(people: Iterable[Sequence[Happened]], now: float) -> list[Journey]:
    """The paths of people: each order ends one, and touches that led to nothing within the window are a lost one.

    An order that went back in full ends its path as well, as a lost one. Paths that may still end in an order are left
    out.
    """
    found: list[Journey] = []
    for happened in people:
        seen: list[tuple[str, float]] = []
        for each in sorted(happened, key=_when):
            if each.value is None:
                if each.channel is not None:
                    if seen and each.at - seen[-1][1] > WINDOW:
                        found.append(_lost(seen))
                        seen = []
                    seen.append((each.channel, each.at))
                continue
            kept = touches(one for one in seen if each.at - one[1] <= WINDOW)
            if kept:
                days = tuple((each.at - at) / 86_400 for _, at in kept)
                path, gross = tuple(channel for channel, _ in kept), each.value if each.gross is None else each.gross
                if each.value > 0:
                    found.append(Journey(path, days, 1.0, each.value, gross=gross))
                else:  # it came to nothing, after all
                    found.append(Journey(path, days, lost=1.0, returned=1.0, gross=gross))
            seen = []
        if seen and now - seen[-1][1] > WINDOW:
            found.append(_lost(seen))
    return found


def _when(one: Happened) -> tuple[float, bool, str, float, float]:
    """By what things are in order: of those of one second as well, whichever was told first."""
    return one.at, one.value is not None, one.channel or "", one.value or 0.0, one.gross or 0.0


def _lost(seen: Sequence[tuple[str, float]]) -> Journey:
    return Journey(tuple(channel for channel, _ in touches(seen)), lost=1.0)
