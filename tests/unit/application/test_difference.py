"""Which rules differ, and which of them a pair of records feels."""

from __future__ import annotations

from typing import Any

import pytest

from hub.application.difference import RuleChange, Side, compared, rule_changes, unused
from hub.matching.everybody import Carried
from hub.matching.rules import IdentityRules
from hub.matching.scoring import SHARED
from hub.matching.version import identity
from hub.profiles.survivorship import SurvivorshipRules
from hub.rules import load_rules

PHONE, MAIL = "+493023125101", "anna@example.com"
STAMP = [0, 0, 0]


def rules(text: str) -> IdentityRules:
    return load_rules(text).identity or IdentityRules()


def state(**told: Any) -> dict[str, Any]:
    held = {name: {value: [[value, True], STAMP]} for name, value in told.items() if name in ("emails", "phones")}
    return {**held, "name": [{"first": told["first"]}, STAMP]}


def test_changes_are_told_with_their_path() -> None:
    before = rules("thresholds: {same: 4}\nidentifiers: {email: {blocked: [b@example.com]}}")
    after = rules("thresholds: {same: 5.5}\nidentifiers: {email: {blocked: [a@example.com]}, phone: {within_days: 30}}")

    assert [change.text for change in rule_changes(before, after)] == [
        "identifiers.email.blocked now has a@example.com, and has no longer b@example.com",
        "identifiers.phone.within_days none -> 30",
        "thresholds.same 4.0 -> 5.5",
    ]
    assert rule_changes(after, after) == []


def test_another_order_of_trust_is_a_change() -> None:
    found = rule_changes(IdentityRules(), rules("identifiers: {phone: {}, email: {}}"))
    assert [change.path for change in found] == ["identifiers"]


def test_survivorship_is_compared_by_attribute() -> None:
    after = SurvivorshipRules(attributes={"name": "newest"})
    assert rule_changes(SurvivorshipRules(), after) == [RuleChange("attributes.name", None, "newest")]


@pytest.mark.parametrize(
    ("text", "shared", "decided"),
    [
        (
            "identifiers: {phone: {max_people: 2}}",
            {("phone", "023125101"): Carried(5, 3)},
            f"identifiers.phone.max_people 10 -> 2: {PHONE} is shared by 3 people",
        ),
        (
            "identifiers: {phone: {max_records: 4, max_people: 9}}",
            {("phone", "023125101"): Carried(5, 3)},
            f"identifiers.phone.max_records 200 -> 4: {PHONE} is shared by 5 records",
        ),
        (
            f"identifiers: {{phone: {{blocked: ['{PHONE}', '+493023125109']}}}}",
            {},
            f"identifiers.phone.blocked now has {PHONE}, +493023125109: {PHONE}",
        ),
        ("identifiers: {phone: {strength: 'off'}}", {}, f"identifiers.phone.strength weak -> off: {PHONE}"),
        ("thresholds: {same: 30}", {}, "thresholds.same 4.0 -> 30.0"),
        ("limits: {records: 2}", {}, "limits.records 100 -> 2"),
        ("role_inboxes: [desk]", {}, "another pair of theirs decided: this one is weighed alike"),
    ],
)
def test_the_rule_that_decided_is_named(text: str, shared: dict[Any, Carried], decided: str) -> None:
    one, other = state(first="Anna", phones=PHONE), state(first="Anna", phones=PHONE)
    before, after = IdentityRules(), rules(text)
    crowd = {key[1]: SHARED for key in shared}

    told = compared(
        one, other, Side(identity(before), {}), Side(identity(after), crowd), rule_changes(before, after), shared
    )

    assert told["decided_by"] == [decided]


def test_what_proves_something_again_is_told_too() -> None:
    one, other = state(first="Anna", phones=PHONE), state(first="Anna", phones=PHONE)
    before, after = rules("identifiers: {phone: {max_people: 2}}"), IdentityRules()

    told = compared(
        one,
        other,
        Side(identity(before), {"023125101": SHARED}),
        Side(identity(after), {}),
        rule_changes(before, after),
        {},
    )

    assert told["decided_by"] == [f"identifiers.phone.max_people 2 -> 10: {PHONE} proves something again"]
    assert told["before"]["weight"] < told["after"]["weight"]


def test_a_shared_phone_that_is_blocked_does_not_prove_something_again() -> None:
    one, other = state(first="Anna", phones=PHONE), state(first="Anna", phones=PHONE)
    before = rules("identifiers: {phone: {max_people: 2}}")
    after = rules(f"identifiers: {{phone: {{blocked: ['{PHONE}']}}}}")
    sides = Side(identity(before), {"023125101": SHARED}), Side(identity(after), {})

    told = compared(one, other, *sides, rule_changes(before, after), {})

    assert not any("proves something again" in reason for reason in told["decided_by"])


@pytest.mark.parametrize(
    ("kind", "value", "text", "why"),
    [
        ("phone", "023125101", "identifiers: {phone: {strength: 'off'}}", "is off: it proves nothing"),
        ("email", "a@relay.example", "relay_domains: [relay.example]", "is a relay's address: it proves nothing"),
        ("email", MAIL, f"identifiers: {{email: {{blocked: [{MAIL}]}}}}", "is blocked"),
    ],
)
def test_why_nobody_carries_an_identifier_is_told(kind: str, value: str, text: str, why: str) -> None:
    assert unused(kind, value, rules(text)) == why


def test_the_evidence_stands_on_both_sides() -> None:
    one, other = state(first="Anna", emails=MAIL), state(first="Bert", emails=MAIL)
    side = Side(identity(IdentityRules()), {})

    told = compared(one, other, side, side, [], {})

    assert told["before"] == told["after"]
    assert [line["feature"] for line in told["before"]["evidence"]] == ["first_name", "email", "prior"]
