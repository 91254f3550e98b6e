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


@pytest.mark.parametrize(("state", "explicit"), [("opted_in", False), ("opted_out", True)])
def test_nor_is_one_that_has_the_time_of_an_event_that_has_not_come(state: str, explicit: bool) -> None:
    # A till whose clock is a year ahead tells of a consent without a time of its own.
    later = NOW + timedelta(days=365)
    alone = ConsentEvent(occurred_at=later, record=KEY, consent=said(state, None))
    inside = CustomerEvent(occurred_at=later, customer=CustomerSnapshot(key=KEY, consents=(said(state, None),)))

    (first, second), notes = dated([alone, inside], NOW)

    assert [type(note) for note in notes] == [Note]
    assert isinstance(first, ConsentEvent)
    assert isinstance(second, CustomerEvent)
    for consent in (first.consent, *second.customer.consents):
        assert (consent.at, consent.explicit) == (NOW, explicit)


def test_a_time_of_its_own_that_can_be_holds_whatever_its_event_says() -> None:
    told = ConsentEvent(occurred_at=NOW + timedelta(days=365), record=KEY, consent=said("opted_in", NOW))

    assert dated([told], NOW) == ([told], ())
