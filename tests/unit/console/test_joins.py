"""The picture of what joins the records of one person."""

from __future__ import annotations

from typing import Any

from hub.console.joins import HEIGHT, MOST, WIDTH, joins


def pair(one: str, other: str, by: str = "evidence") -> dict[str, Any]:
    named = [{"connection": "shop", "kind": "customer", "external_id": each} for each in (one, other)]
    return {"one": named[0], "other": named[1], "by": by, "weight": 9.0}


def test_every_record_and_every_join_is_drawn_once() -> None:
    picture = joins([pair("a", "b"), pair("b", "c", "link"), pair("b", "d", "judgement")], 4)
    assert sorted(node.record["external_id"] for node in picture.nodes) == ["a", "b", "c", "d"]
    assert sorted(join.pair["by"] for join in picture.joins) == ["evidence", "judgement", "link"]
    assert picture.left_out == 0


def test_no_two_records_stand_in_one_place_and_all_are_inside() -> None:
    picture = joins([pair("a", each) for each in "bcdef"] + [pair("f", "g")], 7)
    corners = [(node.x, node.y) for node in picture.nodes]
    assert all(
        abs(one[0] - other[0]) >= WIDTH or abs(one[1] - other[1]) >= HEIGHT
        for place, one in enumerate(corners)
        for other in corners[:place]
    )
    assert all(0 <= x <= picture.width - WIDTH and 0 <= y <= picture.height - HEIGHT for x, y in corners)


def test_of_very_many_records_the_picture_shows_some_and_tells_how_many_it_leaves_out() -> None:
    picture = joins([pair("a", f"b{number}") for number in range(200)], 10_001)
    assert len(picture.nodes) == MOST
    assert len(picture.joins) == MOST - 1
    assert picture.left_out == 10_001 - MOST


def test_a_chain_and_parts_that_hang_on_nothing_are_drawn() -> None:
    chain = [pair(f"a{number}", f"a{number + 1}") for number in range(30)]
    assert len(joins(chain, 31).nodes) == MOST
    assert len(joins([pair("a", "b"), pair("c", "d")], 4).nodes) == 4
    assert joins([], 1).nodes == ()
