"""The door of the REST API and its pages: the token before the body, bounds for bodies, guesses, and expiry."""

from __future__ import annotations

import re
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import structlog
from prometheus_client import REGISTRY

from hub.api.app import Api
from hub.api.door import MAX_BODY_BYTES
from hub.api.server import is_loopback
from hub.intake.guesses import GUESSES
from hub.intake.inbox import GroupCommit
from hub.intake.receive import WebhookIntake
from hub.sdk.source import RawDelivery, Reply
from hub.store import tokens
from hub.store.database import Database
from hub.store.tokens import Role
from tests.support.doubles import by_name, source
from tests.support.servers import Postgres
from tests.support.serving import served

REFUSED = {"connection": "shop", "reason": "signature"}
PAGES = ("/metrics", "/docs", "/openapi.json", "/docs/start.js", "/docs/swagger-ui.css")


@dataclass(frozen=True)
class House:
    database: Database
    api: Api
    url: str
    http: httpx.Client

    def token(self, role: tokens.Role = "operator", lifetime: timedelta | None = None) -> str:
        with self.database.session() as session:
            return tokens.create(session, role, "test", datetime.now(UTC), lifetime=lifetime)[1]

    def asked(self, token: str, path: str = "/api/v1/stats") -> httpx.Response:
        return self.http.get(path, headers={"authorization": f"Bearer {token}"})

    def begin(self, *lines: str) -> socket.socket:
        """A request of which only the head is sent."""
        port = int(self.url.rpartition(":")[2])
        client = socket.create_connection(("127.0.0.1", port), timeout=10)
        client.sendall("\r\n".join([*lines, "Host: hub.example.com", "", ""]).encode())
        return client

    def at_once(self, path: str, requests: Sequence[tuple[str, ...]]) -> list[int]:
        """The statuses of so many requests, each on a connection of its own, all sent before any answer is read."""
        clients = [self.begin(f"GET {path} HTTP/1.1", *lines) for lines in requests]
        return [int(head(client).split()[1]) for client in clients]


@pytest.fixture
def house(database: Database) -> Iterator[House]:
    yield from opened(database, open_pages=True)


@pytest.fixture(scope="module")
def any_house(postgres_server: Postgres) -> Iterator[House]:
    """One for tests that leave it as it is."""
    with postgres_server.database() as database:
        yield from opened(database, open_pages=True)


@pytest.fixture
def closed_house(database: Database) -> Iterator[House]:
    """As it is when Hub listens beyond loopback."""
    yield from opened(database, open_pages=False)


def opened(database: Database, *, open_pages: bool) -> Iterator[House]:
    commit, connections = GroupCommit(database.dsn), by_name(source("shop"))
    intake = WebhookIntake(connections, commit, public_url="https://hub.example.com", max_body_bytes=10_000)
    api = Api(intake, commit, database, connections, open_pages=open_pages)
    with served(api) as url, httpx.Client(base_url=url, timeout=10) as http:
        yield House(database, api, url, http)


def head(client: socket.socket) -> bytes:
    with closing(client):
        return client.recv(65_536)


# -- bodies


@pytest.mark.parametrize("path", ["/api/v1/judgements", "/api/v1/inbox/1/replay", "/api/v1/nothing", "/api/"])
@pytest.mark.parametrize(
    "authorization", ["", "Authorization: Bearer hub_guessed", "Authorization: Basic aHViOmh1Yg=="]
)
def test_without_a_token_a_body_is_refused_before_any_of_it_was_sent(
    house: House, path: str, authorization: str
) -> None:
    lines = [f"POST {path} HTTP/1.1", "Content-Length: 629145600", "Expect: 100-continue", authorization]
    assert head(house.begin(*filter(None, lines))).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("framing", ["Content-Length: 629145600", "Transfer-Encoding: chunked"])
def test_with_a_token_a_body_has_a_limit(house: House, framing: str) -> None:
    bearer = f"Authorization: Bearer {house.token()}"
    with closing(house.begin("POST /api/v1/judgements HTTP/1.1", framing, bearer)) as client:
        if "chunked" in framing:
            with suppress(OSError):
                for _ in range(MAX_BODY_BYTES // 65_536 + 1):
                    client.sendall(b"10000\r\n" + bytes(65_536) + b"\r\n")
        assert client.recv(65_536).startswith(b"HTTP/1.1 413 ")


def test_a_load_balancer_may_ask_for_the_head_alone(house: House) -> None:
    assert [house.http.head(path).status_code for path in ("/health/live", "/health/ready")] == [200, 200]


def test_a_page_reads_no_body(house: House) -> None:
    for path in ("/health/live", "/metrics", "/docs"):
        assert head(house.begin(f"GET {path} HTTP/1.1", "Content-Length: 629145600")).startswith(b"HTTP/1.1 200 ")


def test_a_challenge_reads_no_body_and_other_methods_are_not_allowed(house: House) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
        answer = house.http.request(method, "/webhooks/shop")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    begun = house.begin("PUT /webhooks/shop HTTP/1.1", "Content-Length: 9000")
    assert head(begun).startswith(b"HTTP/1.1 405 ")


@pytest.mark.parametrize(
    "path",
    ["//api/v1/stats", "/API/v1/stats", "/api/v1/../v1/stats", "/api%2fv1%2fstats", "/%61pi/v1/stats", "/api/v1/stats/",
     "/metrics/../api/v1/stats", "/webhooks/../api/v1/stats", "/api/v1/stats%00", "/api;x/v1/stats"],
)  # fmt: skip
def test_no_spelling_of_a_path_leads_past_the_token(any_house: House, path: str) -> None:
    answer = head(any_house.begin(f"GET {path} HTTP/1.1"))
    assert re.match(rb"HTTP/1.1 (401|404) ", answer), answer[:60]


def test_refused_deliveries_are_counted_and_fill_no_log(house: House) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("hub_intake_refused_total", REFUSED) or 0.0

    before = counted()
    time.sleep(1.1)  # one line a second: an earlier test may have had that of this one
    structlog.reset_defaults()  # a command run by an earlier test may have set a level
    with structlog.testing.capture_logs() as lines:
        for _ in range(30):
            assert house.http.post("/webhooks/shop", content=b"{}").status_code == 401
    assert counted() == before + 30
    assert 1 <= len([line for line in lines if line["event"] == "intake.refused"]) < 30


def test_what_a_vendor_wants_typed_in_is_told_once_to_the_operator(database: Database) -> None:
    # given a vendor that sends a code by POST, before anything is signed
    def answer(delivery: RawDelivery, settings: object) -> Reply | None:
        return Reply(200, told="verification code 5220ecf5") if delivery.body == b"code" else None

    commit, connections = GroupCommit(database.dsn), by_name(source("shop", answer=answer))
    intake = WebhookIntake(connections, commit, public_url="https://hub.example.com", max_body_bytes=10_000)
    api = Api(intake, commit, database, connections, open_pages=False)
    structlog.reset_defaults()
    # when it comes, and somebody sends it again and again
    with structlog.testing.capture_logs() as lines, served(api) as url:
        statuses = [httpx.post(f"{url}/webhooks/shop", content=b"code").status_code for _ in range(5)]
    # then each is answered, and one line tells it
    assert statuses == [200] * 5
    told = [(line["connection"], line["reason"]) for line in lines if line["event"] == "intake.answered"]
    assert told == [("shop", "verification code 5220ecf5")]


# -- guesses


def test_wrong_tokens_are_slowed_down_and_right_ones_never(house: House) -> None:
    right, wrong = house.token(), "hub_" + "x" * 43
    # when somebody at this address guesses
    answers = [house.asked(wrong) for _ in range(GUESSES + 5)]
    assert [answer.status_code for answer in answers] == [401] * GUESSES + [429] * 5
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].headers["content-type"] == "application/problem+json"
    # then the right token works, also one that was made only now
    assert [house.asked(right).status_code, house.asked(house.token()).status_code] == [200, 200]


def test_guesses_cost_the_database_next_to_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    read = tokens.roles

    def counted(session: Any) -> dict[bytes, Role]:
        nonlocal looks
        looks += 1
        return read(session)

    monkeypatch.setattr(tokens, "roles", counted)

    guesses = [(f"Authorization: Bearer hub_{number:043d}",) for number in range(200)]
    statuses = house.at_once("/api/v1/stats", guesses)
    assert set(statuses) == {401, 429}
    assert looks < 30


def test_what_has_not_the_form_of_a_token_is_not_looked_up(house: House) -> None:
    house.database.close()
    for text in ("x", "hub_short", "hub_" + "x" * 44, "hub_" + "ü" * 43, "x" * 5_000):
        headers = {b"authorization": b"Bearer " + text.encode()}
        assert house.http.get("/api/v1/stats", headers=headers).status_code in (401, 429)


# -- expiry


def test_an_expired_token_opens_nothing_and_says_so(house: House) -> None:
    fresh, old = house.token(lifetime=timedelta(days=90)), house.token(lifetime=timedelta(seconds=1))
    with house.database.session() as session:
        session.run(
            "UPDATE token SET expires_at = now() - interval '1 second' WHERE expires_at < now() + interval '1 day'"
        )
        listed = {token.expired: token.expires_at for token in tokens.page(session)}
        assert [tokens.role_of(session, text) for text in (fresh, old)] == ["operator", None]
    refused = house.asked(old)
    assert (house.asked(fresh).status_code, refused.status_code) == (200, 401)
    assert refused.json()["detail"] == "the bearer token has expired"
    expires = listed[False]
    assert expires is not None
    assert timedelta(days=89) < expires - datetime.now(UTC) <= timedelta(days=90)


# -- pages


def test_beyond_loopback_the_pages_need_a_token(closed_house: House) -> None:
    house, token = closed_house, closed_house.token("viewer")
    asked = {path: house.http.get(path) for path in PAGES}
    assert {path: answer.status_code for path, answer in asked.items()} == dict.fromkeys(PAGES, 401)
    assert asked["/docs"].headers["www-authenticate"] == 'Basic realm="Hub"'  # so that a browser asks
    # a scraper sends it as a bearer token, a browser as a password
    for given in (f"Bearer {token}", "Basic " + b64encode(f"any:{token}".encode()).decode()):
        answers = {path: house.http.get(path, headers={"authorization": given}).status_code for path in PAGES}
        assert answers == dict.fromkeys(PAGES, 200)
    for given in ("Basic ???", "Basic " + b64encode(b"\xff\xff").decode(), "Basic", "Digest x", f"Basic {token}"):
        assert house.http.get("/metrics", headers={"authorization": given}).status_code == 401
    # a password is for pages: another site could make a browser send it to the API
    basic = "Basic " + b64encode(f"any:{token}".encode()).decode()
    assert house.http.get("/api/v1/stats", headers={"authorization": basic}).status_code == 401
    assert [house.http.get(path).status_code for path in ("/health/live", "/health/ready")] == [200, 200]


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True), ("0.0.0.0", False),
     ("::", False), ("192.168.1.5", False), ("hub.internal", False), ("", False)],
)  # fmt: skip
def test_loopback_is_what_only_this_machine_reaches(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_the_page_of_the_description_needs_nobody_else(house: House) -> None:
    page = house.http.get("/docs")
    asked = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    answers = [house.http.get(f"/{path}") for path in asked]
    assert len(asked) == 4
    assert [answer.status_code for answer in answers] == [200] * 4
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "<script>" not in page.text  # the policy would forbid it
    assert house.http.get("/docs/redoc.standalone.js").status_code == 404


def test_the_description_names_the_door_s_answers(house: House) -> None:
    paths = house.http.get("/openapi.json").json()["paths"]
    operations = [each for path, methods in paths.items() if path.startswith("/api/v1") for each in methods.values()]
    assert operations
    for operation in operations:
        assert {"400", "401", "413", "429", "503"} <= set(operation["responses"])


# -- readiness


def test_any_number_of_readiness_checks_share_one_connection(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    probes: list[int] = []
    probed = GroupCommit._probed

    async def counted(self: GroupCommit) -> bool:
        probes.append(threading.get_ident())
        return await probed(self)

    monkeypatch.setattr(GroupCommit, "_probed", counted)

    assert house.at_once("/health/ready", [()] * 300) == [200] * 300
    assert len(probes) < 30
