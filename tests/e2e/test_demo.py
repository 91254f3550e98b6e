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
        "newsletter": (28, 19, 9, 18, 1, 0, 0),
        "shop-at": (44, 29, 15, 29, 0, 0, 0),
        "shop-de": (51, 38, 12, 36, 1, 1, 1),
        "social": (10, 6, 4, 6, 0, 0, 0),
        "till": (34, 23, 11, 23, 0, 0, 0),
    }


def test_people_are_merged_for_reasons(demo: dict[str, Any]) -> None:
    anna = next(one for one in demo["merged"] if one["name"] == "Anna Müller")
    assert (anna["records"], anna["connections"]) == (7, ["newsletter", "shop-at", "shop-de", "till"])
    assert sorted(anna["emails"]) == [
        "anna.m87@example.com",
        "anna.mueller@example.de",
        "anna@muellerhaus.example.org",
    ]
    assert demo["people"] == demo["profiles"] == 42


def test_the_crm_got_everybody_once(demo: dict[str, Any]) -> None:
    crm = demo["crm"]
    assert (crm["contacts"], crm["deals"], crm["rejected"], crm["unsubscribed"]) == (41, 47, 1, 1)
    assert {"207", "429", "500", "silent"} <= crm["answers"].keys()


def test_nothing_is_left_behind(demo: dict[str, Any]) -> None:
    assert demo["left_behind"] == []
