"""What a business's customers are weighed by: one version of all parameters, fitted to its own past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import TypeAdapter

from hub.insight import calibrate, personas, rfm, rhythm, spend, stages
from hub.insight.calibrate import Quality
from hub.insight.customers import Customers, Ints
from hub.insight.lead_model import LeadModel
from hub.insight.logistic import Logistic
from hub.insight.personas import Personas
from hub.insight.rfm import RfmLimits
from hub.insight.rhythm import Rhythm
from hub.insight.spend import Spend
from hub.insight.stages import Limits

METHOD = 1
"""Goes up when the same facts and parameters would give other traits."""

FEWEST_REPEATERS = 20
"""Customers who ordered again, below which fixed days stand in for a rhythm."""

FEW_REPEATERS = 200
"""Below this the fit is drawn towards a usual rhythm, and it is said that there is little data."""

SAMPLE = 100_000
"""Customers that a fit looks at; more change nothing but the time it takes."""

_USUAL = Rhythm(r=0.5, alpha=0.0, a=0.8, b=1.5)


@dataclass(frozen=True, slots=True)
class Model:
    """``said`` is what people have to know of it: too little data, and what is missing."""

    as_of: int
    customers: int = 0
    repeaters: int = 0
    rhythm: Rhythm | None = None
    second_order: int = stages.FIXED_NEW
    loyal: tuple[float, float] | None = None
    spend: Mapping[str, Spend] = field(default_factory=dict)
    calibration: Logistic | None = None
    rfm: RfmLimits | None = None
    quality: Quality | None = None
    personas: Personas | None = None
    leads: LeadModel | None = None
    said: tuple[str, ...] = ()
    method: int = METHOD

    @property
    def limits(self) -> Limits:
        """Of the stages."""
        if self.rhythm is None:
            return Limits()
        return Limits(self.rhythm, self.second_order, self.loyal or (float("inf"), float("inf")))

    def text(self) -> str:
        """As JSON, to be stored."""
        return _JSON.dump_json(self).decode()


_JSON = TypeAdapter(Model)
UNFITTED = Model(0, said=("nothing is fitted yet: stages go by fixed days; `hub insight run` fits the business's own",))
"""Before the first fit."""


def read(text: str) -> Model:
    """A stored model. Raises ValueError when it is none."""
    return _JSON.validate_json(text)


def fit(
    everybody: Customers, currencies: Sequence[str], *, measured: bool = True, before: Personas | None = None
) -> Model:
    """The parameters for these customers; ``currencies`` is the main one of each. Says what there is too little of.

    Groups of customers keep the names they had ``before``.
    """
    named = np.array(currencies, dtype=object)
    repeaters = int((everybody.x > 0).sum())
    said: list[str] = []
    held, window, loyal = _rhythm(everybody, repeaters, said)
    worth = {
        currency: found
        for currency in sorted(set(currencies))
        if (found := _spend(everybody, named == currency, said, currency))
    }
    few = repeaters < FEW_REPEATERS
    recency, number, money = everybody.t - everybody.tx, everybody.counts.astype(np.float64), everybody.total()
    fifths = rfm.limits(recency, number, {one: money[named == one] for one in sorted(set(currencies))})
    if fifths is None:
        said.append(f"too little data for RFM: {len(named)} customers, {rfm.FEWEST} are needed")
    groups, missing = personas.fit(everybody, currencies, before)
    said += missing
    return Model(
        as_of=everybody.as_of,
        customers=len(named),
        repeaters=repeaters,
        rhythm=held,
        second_order=window,
        loyal=loyal,
        spend=worth,
        calibration=None if few or held is None else calibrate.learn(everybody),
        rfm=fifths,
        quality=None if few or not measured else calibrate.measure(everybody),
        personas=groups,
        said=tuple(said),
    )


def _rhythm(
    everybody: Customers, repeaters: int, said: list[str]
) -> tuple[Rhythm | None, int, tuple[float, float] | None]:
    if repeaters < FEWEST_REPEATERS:
        said.append(
            f"too little data for a rhythm: {repeaters} customers ordered again, {FEWEST_REPEATERS} are needed; "
            f"stages go by fixed days ({stages.FIXED_NEW}, {stages.FIXED_RISK}, {stages.FIXED_GONE})"
        )
        return None, stages.FIXED_NEW, None
    rows = rhythm.grouped(everybody.x, everybody.tx, everybody.t)
    usual = _usual(everybody)
    found = rhythm.fit(*rows, prior=usual if repeaters < FEW_REPEATERS else None)
    if repeaters < FEW_REPEATERS:
        said.append(
            f"few data: {repeaters} customers ordered again; the rhythm leans on a usual one until {FEW_REPEATERS}"
        )
    elif rhythm.at_the_edge(found):
        said.append("nobody seems to leave, or all do: the rhythm leans on a usual one")
        found = rhythm.fit(*rows, prior=usual)
    window = stages.second_order_window(everybody) or stages.FIXED_NEW
    yearly = found.expected(everybody.x, everybody.tx, everybody.t, 365.0)
    return found, window, (float(np.quantile(yearly, 0.8)), float(np.quantile(yearly, 0.75)))


def _usual(everybody: Customers) -> Rhythm:
    gaps = everybody.median_gap()
    some = gaps[gaps > 0]
    return Rhythm(_USUAL.r, max(1.0, float(np.median(some)) if len(some) else 30.0), _USUAL.a, _USUAL.b)


def _spend(everybody: Customers, wanted: Ints, said: list[str], currency: str) -> Spend | None:
    number, average = everybody.only(np.asarray(wanted, dtype=bool)).paid()
    several = number > 1
    if several.sum() < FEWEST_REPEATERS:
        said.append(
            f"too little data for values in {currency}: {int(several.sum())} customers paid more than once, "
            f"{FEWEST_REPEATERS} are needed"
        )
        return None
    found = spend.fit(number[several], average[several])
    if found.mean is None or not np.isfinite(found.mean):
        said.append(f"orders in {currency} differ too much to expect one: no values")
        return None
    return found
