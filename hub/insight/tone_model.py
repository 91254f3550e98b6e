"""A small model of tone, learnt from what people of the business corrected: logistic regression over hashed n-grams.

Words, pairs of words, and three to five letters of each, hashed into 16,384 places, and the hint's own score beside
them. It is used only where it beats the hint in five-fold cross-validation. The same corrections give the same model.
Pure; trains on 2,000 corrections in a few seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hub.insight.special_functions import Floats
from hub.insight.tone import MOST, TONES, Tone, about_of, macro_f1, tone_of

FEWEST = 500
"""Corrections without which nothing is learnt."""

SIZE = 1 << 14
_FOLDS, _STEPS, _RATE, _RIDGE = 5, 60, 0.5, 1e-4
_WORDS = re.compile(r"\w+|[^\w\s]")
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ToneModel:
    """``f1`` is its macro-F1 in cross-validation, ``f1_of_words`` that of the hint on the same texts."""

    weights: Floats
    learnt_from: int
    f1: float
    f1_of_words: float

    def tone_of(self, text: str) -> Tone:
        """As the hint tells it, with the model's tone."""
        hint = tone_of(text)
        chances = _chances(self.weights, *_rows([text]))[0]
        tone = TONES[int(np.argmax(chances))]
        score = round(float(chances[2] - chances[0]), 2)
        folded = text[:MOST].lower()
        return replace(hint, tone=tone, about=about_of(tone, folded), score=score, by="model")


def learn(texts: Sequence[str], tones: Sequence[str]) -> ToneModel | str:
    """The model of these corrections, or in words why there is none."""
    if len(texts) < FEWEST:
        return f"too little data: {len(texts)} corrections, {FEWEST} are needed"
    truth = np.array([TONES.index(tone) for tone in tones])
    if len(np.unique(truth)) < 2:
        return f"too little data: all {len(texts)} corrections say {tones[0]}"
    # Folds by a digest of the text, so that the same text is never learnt and asked.
    fold = np.array([crc32(text.encode()) % _FOLDS for text in texts])
    guessed = np.zeros(len(texts), dtype=np.int64)
    for number in range(_FOLDS):
        there, asked = np.flatnonzero(fold != number).tolist(), np.flatnonzero(fold == number).tolist()
        if asked and there:
            weights = _fit([texts[one] for one in there], truth[there])
            guessed[asked] = np.argmax(_chances(weights, *_rows([texts[one] for one in asked])), axis=1)
    mine = macro_f1(tones, [TONES[one] for one in guessed.tolist()])
    words = macro_f1(tones, [tone_of(text).tone for text in texts])
    if mine <= words:
        return f"the words do as well as what was learnt from {len(texts)} corrections ({words:.2f} against {mine:.2f})"
    return ToneModel(_fit(texts, truth), len(texts), round(mine, 4), round(words, 4))


def _fit(texts: Sequence[str], truth: Ints) -> Floats:
    """Weights by class and place: full gradients, each place at a rate of its own (AdaGrad)."""
    row, place, value = _rows(texts)
    wanted = np.eye(len(TONES))[truth]
    weights, seen = np.zeros((len(TONES), SIZE + 2)), np.full((len(TONES), SIZE + 2), 1e-8)
    for _ in range(_STEPS):
        off = (_chances(weights, row, place, value, len(texts)) - wanted) / len(texts)
        for number in range(len(TONES)):
            slope = np.bincount(place, weights=off[row, number] * value, minlength=SIZE + 2)
            slope += _RIDGE * weights[number]
            seen[number] += slope**2
            weights[number] -= _RATE * slope / np.sqrt(seen[number])
    return np.asarray(weights, dtype=np.float64)


def _chances(weights: Floats, row: Ints, place: Ints, value: Floats, many: int | None = None) -> Floats:
    size = int(row.max(initial=-1)) + 1 if many is None else many
    told = np.column_stack([np.bincount(row, weights=one[place] * value, minlength=size) for one in weights])
    told = np.exp(told - told.max(axis=1, keepdims=True))
    return np.asarray(told / told.sum(axis=1, keepdims=True), dtype=np.float64)


def _rows(texts: Sequence[str]) -> tuple[Ints, Ints, Floats]:
    """(text, place, value) of every n-gram; each text as long as any other, and with the hint's score."""
    rows, places, values = [], [], []
    for number, text in enumerate(texts):
        found = np.fromiter((crc32(each.encode()) % SIZE for each in _grams(text)), dtype=np.int64)
        found = np.unique(found)
        hint = float(np.clip(tone_of(text).score, -4, 4)) / 4
        rows.append(np.full(len(found) + 2, number))
        places.append(np.concatenate([found, [SIZE, SIZE + 1]]))
        values.append(np.concatenate([np.full(len(found), 1 / np.sqrt(max(1, len(found)))), [1.0, hint]]))
    return np.concatenate(rows), np.concatenate(places), np.concatenate(values)


def _grams(text: str) -> Iterator[str]:
    words = _WORDS.findall(text[:MOST].lower())
    for place, word in enumerate(words):
        yield word
        if place:
            yield f"{words[place - 1]} {word}"
        marked = f"<{word}>"
        for length in (3, 4, 5):
            for start in range(len(marked) - length + 1):
                yield marked[start : start + length]
