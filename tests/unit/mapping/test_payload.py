from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, Field

from hub.errors import PayloadError
from hub.mapping.payload import VendorModel, read


class Line(VendorModel):
    quantity: int


class Thing(VendorModel):
    id: str
    name: str | None = None
    lines: tuple[Line, ...] = ()


@pytest.mark.parametrize("body", [b'{"id":1}', b'{"id":1,"name":null,"lines":null}', b'{"id":1,"name":"","lines":""}'])
def test_null_empty_and_missing_are_the_same(body):
    assert read(Thing, body) == Thing(id="1")


def test_a_large_id_stays_exact():
    assert read(Thing, b'{"id":820982911946154508}').id == "820982911946154508"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"{", "not JSON"),
        (b'{"name":"Jo"}', "id: missing"),
        (b'{"id":""}', "id: missing"),
        (b'{"id":1,"lines":[{"quantity":"geheim"}]}', "lines.0.quantity: not readable"),
    ],
)
def test_a_fault_names_its_path_and_never_the_value(body, text):
    with pytest.raises(PayloadError) as caught:
        read(Thing, body)
    assert str(caught.value) == text
    assert caught.value.__cause__ is None
    assert "geheim" not in repr(caught.value)


class Odd(VendorModel):
    """Every kind of field that would take null or "" for a value."""

    id: str | None
    any: Any
    text: Annotated[str, AfterValidator(str.upper)] | None = "unknown"
    number: Decimal | None = None
    anything: Any = None
    choice: Literal["", "a"] | int = 7
    tags: tuple[str, ...] = Field(default_factory=lambda: ("none",))
    part: Thing | None = None


@pytest.mark.parametrize("untold", [b"null", b'""'])
def test_no_kind_of_field_takes_null_or_empty_for_a_value(untold):
    names = (b"text", b"number", b"anything", b"choice", b"tags", b"part")
    body = b'{"id":1,"any":1,%s}' % b",".join(b'"%s":%s' % (name, untold) for name in names)
    assert read(Odd, body) == read(Odd, b'{"id":1,"any":1}') == Odd(id="1", any=1)


@pytest.mark.parametrize("untold", [b"null", b'""'])
@pytest.mark.parametrize("name", ["id", "any"])
def test_a_required_field_is_missing_when_it_is_null_or_empty(name, untold):
    body = b'{"id":1,"any":1}'.replace(b'"%s":1' % name.encode(), b'"%s":%s' % (name.encode(), untold))
    with pytest.raises(PayloadError) as caught:
        read(Odd, body)
    assert str(caught.value) == f"{name}: missing"


@pytest.mark.parametrize("body", [b'{"id":NaN}', b'{"id":1,"other":-Infinity}'])
def test_words_that_json_does_not_know_are_refused(body):
    with pytest.raises(PayloadError, match="not JSON"):
        read(Thing, body)


def test_the_same_words_in_a_text_are_text():
    assert read(Thing, b'{"id":1,"name":"NaN or Infinity"}').name == "NaN or Infinity"
