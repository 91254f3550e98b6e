"""The way from the first release's schema, with data in it: nobody comes apart, and nobody is missed (L3, L6)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from hub.application.process import Processing, process_batch
from hub.matching.blocking import equality_key, hashed
from hub.matching.packing import unpacked
from hub.matching.rules import IdentityRules
from hub.model.address import Address
from hub.model.event import CanonicalEvent
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import migrate, versions
from hub.store.database import Database
from tests.integration.test_incremental import run, stored_clusters
from tests.support.doubles import by_name, customer, entry, source, store

NAMES = ("Anneliese Brandstätter", "Zoltan Kiss", "Friederike Wölfl", "Giuseppe Trapani", "Ottokar Schimmelpfennig")


def told(shop: str) -> list[CanonicalEvent]:
    return [
        customer(f"{shop}-{number}", name=(name.split()[0], name.split()[1]), emails=[f"mailbox.{number}x@example.com"])
        for number, name in enumerate(NAMES)
    ]


def processing(database: Database) -> Processing:
    return Processing(database, by_name(source("shop")), (), IdentityRules(), SurvivorshipRules())


def back_to(dsn: str, revision: str) -> None:
    with psycopg.connect(dsn) as connection:
        engine = create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool)
        config = Config()
        config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
        with engine.connect() as bound:
            config.attributes["connection"] = bound
            command.downgrade(config, revision)
            bound.commit()


def merges_and_splits(database: Database) -> Sequence[tuple[str, int]]:
    with database.session() as session:
        return [(what, number) for what, number in session.rows("SELECT what, count(*) FROM history GROUP BY what")]


def test_profiles_of_before_stay_whole_while_they_are_read_anew(database: Database, dsn: str) -> None:
    # given people of two shops each, from before
    run(processing(database), [*told("web"), *told("till")], 100)
    before = stored_clusters(database)
    assert [len(cluster) for cluster in before] == [2] * len(NAMES)
    back_to(dsn, "0001")
    migrate.migrate(dsn)
    # when the upgrade goes through them one by one
    while process_batch(processing(database), 1).entries:
        # then nobody came apart on the way: no destination is told of people who are none
        assert stored_clusters(database) == before
    assert merges_and_splits(database) == []


def test_news_wait_until_everybody_of_before_is_found(database: Database, dsn: str) -> None:
    # given people from before, and news of them from a third shop, stored before the upgrade is through
    run(processing(database), [*told("web"), *told("till")], 100)
    back_to(dsn, "0001")
    migrate.migrate(dsn)
    store(database, [entry([event], f"later-{number}") for number, event in enumerate(told("app"))])
    # when all is worked on, in small steps
    while process_batch(processing(database), 2).entries:
        pass
    # then the news joined them; no second profile was there for a while
    assert [len(cluster) for cluster in stored_clusters(database)] == [3] * len(NAMES)
    assert merges_and_splits(database) == []


def test_who_is_told_by_name_and_door_alone_stays_whole_when_all_are_weighed_again(database: Database) -> None:
    # given equal rows of two files, stored by a Hub that knew nobody alike by their door, and packed people as "2"
    home = Address(line1="Lindenweg 63", postal_code="10115", city="Berlin", country="DE")
    rows = [
        customer(f"{shop}-{name}", name=(name.split()[0], name.split()[1]), addresses=(home,))
        for shop in ("web", "till")
        for name in NAMES
    ]
    run(processing(database), rows, 100)
    before = stored_clusters(database)
    assert [len(cluster) for cluster in before] == [2] * len(NAMES)
    with database.session() as session:
        known = [unpacked(features) for [features] in session.rows("SELECT features FROM record")]
        keys = [hashed(key) for one in known if (key := equality_key(one))]
        assert session.run("DELETE FROM record_key WHERE key = ANY(%b)", [keys]) == len(rows)
        session.run("UPDATE record SET features = regexp_replace(features, '^[0-9]+', '2')")
        # when all are resolved again, as after an upgrade or a training
        versions.queue_all(session)
    while process_batch(processing(database), 1).entries:
        # then nobody came apart on the way
        assert stored_clusters(database) == before
    assert merges_and_splits(database) == []
