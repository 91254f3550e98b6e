"""CPU for each delivered row, beside another tree of Hub: ``python -m benchmarks.delivery --beside TREE``.

Both trees deliver the same profiles and orders to the strict sandbox, which is a process of its own and not counted.
They take turns, each on a fresh database; the number is the median of the ratios of neighbouring turns.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson
import yaml

from benchmarks.payloads import SECRET, webhooks
from benchmarks.processes import ROOT, free_port, running
from benchmarks.sandbox import TOKEN
from benchmarks.server import Postgres, postgres

SEED = 14
PARTS = ("made", "changed")
Turn = dict[str, dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU for each delivered row, beside another tree of Hub.")
    parser.add_argument("--beside", type=Path, required=True, help="a checkout of Hub to compare with")
    parser.add_argument("--events", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    trees = {"before": options.beside.resolve(), "now": ROOT}
    turns: dict[str, list[Turn]] = {name: [] for name in trees}
    with postgres() as server, tempfile.TemporaryDirectory(prefix="hub-bench-delivery-") as folder:
        orders = Path(folder) / "webhooks.json"
        orders.write_text(json.dumps([_told(one) for one in webhooks(options.events, seed=SEED)]))
        for _ in range(options.rounds):
            for name, tree in trees.items():
                turns[name].append(play(server, tree, orders))
    for part in PARTS:
        for name, played in turns.items():
            print(f"{part:8} {name:7} {_words(played, part)}")
        for counted in (("hub", "postgres"), ("hub",)):
            ratios = [
                _cost(now, part, *counted) / _cost(before, part, *counted)
                for before, now in zip(turns["before"], turns["now"], strict=True)
            ]
            each = ", ".join(f"{one:.2f}" for one in ratios)
            print(f"{part:8} ratio   {statistics.median(ratios):.2f}  of {each} ({' and '.join(counted)})")


def play(server: Postgres, tree: Path, orders: Path, *more: str) -> Turn:
    """One turn of one tree on a fresh database, with a CRM of its own."""
    port = free_port()
    with running([sys.executable, "-m", "benchmarks.sandbox", "--port", str(port)], port=port):
        config = orders.with_name("hub.yaml")
        config.write_text(yaml.safe_dump(_configuration(port)))
        told = {
            **os.environ,
            "PYTHONPATH": str(tree),
            "HUB_DATABASE_URL": server.database("delivery"),
            "HUB_CONFIG": str(config),
        }
        done = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks/delivery_side.py"), str(orders), str(server.process.pid), *more],
            cwd=tree,
            env=told,
            check=True,
            stdout=subprocess.PIPE,
            timeout=600,
        )
    found: Turn = json.loads(done.stdout.splitlines()[-1])
    return found


def _told(one: Any) -> dict[str, str]:
    headers = {name.lower(): value for name, value in one.headers.items()}
    return {"id": one.event_id, "headers": orjson.dumps(headers).decode(), "body": base64.b64encode(one.body).decode()}


def _configuration(port: int) -> dict[str, Any]:
    crm = {"connector": "hubspot", "access_token": TOKEN, "base_url": f"http://127.0.0.1:{port}"}
    shop = {"connector": "shopify", "webhook_secret": SECRET}
    return {
        "connections": {"shop": shop, "crm": {**crm, "calls_per_10_seconds": 250}},
        "routes": [{"to": "crm"}],
    }


def _cost(turn: Turn, part: str, *whose: str) -> float:
    """Microseconds for each delivered row."""
    return 1e6 * sum(turn[part][one] for one in whose) / turn[part]["rows"]


def _words(played: list[Turn], part: str) -> str:
    hub, database = (statistics.median(_cost(turn, part, one) for turn in played) for one in ("hub", "postgres"))
    told = played[-1][part]
    return (
        f"{hub:5.0f} us hub + {database:4.0f} us PostgreSQL for each of {told['rows']:.0f} rows "
        f"({told['others']:.0f} refused, retried or unchanged, {told['waiting']:.0f} waiting)"
    )


if __name__ == "__main__":
    main()
