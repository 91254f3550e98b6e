"""``hub rules``, and what a restart does with changed files, as scripts and people call them."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_cli import Hub


@pytest.fixture
def hub(tmp_path: Path, dsn: str) -> Iterator[Hub]:
    root = logging.getLogger()
    before = root.handlers, root.level
    made = Hub(tmp_path, dsn)
    (tmp_path / "kunden.csv").write_text(
        "id;mail;vorname;nachname;tel\n1;anna@example.de;Anna;;\n2;bert@example.org;Bert;;\n3;anna@example.de;Anna;;\n",
        encoding="utf-8",
    )
    made("backfill", "old-crm")
    made.processed()
    yield made
    root.handlers, root.level = before


def file(hub: Hub, text: str, name: str = "try.yaml") -> str:
    path = hub.folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


BLOCKED = "identifiers: {email: {blocked: [anna@example.de]}}\n"


def profiles(hub: Hub) -> dict[str, Any]:
    """Every profile, without the ids that lead to it: one that was given once does so for ever."""
    left_out = ("destinations", "updated_at", "aliases")
    return {
        profile["id"]: {name: value for name, value in profile.items() if name not in left_out}
        for word in ("anna", "bert")
        for profile in hub.json("profile", "search", word)
    }


def test_people_read_what_would_happen_and_why(hub: Hub) -> None:
    before = profiles(hub)

    told = hub("rules", "try", file(hub, BLOCKED)).stdout.splitlines()

    assert told[:4] == [
        "changed: identifiers.email.blocked now has anna@example.de",
        "3 records; profiles: 2 now, 3 then",
        "0 would merge, 1 would split, 0 merges would wait for a person",
        "0 golden profiles would have other values",
    ]
    assert "  decided by identifiers.email.blocked now has anna@example.de: anna@example.de" in told
    assert any(line.startswith("  - the same e-mail: anna@example.de") for line in told)
    assert profiles(hub) == before
    assert hub.json("rules", "list") == []


def test_a_shared_address_that_is_blocked_proves_nothing_still(hub: Hub) -> None:
    hub("rules", "apply", file(hub, "identifiers: {email: {max_records: 1}}\n"), "--yes", "--wait")

    blocked = hub("rules", "try", file(hub, BLOCKED)).stdout.splitlines()
    off = hub("rules", "try", file(hub, "identifiers: {email: {strength: 'off'}}\n")).stdout.splitlines()

    for told, because in ((blocked, "is blocked"), (off, "is off: it proves nothing")):
        assert "1 shared identifiers would be off or blocked: they prove nothing, as now" in told
        assert f"email anna@example.de {because}; 2 records carry it" in told
        assert not any("prove something again" in line for line in told)


def test_scripts_get_all_of_it(hub: Hub) -> None:
    told = hub.json("rules", "try", file(hub, BLOCKED), "--limit", "1")

    assert told["rules"] == [
        {
            "path": "identifiers.email.blocked",
            "before": [],
            "after": ["anna@example.de"],
            "text": "identifiers.email.blocked now has anna@example.de",
        }
    ]
    assert (told["records"], told["profiles"], told["profiles_after"], told["waiting"]) == (3, 2, 3, 0)
    assert [told[name]["count"] for name in ("merges", "splits", "held", "values")] == [0, 1, 0, 0]
    assert told["destinations"].keys() == {"crm", "bi"}


def test_rules_that_are_in_force_change_nothing(hub: Hub) -> None:
    same = file(hub, "identifiers: {}\n")

    assert "nothing would change" in hub("rules", "try", same).stdout
    assert hub.json("rules", "apply", same, "--yes")["stored"] is False


def test_every_fault_is_told_and_nothing_applied(hub: Hub) -> None:
    wrong = file(hub, "identifiers: {fax: {strength: strong}, phone: {max_people: 0}}\nthresholds: {same: 1, ask: 2}\n")

    for command in (("try", wrong), ("apply", wrong, "--yes"), ("try", str(hub.folder / "nothing.yaml"))):
        faults = hub.json("rules", *command, ends=2)["faults"]
        assert len(faults) == (1 if "nothing" in command[1] else 3)
    assert hub.json("rules", "list") == []


def test_nothing_is_applied_where_nobody_can_be_asked(hub: Hub) -> None:
    assert hub("rules", "apply", file(hub, BLOCKED), ends=2).stdout == ""
    assert hub.json("rules", "list") == []


def test_applied_and_taken_back(hub: Hub) -> None:
    before = profiles(hub)

    applied = hub("rules", "apply", file(hub, BLOCKED), "--yes", "--note", "a desk", "--wait")
    after = profiles(hub)
    back = hub.json("rules", "rollback", "--wait")
    listed = hub.json("rules", "list")

    assert "version 2 is in force; 0 records wait to be resolved by it" in applied.stdout
    assert "the configuration says otherwise" in applied.stderr
    assert len(after) == 3
    assert back == {"version": 3, "stored": True, "restores": 1, "waiting": 0}
    assert profiles(hub) == before
    assert [(row["id"], row["by"], row["note"], row["active"], row["restores"]) for row in listed] == [
        (3, getpass.getuser(), "rollback to version 1", True, 1),
        (2, getpass.getuser(), "a desk", False, None),
        (1, "configuration", "as configured", False, None),
    ]
    assert "rollback to version 1" in hub("rules", "list").stdout


def test_without_wait_the_workers_do_it(hub: Hub) -> None:
    done = hub.json("rules", "apply", file(hub, BLOCKED), "--yes")
    assert (done["waiting"], len(profiles(hub))) == (3, 2)
    hub.processed()
    assert len(profiles(hub)) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "there is no earlier version to go back to"), (("9",), "there is no version 9")],
)
def test_what_cannot_be_taken_back_is_refused(hub: Hub, arguments: tuple[str, ...], said: str) -> None:
    (fault,) = hub.json("rules", "rollback", *arguments, ends=1)["faults"]
    assert fault.startswith(said)


def test_a_changed_file_is_taken_at_the_next_start_and_can_be_taken_back(hub: Hub) -> None:
    hub("migrate")
    identity = file(hub, BLOCKED, "identity.yaml")
    hub.config.write_text(hub.config.read_text(encoding="utf-8") + f"identity: {identity}\n", encoding="utf-8")

    hub("migrate")
    hub.processed()
    taken = len(profiles(hub))
    hub.json("rules", "rollback", "--wait")
    hub("migrate")

    assert taken == 3
    assert len(profiles(hub)) == 2
    assert [(row["by"], row["note"], row["active"]) for row in hub.json("rules", "list")] == [
        (getpass.getuser(), "rollback to version 1", True),
        ("configuration", "configuration changed", False),
        ("configuration", "as configured", False),
    ]
