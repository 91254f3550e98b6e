"""A record as probabilistic matching compares it: folded, short, made once per version of the record. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from hub.mapping import han
from hub.mapping.name import NAMES_TOO, fold
from hub.mapping.record_state import State, current, former, links_of
from hub.matching.contacts import mailbox
from hub.matching.kinds import BY_NAME, COUNTED, KINDS, Identifiers
from hub.matching.names import PAIR, Tokens
from hub.matching.rules import IdentityRules, is_role_inbox, usable
from hub.matching.short_forms import shortest

FAMILY_WORDS = frozenset({"familie", "family", "fam", "famille", "familia", "rodzina", "casa", "haus", "home", "house"})
"""Words a household puts into the name of its mailbox."""

_SUFFIXES = {"jr": "jr", "junior": "jr", "jun": "jr", "ii": "jr", "sr": "sr", "senior": "sr", "sen": "sr", "iii": "iii"}
_SUFFIXES["iv"] = "iv"
SALUTATIONS = {
    **dict.fromkeys(("herr", "herrn", "hr", "mr", "monsieur"), "salutation:man"),
    **dict.fromkeys(("frau", "fr", "fraeulein", "mrs", "ms", "miss", "mme", "mlle", "madame"), "salutation:woman"),
}
"""What tells whether a man or a woman is meant, where no first name does."""

_DROPPED = frozenset({"dr", "prof", "dipl", "ing", "med", "mag", *SALUTATIONS})
_CALLED = frozenset(
    {"dad", "daddy", "mom", "mum", "mummy", "mama", "papa", "oma", "opa", "grandma", "grandpa", "sir", "madam"}
)
"""What a relative or a form writes where the first name belongs."""

_NO_NAME = _DROPPED | _SUFFIXES.keys()
_UNSURE = NAMES_TOO | {"jun", "sen", "junior", "senior", "iv"}
"""Titles that are names too: Ayşe Şen, Jun Li, Mag Kim, Iv Petrov."""

_DOTTED = re.compile(r"([^\W\d_]+)\.")
_AND = re.compile(r"\s*[&+/]\s*|\s+(?:und|and|u\.)\s+", re.IGNORECASE)
_NOBODYS_BIRTH = frozenset(
    {(1900, 1, 1), (1901, 1, 1), (1902, 2, 2), (1903, 3, 3), (1904, 1, 1), (1911, 11, 11), (1969, 12, 31)}
    | {(1970, 1, 1), (2000, 1, 1), (9999, 12, 31), (1601, 1, 1), (1753, 1, 1), (1800, 1, 1), (1899, 12, 30)}
    | {(1899, 12, 31), (1900, 2, 29)}
)
"""What forms and programs put where no date of birth was told: the first days of calendars, and round ones."""

_MOST_NAMES = 32
"""Earlier names that are compared. A file that gives all its rows one id tells thousands, and everybody else would be
compared with each of them."""

_NONE: frozenset[str] = frozenset()
_WORD = re.compile(r"[a-z]+|[0-9]+")
_APART = re.compile(r"[._-]+|[0-9]+")
_LEGAL_FORMS = frozenset(
    {"ag", "bv", "co", "corp", "company", "eg", "ek", "ev", "gbr", "gmbh", "inc", "kg", "llc", "llp", "ltd", "mbh"}
    | {"nv", "ohg", "sa", "sarl", "se", "spa", "srl", "ug", "und", "and"}
)
_FIELD_OF = tuple((kind.name, kind.field_name) for kind in KINDS)
_POINTS = tuple((kind.name, kind.attribute, kind.meant) for kind in KINDS if kind.point)
_SINGLE = tuple((kind.name, kind.attribute) for kind in KINDS if kind.single)
_UNCOUNTED = tuple((kind.name, kind.attribute) for kind in KINDS if not kind.counted)
_IN_LISTS = [kind for kind in KINDS if kind.attribute and kind.counted and not kind.point and not kind.single]
_LISTS = tuple(
    (attribute, sorted(((kind.prefix, kind.name) for kind in _IN_LISTS if kind.attribute == attribute), reverse=True))
    for attribute in dict.fromkeys(kind.attribute for kind in _IN_LISTS)
)
"""Attributes of a state, each with the prefixes of the kinds in it; the kind without a prefix comes last."""

_TOLD_IN = (*dict.fromkeys(kind.attribute for kind in KINDS if kind.attribute and not kind.single), "identifiers")
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


@dataclass(slots=True, unsafe_hash=True)
class Features(Identifiers):
    """What is compared; never changed, like ``Identifiers``. Empty: "not told". A cluster has the values of all.

    ``weak``: addresses that are told of, and may be someone else's (an order's contact), and former e-mails and phone
    numbers, which may be someone else's by now. ``roles``: addresses of a desk and not of a person (``info@``).
    ``links``: digests under which a source calls records one person. ``periods``: where the rules set ``within_days``.
    """

    names: tuple[Spelling, ...] = ()
    suffixes: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    births: tuple[Birth, ...] = ()
    companies: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    periods: tuple[Period, ...] = ()


FIELDS: tuple[str, ...] = tuple(one.name for one in fields(Features))
"""What features are made from, in this order."""

values_of: Callable[[Features], tuple[tuple[Any, ...], ...]] = attrgetter(*FIELDS)
"""The values of all ``FIELDS``."""


def features_of(state: State, rules: IdentityRules) -> Features:
    """The comparable form of a record's state: what the rules block, or what is junk, is not in it."""
    names, suffixes = _names(state)
    told = _told(state, rules)
    birth, company = _value(state, "birth_date") or _value(state, "birth_digits"), _firm(_value(state, "company"))
    identifiers: dict[str, Any] = {field: _in_order(told[name]) for name, field in _FIELD_OF if name in told}
    return Features(
        **identifiers,
        names=names,
        suffixes=suffixes,
        places=_places(state["addresses"]) if "addresses" in state else (),
        births=_births(birth),
        companies=(company,) if company else (),
        weak=_in_order(told["weak"] - told.get("email", _NONE) - told.get("phone", _NONE)) if "weak" in told else (),
        roles=_in_order(told.get("role")),
        periods=_periods(state, rules) if rules.windows else (),
    )


def _in_order(values: Set[str] | None) -> Tokens:
    return tuple(sorted(values)) if values else ()


def merged(one: Features, other: Features) -> Features:
    """All that is known of both, as of one person."""
    return Features(*map(_both, values_of(one), values_of(other)))


def _both(one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
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
        given, family = _given(first), _tokens(han.family_read(last))
        told = given
        if family and given and _CALLED.issuperset(given):
            given = ()
        if not (_NO_NAME.isdisjoint(given) and _NO_NAME.isdisjoint(family)):
            given, added = _untitled(given, first, given=True)
            family, more = _untitled(family, last, given=False)
            suffixes.update((*added, *more))
        if given or family:
            spellings.add(Spelling(given, family))
        if family and not given:
            suffixes.update(_salutation(told or _addressed(state)))
    if not spellings:
        return (), _in_order(suffixes)
    found = _completed(spellings, state.get("emails", ()))
    return tuple(sorted(found)) if len(found) > 1 else tuple(found), _in_order(suffixes)


def _salutation(words: Tokens) -> set[str]:
    return found if len(found := {SALUTATIONS[word] for word in words if word in SALUTATIONS}) == 1 else set()


def _addressed(state: State) -> Tokens:
    return _tokens(state["name"][0].get("full", "")) if "name" in state else ()


def _told_names(state: State) -> Iterator[tuple[str, str]]:
    if "name" in state:
        held: Mapping[str, str] = state["name"][0]
        first = held.get("first", "")
        yield f"{first} {held['middle']}" if "middle" in held else first, held.get("last", "")
    yield from state.get("other_names", ())[:_MOST_NAMES]


def _untitled(words: Tokens, told: str, *, given: bool) -> tuple[Tokens, list[str]]:
    """A name without its titles, and which generation these tell: of Karl Berg jun. the younger.

    What may be a name is a title where it is written with a dot, or where a title stands and another name is left.
    """
    names = [place for place, word in enumerate(words) if word not in _NO_NAME]
    kept, generations = [], []
    for place, word in enumerate(words):
        if word not in _NO_NAME or (word in _UNSURE and not _is_title(words, place, names, told, given=given)):
            kept.append(word)
        elif word in _SUFFIXES and not (given and place == 0):
            generations.append(_SUFFIXES[word])
    return tuple(kept), generations


def _is_title(words: Tokens, place: int, names: list[int], told: str, *, given: bool) -> bool:
    word = words[place]
    if any(fold(dotted) == word for dotted in _DOTTED.findall(told)):
        return True
    if word not in _SUFFIXES and place and words[place - 1] in _DROPPED - _UNSURE:
        return True  # Dipl Ing, Dr med
    if not names:
        return False
    if word in _SUFFIXES:
        return place > names[-1] and not (given and word in ("jun", "sen"))
    return place < names[0] or (place > names[-1] and not given)


@lru_cache(maxsize=16_384)
def _given(first: str) -> Tokens:
    """Folded words of a first name; of two people's (``Anna und Jörg``) one word that is neither's."""
    people = _AND.split(first)
    if len(people) == 1:
        return _tokens(first)
    words = sorted(filter(None, ("".join(_untitled(_tokens(one), one, given=True)[0]) for one in people)))
    return (PAIR + PAIR.join(words),)


_SILENT = str.maketrans("", "", "'’‘ʼʻʿʾ`´ьъЬЪ")
"""What parts no words: apostrophes of all kinds, and the Cyrillic signs that are one when folded."""


@lru_cache(maxsize=16_384)
def _tokens(text: str) -> Tokens:
    """Folded words of a name. What has digits is a handle told as a name, and none."""
    if any(letter.isdigit() for letter in text):
        return ()
    return tuple(shortest(token) for token in fold(text.replace("Mª", "Maria ").translate(_SILENT)).split())


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


def _told(state: State, rules: IdentityRules) -> dict[str, set[str]]:
    """Values by kind, as the rules let them count; ``weak`` and ``role`` are addresses of these two sorts."""
    found: dict[str, set[str]] = {}
    for name, attribute, meant in _POINTS:
        if attribute in state:
            replaced = former(state, attribute)
            for value, ((_original, deliverable), _) in state[attribute].items():
                if told := value if deliverable else meant(value):
                    _take(found, rules, name, told, weak=False, replaced=value in replaced)
    for attribute, prefixes in _LISTS:
        if attribute in state:
            for key in current(state, attribute):
                prefix, name = next(each for each in prefixes if key.startswith(each[0]))
                _take(found, rules, name, key.removeprefix(prefix), weak=False)
    for name, attribute in _SINGLE:
        if attribute in state:
            _take(found, rules, name, state[attribute][0], weak=False)
    for name, attribute in _UNCOUNTED:
        if attribute in state:
            found[name] = set(state[attribute])
    if "links_once" in state:
        found["link"] = set(links_of(state))
    for key, (strength, _) in state.get("identifiers", {}).items():
        name, _, value = key.partition(":")
        _take(found, rules, name, value, weak=strength == "weak")
    return found


def _take(
    found: dict[str, set[str]], rules: IdentityRules, name: str, value: str, *, weak: bool, replaced: bool = False
) -> None:
    if not value.isprintable():
        value = "".join(filter(str.isprintable, value))
    trusted = usable(name, value, rules) if value and name in COUNTED else None
    if trusted is None:
        return
    kind = BY_NAME[name]
    if name == "email":
        sort = "role" if is_role_inbox(value, rules) else "weak" if weak or replaced or trusted == "weak" else "email"
        found.setdefault(sort, set()).add(kind.tidy(value))
    elif replaced:
        found.setdefault("weak", set()).add(value)
    elif kind.uncertain_too or not weak:  # else an account or number that may be another's, which says nothing
        found.setdefault(name, set()).add(kind.tidy(value))


def _periods(state: State, rules: IdentityRules) -> tuple[Period, ...]:
    """Of every value of a kind that has a window; a value that is told twice has two."""
    found: set[Period] = set()
    for part, told_at in _one_by_one(state):
        for sort, told in _told(part, rules).items():
            kind = "email" if sort in ("weak", "role") else sort
            if kind in rules.windows:
                half = rules.windows[kind] // 2
                found.update([Period(kind, value, told_at - half, told_at + half) for value in told])
    return tuple(sorted(found))


def _one_by_one(state: State) -> Iterator[tuple[State, int]]:
    """Every value that may be an identifier as a state of its own, and when it was told last."""
    for attribute in _TOLD_IN:
        for value, item in state.get(attribute, {}).items():
            yield {attribute: {value: item}}, item[1][0]
    for _, attribute in _SINGLE:
        if attribute in state:
            yield {attribute: state[attribute]}, state[attribute][1][0]


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
