"""``hub user``: who may open the console, as an admin at the command line has it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from typer.testing import CliRunner

from hub.application import sign_in
from hub.cli.app import app
from hub.store import audit, console_sessions, users
from hub.store.database import Database
from tests.integration import test_cli

PASSWORD = "correct horse battery"


class Hub(test_cli.Hub):
    """The command, which also reads what is given to it."""

    def __call__(self, *arguments: str, ends: int = 0, stdin: str = "") -> Any:
        ended = CliRunner(env=self.environment).invoke(app, arguments, input=stdin, catch_exceptions=False)
        assert ended.exit_code == ends, f"{ended.exit_code}: {ended.stdout}{ended.stderr}"
        return ended

    def json(self, *arguments: str, ends: int = 0, stdin: str = "") -> Any:
        return orjson.loads(self(*arguments, "--json", ends=ends, stdin=stdin).stdout)


@pytest.fixture
def hub(tmp_path: Path, dsn: str) -> Iterator[Hub]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield Hub(tmp_path, dsn)
    root.handlers, root.level = before


def test_somebody_is_added_with_a_password_from_stdin_and_listed(hub: Hub, database: Database) -> None:
    made = hub.json("user", "add", "anna", "--role", "operator", stdin=f"{PASSWORD}\n")
    assert (made["name"], made["role"]) == ("anna", "operator")
    hub("user", "add", "bert", "--role", "viewer", "--without-password")
    assert [(user["name"], user["role"]) for user in hub.json("user", "list")] == [
        ("anna", "operator"),
        ("bert", "viewer"),
    ]
    assert sign_in.by_password(database, "anna", PASSWORD) is not None
    assert sign_in.by_password(database, "bert", "") is None
    assert PASSWORD not in str(hub.json("user", "list"))


@pytest.mark.parametrize(
    ("name", "stdin", "said"),
    [
        ("anna", "too short\n", "12 to 200 letters"),
        ("anna", "", "no password was given"),
        ("", f"{PASSWORD}\n", "1 to 100 letters"),
        ("a\u202ennab", f"{PASSWORD}\n", "1 to 100 letters"),
        ("command line", f"{PASSWORD}\n", "another name"),
    ],
)
def test_a_wrong_name_or_password_adds_nobody(hub: Hub, database: Database, name: str, stdin: str, said: str) -> None:
    assert said in hub("user", "add", name, "--role", "admin", stdin=stdin, ends=1).stderr
    assert hub.json("user", "list") == []


def test_a_name_is_given_once(hub: Hub, database: Database) -> None:
    hub("user", "add", "anna", "--role", "viewer", "--without-password")
    assert "already" in hub("user", "add", "anna", "--role", "admin", "--without-password", ends=1).stderr
    assert hub.json("user", "list")[0]["role"] == "viewer"


def test_a_role_holds_at_once_for_an_open_session(hub: Hub, database: Database) -> None:
    hub("user", "add", "anna", "--role", "admin", stdin=f"{PASSWORD}\n")
    text = sign_in.by_password(database, "anna", PASSWORD)
    assert text
    hub("user", "role", "anna", "viewer")
    with database.session() as session:
        held = console_sessions.bearer(session, text)
    assert held
    assert held.role == "viewer"


def test_another_password_ends_open_sessions(hub: Hub, database: Database) -> None:
    hub("user", "add", "anna", "--role", "admin", stdin=f"{PASSWORD}\n")
    text = sign_in.by_password(database, "anna", PASSWORD)
    assert text
    hub("user", "password", "anna", stdin="another long password\n")
    with database.session() as session:
        assert console_sessions.bearer(session, text) is None
    assert sign_in.by_password(database, "anna", PASSWORD) is None
    assert sign_in.by_password(database, "anna", "another long password") is not None


def test_a_link_opens_the_console_once_and_keeps_its_secret_from_servers(hub: Hub, database: Database) -> None:
    hub("user", "add", "anna", "--role", "support", "--without-password")
    parts = urlsplit(hub.json("user", "link", "anna")["url"])
    assert (parts.path, parts.query) == ("/console/enter", "")
    with database.session() as session:
        assert sign_in.by_ticket(session, parts.fragment) is not None
    with database.session() as session:
        assert sign_in.by_ticket(session, parts.fragment) is None


def test_who_is_removed_is_out_at_once(hub: Hub, database: Database) -> None:
    hub("user", "add", "anna", "--role", "admin", stdin=f"{PASSWORD}\n")
    text = sign_in.by_password(database, "anna", PASSWORD)
    assert text
    assert hub.json("user", "remove", "anna") == {"removed": "anna"}
    with database.session() as session:
        assert console_sessions.bearer(session, text) is None
        assert users.page(session) == []


@pytest.mark.parametrize("arguments", [("role", "nobody", "admin"), ("link", "nobody"), ("remove", "nobody")])
def test_an_unknown_name_is_said(hub: Hub, database: Database, arguments: tuple[str, ...]) -> None:
    assert "no user of this name" in hub("user", *arguments, ends=1).stderr


def test_each_change_is_in_the_audit_log_under_the_command_line(hub: Hub, database: Database) -> None:
    id_ = hub.json("user", "add", "anna", "--role", "viewer", "--without-password")["id"]
    hub("user", "role", "anna", "support")
    hub("user", "password", "anna", stdin=f"{PASSWORD}\n")
    hub("user", "link", "anna")
    hub("user", "remove", "anna")
    with database.session() as session:
        entries = audit.page(session, who=sign_in.COMMAND_LINE, area="user", limit=9)
    actions = ["user.remove", "user.link", "user.password", "user.role", "user.add"]
    assert [(entry.action, entry.subject) for entry in entries] == [(action, str(id_)) for action in actions]
