"""Windows and limits of identifiers event by event, in PostgreSQL: what clustering everything from nothing gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.application.process import Processing
from hub.matching.rules import IdentityRules
from hub.model.event import CanonicalEvent
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import identity_status
from hub.store.database import Database
from tests.integration.test_incremental import FIRST, LAST, PHONES, from_nothing, run, stored_clusters
from tests.support.doubles import START, by_name, customer, empty, source
from tests.support.examples import examples

RULES = IdentityRules.model_validate(
    {
        "identifiers": {
            "phone": {"within_days": 30, "max_per_person": 2},
            "loyalty": {"strength": "certain", "within_days": 30, "max_per_person": None},
            "email": {"within_days": 60, "max_per_person": 1},
        }
    }
)
DAYS = st.sampled_from([0, 10, 29, 31, 61, 100])
EMAILS = ["anna.berg@example.com", "annaberg@example.com", "alex@example.org"]


@pytest.fixture(scope="module")
def database(postgres_server: Any) -> Iterator[Database]:
    with postgres_server.database() as database:
        yield database


@st.composite
def people(draw: st.DrawFn) -> CanonicalEvent:
    return customer(
        str(draw(st.integers(1, 6))),
        when=START + timedelta(days=draw(DAYS)),
        name=(draw(st.sampled_from(FIRST)), draw(st.sampled_from(LAST))),
        emails=draw(st.lists(st.sampled_from(EMAILS), max_size=2)),
        phones=draw(st.lists(st.sampled_from(PHONES), max_size=2)),
        loyalty_ids=tuple(draw(st.lists(st.sampled_from(["1", "2"]), max_size=1))),
    )


@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(people(), min_size=1, max_size=12), st.integers(1, 5), st.randoms(use_true_random=False))
def test_event_by_event_equals_from_nothing(
    database: Database, events: list[CanonicalEvent], size: int, chance: Any
) -> None:
    ends = []
    for _ in range(2):
        empty(database)
        run(Processing(database, by_name(source("shop")), (), RULES, SurvivorshipRules()), events, size)
        ends.append(stored_clusters(database))
        chance.shuffle(events)
    assert ends[0] == ends[1] == from_nothing(database, RULES)


def test_a_number_with_a_new_owner_joins_nobody_across_the_years(database: Database) -> None:
    # given a number of Anna's in March, and the same of an A. Berg two months later
    empty(database)
    told = [
        customer(str(number), when=START + timedelta(days=day), name=(first, "Berg"), phones=PHONES[:1])
        for number, (first, day) in enumerate([("Anna", 0), ("A.", 61)])
    ]
    run(Processing(database, by_name(source("shop")), (), RULES, SurvivorshipRules()), told, 1)
    assert [len(cluster) for cluster in stored_clusters(database)] == [1, 1]
    # when somebody tells it in between, so that it was in use all the time
    between = customer("2", when=START + timedelta(days=31), name=("Anna", "Berg"), phones=PHONES[:1])
    again = customer("3", when=START + timedelta(days=29), name=("Anna", "Berg"), phones=PHONES[:1])
    run(Processing(database, by_name(source("shop")), (), RULES, SurvivorshipRules()), [between, again], 1, start=2)
    # then they are one person
    assert [len(cluster) for cluster in stored_clusters(database)] == [4]


def test_the_quarantine_lists_identifiers_in_the_order_of_trust(database: Database) -> None:
    # given an e-mail and a number that three people share, where two are allowed
    empty(database)
    kinds = {kind: {"max_people": 2} for kind in ("phone", "email")}
    rules = IdentityRules.model_validate({"identifiers": kinds})
    told = [
        customer(first, name=(first, "Berg"), emails=["berg@example.com"], phones=PHONES[:1])
        for first in ("Anna", "Bert", "Zoe")
    ]
    run(Processing(database, by_name(source("shop")), (), rules, SurvivorshipRules()), told, 3)
    # then the list follows the rules, whatever it is cut to
    with database.session() as session:
        for order in (["email", "phone"], ["phone", "email"]):
            listed = identity_status.quarantined(session, 2, order)
            assert [each.kind for each in listed] == order
            assert [each.kind for each in identity_status.quarantined(session, 1, order)] == order[:1]
