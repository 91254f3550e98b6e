"""Law L1: what was answered with 2xx is never lost, whichever process is killed at whatever point."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import orjson
import pytest

from benchmarks.payloads import SECRET, Webhook, webhooks
from hub.sandbox.hubspot import SandboxCrm, serve
from tests.support.processes import OwnPostgres, Role, count, free_port, own_postgres, wait_for, wait_until_ready

EVENTS = 360
SENDERS = 4
CONFIG = """
hub: {{public_url: "{url}"}}
connections:
  shop: {{connector: shopify, webhook_secret: "{secret}"}}
  crm: {{connector: hubspot, access_token: pat-eu1-sample, base_url: "{crm}", calls_per_10_seconds: 250}}
routes: [{{to: crm}}]
"""


@dataclass
class Shop:
    """Sends every event until it is acknowledged, some of them twice, and knows which ones were."""

    url: str
    events: Sequence[Webhook]
    acknowledged: set[str] = field(default_factory=set)
    refused: int = 0

    def __post_init__(self) -> None:
        self._next = itertools.count()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(SENDERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wait_for(self, number: int) -> None:
        """Until so many were acknowledged."""
        wait_for(lambda: len(self.acknowledged) >= number, seconds=60, what=f"acknowledgement {number}")

    def join(self) -> None:
        for thread in self._threads:
            thread.join(60)
        assert len(self.acknowledged) == len(self.events)

    def _send_all(self) -> None:
        with httpx.Client(timeout=5) as client:
            while (index := next(self._next)) < len(self.events):
                event = self.events[index]
                for _ in range(1 + (index % 5 == 0)):
                    self._send(client, event)

    def _send(self, client: httpx.Client, event: Webhook) -> None:
        while True:
            try:
                status = client.post(f"{self.url}/webhooks/shop", content=event.body, headers=event.headers).status_code
            except httpx.HTTPError:
                status = 0
            with self._lock:
                if status == 202:
                    self.acknowledged.add(event.event_id)
                    return
                self.refused += 1
            time.sleep(0.05)


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


def in_inbox(postgres: OwnPostgres) -> int:
    return count(postgres.uri, "SELECT count(*) FROM inbox")


def test_kill_9_of_api_worker_and_postgresql_under_load_loses_and_doubles_nothing(
    postgres: OwnPostgres, tmp_path: Path
) -> None:
    events = list(webhooks(EVENTS, seed=11, repeat=0.5))
    people = {orjson.loads(event.body)["customer"]["id"] for event in events}
    crm, port = SandboxCrm(), free_port()
    url, config = f"http://127.0.0.1:{port}", tmp_path / "hub.yaml"
    with serve(crm, silence_seconds=1.0) as crm_url:
        config.write_text(CONFIG.format(url=url, secret=SECRET, crm=crm_url))
        environment = {"HUB_DATABASE_URL": postgres.uri, "HUB_CONFIG": str(config)}
        api = Role(["api", "--port", str(port)], environment)
        worker = Role(["worker"], environment)
        shop = Shop(url, events)
        try:
            # given a shop that sends without a pause
            api.start()
            worker.start()
            wait_until_ready(url)
            shop.start()
            # when each process is killed in turn while it works, and started again
            shop.wait_for(EVENTS // 6)
            api.kill()
            known = set(shop.acknowledged)
            assert in_inbox(postgres) >= len(known)
            api.start()
            shop.wait_for(EVENTS * 2 // 6)
            worker.kill()
            crm.fail(kind="silent", path="batch/upsert")
            worker.start()
            shop.wait_for(EVENTS * 3 // 6)
            postgres.kill()
            time.sleep(0.5)
            postgres.start()
            shop.wait_for(EVENTS * 4 // 6)
            api.kill()
            worker.kill()
            postgres.kill()
            postgres.start()
            api.start()
            worker.start()
            shop.join()
            # then every acknowledged event is there once, and all of them are processed and delivered
            stored = count(postgres.uri, "SELECT count(DISTINCT event_id) FROM inbox")
            assert (in_inbox(postgres), stored) == (EVENTS, EVENTS)
            assert shop.refused > 0  # or nothing was ever interrupted
            wait_for(
                lambda: count(postgres.uri, "SELECT count(*) FROM inbox_queue") == 0, seconds=60, what="the processing"
            )
            wait_for(
                lambda: count(postgres.uri, "SELECT count(*) FROM outbox WHERE state <> 'delivered'") == 0,
                seconds=90,
                what="the delivery",
            )
        finally:
            api.stop()
            worker.stop()
        # and nothing is doubled: one profile, one contact for each person, each order counted once
        orders = count(postgres.uri, "SELECT sum((golden::json #>> '{orders,count}')::int) FROM profile")
        profiles = count(postgres.uri, "SELECT count(*) FROM profile")
        outcomes = count(postgres.uri, "SELECT count(*) FROM inbox_outcome")
    stats = crm.stats()
    assert (profiles, orders, outcomes) == (len(people), EVENTS, 0)
    assert (stats["contacts"], stats["contacts_created"], stats["duplicates"]) == (len(people), len(people), 0)
    assert stats["deals"] == EVENTS
    assert sum(int(contact["hub_order_count"]) for contact in crm.contacts()) == EVENTS


def test_hub_up_brings_back_whatever_is_killed_the_embedded_postgresql_too() -> None:
    folder = Path(tempfile.mkdtemp(prefix="hub-up-"))
    folder.chmod(0o755)  # PostgreSQL runs under another account when we are root
    events = list(webhooks(60, seed=12))
    crm, port = SandboxCrm(), free_port()
    url, config = f"http://127.0.0.1:{port}", folder / "hub.yaml"
    with serve(crm) as crm_url:
        config.write_text(CONFIG.format(url=url, secret=SECRET, crm=crm_url))
        hub = Role(["up", "--port", str(port)], {"HUB_DATA_DIR": str(folder / "data"), "HUB_CONFIG": str(config)})
        try:
            hub.start()
            wait_until_ready(url)
            shop = Shop(url, events)
            shop.start()
            shop.wait_for(20)
            pid = int((folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0])
            OwnPostgres(folder / "data", pid=pid).kill()
            shop.join()
            wait_for(lambda: len(crm.deals()) == len(events), seconds=60, what="the delivery")
        finally:
            hub.stop()
    assert crm.stats()["duplicates"] == 0
    shutil.rmtree(folder)
