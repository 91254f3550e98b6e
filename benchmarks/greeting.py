"""How long a shop waits to be told how to greet somebody: ``python -m benchmarks.greeting [--people 3000]``.

Several shop processes ask one API process at once, for people it knows and, one in ten, for people it does not; each
question is a lookup of its own, without an ``ETag``. Beside it what an answer costs that is asked for by its tag.
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
ASKING = 4


def measure(server: Postgres, *, people: int, rounds: int, asked: int) -> list[Figure]:
    """p50 and p99 of each round, in milliseconds of the wall."""
    with hub(server, "greeting") as it, it.api() as (port, _):
        with it.worker("process"):
            sent = load.Load(port=port, count=people, warm_up=0, seed=1, limit_seconds=300.0)
            load.run(sent)
            it.wait_processed()
        text, emails = _known(it)
        plain, tagged, failures = [], [], 0
        for turn in range(rounds):
            for into, tag in ((plain, False), (tagged, True)):
                times, failed = _ask(port, text, emails, asked, seed=turn, tag=tag)
                into.append(times)
                failures += failed
    found = []
    for name, each in (("greeting", plain), ("the same by its ETag", tagged)):
        p50 = [1000 * statistics.median(times) for times in each]
        p99 = [1000 * sorted(times)[int(len(times) * 0.99)] for times in each]
        found.append(Figure("greeting", f"{name}, p50", "ms", p50, failures))
        met = reached(statistics.median(p99), "<=", TARGET_MS, failures)
        found.append(Figure("greeting", f"{name}, p99", "ms", p99, failures, target=f"<= {TARGET_MS:g} ms", met=met))
    return found


def _known(it: Hub) -> tuple[str, list[str]]:
    with psycopg.connect(it.database_url) as connection:
        session = Session(connection)
        [[shop]] = session.rows("SELECT connection FROM record LIMIT 1")
        _, text = tokens.create(session, "shop", "benchmark", session.now(), connection=shop)
        rows = session.rows("""SELECT substring(golden from '"emails":\\["([^"]+)"') FROM profile""")
    return text, [row[0] for row in rows if row[0]]


def _ask(port: int, text: str, emails: list[str], asked: int, *, seed: int, tag: bool) -> tuple[list[float], int]:
    """Seconds of each answer, and how many were none."""

    def one(who: int) -> tuple[list[float], int]:
        chance = random.Random(seed * 100 + who)
        times, failed, known = [], 0, ""
        headers = {"authorization": f"Bearer {text}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as client:
            for _ in range(asked // ASKING):
                email = chance.choice(emails) if chance.random() < 0.9 else f"nobody{chance.random()}@x.example"
                more = {"if-none-match": known} if tag else {}
                began = time.perf_counter()
                answer = client.get("/api/v1/profiles", params={"identifier": f"email:{email}"}, headers=more)
                times.append(time.perf_counter() - began)
                failed += answer.status_code not in (200, 304)
                known = answer.headers.get("etag", "")
        return times, failed

    with ThreadPoolExecutor(ASKING) as pool:
        told = list(pool.map(one, range(ASKING)))
    return [seconds for times, _ in told for seconds in times], sum(failed for _, failed in told)


def main() -> int:
    """Measure, and print a table; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.greeting", description=__doc__)
    parser.add_argument("--people", type=int, default=3_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--asked", type=int, default=2_000)
    given = parser.parse_args()
    with postgres() as server:
        figures = measure(server, people=given.people, rounds=given.rounds, asked=given.asked)
    print(" · ".join(f"{name}: {value}" for name, value in describe().items()))
    print(table(figures))
    return 0 if all(figure.met is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
