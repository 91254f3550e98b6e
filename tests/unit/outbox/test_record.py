"""What became of a row and of its destination, to their next states; pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hub.errors import AuthError, RateLimited, Unavailable
from hub.outbox import policy, record
from hub.outbox.send import Sent
from hub.sdk.destination import Write, WriteResult
from hub.store.destinations import DestinationState
from hub.store.due import DueRow
from hub.store.outbox import Recorded
from tests.support.doubles import at

NOW = at(0)
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
DONE = Recorded(KEY, 3, "delivered", 0, False, NOW, "", "delivered", [7, 8], mirror='{"a":"1"}', external_id="501",
                owner=KEY)  # fmt: skip
HEALTHY = DestinationState()


def of(result: WriteResult, row: DueRow = ROW) -> Recorded:
    return record.of_result(row, WRITE, result, NOW, jitter=0.0)


def after(sent: Sent, before: DestinationState = HEALTHY) -> DestinationState:
    return record.next_state(before, sent, NOW, credentials="f1")


def test_a_delivered_row_keeps_what_was_written_and_under_which_id() -> None:
    assert of(WriteResult(str(KEY), "delivered", external_id="501")) == DONE


def test_a_delivered_merge_retires_every_other_id_and_what_was_written_under_it() -> None:
    two = replace(ROW, external_ids=["501", "502"], owners=[KEY, OTHER], merging=[OTHER])
    merged = of(WriteResult(str(KEY), "delivered", external_id="9"), two)
    assert merged == replace(DONE, external_id="9", merged_ids=("501", "502"), settled=(OTHER,))


def test_a_record_stays_its_first_profiles_while_another_writes_to_it() -> None:
    # given a profile that is there only by what was merged into it
    taken = replace(ROW, external_ids=["502"], owners=[OTHER], mirror_key=OTHER)
    written = of(WriteResult(str(KEY), "delivered", external_id="502"), taken)
    assert written == replace(DONE, external_id="502", owner=OTHER)


def test_what_was_left_out_is_not_in_the_mirror() -> None:
    assert of(WriteResult(str(KEY), "delivered", external_id="501", mirror={})).mirror == "{}"


def test_a_rejected_row_waits_for_nobody_and_keeps_the_words() -> None:
    assert of(WriteResult(str(KEY), "rejected", reason="bad e-mail")) == Recorded(
        KEY, 3, "rejected", 0, False, NOW, "bad e-mail", "rejected", [7, 8]
    )


def test_a_failed_row_is_counted_and_comes_back_later() -> None:
    failed = of(WriteResult(str(KEY), "retry", reason="locked", uncertain=True))
    assert failed == Recorded(
        KEY,
        3,
        "retrying",
        1,
        True,
        NOW + timedelta(seconds=5),
        "locked",
        "retry",
        [7, 8],
        mirror='{"a":null}',
        owner=KEY,
    )


def test_nobody_knows_what_stands_where_a_write_may_have_been_carried_out() -> None:
    held = replace(ROW, mirror={"a": "0", "b": "2", "c": "5"})
    doubtful = replace(WRITE, unsure={"c": "5;6"})
    failed = record.of_result(held, doubtful, WriteResult(str(KEY), "retry", uncertain=True), NOW, jitter=0.0)
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
    assert state == DestinationState(not_before=at(7), reason="slow")
    assert after(Sent(stopped_by=RateLimited("slow"))).not_before == at(record.RATE_LIMIT_PAUSE)


def test_refused_credentials_pause_until_they_change() -> None:
    state = after(Sent(stopped_by=AuthError("401")))
    assert state == DestinationState(not_before=NOW + policy.AUTH_PAUSE, reason="401", credentials="f1")


def test_failures_in_a_row_open_the_breaker_and_an_answer_closes_it() -> None:
    state = HEALTHY
    for _ in range(policy.BREAKER_AFTER):
        assert state.not_before is None
        state = after(Sent(stopped_by=Unavailable("down"), calls_failed=1), state)
    assert state == DestinationState(policy.BREAKER_AFTER, NOW + timedelta(seconds=5), "down")
    assert after(Sent(calls_answered=1), state) == HEALTHY
    assert after(Sent(), state) == state


def test_an_outage_that_names_its_end_is_waited_out() -> None:
    assert after(Sent(stopped_by=Unavailable("locked", retry_after=2))).not_before == at(2)
