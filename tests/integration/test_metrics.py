"""What a running installation says in numbers: of all its processes, and of the rows as they are."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg

from hub import metrics
from hub.connectors.shopify.source import SIGNATURE
from hub.sdk.connection import load_connections
from hub.sdk.source import RawDelivery
from hub.store.database import Database
from hub.store.gauges import Gauges
from tests.support.doubles import START
from tests.support.processes import free_port, wait_for, wait_until_ready

SHOP = {"webhook_secret": "hush-hafenkante"}


def samples(text: str) -> dict[str, float]:
    """Value by series, as Prometheus reads them."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            found[series] = float(value)
    return found


def webhook(url: str, body: bytes) -> httpx.Response:
    shop = load_connections({"shop": ("shopify", SHOP)}, default_region="DE")["shop"]
    headers = {"x-shopify-topic": "customers/create", "x-shopify-webhook-id": "w1", "x-shopify-event-id": "e1"}
    settings: Any = shop.settings
    signed = SIGNATURE.sign(RawDelivery("POST", url, {}, headers, body, START), settings)
    return httpx.post(f"{url}/webhooks/shop", content=body, headers=dict(signed.headers))


def test_metrics_of_hub_up_cover_all_its_processes_and_the_rows(tmp_path: Path, dsn: str) -> None:
    # given a shop, a CRM that is not there, and everything in processes of its own
    config = tmp_path / "hub.yaml"
    nowhere = free_port()
    config.write_text(
        "connections:\n  shop: {connector: shopify, webhook_secret: hush-hafenkante}\n"
        f"  crm: {{connector: hubspot, access_token: pat, base_url: 'http://127.0.0.1:{nowhere}'}}\n"
        "routes: [{to: crm}]\n",
        encoding="utf-8",
    )
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    up = subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "up", "--port", str(port), "--config", str(config)],
        env={**os.environ, "HUB_DATABASE_URL": dsn, "HUB_LOG_LEVEL": "error"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until_ready(url)
        before = samples(httpx.get(f"{url}/metrics", timeout=20).text)
        # when a customer comes in
        person = {"id": 1, "email": "anna@example.com", "first_name": "Anna", "updated_at": "2026-03-01T09:00:00Z"}
        assert webhook(url, orjson.dumps(person)).status_code == 202

        def now() -> dict[str, float]:
            return samples(httpx.get(f"{url}/metrics", timeout=20).text)

        written = 'hub_outbox_rendered_total{destination="crm",outcome="write"}'
        wait_for(lambda: now().get(written, 0) >= 1, seconds=60, what="the worker's work in the API's metrics")
        wait_for(lambda: now()['hub_outbox_rows{destination="crm",state="pending"}'] == 1, seconds=30)
        after = now()
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(40)
    # then the API tells what it counted itself, what the worker counted, and what stands in the rows
    assert after['hub_intake_stored_total{connection="shop",outcome="stored"}'] == 1
    assert after['hub_normalise_entries_total{connection="shop",outcome="done"}'] == 1
    assert after["hub_database_up"] == 1
    assert not [series for series in after if "pid=" in series]
    # and every series of a gauge was there from the start
    gauges = [one.name for one in vars(metrics).values() if isinstance(one, metrics.StateGauge)]
    for name in gauges:
        assert [series for series in before if re.match(rf"{name}\b", series)], name
    assert before['hub_outbox_rows{destination="crm",state="pending"}'] == 0
    assert before['hub_breaker_state{destination="crm"}'] == 0


def test_gauges_cost_no_more_than_their_share_and_survive_a_database_that_is_away(database: Database) -> None:
    moments = iter([0.0, 2.0, 2.0, 3.0, 10.0, 10.0, 100.0, 101.0, 101.0, 102.0])
    gauges = Gauges(database, ["crm"], clock=lambda: next(moments))
    told = {reading.gauge.name: reading.values for reading in gauges.readings()}
    with database.session() as session:
        session.run(
            "INSERT INTO inbox (connection, event_id, topic, headers, body, received_at) "
            "VALUES ('s', 'e', 't', '{}', '', now())"
        )
    # what took two seconds is good for forty
    assert {reading.gauge.name: reading.values for reading in gauges.readings()} == told
    again = {reading.gauge.name: reading.values for reading in gauges.readings()}
    assert (told["hub_inbox_waiting"][("process",)], again["hub_inbox_waiting"][("process",)]) == (0, 1)

    class Away:
        def session(self) -> Any:
            raise psycopg.OperationalError

    away: Any = Away()
    (down,) = Gauges(away, ["crm"]).readings()
    assert (down.gauge, down.values) == (metrics.DATABASE_UP, {(): 0.0})
