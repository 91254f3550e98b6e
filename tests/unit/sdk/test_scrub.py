"""Scrubbing takes the person out, keeps the shape, and is the same in every file."""

from __future__ import annotations

import json
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sdk.scrub import Scrubber, without

ORDER: dict[str, Any] = {
    "id": 450789469,
    "created_at": "2026-02-14T09:30:00+01:00",
    "email": "Frieda.Fuchs@firma.de",
    "total_price": "42.90",
    "token": "abc",
    "order_status_url": "https://shop.example.com/1/orders/2?key=geheim",
    "note": "Frieda Fuchs ruft an: +49 170 1234567",
    "browser_ip": "80.1.2.3",
    "customer": {"id": 7, "first_name": "Frieda", "last_name": "Fuchs", "phone": "+491701234567", "tags": ""},
    "shipping_address": {
        "name": "Frieda Fuchs",
        "address1": "Hauptstr. 5",
        "city": "Ulm",
        "zip": "89073",
        "country_code": "DE",
    },
    "line_items": [{"name": "Grüner Tee", "quantity": 2, "price": "21.45", "sku": "TEE-1"}],
}

names = st.text("abcdefghijklmnopqrstuvwxyzäöüß", min_size=4, max_size=12).map(lambda word: "Q" + word)
people = st.fixed_dictionaries(
    {
        "first_name": names,
        "last_name": names,
        "email": st.from_regex(r"q[a-z]{5,12}@firma\.de", fullmatch=True),
        "phone": st.from_regex(r"\+49170[1-9][0-9]{6}", fullmatch=True),
        "address1": names.map(lambda word: f"{word}weg 5"),
    }
)


def wrapped(person: dict[str, str], depth: int) -> dict[str, Any]:
    """The person, and people's values in free text, some levels down."""
    inner: dict[str, Any] = {
        "id": 1,
        "customer": dict(person),
        "remark": f"{person['first_name']} mag Tee, {person['email']}",
        "reference": person["last_name"],
        "lines": [{"sku": "A-1", "quantity": 2, "gift": True, "weight": 1.5, "discount": None}],
    }
    for level in range(depth):
        inner = {f"level{level}": [inner]}
    return inner


def shape(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: shape(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [shape(item) for item in tree]
    return type(tree)


def test_an_order_keeps_what_is_no_person():
    scrubbed = Scrubber().payload(ORDER)
    kept = ("id", "created_at", "total_price", "line_items")
    assert {name: scrubbed[name] for name in kept} == {name: ORDER[name] for name in kept}
    assert scrubbed["order_status_url"] == "https://shop.example.com/1/orders/2"
    assert scrubbed["browser_ip"] == "192.0.2.1"
    assert "token" not in scrubbed
    assert scrubbed["shipping_address"]["country_code"] == "DE"
    text = json.dumps(scrubbed, ensure_ascii=False).lower()
    assert [
        word for word in ("frieda", "fuchs", "firma.de", "1701234567", "hauptstr", "geheim", "80.1.2.3") if word in text
    ] == []


def test_stand_ins_are_where_nobody_lives():
    scrubbed = Scrubber().payload(ORDER)
    assert scrubbed["email"].endswith("@example.com")
    assert scrubbed["customer"]["phone"].startswith("+493023125")
    assert phonenumbers.is_valid_number(phonenumbers.parse(scrubbed["customer"]["phone"]))


@given(person=people, depth=st.integers(0, 3))
def test_no_personal_value_is_left_and_the_shape_stays(person: dict[str, str], depth: int):
    payload = wrapped(person, depth)
    scrubbed = Scrubber().payload(payload)
    text = json.dumps(scrubbed, ensure_ascii=False).lower()
    assert [value for value in person.values() if value.lower() in text] == []
    assert shape(scrubbed) == shape(payload)


@given(person=people)
def test_the_same_person_has_the_same_stand_in_in_every_file(person: dict[str, str]):
    one = Scrubber().payload({"customer": dict(person)})["customer"]
    other = Scrubber().payload({"order": {"billing_address": dict(person), "email": person["email"].upper()}})["order"]
    assert other["billing_address"] == one
    assert other["email"] == one["email"]


@given(person=people)
def test_another_key_gives_other_stand_ins(person: dict[str, str]):
    assert Scrubber("a").payload(person)["email"] != Scrubber("b").payload(person)["email"]


@given(
    tree=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    )
)
def test_any_json_can_be_scrubbed(tree: Any):
    json.dumps(Scrubber().payload(tree))


@pytest.mark.parametrize(
    "name", ["access_token", "webhookSecret", "Authorization", "x-shop-signature", "set-cookie", "api_key", "password"]
)
def test_secrets_are_dropped(name: str):
    assert Scrubber().payload({name: "geheim", "id": 1}) == {"id": 1}


def test_the_words_of_others_lose_what_we_sent():
    said = without("Frieda (frieda@firma.de) exists, 12 too", ["Frieda", "12", None, 7])
    assert said == "… (…) exists, 12 too"
