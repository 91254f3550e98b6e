"""What a stranger may do with a connection: time, size and number are bounded, and odd HTTP is answered."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import httpx
import pytest

from hub.api.protocol import Limits
from tests.support.processes import wait_for
from tests.support.serving import served

LIMITS = Limits(
    head_seconds=0.5,
    body_seconds=0.5,
    idle_seconds=1.0,
    write_seconds=0.5,
    linger_seconds=0.5,
    sweep_seconds=0.05,
    connections=20,
    per_address=10,
)
HOST = b"Host: hub.example.com\r\n"
END = b"\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked" + END


class Echo:
    """Answers with method, path, body, client and headers; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.gone = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                kind = (await receive())["type"]
                await send({"type": f"{kind}.complete"})
                if kind.endswith("shutdown"):
                    return
        body = b""
        while scope["path"] != "/unread":
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone += 1
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        self.asked.append({**scope, "body": body, "headers": dict(scope["headers"])})
        parts = 400 if scope["path"] == "/large" else 1
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % (parts * 65_536))]}
        )
        for number in range(parts):
            await send({"type": "http.response.body", "body": bytes(65_536), "more_body": number + 1 < parts})


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[Echo, int]]:
    app = Echo()
    with served(app, limits=LIMITS) as url:
        yield app, int(url.rpartition(":")[2])


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as client:
        yield client


def answer(client: socket.socket) -> bytes:
    """All that comes until the server closes, or a whole answer of the echo."""
    got = b""
    try:
        while not (got.startswith(b"HTTP/1.1 200") and len(got) >= 65_536):
            part = client.recv(1 << 20)
            if not part:
                break
            got += part
    except OSError:
        pass
    return got


def said(port: int, *parts: bytes) -> bytes:
    """The status line of the answer to these bytes."""
    with connected(port) as client:
        for part in parts:
            client.sendall(part)
        return answer(client).partition(b"\r\n")[0]


# -- time


@pytest.mark.parametrize(
    "begun",
    [b"GET / HTTP/1.1\r\nHost", b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 500\r\n\r\nhello", b"\r\n" * 50],
    ids=["head", "body", "blank lines"],
)
def test_a_request_that_does_not_go_on_is_ended(echo: tuple[Echo, int], begun: bytes) -> None:
    assert said(echo[1], begun) == b"HTTP/1.1 408 Request Timeout"


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked" + END]
)
def test_a_drip_is_ended_too(echo: tuple[Echo, int], head: bytes) -> None:
    # given a head, or a chunked body, of which a byte comes now and then and which has no end
    drop = b"1\r\nx\r\n" if b"chunked" in head else b"a: b\r\n"
    started = time.monotonic()
    with connected(echo[1]) as client:
        client.sendall(head)
        try:
            while time.monotonic() - started < 40:
                client.sendall(drop)
                time.sleep(0.05)
        except OSError:
            pass  # they hung up
    # then it did not go on for long
    assert time.monotonic() - started < 20


def test_a_body_as_slow_as_a_real_line_is_taken(echo: tuple[Echo, int]) -> None:
    # given a body that takes longer than the time of a small one, at a fair rate
    head = b"POST /slow HTTP/1.1\r\n" + HOST + b"Content-Length: 120000" + END
    with connected(echo[1]) as client:
        client.sendall(head)
        for _ in range(12):
            client.sendall(bytes(10_000))
            time.sleep(0.08)
        assert answer(client).startswith(b"HTTP/1.1 200")


def test_a_connection_that_says_nothing_is_closed_without_a_word(echo: tuple[Echo, int]) -> None:
    assert said(echo[1]) == b""


def test_an_answer_that_nobody_takes_is_given_up(echo: tuple[Echo, int]) -> None:
    with connected(echo[1]) as client:
        client.sendall(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n")
        time.sleep(1.5)
        got = 0
        try:
            while part := client.recv(1 << 20):
                got += len(part)
        except OSError:
            pass
    assert got < 400 * 65_536


# -- size


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + HOST + b"a: " + b"x" * 400_000,
        b"GET / HTTP/1.1\r\n" + HOST + b"a: b\r\n" * 200 + b"\r\n",
        b"GET /" + b"x" * 400_000 + b" HTTP/1.1\r\n" + HOST,
    ],
    ids=["one header", "many headers", "address"],
)
def test_a_head_that_is_too_large_is_refused(echo: tuple[Echo, int], head: bytes) -> None:
    with connected(echo[1]) as client:
        with suppress(OSError):  # the rest is not read
            client.sendall(head)
        assert answer(client).startswith(b"HTTP/1.1 431 ")


def test_a_body_that_goes_on_after_its_answer_is_not_read_for_long(echo: tuple[Echo, int]) -> None:
    with connected(echo[1]) as client:
        client.sendall(b"POST /unread HTTP/1.1\r\n" + HOST + b"Content-Length: 600000000" + END)
        sent = 0
        try:
            while sent < 600_000_000:
                sent += client.send(bytes(100_000))
        except OSError:
            pass
        assert sent < 60_000_000
        assert answer(client).startswith(b"HTTP/1.1 200")  # it has been there all the time


def test_a_small_body_nobody_wanted_costs_the_connection_nothing(echo: tuple[Echo, int]) -> None:
    with connected(echo[1]) as client:
        client.sendall(b"POST /unread HTTP/1.1\r\n" + HOST + b"Content-Length: 100000" + END)
        assert answer(client).startswith(b"HTTP/1.1 200")
        client.sendall(bytes(100_000) + b"POST /next HTTP/1.1\r\n" + HOST + b"Content-Length: 2" + END + b"ok")
        assert answer(client).startswith(b"HTTP/1.1 200")
    assert echo[0].asked[-1]["path"] == "/next"


# -- number


def test_one_address_holds_so_many_connections_and_gets_them_back(echo: tuple[Echo, int]) -> None:
    port = echo[1]
    held = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(LIMITS.per_address)]
    try:
        assert said(port, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n") == b"HTTP/1.1 503 Service Unavailable"
    finally:
        for one in held:
            one.close()
    wait_for(lambda: said(port, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n") == b"HTTP/1.1 200 OK", seconds=5)


def test_when_all_are_taken_the_address_with_the_most_gives_one_up() -> None:
    # given a server of twelve connections, all taken by one address, of which one has a request under way
    with served(Echo(), limits=Limits(connections=12, per_address=12)) as url:
        port = int(url.rpartition(":")[2])
        busy = socket.create_connection(("127.0.0.1", port), timeout=10)
        busy.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        answer(busy)
        idle = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(11)]
        # when another address comes
        with closing(
            socket.create_connection(("127.0.0.1", port), timeout=10, source_address=("127.0.0.9", 0))
        ) as other:
            other.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
            # then it is served
            assert answer(other).startswith(b"HTTP/1.1 200")
        for one in (busy, *idle):
            one.close()


# -- who calls


def test_a_trusted_proxy_says_who_calls_and_is_not_counted_itself() -> None:
    # some proxies write the port behind the address (Kludex/uvicorn#2789)
    said_and_meant = {
        "198.51.100.1, 203.0.113.7, 127.0.0.2": "203.0.113.7",
        "203.0.113.7:1024": "203.0.113.7",
        "[2001:db8::1]:8080": "2001:db8::1",
        "127.0.0.3": "127.0.0.3",
        "": "127.0.0.1",
    }
    app, few = Echo(), Limits(connections=20, per_address=2)
    with served(app, limits=few, trusted_proxies=("127.0.0.0/8",)) as url:
        port = int(url.rpartition(":")[2])
        held = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(6)]
        for told in said_and_meant:
            httpx.get(url, headers={"x-forwarded-for": told, "x-forwarded-proto": "https"})
        for one in held:
            one.close()
    assert [request["client"][0] for request in app.asked] == list(said_and_meant.values())
    assert {request["scheme"] for request in app.asked} == {"https"}


def test_without_trusted_proxies_nobody_says_who_calls(echo: tuple[Echo, int]) -> None:
    httpx.get(f"http://127.0.0.1:{echo[1]}/", headers={"x-forwarded-for": "203.0.113.7"})
    assert echo[0].asked[-1]["client"][0] == "127.0.0.1"


# -- odd HTTP


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("offer", ["h2c", "websocket"])
def test_an_upgrade_that_is_offered_is_declined_and_the_body_read(
    echo: tuple[Echo, int], framing: str, offer: str
) -> None:
    # Java's HttpClient sends this with every POST: uvicorn lost the body (Kludex/uvicorn#2722).
    head = (
        b"POST /upgrade HTTP/1.1\r\n" + HOST + b"Connection: keep-alive, Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: " + offer.encode() + b"\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\nX-Kept: yes\r\n"
    )
    body = (
        b"Content-Length: 5\r\n\r\nhello"
        if framing == "length"
        else b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    )
    with connected(echo[1]) as client:
        client.sendall(head + body[:-3])
        time.sleep(0.05)
        client.sendall(body[-3:])
        assert answer(client).startswith(b"HTTP/1.1 200")
        # and the connection goes on
        client.sendall(b"GET /again HTTP/1.1\r\n" + HOST + b"\r\n")
        assert answer(client).startswith(b"HTTP/1.1 200")
    upgrade, again = echo[0].asked[-2:]
    assert (upgrade["body"], upgrade["headers"][b"x-kept"], upgrade["headers"][b"connection"]) == (
        b"hello",
        b"yes",
        b"keep-alive",
    )
    assert again["path"] == "/again"


def test_trailers_are_no_headers(echo: tuple[Echo, int]) -> None:
    sent = b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Signature: forged\r\n\r\n"
    assert said(echo[1], b"POST /trailers HTTP/1.1\r\n" + HOST + sent) == b"HTTP/1.1 200 OK"
    assert b"x-signature" not in echo[0].asked[-1]["headers"]


@pytest.mark.parametrize(
    ("bytes_sent", "status"),
    [
        (b"CONNECT db:5432 HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -5\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999999\r\n\r\nhello", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nhello", 400),
        ("GET /ü HTTP/1.1\r\n".encode() + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n x: folded\x00\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
    ids=["CONNECT", "two lengths", "length and chunks", "negative", "overflow", "bad chunk", "not ASCII", "NUL",
         "HTTP/2", "TLS"],
)  # fmt: skip
def test_what_is_no_http_is_refused_and_closed(echo: tuple[Echo, int], bytes_sent: bytes, status: int) -> None:
    assert said(echo[1], bytes_sent).startswith(b"HTTP/1.1 %d " % status)


def test_a_malformed_request_behind_a_good_one_is_not_answered_in_its_place(echo: tuple[Echo, int]) -> None:
    # the 400 would be read as the answer to the first: a sender would take its event for refused
    assert said(echo[1], b"GET / HTTP/1.1\r\n" + HOST + b"\r\n\x00\x00\x00") in (b"", b"HTTP/1.1 200 OK")
