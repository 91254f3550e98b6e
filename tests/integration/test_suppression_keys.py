"""Keys from outside over the list of addresses nobody may write to: nobody is lost, and none is read without them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from hub import bootstrap
from hub.errors import ConfigError
from hub.model.consent import Consent
from hub.settings import Settings
from hub.store import suppression_keys, suppressions
from hub.store.database import Database
from tests.integration.test_traits import everybody as people_of
from tests.support.doubles import START, customer, entry
from tests.support.hubspot import Way

POINT = ("emails", "ida@sommer.example")
FIRST, SECOND = b"1" * 32, b"2" * 32
Keyed = Callable[..., Database]


@pytest.fixture
def keyed(dsn: str, database: Database) -> Iterator[Keyed]:
    """Hub's database with these keys given, the newest first; an address is listed under the stored key."""
    with database.session() as session:
        suppressions.note(session, [suppressions.Entry(POINT, "erased", START, "hub")])
    opened: dict[tuple[bytes, ...], Database] = {}

    def given(*keys: bytes) -> Database:
        if keys not in opened:
            opened[keys] = Database(dsn, size=1, keys=keys)
            opened[keys].open()
        return opened[keys]

    yield given
    for each in opened.values():
        each.close()


def reasons(database: Database) -> set[str]:
    with database.session() as session:
        return suppressions.reasons(session, POINT)


def digests(database: Database) -> list[bytes]:
    with database.session() as session:
        return [bytes(row[0]) for row in session.rows("SELECT digest FROM suppression")]


def test_a_key_from_outside_and_its_successor_are_laid_over_the_list_and_lose_nobody(keyed: Keyed) -> None:
    [before] = digests(keyed())
    found = [before]
    for database in (keyed(FIRST), keyed(SECOND, FIRST)):
        # before a worker has laid the new key over it, and after
        assert reasons(database) == {"erased"}
        assert (suppression_keys.lay_over(database), suppression_keys.lay_over(database)) == (1, 0)
        assert reasons(database) == {"erased"}
        found += digests(database)
        # what is listed from now on is found under the same keys, and told twice it is listed once
        with database.session() as session:
            suppressions.note(session, [suppressions.Entry(POINT, "erased", START, "hub")])
        assert len(digests(database)) == 1
    # no digest of an earlier time is left, so that the database alone can check no address
    assert len(set(found)) == 3


def test_without_each_key_nothing_is_looked_up_and_nothing_listed(keyed: Keyed) -> None:
    suppression_keys.lay_over(keyed(SECOND, FIRST))
    listed = digests(keyed(SECOND, FIRST))
    for database in (keyed(), keyed(SECOND), keyed(FIRST), keyed(FIRST, SECOND), keyed(b"3" * 32, SECOND)):
        for act in (reasons, suppression_keys.lay_over):
            with pytest.raises(ConfigError, match="HUB_SUPPRESSION_KEY"):
                act(database)
        with database.session() as session, pytest.raises(ConfigError):
            suppressions.note(session, [suppressions.Entry(POINT, "asked", START, "hub")])
    assert digests(keyed(SECOND, FIRST)) == listed


def test_a_lost_stored_key_is_not_made_anew_while_something_is_listed(keyed: Keyed) -> None:
    with keyed().session() as session:
        session.run("DELETE FROM suppression_key")
    for act in (reasons, suppression_keys.lay_over):
        with pytest.raises(ConfigError, match="the table suppression_key is empty"):
            act(keyed())


def test_a_worker_without_a_key_leaves_its_work_and_nobody_becomes_mailable(keyed: Keyed) -> None:
    suppression_keys.lay_over(keyed(FIRST))
    opted_in = Consent(channel="email", state="opted_in", at=START - timedelta(days=1), explicit=True, evidence="form")
    ida = customer("7", name=("Ida", "Sommer"), emails=[POINT[1]], consents=(opted_in,))
    # when one who is listed comes in again, and the worker that takes it lacks the key
    with pytest.raises(ConfigError):
        Way(keyed()).take(entry([ida], "e1"))
    assert people_of(keyed()) == []
    # then another one has nothing to repair: it goes on, and she is opted out
    way = Way(keyed(FIRST))
    way.take()
    [person] = people_of(keyed(FIRST))
    assert [one.state for one in person.consents if one.channel == "email"] == ["opted_out"]


def test_who_looked_while_a_key_was_laid_over_looks_again(keyed: Keyed, monkeypatch: pytest.MonkeyPatch) -> None:
    database = keyed(FIRST)
    with database.session() as session:
        stale = suppression_keys.held(session)
    suppression_keys.lay_over(database)
    monkeypatch.setattr(suppression_keys, "held", lambda session, lock="": stale)
    assert reasons(database) == {"erased"}


def test_a_worker_lays_over_what_the_setting_gives(keyed: Keyed, dsn: str) -> None:
    before = digests(keyed())
    key = b64encode(FIRST).decode()
    settings = Settings.model_validate({"database_url": dsn, "suppression_key": key})
    with bootstrap.runtime(settings) as run, bootstrap.worker(run, schedule=False, queues=["process"]):
        assert reasons(run.database) == {"erased"}
    assert digests(keyed(FIRST)) != before
    with bootstrap.opened(settings) as database, closing(database):
        assert reasons(database) == {"erased"}
    wrong = Settings.model_validate({"database_url": dsn, "suppression_key": "c2hvcnQ="})
    with pytest.raises(ConfigError, match="HUB_SUPPRESSION_KEY: each key must be 32 bytes in base64"):
        bootstrap.opened(wrong).__enter__()
