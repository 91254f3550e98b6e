"""What any CRM is told of a profile and an order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from hub.model.consent import ConsentState
from hub.model.money import Money
from hub.model.order import Order
from hub.model.profile import ConsentSummary, OrderSummary, Profile
from hub.sdk.crm import facts
from hub.sdk.destination import OrderChange

NOW = datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))


def profile(*consents: tuple[Any, ConsentState], totals: tuple[tuple[str, str], ...] = ()) -> Profile:
    held = tuple(
        ConsentSummary(purpose="marketing", channel=channel, state=state, at=NOW) for channel, state in consents
    )
    money = tuple(Money(amount=Decimal(amount), currency=currency) for amount, currency in totals)
    return Profile(
        id=UUID(int=1),
        created_at=NOW,
        updated_at=NOW,
        consents=held,
        orders=OrderSummary(totals=money, count=len(money)),
    )


@pytest.mark.parametrize(
    ("held", "email", "sms"),
    [
        ([("any", "opted_out"), ("email", "opted_in")], "opted_out", "opted_out"),
        ([("any", "opted_in"), ("email", "opted_out")], "opted_out", "opted_in"),
        ([("email", "unknown"), ("sms", "opted_in")], None, "opted_in"),
        ([], None, None),
    ],
)
def test_an_opt_out_from_everything_is_one_from_each_channel(held: Any, email: str | None, sms: str | None) -> None:
    found = {channel: consent.state for channel, consent in facts.consents(profile(*held)).items()}
    assert (found.get("email"), found.get("sms")) == (email, sms)


@pytest.mark.parametrize(
    ("order", "told", "sale"),
    [
        ({"state": "open"}, {}, "open"),
        ({"state": "open"}, {"paid": True}, "won"),
        ({"state": "completed"}, {}, "won"),
        ({"state": "paid"}, {"refunded": Decimal(50)}, "lost"),
        ({"state": "paid"}, {"deleted": True}, "lost"),
        ({"state": "failed"}, {}, "lost"),
        ({"state": "paid", "total": Decimal(0)}, {}, "won"),
    ],
)
def test_a_sale_is_lost_once_nothing_of_it_is_left(order: dict[str, Any], told: dict[str, Any], sale: str) -> None:
    placed = {"external_id": "1", "placed_at": NOW, "currency": "EUR", "total": Decimal(50)}
    assert facts.sale(OrderChange(Order.model_validate({**placed, **order}), "shop", "k", None, 1, **told)) == sale


def test_amounts_of_several_currencies_are_never_added_up() -> None:
    one, two = profile(totals=(("1E+2", "EUR"),)), profile(totals=(("118.40", "EUR"), ("20", "CHF")))
    assert (facts.lifetime_value(one), facts.lifetime_totals(one)) == ("100", "EUR 100")
    assert (facts.lifetime_value(two), facts.lifetime_totals(two)) == ("", "EUR 118.40; CHF 20")


def test_days_and_moments_are_of_utc() -> None:
    assert (facts.day(NOW), facts.instant(NOW)) == ("2026-03-02", "2026-03-02T04:30:00Z")
    assert (facts.day(None), facts.instant(None)) == ("", "")
    assert facts.instant(datetime(2026, 3, 1, tzinfo=UTC), "milliseconds") == "2026-03-01T00:00:00.000Z"
