"""The law of a first import: no opt-out reaches a person none of whose records opted out."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from hub.application.process import Processing
from hub.errors import Unavailable
from hub.matching.rules import IdentifierRule, IdentityRules
from hub.model.consent import Consent
from hub.model.event import CanonicalEvent
from hub.outbox.deliver import Sender, deliver
from hub.outbox.policy import LONGEST_HOLD
from hub.sdk.connection import Connection
from hub.sdk.destination import Change, ProfileChange, Write
from hub.store import backfills, loads, migrate, outbox, stats, versions
from hub.store.backfills import Backfill
from hub.store.database import Database
from hub.store.outbox import NewRow
from hub.workers.sweep import sweep
from tests.integration.test_limits import Heard
from tests.integration.test_process import drain, processing
from tests.integration.test_upgrade import back_to
from tests.support.doubles import Crm, at, customer, entry, routes_to, store

ONE_MAILBOX = IdentityRules(identifiers={"email": IdentifierRule(strength="strong", max_people=1)})
SHARED = "berg.family@example.com"
NO = (Consent(channel="email", state="opted_out", at=at(1), explicit=True),)


@dataclass
class Marketing:
    """A CRM whose opt-outs are for ever: ``unsubscribed`` holds every address that was told to it."""

    database: Database
    crm: Crm = field(default_factory=Crm)
    unsubscribed: set[str] = field(default_factory=set)
    trains: bool = False

    def __post_init__(self) -> None:
        self.crm.after = self._take
        made = self.crm.connection("crm")
        assert made.connector.destination is not None
        render = made.connector.destination.render

        def final(change: Change, settings: Any) -> Write | None:
            write = render(change, settings)
            if write is None or not isinstance(change, ProfileChange):
                return write
            refuses = any(consent.state == "opted_out" for consent in change.profile.consents)
            return replace(write, irreversible=("unsubscribe",)) if refuses else write

        destination = replace(made.connector.destination, render=final)
        self.connection = Connection("crm", replace(made.connector, destination=destination), made.settings)

    def _take(self, writes: Sequence[Write]) -> None:
        for write in writes:
            if write.irreversible:
                self.unsubscribed.update(write.mirror["golden"].get("emails", ()))

    def deliver(self) -> None:
        deliver(Sender(self.database, self.connection, routes_to(self.connection), "test", trains=self.trains))

    def rows(self) -> dict[str, str]:
        with self.database.session() as session:
            found = outbox.page(session, states=("pending", "retrying", "delivered", "rejected", "dead"), limit=500)
        return {str(row["key"]): f"{row['state']} {row['reason']}".strip() for row in found}

    def sweep(self) -> None:
        sweep(self.database, Heard(), ["crm"], trains=self.trains)


def history(database: Database, *, finished: bool) -> None:
    with database.session() as session:
        backfills.save(session, Backfill("shop", None, {"row": 1}, finished=finished))


def busy(writes: Sequence[Write]) -> None:
    raise Unavailable("busy")


def tell(database: Database, work: Processing, event_id: str, *events: CanonicalEvent) -> None:
    store(database, [entry(events, event_id)])
    drain(work)


def test_no_opt_out_reaches_a_person_none_of_whose_records_opted_out(database: Database) -> None:
    # given a first import, half of it read: two people of one office seem to be one, and one of them opted out
    marketing, work = Marketing(database), processing(database, rules=ONE_MAILBOX)
    history(database, finished=False)
    tell(database, work, "1", customer("1", emails=[SHARED, "anna@example.com"], consents=NO))
    tell(database, work, "2", customer("2", emails=[SHARED, "bert@example.com"], name=("Bert", "Kuhn")))
    # when the CRM is written to
    marketing.deliver()
    # then what cannot be undone waits, and says why
    assert marketing.unsubscribed == set()
    [told] = marketing.rows().values()
    assert told == "pending held, as unsubscribe cannot be undone: history is being read"
    with database.session() as session:
        counted = stats.stats(session, ["crm"])
    assert counted["bulk_load"]["held"] == {"crm": 1}
    assert counted["bulk_load"]["reason"] == "history is being read"
    # when the other half shows that they are two, and all has come to rest
    tell(database, work, "3", customer("1", when=at(6), name=("Anna", "Berg")))
    marketing.deliver()
    history(database, finished=True)
    marketing.sweep()
    marketing.deliver()
    # then the opt-out has reached the one who opted out, and nobody else
    assert marketing.unsubscribed == {SHARED, "anna@example.com"}
    assert len(marketing.crm.people) == 2
    assert set(marketing.rows().values()) == {"delivered"}
    with database.session() as session:
        assert loads.held_rows(session) == {}
        assert loads.bulk_load(session) is None


def test_merges_and_opt_outs_wait_for_training_and_for_what_it_wants_resolved_again(database: Database) -> None:
    # given more than a hundred people, and weights that were never trained
    marketing, work = Marketing(database, trains=True), processing(database, rules=ONE_MAILBOX)
    everybody = [entry([customer(str(n), emails=[f"p{n}@example.com"])], f"p{n}") for n in range(10, 115)]
    store(database, [*everybody, entry([customer("1", emails=[SHARED], consents=NO)], "1")])
    store(database, [entry([customer("2", emails=[SHARED])], "2")])
    drain(work)
    marketing.deliver()
    assert marketing.unsubscribed == set()
    assert sum(told.startswith("pending held") for told in marketing.rows().values()) == 1
    assert len(marketing.crm.people) == 105
    # when weights were trained, which want everybody resolved again
    with database.session() as session:
        versions.activate(
            session, rules=None, survivorship=None, model="{}", records=107, note="trained", by="hub", now=at(0)
        )
        session.run("INSERT INTO reresolve SELECT id FROM record LIMIT 1")
    marketing.sweep()
    marketing.deliver()
    assert marketing.unsubscribed == set()
    # and that was done
    with database.session() as session:
        session.run("DELETE FROM reresolve")
    marketing.sweep()
    marketing.deliver()
    assert marketing.unsubscribed == {SHARED}


def test_the_opt_out_of_somebody_known_from_one_record_and_ordinary_traffic_are_not_held(database: Database) -> None:
    marketing, work = Marketing(database), processing(database, rules=ONE_MAILBOX)
    tell(database, work, "1", customer("1", emails=[SHARED], consents=NO))
    history(database, finished=False)
    marketing.deliver()
    assert marketing.unsubscribed == {SHARED}
    history(database, finished=True)
    tell(database, work, "2", customer("2", emails=[SHARED, "anna@example.com"]))
    marketing.deliver()
    assert marketing.unsubscribed == {SHARED, "anna@example.com"}


def test_a_held_row_that_changes_is_looked_at_anew_and_none_is_held_for_ever(database: Database) -> None:
    marketing, work = Marketing(database), processing(database, rules=ONE_MAILBOX)
    history(database, finished=False)
    tell(database, work, "1", customer("1", emails=[SHARED], consents=NO), customer("2", emails=[SHARED]))
    marketing.deliver()
    yes = (Consent(channel="email", state="opted_in", at=at(9), explicit=True, evidence="form"),)
    tell(database, work, "2", customer("1", when=at(9), consents=yes))
    marketing.deliver()
    assert (set(marketing.rows().values()), marketing.unsubscribed) == ({"delivered"}, set())
    tell(database, work, "3", customer("1", when=at(10), consents=(NO[0].model_copy(update={"at": at(10)}),)))
    marketing.deliver()
    assert marketing.unsubscribed == set()
    # when history is read for more than a day
    with database.session() as session:
        session.run("UPDATE outbox SET due_at = now(), held_since = now() - %s", [LONGEST_HOLD + timedelta(hours=1)])
    # and it changes once more
    tell(database, work, "4", customer("1", when=at(11), name=("Anna", "Berg-Kuhn")))
    marketing.deliver()
    assert marketing.unsubscribed == {SHARED}


def test_what_waited_for_a_destination_that_was_paused_has_not_been_held_yet(database: Database) -> None:
    # given a CRM that was paused for two days, while somebody was put together
    marketing, work = Marketing(database), processing(database, rules=ONE_MAILBOX)
    tell(database, work, "1", customer("1", emails=[SHARED], consents=NO), customer("2", emails=[SHARED]))
    with database.session() as session:
        session.run("UPDATE outbox SET enqueued_at = now() - interval '2 days'")
    # when it is resumed in the middle of a bulk load
    history(database, finished=False)
    marketing.deliver()
    # then what cannot be undone is held from now on, for all its time in the queue
    assert marketing.unsubscribed == set()
    # and an attempt that fails after the longest hold does not begin another one
    with database.session() as session:
        session.run("UPDATE outbox SET due_at = now(), held_since = now() - %s", [LONGEST_HOLD + timedelta(hours=1)])
    marketing.crm.before = busy
    marketing.deliver()
    with database.session() as session:
        session.run("UPDATE outbox SET due_at = now()")
        session.run("UPDATE destination_state SET not_before = NULL")
    marketing.crm.before = lambda writes: None
    marketing.deliver()
    assert set(marketing.rows().values()) == {"delivered"}


def test_what_follows_from_reading_once_more_after_an_upgrade_is_held_until_that_ends(
    database: Database, dsn: str
) -> None:
    # given a database of before, in which one person, known from one record, opted out
    marketing, work = Marketing(database), processing(database, rules=ONE_MAILBOX)
    tell(database, work, "1", customer("1", emails=[SHARED], consents=NO))
    tell(database, work, "2", customer("2", emails=["b@example.com"]), customer("3", emails=["c@example.com"]))
    back_to(dsn, "0012")
    # when it is upgraded, and the CRM is written to before all was read again
    migrate.migrate(dsn)
    with database.session() as session:
        session.run("DELETE FROM reresolve")
    marketing.sweep()
    marketing.deliver()
    # then nothing that cannot be undone went out, also for people of one record, and everything else did
    assert marketing.unsubscribed == set()
    assert len(marketing.crm.people) == 2
    [told] = [told for told in marketing.rows().values() if told != "delivered"]
    assert told == (
        "pending held, as unsubscribe cannot be undone: what was stored before the upgrade is read once more"
    )
    # and the workers are woken for it, until it ends and all are resolved again
    heard = Heard()
    sweep(database, heard, ["crm"])
    assert ("process", "") in heard.calls
    with database.session() as session:
        session.run("INSERT INTO reresolve SELECT id FROM record")
        session.run("DELETE FROM inbox_queue")
    marketing.sweep()
    marketing.deliver()
    assert marketing.unsubscribed == set()
    drain(work)
    marketing.sweep()
    marketing.deliver()
    assert marketing.unsubscribed == {SHARED}


def test_a_merge_into_somebody_delivered_long_ago_and_a_redriven_row_wait_as_well(database: Database) -> None:
    # given two people who were delivered last week, the later of whom opted out
    marketing, work = Marketing(database), processing(database, rules=ONE_MAILBOX)
    tell(database, work, "1", customer("1", emails=["anna@example.com"]))
    tell(database, work, "2", customer("2", emails=[SHARED], consents=NO))
    marketing.deliver()
    assert marketing.unsubscribed == {SHARED}
    with database.session() as session:
        session.run("UPDATE outbox SET enqueued_at = now() - interval '7 days'")
    # when, while history is read, they seem to be one
    history(database, finished=False)
    tell(database, work, "3", customer("1", when=at(6), emails=["anna@example.com", SHARED]))
    marketing.deliver()
    # then what was queued now has waited since now, and is held
    assert marketing.unsubscribed == {SHARED}
    [told] = marketing.rows().values()
    assert told.startswith("pending held")
    # and so is a row of long ago that somebody puts back
    with database.session() as session:
        session.run("UPDATE outbox SET state = 'dead', held_at = NULL, enqueued_at = now() - interval '7 days'")
        assert outbox.redrive(session) == 1
    marketing.deliver()
    assert marketing.unsubscribed == {SHARED}


def test_letting_go_takes_rows_in_the_order_of_the_pipeline(database: Database) -> None:
    # given held rows that were stored against the order of their keys
    first, last = UUID(int=1), UUID(int=2)
    with database.session() as session:
        for key in (last, first):
            outbox.enqueue(session, [NewRow("crm", key, "profile", key, 1, [])])
            loads.hold(session, "crm", [key], "held")
    # when they are let go while a batch has queued the first and goes on to the second
    with ThreadPoolExecutor(1) as pool, database.session() as session:
        outbox.enqueue(session, [NewRow("crm", first, "profile", first, 1, [])])

        def let_go() -> int:
            with database.session() as other:
                return loads.release(other)

        released = pool.submit(let_go)
        with suppress(TimeoutError):
            released.result(0.3)
        # then neither waits for the other
        outbox.enqueue(session, [NewRow("crm", last, "profile", last, 1, [])])
        session.connection.commit()
        assert released.result(10) == 0
    with database.session() as session:
        assert loads.held_rows(session) == {}
