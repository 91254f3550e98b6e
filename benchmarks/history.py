"""``python -m benchmarks.history [--orders N] [--limit ORDERS_PER_SECOND]``: a shop's history beside its live events.

The history is read by ``hub backfill`` from a double that limits it as Shopify does. In the middle it is killed (-9)
and begun again. Meanwhile webhooks of the same connection come, each timed from its sending until it is worked on.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import yaml

from benchmarks.hub_side import Hub, hub
from benchmarks.payloads import SECRET, webhooks
from benchmarks.processes import ROOT, free_port, running
from benchmarks.server import postgres
from benchmarks.shop_double import BUCKET_ORDERS

SEED = 11


@dataclass
class Live:
    """Webhooks sent one after another; ``lags`` are seconds until each was off the queue."""

    port: int
    dsn: str
    every: float
    lags: list[float] = field(default_factory=list)
    refused: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with httpx.Client() as http, psycopg.connect(self.dsn, autocommit=True) as connection:
            for sent in webhooks(1_000_000, seed=SEED):
                if self.stop.wait(self.every):
                    return
                began = time.monotonic()
                url = f"http://127.0.0.1:{self.port}/webhooks/shop"
                answer = http.post(url, headers=dict(sent.headers), content=sent.body, timeout=30)
                self.refused += answer.status_code >= 300
                # this process is the only one that sends, so the newest entry that came by webhook is this one
                newest = connection.execute("SELECT max(id) FROM inbox WHERE event_id NOT LIKE 'graphql:%'").fetchone()
                while (
                    newest
                    and connection.execute("SELECT FROM inbox_queue WHERE inbox_id = %s", [newest[0]]).fetchone()
                    is not None
                ):
                    time.sleep(0.01)
                # off the queue, its records are marked: the profile is there once they are placed
                marked = connection.execute("SELECT max(id) FROM mark WHERE failed IS NULL").fetchone()
                while connection.execute("SELECT FROM mark WHERE failed IS NULL AND id <= %s", marked).fetchone():
                    time.sleep(0.01)
                self.lags.append(time.monotonic() - began)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000, help="the issue asks for 100000")
    parser.add_argument("--limit", type=float, default=400.0, help="orders a second that the shop allows")
    arguments = parser.parse_args()
    port = free_port()
    double = ["--port", str(port), "--orders", str(arguments.orders), "--limit", str(arguments.limit)]
    with (
        postgres() as server,
        running([sys.executable, "-m", "benchmarks.shop_double", *double], port=port),
        hub(server, "history") as it,
    ):
        _point_at(it, port)
        with it.api() as (api, _), it.worker("process"):
            found = _measure(it, api, port, arguments.orders, arguments.limit)
    print(json.dumps(found, indent=1))
    return 0 if not found["lost"] and not found["doubled"] and not found["refused"] else 1


def _measure(it: Hub, api: int, port: int, orders: int, limit: float) -> dict[str, Any]:
    live = Live(api, it.database_url, every=0.05)
    thread = threading.Thread(target=live.run)
    thread.start()
    began = time.monotonic()
    try:
        first = _begin(it)
        while it.one("SELECT coalesce(max(stored), 0) FROM backfill") < orders // 2:
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
        killed = time.monotonic()
        stopped = it.one("SELECT count(*) FROM inbox WHERE event_id LIKE 'graphql:%'")
        second = _begin(it)
        while it.one("SELECT coalesce(max(stored), 0) FROM backfill") * 1 <= stopped and second.poll() is None:
            time.sleep(0.01)
        gap = time.monotonic() - killed  # to start a process again; the shop is not asked meanwhile
        second.wait(3600)
        seconds = time.monotonic() - began
    finally:
        live.stop.set()
        thread.join(60)
    it.wait_processed()
    stats = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10))
    stored = it.one("SELECT count(DISTINCT split_part(event_id, ':', 3)) FROM inbox WHERE event_id LIKE 'graphql:%'")
    rows = it.one("SELECT count(*) FROM inbox WHERE event_id LIKE 'graphql:%'")
    lags = sorted(live.lags) or [0.0]
    # a full bucket at the beginning, and once more after the pause, are no part of the limit
    counted = max(0, orders - 2 * BUCKET_ORDERS)
    reading = stats["last_at"] - stats["first_at"] - gap
    return {
        "orders": orders,
        "limit_per_second": limit,
        "orders_per_second_while_it_ran": round(counted / reading, 1),
        "share_of_limit": round(counted / reading / limit, 3),
        "seconds_in_all": round(seconds, 1),
        "seconds_to_start_again": round(gap, 1),
        "calls": stats["calls"],
        "throttled": stats["throttled"],
        "lost": orders - stored,
        "doubled": rows - stored,
        "live_events": len(lags),
        "refused": live.refused,
        "live_lag_p50": round(lags[len(lags) // 2], 3),
        "live_lag_p99": round(lags[min(len(lags) - 1, int(len(lags) * 0.99))], 3),
        "live_lag_most": round(lags[-1], 3),
    }


def _point_at(it: Hub, port: int) -> None:
    found = yaml.safe_load(it.config.read_text())
    found["connections"]["shop"] |= {"base_url": f"http://127.0.0.1:{port}", "access_token": "shpat_bench"}
    found["connections"]["shop"]["webhook_secret"] = SECRET
    it.config.write_text(yaml.safe_dump(found))


def _begin(it: Hub) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "hub.cli", "backfill", "shop"]
    environment = {**os.environ, **it.environment}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
