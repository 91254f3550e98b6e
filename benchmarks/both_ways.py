"""``python -m benchmarks.both_ways``: from an edit in one CRM to the other one, by webhook and by polling.

One ``hub up`` with its embedded PostgreSQL stands between two sandbox CRMs over HTTP. A contact typed in the first is
written to the second. Then its phone is changed there, time and again: the clock runs from the edit until the other
CRM shows the new number. The first sends signed webhooks, the second is polled (``every: 1m``).
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson

from hub.connectors.hubspot.manifest import HubSpotSettings
from hub.connectors.hubspot.source import sign
from hub.sandbox.hubspot import SandboxCrm, serve
from hub.sdk.source import RawDelivery

SECRET, PORT = "benchmark-client-secret", 18_917
URL = f"http://127.0.0.1:{PORT}"
SETTINGS = HubSpotSettings.model_validate({"access_token": "pat-eu1-sample", "client_secret": SECRET})
CONFIG = """
hub: {{public_url: "{url}"}}
data_dir: {data}
connections:
  north: {{connector: hubspot, access_token: pat-eu1-sample, client_secret: {secret}, base_url: "{north}",
    orders: none}}
  south: {{connector: hubspot, access_token: pat-eu1-sample, base_url: "{south}", orders: none, every: 1m}}
routes: [{{to: north}}, {{to: south}}]
"""
PATIENCE = 150.0


@contextmanager
def hub(folder: Path, north: str, south: str) -> Iterator[None]:
    """``hub up``, ready to be called."""
    config = folder / "hub.yaml"
    told = {"url": URL, "data": folder / "data", "secret": SECRET, "north": north, "south": south}
    config.write_text(CONFIG.format(**told), encoding="utf-8")
    command = [sys.executable, "-m", "hub.cli", "up", "--port", str(PORT), "--config", str(config)]
    log = (folder / "log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "HUB_LOG_LEVEL": "warning"})
    try:
        wait(lambda: ready(), what="hub up")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def ready() -> bool:
    """Whether Hub answers."""
    try:
        return httpx.get(f"{URL}/health/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def wait(done: Callable[[], bool], *, what: str, patience: float = PATIENCE) -> float:
    """Seconds until it is so. Raises TimeoutError."""
    begun = time.monotonic()
    while not done():
        if time.monotonic() - begun > patience:
            raise TimeoutError(what)
        time.sleep(0.02)
    return time.monotonic() - begun


def pump(crm: SandboxCrm, stopping: threading.Event) -> None:
    """Send the CRM's webhooks, signed, as they come."""
    url = f"{URL}/webhooks/north"
    while not stopping.wait(0.05):
        if told := crm.told():
            delivery = RawDelivery("POST", url, {}, {}, orjson.dumps(told), datetime.now(UTC))
            headers = {**sign(delivery, SETTINGS).headers, "content-type": "application/json"}
            httpx.post(url, content=delivery.body, headers=headers, timeout=10).raise_for_status()


def phone(crm: SandboxCrm) -> str:
    """The digits of the only contact's number."""
    held = [one.get("phone", "") for one in crm.contacts()]
    return "".join(filter(str.isdigit, held[0] if held else "")).removeprefix("49").lstrip("0")


def edits(written: SandboxCrm, other: SandboxCrm, rounds: int, number: int) -> list[float]:
    """Seconds from each edit in one CRM until the other one shows it."""
    found = []
    for turn in range(rounds):
        digits = f"54198{number + turn:04d}"
        written.edit(written.contacts()[0]["id"], phone=f"0{digits}")
        found.append(wait(lambda digits=digits: phone(other) == digits, what=f"edit {turn}"))  # type: ignore[misc]
    return found


def main() -> int:
    """Measure and print; ends with 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.both_ways", description=__doc__)
    parser.add_argument("--webhooks", type=int, default=20, help="edits told by webhook")
    parser.add_argument("--polls", type=int, default=3, help="edits found by polling")
    arguments = parser.parse_args()
    north, south, stopping = SandboxCrm(), SandboxCrm(), threading.Event()
    with tempfile.TemporaryDirectory() as folder, serve(north) as one, serve(south) as two, hub(Path(folder), one, two):
        thread = threading.Thread(target=pump, args=(north, stopping), daemon=True)
        thread.start()
        north.add(firstname="Mara", lastname="Lindqvist", email="mara@example.com", phone="0541980000")
        wait(lambda: phone(south) == "541980000", what="the first contact")
        by_webhook = edits(north, south, arguments.webhooks, 1000)
        by_poll = edits(south, north, arguments.polls, 5000)
        stopping.set()
        thread.join()
    told = {
        "webhook_seconds": {"median": round(statistics.median(by_webhook), 2), "most": round(max(by_webhook), 2)},
        "poll_seconds": {"median": round(statistics.median(by_poll), 1), "most": round(max(by_poll), 1)},
        "contacts": [len(north.contacts()), len(south.contacts())],
        "load": os.getloadavg()[0],
    }
    print(json.dumps(told, indent=1))
    return 0 if max(by_webhook) < 5 and max(by_poll) < 90 else 1


if __name__ == "__main__":
    sys.exit(main())
