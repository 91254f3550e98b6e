"""What only Meta does: the handshake, thin leads, batches, Graph's error codes, and what other programs make of it."""

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from pywa.utils import webhook_updates_validator

from hub.connectors.meta import CONNECTOR
from hub.connectors.meta.manifest import MANIFEST, MetaSettings
from hub.connectors.meta.source import SIGNATURE, SOURCE, answer, complete, completions, name_event, parse
from hub.errors import AuthError, HubError, PayloadError, RateLimited, RejectedError, SkipEvent, Unavailable
from hub.model.customer import ContactPoint
from hub.model.event import ConsentEvent, CustomerEvent, InteractionEvent, LinkEvent, Note
from hub.sdk.http import HttpClient
from hub.sdk.source import Completion, InboxEntry, RawDelivery, Reply

NOW = datetime(2026, 9, 24, 8, 0, tzinfo=UTC)
SETTINGS = MetaSettings.model_validate(MANIFEST.sample_settings)
ROOT = Path(__file__).parents[3]
CONTRACTS = ROOT / os.environ.get("HUB_CONTRACTS_DIR", "../shared/contracts")
DELIVERIES = sorted(
    path
    for folder in ("messenger", "instagram", "whatsapp", "meta-leads")
    for path in (CONTRACTS / folder).glob("*.json")
    if "object" in json.loads(path.read_bytes())
)
SAMPLES = sorted((Path(__file__).parent / "samples").glob("*/*/body.json"))


def delivery(body: Any, method: str = "POST", **query: str) -> RawDelivery:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawDelivery(method, "https://hub.example.com/webhooks/meta", query, {}, raw, NOW)


def entry(body: Any) -> InboxEntry:
    raw = delivery(body)
    name = name_event(raw, SETTINGS)
    return InboxEntry("meta", name.event_id, name.topic, {}, raw.body, NOW)


def message(mid: str) -> dict[str, Any]:
    return {"sender": {"id": "71"}, "recipient": {"id": "10"}, "timestamp": 1790154122190, "message": {"mid": mid}}


def page(*updates: dict[str, Any], time: int = 1790154122257) -> dict[str, Any]:
    return {"object": "page", "entry": [{"id": "10", "time": time, "messaging": list(updates)}]}


def leadgen(lead_id: str) -> dict[str, Any]:
    value = {"leadgen_id": lead_id, "created_time": 1790159994, "form_id": "88"}
    return {"object": "page", "entry": [{"id": "10", "time": 1, "changes": [{"field": "leadgen", "value": value}]}]}


def test_the_challenge_goes_back_only_for_our_verify_token() -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "meta-sample-verify-token"}

    assert answer(delivery(b"", "GET", **query), SETTINGS) == Reply(200, b"1158201444")
    for wrong in ({"hub.verify_token": "guessed"}, {"hub.verify_token": ""}, {"hub.mode": "unsubscribe"}):
        assert answer(delivery(b"", "GET", **(query | wrong)), SETTINGS) == Reply(403)
    assert answer(delivery(b"", "GET"), SETTINGS) == Reply(403)
    blank = SETTINGS.model_copy(update={"verify_token": SecretStr("")})
    assert answer(delivery(b"", "GET", **(query | {"hub.verify_token": ""})), blank) == Reply(403)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parts[-3]}/{path.parts[-2]}")
def test_pywa_accepts_our_signature(path: Path) -> None:
    signed = SIGNATURE.sign(delivery(path.read_bytes()), SETTINGS)

    secret = SETTINGS.app_secret[0].get_secret_value()
    assert webhook_updates_validator(secret, signed.body, signed.headers["x-hub-signature-256"])


@pytest.mark.parametrize("path", DELIVERIES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_vendor_delivery_is_read(path: Path) -> None:
    body = path.read_bytes()
    thin = entry(body)
    found = {c.name: (path.parent / "lead-object.json").read_bytes() for c in completions(thin, SETTINGS)}

    events = parse(replace(thin, completions=found), SETTINGS)

    assert all(isinstance(event, CustomerEvent | InteractionEvent | LinkEvent) for event in events)
    assert any(isinstance(event, CustomerEvent) for event in events)
    assert thin.topic in MANIFEST.topics


@pytest.mark.parametrize("path", sorted((CONTRACTS / "signatures").glob("meta-*.json")), ids=lambda path: path.name)
def test_a_signature_vector_verifies(path: Path) -> None:
    vector = json.loads(path.read_bytes())
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    settings = SETTINGS.model_copy(
        update={"app_secret": MetaSettings(app_secret=vector["secret"], verify_token="long-enough").app_secret}
    )

    SIGNATURE.verify(replace(delivery(vector["body"].encode()), headers=headers), settings)


def test_the_event_id_is_that_of_the_content_not_of_the_sending() -> None:
    first, again = page(message("m1"), message("m2")), page(message("m1"), message("m2"), time=1790159999999)
    other = page(message("m1"), message("m3"))

    names = [name_event(delivery(body), SETTINGS) for body in (first, again, other)]

    assert names[0] == names[1]
    assert names[0].event_id != names[2].event_id
    assert names[0].topic == "page.messaging"


def test_a_lead_is_fetched_and_then_read() -> None:
    thin = entry(leadgen("4711"))
    fetched = json.dumps({"id": "4711", "field_data": [{"name": "email", "values": ["uwe@example.de"]}]}).encode()

    wanted = completions(thin, SETTINGS)
    whole = replace(thin, completions={"lead/4711": fetched})

    fields = "created_time,form_id,field_data,custom_disclaimer_responses"
    assert wanted == (Completion("lead/4711", "v26.0/4711", {"fields": fields}),)
    assert completions(whole, SETTINGS) == ()
    event = parse(whole, SETTINGS)[0]
    assert isinstance(event, CustomerEvent)
    assert event.customer.emails == (ContactPoint(value="uwe@example.de", original="uwe@example.de"),)


def test_a_lead_without_token_is_parked_and_a_deleted_one_is_skipped() -> None:
    thin = entry(leadgen("4711"))
    without_token = SETTINGS.model_copy(update={"access_token": None})

    assert completions(thin, without_token) == ()
    with pytest.raises(PayloadError, match=r"^entry\.0\.changes\.0\.value: .*set access_token"):
        parse(thin, without_token)
    with pytest.raises(SkipEvent):
        parse(replace(thin, completions={"lead/4711": b""}), SETTINGS)


def test_one_unreadable_update_of_a_thousand_costs_itself_and_is_noted() -> None:
    updates = [message(f"m{n}") for n in range(1_000)]
    assert len(parse(entry(page(*updates)), SETTINGS)) == 1_001

    updates[998] = message("m998") | {"message": {"text": "Geheim"}}

    *told, note = parse(entry(page(*updates)), SETTINGS)
    assert len(told) == 1_000
    reason = "missing, so entry.0.messaging.998.message is left out"
    assert note == Note(path="entry.0.messaging.998.message.mid", reason=reason)
    with pytest.raises(PayloadError, match=r"^entry\.0\.messaging\.0\.message\.mid: missing"):
        parse(entry(page(updates[998])), SETTINGS)


@pytest.mark.parametrize(
    ("status", "code", "subcode", "error"),
    [
        (400, 190, 463, AuthError),
        (403, 200, 0, AuthError),
        (403, 4, 0, RateLimited),
        (400, 80005, 0, RateLimited),
        (400, 2, 0, Unavailable),
        (400, 100, 33, PayloadError),
        (400, 100, 0, RejectedError),
    ],
)
def test_graphs_error_codes_decide(status: int, code: int, subcode: int, error: type[HubError]) -> None:
    body = {"error": {"message": "Error validating uwe@example.de", "code": code, "error_subcode": subcode}}
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=body))

    with HttpClient("https://graph.facebook.com", transport=transport) as http, pytest.raises(HubError) as caught:
        complete(Completion("lead/4711", "v26.0/4711"), http, SETTINGS)

    assert type(caught.value) is error
    assert "uwe" not in str(caught.value)


def test_the_token_travels_in_a_header() -> None:
    seen: list[httpx.Request] = []

    def graph(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=b"{}")

    transport = httpx.MockTransport(graph)
    assert SOURCE.authorise is not None
    assert SOURCE.api_root is not None

    with HttpClient(SOURCE.api_root(SETTINGS), headers=SOURCE.authorise(SETTINGS), transport=transport) as http:
        assert complete(Completion("lead/4711", "v26.0/4711"), http, SETTINGS) == b"{}"

    assert str(seen[0].url) == "https://graph.facebook.com/v26.0/4711"
    assert seen[0].headers["authorization"] == "Bearer EAAG-sample-access-token"
    assert CONNECTOR.manifest.slug == "meta"


def test_a_whatsapp_number_is_the_one_that_is_dialled() -> None:
    """chatwoot/chatwoot#14048: Mexico's ids have a 1, Brazil's old ones lack the ninth digit."""

    def number(wa_id: str) -> list[ContactPoint]:
        message = {"id": "w", "timestamp": "1790154122", "type": "text", "text": {"body": "x"}, "from": wa_id}
        change = {"field": "messages", "value": {"metadata": {}, "messages": [message]}}
        told = parse(
            entry({"object": "whatsapp_business_account", "entry": [{"id": "WB", "changes": [change]}]}), SETTINGS
        )
        assert isinstance(told[0], CustomerEvent)
        return list(told[0].customer.phones)

    found = {wa_id: number(wa_id)[0] for wa_id in ("5215512345678", "551187654321", "5491123456789", "4917612345671")}

    assert {wa_id: (point.value, point.usable) for wa_id, point in found.items()} == {
        "5215512345678": ("+525512345678", True),
        "551187654321": ("+5511987654321", True),
        "5491123456789": ("+5491123456789", True),
        "4917612345671": ("+4917612345671", True),
    }


def test_a_stop_of_marketing_messages_is_an_explicit_opt_out_of_messenger() -> None:
    optin = {"type": "notification_messages", "notification_messages_status": "STOP_NOTIFICATIONS"}
    update = {"sender": {"id": "71"}, "recipient": {"id": "10"}, "timestamp": 1790154122190, "optin": optin}

    told = [event for event in parse(entry(page(update)), SETTINGS) if isinstance(event, ConsentEvent)]

    assert [(c.consent.channel, c.consent.state, c.consent.explicit) for c in told] == [
        ("messenger", "opted_out", True)
    ]


def changed(field: str, **value: Any) -> list[Any]:
    """What one change of a page, an Instagram account or a WhatsApp account tells; nothing where it is skipped."""
    kind = {"ratings": "page", "comments": "instagram"}.get(field, "whatsapp_business_account")
    value = {{"from_": "from"}.get(name, name): told for name, told in value.items()}
    body = {"object": kind, "entry": [{"id": "10", "time": 1, "changes": [{"field": field, "value": value}]}]}
    try:
        return list(parse(entry(body), SETTINGS))
    except SkipEvent:
        return []


WABA = {"display_phone_number": "+49 30 23125500"}
ECHO = {"id": "wamid.1", "from": "493023125500", "timestamp": "1790154000", "type": "text", "text": {"body": "Ja"}}
CALL = {"id": "c", "event": "terminate", "timestamp": "1790154000", "from": "491722998001", "to": "493023125500"}


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        # restfb/restfb#758, #904: stars were replaced by a recommendation, and a rating may be changed
        (changed("ratings", item="rating", verb="edit", rating=1, reviewer_id=71, reviewer_name="Some reviewer",
                 open_graph_story_id=98, created_time=1499870640, review_text="x"), ("FeedbackEvent", "71")),
        # restfb/restfb#744, #694: what is said of a rating has a sender, and comes in the same field
        (changed("ratings", item="comment", verb="add", sender_id=72, sender_name="Test", comment_id="98_1",
                 message="x", created_time=1498471588, open_graph_story_id=98), ("InteractionEvent", "72")),
        (changed("ratings", item="reaction", verb="add", sender_id=73, post_id="98_2", reaction_type="like",
                 created_time=1479971281, open_graph_story_id=98), ("InteractionEvent", "73")),
        # the page answers: nobody
        (changed("ratings", item="comment", verb="add", sender_id=10, comment_id="98_3", created_time=1), ()),
        # diwenne/openreply#25: of a comment under an ad Meta told no id; restfb/restfb#1328, #1438: nor which post
        (changed("comments", id="1", text="Link", media={"id": "7", "ad_id": "12"},
                 from_={"username": "Ute.B"}), ("InteractionEvent", "@ute.b")),
        (changed("comments", id="1", text="Link", media={"id": "7"}), ()),
        # chatwoot/chatwoot#12569, OCA/social#1912: what is sent with the phone stands with whom it went to
        (changed("smb_message_echoes", metadata=WABA, message_echoes=[{**ECHO, "to": "491722998001"}]),
         ("InteractionEvent", "491722998001")),
        # chatwoot/chatwoot#14025: a history that was not shared
        (changed("history", metadata=WABA, history=[{"errors": [{"code": 2593109}]}]), ()),
        # of a call only its end is one, and one of ours is with whom we called
        (changed("calls", metadata=WABA, calls=[{**CALL, "event": "connect"}]), ()),
        (changed("calls", metadata=WABA, calls=[CALL]), ("InteractionEvent", "491722998001")),
    ],
)  # fmt: skip
def test_who_did_it_is_told_as_each_shape_tells_it(told: list[Any], wanted: tuple[str, ...]) -> None:
    facts = [one for one in told if not isinstance(one, CustomerEvent)]

    found = [part for one in facts for part in (type(one).__name__, one.record.external_id.rpartition(":")[2])]
    assert found == list(wanted)


def test_a_comment_under_an_ad_names_the_ad_and_the_post_it_was_made_of() -> None:
    media = {"id": "7", "ad_id": "12", "original_media_id": "6", "media_product_type": "AD"}
    [_, said] = changed("comments", id="1", text="x", media=media, from_={"id": "71"})

    assert (said.interaction.campaign, said.interaction.reference) == ("12", "6")


@pytest.mark.parametrize("place", ["referral", "postback", "message"])
def test_the_ad_that_began_a_conversation_is_told_wherever_it_stands(place: str) -> None:
    """nyaruka/courier#318, fbsamples/original-coast-clothing#113"""
    ad = {"ad_id": "12", "source": "ADS", "type": "OPEN_THREAD", "ads_context_data": {"ad_title": "Herbst"}}
    part = {"referral": ad, "postback": {"mid": "m", "title": "Los", "referral": ad}}.get(place)
    part = part or {"mid": "m", "text": "x", "referral": ad}
    update = {"sender": {"id": "71"}, "recipient": {"id": "10"}, "timestamp": 1790154122190, place: part}

    [_, said] = parse(entry(page(update)), SETTINGS)

    assert isinstance(said, InteractionEvent)
    assert (said.interaction.campaign, said.interaction.details["ad_title"]) == ("12", "Herbst")
