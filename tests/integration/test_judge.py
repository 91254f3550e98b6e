"""What a person decides about who is who: carried out, refused, taken back exactly, and held for ever."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from unittest.mock import ANY
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from hub.application.judge import Judge
from hub.application.process import Processing, process_batch
from hub.errors import NotFound, RefusedError
from hub.matching.rules import IdentityRules
from hub.model.event import CanonicalEvent, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.judgement import Judged, Judgement
from hub.model.keys import profile_id, record_id
from hub.model.order import Order
from hub.outbox.deliver import Sender, deliver
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import inbox, profiles
from hub.store import judgements as store_of
from hub.store.database import Database
from tests.support.doubles import START, Crm, at, by_name, customer, empty, entry, routes_to, source, store
from tests.support.examples import examples

PEOPLE = [
    customer("1", name=("Anna", "Müller"), emails=["anna@example.de"], phones=["+493023125017"], company="Berg KG"),
    customer("2", name=("Bert", "Ohm"), emails=["bert@example.org"]),
    customer("3", name=("Claus", "Zander"), emails=["claus@example.com"], phones=["+493023125018"]),
    customer("4", name=("Dörte", "Quast"), emails=["doerte@example.com"]),
    customer("5", name=("Emil", "Vogt"), emails=["emil@example.org"], birth_date="1980-02-29"),
    customer("6", name=("Dörte", "Quast"), emails=["doerte@example.com"]),
]
"""Six records of five people: 4 and 6 are one by evidence."""


def rec(number: int | str) -> UUID:
    return record_id("shop", "customer", str(number))


def pid(number: int | str) -> UUID:
    return profile_id(rec(number))


def name_of(number: int | str) -> str:
    return f"shop:customer:{number}"


@dataclass
class Office:
    """Hub with a CRM, and somebody who decides."""

    database: Database
    crm: Crm = field(default_factory=Crm)
    processing: Processing = field(init=False)
    judge: Judge = field(init=False)
    woken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        crm = self.crm.connection("crm")
        self.connections = by_name(source("shop"), crm)
        rules = IdentityRules()
        self.processing = Processing(self.database, self.connections, routes_to(crm), rules, SurvivorshipRules())
        self.judge = Judge(self.processing, waken=self.woken.append)

    def told(self, *events: Sequence[CanonicalEvent] | CanonicalEvent) -> Office:
        with self.database.session() as session:
            known = session.one("SELECT count(*) FROM inbox")
        assert known
        lists = [list(event) if isinstance(event, Sequence) else [event] for event in events]
        store(self.database, [entry(each, f"e{known[0] + n}") for n, each in enumerate(lists)])
        return self.processed()

    def processed(self) -> Office:
        while process_batch(self.processing).entries:
            pass
        return self

    def delivered(self) -> dict[str, Any]:
        """The CRM's people by profile."""
        deliver(Sender(self.database, self.connections["crm"], list(self.processing.routes), "test"))
        return {held["profile_id"]: held["golden"] for held in self.crm.people.values()}

    def rows(self, sql: str, *parameters: Any) -> list[Any]:
        with self.database.session() as session:
            return session.rows(sql, parameters or None)

    def clusters(self) -> list[list[str]]:
        rows = self.rows("SELECT array_agg(external_id ORDER BY external_id) FROM record GROUP BY profile_id")
        return sorted(row[0] for row in rows)

    def stored(self) -> dict[str, list[Any]]:
        """Every byte that a merge and a split must leave as it was, beside versions, which only grow."""
        return {
            "profiles": self.rows("SELECT id, golden, search, created_at FROM profile ORDER BY id"),
            "records": self.rows("SELECT id, profile_id, state FROM record ORDER BY id"),
            "aliases": self.rows("SELECT id, profile_id, created_at FROM alias ORDER BY id"),
            "matches": self.rows("SELECT one, other, weight FROM match ORDER BY one, other"),
            "crowds": self.rows("SELECT key, people, carriers, shared FROM crowd ORDER BY key"),
            "orders": self.rows("SELECT id, record_id, payload FROM fact ORDER BY id"),
        }

    def in_force(self) -> list[tuple[str, set[UUID], set[UUID]]]:
        with self.database.session() as session:
            return [(each.verdict, set(each.one), set(each.other)) for each in store_of.page(session, limit=100)]


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database).told(*PEOPLE)


@pytest.fixture(scope="module")
def shared_database(postgres_server: Any) -> Iterator[Database]:
    with postgres_server.database() as database:
        yield database


def refused(decide: Callable[[], Any]) -> RefusedError:
    with pytest.raises(RefusedError) as raised:
        decide()
    return raised.value


# -- merging ----------------------------------------------------------------------------------------------------------


def test_two_people_become_one_and_all_is_told(office: Office) -> None:
    judged = office.judge.merge(pid(1), pid(2), "anna", "same handwriting")

    winner, loser = judged.profiles[0], judged.retired[0]
    with office.database.session() as session:
        row = profiles.get(session, loser)
    assert {winner, loser} == {pid(1), pid(2)}
    assert row is not None
    assert row.id == winner
    assert judged == Judged(
        Judgement(
            judged.judgement.id, "same", frozenset([rec(1)]), frozenset([rec(2)]), "anna", "same handwriting",
            judged.judgement.at,
        ),
        profiles=(winner,),
        retired=(loser,),
        undo=(f"hub judgement withdraw {judged.judgement.id}",),
        destinations=judged.destinations,
        names=judged.names,
    )  # fmt: skip
    assert {name.external_id for name in judged.names.values()} == {"1", "2"}
    assert office.clusters() == [["1", "2"], ["3"], ["4", "6"], ["5"]]
    assert office.woken == ["crm"]


def test_what_becomes_of_it_in_each_destination_is_told(office: Office) -> None:
    nowhere = office.judge.merge(pid(3), pid(5), "anna")
    office.delivered()
    merged = office.judge.merge(pid(1), pid(2), "anna")
    at_once = office.judge.split(merged.profiles[0], [name_of(2)], "anna")
    office.delivered()
    again = office.judge.withdraw(at_once.judgement.id, "anna")
    office.judge.merge(pid(1), pid(2), "anna")
    office.delivered()
    later = office.judge.split(merged.profiles[0], [name_of(2)], "anna")

    def told(judged: Judged) -> list[tuple[str, UUID, str, bool]]:
        return [
            (line["destination"], UUID(line["profile"]), line["will"], line["orders"]) for line in judged.destinations
        ]

    (kept,), (gone,) = merged.profiles, merged.retired
    assert told(nowhere) == [("crm", nowhere.profiles[0], "create", True)]
    assert told(merged) == [("crm", kept, "merge", True)]
    assert told(at_once) == [("crm", kept, "correct", True), ("crm", gone, "keep", True)]
    assert told(again) == [], "the evidence does not bring them together"
    assert told(later) == [("crm", kept, "correct", True), ("crm", gone, "recreate", True)]


def test_a_retired_id_is_followed_and_who_is_one_already_is_refused(office: Office) -> None:
    first = office.judge.merge(pid(1), pid(2), "anna")
    office.judge.merge(first.retired[0], pid(3), "anna")
    before = office.stored()

    again = refused(lambda: office.judge.merge(pid(1), pid(3), "anna"))
    same = refused(lambda: office.judge.merge(pid(5), pid(5), "anna"))

    assert office.clusters() == [["1", "2", "3"], ["4", "6"], ["5"]]
    assert "they are one already" in str(again)
    assert "they are one already" in str(same)
    assert office.stored() == before


def test_a_profile_that_does_not_exist_is_not_found(office: Office) -> None:
    nobody, no_one = uuid4(), uuid4()

    with pytest.raises(NotFound, match=f"no profile {nobody} and no profile {no_one}"):
        office.judge.merge(nobody, no_one, "anna")
    with pytest.raises(NotFound):
        office.judge.split(nobody, ["shop:1"], "anna")
    with pytest.raises(NotFound):
        office.judge.withdraw(77, "anna")


def test_a_hold_of_the_machine_ends_with_a_persons_word(office: Office) -> None:
    with office.database.session() as session:
        hold = store_of.insert(
            session, Judgement(0, "hold", frozenset([rec(1)]), frozenset([rec(2)]), "hub", "61 orders", START)
        )

    judged = office.judge.merge(pid(1), pid(2), "anna")

    assert [(each.id, each.withdrawn_by) for each in judged.withdrawn] == [(hold.id, "anna")]
    assert office.in_force() == [("same", {rec(1)}, {rec(2)})]
    assert len(judged.profiles) == 1


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_who_is_told_apart_is_not_merged_and_the_judgement_is_named(office: Office) -> None:
    told = office.judge.never(pid(1), pid(2), "bert", "brothers").judgement
    before = office.stored()

    error = refused(lambda: office.judge.merge(pid(1), pid(2), "anna"))

    assert str(error) == (
        f"these cannot be one person: judgement {told.id} says otherwise; `hub judgement withdraw {told.id}` ends it"
    )
    assert error.faults == [
        (
            f"judgement.{told.id}",
            f"different, by bert at {told.at:%Y-%m-%d %H:%M}: shop:customer:1 | shop:customer:2",
        )
    ]
    assert office.stored() == before
    assert office.in_force() == [("different", {rec(1)}, {rec(2)})]


def test_a_chain_that_ends_in_a_contradiction_is_refused_with_both_named(office: Office) -> None:
    apart = office.judge.never(pid(1), pid(2), "bert").judgement
    chain = office.judge.merge(pid(2), pid(3), "bert").judgement

    error = refused(lambda: office.judge.merge(pid(1), pid(3), "anna"))

    assert [path for path, _ in error.faults] == [f"judgement.{apart.id}"], (
        "all of 2 and 3 is named: no chain is needed"
    )
    assert office.clusters() == [["1"], ["2", "3"], ["4", "6"], ["5"]]
    # and where the chain runs through records that are not there (yet)
    with office.database.session() as session:
        far = frozenset([uuid4()])
        link = store_of.insert(session, Judgement(0, "same", frozenset([rec(5)]), far, "bert", "", START))
        wall = store_of.insert(session, Judgement(0, "different", far, frozenset([rec(1)]), "bert", "", START))
    error = refused(lambda: office.judge.merge(pid(1), pid(5), "anna"))
    assert [path for path, _ in error.faults] == [f"judgement.{link.id}", f"judgement.{wall.id}"]
    assert f"judgements {link.id} and {wall.id} say otherwise" in str(error)
    assert chain.verdict == "same"


def test_every_fault_of_a_split_is_named_at_once_and_nothing_is_changed(office: Office) -> None:
    merged = office.judge.merge(pid(1), pid(2), "anna").profiles[0]
    before = office.stored()

    error = refused(
        lambda: office.judge.split(merged, ["shop:customer:1", name_of(3), "shop:99", str(rec(4)), "nonsense"], "anna")
    )
    every = refused(lambda: office.judge.split(merged, [name_of(1), str(rec(2))], "anna"))

    owner = office.rows("SELECT profile_id FROM record WHERE external_id = '4'")[0][0]
    assert error.faults == [
        ("records.1", f"belongs to profile {pid(3)}"),
        ("records.2", "is no record of this profile"),
        ("records.3", f"belongs to profile {owner}"),
        ("records.4", "is no record of this profile"),
    ]
    assert every.faults == [("records", "these are all records of the profile: one has to stay")]
    assert office.stored() == before


def test_a_judgement_is_withdrawn_once(office: Office) -> None:
    told = office.judge.merge(pid(1), pid(2), "anna").judgement
    office.judge.withdraw(told.id, "bert")

    assert "was withdrawn already, by bert" in str(refused(lambda: office.judge.withdraw(told.id, "anna")))


# -- taking it back ---------------------------------------------------------------------------------------------------


def test_a_merge_that_is_split_leaves_every_byte_as_it_was(office: Office) -> None:
    before, there = office.stored(), office.delivered()
    merged = office.judge.merge(pid(1), pid(2), "anna")
    assert len(office.delivered()) == 4

    judged = office.judge.split(merged.profiles[0], ["shop:2"], "anna", "two handwritings")

    assert office.stored() == before
    assert office.delivered() == there
    assert set(judged.profiles) == {pid(1), pid(2)}
    assert (judged.restored, judged.retired) == (merged.retired, ())
    assert [each.id for each in judged.withdrawn] == [merged.judgement.id]
    assert office.in_force() == [("different", {rec(2)}, {rec(1)})]
    assert judged.undo == (
        f"hub judgement withdraw {judged.judgement.id}",
        f"hub profile merge {judged.profiles[0]} {judged.profiles[1]}",
    )


def test_evidence_does_not_bring_together_whom_a_person_split(office: Office) -> None:
    together = office.rows("SELECT profile_id FROM record WHERE external_id = '4'")[0][0]

    office.judge.split(together, [name_of(6)], "anna")
    office.told(customer("4", when=at(60), name=("Dörte", "Quast"), phones=["+493023125019"]))
    office.told(customer("6", when=at(60), name=("Dörte", "Quast"), phones=["+493023125019"]))

    assert office.clusters() == [["1"], ["2"], ["3"], ["4"], ["5"], ["6"]]


def test_what_is_withdrawn_is_decided_by_evidence_again(office: Office) -> None:
    before = office.stored()
    together = office.rows("SELECT profile_id FROM record WHERE external_id = '4'")[0][0]
    apart = office.judge.split(together, [name_of(6)], "anna")
    merged = office.judge.merge(pid(1), pid(2), "anna")

    one = office.judge.withdraw(apart.judgement.id, "bert")
    two = office.judge.withdraw(merged.judgement.id, "bert")

    assert office.stored() == {**before, "aliases": [(pid(6) if together == pid(4) else pid(4), together, ANY)]}, (
        "an id that was somebody's leads on for ever"
    )
    assert office.in_force() == []
    assert one.profiles == (together,)
    assert one.judgement == replace(apart.judgement, withdrawn_at=one.judgement.withdrawn_at, withdrawn_by="bert")
    assert (set(two.profiles), two.restored) == ({pid(1), pid(2)}, merged.retired)
    assert len(two.undo) == 1


def test_part_of_what_was_merged_can_be_taken_out(office: Office) -> None:
    first = office.judge.merge(pid(1), pid(2), "anna")
    all_three = office.judge.merge(first.profiles[0], pid(3), "anna")
    alone = office.rows("SELECT golden FROM profile WHERE id = %s", pid(5))

    judged = office.judge.split(all_three.profiles[0], [name_of(2)], "bert")

    assert office.clusters() == [["1", "3"], ["2"], ["4", "6"], ["5"]]
    assert {each.id for each in judged.withdrawn} == {first.judgement.id, all_three.judgement.id}
    assert [(each.verdict, each.by, each.records) for each in judged.also] == [
        ("same", "anna", frozenset([rec(1), rec(3)]))
    ]
    assert office.rows("SELECT golden FROM profile WHERE id = %s", pid(5)) == alone


def test_who_is_split_off_together_stays_together(office: Office) -> None:
    merged = office.judge.merge(office.judge.merge(pid(1), pid(2), "anna").profiles[0], pid(3), "anna")

    judged = office.judge.split(merged.profiles[0], [name_of(2), name_of(3)], "bert")

    assert office.clusters() == [["1"], ["2", "3"], ["4", "6"], ["5"]]
    assert [(each.verdict, set(each.records)) for each in judged.also] == [("same", {rec(2), rec(3)})]


def test_ids_that_were_merged_away_lead_to_where_their_records_are(office: Office) -> None:
    pair = office.judge.merge(pid(1), pid(2), "anna")
    before = office.stored()
    trio = office.judge.merge(pair.profiles[0], pid(3), "anna")

    office.judge.split(trio.profiles[0], [name_of(3)], "anna")

    assert office.stored() == before
    with office.database.session() as session:
        found = [profiles.get(session, pid(number)) for number in (1, 2, 3)]
    assert [row.id for row in found if row] == [pair.profiles[0], pair.profiles[0], pid(3)]


def test_orders_go_with_their_records(office: Office) -> None:
    order = Order(external_id="o1", state="paid", placed_at=at(1), currency="EUR", total=Decimal("39.90"))
    office.told(OrderEvent(occurred_at=at(1), order=order, record=RecordKey(kind="customer", external_id="2")))
    before, there = office.stored(), office.delivered()
    contact = office.crm.orders.copy()
    merged = office.judge.merge(pid(1), pid(2), "anna")
    office.delivered()

    office.judge.split(merged.profiles[0], [name_of(2)], "anna")

    assert office.stored() == before
    assert office.delivered() == there
    office.delivered()
    holder = {held["profile_id"]: key for key, held in office.crm.people.items()}[str(pid(2))]
    assert {key: {**held, "contact": holder} for key, held in contact.items()} == office.crm.orders


# -- for ever ---------------------------------------------------------------------------------------------------------


def test_judgements_survive_replay_and_new_events(office: Office) -> None:
    office.judge.merge(pid(1), pid(2), "anna")
    together = office.rows("SELECT profile_id FROM record WHERE external_id = '4'")[0][0]
    office.judge.split(together, [name_of(6)], "anna")
    decided, before = office.clusters(), office.stored()

    with office.database.session() as session:
        assert inbox.requeue(session)
    office.processed()

    assert office.stored() == before
    office.told(customer("1", when=at(90), emails=["anna@example.com"]), customer("6", when=at(90), company="Quast"))
    assert office.clusters() == decided == [["1", "2"], ["3"], ["4"], ["5"], ["6"]]


@pytest.mark.parametrize("one_by_one", [False, True])
def test_judgements_survive_a_rebuild_from_the_inbox(office: Office, one_by_one: bool) -> None:
    office.judge.merge(pid(1), pid(2), "anna")
    together = office.rows("SELECT profile_id FROM record WHERE external_id = '4'")[0][0]
    office.judge.split(together, [name_of(6)], "anna")
    decided = office.clusters()
    goldens = office.rows("SELECT golden FROM profile ORDER BY golden")

    with office.database.session() as session:
        session.run(
            "TRUNCATE trait_override, record, record_key, match, crowd, profile, alias, history, fact, outbox, mirror, "
            "crosswalk"
        )
        inbox.requeue(session)
    while process_batch(office.processing, 1 if one_by_one else 500).entries:
        pass

    assert office.clusters() == decided
    assert office.rows("SELECT golden FROM profile ORDER BY golden") == goldens


# -- several at once --------------------------------------------------------------------------------------------------


def at_once(*decisions: Callable[[], Any]) -> list[Any]:
    ready = threading.Barrier(len(decisions))
    ended: list[Any] = [None] * len(decisions)

    def run(place: int) -> None:
        ready.wait(60)
        try:
            ended[place] = decisions[place]()
        except Exception as error:
            ended[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(decisions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ended


def test_of_two_who_contradict_each_other_one_is_refused(office: Office) -> None:
    ended = at_once(
        lambda: office.judge.merge(pid(1), pid(2), "anna"), lambda: office.judge.never(pid(1), pid(2), "bert")
    )

    assert sorted(type(end).__name__ for end in ended) == ["Judged", "RefusedError"]
    assert len(office.in_force()) == 1


def test_three_merges_that_would_close_a_circle_end_in_one_person(office: Office) -> None:
    ended = at_once(
        lambda: office.judge.merge(pid(1), pid(2), "anna"),
        lambda: office.judge.merge(pid(2), pid(3), "bert"),
        lambda: office.judge.merge(pid(3), pid(1), "clara"),
    )

    assert sorted(type(end).__name__ for end in ended) == ["Judged", "Judged", "RefusedError"]
    assert office.clusters() == [["1", "2", "3"], ["4", "6"], ["5"]]


def test_events_that_come_meanwhile_miss_no_decision(office: Office) -> None:
    news = [entry([customer("1", when=at(100 + n), company=f"Berg {n}")], f"news{n}") for n in range(12)]
    store(office.database, news)

    def work() -> None:
        while process_batch(office.processing, 1).entries:
            pass

    ended = at_once(work, lambda: office.judge.merge(pid(1), pid(2), "anna"), work)

    assert isinstance(ended[1], Judged)
    assert office.clusters() == [["1", "2"], ["3"], ["4", "6"], ["5"]]
    assert office.rows("SELECT golden::json->>'company' FROM profile WHERE id = %s", ended[1].profiles[0]) == [
        ("Berg 11",)
    ]


# -- private ----------------------------------------------------------------------------------------------------------


def test_no_reason_and_no_name_is_logged(office: Office) -> None:
    with capture_logs() as logged:
        merged = office.judge.merge(pid(1), pid(2), "anna", "knows Müller personally")
        office.judge.split(merged.profiles[0], [name_of(2)], "anna", "Müller again")

    assert [line["event"] for line in logged if line["event"].startswith("judge.")] == ["judge.done", "judge.done"]
    assert not [line for line in logged if "Müller" in str(line) or "anna" in str(line)]


# -- whatever is merged, and in whatever order it is taken back -------------------------------------------------------


def merges_of(numbers: Sequence[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.lists(st.tuples(st.sampled_from(numbers), st.sampled_from(numbers)), min_size=1, max_size=4)


@settings(max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wanted=merges_of("123456"), how=st.sampled_from(["split", "withdraw"]))
def test_random_merges_taken_back_restore_each_state_on_the_way(
    shared_database: Database, wanted: list[tuple[str, str]], how: str
) -> None:
    empty(shared_database)
    office = Office(shared_database).told(*PEOPLE)
    office.delivered()
    done: list[tuple[Judged, list[str], dict[str, list[Any]], dict[str, Any]]] = []
    for one, other in wanted:
        state, there, homes = (
            office.stored(),
            office.delivered(),
            dict(office.rows("SELECT external_id, profile_id FROM record")),
        )
        if homes[one] == homes[other]:
            continue
        side = [number for number, home in homes.items() if home == homes[other]]
        done.append((office.judge.merge(homes[one], homes[other], "anna"), side, state, there))
        office.delivered()

    for merged, side, state, there in reversed(done):
        if how == "withdraw":
            office.judge.withdraw(merged.judgement.id, "anna")
        else:
            office.judge.split(merged.profiles[0], [name_of(number) for number in side], "anna")
        assert office.stored() == state
        assert office.delivered() == there


@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(wanted=merges_of("12345"), pick=st.integers(0, 10))
def test_any_earlier_profile_can_be_taken_out_of_what_it_became(
    shared_database: Database, wanted: list[tuple[str, str]], pick: int
) -> None:
    """Out of a nested merge, not only the last step: the profile that was is the profile that is."""
    empty(shared_database)
    office = Office(shared_database).told(*PEOPLE)
    earlier: dict[tuple[str, ...], Any] = {}

    def remember() -> None:
        for members, *row in office.rows(
            """
            SELECT array_agg(r.external_id ORDER BY r.external_id), p.id, p.golden, p.search, p.created_at
            FROM record r JOIN profile p ON p.id = r.profile_id GROUP BY p.id
            """
        ):
            earlier[tuple(members)] = row

    remember()
    for one, other in wanted:
        homes = dict(office.rows("SELECT external_id, profile_id FROM record"))
        if homes[one] != homes[other]:
            office.judge.merge(homes[one], homes[other], "anna")
            remember()
    now = {tuple(members) for members in office.clusters()}
    inside = [group for group in sorted(earlier) if any(set(group) < set(held) for held in now)]
    if not inside:
        return
    chosen = inside[pick % len(inside)]
    home = office.rows("SELECT profile_id FROM record WHERE external_id = %s", chosen[0])[0][0]

    office.judge.split(home, [name_of(number) for number in chosen], "bert")

    row = office.rows(
        "SELECT p.id, p.golden, p.search, p.created_at FROM profile p JOIN record r ON r.profile_id = p.id "
        "WHERE r.external_id = %s", chosen[0]
    )  # fmt: skip
    assert list(chosen) in office.clusters()
    assert [list(found) for found in row] == [earlier[chosen]]


NEWS = [
    customer("2", when=at(100), name=("Bert", "Ohm"), emails=["bert@example.org"], phones=["+493023125018"]),
    customer("3", when=at(101), name=("Claus", "Zander"), emails=["bert@example.org"]),
    customer("5", when=at(102), name=("Emil", "Vogt"), emails=["claus@example.com"]),
    customer("1", when=at(103), name=("Emil", "Vogt"), emails=["emil@example.org"]),
    customer("7", when=at(104), name=("Emil", "Vogt"), emails=["emil@example.org"], birth_date="1980-02-29"),
    customer("8", when=at(105), name=("Anna", "Müller"), phones=["+493023125017"], company="Berg KG"),
]
STEPS = st.sampled_from(NEWS) | st.tuples(st.sampled_from("12345"), st.sampled_from("12345"), st.booleans())


@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=2, max_size=6, unique_by=str))
def test_decisions_that_are_withdrawn_leave_no_trace_whatever_came_meanwhile(
    shared_database: Database, steps: list[Any]
) -> None:
    def ended(*, deciding: bool) -> tuple[list[list[str]], list[Any], list[Any]]:
        empty(shared_database)
        office = Office(shared_database).told(*PEOPLE)
        for step in steps:
            if not isinstance(step, tuple):
                office.told(step)
                continue
            homes = dict(office.rows("SELECT external_id, profile_id FROM record"))
            one, other, joins = homes[step[0]], homes[step[1]], step[2]
            if deciding and joins and one != other:
                with contextlib.suppress(RefusedError):
                    office.judge.merge(one, other, "anna")
            elif deciding and not joins and list(homes.values()).count(one) > 1:
                office.judge.split(one, [name_of(step[0])], "anna")
        for number in office.rows("SELECT id FROM judgement WHERE withdrawn_at IS NULL ORDER BY id DESC"):
            office.judge.withdraw(number[0], "anna")
        goldens = office.rows("SELECT golden FROM profile ORDER BY golden")
        return office.clusters(), goldens, office.stored()["matches"]

    assert ended(deciding=True) == ended(deciding=False)
