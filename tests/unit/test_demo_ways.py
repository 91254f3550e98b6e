"""The demo tells funnel, carts, journeys and figures in sentences."""

from __future__ import annotations

from hub.demo.insight_ways import NAMES, sentences
from hub.insight import funnel, kpis
from hub.insight.behaviour import DAY
from hub.insight.customers import customers
from hub.insight.kpis import Besides
from hub.insight.model import UNFITTED

NOW = 20_000.0 * DAY
WAIT = "2 people wait for an answer for more than a day"


def test_a_shop_owner_reads_sentences():
    people = [(NOW - 9 * DAY, NOW - 8 * DAY, None, None, None), (NOW - 9 * DAY, None, None, NOW - 7 * DAY, None)]
    told = customers([[19_990, 19_995], [19_999]], [[5.0, 5.0], [5.0]], 20_000)
    found = {
        "funnel": funnel.funnel(people, NOW),
        "carts": funnel.carts([funnel.Left(NOW - 8 * DAY, left=True, total=40.0, currency="EUR")], NOW),
        "journeys": funnel.journeys([("visit → order online", 3, 4)]),
        "kpis": kpis.kpis(told, ["EUR", "EUR"], UNFITTED, Besides(opted_in=7, waiting=2)),
    }
    assert [told for _, told in sentences(found)] == [
        "of 2 visitors 2 filled a cart, 1 went to the checkout, 1 ordered and 0 came again",
        "1 people left a cart worth 40 EUR",
        "the commonest way to an order, of 3 people: visit → order online",
        f"50 % of customers bought again; 7 may be written to by e-mail; {WAIT}",
    ]


def test_without_data_it_says_what_is_missing():
    nothing = customers([], [], 20_000)
    found = {
        "funnel": funnel.funnel([], NOW),
        "carts": funnel.carts([], NOW),
        "journeys": funnel.journeys([]),
        "kpis": kpis.kpis(nothing, [], UNFITTED),
    }
    assert set(found) == set(NAMES)
    assert all("too little data" in told for _, told in sentences(found))
