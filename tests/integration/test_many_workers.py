"""Laws L2, L3 and L4 with four workers, pauses and kills at any statement: the end is that of one worker alone.

Every statement may be followed by a pause, so that the others come in between, and may be a worker's last.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hub.application import placing
from hub.application import process as stage
from hub.application.process import Processing, process_batch
from hub.application.rule_versions import RuleVersions
from hub.matching.rules import IdentityRules
from hub.profiles.survive import survive
from hub.profiles.survivorship import SurvivorshipRules
from hub.rules import RuleSet
from hub.store import inbox, marks
from hub.store.database import Database, Session
from hub.store.inbox import NewEntry
from hub.workers.sweep import sweep
from tests.integration.test_incremental import EMAILS, PHONES, RULES, from_nothing, people, stored_clusters
from tests.integration.test_order_free import EVENTS, pass_time
from tests.support.doubles import Crm, by_name, customer, empty, entry, routes_to, source, store
from tests.support.examples import examples

WORKERS = 4


class Killed(BaseException):
    """The end of a worker: nothing of it goes on."""


@pytest.fixture(scope="module")
def database(postgres_server: Any) -> Iterator[Database]:
    with postgres_server.database(size=WORKERS + 2) as database:
        yield database


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Interrupted:
    return Interrupted(monkeypatch)


class Interrupted:
    """Pauses and kills workers at their statements, as its seed has it. Whoever is not a worker is left alone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._of = threading.local()
        for name in ("rows", "run"):
            monkeypatch.setattr(Session, name, self._after(getattr(Session, name)))

    def _after(self, real: Any) -> Any:
        def run(session: Session, *given: Any) -> Any:
            done = real(session, *given)
            chance = getattr(self._of, "chance", None)
            if chance is not None:
                if chance.random() < 0.3:
                    time.sleep(chance.random() * 0.01)
                if self._of.kills and chance.random() < 0.01:
                    self._of.kills -= 1
                    session.connection.close()
                    raise Killed
            return done

        return run

    def work(self, processing: Processing, seed: int, *, kills: int, limit: int) -> None:
        """Work to the end with four workers; each comes again when it was killed."""
        failures: list[BaseException] = []

        def drain(number: int) -> None:
            self._of.chance, self._of.kills = random.Random(seed * WORKERS + number), kills
            while True:
                try:
                    while process_batch(processing, limit).entries:
                        pass
                except Killed:
                    continue
                except BaseException as error:
                    failures.append(error)
                return

        workers = [threading.Thread(target=drain, args=[number]) for number in range(WORKERS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        assert failures == []


def everything(database: Database) -> dict[str, Any]:
    """All that follows from the set of records; ids and versions of profiles follow from who came first."""
    asked = {
        "match": """
            SELECT m.one, m.other, round(m.weight::numeric, 6), m.asked AND x.profile_id <> y.profile_id
            FROM match m JOIN record x ON x.id = m.one JOIN record y ON y.id = m.other ORDER BY 1, 2""",
        "key": "SELECT key, record_id FROM record_key ORDER BY 1, 2",
        "crowd": "SELECT key, people, shared FROM crowd ORDER BY 1",
        "golden": "SELECT golden FROM profile ORDER BY 1",
        "mark": "SELECT compared, folded, told, failed FROM mark",
        "stray": "SELECT id FROM record WHERE profile_id NOT IN (SELECT id FROM profile)",
        "empty": "SELECT id FROM profile WHERE id NOT IN (SELECT profile_id FROM record)",
        "alias": "SELECT a.id FROM alias a LEFT JOIN profile p ON p.id = a.profile_id WHERE p.id IS NULL",
        "both": "SELECT id FROM alias WHERE id IN (SELECT id FROM profile)",
        "queued": """
            SELECT DISTINCT o.subject, CASE o.subject WHEN 'order' THEN o.key::text END, p.golden
            FROM outbox o JOIN profile p ON p.id = o.profile_id ORDER BY 1, 2, 3""",
        "inbox": "SELECT inbox_id, state, reason FROM inbox_outcome",
    }
    with database.session() as session, session.scanning():
        return {name: session.rows(sql) for name, sql in asked.items()} | {"clusters": stored_clusters(database)}


def end(database: Database, deliveries: Sequence[NewEntry], work: Any) -> dict[str, Any]:
    empty(database)
    crm = Crm().connection("crm")
    connections = by_name(source("shop"), source("till"), crm)
    processing = Processing(database, connections, routes_to(crm), RULES, SurvivorshipRules())
    store(database, deliveries)
    work(processing)
    pass_time(database)  # parts that came before their order look again
    while process_batch(processing).entries:
        pass
    return everything(database)


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What stands in one of the two alone."""

    def more(mine: Any, theirs: Any) -> list[Any]:
        return [row for row in mine if row not in theirs]

    return {
        name: (more(mine, other[name]), more(other[name], mine)) for name, mine in one.items() if mine != other[name]
    }


def alone(processing: Processing) -> None:
    while process_batch(processing).entries:
        pass


@settings(
    max_examples=examples(8),
    deadline=None,
    phases=[Phase.generate],  # no two runs are alike: there is nothing to shrink to
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(st.one_of(people(), people(), EVENTS), min_size=4, max_size=24), st.integers(0, 2**32), st.integers(1, 4)
)
def test_four_workers_end_where_one_does(
    database: Database, interrupted: Interrupted, events: list[Any], seed: int, limit: int
) -> None:
    deliveries = [entry([event], f"e{number}", connection="shop") for number, event in enumerate(events)]
    several = end(database, deliveries, lambda work: interrupted.work(work, seed, kills=2, limit=limit))
    assert several["clusters"] == from_nothing(database, RULES)
    assert differences(several, end(database, deliveries, alone)) == {}


def test_other_rules_put_in_force_while_everybody_works_hold_for_everybody(
    database: Database, interrupted: Interrupted
) -> None:
    # given a mailbox of three people, which proves nothing by the rules in force, and four workers at it
    names = [("Anna", "Berg"), ("Bert", "Ohm"), ("Claus", "Zander")]
    told = [customer(str(n), name=names[n % 3], emails=[EMAILS[0]], phones=[PHONES[n % 3]]) for n in range(18)]
    deliveries = [entry([each], f"e{number}") for number, each in enumerate(told)]
    many = IdentityRules.model_validate({"identifiers": {"email": {"max_people": 5}, "phone": {"max_people": 1}}})
    versions = RuleVersions(database, RULES, SurvivorshipRules())

    def work(processing: Processing) -> None:
        apply = threading.Timer(0.1, lambda: versions.apply(RuleSet(identity=many), by="ops"))
        apply.start()
        interrupted.work(processing, 7, kills=1, limit=2)
        apply.join()
        interrupted.work(processing, 8, kills=1, limit=2)

    # when other rules are put in force, by which it proves much
    several = end(database, deliveries, work)
    # then all stand as by the new rules, and as with one worker
    assert several["clusters"] == from_nothing(database, many)
    assert several["mark"] == []
    assert differences(several, end(database, deliveries, lambda work: _first(versions, many, work))) == {}


def _first(versions: RuleVersions, rules: IdentityRules, processing: Processing) -> None:
    versions.apply(RuleSet(identity=rules), by="ops")
    alone(processing)


def test_what_a_killed_worker_recorded_is_found_by_the_sweep_and_placed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a worker that is killed between its two transactions
    empty(database)
    crm = Crm().connection("crm")
    processing = Processing(database, by_name(source("shop"), crm), routes_to(crm), RULES, SurvivorshipRules())
    store(database, [entry([customer("1", name=("Anna", "Berg"))], "e1")])

    def killed(*given: Any, **named: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(stage, "place_marks", killed)
        with pytest.raises(Killed):
            process_batch(processing)
    assert [len(row[0]) for row in everything(database)["mark"]] == [1]
    # when the sweep looks
    heard: list[str] = []
    sweep(database, Heard(heard), ["crm"])
    # then it wakes a worker, which finds nothing due but what was left behind, and the record is told of
    assert heard == ["process"]
    assert process_batch(processing).destinations == {"crm"}
    assert (len(everything(database)["golden"]), everything(database)["mark"]) == (1, [])


class Heard:
    """A waker that notes what it is told to wake."""

    def __init__(self, heard: list[str]) -> None:
        self._heard = heard

    def wake(self, queue: str, argument: str = "") -> None:
        self._heard.append(queue)

    def started(self, queue: str, argument: str = "") -> None:
        pass


def test_who_cannot_be_placed_is_set_aside_with_the_reason_until_they_can(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given three people, and a fault in one of them that shows when they are placed
    empty(database)
    processing = Processing(database, by_name(source("shop")), (), RULES, SurvivorshipRules())
    store(database, [entry([customer(str(n), company=f"Berg {n}")], f"e{n}") for n in range(3)])
    real = survive

    def fails(session: Session, members: Any, *given: Any, **named: Any) -> Any:
        if any(row.external_id == "1" for rows in members.values() for row in rows):
            raise ZeroDivisionError
        return real(session, members, *given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(placing, "survive", fails)
        alone(processing)
    # then the others are placed, and the entry that told of it is parked
    assert len(everything(database)["golden"]) == 2
    assert [row[1:] for row in everything(database)["inbox"]] == [
        ("parked", "Hub failed on this entry (ZeroDivisionError)")
    ]
    with database.session() as session:
        assert [reason for *_, reason in marks.set_aside(session, 5)] == [
            "Hub failed on this entry (ZeroDivisionError)"
        ]
    # when the fault is mended and the entry is played again
    with database.session() as session:
        inbox.requeue(session, state="parked")
    alone(processing)
    # then nothing is left of it
    found = everything(database)
    assert (len(found["golden"]), found["inbox"], found["mark"]) == (3, [], [])
