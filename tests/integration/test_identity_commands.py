"""``hub identity evaluate``, ``train`` and ``status``, as scripts and people call them."""

from __future__ import annotations

import csv
import json
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from benchmarks.people import COLUMNS, people
from hub.cli.evaluation import evaluate
from hub.errors import PayloadError
from hub.learning import evaluate as reference
from hub.model.judgement import Judgement
from hub.store import judgements
from hub.store.database import Database
from tests.integration.test_cli import Hub

NOW = datetime(2026, 3, 1, tzinfo=UTC)
GROUP = "id;mail;vorname;nachname;tel\n" + "".join(
    f"{number};team@example.de;{name};{last};\n"
    for number, (name, last) in enumerate(
        zip(
            "Anna Bert Carla Dirk Elif Frank Greta Hans Ines Jonas Katrin Lukas Maria Nils".split(),  # noqa: SIM905
            "Adler Brandt Conrad Dietrich Ernst Fuchs Gross Haas Ilgner Jung Koch Lang Maurer Neumann".split(),  # noqa: SIM905
            strict=True,
        )
    )
)


@pytest.fixture
def hub(tmp_path: Path, dsn: str) -> Iterator[Hub]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield Hub(tmp_path, dsn)
    root.handlers, root.level = before
    structlog.reset_defaults()


def labelled(folder: Path, rows: int) -> Path:
    path = folder / "labelled.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, COLUMNS, restval="")
        out.writeheader()
        out.writerows(people(rows))
    return path


def left_behind() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("hub-evaluate-*/records.csv"))


# -- evaluate ---------------------------------------------------------------------------------------------------------


def test_the_products_own_way_finds_what_the_reference_in_memory_finds(tmp_path: Path):
    path = labelled(tmp_path, 300)
    steps: list[str] = []

    found = evaluate(path, lambda step, done=0, total=None: steps.append(step))
    expected = reference.evaluate(path, train=True)

    assert (found.records, found.clusters, found.trained) == (300, expected.clusters, True)
    assert astuple(found.quality) == astuple(expected.quality)
    assert found.quality.f1 > 0.7
    assert list(dict.fromkeys(steps)) == [
        "read the file", "start a database", "import", "resolve", "train", "resolve again", "compare",
    ]  # fmt: skip


def test_scripts_get_the_figures_and_nothing_is_left_behind(hub: Hub):
    path = hub.folder / "few.csv"
    path.write_text(
        "record_id;cluster_id;source;first_name;last_name;email;phone;country;shoe_size\n"
        "1;a;shop;Jörg;Müller;joerg@example.de;0791 128 0051;GB;\n"
        "2;a;till;Joerg;Mueller;joerg@example.de;+44 791 1280051;;44\n"
        "3;b;till;Zoe;Klein;;030 23125 199;;\n",
        encoding="utf-8",
    )
    before = left_behind()

    ended = hub("identity", "evaluate", str(path), "--json")
    told = json.loads(ended.stdout)

    seconds, steps = told.pop("seconds"), told.pop("steps")
    assert told == {
        "records": 3, "clusters": 2, "precision": 1.0, "recall": 1.0, "f1": 1.0, "b_cubed_f1": 1.0, "review_pairs": 0,
        "quarantined": 0, "trained": False, "ignored_columns": ["shoe_size"],
    }  # fmt: skip
    assert seconds == pytest.approx(sum(steps.values()), abs=0.01)
    assert "ignored, Hub reads no such columns: shoe_size" in ended.stderr
    assert left_behind() == before
    assert hub.json("stats")["records"] == 0


def test_a_row_that_the_connector_does_not_take_is_an_error_with_its_line(hub: Hub, monkeypatch: pytest.MonkeyPatch):
    def refuse(row: dict[str, str], *_: Any, **__: Any) -> Any:
        raise PayloadError("not to be read", path=f"row of {row['record_id']}")

    monkeypatch.setattr("hub.connectors.csv.source.event", refuse)
    path = hub.folder / "parked.csv"
    path.write_text("record_id,cluster_id,first_name\n\n1,a,Anna\n\n2,b,Bert\n", encoding="utf-8")

    assert hub.json("identity", "evaluate", str(path), ends=1) == {
        "faults": ["line 3: row of 1: not to be read; line 5: row of 2: not to be read"]
    }


def test_faults_of_a_file_end_with_2(hub: Hub):
    path = hub.folder / "bad.csv"
    path.write_text("record_id,email\n1,anna@example.de\n", encoding="utf-8")

    assert hub.json("identity", "evaluate", str(path), ends=2) == {
        "faults": ["bad.csv: line 1: there is no column 'cluster_id'"]
    }


# -- train ------------------------------------------------------------------------------------------------------------


def test_training_tells_what_changed_and_can_resolve_at_once(hub: Hub):
    hub.filled()
    model = hub.folder / "model.json"

    dry = hub.json("identity", "train", "--dry-run")
    done = hub("identity", "train", "--estimator", "hub", "--export", str(model)).stdout.splitlines()
    waiting = hub.json("identity", "status")["waiting"]
    again = hub.json("identity", "train", "--estimator", "hub", "--wait")
    brought = hub.json("identity", "train", "--import", str(model), "--dry-run")

    assert (dry["records"], dry["stored"], dry["version"], dry["queued"], dry["waiting"]) == (3, False, 0, 3, 0)
    assert done[0] == "read 3 records and 0 answers to reviews"
    assert "  the weights are now for 3 records (before 10,000)" in done
    assert done[-2:] == [f"wrote {model}", "version 1 is in force; 3 records are to be resolved again"]
    assert waiting == 3
    assert (again["stored"], again["version"], again["waiting"]) == (False, 1, 0)
    assert hub.json("identity", "status")["waiting"] == 0
    assert brought["changes"] == []


def test_a_model_that_cannot_be_used_ends_with_2_and_every_fault(hub: Hub):
    bad = hub.folder / "bad.json"

    def faults(content: str, *more: str) -> list[str]:
        bad.write_text(content, encoding="utf-8")
        told: dict[str, Any] = hub.json("identity", "train", "--import", str(bad), *more, ends=2)
        return [fault.removeprefix(f"{bad}: ") for fault in told["faults"]]

    wrong = {"probability_two_random_records_match": 3, "comparisons": [{"output_column_name": "shoe"}]}

    assert faults("{") == ["is not JSON"]
    assert faults("[]") == ["is no object: Splink's model is one with `comparisons`"]
    assert faults("{}") == ["comparisons: is no list"]
    assert faults(json.dumps(wrong)) == ["comparisons.0.comparison_levels: is no list of objects"]
    wrong["comparisons"] = [{"output_column_name": "shoe", "comparison_levels": []}, 7]
    assert [fault.partition(":")[0] for fault in faults(json.dumps(wrong))] == [
        "probability_two_random_records_match", "comparisons.0", "comparisons.1",
    ]  # fmt: skip
    assert hub.json("identity", "train", "--export", "/nowhere/model.json", ends=2) == {
        "faults": ["/nowhere/model.json: there is no folder /nowhere"]
    }


# -- status -----------------------------------------------------------------------------------------------------------


def test_status_tells_what_is_quarantined_held_and_too_large(hub: Hub, database: Database):
    (hub.folder / "rules.yaml").write_text("limits: {records: 1}\n", encoding="utf-8")
    hub.config.write_text(
        f"{hub.config.read_text(encoding='utf-8')}identity: {hub.folder}/rules.yaml\n", encoding="utf-8"
    )
    (hub.folder / "kunden.csv").write_text(GROUP, encoding="utf-8")
    hub("backfill", "old-crm")
    hub.processed()
    with database.session() as session:
        one, other, third = [row[0] for row in session.rows("SELECT id FROM record ORDER BY id LIMIT 3")]
        profile = session.rows("SELECT profile_id FROM record WHERE id = %s", [one])[0][0]
        held = judgements.insert(
            session,
            Judgement(0, "hold", frozenset({one}), frozenset({other}), "hub", "1200 orders, the limit is 1", NOW),
        )
        session.run("UPDATE record SET profile_id = %s WHERE id = %s", [profile, third])
        places = {row[0] for row in session.rows("SELECT profile_id FROM record WHERE id = ANY(%s)", [[one, other]])}

    told = hub.json("identity", "status", "--limit", "1")
    shown = hub("identity", "status").stdout

    (quarantined,) = told["quarantined"]["items"]
    quarantined.pop("since")
    assert quarantined == {
        "kind": "email", "value": "team@example.de", "more_people_than": 10, "carriers": 14, "profiles": 13,
        "text": "would join 13 profiles into one if it were trusted",
    }  # fmt: skip
    assert told["above_limits"] == {
        "count": 1, "items": [{"profile": str(profile), "records": 2, "orders": 0, "revenue": "0"}]
    }  # fmt: skip
    (hold,) = told["holds"]["items"]
    assert (hold["id"], hold["reason"], set(hold["profiles"])) == (held.id, held.reason, {str(one) for one in places})
    assert (told["version"], told["weights"], told["records"], told["automatic_training"]) == (None, None, 14, True)
    assert told["limits"] == {"records": 1, "orders": 1_000, "revenue": "100000.00"}
    assert "identifiers that prove nothing, because too many share them: 1" in shown
    assert "would join 13 profiles into one if it were trusted" in shown


def test_status_names_the_version_in_force(hub: Hub):
    hub.filled()
    hub("identity", "train", "--wait")

    told = hub.json("identity", "status")
    shown = hub("identity", "status").stdout

    assert told["version"] == told["weights"]
    assert (told["version"]["id"], told["version"]["records"]) == (1, 3)
    assert "trained by hand, estimator both, from 3 records" in shown
