"""A batch of writes to one result per write, whatever the destination answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
import structlog.testing
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import AuthError, ConflictError, HubError, RateLimited, RejectedError, Unavailable
from hub.outbox.send import COSTLY, FUTILE, Sent, send
from hub.sdk.destination import Write, WriteResult


@pytest.fixture(autouse=True, scope="module")
def _logged() -> Iterator[None]:
    # unconfigured, structlog draws every traceback with its values, which takes seconds
    with structlog.testing.capture_logs():
        yield


def writes(count: int) -> list[Write]:
    return [Write("profile", str(number), None, {}, {}) for number in range(count)]


@dataclass
class Destination:
    """Delivers, unless a batch holds a poisonous record; notes the batches it was asked for."""

    poison: dict[str, Exception] = field(default_factory=dict)
    answers: list[Exception | None] = field(default_factory=list)
    calls: list[list[str]] = field(default_factory=list)

    def __call__(self, batch: Sequence[Write]) -> list[WriteResult]:
        self.calls.append([write.key for write in batch])
        if self.answers and (error := self.answers.pop(0)) is not None:
            raise error
        for write in batch:
            if write.key in self.poison:
                raise self.poison[write.key]
        return [WriteResult(write.key, "delivered", external_id=f"there-{write.key}") for write in batch]


def sent(destination: Destination, count: int, *, halve_outages: bool = False) -> Sent:
    return send(writes(count), destination, destination="crm", halve_outages=halve_outages)


def outcomes(result: Sent) -> dict[str, int]:
    counted: dict[str, int] = {}
    for one in result.results.values():
        counted[one.outcome] = counted.get(one.outcome, 0) + 1
    return counted


def test_a_whole_batch_is_one_call() -> None:
    destination = Destination()
    result = sent(destination, 100)
    assert (len(destination.calls), outcomes(result), result.stopped_by) == (1, {"delivered": 100}, None)


@pytest.mark.parametrize("error", [RejectedError("PROPERTY_DOESNT_EXIST"), KeyError("a bug of the connector")])
def test_one_poisonous_record_does_not_sink_the_other_99(error: Exception) -> None:
    destination = Destination(poison={"37": error})
    result = sent(destination, 100)
    assert outcomes(result) == {"delivered": 99, "rejected": 1}
    assert result.results["37"].outcome == "rejected"
    assert len(destination.calls) <= 2 * 7 + 1  # both halves of every level down to one


def test_the_destinations_own_words_are_kept_and_a_bugs_are_not() -> None:
    refused = sent(Destination(poison={"0": RejectedError("that e-mail is blocked")}), 1)
    broken = sent(Destination(poison={"0": ValueError("anna@example.com")}), 1)
    assert refused.results["0"].reason == "that e-mail is blocked"
    assert broken.results["0"].reason == "the connector failed to send this (ValueError)"


@given(st.integers(1, 40), st.sets(st.integers(0, 39), max_size=5))
def test_whoever_is_poisonous_everybody_else_is_delivered(count: int, poisonous: set[int]) -> None:
    destination = Destination(poison={str(number): RejectedError("no") for number in poisonous})
    result = sent(destination, count)
    refused = {key for key, one in result.results.items() if one.outcome == "rejected"}
    assert set(result.results) == {str(number) for number in range(count)}
    assert refused == {str(number) for number in poisonous if number < count}


def test_a_rate_limit_stops_without_a_result_for_anybody() -> None:
    error = RateLimited("slow down", retry_after=7)
    destination = Destination(answers=[error])
    result = sent(destination, 100)
    assert (result.results, result.stopped_by, len(destination.calls)) == ({}, error, 1)


def test_a_rate_limit_in_the_middle_keeps_what_was_done() -> None:
    destination = Destination(answers=[RejectedError("one of you"), None, RateLimited("slow down")])
    result = sent(destination, 4)
    assert (set(result.results), isinstance(result.stopped_by, RateLimited)) == ({"0", "1"}, True)


def test_refused_credentials_stop_without_a_result() -> None:
    destination = Destination(answers=[AuthError("who are you")])
    result = sent(destination, 100)
    assert (result.results, isinstance(result.stopped_by, AuthError), len(destination.calls)) == ({}, True, 1)


def test_a_conflict_is_looked_up_again_alone_and_is_uncertain() -> None:
    destination = Destination(poison={"1": ConflictError("exists")})
    result = sent(destination, 3)
    assert outcomes(result) == {"delivered": 2, "retry": 1}
    assert result.results["1"] == WriteResult("1", "retry", reason="exists", uncertain=True)


def test_an_outage_costs_one_call_at_first() -> None:
    error = Unavailable("no answer", uncertain=True)
    destination = Destination(poison={str(number): error for number in range(100)})
    result = sent(destination, 100)
    assert (len(destination.calls), outcomes(result), result.stopped_by) == (1, {"retry": 100}, error)
    assert all(one.uncertain for one in result.results.values())


def test_rows_that_failed_before_are_searched_for_the_one_that_makes_the_destination_fail() -> None:
    destination = Destination(poison={"63": Unavailable("500")})
    result = sent(destination, 100, halve_outages=True)
    assert outcomes(result) == {"delivered": 99, "retry": 1}
    assert result.results["63"].outcome == "retry"


def test_the_search_is_given_up_when_nothing_is_answered_at_all() -> None:
    destination = Destination(poison={str(number): Unavailable("down") for number in range(100)})
    result = sent(destination, 100, halve_outages=True)
    assert len(destination.calls) == FUTILE
    assert isinstance(result.stopped_by, Unavailable)
    assert "delivered" not in outcomes(result)


ERRORS: list[HubError | None] = [
    None,
    RejectedError("no"),
    ConflictError("exists"),
    Unavailable("down"),
    RateLimited("slow"),
    AuthError("who"),
]


@given(st.integers(0, 12), st.lists(st.sampled_from(ERRORS), max_size=12), st.booleans())
def test_nobody_is_forgotten_and_nobody_is_sent_twice_after_success(
    count: int, answers: list[Exception | None], halve: bool
) -> None:
    destination = Destination(answers=list(answers))
    result = sent(destination, count, halve_outages=halve)
    every = {str(number) for number in range(count)}
    if result.stopped_by is None:
        assert set(result.results) == every
    done = [key for key, one in result.results.items() if one.outcome == "delivered"]
    succeeded = [
        key
        for call, error in zip(destination.calls, [*answers, *[None] * 99], strict=False)
        for key in call
        if error is None
    ]
    assert sorted(done) == sorted(succeeded)


@pytest.mark.parametrize(("merge", "merged_ids"), [(("2",), ()), ((), ("2",))], ids=["merges", "splits"])
def test_what_was_done_before_a_429_stays_done(merge: tuple[str, ...], merged_ids: tuple[str, ...]) -> None:
    merges = [
        Write("profile", str(number), "1", {}, {}, merge=merge, merged_ids=merged_ids) for number in range(COSTLY + 2)
    ]
    destination = Destination(answers=[None, RateLimited("slow down")])
    result = send(merges, destination, destination="crm", halve_outages=False)
    assert outcomes(result) == {"delivered": COSTLY}
    assert isinstance(result.stopped_by, RateLimited)


def test_merges_do_not_split_the_batch_of_the_others() -> None:
    merge = Write("profile", "merge", "1", {}, {}, merge=("2",))
    destination = Destination()
    send([*writes(3), merge], destination, destination="crm", halve_outages=False)
    assert destination.calls == [["merge"], ["0", "1", "2"]]
