"""A consent that claims a time which cannot be loses that time, and nothing else of its event is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.model.consent import Consent
from hub.model.customer import CustomerSnapshot
from hub.model.event import ConsentEvent, CustomerEvent, Note
from hub.model.identifier import RecordKey
from hub.normalise.consents import dated

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
KEY = RecordKey(kind="customer", external_id="1")


def said(state: Any, at: datetime | None) -> Consent:
    return Consent(channel="email", state=state, at=at, explicit=True, evidence="form")


@pytest.mark.parametrize("at", [datetime(2099, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)])
@pytest.mark.parametrize(("state", "explicit"), [("opted_in", False), ("opted_out", True)])
def test_an_opt_in_of_a_time_that_cannot_be_is_no_act_any_more(state: str, explicit: bool, at: datetime) -> None:
    alone = ConsentEvent(occurred_at=NOW, record=KEY, consent=said(state, at))
    inside = CustomerEvent(occurred_at=NOW, customer=CustomerSnapshot(key=KEY, consents=(said(state, at),)))

    (first, second), notes = dated([alone, inside], NOW)

    assert [type(note) for note in notes] == [Note]
    assert isinstance(first, ConsentEvent)
    assert isinstance(second, CustomerEvent)
    for consent in (first.consent, *second.customer.consents):
        assert (consent.state, consent.at, consent.explicit) == (state, None, explicit)


def test_a_clock_that_is_a_little_fast_costs_nothing() -> None:
    told = ConsentEvent(occurred_at=NOW, record=KEY, consent=said("opted_in", NOW + timedelta(hours=23)))

    assert dated([told], NOW) == ([told], ())
