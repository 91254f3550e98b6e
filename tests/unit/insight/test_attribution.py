"""Attribution: sums are kept to the cent, Markov is solved exactly, Shapley is what its definition says."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.insight import attribution
from hub.insight.attribution import HEURISTICS, MODELS, Journey
from hub.insight.touches import Happened, journeys

PATHS = [
    Journey(("search",), orders=10, value=100.0, lost=40),
    Journey(("social", "search"), orders=6, value=90.0, lost=30),
    Journey(("social", "email", "direct"), orders=8, value=200.0, lost=10),
    Journey(("email", "email", "search"), orders=2, value=25.0, lost=3),
    Journey(("social",), orders=0, value=0.0, lost=60),
]
JOURNEYS = st.lists(
    st.builds(
        Journey,
        path=st.lists(st.sampled_from("abcde"), min_size=1, max_size=6).map(tuple),
        orders=st.integers(0, 20).map(float),
        value=st.integers(0, 500).map(float),
        lost=st.integers(0, 30).map(float),
    ),
    min_size=1,
    max_size=15,
)


@pytest.mark.parametrize("name", MODELS)
@given(journeys=JOURNEYS)
def test_every_model_shares_out_what_there_was(name: str, journeys: list[Journey]) -> None:
    orders, value = MODELS[name](journeys)
    assert sum(orders.values()) == pytest.approx(sum(one.orders for one in journeys), abs=1e-6)
    assert sum(value.values()) == pytest.approx(sum(one.value for one in journeys), abs=1e-6)
    assert all(one >= -1e-9 for one in (*orders.values(), *value.values()))


def test_heuristics_share_a_path_as_they_say():
    journey = Journey(("a", "b", "b", "c"), (14.0, 7.0, 7.0, 0.0), 1, 1)
    assert {name: {k: round(v, 3) for k, v in share(journey).items()} for name, share in HEURISTICS.items()} == {
        "first": {"a": 1.0},
        "last": {"c": 1.0},
        "last known": {"c": 1.0},
        "linear": {"a": 0.25, "b": 0.5, "c": 0.25},
        "position": {"a": 0.4, "b": 0.2, "c": 0.4},
        "time decay": {"a": 0.111, "b": 0.444, "c": 0.444},
    }


def test_direct_is_passed_over_where_anything_else_is_known():
    """matomo #22347: direct visits were given what brought the visitor."""
    assert attribution.last_known(Journey(("email", "direct", "direct"))) == {"email": 1.0}
    assert attribution.last_known(Journey(("direct",))) == {"direct": 1.0}


def test_removal_effects_are_those_of_a_long_walk():
    """ChannelAttribution simulates, and gave another result each run and zeros to rare channels (cran #3, #7)."""
    whole, effects = attribution.removal_effects(PATHS)
    rare = [*PATHS, Journey(("rare",), orders=1, value=5.0, lost=0)]
    assert attribution.removal_effects(rare)[1]["rare"] > 0
    won = sum(one.orders for one in PATHS)
    # Of a first-order chain the share of orders is that of the data.
    assert whole == pytest.approx(won / sum(one.orders + one.lost for one in PATHS), abs=0.02)
    dice = np.random.default_rng(1)
    for gone, effect in effects.items():
        kept = _walk(PATHS, gone, dice)
        assert 1 - kept / whole == pytest.approx(effect, abs=0.07)


def _walk(journeys: list[Journey], gone: str, dice: np.random.Generator, walks: int = 12_000) -> float:
    """The chain as a simulation."""
    moves: dict[str, list[tuple[str, float]]] = {}
    for one in journeys:
        path = [c for n, c in enumerate(one.path) if not n or one.path[n - 1] != c]
        steps = ["start", *path]
        for here, there in pairwise(steps):
            moves.setdefault(here, []).append((there, one.orders + one.lost))
        moves.setdefault(steps[-1], []).extend([("order", one.orders), ("nothing", one.lost)])
    tables = {here: ([t for t, _ in to], np.cumsum([w for _, w in to])) for here, to in moves.items()}
    won = 0
    for _ in range(walks):
        at = "start"
        while at not in ("order", "nothing"):
            names, weights = tables[at]
            at = names[int(np.searchsorted(weights, dice.random() * weights[-1], side="right"))]
            at = "nothing" if at == gone else at
        won += at == "order"
    return won / walks


@given(journeys=JOURNEYS)
def test_shapley_is_the_mean_over_all_orders_of_joining(journeys: list[Journey]) -> None:
    channels = sorted({channel for one in journeys for channel in one.path})

    def worth(subset: frozenset[str]) -> float:
        return sum(one.orders for one in journeys if set(one.path) <= subset)

    brute = dict.fromkeys(channels, 0.0)
    orders = list(permutations(channels))
    for joining in orders:
        there: frozenset[str] = frozenset()
        for channel in joining:
            brute[channel] += (worth(there | {channel}) - worth(there)) / len(orders)
            there |= {channel}
    found, _ = attribution.shapley(journeys)
    assert {one: found.get(one, 0.0) for one in channels} == pytest.approx(brute)


def test_cents_add_up():
    told = attribution.to_the_cent({"a": 1.0, "b": 1.0, "c": 1.0}, Decimal("100.00"))
    assert sum(told.values()) == Decimal("100.00")
    assert sorted(told.values()) == [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]
    assert attribution.to_the_cent({"a": 0.0}, Decimal(5)) == {"a": Decimal(0)}


def test_touches_of_one_channel_within_half_an_hour_are_one():
    seen = [("ad", 0.0), ("ad", 600.0), ("mail", 700.0), ("ad", 5000.0)]
    assert attribution.touches(seen) == [("ad", 0.0), ("mail", 700.0), ("ad", 5000.0)]


def test_a_later_visit_takes_no_order_from_the_one_that_brought_it():
    """umami-software/umami#3535: a second campaign was credited with the first order, too."""
    day = 86_400.0
    seen = [Happened(0, "reddit"), Happened(60, None, 10.0), Happened(day, "instagram"), Happened(day + 60, None, 5.0)]
    told = [(one.path, one.value) for one in journeys([seen], 9 * day)]
    assert told == [(("reddit",), 10.0), (("instagram",), 5.0)]


def test_what_says_nothing_of_where_it_came_from_is_of_the_visit_it_was_in():
    """amplitude/Amplitude-TypeScript#584, matomo-org/matomo#22347: an event without a referrer made a visit direct."""
    visit = [("ad", 0.0), ("direct", 60.0), ("direct", 1800.0), ("direct", 3500.0)]
    assert attribution.touches(visit) == [("ad", 0.0)]
    assert attribution.touches([("ad", 0.0), ("direct", 1801.0)]) == [("ad", 0.0), ("direct", 1801.0)]
    assert attribution.touches([("direct", 0.0), ("ad", 60.0)]) == [("direct", 0.0), ("ad", 60.0)]


def test_touches_of_one_second_are_the_same_in_any_order():
    seen = [("mail", 5.0), ("direct", 5.0), ("ad", 5.0)]
    assert {tuple(attribution.touches(order)) for order in permutations(seen)} == {(("ad", 5.0), ("mail", 5.0))}
