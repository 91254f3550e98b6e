"""What a lead is weighed by: bits per fact, by weights of evidence and a ridge logistic regression, and a table.

A fact is worth so many bits, as evidence for identity is (docs/identity.md): each bit doubles the odds. Numbers are cut
into eight quantiles, each worth its weight of evidence (smoothed with twenty cases of everybody), and a ridge logistic
regression corrects for what tells the same twice. Before there are outcomes, a table written by hand stands in; it is
worth ``worth`` labels, and gives way as the business's own come. The method and its figures (AUC .860 at 1,000 labels,
naive Bayes .830, LightGBM .852) are in docs/insight.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import log, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hub.insight import logistic
from hub.insight.leads import FEATURES, NUMBERS, Columns, Labelled, Story, columns, is_open, labelled, steady_moment
from hub.insight.special_functions import Floats

LEAST, MOST = 0.01, 0.99
"""Nobody is sure: a chance of 0 or 1 would be an outcome (odoo/odoo#128237)."""

BINS, SMOOTHING, RIDGE, FOLDS = 8, 20.0, 1.0, 5
FEWEST = 10
"""People won, and people lost, below which only the table weighs."""

FEW_OF_A_WORD = 20
ENOUGH_LEADS = 50
"""Leads below which there is no rank among them: the score is the chance in percent."""

DRIFTED = 0.25
"""A population stability index above this says that leads are others than those the model was fitted to."""


@dataclass(frozen=True, slots=True)
class Feature:
    """``bits`` by bin: below the first of ``edges``, from there to the next …; or one per word, the last for others.

    ``shares`` are how many of the leads were in each bin at the fit; ``learned``: from outcomes, not by hand.
    """

    name: str
    bits: tuple[float, ...]
    edges: tuple[float, ...] = ()
    words: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    learned: bool = False

    def places(self, column: NDArray[Any]) -> NDArray[np.int64]:
        """The bin of each value."""
        if self.name in NUMBERS:
            return np.asarray(np.searchsorted(np.array(self.edges), column, side="right"), dtype=np.int64)
        known = {word: place for place, word in enumerate(self.words)}
        return np.array([known.get(word, len(self.words)) for word in column.tolist()], dtype=np.int64)


TABLE: tuple[Feature, ...] = (
    Feature("visits", (0.0, 0.3, 0.8), (0.05, 2.0)),
    Feature("products", (0.0, 0.5, 1.0), (0.05, 2.0)),
    Feature("carts", (0.0, 2.0), (0.05,)),
    Feature("forms", (0.0, 2.0), (0.05,)),
    Feature("mail_clicks", (0.0, 0.7, 1.2), (0.05, 1.5)),
    Feature("replies", (0.0, 1.5), (0.05,)),
    Feature("messages", (0.0, 1.0), (0.05,)),
    Feature("talks", (0.0, 1.5), (0.05,)),
    Feature("store_visits", (0.0, 1.5), (0.05,)),
    Feature("refusals", (0.0, -2.0), (0.05,)),
    Feature("silent_days", (0.8, 0.3, 0.0, -0.8, -1.8), (3.0, 14.0, 30.0, 90.0)),
    Feature("known_days", (0.3, 0.0, -0.5), (7.0, 90.0)),
    Feature("address", (0.0, 0.5, -1.0, 0.0), words=("free", "own", "none")),
)
"""By hand, for a shop that has no outcomes yet; ``config/leads.yaml`` may hold others."""

USUAL_RATE = 0.05
WORTH = 50


@dataclass(frozen=True, slots=True)
class LeadQuality:
    """On leads who came after those it was fitted to: AUC, Brier, how far chances are off, and the table's beside it.

    ``off`` is the mean distance between what was told and what came, over ten equal parts.
    """

    leads: int
    auc: float
    brier: float
    off: float
    auc_table: float
    brier_table: float


@dataclass(frozen=True, slots=True)
class LeadModel:
    """``base`` are the bits of a lead nothing is known of; features of one name add up.

    ``ranks`` are the chances of the leads at the fit, at each hundredth. ``share`` is what the business's own outcomes
    weigh, against the table.
    """

    base: float = log2(USUAL_RATE / (1 - USUAL_RATE))
    features: tuple[Feature, ...] = TABLE
    ranks: tuple[float, ...] = ()
    share: float = 0.0
    won: int = 0
    lost: int = 0
    leads: int = 0
    days: float = 90.0
    quality: LeadQuality | None = None
    said: tuple[str, ...] = field(default=())

    def parts(self, told: Columns) -> dict[str, Floats]:
        """Bits by feature, of each lead."""
        found: dict[str, Floats] = {}
        for feature in self.features:
            bits = np.array(feature.bits)[feature.places(told[feature.name])]
            found[feature.name] = found[feature.name] + bits if feature.name in found else bits
        return found

    def bits(self, told: Columns) -> Floats:
        """All bits of each lead."""
        size = len(told["visits"])
        return np.asarray(self.base + sum(self.parts(told).values(), np.zeros(size)), dtype=np.float64)

    def chance(self, told: Columns) -> Floats:
        """Of being won, of each lead; never below 1 or above 99 %."""
        return np.clip(logistic.sigmoid(self.bits(told) * log(2)), LEAST, MOST)

    def scores(self, chances: Floats) -> NDArray[np.int64]:
        """From 1 to 99: how many in a hundred leads of the last fit had a smaller chance."""
        if len(self.ranks) < 2:
            return np.asarray(np.clip(np.round(chances * 100), 1, 99), dtype=np.int64)
        ranks = np.array(self.ranks)
        middle = (np.searchsorted(ranks, chances, side="left") + np.searchsorted(ranks, chances, side="right")) / 2
        return np.asarray(np.clip(np.round(middle / len(ranks) * 100), 1, 99), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Prior:
    """What is known without outcomes: the table, the usual share that is won, and how many labels that is worth."""

    table: tuple[Feature, ...] = TABLE
    rate: float = USUAL_RATE
    worth: float = WORTH
    names: tuple[str, ...] = FEATURES
    """The features that may be looked at."""

    @property
    def features(self) -> tuple[Feature, ...]:
        """Of the table, those that may be looked at."""
        return tuple(feature for feature in self.table if feature.name in self.names)


def fit(stories: Sequence[Story], today: float, prior: Prior | None = None, *, days: float = 90.0) -> LeadModel:
    """What these leads are weighed by. Says what there is too little of."""
    prior = prior or Prior()
    past = labelled(stories, today, days)
    told = columns([stories[place] for place in past.who], past.moments.tolist())
    won, lost = _people(past)
    said: list[str] = []
    enough = won >= FEWEST and lost >= FEWEST
    if not enough:
        said.append(
            f"too little data for lead scores of your own: {won} leads won and {lost} lost within {days:g} days, "
            f"{FEWEST} of each are needed; the table of bits stands in"
        )
        model = by_prior(prior, days)
    else:
        model = _weighed(told, past, prior, days)
    quality = _measured(stories, past, told, prior, days) if enough else None
    if quality is not None and quality.brier > quality.brier_table:
        # What was learned was no better for those who came later: the table stays until it is.
        said.append("the table of bits was better for the newest leads than what was learned: it stays in force")
        model = _by_table(told, past, prior, days)
    open_ = [one for one in stories if is_open(one, today)]
    now = columns(open_, [steady_moment(one, today) for one in open_])
    chances = np.sort(model.chance(now))
    ranks = np.quantile(chances, np.linspace(0, 1, 101)) if len(open_) >= ENOUGH_LEADS else np.array([])
    if len(open_) < ENOUGH_LEADS:
        said.append(f"{len(open_)} leads: a rank among them needs {ENOUGH_LEADS}; the score is the chance in percent")
    return LeadModel(
        model.base,
        tuple(_with_shares(one, now) for one in model.features),
        tuple(round(float(one), 6) for one in ranks),
        model.share,
        won,
        lost,
        len(open_),
        days,
        quality,
        tuple(said),
    )


def by_prior(prior: Prior, days: float = 90.0) -> LeadModel:
    """What weighs before there are outcomes: the table, and the usual share that is won."""
    return LeadModel(_base(prior.rate), prior.features, days=days)


def _people(past: Labelled) -> tuple[int, int]:
    won = set(past.who[past.won > 0].tolist())
    return len(won), len(set(past.who.tolist()) - won)


def _base(rate: float) -> float:
    return log2(rate / (1 - rate))


def _weighed(told: Columns, past: Labelled, prior: Prior, days: float) -> LeadModel:
    """The fit, blended with the table and calibrated on folds of people that it was not made of."""
    won, lost = _people(past)
    raw = np.zeros(len(past.won))
    for fold in range(FOLDS):
        out = past.who % FOLDS == fold
        if not out.any() or not 0 < past.won[~out].sum() < (~out).sum():
            continue
        raw[out] = _blended(_only(told, ~out), past.won[~out], prior, won + lost).bits(_only(told, out))
    model = _blended(told, past.won, prior, won + lost)
    if min(won, lost) < 2 * FEWEST:
        return LeadModel(model.base, model.features, share=model.share, days=days)
    straight = logistic.fit(raw[:, None] * log(2), past.won, ridge=1.0)
    slope = float(np.clip(straight.weights[0] / straight.scales[0], 0.3, 1.5))
    base = _meeting(slope * model.bits(told), past.won.mean()) + slope * model.base
    features = tuple(_times(one, slope) for one in model.features)
    return LeadModel(base, features, share=model.share, days=days)


def _blended(told: Columns, won: Floats, prior: Prior, labels: int) -> LeadModel:
    share = labels / (labels + prior.worth)
    base, features = _learned(told, won, prior.names)
    table = LeadModel(0.0, prior.features)
    rate = (won.sum() + prior.worth * prior.rate) / (len(won) + prior.worth)
    table_base = _meeting(table.bits(told), rate)
    return LeadModel(
        share * base + (1 - share) * table_base,
        (*(_times(one, share) for one in features), *(_times(one, 1 - share) for one in prior.features)),
        share=share,
    )


def _by_table(told: Columns, past: Labelled, prior: Prior, days: float) -> LeadModel:
    rate = (past.won.sum() + prior.worth * prior.rate) / (len(past.won) + prior.worth)
    base = _meeting(LeadModel(0.0, prior.features).bits(told), rate)
    return LeadModel(base, prior.features, days=days)


def _learned(told: Columns, won: Floats, names: Sequence[str]) -> tuple[float, list[Feature]]:
    rate = float(won.mean())
    features, evidence = list[Feature](), list[Floats]()
    for name in names:
        feature = _cut(name, told[name])
        places = feature.places(told[name])
        size = max(len(feature.edges), len(feature.words)) + 1
        hits = np.bincount(places, weights=won, minlength=size)
        misses = np.bincount(places, weights=1 - won, minlength=size)
        woe = np.log((hits + SMOOTHING * rate) / (misses + SMOOTHING * (1 - rate))) - log(rate / (1 - rate))
        features.append(replace(feature, bits=tuple(map(float, woe)), learned=True))
        evidence.append(woe[places])
    found = logistic.fit(np.column_stack(evidence), won, ridge=RIDGE)
    slopes = np.array(found.weights) / np.array(found.scales)
    base = (found.intercept - float((slopes * np.array(found.means)).sum())) / log(2)
    return base, [_times(one, slope / log(2)) for one, slope in zip(features, slopes.tolist(), strict=True)]


def _cut(name: str, column: NDArray[Any]) -> Feature:
    if name not in NUMBERS:
        words, counts = np.unique(column.astype(str), return_counts=True)
        often = sorted(zip(words.tolist(), counts.tolist(), strict=True), key=lambda one: (-one[1], one[0]))
        return Feature(name, (), words=tuple(word for word, number in often[: BINS - 1] if number >= FEW_OF_A_WORD))
    some = column[column > 0]
    if not len(some):
        return Feature(name, ())
    inner = np.quantile(some, np.linspace(0, 1, BINS)[1:-1])
    first = [1e-6] if len(some) < len(column) else []
    return Feature(name, (), tuple(np.unique([*first, *np.round(inner, 6)]).tolist()))


def _times(one: Feature, factor: float) -> Feature:
    return replace(one, bits=tuple(round(bits * factor, 6) for bits in one.bits))


def _only(told: Columns, wanted: NDArray[np.bool_]) -> dict[str, NDArray[Any]]:
    return {name: column[wanted] for name, column in told.items()}


def _meeting(bits: Floats, rate: float) -> float:
    """The bits to add to all so that the mean chance is ``rate``."""
    low, high = -40.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        if logistic.sigmoid((bits + middle) * log(2)).mean() < rate:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _measured(stories: Sequence[Story], past: Labelled, told: Columns, prior: Prior, days: float) -> LeadQuality | None:
    """Fitted to those who came first, asked of the quarter who came last."""
    came = np.array([stories[place].known_since for place in past.who])
    newer = came > np.quantile(came, 0.75)
    older = Labelled(past.who[~newer], past.moments[~newer], past.won[~newer])
    outcomes = past.won[newer]
    if min(_people(older)) < FEWEST or not FEWEST <= outcomes.sum() <= len(outcomes) - FEWEST:
        return None
    before, after = _only(told, ~newer), _only(told, newer)
    chance = _weighed(before, older, prior, days).chance(after)
    table = _by_table(before, older, prior, days).chance(after)
    return LeadQuality(
        len(set(past.who[newer].tolist())),
        logistic.auc(chance, outcomes),
        logistic.brier(chance, outcomes),
        off(chance, outcomes),
        logistic.auc(table, outcomes),
        logistic.brier(table, outcomes),
    )


def off(chances: Floats, outcomes: Floats) -> float:
    """The mean distance between chances that were told and shares that came, over ten equal parts."""
    order = np.argsort(chances, kind="stable")
    parts = [part for part in np.array_split(order, 10) if len(part)]
    return float(sum(len(part) * abs(chances[part].mean() - outcomes[part].mean()) for part in parts) / len(chances))


def _with_shares(one: Feature, now: Columns) -> Feature:
    return replace(one, shares=_shares(one, now))


def _shares(one: Feature, now: Columns) -> tuple[float, ...]:
    column = now[one.name]
    if not len(column):
        return ()
    counts = np.bincount(one.places(column), minlength=max(len(one.edges), len(one.words)) + 1)
    return tuple(round(float(share), 4) for share in counts / len(column))


def drift(model: LeadModel, now: Columns) -> dict[str, float]:
    """By feature, how much the leads of now differ from those at the fit (population stability index).

    Above ``DRIFTED`` they are others. Features of which nothing was known at the fit are left out.
    """
    told: dict[str, float] = {}
    for feature in model.features:
        shares = np.array(_shares(feature, now))
        if not feature.shares or len(shares) != len(feature.shares):
            continue
        was, here = np.maximum(np.array(feature.shares), 0.005), np.maximum(shares, 0.005)
        found = float(((here - was) * np.log(here / was)).sum())
        told[feature.name] = round(max(found, told.get(feature.name, 0.0)), 4)
    return told


def reasons(model: LeadModel, told: Columns, row: int) -> list[tuple[str, float, Any]]:
    """(feature, bits against the mean of leads at the fit, value): the three that weigh most for one lead."""
    middle: dict[str, float] = {}
    for feature in model.features:
        if feature.shares:
            mean = float((np.array(feature.shares) * np.array(feature.bits)).sum())
            middle[feature.name] = middle.get(feature.name, 0.0) + mean
    parts = {name: float(bits[row]) - middle.get(name, 0.0) for name, bits in model.parts(told).items()}
    most = sorted(parts, key=lambda name: (-abs(parts[name]), name))[:3]
    return [(name, round(parts[name], 1), told[name][row]) for name in most if round(parts[name], 1)]
