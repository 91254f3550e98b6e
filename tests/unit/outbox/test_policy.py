"""When to try again, when to give up, when to leave a destination alone."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hub.outbox.policy import BREAKER_AFTER, MAX_ATTEMPTS, breaker_pause, next_attempt


def test_a_row_is_tried_for_more_than_a_day_at_growing_distances_and_then_given_up() -> None:
    waits = [next_attempt(attempt) for attempt in range(1, MAX_ATTEMPTS + 1)]
    *tried, given_up = waits
    assert given_up is None
    known = [wait for wait in tried if wait is not None]
    assert len(known) == MAX_ATTEMPTS - 1
    assert all(earlier <= later for earlier, later in pairwise(known))
    assert (known[0], sum(known, timedelta()) > timedelta(days=1)) == (timedelta(seconds=5), True)


def test_jitter_only_ever_adds_and_at_most_a_fifth() -> None:
    plain, spread = next_attempt(3), next_attempt(3, jitter=1.0)
    assert plain is not None
    assert spread is not None
    assert plain < spread <= plain * 1.2


def test_the_breaker_opens_after_failures_in_a_row_and_stays_within_minutes() -> None:
    pauses = [breaker_pause(failures) for failures in range(BREAKER_AFTER + 10)]
    assert pauses[:BREAKER_AFTER] == [None] * BREAKER_AFTER
    known = [pause for pause in pauses if pause is not None]
    assert len(known) == 10
    assert all(earlier <= later for earlier, later in pairwise(known))
    assert known[-1] <= timedelta(minutes=5)
