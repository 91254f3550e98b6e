"""States of the funnel: who is in which, when they step back, who owns them, and what systems are told."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ConfigError
from hub.insight.qualification import Held, Qualification, as_told, decide, follow_up, lives, owner_of
from hub.insight.qualification_rules import compile_qualification
from hub.model.profile import Profile
from hub.rules import load_qualification

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WRITTEN: dict[str, Any] = {
    "states": {
        "subscriber": {"lives_in": ["mailing"]},
        "lead": {"when": "company && phones", "lives_in": ["mailing"]},
        "qualified": {
            "when": "traits.lead_score >= `80`",
            "keep": "traits.lead_score >= `60`",
            "stay": 14,
            "lives_in": ["crm", "mailing"],
            "owners": ["anna", "ben", {"name": "vera", "when": "country == 'AT'"}],
            "task": {"value": 500, "currency": "EUR", "days": 2},
            "nurture": "nurture",
        },
        "customer": {"when": "orders.count > `0`", "lives_in": ["crm", "mailing"]},
        "lost": {"when": "traits.stage == 'former'", "lives_in": ["mailing"], "stay": 0},
    },
    "leaving": {"crm": "archive", "mailing": "remove"},
    "apart": {"supplier": {"lives_in": ["purchasing"]}, "press": {"when": "contains(tags, 'press')"}},
}


def rules(**changes: Any) -> Qualification:
    found, faults = compile_qualification({**WRITTEN, **changes})
    assert faults == []
    return found


def person(**told: Any) -> Profile:
    return Profile.model_validate({"id": UUID(int=1), "created_at": NOW, "updated_at": NOW, **told})


def scored(score: int, **told: Any) -> Profile:
    return person(traits={"lead_score": score, **told.pop("traits", {})}, **told)


def state_of(one: Profile, held: Held | None = None, now: datetime = NOW) -> str | None:
    return decide(rules(), held, one, now).state


def test_a_person_is_in_the_furthest_state_whose_condition_holds() -> None:
    assert state_of(person()) == "subscriber"
    assert state_of(person(company="Sommer GmbH", phones=("+4930123456",))) == "lead"
    assert state_of(scored(85)) == "qualified"
    assert state_of(scored(85, orders={"count": 1})) == "customer"
    assert state_of(person(orders={"count": 1}, traits={"stage": "former"})) == "lost"
    assert decide(rules(), None, person(orders={"count": 1}), NOW).reason == "orders.count > `0`"


def test_a_step_forward_is_taken_at_once_and_a_step_back_only_when_nothing_holds_them_any_more() -> None:
    held = Held("qualified", NOW - 20 * DAY)
    assert state_of(scored(85), Held("lead", NOW)) == "qualified"
    # the score fell below what it took to come in, and not below what it takes to stay
    assert state_of(scored(70), held) == "qualified"
    back = decide(rules(), held, scored(50), NOW)
    assert (back.state, back.reason) == ("subscriber", "no longer: traits.lead_score >= `80`")


def test_nobody_steps_back_before_the_least_stay_is_over_and_then_without_any_event() -> None:
    held = Held("qualified", NOW - 13 * DAY)
    waiting = decide(rules(), held, scored(50), NOW)
    assert (waiting.state, waiting.again) == ("qualified", NOW + DAY)
    assert waiting.again is not None
    assert decide(rules(), held, scored(50), waiting.again).state == "subscriber"


@given(scores=st.lists(st.integers(1, 99), min_size=1, max_size=60))
def test_what_goes_to_and_fro_moves_nobody_more_than_once_a_stay(scores: list[int]) -> None:
    """A score that flaps hourly for days: one step forward, and one back per least stay at most."""
    held, moves = Held("subscriber", NOW - 30 * DAY), 0
    for hour, score in enumerate(scores):
        at = NOW + timedelta(hours=hour)
        state = decide(rules(), held, scored(score), at).state
        assert state is not None
        if state != held.state:
            held, moves = Held(state, at), moves + 1
    assert moves <= 2


@given(scores=st.permutations([10, 85, 40, 65, 90]))
def test_without_keep_and_once_stays_are_over_the_state_is_that_of_the_profile_alone(scores: list[int]) -> None:
    made = rules(states={"a": {}, "b": {"when": "traits.lead_score >= `50`", "stay": 0}}, leaving={})
    held: Held | None = None
    for score in [*scores, 65]:
        state = decide(made, held, scored(score), NOW).state
        assert state is not None
        held = Held(state, NOW)
    assert held is not None
    assert held.state == "b"


def test_a_state_that_the_file_has_no_more_is_none() -> None:
    assert state_of(person(), Held("prospect", NOW)) == "subscriber"


def test_whoever_stands_apart_is_in_no_state_and_goes_where_their_kind_lives() -> None:
    made = rules()
    supplier = person(contact_kinds=("supplier",))
    assert decide(made, None, supplier, NOW).state is None
    assert [lives(made, name, supplier, NOW) for name in ("purchasing", "crm", "mailing")] == [True, False, False]
    # by a rule instead of a source's word
    assert decide(made, None, person(tags=("press",)), NOW).state is None
    # a supplier who has bought is a customer as well, and stays a supplier
    both = person(contact_kinds=("supplier",), orders={"count": 1}, traits={"qualification": "customer"})
    assert decide(made, None, both, NOW).state == "customer"
    assert [lives(made, name, both, NOW) for name in ("purchasing", "crm")] == [True, True]
    assert decide(made, None, person(contact_kinds=("lead", "supplier")), NOW).state == "subscriber"


def test_an_erased_person_is_in_no_funnel() -> None:
    assert state_of(person(suppressed=True)) is None


def test_owners_take_turns_by_how_many_they_have_had_and_a_condition_goes_first() -> None:
    state = rules().states[2]
    assigned: Counter[str] = Counter()
    for _ in range(5):
        name = owner_of(state, scored(85), NOW, assigned)
        assert name is not None
        assigned[name] += 1
    assert assigned == {"anna": 3, "ben": 2}
    austrian = scored(85, addresses=({"line1": "Ring 1", "city": "Wien", "country": "AT"},))
    assert owner_of(state, austrian, NOW, assigned) == "vera"
    # whoever looked after somebody goes on
    assert owner_of(state, scored(85), NOW, {"anna": 99}, before="anna") == "anna"


@pytest.mark.parametrize(
    ("deal", "what"),
    [
        (("500.00", "EUR"), "task"),
        (("499.99", "EUR"), "nurture"),
        (("900.00", "USD"), "nurture"),
        (None, "nurture"),
    ],
)
def test_a_task_from_the_deal_value_on_and_the_nurture_tag_below(deal: tuple[str, str] | None, what: str) -> None:
    work = rules().states[2].work
    assert follow_up(work, (Decimal(deal[0]), deal[1]) if deal else None) == what


def test_a_system_is_told_how_somebody_left_it_and_no_other_is() -> None:
    made = rules()
    lead = person(tags=("vip",), traits={"qualification": "lead"})
    assert as_told(made, "mailing", lead, NOW) is lead
    in_crm = as_told(made, "crm", lead, NOW)
    assert (in_crm.tags, in_crm.traits.left) == (("vip", "archived"), "archive")
    nurtured = person(traits={"qualification": "qualified", "follow_up": "nurture"})
    assert as_told(made, "crm", nurtured, NOW).tags == ("nurture",)
    # whom nobody has put into a state yet has left nothing: a funnel that was configured a minute ago archives nobody
    assert as_told(made, "crm", person(), NOW).traits.left is None
    assert as_told(made, "crm", person(contact_kinds=("supplier",)), NOW).traits.left == "archive"
    # a destination outside the funnel is told the person as they are
    assert as_told(made, "bi", lead, NOW) is lead


def test_the_file_that_comes_along_is_right() -> None:
    found = load_qualification(Path("config/qualification.yaml"))
    assert [state.name for state in found.states] == ["subscriber", "lead", "qualified", "customer", "lost"]
    assert found.destinations == {"crm", "mailing"}


def test_every_fault_of_a_file_is_told_with_its_path_and_the_nearest_name() -> None:
    text = """
qualification:
  states:
    lead: {when: "orders.cuont > `0`", lives_in: [mailling]}
    second: {}
    third: {when: "traits.owner == 'anna'", task: {currency: EURO}}
  leaving: {till: remove}
  apart: {supplyer: {}}
"""
    with pytest.raises(ConfigError) as raised:
        load_qualification(text, connections=["mailing", "crm"])
    assert any("apart.supplyer" in fault for fault in raised.value.faults)
    with pytest.raises(ConfigError) as raised:
        load_qualification(text.replace("supplyer", "supplier"), connections=["mailing", "crm"])
    told = "\n".join(raised.value.faults)
    for path in ("lead.when", "lead.lives_in", "states.second", "third.when", "third.task.currency", "leaving.till"):
        assert path in told
    assert "mailing" in told
