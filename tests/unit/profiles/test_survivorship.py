"""Which value of several records is the golden one, and why; pure."""

from __future__ import annotations

import random
from datetime import date
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from hub.mapping.record_state import State, apply_consent, apply_customer, micros
from hub.model.address import Address
from hub.model.consent import Consent
from hub.model.customer import CustomerSnapshot
from hub.model.event import ConsentEvent, CustomerEvent
from hub.model.keys import record_id
from hub.profiles.reasons import explain, unused
from hub.profiles.survivorship import (
    Leaf,
    Strategy,
    SurvivorshipRules,
    consent_decisions,
    golden,
    ranked,
    sameness,
    single,
    survivors,
)
from tests.support.doubles import at, customer

NEWEST = SurvivorshipRules()


def leaf(number: int, *events: CustomerEvent | ConsentEvent, rank: int = 100, received: int = 0) -> Leaf:
    """Record ``number``, which heard these events; the entry ids are 10 for the first, 11 for the second …"""
    state: State = {}
    for place, event in enumerate(events):
        stamp = [micros(event.occurred_at), received, 10 * number + place]
        if isinstance(event, CustomerEvent):
            apply_customer(state, event, stamp)
        else:
            apply_consent(state, event, stamp)
    return Leaf(record_id("shop", "customer", str(number)), "shop", "customer", str(number), rank, state)


def company(number: int, second: int, name: str, *, rank: int = 100, received: int = 0) -> Leaf:
    return leaf(number, customer(str(number), when=at(second), company=name), rank=rank, received=received)


def values(leaves: list[Leaf], rules: SurvivorshipRules = NEWEST) -> dict[str, Any]:
    found = golden(leaves, {}, rules)
    found.pop("records")
    return found


# -- single values


def test_the_newest_source_time_wins() -> None:
    assert values([company(1, 2, "new"), company(2, 1, "old")]) == {"company": "new"}


def test_then_source_rank_then_the_record_and_never_arrival() -> None:
    assert values([company(1, 1, "third"), company(2, 1, "first", rank=1)]) == {"company": "first"}
    assert values([company(1, 1, "one", received=1), company(2, 1, "two", received=2)]) == {"company": "one"}
    assert values([company(1, 1, "one", received=2), company(2, 1, "two", received=1)]) == {"company": "one"}


def test_source_rank_beats_time_where_it_is_asked_for() -> None:
    rules = SurvivorshipRules(attributes={"company": "source_rank"})
    assert values([company(1, 9, "new"), company(2, 1, "trusted", rank=1)], rules) == {"company": "trusted"}


def test_the_most_complete_the_most_frequent_and_the_longest_lived() -> None:
    leaves = [
        company(1, 3, "Berg"),
        company(2, 2, "Berg und Söhne KG"),
        company(3, 1, "Berg AG"),
        company(4, 0, "Berg"),
    ]

    def of(strategy: str) -> object:
        return values(leaves, SurvivorshipRules.model_validate({"attributes": {"company": strategy}}))["company"]

    assert (of("most_complete"), of("most_frequent"), of("longest_lived")) == ("Berg und Söhne KG", "Berg", "Berg")
    assert values(leaves[:3], SurvivorshipRules(attributes={"company": "longest_lived"})) == {"company": "Berg AG"}


def by(strategy: str, *attributes: str) -> SurvivorshipRules:
    return SurvivorshipRules.model_validate({"attributes": dict.fromkeys(attributes, strategy)})


def named(number: int, second: int, first: str | None, last: str | None = None) -> Leaf:
    return leaf(number, customer(str(number), when=at(second), name=(first, last)))


def test_most_frequent_counts_what_is_spelled_otherwise_as_the_same_and_shows_its_newest_spelling() -> None:
    told = [named(1, 1, "Anna", "Müller"), named(2, 2, "ANNA", "Mueller"), named(3, 9, "Anna", "Möller")]
    assert values(told, by("most_frequent", "name"))["name"] == {
        "first": "ANNA",
        "last": "Mueller",
        "full": "ANNA Mueller",
    }


def test_most_complete_counts_the_parts_of_a_name_and_not_its_letters() -> None:
    rules = by("most_complete", "name")
    whole, long = named(1, 1, "Jo", "Ox"), named(2, 2, "Maximiliane-Friederike")
    assert values([whole, long], rules)["name"]["full"] == "Jo Ox"
    assert values([named(1, 1, "Julia", "Ox"), named(2, 2, "J.", "Oxenstierna")], rules)["name"]["full"] == "Julia Ox"


def test_most_complete_counts_the_lines_of_an_address() -> None:
    def living(number: int, second: int, **lines: str) -> Leaf:
        return leaf(number, customer(str(number), when=at(second), addresses=(Address(**lines),)))

    full = living(1, 1, line1="Am Ei 1", postal_code="20457", city="Hamburg", country="DE")
    long = living(2, 2, line1="Georg-Friedrich-Händel-Straße 117, Hinterhaus, dritter Stock links", country="DE")
    found = values([full, long], by("most_complete", "addresses"))["addresses"]
    assert [address.get("city") for address in found] == ["Hamburg", None]


def test_of_a_list_the_value_that_most_records_tell_stands_first() -> None:
    told = [
        leaf(1, customer("1", when=at(9), emails=["new@example.com"])),
        leaf(2, customer("2", when=at(1), emails=["usual@example.com"])),
        leaf(3, customer("3", when=at(2), emails=["usual@example.com"])),
    ]
    assert values(told) == {"emails": ["new@example.com", "usual@example.com"]}
    assert values(told, by("most_frequent", "emails")) == {"emails": ["usual@example.com", "new@example.com"]}


def test_a_name_is_one_value_and_is_never_put_together_from_two_records() -> None:
    one = leaf(1, customer("1", when=at(1), name=("Anna", "Berg")))
    two = leaf(2, customer("2", when=at(2), name=("A.", None)))
    assert values([one, two])["name"] == {"first": "A.", "full": "A."}


# -- lists


def test_every_address_is_kept_once_the_newest_first() -> None:
    one = leaf(1, customer("1", when=at(1), emails=["a@example.com", "b@example.com"]))
    two = leaf(2, customer("2", when=at(2), emails=["c@example.com", "a@example.com"]))
    assert values([one, two]) == {"emails": ["c@example.com", "a@example.com", "b@example.com"]}


def test_junk_never_becomes_golden() -> None:
    snapshot = customer("1").customer.model_dump()
    snapshot["emails"] = [{"value": "null", "original": "null", "usable": False}]
    told = CustomerEvent(occurred_at=at(1), customer=CustomerSnapshot.model_validate(snapshot))
    one = leaf(1, told)
    assert one.state["emails"] != {}
    assert values([one]) == {}


# -- consent (law L7)


def said(state: str, second: int, *, explicit: bool = True, channel: str = "email", purpose: str = "marketing") -> Any:
    consent = Consent(purpose=purpose, channel=channel, state=state, at=at(second), explicit=explicit)
    return ConsentEvent(occurred_at=at(second), record=customer("1").customer.key, consent=consent)


def holds(*leaves: Leaf) -> list[tuple[str, str, str]]:
    return [(s["purpose"], s["channel"], s["state"]) for s, _ in consent_decisions(leaves)]


EMAIL_OUT, EMAIL_IN = [("marketing", "email", "opted_out")], [("marketing", "email", "opted_in")]


def test_an_older_opt_in_never_beats_a_newer_opt_out() -> None:
    assert holds(leaf(1, said("opted_in", 1)), leaf(2, said("opted_out", 2))) == EMAIL_OUT


def test_a_newer_implied_opt_in_does_not_loosen() -> None:
    assert holds(leaf(1, said("opted_out", 1)), leaf(2, said("opted_in", 9, explicit=False))) == EMAIL_OUT


def test_a_newer_explicit_opt_in_does() -> None:
    assert holds(leaf(1, said("opted_out", 1)), leaf(2, said("opted_in", 2))) == EMAIL_IN


def test_at_the_same_moment_the_opt_out_wins() -> None:
    assert holds(leaf(1, said("opted_out", 1)), leaf(2, said("opted_in", 1))) == EMAIL_OUT


def test_an_opt_out_needs_not_be_explicit() -> None:
    assert holds(leaf(1, said("opted_out", 2, explicit=False)), leaf(2, said("opted_in", 1))) == EMAIL_OUT


def test_at_the_same_moment_the_stricter_statement_wins() -> None:
    assert holds(leaf(1, said("opted_in", 1)), leaf(2, said("pending", 1))) == [("marketing", "email", "pending")]


def test_a_pending_double_opt_in_does_not_loosen() -> None:
    assert holds(leaf(1, said("opted_out", 1)), leaf(2, said("pending", 2))) == EMAIL_OUT


def test_channels_and_purposes_are_apart() -> None:
    one = leaf(1, said("opted_out", 1), said("opted_in", 1, channel="sms"), said("opted_in", 1, purpose="a|b"))
    assert holds(one) == [
        ("a|b", "email", "opted_in"),
        ("marketing", "email", "opted_out"),
        ("marketing", "sms", "opted_in"),
    ]


STATEMENTS = st.builds(
    said,
    st.sampled_from(["opted_in", "opted_out", "pending", "unknown"]),
    st.integers(0, 4),
    explicit=st.booleans(),
)


@given(st.lists(STATEMENTS, min_size=1, max_size=6), st.integers())
def test_the_law_holds_for_any_history_told_in_any_order_by_any_records(history: list[Any], seed: int) -> None:
    chance = random.Random(seed)
    leaves = [leaf(number, event) for number, event in enumerate(chance.sample(history, len(history)))]
    [(summary, heard)] = consent_decisions(leaves)
    outs = [event.consent.at for event in history if event.consent.state == "opted_out"]
    ins = [e.consent.at for e in history if e.consent.state == "opted_in" and e.consent.explicit]
    if outs and not (ins and max(ins) > max(outs)):
        assert summary["state"] == "opted_out"
    elif not outs:
        typed = ("pending", False) if ins else ()
        counted = [e.consent.at for e in history if (e.consent.state, e.consent.explicit) != typed]
        assert summary["at"] == f"{max(counted):%Y-%m-%dT%H:%M:%SZ}"
    assert len(heard) == len(leaves)


def test_that_somebody_typed_an_address_takes_no_proved_opt_in_back() -> None:
    proved, typed = leaf(1, said("opted_in", 1)), leaf(2, said("pending", 2, explicit=False))
    assert holds(proved, typed) == [("marketing", "email", "opted_in")]
    # it loosens nothing either, and tightens nothing that was only copied
    assert holds(proved, leaf(3, said("opted_out", 2)), leaf(4, said("pending", 3, explicit=False))) == EMAIL_OUT
    copied = leaf(5, said("opted_in", 1, explicit=False))
    assert holds(copied, typed) == [("marketing", "email", "pending")]


def test_a_double_opt_in_begun_anew_is_pending_also_for_one_who_opted_out_once() -> None:
    history = leaf(1, said("opted_out", 1)), leaf(2, said("opted_in", 2)), leaf(3, said("pending", 3))
    assert holds(*history) == holds(*history[1:]) == [("marketing", "email", "pending")]
    [entry] = explain(list(history), NEWEST)
    assert (entry["rule"], {lost["why"] for lost in entry["lost"]}) == ("newest statement", {"older"})


@given(st.lists(STATEMENTS, min_size=1, max_size=6), st.integers(0, 4))
def test_one_opt_out_more_never_loosens(history: list[Any], second: int) -> None:
    leaves = [leaf(number, event) for number, event in enumerate(history)]
    [(_, _, without)] = holds(*leaves)
    [(_, _, state)] = holds(*leaves, leaf(len(leaves), said("opted_out", second)))
    assert state in ("opted_out", without)


def undated(evidence: str, second: int) -> Any:
    consent = Consent(channel="email", state="opted_in", explicit=True, evidence=evidence)
    return ConsentEvent(occurred_at=at(second), record=customer("1").customer.key, consent=consent)


@given(
    st.lists(
        st.builds(undated, st.sampled_from(["mail 4711", "mail 4712"]), st.integers(0, 9)), min_size=1, max_size=6
    ),
    st.integers(0, 9),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
def test_the_same_evidence_told_again_loosens_nothing_in_any_order_by_any_records(
    told: list[Any], out: int, records: int, chance: random.Random
) -> None:
    # given opt-ins of no time of their own, some told again, and an opt-out, spread over records in any order
    parts: list[list[Any]] = [[] for _ in range(records)]
    for event in chance.sample([*told, said("opted_out", out)], len(told) + 1):
        parts[chance.randrange(records)].append(event)
    # when they are weighed
    [(_, _, state)] = holds(*(leaf(number, *part) for number, part in enumerate(parts) if part))
    # then only evidence that came after the opt-out for the first time opts in again
    first = {
        one.consent.evidence: one.occurred_at for one in sorted(told, key=lambda one: one.occurred_at, reverse=True)
    }
    assert state == ("opted_in" if max(first.values()) > at(out) else "opted_out")


# -- explanation (law L5)


def test_a_value_names_its_record_event_time_and_rule_and_what_lost() -> None:
    explained = explain([company(1, 2, "new"), company(2, 1, "old")], NEWEST)

    def source(number: int, second: int, value: str) -> dict[str, Any]:
        record = {"connection": "shop", "kind": "customer", "external_id": str(number)}
        return {"value": value, "record": record, "event": 10 * number, "at": f"2026-03-01T09:00:0{second}Z"}

    lost = {**source(2, 1, "old"), "why": "older"}
    assert explained == [{"field": "company", "rule": "newest source time", **source(1, 2, "new"), "lost": [lost]}]


def why(rules: SurvivorshipRules, *leaves: Leaf) -> list[str]:
    [entry] = explain(leaves, rules)
    return [lost["why"] for lost in entry["lost"]]


def test_what_lost_says_why() -> None:
    assert why(NEWEST, company(1, 2, "Berg"), company(2, 1, "BERG")) == ["the same value, older"]
    assert why(NEWEST, company(1, 1, "one"), company(2, 1, "two")) == [
        "of the same time and source rank, and later in the order of records"
    ]
    assert why(by("source_rank", "company"), company(1, 1, "one", rank=1), company(2, 9, "two")) == [
        "its source ranks lower"
    ]
    assert why(by("most_complete", "company"), company(1, 1, "Berg KG"), company(2, 9, "Berg")) == ["less complete"]
    assert why(by("longest_lived", "company"), company(1, 1, "old"), company(2, 9, "new")) == ["newer"]
    told = company(1, 9, "rare"), company(2, 1, "usual"), company(3, 2, "Usual")
    assert why(by("most_frequent", "company"), *told) == ["the same value, older", "told by fewer records"]


def test_a_consent_says_which_rule_held_and_what_every_statement_said() -> None:
    [entry] = explain([leaf(1, said("opted_out", 1)), leaf(2, said("opted_in", 9, explicit=False))], NEWEST)
    [loosened] = explain([leaf(1, said("opted_out", 1)), leaf(2, said("opted_in", 9))], NEWEST)
    assert (entry["value"]["state"], entry["rule"]) == ("opted_out", "an opt-out holds until a newer explicit opt-in")
    assert [(lost["value"], lost["why"]) for lost in entry["lost"]] == [
        ({"state": "opted_in", "explicit": False}, "newer, but only an explicit opt-in ends an opt-out")
    ]
    assert (loosened["value"]["state"], loosened["explicit"]) == ("opted_in", True)
    assert loosened["rule"] == "an explicit opt-in newer than every opt-out"


def test_junk_is_kept_and_shown_as_unused() -> None:
    snapshot = customer("1").customer.model_dump() | {
        "emails": [{"value": "null", "original": "null", "usable": False}]
    }
    one = leaf(1, CustomerEvent(occurred_at=at(1), customer=CustomerSnapshot.model_validate(snapshot)))
    assert [(item["field"], item["value"], item["event"]) for item in unused([one])] == [("emails", "null", 10)]
    assert explain([one], NEWEST) == []


SNAPSHOTS = st.builds(
    customer,
    st.just("1"),
    when=st.integers(0, 3).map(at),
    name=st.none() | st.sampled_from([("Anna", "Berg"), ("ANNA", "Berg"), ("A.", "Berg"), ("Bert", None)]),
    emails=st.lists(st.sampled_from(["a@example.com", "b@example.com"]), max_size=2, unique=True),
    addresses=st.lists(st.sampled_from([Address(city="Kiel"), Address(line1="Am Ei 1", city="Kiel")]), max_size=1).map(
        tuple
    ),
    company=st.none() | st.sampled_from(["Müller KG", "Mueller KG", "Berg"]),
    birth_date=st.none() | st.just(date(1980, 2, 3)),
    consents=st.lists(STATEMENTS.map(lambda event: event.consent), max_size=1).map(tuple),
)
RULES = st.builds(
    SurvivorshipRules,
    attributes=st.dictionaries(
        st.sampled_from(["name", "company", "emails", "addresses"]),
        st.sampled_from(["newest", "source_rank", "most_complete", "most_frequent", "longest_lived"]),
    ),
)


@st.composite
def clusters(draw: st.DrawFn) -> list[Leaf]:
    events = draw(st.lists(SNAPSHOTS, min_size=1, max_size=4))
    return [leaf(number, event, rank=draw(st.integers(1, 2))) for number, event in enumerate(events)]


@given(clusters(), RULES)
def test_the_explanation_is_the_golden_profile(leaves: list[Leaf], rules: SurvivorshipRules) -> None:
    found = golden(leaves, {}, rules)
    told: dict[str, Any] = {}
    for item in explain(leaves, rules):
        attribute, _, place = item["field"].partition(".")
        if place:
            told.setdefault(attribute, []).append(item["value"])
        else:
            told[attribute] = item["value"]
        assert all(lost["why"] for lost in item["lost"])
    assert told == {name: value for name, value in found.items() if name != "records"}


@given(clusters(), RULES, st.integers())
def test_the_order_of_records_does_not_matter(leaves: list[Leaf], rules: SurvivorshipRules, seed: int) -> None:
    turned = random.Random(seed).sample(leaves, len(leaves))
    assert golden(turned, {}, rules) == golden(leaves, {}, rules)
    assert explain(turned, rules) == explain(leaves, rules)


@given(clusters())
def test_ranking_loses_no_candidate(leaves: list[Leaf]) -> None:
    candidates = single(leaves, "company")
    assert {c.leaf.id for c in ranked(candidates)} == {c.leaf.id for c in candidates}


STRATEGIES = st.sampled_from(get_args(Strategy))


@given(clusters(), STRATEGIES, st.integers())
def test_a_candidate_that_loses_changes_nothing(leaves: list[Leaf], strategy: Strategy, seed: int) -> None:
    chance = random.Random(seed)
    for attribute in ("name", "company", "birth_date"):
        candidates = single(leaves, attribute)
        if not candidates:
            continue
        rules = SurvivorshipRules(attributes={attribute: strategy})
        winner = ranked(candidates, attribute, rules)[0]
        losing = [c for c in candidates if sameness(c) != sameness(winner)]
        kept = [c for c in candidates if c not in chance.sample(losing, chance.randint(0, len(losing)))]
        assert ranked(kept, attribute, rules)[0] is winner


@given(clusters(), RULES, st.integers(0, 3))
def test_of_a_list_the_last_value_taken_away_leaves_the_others_as_they_were(
    leaves: list[Leaf], rules: SurvivorshipRules, which: int
) -> None:
    attribute = ("emails", "addresses")[which % 2]
    found = survivors(leaves, attribute, rules)
    if not found:
        return
    for one in leaves:
        one.state.get(attribute, {}).pop(found[-1].key, None)
    assert [c.key for c in survivors(leaves, attribute, rules)] == [c.key for c in found[:-1]]


@given(clusters(), RULES, st.integers())
def test_when_something_arrived_decides_nothing(leaves: list[Leaf], rules: SurvivorshipRules, seed: int) -> None:
    chance = random.Random(seed)

    def moved(state: Any) -> Any:
        if isinstance(state, dict):
            return {key: moved(value) for key, value in state.items()}
        if isinstance(state, list) and len(state) == 2 and isinstance(state[1], list) and len(state[1]) == 3:
            return [state[0], [state[1][0], chance.randrange(9), chance.randrange(9)]]
        return state

    later = [one._replace(state=moved(one.state)) for one in leaves]
    assert golden(later, {}, rules) == golden(leaves, {}, rules)


def test_orders_and_erasure_come_from_their_own_evidence() -> None:
    one = leaf(1, customer("1", company="Berg KG"))
    one.state["erasure"] = ["erasure", [1, 1, 1]]
    orders = {"count": 1, "totals": [{"amount": "5", "currency": "EUR"}]}
    assert golden([one], orders, NEWEST) == {
        "company": "Berg KG",
        "orders": orders,
        "records": [{"connection": "shop", "kind": "customer", "external_id": "1"}],
        "suppressed": True,
    }


def test_one_address_is_listed_once_however_much_of_it_each_source_tells() -> None:
    def told(number: int, second: int, **lines: str) -> Leaf:
        return leaf(number, customer(str(number), when=at(second), addresses=(Address(**lines),)))

    whole = told(1, 1, line1="Hauptstr. 5", postal_code="10115", city="Berlin", country="DE")
    short = told(2, 2, line1="Hauptstraße 5", postal_code="10115", city="Berlin")
    abroad = told(3, 3, line1="Hauptstraße 5", postal_code="10115", city="Anderswo", country="EE")
    assert [one["line1"] for one in golden([whole, short], {}, SurvivorshipRules())["addresses"]] == ["Hauptstraße 5"]
    assert len(golden([whole, abroad], {}, SurvivorshipRules())["addresses"]) == 2
