"""Attribution: which channels brought an order. Seven ways to share it out, side by side; each says what it assumes.

A path is the channels somebody touched before an order, oldest first, or before nothing came of it. The sums of every
model are the orders and the money there were. Heuristics are those of PyPI ``ChannelAttribution``; Markov's removal
effect (Anderl, Becker, von Wangenheim, Schumann, Int. J. of Research in Marketing 33, 2016) is solved exactly, not
simulated; Shapley's value is exact, too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from functools import partial
from itertools import pairwise

import numpy as np

Path = tuple[str, ...]
Shares = dict[str, float]

HALF_LIFE_DAYS = 7.0
REPEATED = 30 * 60
"""Seconds within which touches of one channel are one."""

DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class Journey:
    """One path: what was touched, how long before its end in days (as many), and how often and for how much it paid.

    ``value`` is in one currency and net of returns; ``orders`` and ``value`` are 0 where nothing came of it, ``lost``
    is how often. ``returned`` of the lost ones were orders that went back in full, and ``gross`` is what all orders
    came to before returns.
    """

    path: Path
    days_before: tuple[float, ...] = ()
    orders: float = 0.0
    value: float = 0.0
    lost: float = 0.0
    returned: float = 0.0
    gross: float = 0.0


def before_returns(journeys: Iterable[Journey]) -> list[Journey]:
    """The same paths as if nothing had gone back: ``value`` is gross, and orders that went back in full are orders."""
    return [
        replace(one, orders=one.orders + one.returned, lost=one.lost - one.returned, value=one.gross, returned=0.0)
        for one in journeys
    ]


def touches(seen: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Channel and time in seconds, in order: of touches of one channel within half an hour only the first.

    Nor is what says nothing of where it came from (``DIRECT``) within half an hour of any other: it is the same visit.
    """
    kept: list[tuple[str, float]] = []
    last: dict[str, float] = {}
    for channel, at in sorted(seen, key=lambda one: (one[1], one[0] == DIRECT, one[0])):
        before = max(last.values(), default=None) if channel == DIRECT else last.get(channel)
        if before is None or at - before > REPEATED:
            kept.append((channel, at))
        last[channel] = at
    return kept


# -- heuristics --------------------------------------------------------------------------------------------------------


def first(journey: Journey) -> Shares:
    """All to the first touch: what made somebody aware."""
    return {journey.path[0]: 1.0}


def last(journey: Journey) -> Shares:
    """All to the last touch: what closed it."""
    return {journey.path[-1]: 1.0}


def last_known(journey: Journey) -> Shares:
    """All to the last touch that is not direct: who types the address was brought by something before."""
    known = [channel for channel in journey.path if channel != DIRECT]
    return {(known or journey.path)[-1]: 1.0}


def linear(journey: Journey) -> Shares:
    """The same to every touch."""
    return _added((channel, 1 / len(journey.path)) for channel in journey.path)


def position(journey: Journey) -> Shares:
    """Two fifths each to the first and the last touch, the rest to those between."""
    path = journey.path
    if len(path) < 3:
        return linear(journey)
    between = 0.2 / (len(path) - 2)
    return _added(zip(path, (0.4, *[between] * (len(path) - 2), 0.4), strict=True))


def time_decay(journey: Journey) -> Shares:
    """The nearer to the order the more: half as much for a touch that is a week older."""
    days = journey.days_before or tuple(float(len(journey.path) - place) for place in range(len(journey.path)))
    weights = [0.5 ** (each / HALF_LIFE_DAYS) for each in days]
    return _added((channel, weight / sum(weights)) for channel, weight in zip(journey.path, weights, strict=True))


HEURISTICS: Mapping[str, Callable[[Journey], Shares]] = {
    "first": first,
    "last": last,
    "last known": last_known,
    "linear": linear,
    "position": position,
    "time decay": time_decay,
}


def _added(parts: Iterable[tuple[str, float]]) -> Shares:
    told: Shares = defaultdict(float)
    for channel, share in parts:
        told[channel] += share
    return dict(told)


def by_heuristic(journeys: Sequence[Journey], share: Callable[[Journey], Shares]) -> tuple[Shares, Shares]:
    """Orders and value of each channel."""
    orders, value = Counter[str](), Counter[str]()
    for journey in journeys:
        if journey.path and (journey.orders or journey.value):
            for channel, part in share(journey).items():
                orders[channel] += part * journey.orders  # type: ignore[assignment]
                value[channel] += part * journey.value  # type: ignore[assignment]
    return dict(orders), dict(value)


# -- Markov ------------------------------------------------------------------------------------------------------------


def removal_effects(journeys: Sequence[Journey]) -> tuple[float, Shares]:
    """The share of paths that end in an order, and by how much of it less without each channel.

    A chain of the first order from start over channels to order or nothing; a channel that follows itself is one stay.
    One inverse (the fundamental matrix) gives the effects of all channels; nothing is simulated.
    """
    channels = sorted({channel for journey in journeys for channel in journey.path})
    place = {channel: number + 1 for number, channel in enumerate(channels)}
    size = len(channels) + 1
    moves = np.zeros((size, size + 2))
    for journey in journeys:
        path = [
            channel for number, channel in enumerate(journey.path) if not number or journey.path[number - 1] != channel
        ]
        if not path:
            continue
        every = journey.orders + journey.lost
        states = [0, *(place[channel] for channel in path)]
        for one, other in pairwise(states):
            moves[one, other] += every
        moves[states[-1], size] += journey.orders
        moves[states[-1], size + 1] += journey.lost
    totals = moves.sum(axis=1, keepdims=True)
    chances = np.divide(moves, totals, out=np.zeros_like(moves), where=totals > 0)
    visits = np.linalg.inv(np.eye(size) - chances[:, :size])
    ordering = visits @ chances[:, size]  # the chance to end in an order, from each state
    whole = float(ordering[0])
    if whole <= 0:
        return 0.0, dict.fromkeys(channels, 0.0)
    # Without a channel all is missing that comes to it at least once and orders from there.
    ever = visits[0] / visits.diagonal()
    return whole, {channel: float(ever[at] * ordering[at]) / whole for channel, at in place.items()}


def markov(journeys: Sequence[Journey]) -> tuple[Shares, Shares]:
    """Orders and value shared out by removal effects: what would be missing without the channel."""
    _, effects = removal_effects(journeys)
    return _by_weight(journeys, effects)


def _by_weight(journeys: Sequence[Journey], weights: Shares) -> tuple[Shares, Shares]:
    total = sum(weights.values())
    orders, value = sum(one.orders for one in journeys if one.path), sum(one.value for one in journeys if one.path)
    if total <= 0:
        return by_heuristic(journeys, linear)
    return (
        {channel: orders * weight / total for channel, weight in weights.items()},
        {channel: value * weight / total for channel, weight in weights.items()},
    )


# -- Shapley -----------------------------------------------------------------------------------------------------------


def shapley(journeys: Sequence[Journey]) -> tuple[Shares, Shares]:
    """Orders and value by Shapley's value: what a channel adds to those that were there, over all orders of joining.

    A set of channels is worth what all paths within it brought. That is a sum over paths, each of which is worth
    something to no one but all its channels together, so that they share it evenly: the exact value, in one pass.
    """
    orders, value = Counter[str](), Counter[str]()
    for journey in journeys:
        those = set(journey.path)
        for channel in those:
            orders[channel] += journey.orders / len(those)  # type: ignore[assignment]
            value[channel] += journey.value / len(those)  # type: ignore[assignment]
    return dict(orders), dict(value)


MODELS: Mapping[str, Callable[[Sequence[Journey]], tuple[Shares, Shares]]] = {
    **{name: partial(by_heuristic, share=share) for name, share in HEURISTICS.items()},
    "markov": markov,
    "shapley": shapley,
}


def to_the_cent(shares: Mapping[str, float], total: Decimal) -> dict[str, Decimal]:
    """Amounts with two decimals that add up to the total: the largest remainders are rounded up."""
    known = sum(shares.values())
    if known <= 0:
        return {channel: Decimal(0) for channel in shares}
    exact = {channel: total * Decimal(repr(share / known)) for channel, share in shares.items()}
    cents = {channel: amount.quantize(Decimal("0.01"), ROUND_DOWN) for channel, amount in exact.items()}
    left = int(((total - sum(cents.values())) * 100).to_integral_value())
    for channel in sorted(shares, key=lambda one: (cents[one] - exact[one], one))[:left]:
        cents[channel] += Decimal("0.01")
    return cents
