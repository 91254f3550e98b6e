"""Tickets bought in a running pretix 2026 arrive by config/sources/pretix.yaml as the right order of the right person.

``tests/real/setup_pretix.sh`` installs it once; then ``pytest -m real -n0 tests/real/test_webhook_in.py``.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from hub import bootstrap
from hub.application.backfill import History
from hub.application.complete import complete_batch
from hub.application.process import process_batch
from hub.sdk.http import HttpClient
from hub.settings import load
from hub.store import inbox
from tests.support.serving import served

pytestmark = pytest.mark.real

FOLDER = Path(os.environ.get("PRETIX_FOLDER", "/tmp/hub-real-pretix"))
EXAMPLE = Path(__file__).parents[2] / "config" / "sources" / "pretix.yaml"
SECRET = "hush-for-pretix"


@pytest.fixture(scope="module")
def pretix() -> Iterator[httpx.Client]:
    """A client of a running pretix, with its token."""
    assert (FOLDER / "shop").exists(), "first run tests/real/setup_pretix.sh"
    token, item = (FOLDER / "shop").read_text().split()
    url = next(line for line in (FOLDER / "pretix.cfg").read_text().splitlines() if line.startswith("url="))[4:]
    environment = {**os.environ, "PRETIX_CONFIG_FILE": str(FOLDER / "pretix.cfg")}
    command = [
        str(FOLDER / "venv/bin/python"),
        "-m",
        "pretix",
        "runserver",
        "--noreload",
        "--insecure",
        url.removeprefix("http://"),
    ]
    with (FOLDER / "pretix.log").open("w") as log:
        process = subprocess.Popen(command, cwd=FOLDER, env=environment, stdout=log, stderr=log)
        try:
            headers = {"authorization": f"Token {token}", "x-item": item}
            with httpx.Client(base_url=f"{url}/api/v1/organizers/acme/", headers=headers, timeout=60) as client:
                for _ in range(300):
                    try:
                        client.get("events/")
                        break
                    except httpx.TransportError:
                        time.sleep(0.3)
                yield client
        finally:
            process.terminate()
            process.wait(30)


def buy(pretix: httpx.Client, mail: str) -> None:
    """Two tickets for somebody, who then pays them."""
    ticket: dict[str, Any] = {"item": int(pretix.headers["x-item"]), "variation": None, "answers": [], "price": "40.00"}
    order = {
        "email": mail,
        "phone": "+4963215550177",
        "locale": "en",
        "sales_channel": "web",
        "invoice_address": {
            "name_parts": {"_scheme": "full", "full_name": "Svenja Holtkamp"}, "is_business": False, "company": "",
            "street": "Kellergasse 12", "zipcode": "67433", "city": "Neustadt", "country": "DE", "vat_id": "",
            "internal_reference": "",
        },
        "positions": [{**ticket, "positionid": n, "attendee_name_parts": {"full_name": f"Gast {n}"}} for n in (1, 2)],
    }  # fmt: skip
    made = pretix.post("events/weinfest/orders/", json=order)
    assert made.status_code == 201, made.text
    code = str(made.json()["code"])
    paid = pretix.post(f"events/weinfest/orders/{code}/mark_paid/", json={"send_email": False})
    assert paid.status_code == 200, paid.text


def test_a_ticket_bought_in_pretix_is_the_right_order_of_the_right_person(
    pretix: httpx.Client, dsn: str, tmp_path: Path
) -> None:
    root = str(pretix.base_url).partition("/api/")[0]
    config = tmp_path / "hub.yaml"
    config.write_text(EXAMPLE.read_text().replace("https://pretix.example.com", root))
    token = pretix.headers["authorization"].removeprefix("Token ")
    environment = {"PRETIX_WEBHOOK_SECRET": SECRET, "PRETIX_API_TOKEN": token, "HUB_DATABASE_URL": dsn}
    clients: dict[str, HttpClient] = {}
    mail = f"svenja.{os.getpid()}@example.com"

    with bootstrap.runtime(load(config, environment), pool_size=3) as run, served(bootstrap.api(run)) as url:
        target = url.replace("http://", f"http://hub:{SECRET}@") + "/webhooks/tickets"
        hook = {"enabled": True, "target_url": target, "all_events": True, "limit_events": [],
                "action_types": ["pretix.event.order.placed", "pretix.event.order.paid"]}  # fmt: skip
        made = pretix.post("webhooks/", json=hook)
        assert made.status_code == 201, made.text
        try:
            buy(pretix, mail)
        finally:
            pretix.delete(f"webhooks/{made.json()['id']}/")

        def drained() -> list[dict[str, Any]]:
            while process_batch(run.processing).entries or complete_batch(run.database, run.connections, clients):
                pass
            with run.database.session() as session:
                return inbox.page(session)

        def people() -> list[dict[str, Any]]:
            with run.database.session() as session:
                return [orjson.loads(row[0]) for row in session.rows("SELECT golden FROM profile")]

        events = drained()
        told = sorted(str(row["topic"]) for row in events)
        assert told == ["pretix.event.order.paid", "pretix.event.order.placed"]
        assert {(row["state"], row["reason"]) for row in events} == {("done", "")}
        (person,) = people()
        assert (person["name"]["full"], person["emails"]) == ("Svenja Holtkamp", [mail])
        assert person["phones"] == ["+4963215550177"]
        assert person["orders"]["totals"] == [{"amount": "80.00", "currency": "EUR"}]
        # and by the list, with what was bought before: each order once
        connection = run.connections["tickets"]
        History(run.database, connection, timedelta(hours=1)).run_if_due(threading.Event())
        listed = [(row["state"], row["reason"]) for row in drained() if row["topic"] == "pretix.event.order.listed"]
        assert listed
        assert set(listed) == {("done", "")}
        assert sum(one["orders"]["count"] for one in people()) == len(listed) == pretix.get("orders/").json()["count"]
