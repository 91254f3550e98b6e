"""Very many records on one value: one person who is told over and over, and strangers with one junk address."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.application.process import Processing
from hub.identity import buckets, component
from hub.identity import fellows as incremental
from hub.matching import blocking, everybody
from hub.matching.blocking import MOST_EQUAL
from hub.matching.features import Features
from hub.matching.rules import IdentityRules
from hub.matching.scoring import Score, score
from hub.model.event import CanonicalEvent
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import identity_status
from hub.store.database import Database
from tests.integration.test_incremental import from_nothing, run, stored_clusters
from tests.support.doubles import START, by_name, customer, empty, source
from tests.support.examples import examples

RULES = IdentityRules()
SABINE: dict[str, Any] = {
    "name": ("Sabine", "Möller"), "emails": ["sabine.moeller@example.de"], "phones": ["+493023125101"]
}  # fmt: skip
KNOWN = ["Anna", "Bernd", "Claudia", "Dirk", "Elke", "Frank", "Gisela", "Holger", "Ilse", "Jörg", "Karin", "Lutz"]
JUNK = "keine@kasse.example"


@pytest.fixture(scope="module")
def database(postgres_server: Any) -> Iterator[Database]:
    with postgres_server.database() as database:
        yield database


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Features, Features]]:
    """The pairs that are compared."""
    pairs: list[tuple[Features, Features]] = []

    def noted(one: Features, other: Features, *by: Any) -> Score:
        pairs.append((one, other))
        return score(one, other, *by)

    monkeypatch.setattr(incremental, "score", noted)
    return pairs


def processing(database: Database) -> Processing:
    return Processing(database, by_name(source("shop")), (), RULES, SurvivorshipRules())


def sizes(database: Database) -> list[int]:
    return sorted((len(cluster) for cluster in stored_clusters(database)), reverse=True)


def test_somebody_told_a_thousand_times_stays_one_person(
    database: Database, scored: list[tuple[Features, Features]]
) -> None:
    # given a till that writes a new customer at every sale, and a shop that knows more of her
    empty(database)
    told: list[CanonicalEvent] = [customer(str(number), **SABINE) for number in range(1_000)]
    run(processing(database), told, 250)
    # then she is one profile, which is known to be above the limit, and few were compared
    assert sizes(database) == [1_000]
    with database.session() as session:
        above = identity_status.large(session, RULES.limits.records, RULES.limits.orders, RULES.limits.revenue)
        assert [each.records for each in above] == [1_000]
        assert identity_status.quarantined_count(session) == 0
        keys = session.one("SELECT count(*) FROM record_key")
    most = MOST_EQUAL * (MOST_EQUAL - 1)
    assert len(scored) <= 4 * most
    assert keys is not None
    assert keys[0] <= 1_000 + 20 * MOST_EQUAL
    # and one more event costs a few comparisons
    scored.clear()
    run(processing(database), [customer("more", **SABINE)], 1, start=1_000)
    assert sizes(database) == [1_001]
    assert len(scored) <= most
    assert stored_clusters(database) == from_nothing(database, RULES)


def test_a_thousand_strangers_with_one_junk_address_stay_strangers(
    database: Database, scored: list[tuple[Features, Features]]
) -> None:
    # given a thousand customers of whom the till writes down the same address
    empty(database)
    told: list[CanonicalEvent] = []
    for number in range(1_000):
        first, last = KNOWN[number % 12], f"{chr(97 + number % 26)}o{chr(97 + number // 26 % 26)}mann".title()
        told.append(customer(str(number), name=(first, last), emails=[JUNK]))
    run(processing(database), told, 250)
    # then it is quarantined and joins nobody
    assert sizes(database) == [1] * 1_000
    with database.session() as session:
        assert [(each.kind, each.value) for each in identity_status.quarantined(session, 5)] == [("email", JUNK)]
    assert len(scored) <= 30 * 1_000
    # and whoever comes next is compared with hardly anybody
    scored.clear()
    run(processing(database), [customer("more", name=("Zoe", "Klein"), emails=[JUNK])], 1, start=1_000)
    assert len(scored) <= 200
    assert sizes(database) == [1] * 1_001


def test_namesakes_on_the_tills_default_phone_are_not_one_for_being_told_alike(database: Database) -> None:
    # given 300 customers with the till's default phone, and of one name thirty
    empty(database)
    till = ["+493023125199"]
    told: list[CanonicalEvent] = [customer(f"a{n}", name=("Anna", "Schmidt"), phones=till) for n in range(30)]
    for number in range(270):
        last = f"{chr(97 + number % 26)}o{chr(97 + number // 26 % 26)}mann".title()
        told.append(customer(str(number), name=(KNOWN[number % 12], last), phones=till))
    random.Random(1).shuffle(told)
    run(processing(database), told, 100)
    # then the phone proves nothing, and they stay apart
    assert sizes(database) == [1] * 300
    assert stored_clusters(database) == from_nothing(database, RULES)


NAMES = [("Anna", "Berg"), ("A.", "Berg"), ("Bert", "Berg"), ("Zoe", "Klein"), ("Emil", "Ohm")]


@st.composite
def people(draw: st.DrawFn) -> CanonicalEvent:
    return customer(
        str(draw(st.integers(1, 12))),
        when=START + timedelta(minutes=draw(st.integers(0, 6))),
        name=draw(st.sampled_from(NAMES[:3] + NAMES)),
        emails=draw(st.sampled_from([["a@example.de"], ["berg@example.de"], []])),
        phones=draw(st.sampled_from([["+493023125101"], []])),
    )


@settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(people(), min_size=8, max_size=24), st.integers(1, 9), st.randoms(use_true_random=False))
def test_in_any_order_it_is_what_clustering_from_nothing_gives(
    database: Database, events: Sequence[CanonicalEvent], size: int, chance: Any
) -> None:
    rules = IdentityRules.model_validate({"identifiers": {"email": {"max_people": 2}, "phone": {"max_people": 1}}})
    ends, stored = [], []
    told = list(events)
    with pytest.MonkeyPatch.context() as patched:
        for module in (blocking, buckets, component, everybody, incremental):
            patched.setattr(module, "MOST_EQUAL", 2)
        for _ in range(2):
            empty(database)
            run(Processing(database, by_name(source("shop")), (), rules, SurvivorshipRules()), told, size)
            ends.append(stored_clusters(database))
            with database.session() as session:
                queries = ("record_key ORDER BY key, record_id", "match ORDER BY one, other")
                stored.append([session.rows(f"SELECT * FROM {query}") for query in queries])
                stored[-1].append(session.rows("SELECT key, people, shared FROM crowd ORDER BY key"))
            chance.shuffle(told)
        nothing = from_nothing(database, rules)
    assert ends[0] == ends[1] == nothing
    assert stored[0] == stored[1]
