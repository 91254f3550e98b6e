"""What became of a mail means the same whoever tells it: one record of an address, one kind, one consent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from hub.errors import SkipEvent
from hub.model.event import ConsentEvent, CustomerEvent, InteractionEvent
from hub.sdk import registry
from hub.sdk.source import RawDelivery
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.samples import entry_of

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECONDS = int(AT.timestamp())
TIMES = {"DeliveredAt": AT.isoformat(), "ReceivedAt": AT.isoformat(), "BouncedAt": AT.isoformat()}


def parsed(slug: str, body: bytes) -> list[Any]:
    case = ConnectorCase(registry.get(slug), registry.folder(slug))
    assert case.source.name_event
    delivery = RawDelivery("POST", "https://hub.example.com/webhooks/x", {}, {}, body, AT)
    entry = entry_of(delivery, case.source.name_event(delivery, case.settings))
    return list(case.source.parse(entry, case.settings))


def sendgrid(address: str, event: str, **more: Any) -> list[Any]:
    told = {"event": event, "email": address, "timestamp": SECONDS, "sg_event_id": "e1", **more}
    return parsed("sendgrid", json.dumps([told]).encode())


def mandrill(address: str, event: str, **more: Any) -> list[Any]:
    told = {"event": event, "ts": SECONDS, "msg": {"_id": "m1", "email": address}, **more}
    return parsed("mandrill", urlencode({"mandrill_events": json.dumps([told])}).encode())


def brevo(address: str, event: str, **more: Any) -> list[Any]:
    told = {"event": event, "email": address, "ts_epoch": SECONDS * 1000, "message-id": "m1", **more}
    return parsed("brevo", json.dumps(told).encode())


def postmark(address: str, event: str, **more: Any) -> list[Any]:
    told = {"RecordType": event, "MessageID": "m1", "Email": address, "Recipient": address, **TIMES, **more}
    return parsed("postmark", json.dumps(told).encode())


def mailchimp(address: str, event: str, **more: Any) -> list[Any]:
    told = {"list_id": "L", "email": address, "campaign_id": "4fjk2ma9xd", **more}
    fields = {f"data[{name}]": value for name, value in told.items()}
    return parsed("mailchimp", urlencode({"type": event, "fired_at": "2026-03-02 09:00:00", **fields}).encode())


def klaviyo(address: str, event: str, **more: Any) -> list[Any]:
    told = {"type": "event", "id": "e1", "metric_name": event, "email": address}
    return parsed(
        "klaviyo", json.dumps({**told, "attributes": {"timestamp": SECONDS, "event_properties": more}}).encode()
    )


TELL = {
    "sendgrid": sendgrid,
    "mandrill": mandrill,
    "brevo": brevo,
    "postmark": postmark,
    "mailchimp": mailchimp,
    "klaviyo": klaviyo,
}
DEAD = ("email_bounced", None)
COMPLAINED = ("email_complained", ("opted_out", True))
LEFT = ("email_unsubscribed", ("opted_out", True))


@pytest.mark.parametrize(
    ("slug", "event", "more", "becomes"),
    [
        ("sendgrid", "delivered", {}, ("email_delivered", None)),
        ("mandrill", "delivered", {}, ("email_delivered", None)),
        ("brevo", "delivered", {}, ("email_delivered", None)),
        ("postmark", "Delivery", {}, ("email_delivered", None)),
        ("sendgrid", "click", {"url": "https://x.example/"}, ("email_clicked", None)),
        ("mandrill", "click", {"url": "https://x.example/"}, ("email_clicked", None)),
        ("brevo", "click", {"link": "https://x.example/"}, ("email_clicked", None)),
        ("postmark", "Click", {"OriginalLink": "https://x.example/"}, ("email_clicked", None)),
        ("sendgrid", "bounce", {"type": "bounce"}, DEAD),
        ("mandrill", "hard_bounce", {}, DEAD),
        ("brevo", "hard_bounce", {}, DEAD),
        ("postmark", "Bounce", {"Type": "HardBounce"}, DEAD),
        ("mailchimp", "cleaned", {"reason": "hard"}, DEAD),
        ("mailchimp", "cleaned", {"reason": "abuse"}, COMPLAINED),
        ("klaviyo", "Bounced Email", {"Bounce Type": "Hard"}, DEAD),
        ("klaviyo", "Bounced Email", {"Bounce Type": "Soft"}, ("message_status", None)),
        ("klaviyo", "Bounced Email", {}, ("message_status", None)),
        ("klaviyo", "Dropped Email", {}, ("message_status", None)),
        ("klaviyo", "Marked Email as Spam", {}, COMPLAINED),
        ("klaviyo", "Clicked Email", {"URL": "https://x.example/"}, ("email_clicked", None)),
        # a block or a full mailbox says nothing of the address, and nothing of what the person wants
        ("sendgrid", "bounce", {"type": "blocked"}, ("message_status", None)),
        ("mandrill", "soft_bounce", {}, ("message_status", None)),
        ("brevo", "soft_bounce", {}, ("message_status", None)),
        ("postmark", "Bounce", {"Type": "SoftBounce"}, ("message_status", None)),
        # spatie/mailcoach-support#239: a mail refused for the sender's IP made its address a dead one
        ("sendgrid", "bounce", {"status": "5.7.1", "reason": "550 5.7.1 blocked"}, ("message_status", None)),
        # novuhq/novu#10635: a kind of its own that the reference does not name
        ("sendgrid", "blocked", {}, ("message_status", None)),
        ("sendgrid", "dropped", {"reason": "Unsubscribed Address"}, ("message_status", None)),
        ("mandrill", "reject", {}, ("message_status", None)),
        ("sendgrid", "spamreport", {}, COMPLAINED),
        ("mandrill", "spam", {}, COMPLAINED),
        ("brevo", "spam", {}, COMPLAINED),
        ("postmark", "SpamComplaint", {}, COMPLAINED),
        ("sendgrid", "unsubscribe", {}, LEFT),
        ("mandrill", "unsub", {}, LEFT),
        ("brevo", "unsubscribe", {}, LEFT),
        ("postmark", "Bounce", {"Type": "Unsubscribe"}, LEFT),
    ],
)
def test_one_thing_has_one_meaning(slug: str, event: str, more: dict[str, Any], becomes: tuple[str, Any]) -> None:
    kind, consent = becomes

    who, what, *rest = TELL[slug]("Anna.Berg@Example.de", event, **more)

    assert isinstance(who, CustomerEvent)
    assert [(point.value, point.usable) for point in who.customer.emails] == [("anna.berg@example.de", True)]
    assert isinstance(what, InteractionEvent)
    assert what.interaction.kind == kind
    assert what.record.kind == "correspondent"
    found = [(one.consent.state, one.consent.explicit) for one in rest if isinstance(one, ConsentEvent)]
    assert found == ([consent] if consent else [])


def test_no_source_makes_an_opt_out_of_a_hard_bounce_and_each_names_whose_address_is_dead() -> None:
    """One place decides what follows from it: ``hub.application.suppress``."""
    seen = set()
    for slug in registry.slugs():
        for path in registry.folder(slug).glob("samples/*/*/expected.json"):
            events = json.loads(path.read_bytes()).get("events", ())
            for dead in [one["record"] for one in events if one.get("interaction", {}).get("kind") == "email_bounced"]:
                seen.add(slug)
                known = [one["customer"] for one in events if one.get("customer", {}).get("key") == dead]
                told = [one["consent"] for one in events if one.get("consent") and one["record"] == dead]
                told += [one for customer in known for one in customer.get("consents", ())]
                assert (path, [len(one["emails"]) for one in known], told) == (path, [1] * len(known), [])
                assert known, path
    assert seen >= {"brevo", "imap", "klaviyo", "mailchimp", "mandrill", "postmark", "sendgrid"}


def test_the_record_of_an_address_is_one_whoever_tells_of_it() -> None:
    keys = {
        tell("anna@example.de", event)[0].customer.key
        for tell, event in ((sendgrid, "open"), (mandrill, "open"), (brevo, "opened"), (postmark, "Open"))
    }

    assert len(keys) == 1


@pytest.mark.parametrize("address", ["lager@hafenkante.example", "noreply@shop.example", "null"])
def test_mails_to_ourselves_to_programs_and_to_nobody_make_no_customer(address: str) -> None:
    for tell, event in ((sendgrid, "delivered"), (mandrill, "send"), (brevo, "delivered"), (postmark, "Delivery")):
        if address != "null":
            with pytest.raises(SkipEvent):
                tell(address, event)
        else:
            [who, _] = tell(address, event)
            assert not who.customer.emails[0].usable


def test_a_group_that_is_joined_again_loosens_no_opt_out() -> None:
    consents = [one.consent for one in sendgrid("a@example.de", "group_resubscribe") if isinstance(one, ConsentEvent)]

    assert [(one.state, one.explicit) for one in consents] == [("opted_in", False)]


def test_brevo_is_asked_to_try_again_in_the_one_way_it_does() -> None:
    source = registry.get("brevo").source
    assert source is not None
    assert source.retry_status == 429
