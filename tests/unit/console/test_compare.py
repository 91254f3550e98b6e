"""Two people side by side, and how the bits of two records add up."""

from __future__ import annotations

from typing import Any

import pytest

from hub.console import wording
from hub.console.compare import MOST_LETTERS, MOST_VALUES, rows, waterfall
from hub.console.masking import Masking
from hub.matching.wording import SENTENCES

WHOLE = Masking(whole=True)


def side(**told: Any) -> dict[str, Any]:
    name = {"full": told.pop("name", None)}
    return {"name": name, "emails": [], "phones": [], "addresses": [], "birth_date": None, **told}


def marked(value: Any) -> str:
    return "".join(f"[{text}]" if differs else text for text, differs in value.segments)


def test_what_differs_is_marked_word_by_word_and_letter_by_letter() -> None:
    one = side(name="Käthe Brandner", emails=["kb@example.de"], phones=["+493023125005"])
    other = side(name="Katharina Brandner", emails=["kb@example.de"], phones=["+493023125500"])
    name, emails, phones = rows([one, other], WHOLE)
    assert (name.verdict, emails.verdict, phones.verdict) == ("different", "same", "different")
    assert [marked(value) for row in (name, emails) for value in (*row.left, *row.right)] == [
        "[Käthe] Brandner", "[Katharina] Brandner", "kb@example.de", "kb@example.de",
    ]  # fmt: skip
    assert marked(phones.left[0]).count("[") <= 2
    assert marked(phones.left[0]).replace("[", "").replace("]", "") == "+493023125005"


def test_capitals_accents_and_spaces_are_no_difference() -> None:
    (name,) = rows([side(name="Müller  Anna"), side(name="MÜLLER ANNA")], WHOLE)
    assert name.verdict == "same"


def test_what_both_have_stands_first_and_many_values_are_cut() -> None:
    mine = [f"a{n}@example.de" for n in range(40)]
    (emails,) = rows([side(emails=mine), side(emails=[mine[-1]])], WHOLE)
    assert emails.verdict == "part"
    assert marked(emails.left[0]) == mine[-1]
    assert (len(emails.left), emails.left_out) == (MOST_VALUES, 40 - MOST_VALUES)


def test_what_only_one_tells_is_no_difference() -> None:
    (birth,) = rows([side(birth_date="1980-02-01"), side()], WHOLE)
    assert (birth.verdict, birth.right) == ("one_sided", ())


@pytest.mark.parametrize("name", ["ß" * 5_000, "\u202eabc", "<b>", "", " "])
def test_a_hostile_name_is_compared(name: str) -> None:
    for row in rows([side(name=name), side(name="Anna")], WHOLE):
        assert all(sum(len(text) for text, _ in value.segments) <= MOST_LETTERS for value in row.left)


def test_a_viewer_sees_that_they_differ_and_not_in_what() -> None:
    one, other = side(name="Anna Müller", emails=["a@b.de"]), side(name="Anne Möller", emails=["a@b.de"])
    name, emails = rows([one, other], Masking(whole=False))
    assert (name.verdict, emails.verdict) == ("different", "same")
    assert [marked(value) for value in (*name.left, *name.right)] == ["A. M.", "A. M."]
    assert "a@b.de" not in marked(emails.left[0])


def test_bits_add_up_from_what_holds_before_any_evidence() -> None:
    lines = [
        {"feature": "email", "level": "exact", "weight": 12.0},
        {"feature": "phone", "level": "different", "weight": -2.0},
        {"feature": "prior", "level": "random", "weight": -13.0},
    ]
    fall = waterfall(lines, 0.0, 4.0)
    assert [step.total for step in fall.steps] == [-13.0, -1.0, -3.0]
    assert fall.total == -3.0
    assert [step.speaks_for for step in fall.steps] == [False, True, False]
    assert fall.steps[0].x == 0
    assert all(0 <= place <= 100 for place in (fall.zero, fall.ask, fall.same))
    assert fall.same == 100
    assert all(step.x + step.width <= 100.7 for step in fall.steps)


def test_every_level_of_evidence_has_words() -> None:
    missing = {
        (feature, level)
        for feature, level in SENTENCES
        if feature not in wording.FEATURES or level.removeprefix("swapped ") not in wording.LEVELS
    }
    assert missing == set()
