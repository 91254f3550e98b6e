"""What the contract kit cannot know of Mailchimp: vendor payloads, the secret in the URL, ids, consent, history."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr

from hub.connectors.mailchimp.manifest import MANIFEST, MailchimpSettings
from hub.connectors.mailchimp.source import (
    SOURCE,
    answer,
    api_root,
    backfill,
    name_event,
    parse,
    sign,
    verify,
)
from hub.errors import ConfigError, PayloadError, VerificationError
from hub.model.consent import Consent
from hub.model.event import CustomerEvent
from hub.sdk.connection import Connection, open_client
from hub.sdk.http import HttpClient
from hub.sdk.registry import Connector
from hub.sdk.source import InboxEntry, RawDelivery, Reply

ROOT = Path(__file__).parents[3]
CONTRACTS = Path(os.environ.get("HUB_CONTRACTS_DIR") or ROOT.parent / "shared" / "contracts")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = MailchimpSettings.model_validate(dict(MANIFEST.sample_settings))
URL = "https://hub.example.com/webhooks/newsletter"


def delivery(body: bytes = b"", *, method: str = "POST", query: Mapping[str, str] | None = None) -> RawDelivery:
    return RawDelivery(method=method, url=URL, query=query or {}, headers={}, body=body, received_at=NOW)


def form(kind: str, fired_at: str = "2026-02-11 17:03:44", **data: str) -> bytes:
    return urlencode({"type": kind, "fired_at": fired_at, **{f"data[{k}]": v for k, v in data.items()}}).encode()


def member(**fields: Any) -> dict[str, Any]:
    found = {"list_id": "L", "email_address": "anna@example.de", "last_changed": "2026-03-01T08:15:00+00:00"}
    return {**found, **fields}


def read(topic: str, body: bytes) -> list[Any]:
    return list(parse(InboxEntry("newsletter", "event", topic, {}, body, NOW), SETTINGS))


VENDOR_RESULTS = {
    "audience-cleaned": ["CustomerEvent", "InteractionEvent"],
    "audience-subscribe": ["CustomerEvent", "InteractionEvent"],
    "audience-unsubscribe": ["CustomerEvent", "InteractionEvent"],
}


@pytest.mark.parametrize("path", sorted((CONTRACTS / "mailchimp").glob("audience-*.form")), ids=lambda path: path.stem)
def test_the_vendors_own_examples_are_read(path: Path) -> None:
    name = name_event(delivery(path.read_bytes()), SETTINGS)

    assert name.topic == path.stem.removeprefix("audience-")
    assert [type(event).__name__ for event in read(name.topic, path.read_bytes())] == VENDOR_RESULTS[path.stem]


def test_the_secret_travels_in_the_url() -> None:
    signed = sign(delivery(b"type=profile"), SETTINGS)

    assert signed.url == f"{URL}?secret=sample-mailchimp-secret"
    assert signed.query == {"secret": "sample-mailchimp-secret"}
    verify(signed, SETTINGS)


@pytest.mark.parametrize("query", [{}, {"secret": ""}, {"secret": "wrong"}, {"Secret": "sample-mailchimp-secret"}])
def test_a_missing_or_wrong_secret_is_refused(query: Mapping[str, str]) -> None:
    with pytest.raises(VerificationError):
        verify(delivery(query=query), SETTINGS)


def test_an_empty_secret_opens_nothing() -> None:
    settings = SETTINGS.model_copy(update={"webhook_secret": (SecretStr(""),)})

    with pytest.raises(VerificationError):
        verify(delivery(query={"secret": ""}), settings)


def test_saving_the_webhook_gets_its_200_with_the_right_secret_and_events_do_not() -> None:
    right = {"secret": SETTINGS.webhook_secret[0].get_secret_value()}
    assert answer(delivery(method="GET", query=right), SETTINGS) == Reply(status=200, body=b"ok")
    for wrong in ({}, {"secret": "guessed"}, {"secret": ""}):
        reply = answer(delivery(method="GET", query=wrong), SETTINGS)
        assert reply is not None
        assert reply.status == 401
    assert answer(delivery(form("profile", list_id="L", email="a@example.de")), SETTINGS) is None


def test_the_event_id_tells_changes_of_the_same_second_apart() -> None:
    first = form("upemail", list_id="L", new_id="1", new_email="b@example.de", old_email="a@example.de")
    second = form("upemail", list_id="L", new_id="2", new_email="c@example.de", old_email="b@example.de")
    other_audience = form("upemail", list_id="M", new_id="1", new_email="b@example.de", old_email="a@example.de")

    ids = [name_event(delivery(body), SETTINGS).event_id for body in (first, second, other_audience, first)]

    assert len(set(ids)) == 3
    assert ids[0] == ids[3]


def test_a_record_is_named_as_the_marketing_api_names_its_member() -> None:
    told = read("profile", form("profile", list_id="L", email="Anna@Example.de"))[0]

    assert told.customer.key.external_id == "L:" + hashlib.md5(b"anna@example.de").hexdigest()


@pytest.mark.parametrize("text", ["2026-02-11 17:03:44", "2026-02-11T17:03:44Z", "2026-02-11T18:03:44+01:00"])
def test_a_time_without_zone_is_utc(text: str) -> None:
    told = read("profile", form("profile", text, list_id="L", email="anna@example.de"))[0]

    assert told.occurred_at == datetime(2026, 2, 11, 17, 3, 44, tzinfo=UTC)


def test_an_unreadable_body_names_the_field_and_not_its_value() -> None:
    with pytest.raises(PayloadError) as caught:
        read("subscribe", form("subscribe", "gestern", list_id="L", email="anna@example.de"))

    assert (caught.value.path, str(caught.value)) == ("fired_at", "fired_at: not readable")


@pytest.mark.parametrize("more", [{}, {"reason": "manual"}, {"action": "unsub", "reason": "manual"}])
def test_an_unsubscription_is_one_whatever_it_says_of_how(more: Mapping[str, str]) -> None:
    """mailchimp/mc-magento#169: ``action``, which the guide names, may be missing."""
    told, event = read("unsubscribe", form("unsubscribe", list_id="L", email="anna@example.de", **more))
    assert [one.state for one in told.customer.consents] == ["opted_out"]
    assert event.interaction.kind == "email_unsubscribed"


CONSENTS = {
    "subscribed": Consent(
        channel="email",
        state="opted_in",
        at=datetime(2025, 3, 14, 9, 12, 7, tzinfo=UTC),
        evidence="mailchimp: subscribed to audience L",
        explicit=True,
    ),
    "unsubscribed": Consent(
        channel="email",
        state="opted_out",
        at=datetime(2026, 3, 1, 8, 15, tzinfo=UTC),
        evidence="mailchimp: unsubscribed from audience L",
    ),
    "pending": Consent(channel="email", state="pending", evidence="mailchimp: not yet confirmed for audience L"),
    "cleaned": None,
    "transactional": None,
    "archived": None,
    None: None,
}


@pytest.mark.parametrize(("status", "consent"), CONSENTS.items())
def test_each_state_of_a_member_is_one_consent_or_none(status: str | None, consent: Consent | None) -> None:
    body = member(status=status, timestamp_opt="2025-03-14T09:12:07+00:00", ip_opt="192.0.2.17")
    told = read("member", httpx.Request("POST", URL, json=body).content)

    said = [one for event in told if isinstance(event, CustomerEvent) for one in event.customer.consents]
    assert said == ([consent] if consent else [])


@pytest.mark.parametrize("key", [None, "nokey", "key-", "key-us21.evil.example", "key-../us21"])
def test_only_a_key_with_a_data_centre_leads_anywhere(key: str | None) -> None:
    with pytest.raises(ConfigError, match="api_key"):
        api_root(MailchimpSettings.model_validate({"webhook_secret": "s", "api_key": key}))


def test_the_key_names_the_host_and_is_sent_as_basic_auth() -> None:
    seen: list[httpx.Request] = []
    with client({}, seen) as http:
        list(backfill(http, SETTINGS, None, None))

    assert seen[0].url.host == "us21.api.mailchimp.com"
    credentials = base64.b64decode(seen[0].headers["authorization"].removeprefix("Basic ")).decode()
    assert credentials == "hub:sample0mailchimp0key-us21"


def client(answers: Mapping[str, Any], seen: list[httpx.Request]) -> HttpClient:
    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=answers.get(request.url.path, {"members": []}))

    connection = Connection("newsletter", Connector(manifest=MANIFEST, source=SOURCE), SETTINGS)
    return open_client(connection, SOURCE, transport=httpx.MockTransport(reply))


def test_without_named_audiences_all_are_walked_since_the_given_time() -> None:
    seen: list[httpx.Request] = []
    settings = SETTINGS.model_copy(update={"audiences": ()})
    answers = {"/3.0/lists": {"lists": [{"id": "L"}, {"id": "M"}]}, "/3.0/lists/M/members": {"members": [member()]}}
    with client(answers, seen) as http:
        pages = list(backfill(http, settings, datetime(2026, 2, 1, tzinfo=UTC), None))

    assert [request.url.path for request in seen] == ["/3.0/lists", "/3.0/lists/L/members", "/3.0/lists/M/members"]
    assert seen[1].url.params["since_last_changed"] == "2026-01-31T23:59:59+00:00"  # its own second comes too
    assert [len(page.items) for page in pages] == [0, 1]


def test_a_member_that_cannot_be_read_is_kept_to_be_parked() -> None:
    answers = {"/3.0/lists/a6f0c2de41/members": {"members": [{"status": "subscribed"}, member()], "total_items": 2}}
    with client(answers, []) as http:
        items = [item for page in backfill(http, SETTINGS, None, None) for item in page.items]

    digest = hashlib.md5(b"anna@example.de").hexdigest()
    assert items[1].event_id == f"member:L:{digest}:2026-03-01T08:15:00+00:00"
    with pytest.raises(PayloadError, match="list_id"):
        read("member", items[0].body)


def test_a_backfilled_member_is_named_alike_when_it_is_delivered() -> None:
    body = httpx.Request("POST", URL, json=member()).content

    name = name_event(replace(delivery(), body=body), SETTINGS)

    assert name.topic == "member"
    assert name.event_id.startswith("member:L:")


def test_two_changes_of_one_member_in_one_second_are_two_events() -> None:
    # given two profile updates of the same member and second, as two saves in the form make them
    def named(first_name: str) -> str:
        body = urlencode({**PROFILE, "data[merges][FNAME]": first_name}).encode()
        delivery = RawDelivery("POST", "https://hub.example.com/webhooks/news", {}, {}, body, datetime.now(UTC))
        return name_event(delivery, SETTINGS).event_id

    # then they have ids of their own, and a redelivery has the same
    assert named("Anna") != named("Anne")
    assert named("Anna") == named("Anna")


PROFILE = {
    "type": "profile",
    "fired_at": "2026-03-26 21:31:21",
    "data[id]": "8a25ff1d98",
    "data[list_id]": "a6b5da1054",
    "data[email]": "anna.mueller@example.de",
}
