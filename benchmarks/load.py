"""The load generator: signed webhooks over keep-alive connections, from a process of its own.

``python -m benchmarks.load --port N …`` builds every request before the clock starts, keeps one request in flight per
connection, and prints one JSON object. A raw asyncio protocol with httptools costs about 11 µs a request; httpx would
cost many times as much and be what is measured. It only ever calls the loopback interface.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import httptools
import uvloop

from benchmarks.payloads import Webhook, webhooks

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Load:
    """What to send: ``count`` events of one ``seed``, of which the first ``warm_up`` are not measured.

    ``burn_us`` is CPU time wasted on each request, for a generator that costs as much as an ordinary HTTP client.
    """

    port: int
    path: str = "/webhooks/shop"
    count: int = 10_000
    warm_up: int = 500
    connections: int = 64
    seed: int = 1
    repeat: float = 0.5
    burn_us: float = 0.0
    limit_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. Times of day are in seconds since 1970; ``missing`` are the places never acknowledged."""

    measured: int
    seconds: float
    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    cpu_us: float
    acknowledged: int
    failures: int
    broken: int
    statuses: dict[str, int]
    started_at: float
    ended_at: float
    missing: list[int] = field(default_factory=list)


def run(load: Load) -> Outcome:
    """Run the load in a child process and wait for it."""
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in dataclasses.asdict(load).items()]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", *arguments], check=True, capture_output=True, text=True
    )
    return Outcome(**json.loads(done.stdout))


@dataclass(slots=True)
class Tally:
    """What the connections share: the requests still to send and what came back."""

    requests: Iterator[tuple[int, bytes]]
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    acknowledged: set[int] = field(default_factory=set)
    broken: int = 0
    stop_at: float = 0.0
    burn_seconds: float = 0.0


class Client(asyncio.Protocol):
    """One connection with one request in flight; ``finished`` is set when nothing is left to send."""

    def __init__(self, tally: Tally, finished: asyncio.Future[None]) -> None:
        self.tally = tally
        self.finished = finished
        self.parser = httptools.HttpResponseParser(self)
        self.transport: asyncio.WriteTransport | None = None
        self.place = -1
        self.sent_at = 0.0
        self.status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)  # uvloop's is one without inheriting from it
        self._next()

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.tally.broken += 1
            self.finished.set_result(None)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        status = int(self.parser.get_status_code())
        self.tally.latencies.append(now - self.sent_at)
        self.tally.statuses[status] += 1
        if 200 <= status < 300:
            self.tally.acknowledged.add(self.place)
        self._next()

    def _next(self) -> None:
        following = next(self.tally.requests, None) if time.monotonic() < self.tally.stop_at else None
        if following is None:
            if not self.finished.done():
                self.finished.set_result(None)
            return
        assert self.transport is not None
        self.place, wire = following
        if self.tally.burn_seconds:
            _burn(self.tally.burn_seconds)
        self.sent_at = time.perf_counter()
        self.transport.write(wire)


def _burn(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def wire(webhook: Webhook, load: Load) -> bytes:
    """The request as bytes."""
    head = "".join(f"{name}: {value}\r\n" for name, value in webhook.headers.items())
    return (
        f"POST {load.path} HTTP/1.1\r\nHost: {HOST}:{load.port}\r\nContent-Type: application/json\r\n"
        f"User-Agent: Shopify-Captain-Hook\r\nContent-Length: {len(webhook.body)}\r\n{head}\r\n"
    ).encode() + webhook.body


async def drive(load: Load, requests: list[tuple[int, bytes]]) -> tuple[Tally, float]:
    """Send them all; gives the tally and the seconds it took. A broken connection is counted and opened again."""
    loop = asyncio.get_running_loop()
    tally = Tally(iter(requests), stop_at=time.monotonic() + load.limit_seconds, burn_seconds=load.burn_us / 1e6)
    began = time.perf_counter()

    async def connection() -> None:
        broken = -1
        while broken != tally.broken and time.monotonic() < tally.stop_at:
            broken = tally.broken
            finished: asyncio.Future[None] = loop.create_future()
            try:
                transport, _ = await loop.create_connection(partial(Client, tally, finished), HOST, load.port)
            except OSError:
                tally.broken += 1
                await asyncio.sleep(0.05)
                continue
            await asyncio.wait({finished}, timeout=load.limit_seconds)
            transport.close()

    await asyncio.gather(*(connection() for _ in range(min(load.connections, len(requests)))))
    return tally, time.perf_counter() - began


def measure(load: Load) -> Outcome:
    """Build the requests, warm up, measure."""
    requests = [
        (place, wire(w, load)) for place, w in enumerate(webhooks(load.count, seed=load.seed, repeat=load.repeat))
    ]
    warm_up = min(load.warm_up, load.count // 2)
    started_at = time.time()
    warm, _ = uvloop.run(drive(load, requests[:warm_up])) if warm_up else (Tally(iter(())), 0.0)
    cpu = _cpu_seconds()
    tally, seconds = uvloop.run(drive(load, requests[warm_up:]))
    cpu = _cpu_seconds() - cpu
    acknowledged = warm.acknowledged | tally.acknowledged
    measured = len(tally.acknowledged)
    ranked = sorted(tally.latencies) or [0.0]
    statuses = warm.statuses + tally.statuses
    return Outcome(
        measured=measured,
        seconds=seconds,
        per_second=measured / seconds,
        p50_ms=1e3 * ranked[len(ranked) // 2],
        p99_ms=1e3 * ranked[len(ranked) * 99 // 100],
        max_ms=1e3 * ranked[-1],
        cpu_us=1e6 * cpu / max(measured, 1),
        acknowledged=len(acknowledged),
        failures=load.count - len(acknowledged),
        broken=warm.broken + tally.broken,
        statuses={str(status): times for status, times in sorted(statuses.items())},
        started_at=started_at,
        ended_at=time.time(),
        missing=sorted(set(range(load.count)) - acknowledged),
    )


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description="Send signed webhooks to a port of this machine.")
    for item in dataclasses.fields(Load):
        kind = {"int": int, "float": float, "str": str}[str(item.type)]
        default = None if item.default is dataclasses.MISSING else item.default
        parser.add_argument(f"--{item.name.replace('_', '-')}", type=kind, default=default, required=default is None)
    print(json.dumps(dataclasses.asdict(measure(Load(**vars(parser.parse_args()))))))


if __name__ == "__main__":
    main()
