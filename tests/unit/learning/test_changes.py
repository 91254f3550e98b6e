"""What training changed, in words."""

from __future__ import annotations

from dataclasses import fields, replace

from hub.learning.changes import _NAMES, WeightChange, changes, counted, moved
from hub.matching.weights import Model, Weights

SHIPPED = Model()


def test_every_weight_has_words():
    assert {field.name for field in fields(Weights)} - _NAMES.keys() == set()


def test_changes_are_told_the_largest_first_and_the_size_of_the_base_last():
    after = replace(
        SHIPPED, weights=replace(Weights(), birth_different=-7.1, bound_phone=2.9, city=0.51), population=20_000.0
    )
    assert [each.text for each in changes(SHIPPED, after)] == [
        "a different birth date now speaks against with -7.1 bits (before -6.1)",
        "a shared phone on its own now speaks for with +2.9 bits (before +2.5)",
        "the weights are now for 20,000 records (before 10,000)",
    ]
    assert changes(SHIPPED, after)[0].document() == {
        "name": "birth_different",
        "before": -6.1,
        "after": -7.1,
        "text": "a different birth date now speaks against with -7.1 bits (before -6.1)",
    }


def test_thresholds_are_told_as_what_they_decide():
    after = replace(SHIPPED, same=5.0, ask=1.0)
    assert changes(SHIPPED, after) == [WeightChange("ask", 0.0, 1.0), WeightChange("same", 4.0, 5.0)]
    assert [each.text for each in changes(SHIPPED, after)] == [
        "two records are asked about +1.0 bits from the threshold of the rules (before +0.0)",
        "two records are one person +1.0 bits from the threshold of the rules (before +0.0)",
    ]


def test_rounding_moves_nothing_and_a_new_name_does():
    nearly = replace(SHIPPED, weights=replace(Weights(), birth_different=-6.104))
    one = replace(SHIPPED, first={"anna": 5.0})
    assert not moved(SHIPPED, nearly)
    assert not moved(one, replace(SHIPPED, first={"anna": 5.004}))
    assert moved(SHIPPED, replace(SHIPPED, weights=replace(Weights(), birth_different=-6.12)))
    assert moved(SHIPPED, one)
    assert moved(one, replace(SHIPPED, first={"anna": 5.1}))


def test_what_was_counted_is_told():
    assert counted(SHIPPED) == ""
    assert counted(replace(SHIPPED, first={"anna": 5.0, "bert": 6.0}, city={"berlin": 2.0})) == (
        "counted how frequent 2 first names, 1 cities are"
    )
