"""What public bug reports of peers told of wrong merges, re-made with invented people. Records in, clusters out.

Every table names the report whose kind it stands for. ``TWO`` stay two people (or a question), ``ONE`` is one person.
"""

from __future__ import annotations

from typing import Any

import pytest

from hub.mapping.name import fold, person_name
from hub.mapping.nobody import nobodys
from hub.matching.blocking import buckets
from hub.matching.clustering import cluster, crowds
from hub.matching.features import Spelling
from hub.matching.names import ALIKE, likeness
from hub.matching.rules import IdentityRules
from hub.matching.scoring import outcome, score
from hub.matching.short_forms import shortest
from hub.matching.version import identity
from tests.unit.matching.people import HOME, who

RULES = IdentityRules()
DAY_ONE = identity(RULES).model
BORN, LANDLINE, MOBILE = "2012-04-17", "030 23125 101", "0152 28817 386"
MAILBOX: dict[str, Any] = {"email": "moeller81@example.de"}

Told = dict[str, Any]


def named(first: str, last: str = "Möller", **told: Any) -> Told:
    return {"first_name": first, "last_name": last, **told}


def clusters(*told: Told) -> list[list[int]]:
    people = dict(enumerate(who(**one) for one in told))
    return cluster(people, DAY_ONE, RULES).groups


def decided(one: Told, other: Told) -> str:
    people = {0: who(**one), 1: who(**other)}
    return outcome(score(people[0], people[1], DAY_ONE, crowds(buckets(people), people, RULES)).weight, DAY_ONE)


# -- siblings whose names look alike (dedupeio/dedupe#918, veda-consulting-company/uk.co.vedaconsulting.mailchimp#134)

SISTERS = [
    "Lisa/Luisa", "Lena/Lea", "Lara/Laura", "Mila/Mia", "Karin/Katrin", "Ella/Elsa", "Nina/Tina", "Mia/Pia",
    "Elina/Elena", "Marco/Mario", "Heike/Heidi", "Leon/Levin", "Malte/Mats", "Jonas/Jonathan", "Lars/Lasse",
    "Svenja/Sonja", "Amelie/Emilie", "Lisa Marie/Luisa Marie",
]  # fmt: skip


@pytest.mark.parametrize("names", SISTERS)
@pytest.mark.parametrize(
    "shared",
    [MAILBOX, {**MAILBOX, **HOME}, {**MAILBOX, "phone": LANDLINE, **HOME}, {**MAILBOX, "birth_date": BORN}],
    ids=["mailbox", "mailbox and home", "all a household shares", "mailbox and birth date"],
)
def test_two_names_that_look_alike_are_two_people_or_a_question(names: str, shared: Told) -> None:
    one, other = (named(first, **shared) for first in names.split("/"))
    assert clusters(one, other) == clusters(other, one) == [[0], [1]]


def test_sisters_on_one_mailbox_are_asked_about_and_a_nameless_record_of_it_joins_neither() -> None:
    lisa, luisa = named("Lisa", **MAILBOX), named("Luisa", **MAILBOX)
    assert decided(lisa, luisa) == "ask"
    assert clusters(lisa, luisa, MAILBOX) == clusters(MAILBOX, luisa, lisa) == [[0], [1], [2]]


def test_a_national_id_tells_that_a_look_alike_name_was_mistyped() -> None:
    one, other = (named(first, national_id="M4711-0815-77", **MAILBOX) for first in ("Lisa", "Luisa"))
    assert clusters(one, other) == [[0, 1]]


@pytest.mark.parametrize(
    "names",
    [
        "Finn/Fynn", "Erik/Eric", "Clara/Klara", "Karla/Carla", "Lilly/Lili", "Niels/Nils", "Frieda/Frida", "Kai/Kay",
        "Marko/Marco", "Timo/Thimo", "Isabell/Isabelle", "Michala/Micala", "Muhammed/Mohamed", "Luisa/Luiisa",
        "Lukas/Luka", "Юлия/Julia", "Александр/Aleksandr", "Søren/Soren", "Łukasz/Lukasz",
    ],
)  # fmt: skip
@pytest.mark.parametrize("shared", [MAILBOX, {"phone": MOBILE}], ids=["mailbox", "phone"])
def test_one_name_in_two_spellings_is_one_person(names: str, shared: Told) -> None:
    # eljeffeg/SmartCopy#190, rtreffer/ContactMerger#7
    one, other = (named(first, **shared) for first in names.split("/"))
    assert clusters(one, other) == [[0, 1]]


def test_who_is_told_apart_by_a_letter_is_called_that() -> None:
    assert likeness(("lisa",), ("luisa",)) == likeness(("luisa",), ("lisa",)) == ALIKE
    assert likeness(("lisa",), ("lisaa",)) == "typo"


# -- two people in one record (dedupeio/dedupe#918)


@pytest.mark.parametrize("both", ["Anna und Jörg", "Anna & Jörg", "Anna/Jörg", "Jörg u. Anna", "Herr und Frau"])
def test_a_couples_record_is_neither_of_the_two(both: str) -> None:
    alone = [named(first, **MAILBOX, **HOME) for first in ("Anna", "Jörg")]
    assert clusters(named(both, **MAILBOX, **HOME), *alone) == [[0], [1], [2]]
    assert clusters(named(both, **MAILBOX), alone[0]) == [[0], [1]]


def test_a_couples_records_are_one_in_whatever_order_the_names_stand() -> None:
    assert clusters(named("Anna und Jörg", **MAILBOX), named("Jörg & Anna", **MAILBOX)) == [[0, 1]]


# -- a date of birth that is none (EHDEN/ETL-UK-Biobank#290, CDCgov/prime-reportstream#4843)


@pytest.mark.parametrize(
    "filler",
    ["1900-01-01", "1.1.1970", "01.01.1901", "1904-01-01", "11.11.1911", "02.02.1902", "1.1.2000", "9999-12-31"],
)
def test_namesakes_are_not_joined_by_a_placeholder(filler: str) -> None:
    peter = named("Peter", "Schmidt", city="Berlin", birth_date=filler)
    assert decided(peter, peter) == "ask"
    assert who(**peter).births == ()


def test_two_new_years_days_a_digit_apart_prove_nothing() -> None:
    one, other = (named("Peter", "Schmidt", city="Berlin", birth_date=f"{year}-01-01") for year in (1981, 1982))
    assert decided(one, other) == "ask"


def test_a_placeholder_does_not_speak_against_the_true_date() -> None:
    one, other = (named("Anna", birth_date=born, **MAILBOX) for born in ("1900-01-01", BORN))
    assert clusters(one, other) == [[0, 1]]


# -- dates of birth that are near, or on no calendar (benseverndev-oss/goldenmatch#1858, J535D165/recordlinkage#123)


@pytest.mark.parametrize("unrelated", ["1975-11-30", "1987-10-02", "1908-05-21", "1991-02-28", "1958-12-18"])
def test_dates_of_birth_that_only_look_alike_tell_namesakes_of_a_town_apart(unrelated: str) -> None:
    one, other = (named("Peter", "Schmidt", city="Berlin", birth_date=born) for born in ("1981-05-28", unrelated))
    assert decided(one, other) == "different"


@pytest.mark.parametrize("near", ["1983-05-28", "1975-05-28", "1981-11-02"])
def test_a_day_and_month_in_common_do_not_make_one_of_two_names(near: str) -> None:
    one, other = named("Peter", birth_date="1981-05-28"), named("Peter", "Schmidt", birth_date=near)
    assert decided(one, other) == "different"


def test_the_digits_of_a_date_that_is_none_agree_and_a_date_before_1900_does() -> None:
    for told in ("31.02.1981", "1847-03-09"):
        peter = named("Peter", "Schmidt", birth_date=told)
        assert decided(peter, peter) == "same"
    assert decided(named("Peter", "Schmidt", birth_date="1847-03-09"), named("Peter", "Schmidt")) != "same"


@pytest.mark.parametrize("nobodys_birth", ["29.02.1900", "0000-05-06", "31.12.9999", "99.99.1985", "1753-01-01"])
def test_no_filler_of_a_calendar_is_a_date_of_birth(nobodys_birth: str) -> None:
    assert who(**named("Peter", birth_date=nobodys_birth)).births == ()


# -- a number of somebody else's (SORMAS-Foundation/SORMAS-Project#12729, HealthRex/CDSS#289)

NUMBERS: list[Told] = [{"national_id": "12345678901"}, {"loyalty_id": "K-4711-0815"}]


@pytest.mark.parametrize("number", NUMBERS, ids=["national id", "loyalty card"])
@pytest.mark.parametrize("beside", [{}, HOME, {**HOME, "phone": LANDLINE}], ids=["alone", "home", "home and phone"])
def test_a_number_lent_in_a_household_does_not_make_two_people_one(number: Told, beside: Told) -> None:
    one, other = (named(first, **number, **beside) for first in ("Jonas", "Helene"))
    assert decided(one, other) != "same"


@pytest.mark.parametrize("number", NUMBERS, ids=["national id", "loyalty card"])
def test_a_number_of_ones_own_still_tells_who_it_is(number: Told) -> None:
    assert decided(named("Jonas", **number), named("Jonas", "Brandt", **number)) == "same"
    assert decided(
        named("Jonas", birth_date=BORN, **number), named("Wilhelm", birth_date=BORN, **number)
    ) == decided(named("Jonas", **number), named("J.", **number)) == "same"  # fmt: skip


# -- what programs write where there is no id (PostHog/posthog#876, #5527, #12008)

FILLERS = ["null", "undefined", "None", "NaN", "[object Object]", "0", "0000000", "-", "n/a", "k.A.", "guest", "999999"]


@pytest.mark.parametrize("kind", ["loyalty_id", "national_id", "handle"])
@pytest.mark.parametrize("filler", FILLERS)
def test_an_id_that_is_filler_joins_nobody(kind: str, filler: str) -> None:
    assert clusters({kind: filler}, {kind: filler}) == [[0], [1]]


@pytest.mark.parametrize("real", ["1", "100", "4711", "annaberg", "nullmeier", "7777a", "id4"])
def test_what_looks_like_an_id_is_one(real: str) -> None:
    assert not nobodys(real)


# -- the mailbox of a desk (constructorfabric/insight#1767)


@pytest.mark.parametrize(
    "desk", ["info", "praxis", "kanzlei", "verwaltung", "hr", "invoice", "newsletter", "donotreply", "rezeption+a"]
)
def test_the_mailbox_of_a_desk_joins_no_two_of_its_people(desk: str) -> None:
    told = {"email": f"{desk}@tischlerei.example"}
    assert clusters(told, told, named("Anna", "Berg", **told), named("Jörg", "Ohm", **told)) == [[0], [1], [2], [3]]


# -- titles and salutations that stand for a name (moj-analytical-services/splink#138 and its kind)


@pytest.mark.parametrize("full", ["Herr Möller", "Frau Möller", "Dr. Möller", "Herrn Möller"])
def test_whom_one_calls_by_a_title_is_called_by_the_last_name(full: str) -> None:
    name = person_name(full=full)
    assert name is not None
    assert (name.first, name.last, name.full) == (None, "Möller", full)


@pytest.mark.parametrize("title", ["Hr.", "Fr.", "Mme", "Fräulein", "Miss", "Frau Dr.", "Herrn"])
def test_a_title_is_no_first_name(title: str) -> None:
    assert [spelling.first for spelling in who(**named(title)).names] == [()]


@pytest.mark.parametrize(
    ("first", "last"), [("Ayşe", "Şen"), ("Jun", "Li"), ("Mag", "Kim"), ("Med", "Ali"), ("Wei", "Jun"), ("Sen", "Ayşe")]
)
def test_a_title_that_is_all_of_a_name_is_that_name(first: str, last: str) -> None:
    for told in (who(first_name=first, last_name=last), who(full_name=f"{first} {last}")):
        assert told.names == ((Spelling((fold(first),), (fold(last),))),)
        assert told.suffixes == ()


@pytest.mark.parametrize(
    ("first", "last", "found", "suffixes"),
    [
        ("Mag. Anna", "Möller", ("anna",), ()),
        ("Mag Anna", "Möller", ("anna",), ()),
        ("Dr. med. Anna", "Möller", ("anna",), ()),
        ("Anna", "Möller, Dr. med.", ("anna",), ()),
        ("Anna", "Möller Mag", ("anna",), ()),
        ("Dipl.-Ing.", "Möller", (), ()),
        ("Mag.", "Möller", (), ()),
        ("Karl", "Möller sen", ("karl",), ("sr",)),
        ("Karl jun.", "Möller", ("karl",), ("jr",)),
        ("Wei Jun", "Möller", ("wei", "jun"), ()),
    ],
)
def test_a_title_stands_where_titles_stand_and_a_name_is_left(
    first: str, last: str, found: tuple[str, ...], suffixes: tuple[str, ...]
) -> None:
    told = who(first_name=first, last_name=last)
    assert (told.names, told.suffixes) == ((Spelling(found, ("moller",)),), suffixes)


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [
        ("Mag Kim", "Mag", "Kim"), ("Kim, Mag", "Mag", "Kim"), ("Mag. Kim", None, "Kim"), ("Frau Mag Kim", None, "Kim"),
        ("Mag Anna Kim", "Anna", "Kim"), ("Kim, Mag. Anna", "Anna", "Kim"), ("Dr med Kim", None, "Kim"),
    ],
)  # fmt: skip
def test_a_full_name_is_split_behind_its_titles(full: str, first: str | None, last: str) -> None:
    name = person_name(full=full)
    assert name is not None
    assert (name.first, name.last) == (first, last)


# -- one name in two romanisations, and beside an English one (silverstein/minutes#390 and its kind)


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Jun-rei", "Junrei", "exact"),
        ("Jing", "Ching", "typo"),
        ("Wen-jing", "Cindy Wenjing", "alias"),
        ("Hsia", "Grace Xia", "alias"),
        ("Hans Peter", "Hanspeter Karl", "alias"),
        ("Konstantinos", "Constantine", "alias"),
        ("Anna Maria", "Marianna", "different"),
    ],
)
def test_a_first_name_in_one_word_or_two_beside_another_is_that_name(one: str, other: str, level: str) -> None:
    spelled = [tuple(fold(each).split()) for each in (one, other)]
    assert likeness(*spelled) == likeness(*reversed(spelled)) == level


@pytest.mark.parametrize("names", ["Lampropoulos/Labropoulos", "Antoniou/Adoniu", "Αποστόλου/Apostolou", "Tien/Tian"])
def test_a_last_name_written_by_letter_and_by_ear_is_one(names: str) -> None:
    one, other = ((fold(name),) for name in names.split("/"))
    assert likeness(one, other, given=False) == likeness(other, one, given=False) == "typo"


# -- what was right before, and stays (chatwoot/chatwoot#2811, element-hq/element-web#9962, sheltermanager/asm3#1170,
# NHSDigital/manage-vaccinations-in-schools#2264, arvarik/contrack#53, getlantern/lantern#550)

TWO: dict[str, tuple[Told, Told]] = {
    "a mother and a child on her mailbox": (named("Petra", **MAILBOX), named("Jonas", **MAILBOX)),
    "twins on their mother's mailbox": (
        named("Jonas", birth_date=BORN, **MAILBOX, **HOME),
        named("Lena", birth_date=BORN, **MAILBOX, **HOME),
    ),
    "a number with a new owner": (named("Anna", "Berg", phone=MOBILE), named("Jörg", "Ohm", phone=MOBILE)),
    "a number with a new owner of the same first name": (
        named("Anna", "Berg", phone=MOBILE, **HOME),
        named("Anna", "Ohm", phone=MOBILE, street="Am Hang 3", postal_code="80331", city="München"),
    ),
    "a landline": (named("Anna", "Berg", phone=LANDLINE), named("Thomas", "Berg", phone=LANDLINE)),
    "neighbours at one door": (named("Anna", "Yilmaz", **HOME), named("Ayse", "Yilmaz", **HOME)),
    "nameless neighbours": (dict(HOME), dict(HOME)),
    "tags of one mailbox": (
        named("Anna", "Berg", email="bergs+anna@gmail.com"),
        named("Jörg", "Berg", email="bergs+joerg@gmail.com"),
    ),
    "nothing but empty strings": (
        {"email": "", "phone": " ", "first_name": "", "loyalty_id": ""},
        {"email": "", "phone": " ", "first_name": "", "loyalty_id": ""},
    ),
    "nothing but signs": ({"handle": "@", "national_id": "---"}, {"handle": "@", "national_id": "---"}),
    "very long names": (named("Anna " * 60, "Berg" * 80, **MAILBOX), named("Jörg " * 60, "Berg" * 80, **MAILBOX)),
}
ONE: dict[str, tuple[Told, Told]] = {
    "a tag, dots and googlemail": ({"email": "anna.berg+shop@gmail.com"}, {"email": "annaberg@googlemail.com"}),
    "first and last name swapped": (named("Möller", "Anna", **MAILBOX), named("Anna", "Möller", **MAILBOX)),
    "a double surname, and half of it": (
        named("Anna", "Möller-Ohm", phone=MOBILE),
        named("Anna", "Ohm", phone=MOBILE),
    ),
    "married": (named("Anna", "Möller", **MAILBOX), named("Anna", "Ohm", **MAILBOX)),
    "very long names": (named("Anna " * 60, "Berg" * 80, **MAILBOX), named("Anna " * 60, "Berg" * 80, **MAILBOX)),
}


@pytest.mark.parametrize(("one", "other"), TWO.values(), ids=TWO)
def test_two_people_stay_two(one: Told, other: Told) -> None:
    assert clusters(one, other) == clusters(other, one) == [[0], [1]]


@pytest.mark.parametrize(("one", "other"), ONE.values(), ids=ONE)
def test_one_person_is_one(one: Told, other: Told) -> None:
    assert clusters(one, other) == clusters(other, one) == [[0, 1]]


# -- names in many spellings

SPELT = {
    "intuit/fuzzy-matcher#79": ("Mohamed", "Nour", "Mahamad", "Nour"),
    "intuit/fuzzy-matcher#79, cut": ("Mohamed", "Nour", "Mohame", "Nour"),
    "SparkDevNetwork/Rock#4147": ("Tom", "Hayes", "Thomas", "Hayes"),
    "derek73/python-nameparser#123": ("Karim", "Al-Masri", "Karim", "Masri"),
    "derek73/python-nameparser#123, two articles": ("Karim", "El Masry", "Karim", "Almasri"),
    "derek73/python-nameparser#133": ("Rania", "Zein El Dine", "Rania", "Zeineldine"),
    "opensanctions/rigour#70": ("Abd el Karim", "Haddad", "Abdelkarim", "Haddad"),
    "opensanctions/rigour#70, in one field": ("Rami", "Makhlouf", "Ramimakhlouf", None),
    "historyforge/historyforge#238": ("Silas", "Wood", "Silas", "Woods"),
    "18F/piipan#550": ("Clara Maria", "Bender", "Clara", "Bender"),
    "eljeffeg/SmartCopy#285": ("John James", "Crittenden", "John J.", "Crittenden"),
    "acl-org/acl-anthology#5786": ("Xiaoming", "Zhang", "Zhang", "Xiao Ming"),
    "SteveMCarroll/PronouncingNamesForEnglishSpeakers#4": ("Guoqiang", "Zhou", "Kuo-chiang", "Chou"),
    "Cyrillic, BGN, German and ISO 9": ("Наталья", "Шевченко", "Natalja", "Schewtschenko"),
    "German and ISO 9": ("Евгений", "Ševčenko", "Jewgeni", "Schewtschenko"),
    "Greek": ("Γιώργος", "Χατζής", "Yorgos", "Hatzis"),
    "Turkish": ("Çağlar", "Çelik", "Tschaglar", "Tschelik"),
    "Vietnamese": ("Thị Mai", "Nguyễn", "Mai", "Nguyen"),
    "Polish": ("Krzysztof", "Krawczyk", "Christoph", "Krawtschik"),
    "an ending": ("RENATAE", "Vogt", "Renate", "Vogt"),
    "a letter at the end": ("HELGAO", "Vogt", "Helga", "Vogt"),
    "a letter twice": ("MONIKKA", "Vogt", "Monika", "Vogt"),
}  # fmt: skip


@pytest.mark.parametrize(("first", "last", "other_first", "other_last"), SPELT.values(), ids=SPELT)
def test_one_name_spelt_in_two_ways_on_one_mailbox_is_one_person(
    first: str, last: str, other_first: str, other_last: str | None
) -> None:
    one, other = named(first, last, **MAILBOX), {"first_name": other_first, **MAILBOX}
    if other_last:
        other["last_name"] = other_last
    assert clusters(one, other) == clusters(other, one) == [[0, 1]]


@pytest.mark.parametrize(
    "names",
    [
        "Julia/Julian", "Jana/John", "Peter/Petra", "Karin/Katrin", "Martin/Martina", "Paula/Paul", "Karin M./Katrin",
        "Michelle/Michael", "Mario/Maria", "Daniel/Daniela", "Tim/Tom", "Aisha/Achmed",
    ],
)  # fmt: skip
def test_two_names_that_sound_nearly_alike_are_never_joined_at_one_door(names: str) -> None:
    # vavallee/bindery#2473: michelle and michael at .92
    one, other = (named(first, "Vogt", **HOME) for first in names.split("/"))
    assert clusters(one, other) == clusters(other, one) == [[0], [1]]


@pytest.mark.parametrize("names", ["Ross/Rose", "Jones/Johnson", "Bush/Habbash"])
def test_an_equal_first_name_does_not_carry_another_last_name(names: str) -> None:
    # vavallee/bindery#2473, moov-io/watchman#153, mattogodoy/nametag#306
    one, other = (named("Christopher", last, city="Berlin") for last in names.split("/"))
    assert clusters(one, other) == [[0], [1]]


@pytest.mark.parametrize("called", ["Dad", "Mum", "Oma", "Papa", "Sir"])
def test_what_a_relative_is_called_is_no_first_name(called: str) -> None:
    assert [spelling.first for spelling in who(**named(called, "Vogt")).names] == [()]


def test_spellings_of_one_name_are_one_person_on_a_mailbox_and_a_family_is_not() -> None:
    spelt = "Юлия Шевченко", "Yuliya Shevchenko", "Julia Schewtschenko", "Iuliia Ševčenko"
    people = {number: who(**named(*name.split(), **MAILBOX)) for number, name in enumerate(spelt)}
    assert crowds(buckets(people), people) == {}
    people[4] = who(**named("Dmitri", "Shevchenko", **MAILBOX))
    assert set(crowds(buckets(people), people).values()) == {2}


# -- names of many countries: the reports tell of names that peers leave apart, or join

CARRIED = {
    "bellingcat/name-variant-search#1": ("Qasim", "Suleymany", "Qassem", "Soleimani"),
    "bellingcat/name-variant-search#1, by ear": ("Ghasem", "Sulemani", "Qasem", "Souleimani"),
    "opensanctions/rigour#121": ("Muhammad", "Nouri", "Mohamed", "Noori"),
    "moj-analytical-services/splink#906": ("Bob", "Lorimer", "Robert", "Lorimer"),
    "dedupeio/dedupe#769": ("Mandy", "Lorimer", "Amanda", "Lorimer"),
    "dedupeio/dedupe#769, cut": ("Josh", "Lorimer", "Joshua", "Lorimer"),
    "dssg/pgdedupe#88": ("Abby", "Lorimer", "Abigail", "Lorimer"),
    "derek73/python-nameparser#83": ("Tham Jun", "Hoe", "Jun Hoe", "Tham"),
    "fisharebest/webtrees#708": ("Xiaolan", "Deng", "Deng", "Xiao-Lan"),
    "SteveMCarroll/PronouncingNamesForEnglishSpeakers#4": ("Guozhi", "Qian", "Kuo-chih", "Chien"),
    "google/personfinder#282": ("诚", "曾", "Cheng", "Zeng"),
    "Juris-M/citeproc-js#226": ("晓兰", "解", "Xiaolan", "Xie"),
    "fisharebest/webtrees#1000": ("Jana", "Dvořák", "Jana", "Dvořáková"),
    "fisharebest/webtrees#1164": ("Ewa", "Zielony", "Ewa", "Zielona"),
    "fisharebest/webtrees#1000, Lithuanian": ("Rasa", "Petrauskas", "Rasa", "Petrauskienė"),
    "fisharebest/webtrees#2021": ("Ida", "Radsevitsch", "Ida", "Radziewicz"),
    "NaturalNode/natural#59": ("Ilja", "Tchichelnitzky", "Ilya", "Chichelnitsky"),
    "corona-warn-app/cwa-quick-test-frontend#301": ("Цветана", "Шишкова", "Tsvetana", "Shishkova"),
    "derek73/python-nameparser#26": (None, "Ma, Andrew", "Andrew", "Ma"),
    "derek73/python-nameparser#71": ("Oren", "ben Horin", "Oren Ben", "Horin"),
    "openemr/openemr#5282": ("Alicia", "Fuentes Robles", "Alicia", "Fuentes-Robles"),
    "openemr/openemr#5282, the second": ("Alicia", "Fuentes Robles", "Alicia", "Robles"),
    "FreeUKGen/MyopicVicar#40": ("Rupert", "Llewellyn", "Rupert", "Llewellyn-Llewellyn"),
    "Wikidata/StrepHit#52": (None, "Wardill, Richard Wilson", "Richard", "Wardill"),
    "berkmancenter/namae#28": ("Ronder", "von Buran IV", "Ronder", "von Buran"),
    "dimagi/commcare-hq#20980, Uzbek": ("Oʻtkir", "Xoʻjayev", "O‘tkir", "Xo'jayev"),
    "opensrp/opensrp-server#150": ("Maimoona", ".", "Maimoona", None),
    "Mª, as Spain writes it": ("Mª Carmen", "Ruiz", "María del Carmen", "Ruiz"),
    "zentity-io/zentity#114": ("Ευαγγελία", "Μπακογιάννη", "Evangelia", "Bakoyianni"),
}


@pytest.mark.parametrize(("first", "last", "also_first", "also_last"), CARRIED.values(), ids=CARRIED)
def test_one_person_in_two_countries_spelling_is_one_by_mailbox_and_home(
    first: str, last: str, also_first: str, also_last: str
) -> None:
    one = named(first, last, **MAILBOX, **HOME)
    other = named(also_first, also_last, **MAILBOX, **HOME)
    assert decided(one, other) == decided(other, one) == "same"


@pytest.mark.parametrize(
    "names",
    ["Gierszlik/Gotsalk", "Grossmann/Grassmeier", "Kovalenko/Kowalewski", "Wang/Huang", "Albrecht/Brecht"],
)
def test_two_last_names_that_a_coarse_key_joins_are_two(names: str) -> None:
    """elastic/elasticsearch#32384."""
    one, other = ((shortest(fold(name)),) for name in names.split("/"))
    assert likeness(one, other, given=False) not in ("exact", "typo")


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [("邓小平", "小平", "邓"), ("曾诚", "诚", "曾"), ("欧阳娜娜", "娜娜", "欧阳"), ("山田太郎", "山田太郎", None)],
)
def test_a_chinese_name_in_one_field_begins_with_the_family(full: str, first: str, last: str | None) -> None:
    """fisharebest/webtrees#708, google/personfinder#282, zotero/translators#2092."""
    name = person_name(full=full)
    assert name is not None
    assert (name.first, name.last, name.full) == (first, last, full)


def test_first_names_that_agree_with_second_names_that_do_not_are_two() -> None:
    assert likeness(("marie", "luise"), ("maria", "theresia")) not in ("exact", "typo", "alias", "part")
    assert likeness(("marie", "luise"), ("maria", "l")) == "alias"
