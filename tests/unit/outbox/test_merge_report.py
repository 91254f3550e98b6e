"""What people are told of a merge: what becomes of it in each destination, and what nothing undoes there."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from hub.outbox.reports import DestinationLine, merge_report
from hub.sdk.connection import Connection
from hub.sdk.manifest import Unmerge
from hub.store.due import AtDestination
from tests.support.doubles import Crm

WINNER, LOSER, OTHER = uuid4(), uuid4(), uuid4()


def crm(*, merges: bool = True) -> Connection:
    connection = Crm().connection("crm")
    manifest = connection.connector.manifest
    capabilities = manifest.capabilities if merges else frozenset()
    unmerge = Unmerge("recreates", ("A new id.",)) if merges else None
    changed = replace(manifest, capabilities=capabilities, unmerge=unmerge)
    return replace(connection, connector=replace(connection.connector, manifest=changed))


@pytest.mark.parametrize(
    ("held", "merges", "will", "cannot"),
    [
        ({}, True, "create", ()),
        ({WINNER: "there"}, True, "write", ()),
        ({LOSER: "there"}, True, "write", ()),
        ({WINNER: "there", LOSER: "merged"}, True, "write", ()),
        ({WINNER: "there", LOSER: "there"}, True, "merge", ("A new id.",)),
        ({LOSER: "uncertain", OTHER: "there"}, True, "merge", ("A new id.",)),
        ({WINNER: "there", LOSER: "there"}, False, "leave", ()),
    ],
)
def test_a_line_tells_what_becomes_of_the_records_there(
    held: dict[UUID, AtDestination], merges: bool, will: str, cannot: tuple[str, ...]
) -> None:
    (line,) = merge_report({"crm": crm(merges=merges)}, {"crm": True}, WINNER, [LOSER, OTHER], {"crm": held})

    assert (line.destination, line.profile, line.will, line.orders, line.cannot) == ("crm", WINNER, will, True, cannot)


def test_a_line_as_json() -> None:
    line = DestinationLine("crm", WINNER, "merge", "the records there become one", False, ("A new id.",))

    assert line.document() == {
        "destination": "crm", "profile": str(WINNER), "will": "merge", "text": "the records there become one",
        "orders": False, "cannot": ["A new id."],
    }  # fmt: skip
