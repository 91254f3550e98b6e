"""Sentences of the core (advice, evidence, reasons) in the reader's language.

The core speaks English to commands, API and log. ``locale/<language>/core/*.po`` has its sentences as patterns: what
stands at ``%(…)s`` is a value, and is itself a sentence where another pattern fits.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO

from babel.messages.pofile import read_po

MOST_DEEP = 3
LONGEST = 2_000
"""Characters of a sentence. What is longer is not ours."""

_VALUE = re.compile(r"%\((\w+)\)s")
_BITS = re.compile(r"^(?P<text>.*) \((?P<bits>[+-]\d+(?:\.\d+)? bits)\)$", re.DOTALL)

Pattern = tuple[re.Pattern[str], str]


def spoken(language: str, text: str) -> str:
    """The sentence in that language; as it is where nobody has put it into words there."""
    if language == "en" or not 0 < len(text) <= LONGEST:
        return text
    return _spoken(language, text, MOST_DEEP)


@lru_cache(maxsize=8_192)
def _spoken(language: str, text: str, deep: int) -> str:
    if found := _BITS.match(text):
        return f"{_spoken(language, found['text'], deep)} ({found['bits'].replace('bits', 'Bit')})"
    whole, patterns = sentences(language)
    if text in whole:
        return whole[text]
    for pattern, said in patterns if deep else ():
        if match := pattern.fullmatch(text):
            return said % {name: _spoken(language, value, deep - 1) for name, value in match.groupdict().items()}
    return text


@cache
def sentences(language: str) -> tuple[dict[str, str], list[Pattern]]:
    """Those without values, and those with; the longer ones first, as they say more precisely what is meant."""
    folder = files("hub.console") / "locale" / language / "core"
    whole: dict[str, str] = {}
    patterns: list[tuple[int, Pattern]] = []
    for part in sorted(folder.iterdir(), key=lambda part: part.name) if folder.is_dir() else ():
        for message in read_po(BytesIO(part.read_bytes()), locale=language):
            told, said = str(message.id), str(message.string)
            if not told or not said:
                continue
            if not _VALUE.search(told):
                whole[told] = said
                continue
            literal = _VALUE.split(told)
            source = "".join(
                re.escape(piece) if place % 2 == 0 else f"(?P<{piece}>.+?)" for place, piece in enumerate(literal)
            )
            patterns.append((sum(map(len, literal[::2])), (re.compile(source, re.DOTALL), said)))
            if told.endswith(": %(both)s"):  # evidence is told without its values too
                whole.setdefault(told.removesuffix(": %(both)s"), said.removesuffix(": %(both)s"))
    return whole, [pattern for _, pattern in sorted(patterns, key=lambda one: -one[0])]
