"""How alike two names are: short forms, initials, typing errors, and a phonetic key. Pure, and symmetric."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import OSA, JaroWinkler, Prefix

from hub.matching import forms_abroad
from hub.matching.given_names import gender, known, womans_form
from hub.matching.short_forms import FAMILIES, SURNAMES, shortest
from hub.matching.spellings import (
    FIRST_GROUP,
    IN_COMMON,
    greek,
    near_sound,
    one_family,
    readings,
    sound_alike,
    syllables,
)

Tokens = tuple[str, ...]
"""A name's folded words, never empty words."""


def _families(lines: Sequence[str]) -> dict[str, frozenset[int]]:
    by_name: dict[str, set[int]] = {}
    for place, line in enumerate(lines):
        for name in line.split():
            by_name.setdefault(shortest(name), set()).add(place)
    return {name: frozenset(places) for name, places in by_name.items()}


_BY_NAME = _families([*FAMILIES, *forms_abroad.lines()])
_BY_SURNAME = _families(SURNAMES)
_NONE: frozenset[int] = frozenset()


@lru_cache(maxsize=1)
def _by_sound() -> dict[str, frozenset[int]]:
    """The same by what a name may sound like."""
    found: dict[str, set[int]] = {}
    for name, places in _BY_NAME.items():
        if len(name) >= _HEARD:
            for heard in _heard(name):
                found.setdefault(heard, set()).update(places)
    return {heard: frozenset(places) for heard, places in found.items()}


def _heard(name: str) -> list[str]:
    return [*readings(name), f"greek {greek(name)}"]


@lru_cache(maxsize=32_768)
def _family(name: str) -> frozenset[int]:
    """The families of a first name; of one in none, and not well known, those of a name that it is another spelling of.

    Aikaterine is Aikaterini, and so Katerina.
    """
    places = _BY_NAME.get(name)
    if places is not None or len(name) < _HEARD or known(name):
        return places or _NONE
    return _NONE.union(*(_by_sound().get(heard, _NONE) for heard in _heard(name)))


_STEM, _WHOLE = 4, 6
"""Letters in common, and of each, that make two related names a man's and a woman's form (Alexander, Alexandra)."""
_HEARD = 4
"""Letters of a name that may be another spelling of one in a family."""
_NEARLY = 5
"""Letters of a name from which a vowel or consonant heard otherwise leaves it much alike."""
_SOMEWHAT = 0.8
"""Similarity (Jaro and Winkler) from which two words are somewhat alike."""
_SHORT = 3
"""Letters of a name that may be another's, cut."""
_GENDERED = frozenset(
    {"", "a", "e", "o", "us", "in", "ina", "ine", "ia", "ie", "ius", "as", "ette", "etta", "ella", "elle", "tte"}
    | {"k", "ck", "ca", "cia", "ka", "io", "ric", "ricia", "qu"}
)
"""Endings that part names of one stem: Jan and Jana, Daniel and Daniela, Mario and Maria, Patrick and Patricia."""


@lru_cache(maxsize=131_072)
def likeness(one: Tokens, other: Tokens, *, given: bool = True) -> str:
    """How two told names agree: ``exact part alias typo close initial far different couple_different alike_different``.

    ``given`` is True for first names: only they have short forms and gendered endings. A couple's names (``Anna und
    Jörg``) are those of neither of the two.
    """
    if one == other:
        return "exact" if len(one[0]) > 1 or len(one) > 1 else "initial"
    if one[0][0] == PAIR or other[0][0] == PAIR:
        return "different"
    if len(one) == 1 == len(other):
        return _one_word(one[0], other[0], given=given)
    if given and one[0] != other[0] and len(one[0]) > 1 < len(other[0]):
        written, also = _written_out(one), _written_out(other)
        if written and also and (written, also) != (one, other):
            return likeness(written, also)
    joined, other_joined = "".join(one), "".join(other)
    if joined == other_joined:
        return "exact"
    if len(one) != len(other) and (bare := _bare(one, given=given)) and bare == _bare(other, given=given):
        return "part"
    if len(joined) > 1 < len(other_joined) and not (given and _apart(one, other)):
        heard = (_bare(one, given=given) or joined), (_bare(other, given=given) or other_joined)
        if sound_alike(joined, other_joined) or (heard != (joined, other_joined) and sound_alike(*heard)):
            return "typo"
    if 1 in (len(joined), len(other_joined)) or (len(one[0]) == 1) != (len(other[0]) == 1):
        return "initial" if one[0][0] == other[0][0] else "different"
    within = set(one) <= set(other) or set(other) <= set(one) or (given and _run_together(one, other))
    if given and not within and min(len(one[0]), len(other[0])) > _SHORT and _man_and_woman(one[0], other[0]):
        return COUPLE
    if one[0] == other[0]:
        return "part" if within or _initials(one[1:], other[1:]) else "close"
    if within or (given and _family(one[0]) & _family(other[0]) and not _second_apart(one, other)):
        return "alias"
    if given and _well_known_apart(one[0], other[0]):
        return "different"
    level = _ALIKE[max(_alike(joined, other_joined), _alike(one[0], other[0]))]
    if given and level != "different" and not _one_sound(one[0], other[0]):
        return _sisters(one[0], other[0], level)
    return level


@lru_cache(maxsize=65_536)
def nearness(one: Tokens, other: Tokens) -> float:
    """How many of their letters two names that are close or far share: 0 for half of them, 1 for nearly all."""
    similar: float = OSA.normalized_similarity("".join(one), "".join(other))
    return round(min(max((similar - 0.5) / 0.4, 0.0), 1.0), 2)


_ADDED = {True: frozenset({"thi", "van"}), False: frozenset({"al", "el"})}
"""Words that some tell with a name and others do not: middle words of Vietnam, the article of Arabic."""


def _written_out(name: Tokens) -> Tokens:
    """The name without its initials, which tell nothing about two names that begin unlike."""
    return tuple([word for word in name if len(word) > 1])


def _bare(name: Tokens, *, given: bool) -> str:
    bare = "".join([word for word in name if word not in _ADDED[given]])
    return (
        bare[2:] if not given and len(bare) > _WHOLE and bare[:2] in _ADDED[False] and bare[2] not in "aeiou" else bare
    )


def _both_bare(one: str, other: str) -> tuple[str, str]:
    """Alsayed and Elsayed without their article; a word that merely begins so is compared with one that does too."""
    return (_bare((one,), given=False), _bare((other,), given=False)) if other[:2] in _ADDED[False] else (one, other)


def _apart(one: Tokens, other: Tokens) -> bool:
    return _man_and_woman(one[0], other[0]) or (known(one[0]) and known(other[0]) and one[0] != other[0])


_ALIKE = ("different", "far", "close", "typo")
_TYPO = _ALIKE.index("typo")
COUPLE = "couple_different"
"""Alike as two words, and a man's name and a woman's."""

ALIKE = "alike_different"
"""A letter or two apart, and two well-known names: Lisa and Luisa. Sisters, or a typing error."""

PAIR = "&"
"""What begins the first name of a record that is two people's: ``Anna und Jörg``."""


def _one_word(one: str, other: str, *, given: bool) -> str:
    if len(one) == 1 or len(other) == 1:
        return "initial" if one[0] == other[0] else "different"
    if _plainly_two(one, other, given=given):
        return "different"
    if given:
        mine, theirs = _family(one), _family(other)
        if not mine.isdisjoint(theirs):
            if _man_and_woman(one, other):
                return COUPLE
            return "typo" if _one_sound(one, other) or sound_alike(one, other) else "alias"
        if one in _BY_NAME and other in _BY_NAME:
            return "different"
        if _one_sound(one, other) and not _man_and_woman(one, other):
            return "typo"
        if one[:3] == other[:3] and _well_known_apart(one, other):
            return "different"
    elif (
        sound_alike(one, other)
        or one_family(one, other)
        or (one[:2] in _ADDED[False] and sound_alike(*_both_bare(one, other)))
    ):
        return "typo"
    elif _BY_SURNAME.get(one, _NONE) & _BY_SURNAME.get(other, _NONE):
        return "alias"
    return _sisters(one, other, _ALIKE[_alike(one, other)]) if given else _ALIKE[_alike(one, other)]


def _plainly_two(one: str, other: str, *, given: bool) -> bool:
    """Whether nothing that is looked for below can be found in two words: so it is in 97 of 100 pairs of names.

    What it says is what the longer way says of them, in a tenth of the time.
    """
    return (
        OSA.normalized_similarity(one, other, score_cutoff=IN_COMMON) < IN_COMMON
        and JaroWinkler.similarity(one, other) < _SOMEWHAT
        and _traits(one, given).isdisjoint(_traits(other, given))
    )


@lru_cache(maxsize=65_536)
def _traits(word: str, given: bool) -> frozenset[str]:
    """What two words have in common where the one is found to be the other, and not by the share of their letters."""
    sounds = readings(word)
    traits = {
        *sounds, *(f"{sound[:2]}-{sound[-1:]}" for sound in sounds), f"3 {word[:3]}", f"6 {word[0]}{phonetic(word)}",
        f"s {''.join(sorted(word))}",
    }  # fmt: skip
    if heard := syllables(word)[0]:
        traits.add(f"c {heard}")
    if given:
        traits.update((f"v {spoken(word)}", f"h {word[:1]}{word[1:].replace('h', '')}"))
        traits.update(f"f {family}" for family in _family(word))
    else:
        traits.update((f"2 {word[:2]}", *(f"f {family}" for family in _BY_SURNAME.get(word, _NONE))))
        if word[:2] in _ADDED[False]:
            traits.add("article")
    return frozenset(traits)


def _one_sound(one: str, other: str) -> bool:
    """Whether they are two spellings of one name; an h that is not the first letter is silent: Michala and Micala."""
    if spoken(one) == spoken(other) or one[:1] + one[1:].replace("h", "") == other[:1] + other[1:].replace("h", ""):
        return True
    return sound_alike(one, other) and (_mute(one, other) or not (known(one) and known(other)))


def _mute(one: str, other: str) -> bool:
    """Whether an e that is not heard is all that parts two names of one gender: Yasmin and Yasmine."""
    shorter, longer = sorted((one, other), key=len)
    return longer == f"{shorter}e" and shorter[-1] not in "aeiouy" and gender(one) == gender(other) is not None


def _sisters(one: str, other: str, level: str) -> str:
    """The level of two first names that are ``level`` by their letters; a name that begins like another is it, cut."""
    if level == "different":
        return level
    if _man_and_woman(one, other):
        return COUPLE
    if one.startswith(other) or other.startswith(one) or not (known(one) and known(other)):
        return level
    return "different" if level == "far" else ALIKE


def _run_together(one: Tokens, other: Tokens) -> bool:
    """Whether all of one name is in the other, written in one word there, or in two: Wen-jing and Cindy Wenjing."""
    for whole, words in (("".join(one), other), ("".join(other), one)):
        told = (*words, *map("".join, pairwise(words)))
        if len(whole) >= _SHORT and any(len(word) >= _SHORT and sound_alike(whole, word) for word in told):
            return True
    return False


def _second_apart(one: Tokens, other: Tokens) -> bool:
    """Whether both have a second name, and these are two: Marie Luise and Maria Theresia."""
    if len(one) < 2 or len(other) < 2 or one[1] == other[1] or 1 in (len(one[1]), len(other[1])):
        return False
    return _one_word(one[1], other[1], given=True) in ("different", "far", COUPLE, ALIKE)


def _initials(one: Tokens, other: Tokens) -> bool:
    return any(a[0] == b[0] and 1 in (len(a), len(b)) for a in one for b in other)


def _well_known_apart(one: str, other: str) -> bool:
    """Two well-known names however alike they look, or a man's and a woman's form of one name."""
    if one in _BY_NAME and other in _BY_NAME:
        return True
    if known(one) != known(other) and None in (gender(one), gender(other)):
        return False  # Helga and Helgao: an ending that makes no name is a typing error
    stem = Prefix.similarity(one, other)
    return stem >= 3 and one[stem:] in _GENDERED and other[stem:] in _GENDERED


def _man_and_woman(one: str, other: str) -> bool:
    """Whether the one is a man's name and the other a woman's, and neither is a short form of the other.

    However few letters apart, that is no typing error: Julia and Julian, Andrea and Andreas.
    """
    related = _BY_NAME.get(one, _NONE) & _BY_NAME.get(other, _NONE)
    if related and (min(len(one), len(other)) < _WHOLE or Prefix.similarity(one, other) < _STEM):
        return False
    return {gender(one), gender(other)} == {"male", "female"} or womans_form(one, other) or womans_form(other, one)


@lru_cache(maxsize=131_072)
def _alike(one: str, other: str) -> int:
    """3 a typing error apart, 2 close or cut short, 1 somewhat alike, 0 different."""
    distance = OSA.distance(one, other, score_cutoff=3)
    shorter = min(len(one), len(other))
    if (distance == 1 and shorter >= 3) or (distance == 2 and shorter >= 6):
        swapped = distance == 1 and one[:2] == other[1::-1]
        return 3 if one[0] == other[0] or swapped or one[1:] == other or other[1:] == one else 2
    if shorter >= 3 and (one.startswith(other) or other.startswith(one)):
        return 2
    if shorter >= _NEARLY and near_sound(one, other):
        return 2
    similar = JaroWinkler.similarity(one, other)
    if similar >= 0.92 or (one[0] == other[0] and shorter >= 4 and phonetic(one) == phonetic(other)):
        return 2
    return (
        1 if similar >= _SOMEWHAT or (shorter >= 5 and len(one) == len(other) and sorted(one) == sorted(other)) else 0
    )


_CODES = str.maketrans(
    {
        **dict.fromkeys("aeiouyj", "0"), **dict.fromkeys("bp", "1"), **dict.fromkeys("dt", "2"),
        **dict.fromkeys("fvw", "3"), **dict.fromkeys("gkqc", "4"), "l": "5", **dict.fromkeys("mn", "6"), "r": "7",
        **dict.fromkeys("sz", "8"), "x": "48", "h": "",
    }
)  # fmt: skip
_SOUNDS = (("sch", "s"), ("ph", "f"), ("th", "t"), ("dt", "t"), ("ck", "k"), ("ce", "se"), ("ci", "si"), ("cy", "sy"))
_TWICE = re.compile(r"(.)\1+")


_SPELLINGS = tuple(
    (re.compile(written), FIRST_GROUP if heard == r"\1" else heard)
    for written, heard in (
        ("^y(?=[aeiou])", "j"), ("(?<=.)[yj]", "i"), ("sch|sh", "S"), ("ch(?=[rl])", "k"), ("ch", "C"), ("ph", "f"),
        ("ck|q", "k"), ("x", "ks"), ("c(?![eiS])", "k"), ("tz|c", "z"), ("w", "v"), ("(?<=.)h", ""), ("ei", "ai"),
        ("ie", "i"), ("ou", "u"), ("(ll|nn|tt|ss)e$", r"\1"), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip


@lru_cache(maxsize=65_536)
def spoken(name: str) -> str:
    """A folded first name with its vowels as they are heard: one for Fynn and Finn, Clara and Klara, Yuliya and Julia.

    Of 5,000 first names those that share one are spellings of one name; ``phonetic`` is coarser: Lisa is Luisa there.
    """
    for written, heard in _SPELLINGS:
        name = written.sub(heard, name)
    return name


@lru_cache(maxsize=65_536)
def phonetic(word: str) -> str:
    """A phonetic key in the manner of Postel's Kölner Phonetik (1969), coarser: good enough to find candidates."""
    for written, spoken in _SOUNDS:
        word = word.replace(written, spoken)
    code = _TWICE.sub(FIRST_GROUP, word.translate(_CODES))
    return code[:1] + code[1:].replace("0", "")
