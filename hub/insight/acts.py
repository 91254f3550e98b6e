"""What a person did, as it is stored, read as acts: which steps of the two ladders each is, and how it is told. Pure.

The ladder of marketing (awareness … advocacy) takes everything a person does; the funnel of a shop (visit, cart,
checkout, order, repeat) only what is done there. What the business did (mails sent) is no act, but a contact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.insight.touches import channel_of

FUNNEL = ("visit", "cart", "checkout", "order", "repeat")
LADDER = (
    "awareness", "interest", "consideration", "intent", "evaluation", "purchase", "loyalty", "advocacy",
)  # fmt: skip
VISIT, CART, CHECKOUT, ORDER, REPEAT = range(len(FUNNEL))
AWARE, INTERESTED, CONSIDERING, INTENDING, EVALUATING, BOUGHT, LOYAL, ADVOCATE = range(len(LADDER))

STEPS: Mapping[str, tuple[int | None, int]] = {
    "page_viewed": (VISIT, AWARE), "screen_viewed": (VISIT, AWARE), "tracked": (VISIT, AWARE),
    "reaction": (None, AWARE), "mention": (None, AWARE),
    "searched": (VISIT, INTERESTED), "form_submitted": (VISIT, INTERESTED), "lead_form": (None, INTERESTED),
    "email_subscribed": (None, INTERESTED), "email_clicked": (None, INTERESTED), "email_replied": (None, INTERESTED),
    "message": (None, INTERESTED), "comment": (None, INTERESTED),
    "product_viewed": (VISIT, CONSIDERING), "store_visit": (None, CONSIDERING), "call": (None, CONSIDERING),
    "appointment": (None, CONSIDERING),
    "product_added": (CART, INTENDING), "cart": (CART, INTENDING),
    "checkout_started": (CHECKOUT, EVALUATING), "checkout": (CHECKOUT, EVALUATING),
    "open_order": (CHECKOUT, EVALUATING),
    "order": (ORDER, BOUGHT), "loyalty": (None, LOYAL), "praise": (None, ADVOCATE),
}  # fmt: skip
"""Step of the funnel and of the ladder, by what was done. Opens of mails are none: programs open them, too."""

_SENT = {"email_sent": "email", "email_delivered": "email"}
_REACTIONS = {"email_clicked": "email", "email_replied": "email", "call": "phone"}
_WRITTEN = frozenset({"message", "comment", "mention", "reaction"})
GOOD = Decimal("0.75")
"""The share of a scale from which a review is praise: four of five stars."""

_IN_SHOP = {"till": "in store", "web": "online", "email": "by e-mail", "social": "by message"}


@dataclass(frozen=True, slots=True)
class Act:
    """``what`` was done ``at`` (seconds since 1970). ``words`` is how a journey tells it, "" where it does not.

    ``channel`` is where the person can be answered (email, phone, whatsapp …), None elsewhere; ``contacted`` is True
    where the business spoke. ``total`` is what a cart holds, in ``currency``. ``text`` is what the person wrote.
    """

    at: float
    what: str
    words: str = ""
    channel: str | None = None
    contacted: bool = False
    total: float | None = None
    currency: str | None = None
    text: str | None = None


def act_of(kind: str, at: float, connected: str, told: Any) -> Act | None:
    """A stored fact as an act; ``connected`` is the channel of its connection. None for what is no act of anybody's."""
    if not isinstance(told, Mapping):
        return None
    if kind == "interaction":
        return _interaction(at, told)
    if kind in ("order", "open_order"):
        where = _IN_SHOP.get(connected, "online")
        return Act(at, kind, f"order {where}" if kind == "order" else "")
    if kind == "cart":
        return _cart(at, told)
    if kind == "fulfilment":
        collected = told.get("kind") == "pickup"
        return Act(at, "collected", "collect in store") if collected else None
    if kind == "refund":
        return Act(at, "returned", "return in store" if connected == "till" else "return by post")
    if kind == "case":
        return Act(at, "returned", "return by post") if told.get("kind") == "return" else None
    return _feedback(at, told) if kind == "feedback" else None


def _interaction(at: float, told: Mapping[str, Any]) -> Act | None:
    kind, out = str(told.get("kind")), told.get("direction") == "out"
    where = str(told.get("channel") or "")
    if kind in _SENT:
        return Act(at, kind, channel="email", contacted=True)
    if kind in _WRITTEN or kind == "call":
        channel = _REACTIONS.get(kind, where)
        if out:
            return Act(at, kind, channel=channel, contacted=True)
        return Act(at, kind, f"{kind} by {channel}", channel, text=_text(told))
    if kind not in STEPS:
        return None
    came = channel_of(told)
    words = {
        "email_clicked": "click in a mail", "email_replied": "reply by e-mail", "store_visit": "visit the store",
        "appointment": "appointment", "lead_form": "lead form", "product_added": "put in cart",
        "checkout_started": "start checkout",
    }.get(kind)  # fmt: skip
    if words is None:
        words = "" if came is None else "visit" if came == "direct" else f"visit from {came}"
    return Act(at, kind, words, _REACTIONS.get(kind), text=_text(told))


def _text(told: Mapping[str, Any]) -> str | None:
    text = told.get("text")
    return text if isinstance(text, str) and text else None


def _cart(at: float, told: Mapping[str, Any]) -> Act | None:
    total = _number(told.get("total"))
    if not told.get("lines") and not total:
        return None
    currency = told.get("currency")
    return Act(
        at,
        "checkout" if told.get("recovery_url") else "cart",
        "start checkout" if told.get("recovery_url") else "put in cart",
        total=total,
        currency=currency if isinstance(currency, str) else None,
        contacted=False,
    )


def _feedback(at: float, told: Mapping[str, Any]) -> Act | None:
    if told.get("state") in ("rejected", "withdrawn"):
        return None
    rating, worst, best = (_number(told.get(name, default)) for name, default in _SCALE)
    if rating is None or worst is None or best is None or best <= worst:
        return None
    good = (rating - worst) / (best - worst) >= float(GOOD)
    return Act(at, "praise", "praise") if good else Act(at, "review", "review")


_SCALE = (("rating", None), ("worst", 1), ("best", 5))


def _number(value: Any) -> float | None:
    try:
        number = Decimal(str(value)) if value is not None else None
    except InvalidOperation:
        return None
    return float(number) if number is not None and number.is_finite() else None
