"""However many records there are of one person, they are one profile, and no further record takes it apart."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from hub.application.process import Processing
from hub.identity import fellows, neighbours
from hub.matching import blocking, everybody
from hub.matching.rules import IdentityRules
from hub.model.address import Address
from hub.model.event import CanonicalEvent
from hub.profiles.survivorship import SurvivorshipRules
from hub.store.database import Database
from tests.integration.test_incremental import from_nothing, resolve_again, run, stored_clusters
from tests.support.doubles import at, by_name, customer, empty, source

RULES = IdentityRules()


@pytest.fixture(scope="module")
def database(postgres_server: Any) -> Iterator[Database]:
    with postgres_server.database() as database:
        yield database


def processing(database: Database) -> Processing:
    return Processing(database, by_name(source("shop")), (), RULES, SurvivorshipRules())


def guest(number: int, chance: random.Random, *, when: int = 0, noise: float = 0.1) -> CanonicalEvent:
    """One purchase of Hannelore Brandstätter, as a till that knows no accounts writes it down."""
    first = mistyped("Hannelore", chance) if chance.random() < noise else "Hannelore"
    last = mistyped("Brandstätter", chance) if chance.random() < noise else "Brandstätter"
    street = mistyped("Lindenallee", chance) if chance.random() < noise else "Lindenallee"
    home = Address(line1=f"{street} 17", postal_code="24103", city="Kiel", country="DE")
    company = f"Filiale {number}"  # no two are equal to the letter
    return customer(str(number), when=at(when + number), name=(first, last), addresses=[home], company=company)


def mistyped(text: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(text) - 1)
    return text[:place] + chance.choice(["", text[place] * 2, "x"]) + text[place + 1 :]


def stranger(number: int) -> CanonicalEvent:
    """Somebody else of that name."""
    home = Address(line1=f"Am Markt {number}", postal_code=f"5{number:04}", city="Köln", country="DE")
    return customer(f"s{number}", when=at(9_000 + number), name=("Hannelore", "Brandstätter"), addresses=[home])


@pytest.mark.parametrize("order", [0, 1, 7])  # in 7 one purchase has both the last name and the street mistyped
def test_sixty_records_told_one_by_one_are_one_profile_all_the_way(database: Database, order: int) -> None:
    # given sixty purchases of one person, in any order
    empty(database)
    work, chance = processing(database), random.Random(order)
    events = [guest(number, chance) for number in range(60)]
    chance.shuffle(events)
    for number, event in enumerate(events):
        # when one more is told
        run(work, [event], 1, start=number)
        # then all are one person
        assert len(stored_clusters(database)) == 1, f"after {number + 1} records"


def test_a_strangers_record_never_takes_a_profile_apart(database: Database) -> None:
    # given somebody with forty records
    empty(database)
    work, chance = processing(database), random.Random(5)
    run(work, [guest(number, chance) for number in range(40)], 40)
    [one] = stored_clusters(database)
    # when sixty people of the same name come, one after the other
    for number in range(60):
        run(work, [stranger(number)], 1, start=100 + number)
        # then the profile is what it was
        assert one in stored_clusters(database), f"after {number + 1} strangers"


@pytest.fixture
def small_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buckets that are full after a few records, so that few records show what happens above the cap."""
    for kind in blocking.FINEST:
        monkeypatch.setitem(blocking._CAPS, kind, 5)
    for kind in ("name", "word_postal", "door", "word_city"):
        monkeypatch.setitem(blocking._CAPS, kind, 2)
    for module in (blocking, neighbours, everybody, fellows):
        monkeypatch.setattr(module, "NEIGHBOURS", 2)


@pytest.mark.parametrize("seed", range(6))
def test_neighbours_in_a_large_bucket_are_the_same_whatever_the_order(
    database: Database, small_buckets: None, seed: int
) -> None:
    # given records of one person that fill buckets beyond their cap, come late, change, and leave
    chance = random.Random(seed)
    events = [guest(number, chance) for number in range(24)]
    moved = Address(line1="Am Markt 3", postal_code="50667", city="Köln", country="DE")
    for number in chance.sample(range(24), 8):
        name = ("Hannelore", chance.choice(["Brandstätter", "Ohm"]))
        events.append(customer(str(number), when=at(500 + number), name=name, addresses=[moved]))
    events += [guest(number, chance, when=600) for number in chance.sample(range(24), 5)]
    empty(database)
    work = processing(database)
    chance.shuffle(events)
    # when they are told in batches of some size
    run(work, events, chance.choice([1, 3, 7]))
    with database.session() as session:
        held = session.rows("SELECT one, other FROM match ORDER BY one, other")
    # then the matches are those of everything told at once, and so are the profiles
    resolve_again(work)
    with database.session() as session:
        assert session.rows("SELECT one, other FROM match ORDER BY one, other") == held
    assert stored_clusters(database) == from_nothing(database, RULES)
