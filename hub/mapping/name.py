"""Person names: kept as typed, compared by folded keys ("Müller" and "Mueller" are equal)."""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii

from hub.mapping import han
from hub.model.built import built
from hub.model.customer import PersonName
from hub.model.text import tidy

_NAME = built(PersonName)
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa", "œ": "oe"})
_NOT_ALNUM = re.compile(r"[^a-z0-9]+")
_TITLES = frozenset(
    {"herr", "herrn", "hr", "frau", "fr", "mr", "mrs", "ms", "miss", "dr", "prof", "dipl", "ing", "med", "mag"}
)
NAMES_TOO = frozenset({"ing", "mag", "med"})
"""Titles that are somebody's first name: Mag Kim, Med Ali."""

_PARTICLES = frozenset(
    {
        "von",
        "vom",
        "zu",
        "zum",
        "zur",
        "van",
        "de",
        "den",
        "der",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "du",
        "la",
        "le",
        "ter",
        "ten",
    }
)
_EMPTY = frozenset(
    {
        "null",
        "none",
        "undefined",
        "unknown",
        "unbekannt",
        "n/a",
        "na",
        "n.n.",
        "k.a.",
        "keine angabe",
        "laufkundschaft",
        "test",
        "guest",
        "gast",
        "kunde",
        "customer",
        "-",
        "--",
        ".",
        "?",
        "x",
        "xx",
        "xxx",
    }
)


@lru_cache(maxsize=16_384)
def clean(text: str | None) -> str | None:
    """Trim, collapse white space and tidy (``hub.model.text``); nothing left, or a filler such as ``-``, gives None."""
    value = " ".join(tidy(text).split()) if text else ""
    return None if not value or value.lower() in _EMPTY else value


def is_filler(text: str | None) -> bool:
    """Whether something was told that names nobody: ``test``, ``-``, ``n/a``."""
    return text is not None and bool(text.strip()) and clean(text) is None


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """A comparison key: lower case, German umlauts written out, other scripts to ASCII, single spaces."""
    lowered = tidy(text).lower().translate(_GERMAN)
    ascii_text = lowered if lowered.isascii() else anyascii(lowered).lower()
    return _NOT_ALNUM.sub(" ", ascii_text).strip()


def person_name(
    *, first: str | None = None, middle: str | None = None, last: str | None = None, full: str | None = None
) -> PersonName | None:
    """Build a name from whatever parts the source has; a lone full name is split ("Müller, Anna" too).

    Titles and salutations are dropped from the split parts and stay in ``full``; nobiliary particles belong to the
    last name. Gives None when there is nothing to go by.
    """
    first, middle, last, full = clean(first), clean(middle), clean(last), clean(full)
    if full is None:
        full = " ".join(part for part in (first, middle, last) if part) or None
    elif first is None and last is None:
        first, middle, last = _split(full)
    return _NAME(first=first, middle=middle, last=last, full=full) if full else None


def _split(full: str) -> tuple[str | None, str | None, str | None]:
    if (chinese := han.split(full)) is not None:
        return chinese[1], None, chinese[0]
    if "," in full:
        family, _, given = full.partition(",")
        told = given.split()
        given_parts = [part for part in told if not _is_title(part, addressed=len(told) > 1)]
        return (
            given_parts[0] if given_parts else None,
            " ".join(given_parts[1:]) or None,
            family.strip() or None,
        )
    parts = full.split()
    addressed = False
    while len(parts) > 1 and _is_title(parts[0], addressed=addressed or len(parts) > 2):
        parts.pop(0)
        addressed = True
    if len(parts) == 1:
        # Whom one calls Herr or Dr. is called by the last name.
        return (None, None, parts[0]) if addressed else (parts[0], None, None)
    start = len(parts) - 1
    while start > 1 and fold(parts[start - 1]) in _PARTICLES:
        start -= 1
    return parts[0], " ".join(parts[1:start]) or None, " ".join(parts[start:])


def _is_title(word: str, *, addressed: bool) -> bool:
    """``addressed``: whether a title stands before it already, or another first name is left behind it."""
    return fold(word) in _TITLES and (addressed or word.endswith(".") or fold(word) not in NAMES_TOO)
