"""The larger demo has a believable past: two years up to its day, the same every time, many kinds of customers."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

from hub.demo import command, past, regulars
from hub.demo.cast import cast
from hub.demo.payloads import DAY

NOW = datetime(2027, 5, 4, 0, 1, tzinfo=UTC)


def test_the_story_is_over_before_now() -> None:
    day = command.yesterday(NOW)
    assert (day, day + timedelta(minutes=420) < NOW) == (datetime(2027, 5, 3, 8, tzinfo=UTC), True)


def test_the_same_day_gives_the_same_past_and_another_day_the_same_people() -> None:
    one, again, later = cast(2), cast(2), cast(2, DAY + timedelta(days=100))
    assert [each.body for each in one.opening] == [each.body for each in again.opening]
    assert one.people == again.people
    assert [each.name for each in one.people] == [each.name for each in later.people]


def test_customers_come_once_again_or_often_over_two_years_and_never_after_the_day() -> None:
    made = cast(8)
    placed = [
        datetime.fromisoformat(json.loads(one.body)["created_at"])
        for one in made.opening
        if one.topic == "orders/create" and one.expect == "done"
    ]
    assert max(placed) < DAY + timedelta(days=1)
    assert min(placed) > DAY - timedelta(days=past.DAYS + 8)
    months = Counter((DAY - at).days // 30 for at in placed)
    assert len(months) >= 20
    times = Counter(min(person.orders, 6) for person in made.people)
    assert times[1] > times[2] > times[4] > 0
    assert times[6] > 20


def test_one_copy_is_the_day_of_before_and_has_no_past() -> None:
    made = cast()
    assert {one.connection for one in made.opening} == {"shop-de", "shop-at", "newsletter"}
    assert len(made.people) == 65 + regulars.REGULARS
