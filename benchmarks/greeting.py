"""How long a shop waits to be told how to greet somebody: ``python -m benchmarks.greeting [--people 3000]``.

Shop processes (``--asking``) ask one API process at once, for people it knows and, one in ten, for people it does not;
each question is a lookup of its own. Beside the wall stands the CPU that API process and PostgreSQL take for an answer:
on a busy machine it says more.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg

from benchmarks import load
from benchmarks.figures import Figure, reached, table
from benchmarks.hub_side import Hub, hub
from benchmarks.machine import describe
from benchmarks.server import Postgres, postgres
from hub.store import tokens
from hub.store.database import Session

TARGET_MS = 50.0


def measure(server: Postgres, *, people: int, rounds: int, asked: int, asking: int) -> list[Figure]:
    """p50 and p99 of each round in milliseconds of the wall, and the CPU of an answer."""
    with hub(server, "greeting") as it, it.api() as (port, api):
        with it.worker("process"):
            sent = load.Load(port=port, count=people, warm_up=0, seed=1, limit_seconds=300.0)
            load.run(sent)
            it.wait_processed()
        text, emails = _known(it)
        told: list[list[float]] = []
        cpu: list[float] = []
        failures = 0
        for turn in range(rounds):
            before = api.cpu_seconds() + server.process.cpu_seconds()
            times, failed = _ask(port, text, emails, asked, seed=turn, asking=asking)
            cpu.append(1000 * (api.cpu_seconds() + server.process.cpu_seconds() - before) / len(times))
            told.append(times)
            failures += failed
    p50 = [1000 * statistics.median(times) for times in told]
    p99 = [1000 * sorted(times)[int(len(times) * 0.99)] for times in told]
    met = reached(statistics.median(p99), "<=", TARGET_MS, failures)
    return [
        Figure("greeting", f"p50, {asking} at once", "ms", p50, failures),
        Figure("greeting", f"p99, {asking} at once", "ms", p99, failures, target=f"<= {TARGET_MS:g} ms", met=met),
        Figure("greeting", "CPU of an answer", "ms", cpu, failures),
    ]


def _known(it: Hub) -> tuple[str, list[str]]:
    with psycopg.connect(it.database_url) as connection:
        session = Session(connection)
        [[shop]] = session.rows("SELECT connection FROM record LIMIT 1")
        _, text = tokens.create(session, "shop", "benchmark", session.now(), connection=shop)
        rows = session.rows("""SELECT substring(golden from '"emails":\\["([^"]+)"') FROM profile""")
    return text, [row[0] for row in rows if row[0]]


def _ask(port: int, text: str, emails: list[str], asked: int, *, seed: int, asking: int) -> tuple[list[float], int]:
    """Seconds of each answer, and how many were none."""

    def one(who: int) -> tuple[list[float], int]:
        chance = random.Random(seed * 100 + who)
        times, failed = [], 0
        headers = {"authorization": f"Bearer {text}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
            for _ in range(asked // asking):
                email = chance.choice(emails) if chance.random() < 0.9 else f"nobody{chance.random()}@x.example"
                began = time.perf_counter()
                answer = client.get("/api/v1/profiles", params={"identifier": f"email:{email}"})
                times.append(time.perf_counter() - began)
                failed += answer.status_code != 200
        return times, failed

    with ThreadPoolExecutor(asking) as pool:
        told = list(pool.map(one, range(asking)))
    return [seconds for times, _ in told for seconds in times], sum(failed for _, failed in told)


def main() -> int:
    """Measure, and print a table; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.greeting", description=__doc__)
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--asked", type=int, default=2_000)
    parser.add_argument("--asking", type=int, default=1)
    given = parser.parse_args()
    with postgres() as server:
        figures = measure(server, people=given.people, rounds=given.rounds, asked=given.asked, asking=given.asking)
    print(" · ".join(f"{name}: {value}" for name, value in describe().items()))
    print(table(figures))
    return 0 if all(figure.met is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
