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
    return NewEntry(slug, event_id, case.entry.topic, orjson.dumps(dict(case.entry.headers)).decode(), body, NOW)


def profiles(database: Database, entries: Sequence[NewEntry]) -> list[dict[str, Any]]:
    """The golden profiles once all is worked on, one entry after the other."""
    crm = Crm().connection("crm")
    known = by_name(*map(connection, ("imap", "zammad", "ebay", "brevo")), crm)
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
