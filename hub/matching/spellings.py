"""How a name may be meant to sound, whichever way a system wrote it in Latin letters. Pure.

The ways are those of German, English and French for Slavic, Greek, Arabic and Turkish
names (BGN/PCGN, ELOT 743, ISO 9), and Pinyin beside Wade-Giles. A letter that is read in several ways gives a reading
for each: ``ch`` in Chernov, in Chochlow, and in Christos. Two words that share a reading may be one name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import itemgetter

from rapidfuzz.distance import OSA

_HEARD = 4
"""Letters from which two words may be one name that is only heard."""

IN_COMMON = 0.4
"""Share of their letters that two spellings of one name have in common at least."""

Rules = tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]

FIRST_GROUP: Callable[[re.Match[str]], str] = itemgetter(1)
"""What ``sub`` puts in for the text ``\\1``, which it would read anew at every word."""


def _rules(told: Iterable[tuple[str, str]]) -> Rules:
    return tuple((re.compile(written), FIRST_GROUP if heard == r"\1" else heard) for written, heard in told)


_CONSONANTS = _rules(
    (
        ("schtsch|shch|stsch|tsch|tch|cz", "S"), ("sch|sh|sz|zh|rz", "S"), ("(?<!^)tz|ts", "S"), ("kh", "H"),
        ("ph", "f"), ("th", "t"), ("dt", "t"), ("ck|q", "k"), ("x", "ks"), ("w", "v"), ("gg(?=e)", "ng"),
    )
)  # fmt: skip
_READINGS = (
    _rules((("ch", "k"), ("c(?=[eiy])", "S"), ("c", "k"))),
    _rules((("ch|c", "S"),)),
    _rules((("^ch", "h"), ("ch", "H"), ("c(?=[eiy])", "S"), ("c", "k"))),
)
"""As in Christos and Clara; as in Chernov, Shevcenko and Celik; as in Chochlow."""

_GREEK = _rules((("m[pb]", "b"), ("nt", "d"), ("oy(?![aeiou])", "u")))
"""How Greek is heard that is written out letter by letter: Lampropoulos, Antoniou, Apostoloy."""

_VOWELS = _rules(
    (
        ("[sz]", "S"), ("^H", "h"), ("(?<=.)[hH]", ""), ("^oi", "i"), ("gi(?=[aou])", "i"), ("ou|oo", "u"), ("ee", "i"),
        ("[yj]", "i"), ("^i(?=e)", ""), ("ei", "ai"), ("(?<=[^aeiou])i+[eo](?=[^aeiou])", "e"), ("ie", "i"),
        (r"(.)\1+", r"\1"), ("(?<=[lnts])e$", ""),
    )
)  # fmt: skip

_GREEK_WORD = re.compile(
    r"op(?:ou|u|oy)l|(?:ak|id)[ie]s?$|(?:i|[^aeiou])(?:ou|oy|u)$|[^aeiou][oiea]s$|[^aeiou]ios$|^papa|^ch?atzi"
)
"""Last names of men and women, and first names of men, that hardly any language but Greek has."""

_GREEK_LETTERS = _rules(
    (
        ("ou|oy(?![aeiou])|oo", "u"), ("a[uvf]", "av"), ("e[uvf]|ey(?=[aeiou])", "ev"), ("kh|ch|(?<![tp])h", "H"),
        ("m[pb]", "B"), ("n[td]", "d"), ("ng|gg|gk|nk", "g"), ("tz|dz|j", "z"), ("ks", "x"), ("ph", "f"), ("th", "t"),
        ("c", "k"), ("b|w", "v"), ("ai|ei|oi|[ey]", "i"), ("g(?=i)", ""), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip
"""By ELOT 743, letter by letter, and by ear: Euaggelos and Evangelos, Mpenakes and Benakis, Blachos, Vlahos."""

_GREEK_ENDINGS = _rules((("(?:os|u|us)$", "o"), ("(?<=[ia])s$", "")))
"""A wife's and a husband's name."""

_WIVES = (
    ("ova", ("", "a", "o")), ("aja", ("oi", "oj", "oy")), ("aya", ("oi", "oj", "oy")),
    *((ending, ("ius", "as", "is", "ys", "us")) for ending in ("iene", "iute", "aite", "yte", "ute", "ene")),
)  # fmt: skip
"""How a woman's last name ends, and a man's: Czech and Slovak, Russian, Lithuanian."""

_ARABIC_LETTERS = _rules(
    (
        ("^abd[aeiou]?l?[aeiou]?(?:l|r(?=r)|n(?=n)|s(?=s))?", "abd"), ("dsch|dj|dg|j|g(?![hn])", "J"), ("sch|sh", "S"),
        ("kh", "H"), ("gh|ck|q", "k"), ("ph", "f"), ("[td]h", "t"), ("oua", "wa"), ("oui", "wi"), ("v", "w"),
        ("[ae][iy](?![aeiou])", "3"), ("ee|ii", "i"), ("ou|oo|o", "u"), ("[yj]", "i"), ("(?<=[lnsmrt])e$", ""),
        ("(?<=[ae])h$", ""),
    )
)  # fmt: skip
_ARABIC_READINGS = tuple(
    _rules((*ch, ("c", "k"), *vowel, ("3", "ai"), (r"(.)\1+", r"\1")))
    for ch in ((("ch", "H"),), (("ch", "S"),))
    for vowel in ((("e(?=.)", "a"),), (("e(?=.)", "i"),))
)
"""Vowels that Arabic does not write are written as one hears them: Emad and Imad, Leila and Layla, Mohamed."""

_CHINESE = re.compile(r"(?:(?:zh|ch|sh|hs|ts|tz|[bpmfdtnlgkhjqxzcsrwy])?[aeiou]+h?(?:ng?(?![aeiou]))?){1,3}")
"""Up to three syllables, in Pinyin or in Wade-Giles."""

_ROMANISED = re.compile("zh|hs|^x|q(?!u[aeo])|x(?=i|u)|chih|shih|jian|chien|tsu|kuo|guo|jing|ching|^t(?:ia|ie)n")
"""What is written so in hardly any language but Chinese."""

_SYLLABLES = _rules(
    (
        ("zh|ch|tz|ts|[jqzc]", "C"), ("hs|sh|[xs]", "S"), ("g(?=[aeiou])", "k"), ("d", "t"), ("b", "p"), ("w|^y", ""),
        ("h", ""), ("ie(?=n)", "ia"), ("iung|iong|yung|yong|ung", "ong"), ("y", "i"), ("(?<=[CS])i(?=[aeu])", ""),
        ("(?<=[CS])(?:ih?|)$", "i"), (r"(.)\1+", r"\1"),
    )
)  # fmt: skip


@lru_cache(maxsize=65_536)
def readings(word: str) -> frozenset[str]:
    """What a folded word may sound like; words that share one are spellings of one name, or two well-known names."""
    base = _applied(_CONSONANTS, word)
    ways = _READINGS if "c" in base else _READINGS[:1]
    told = {base, _applied(_GREEK, base)}
    return frozenset(_applied(_VOWELS, _applied(way, each)) for way in ways for each in told)


@lru_cache(maxsize=65_536)
def syllables(word: str) -> tuple[str, bool]:
    """A Chinese name as both romanisations have it, or empty, and whether it is plainly one."""
    if not _CHINESE.fullmatch(word):
        return "", False
    return _applied(_SYLLABLES, word), bool(_ROMANISED.search(word))


def sound_alike(one: str, other: str) -> bool:
    """Whether two folded words are one name, heard and written in another country's way."""
    if not readings(one).isdisjoint(readings(other)):
        return True
    (heard, sure), (also, surely) = syllables(one), syllables(other)
    if heard == also != "" and (sure or surely):
        return True
    # To read a word takes fifty times as long as to see that two have hardly a letter in common.
    if min(len(one), len(other)) < _HEARD or OSA.normalized_similarity(one, other) < IN_COMMON:
        return False
    if not _arabic(one).isdisjoint(_arabic(other)):
        return True
    return bool(_GREEK_WORD.search(one) or _GREEK_WORD.search(other)) and greek(one) == greek(other)


def one_family(one: str, other: str) -> bool:
    """Whether two last names are a husband's and his wife's or daughter's, in whatever way they are written."""
    if min(len(one), len(other)) < _HEARD:
        return False
    if one[:2] == other[:2] and (_of_a_woman(one, other) or _of_a_woman(other, one)):
        return True
    if OSA.normalized_similarity(one, other) < IN_COMMON:
        return False
    return bool(_GREEK_WORD.search(one) or _GREEK_WORD.search(other)) and (
        _applied(_GREEK_ENDINGS, greek(one)) == _applied(_GREEK_ENDINGS, greek(other))
    )


def _of_a_woman(name: str, man: str) -> bool:
    """Nováková of Novák, Stankevičienė and Stankevičiūtė of Stankevičius, Tolstaja of Tolstoi."""
    return any(
        name.endswith(ending)
        and len(stem := name.removesuffix(ending)) >= _HEARD
        and any(sound_alike(stem + mans, man) for mans in endings if man.endswith(mans))
        for ending, endings in _WIVES
    )


@lru_cache(maxsize=65_536)
def greek(word: str) -> str:
    """A folded word as a Greek name with these letters is heard."""
    return _applied(_GREEK_LETTERS, word)


@lru_cache(maxsize=65_536)
def _arabic(word: str) -> frozenset[str]:
    base = _applied(_ARABIC_LETTERS, word)
    return frozenset(_applied(way, base) for way in _ARABIC_READINGS)


def near_sound(one: str, other: str) -> bool:
    """Whether two folded words are heard with a single sound between them, and begin and end alike."""
    return any(
        a[:2] == b[:2] and a[-1:] == b[-1:] and OSA.distance(a, b, score_cutoff=1) <= 1
        for a in readings(one)
        for b in readings(other)
    )


def _applied(rules: Rules, word: str) -> str:
    for written, heard in rules:
        word = written.sub(heard, word)
    return word
