"""Messages and newsletter forms as people really fill them: nothing that was said or chosen is lost."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from hub.mapping.details import answers
from hub.model.event import CustomerEvent, InteractionEvent
from hub.model.interaction import Interaction
from hub.sdk import registry
from hub.sdk.source import RawDelivery
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.samples import RECEIVED_AT, entry_of


def parsed(connector: str, body: bytes) -> list[Any]:
    case = ConnectorCase(registry.get(connector), registry.folder(connector))
    assert case.source.name_event
    delivery = RawDelivery("POST", "https://hub.example.com/webhooks/here", {}, {}, body, RECEIVED_AT)
    return list(case.source.parse(entry_of(delivery, case.source.name_event(delivery, case.settings)), case.settings))


def said(events: list[Any]) -> Interaction:
    [interaction] = [event.interaction for event in events if isinstance(event, InteractionEvent)]
    return interaction


def whatsapp(**message: Any) -> Interaction:
    contact = {"profile": {"name": "Ida"}, "wa_id": "4915123456789"}
    told = {"from": "4915123456789", "id": "w5", "timestamp": "1793700000", **message}
    changes = [{"field": "messages", "value": {"contacts": [contact], "messages": [told]}}]
    body = {"object": "whatsapp_business_account", "entry": [{"id": "B5", "changes": changes}]}
    return said(parsed("meta", json.dumps(body).encode()))


def messenger(**update: Any) -> Interaction:
    told = {"sender": {"id": "u5"}, "recipient": {"id": "P5"}, "timestamp": 1793700000000, **update}
    body = {"object": "page", "entry": [{"id": "P5", "time": 1793700000000, "messaging": [told]}]}
    return said(parsed("meta", json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("message", "details"),
    [
        (
            {
                "type": "interactive",
                "interactive": {
                    "type": "call_permission_reply",
                    "call_permission_reply": {"response": "reject", "is_permanent": False},
                },
            },
            {"call_permission": "reject", "permanent": "false"},
        ),
        (
            {"type": "contacts", "contacts": [{"name": {"first_name": "Uwe", "last_name": "Ort"}}]},
            {"contacts": "Uwe Ort"},
        ),
        ({"type": "unsupported", "unsupported": {"type": "poll_creation"}}, {"unsupported": "poll_creation"}),
        (
            {"type": "text", "text": {"body": "?"}, "referral": {"body": "Nur heute", "ctwa_clid": "c1"}},
            {"ad_text": "Nur heute", "click": "c1"},
        ),
        (
            {"type": "interactive", "interactive": {"nfm_reply": {"response_json": {"farbe": "rot"}}}},
            {"farbe": "rot"},
        ),
    ],
    ids=["call_permission", "contact", "unsupported", "advertisement", "decoded_form"],
)
def test_what_a_whatsapp_message_says_beside_its_words_is_kept(message: Any, details: dict[str, str]) -> None:
    told = whatsapp(**message).details

    assert {name: told.get(name) for name in details} == details


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ('{"farbe": "rot"', {"answers": '{"farbe": "rot"'}),
        ('{"flow_token": "geheim"', {}),
        ("[1, 2]", {"answers": "[1, 2]"}),
        ("", {}),
        (None, {}),
    ],
)
def test_answers_that_cannot_be_read_are_kept_as_they_are_unless_they_hold_a_credential(
    told: str | None, found: dict[str, str]
) -> None:
    assert answers(told) == found


def test_a_shared_product_is_named() -> None:
    product = {"elements": [{"retailer_id": "R1", "title": "Teekanne"}, {"retailer_id": "R2"}]}
    attachments = [{"type": "template", "payload": {"product": product}}]

    assert messenger(message={"mid": "m5", "attachments": attachments}).details["product"] == "Teekanne, R2"


def test_the_answers_to_a_feedback_form_are_kept() -> None:
    questions = {"wie": {"type": "csat", "payload": "2", "follow_up": {"type": "free_form", "payload": "Zu langsam"}}}

    found = messenger(messaging_feedback={"feedback_screens": [{"screen_id": 0, "questions": questions}]})

    assert (found.subject, dict(found.details)) == ("feedback", {"wie": "2", "wie.follow_up": "Zu langsam"})


def test_a_thumb_under_a_message_is_a_reaction() -> None:
    found = messenger(response_feedback={"mid": "m7", "feedback": "Bad response"})

    assert (found.kind, found.text, found.reference) == ("reaction", "Bad response", "m7")


def test_a_picture_under_a_post_is_kept() -> None:
    value = {"item": "comment", "verb": "add", "from": {"id": "9"}, "comment_id": "c", "photo": "https://x.example/1"}
    body = {
        "object": "page",
        "entry": [{"id": "P5", "time": 1793700000, "changes": [{"field": "feed", "value": value}]}],
    }

    assert said(parsed("meta", json.dumps(body).encode())).url == "https://x.example/1"


def newsletter(**merges: str) -> Any:
    told = {
        "type": "profile",
        "fired_at": "2026-11-03 09:00:00",
        "data[list_id]": "L5",
        "data[email]": "ida@mc.example",
    }
    told |= {f"data[merges]{name}": value for name, value in merges.items()}
    [event] = parsed("mailchimp", urlencode(told).encode())
    assert isinstance(event, CustomerEvent)
    return event.customer


def test_an_address_that_comes_as_one_text_tells_the_country_and_is_kept() -> None:
    found = newsletter(**{"[ADDRESS]": "3 Mill Ln  York  YO1 7AA  GB", "[PHONE]": "0113 496 0987"})

    assert [point.value for point in found.phones] == ["+441134960987"]
    assert found.custom["ADDRESS"] == "3 Mill Ln  York  YO1 7AA  GB"


def test_a_second_address_of_a_subscriber_is_kept_and_tells_the_country() -> None:
    second = {"[LIEFER][addr1]": "1 Oak Ave", "[LIEFER][city]": "Boston", "[LIEFER][country]": "US"}

    found = newsletter(**second, **{"[PHONE]": "(617) 555-0134", "[SMSPHONE]": "+16175550135"})

    assert [point.value for point in found.phones] == ["+16175550134", "+16175550135"]
    assert found.custom["LIEFER"] == "1 Oak Ave, Boston, US"


def test_interest_groups_of_the_older_form_are_tags() -> None:
    groups = {"[GROUPINGS][0][name]": "Themen", "[GROUPINGS][0][groups]": "Garten, Küche"}

    assert newsletter(**groups).tags == ("Garten", "Küche")


@pytest.mark.parametrize(
    ("status", "state"), [("subscribed", "opted_in"), ("unsubscribed", "opted_out"), ("nonsubscribed", None)]
)
def test_a_subscription_to_text_messages_is_a_consent_of_its_own(status: str, state: str | None) -> None:
    member = {
        "list_id": "L5",
        "email_address": "ida@mc.example",
        "status": "subscribed",
        "last_changed": "2026-11-03T09:00:00+00:00",
        "sms_phone_number": "+16175550135",
        "sms_subscription_status": status,
        "sms_subscription_last_updated": "2026-11-02T09:00:00+00:00",
        "last_note": {"note": "Ruft gern zurück"},
    }

    [event] = parsed("mailchimp", json.dumps(member).encode())

    assert [consent.state for consent in event.customer.consents if consent.channel == "sms"] == [state] * bool(state)
    assert [point.value for point in event.customer.phones] == ["+16175550135"]
    assert event.customer.custom["note"] == "Ruft gern zurück"
