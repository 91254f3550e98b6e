"""What the contract kit cannot know of webhook-in: schemes, faulty configurations, vendors' payloads, oddities.

The examples have the vendors' shapes, from the pages their files name, with invented people.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from hub.connectors.webhook_in.manifest import MANIFEST, WebhookInSettings
from hub.connectors.webhook_in.source import SOURCE, backfill, complete, completions, name_event, parse, sign, verify
from hub.errors import ConfigError, PayloadError, SkipEvent, VerificationError
from hub.model.event import (
    CaseEvent,
    CustomerEvent,
    DeletionEvent,
    FeedbackEvent,
    InteractionEvent,
    Note,
    OrderEvent,
    OrderPartEvent,
    ProductEvent,
)
from hub.sdk.connection import Connection, open_client, read_connections
from hub.sdk.registry import Connector
from hub.sdk.source import InboxEntry, RawDelivery
from hub.yaml_file import Reader

EXAMPLES = Path(__file__).parents[3] / "config" / "sources"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
WHSEC = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRETS = dict.fromkeys(
    ("PRETIX_WEBHOOK_SECRET", "PRETIX_API_TOKEN", "TYPEFORM_SECRET", "CALENDLY_SIGNING_KEY", "STRIPE_WEBHOOK_SECRET"),
    "hush",
) | {"APP_WEBHOOK_SECRET": WHSEC}
READ: Sequence[Mapping[str, Any]] = [{"customer": {"id": "id", "email": "mail", "phone": "tel", "country": "land"}}]
ORDER = {"id": "id", "state": "state", "placed_at": "at", "currency": "currency", "total": "total"}


def settings(**options: Any) -> WebhookInSettings:
    return WebhookInSettings.model_validate({"verify": {"none": True}, "read": READ, **options})


def of_order(*, minor_units: bool = False, **more: Any) -> WebhookInSettings:
    return settings(read=[{"order": {**ORDER, "minor_units": minor_units, **more}}])


def faults(**options: Any) -> list[str]:
    given = {
        "base_url": "https://api.example.com",
        "verify": "bearer",
        "webhook_secret": "hush",
        "read": READ,
        **options,
    }
    given = {name: value for name, value in given.items() if value is not None}
    return read_connections({"app": ("webhook_in", given)}, default_region="DE")[1]


def example(name: str) -> Connection:
    reader = Reader(SECRETS)
    configs = {
        key: (one.pop("connector"), one) for key, one in reader.open(EXAMPLES / f"{name}.yaml")["connections"].items()
    }
    connections, wrong = read_connections(configs, default_region="DE")
    assert not wrong, wrong
    return next(iter(connections.values()))


def body(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def delivery(value: Any, headers: Mapping[str, str] | None = None, **more: Any) -> RawDelivery:
    url = "https://hub.example.com/webhooks/app"
    return RawDelivery(
        "POST", url, {}, {"content-type": "application/json", **(headers or {})}, body(value), NOW, **more
    )


def entry(value: Any, topic: str = "event", found: Mapping[str, bytes] | None = None, **headers: str) -> InboxEntry:
    return InboxEntry(
        "app", "e1", topic, {name.replace("_", "-"): v for name, v in headers.items()}, body(value), NOW, found or {}
    )


def read(value: Any, own: WebhookInSettings, topic: str = "event") -> tuple[list[Any], list[Note]]:
    told = parse(entry(value, topic), own)
    return [one for one in told if not isinstance(one, Note)], [one for one in told if isinstance(one, Note)]


def file(name: str) -> bytes:
    return (EXAMPLES / name).read_bytes()


def parsed(name: str, *, found: Mapping[str, bytes] | None = None) -> list[Any]:
    """What the example makes of its body, signed as its sender signs it."""
    connection = example(name)
    own = connection.settings
    assert isinstance(own, WebhookInSettings)
    signed = sign(delivery(file(f"{name}.json")), own)
    verify(signed, own)
    called = name_event(signed, own)
    return list(
        parse(InboxEntry("app", called.event_id, called.topic, signed.headers, signed.body, NOW, found or {}), own)
    )


# -- verification ------------------------------------------------------------------------------------------------------

HMAC = {"header": "X-Sig"}
SCHEMES: Mapping[str, tuple[Any, str]] = {
    "standard webhooks": ("standard_webhooks", WHSEC),
    "hex": ({"hmac": HMAC}, "hush"),
    "base64 with a prefix": ({"hmac": {**HMAC, "encoding": "base64", "prefix": "sha256="}}, "hush"),
    "base64url, sha512": ({"hmac": {**HMAC, "encoding": "base64url", "algorithm": "sha512"}}, "hush"),
    "sha1 over the URL": ({"hmac": {**HMAC, "algorithm": "sha1", "signed": "{url}{body}"}}, "hush"),
    "a time in a header": ({"hmac": {**HMAC, "signed": "{timestamp}.{body}", "timestamp": "X-Time"}}, "hush"),
    "a time beside it": (
        {"hmac": {**HMAC, "part": "v1", "timestamp_part": "t", "signed": "{timestamp}.{body}"}}, "hush",
    ),
    "an id": ({"hmac": {**HMAC, "signed": "{id}:{body}", "id": "X-Id"}}, "hush"),
    "a key in base64": ({"hmac": {**HMAC, "key": "base64"}}, WHSEC),
    "a key in hex": ({"hmac": {**HMAC, "key": "hex"}}, "00ff10ab"),
    "basic": ({"basic": {"user": "hub"}}, "hush:with colon"),
    "bearer": ("bearer", "hush"),
    "a header": ({"header": "X-Token"}, "hush"),
    "the query": ({"query": "token"}, "hush"),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMES)
def test_a_scheme_takes_what_it_signs_with_each_live_secret_and_nothing_else(name: str) -> None:
    scheme, secret = SCHEMES[name]
    turned = OTHER if secret == WHSEC else "0123abcd"
    both = settings(verify=scheme, webhook_secret=[turned, secret])
    alone, stranger = settings(verify=scheme, webhook_secret=secret), settings(verify=scheme, webhook_secret=turned)
    signed = sign(delivery({"id": 1}), alone)

    verify(signed, alone)
    verify(signed, both)
    for wrong in (delivery({"id": 1}), sign(delivery({"id": 1}), stranger)):
        with pytest.raises(VerificationError):
            verify(wrong, alone)
    empty = alone.model_copy(update={"webhook_secret": ()})
    with pytest.raises(VerificationError):
        verify(signed, empty)
    if not ({"bearer", "a header", "the query", "basic"} & {name}):
        with pytest.raises(VerificationError):
            verify(replace(signed, body=signed.body + b" "), alone)


def test_standard_webhooks_agrees_with_the_reference_library_under_both_names_of_its_headers() -> None:
    own = settings(verify="standard_webhooks", webhook_secret=WHSEC)
    at = datetime.now(UTC)
    theirs = Webhook(WHSEC).sign("msg_7", at, '{"id": 1}')
    for prefix in ("webhook", "svix"):
        headers = {f"{prefix}-id": "msg_7", f"{prefix}-timestamp": str(int(at.timestamp())),
                   f"{prefix}-signature": f"v1a,other {theirs}"}  # fmt: skip
        given = replace(delivery(b'{"id": 1}', headers), received_at=at)
        verify(given, own)
        assert name_event(given, own).event_id == "event:msg_7"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("t={t},v1={good}", "as Stripe and Calendly send it"),
        ("t={t}, v0=00, v1=00,v1={good}", "while the secret is being changed two are sent"),
        ("v1={upper},t={t}", "hex in capitals"),
    ],
)
def test_a_digest_among_others_in_one_header_is_found(value: str, why: str) -> None:
    own = example("stripe").settings
    good = hmac.new(b"hush", f"{AT}.".encode() + b"{}", hashlib.sha256).hexdigest()
    header = value.format(t=AT, good=good, upper=good.upper())

    verify(delivery(b"{}", {"stripe-signature": header}), own)  # type: ignore[arg-type]


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_from_another_time_is_refused_and_the_tolerance_is_the_configurations(seconds: int) -> None:
    scheme = {"hmac": {**HMAC, "signed": "{timestamp}.{body}", "timestamp": "X-Time"}}
    strict = settings(verify=scheme, webhook_secret="hush")
    patient = settings(verify={"hmac": {**scheme["hmac"], "tolerance": "1h"}}, webhook_secret="hush")
    signed = sign(replace(delivery({"id": 1}), received_at=NOW + timedelta(seconds=seconds)), strict)
    late = replace(signed, received_at=NOW)

    with pytest.raises(VerificationError):
        verify(late, strict)
    verify(late, patient)


def test_milliseconds_and_iso_times_are_read_too() -> None:
    scheme = {"hmac": {**HMAC, "signed": "{timestamp}.{body}", "timestamp": "X-Time"}}
    for at in (str(AT * 1000), "2026-03-01T12:00:00Z"):
        digest = hmac.new(b"hush", f"{at}.{{}}".encode(), hashlib.sha256).hexdigest()
        verify(delivery(b"{}", {"x-time": at, "x-sig": digest}), settings(verify=scheme, webhook_secret="hush"))


def test_a_blank_behind_the_prefix_is_no_part_of_the_digest() -> None:
    own = settings(verify={"hmac": {**HMAC, "encoding": "base64", "prefix": "sha256="}}, webhook_secret="hush")
    digest = base64.b64encode(hmac.digest(b"hush", b"{}", "sha256")).decode()

    verify(delivery(b"{}", {"x-sig": f"sha256= {digest}"}), own)


# -- faults of a configuration -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"verify": None}, "connections.app.verify: is required: how a delivery proves who sent it"),
        ({"webhook_secret": None}, "connections.app.webhook_secret: is required to verify"),
        ({"verify": {"none": True}}, "connections.app.webhook_secret: verifies nothing: verify is none"),
        ({"verify": "standard_webhooks"}, "connections.app.webhook_secret: is no secret of Standard Webhooks"),
        ({"verify": {"hmacc": {}}}, "connections.app.verify.hmacc: unknown key; did you mean 'hmac'?"),
        ({"verify": {"hmac": {"header": "X", "encoding": "hexx"}}}, "did you mean 'hex'?"),
        ({"verify": {"hmac": {"header": "X", "signed": "{timestamp}"}}}, "names no {body}"),
        ({"verify": {"hmac": {"header": "X", "signed": "{time}.{body}"}}}, "there is no {time} here"),
        ({"verify": {"hmac": {"header": "X", "timestamp": "Y"}}}, "need each other"),
        ({"verify": {"bearer": True, "header": "X"}}, "connections.app.verify: needs one of standard_webhooks, hmac"),
        ({"read": []}, "connections.app.read"),
        (
            {"read": [{"customer": {"emial": "x"}}]},
            "connections.app.read[0].customer.emial: unknown key; did you mean 'email'?",
        ),
        (
            {"read": [{"order": {**ORDER, "lines": {"skku": "x"}}}]},
            "read[0].order.lines[0].skku: unknown key; did you mean 'sku'?",
        ),
        ({"read": [{"order": {**ORDER, "states": {"x": "payed"}}}]}, "did you mean 'paid'?"),
        ({"read": [{"order": {"id": "id"}}]}, "connections.app.read[0].order.total: is required"),
        (
            {"read": [{"customer": {"email": "lowwer(mail)"}}]},
            "read[0].customer.email: there is no function 'lowwer'; did you mean 'lower'?",
        ),
        ({"read": [{"customer": {"email": "a..b"}}]}, "column 3"),
        ({"read": [{"topics": "x"}]}, "read[0]: reads nothing"),
        (
            {"read": [{"of": "ordr", "customer": {"id": "id"}}], "complete": {"order": {"path": "/o/{id}"}}},
            "did you mean 'order'?",
        ),
        ({"read": [{"interaction": {"kind": "appointmnt"}, "customer": {"id": "id"}}]}, "did you mean 'appointment'?"),
        ({"complete": {"order": {"path": "https://elsewhere.example.com/"}}}, "must begin with /"),
        ({"complete": {"order": {"path": "/o/{id"}}}, "a brace is not closed"),
        (
            {"base_url": None, "complete": {"order": {"path": "/o"}}},
            "connections.app.complete: needs base_url beside it",
        ),
        ({"every": "5m"}, "connections.app.list: is required for every and reconcile"),
        (
            {"list": {"path": "/o", "topic": "o", "id": "id", "next": "n", "page": "p"}},
            "takes one of next, page and link_header",
        ),
        ({"time_zone": "Europe/Berln"}, "did you mean 'Europe/Berlin'?"),
        (
            {"event": {"id": "id"}, "read": [{"order": ORDER}]},
            "every later event of the same order would be taken for a redelivery",
        ),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_told_with_its_path_and_the_nearest_right_name(
    options: dict[str, Any], said: str
) -> None:
    found = faults(**options)

    assert any(said in fault for fault in found), found
    assert not any("hush" in fault for fault in found)


def test_every_fault_is_told_at_once() -> None:
    wrong = [{"customer": {"emial": "x", "phone": "a..b"}}, {"order": {"idd": "x"}}]

    assert len(faults(verify=None, read=wrong)) > 5


def test_a_connection_that_nothing_verifies_is_warned_of() -> None:
    assert MANIFEST.warnings
    assert "whoever knows the address" in MANIFEST.warnings(settings())[0]
    assert MANIFEST.warnings(settings(verify="bearer", webhook_secret="hush")) == []


# -- vendors -----------------------------------------------------------------------------------------------------------


def test_pretix_a_thin_event_becomes_the_order_that_was_fetched() -> None:
    found = {"order.0": file("pretix-order.json"), "event.0": file("pretix-event.json")}
    person, order = [one for one in parsed("pretix", found=found) if not isinstance(one, Note)]

    assert isinstance(order, OrderEvent)
    assert (order.order.external_id, order.order.state, order.order.currency) == ("weinfest-HZK7Q", "paid", "EUR")
    assert sum(line.total or 0 for line in order.order.lines) == order.order.total == Decimal("87.50")
    assert [(p.external_id, p.state) for p in order.order.payments] == [("P-2", "paid")]
    assert [(r.external_id, r.amount.amount) for r in order.order.refunds] == [("R-1", Decimal("45.00"))]
    assert isinstance(person, CustomerEvent)
    assert (person.customer.key, person.occurred_at) == (order.record, order.order.placed_at)
    assert person.customer.company == "Holtkamp Weine KG"


def test_pretix_asks_for_the_order_and_its_event_with_the_token_and_believes_a_404() -> None:
    connection, asked = example("pretix"), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, request.headers["authorization"]))
        name = "pretix-event.json" if request.url.path.endswith("/weinfest/") else "pretix-order.json"
        return httpx.Response(404 if "GONE" in request.url.path else 200, content=file(name))

    thin = json.loads(file("pretix.json"))
    with open_client(connection, SOURCE, transport=httpx.MockTransport(answer)) as client:
        own: Any = connection.settings
        wanted = completions(entry(thin, "pretix.event.order.paid"), own)
        bodies = {one.name: complete(one, client, own) for one in wanted}
        gone = completions(entry({**thin, "code": "GONE1"}, "pretix.event.order.paid"), own)
        nothing = complete(gone[0], client, own)

    assert asked[0] == ("/api/v1/organizers/acme/events/weinfest/orders/HZK7Q/", "Token hush")
    assert bodies["event.0"] == file("pretix-event.json")
    assert nothing == b""
    with pytest.raises(SkipEvent, match="does not exist any more"):
        parse(entry({**thin, "code": "GONE1"}, "pretix.event.order.paid", {"order.0": b"", "event.0": b"{}"}), own)
    assert completions(entry(thin, "pretix.event.checkin"), own) == ()


def test_a_value_in_a_path_never_leads_elsewhere() -> None:
    own: Any = example("pretix").settings
    odd = {"event": "../../settings", "code": "A/../B?x=1", "action": "pretix.event.order.paid"}

    paths = [one.path for one in completions(entry(odd, "pretix.event.order.paid"), own)]

    assert paths[0] == "/api/v1/organizers/acme/events/..%2F..%2Fsettings/orders/A%2F..%2FB%3Fx%3D1/"
    assert completions(entry({**odd, "event": ".."}, "pretix.event.order.paid"), own) == []


@pytest.mark.parametrize("name", ["Hub listed", "Hub-Listed", "x-hub-listed"])
def test_no_sender_has_a_body_believed_that_is_to_be_fetched(name: str) -> None:
    own: Any = example("pretix").settings
    forged = json.loads(file("pretix-order.json")) | {"action": "pretix.event.order.paid"}
    sent = InboxEntry("app", "e", "pretix.event.order.paid", {name.lower(): "order"}, body(forged), NOW)

    assert [one.name for one in completions(sent, own)] == ["order.0", "event.0"]
    with pytest.raises(SkipEvent):
        parse(sent, own)


def test_pretix_history_is_listed_since_a_time_page_by_page_on_the_own_host() -> None:
    connection = example("pretix")
    order = json.loads(file("pretix-order.json"))
    pages = [
        {"results": [order], "next": "http://internal:8000/api/v1/organizers/acme/orders/?page=2&ordering=datetime"},
        {"results": [{**order, "code": "B2"}], "next": None},
    ]
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json=pages[len(asked) - 1])

    own: Any = connection.settings
    with open_client(connection, SOURCE, transport=httpx.MockTransport(answer)) as client:
        items = [item for page in backfill(client, own, NOW, None) for item in page.items]

    assert asked[0].endswith("/orders/?modified_since=2026-03-01T12%3A00%3A00Z&ordering=datetime")
    assert asked[1] == "https://pretix.example.com/api/v1/organizers/acme/orders/?page=2&ordering=datetime"
    assert [item.event_id.split(":")[2] for item in items] == ["weinfest-HZK7Q", "weinfest-B2"]
    listed = InboxEntry(
        "app", "e", items[0].topic, items[0].headers, items[0].body, NOW, {"event.0": file("pretix-event.json")}
    )
    assert [one.name for one in completions(replace(listed, completions={}), own)] == ["event.0"]
    assert any(isinstance(one, OrderEvent) and one.order.currency == "EUR" for one in parse(listed, own))


def test_typeform_an_answered_form_becomes_a_person_a_consent_and_a_survey() -> None:
    person, survey = parsed("typeform")

    assert isinstance(person, CustomerEvent)
    assert isinstance(survey, FeedbackEvent)
    consent = person.customer.consents[0]
    assert (consent.state, consent.explicit, consent.at) == ("opted_in", True, person.occurred_at)
    assert (survey.feedback.rating, survey.feedback.best, survey.record) == (
        Decimal(9),
        Decimal(10),
        person.customer.key,
    )


def test_a_box_that_is_not_ticked_tells_nothing() -> None:
    own: Any = example("typeform").settings
    form = json.loads(file("typeform.json"))
    for answer in form["form_response"]["answers"]:
        if answer["type"] == "boolean":
            answer["boolean"] = False

    events, notes = read(form, own, "form_response")

    assert events[0].customer.consents == ()
    assert notes == []


def test_calendly_a_booking_and_its_cancellation_are_one_appointment() -> None:
    own: Any = example("calendly").settings
    booked = parsed("calendly")[1]
    cancelled = json.loads(file("calendly.json"))
    cancelled["event"], cancelled["payload"]["status"] = "invitee.canceled", "canceled"
    cancelled["payload"]["cancellation"] = {"canceled_by": "Tobias", "reason": "krank", "canceler_type": "invitee"}

    later = read(cancelled, own, "invitee.canceled")[0][1]

    assert isinstance(booked, InteractionEvent)
    assert booked.interaction.starts_at == datetime(2026, 3, 3, 13, tzinfo=UTC)
    assert later.interaction.external_id == booked.interaction.external_id
    assert (later.interaction.state, later.interaction.details["reason"]) == ("canceled", "krank")


def test_stripe_amounts_are_in_the_minor_units_of_their_own_currency() -> None:
    order = parsed("stripe")[1].order
    yen = json.loads(file("stripe.json"))
    yen["data"]["object"] |= {"currency": "jpy", "amount_total": 4490}
    own: Any = example("stripe").settings

    events, _ = read(yen, own, "checkout.session.completed")

    assert (order.total, order.currency) == (Decimal("44.90"), "EUR")
    assert (events[1].order.total, events[1].order.currency) == (Decimal(4490), "JPY")
    assert order.test is False


def test_one_odd_event_of_a_batch_costs_itself_and_a_note_with_its_place() -> None:
    told = parsed("plain")

    kinds = [type(one) for one in told if not isinstance(one, Note)]
    assert kinds == [CustomerEvent, OrderEvent, CustomerEvent, CaseEvent, ProductEvent, DeletionEvent]
    assert told[1].order.total == Decimal("64.85")
    assert {one.path for one in told if isinstance(one, Note)} == {"events.1.placed"}


# -- what bodies are like ----------------------------------------------------------------------------------------------


def test_a_list_is_several_events_and_one_of_nothing_is_skipped() -> None:
    events, _ = read([{"id": 1}, {"id": 2}], settings())

    assert [one.customer.key.external_id for one in events] == ["1", "2"]
    with pytest.raises(SkipEvent):
        parse(entry([]), settings())
    with pytest.raises(SkipEvent):
        parse(entry({"events": []}), settings(items="events"))


IN_A_FORM = b"payload=%7B%22id%22%3A7%2C%22mail%22%3A%22ida%40example.com%22%7D"


@pytest.mark.parametrize(
    ("raw", "headers"),
    [
        (IN_A_FORM, {"content-type": "application/x-www-form-urlencoded"}),
        (IN_A_FORM, {}),
        (b'{"payload": "{\\"id\\": 7, \\"mail\\": \\"ida@example.com\\"}"}', {}),
        (b'{"payload": {"id": 7, "mail": "ida@example.com"}}', {}),
        (b'{"id": 7, "mail": "ida@example.com"}', {}),
    ],
)  # fmt: skip
def test_json_within_a_form_or_a_text_is_unwrapped(raw: bytes, headers: dict[str, str]) -> None:
    told = parse(InboxEntry("app", "e", "event", headers, raw, NOW), settings(within="payload"))

    assert isinstance(told[0], CustomerEvent)
    assert (told[0].customer.key.external_id, told[0].customer.emails[0].value) == ("7", "ida@example.com")


def test_a_form_is_read_by_its_own_names() -> None:
    own = settings(read=[{"customer": {"id": '"data[id]"', "email": '"data[email]"'}}])
    told = parse(
        InboxEntry("app", "e", "event", {"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
                   b"data%5Bid%5D=9&data%5Bemail%5D=uwe%40example.com", NOW), own)  # fmt: skip

    assert isinstance(told[0], CustomerEvent)
    assert told[0].customer.emails[0].value == "uwe@example.com"


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"null", b"7", b'"x"', b"<xml/>", b"[" * 100_000, b'{"a":' * 3_000 + b"1" + b"}" * 3_000]
)
def test_what_is_no_event_is_parked_and_still_named(raw: bytes) -> None:
    with pytest.raises((PayloadError, SkipEvent)):
        parse(InboxEntry("app", "e", "event", {}, raw, NOW), settings())
    with pytest.raises(PayloadError):
        name_event(delivery(raw), settings(event={"topic": "type"}))


def test_numbers_are_exact_however_large_or_small() -> None:
    own = settings(read=[{"order": {**ORDER, "custom": {"big": "big", "small": "small"}}}])
    raw = b'{"id": 1152921506151679042, "state": "paid", "at": 1772366400.5, "currency": "eur", "total": 10002318.10,'
    raw += b' "big": 1e7, "small": 2.3}'

    order = parse(InboxEntry("app", "e", "event", {}, raw, NOW), own)[0]

    assert isinstance(order, OrderEvent)
    assert (order.order.external_id, order.order.total) == ("1152921506151679042", Decimal("10002318.1"))
    assert dict(order.order.custom) == {"big": "10000000", "small": "2.3"}
    assert order.order.placed_at == datetime.fromtimestamp(1772366400.5, tz=UTC)


@pytest.mark.parametrize(
    ("total", "amount"),
    [("1.234,56", "1234.56"), ("1,234.56", "1234.56"), ("12,50 €", "12.50"), ("EUR 12.50", "12.50"), ("-3,2", "-3.2")],
)
def test_amounts_are_read_as_people_write_them(total: str, amount: str) -> None:
    given = {"id": 1, "state": "paid", "at": AT, "currency": "EUR", "total": total}

    assert read(given, of_order())[0][0].order.total == Decimal(amount)


def test_an_amount_that_may_mean_two_things_is_not_guessed() -> None:
    with pytest.raises(PayloadError) as parked:
        read({"id": 1, "state": "paid", "at": AT, "currency": "EUR", "total": "1,234"}, of_order())

    assert parked.value.path == "total"


def test_a_state_nobody_knows_is_open_and_noted_and_an_odd_part_costs_itself() -> None:
    own = of_order(
        lines={"items": "rows", "sku": "sku", "total": "sum"}, refunds={"items": "back", "id": "id", "amount": "sum"}
    )
    given = {"id": 1, "state": "verpackt", "at": AT, "currency": "EUR", "total": "5.00",
             "rows": {"sku": "A", "sum": "5.00"}, "back": [{"id": "r1", "sum": "-2"}, {"sum": "1"}, "odd"]}  # fmt: skip

    events, notes = read(given, own)

    order = events[0].order
    assert (order.state, [line.product.sku for line in order.lines]) == ("open", ["A"])
    assert [(r.external_id, r.amount.amount) for r in order.refunds] == [("r1", Decimal(2))]
    assert {note.path for note in notes} >= {"state", "id"}


def test_the_buyers_number_is_of_the_orders_country() -> None:
    own = settings(
        read=[
            {
                "customer": {"email": "mail", "phone": "tel"},
                "order": {**ORDER, "billing_address": {"line1": "str", "city": "ort", "country": "land"}},
            }
        ]
    )
    given = {"id": 1, "state": "paid", "at": AT, "currency": "CHF", "total": 5, "mail": "reto@example.ch",
             "tel": "079 123 45 67", "str": "Seestrasse 1", "ort": "Zürich", "land": "Schweiz"}  # fmt: skip

    assert read(given, own)[0][0].customer.phones[0].value == "+41791234567"


def test_odoos_false_and_phps_empty_list_are_not_told() -> None:
    events, notes = read({"id": 5, "mail": False, "tel": [], "land": ""}, settings())

    assert (events[0].customer.emails, events[0].customer.phones, notes) == ((), (), [])


def test_who_is_told_by_nothing_is_nobody_and_the_order_stays() -> None:
    own = settings(read=[{"customer": {"full_name": "name"}, "order": ORDER}])
    events, _ = read({"id": 1, "state": "paid", "at": AT, "currency": "EUR", "total": 5, "name": "Laufkundschaft"}, own)

    assert [(type(one), one.record) for one in events] == [(OrderEvent, None)]


def test_a_refund_and_a_payment_may_come_apart_from_their_order() -> None:
    part = {"id": "id", "order_id": "order", "amount": "amount", "currency": "currency"}
    own = settings(
        read=[{"topics": "refund", "refund": part}, {"topics": "payment", "payment": {**part, "method": "how"}}]
    )
    given = {"id": "x", "order": "o1", "amount": "5,00", "currency": "eur", "how": "card"}

    (back,), (paid,) = read(given, own, "refund")[0], read(given, own, "payment")[0]

    assert isinstance(back, OrderPartEvent)
    assert (back.order_id, back.part.amount.amount, paid.part.method) == ("o1", Decimal("5.00"), "card")  # type: ignore[union-attr]


def test_a_rating_beyond_its_scale_is_left_out_and_the_rest_stays() -> None:
    own = settings(read=[{"feedback": {"kind": "review", "id": "id", "rating": "stars", "text": "text"}}])

    events, notes = read({"id": 1, "stars": 11, "text": "Gut"}, own)

    assert (events[0].feedback.rating, events[0].feedback.text) == (None, "Gut")
    assert notes[0].path == "stars"


def test_expressions_see_headers_topic_and_the_whole_body() -> None:
    own = settings(
        items="rows",
        read=[
            {
                "customer": {
                    "id": "id",
                    "email": "_body.mail",
                    "custom": {"shop": '_headers."x-shop"', "topic": "_topic"},
                }
            }
        ],
    )
    told = parse(
        InboxEntry("app", "e", "hook", {"x-shop": "nord"}, b'{"mail": "a@example.com", "rows": [{"id": 1}]}', NOW), own
    )

    assert isinstance(told[0], CustomerEvent)
    assert dict(told[0].customer.custom) == {"shop": "nord", "topic": "hook"}
    assert told[0].customer.emails[0].value == "a@example.com"


def test_an_event_is_named_by_topic_and_own_id_else_by_its_body() -> None:
    own = settings(event={"id": "event_id", "topic": "kind"})
    one, same = delivery({"event_id": 5, "kind": "a", "try": 1}), delivery({"event_id": 5, "kind": "a", "try": 2})
    bare = [name_event(delivery(value), settings()).event_id for value in ({"id": 1, "v": 1}, {"id": 1, "v": 2})]

    assert name_event(one, own) == name_event(same, own)
    assert name_event(one, own).topic == "a"
    assert name_event(replace(one, body=b'{"event_id": 5, "kind": "b"}'), own) != name_event(one, own)
    assert bare[0] != bare[1]


def test_a_list_by_numbered_pages_ends_with_an_empty_one() -> None:
    own = settings(
        base_url="https://api.example.com/v2", api_token="t", api={"user": "hub"},
        list={"path": "/people", "query": {"limit": 2}, "items": "data", "page": "page", "topic": "person", "id": "id"},
    )  # fmt: skip
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((str(request.url), request.headers["authorization"]))
        return httpx.Response(200, json={"data": [{"id": len(asked), "sum": 1.5}] if len(asked) < 3 else []})

    connection = Connection("app", Connector(MANIFEST, SOURCE), own)
    with open_client(connection, SOURCE, transport=httpx.MockTransport(answer)) as client:
        items = [item for page in backfill(client, own, None, None) for item in page.items]

    assert [url.rpartition("page=")[2] for url, _ in asked] == ["1", "2", "3"]
    assert asked[0][0].startswith("https://api.example.com/v2/people?limit=2")
    assert asked[0][1] == "Basic " + base64.b64encode(b"hub:t").decode()
    assert len({item.event_id for item in items}) == 2


def test_without_a_list_there_is_no_history() -> None:
    with pytest.raises(ConfigError, match="list"):
        next(backfill(None, settings(), None, None))  # type: ignore[arg-type]
