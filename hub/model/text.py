"""What every text of the canonical model looks like: composed (NFC), and without characters nobody sees. Pure.

Sources: https://www.unicode.org/reports/tr36/ (bidirectional and invisible characters),
https://www.unicode.org/reports/tr51/ (joiners, selectors and tags in emoji),
https://www.rfc-editor.org/rfc/rfc5892#appendix-A (joiners in Indic and Arabic script).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

PLAIN = "^[\\n\\t -~\u00a0-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u20a0-\u20c0\u2122]*$"
"""Texts that are tidy as they stand: what European languages are written in. A pattern for pydantic's regex engine."""

_SEEN = re.compile(PLAIN)
_LINE_ENDS = str.maketrans(dict.fromkeys("\v\f\x85\u2028\u2029", "\n"))
_LONE_HALF = re.compile("[\ud800-\udfff]")
_FLAG = "\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
_UNSEEN = re.compile(
    f"{_FLAG}|"
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_JOINERS = frozenset("\u200c\u200d")
_VIRAMA = 9
"""Canonical combining class of the sign that joins two consonants."""
_EMOJI = (0x2190, 0x1F000)
"""Where arrows and symbols begin, and where the plane of pictographs does."""


def is_tidy(text: str) -> bool:
    """True for a text that ``tidy`` certainly leaves as it is; a quick look."""
    return _SEEN.match(text) is not None


def tidy(text: str) -> str:
    """Compose (NFC), and take out what nobody sees: control and zero-width characters, BOM, soft hyphen, bidi controls.

    Line ends and tabs stay. Half a surrogate becomes U+FFFD. Joiners, variation selectors and tags stay where they
    mean something: inside an emoji, and between letters of a script that joins (Persian, Hindi).
    """
    # Most texts are so already, and seen once: to remember them costs more than to look at them.
    return text if (text.isascii() and text.isprintable()) or is_tidy(text) else _tidied(text)


@lru_cache(maxsize=2_048)
def _tidied(text: str) -> str:
    if _LONE_HALF.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = text.translate(_LINE_ENDS)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return _UNSEEN.sub(_kept, text)


def _kept(found: re.Match[str]) -> str:
    character, text = found[0], found.string
    before, after = text[: found.start()][-1:], text[found.end() : found.end() + 1]
    if len(character) > 1:
        return character  # the flag of a region
    if character in _JOINERS:
        return character if _joins(before, after) else ""
    if "\ufe00" <= character <= "\ufe0f":
        return character if before and not before.isalpha() and before.isprintable() and after != character else ""
    if "\U000e0100" <= character <= "\U000e01ef":
        return character if before.isalpha() and ord(before) > 0x2E7F else ""  # a variant of a Chinese character
    return ""


def _joins(before: str, after: str) -> bool:
    if not before:
        return False
    if unicodedata.combining(before) == _VIRAMA:
        return True
    if not after:
        return False
    if _is_pictograph(after):
        return _is_pictograph(before) or "\ufe00" <= before <= "\ufe0f"
    return _is_joining(before) and _is_joining(after)


def _is_pictograph(character: str) -> bool:
    code = ord(character)
    return code >= _EMOJI[1] or (code >= _EMOJI[0] and unicodedata.category(character) in ("So", "Sm", "Sk"))


def _is_joining(character: str) -> bool:
    """A letter or mark of Arabic, the Indic scripts, or Mongolian."""
    code = ord(character)
    return 0x0620 <= code <= 0x109F or 0x1780 <= code <= 0x18AA or 0xA840 <= code <= 0xABFF
