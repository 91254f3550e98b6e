"""Training by command and by itself: when, on what, and what it leaves as it was."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from benchmarks.people import people
from hub import bootstrap
from hub.application.process import Processing, process_batch
from hub.application.rule_versions import RuleVersions
from hub.application.train import Trained, train, train_if_due
from hub.errors import RefusedError
from hub.learning.splink_model import dumped, loaded
from hub.mapping.customer import customer as normalised
from hub.matching.rules import IdentityRules
from hub.matching.rules import dumped as dumped_rules
from hub.matching.version import identity
from hub.matching.weights import Model, Weights
from hub.model.event import CustomerEvent
from hub.model.identifier import RecordKey
from hub.profiles.survivorship import SurvivorshipRules
from hub.settings import HubSection, Settings
from hub.store import backfills, identity_locks, reviews, training, versions
from hub.store.backfills import Backfill
from hub.store.database import Database
from hub.store.inbox import NewEntry
from hub.store.reviews import Answered, Pair
from hub.store.training import TrainingState, is_due
from hub.store.versions import VersionRow
from hub.workers import train_apart
from tests.support.doubles import START, at, customer, entry, source, store

RULES = IdentityRules()


def processing(database: Database) -> Processing:
    return Processing(database, {"shop": source("shop")}, (), RULES, SurvivorshipRules())


def drain(database: Database) -> None:
    work = processing(database)
    while process_batch(work).entries:
        pass


def row(**changes: Any) -> VersionRow:
    return replace(VersionRow(1, None, None, "{}", 1_000, "trained on its own", "hub", START, True), **changes)


def invented(count: int, first: int = 0) -> list[NewEntry]:
    """Entries of invented customers: the later ones are other people's, or further records of the earlier."""
    told = [told for number, told in enumerate(people(first + count)) if number >= first]
    return [entry([_event(each)], f"e{each['record_id']}", received_at=START) for each in told]


def _event(told: dict[str, str]) -> CustomerEvent:
    fields: Any = {
        name: (value,) for name, value in told.items() if value and name not in ("record_id", "cluster_id", "source")
    }
    key = RecordKey(kind="customer", external_id=told["record_id"])
    return CustomerEvent(occurred_at=START, customer=normalised(key, fields))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A base of 40 is large enough."""
    monkeypatch.setattr(training, "LEAST", 40)


# -- when -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (TrainingState(99, None, busy=False), False),
        (TrainingState(100, None, busy=False), True),
        (TrainingState(100, None, busy=True), False),
        (TrainingState(400, None, busy=True), True),
        (TrainingState(3_999, row(), busy=True), False),
        (TrainingState(4_000, row(), busy=True), True),
        (TrainingState(1_999, row(), busy=False), False),
        (TrainingState(2_000, row(), busy=False), True),
        (TrainingState(3_999, row(), busy=False, restored=2_000), False),
        (TrainingState(999, None, busy=False, restored=500), False),
        (TrainingState(1_000, None, busy=False, restored=500), True),
        (TrainingState(9_000, row(note="imported by hand", by="anna"), busy=False), False),
    ],
)
def test_it_is_time_when_there_are_enough_or_twice_as_many_and_all_is_quiet(state: TrainingState, due: bool):
    assert is_due(state) is due


def test_a_history_under_way_and_waiting_entries_make_a_base_busy(database: Database):
    def busy() -> bool:
        with database.session() as session:
            return training.state(session).busy

    def history(finished: bool, minutes: int) -> None:
        with database.session() as session:
            backfills.save(session, Backfill("shop", None, {}, finished=finished))
            session.run("UPDATE backfill SET updated_at = now() - %s", [timedelta(minutes=minutes)])

    quiet = busy()
    store(database, invented(1))
    waiting = busy()
    drain(database)
    history(False, 1)
    fetching = busy()
    history(False, 20)
    abandoned = busy()
    history(True, 1)
    finished = busy()
    with database.session() as session:
        versions.queue_all(session)

    assert [quiet, waiting, fetching, abandoned, finished, busy()] == [False, True, True, False, False, True]


def test_training_by_itself_happens_once_and_again_when_the_base_has_doubled(database: Database, few: None):
    store(database, invented(50))
    drain(database)

    first = train_if_due(database, RULES, START)
    at_once = train_if_due(database, RULES, START)
    drain(database)
    later = train_if_due(database, RULES, START)
    store(database, invented(50, first=50))
    drain(database)
    doubled = train_if_due(database, RULES, at(60))
    drain(database)

    assert first is not None
    assert doubled is not None
    assert (first.records, first.version, first.stored, first.queued) == (50, 1, True, 50)
    assert (at_once, later) == (None, None)
    assert (doubled.records, doubled.version, doubled.queued, doubled.before) == (100, 2, 100, first.after)
    with database.session() as session:
        newest, oldest = versions.page(session, 5)
        assert versions.waiting(session) == 0
    assert (newest.by, newest.note, newest.records, newest.active) == ("hub", "trained on its own", 100, True)
    assert (oldest.active, loaded(oldest.model or "")) == (False, first.after)


# -- on what, and to what end -----------------------------------------------------------------------------------------


def test_the_same_records_give_the_same_model_and_only_their_number_is_noted(database: Database):
    store(database, invented(50))
    drain(database)

    first = train(database, RULES, by="anna", now=START)
    with database.session() as session:
        versions.recount(session, first.version, 7)
    again = train(database, RULES, by="bert", now=at(60))

    assert again == Trained(50, 0, first.after, first.after, first.version, stored=False, queued=0)
    with database.session() as session:
        (only,) = versions.page(session, 5)
    assert (only.by, only.note, only.records) == ("anna", "trained by hand, estimator both", 50)


def test_rules_in_force_are_kept_and_trained_by(database: Database):
    rules = dumped_rules(IdentityRules.model_validate({"thresholds": {"same": 6.0}}))
    store(database, invented(10))
    drain(database)
    with database.session() as session:
        versions.activate(
            session, rules=rules, survivorship='{"attributes":{}}', model=None, records=10, note="r", by="a", now=START
        )

    done = train(database, RULES, by="anna", now=START)

    with database.session() as session:
        active = versions.get(session, done.version)
    assert active is not None
    assert (active.rules, active.survivorship) == (rules, '{"attributes":{}}')
    assert identity(IdentityRules.model_validate_json(rules), done.after).model.same == 6.0


def test_a_dry_run_tells_and_stores_nothing(database: Database):
    store(database, invented(10))
    drain(database)

    done = train(database, RULES, by="anna", now=START, keep=False)

    assert (done.before, done.version, done.stored, done.queued) == (Model(), 0, False, 10)
    with database.session() as session:
        assert (versions.page(session, 5), versions.waiting(session)) == ([], 0)


def test_weights_that_were_brought_along_hold_until_somebody_trains(database: Database, few: None):
    store(database, invented(50))
    drain(database)
    brought = replace(Model(), weights=replace(Weights(), birth_different=-3.0), population=777.0)

    done = train(database, RULES, by="anna", now=START, brought=brought)
    drain(database)
    store(database, invented(100, first=50))
    drain(database)

    assert (done.after.weights, done.after.population) == (brought.weights, 777.0)
    assert done.after.first
    assert train_if_due(database, RULES, START) is None
    assert train(database, RULES, by="anna", now=START).after.weights != brought.weights


def test_who_goes_back_to_earlier_weights_is_not_overruled(database: Database, few: None):
    store(database, invented(50))
    drain(database)
    rules = RuleVersions(database, RULES, SurvivorshipRules())
    rules.take_configuration()
    trained = train_if_due(database, RULES, START)
    drain(database)

    back = rules.rollback(None, by="anna")
    drain(database)

    assert trained is not None
    with database.session() as session:
        state = training.state(session)
    assert (state.origin, state.restored, state.busy) == (None, 50, False)
    assert back.version > trained.version
    assert train_if_due(database, RULES, START) is None


def test_one_process_at_a_time(database: Database, few: None):
    store(database, invented(50))
    drain(database)
    with training.alone(database.dsn) as first:
        assert first
        assert train_if_due(database, RULES, START) is None
        with pytest.raises(RefusedError, match="another process is training"):
            train(database, RULES, by="anna", now=START)


def test_answers_to_reviews_are_learned_from(database: Database):
    store(database, invented(10))
    drain(database)
    with database.session() as session:
        one, other = [row[0] for row in session.rows("SELECT id FROM record ORDER BY id LIMIT 2")]
        reviews.note(session, Answered(uuid4(), "reject", Pair(one, other, 4.5), "anna", "", START))

    assert train(database, RULES, by="anna", now=START).answers == 1


def test_a_batch_that_waited_while_weights_changed_is_decided_by_the_new_ones(database: Database):
    store(database, [entry([customer("1", emails=["a@example.com"])], "e1")])
    work = processing(database)
    worker = threading.Thread(target=process_batch, args=(work,))
    with database.session() as session:
        identity_locks.rules_alone(session)
        worker.start()
        _await_a_waiter(database)
        version = versions.activate(
            session, rules=None, survivorship=None, model=dumped(Model()), records=0, note="n", by="a", now=START
        )
        queued = versions.queue_all(session)
    worker.join(60)

    assert queued == 0
    assert list(work.read) == [version]


def _await_a_waiter(database: Database) -> None:
    for _ in range(200):
        with database.session() as session:
            if session.one("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits for the lock")


# -- by itself, in a process of its own -------------------------------------------------------------------------------


def test_it_trains_beside_the_worker_and_leaves_the_rest_to_it(database: Database):
    store(database, invented(520))
    drain(database)

    train_apart.check(database, Settings(log_level="error"), RULES, threading.Event())

    with database.session() as session:
        origin, waiting = versions.origin(session), versions.waiting(session)
    assert origin is not None
    assert (origin.by, origin.records, waiting) == ("hub", 520, 520)


@pytest.mark.parametrize("wanted", [True, False])
def test_it_can_be_switched_off(database: Database, wanted: bool):
    settings = Settings(hub=HubSection(automatic_training=wanted))
    run = bootstrap.Runtime(settings, database.dsn, database, {}, (), RULES, SurvivorshipRules())
    before = threading.enumerate()

    with bootstrap.scheduler(run):
        names = {thread.name for thread in threading.enumerate() if thread not in before}

    assert names & {"schedule", "training"} == ({"schedule", "training"} if wanted else {"schedule"})


def test_what_fails_is_told_and_what_is_stopped_has_not_failed():
    python = sys.executable
    asked: list[float] = []

    def stopped(seconds: float) -> bool:
        asked.append(seconds)
        return True

    assert not train_apart._run([python, "-c", "raise SystemExit(3)"], b"{}", threading.Event().wait)
    started = time.monotonic()
    assert train_apart._run([python, "-c", "import time; time.sleep(60)"], b"{}", stopped)
    assert (len(asked), time.monotonic() - started < 30) == (1, True)
