"""Bodies, headers and others' words as a reader may see them."""

from __future__ import annotations

import pytest

from hub.console import bodies

BODY = b'{"email": "anna@example.com", "orders": [{"id": 4711, "paid": true, "note": null}], "tags": []}'


def test_who_may_sees_a_body_in_lines_and_whole():
    assert bodies.body(BODY, whole=True) is not None
    assert '"email": "anna@example.com"' in str(bodies.body(BODY, whole=True))
    assert bodies.body(b'{"a": "' + b"x" * 5_000 + b'"}', whole=True) == '{\n  "a": "' + "x" * 5_000 + '"\n}'


def test_a_masked_body_keeps_its_form_and_loses_its_values():
    shown = str(bodies.body(BODY, whole=False))
    assert "anna" not in shown
    assert "4711" not in shown
    assert '"paid": true' in shown
    assert '"note": null' in shown


@pytest.mark.parametrize("raw", [b"name;mail\nAnna;anna@example.com", b"\xff\xfe", b"email=anna%40example.com", b""])
def test_what_has_no_form_is_hidden_whole(raw: bytes):
    assert bodies.body(raw, whole=False) is None
    assert bodies.body(raw, whole=True) is not None


@pytest.mark.parametrize(
    "name",
    ["authorization", "X-Shopify-Hmac-Sha256", "x-wc-webhook-signature", "cookie", "X-Api-Key", "x-token", "key"],
)
def test_what_proves_something_is_shown_to_nobody(name: str):
    assert bodies.headers({name: "s3cret"}, whole=True) == [(name, "[secret]")]


def test_a_viewer_sees_what_kind_of_delivery_it_was_and_not_from_where():
    told = {"content-type": "application/json", "x-shopify-topic": "orders/create", "x-forwarded-for": "203.0.113.9"}
    assert dict(bodies.headers(told, whole=False)) == {**told, "x-forwarded-for": bodies.DOTS}
    assert dict(bodies.headers(told, whole=True)) == told


def test_others_words_end_at_the_first_colon_for_viewers():
    said = 'INVALID_EMAIL "anna@example.com": Anna Berg has no such address'
    assert bodies.words(said, whole=True) == said
    assert bodies.words(said, whole=False) == f"INVALID_EMAIL {bodies.DOTS}"


def test_a_value_is_never_cut():
    long = {"a": ["x" * 5_000]}
    assert bodies.value(long, whole=True) == '{"a":["' + "x" * 5_000 + '"]}'
    assert bodies.value(long, whole=False) == bodies.DOTS
