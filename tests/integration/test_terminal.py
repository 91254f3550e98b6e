"""What other people wrote does nothing in an operator's terminal, whichever command shows it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
import structlog

from hub import log
from hub.cli import output
from hub.cli.app import COMMANDS, load
from hub.demo.report import show as show_report
from hub.store import alerts, destinations, touches
from hub.store.database import Database
from tests.integration.test_cli import Hub

ESC, CSI, OVERRIDE, ISOLATE = "\x1b", "\x9b", "\u202e", "\u2066"
HOSTILE = f"A{ESC}]0;owned\x07{ESC}[2J{CSI}31m{OVERRIDE}nna{ISOLATE}\nforged line"
ACTS = (ESC, "\x07", CSI, OVERRIDE, ISOLATE)

SHOWN = {
    "check", "connections", "stats", "inbox list", "inbox show", "profile search", "profile show", "profile timeline",
    "profile explain", "profile export", "profile merge", "profile split", "profile note", "profile pin",
    "profile unpin", "review list", "review show",
    "review accept", "review reject", "judgement list", "judgement withdraw", "outbox list", "outbox preview",
    "outbox pause", "outbox resume", "outbox retry", "outbox resend", "outbox redrive", "token list", "token create",
    "rules list", "identity status", "connector list", "connector show", "inbox replay", "profile merges",
    "user add", "user list", "user link", "user role", "user remove",
    "insight run", "insight status", "insight try", "insight apply", "insight rollback", "insight list",
    "insight personas", "insight set", "insight unset", "alerts list", "interactions list", "interactions tone",
    "segments list", "segments show", "segments preview", "report", "consent show", "consent audit",
    "consent suppress", "profile hand-over",
}  # fmt: skip
"""Commands that are run below, with data that acts on terminals in everything they could print."""

ELSEWHERE = {
    "demo", "init", "up", "api", "worker", "scheduler", "migrate", "sandbox", "backfill", "connector new",
    "connector check", "connector try", "connector capture", "identity evaluate", "identity train", "identity retry",
    "rules try",
    "rules apply", "rules rollback", "token revoke", "database sizes", "database prune", "database backup",
    "database restore", "database shell", "connections authorise", "connector add", "connector subscribe", "reconcile",
    "webhook listen", "webhook try", "user password", "alerts test", "forms list",
    "forms resend", "forms preview", "forms test",
}  # fmt: skip
"""Commands that show no data of people; what they print goes through ``hub.cli.output`` like all else."""


@pytest.fixture
def hub(tmp_path: Path, dsn: str) -> Iterator[Hub]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield Hub(tmp_path, dsn)
    root.handlers, root.level = before


def hostile(hub: Hub, database: Database) -> tuple[str, str]:
    """Two people, with such characters wherever text of others is kept; gives their ids."""
    hub.environment["HUB_DATABASE_URL"] = database.dsn
    anna = hub.filled()
    (bert,) = hub.json("profile", "search", "ohm")
    hub("token", "create", "--role", "viewer", "--name", HOSTILE)
    hub("profile", "merge", anna, str(bert["id"]), "--reason", HOSTILE)
    hub("judgement", "withdraw", "1")
    hub.processed()
    (bert,) = hub.json("profile", "search", "ohm")
    with database.session() as session:
        destinations.pause(session, "crm", HOSTILE)
        written = orjson.dumps(HOSTILE).decode()[1:-1]
        session.run("UPDATE profile SET golden = replace(golden, 'Müller', %s)", [written])
        session.run("UPDATE record SET state = replace(state, 'Müller', %s)", [written])
        session.run("UPDATE outbox SET reason = %s, state = 'rejected' WHERE destination = 'bi'", [HOSTILE])
        session.run("UPDATE inbox SET topic = %s, headers = %s, body = %s WHERE id = 1", [
            HOSTILE, orjson.dumps({"x": HOSTILE}).decode(), HOSTILE.encode(),
        ])  # fmt: skip
        session.run("INSERT INTO inbox_outcome VALUES (1, 'parked', %s, now())", [HOSTILE])
        session.run("INSERT INTO attempt (destination, key, version, at, outcome, reason, events) "
                    "SELECT destination, key, 1, now(), 'rejected', %s, '{1}' FROM outbox", [HOSTILE])  # fmt: skip
    return anna, str(bert["id"])


def test_no_command_prints_what_a_terminal_would_act_on(hub: Hub, database: Database) -> None:
    anna, bert = hostile(hub, database)
    ran: dict[str, str] = {}

    def run(*arguments: str, ends: tuple[int, ...] = (0, 1)) -> Any:
        from typer.testing import CliRunner

        from hub.cli.app import app

        ended = CliRunner(env=hub.environment).invoke(app, arguments, catch_exceptions=False)
        name = next(name for name in (" ".join(arguments[:2]), arguments[0]) if name in SHOWN)
        assert ended.exit_code in ends, f"{arguments}: {ended.stdout}{ended.stderr}"
        ran[name] = ran.get(name, "") + ended.stdout + ended.stderr
        return ended

    nothing = str(UUID(int=1))
    segments = hub.folder / "segments.yaml"
    title = output.json_text(HOSTILE)
    segments.write_text(f"segments: {{everybody: {{when: 'id', title: {title}}}}}\n", encoding="utf-8")
    hub.config.write_text(f"{hub.config.read_text(encoding='utf-8')}segments: {segments}\n", encoding="utf-8")
    with database.session() as session:
        touches.replace_pairs(session, [touches.PairRow(HOSTILE, 0, f"={HOSTILE}", 0.5, 5, 9)])
        alerts.note(session, {HOSTILE: (HOSTILE, HOSTILE)}, timedelta(hours=1))
        told = output.json_text({"kind": "message", "channel": HOSTILE, "text": HOSTILE})
        session.run(
            "INSERT INTO fact (id, connection, kind, external_id, happened_at, version_at, received_at, counted, "
            "payload, inbox_id) VALUES (%s, 'bi', 'interaction', '1', now(), now(), now(), true, %s, 1)",
            [UUID(int=9), told],
        )
    for arguments in (
        ("check",), ("connections",), ("stats",), ("inbox", "list"), ("inbox", "show", "1"), ("inbox", "show", "2"),
        ("profile", "search", "anna"), ("profile", "show", anna), ("profile", "timeline", anna),
        ("profile", "explain", anna), ("profile", "export"), ("profile", "merges"),
        ("profile", "note", anna, HOSTILE), ("profile", "pin", anna, "company", HOSTILE),
        ("profile", "unpin", anna, "company"),
        ("profile", "merge", anna, bert, "--dry-run"),
        ("profile", "split", anna, "old-crm:1", "--dry-run"), ("profile", "split", anna, HOSTILE), ("review", "list"),
        ("review", "show", nothing), ("review", "accept", nothing), ("review", "reject", nothing),
        ("judgement", "list", "--withdrawn"), ("judgement", "withdraw", "1"), ("outbox", "list"),
        ("outbox", "preview"), ("outbox", "pause", "crm"), ("outbox", "retry", "crm"), ("outbox", "list"),
        ("outbox", "resume", "crm"), ("outbox", "resend", "bi", "--all"), ("outbox", "redrive"), ("token", "list"),
        ("token", "create", "--role", "viewer", "--name", HOSTILE), ("rules", "list"),
        ("identity", "status"), ("connector", "list"), ("connector", "show", "csv"), ("inbox", "replay"),
        ("user", "add", HOSTILE, "--role", "viewer"), ("user", "list"), ("user", "role", HOSTILE, "support"),
        ("user", "link", HOSTILE), ("user", "remove", HOSTILE),
        ("insight", "run"), ("insight", "status"), ("insight", "try"), ("insight", "apply"), ("insight", "rollback"),
        ("insight", "list"), ("insight", "personas"), ("insight", "set", anna, "stage", HOSTILE, "--reason", HOSTILE),
        ("insight", "set", anna, "stage", "loyal", "--reason", HOSTILE), ("insight", "unset", anna, "stage"),
        ("segments", "list"), ("segments", "show", HOSTILE),
        ("segments", "preview", str(segments)), ("report",), ("report", "products"), ("report", "products", "--csv"),
        ("alerts", "list"), ("interactions", "list"), ("interactions", "tone", nothing, HOSTILE),
        ("profile", "hand-over", anna, HOSTILE, "--reason", HOSTILE), ("consent", "show", anna), ("consent", "audit"),
        ("consent", "audit", "--csv"),
        ("consent", "suppress", "email:nobody@example.org"),
    ):  # fmt: skip
        run(*arguments)

    assert {name: said for name, said in ran.items() if any(sign in said for sign in ACTS)} == {}
    assert set(ran) == SHOWN
    # and it is shown that something is there
    for name in ("inbox list", "inbox show", "outbox list", "token list", "judgement list"):
        assert "␛]0;owned" in ran[name], name
    for name in ("inbox list", "outbox list"):
        assert not [line for line in ran[name].splitlines() if line.startswith("forged")], name
    # while JSON has the exact value
    assert {each["name"] for each in hub.json("token", "list")} == {HOSTILE}
    assert hub.json("inbox", "show", "1")["headers"] == {"x": HOSTILE}
    assert not [sign for sign in ACTS if sign in hub("token", "list", "--json").stdout]


def test_every_command_is_either_walked_or_shows_nobody() -> None:
    leaves = set()
    for name in COMMANDS:
        inner = getattr(load(name), "commands", None)
        leaves |= {f"{name} {each}" for each in inner} if inner else {name}
    assert leaves - SHOWN - ELSEWHERE == set()


def test_rich_shows_the_same_and_reads_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    output.SafeConsole(width=200).print(f"[bold]x[/] {HOSTILE}")
    output.show_table(("name",), [[HOSTILE]])
    said = capsys.readouterr().out

    assert not [sign for sign in ACTS if sign in said]
    assert said.startswith("[bold]x[/] A␛]0;owned")
    assert said.count("␊forged line") == 1  # a cell is one line


def test_the_demo_prints_through_the_same_place(capsys: pytest.CaptureFixture[str]) -> None:
    assert show_report.__module__ == "hub.demo.report"
    sources = [path for path in Path("hub/cli").rglob("*.py") if path.name != "output.py"]
    prints = [path for path in sources if "Console(" in path.read_text(encoding="utf-8").replace("SafeConsole(", "")]
    assert prints == []


def test_lines_of_the_log_for_people_do_nothing_either(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers, root.level
    try:
        log.configure("info", "console")
        log.get_logger().info("delivery.said", reason=HOSTILE, more=[HOSTILE])
        said = capsys.readouterr().err
        log.configure("info", "json")
        log.get_logger().info("delivery.said", reason=HOSTILE)
        exact = orjson.loads(capsys.readouterr().err)["reason"]
    finally:
        root.handlers, root.level = before
        structlog.reset_defaults()
    assert not [sign for sign in (CSI, OVERRIDE, ISOLATE, "\x07", f"{ESC}]", f"{ESC}[2J") if sign in said]
    assert exact == HOSTILE
