"""No answer holds a sender without end, and no name leads where nothing may be sent. Over real sockets."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hub.errors import AuthError, Unavailable
from hub.sdk import http, network
from hub.sdk.connection import load_connections, open_client
from hub.sdk.http import HttpClient
from tests.support.sockets import listening

PATIENCE = 20.0
"""Seconds after which a call counts as held without end; the deadlines of these tests are far below."""


def drip_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"x-a: b\r\n")
        time.sleep(0.05)


def drip_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        connection.sendall(b".")
        time.sleep(0.05)


def endless_body(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"." * 65536)


def endless_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nx-a: ")
    while True:
        connection.sendall(b"b" * 65536)


def never_answers(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    "behave", [drip_headers, drip_body, endless_body, endless_headers, never_answers, resets], ids=lambda f: f.__name__
)
def test_whatever_a_server_does_a_write_is_over_at_the_deadline_and_perhaps_carried_out(
    behave: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_ANSWER_BYTES", 1024 * 1024)
    begun = time.monotonic()
    with listening(behave) as url, HttpClient(url, allow_private=True, timeout_seconds=0.2) as client:
        with pytest.raises(Unavailable) as raised:
            client.post("x", {})
        assert raised.value.uncertain
    assert time.monotonic() - begun < PATIENCE


def test_a_server_that_takes_no_body_is_given_up() -> None:
    with (
        listening(lambda _: time.sleep(PATIENCE / 4)) as url,
        HttpClient(url, allow_private=True, timeout_seconds=0.2) as client,
        pytest.raises(Unavailable),
    ):
        client.request("POST", "x", content=b"." * 20_000_000)


def test_a_read_that_is_tried_again_is_over_at_the_deadline_too() -> None:
    begun = time.monotonic()
    with listening(drip_headers) as url, HttpClient(url, allow_private=True, timeout_seconds=0.2) as client:
        with pytest.raises(Unavailable):
            client.get("x")
        assert client.calls == 1
    assert time.monotonic() - begun < PATIENCE


def answers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")


def test_a_name_is_resolved_once_and_its_own_host_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    heads: list[bytes] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(network, "resolve", resolve)

        def one() -> None:
            connection, _ = server.accept()
            with connection:
                heads.append(connection.recv(65536))
                answers(connection)

        thread = threading.Thread(target=one)
        thread.start()
        root = f"http://crm.example.com:{server.getsockname()[1]}"
        with HttpClient(root, allow_private=True) as client:
            assert client.get("x").json() == {}
        thread.join(PATIENCE)
    assert asked == ["crm.example.com"]
    assert b"\r\nHost: crm.example.com:" in heads[0]


def test_a_name_that_answers_otherwise_a_moment_later_leads_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a name server of an attacker: public at first, then loopback
    replies: Iterator[list[str]] = iter([["93.184.215.14"], ["127.0.0.1"]])
    called: list[str] = []

    def refuse(address: tuple[str, int], *_: Any, **__: Any) -> socket.socket:
        called.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(network, "resolve", lambda host, port: next(replies))
    monkeypatch.setattr(socket, "create_connection", refuse)
    with HttpClient("https://bi.example.com") as client:
        with pytest.raises(Unavailable):
            client.post("x", {})
        # when it has changed, then the call is refused before anything is connected to
        with pytest.raises(AuthError, match=r"bi\.example\.com leads to a private address"):
            client.post("x", {})
    assert called == ["93.184.215.14"]


PRIVATE = ["127.0.0.1", "10.1.2.3", "192.168.0.9", "::1", "fd00::1", "::ffff:10.0.0.1", "100.64.0.1", "2002:7f00:1::",
           "64:ff9b::a00:1"]  # fmt: skip
NEVER = ["169.254.169.254", "0.0.0.0", "224.0.0.1", "fe80::1%eth0", "::ffff:169.254.169.254", "::", "fd00:ec2::254",
         "100.100.100.200", "64:ff9b::a9fe:a9fe"]  # fmt: skip


@pytest.mark.parametrize("address", [*PRIVATE, *NEVER])
def test_an_address_that_is_not_public_is_not_called(address: str) -> None:
    assert network.judge(address, private=False) is not None


@pytest.mark.parametrize("address", NEVER)
def test_link_local_and_metadata_addresses_are_never_called_whatever_is_configured(address: str) -> None:
    assert network.judge(address, private=True) is not None


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_called_where_that_is_meant(address: str) -> None:
    assert network.judge(address, private=True) is None


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1"])
def test_public_addresses_are_called(address: str) -> None:
    assert network.judge(address, private=False) is None


def test_one_address_of_several_that_may_not_be_called_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "resolve", lambda host, port: ["93.184.215.14", "10.0.0.1"])
    with HttpClient("https://bi.example.com") as client, pytest.raises(AuthError):
        client.get("x")


def test_a_dead_name_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(host: str, port: int) -> list[str]:
        raise OSError

    monkeypatch.setattr(network, "resolve", dead)
    with HttpClient("https://bi.example.com") as client, pytest.raises(Unavailable) as raised:
        client.post("x", {})
    assert not raised.value.uncertain


def test_only_the_host_of_a_base_url_may_be_private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "resolve", lambda host, port: ["127.0.0.1"])
    with (
        HttpClient("http://sandbox:1", allow_private=True, allowed_hosts=("api.hubapi.com",)) as client,
        pytest.raises(AuthError, match=r"api\.hubapi\.com"),
    ):
        client.get("https://api.hubapi.com/x")


@pytest.mark.parametrize(("options", "meant"), [({}, False), ({"base_url": "http://127.0.0.1:9"}, True)])
def test_a_connection_is_within_a_private_network_where_its_base_url_says_so(
    options: dict[str, str], meant: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "resolve", lambda host, port: ["127.0.0.1"])
    made = load_connections({"crm": ("hubspot", {"access_token": "t", **options})}, default_region="DE")["crm"]
    destination = made.connector.destination
    assert destination is not None
    with (
        open_client(made, destination) as client,
        pytest.raises(Unavailable if meant else AuthError),
    ):
        client.post("https://127.0.0.1:9/x" if meant else "x", {})


def test_a_proxy_of_the_environment_is_used_and_a_forbidden_literal_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(answers) as url:
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setattr(network, "proxy_bypass", lambda host: False)
        with HttpClient("http://crm.example.com") as client:
            assert client.get("x").json() == {}
        with HttpClient("http://169.254.169.254", allow_private=True) as client, pytest.raises(AuthError):
            client.get("x")
