"""Where a value comes from, in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.mapping.time import UNTOLD
from hub.profiles import wording


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (UNTOLD.isoformat(), "without a time of its own"),
        ((UNTOLD - timedelta(microseconds=3)).isoformat(), "without a time of its own"),
        ("2024-08-28T12:05:00+00:00", "source time 2024-08-28 12:05:00 UTC"),
    ],
)
def test_a_time_that_nobody_told_is_not_shown_as_1970(at: str, said: str) -> None:
    told = {"record": {"connection": "old-crm", "kind": "customer", "external_id": "7"}, "event": 5, "at": at}
    assert wording.source(told, {}) == f"told by old-crm (customer 7) in event 5 (gone), {said}"
