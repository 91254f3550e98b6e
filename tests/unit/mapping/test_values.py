"""Values as people type them: normalised to one spelling, never raising, and stable when done twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import PayloadError
from hub.mapping.address import country, postal_address, street_key
from hub.mapping.customer import customer, guest_key, language
from hub.mapping.email import email
from hub.mapping.money import amount, maybe_amount, minor_units
from hub.mapping.name import clean, fold, person_name
from hub.mapping.notes import notes_of
from hub.mapping.phone import phone
from hub.mapping.time import birth_date, birth_digits, day_first, epoch, instant, maybe_instant, month_first, zone_of
from hub.model.address import Address
from hub.model.customer import ContactPoint, PersonName
from hub.model.event import CustomerEvent
from hub.model.identifier import RecordKey
from hub.model.text import tidy

TEXT = st.text(max_size=40)
MIXED = (
    TEXT | st.from_regex(r"[\w.+äöüß-]{0,12}@[\w.äöüß-]{0,12}", fullmatch=True) | st.from_regex(r"[+0-9 ()/-]{0,20}")
)


def outcome(make: Callable[[], object]) -> object:
    """What a function gives, or the words of its payload error; anything else it raises fails the test."""
    try:
        return make()
    except PayloadError as error:
        return str(error)


# -- names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "Mueller"),
        ("MÜLLER", "müller"),
        ("Weiß", "Weiss"),
        ("Mu\u0308ller", "Müller"),  # decomposed
        ("Søren", "Soeren"),
        ("O’Neil", "O'Neil"),
        ("Anna-Lena", "Anna Lena"),
        ("Łukasz", "Lukasz"),
    ],
)
def test_two_spellings_of_one_name_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other) != ""


def test_different_names_do_not_fold_alike() -> None:
    assert fold("Müller") != fold("Muller")  # a clerk's "Muller" is told apart from Mueller, and compared by similarity
    assert fold("Anna") != fold("Anja")


@given(TEXT)
def test_folding_takes_any_text_and_is_stable(text: str) -> None:
    folded = fold(text)
    assert folded.isascii()
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"first": " Anna ", "last": "Berg"}, PersonName(first="Anna", last="Berg", full="Anna Berg")),
        ({"full": "Anna Maria von der Heide"}, ("Anna", "Maria", "von der Heide")),
        ({"full": "Müller, Anna Maria"}, ("Anna", "Maria", "Müller")),
        ({"full": "Herr Dr. Bert Berg"}, ("Bert", None, "Berg")),
        ({"full": "Madonna"}, ("Madonna", None, None)),
        ({"first": "-", "last": "null"}, None),
        ({}, None),
    ],
)
def test_names_are_split_and_fillers_dropped(given_: dict[str, str], expected: object) -> None:
    name = person_name(**given_)
    found = (name.first, name.middle, name.last) if name and isinstance(expected, tuple) else name
    assert found == expected


@given(TEXT, TEXT, TEXT, TEXT)
def test_any_text_is_a_name_or_none(first: str, middle: str, last: str, full: str) -> None:
    name = person_name(first=first, middle=middle, last=last, full=full)
    if name is not None:
        again = person_name(first=name.first, middle=name.middle, last=name.last, full=name.full)
        assert again is not None
        assert again.full == name.full


@given(TEXT)
def test_cleaning_is_stable(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned


# -- e-mail


@pytest.mark.parametrize(
    ("text", "value", "usable"),
    [
        (" Anna.Berg@Example.COM ", "anna.berg@example.com", True),
        ("post@bäckerei.de", "post@xn--bckerei-5wa.de", True),
        ("jörg@example.de", "jörg@example.de", True),
        ("test@test", "test@test", False),
        ("null", "null", False),
        ("a..b@example.com", "a..b@example.com", False),
        ("a@b.test", "a@b.test", False),
        ("noemail@example.com", "noemail@example.com", False),
    ],
)
def test_emails(text: str, value: str, usable: bool) -> None:
    found = email(text)
    assert found is not None
    assert (found.value, found.usable, found.original) == (value, usable, text.strip())


@pytest.mark.parametrize("text", [None, "", "  "])
def test_nothing_is_no_contact(text: str | None) -> None:
    assert (email(text), phone(text), birth_date(text), country(text)) == (None, None, None, None)


@given(MIXED)
def test_any_text_is_an_email_or_junk_and_stays_what_it_is(text: str) -> None:
    found = email(text)
    if found is not None:
        again = email(found.value)
        assert again is not None
        assert (again.value, again.usable) == (found.value, found.usable)


# -- phone


@pytest.mark.parametrize(
    ("text", "region", "value", "usable"),
    [
        ("030 23125-100", "DE", "+493023125100", True),
        ("+49 (0)30 23125100", "DE", "+493023125100", True),
        ("0049 30 23125 100", "AT", "+493023125100", True),
        ("01 5351234", "AT", "+4315351234", True),
        ("123456789", "DE", "+49123456789", False),
        ("1111111111", "DE", "+491111111111", False),
        ("12", "DE", "+4912", False),
        ("keine", "DE", "keine", False),
    ],
)
def test_phones(text: str, region: str, value: str, usable: bool) -> None:
    found = phone(text, region)
    assert found is not None
    assert (found.value, found.usable) == (value, usable)


def test_a_number_of_zeros_is_junk() -> None:
    found = phone("+49000000")
    assert found is not None
    assert not found.usable


@given(MIXED, st.sampled_from(["DE", "AT", "US", "??", ""]))
def test_any_text_is_a_phone_or_junk(text: str, region: str) -> None:
    found = phone(text, region)
    assert found is None or found.original == tidy(text).strip() or found.original in text
    if found is not None and found.usable:
        assert phone(found.value, region) == ContactPoint(value=found.value, original=found.value)


# -- addresses


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hauptstr. 5", "Hauptstraße 5"),
        ("Haupt-Straße 5 a", "Hauptstrasse 5a"),
        ("HAUPTSTRASSE 5", "Hauptstr.5"),
        ("Lange Str. 12", "Lange Straße 12"),
    ],
)
def test_two_spellings_of_one_street_have_one_key(one: str, other: str) -> None:
    assert street_key(one) == street_key(other)


def test_two_numbers_of_one_street_have_two_keys() -> None:
    assert street_key("Hauptstr. 5") != street_key("Hauptstr. 6")


@given(TEXT)
def test_any_street_has_a_key(text: str) -> None:
    assert " " not in street_key(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"),
        ("de", "DE"),
        ("DEU", "DE"),
        ("Deutschland", "DE"),
        ("Germany", "DE"),
        ("Allemagne", "DE"),
        ("Österreich", "AT"),
        ("UK", "GB"),
        ("usa", "US"),
        ("Schweiz ", "CH"),
        ("Atlantis", None),
        ("XQ", None),
    ],
)
def test_countries(text: str, code: str | None) -> None:
    assert country(text) == code


@given(TEXT)
def test_any_text_is_a_country_or_none(text: str) -> None:
    code = country(text)
    assert code is None or country(code) == code


def test_an_address_needs_a_place() -> None:
    assert postal_address(line2="c/o Berg", country_name="DE") is None
    assert postal_address(line1=" Hauptstr.  5 ", city="Köln", country_name="Deutschland") == Address(
        line1="Hauptstr. 5", city="Köln", country="DE"
    )


# -- money


@pytest.mark.parametrize(
    ("value", "expected"), [("12.90", "12.90"), (12.9, "12.9"), (12, "12"), (" 7 ", "7"), (Decimal("0.1"), "0.1")]
)
def test_amounts_are_exact(value: object, expected: str) -> None:
    assert amount(value, path="total") == Decimal(expected)  # type: ignore[arg-type]


@given(TEXT)
def test_an_amount_is_finite_or_a_payload_error_without_the_value(text: str) -> None:
    found = outcome(lambda: amount(text, path="total"))
    assert found == "total: not an amount" or (isinstance(found, Decimal) and found.is_finite())


def test_minor_units_go_by_the_currency() -> None:
    assert (minor_units(1290, "EUR"), minor_units(1290, "JPY"), minor_units(1290, "KWD")) == (
        Decimal("12.90"),
        Decimal("1290"),
        Decimal("1.290"),
    )
    assert (maybe_amount("", path="x"), maybe_amount(None, path="x")) == (None, None)


# -- times


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-03-01T10:00:00+01:00", "UTC"),
        ("2026-03-01T09:00:00Z", "UTC"),
        ("2026-03-01 09:00:00", "UTC"),
        ("2026-03-01T10:00:00", "Europe/Berlin"),
    ],
)
def test_instants_are_utc(text: str, zone: str) -> None:
    found = instant(text, path="at", zone=zone)
    assert (found, found.tzinfo) == (datetime(2026, 3, 1, 9, tzinfo=UTC), UTC)


@given(TEXT | st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]))
def test_any_text_is_a_time_or_a_payload_error_without_the_value(text: str) -> None:
    found = outcome(lambda: instant(text, path="at"))
    assert found in ("at: not a time", "at: no time") or (isinstance(found, datetime) and found.tzinfo is UTC)
    assert maybe_instant("", path="at") is None


@given(st.floats() | TEXT)
def test_any_number_is_an_epoch_or_a_payload_error(value: float | str) -> None:
    found = outcome(lambda: epoch(value, path="at"))
    assert found == "at: not a time" or (isinstance(found, datetime) and found.tzinfo is UTC)


def test_epochs_in_seconds_and_milliseconds() -> None:
    assert epoch(1_772_355_600, path="at") == epoch("1772355600000", path="at") == datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1980-02-29", date(1980, 2, 29)),
        ("29.02.1980", date(1980, 2, 29)),
        ("1980-02-29T00:00:00Z", date(1980, 2, 29)),
        ("19800229", date(1980, 2, 29)),
        ("29/2/80", date(1980, 2, 29)),
        ("2/29/1980", date(1980, 2, 29)),  # only the American reading is a date
        ("1.3.31", date(1931, 3, 1)),
        ("29-Feb-1980", date(1980, 2, 29)),
        ("29. Februar 1980", date(1980, 2, 29)),
        ("1 März 1980", date(1980, 3, 1)),
        ("Feb 29, 1980", date(1980, 2, 29)),
        ("195710-13", date(1957, 10, 13)),  # a typing error that leaves no doubt
        ("0000-00-00", None),
        ("0000-09-21", None),
        ("1800-01-01", None),
        ("irgendwann", None),
    ],
)
def test_birth_dates(text: str, expected: date | None) -> None:
    assert birth_date(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1981-02-30", "1981-02-30"), ("31.02.1981", "1981-02-31"), ("1980-13-35", "1980-13-35"),
        ("1847-03-09", "1847-03-09"), ("9.3.1847", "1847-03-09"),
        ("1981-02-28", None), ("0000-05-06", None), ("31.12.9999", None), ("99.99.2000", None), ("1985-00-00", None),
        ("", None), ("unbekannt", None),
    ],
)  # fmt: skip
def test_of_a_birth_date_that_is_none_the_digits_are_kept(text: str, expected: str | None) -> None:
    assert birth_digits(text) == expected


def test_a_column_is_month_first_where_only_the_second_number_is_ever_above_twelve() -> None:
    american = ["03/04/1981", "12/31/1990", "7/15/70", "01/29/1999", ""]

    assert month_first(american)
    assert [day_first(text) for text in american] == ["04/03/1981", "31/12/1990", "15/7/70", "29/01/1999", ""]
    assert not month_first(["03/04/1981", "12/31/1990"])
    assert not month_first([*american, "31.12.1990"])
    assert not month_first(["1981-03-04"] * 9)
    assert day_first("31.12.1990") == "31.12.1990"


@given(TEXT)
def test_any_text_is_a_birth_date_or_none(text: str) -> None:
    found = birth_date(text)
    assert found is None or found.year >= 1900


# -- the whole snapshot

FIELDS = st.dictionaries(
    st.sampled_from(
        ["first_name", "last_name", "full_name", "email", "phone", "birth_date", "street", "city", "country", "handle",
         "company", "language", "national_id", "loyalty_id", "postal_code", "house_number"]
    ),
    st.lists(MIXED, max_size=2).map(tuple),
)  # fmt: skip


@given(FIELDS)
def test_any_fields_make_a_snapshot_and_a_guest(fields: dict[str, tuple[str, ...]]) -> None:
    key = RecordKey(kind="customer", external_id="1")
    made = customer(key, fields)  # type: ignore[arg-type]
    assert made.key == key
    guest = guest_key(fields, fallback="o1")  # type: ignore[arg-type]
    assert (guest.kind, guest == guest_key(fields, fallback="o1")) == ("guest", True)  # type: ignore[arg-type]


def test_a_guest_is_one_contact_under_one_name() -> None:
    def key(mail: str, first: str) -> RecordKey:
        return guest_key({"email": (mail,), "first_name": (first,)}, fallback="o1")

    assert key("Anna@Example.com", "Anna") == key("anna@example.com", "ANNA ")
    assert key("anna@example.com", "Anna") != key("anna@example.com", "Bert")
    assert "anna" not in key("anna@example.com", "Anna").external_id
    assert guest_key({"email": ("null",)}, fallback="o1") == RecordKey(kind="guest", external_id="o1")


@pytest.mark.parametrize(("text", "code"), [("de-DE", "de"), ("EN_us", "en"), ("deutsch", None), ("", None)])
def test_languages(text: str, code: str | None) -> None:
    assert language(text) == code


# -- as the field writes it


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        ("491712345678", "DE", "+491712345678"),  # google/libphonenumber#705
        ("0049 171 2345678", "US", "+491712345678"),
        ("00 49 (0) 171 2345678", "DE", "+491712345678"),
        ("447911123456", "DE", "+447911123456"),
        ("1712345678", "DE", "+491712345678"),  # a spreadsheet took the first 0
        ("(212) 555-0142", "US", "+12125550142"),  # verbb/formie#2133
        ("0113 496 0123", "GB", "+441134960123"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("030 123456 ext. 12", "DE", "+4930123456"),
        ("+5215512345678", "DE", "+525512345678"),
        ("551187654321", "BR", "+5511987654321"),
        ("011 15-2345-6789", "AR", "+5491123456789"),
        ("0171 2345678 / 030 123456", "DE", "+491712345678"),
        ("\u202a+49 171\u00a02345678\u202c", "DE", "+491712345678"),
    ],
)
def test_a_number_is_read_as_it_is_dialled(text: str, region: str, value: str) -> None:
    found = phone(text, region)
    assert found is not None
    assert (found.value, found.usable) == (value, True)


@pytest.mark.parametrize("text", ["+4912345", "+49176123456", "43 1 23456789", "+49000000"])
def test_a_number_that_is_only_possible_or_means_two_is_unusable(text: str) -> None:
    found = phone(text, "DE")
    assert found is not None
    assert not found.usable


def test_a_number_is_one_of_the_country_that_the_payload_names() -> None:
    made = customer(RecordKey(kind="c", external_id="1"), {"phone": ("(212) 555-0142",), "country": ("US",)})
    shipped = Address(line1="1 Main St", country="US")
    elsewhere = customer(RecordKey(kind="c", external_id="1"), {"phone": ("(212) 555-0142",)}, addresses=(shipped,))
    assert [point.value for point in (*made.phones, *elsewhere.phones)] == ["+12125550142"] * 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("\ufeffbom.berta@shop.example", "bom.berta@shop.example"),  # knadh/listmonk#1845
        ("ber\u200bta@shop.exa\u00admple", "berta@shop.example"),
        ('"Berg, Anna" <Anna@shop.example>', "anna@shop.example"),
        ("mailto:anna@shop.example?subject=x", "anna@shop.example"),
        ("anna@shop.example.", "anna@shop.example"),
        ("anna@shop.example,", "anna@shop.example"),
        ("'anna@shop.example'", "anna@shop.example"),
    ],
)
def test_what_stands_around_an_address_makes_no_second_mailbox(text: str, value: str) -> None:
    found = email(text)
    assert found is not None
    assert (found.value, found.usable) == (value, True)


def test_two_addresses_in_one_field_are_two_and_words_are_none() -> None:
    made = customer(RecordKey(kind="c", external_id="1"), {"email": ("a@shop.example; b@shop.example",)})
    assert [point.value for point in made.emails] == ["a@shop.example", "b@shop.example"]
    found = email("anna berg@shop.example")
    assert found is not None
    assert not found.usable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("28.08.2024 14:05", datetime(2024, 8, 28, 12, 5, tzinfo=UTC)),
        ("28.08.2024, 14:05 Uhr", datetime(2024, 8, 28, 12, 5, tzinfo=UTC)),
        ("15.02.2023", datetime(2023, 2, 15, tzinfo=UTC)),  # a day stays that day
        ("2024-08-28 14:05:00 +0200", datetime(2024, 8, 28, 12, 5, tzinfo=UTC)),
        ("08/28/2024 2:05 PM", datetime(2024, 8, 28, 12, 5, tzinfo=UTC)),
        ("Wed, 28 Aug 2024 14:05:00 +0200", datetime(2024, 8, 28, 12, 5, tzinfo=UTC)),
        ("45532,5868", datetime(2024, 8, 28, 12, 5, tzinfo=UTC)),  # as a spreadsheet stores it
        ("1724846700", datetime(2024, 8, 28, 12, 5, tzinfo=UTC)),
        ("1724846700000", datetime(2024, 8, 28, 12, 5, tzinfo=UTC)),
        ("20240828140500", datetime(2024, 8, 28, 12, 5, tzinfo=UTC)),
    ],
)
def test_times_in_every_notation(text: str, expected: datetime) -> None:
    assert instant(text, path="at", zone=zone_of("DE")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Zo\x00e", "Zoe"),
        ("\u2066An\u200dna\u2069", "Anna"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("\u2764\ufe0f\u200d\U0001f525", "\u2764\ufe0f\u200d\U0001f525"),
        ("a\U000e0041b", "ab"),
        ("danke \ud83d", "danke \ufffd"),
    ],
)
def test_a_text_of_the_canonical_model_is_tidy_whoever_builds_it(text: str, expected: str) -> None:
    assert PersonName(full=text).full == expected
    assert PersonName(full=expected).full == expected


def test_what_names_nobody_is_left_out_and_noted_without_its_value() -> None:
    fields = {"first_name": ("Test",), "email": ("somebody@shop.test",), "birth_date": ("99.99.2000",)}
    made = customer(RecordKey(kind="c", external_id="1"), fields)  # type: ignore[arg-type]
    notes = list(notes_of([CustomerEvent(occurred_at=datetime(2026, 1, 1, tzinfo=UTC), customer=made)]))

    assert [note.path for note in notes] == ["customer.first_name", "customer.birth_date", "customer.emails.0"]
    assert "shop.test" not in repr(notes)
