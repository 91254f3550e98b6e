"""``hub demo --once --json`` as a user runs it: every law held, and what it tells is what happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LAWS = ("L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L11")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    temporary = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", "demo", "--once", "--json"],
        capture_output=True,
        text=True,
        timeout=180,
        cwd=temporary,
        env={**os.environ, "TMPDIR": str(temporary), "HUB_CONFIG": "there/is/none.yaml", "HUB_REDIS_URL": "nonsense"},
    )
    shown = json.loads(done.stdout)
    assert (done.returncode, [law for law in shown["laws"] if not law["held"]]) == (0, []), done.stderr
    return {**shown, "left_behind": sorted(path.name for path in Path(temporary).iterdir())}


def test_every_law_held(demo: dict[str, Any]) -> None:
    assert demo["held"] is True
    assert [(law["law"], law["held"]) for law in demo["laws"]] == [(law, True) for law in LAWS]
    assert demo["laws"][0]["numbers"]["kills"] == 3
    assert demo["laws"][0]["numbers"]["killed_at_work"] == 2


def test_every_channel_came_in(demo: dict[str, Any]) -> None:
    counts = ("sent", "events", "redelivered", "done", "skipped", "parked", "refused")
    came_in = {one["connection"]: tuple(one[name] for name in counts) for one in demo["channels"]}
    assert came_in == {
        "newsletter": (33, 19, 14, 18, 1, 0, 0),
        "shop-at": (51, 35, 16, 35, 0, 0, 0),
        "shop-de": (212, 148, 63, 146, 1, 1, 1),
        "social": (11, 6, 5, 6, 0, 0, 0),
        "till": (80, 58, 22, 58, 0, 0, 0),
    }


def featured(demo: dict[str, Any], what: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in demo["merged"] if one["featured"] == what)
    return found


def levels(evidence: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(line["feature"], line["level"]) for line in evidence]


def test_people_are_merged_for_reasons(demo: dict[str, Any]) -> None:
    anna = featured(demo, "four channels")
    assert (anna["name"], anna["records"], anna["connections"]) == (
        "Anna Müller",
        7,
        ["newsletter", "shop-at", "shop-de", "till"],
    )
    assert sorted(anna["emails"]) == ["a.mueller@muellerhaus.example.org", "anna.mueller@example.de"]
    assert demo["people"] == demo["profiles"] == 89


def test_an_automatic_merge_shows_its_evidence_line_by_line(demo: dict[str, Any]) -> None:
    aenne = featured(demo, "other spelling, typing error in the e-mail")
    [join] = aenne["joins"]
    assert (aenne["name"], join["by"], join["weight"] >= demo["bits"]["same"]) == (
        "Änne Brandstätter",
        "evidence",
        True,
    )
    assert levels(join["evidence"]) == [
        ("first_name", "exact"),
        ("last_name", "exact"),
        ("email", "near_name"),
        ("phone", "exact"),
        ("household", "bound"),
        ("first_name", "same in a household"),
        ("prior", "random"),
    ]
    assert join["evidence"][0]["text"].startswith("first names agree: Änne and Aenne (+")
    assert sum(line["weight"] for line in join["evidence"]) == pytest.approx(join["weight"], abs=0.05)


def test_somebody_is_found_without_any_identifier_in_common(demo: dict[str, Any]) -> None:
    friederike = featured(demo, "no identifier in common")
    assert (friederike["name"], friederike["records"], friederike["connections"]) == (
        "Friederike Sommerfeld",
        3,
        ["shop-at", "till"],
    )
    told = {feature for join in friederike["joins"] for feature, _ in levels(join["evidence"])}
    assert {"first_name", "last_name", "address", "birth_date"} <= told
    assert not told & {"email", "phone", "loyalty", "account"}


def test_guards_held(demo: dict[str, Any]) -> None:
    kept = {group["shared"]: group for group in demo["apart"]}
    assert {shared: len(group["people"]) for shared, group in kept.items()} == {
        "family Becker, one telephone": 4,
        "colleagues on one info@ mailbox": 2,
        "null@null.de and +49 000 000000, typed at the till": 4,
        "the till's own telephone, typed for everybody": 12,
        "one relay address of a marketplace": 2,
    }
    assert all(group["why"] for group in kept.values())
    [quarantined] = demo["quarantined"]
    assert (quarantined["kind"], quarantined["records"]) == ("phone", 12)
    assert quarantined["text"] == "would join 12 profiles into one if it were trusted"


def test_doubtful_pairs_wait_for_a_person_and_one_is_answered(demo: dict[str, Any]) -> None:
    [answered], [waiting] = demo["reviews"]["answered"], demo["reviews"]["open"]
    for review in (answered["review"], waiting):
        assert demo["bits"]["ask"] <= review["weight"] < demo["bits"]["same"]
        assert (review["waits"], review["stake"]["orders"]) == ("between ask and same", 1)
        assert len(review["evidence"]) >= 3
    names = [{side["name"]["full"] for side in review["profiles"]} for review in (answered["review"], waiting)]
    assert names == [{"Stefan Wagner"}, {"Claudia Neubauer"}]
    assert (answered["answer"], answered["command"]) == ("accept", f"hub review accept {answered['review']['id']}")
    assert len(answered["profiles"]) == 1
    stefan = next(one for one in demo["merged"] if one["profile"] == answered["profiles"][0])
    assert [join["by"] for join in stefan["joins"]] == ["judgement"]


def test_a_wrong_merge_is_split_and_the_crm_has_both_again(demo: dict[str, Any]) -> None:
    [split] = demo["splits"]
    [merged] = split["why_merged"]
    assert merged["by"] == "evidence"
    [before], [father, son] = (
        split["before"],
        sorted(split["after"], key=lambda contact: contact["deals"]),
    )
    assert (len(before["emails"]), len(before["deals"]), len(before["merged_from"])) == (2, 2, 2)
    assert sorted([*father["deals"], *son["deals"]]) == sorted(before["deals"])
    assert sorted([*father["emails"], *son["emails"]]) == sorted(before["emails"])
    assert (father["id"], son["id"] != before["id"]) == (before["id"], True)
    assert [line["will"] for line in split["destinations"]] == ["correct", "recreate"]
    assert split["command"].startswith(f"hub profile split {before['profile']} shop-at:customer:")
    assert len(split["cannot"]) == 4
    assert split["undo"] == ["hub judgement withdraw 2"]


def test_the_crm_got_everybody_once(demo: dict[str, Any]) -> None:
    crm = demo["crm"]
    assert (crm["contacts"], crm["deals"], crm["rejected"], crm["unsubscribed"]) == (89, 173, 0, 1)
    assert crm["left_out"] == ["email: INVALID_EMAIL"]
    assert {"207", "429", "500", "silent", "cut"} <= crm["answers"].keys()


def test_nothing_is_left_behind(demo: dict[str, Any]) -> None:
    assert demo["left_behind"] == []


def test_the_shop_has_a_past_so_that_customers_are_in_every_stage(demo: dict[str, Any]) -> None:
    (stages,) = [one["text"] for one in demo["insight"] if one["about"] == "Life cycle"]
    assert all(stage in stages for stage in ("new", "existing", "loyal", "at risk", "former")), stages
