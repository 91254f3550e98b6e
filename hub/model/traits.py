"""Traits: what Hub works out of a profile, as routes, segments, mappings and people see it. See docs/insight.md."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from hub.model.base import Frozen, UtcDatetime
from hub.model.money import Currency

Stage = Literal["potential", "new", "existing", "loyal", "at_risk", "former", "won_back"]
RfmGroup = Literal[
    "champions", "loyal", "active", "promising", "new", "needs_attention", "at_risk", "previously_loyal", "almost_lost",
    "dormant",
]  # fmt: skip
Step = Literal["visit", "cart", "checkout", "order", "repeat"]
Rung = Literal[
    "awareness", "interest", "consideration", "intent", "evaluation", "purchase", "loyalty", "advocacy",
]  # fmt: skip


LeadAction = Literal["task", "nurture", "wait"]
FollowUp = Literal["task", "nurture"]
Leaving = Literal["keep", "tag", "archive", "remove"]
"""What becomes of somebody's record in a system that they left by a hand-over."""


class Traits(Frozen):
    """None, or empty, is what nobody can tell: too little data, or nobody fitted anything yet.

    ``stage`` is where in the life cycle the person is, ``stage_since`` since when. ``alive`` is the probability that
    the person still is a customer, ``buys_in_90_days`` that of an order, both from 0 to 1. ``orders_next_year`` are
    expected. Amounts are in major units of ``currency``, the one the person orders in most often: ``order_value`` of
    the next order, ``value_next_year`` revenue (no profit) that is expected, and with four chances of five between
    ``_low`` and ``_high``. ``rfm`` are three scores from 1 to 5. ``last_order_via`` is the connection of the last
    order. ``stage_before`` is the stage that ``stage`` followed on. ``persona`` is the group of customers they are
    nearest to. ``next_products`` are names, the likeliest first; ``up_sell`` is what those with the same buy next and
    dearer; ``replenish_product`` is what they will need again, ``replenish_on`` when. Of who has bought nothing:
    ``win_probability`` from .01 to .99, ``lead_score`` from 1 to 99 (in how many of a hundred leads it is smaller),
    ``lead_action`` by ``config/leads.yaml``, the three ``lead_reasons`` that weigh most, and what their open orders are
    worth (``lead_value``, in ``lead_currency``). ``funnel`` is the furthest step in the shop's funnel, reached at
    ``funnel_since``; ``ladder`` the furthest rung from awareness to advocacy. ``left_cart_at`` is when something was
    put into a cart after which nothing was ordered. ``preferred_channel`` is the one the person answers by,
    ``best_hour`` the hour (0 to 23, local time of the person's country) with most reactions. ``qualification`` is the
    state of the funnel of ``config/qualification.yaml``, reached at ``qualified_at``, ``owner`` who looks after the
    person since, ``follow_up`` what followed the hand-over. ``left`` is told only to a system that the person left.
    """

    stage: Stage | None = None
    stage_since: date | None = None
    stage_before: Stage | None = None
    alive: Decimal | None = None
    buys_in_90_days: Decimal | None = None
    orders_next_year: Decimal | None = None
    currency: Currency | None = None
    order_value: Decimal | None = None
    value_next_year: Decimal | None = None
    value_next_year_low: Decimal | None = None
    value_next_year_high: Decimal | None = None
    rfm: str | None = None
    rfm_group: RfmGroup | None = None
    last_order_via: str | None = None
    persona: str | None = None
    next_products: tuple[str, ...] = ()
    up_sell: str | None = None
    replenish_product: str | None = None
    replenish_on: date | None = None
    win_probability: Decimal | None = None
    lead_score: int | None = None
    lead_action: LeadAction | None = None
    lead_reasons: tuple[str, ...] = ()
    lead_value: Decimal | None = None
    lead_currency: Currency | None = None
    funnel: Step | None = None
    funnel_since: UtcDatetime | None = None
    ladder: Rung | None = None
    left_cart_at: UtcDatetime | None = None
    preferred_channel: str | None = None
    best_hour: int | None = None
    qualification: str | None = None
    qualified_at: UtcDatetime | None = None
    owner: str | None = None
    follow_up: FollowUp | None = None
    left: Leaving | None = None
    language: str | None = None
    segments: tuple[str, ...] = ()

    @model_serializer(mode="wrap")
    def _told(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What nobody can tell is left out: absent is not null."""
        return {name: value for name, value in write(self).items() if value is not None and value not in ((), [])}
