"""Memory under attack, of a real `hub api`: bounded while strangers send, given back, and never the others' loss."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from benchmarks.payloads import SECRET, Webhook, webhooks
from hub.connectors.shopify.source import SIGNATURE
from tests.support.processes import OwnPostgres, Role, free_port, own_postgres, wait_for, wait_until_ready

CONFIG = """
hub: {{trusted_proxies: [127.0.0.1]}}
connections:
  shop: {{connector: shopify, webhook_secret: "{secret}"}}
"""
MIB = 1024 * 1024
LARGE = 4_900 * 1024
GROWTH = 120 * MIB
"""What the process may need for all of it: the share of one caller, twice while a body is put together, and buffers."""

KEPT = 60 * MIB
"""What may stay of it: the allocators keep some for what comes next."""


class Api:
    """A `hub api` process of its own."""

    def __init__(self, postgres: OwnPostgres, folder: Path) -> None:
        config = folder / "hub.yaml"
        config.write_text(CONFIG.format(secret=SECRET))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            "HUB_DATABASE_URL": postgres.uri,
            "HUB_CONFIG": str(folder / "hub.yaml"),
            "HUB_LOG_LEVEL": "error",
        }
        self.role = Role(["api", "--port", str(self.port)], environment)

    def __enter__(self) -> Api:
        self.role.start()
        wait_until_ready(self.url)
        return self

    def __exit__(self, *_: object) -> None:
        self.role.stop()

    def rss(self) -> int:
        assert self.role.process is not None
        return int(psutil.Process(self.role.process.pid).memory_info().rss)

    def post(self, event: Webhook, *, timeout: float = 20) -> int:
        """A sender behind the proxy, at an address of its own."""
        headers = {**event.headers, "x-forwarded-for": "203.0.113.7"}
        return httpx.post(f"{self.url}/webhooks/shop", content=event.body, headers=headers, timeout=timeout).status_code


class Peak:
    """The most memory that was seen while a block ran."""

    def __init__(self, api: Api) -> None:
        self.api, self.most = api, 0

    async def watch(self) -> None:
        while True:
            self.most = max(self.most, self.api.rss())
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def api(postgres: OwnPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with Api(postgres, tmp_path_factory.mktemp("flood")) as running:
        yield running


@pytest.fixture
def events() -> list[Webhook]:
    return list(webhooks(300, seed=5, repeat=0.0))


async def upload(url: str, size: int, *, forwarded: str = "198.51.100.1", hold: float = 0.0) -> bytes:
    """The status line that a chunked, unsigned webhook of this size gets; its end is held back for a while."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST /webhooks/shop HTTP/1.1\r\nHost: hub\r\nX-Forwarded-For: {forwarded}\r\n"
    part = b"10000\r\n" + bytes(65_536) + b"\r\n"
    try:
        writer.write(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(size // 65_536):
            writer.write(part)
            await writer.drain()
        await asyncio.sleep(hold)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
    except OSError:
        pass  # they hung up; what they said is still there
    try:
        return (await reader.readline()).strip()
    except OSError:
        return b"reset"
    finally:
        writer.close()


def test_240_large_unsigned_webhooks_take_little_memory_and_keep_nobody_out(api: Api, events: list[Webhook]) -> None:
    before = api.rss()

    async def attack() -> tuple[list[bytes], list[int], int]:
        peak = Peak(api)
        watching = asyncio.create_task(peak.watch())
        uploads = [asyncio.create_task(upload(api.url, LARGE, hold=0.5)) for _ in range(240)]
        await asyncio.sleep(0.3)
        meanwhile = [await asyncio.to_thread(api.post, event) for event in events[:5]]
        answers = await asyncio.gather(*uploads)
        watching.cancel()
        return answers, meanwhile, peak.most

    answers, meanwhile, most = asyncio.run(attack())
    # then none was believed, the others were served, and the memory has a bound
    assert {answer.split()[1] for answer in answers if answer.startswith(b"HTTP")} <= {b"401", b"503"}
    assert meanwhile == [202] * 5
    assert most - before < GROWTH, f"grew by {(most - before) // MIB} MiB"
    # and it is given back
    wait_for(lambda: api.rss() - before < KEPT, seconds=30, what="less memory")


def test_connections_that_declare_and_send_nothing_keep_nobody_out(api: Api, events: list[Webhook]) -> None:
    async def attack() -> list[int]:
        held = []
        for number in range(150):
            _, writer = await asyncio.open_connection("127.0.0.1", api.port)
            length = 5 * MIB if number % 2 else 4_000_000
            writer.write(f"POST /webhooks/shop HTTP/1.1\r\nHost: hub\r\nContent-Length: {length}\r\n\r\n".encode())
            held.append(writer)
        meanwhile = [await asyncio.to_thread(api.post, event) for event in events[5:10]]
        for writer in held:
            writer.close()
        return meanwhile

    assert asyncio.run(attack()) == [202] * 5


def test_while_postgresql_hangs_memory_stays_and_everybody_is_asked_to_come_again(
    api: Api, postgres: OwnPostgres, events: list[Webhook]
) -> None:
    # given senders of large signed bodies, over and over, while PostgreSQL hangs
    body = events[10].body[:-1] + b',"note":"' + b"x" * MIB + b'"}'
    headers = {**events[10].headers, SIGNATURE.header: SIGNATURE.value(SECRET, body)}
    before = api.rss()

    async def storm(client: httpx.AsyncClient, seconds: float) -> list[int]:
        statuses = []
        until = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < until:
            try:
                answer = await client.post("/webhooks/shop", content=body, headers=headers)
                statuses.append(answer.status_code)
            except httpx.TransportError:  # they hung up on a body that nobody wanted
                statuses.append(0)
            await asyncio.sleep(0.05)
        return statuses

    async def attack() -> tuple[set[int], int]:
        peak = Peak(api)
        watching = asyncio.create_task(peak.watch())
        limits = httpx.Limits(max_connections=100)
        async with httpx.AsyncClient(base_url=api.url, timeout=30, limits=limits) as client:
            answers = await asyncio.gather(*(storm(client, 4.0) for _ in range(60)))
        watching.cancel()
        return {status for each in answers for status in each}, peak.most

    postgres.freeze()
    try:
        statuses, most = asyncio.run(attack())
    finally:
        postgres.thaw()
    assert statuses <= {503, 0}
    assert 503 in statuses
    assert most - before < 2 * GROWTH, f"grew by {(most - before) // MIB} MiB"
    # when it is back, so are we, and the memory is
    wait_for(lambda: api.post(events[20]) == 202, seconds=20, what="the first event")
    wait_for(lambda: api.rss() - before < KEPT, seconds=30, what="less memory")
