"""Mapping files: what operators change about a field map, and how they are told all that is wrong with one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.connectors.hubspot.mapping import MAP
from hub.mapping.overrides import (
    RULES,
    Compiled,
    Overrides,
    OwnFields,
    WriteRule,
    compile_overrides,
    decide,
    unknown_targets,
)
from hub.model.base import FrozenTexts
from hub.model.customer import PersonName
from hub.model.money import Money
from hub.model.order import Order
from hub.model.profile import OrderSummary, Profile
from hub.sdk.connection import load_connections
from hub.sdk.destination import OrderChange
from hub.sdk.mappings import with_mappings
from tests.support.doubles import at
from tests.support.examples import examples

ALL: tuple[WriteRule, ...] = ("always", "only_if_empty", "never_after_edit")
OWN = OwnFields(("firstname", "phone", "company", "hub_id"), kept=("hub_id",), order_written=("amount",), rules=ALL)
ANNA = Profile(
    id=UUID(int=1),
    created_at=at(0),
    updated_at=at(0),
    name=PersonName(first="Anna", last="Berg"),
    custom=FrozenTexts({"stage": "loyal", "empty": "-"}),
    orders=OrderSummary(count=2, totals=(Money(amount=Decimal("12.5"), currency="EUR"),)),
)
ALWAYS_TRUE = "orders.count is a number, which always counts as true; compare it: > `0`"
FOR_ROUTES = "ago is for conditions of routes, outside of brackets: those are asked again in time"
MISSPELT = "a profile has no 'nmae'; did you mean 'name'? (column 1 of nmae.first)"
MAPPED = {"firstname": "Anna", "phone": "+49171", "company": "Berg KG", "hub_id": "1"}


def people(fields: dict[str, Any], tables: dict[str, Any] | None = None) -> Overrides:
    compiled, faults = compile_overrides({"fields": fields, "tables": tables or {}}, OWN)
    assert faults == []
    return compiled.people


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ("name.last", "Berg"),
        ("concat(name.first, '!')", "Anna!"),
        ({"value": "name.last"}, "Berg"),
        ({"constant": "Hub"}, "Hub"),
        ({"constant": False}, False),
        ({"constant": 1.5}, Decimal("1.5")),
        ({"combine": ["name.first", "name.middle", "name.last"]}, "Anna Berg"),
        ({"combine": ["name.last", "name.first"], "separator": ", "}, "Berg, Anna"),
        ({"combine": ["name.middle"], "default": "nobody"}, "nobody"),
        ({"mapped": "phone"}, "+49171"),
        ({"value": "custom.stage", "lookup": "stages"}, "VIP"),
        ({"value": "lookup('stages', custom.stage)"}, "VIP"),
        ({"value": "custom.nobody", "lookup": "stages", "default": "Customer"}, "Customer"),
        ({"value": "custom.empty", "lookup": "stages", "default": "Customer"}, "Customer"),
        ({"value": "company", "default": "private"}, "private"),
        ({"constant": "VIP", "when": "orders.totals.EUR > `10`"}, "VIP"),
        ({"constant": "VIP", "when": "orders.totals.EUR > `100`"}, None),
        ({"constant": "VIP", "default": "x", "when": "company"}, None),
        ("company", None),
    ],
)
def test_a_field_is_written_as_the_operator_says(told: Any, value: Any) -> None:
    found = people({"field": told}, {"stages": {"loyal": "VIP"}}).apply(ANNA, MAPPED)
    expected = MAPPED if value is None else {**MAPPED, "field": value}
    assert found.values == expected
    assert found.faults == ()


def test_the_connectors_own_fields_are_renamed_left_out_and_put_under_conditions() -> None:
    found = people(
        {
            "mobile": {"mapped": "phone"},
            "phone": {"leave_out": True},
            "company": {"when": "orders.count > `5`"},
            "firstname": {"write": "never_after_edit"},
        }
    ).apply(ANNA, MAPPED)
    assert found.values == {"firstname": "Anna", "mobile": "+49171", "hub_id": "1"}
    assert found.rules == {"firstname": "never_after_edit"}


def test_a_value_that_cannot_be_worked_out_leaves_its_field_and_no_other() -> None:
    found = people({"bad": "lower(to_array(@)[0])", "good": "name.last"}).apply(ANNA, MAPPED)
    assert found.values == {**MAPPED, "good": "Berg"}
    [fault] = found.faults
    assert fault == "bad: lower takes a text, and was given an object (column 1 of lower(to_array(@)[0]))"


def test_a_written_field_leads_back_to_what_it_is_made_of() -> None:
    overrides = people({"x": {"combine": ["name.first", "addresses[0].city"], "when": "consent.email == 'opted_in'"}})
    assert overrides.fields_of("x") == {"name.first", "addresses", "addresses.city", "consents.email"}
    assert overrides.fields_of("y") == frozenset()
    assert overrides.targets == ("x",)


def test_every_fault_of_a_file_is_told_at_once_with_its_path_and_the_nearest_name() -> None:
    data = {
        "feilds": {},
        "tables": {"stages": {"loyal": ["x"]}},
        "fields": {
            "a": "nmae.first",
            "b": {"value": "lowr(company)", "wen": "x"},
            "c": {"value": "company", "constant": "x"},
            "d": {"value": "lookup('stagse', company)"},
            "e": {"value": "company", "lookup": "stage"},
            "f": {"combine": ["name.first", "name.lst"]},
            "g": {"mapped": "phon"},
            "h": {"constant": "x", "when": "orders.count"},
            "i": {"constant": "x", "when": "orders.last_at < ago('3 days')"},
            "j": {},
            "k": {"leave_out": True, "default": "x"},
            "l": {"constant": "x", "write": "sometimes"},
            "m": 7,
            "hub_id": "company",
            "compny": {"write": "only_if_empty"},
        },
        "order_fields": {"amount": "totl"},
    }
    _, faults = compile_overrides(data, OWN)
    assert faults == [
        "feilds: unknown key; did you mean 'fields'?",
        "tables.stages.loyal: must be a text, a number, true or false",
        "fields.a: a profile has no 'nmae'; did you mean 'name'? (column 1 of nmae.first)",
        "fields.b.wen: unknown key; did you mean 'when'?",
        "fields.c: takes one of value, constant, combine, mapped, leave_out, and has value and constant",
        "fields.d.value: there is no table of this name; did you mean 'stages'? (column 8 of lookup('…', company))",
        "fields.e.lookup: there is no table 'stage'; did you mean 'stages'?",
        "fields.f.combine[1]: a profile has no 'name.lst'; did you mean 'name.last'? (column 6 of name.lst)",
        "fields.g.mapped: the connector writes no 'phon'; did you mean 'phone'?",
        f"fields.h.when: {ALWAYS_TRUE} (column 1 of orders.count)",
        f"fields.i.when: {FOR_ROUTES} (column 18 of orders.last_at < ago('…'))",
        "fields.j: says nothing; give it one of value, constant, combine, mapped, leave_out, or a rule such as write",
        "fields.k: is left out, so that nothing else may be said of it",
        "fields.l.write: should be 'always', 'only_if_empty' or 'never_after_edit'",
        "fields.m: must hold `name: value` pairs",
        "fields.hub_id: is Hub's own and stays as it is",
        "fields.compny: the connector writes no 'compny' of which this could be said; did you mean 'company'?",
        "order_fields.amount: an order has no 'totl'; did you mean 'total'? (column 1 of totl)",
    ]


def test_a_field_the_crm_does_not_have_is_told_with_the_nearest_it_has() -> None:
    overrides = people({"favorite_color": "custom.colour", "firstname": "name.first"})
    assert unknown_targets(overrides, ["favourite_color", "firstname"]) == [
        "fields.favorite_color: there is no such field there; did you mean 'favourite_color'?"
    ]


@pytest.mark.parametrize(
    ("rule", "wrote", "there", "is_read", "is_new", "decided"),
    [
        ("always", "a", "b", True, False, "write"),
        ("only_if_empty", None, None, False, True, "write"),  # a new record is empty
        ("only_if_empty", None, None, False, False, "read"),
        ("only_if_empty", None, "", True, False, "write"),
        ("only_if_empty", None, "typed", True, False, "leave"),
        ("never_after_edit", None, None, False, False, "read"),
        ("never_after_edit", None, None, True, False, "write"),  # nobody wrote anything yet
        ("never_after_edit", None, "typed", True, False, "leave"),
        ("never_after_edit", "Hub's", "Hub's", True, False, "write"),
        ("never_after_edit", "Hub's", "typed", True, False, "leave"),
        ("never_after_edit", "Hub's", "", True, False, "leave"),  # a person emptied it
        ("never_after_edit", 7, "7", True, False, "write"),  # the CRM gives back a text
    ],
)
def test_what_a_person_typed_there_stays_where_the_rule_says_so(
    rule: Any, wrote: Any, there: Any, is_read: bool, is_new: bool, decided: str
) -> None:
    assert decide(rule, wrote=wrote, there=there, is_read=is_read, is_new=is_new) == decided


# -- files -------------------------------------------------------------------------------------------------------------


def mapping(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_a_mapping_file_changes_what_hubspot_is_written(tmp_path: Path) -> None:
    made = load_connections({"crm": ("hubspot", {"access_token": "t"})}, default_region="DE")
    text = """
tables:
  stages: {loyal: VIP}
fields:
  kundenstatus: {value: custom.stage, lookup: stages, default: Kunde}
  firstname: upper(name.first)
  hub_order_count: {leave_out: true}
  umsatz: money(orders.totals.EUR, 'EUR')
order_fields:
  dealname: concat('Order ', external_id)
"""
    mapping(tmp_path, "crm.yaml", text)
    connections, faults = with_mappings(made, tmp_path, {})
    assert faults == []
    before = MAP.of_profile(ANNA, made["crm"].settings)  # type: ignore[arg-type]
    after = MAP.of_profile(ANNA, connections["crm"].settings)  # type: ignore[arg-type]
    changed = {"kundenstatus": "VIP", "firstname": "ANNA", "umsatz": "12.50"}
    assert after == {name: value for name, value in before.items() if name != "hub_order_count"} | changed
    order = Order(external_id="7", state="paid", placed_at=at(0), currency="EUR", total=Decimal(1))
    change = OrderChange(order=order, connection="shop", key="k", contact_id=None, version=1)
    assert MAP.of_order(change, connections["crm"].settings)["dealname"] == "Order 7"  # type: ignore[arg-type]


def test_every_fault_of_every_mapping_file_is_told_with_file_and_line(tmp_path: Path) -> None:
    made = load_connections(
        {"crm": ("hubspot", {"access_token": "t"}), "shop": ("shopify", {"webhook_secret": "s"})}, default_region="DE"
    )
    mapping(tmp_path, "crm.yaml", "fields:\n  a: nmae.first\n  hub_email_consent: custom.x\n  b: {constant: ${GONE}}\n")
    mapping(tmp_path, "crn.yaml", "fields: {}\n")
    mapping(tmp_path, "shop.yaml", "fields: {a: name.first}\n")
    mapping(tmp_path, "notes.txt", "no mapping")
    faults = with_mappings(made, tmp_path, {})[1]
    assert faults == [
        f"{tmp_path}/crm.yaml: fields.b.constant: environment variable GONE is not set (line 4)",
        f"{tmp_path}/crm.yaml: fields.a: {MISSPELT} (line 2)",
        f"{tmp_path}/crm.yaml: fields.hub_email_consent: is Hub's own and stays as it is (line 3)",
        f"{tmp_path}/crn.yaml: there is no connection 'crn'; did you mean 'crm'?",
        f"{tmp_path}/shop.yaml: connector 'shopify' takes no mapping file",
    ]


def test_rules_of_writing_that_a_connection_cannot_keep_are_refused(tmp_path: Path) -> None:
    file = {"path": "people.csv", "fields": {"external_id": "id", "email": "mail", "last_name": "name"}}
    configs: dict[str, tuple[str, dict[str, Any]]] = {"crm": ("hubspot", {"access_token": "t"}), "bi": ("csv", file)}
    made = load_connections(configs, default_region="DE")
    kept = "fields: {firstname: {write: only_if_empty}}\norder_fields: {dealname: {write: never_after_edit}}\n"
    mapping(tmp_path, "crm.yaml", kept)
    mapping(tmp_path, "bi.yaml", "fields: {name: {write: only_if_empty}}\n")
    # HubSpot's people and deals can be read first, a file is written over
    assert with_mappings(made, tmp_path, {})[1] == [
        f"{tmp_path}/bi.yaml: fields.name.write: this connection keeps no other rule than always (line 1)"
    ]
    # of people alone, where nothing reads an order
    orders = {"order_fields": {"title": {"write": "only_if_empty"}}}
    assert compile_overrides(orders, OwnFields((), order_written=("title",), rules=RULES))[1] == [
        "order_fields.title.write: this connection keeps no other rule for orders than always"
    ]
    own = OwnFields(("lang", "country_id/id"), rules=RULES, untold=lambda name: "/" in name)
    told = {name: {"write": "never_after_edit"} for name in own.written}
    said = "fields.country_id/id.write: whether a person changed this field there cannot be told"
    assert compile_overrides({"fields": told}, own)[1] == [said]


NAMES = st.sampled_from(
    ["value", "constant", "combine", "mapped", "leave_out", "lookup", "default", "when", "write", "x"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["company", "name.first", "x(", "always", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(50), deadline=None)
@given(st.dictionaries(st.sampled_from(["tables", "fields", "order_fields", "x"]), VALUES, max_size=4))
def test_whatever_a_file_holds_it_is_read_or_its_faults_are_told(data: dict[str, Any]) -> None:
    compiled, faults = compile_overrides(data, OWN)
    if not faults:
        assert isinstance(compiled, Compiled)
        compiled.people.apply(ANNA, MAPPED)
    assert all(fault.partition(": ")[0] for fault in faults)
