"""The tone of what people write: a hint by words, and from 500 corrections on a small model of the business's own.

The hint sorts a queue; it decides nothing. On German texts word lists reach an AUC of some .64 for "negative"; a model
of 2,000 corrections .80 (docs/insight.md). Everything happens here; nothing is sent anywhere. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hub.insight.contact import language_of
from hub.insight.tone_words import AFTERWARDS, NEGATIONS, PHRASES, SIGNS, STRONGER, TOPICS, WORDS

ToneName = Literal["positive", "neutral", "negative"]
About = Literal["complaint", "praise", "question", "other"]
TONES: tuple[ToneName, ...] = ("negative", "neutral", "positive")
ABOUTS: tuple[About, ...] = ("complaint", "praise", "question", "other")
TOPIC_NAMES = (*TOPICS, "other")

MOST = 2_000
"""Characters of a text that are looked at."""

CLEAR = 1.0
"""The sum of words from which on a text has a tone."""

_BEHIND, _BEFORE = 3, 3
_LONGEST_PHRASE = 4
_PREFIX = 5
_WORD = re.compile(r"[a-z]+|[.,;:!?]|[^\x00-\x7f]")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_QUESTION = re.compile(
    r"^(wann|wo|wie|was|welche|wer|warum|kann|koennen|habt|haben|gibt|ist|when|where|how|what|which|can|could|do|does|is|are)\b"
)


@dataclass(frozen=True, slots=True)
class Tone:
    """``score`` is below 0 for bad and above for good; ``words`` are those that counted, ``by`` who says so.

    ``by`` is ``words`` (the hint), ``model`` or ``person``.
    """

    tone: ToneName
    about: About
    topic: str
    score: float = 0.0
    words: tuple[str, ...] = ()
    language: str | None = None
    by: Literal["words", "model", "person"] = "words"


def tone_of(text: str) -> Tone:
    """The hint for a text."""
    folded = " ".join(text[:MOST].lower().translate(_UMLAUTS).split())
    tokens = _WORD.findall(folded)
    score, words = _scored(tokens)
    found: ToneName = "positive" if score >= CLEAR else "negative" if score <= -CLEAR else "neutral"
    return Tone(found, about_of(found, folded), _topic(tokens), round(score, 2), words, language_of(text[:MOST]))


def about_of(tone: ToneName, folded: str) -> About:
    """What kind of message it is, by its tone and form."""
    if tone == "negative":
        return "complaint"
    if tone == "positive" and not folded.rstrip().endswith("?"):
        return "praise"
    return "question" if "?" in folded or _QUESTION.match(folded) else "other"


def _scored(tokens: Sequence[str]) -> tuple[float, tuple[str, ...]]:
    total, said = 0.0, []
    place = 0
    while place < len(tokens):
        phrase, length = _phrase(tokens, place)
        if phrase is not None:
            if phrase:
                total += phrase
                said.append(" ".join(tokens[place : place + length]))
            place += length
            continue
        strength = float(SIGNS.get(tokens[place], 0) or _strength(tokens[place]))
        if strength:
            word = tokens[place]
            if place and tokens[place - 1] in STRONGER:
                strength *= 1.5
            if word not in SIGNS and word not in NEGATIONS and _is_negated(tokens, place):
                strength, word = -0.6 * strength, f"not {word}"
            total += strength
            said.append(word)
        place += 1
    return total, tuple(said[:6])


def _phrase(tokens: Sequence[str], place: int) -> tuple[int | None, int]:
    for length in range(_LONGEST_PHRASE, 1, -1):
        found = PHRASES.get(" ".join(tokens[place : place + length]))
        if found is not None and place + length <= len(tokens):
            return found, length
    return None, 0


def _strength(word: str) -> int:
    if word in WORDS:
        return WORDS[word]
    for length in range(len(word) - 1, _PREFIX - 1, -1):
        if (found := WORDS.get(word[:length])) is not None:
            return found
    return 0


_ENDS = frozenset(".,;:!?")


def _is_negated(tokens: Sequence[str], place: int) -> bool:
    """A negation a few words before, or in German after it; in the same part of the sentence, and no set phrase."""
    for back in range(place - 1, max(-1, place - 1 - _BEFORE), -1):
        if tokens[back] in _ENDS or tokens[back] in ("aber", "but", "sondern"):
            break
        if tokens[back] in NEGATIONS and " ".join(tokens[back : back + 2]) not in ("nicht nur", "not only"):
            return True
    for ahead in range(place + 1, min(len(tokens), place + 1 + _BEHIND)):
        if tokens[ahead] in _ENDS or tokens[ahead] in ("aber", "but"):
            break
        if tokens[ahead] in AFTERWARDS and " ".join(tokens[ahead : ahead + 2]) not in ("nicht nur", "nie wieder"):
            return True
    return False


def _topic(tokens: Sequence[str]) -> str:
    found = Counter[str]()
    for word in tokens:
        for topic, stems in TOPICS.items():
            if any(word.startswith(stem) if len(stem) >= _PREFIX else word == stem for stem in stems):
                found[topic] += 1
    return max(found, key=lambda topic: (found[topic], -list(TOPICS).index(topic))) if found else "other"


def macro_f1(truth: Sequence[str], told: Sequence[str]) -> float:
    """The mean over the tones that occur of the harmonic mean of precision and recall."""
    scores = []
    for tone in sorted(set(truth)):
        hit = sum(one == other == tone for one, other in zip(truth, told, strict=True))
        named, there = sum(one == tone for one in told), sum(one == tone for one in truth)
        scores.append(2 * hit / (named + there) if named + there else 0.0)
    return sum(scores) / len(scores) if scores else 0.0
