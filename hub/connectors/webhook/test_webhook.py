"""What a receiver sees, judged by the Standard Webhooks library; and where Hub refuses to send."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from hub.connectors.webhook import CONNECTOR
from hub.connectors.webhook.destination import DESTINATION, STATUSES, send
from hub.connectors.webhook.manifest import MANIFEST, WebhookSettings
from hub.connectors.webhook.mapping import render
from hub.errors import AuthError, HubError, RateLimited, RejectedError, Unavailable
from hub.model.customer import PersonName
from hub.model.profile import Profile
from hub.sdk.connection import Connection, open_client
from hub.sdk.destination import ProfileChange, Write, WriteResult
from hub.sdk.http import HttpClient

NOW = datetime(2026, 9, 24, 8, 0, tzinfo=UTC)
OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_aHViLXNhbXBsZS1zZWNyZXQtb2YtMzItYnl0ZXMhISE="
ANNA = UUID(int=1)


def settings(**more: Any) -> WebhookSettings:
    raw = {"url": "https://bi.example.com/in", "secret": [NEW, OLD], "allow_private_addresses": True}
    return WebhookSettings.model_validate(raw | more)


def written(version: int = 1, **change: Any) -> Write:
    profile = Profile(id=ANNA, created_at=NOW, updated_at=NOW, name=PersonName(full="Änne Müller"))
    write = render(ProfileChange(profile, version, **change), settings())
    assert write is not None
    return write


def sent(write: Write, known: WebhookSettings, *answers: httpx.Response) -> list[httpx.Request]:
    seen: list[httpx.Request] = []

    def receiver(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answers[len(seen) - 1]

    root = known.base_url or (DESTINATION.api_root(known) if DESTINATION.api_root else "")
    with HttpClient(root, transport=httpx.MockTransport(receiver), status_table=STATUSES) as http:
        for _ in answers:
            assert send([write], http, known) == [WriteResult(write.key, "delivered", write.key)]
    return seen


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_a_receiver_with_either_secret_verifies_the_message(secret: str) -> None:
    (request,) = sent(written(), settings(), httpx.Response(204))

    message = Webhook(secret).verify(request.content, dict(request.headers))

    assert str(request.url) == "https://bi.example.com/in"
    assert message == json.loads(json.dumps(written().body))
    assert message["type"] == "profile.updated"
    assert message["data"]["name"]["full"] == "Änne Müller"


def test_the_id_stays_on_a_retry_and_changes_with_the_version() -> None:
    first, again = sent(written(1), settings(), httpx.Response(200), httpx.Response(202))
    (later,) = sent(written(2), settings(), httpx.Response(200))

    assert first.headers["webhook-id"] == again.headers["webhook-id"] == f"{ANNA}:1"
    assert first.content == again.content
    assert later.headers["webhook-id"] == f"{ANNA}:2"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(301, headers={"location": "https://elsewhere.example.com"}), Unavailable),
        (httpx.Response(404), Unavailable),
        (httpx.Response(410), RejectedError),
        (httpx.Response(422), RejectedError),
        (httpx.Response(429, headers={"retry-after": "9"}), RateLimited),
        (httpx.Response(401), AuthError),
        (httpx.Response(503), Unavailable),
    ],
    ids=lambda value: str(getattr(value, "status_code", "")),
)
def test_answers_decide_what_becomes_of_a_message(answer: httpx.Response, error: type[HubError]) -> None:
    with pytest.raises(HubError) as caught:
        sent(written(), settings(), answer)

    assert type(caught.value) is error


def test_the_erased_and_the_suppressed_are_named_by_id_only() -> None:
    body = written(3, external_ids=(str(ANNA), "b"), erased=True).body
    profile = Profile(id=ANNA, created_at=NOW, updated_at=NOW, name=PersonName(full="Änne"), suppressed=True)

    assert body == {
        "id": f"{ANNA}:3",
        "type": "profile.erased",
        "timestamp": "2026-09-24T08:00:00Z",
        "data": {"id": str(ANNA), "aliases": ["b"]},
    }
    assert render(ProfileChange(profile, 4), settings()) is None
    told = render(ProfileChange(profile, 4, external_ids=(str(ANNA),)), settings())
    assert told is not None
    assert told.erase
    again = ProfileChange(profile, 5, external_ids=(str(ANNA),), mirror=told.mirror)
    assert render(again, settings()) is None


@pytest.mark.parametrize("base_url", [None, "https://127.0.0.1:9"])
def test_a_loopback_url_needs_the_switch(base_url: str | None) -> None:
    known = settings(url="https://127.0.0.1:9/in", allow_private_addresses=False, base_url=base_url)

    with (
        open_client(Connection("bi", CONNECTOR, known), DESTINATION) as http,
        pytest.raises(AuthError, match="allow_private_addresses"),
    ):
        send([written()], http, known)


def test_within_a_private_network_a_receiver_is_called() -> None:
    known = settings(url="http://127.0.0.1:9/in", allow_private_addresses=True)

    with open_client(Connection("bi", CONNECTOR, known), DESTINATION) as http, pytest.raises(Unavailable):
        send([written()], http, known)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "whsec_c2hvcnQ="},
        {"secret": "plain-secret-of-sufficient-length"},
        {"url": "ftp://bi.example.com"},
        {"url": "https://user:geheim@bi.example.com/in"},
        {"url": "http://bi.example.com/in", "allow_private_addresses": False},
    ],
)
def test_faulty_settings_are_refused_without_being_repeated(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**wrong)

    assert str(next(iter(wrong.values()))) not in str(caught.value)
    assert MANIFEST.limits.batch == 1
