"""The demo's laws find what they are there to find: each falsified state breaks its law, and the demo ends with 1."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid5

import pytest
from typer.testing import CliRunner

from hub.cli.app import app
from hub.demo import command, laws
from hub.demo.both_ways import Scene
from hub.demo.cast import cast
from hub.demo.roles import Cast, Doubt, Mistake, Person
from hub.demo.scenes import Answered, Decided, Undone
from hub.demo.send import Sent
from hub.demo.state import State
from hub.model.keys import fact_id
from hub.store.identity_status import Quarantined
from hub.store.profiles import FullRow

SPACE = UUID(int=1)
NOW = datetime(2026, 3, 2, tzinfo=UTC)
CAST = cast()


def profile_id(person: Person) -> UUID:
    return uuid5(SPACE, f"{person.name}{person.anchors[0].external_id}")


def golden(person: Person) -> dict[str, Any]:
    kinds = {anchor: "guest" if anchor.kind == "order" else anchor.kind for anchor in person.anchors}
    found: dict[str, Any] = {
        "emails": sorted(person.emails),
        "records": [
            {"connection": anchor.connection, "kind": kind, "external_id": anchor.external_id}
            for anchor, kind in kinds.items()
        ],
    }
    if person.orders:
        totals = [{"currency": "EUR", "amount": person.total}] if person.total else []
        found["orders"] = {"count": person.orders, "totals": totals}
    if person.city:
        found["addresses"] = [{"city": person.city}]
    if person.opted_out:
        found["consents"] = [{"purpose": "marketing", "channel": "email", "state": "opted_out"}]
    return found


def rows(person: Person) -> Iterator[dict[str, Any]]:
    own = profile_id(person)
    refused = "email: INVALID_EMAIL" if person.refused_by_crm else ""
    yield {"key": own, "profile_id": own, "subject": "profile", "state": "delivered", "refused": refused}
    for anchor in person.anchors:
        if anchor.kind == "order":
            key = fact_id(anchor.connection, "order", anchor.external_id)
            yield {"key": key, "profile_id": own, "subject": "order", "state": "delivered", "refused": ""}


def contact(person: Person) -> dict[str, Any]:
    own = str(profile_id(person))
    found = {"id": f"contact of {own}", "hub_profile_id": own, "email": next(iter(sorted(person.emails)), "")}
    found |= {"city": person.city} if person.city else {}
    return {**found, "hub_email_consent": "opted_out"} if person.opted_out else found


def deals(person: Person) -> Iterator[dict[str, Any]]:
    keys = [str(row["key"]) for row in rows(person) if row["subject"] == "order"][: person.orders]
    yield from ({"hub_order_key": key, "contacts": [f"contact of {profile_id(person)}"]} for key in keys)
    yield from ({"hub_order_key": "of nobody", "contacts": []} for _ in range(person.orders - len(keys)))


def decided() -> Decided:
    reviews = {doubt: review(doubt) for doubt in CAST.doubts}
    done: dict[str, Any] = {"judged": {"profiles": [], "undo": []}}
    answered = [Answered(doubt, reviews[doubt], done) for doubt in CAST.doubts if doubt.accept]
    return Decided(
        answered, [undone(each) for each in CAST.mistakes], [reviews[d] for d in CAST.doubts if not d.accept]
    )


def review(doubt: Doubt) -> dict[str, Any]:
    return {"id": "review", "profiles": [{"records": [asdict(anchor)]} for anchor in (doubt.one, doubt.other)]}


def undone(mistake: Mistake) -> Undone:
    kept, taken = mistake.kept.profile, mistake.taken.profile
    done = {"restored": [taken], "destinations": [], "undo": []}
    after = [{"profile": kept, "deals": ["one"]}, {"profile": taken, "deals": ["two"]}]
    return Undone(mistake, [], done, [{"profile": kept, "deals": ["one", "two"]}], after)


def one_person(records: int) -> dict[str, Any]:
    line = {"feature": "email", "level": "exact", "weight": 20.8, "one": "x", "other": "x", "text": "the same e-mail"}
    both = {side: {"connection": "shop-de", "kind": "customer", "external_id": side} for side in ("one", "other")}
    pair = {
        **both,
        "by": "evidence",
        "weight": 7.5,
        "evidence": [line],
        "text": "7.5 bits of evidence, and 4.0 are enough",
    }
    return {"pairs": [pair] * (records - 1), "unjoined": [], "left_out": 0}


def good_state() -> State:
    """A state in which every law holds."""
    sent = Sent()
    sent.acknowledged.update({("shop-de", "one"): 2, ("till", "two"): 1})
    sent.expected = {("shop-de", "one"): "done", ("till", "two"): "skipped"}
    people = CAST.people
    profiles = {profile_id(p): FullRow(profile_id(p), 1, golden(p), NOW, NOW, [], []) for p in people}
    source = {"record": {"connection": "shop-de"}, "event": 1}
    return State(
        sent,
        inbox={
            ("shop-de", "one"): {"id": 1, "topic": "orders/create", "state": "done"},
            ("till", "two"): {"id": 2, "topic": "order.created", "state": "skipped"},
        },
        profiles=profiles,
        retired={UUID(int=7): (profile_id(people[0]), profile_id(people[0]))},
        explained=[(own, {"field": name, **source}) for own, one in profiles.items() for name in one.golden],
        one_person={own: one_person(len(one.golden["records"])) for own, one in profiles.items()},
        outbox=[row for person in people for row in rows(person)],
        contacts=[contact(person) for person in people],
        deals=[deal for person in people for deal in deals(person)],
        decided=decided(),
        quarantined=[Quarantined("phone", "x", 12, 12, NOW)],
        crm={"duplicates": 0, "contacts_created": 44, "unsubscribed": 1, "calls": 1, "by_endpoint": {}, "answers": {}},
        crm_had=1,
        unsubscribed=frozenset(email for person in people if person.opted_out for email in person.emails),
        logs={"api.log": '{"event": "intake.refused"}\n'},
        kills={"api": 1, "worker": 1},
        before_repeat={"profiles": "a"},
        after_repeat={"profiles": "a"},
    )


def broken(state: State, people: Cast = CAST) -> set[str]:
    return {verdict.law for verdict in laws.check(state, people) if not verdict.held}


def find(test: Callable[[Person], object]) -> Person:
    return next(person for person in CAST.people if test(person))


def with_golden(state: State, person: Person, **values: Any) -> State:
    own = profile_id(person)
    changed = replace(state.profiles[own], golden={**state.profiles[own].golden, **values})
    told = {**state.one_person, own: one_person(len(changed.golden["records"]))}
    return replace(state, profiles={**state.profiles, own: changed}, one_person=told)


def lost(state: State) -> State:
    return replace(state, inbox={key: entry for key, entry in state.inbox.items() if key[0] != "till"})


def unfinished(state: State) -> State:
    key = ("shop-de", "one")
    return replace(state, inbox={**state.inbox, key: {**state.inbox[key], "state": "pending"}})


def changed_by_repetition(state: State) -> State:
    return replace(state, after_repeat={"profiles": "b"})


def counted_twice(state: State) -> State:
    return with_golden(state, find(lambda p: p.orders == 1), orders={"count": 2, "totals": []})


def refund_lost(state: State) -> State:
    emil = find(lambda p: p.name == "Emil Fischer")
    return with_golden(state, emil, orders={"count": 2, "totals": [{"currency": "EUR", "amount": "113.40"}]})


def stale_value_won(state: State) -> State:
    return with_golden(state, find(lambda p: p.name == "Emil Fischer"), addresses=[{"city": "Aachen"}])


def stale_in_the_crm(state: State) -> State:
    return replace(state, contacts=[{**one, "city": "Aachen"} if "city" in one else one for one in state.contacts])


def split_in_two(state: State) -> State:
    anna = find(lambda p: p.name == "Anna Müller")
    return with_golden(state, anna, records=golden(anna)["records"][:3])


def retired_id_forgotten(state: State) -> State:
    return replace(state, retired={old: (winner, None) for old, (winner, _) in state.retired.items()})


def names_no_event(state: State) -> State:
    profile, entry = state.explained[0]
    return replace(state, explained=[(profile, {**entry, "event": 99}), *state.explained[1:]])


def merged_without_evidence(state: State) -> State:
    return replace(state, one_person={})


def held_together_by_nothing(state: State) -> State:
    anna = profile_id(find(lambda p: p.name == "Anna Müller"))
    return replace(state, one_person={**state.one_person, anna: {**state.one_person[anna], "pairs": []}})


def contact_twice(state: State) -> State:
    return replace(state, contacts=[*state.contacts, state.contacts[0]])


def contact_missing(state: State) -> State:
    return replace(state, contacts=state.contacts[:-1])


def opt_in_won(state: State) -> State:
    marlene = find(lambda p: p.opted_out)
    return with_golden(state, marlene, consents=[{"purpose": "marketing", "channel": "email", "state": "opted_in"}])


def still_subscribed_in_the_crm(state: State) -> State:
    return replace(state, unsubscribed=frozenset())


def deal_astray(state: State) -> State:
    return replace(state, deals=[{**state.deals[0], "contacts": ["somebody else's"]}, *state.deals[1:]])


def answer_lost(state: State) -> State:
    return replace(state, decided=replace(state.decided, answered=[]))


def asked_again(state: State) -> State:
    everything = [review(doubt) for doubt in CAST.doubts]
    return replace(state, decided=replace(state.decided, open=everything))


def nobody_was_asked(state: State) -> State:
    return replace(state, decided=replace(state.decided, failed=["a doubtful pair is in no review"]))


def nothing_quarantined(state: State) -> State:
    return replace(state, quarantined=[])


def split_refused(state: State) -> State:
    return replace(state, decided=replace(state.decided, undone=[]))


def with_undone(state: State, **values: Any) -> State:
    return replace(state, decided=replace(state.decided, undone=[replace(state.decided.undone[0], **values)]))


def second_contact_missing(state: State) -> State:
    return with_undone(state, after=state.decided.undone[0].after[:1])


def other_id_after_the_split(state: State) -> State:
    return with_undone(state, done={"restored": []})


def was_not_merged_there(state: State) -> State:
    return with_undone(state, before=state.decided.undone[0].after)


def held_up(state: State) -> State:
    return replace(state, outbox=[{**state.outbox[0], "state": "dead"}, *state.outbox[1:]])


def somebody_else_refused(state: State) -> State:
    return replace(state, outbox=[{**state.outbox[0], "state": "rejected"}, *state.outbox[1:]])


def refusal_untold(state: State) -> State:
    return replace(state, outbox=[{**row, "refused": ""} for row in state.outbox])


def name_in_the_log(state: State) -> State:
    return replace(state, logs={"worker.log": "parked Anna M\\u00fcller\n"})


def secret_in_the_log(state: State) -> State:
    return replace(state, secrets=frozenset({"hush-hush"}), logs={"api.log": "/webhooks/x?secret=hush-hush\n"})


def family_became_one(state: State) -> State:
    first, second = [person for person in CAST.people if person.group][:2]
    both = [*golden(first)["records"], *golden(second)["records"]]
    return with_golden(with_golden(state, first, records=both), second, records=[])


FALSIFIED: dict[Callable[[State], State], set[str]] = {
    lost: {"L1"},
    unfinished: {"L1"},
    changed_by_repetition: {"L2"},
    counted_twice: {"L2"},
    refund_lost: {"L2"},
    stale_value_won: {"L3"},
    split_in_two: {"L3"},
    stale_in_the_crm: {"L3"},
    retired_id_forgotten: {"L4"},
    names_no_event: {"L5"},
    merged_without_evidence: {"L5"},
    held_together_by_nothing: {"L5"},
    contact_twice: {"L6"},
    contact_missing: {"L6"},
    deal_astray: {"L6"},
    split_refused: {"L4"},
    second_contact_missing: {"L4"},
    other_id_after_the_split: {"L4"},
    was_not_merged_there: {"L4"},
    answer_lost: {"L8"},
    asked_again: {"L8"},
    nobody_was_asked: {"L8"},
    nothing_quarantined: {"L8"},
    opt_in_won: {"L7"},
    still_subscribed_in_the_crm: {"L7"},
    family_became_one: {"L8"},
    held_up: {"L9"},
    somebody_else_refused: {"L9"},
    refusal_untold: {"L9"},
    name_in_the_log: {"L11"},
    secret_in_the_log: {"L11"},
}


def test_a_good_state_breaks_nothing() -> None:
    assert broken(good_state()) == set()


@pytest.mark.parametrize("falsify", FALSIFIED, ids=lambda falsify: falsify.__name__)
def test_a_falsified_state_breaks_its_law(falsify: Callable[[State], State]) -> None:
    assert broken(falsify(good_state())) == FALSIFIED[falsify]


@pytest.mark.parametrize(("state", "code"), [(good_state(), 0), (lost(good_state()), 1)], ids=["held", "broken"])
def test_the_exit_code_tells_whether_every_law_held(state: State, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def no_stage(*_: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(
            connections={}, processing=None, database=SimpleNamespace(dsn=""), data_dir=Path("nowhere"), kills={}
        )

    monkeypatch.setattr(command, "stage", no_stage)
    monkeypatch.setattr(command, "play", lambda *_: state)
    monkeypatch.setattr("hub.demo.insight.sentences", lambda *_: [])
    monkeypatch.setattr("hub.demo.both_ways.play", lambda *_: Scene())
    result = CliRunner().invoke(app, ["demo", "--once", "--json"])
    assert (result.exit_code, json.loads(result.stdout)["held"]) == (code, code == 0)
