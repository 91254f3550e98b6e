from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from time import process_time
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, Field

from hub.errors import PayloadError
from hub.mapping.custom import texts
from hub.mapping.payload import PlainValue, Reading, TimeText, VendorModel, read, read_noting, read_tree
from hub.model.event import Note


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
        (b'{"id":{"geheim":1}}', "id: not readable"),
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


class Place(VendorModel):
    city: str


class Whole(Thing):
    place: Place | None = None
    at: TimeText | None = None
    tags: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":1,"lines":{},"place":[],"tags":false}',  # mailchimp/mc-woocommerce#88
        b'{"id":1,"place":{"city":""},"at":{}}',
        b'{"id":1,"lines":[null],"place":false}',
    ],
)
def test_an_empty_container_of_the_wrong_kind_is_absent(body):
    read_whole, notes = read_noting(Whole, body)

    assert read_whole == Whole(id="1")
    assert {note.path for note in notes} <= {"place.city"}


@pytest.mark.parametrize(
    "lines", [b'{"quantity":3}', b'[{"quantity":3}]', b'{"0":{"quantity":3}}', b'{"4":{"quantity":3}}']
)
def test_a_lone_member_and_an_object_of_numbered_members_are_a_list(lines):
    assert read_noting(Whole, b'{"id":1,"lines":%s}' % lines) == (Whole(id="1", lines=(Line(quantity=3),)), ())


def test_an_odd_part_is_left_out_with_a_note_and_the_rest_is_read():
    body = b'{"id":1,"name":"Jo","lines":[{"quantity":"geheim"},{"quantity":2},7],"place":{"town":"X"},"at":"gestern"}'

    found, notes = read_noting(Whole, body)

    assert found == Whole(id="1", name="Jo", lines=(Line(quantity=2),))
    assert set(notes) == {
        Note(path="lines.2", reason="not readable, left out"),
        Note(path="at", reason="not readable, left out"),
        Note(path="lines.0.quantity", reason="not readable, so lines.0 is left out"),
        Note(path="place.city", reason="missing, so place is left out"),
    }


def test_many_odd_parts_take_time_in_proportion_to_their_number():
    def seconds(number: int) -> float:
        body = b'{"id":1,"name":"Jo","lines":[%s]}' % b",".join([b'{"quantity":"geheim"}'] * number)
        begun = process_time()
        assert len(read_noting(Whole, body)[1]) == number
        return process_time() - begun

    seconds(100)  # what is done once
    assert seconds(8_000) < 40 * seconds(800)  # squared it is a hundred times as long


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (b"danke \\ud83d", "danke \ufffd"),  # dgtlmoon/changedetection.io#4273
        (b"danke \xff", "danke \ufffd"),
        (b"Zo\\u0000e", "Zoe"),  # PostHog/posthog#17297
        (b"\xef\xbb\xbfAn\xe2\x80\x8bna", "Anna"),
        (b"Mu\xcc\x88ller", "M\xfcller"),
        (b"two\nlines", "two\nlines"),
        (b"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", "\U0001f469\u200d\U0001f4bb"),
    ],
)
def test_texts_come_out_tidy_whatever_the_sender_did_to_them(text, name):
    assert read_noting(Thing, b'\xef\xbb\xbf{"id":1,"name":"%s"}' % text) == (Thing(id="1", name=name), ())


def test_every_update_of_a_delivery_stands_alone():
    def update(number: int) -> Iterator[int]:
        if number == 1:
            raise PayloadError("no id", path="updates.1")
        yield number

    reading = Reading()
    told = [event for number in range(3) for event in reading.alone(update(number))]

    assert reading.of(told) == [0, 2, Note(path="updates.1", reason="no id, so this update is left out")]
    with pytest.raises(PayloadError, match=r"^updates"):
        reading.of([])


@pytest.mark.parametrize("written", ["12.0", "12", "1.2e1", "12.50", "-3.0", "0.0"])
def test_a_number_is_the_same_whichever_way_a_body_is_read(written: str) -> None:
    class Paid(VendorModel):
        amount: Decimal
        reference: str
        own: PlainValue = None

    body = f'{{"amount":{written},"reference":{written},"own":{written}}}'.encode()
    # given the same body with a character that nobody sees, which takes the longer way
    hidden = rb',"x":"\u200b"}'
    short, long = read(Paid, body), read(Paid, body[:-1] + hidden)
    assert (str(short.amount), short.reference, texts([("own", short.own)])) == (
        str(long.amount),
        long.reference,
        texts([("own", long.own)]),
    )
    assert str(read_tree(Paid, json.loads(body))[0].amount) == str(short.amount)
