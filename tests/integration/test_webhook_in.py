"""Any system's webhooks, from the door to the profile; and `hub webhook`, which stores nothing."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from typer.testing import CliRunner

from hub.application.complete import complete_batch
from hub.application.process import Processing, process_batch
from hub.cli.app import app
from hub.connectors.webhook_in.source import SOURCE
from hub.matching.rules import IdentityRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import Connection, open_client, read_connections
from hub.store import inbox
from hub.store.database import Database
from hub.store.inbox import NewEntry
from hub.yaml_file import Reader
from tests.support.asgi import running_api
from tests.support.doubles import START, by_name, store

EXAMPLES = Path(__file__).parents[2] / "config/sources"
ENVIRONMENT = {"PRETIX_WEBHOOK_SECRET": "s3cret-hook", "PRETIX_API_TOKEN": "s3cret-api"}
THIN = (EXAMPLES / "pretix.json").read_bytes()


def tickets() -> Connection:
    reader = Reader(ENVIRONMENT)
    (name, options), *_ = reader.open(EXAMPLES / "pretix.yaml")["connections"].items()
    connections, faults = read_connections({name: (options.pop("connector"), options)}, default_region="DE")
    assert not faults
    return connections[name]


def answer(request: httpx.Request) -> httpx.Response:
    name = "pretix-order.json" if "/orders/" in request.url.path else "pretix-event.json"
    return httpx.Response(200, content=(EXAMPLES / name).read_bytes())


def test_a_ticket_bought_at_pretix_becomes_a_person_with_revenue(database: Database) -> None:
    connection = tickets()
    basic = {"authorization": f"Basic {base64.b64encode(b'hub:s3cret-hook').decode()}"}

    async def scenario() -> list[int]:
        async with running_api(database, by_name(connection)) as client:
            answers = [
                await client.post("/webhooks/tickets", content=THIN, headers=head) for head in (basic, basic, {})
            ]
            return [each.status_code for each in answers]

    # two webhooks registered at pretix tell one notification twice, and strangers may know the address
    assert asyncio.run(scenario()) == [202, 202, 401]
    clients = {"tickets": open_client(connection, SOURCE, transport=httpx.MockTransport(answer))}
    work = Processing(database, by_name(connection), (), IdentityRules(), SurvivorshipRules())
    process_batch(work)
    complete_batch(database, by_name(connection), clients)
    while process_batch(work).entries:
        pass

    with database.session() as session:
        assert [(row["state"], row["reason"]) for row in inbox.page(session)] == [("done", "")]
        (golden,) = [orjson.loads(row[0]) for row in session.rows("SELECT golden FROM profile")]
    assert golden["emails"] == ["svenja.holtkamp@example.com"]
    assert golden["orders"]["totals"] == [{"amount": "42.50", "currency": "EUR"}]
    assert clients["tickets"].calls == 2


# -- the command


@pytest.fixture
def run(dsn: str) -> Iterator[Any]:
    root = logging.getLogger()
    before = root.handlers, root.level
    environment = {
        **ENVIRONMENT,
        "HUB_DATABASE_URL": dsn,
        "HUB_CONFIG": str(EXAMPLES / "pretix.yaml"),
        "HUB_LOG_LEVEL": "error",
    }
    yield lambda *arguments, given=None: CliRunner(env=environment).invoke(app, ["webhook", *arguments], input=given)
    root.handlers, root.level = before


def test_try_tells_what_it_would_fetch_and_with_it_what_is_read_and_what_not(run: Any, database: Database) -> None:
    file = str(EXAMPLES / "pretix.json")
    thin = run("try", file, "--connection", "tickets")
    fetched = [f"{name}.0={EXAMPLES}/pretix-{name}.json" for name in ("order", "event")]
    whole = run("try", file, "--connection", "tickets", "--fetched", fetched[0], "--fetched", fetched[1], "--json")

    assert "would fetch order.0: /api/v1/organizers/acme/events/weinfest/orders/HZK7Q/" in thin.stdout
    told = json.loads(whole.stdout)
    assert [event["type"] for event in told["events"]] == ["CustomerEvent", "OrderEvent"]
    assert told["state"] == "done"
    assert {"organizer", "order.0: positions.*.secret"} <= set(told["left_unread"])
    assert not {"code", "order.0: total", "order.0: positions.*.price", "event.0: currency"} & set(told["left_unread"])
    with database.session() as session:
        assert inbox.page(session) == []


def test_try_verifies_by_the_headers_that_are_given(run: Any) -> None:
    right = base64.b64encode(b"hub:s3cret-hook").decode()
    said = [
        run("try", "-", "--connection", "tickets", "--header", f"Authorization: Basic {one}", given=THIN).stdout
        for one in (right, "d3Jvbmc=")
    ]

    assert said[0].startswith("verified\n")
    assert said[1].startswith("not verified: wrong signature")


def test_try_ends_with_1_for_what_would_be_parked_and_2_for_what_is_wrong(run: Any, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text("{nothing")

    assert run("try", str(tmp_path / "odd.json"), "--connection", "tickets").exit_code == 1
    unknown = run("try", str(EXAMPLES / "pretix.json"), "--connection", "tikets")
    assert (unknown.exit_code, "did you mean 'tickets'?" in unknown.stderr) == (2, True)
    assert run("try", str(tmp_path / "none.json"), "--connection", "tickets").exit_code == 2


def test_listen_shows_what_arrives(run: Any, database: Database) -> None:
    body = THIN.replace(b"order.paid", b"checkin")
    arrives = NewEntry("tickets", "e1", "pretix.event.checkin", "{}", body, START)
    soon = threading.Timer(0.7, store, [database, [arrives]])
    soon.start()
    shown = run("listen", "--connection", "tickets", "--count", "1")
    soon.join()

    assert shown.exit_code == 0, shown.output
    assert "arrived at tickets" in shown.stdout
    assert "skipped, topic not read: pretix.event.checkin" in shown.stdout
