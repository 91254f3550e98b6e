"""Cyrillic and Greek letters as systems write them in Latin ones, each by its own table; and what loses marks.

Tables: passports (ICAO Doc 9303), British and American maps (BGN/PCGN), German newspapers (Duden), scholars (ISO 9);
for Greek ELOT 743 and the older way of letter by letter.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping


def _letters(text: str) -> list[str]:
    """What stands for each letter, in order; an underscore for none."""
    return [letters.strip("_") for letters in text.split()]


_RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяґєіїʼ'"
_PASSPORT = _letters("a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch ie y _ e iu ia g ie i i _ _")
_BRITISH = _letters("a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya g ye i yi _ _")
_GERMAN = _letters("a b w g d e jo sch s i j k l m n o p r s t u f ch z tsch sch schtsch _ y _ e ju ja g je i ji _ _")
_SCHOLARLY = _letters("a b v g d e ë ž z i j k l m n o p r s t u f ch c č š šč _ y ' è ju ja g je i ï _ _")

CYRILLIC: Mapping[str, Mapping[str, str]] = {
    name: dict(zip(_RUSSIAN, table, strict=True))
    for name, table in {
        "passport": _PASSPORT, "british": _BRITISH, "german": _GERMAN, "scholarly": _SCHOLARLY,
    }.items()
}  # fmt: skip

UKRAINIAN: Mapping[str, Mapping[str, str]] = {
    name: {**table, "г": "h" if name != "british" else "g", "и": "y", "і": "i", "й": "i" if name == "passport" else "y"}
    for name, table in CYRILLIC.items()
}

_PAIRS = {
    "elot": {"ου": "ou", "αυ": "af", "ευ": "ef", "γγ": "ng", "γκ": "gk", "μπ": "b", "ντ": "nt", "τζ": "tz", "τσ": "ts"},
    "older": {"ου": "ou", "αυ": "av", "ευ": "eu", "γγ": "gg", "γκ": "g", "μπ": "mp", "ντ": "d", "τζ": "j", "τσ": "ts"},
    "spoken": {"ου": "u", "αυ": "av", "ευ": "ev", "γγ": "ng", "γκ": "g", "μπ": "b", "ντ": "d", "ει": "i", "οι": "i",
               "γι": "yi", "αι": "e"},
}  # fmt: skip
_GREEK = "αβγδεζηθικλμνξοπρσςτυφχψω"
_SINGLE = {
    "elot": _letters("a v g d e z i th i k l m n x o p r s s t y f ch ps o"),
    "older": _letters("a b g d e z e th i k l m n x o p r s s t y ph ch ps o"),
    "spoken": _letters("a v g d e z i th i k l m n ks o p r s s t i f h ps o"),
}

TABLES = ("passport", "british", "german", "scholarly")
GREEK_TABLES = ("elot", "older", "spoken")


def cyrillic(text: str, table: Mapping[str, str]) -> str:
    """In Latin letters; the first stays a capital."""
    return "".join(table.get(letter, letter) for letter in text.lower()).capitalize()


def greek(text: str, table: str) -> str:
    """In Latin letters; the first stays a capital."""
    rest, told = plain(text).lower(), []
    while rest:
        pair = _PAIRS[table].get(rest[:2])
        told.append(pair or _SINGLE[table][_GREEK.index(rest[0])])
        rest = rest[2 if pair else 1 :]
    return "".join(told).capitalize()


def plain(text: str) -> str:
    """Without accents, tails and strokes; ä becomes a."""
    apart = unicodedata.normalize("NFD", text.translate(str.maketrans("łŁđĐıøØ", "lLdDioO")))
    return unicodedata.normalize("NFC", "".join(letter for letter in apart if not unicodedata.combining(letter)))
