"""What people's answers say about the bits at which they were asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.learning.calibration import Band, bands, probability, verdict

SAME, ASK = 4.0, 0.0


def answered(bits: float, accepted: int, refused: int) -> list[tuple[float, bool]]:
    return [(bits, True)] * accepted + [(bits, False)] * refused


def told(*answers: list[tuple[float, bool]]) -> str:
    return verdict(bands([each for some in answers for each in some], SAME, ASK))


def test_answers_are_counted_by_the_bits_at_which_they_were_asked() -> None:
    found = bands([*answered(0.0, 1, 2), *answered(3.999, 4, 0), *answered(4.0, 1, 0)], SAME, ASK)
    assert [(band.since, band.until, band.accepted, band.refused) for band in found] == [
        (0.0, 1.0, 1, 2), (1.0, 2.0, 0, 0), (2.0, 3.0, 0, 0), (3.0, 4.0, 4, 0), (4.0, None, 1, 0),
    ]  # fmt: skip


def test_bits_say_which_share_should_be_one_person() -> None:
    assert Band(0.0, 1.0, 0, 0).meant == pytest.approx((0.5, 2 / 3))
    assert Band(None, 0.0, 0, 0).meant == (0.0, 0.5)
    assert Band(4.0, None, 0, 0).meant == pytest.approx((16 / 17, 1.0))
    assert (probability(1e6), probability(-1e6)) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("answers", "begins"),
    [
        ([], "too few answers to say"),
        ([answered(3.5, 9, 0)], "too few answers to say"),
        ([answered(1.5, 20, 20)], "too few answers to say"),
        ([answered(3.5, 9, 2)], "the thresholds look right"),
        ([answered(0.5, 4, 8)], "the thresholds look right"),
        ([answered(3.5, 40, 1)], "`same` may be lower, such as 3.0: of 41 asked within 1.0 bits below it, people"),
        ([answered(3.5, 4, 7)], "`same` may be too low, so that what is merged just above it is in doubt: of 11"),
        ([answered(0.5, 1, 19)], "`ask` may be higher, such as 1.0: of 20 asked below that, people accepted 1"),
        ([answered(3.5, 40, 0), answered(0.5, 0, 12)], "`same` may be lower"),
    ],
)
def test_a_sentence_says_whether_the_thresholds_look_right(
    answers: list[list[tuple[float, bool]]], begins: str
) -> None:
    assert told(*answers).startswith(begins)


@given(st.lists(st.tuples(st.floats(-40, 40), st.booleans())), st.floats(-5, 5), st.floats(0.5, 10))
def test_every_answer_is_counted_once(answers: list[tuple[float, bool]], ask: float, width: float) -> None:
    found = bands(answers, ask + width, ask)
    assert sum(band.answered for band in found) == len(answers)
    assert sum(band.accepted for band in found) == sum(one for _, one in answers)
    assert verdict(found)
