"""The demo's cast writes, too: mails, tickets, posts, and what became of mails to it, beside all it buys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.demo.cast import cast
from hub.demo.roles import Anchor, Person
from hub.demo.stage import VENDOR_TOKEN, configuration
from hub.demo.vendor_api import VendorApi
from hub.profiles.timeline import timeline
from hub.sandbox.server import serving
from hub.sdk import registry
from hub.sdk.connection import load_connections
from hub.sdk.testkit.cases import ConnectorCase
from hub.store import inbox
from hub.store.inbox import NewEntry
from tests.e2e.test_cast_everywhere import Everywhere

NOW = datetime(2026, 3, 3, tzinfo=UTC)
CHANNELS = ("imap", "zammad", "sendgrid", "mastodon", "reddit")
AGENT = ("Uwe Ort", "uwe@hafenkante.example")
SHARED = {
    "colleagues on one info@ mailbox": "info@tischlerei1.example.de",
    "null@null.de and +49 000 000000, typed at the till": "null@null.de",
    "one relay address of a marketplace": "auftrag-63@marketplace.amazon.de",
}


def entry(connection: str, topic: str, name: str, body: Any) -> NewEntry:
    return NewEntry(connection, f"{topic}:{name}", topic, "{}", orjson.dumps(body), NOW)


def mail(number: str, name: str, address: str) -> NewEntry:
    """As Hub keeps a mail that the mailbox's own server found to be genuine."""
    domain = address.partition("@")[2]
    genuine = f"mx.hafenkante.example; dkim=pass header.d={domain}; dmarc=pass (p=none) header.from={domain}"
    body = {
        "folder": "INBOX", "uid": 1, "size": 9, "arrived": "2026-03-02T09:00:00+00:00", "kind": {},
        "message_id": f"m{number}@{domain}", "date": "2026-03-02T09:00:00+00:00", "subject": "Frage",
        "authentication": [genuine], "from": [{"address": address, "name": name}],
        "to": [{"address": "kontakt@hafenkante.example", "name": "Hafenkante"}], "text": "Moin!", "attachments": [],
    }  # fmt: skip
    return entry("imap", "mail", number, body)


def ticket(number: str, name: str, address: str, role: str = "Customer") -> NewEntry:
    first, _, last = name.partition(" ")
    person = {"id": int(number), "firstname": first, "lastname": last, "email": address, "roles": [role]}
    at = "2026-03-02T09:00:00Z"
    told = {"id": int(number), "title": "Frage", "state": "open", "created_at": at, "updated_at": at}
    article = {
        "id": int(number), "created_at": at, "sender": "Customer", "from": f"{name} <{address}>", "body": "Moin!",
        "created_by_id": int(number),
    }  # fmt: skip
    body = {"ticket": {**told, "customer_id": int(number), "customer": person}, "article": article}
    return entry("zammad", "ticket", number, body)


def posts(number: str, name: str) -> list[NewEntry]:
    """On networks that know them by name only."""
    url = f"https://elbe.example/@p{number}"
    account = {"id": number, "acct": f"p{number}@elbe.example", "display_name": name, "url": url}
    toot = {"id": number, "created_at": "2026-03-02T09:00:00Z", "account": account, "content": "<p>toll</p>"}
    post = {"name": f"t3_{number}", "created_utc": 1772442000.0, "author": f"p{number}",
            "author_fullname": f"t2_{number}", "title": "toll"}  # fmt: skip
    return [entry("mastodon", "status", number, toot), entry("reddit", "post", number, post)]


def delivered(number: str, address: str) -> NewEntry:
    told = {"email": address, "timestamp": 1772442002, "event": "delivered", "sg_event_id": number,
            "sg_message_id": f"{number}.filter"}  # fmt: skip
    return entry("sendgrid", "events", number, [told])


@pytest.fixture(scope="module")
def hub(postgres_server: Any) -> Iterator[Everywhere]:
    """The demo's connections, with all that its cast does there, and five more that people write to."""
    told = cast()
    with postgres_server.database() as database, serving(VendorApi(VENDOR_TOKEN, told.objects, outages=0)) as url:
        described = configuration("https://hub.example.com", url, url)["connections"]
        named = {name: (one.pop("connector"), one) for name, one in described.items() if name != "crm"}
        for slug in CHANNELS:
            own = ConnectorCase(registry.get(slug), registry.folder(slug)).manifest.sample_settings
            named[slug] = (slug, dict(own))
        made = Everywhere(database, load_connections(named, default_region="DE"), {}, told)
        made.come_in([*told.opening, *told.counter, *told.later])
        yield made


def homes(hub: Everywhere) -> dict[Anchor, UUID]:
    """The profile of every record."""
    return {Anchor(**one): key for key, golden in hub.golden().items() for one in golden["records"]}


def homes_of(hub: Everywhere, person: Person) -> list[UUID]:
    """The profiles that have an address of theirs: several while it is doubted that they are one person."""
    return [key for key, golden in hub.golden().items() if person.emails & {*golden.get("emails", ())}]


def come(hub: Everywhere, entries: Iterable[NewEntry]) -> None:
    with hub.database.session() as session:
        inbox.insert(session, [*entries])
    hub.come_in([])
    with hub.database.session() as session:
        asked = """
            SELECT o.reason FROM inbox_outcome o JOIN inbox i ON i.id = o.inbox_id
            WHERE i.connection = ANY(%s) AND o.state = 'parked'"""
        assert session.rows(asked, [list(CHANNELS)]) == []


def test_what_the_cast_writes_stands_with_who_wrote_it_and_joins_nobody(hub: Everywhere) -> None:
    mistaken = {name for mistake in hub.cast.mistakes for name in mistake.names}
    people = [one for one in hub.cast.people if len(homes_of(hub, one)) == 1 and one.name not in mistaken]
    bought, theirs = homes(hub), {one.name: homes_of(hub, one) for one in people}
    entries: list[NewEntry] = []

    # when everybody writes from an address of theirs, opens a ticket, posts, and is written to
    for number, one in enumerate(people, 100):
        told = (str(number), one.name, min(one.emails))
        entries += [mail(*told), ticket(*told), delivered(told[0], told[2]), *posts(*told[:2])]
    come(hub, entries)

    # then all of it is in the one profile that they had, and nobody of the cast is another than before
    after, golden = homes(hub), hub.golden()
    assert {anchor: after[anchor] for anchor in bought} == bought
    assert {one.name: homes_of(hub, one) for one in people} == theirs
    assert len(people) > 40
    told_by = {key: {one["connection"] for one in told["records"]} for key, told in golden.items()}
    for number, one in enumerate(people, 100):
        [home] = theirs[one.name]
        assert (one.name, after[Anchor("zammad", "user", str(number))]) == (one.name, home)
        assert told_by[home] >= {"imap", "zammad", "sendgrid"}
    # and a name alone joins nobody: each account of a network stands for itself
    alone = [told_by[key] for key in golden.keys() - set(bought.values())]
    assert sorted(map(sorted, alone)) == [["mastodon"]] * len(people) + [["reddit"]] * len(people)

    anna = next(one for one in people if one.featured == "four channels")
    assert seen_of(hub, anna) >= {
        ("order", "shop-de"), ("order", "shop-at"), ("order", "till"),
        ("interaction", "imap"), ("case", "zammad"), ("interaction", "zammad"), ("interaction", "sendgrid"),
    }  # fmt: skip


def seen_of(hub: Everywhere, person: Person) -> set[tuple[str, str]]:
    """Kind and connection of what stands in somebody's one timeline."""
    with hub.database.session() as session:
        items = timeline(session, homes_of(hub, person)[0], limit=200)
    assert items is not None
    times = [item["at"] for item in items]
    assert times == sorted(times, reverse=True)
    return {(item["kind"], item["connection"]) for item in items}


def test_colleagues_shared_mailboxes_and_relays_join_nobody(hub: Everywhere) -> None:
    before = homes(hub)
    # when agents write, and are written to
    come(hub, [mail("1", *AGENT), ticket("2", *AGENT, role="Agent"), delivered("3", AGENT[1])])
    # then they are nobody
    assert homes(hub) == before

    # and when whoever shares an address with others writes from it under their own name
    sharing = [(one.name, SHARED[one.group]) for one in hub.cast.people if one.group in SHARED]
    assert {address for _, address in sharing} == {*SHARED.values()}
    for number, told in enumerate(sharing, 10):
        come(hub, [mail(str(number), *told), ticket(str(number), *told)])
    # then nobody of all came together
    after = homes(hub)
    assert {anchor: after[anchor] for anchor in before} == before
