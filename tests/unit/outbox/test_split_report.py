"""What a split does in each destination is told before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from hub.outbox.reports import DestinationLine, split_report
from hub.sdk.connection import load_connections
from hub.store.due import AtDestination
from tests.support.doubles import source

KEPT, SECOND, THIRD = (UUID(int=number) for number in (1, 2, 3))
MADE = load_connections(
    {
        "crm": ("hubspot", {"access_token": "pat-eu1-sample"}),
        "plain": ("hubspot", {"access_token": "pat-eu1-sample", "orders": "none"}),
        "file": ("csv", {"path": "customers.csv"}),
    },
    default_region="DE",
)
CONNECTIONS = {"shop": source("shop"), **MADE}


def report(at_destinations: Mapping[str, Mapping[UUID, AtDestination]]) -> list[DestinationLine]:
    return split_report(CONNECTIONS, KEPT, [SECOND], at_destinations)


def test_where_a_merge_cannot_be_undone_it_says_what_stays() -> None:
    first, second = report({"crm": {KEPT: "there", SECOND: "merged"}})
    assert (first.profile, first.will, first.cannot) == (KEPT, "correct", ())
    assert (second.profile, second.will, second.orders) == (SECOND, "recreate", True)
    assert any("cannot undo a merge" in sentence for sentence in second.cannot)
    assert second.document() == {
        "destination": "crm",
        "profile": str(SECOND),
        "will": "recreate",
        "text": "a second record is made, under a new id",
        "orders": True,
        "cannot": list(second.cannot),
    }


def test_a_file_is_restored_whole() -> None:
    assert report({"file": {KEPT: "there", SECOND: "merged"}})[1] == DestinationLine(
        "file", SECOND, "restore", "its own record is there again, under the id it had", orders=False
    )


def test_what_was_not_delivered_or_may_have_been_is_told_apart() -> None:
    lines = report(
        {
            "crm": {KEPT: "there", SECOND: "uncertain"},
            "file": {KEPT: "there", SECOND: "there"},
            "plain": {KEPT: "there"},
        }
    )
    told = [(line.destination, line.will, bool(line.cannot), line.orders) for line in lines if line.profile == SECOND]
    assert told == [("crm", "look", True, True), ("file", "keep", False, False), ("plain", "create", False, False)]


def test_a_destination_that_knows_none_of_them_is_not_mentioned() -> None:
    assert report({"shop": {KEPT: "there"}}) == []
    assert {line.destination for line in report({"crm": {SECOND: "merged"}})} == {"crm"}
    assert [line.will for line in split_report(CONNECTIONS, KEPT, [SECOND, THIRD], {"crm": {THIRD: "merged"}})] == [
        "create",
        "recreate",
    ]
