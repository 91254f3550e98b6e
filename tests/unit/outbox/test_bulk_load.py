"""What counts as a bulk load, and what waits for its end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.outbox.policy import BEHIND, BULK, LONGEST_HOLD, Load, bulk_load, must_wait

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("load", "begins", "goes_on"),
    [
        (Load(), False, False),
        (Load(due=BULK - 1, waited=2 * SECOND), False, False),
        (Load(due=1, waited=10 * SECOND), False, True),
        (Load(due=1, waited=BEHIND + SECOND), True, True),
        (Load(due=BULK), True, True),
        (Load(fetching=True), True, True),
        (Load(resolving=True), True, True),
        (Load(training=True), True, True),
    ],
    ids=["rest", "ordinary traffic", "the tail of an import", "behind", "a batch", "history", "again", "training"],
)
def test_a_bulk_load_begins_with_much_and_ends_when_nothing_waits(load: Load, begins: bool, goes_on: bool) -> None:
    assert bool(bulk_load(load, begun=False)) == begins
    assert bool(bulk_load(load, begun=True)) == goes_on


def test_only_what_cannot_be_undone_for_several_records_waits_and_never_for_ever() -> None:
    assert must_wait(irreversible=True, records=2, waited=SECOND)
    assert not must_wait(irreversible=False, records=2, waited=SECOND)
    assert not must_wait(irreversible=True, records=1, waited=SECOND)
    assert not must_wait(irreversible=True, records=2, waited=LONGEST_HOLD)
