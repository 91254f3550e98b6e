"""Whose orders are summed up again after a batch."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hub.application.changed_orders import with_other_orders
from hub.identity.place import Resolution
from hub.outbox.enqueue import ChangedOrder
from hub.store.records import ProfileRow, RecordRow

HOME, OTHER, NEW = UUID(int=1), UUID(int=2), UUID(int=3)


def row(number: int, profile: UUID) -> RecordRow:
    return RecordRow(UUID(int=number), "shop", "customer", str(number), profile, {})


def test_where_a_record_moved_its_two_homes_are_and_who_is_new_is_not() -> None:
    known = ProfileRow(OTHER, 1, "{}", datetime(2026, 1, 1, tzinfo=UTC))
    resolution = Resolution(
        members={HOME: [row(11, HOME)], OTHER: [row(12, OTHER)], NEW: [row(13, NEW)]},
        known={OTHER: known},
        moved={UUID(int=11)},
    )
    assert with_other_orders(resolution, []) == {HOME, OTHER}


def test_where_none_moved_only_those_of_changed_orders_are() -> None:
    resolution = Resolution(members={HOME: [row(11, HOME)], NEW: [row(13, NEW)]})
    assert with_other_orders(resolution, [ChangedOrder(UUID(int=90), NEW, 7)]) == {NEW}
