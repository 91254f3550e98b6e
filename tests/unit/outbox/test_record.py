"""What became of a row and of its destination, to their next states; pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from hub.errors import AuthError, RateLimited, Refusal, Unavailable
from hub.outbox import policy, record
from hub.outbox.send import Sent
from hub.sdk.destination import Write, WriteResult
from hub.store.destinations import DestinationState
from hub.store.due import DueRow
from hub.store.outbox import Recorded

KEY = UUID(int=1)
OTHER = UUID(int=2)
ROW = DueRow(
    KEY,
    KEY,
    version=3,
    attempts=0,
    uncertain=False,
    events=[7, 8],
    mirror={},
    external_ids=[],
    contact_id=None,
    owners=[],
    mirror_key=KEY,
    merging=[],
    merged_ids=[],
)
WRITE = Write("profile", str(KEY), None, {"a": "1"}, {"a": "1"})
NOT_AT_ALL = timedelta()
DONE = Recorded(KEY, 3, "delivered", 0, False, NOT_AT_ALL, "", "delivered", [7, 8], mirror='{"a":"1"}',
                external_id="501", owner=KEY)  # fmt: skip
HEALTHY = DestinationState()


def of(result: WriteResult, row: DueRow = ROW) -> Recorded:
    return record.of_result(row, WRITE, result, jitter=0.0)


def after(sent: Sent, before: DestinationState = HEALTHY, failing: Collection[str] = ()) -> DestinationState:
    return record.next_state(before, sent, settings="f1", failing=failing)


def down(*keys: str) -> Sent:
    """A call that failed for these."""
    error = Unavailable("down")
    return Sent(stopped_by=error, calls_failed=1, outages=set(keys), last_words="down")


def test_a_delivered_row_keeps_what_was_written_and_under_which_id() -> None:
    assert of(WriteResult(str(KEY), "delivered", external_id="501")) == DONE


def test_a_delivered_merge_retires_every_other_id_and_what_was_written_under_it() -> None:
    two = replace(ROW, external_ids=["501", "502"], owners=[KEY, OTHER], merging=[OTHER])
    result = WriteResult(str(KEY), "delivered", external_id="9")
    merged = record.of_result(two, replace(WRITE, merge=("502",)), result, jitter=0.0)
    assert merged == replace(DONE, external_id="9", merged_ids=("501", "502"), settled=(OTHER,))


def test_a_record_in_place_of_one_that_is_gone_has_its_orders_written_again() -> None:
    known = replace(ROW, external_ids=["501"], owners=[KEY])
    assert of(WriteResult(str(KEY), "delivered", external_id="9"), known).renewed
    assert not of(WriteResult(str(KEY), "delivered", external_id="501"), known).renewed


def test_what_was_begun_before_a_batch_was_stopped_is_no_attempt_and_not_known() -> None:
    row = replace(ROW, attempts=2, mirror={"a": "0", "b": "2"})
    begun = record.begun(row, WRITE)
    assert (begun.state, begun.attempts, begun.wait) == ("retrying", 2, NOT_AT_ALL)
    assert (begun.uncertain, begun.mirror) == (True, '{"a":null,"b":"2"}')


def test_a_record_stays_its_first_profiles_while_another_writes_to_it() -> None:
    # given a profile that is there only by what was merged into it
    taken = replace(ROW, external_ids=["502"], owners=[OTHER], mirror_key=OTHER)
    written = of(WriteResult(str(KEY), "delivered", external_id="502"), taken)
    assert written == replace(DONE, external_id="502", owner=OTHER)


def test_what_was_left_out_is_not_in_the_mirror() -> None:
    assert of(WriteResult(str(KEY), "delivered", external_id="501", mirror={})).mirror == "{}"


def test_a_rejected_row_waits_for_nobody_and_keeps_the_words() -> None:
    assert of(WriteResult(str(KEY), "rejected", reason="bad e-mail")) == Recorded(
        KEY, 3, "rejected", 0, False, NOT_AT_ALL, "bad e-mail", "rejected", [7, 8]
    )


def test_a_failed_row_is_counted_and_comes_back_later() -> None:
    failed = of(WriteResult(str(KEY), "retry", reason="locked", uncertain=True))
    assert failed == Recorded(
        KEY,
        3,
        "retrying",
        1,
        True,
        timedelta(seconds=5),
        "locked",
        "retry",
        [7, 8],
        mirror='{"a":null}',
        owner=KEY,
    )


def test_nobody_knows_what_stands_where_a_write_may_have_been_carried_out() -> None:
    held = replace(ROW, mirror={"a": "0", "b": "2", "c": "5"})
    doubtful = replace(WRITE, unsure={"c": "5;6"})
    failed = record.of_result(held, doubtful, WriteResult(str(KEY), "retry", uncertain=True), jitter=0.0)
    assert failed.mirror == '{"a":null,"b":"2","c":"5;6"}'
    assert of(WriteResult(str(KEY), "retry"), held).mirror is None


def test_doubt_about_a_create_stays_until_it_is_delivered() -> None:
    doubtful = replace(ROW, uncertain=True, attempts=1)
    assert of(WriteResult(str(KEY), "retry"), doubtful).uncertain
    assert not of(WriteResult(str(KEY), "delivered"), doubtful).uncertain


def test_the_last_attempt_is_dead() -> None:
    last = of(WriteResult(str(KEY), "retry", reason="down"), replace(ROW, attempts=policy.MAX_ATTEMPTS - 1))
    assert (last.state, last.outcome, last.attempts) == ("dead", "dead", policy.MAX_ATTEMPTS)


def test_a_rate_limit_is_waited_out_and_is_no_failure() -> None:
    state = after(Sent(stopped_by=RateLimited("slow", retry_after=7)), DestinationState(failures=3))
    assert state == DestinationState(rest=timedelta(seconds=7), reason="slow", settings="f1")
    assert after(Sent(stopped_by=RateLimited("slow"))).rest == timedelta(seconds=record.RATE_LIMIT_PAUSE)


def test_refused_credentials_are_tried_again_soon_at_first_and_less_often_then() -> None:
    state, rests = HEALTHY, []
    for _ in range(7):
        state = after(Sent(stopped_by=AuthError("401"), calls_failed=1), state)
        rests.append(state.rest)
        assert (state.reason, state.credentials) == ("401", "f1")
    assert rests == [timedelta(seconds=seconds) for seconds in (30, 60, 120, 300, 600, 600, 600)]
    # one answer ends it, as none of it was a failure of the destination
    assert after(Sent(calls_answered=1), replace(state, rest=None)) == HEALTHY
    # other credentials begin anew
    assert after(Sent(stopped_by=AuthError("401")), replace(state, credentials="f0")).rest == timedelta(seconds=30)


def test_a_destination_that_is_down_after_it_refused_credentials_opens_no_breaker_for_that() -> None:
    state = HEALTHY
    for _ in range(policy.BREAKER_AFTER + 1):
        state = after(Sent(stopped_by=AuthError("401"), calls_failed=1), state)
    assert after(down("row 0"), replace(state, rest=None)).rest is None


def test_failures_open_the_breaker_and_a_few_answers_in_a_row_close_it() -> None:
    state = HEALTHY
    for number in range(policy.BREAKER_AFTER):
        assert state.rest is None
        state = after(down(f"row {number}"), state)
    assert state == DestinationState(policy.BREAKER_AFTER, rest=timedelta(seconds=5), reason="down", settings="f1")
    assert after(Sent(), state) == state
    # an answer alone proves little
    once = after(Sent(calls_answered=1), state)
    assert (once.failures, once.answers) == (policy.BREAKER_AFTER, 1)
    assert after(down("row 0"), once).rest == policy.breaker_pause(policy.BREAKER_AFTER + 1)
    assert after(Sent(calls_answered=policy.HEALTHY_AFTER - 1), once) == HEALTHY


def test_a_destination_that_fails_half_of_its_calls_opens_the_breaker() -> None:
    state = HEALTHY
    for number in range(policy.BREAKER_AFTER):
        state = after(Sent(calls_answered=1), after(down(f"row {number}"), state))
    assert state.failures == policy.BREAKER_AFTER
    assert after(down("another"), state).rest is not None


def test_failures_that_are_scattered_among_many_answers_never_open_it() -> None:
    state = HEALTHY
    for number in range(100):
        state = after(down(f"row {number}"), state)
        for _ in range(policy.HEALTHY_AFTER):
            state = after(Sent(calls_answered=1), state)
    assert state == HEALTHY


@pytest.mark.parametrize("outages", [policy.POISONOUS + 1, 40])
def test_an_outage_that_halving_finds_in_many_records_opens_the_breaker(outages: int) -> None:
    # given rows that failed before, of which the destination takes some and not others
    keys = {f"row {number}" for number in range(outages)}
    found = Sent(calls_failed=50, calls_answered=50, outages=keys, last_words="down")
    state = HEALTHY
    for _ in range(policy.BREAKER_AFTER):
        state = after(found, state, failing=keys)
    assert state.rest == policy.breaker_pause(policy.BREAKER_AFTER)


def test_one_poisonous_record_never_shuts_a_destination_for_the_others() -> None:
    state = HEALTHY
    # given nobody else who is delivered in between
    for _ in range(policy.MAX_ATTEMPTS):
        lone = Sent(calls_failed=1, outages={"poisonous"}, last_words="down")
        state = after(lone, state, failing={"poisonous"})
    assert state.rest is None
    # nor one that is found by halving, among 99 that are delivered
    found = Sent(calls_failed=8, calls_answered=7, outages={"poisonous"}, last_words="down")
    assert after(found, DestinationState(failures=2), failing={"poisonous"}) == HEALTHY


def test_what_cannot_be_made_there_opens_the_breaker_too() -> None:
    assert after(Sent(stopped_by=Unavailable("no"), calls_failed=1, last_words="no")).failures == 1


def test_an_outage_that_names_its_end_is_waited_out() -> None:
    locked = Sent(stopped_by=Unavailable("locked", retry_after=2), last_words="locked")
    assert after(locked).rest == timedelta(seconds=2)
    lone = replace(locked, calls_failed=1, outages={"row"})
    assert after(lone, failing={"row"}) == DestinationState(rest=timedelta(seconds=2), reason="locked", settings="f1")


def test_no_wait_that_a_vendor_names_crashes_the_recording_or_lasts_longer_than_an_hour() -> None:
    for seconds in (31_536_000.0, float("inf"), float("nan"), 1e300, -7.0):
        for error in (RateLimited("slow", retry_after=seconds), Unavailable("down", retry_after=seconds)):
            rest = after(Sent(stopped_by=error, last_words="")).rest
            assert rest is None or rest <= timedelta(hours=1)


def test_a_row_that_went_out_without_a_value_says_which_and_why() -> None:
    refused = (Refusal("email", "INVALID_EMAIL"), Refusal("phone", "INVALID"), Refusal("email", "INVALID_EMAIL"))
    assert of(WriteResult(str(KEY), "delivered", "501", refused=refused)).refused == (
        "email: INVALID_EMAIL, phone: INVALID"
    )
