"""An answer without end, or without measure, holds nobody up."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from hub.errors import RejectedError, Unavailable
from hub.sdk import http
from hub.sdk.http import HttpClient


class Dripping(httpx.SyncByteStream):
    def __init__(self, parts: list[bytes]) -> None:
        self.parts = parts

    def __iter__(self) -> Iterator[bytes]:
        yield from self.parts


def client(parts: list[bytes], timeout_seconds: float = 20.0) -> HttpClient:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=Dripping(parts))

    return HttpClient("https://crm.example.com", transport=httpx.MockTransport(answer), timeout_seconds=timeout_seconds)


def test_an_answer_comes_whole():
    assert client([b'{"a": ', b"1}"]).get("x").json() == {"a": 1}


def test_an_answer_too_large_is_unavailable_and_perhaps_carried_out(monkeypatch):
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 10)
    with pytest.raises(Unavailable) as raised:
        client([b"12345678"] * 2).post("x", {})
    assert raised.value.uncertain


def test_an_answer_that_drips_is_given_up(monkeypatch):
    now = iter(range(0, 1000, 30))
    monkeypatch.setattr("hub.sdk.http.time.monotonic", lambda: float(next(now)))
    with pytest.raises(Unavailable) as raised:
        client([b"."] * 10, timeout_seconds=20.0).post("x", {})
    assert raised.value.uncertain


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            httpx.ConnectError,
            "GET crm.example.com: no connection: nothing listens there, or the name or its certificate",
        ),
        (httpx.ConnectTimeout, "GET crm.example.com: no connection within the time limit"),
        (httpx.ReadTimeout, "GET crm.example.com: no answer within the time limit"),
        (httpx.RemoteProtocolError, "GET crm.example.com: no whole answer came"),
    ],
)
def test_why_there_was_no_answer_is_said_in_words_without_our_request(error, said):
    def fails(request: httpx.Request) -> httpx.Response:
        raise error("about anna@example.de", request=request)

    http = HttpClient(
        "https://crm.example.com/", allowed_hosts=("crm.example.com",), transport=httpx.MockTransport(fails)
    )
    with pytest.raises(Unavailable) as raised:
        http.request("GET", "people")
    assert str(raised.value).startswith(said)
    assert str(raised.value).endswith(f"({error.__name__})")
    assert "anna" not in str(raised.value)


def test_credentials_never_leave_https_for_http_whatever_link_an_answer_holds():
    called: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        called.append(str(request.url))
        return httpx.Response(200, json={})

    http = HttpClient(
        "https://crm.example.com", headers={"authorization": "Bearer t"}, transport=httpx.MockTransport(answer)
    )
    with pytest.raises(RejectedError, match="not encrypted"):
        http.get("http://crm.example.com/people?page=2")
    http.get("https://crm.example.com/people?page=2")
    assert called == ["https://crm.example.com/people?page=2"]
