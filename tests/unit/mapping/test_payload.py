from __future__ import annotations

import pytest

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
