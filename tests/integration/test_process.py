"""normalise → resolve → survive → enqueue, on a real database: merges, splits, parts, thin events, poison."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from hub.application import process as stage
from hub.application.complete import complete_batch
from hub.application.process import Processing, process_batch
from hub.errors import Unavailable
from hub.matching.rules import IdentifierRule, IdentityRules
from hub.model.event import DeletionEvent, LinkEvent, OrderEvent, OrderPartEvent
from hub.model.identifier import RecordKey
from hub.model.keys import profile_id, record_id
from hub.model.money import Money
from hub.model.order import Order, Refund
from hub.normalise import batch as normalising
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import Connection
from hub.sdk.http import HttpClient
from hub.sdk.source import Completion, InboxEntry
from hub.store import identity_locks, inbox, profiles, versions
from hub.store.database import Database
from tests.support.doubles import START, Crm, at, by_name, customer, entry, parse, routes_to, source, store

ONE, TWO = RecordKey(kind="customer", external_id="1"), RecordKey(kind="customer", external_id="2")
MAIL = "anna@example.com"


def processing(database: Database, *connections: Connection, rules: IdentityRules | None = None) -> Processing:
    crm = Crm().connection("crm")
    known = by_name(*(connections or (source("shop"),)), crm)
    return Processing(database, known, routes_to(crm), rules or IdentityRules(), SurvivorshipRules())


def drain(work: Processing) -> None:
    while process_batch(work).entries:
        pass


def golden(database: Database) -> list[dict[str, Any]]:
    with database.session() as session:
        return [orjson.loads(row[0]) for row in session.rows("SELECT golden FROM profile ORDER BY golden")]


def states(database: Database) -> dict[str, tuple[str, str]]:
    with database.session() as session:
        return {row["event_id"]: (row["state"], row["reason"]) for row in inbox.page(session, limit=1_000)}


def pass_time(database: Database) -> None:
    with database.session() as session:
        session.run("UPDATE inbox_queue SET due_at = now()")


def order(total: str, *, key: RecordKey | None = ONE, when: int = 1, **fields: Any) -> OrderEvent:
    made = Order(external_id="o1", placed_at=at(0), currency="EUR", total=Decimal(total), **{"state": "paid", **fields})
    return OrderEvent(occurred_at=at(when), order=made, record=key)


def refund(amount: str, external_id: str = "r1", **fields: Any) -> OrderPartEvent:
    part = Refund(external_id=external_id, amount=Money(amount=Decimal(amount), currency="EUR"), **fields)
    return OrderPartEvent(occurred_at=at(2), order_id="o1", part=part)


def total(database: Database) -> list[tuple[int, list[dict[str, str]]]]:
    return [(one["orders"]["count"], one["orders"]["totals"]) for one in golden(database) if "orders" in one]


# -- merging and splitting


def test_a_merge_names_its_evidence_and_the_old_id_leads_to_the_new_for_ever(database: Database) -> None:
    work = processing(database)
    store(database, [entry([customer("1", emails=[MAIL])], "e1")])
    drain(work)
    store(database, [entry([customer("2", emails=["a@example.de"])], "e2")])
    drain(work)
    # when the second turns out to be the first
    store(database, [entry([customer("2", when=at(5), emails=[MAIL])], "e3")])
    drain(work)
    kept, gone = (profile_id(record_id("shop", "customer", number)) for number in "12")
    with database.session() as session:
        row = profiles.get(session, gone)
        [merge] = profiles.history(session, kept)
    assert row is not None
    assert (row.id, row.aliases) == (kept, [gone])
    assert (merge["what"], merge["other_id"]) == ("merged", gone)
    [pair] = merge["evidence"]
    assert sorted(pair["records"]) == sorted(str(record_id("shop", "customer", number)) for number in "12")
    assert [(line["feature"], line["level"]) for line in pair["evidence"]] == [("email", "exact")]


def test_a_merge_that_is_undone_gives_both_their_ids_back_and_nothing_is_lost(database: Database) -> None:
    rules = IdentityRules(identifiers={"email": IdentifierRule(strength="strong", max_people=1)})
    work = processing(database, rules=rules)
    store(database, [entry([customer("1", emails=[MAIL], company="Berg KG")], "e1"), entry([order("5")], "e2")])
    drain(work)
    store(database, [entry([customer("2", emails=["a@example.de"], name=("Anna", "Berg"))], "e3")])
    drain(work)
    before = golden(database)
    store(database, [entry([customer("2", when=at(5), emails=[MAIL])], "e4")])
    drain(work)
    assert len(golden(database)) == 1
    # when two names on the inbox show that it is shared
    store(database, [entry([customer("1", when=at(6), name=("Bert", "Berg"))], "e5")])
    drain(work)
    # then each has its own values again, and what was told since
    with database.session() as session:
        ids = {row[0] for row in session.rows("SELECT id FROM profile")}
        aliases = session.rows("SELECT id FROM alias")
        what = [row[0] for row in session.rows("SELECT what FROM history ORDER BY id")]
    assert ids == {profile_id(record_id("shop", "customer", number)) for number in "12"}
    assert (aliases, what) == ([], ["merged", "split"])
    company, anna = golden(database)
    assert company == {**before[0], "name": {"first": "Bert", "last": "Berg", "full": "Bert Berg"}}
    assert anna == {**before[1], "emails": [MAIL, "a@example.de"]}


def test_a_source_that_links_two_of_its_records_joins_them(database: Database) -> None:
    link = LinkEvent(occurred_at=at(3), records=(ONE, TWO), reason="merged in the shop")
    store(database, [entry([link], "e1"), entry([customer("1")], "e2"), entry([customer("2")], "e3")])
    drain(processing(database))
    assert [len(one["records"]) for one in golden(database)] == [2]


# -- orders, added up again and never added


def test_an_order_is_counted_once_in_its_newest_state(database: Database) -> None:
    versions = [order("10"), order("12", when=3), order("11", when=2), order("12", when=3)]
    store(database, [entry([version], f"e{number}") for number, version in enumerate(versions)])
    drain(processing(database))
    assert total(database) == [(1, [{"amount": "12", "currency": "EUR"}])]


@pytest.mark.parametrize("fields", [{"test": True}, {"state": "cancelled"}, {"state": "failed"}])
def test_what_is_no_sale_is_not_counted(database: Database, fields: dict[str, Any]) -> None:
    store(database, [entry([order("10", **fields)], "e1")])
    drain(processing(database))
    assert total(database) == []


def test_totals_are_net_of_refunds_that_were_paid_out(database: Database) -> None:
    parts = [refund("3"), refund("3"), refund("2", "r2"), refund("4", "r3", state="failed")]
    store(database, [entry([order("10")], "e0"), *(entry([p], f"e{n}") for n, p in enumerate(parts, 1))])
    drain(processing(database))
    assert total(database) == [(1, [{"amount": "5", "currency": "EUR"}])]


def test_a_refund_that_came_before_its_order_is_looked_at_again(database: Database) -> None:
    work = processing(database)
    store(database, [entry([refund("3")], "e1")])
    drain(work)
    assert states(database) == {"e1": ("pending", "")}
    # it may be in another worker's open transaction; when the order is there, the refund counts without waiting
    store(database, [entry([order("10")], "e2")])
    drain(work)
    assert total(database) == [(1, [{"amount": "7", "currency": "EUR"}])]
    pass_time(database)
    drain(work)
    assert states(database) == {"e1": ("done", ""), "e2": ("done", "")}


def test_a_refund_without_an_order_does_not_wait_for_ever(database: Database) -> None:
    work = processing(database)
    store(database, [entry([refund("3")], "e1")])
    for _ in range(len(stage.ORPHAN_RETRIES) + 1):
        drain(work)
        pass_time(database)
    drain(work)
    assert states(database) == {"e1": ("done", "")}


def test_an_order_deleted_at_the_source_is_counted_no_more(database: Database) -> None:
    gone = DeletionEvent(occurred_at=at(4), record=RecordKey(kind="order", external_id="o1"), kind="order")
    store(database, [entry([order("10")], "e1"), entry([gone], "e2")])
    drain(processing(database))
    assert total(database) == []


def test_an_order_that_changes_hands_is_counted_at_one_of_them(database: Database) -> None:
    work = processing(database)
    for number, version in enumerate([order("10"), order("10", key=TWO, when=2), order("10", key=None, when=3)]):
        store(database, [entry([version], f"e{number}")])
        drain(work)
    assert [one["records"][0]["external_id"] for one in golden(database) if "orders" in one] == ["2"]
    assert total(database) == [(1, [{"amount": "10", "currency": "EUR"}])]


# -- thin events


def thin(bodies: dict[str, bytes], *, fail: list[Exception] | None = None) -> Connection:
    """A source whose deliveries name what has to be fetched."""

    def wanted(taken: InboxEntry, settings: Any) -> list[Completion]:
        name = taken.body.decode()
        return [] if name in taken.completions else [Completion(name, f"/{name}")]

    def fetch(completion: Completion, client: HttpClient, settings: Any) -> bytes:
        if fail:
            raise fail.pop(0)
        return bodies[completion.name]

    def read(taken: InboxEntry, settings: Any) -> Sequence[Any]:
        inner = InboxEntry("shop", "x", "events", {}, taken.completions[taken.body.decode()], taken.received_at)
        return parse(inner, settings)

    made = source("shop", read=read, completions=wanted, complete=fetch)
    return Connection("shop", made.connector, made.settings.model_copy(update={"base_url": "http://shop.example.com"}))


def test_a_thin_event_is_completed_once_and_replayed_without_asking_again(database: Database) -> None:
    body = entry([customer("1", company="Berg KG")], "x").body
    shop = thin({"customers/1": body})
    work = processing(database, shop)
    store(database, [inbox.NewEntry("shop", "e1", "events", "{}", b"customers/1", at(0))])
    assert process_batch(work).thin
    assert complete_batch(database, by_name(shop), {}) == 1
    drain(work)
    assert [one["company"] for one in golden(database)] == ["Berg KG"]
    # when it is replayed with a source that can be reached no more
    with database.session() as session:
        inbox.requeue(session)
    drain(processing(database, thin({})))
    assert states(database) == {"e1": ("done", "")}


def test_a_vendor_that_is_away_delays_its_own_entries_only(database: Database) -> None:
    body = entry([customer("1")], "x").body
    shop = thin({"customers/1": body}, fail=[Unavailable("down")])
    work = processing(database, shop, source("till"))
    store(database, [inbox.NewEntry("shop", "e1", "events", "{}", b"customers/1", at(0))])
    store(database, [entry([customer("9")], "e2", connection="till")])
    drain(work)
    complete_batch(database, by_name(shop), {})
    assert states(database) == {"e1": ("pending", ""), "e2": ("done", "")}
    pass_time(database)
    complete_batch(database, by_name(shop), {})
    drain(work)
    assert states(database)["e1"] == ("done", "")


# -- poison


NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""What many systems write for "never": no time that a row may have."""


def poisonous(database: Database, count: int = 16, *, poison: int = 9) -> list[str]:
    """Entries of which the database refuses one."""
    entries = [entry([customer(str(number))], f"e{number}") for number in range(count)]
    entries[poison] = entry([customer("1", when=NEVER)], f"e{poison}")
    store(database, entries)
    return [f"e{number}" for number in range(count)]


def test_the_entry_at_fault_is_parked_and_the_others_are_done(database: Database) -> None:
    every = poisonous(database)
    drain(processing(database))
    found = states(database)
    assert [name for name in every if found[name][0] != "done"] == ["e9"]
    assert found["e9"] == ("parked", "events: occurred_at: a time before 1900 or after 2199")


def test_with_several_workers_no_innocent_entry_is_parked(database: Database) -> None:
    every = poisonous(database, 40, poison=17)
    work = processing(database)

    def drain_small() -> None:
        while process_batch(work, 8).entries:
            pass

    workers = [threading.Thread(target=drain_small) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found = states(database)
    assert {name: found[name][0] for name in every if found[name][0] != "done"} == {"e17": "parked"}


def test_the_entry_at_fault_is_parked_by_its_own_id(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    # given an entry that fails while another worker holds the ones before it, and gives them back just then
    store(database, [entry([customer("1")], "first"), entry([customer("2", when=NEVER)], "poison")])
    work = processing(database)
    normalise = normalising.normalise
    with database.session() as other:
        other.rows("SELECT 1 FROM inbox_queue WHERE inbox_id = 1 FOR UPDATE")

        def then_release(*args: Any) -> Any:
            other.connection.rollback()
            return normalise(*args)

        monkeypatch.setattr(stage, "normalise", then_release)
        process_batch(work)
    monkeypatch.setattr(stage, "normalise", normalise)
    drain(work)
    assert {name: state for name, (state, _) in states(database).items()} == {"first": "done", "poison": "parked"}


def test_text_without_end_does_not_hold_the_queue_up(database: Database) -> None:
    # PostgreSQL indexes at most a megabyte of words
    endless = " ".join(f"wort{number}" for number in range(200_000))
    store(database, [entry([customer("1", company=endless)], "e1"), entry([customer("2")], "e2")])
    drain(processing(database))
    assert {name: state for name, (state, _) in states(database).items()} == {"e1": "done", "e2": "done"}


def test_a_batch_costs_a_constant_number_of_statements(database: Database) -> None:
    from hub import metrics

    def statements(count: int, first: int) -> float:
        store(database, [
            entry([customer(str(n), emails=[f"k{n}@example.com"], phones=[f"+49302312{n:04d}"])], f"e{n}")
            for n in range(first, first + count)
        ])  # fmt: skip
        before = metrics.SQL_STATEMENTS._value.get()
        process_batch(processing(database))
        return float(metrics.SQL_STATEMENTS._value.get() - before)

    assert statements(200, 1_000) == statements(2, 0)


def test_refunds_that_wait_for_their_orders_cost_a_constant_number_of_statements(database: Database) -> None:
    from hub import metrics

    def statements(count: int, first: int) -> float:
        store(database, [
            entry([OrderPartEvent(occurred_at=START, order_id=f"o{n}", part=Refund(
                external_id=f"r{n}", amount=Money(amount=Decimal(1), currency="EUR")))], f"e{n}")
            for n in range(first, first + count)
        ])  # fmt: skip
        before = metrics.SQL_STATEMENTS._value.get()
        process_batch(processing(database))
        return float(metrics.SQL_STATEMENTS._value.get() - before)

    assert statements(50, 1_000) == statements(2, 0)
    with database.session() as session:
        [[waiting]] = session.rows("SELECT count(*) FROM inbox_queue WHERE attempts = 1 AND due_at > now()")
    assert waiting == 52


def test_a_record_that_cannot_be_resolved_again_does_not_hold_up_the_others(database: Database) -> None:
    # given records to be resolved again, one of which nobody can read
    work = processing(database)
    store(
        database,
        [entry([customer(str(number), emails=[f"{number}@example.com"])], f"e{number}") for number in range(16)],
    )
    drain(work)
    with database.session() as session:
        versions.queue_all(session)
        session.run("""UPDATE record SET state = '{"birth_date": ["on a Monday", [0, 0]]}' WHERE external_id = '9'""")
    # when they are
    with capture_logs() as logs:
        drain(work)
    # then only that one was left as it was, and is named
    with database.session() as session:
        assert versions.waiting(session) == 0
    named = [line for line in logs if line["event"] == "process.not_resolved_again"]
    assert [line["record"] for line in named] == [str(record_id("shop", "customer", "9"))]


def test_a_split_is_told_by_what_its_own_people_share(database: Database) -> None:
    # given two people, each with two records by a mailbox of their own
    few = IdentityRules(identifiers={"email": IdentifierRule(strength="strong", max_records=2)})
    work = processing(database, rules=few)
    people = [(("Anna", "Berg"), "xq@example.com"), (("Zoltan", "Kiss"), "vv@example.org")]
    told = [customer(f"{name[0]}-{number}", name=name, emails=[mail]) for name, mail in people for number in range(3)]
    store(
        database, [entry([one], one.customer.key.external_id) for one in told if one.customer.key.external_id[-1] < "2"]
    )
    drain(work)
    # when one batch brings both mailboxes more records than the rules let prove anything
    store(
        database,
        [entry([one], one.customer.key.external_id) for one in told if one.customer.key.external_id[-1] == "2"],
    )
    drain(work)
    # then each split names its own mailbox, and not a stranger's
    with database.session() as session:
        rows = session.rows("SELECT evidence FROM history WHERE what = 'split'")
    values = [[line["value"] for line in orjson.loads(evidence)] for (evidence,) in rows]
    assert sorted(values) == [["vv@example.org"], ["xq@example.com"]]


def test_a_new_version_and_a_batch_of_the_old_do_not_wait_for_each_other(database: Database) -> None:
    # given a queue to be resolved again, and somebody who fills it anew and goes first
    work = processing(database)
    store(
        database,
        [entry([customer(str(number), emails=[f"{number}@example.com"])], f"e{number}") for number in range(16)],
    )
    drain(work)
    with database.session() as session:
        versions.queue_all(session)
    with capture_logs() as logs, database.session() as session:
        identity_locks.rules_alone(session)
        batch = threading.Thread(target=process_batch, args=[work])
        batch.start()
        # when the batch has its turn while the queue is being filled
        time.sleep(0.3)
        versions.queue_all(session)
        session.connection.commit()
        batch.join()
    # then neither had to be ended for the other
    assert [line for line in logs if line["event"] == "process.repeated"] == []
