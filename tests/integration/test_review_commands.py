"""``hub review`` as people at a terminal and scripts call it, on what a file and the whole product make of it."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from hub import bootstrap
from hub.application.process import process_batch
from hub.cli.app import app
from hub.cli.judgement import show_judged
from hub.settings import load

CONFIG = """
connections:
  old-crm: {{connector: csv, path: {folder}/kunden.csv,
            fields: {{external_id: id, email: mail, first_name: vorname, last_name: nachname, phone: tel,
                      street: strasse, postal_code: plz, city: ort}}}}
"""
ROWS = """id;mail;vorname;nachname;tel;strasse;plz;ort
1;kb@example.de;Käthe;Brandner;030 23125017;Torstraße 12;10119;Berlin
2;laden@example.org;Katharina;Brandner;;Torstraße 12;10119;Berlin
3;bert@example.org;Bert;Ohm;;Am Kai 1;20457;Hamburg
"""


class Hub:
    """The command with a configuration, a database, and three people of whom two may be one."""

    def __init__(self, folder: Path, dsn: str) -> None:
        config = folder / "hub.yaml"
        config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
        (folder / "kunden.csv").write_text(ROWS, encoding="utf-8")
        self.environment = {"HUB_DATABASE_URL": dsn, "HUB_CONFIG": str(config), "HUB_LOG_LEVEL": "error"}
        self("backfill", "old-crm")
        with bootstrap.runtime(load(config, self.environment), pool_size=2) as run:
            while process_batch(run.processing).entries:
                pass

    def __call__(self, *arguments: str, ends: int = 0) -> Any:
        ended = CliRunner(env=self.environment).invoke(app, arguments, catch_exceptions=False)
        assert ended.exit_code == ends, f"{ended.exit_code}: {ended.stdout}{ended.stderr}"
        return ended

    def json(self, *arguments: str, ends: int = 0) -> Any:
        return orjson.loads(self(*arguments, "--json", ends=ends).stdout)


@pytest.fixture
def hub(tmp_path: Path, dsn: str) -> Hub:
    return Hub(tmp_path, dsn)


def test_reviews_are_read_side_by_side_and_accepted(hub: Hub) -> None:
    (item,) = hub.json("review", "list")
    listed = hub("review", "list").stdout

    lines = listed.splitlines()
    assert lines[0] == f"review {item['id']}: 2.0 bits, between ask and same; at stake: 0 orders"
    (names,) = [line for line in lines if line.startswith("name")]
    assert sorted(names.split()[1:]) == ["Brandner", "Brandner", "Katharina", "Käthe"]
    assert any("e-mails differ" in line for line in lines)
    assert hub("review", "show", item["id"]).stdout == listed
    assert hub.json("review", "show", item["id"]) == item
    assert hub.json("stats")["reviews"] == {"open": 1}

    done = hub("review", "accept", item["id"], "--reason", "she said so").stdout

    (profile,) = hub.json("profile", "search", "brandner")
    (retired,) = {side["id"] for side in item["profiles"]} - {profile["id"]}
    assert done.splitlines() == [
        f"one person now: profile {profile['id']}",
        f"  {retired} was merged away; its id leads on",
        f"  judgement 1: same, by {getpass.getuser()}",
        "to take it back: hub judgement withdraw 1",
    ]
    assert hub("review", "list").stderr == "nothing waits for a person\n"
    late = hub.json("review", "reject", item["id"], ends=1)["faults"]
    assert late[0] == f"review {item['id']} was answered already: accept"
    assert "instead: `hub judgement withdraw 1` takes it back" in late


def test_destinations_are_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    line = {"destination": "crm", "profile": "p1", "text": "two contacts become one", "cannot": ["the second's id"]}
    judgement = {"id": 3, "verdict": "same", "by": "mia", "withdrawn_at": None}
    done = {"judgement": judgement, "retired": [], "restored": [], "also": [], "withdrawn": [], "destinations": [line]}

    show_judged({**done, "undo": ["hub judgement withdraw 3", "hub profile merge p1 p2"]}, head="apart")

    assert capsys.readouterr().out.splitlines() == [
        "apart",
        "  judgement 3: same, by mia",
        "  crm, p1: two contacts become one",
        "    not to be undone there: the second's id",
        "to take it back: hub judgement withdraw 3",
        "then: hub profile merge p1 p2",
    ]


def test_reject_is_for_now(hub: Hub) -> None:
    (item,) = hub.json("review", "list")

    rejected = hub("review", "reject", item["id"]).stdout
    assert rejected == "not now: the review comes back when its evidence has grown\n"
    assert hub.json("review", "list") == []
    assert hub.json("judgement", "list") == []


def test_who_thinks_otherwise_than_a_rejection_is_told_the_command(hub: Hub) -> None:
    (item,) = hub.json("review", "list")
    hub("review", "reject", item["id"])
    one, other = (side["id"] for side in item["profiles"])

    late = [hub.json("review", *again, item["id"], ends=1)["faults"] for again in (("accept",), ("reject", "--never"))]
    (said,) = [fault for fault in late[0] if fault.startswith("instead: ")]
    merged = hub(*said.split("`")[1].split()[1:]).stdout
    (now,) = [fault for fault in hub.json("review", "show", item["id"], ends=1)["faults"] if "instead" in fault]

    assert late[0] == late[1]
    assert said == (
        f"instead: `hub profile merge {one} {other}` makes them one person; "
        "without it they stay two, until their evidence has grown"
    )
    assert merged.startswith("one person now")
    assert now.endswith("RECORD...` makes them two people for ever")


def test_never_is_a_judgement(hub: Hub) -> None:
    (item,) = hub.json("review", "list", "--limit", "5")

    done = hub.json("review", "reject", item["id"], "--never")

    assert (done["answer"], done["judged"]["judgement"]["verdict"]) == ("never", "different")
    assert [each["verdict"] for each in hub.json("judgement", "list")] == ["different"]
    assert hub("review", "show", item["id"], ends=1).stderr.startswith(f"review {item['id']} was answered already")


def test_accepting_can_be_tried_first(hub: Hub) -> None:
    (item,) = hub.json("review", "list")

    tried = hub("review", "accept", item["id"], "--dry-run").stdout

    assert tried.startswith("nothing was changed; it would be: one person now: profile ")
    assert hub.json("review", "list") == [item]
    assert len(hub.json("profile", "search", "brandner")) == 2


def test_status_tells_what_people_answered_by_bits_and_whether_the_thresholds_look_right(hub: Hub) -> None:
    before, shown = hub.json("identity", "status")["calibration"], hub("identity", "status").stdout
    assert (before["answered"], len(before["bands"])) == (0, 4)
    assert "what people answered, by the bits at which they were asked: 0" in shown

    (item,) = hub.json("review", "list")
    hub("review", "accept", item["id"])
    told, shown = hub.json("identity", "status")["calibration"], hub("identity", "status").stdout

    counted = [band for band in told["bands"] if band["answered"]]
    assert counted == [
        {"since": 2.0, "until": 3.0, "probability": [0.8, 0.889], "answered": 1, "accepted": 1, "refused": 0}
    ]
    assert told["text"].startswith("too few answers to say whether the thresholds are right")
    assert told["text"] in shown
    assert "80% to 89%" in shown

    # an answer taken back counts no more, and what was decided without being asked is told apart
    hub("judgement", "withdraw", "1")
    one, other = (side["id"] for side in item["profiles"])
    hub("profile", "merge", one, other)
    told = hub.json("identity", "status")["calibration"]
    assert (told["answered"], told["joined_by_hand"], told["taken_apart_by_hand"]) == (0, 1, 0)
