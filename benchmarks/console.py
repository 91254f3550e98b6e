"""What people who watch the console cost intake: ``python -m benchmarks.console [--viewers 50] [--rounds 3]``.

The same load goes to one API process with nobody watching and with viewers on Today's stream, in turns within one run.
The viewers are one process of their own: it holds the streams open and reads all that comes. A target is judged by the
ratio of the medians of the CPU that API process and PostgreSQL take for an event, and of events a second; on a busy
machine the first says more.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import psycopg

from benchmarks import load
from benchmarks.figures import Figure, ratio, reached, table
from benchmarks.hub_side import Hub, hub
from benchmarks.machine import describe
from benchmarks.processes import Running
from benchmarks.server import Postgres, postgres
from hub.store import tokens
from hub.store.database import Session

TARGET, MOST = 0.95, 1.05
"""At least this share of the events a second, and at most this share of the CPU of an event."""


@dataclass(slots=True)
class Side:
    """The rounds of one side; ``cpu`` is µs for an event, of API process and PostgreSQL together."""

    per_second: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    failures: int = 0


def measure(server: Postgres, *, viewers: int, rounds: int, events: int) -> list[Figure]:
    """Both sides in turns; every acknowledged event has to be in the inbox."""
    alone, watched = Side(), Side()
    with hub(server, "console") as it, it.api() as (port, api):
        cookie = signed_in(it, port)
        for turn in range(rounds):
            sides = (alone, watched) if turn % 2 == 0 else (watched, alone)
            for place, side in enumerate(sides):
                with _watching(port, cookie, viewers if side is watched else 0):
                    _play(server, it, api, port, side, seed=2 * turn + place + 1, events=events)
    speed = ratio(watched.per_second, alone.per_second)
    cpu = ratio(watched.cpu, alone.cpu)
    failures = alone.failures + watched.failures

    def figure(name: str, unit: str, rounds: list[float], met: bool, share: float, target: str) -> Figure:
        beside = f"{name} beside {viewers} viewers"
        return Figure("console", beside, unit, rounds, failures, "nobody watching", share, target, met)

    return [
        figure("intake", "/s", watched.per_second, reached(speed, ">=", TARGET, failures), speed, f">= {TARGET} x"),
        figure("CPU of an event", "µs", watched.cpu, reached(cpu, "<=", MOST, failures), cpu, f"<= {MOST} x"),
    ]


def _play(server: Postgres, it: Hub, api: Running, port: int, side: Side, *, seed: int, events: int) -> None:
    sent = load.Load(port=port, count=events, warm_up=events // 10, seed=seed, limit_seconds=30.0)
    before = api.cpu_seconds() + server.process.cpu_seconds()
    outcome = load.run(sent)
    used = api.cpu_seconds() + server.process.cpu_seconds() - before
    side.per_second.append(outcome.per_second)
    side.cpu.append(1e6 * used / sent.count)
    side.failures += outcome.failures + it.lost(sent, outcome)


def signed_in(it: Hub, port: int) -> str:
    """The cookie of a session, opened by a token as people do."""
    with psycopg.connect(it.database_url) as connection:
        session = Session(connection)
        _, text = tokens.create(session, "viewer", "benchmark", session.now())
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        found = re.search(r'name="form_token" value="(\w+)"', client.get("/console/sign-in").text)
        assert found
        client.post("/console/sign-in", data={"token": text, "form_token": found[1]})
        return client.cookies["hub_session"]


@contextmanager
def _watching(port: int, cookie: str, count: int) -> Iterator[None]:
    if not count:
        yield
        return
    command = [sys.executable, "-m", "benchmarks.console", "--watch", str(port), "--viewers", str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        print(cookie, file=process.stdin, flush=True)
        assert process.stdout.readline() == "all watch\n"
        try:
            yield
        finally:
            process.terminate()


async def _watch(port: int, cookie: str, count: int) -> None:
    seen = [asyncio.Event() for _ in range(count)]

    async def one(first: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET /console/live/today HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncookie: hub_session={cookie}\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        answer = await reader.readline()
        assert b" 200 " in answer, answer
        while await reader.read(1 << 16):
            first.set()

    everybody = [asyncio.create_task(one(first)) for first in seen]
    await asyncio.wait_for(asyncio.gather(*(first.wait() for first in seen)), 30)
    print("all watch", flush=True)
    await asyncio.gather(*everybody)


def main() -> int:
    """Measure, and print a table; 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=6_000)
    parser.add_argument("--watch", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.watch:
        asyncio.run(_watch(given.watch, sys.stdin.readline().strip(), given.viewers))
        return 0
    with postgres() as server:
        figures = measure(server, viewers=given.viewers, rounds=given.rounds, events=given.events)
    print(" · ".join(f"{name}: {value}" for name, value in describe().items()))
    print(table(figures))
    return 0 if all(figure.met is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
