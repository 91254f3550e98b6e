"""``hub insight``, ``hub segments`` and ``hub report``, as people call them; traits on their way to a CRM."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hub.mapping.expression.when import compile_condition
from hub.mapping.fieldmap import PersonMap
from hub.model.profile import Profile
from hub.model.traits import Traits
from hub.rules import load_segments
from hub.store.database import Database
from tests.integration.test_cli import Hub
from tests.integration.test_traits import IDA, now_of, order
from tests.support.doubles import entry
from tests.support.hubspot import Way


@pytest.fixture
def hub(tmp_path: Path, dsn: str, database: Database) -> Iterator[Hub]:
    root = logging.getLogger()
    before = root.handlers, root.level
    made = Hub(tmp_path, dsn)
    now = now_of(database)
    Way(database).take(entry([IDA, order("7", "o1", now - timedelta(days=3)), order("7", "o2", now)], "e1"))
    yield made
    root.handlers, root.level = before


def test_a_run_says_what_it_did_and_what_there_is_too_little_of(hub: Hub) -> None:
    ended = hub("insight", "run")
    assert "1 profiles worked out" in ended.stdout
    assert "too little data for a rhythm: 1 customers ordered again, 20 are needed" in ended.stderr
    told = hub.json("insight", "status")
    assert (told["version"], told["stages"], told["last_run"]["profiles"]) == (1, {"existing": 1}, 1)
    assert "stage existing" in hub("insight", "status").stdout


def test_a_version_is_tried_applied_listed_and_taken_back(hub: Hub) -> None:
    hub("insight", "run")
    assert "0 would change stage" in hub("insight", "try").stdout
    assert hub.json("insight", "apply")["version"] == 2
    assert [row["active"] for row in hub.json("insight", "list")] == [True, False]
    assert hub.json("insight", "rollback")["restores"] == 1
    assert "version 4 is in force, as version 2 was" in hub("insight", "rollback", "2").stdout
    hub("insight", "apply", "99", ends=1)


def test_segments_are_listed_shown_and_previewed(hub: Hub) -> None:
    file = hub.folder / "segments.yaml"
    file.write_text(
        "segments: {twice: {when: 'orders.count == `2`', title: Came twice}, late: \"traits.stage == 'former'\"}\n"
    )
    [twice, late] = hub.json("segments", "preview", str(file))
    assert (twice["size"], twice["gained"], late["size"]) == (1, None, 0)
    hub.config.write_text(f"{hub.config.read_text()}segments: {file}\n")
    hub("insight", "run")
    assert [(one["name"], one["size"]) for one in hub.json("segments", "list")] == [("twice", 1), ("late", 0)]
    shown = hub.json("segments", "show", "twice")
    assert shown["members"][0]["name"] == "Ida Sommer"
    assert shown["history"][0]["size"] == 1
    assert "did you mean 'twice'" in hub("segments", "show", "twise", ends=1).stderr
    [twice, _] = hub.json("segments", "preview", str(file))
    assert (twice["gained"], twice["lost"]) == (0, 0)


def test_a_segment_with_an_unknown_field_is_refused_with_the_nearest(hub: Hub) -> None:
    file = hub.folder / "segments.yaml"
    wrong = ("a: \"traits.stge == 'loyal'\"", "b: \"traits.stage == 'loyl'\"", "C: 'emails'", "d: {wen: 'emails'}")
    file.write_text("\n  ".join(("segments:", *wrong)) + "\n")
    hub.config.write_text(f"{hub.config.read_text()}segments: {file}\n")
    told = hub("check", ends=2).stderr
    assert "segments.a.when" in told
    assert "did you mean 'traits.stage'" in told
    assert "did you mean 'loyal'" in told
    assert "segments.C: the name" in told
    assert "segments.d: must be a condition" in told
    assert "(line 2)" in told


def test_a_report_is_a_table_a_csv_and_json(hub: Hub) -> None:
    hub("insight", "run")
    rows = list(csv.DictReader(io.StringIO(hub("report", "life-cycle", "--csv").stdout)))
    assert [(row["stage"], row["customers"]) for row in rows][1] == ("existing", "1")
    assert {one["name"] for one in hub.json("report")} >= {"life-cycle", "rfm", "cohorts", "kpis", "segments"}
    shown = hub("report").stdout
    assert "Key figures" in shown
    assert "customers" in shown
    hub("report", "--csv", ends=2)
    assert "did you mean 'cohorts'" in hub("report", "cohort", ends=1).stderr


def test_a_profile_shows_and_explains_its_traits(hub: Hub) -> None:
    [found] = hub.json("profile", "search", "sommer")
    assert hub.json("profile", "show", found["id"])["traits"]["stage"] == "existing"
    assert "stage" in hub("profile", "show", found["id"]).stdout
    assert "stage: existing, as of" in hub("profile", "explain", found["id"], "traits.stage").stdout
    timeline = [item["subject"] for item in hub.json("profile", "timeline", found["id"]) if item["kind"] == "stage"]
    assert timeline == ["new to existing", "potential to new"]


WHEN = datetime(2026, 3, 1).astimezone()
LOYAL = Traits(stage="loyal", alive=Decimal("0.85"), segments=("vip", "tea"), currency="EUR", order_value=Decimal(40))


def profile(traits: Traits) -> Profile:
    return Profile(
        id="11111111-1111-4111-8111-111111111111",
        created_at=WHEN,
        updated_at=WHEN,
        traits=traits,
    )


def test_traits_are_mapped_like_any_field() -> None:
    fields = PersonMap({"stage": "traits.stage", "segs": "traits.segments", "worth": "traits.order_value"})
    assert fields.read(profile(LOYAL)) == {"stage": "loyal", "segs": "vip;tea", "worth": "40"}
    assert fields.read(profile(Traits())) == {}


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("traits.stage == 'loyal'", True),
        ("traits.alive >= `0.8` && contains(traits.segments, 'vip')", True),
        ("traits.value_next_year > `10`", False),
        ("one_of(traits.stage, 'former', 'at_risk')", False),
    ],
)
def test_routes_ask_for_traits(text: str, met: bool) -> None:
    assert compile_condition(text)(profile(LOYAL), WHEN) is met


def test_what_nobody_can_tell_is_left_out_of_what_is_sent() -> None:
    told: dict[str, Any] = profile(Traits(stage="new")).model_dump(mode="json")
    assert told["traits"] == {"stage": "new"}


def test_the_segments_that_are_shipped_are_right() -> None:
    shipped = load_segments(Path(__file__).parents[2] / "config/segments.yaml", {}, ["crm"])
    assert [one.name for one in shipped] == [
        "vip",
        "slipping_away",
        "win_back",
        "left_cart",
        "dropped_out",
        "second_order",
    ]
    assert shipped[0].when(profile(LOYAL), WHEN)
