"""``hub connector``: what it prints, writes and answers."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.cli.connector import app
from hub.sdk import registry
from hub.sdk.scaffold import scaffold
from hub.sdk.scrub import Scrubber
from hub.sdk.source import RawDelivery
from hub.sdk.testkit.capture import asgi, keep
from hub.sdk.testkit.kit import checks_of, load_folder

runner = CliRunner()


@pytest.fixture
def till(tmp_path: Path) -> Path:
    scaffold("acme_till", role="source", auth="hmac", directory=tmp_path)
    return tmp_path / "acme_till"


def test_list_gives_the_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    done = runner.invoke(app, ["list", "--json"])
    rows = json.loads(done.stdout)
    assert done.exit_code == 0
    assert {row["name"] for row in rows} == set(registry.slugs())
    assert all(set(row) == {"name", "roles", "channel", "tier"} for row in rows)


def test_show_describes_a_connector(till: Path):
    shown = json.loads(runner.invoke(app, ["show", str(till), "--json"]).stdout)
    assert shown["topics"] == {
        "customer.updated": "the customer's state",
        "order.paid": "the order, and the customer or guest who bought",
    }
    required = [setting["name"] for setting in shown["settings"] if setting["required"]]
    assert required == ["webhook_secret"]
    assert "Acme Till (acme_till), till, source" in runner.invoke(app, ["show", str(till)]).stdout


def test_new_then_check_is_green(tmp_path: Path):
    made = runner.invoke(app, ["new", "acme_pos", "--role", "destination", "--auth", "bearer", "--dir", str(tmp_path)])
    assert made.exit_code == 0
    done = runner.invoke(app, ["check", str(tmp_path / "acme_pos")])
    assert (done.exit_code, done.stdout.split(": ")[0]) == (0, "acme_pos")


def test_wrong_usage_is_told_with_exit_code_2(till: Path):
    assert runner.invoke(app, ["new", "acme_till", "--dir", str(till.parent)]).exit_code == 2
    assert runner.invoke(app, ["check", "no_such_connector"]).exit_code == 2


def test_check_prints_a_diff_and_accept_writes_the_file(till: Path):
    expected = till / "samples/customer.updated/full/expected.json"
    sound = expected.read_text(encoding="utf-8")
    expected.write_text(sound.replace("Berlin", "Bonn"), encoding="utf-8")

    failed = runner.invoke(app, ["check", str(till)])
    assert failed.exit_code == 1
    assert '-            "city": "Bonn",' in failed.stdout
    assert '+            "city": "Berlin",' in failed.stdout

    accepted = runner.invoke(app, ["check", str(till), "--accept", "--json"])
    assert accepted.exit_code == 0
    assert json.loads(accepted.stdout)["accepted"] == [str(expected)]
    assert json.loads(expected.read_text(encoding="utf-8")) == json.loads(sound)


# --- capture ---------------------------------------------------------------------------------------------------------

BODY: dict[str, Any] = {
    "id": "evt-9",
    "type": "order.paid",
    "created_at": "2026-02-15T16:45:10Z",
    "order": {"id": "o-9", "placed_at": "2026-02-15T16:44:58Z", "currency": "EUR", "total": "9.90"},
    "customer": {"email": "frieda.fuchs@firma.de", "first_name": "Frieda", "last_name": "Fuchs"},
}


def test_a_captured_delivery_becomes_a_sample_without_the_person(till: Path):
    case = load_folder(till)
    headers = {
        "content-type": "application/json",
        "x-signature": "real",
        "host": "x",
        "x-vendor": "frieda.fuchs@firma.de",
    }
    delivery = RawDelivery("POST", "https://x/", {}, headers, json.dumps(BODY).encode(), datetime.now(UTC))

    folder = keep(case, delivery, Scrubber())

    assert folder == till / "samples/order.paid/captured_1"
    assert not {path for path in folder.iterdir() if "frieda" in path.read_text(encoding="utf-8").lower()}
    kept = json.loads((folder / "headers.json").read_text(encoding="utf-8"))
    assert set(kept) == {"content-type", "x-vendor"}


def test_a_captured_sample_passes_once_it_is_accepted(till: Path):
    case = load_folder(till)
    delivery = RawDelivery("POST", "https://x/", {}, {}, json.dumps(BODY).encode(), datetime.now(UTC))
    keep(case, delivery, Scrubber())
    assert runner.invoke(app, ["check", str(till), "--accept"]).exit_code == 0
    for check in checks_of(load_folder(till)):
        check.run()


def test_the_listener_keeps_deliveries_and_survives_rubbish(till: Path):
    kept: list[tuple[Path | None, str]] = []
    application = asgi(load_folder(till), lambda folder, remark: kept.append((folder, remark)))

    statuses = [asyncio.run(post(application, body)) for body in (json.dumps(BODY).encode(), b"{", b"")]

    assert statuses == [200, 200, 200]
    assert kept[0] == (till / "samples/order.paid/captured_1", "")
    assert [folder for folder, _ in kept[1:]] == [None, None]
    assert all(remark.startswith("not kept: ") for _, remark in kept[1:])


async def post(application: Any, body: bytes) -> int:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": [(b"Host", b"x")]}
    await application(scope, receive, send)
    return int(sent[0]["status"])


def test_show_tells_what_maps_to_what_and_what_is_missing_for_the_next_tier():
    shown = json.loads(runner.invoke(app, ["show", "hubspot", "--json"]).stdout)
    made = {row["there"]: row["from"] for row in shown["maps"]["person"]["written"]}
    assert made["hub_emails"] == "emails.0, emails.1"
    assert made["hub_lifetime_value"] == "orders.totals.amount"
    assert "accounts" in shown["maps"]["person"]["left"]
    assert "shipping_total" in shown["maps"]["order"]["left"]
    assert (shown["tier"], shown["next_tier"]) == ("silver", "gold")
    assert list(shown["missing"]) == ["run against the system itself"]


def test_show_of_a_connection_has_its_settings_and_its_mapping_file(tmp_path: Path):
    # given a connection that maps fields of its own, by its settings and by its file
    config = tmp_path / "hub.yaml"
    config.write_text(
        "connections: {crm: {connector: hubspot, access_token: x, orders: none, profile_fields: {own: custom.shoe}}}\n"
    )
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "crm.yaml").write_text("fields: {hat: custom.hat, firstname: name.middle}\n")
    # when it is shown
    done = runner.invoke(app, ["show", "crm", "--json", "--config", str(config)])
    shown = json.loads(done.stdout)
    # then the maps are those of this connection
    made = {row["there"]: row["from"] for row in shown["maps"]["person"]["written"]}
    assert (made["own"], made["hat"], made["firstname"]) == ("custom.shoe", "custom.hat", "name.middle")
    assert "name.first" in shown["maps"]["person"]["left"]
    assert "order" not in shown["maps"]
    assert "access_token: x" not in done.stdout


def test_a_connector_without_proof_says_what_to_do_for_it(till: Path):
    shown = json.loads(runner.invoke(app, ["show", str(till), "--json"]).stdout)
    assert shown["proven_against"] == ["double from documentation"]
    assert shown["tier"] == "none"
    assert "passes the contract kit" in shown["missing"]


def test_a_connector_shows_what_must_be_set() -> None:
    lines = [line.split() for line in runner.invoke(app, ["show", "odoo"]).stdout.splitlines()]
    # then what has no default is told apart from what is required
    assert [line[1] for line in lines if line[:1] in (["database"], ["api_key"])] == ["required", "required"]
    assert [line[1] for line in lines if line[:1] == ["login"]] == ["Login"]
    assert ["written", "of", "an", "order", "from"] in lines
