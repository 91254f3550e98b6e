"""A mail, a ticket, a purchase at a marketplace and a bounce: from the channels' own samples to profiles."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from hub.application.process import Processing, process_batch
from hub.matching.rules import IdentityRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk import registry
from hub.sdk.connection import Connection
from hub.sdk.testkit.cases import ConnectorCase, SourceCase
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import Crm, by_name, routes_to, store

NOW = datetime(2026, 3, 10, tzinfo=UTC)
ANNA = (
    ("imap", "mail/first_mail_of_a_customer"),
    ("imap", "mail/our_answer"),
    ("zammad", "ticket/asked_by_mail"),
    ("ebay", "order/paid"),
    ("brevo", "mail_events/delivered"),
)


MARKETS = (
    ("amazon", "order/unshipped"),
    ("otto", "order/sent_by_freight"),
    ("etsy", "receipt/refunded_in_part"),
    ("ebay", "order/paid"),
)
"""Anna Berg of Kaistraße 5 buys at each: with a relay each, and mostly with her phone."""


def connection(slug: str) -> Connection:
    connector = registry.get(slug)
    return Connection(slug, connector, ConnectorCase(connector, registry.folder(slug)).settings)


def sample(slug: str, name: str) -> SourceCase:
    cases = ConnectorCase(registry.get(slug), registry.folder(slug)).source_cases
    return next(case for case in cases if case.sample.id == name)


def entry(slug: str, name: str, **change: Any) -> NewEntry:
    case = sample(slug, name)
    body = case.entry.body
    if change:
        body = json.dumps({**json.loads(body), **change}).encode()
    event_id = f"{name}:{json.dumps(change, sort_keys=True)}"
    headers = orjson.dumps(dict(case.entry.headers)).decode()
    return NewEntry(slug, event_id, case.entry.topic, headers, body, NOW)


def profiles(database: Database, entries: Sequence[NewEntry]) -> list[dict[str, Any]]:
    """The golden profiles once all is worked on, one entry after the other."""
    crm = Crm().connection("crm")
    known = by_name(*map(connection, ("imap", "zammad", "brevo", *dict(MARKETS))), crm)
    work = Processing(database, known, routes_to(crm), IdentityRules(), SurvivorshipRules())
    for one in entries:
        store(database, [one])
        while process_batch(work).entries:
            pass
    with database.session() as session:
        return [orjson.loads(row[0]) for row in session.rows("SELECT golden FROM profile ORDER BY golden")]


@pytest.mark.parametrize("turn", [0, 2, 4])
def test_one_person_is_one_profile_whichever_channel_tells_of_them_first(database: Database, turn: int) -> None:
    order = itertools.islice(itertools.cycle(ANNA), turn, turn + len(ANNA))

    [anna] = profiles(database, [entry(*one) for one in order])

    assert anna["emails"] == ["anna.berg@example.de"]
    assert {one["connection"] for one in anna["records"]} == {"imap", "zammad", "ebay", "brevo"}
    assert anna["orders"]["count"] == 1


def test_two_buyers_behind_one_relay_address_stay_two(database: Database) -> None:
    other = json.loads(sample("ebay", "order/real_address").entry.body)
    for instruction in other["fulfillmentStartInstructions"]:
        instruction["shippingStep"]["shipTo"]["email"] = "0a1b2c3d4e5f@members.ebay.com"

    found = profiles(database, [entry("ebay", "order/paid"), entry("ebay", "order/real_address", **other)])

    assert sorted(one["name"]["full"] for one in found) == ["Anna Berg", "Jörg Weiß"]
    assert all("emails" not in one or not one["emails"] for one in found)


@pytest.mark.parametrize("turn", [0, 2])
def test_whoever_buys_at_four_marketplaces_is_one_by_phone_or_home_and_no_relay_is_kept(
    database: Database, turn: int
) -> None:
    order = itertools.islice(itertools.cycle(MARKETS), turn, turn + len(MARKETS))

    [anna] = profiles(database, [entry(*one) for one in order])

    assert {one["connection"] for one in anna["records"]} == set(dict(MARKETS))
    assert anna["orders"]["count"] == len(MARKETS)
    assert anna["emails"] == ["anna.berg@example.de"]  # the real one, which OTTO tells for freight


@pytest.mark.parametrize(
    ("slug", "name", "erased"),
    [
        ("amazon", "order/unshipped", {"buyer": {}, "recipient": None, "lastUpdatedTime": "2026-03-05T10:00:00Z"}),
        (
            "ebay",
            "order/paid",
            {"buyer": {}, "fulfillmentStartInstructions": [], "lastModifiedDate": "2026-03-05T10:00:00.000Z"},
        ),
        (
            "otto",
            "order/processable",
            {"invoiceAddress": None, "deliveryAddress": None, "lastModifiedDate": "2026-03-05T10:00:00Z"},
        ),
    ],
)
def test_a_buyer_whom_the_marketplace_erased_later_keeps_the_order(
    database: Database, slug: str, name: str, erased: dict[str, Any]
) -> None:
    """nuobit/odoo-addons#942: names are erased upstream, and a late change of an old order comes without them."""
    [anna] = profiles(database, [entry(slug, name), entry(slug, name, **erased)])

    assert anna["name"]["full"] == "Anna Berg"
    assert anna["orders"]["count"] == 1


def test_strangers_of_one_reseller_one_pool_number_and_one_relay_stay_strangers(database: Database) -> None:
    """Amazon's reseller, its pool of numbers and a pseudonym that two orders share join nobody."""
    company, pooled = ("amazon", "order/through_amazon_business"), ("amazon", "order/relayed_phone")
    home = {"addressLine1": "Hafen 9", "city": "Kiel", "postalCode": "24103", "countryCode": "DE", "phone": ""}
    other = {"deliveryAddress": {**home, "name": "Jan Ohm", "companyName": "Ohm KG"}}
    caller = {
        "deliveryAddress": {**home, "name": "Flo Reef", "phone": "+1 480-463-5824 ext. 99999", "countryCode": "US"}
    }
    shared = json.loads(sample("otto", "order/processable").entry.body)["invoiceAddress"]
    stranger = {
        **shared,
        "firstName": "Eva",
        "lastName": "Moor",
        "street": "Moorweg",
        "city": "Leer",
        "zipCode": "26789",
    }

    found = profiles(
        database,
        [
            entry(*company),
            entry(*company, orderId="302-2", recipient=other),
            entry(*pooled),
            entry(*pooled, orderId="113-2", buyer={}, recipient=caller),
            entry("otto", "order/processable"),
            entry("otto", "order/processable", salesOrderId="a2", invoiceAddress=stranger, deliveryAddress=stranger),
        ],
    )

    names = ["Anna Berg", "Dora Ney", "Ed Shore", "Eva Moor", "Flo Reef", "Jan Ohm"]
    assert sorted(one["name"]["full"] for one in found) == names
    assert all(not one.get("emails") for one in found)


def test_whoever_writes_from_an_address_nobody_proved_is_joined_to_no_stranger(database: Database) -> None:
    """Anybody can write Anna's address into From: under another name it is not her."""
    forged = {"from": [{"address": "anna.berg@example.de", "name": "Kurt Winter"}], "authentication": []}

    found = profiles(
        database,
        [entry("imap", "mail/first_mail_of_a_customer"), entry("imap", "mail/reply_in_a_thread", **forged)],
    )

    assert sorted((one["name"]["full"], *one.get("emails", ())) for one in found) == [
        ("Anna Berg", "anna.berg@example.de"),
        ("Kurt Winter",),
    ]


def test_whoever_has_her_name_as_well_is_taken_for_her_and_changes_nothing_of_hers(database: Database) -> None:
    unproven = {"from": [{"address": "anna.berg@example.de", "name": "Berg, Anna"}], "authentication": []}

    [anna] = profiles(
        database,
        [entry("imap", "mail/first_mail_of_a_customer"), entry("imap", "mail/reply_in_a_thread", **unproven)],
    )

    assert anna["emails"] == ["anna.berg@example.de"]
    assert len(anna["records"]) == 2


def test_a_dead_address_is_written_to_no_more(database: Database) -> None:
    [gone] = profiles(database, [entry("imap", "report/hard_bounce")])

    assert [(one["channel"], one["state"]) for one in gone["consents"]] == [("email", "opted_out")]
