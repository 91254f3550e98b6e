"""A batch of writes to one result per write, whatever the destination answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
import structlog.testing
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import AuthError, ConflictError, HubError, RateLimited, Refusal, RejectedError, Unavailable
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


@pytest.mark.parametrize("error", [RateLimited("slow"), AuthError("revoked"), Unavailable("away", uncertain=True)])
def test_what_a_destination_finished_of_a_batch_before_it_ended_stays_done(error: HubError) -> None:
    # a CRM that takes one record a call, and whose budget is smaller than a batch, would never see the end of one
    error.done = [WriteResult("0", "delivered", external_id="there-0"), WriteResult("1", "rejected", reason="no")]
    result = sent(Destination(answers=[error]), 4)
    told = {key: one.outcome for key, one in result.results.items()}
    retried = {"2": "retry", "3": "retry"} if isinstance(error, Unavailable) else {}
    assert told == {"0": "delivered", "1": "rejected", **retried}
    assert result.stopped_by is error


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


# -- what is refused by name


EMAIL = Refusal("email", "INVALID_EMAIL")
GONE = Refusal("tier", "PROPERTY_DOESNT_EXIST", missing=True)


@dataclass
class Strict:
    """Refuses these e-mails, and properties it does not have; ``asked`` are the properties of each call."""

    bad: set[str] = field(default_factory=set)
    lacks: set[str] = field(default_factory=set)
    whole: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    answers: list[Exception | None] = field(default_factory=list)

    def __call__(self, batch: Sequence[Write]) -> list[WriteResult]:
        self.asked += [dict(write.properties) for write in batch]
        if self.answers and (error := self.answers.pop(0)) is not None:
            raise error
        return [self.one(write) for write in batch]

    def one(self, write: Write) -> WriteResult:
        refused = [
            Refusal(name, "PROPERTY_DOESNT_EXIST", missing=True) for name in self.lacks & write.properties.keys()
        ]
        refused += [EMAIL] if write.properties.get("email") in self.bad else []
        if refused and self.whole:
            raise RejectedError("no", refused=refused)
        if refused:
            return WriteResult(write.key, "rejected", reason="no", refused=tuple(refused))
        return WriteResult(write.key, "delivered", write.external_id or "new")


def person(*emails: str, external_id: str | None = None) -> Write:
    told = {"name": "Berta", "tier": "gold", "email": emails[0]}
    match = tuple(("email", email) for email in emails)
    return Write("profile", "1", external_id, told, told, match, alternatives={"email": emails[1:]})


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(
    ("emails", "left"), [(("a",), {}), (("a", "b"), {"email": "b"}), (("a", "a2", "b"), {"email": "b"})]
)
def test_the_next_value_is_tried_and_then_the_record_goes_out_without(
    whole: bool, emails: tuple[str, ...], left: dict[str, str]
) -> None:
    strict = Strict(bad={"a", "a2"}, whole=whole)
    result = send([person(*emails)], strict, destination="crm", halve_outages=False).results["1"]
    assert (result.outcome, result.mirror) == ("delivered", {"name": "Berta", "tier": "gold", **left})
    assert set(result.refused) == {EMAIL}
    assert strict.asked[-1] == result.mirror


def test_of_a_record_that_was_there_the_old_value_stays_known() -> None:
    held = {"name": "B.", "email": "old"}
    result = send(
        [person("a", external_id="7")], Strict(bad={"a"}), destination="crm", halve_outages=False, held=lambda _: held
    )
    assert result.results["1"].mirror == {"name": "Berta", "tier": "gold", "email": "old"}


def test_what_a_record_cannot_be_found_without_is_never_left_out() -> None:
    result = send([person("a")], Strict(bad={"a"}), destination="crm", halve_outages=False, essential={"email"})
    assert (result.results["1"].outcome, result.results["1"].reason) == ("rejected", "no")


@pytest.mark.parametrize("whole", [False, True])
def test_what_is_missing_there_is_made_once_more_and_then_everything_goes_out(whole: bool) -> None:
    strict = Strict(lacks={"tier"}, whole=whole)
    made: list[int] = []

    def prepare() -> None:
        made.append(1)
        strict.lacks.clear()

    several = [Write("profile", str(n), None, {"tier": "gold"}, {"tier": "gold"}) for n in range(40)]
    result = send(several, strict, destination="crm", halve_outages=False, prepare=prepare)
    assert (outcomes(result), made) == ({"delivered": 40}, [1])
    assert not any(one.refused for one in result.results.values())


@pytest.mark.parametrize("made", [True, False])
def test_what_is_missing_there_for_some_rejects_none_of_those_that_do_not_have_it(made: bool) -> None:
    strict = Strict(lacks={"tier"}, whole=True)
    some = [
        Write("profile", str(n), None, {"tier": "gold"} if n % 2 else {}, {"tier": "gold"} if n % 2 else {})
        for n in range(6)
    ]

    def prepare() -> None:
        strict.lacks -= {"tier"} if made else set()

    result = send(some, strict, destination="crm", halve_outages=False, prepare=prepare)
    assert outcomes(result) == {"delivered": 6}
    assert {key for key, one in result.results.items() if one.refused} == (set() if made else {"1", "3", "5"})


def test_what_cannot_be_made_there_is_left_out() -> None:
    strict = Strict(lacks={"tier"})
    result = send([person("b")], strict, destination="crm", halve_outages=False, prepare=lambda: None).results["1"]
    assert (result.outcome, result.refused) == ("delivered", (GONE,))


@pytest.mark.parametrize("error", [RateLimited("slow"), AuthError("who"), Unavailable("down")])
def test_a_refusal_is_no_result_while_another_try_is_cut_short(error: Exception) -> None:
    strict = Strict(bad={"a"}, answers=[None, error])
    result = send([person("a")], strict, destination="crm", halve_outages=False)
    assert result.stopped_by is error
    assert all(one.outcome == "retry" for one in result.results.values())


def test_what_is_refused_for_ever_comes_to_an_end() -> None:
    def never(batch: Sequence[Write]) -> list[WriteResult]:
        return [WriteResult(write.key, "rejected", reason="no", refused=(EMAIL, GONE)) for write in batch]

    result = send([person("a", *map(str, range(99)))], never, destination="crm", halve_outages=False)
    assert result.results["1"].outcome == "rejected"
