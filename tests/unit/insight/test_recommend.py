"""Recommendations: nearest by the customers who bought both, explained, never by lift, never what is owned."""

from __future__ import annotations

import numpy as np
import pytest

from hub.insight.recommend import POPULAR, Neighbour, neighbours, offers


def tastes(size: int = 600, seed: int = 3) -> list[dict[str, int]]:
    """Tea drinkers and coffee drinkers, each with things of their own, and bread that everybody takes."""
    dice = np.random.default_rng(seed)
    baskets = []
    for number in range(size):
        kind = "tea" if number % 2 else "coffee"
        goods = {f"{kind} {place}": int(dice.integers(1, 4)) for place in range(6) if dice.random() < 0.5}
        if dice.random() < 0.7:
            goods["bread"] = 1
        baskets.append(goods)
    return baskets


def test_it_is_the_cosine_of_what_people_bought():
    baskets = [{"a": 1, "b": 2}] * 3 + [{"a": 1}] * 2 + [{"b": 1, "c": 1}] * 3
    found = neighbours(baskets, support=3)
    [b] = found["a"]
    matrix = np.log1p([[one.get(item, 0) for item in "abc"] for one in baskets])
    cosine = matrix[:, 0] @ matrix[:, 1] / np.linalg.norm(matrix[:, 0]) / np.linalg.norm(matrix[:, 1])
    assert (b.other, b.both, b.bought) == ("b", 3, 5)
    assert b.score == pytest.approx(cosine)


def test_two_who_bought_both_by_chance_make_no_pair():
    assert set(neighbours([{"a": 1, "b": 1}] * 4)) == {POPULAR}


def test_the_last_purchase_is_found_better_than_by_what_is_popular():
    baskets = tastes()
    kept, hidden = [], []
    for number, basket in enumerate(baskets):
        own = [item for item in basket if item != "bread"]
        if number % 3 == 0 and len(own) > 1:
            hidden.append(({item for item in basket if item != own[0]}, own[0]))
        else:
            kept.append(basket)
    nearest = neighbours(kept)
    popular = {POPULAR: nearest[POPULAR]}

    def recall(known: dict[str, list[Neighbour]]) -> float:
        return float(np.mean([gone in [one.item for one in offers(own, known, limit=5)] for own, gone in hidden]))

    assert recall(nearest) > recall(popular) + 0.2


def test_nothing_is_offered_that_is_owned_or_went_back():
    nearest = neighbours(tastes())
    told = offers({"tea 1", "tea 2"}, nearest, limit=10, never={"tea 3"})
    assert not {"tea 1", "tea 2", "tea 3"} & {one.item for one in told}
    assert told[0].why.startswith(tuple("0123456789"))
    assert "who bought tea" in told[0].why


def test_a_newcomer_is_offered_what_is_popular_and_an_empty_shop_nothing():
    nearest = neighbours(tastes())
    assert [one.item for one in offers((), nearest, limit=1)] == ["bread"]
    assert offers((), {}, limit=3) == []


def test_a_reseller_who_buys_everything_says_nothing():
    one_of_all = {f"thing {number}": 1 for number in range(600)}
    assert neighbours([one_of_all] * 9) == {}


def test_a_shop_of_one_product_has_nothing_else_to_offer():
    nearest = neighbours([{"candle": 1}] * 50)
    assert offers({"candle"}, nearest, limit=3) == []
