"""What the samples cannot show: what is not let in, clocks that are wrong, guards, odd shop events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from hub.connectors.web.manifest import WebSettings
from hub.connectors.web.mapping_admission import SUCCESS, admit, sign
from hub.connectors.web.source import asked, headers, name_event, parse
from hub.errors import PayloadError, SkipEvent, VerificationError
from hub.model.event import (
    CanonicalEvent,
    CartEvent,
    CustomerEvent,
    InteractionEvent,
    LinkEvent,
    Note,
    OrderEvent,
    OrderPartEvent,
)
from hub.model.order import Refund
from hub.sdk.source import InboxEntry, RawDelivery, Reply

DEVICE = "0f8a3c52-7c1e-4a39-9a11-2f6a7d2b9f10"
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
KEY = "wk_shop"


def chosen(**settings: Any) -> WebSettings:
    return WebSettings.model_validate({"write_key": KEY, "consent": "implied", **settings})


def delivery(tree: Any, path: str = "/webhooks/web/v1/batch", **sent: str) -> RawDelivery:
    made = RawDelivery("POST", f"https://hub.example.com{path}", {}, sent, orjson.dumps(tree), NOW)
    return sign(made, chosen())


def page(**told: Any) -> dict[str, Any]:
    return {"type": "page", "messageId": "m1", "anonymousId": DEVICE, **told}


def track(event: str, **properties: Any) -> dict[str, Any]:
    return {"type": "track", "messageId": "m1", "userId": "u1", "event": event, "properties": properties}


def read(tree: Any, topic: str | None = None, **settings: Any) -> Sequence[CanonicalEvent | Note]:
    body = orjson.dumps(tree)
    topic = topic or ("batch" if "batch" in tree else tree["type"])
    return parse(InboxEntry("web", "e", topic, {}, body, NOW), chosen(**settings))


def consenting(**categories: Any) -> dict[str, Any]:
    return {"consent": {"categoryPreferences": categories}}


def managed(*allowed: str, denied: Sequence[str] = ()) -> dict[str, Any]:
    return {"consentManagement": {"allowedConsentIds": list(allowed), "deniedConsentIds": list(denied)}}


GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("settings", "context", "kept"),
    [
        ({"consent": "required"}, {}, False),
        ({"consent": "implied"}, {}, True),
        ({"consent": "required"}, consenting(Analytics=True), True),
        ({}, consenting(Analytics=True, Advertising=False), False),
        ({"consent_categories": ["Analytics"]}, consenting(Analytics=True, Advertising=False), True),
        ({"consent_categories": ["Analytics"]}, consenting(Advertising=True), False),
        ({"consent_categories": ["Analytics"]}, consenting(Analytics="false"), False),
        ({"consent": "required"}, {"consent": {"categoryPreferences": {}}}, False),
        ({"consent": "required"}, {"consent": "yes"}, False),
        ({"consent": "required"}, managed("C2"), True),
        ({}, managed("C2", denied=["C4"]), False),
        ({"consent_categories": ["C2"]}, managed("C2", denied=["C4"]), True),
        ({}, {"userAgent": GOOGLE}, False),
        ({"bots": True}, {"userAgent": GOOGLE}, True),
        ({}, {"userAgent": CHROME}, True),
        ({}, {"userAgent": "okhttp/4.12.0"}, True),
        ({"anonymous": False}, {}, False),
    ],
)
def test_nothing_is_let_in_before_consent_nor_of_robots(
    settings: dict[str, Any], context: dict[str, Any], kept: bool
) -> None:
    found = admit(delivery({"batch": [page(context=context)]}), chosen(**settings))
    assert isinstance(found, RawDelivery) is kept
    # then whoever sent it cannot tell the difference, and the log can
    assert kept or withheld(found)


def withheld(found: RawDelivery | Reply) -> bool:
    return isinstance(found, Reply) and bool(found.told) and replace(found, told="") == SUCCESS


def test_consent_is_asked_again_when_an_entry_is_read_by_stricter_settings() -> None:
    with pytest.raises(SkipEvent):
        read(page(), consent="required")


@pytest.mark.parametrize("sent", [{"dnt": "1"}, {"sec-gpc": "1"}, {"user-agent": GOOGLE}])
def test_who_does_not_want_to_be_tracked_is_not_and_no_robot_is(sent: dict[str, str]) -> None:
    assert withheld(admit(delivery(page(), **sent), chosen()))
    assert isinstance(admit(delivery(page(), **sent), chosen(do_not_track=False, bots=True)), RawDelivery)


@pytest.mark.parametrize("nobody", [{}, {"userId": "undefined"}, {"anonymousId": "null", "userId": 0}])
def test_what_names_nobody_is_not_stored(nobody: dict[str, Any]) -> None:
    assert withheld(admit(delivery({"type": "page", "messageId": "m", **nobody}), chosen()))


def test_an_origin_that_is_not_named_is_refused_and_none_at_all_is_a_server_or_an_app() -> None:
    settings = chosen(origins=["https://Laden.example.de/"])
    assert isinstance(admit(delivery(page(), origin="https://laden.example.de"), settings), RawDelivery)
    assert isinstance(admit(delivery(page()), settings), RawDelivery)
    for other in ("https://boese.example", "null"):
        with pytest.raises(VerificationError):
            admit(delivery(page(), origin=other), settings)


def test_an_origin_that_would_break_a_header_is_not_repeated() -> None:
    assert headers({"origin": "https://a\r\nset-cookie: b"}, chosen()) == {"vary": "origin"}
    names = {"origin": "https://a.example", "access-control-request-headers": "a\r\nb: c"}
    reply = asked(RawDelivery("OPTIONS", "https://hub.example.com/webhooks/web", {}, names, b"", NOW), chosen())
    assert reply is not None
    assert reply.headers["access-control-allow-headers"] == "authorization, content-type"


@pytest.mark.parametrize("path", ["/v1/projects/other/settings", "/sourceConfig", "/", "/v1/t"])
def test_settings_are_given_for_a_key_that_is_known_only(path: str) -> None:
    url = f"https://hub.example.com/webhooks/web{path}"
    assert asked(RawDelivery("GET", url, {}, {}, b"", NOW), chosen()) is None


def test_rudderstacks_sdk_gets_the_settings_it_starts_with() -> None:
    url = "https://hub.example.com/webhooks/web/sourceConfig/"
    reply = asked(RawDelivery("GET", url, {"writeKey": KEY}, {}, b"", NOW), chosen())
    assert reply is not None
    source = orjson.loads(reply.body)["source"]
    assert (source["writeKey"], source["enabled"], source["destinations"]) == (KEY, True, [])


# -- clocks


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("told", "occurred"),
    [
        ({"timestamp": "2026-11-28T11:59:00Z"}, NOW - HOUR / 60),
        # a clock that is a year fast (posthog#533), and one that is slow
        ({"timestamp": "2027-11-28T11:59:00Z", "sentAt": "2027-11-28T12:00:00Z"}, NOW - HOUR / 60),
        ({"timestamp": "2020-01-01T00:00:00Z", "sentAt": "2020-01-01T01:00:00Z"}, NOW - HOUR),
        # kept offline for a day; history that a server sends
        ({"originalTimestamp": "2026-11-27T12:00:00Z", "sentAt": "2026-11-28T12:00:00Z"}, NOW - 24 * HOUR),
        ({"timestamp": "2026-11-29T12:00:00Z"}, NOW),
        ({"timestamp": "2026-11-28T12:00:05Z", "sentAt": "2026-11-28T12:00:00Z"}, NOW),
        ({}, NOW),
        ({"timestamp": "gestern"}, NOW),
    ],
)
def test_the_clock_of_a_device_is_put_right_by_its_own_time_of_sending(
    told: dict[str, str], occurred: datetime
) -> None:
    [event] = [one for one in read(page(**told)) if isinstance(one, InteractionEvent)]
    assert event.occurred_at == occurred


def test_a_batch_is_sent_at_one_time() -> None:
    tree = {"batch": [page(timestamp="2027-01-01T00:00:00Z")], "sentAt": "2027-01-01T00:01:00Z"}
    [event] = read(tree)
    assert isinstance(event, InteractionEvent)
    assert event.occurred_at == NOW - HOUR / 60


def test_sent_again_it_is_the_same_event_and_others_are_others() -> None:
    def named(tree: Any) -> str:
        return name_event(delivery(tree), chosen()).event_id

    one, two = page(), page(messageId="m2")
    assert named({**one, "sentAt": "2026-11-28T12:00:00Z"}) == named({**one, "sentAt": "2026-11-28T12:09:00Z"})
    assert named({"batch": [one, two], "sentAt": "a"}) == named({"batch": [one, two], "sentAt": "b"})
    assert len({named(one), named(two), named({"batch": [one]}), named({"batch": [two, one]})}) == 4
    # and without an id of their own
    assert named({"type": "page", "userId": "u1", "name": "a"}) != named({"type": "page", "userId": "u1", "name": "b"})


# -- whose


def test_the_query_of_a_page_may_hold_tokens_and_addresses_and_is_not_kept() -> None:
    context = {"page": {"url": "https://a.example/k?email=x@y.de#t", "referrer": "https://u:p@b.example/?token=1"}}
    [event] = read(page(context=context, properties={"search": "?email=x@y.de", "url": "https://a.example/k?e=x@y.de"}))
    assert isinstance(event, InteractionEvent)
    assert (event.interaction.url, event.interaction.details) == (
        "https://a.example/k",
        {"referrer": "https://b.example/"},
    )


def test_the_campaign_of_a_page_is_kept_and_the_click_id_only_by_its_name() -> None:
    context = {
        "page": {"url": "https://a.example/k?utm_source=google&utm_medium=cpc&gclid=secret&email=x@y.de"},
        "campaign": {"name": "spring", "source": "google", "medium": "cpc"},
    }
    [event] = read(page(context=context))
    assert isinstance(event, InteractionEvent)
    assert event.interaction.url == "https://a.example/k"
    assert dict(event.interaction.details) == {
        "utm_source": "google", "utm_medium": "cpc", "utm_campaign": "spring", "click_id": "gclid"
    }  # fmt: skip


def test_a_trait_of_consent_never_counts_as_an_act_and_an_opt_out_holds() -> None:
    tree = {
        "type": "identify",
        "messageId": "m",
        "userId": "u1",
        "traits": {"news": True, "sms": "no", "email": "a@b.de"},
    }
    [event] = read(tree, consent_traits={"news": "email", "sms": "sms", "push": "push"})
    assert isinstance(event, CustomerEvent)
    assert [(one.channel, one.state, one.explicit) for one in event.customer.consents] == [
        ("email", "opted_in", False),
        ("sms", "opted_out", False),
    ]


@pytest.mark.parametrize("device", ["undefined", "[object Object]", "", None, "null"])
def test_a_device_that_has_no_id_links_nobody(device: str | None) -> None:
    """posthog#12008: thousands were merged by an anonymous id that is none."""
    told = {"type": "identify", "messageId": "m", "userId": "u1", "anonymousId": device, "traits": {"email": "a@b.de"}}
    assert [type(event) for event in read(told)] == [CustomerEvent]


def test_an_account_that_is_an_address_tells_the_address() -> None:
    [event] = read({"type": "identify", "messageId": "m", "userId": "Jule@Example.de", "traits": {"plan": "x"}})
    assert isinstance(event, CustomerEvent)
    assert [point.value for point in event.customer.emails] == ["jule@example.de"]


def test_who_leaves_no_address_is_nobody_yet_and_what_they_told_waits() -> None:
    [event] = read(
        {"type": "identify", "messageId": "m", "anonymousId": DEVICE, "traits": {"name": "Jule", "size": 38}}
    )
    assert isinstance(event, InteractionEvent)
    assert (event.waits, event.interaction.details) == (True, {"full_name": "Jule", "size": "38"})


@pytest.mark.parametrize(
    ("told", "links"),
    [
        ({"userId": "new", "previousId": "old"}, ["user:old"]),
        ({"userId": "new", "previousId": DEVICE}, [f"user:{DEVICE}", f"anonymous:{DEVICE}"]),
        ({"userId": "new", "previousId": DEVICE, "anonymousId": DEVICE}, [f"anonymous:{DEVICE}"]),
        ({"userId": "same", "previousId": "same"}, []),
        ({"userId": "new", "previousId": "undefined", "anonymousId": DEVICE}, [f"anonymous:{DEVICE}"]),
    ],
)
def test_an_alias_links_two_ids_of_one_user(told: dict[str, Any], links: list[str]) -> None:
    try:
        events = read({"type": "alias", "messageId": "m", **told})
    except SkipEvent:
        events = []
    made = [event for event in events if isinstance(event, LinkEvent)]
    assert [f"{one.records[0].kind}:{one.records[0].external_id}" for one in made] == links
    assert all(one.once == one.records[0] for one in made)


# -- orders


def test_without_the_setting_an_order_is_something_that_happened() -> None:
    [event] = read(track("Order Completed", order_id="7", total=5, currency="EUR"), orders=False)
    assert isinstance(event, InteractionEvent)
    assert (event.interaction.kind, event.interaction.reference) == ("tracked", "7")


@pytest.mark.parametrize(
    ("told", "total", "taxed"),
    [
        ({"total": "45.20", "revenue": "40.40", "shipping": "4.80"}, "45.20", False),
        ({"revenue": 40.4, "shipping": 4.8, "tax": 0}, "45.2", False),
        ({"total": 59.5, "tax": 9.5, "products": [{"price": 59.5}]}, "59.5", True),
        ({"total": 59.5, "tax": 9.5, "products": [{"price": 50}]}, "59.5", False),
        ({"products": [{"price": "10", "quantity": "3"}]}, "30", False),
    ],
)
def test_what_is_paid_is_told_or_follows_from_the_parts(told: dict[str, Any], total: str, taxed: bool) -> None:
    [event] = read(track("Order Completed", order_id="7", currency="eur", **told), orders=True)
    assert isinstance(event, OrderEvent)
    assert (event.order.total, event.order.tax_included) == (Decimal(total), taxed)


@pytest.mark.parametrize(
    "told",
    [
        {"order_id": "7", "total": 5},
        {"order_id": "7", "total": 5, "currency": "Taler"},
        {"total": 5, "currency": "EUR"},
        {"order_id": "7", "currency": "EUR"},
        {"order_id": "7", "currency": "EUR", "total": "fünf"},
    ],
)
def test_an_order_without_id_currency_or_amount_is_none_and_is_kept_as_it_was_told(told: dict[str, Any]) -> None:
    found = read(track("Order Completed", **told), orders=True)
    assert [type(event) for event in found] == [InteractionEvent, Note]


def test_a_checkout_is_a_cart_that_the_order_completes_and_a_refund_is_part_of_the_order() -> None:
    common = {"currency": "EUR", "total": 20, "products": [{"sku": "G", "price": 20}]}
    started = read(track("Checkout Started", cart_id="c1", **common), orders=True)
    completed = read(track("Order Completed", order_id="7", cart_id="c1", **common), orders=True)
    [refunded] = read(track("Order Refunded", order_id="7", total=5, currency="EUR"), orders=True)
    carts = [event.cart for event in (*started, *completed) if isinstance(event, CartEvent)]
    assert [(cart.external_id, cart.completed_at is None) for cart in carts] == [("c1", True), ("c1", False)]
    assert isinstance(refunded, OrderPartEvent)
    assert isinstance(refunded.part, Refund)
    assert (refunded.order_id, refunded.part.amount.amount) == ("7", Decimal(5))


def test_a_batch_of_which_nothing_can_be_read_is_parked_with_the_path() -> None:
    with pytest.raises(PayloadError) as caught:
        read({"batch": [{"type": "pagina", "userId": "u1"}]})
    assert caught.value.path == "batch.0.type"
