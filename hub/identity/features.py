"""A record as probabilistic matching compares it: folded, short, made once per version of the record. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from hub.identity.names import PAIR, Tokens
from hub.identity.rules import IdentityRules, is_role_inbox, usable
from hub.identity.short_forms import shortest
from hub.mapping.name import fold
from hub.mapping.phone import plausible
from hub.mapping.record_state import State, current, former

FAMILY_WORDS = frozenset({"familie", "family", "fam", "famille", "familia", "rodzina", "casa", "haus", "home", "house"})
"""Words a household puts into the name of its mailbox."""

_SUFFIXES = {"jr": "jr", "junior": "jr", "jun": "jr", "ii": "jr", "sr": "sr", "senior": "sr", "sen": "sr", "iii": "iii"}
_DROPPED = frozenset(
    {"dr", "prof", "herr", "herrn", "frau", "hr", "fr", "mr", "mrs", "ms", "miss", "mme", "mlle", "madame", "monsieur"}
    | {"fraeulein", "dipl", "ing", "med", "mag"}
)
_NO_NAME = _DROPPED | _SUFFIXES.keys()
_AND = re.compile(r"\s*[&+/]\s*|\s+(?:und|and|u\.)\s+", re.IGNORECASE)
_NOBODYS_BIRTH = frozenset(
    {(1900, 1, 1), (1901, 1, 1), (1902, 2, 2), (1903, 3, 3), (1904, 1, 1), (1911, 11, 11), (1969, 12, 31)}
    | {(1970, 1, 1), (2000, 1, 1), (9999, 12, 31)}
)
"""What forms and programs put where no date of birth was told: the first days of calendars, and round ones."""

_NONE: frozenset[str] = frozenset()
_WORD = re.compile(r"[a-z]+|[0-9]+")
_APART = re.compile(r"[._-]+|[0-9]+")
_LEGAL_FORMS = frozenset(
    {"ag", "bv", "co", "corp", "company", "eg", "ek", "ev", "gbr", "gmbh", "inc", "kg", "llc", "llp", "ltd", "mbh"}
    | {"nv", "ohg", "sa", "sarl", "se", "spa", "srl", "ug", "und", "and"}
)
_ANGLED = re.compile(r"<([^<>]+@[^<>]+)>")
_WELL_FORMED = re.compile(r"[^@]+@[^@]+\.[a-z]{2,}")
_FILLERS = frozenset({"test", "none", "null", "keine", "kein", "nicht", "no", "not", "unknown", "unbekannt", "na"})
_KINDS = ("email", "phone", "account", "loyalty", "national_id", "handle")
_STREET_TYPES = {
    "str": "st", "strasse": "st", "street": "st", "road": "rd", "avenue": "ave", "av": "ave", "lane": "ln",
    "drive": "dr", "court": "ct", "place": "pl", "platz": "pl", "boulevard": "blvd", "chemin": "ch", "rue": "r",
    "circuit": "cct", "crescent": "cr", "cres": "cr", "close": "cl", "parkway": "pkwy", "terrace": "tce",
}  # fmt: skip

Birth = tuple[int, int, int]
"""Year, month, day."""


def compact(birth: Birth) -> str:
    """Eight digits, year first."""
    year, month, day = birth
    return f"{year:04}{month:02}{day:02}"


Item = TypeVar("Item")


class Spelling(NamedTuple):
    """One name a record has or had; umlauts in their shortest form, so that Müller, Mueller and Muller are one."""

    first: Tokens = ()
    last: Tokens = ()


class Place(NamedTuple):
    """One address. ``street`` is the words of street and second line run together, ``numbers`` those in them."""

    street: str = ""
    words: frozenset[str] = frozenset()
    numbers: Tokens = ()
    postal: str = ""
    city: str = ""


class Period(NamedTuple):
    """When an identifier was somebody's, as ``within_days`` has it: half of that before and after it was told.

    ``value`` as the person has it; times in microseconds since 1970.
    """

    kind: str
    value: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Person:
    """What is compared. Empty means "not told". A cluster of records is a Person too, with the values of all.

    ``weak``: addresses that are told of, and may be someone else's (an order's contact), and former e-mails and phone
    numbers, which may be someone else's by now. ``roles``: addresses of a
    desk and not of a person (``info@``). ``links``: digests under which a source calls records one person.
    ``periods``: of the kinds of identifier for which the rules set ``within_days``.
    """

    names: tuple[Spelling, ...] = ()
    suffixes: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    births: tuple[Birth, ...] = ()
    companies: tuple[str, ...] = ()
    national_ids: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    loyalty_ids: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    periods: tuple[Period, ...] = ()


def person(state: State, rules: IdentityRules) -> Person:
    """The comparable form of a record's state: what the rules block, or what is junk, is not in it."""
    names, suffixes = _names(state)
    told = _told(state, rules)
    birth, company = _value(state, "birth_date"), _firm(_value(state, "company"))
    return Person(
        names=names,
        suffixes=suffixes,
        emails=_in_order(told.get("email")),
        phones=_in_order(told.get("phone")),
        places=_places(state["addresses"]) if "addresses" in state else (),
        births=_births(birth),
        companies=(company,) if company else (),
        national_ids=_in_order(told.get("national_id")),
        handles=_in_order(told.get("handle")),
        accounts=_in_order(told.get("account")),
        loyalty_ids=_in_order(told.get("loyalty")),
        weak=_in_order(told["weak"] - told.get("email", _NONE) - told.get("phone", _NONE)) if "weak" in told else (),
        roles=_in_order(told.get("role")),
        links=tuple(sorted(state["links"])) if "links" in state else (),
        periods=_periods(state, rules) if rules.windows else (),
    )


def _in_order(values: Set[str] | None) -> Tokens:
    return tuple(sorted(values)) if values else ()


def merged(one: Person, other: Person) -> Person:
    """All that is known of both, as of one person."""
    return Person(
        names=_both(one.names, other.names),
        suffixes=_both(one.suffixes, other.suffixes),
        emails=_both(one.emails, other.emails),
        phones=_both(one.phones, other.phones),
        places=_both(one.places, other.places),
        births=_both(one.births, other.births),
        companies=_both(one.companies, other.companies),
        national_ids=_both(one.national_ids, other.national_ids),
        handles=_both(one.handles, other.handles),
        accounts=_both(one.accounts, other.accounts),
        loyalty_ids=_both(one.loyalty_ids, other.loyalty_ids),
        weak=_both(one.weak, other.weak),
        roles=_both(one.roles, other.roles),
        links=_both(one.links, other.links),
        periods=_both(one.periods, other.periods),
    )


def _both(one: tuple[Item, ...], other: tuple[Item, ...]) -> tuple[Item, ...]:
    if one == other or not other:
        return one
    return tuple(dict.fromkeys((*one, *other))) if one else other


def _value(state: State, field: str) -> str:
    held = state.get(field)
    return str(held[0]) if held else ""


def _births(told: str) -> tuple[Birth, ...]:
    if not told:
        return ()
    birth = int(told[:4]), int(told[5:7]), int(told[8:10])
    return () if birth in _NOBODYS_BIRTH else (birth,)


@lru_cache(maxsize=4_096)
def _firm(company: str) -> str:
    words = fold(company).split()
    return " ".join([word for word in words if word not in _LEGAL_FORMS] or words)


def _names(state: State) -> tuple[tuple[Spelling, ...], Tokens]:
    spellings: set[Spelling] = set()
    suffixes: set[str] = set()
    for first, last in _told_names(state):
        given, family = _given(first), _tokens(last)
        if not (_NO_NAME.isdisjoint(given) and _NO_NAME.isdisjoint(family)):
            suffixes.update([_SUFFIXES[token] for token in (*family, *given[1:]) if token in _SUFFIXES])
            given, family = _kept(given), _kept(family)
        if given or family:
            spellings.add(Spelling(given, family))
    if not spellings:
        return (), _in_order(suffixes)
    found = _completed(spellings, state.get("emails", ()))
    return tuple(sorted(found)) if len(found) > 1 else tuple(found), _in_order(suffixes)


def _told_names(state: State) -> Iterator[tuple[str, str]]:
    if "name" in state:
        held: Mapping[str, str] = state["name"][0]
        first = held.get("first", "")
        yield f"{first} {held['middle']}" if "middle" in held else first, held.get("last", "")
    yield from state.get("other_names", ())


def _kept(tokens: Tokens) -> Tokens:
    return tuple([token for token in tokens if token not in _NO_NAME])


def _given(first: str) -> Tokens:
    """Folded words of a first name; of two people's (``Anna und Jörg``) one word that is neither's."""
    people = _AND.split(first)
    if len(people) == 1:
        return _tokens(first)
    words = sorted(filter(None, ("".join(_kept(_tokens(one))) for one in people)))
    return (PAIR + PAIR.join(words),)


@lru_cache(maxsize=16_384)
def _tokens(text: str) -> Tokens:
    """Folded words of a name. What has digits is a handle told as a name, and none."""
    if any(letter.isdigit() for letter in text):
        return ()
    return tuple(shortest(token) for token in fold(text.replace("'", "").replace("’", "")).split())


def _completed(spellings: set[Spelling], emails: Iterable[str]) -> set[Spelling]:
    """With a last name and at most an initial, the mailbox tells the first name: J. Marin, ``jean.marin@``."""
    for given, _ in spellings:
        if given and len(given[0]) > 1:
            return spellings
    for value in sorted(emails):
        plain = "".join(shortest(part) for part in _APART.split(mailbox(value)) if part)
        for spelling in sorted(spellings, key=lambda s: (s.first, s.last)):
            family = "".join(spelling.last)
            first = plain.replace(family, "", 1) if len(family) > 2 and family in plain else ""
            fits = not spelling.first or first[:1] == spelling.first[0][0]
            if len(first) > 2 and first.isalpha() and fits and first not in FAMILY_WORDS:
                return {Spelling((first,), spelling.last)}
    return spellings


def is_phone(value: str) -> bool:
    """Whether a value among e-mails and phone numbers is a number: these are in E.164."""
    return value[:1] == "+" and value[1:].isdigit()


def mailbox(email: str) -> str:
    """The part before the @, without a ``+tag``."""
    return email.rpartition("@")[0].partition("+")[0]


def _told(state: State, rules: IdentityRules) -> dict[str, set[str]]:
    """Values by kind, as the rules let them count; ``weak`` and ``role`` are addresses of these two sorts."""
    found: dict[str, set[str]] = {}
    replaced = former(state, "emails")
    for value, ((_original, deliverable), _) in state.get("emails", {}).items():
        was = value in replaced
        if deliverable or (value := mistyped(value)):
            _take(found, rules, "email", value, weak=was)
    replaced = former(state, "phones")
    for value, ((_original, valid), _) in state.get("phones", {}).items():
        if valid or plausible(value):
            _take(found, rules, "phone", value, weak=False, replaced=value in replaced)
    for key in current(state, "accounts"):
        network, _, name = key.partition(":")
        _take(found, rules, *(("handle", name) if network == "handle" else ("account", key)), weak=False)
    for value in current(state, "loyalty_ids"):
        _take(found, rules, "loyalty", value, weak=False)
    if "national_id" in state:
        _take(found, rules, "national_id", state["national_id"][0], weak=False)
    for key, (strength, _) in state.get("identifiers", {}).items():
        kind, _, value = key.partition(":")
        _take(found, rules, kind, value, weak=strength == "weak")
    return found


def _take(
    found: dict[str, set[str]], rules: IdentityRules, kind: str, value: str, *, weak: bool, replaced: bool = False
) -> None:
    if not value.isprintable():
        value = "".join(filter(str.isprintable, value))
    trusted = usable(kind, value, rules) if value and kind in _KINDS else None
    if trusted is None:
        return
    if kind == "email":
        sort = "role" if is_role_inbox(value, rules) else "weak" if weak or trusted == "weak" else "email"
        found.setdefault(sort, set()).add(value.replace("@googlemail.", "@gmail."))
    elif replaced:
        found.setdefault("weak", set()).add(value)
    elif weak and kind not in ("phone", "handle"):
        return  # an account or number that may be another's says nothing
    elif kind == "national_id":
        found.setdefault(kind, set()).add(fold(value).replace(" ", ""))
    else:
        found.setdefault(kind, set()).add(value)


def _periods(state: State, rules: IdentityRules) -> tuple[Period, ...]:
    """Of every value of a kind that has a window; a value that is told twice has two."""
    found: set[Period] = set()
    for part, told_at in _one_by_one(state):
        values = {"link": set(part["links"])} if "links" in part else _told(part, rules)
        for sort, told in values.items():
            kind = "email" if sort in ("weak", "role") else sort
            if kind in rules.windows:
                half = rules.windows[kind] // 2
                found.update([Period(kind, value, told_at - half, told_at + half) for value in told])
    return tuple(sorted(found))


def _one_by_one(state: State) -> Iterator[tuple[State, int]]:
    """Every value that may be an identifier as a state of its own, and when it was told last."""
    for attribute in ("emails", "phones", "accounts", "loyalty_ids", "identifiers", "links"):
        for value, item in state.get(attribute, {}).items():
            yield {attribute: {value: item}}, item[1][0]
    if "national_id" in state:
        yield {"national_id": state["national_id"]}, state["national_id"][1][0]


@lru_cache(maxsize=4_096)
def mistyped(value: str) -> str:
    """What an unusable address may still have been meant to be; nothing where it is no more than filler.

    What is well-formed and unusable is filler by its domain or its mailbox.
    """
    angled = _ANGLED.search(value)
    if angled:
        return angled.group(1)
    words = set(_WORD.findall(value))
    wrong = len(value) > 8 and ("@" in value or "." in value) and not _WELL_FORMED.fullmatch(value)
    return value if wrong and not words & _FILLERS else ""


def _places(addresses: Mapping[str, Any]) -> tuple[Place, ...]:
    found = {_place(address) for address, _ in addresses.values()}
    if len(found) == 1:
        return tuple(found)
    return tuple(sorted(found, key=lambda place: (place.street, place.numbers, place.postal, place.city)))


def _place(address: Mapping[str, str]) -> Place:
    get = address.get
    lines = f"{get('line1', '')} {address['line2']}" if "line2" in address else get("line1", "")
    return _parsed(lines, get("postal_code", ""), get("city", ""))


@lru_cache(maxsize=4_096)
def _parsed(street: str, postal: str, city: str) -> Place:
    found = _WORD.findall(fold(street.replace("'", "")))
    words = [_street_word(word) for word in found if word.isalpha()]
    return Place(
        street="".join(words),
        words=frozenset(shortest(word) for word in words if len(word) > 1),
        numbers=tuple(word for word in found if word.isdigit()),
        postal=fold(postal).replace(" ", ""),
        city=shortest(fold(city).replace(" ", "")),
    )


def _street_word(word: str) -> str:
    if word in _STREET_TYPES:
        return _STREET_TYPES[word]
    if word.endswith("strasse"):
        return word[:-7] + "st"
    return word[:-3] + "st" if len(word) > 6 and word.endswith("str") else word
