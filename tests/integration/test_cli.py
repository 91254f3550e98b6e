"""The operators' commands, as scripts and people call them."""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from typer.testing import CliRunner

from hub import bootstrap
from hub.application.process import process_batch
from hub.cli.app import COMMANDS, app, load
from hub.settings import load as load_settings
from hub.store import outbox, tokens
from hub.store.database import Database
from tests.support.processes import free_port, wait_until_ready

CONFIG = """
connections:
  old-crm: {{connector: csv, path: {folder}/kunden.csv,
            fields: {{external_id: id, email: mail, first_name: vorname, last_name: nachname, phone: tel}}}}
  shop:    {{connector: shopify, webhook_secret: hush-hafenkante}}
  crm:     {{connector: hubspot, access_token: pat-very-secret}}
  bi:      {{connector: webhook, url: "https://bi.example.com/in/{secret}", secret: {secret}}}
routes:
  - {{to: crm}}
  - {{to: bi}}
"""
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
ROWS = """id;mail;vorname;nachname;tel
1;anna@example.de;Anna;Müller;030 23125017
2;bert@example.org;Bert;Ohm;
3;ANNA@example.de;Änne;Müller;
"""


class Hub:
    """The command with a configuration and a database of its own."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder = folder
        self.config = folder / "hub.yaml"
        self.config.write_text(CONFIG.format(folder=folder, secret=SECRET), encoding="utf-8")
        (folder / "kunden.csv").write_text(ROWS, encoding="utf-8")
        self.environment = {"HUB_DATABASE_URL": dsn, "HUB_CONFIG": str(self.config), "HUB_LOG_LEVEL": "error"}

    def __call__(self, *arguments: str, ends: int = 0) -> Any:
        """Run in this process; gives the result, after a look at its exit code."""
        ended = CliRunner(env=self.environment).invoke(app, arguments, catch_exceptions=False)
        assert ended.exit_code == ends, f"{ended.exit_code}: {ended.stdout}{ended.stderr}"
        return ended

    def json(self, *arguments: str, ends: int = 0) -> Any:
        return orjson.loads(self(*arguments, "--json", ends=ends).stdout)

    def processed(self) -> None:
        with bootstrap.runtime(load_settings(self.config, self.environment), pool_size=2) as run:
            while process_batch(run.processing).entries:
                pass

    def filled(self) -> str:
        """The file's three rows as two profiles; gives Anna's id."""
        self("backfill", "old-crm")
        self.processed()
        (anna,) = self.json("profile", "search", "müller")
        return str(anna["id"])


@pytest.fixture
def hub(tmp_path: Path, dsn: str) -> Iterator[Hub]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield Hub(tmp_path, dsn)
    root.handlers, root.level = before


# -- the command itself -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_the_listed_help_is_the_commands_own(name: str):
    command = load(name)

    assert (command.help or "").splitlines()[0] == COMMANDS[name].help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_json_and_config(name: str):
    command = load(name)
    commands = getattr(command, "commands", {name: command})

    for each in commands.values():
        options = {option for parameter in each.params for option in parameter.opts}
        assert {"--json", "--config"} <= options, each.name


def test_help_is_quick_and_lists_everything():
    before = os.times()
    ended = subprocess.run([sys.executable, "-m", "hub.cli", "--help"], capture_output=True, text=True, check=True)
    after = os.times()

    assert [name for name in COMMANDS if f" {name} " not in ended.stdout] == []
    assert after.children_user - before.children_user < 2.0  # of its own time, not of a busy machine's
    imported = subprocess.run(
        [sys.executable, "-c", "import hub.cli.app, sys; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert {"pydantic", "psycopg", "fastapi", "dramatiq", "httpx"}.isdisjoint(imported)


def test_at_its_end_a_command_is_not_looked_through_for_cycles_and_while_it_runs_it_is():
    ends = "atexit.register(lambda: print(gc.isenabled(), gc.get_freeze_count() > 10_000))"
    program = f"import atexit, gc, sys; {ends}; from hub.cli.app import main; sys.argv[1:] = ['init', '--help']; main()"

    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert said.endswith("True True\n")


def test_a_reading_command_does_not_wait_for_the_web_framework():
    loaded = "import hub.cli.stats, hub.bootstrap, hub.store.stats, sys; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()

    assert {"fastapi", "uvicorn", "dramatiq", "redis", "alembic"}.isdisjoint(imported)


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("inbox", "show", "anna"),
        ("inbox", "list", "--since", "yesterday"),
        ("inbox", "list", "--state", "lost"),
        ("token", "create"),
        ("token", "create", "--role", "owner"),
        ("backfill", "old-cmr"),
        ("backfill", "bi"),
        ("outbox", "preview", "--destination", "old-crm"),
        ("outbox", "list", "--destination", "cmr"),
        ("outbox", "redrive", "--destination", "cmr"),
        ("inbox", "list", "--connection", "old-cmr"),
        ("inbox", "replay", "--connection", "old-cmr"),
        ("inbox", "show", "9" * 20),
        ("inbox", "replay", "9" * 20),
        ("stats", "--config", "nowhere.yaml"),
    ],
)
def test_wrong_usage_and_configuration_end_with_2(hub: Hub, arguments: tuple[str, ...]):
    assert hub(*arguments, ends=2).stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("inbox", "show", "7"),
        ("inbox", "replay", "7"),
        ("profile", "show", "00000000-0000-0000-0000-000000000001"),
        ("profile", "timeline", "00000000-0000-0000-0000-000000000001"),
        ("profile", "show", "waldemar"),
        ("profile", "explain", "00000000-0000-0000-0000-000000000001"),
        ("outbox", "redrive", "00000000-0000-0000-0000-000000000001"),
        ("token", "revoke", "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_what_is_not_there_ends_with_1_and_says_so(hub: Hub, arguments: tuple[str, ...]):
    assert len(hub.json(*arguments, ends=1)["faults"]) == 1


def test_a_database_that_is_away_ends_with_1_and_no_password(hub: Hub):
    hub.environment["HUB_DATABASE_URL"] = "postgresql://hub:pass-word@127.0.0.1:1/hub"

    ended = hub("stats", ends=1)

    assert "the database cannot be reached" in ended.stderr
    assert "pass-word" not in ended.stderr + ended.stdout


# -- backfill, inbox --------------------------------------------------------------------------------------------------


def test_history_is_fetched_once_and_again_when_asked(hub: Hub):
    first = hub.json("backfill", "old-crm")
    second = hub("backfill", "old-crm")
    again = hub.json("backfill", "old-crm", "--again")

    assert first == {
        "connection": "old-crm", "since": None, "stored": 3, "total": 3, "new": 3, "finished": True,
        "parked": 0, "skipped": 0, "reasons": [],
    }  # fmt: skip
    assert "finished already; --again" in second.stderr
    assert again == {**first, "new": 0}


def test_a_source_is_compared_with_what_is_here_and_gaps_are_fetched(hub: Hub):
    # given a file of which everything is here, and a row that came since
    hub.filled()
    with (hub.folder / "kunden.csv").open("a", encoding="utf-8") as file:
        file.write("4;dora@example.com;Dora;Moll;\n")
    # when it is only listed, then fetched, and compared again
    listed = hub("reconcile", "old-crm", "--all", "--dry-run", ends=1)
    fetched = hub.json("reconcile", "old-crm", "--all")
    hub.processed()
    again = hub.json("reconcile", "old-crm", "--all")
    # then the gap is named, repaired, and gone
    assert "missing: customer 4" in listed.stdout
    assert "without --dry-run they are fetched" in listed.stdout
    assert (fetched["found"], fetched["repaired"], fetched["open"]) == ({"same": 3, "missing": 1, "repaired": 1}, 1, 0)
    assert fetched["gaps"][0]["external_id"] == "4"
    assert again["found"] == {"same": 4, "repaired": 0}
    assert "reconciled" in hub("stats").stdout
    # a CRM is compared the other way round: what stands there with what Hub wrote
    assert "0 records there compared" in hub("reconcile", "crm").stdout


def test_ctrl_c_is_safe_and_the_next_run_goes_on(hub: Hub, database: Database):
    rows = "".join(f"{n};kunde{n}@example.com;Kim;Nr{n};\n" for n in range(25_000))
    (hub.folder / "kunden.csv").write_text(ROWS.partition("\n")[0] + "\n" + rows, encoding="utf-8")
    hub.environment["HUB_DATABASE_URL"] = database.dsn
    process = subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "backfill", "old-crm"],
        env={**os.environ, **hub.environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # a shell starts what runs in the background deaf to it, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stderr
    assert "1000 of 25000 items" in process.stderr.readline()

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=90)
    stopped = hub.json("stats")["inbox"]["pending"]
    finished = hub("backfill", "old-crm")

    assert process.returncode == 1
    assert f"stopped after {stopped} items; run it again to go on" in said
    assert 1_000 <= stopped < 25_000
    assert f"goes on after {stopped} items" in finished.stderr
    assert f"finished with 25000 items, {25_000 - stopped} of them new" in finished.stdout
    assert hub.json("stats")["inbox"]["pending"] == 25_000


def test_events_are_listed_shown_and_replayed(hub: Hub):
    hub.filled()

    listed = hub.json("inbox", "list", "--connection", "old-crm", "--state", "done", "--since", "1h")
    shown = hub.json("inbox", "show", "1")
    table = hub("inbox", "list").stdout
    replayed = [hub.json("inbox", "replay", *which) for which in (["1"], ["--state", "pending"], ["--since", "1h"], [])]
    nothing = hub.json("inbox", "replay", "--connection", "shop")

    assert [entry["id"] for entry in listed] == [3, 2, 1]
    assert len(hub.json("inbox", "list", "--limit", "2")) == 2
    assert hub.json("inbox", "list", "--state", "parked") == []
    assert orjson.loads(shown["body"])["mail"] == "anna@example.de"
    assert (shown["topic"], shown["state"], shown["headers"]["row"]) == ("row", "done", "1")
    assert len(table.splitlines()) == 4
    assert [*replayed, nothing] == [{"replayed": count, "without_body": 0} for count in (1, 1, 3, 3, 0)]


# -- profiles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["müller", "MUELLER", "email:Anna@Example.de", "+49 30 23125017", "phone:030/23125017"]
)
def test_people_are_found(hub: Hub, text: str):
    anna = hub.filled()

    assert [profile["id"] for profile in hub.json("profile", "search", text)] == [anna]


def test_a_profile_is_shown_for_people_and_as_json(hub: Hub):
    anna = hub.filled()

    shown = hub.json("profile", "show", anna)
    text = hub("profile", "show", anna).stdout

    assert (shown["id"], shown["emails"], shown["created_at"][-1]) == (anna, ["anna@example.de"], "Z")
    assert [record["external_id"] for record in shown["records"]] == ["1", "3"]
    assert {place["connection"]: place["state"] for place in shown["destinations"]} == {
        "bi": "pending",
        "crm": "pending",
    }
    assert "anna@example.de" in text
    assert [item["kind"] for item in hub.json("profile", "timeline", anna)] == ["sign_up", "sign_up"]
    assert hub.json("profile", "show", "030 23125017")["id"] == anna
    assert {item["subject"] for item in hub.json("profile", "timeline", "müller")} == {"customer 1", "customer 3"}


def test_an_explanation_names_winner_rule_and_losers(hub: Hub):
    anna = hub.filled()

    explained = hub.json("profile", "explain", anna)
    name = hub("profile", "explain", anna, "name").stdout

    by_field = {value["field"]: value for value in explained["values"]}
    assert by_field["name"]["rule"] == "newest source time"
    assert by_field["name"]["lost"] != []
    assert {(item["kind"], item["external_id"], item["event"]) for item in explained["identifiers"]} == {
        ("email", "1", 1),
        ("email", "3", 3),
        ("phone", "1", 1),
    }
    told = name.splitlines()
    assert told[0].startswith(
        "Name Anna Müller: told by old-crm (customer 1) in event 1 (topic row, read from a file, "
    )
    assert told[1].startswith("  Not used: Änne Müller, told by old-crm (customer 3) in event 3 (")
    assert told[1].endswith(", because of the same time and source rank, and later in the order of records.")
    assert told[-1] == "See an event: hub inbox show 3"
    assert "one person" not in name
    assert hub.json("profile", "explain", anna, "company", ends=1) == {"faults": ["the profile has no value company"]}
    for asked, near in (("crm.frstname", "crm.firstname"), ("frstname", "firstname"), ("adresses", "addresses")):
        [said] = hub.json("profile", "explain", anna, asked, ends=1)["faults"]
        assert said == f"the profile has no value {asked}; did you mean {near!r}?"


def test_what_has_no_time_of_its_own_is_shown_with_none_and_a_join_is_no_merge(hub: Hub):
    anna = hub.filled()

    assert {line.split()[0] for line in hub("profile", "timeline", anna).stdout.splitlines()[1:]} == {"not"}
    assert "1970" not in hub("profile", "explain", anna).stdout
    assert "`hub profile explain`" in hub("profile", "merges").stderr


def test_every_profile_is_exported_on_a_line_of_its_own(hub: Hub, monkeypatch: pytest.MonkeyPatch):
    hub.filled()
    monkeypatch.setattr("hub.cli.profile.PAGE", 1)

    lines = hub("profile", "export").stdout.splitlines()

    profiles = [orjson.loads(line) for line in lines]
    assert sorted(profile["emails"][0] for profile in profiles) == ["anna@example.de", "bert@example.org"]
    assert hub.json("profile", "show", profiles[0]["id"]) == profiles[0]


# -- outbox, stats, tokens --------------------------------------------------------------------------------------------


def test_a_preview_prints_the_requests_takes_nothing_and_shows_no_secret(hub: Hub, database: Database):
    anna = hub.filled()
    before = hub.json("outbox", "list")

    everything = hub("outbox", "preview", "--json")
    only = hub.json("outbox", "preview", anna, "--destination", "crm")
    text = hub("outbox", "preview")

    shown = {each["destination"]: each for each in orjson.loads(everything.stdout)}
    assert sorted(shown) == ["bi", "crm"]
    assert shown["crm"]["requests"][0]["method"] == "POST"
    assert "anna@example.de" in str(only[0]["requests"])
    assert "bert@example.org" not in str(only[0]["requests"])
    assert re.search(r"^crm: POST /\S+$", text.stdout, re.MULTILINE)
    for said in (everything.stdout, everything.stderr, text.stdout, text.stderr):
        assert SECRET not in said
        assert SECRET.removeprefix("whsec_") not in said
        assert "pat-very-secret" not in said
    assert hub.json("outbox", "list") == before
    assert {row["state"] for row in before} == {"pending"}


def test_failed_deliveries_are_listed_and_redriven(hub: Hub, database: Database):
    anna = hub.filled()
    hub.environment["HUB_DATABASE_URL"] = database.dsn
    with database.session() as session:
        session.run("UPDATE outbox SET state = 'rejected', reason = 'their words' WHERE destination = 'crm'")

    rejected = hub.json("outbox", "list", "--state", "rejected")
    one = hub.json("outbox", "redrive", anna)
    rest = hub.json("outbox", "redrive", "--destination", "crm")

    assert [(row["destination"], row["reason"]) for row in rejected] == [("crm", "their words")] * 2
    assert (one, rest) == ({"redriven": 1}, {"redriven": 1})
    with database.session() as session:
        assert outbox.page(session, states=["rejected"]) == []


def test_stats_have_the_promised_shape(hub: Hub):
    hub.filled()

    counted = hub.json("stats")

    lag = counted.pop("lag")
    waiting = {"pending": 2, "retrying": 0, "delivered": 0, "rejected": 0, "dead": 0}
    assert counted == {
        "inbox": {"pending": 0, "done": 3, "skipped": 0, "parked": 0},
        "records": 3,
        "profiles": 2,
        "reviews": {"open": 0},
        "outbox": {"bi": waiting, "crm": waiting},
        "reconciled": {},
        "troubles": {},
    }
    assert sorted(lag["outbox"]) == ["bi", "crm"]
    assert "oldest waits" in hub("stats").stdout


@pytest.mark.parametrize(
    ("given", "lifetime"), [((), 90), (("--expires-in", "36h"), 1.5), (("--expires-in", "never"), None)]
)
def test_a_token_expires_unless_it_is_to_last(
    hub: Hub, database: Database, given: tuple[str, ...], lifetime: float | None
):
    hub.environment["HUB_DATABASE_URL"] = database.dsn

    made = hub.json("token", "create", "--role", "viewer", *given)
    (listed,) = hub.json("token", "list")
    table = hub("token", "list").stdout

    assert made["expires_at"] == listed["expires_at"]
    if lifetime is None:
        assert listed["expires_at"] is None
        assert "never" in table
    else:
        left = datetime.fromisoformat(listed["expires_at"]) - datetime.now(UTC)
        assert timedelta(days=lifetime) - timedelta(minutes=5) < left <= timedelta(days=lifetime)
        assert listed["expires_at"][:10] in table


@pytest.mark.parametrize("given", ["", "0d", "-1d", "soon", "90", "999999999w", "1000y"])
def test_a_lifetime_that_is_none_is_wrong_usage(hub: Hub, given: str):
    hub("token", "create", "--role", "viewer", f"--expires-in={given}", ends=2)


def test_a_token_is_shown_once_and_can_be_revoked(hub: Hub, database: Database):
    hub.environment["HUB_DATABASE_URL"] = database.dsn
    text = hub("token", "create", "--role", "operator", "--name", "till").stdout.strip()
    made = hub.json("token", "create", "--role", "viewer")

    listed = hub("token", "list", "--json").stdout
    hub("token", "revoke", made["id"])

    assert text not in listed
    assert made["token"] not in listed
    with database.session() as session:
        assert (tokens.role_of(session, text), tokens.role_of(session, made["token"])) == ("operator", None)
    assert [(token["name"], token["role"]) for token in hub.json("token", "list")] == [("till", "operator")]


# -- beside a running installation ------------------------------------------------------------------------------------


@pytest.fixture
def data_dir() -> Iterator[Path]:
    # Not under pytest's own folder, which is closed to the account the embedded server runs under when we are root.
    folder = Path(tempfile.mkdtemp(prefix="hub-cli-"))
    yield folder
    shutil.rmtree(folder)


def test_commands_work_beside_hub_up_and_no_query_is_logged(hub: Hub, data_dir: Path):
    port = free_port()
    del hub.environment["HUB_DATABASE_URL"]
    hub.config.write_text("{}", encoding="utf-8")
    hub.environment["HUB_DATA_DIR"] = str(data_dir)
    log = (data_dir / "log.txt").open("w+")
    up = subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "up", "--port", str(port)],
        env={**os.environ, **hub.environment, "HUB_LOG_LEVEL": "debug"}, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        wait_until_ready(f"http://127.0.0.1:{port}")
        token = hub.json("token", "create", "--role", "viewer")["token"]
        answer = httpx.get(
            f"http://127.0.0.1:{port}/api/v1/profiles",
            params={"identifier": "email:anna@example.de", "q": "muster"},
            headers={"authorization": f"Bearer {token}"},
        )
        assert (answer.status_code, answer.json()) == (200, {"items": [], "next": None})
        assert hub.json("stats")["profiles"] == 0
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(40)
    log.seek(0)
    said = log.read()
    log.close()
    assert up.returncode == 0, said
    assert [word for word in ("anna", "muster", token) if word in said] == []
