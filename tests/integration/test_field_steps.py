"""Situations from public bug reports that need the whole way: signed deliveries in, HubSpot's double out.

Each is one of ``../shared/field-cases`` (named with its reports), with people and figures of our own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import orjson
import pytest

from hub.intake.verify import verify
from hub.sdk import registry
from hub.sdk.connection import load_connections
from hub.sdk.source import RawDelivery
from hub.store.database import Database
from tests.support.hubspot import Way

SOURCES = ("shopify", "mailchimp", "meta")


class Retailer:
    """A webshop, a newsletter and social media, and one CRM."""

    def __init__(self, database: Database) -> None:
        self.way = Way(database)
        self.way.connections |= load_connections(
            {slug: (slug, registry.get(slug).manifest.sample_settings) for slug in SOURCES}, default_region="DE"
        )
        self.told = 0

    def shop(self, topic: str, body: Mapping[str, Any]) -> None:
        """Shopify sends."""
        self.told += 1
        headers = {"x-shopify-topic": topic, "x-shopify-event-id": f"e{self.told}"}
        self._send("shopify", headers, orjson.dumps(body))

    def newsletter(self, **fields: str) -> None:
        """Mailchimp sends a form."""
        form = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields.items())
        self._send("mailchimp", {"content-type": "application/x-www-form-urlencoded"}, form.encode())

    def whatsapp(self, wa_id: str, name: str) -> None:
        """Somebody writes on WhatsApp."""
        message = {"from": wa_id, "id": f"w{wa_id}", "timestamp": "1793527200", "type": "text", "text": {"body": "?"}}
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "493023125900", "phone_number_id": "1065"},
            "contacts": [{"profile": {"name": name}, "wa_id": wa_id}],
            "messages": [message],
        }
        entries = [{"id": "1139", "changes": [{"value": value, "field": "messages"}]}]
        self._send("meta", {}, orjson.dumps({"object": "whatsapp_business_account", "entry": entries}))

    def _send(self, name: str, headers: Mapping[str, str], body: bytes) -> None:
        connection = self.way.connections[name]
        source = connection.connector.source
        assert source is not None
        assert source.sign is not None
        url = f"https://hub.example.com/webhooks/{name}"
        delivery = RawDelivery("POST", url, {}, headers, body, datetime(2026, 11, 12, tzinfo=UTC))
        self.way.take(verify(connection, source.sign(delivery, connection.settings)))

    def people(self) -> list[dict[str, Any]]:
        """The golden profiles, by name."""
        with self.way.database.session() as session:
            rows = [orjson.loads(row[0]) for row in session.rows("SELECT golden FROM profile")]
        return sorted(rows, key=lambda one: json.dumps(one.get("name")))


@pytest.fixture
def retailer(database: Database) -> Retailer:
    return Retailer(database)


def account(number: int, email: str, first: str, last: str, day: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "email": email, "first_name": first, "last_name": last,
        "updated_at": f"2026-11-{day:02}T10:00:00+01:00", **more,
    }  # fmt: skip


def order(number: int, total: str, day: int, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "name": f"#{number}", "created_at": f"2026-11-{day:02}T10:00:00+01:00",
        "updated_at": f"2026-11-{day:02}T10:00:05+01:00", "currency": "EUR", "total_price": total,
        "financial_status": "paid", **more,
    }  # fmt: skip


def guest(email: str, first: str, last: str) -> dict[str, Any]:
    return {"email": email, "billing_address": {"first_name": first, "last_name": last, "country_code": "DE"}}


def test_a_refund_in_the_customers_currency_is_never_subtracted_from_another(retailer: Retailer):
    # 02: microsoft/BCApps#6138
    retailer.shop("orders/create", order(4101, "80.00", 1, customer=account(31, "ada@laden.example", "Ada", "Roth", 1)))
    transaction = {"id": 8, "kind": "refund", "status": "success", "amount": "2500", "currency": "JPY"}
    refund = {"id": 61, "order_id": 4101, "created_at": "2026-11-02T10:00:00+01:00", "transactions": [transaction]}

    retailer.shop("refunds/create", refund)
    retailer.way.settle()

    assert [one["orders"]["totals"] for one in retailer.people()] == [[{"currency": "EUR", "amount": "80.00"}]]
    assert [deal["amount"] for deal in retailer.way.crm.deals()] == ["80.00"]


@pytest.mark.parametrize(
    ("phone", "wa_id"),
    [
        pytest.param("+525598765432", "5215598765432", id="mexico"),
        pytest.param("+5511987654321", "551187654321", id="brazil"),
        pytest.param("+4917698765431", "4917698765431", id="germany"),
    ],
)
def test_a_whatsapp_id_is_the_number_one_dials(retailer: Retailer, phone: str, wa_id: str):
    # 15: chatwoot/chatwoot#14048
    retailer.shop("customers/create", account(32, "luz@laden.example", "Guadalupe", "Reyes", 1, phone=phone))

    retailer.whatsapp(wa_id, "Lupita R.")

    (one,) = retailer.people()
    assert one["phones"] == [phone]
    assert len(one["records"]) == 2


@pytest.mark.parametrize("phone", ["+5491123457788", "+541123457788"], ids=["with_9", "as_at_home"])
def test_a_whatsapp_id_of_argentina_meets_both_ways_to_write_a_mobile(retailer: Retailer, phone: str):
    retailer.shop("customers/create", account(37, "lupe@laden.example", "Guadalupe", "Reyes", 1, phone=phone))

    retailer.whatsapp("5491123457788", "Lupita R.")

    (one,) = retailer.people()
    assert phone in one["phones"]
    assert len(one["records"]) == 2


def test_an_opt_out_reaches_only_the_address_its_person_has_now(retailer: Retailer):
    # 16: bluedotimpact/bluedot#2987
    retailer.shop("customers/create", account(33, "alt@laden.example", "Ada", "Kurz", 1))
    retailer.shop("customers/update", account(33, "neu@laden.example", "Ada", "Kurz", 2))
    subscribed = {
        "state": "subscribed", "opt_in_level": "confirmed_opt_in", "consent_updated_at": "2026-11-03T10:00:00+01:00",
    }  # fmt: skip
    retailer.shop(
        "customers/create",
        account(34, "alt@laden.example", "Bruno", "Lang", 3, email_marketing_consent=subscribed),
    )
    retailer.way.settle()
    unsubscribed = {"state": "unsubscribed", "consent_updated_at": "2026-11-10T10:00:00+01:00"}

    retailer.shop(
        "customers_email_marketing_consent/update", {"customer_id": 33, "email_marketing_consent": unsubscribed}
    )
    retailer.way.settle()

    assert retailer.way.crm.unsubscribed == {"neu@laden.example"}
    assert [one["emails"] for one in retailer.people()] == [["neu@laden.example"], ["alt@laden.example"]]


def test_one_refused_address_does_not_lose_the_contact(retailer: Retailer):
    # 17: Atlas-Authority/marketing-automation#174. The CRM takes no address under a domain like that.
    retailer.shop("customers/create", account(35, "berta@laden.c0m", "Berta", "Bom", 2, phone="+4917698765432"))
    retailer.shop("customers/create", account(36, "berta@laden.example", "Berta", "Bom", 1, phone="+4917698765432"))

    retailer.way.settle()

    assert [one["email"] for one in retailer.way.crm.contacts()] == ["berta@laden.example"]


@pytest.mark.parametrize(("one", "other"), [("John", "Jana"), ("Julian", "Julia"), ("Andreas", "Andrea")])
def test_a_couple_on_one_mailbox_stays_two(retailer: Retailer, one: str, other: str):
    # 37: awesomemotive/easy-digital-downloads#6043
    retailer.shop("orders/create", order(4201, "20.00", 1, **guest("paar@laden.example", one, "Doering")))

    retailer.shop("orders/create", order(4202, "30.00", 2, **guest("paar@laden.example", other, "Doering")))

    assert {(person["name"]["first"]) for person in retailer.people()} == {one, other}


def test_spellings_of_one_name_on_one_mailbox_are_one_person(retailer: Retailer):
    retailer.shop("orders/create", order(4301, "20.00", 1, **guest("steffi@laden.example", "Stephanie", "Voß")))

    retailer.shop("orders/create", order(4302, "30.00", 2, **guest("steffi@laden.example", "Stefanie", "Voss")))

    (person,) = retailer.people()
    assert person["orders"]["count"] == 2
