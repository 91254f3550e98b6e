"""Files of rules: what is read, that every fault is told at once, and that a hostile file harms nobody."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.matching.rules import IdentifierRule, IdentityRules, Limits, Thresholds, usable
from hub.profiles.ownership import OwnershipRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.rules import (
    RuleSet,
    dumped,
    load_identity_rules,
    load_ownership,
    load_rules,
    load_survivorship_rules,
    owned,
)

CONFIG = Path(__file__).parents[2] / "config"


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load_rules(text)
    return raised.value.faults


# --- reading ---------------------------------------------------------------------------------------------------------


def test_the_rule_files_show_the_defaults():
    identity = load_identity_rules(CONFIG / "identity.yaml")
    survivorship = load_survivorship_rules(CONFIG / "survivorship.yaml")
    assert identity == IdentityRules()
    assert list(identity.identifiers) == list(IdentityRules().identifiers)
    assert set(survivorship.attributes.values()) == {"newest"}


def test_a_file_says_only_what_differs():
    text = """
identifiers:
  phone: {max_people: 2, within_days: 730, blocked: [030 1234567, 0301234568]}
  email:
    blocked: [Info@X.de, Till@googlemail.com]
    blocked_patterns: ['@mailinator\\.']
thresholds: {same: 6}
limits: {revenue: 5000.50}
"""
    rules = load_identity_rules(text)
    assert rules == IdentityRules(
        identifiers={
            "phone": IdentifierRule(
                strength="weak", max_people=2, within_days=730, blocked=frozenset({"+49301234567", "+49301234568"})
            ),
            "email": IdentifierRule(
                strength="strong",
                blocked=frozenset({"info@x.de", "till@gmail.com"}),
                blocked_patterns=("@mailinator\\.",),
            ),
        },
        thresholds=Thresholds(same=6.0, ask=0.0),
        limits=Limits(records=100, orders=1000, revenue=Decimal("5000.50")),
    )
    assert list(rules.identifiers) == ["link", "account", "loyalty", "phone", "national_id", "handle", "email"]
    assert rules.order["phone"] == 3


def test_a_blocked_number_is_read_as_of_the_region():
    rules = load_identity_rules("identifiers: {phone: {blocked: [01 5880099]}}", region="AT")
    assert rules.identifiers["phone"].blocked == {"+4315880099"}


def test_one_file_may_hold_both_and_its_keys_tell():
    both = "identifiers: {handle: {strength: 'off'}}\nattributes: {name: most_complete}"
    identity = IdentityRules(identifiers={"handle": IdentifierRule(strength="off")})
    survivorship = SurvivorshipRules(attributes={"name": "most_complete"})
    assert load_rules(both) == RuleSet(identity, survivorship)
    assert load_rules("attributes: {name: most_complete}") == RuleSet(None, survivorship)
    assert load_rules("limits: {records: 9}") == RuleSet(IdentityRules(limits=Limits(records=9)), None)
    assert (load_identity_rules(both), load_survivorship_rules(both)) == (identity, survivorship)


@pytest.mark.parametrize("text", ["", "# nothing\n", "identifiers:\nattributes:\n"])
def test_a_file_that_says_nothing_changes_nothing(text: str):
    assert load_rules(text) == RuleSet(None, None)
    assert (load_identity_rules(text), load_survivorship_rules(text)) == (IdentityRules(), SurvivorshipRules())


def test_a_file_of_the_other_rules_is_no_file_of_these(tmp_path):
    (tmp_path / "a.yaml").write_text("attributes: {name: newest}")
    with pytest.raises(ConfigError, match=r"a\.yaml: holds survivorship rules only, no identity rules"):
        load_identity_rules(tmp_path / "a.yaml")
    with pytest.raises(ConfigError, match="holds identity rules only, no survivorship rules"):
        load_survivorship_rules("limits: {records: 5}")


def test_what_is_dumped_is_read_back_equal_and_in_order_whatever_the_region():
    rules = load_rules(
        "identifiers: {phone: {blocked: [030 1234567], max_per_person: 3}, loyalty: {blocked: [0000]},"
        " national_id: {blocked: [CPF 1]}, email: {blocked_patterns: ['^a\"\\\\.b']}}\n"
        "attributes: {name: newest, company: source_rank}\nrelay_domains: [relay.example.com]\nlimits: {revenue: 7.5}"
    )
    again = load_rules(dumped(rules), region="US")
    assert again == rules
    assert dumped(again) == dumped(rules)
    assert again.identity
    assert rules.identity
    assert list(again.identity.identifiers) == list(rules.identity.identifiers)


def test_only_a_file_may_ask_for_the_environment(tmp_path):
    file = tmp_path / "rules.yaml"
    file.write_text("limits: {records: '${MOST}'}")
    assert load_identity_rules(file, {"MOST": "7"}).limits.records == 7
    assert faults("limits: {records: '${file:/etc/passwd}'}") == [
        "limits.records: should be a valid integer, unable to parse string as an integer (line 1)"
    ]


# --- faults ----------------------------------------------------------------------------------------------------------


def test_every_fault_is_told_at_once_with_its_path_and_line_and_no_value():
    text = """\
identifiers:
  phnoe: {max_people: 0}
  email:
    strength: stong
    blocked: [1.5, secret-x, Info@X.de]
    blocked_patterns:
      - (a
      - a*
      - ''
      - (?=secret)
    blokced: []
  phone:
    max_people: 0
    max_records: 0
    max_per_person: 0
    within_days: 0
    blocked:
      - 12
      - 030 1234567
  account: {blocked: [secret]}
  loyalty: 5
  e mail: {}
thresholds: {same: 1, ask: 1.0}
limits:
  records: 0
  orders: many
  revenue: 0
role_inboxes: info
relay_domains: [a b, "@x.de"]
attributes: {name: newst, nmae: newest}
treshold: 1
limits: {}
"""
    assert faults(text) == [
        "limits: is there again in line 32 (line 24)",
        (
            "attributes.name: should be 'newest', 'source_rank', 'most_complete', 'most_frequent' or 'longest_lived'; "
            "did you mean 'newest'? (line 30)"
        ),
        "attributes.nmae: unknown key; did you mean 'name'? (line 30)",
        "identifiers.email.strength: should be 'certain', 'strong', 'weak' or 'off'; did you mean 'strong'? (line 4)",
        "identifiers.email.blocked[0]: should be a valid string (line 5)",
        "identifiers.email.blocked_patterns[0]: is no regular expression (RE2): missing ) (line 7)",
        (
            "identifiers.email.blocked_patterns[1]: matches everything, also nothing at all; "
            "to ignore a whole kind, use `strength: off` (line 8)"
        ),
        "identifiers.email.blocked_patterns[2]: must have 1 to 200 characters (line 9)",
        "identifiers.email.blocked_patterns[3]: is no regular expression (RE2): invalid perl operator (line 10)",
        "identifiers.email.blokced: unknown key; did you mean 'blocked'? (line 11)",
        "identifiers.phone.max_people: should be greater than or equal to 1 (line 13)",
        "identifiers.phone.max_records: should be greater than or equal to 1 (line 14)",
        "identifiers.phone.max_per_person: should be greater than or equal to 1 (line 15)",
        "identifiers.phone.within_days: should be greater than or equal to 1 (line 16)",
        "identifiers.loyalty: must hold `name: value` pairs (line 21)",
        "identifiers.phnoe: unknown key; did you mean 'phone'? (line 2)",
        "identifiers.phnoe.max_people: should be greater than or equal to 1 (line 2)",
        "identifiers.e mail: unknown key; did you mean 'email'? (line 22)",
        "thresholds.ask: must be less than thresholds.same (line 23)",
        "limits.records: should be greater than or equal to 1 (line 25)",
        "limits.orders: should be a valid integer, unable to parse string as an integer (line 26)",
        "limits.revenue: should be greater than or equal to 1 (line 27)",
        "role_inboxes: must be a list, such as [a, b] (line 28)",
        "relay_domains[0]: must be a domain, such as marketplace.amazon.de (line 29)",
        "treshold: unknown key; did you mean 'thresholds'? (line 31)",
        "identifiers.email.blocked[1]: is no e-mail address (line 5)",
        (
            "identifiers.phone.blocked[0]: is no phone number; "
            "one without a country is read as of hub.default_region (line 18)"
        ),
        "identifiers.account.blocked[0]: is no account, such as messenger:<page id>:<psid> (line 20)",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- 1", "the file must hold `name: value` pairs, such as `identifiers:`"),
        ("just text", "the file must hold `name: value` pairs, such as `identifiers:`"),
        ("thresholds: {same: -1}", "thresholds.ask: must be less than thresholds.same (line 1)"),
        ("thresholds: {same: nan}", "thresholds.same: should be a finite number (line 1)"),
        ("thresholds: [4, 0]", "thresholds: must hold `name: value` pairs (line 1)"),
        ("limits: {revenue: NaN}", "limits.revenue: should be a finite number (line 1)"),
        ("limits: {records: -5}", "limits.records: should be greater than or equal to 1 (line 1)"),
        ("limits: {limits: 5}", "limits.limits: unknown key; there is records, orders, revenue (line 1)"),
        ("identifiers: {link: {strength: true}}", "identifiers.link.strength: should be 'certain', 'strong', 'weak'"),
        ("role_inboxes: [info@x.de]", "role_inboxes[0]: must be the part before the @, such as info (line 1)"),
        (
            "identifiers: {kind: {}}",
            (
                "identifiers.kind: unknown key; "
                "there is link, account, loyalty, email, national_id, handle, phone (line 1)"
            ),
        ),
    ],
)
def test_a_fault_is_named(text: str, fault: str):
    (found,) = faults(text)
    assert found.startswith(fault)


# --- hostile files ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a" * 5_000_000, "the file cannot be read: it is larger than 1024 KiB"),
        ("[" * 1_000_000, "the file cannot be read: it is nested too deeply"),
        ("{a: " * 250_000, "the file cannot be read: it is nested too deeply"),
        (
            "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
            "line 2: cannot be read: aliases (*name) are not supported",
        ),
        ("a: !!python/object/apply:os.system [x]", "a: unknown key"),
        ("limits: !!python/name:os.system x", "limits: tags (!name) are not supported (line 1)"),
        ("limits: {records: " + "9" * 500_000 + "}", "limits.records: Unable to parse input string as an integer"),
        ("thresholds: {same: " + "9" * 5_000 + ".0}", "thresholds.same: should be a finite number"),
        (
            "identifiers: {email: {blocked_patterns: ['(a{1,999}){1,999}']}}",
            "identifiers.email.blocked_patterns[0]: is",
        ),
        (
            "identifiers: {email: {blocked_patterns: ['" + "(" * 5000 + "']}}",
            "identifiers.email.blocked_patterns[0]: m",
        ),
        ("\x00", "the file cannot be read: it holds a character that YAML does not allow"),
    ],
    ids=lambda text: text[:20],
)
def test_a_hostile_file_is_a_fault_and_takes_no_time(text: str, fault: str):
    began = time.process_time()
    (found,) = faults(text)
    assert found.startswith(fault)
    assert time.process_time() - began < 5


def test_a_large_file_is_not_read_to_its_end():
    with pytest.raises(ConfigError, match="larger than 1024 KiB"):
        load_rules(Path("/dev/zero"))


def test_a_pattern_that_backtracks_for_ever_elsewhere_does_not_here():
    rules = load_identity_rules("identifiers: {email: {blocked_patterns: ['^(a+)+$', '(x|xx)*y(.*.*.*)*=$']}}")
    began = time.process_time()
    assert usable("email", "a" * 50_000 + "@example.com", rules) == "strong"
    assert usable("email", "xy" * 20_000, rules) == "strong"
    assert usable("email", "aaaa", rules) is None
    assert time.process_time() - began < 5


def test_the_example_of_ownership_loads_and_a_stranger_in_it_is_named_with_the_nearest() -> None:
    assert load_ownership(CONFIG / "ownership.yaml", {}, ["crm"]) == OwnershipRules()
    told = 'owners: {phones: crm, addresses: [shop-de, "*"]}\npinned: {name: crmm}'
    with pytest.raises(ConfigError) as caught:
        load_ownership(told, connections=["crm", "shop-de"])
    assert caught.value.faults == ["pinned.name: there is no connection 'crmm'; did you mean 'crm'? (line 2)"]
    with pytest.raises(ConfigError, match="'phone' is no field that has a master; did you mean 'phones'"):
        load_ownership("owners: {phone: crm}")


def test_what_a_survivorship_file_says_of_ownership_stands_above_the_file_of_its_own() -> None:
    rules = load_survivorship_rules("owners: {phones: till}\nattributes: {name: longest_lived}")
    found = owned(rules, load_ownership("owners: {phones: crm, company: crm}"))
    assert found.owners == {"phones": ("till",), "company": ("crm",)}
    assert found.attributes == {"name": "longest_lived"}
