"""What pages are made of, without a page: masks, words, pictures and groups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.application.consent_story import why_sent
from hub.application.report import REPORTS
from hub.console import bodies, charts, wording
from hub.console.jobs import Jobs
from hub.console.masking import Masking
from hub.console.measures import groups
from hub.console.measures.life_cycle import NARROW, WIDE, ribbons
from hub.console.pages.tour import STEPS
from hub.console.tour import Tour
from hub.demo import laws
from hub.model.keys import record_id

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
MASKED = Masking(whole=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("anna.mueller@example.de", "a•••@•••.de"),
        ("annamueller", "•••••"),
        ("anna@localhost", "•••••"),
        ("@example.de", "•••@•••.de"),
    ],
)
def test_a_masked_address_keeps_its_first_letter_and_no_more(text: str, shown: str):
    assert MASKED.email(text) == shown
    assert Masking(whole=True).email(text) == text


@pytest.mark.parametrize(("text", "shown"), [("+493023125000", "+49•••00"), ("+49110", "•••••"), ("110", "•••••")])
def test_a_masked_number_is_not_the_number(text: str, shown: str):
    assert MASKED.phone(text) == shown


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("anna@example.de", True),
        ("491701234567", True),
        ("whatsapp:106540352242922:+491701234567", True),
        ("whatsapp:106540352242922:DE.1349491701234567", True),
        ("order 4711", False),
        ("7206113349000001005", False),  # a shop's own number, longer than any telephone's
    ],
)
def test_an_id_that_a_network_made_of_an_address_or_number_is_hidden(text: str, hidden: bool):
    assert (MASKED.number(text) == "•••••") is hidden


def test_a_masked_body_hides_keys_that_are_an_address_too():
    told = {"anna@example.de": {"score": 1}, "+491701234567": "x", "name": "Anna", "paid": True, "lines": [{"id": 7}]}
    shown = bodies.masked(told)
    assert "anna" not in str(shown).lower()
    assert "4917" not in str(shown)
    assert list(shown)[2:] == ["name", "paid", "lines"]
    assert shown["paid"] is True


@pytest.mark.parametrize(
    ("sender", "minutes", "why"),
    [
        ("crm", -5, "unknown"),  # Hub heard of the no five minutes after it went out
        ("crm", 1, "on_its_way"),
        ("crm", 10, "known"),
        ("newsletter", 10, "not_told"),
    ],
)
def test_why_somebody_was_written_to_after_a_no(sender: str, minutes: int, why: str):
    told = [{"destination": "crm", "at": NOON + timedelta(minutes=2), "seconds": 120.0}]
    assert why_sent(sender, NOON + timedelta(minutes=minutes), NOON, told) == why
    assert wording.WHY_SENT[why]


def test_every_report_stands_in_a_group_of_what_it_is_about():
    grouped = groups()
    assert [one.slug for one in grouped["customers"]][:2] == ["life-cycle", "segments"]
    assert "more" not in grouped, "a new report needs a group in insight_words.GROUPED"
    shown = {name for part in grouped.values() for one in part for name in one.reports}
    assert shown == set(REPORTS)
    assert max(map(len, grouped.values())) <= 6


def test_the_picture_for_a_phone_is_the_one_for_a_screen_but_narrower():
    rows = [("potential", "new", 60), ("at_risk", "existing", 4), ("loyal", "loyal", 8)]
    wide, narrow = ribbons(rows), ribbons(rows, NARROW)
    assert wide["left"] == narrow["left"]
    assert (wide["frame"], narrow["frame"]) == (WIDE, NARROW)
    for frame, flow in ((WIDE, wide), (NARROW, narrow)):
        assert all(path.path.startswith(f"M{frame.left + 12:.0f} ") for path in flow["ribbons"])


def test_the_hours_of_a_day_end_with_the_present_one():
    told = [(NOON - timedelta(hours=23), 10, 0), (NOON, 15, 5)]
    first, last = charts.hours(told, NOON + timedelta(minutes=59), height=60)
    assert (first.x, last.x) == (0.0, 575.0)
    assert (first.good, first.bad) == (30.0, 0.0)
    assert (last.good, last.bad) == (45.0, 15.0)
    assert charts.hours([], NOON) == []


def test_a_job_is_shown_by_its_own_page_only():
    jobs = Jobs()
    job = jobs.start("try", "anna", lambda _: None)
    assert jobs.get(job.id, "try") is job
    assert jobs.get(job.id) is job
    assert jobs.get(job.id, "test", "history") is None


def test_a_step_of_the_tour_whose_law_did_not_hold_is_not_ticked():
    anyone = record_id("shop", "customer", "1")
    day: dict[str, Any] = dict.fromkeys(("joined", "apart", "undone", "opted_out"), anyone)
    over = Tour(scene=7, scenes=7, laws=10, held=9, broken=("L7",), **day)
    states = [step.state(over) for step in STEPS]
    assert states.count("broken") == 1
    assert STEPS[states.index("broken")].title == "The CRM gets one contact for each person"
    assert {step.state(over.model_copy(update={"broken": ()})) for step in STEPS} == {"done"}
    assert {law for step in STEPS for law in step.laws} <= {f"L{number}" for number in range(1, 12)}
    assert len(laws.LAWS) == 10
