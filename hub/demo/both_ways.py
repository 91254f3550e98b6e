"""The scene of marketing and sales: a reader becomes a lead, buys, unsubscribes by mail, and sales corrects her number.

It plays on a database of its own beside the day's: what the day counts stays as it is. The payloads are the vendors',
signed; the mailing system and the CRM are sandboxes that speak HubSpot's API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import orjson
import psycopg
from psycopg import sql

from hub.application.complete import complete_connection
from hub.application.consent_story import consent_story
from hub.application.derived import derived_activities
from hub.application.process import Processing, process_batch
from hub.application.qualified_routes import by_qualification
from hub.application.traits import Insight
from hub.demo.payloads import DAY, Delivery, Who, mailchimp, shopify
from hub.demo.stage import CRM_TOKEN
from hub.insight.qualification_rules import compile_qualification
from hub.intake.verify import verify
from hub.matching.rules import IdentityRules
from hub.outbox.deliver import Sender, deliver
from hub.outbox.enqueue import Route
from hub.profiles import view
from hub.profiles.survivorship import SurvivorshipRules
from hub.sandbox.hubspot import SandboxCrm
from hub.sdk.connection import Connection, activities_of, load_connections, open_client
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.sdk.source import RawDelivery
from hub.store import inbox, migrate
from hub.store.database import Database

LENA = Who("Lena", "Brandt", "lena.brandt@example.org", "+4915112345678")
ORDER = 970_001
TYPED, CORRECTED = "0151 12345699", "+4915112345699"
"""Her right number, as Mara types it and as Hub has it."""

OWNED: Mapping[str, Any] = {"owners": {"phones": ("crm",)}}
_CRM_SECRET = "demo-crm-client-secret"  # noqa: S105 - signs what a sandbox that lives for a minute tells
FUNNEL: Mapping[str, Any] = {
    "states": {
        "subscriber": {"lives_in": ["mailing"]},
        "qualified": {
            "when": "orders.open.count > `0`",
            "lives_in": ["mailing", "crm"],
            "owners": ["Mara", "Tim"],
            "task": {"value": 500, "currency": "EUR"},
            "nurture": "nurture",
        },
        "customer": {"when": "orders.count > `0`", "lives_in": ["mailing", "crm"]},
    }
}


@dataclass(slots=True)
class Scene:
    """What was seen: ``told`` in sentences, ``broken`` what was not as it has to be."""

    told: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0
    """After which both systems held her opt-out."""

    def say(self, sentence: str, *, holds: bool) -> None:
        """Something happened; it ``holds`` where it is as docs/hand-over-and-consent.md says."""
        self.told.append(sentence)
        if not holds:
            self.broken.append(sentence)

    def document(self) -> dict[str, Any]:
        """As the demo's JSON has it."""
        short = "a reader, handed to sales, a customer; her opt-out was read back in both systems after"
        kept = "; what sales corrected stays"
        return {"told": self.told, "broken": self.broken, "short": f"Lena: {short} {self.seconds:.1f} s{kept}"}


@dataclass(slots=True)
class _House:
    database: Database
    connections: Mapping[str, Connection]
    processing: Processing
    systems: Mapping[str, SandboxCrm]

    def hear(self, *deliveries: Delivery) -> None:
        """Take in signed deliveries, and tell both systems."""
        entries = [verify(self.connections[one.connection], self._signed(one)) for one in deliveries]
        with self.database.session() as session:
            inbox.insert(session, entries)
        while process_batch(self.processing).entries or self._fetch():
            pass
        for name in self.systems:
            connection, client = self.connections[name], self._client(name)
            routes = [route for route in self.processing.routes if route.destination == name]
            sender = Sender(
                self.database, connection, routes, f"demo:1:{name}", client=client, derived=derived_activities
            )
            deliver(sender)

    def _fetch(self) -> int:
        """What the CRM's webhooks do not say themselves."""
        return complete_connection(self.database, "crm", self.connections["crm"], {"crm": self._client("crm")})

    def _client(self, name: str) -> HttpClient:
        connection = self.connections[name]
        destination = connection.connector.destination
        assert destination is not None
        return open_client(connection, destination, transport=self.systems[name].transport(), budget=Budget(Limits()))

    def crm_tells(self) -> int:
        """All webhooks of the CRM come, its own edits and the echo of Hub's writes; gives how many."""
        told: list[Sequence[dict[str, Any]]] = []
        while events := self.systems["crm"].told():
            told.append(events)
        self.hear(*(Delivery("crm", "contacts", {}, orjson.dumps(events)) for events in told))
        return len(told)

    def writes(self) -> int:
        """Calls that wrote contacts, in both systems."""
        return sum(
            count
            for crm in self.systems.values()
            for path, count in crm.calls.items()
            if path.endswith(("contacts/batch/upsert", "contacts/batch/update"))
        )

    def _signed(self, delivery: Delivery) -> RawDelivery:
        connection = self.connections[delivery.connection]
        source = connection.connector.source
        assert source is not None
        assert source.sign is not None
        raw = RawDelivery(
            method="POST",
            url=f"https://hub.example.com/webhooks/{delivery.connection}",
            query={},
            headers=delivery.headers,
            body=delivery.body,
            received_at=datetime.now(UTC),
        )
        signed = source.sign(raw, connection.settings)
        return replace(signed, query=dict(parse_qsl(urlsplit(signed.url).query)))

    def contacts(self, name: str) -> list[dict[str, Any]]:
        """What stands in a system."""
        return self.systems[name].contacts()

    def lena(self) -> tuple[UUID, Mapping[str, Any]]:
        """Her profile and traits."""
        with self.database.session() as session:
            [found] = view.find(session, identifier=f"email:{LENA.email}", limit=2)
        assert not isinstance(found, view.Unreadable)
        return found.id, found.traits.model_dump()


def after(minutes: float) -> datetime:
    """So many minutes after the scene begins."""
    return DAY + timedelta(minutes=minutes)


def play(dsn: str, connections: Mapping[str, Connection]) -> Scene:
    """Play it on the server of this database; ``connections`` are the day's, for their sources."""
    scene = Scene()
    with _house(dsn, connections) as house:
        for part in (_reads, _asks, _buys, _leaves, _corrects, _stays):
            part(house, scene)
    return scene


def _reads(house: _House, scene: Scene) -> None:
    house.hear(mailchimp.subscribe(LENA, after(1)))
    where = len(house.contacts("mailing")), len(house.contacts("crm"))
    scene.say(
        "Lena signs up for the newsletter: she is in the mailing system, and not in the CRM", holds=where == (1, 0)
    )


def _asks(house: _House, scene: Scene) -> None:
    open_order = {**shopify.order(ORDER, LENA, after(60), price="900.00", account=ORDER), "financial_status": "pending"}
    house.hear(
        shopify.delivery("customers/create", shopify.customer(ORDER, LENA, after(59)), after(59)),
        shopify.delivery("orders/create", open_order, after(60)),
    )
    _, traits = house.lena()
    tasks = house.systems["crm"].notes("tasks")
    holds = (traits["qualification"], traits["follow_up"], len(tasks)) == ("qualified", "task", 1)
    owner = traits["owner"]
    scene.say(
        f"she asks for an offer of 904.90 EUR: handed to sales, {owner} looks after her, with a task", holds=holds
    )


def _buys(house: _House, scene: Scene) -> None:
    paid = shopify.order(ORDER, LENA, after(60), price="900.00", account=ORDER, updated=after(200))
    house.hear(shopify.delivery("orders/updated", paid, after(200)))
    _, traits = house.lena()
    holds = (traits["qualification"], traits["owner"]) == ("customer", "Mara") and len(house.contacts("crm")) == 1
    scene.say("she buys: a customer, still Mara's, one contact in the CRM", holds=holds)


def _leaves(house: _House, scene: Scene) -> None:
    house.hear(mailchimp.unsubscribe(LENA, after(300)))
    who, _ = house.lena()
    with house.database.session() as session:
        stories = consent_story(session, who, house.processing.in_force(session), house.connections) or []
    told = {one["destination"]: one for story in stories if story["channel"] == "email" for one in story["told"]}
    states = {house.contacts(name)[0].get("hub_email_consent") for name in house.systems}
    holds = states == {"opted_out"} and all(one["confirmed"] for one in told.values()) and len(told) == 2
    scene.seconds = slowest = max((one["seconds"] or 0.0 for one in told.values()), default=0.0)
    scene.say(f"she unsubscribes by mail: both systems hold it {slowest:.1f} s later, read back", holds=holds)


def _corrects(house: _House, scene: Scene) -> None:
    house.crm_tells()  # what Hub wrote so far comes back: nothing of it is news
    before = house.writes()
    house.systems["crm"].edit(house.contacts("crm")[0]["id"], phone=TYPED)
    house.crm_tells()
    echoed = house.crm_tells() and house.crm_tells()
    places = [house.contacts(name)[0]["phone"] for name in ("crm", "mailing")]
    holds = places == [TYPED, CORRECTED] and not echoed and house.writes() - before <= len(house.systems)
    scene.say("Mara corrects her phone number in the CRM: the mailing system has it, no echo comes back", holds=holds)


def _stays(house: _House, scene: Scene) -> None:
    old = shopify.customer(ORDER, LENA, datetime.now(UTC) + timedelta(minutes=1))
    house.hear(shopify.delivery("customers/update", old, datetime.now(UTC)))
    house.crm_tells()
    contacts = [house.contacts(name)[0] for name in ("crm", "mailing")]
    holds = [one["phone"] for one in contacts] == [TYPED, CORRECTED]
    holds = holds and {one.get("hub_email_consent") for one in contacts} == {"opted_out"}
    scene.say("the shop tells the old number again: it stays corrected, and she stays unsubscribed", holds=holds)


@contextmanager
def _house(dsn: str, day: Mapping[str, Connection]) -> Iterator[_House]:
    with _fresh(dsn) as own:
        database = Database(own, size=2)
        database.open()
        try:
            told = {"access_token": CRM_TOKEN, "client_secret": _CRM_SECRET, "activities": ["task"]}
            written = dict.fromkeys(("mailing", "crm"), ("hubspot", told))
            systems = load_connections(written, default_region="DE")
            connections = {name: one for name, one in day.items() if one.connector.source is not None} | systems
            rules, faults = compile_qualification(FUNNEL, connections)
            assert not faults, faults
            given = [Route(name, orders=True, activities=activities_of(one)) for name, one in systems.items()]
            processing = Processing(
                database,
                connections,
                by_qualification(given, rules, connections),
                IdentityRules(),
                SurvivorshipRules.model_validate(OWNED),
                Insight(qualification=rules),
            )
            yield _House(database, connections, processing, {name: SandboxCrm(token=CRM_TOKEN) for name in systems})
        finally:
            database.close()


@contextmanager
def _fresh(dsn: str, name: str = "both_ways") -> Iterator[str]:
    """An empty database of that name on the same server, up to date; it is dropped again."""

    def run(statement: Callable[[sql.Identifier], sql.Composed]) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(statement(sql.Identifier(name)))

    run(lambda one: sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(one))
    run(lambda one: sql.SQL("CREATE DATABASE {}").format(one))
    own = psycopg.conninfo.make_conninfo(dsn, dbname=name)
    migrate.migrate(own)
    try:
        yield own
    finally:
        run(lambda one: sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(one))
