"""Lists in turn, and which of them a poll asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.errors import AuthError
from hub.sdk.lists import in_turn, next_poll
from hub.sdk.paginate import keyset, offset
from hub.sdk.source import BackfillItem, Listed, Part

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def listed(name: str, asked: list[Any], pages: int = 2, **how: Any) -> Listed[Any]:
    def page(http: Any, settings: Any, since: datetime | None, at: Any) -> Part:
        asked.append((name, since, at))
        number = at or 0
        return Part([BackfillItem(f"{name}{number}", name, b"{}")], number + 1 if number + 1 < pages else None)

    return Listed(page, **how)


def read(lists: Mapping[str, Listed[Any]], since: datetime | None, cursor: Mapping[str, Any] | None) -> list[Any]:
    return list(in_turn(lists, None, None, since, cursor))  # type: ignore[arg-type]


def test_lists_are_read_one_after_the_other_and_go_on_after_any_page() -> None:
    asked: list[Any] = []
    lists = {"people": listed("people", asked), "orders": listed("orders", asked)}
    pages = read(lists, None, None)
    told = [item.event_id for page in pages for item in page.items]
    assert told == ["people0", "people1", "orders0", "orders1"]
    for number, page in enumerate(pages, start=1):
        rest = read(lists, None, json.loads(json.dumps(page.cursor)))
        assert [item.event_id for page in rest for item in page.items] == told[number:]


def test_a_page_that_comes_again_ends_its_list() -> None:
    lists: dict[str, Listed[Any]] = {"orders": Listed(lambda http, settings, since, at: Part([], "same"))}
    assert len(read(lists, None, None)) == 2


def test_a_cursor_of_an_earlier_version_begins_anew() -> None:
    asked: list[Any] = []
    read({"orders": listed("orders", asked)}, NOON, {"resource": "orders", "page": 7})
    assert asked == [("orders", NOON, None), ("orders", NOON, 1)]


def test_what_only_polls_need_is_no_part_of_a_history() -> None:
    asked: list[Any] = []
    lists = {"orders": listed("orders", asked, 1), "slips": listed("slips", asked, 1, late=True)}
    read(lists, None, None)
    assert [name for name, _, _ in asked] == ["orders"]
    read(lists, NOON, None)
    assert [name for name, _, _ in asked[1:]] == ["orders", "slips"]


def test_a_list_that_the_credentials_may_not_read_costs_no_other() -> None:
    def refused(http: Any, settings: Any, since: datetime | None, at: Any) -> Part:
        raise AuthError("403")

    asked: list[Any] = []
    lists: dict[str, Listed[Any]] = {"products": Listed(refused, spare=True), "orders": listed("orders", asked, 1)}
    assert [len(page.items) for page in read(lists, None, None)] == [0, 1]
    with pytest.raises(AuthError):
        read({"orders": Listed(refused)}, None, None)


def polls(lists: Mapping[str, Listed[Any]], minutes: int, news: Mapping[int, str]) -> dict[str, list[int]]:
    """The minutes in which each list is asked for, by a poll every minute; ``news`` come in a minute for a list."""
    found: dict[str, list[int]] = {name: [] for name in lists}
    cursor: Mapping[str, Any] = {"found": {}}
    for minute in range(1, minutes + 1):
        began, now = NOON + (minute - 1) * MINUTE, NOON + minute * MINUTE
        cursor = next_poll(lists, cursor, began=began, now=now, every=MINUTE, overlap=HOUR)
        for name, since in cursor["asked"].items():
            last = found[name][-1] if found[name] else 0
            # since it was asked for itself, whatever was asked for meanwhile
            assert datetime.fromisoformat(since) == NOON + last * MINUTE - HOUR
            found[name].append(minute)
        cursor = {**cursor, "found": {news[minute]: 1} if news.get(minute) in cursor["asked"] else {}}
    return found


def test_what_is_sold_is_asked_for_each_time_and_quiet_lists_less_and_less() -> None:
    lists = {"people": listed("people", []), "orders": listed("orders", [], quiet=timedelta(0))}
    found = polls(lists, 40, {})
    assert found["orders"] == list(range(1, 41))
    assert found["people"] == [1, 4, 11, 26]


def test_news_wake_a_list() -> None:
    lists = {"people": listed("people", []), "orders": listed("orders", [], quiet=timedelta(0))}
    assert polls(lists, 20, {11: "people"})["people"] == [1, 4, 11, 12, 13, 16]


def test_a_long_list_is_left_alone_at_least_so_long() -> None:
    lists = {"people": listed("people", [], least=HOUR), "orders": listed("orders", [], quiet=timedelta(0))}
    assert polls(lists, 130, {60: "people"})["people"] == [60, 120]


def test_a_slow_poll_asks_for_every_list() -> None:
    lists = {"people": listed("people", []), "orders": listed("orders", [], quiet=timedelta(0))}
    cursor: Mapping[str, Any] = {"found": {}}
    for hour in range(1, 6):
        began, now = NOON + (hour - 1) * HOUR, NOON + hour * HOUR
        cursor = next_poll(lists, cursor, began=began, now=now, every=HOUR, overlap=HOUR)
        assert list(cursor["asked"]) == ["people", "orders"]


@pytest.mark.parametrize("moved", [False, True])
def test_rows_of_one_moment_are_not_lost_when_one_before_them_moves(moved: bool) -> None:
    # given five rows of one second in pages of three
    rows = [{"id": number, "at": "12:00"} for number in range(5)]
    state: dict[str, Any] | None = {"from": "", "seen": 0}
    seen: list[int] = []
    for turn in range(9):
        if state is None:
            break
        page = rows[offset(state) : offset(state) + 3]
        fresh, state = keyset(page, "at", state)
        seen += [one["id"] for one in fresh]
        # when the first of them changes after the first page
        if moved and turn == 0:
            rows = [*rows[1:], {"id": 0, "at": "12:05"}]
    # then all are read, and each once where nothing moved
    assert set(seen) == set(range(5))
    assert moved or len(seen) == 5


def test_a_vendor_that_heeds_no_offset_is_asked_no_more() -> None:
    page = [{"id": number, "at": "12:00"} for number in range(3)]
    _, state = keyset(page, "at", {"from": "", "seen": 0})
    assert state is not None
    assert keyset(page, "at", state) == ((), None)
