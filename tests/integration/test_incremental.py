"""Identity event by event, in PostgreSQL, gives what clustering everything from nothing gives (L3)."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.application.process import Processing, process_batch
from hub.learning.evaluate import in_memory
from hub.matching.clustering import cluster
from hub.matching.features import features_of
from hub.matching.rules import IdentityRules
from hub.matching.version import identity
from hub.model.event import CanonicalEvent
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import matches, reviews, versions
from hub.store.database import Database
from tests.support.doubles import at, by_name, customer, empty, entry, source, store
from tests.support.examples import examples

FIRST = ["Anna", "Anja", "Bert", "Alexander", "Alex", "A.", None]
LAST = ["Berg", "Müller", "Mueller", "Berg-Müller"]
EMAILS = ["anna.berg@example.com", "info@example.com", "berg@example.de", "alex@example.org"]
PHONES = ["+493023125101", "+493023125102", "+493023125103"]
PLACES = [("Hauptstraße 1", "10115", "Berlin"), ("Am Markt 7", "50667", "Köln")]
RULES = IdentityRules.model_validate({"identifiers": {"email": {"max_people": 2}}})
TIMES = st.integers(0, 6).map(lambda minutes: at(60 * minutes))


@pytest.fixture(scope="module")
def database(postgres_server: Any) -> Iterator[Database]:
    with postgres_server.database() as database:
        yield database


@st.composite
def people(draw: st.DrawFn) -> CanonicalEvent:
    return customer(
        str(draw(st.integers(1, 8))),
        when=draw(TIMES),
        name=(draw(st.sampled_from(FIRST)), draw(st.sampled_from(LAST))),
        emails=draw(st.lists(st.sampled_from(EMAILS), max_size=2)),
        phones=draw(st.lists(st.sampled_from(PHONES), max_size=1)),
    )


def stored_clusters(database: Database) -> list[list[UUID]]:
    with database.session() as session:
        rows = session.rows("SELECT profile_id, id FROM record ORDER BY id")
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for profile, record in rows:
        found[profile].append(record)
    return sorted(found.values())


def from_nothing(database: Database, rules: IdentityRules) -> list[list[UUID]]:
    with database.session() as session:
        records = [row[0] for row in session.rows("SELECT id FROM record")]
        states = matches.states(session, records)
    everybody = {record: features_of(state, rules) for record, state in states.items()}
    return cluster(everybody, identity(rules).model, rules).groups


def asked(database: Database) -> list[tuple[UUID, UUID]]:
    """The pairs of records in two profiles about which a person is asked."""
    with database.session() as session:
        return session.rows(
            """
            SELECT m.one, m.other FROM match m JOIN record x ON x.id = m.one JOIN record y ON y.id = m.other
            WHERE m.asked AND x.profile_id <> y.profile_id ORDER BY m.one, m.other
            """
        )


def opened(database: Database) -> set[frozenset[UUID]]:
    """The questions that are open, each as the first records of its two profiles."""
    with database.session() as session:
        homes = session.rows("SELECT profile_id, id FROM record ORDER BY id DESC")
        first: dict[UUID, UUID] = dict(homes)
        return {frozenset((first[each.one], first[each.other])) for each in reviews.page(session, limit=1_000)}


def asked_from_nothing(database: Database, rules: IdentityRules) -> set[frozenset[UUID]]:
    """The pairs of records about which a person is asked, one of any two people."""
    with database.session() as session:
        records = [row[0] for row in session.rows("SELECT id FROM record")]
        states = matches.states(session, records)
    everybody = {str(record): features_of(state, rules) for record, state in states.items()}
    found = in_memory(everybody, identity(rules).model, rules, train=False)
    return {frozenset((UUID(one), UUID(other))) for one, other, _ in found.doubtful}


def run(processing: Processing, events: Sequence[CanonicalEvent], size: int, *, start: int = 0) -> None:
    deliveries = [entry([event], f"e{start + number}") for number, event in enumerate(events)]
    for place in range(0, len(deliveries), size):
        store(processing.database, deliveries[place : place + size])
        while process_batch(processing).entries:
            pass


def resolve_again(processing: Processing) -> None:
    """Everything that is stored, once more."""
    with processing.database.session() as session:
        versions.queue_all(session)
    while process_batch(processing, 50).entries:
        pass


@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(people(), min_size=1, max_size=14), st.integers(1, 5))
def test_event_by_event_equals_from_nothing(database: Database, events: list[CanonicalEvent], size: int) -> None:
    empty(database)
    processing = Processing(database, by_name(source("shop")), (), RULES, SurvivorshipRules())
    run(processing, events, size)
    assert stored_clusters(database) == from_nothing(database, RULES)


def test_a_crowded_universe_in_any_order(database: Database) -> None:
    # given 240 records of 90 people, whose buckets fill up and die, whose inboxes turn out to be shared
    chance = random.Random(7)
    events: list[CanonicalEvent] = []
    for number in range(240):
        someone = random.Random(chance.randrange(90))
        first, last = someone.choice(["Anna", "Bert", "Carla", "Dora", "Emil"]), someone.choice(LAST[:2])
        mail = chance.choice(["info@example.com", f"{first}.{last}{someone.randrange(36)}@example.de", None])
        events.append(
            customer(
                str(number),
                name=(first, last) if chance.random() < 0.9 else None,
                emails=[mail] if mail else [],
                phones=[f"+4930231251{someone.randrange(10, 28)}"] if chance.random() < 0.5 else [],
            )
        )
    processing = Processing(database, by_name(source("shop")), (), RULES, SurvivorshipRules())
    ends = []
    questions = []
    shown = []
    for size in (1, 7, 240):
        empty(database)
        chance.shuffle(events)
        # when they come one by one, in small batches, and all at once
        run(processing, events, size)
        ends.append(stored_clusters(database))
        questions.append(asked(database))
        shown.append(opened(database))
        with database.session() as session:
            held = session.rows("SELECT one, other FROM match ORDER BY one, other")
            crowd = session.rows("SELECT key, people, shared FROM crowd ORDER BY key")
        # and everything is resolved once more
        resolve_again(processing)
        with database.session() as session:
            assert session.rows("SELECT one, other FROM match ORDER BY one, other") == held
            assert session.rows("SELECT key, people, shared FROM crowd ORDER BY key") == crowd
        assert stored_clusters(database) == ends[-1]
        assert asked(database) == questions[-1]
    # then the clusters are those of everything from nothing, every time
    assert ends[0] == ends[1] == ends[2] == from_nothing(database, RULES)
    # and so are the questions, of which some are left out for what else is known of two people
    assert questions[0] == questions[1] == questions[2]
    heads = {record: group[0] for group in ends[0] for record in group}
    told = {frozenset(heads[one] for one in pair) for pair in asked_from_nothing(database, RULES)}
    assert shown[0] == shown[1] == shown[2] == told
    with database.session() as session:
        assert reviews.count(session) == len(told) > 0
        assert session.rows("SELECT count(*) FROM match WHERE NOT asked")[0][0] > 0


def test_a_mailbox_that_is_nearly_a_shared_one_proves_as_little_from_either_side(database: Database) -> None:
    # given a mailbox that three people share, more than the rules allow
    empty(database)
    rules = IdentityRules.model_validate({"identifiers": {"email": {"max_records": 2}}})
    processing = Processing(database, by_name(source("shop")), (), rules, SurvivorshipRules())
    shared, mistyped = "brandstaetter.a@example.de", "brandstaettr.a@example.de"
    names = [("Anna", "Brandstätter"), ("Bert", "Ohm"), ("Claus", "Zander")]
    run(processing, [customer(str(n), name=name, emails=[shared]) for n, name in enumerate(names)], 3)
    # when somebody comes whose own mailbox is nobody else's, and a typing error away from it
    run(processing, [customer("9", name=names[0], emails=[mistyped])], 1, start=10)
    # then it proves what it does when everybody is looked at from nothing
    with database.session() as session:
        [weight] = [row[0] for row in session.rows("SELECT weight FROM match")]
    assert weight < identity(rules).model.same
    assert stored_clusters(database) == from_nothing(database, rules)
