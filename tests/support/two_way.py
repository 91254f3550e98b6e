"""The whole way to the sandbox CRM and back: what people change there comes by webhook or poll."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from hub.application.complete import complete_connection
from hub.application.process import Processing, process_batch
from hub.intake.backfill import entry_of
from hub.matching.rules import IdentityRules
from hub.outbox.deliver import Sender, deliver
from hub.outbox.enqueue import Route
from hub.profiles.survivorship import SurvivorshipRules
from hub.sandbox.hubspot import SandboxCrm
from hub.sdk.connection import Connection
from hub.sdk.source import RawDelivery
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import source, store
from tests.support.hubspot import Way, client_of, hubspot


@dataclass
class TwoWay(Way):
    """A ``Way`` whose CRM is read as well."""

    def work(self) -> None:
        """Process all that is in the inbox, and fetch what it lacks."""
        clients = {"crm": client_of(self.crm)}
        for _ in range(20):
            dealt = process_batch(self.processing).entries
            dealt += complete_connection(self.database, "crm", self.connection, clients)
            if not dealt:
                return

    def webhook(self, events: list[dict[str, Any]] | None = None) -> NewEntry | None:
        """The next webhook request as the inbox keeps it."""
        told = self.crm.told() if events is None else events
        if not told:
            return None
        source = self.connection.connector.source
        assert source is not None
        assert source.name_event is not None
        now = datetime.now(UTC)
        delivery = RawDelivery("POST", "", {}, {}, orjson.dumps(told), now)
        name = source.name_event(delivery, self.connection.settings)
        return NewEntry("crm", f"{name.event_id}-{uuid.uuid4()}", name.topic, "{}", delivery.body, now)

    def hear(self) -> None:
        """Let all webhooks come, and work on them."""
        while entry := self.webhook():
            store(self.database, [entry])
        self.work()

    def poll(self) -> None:
        """Read all contacts by the search, and work on them."""
        source = self.connection.connector.source
        assert source is not None
        assert source.backfill is not None
        for page in source.backfill(client_of(self.crm), self.connection.settings, None, None):
            store(self.database, [entry_of("crm", item, datetime.now(UTC)) for item in page.items])
        self.work()

    def writes(self) -> int:
        """How many calls wrote contacts so far."""
        return sum(
            count
            for path, count in self.crm.calls.items()
            if path.endswith(("contacts/batch/upsert", "contacts/batch/update", "contacts/merge"))
        )

    def person(self, number: int = 0) -> dict[str, Any]:
        """The golden values of a profile, oldest first."""
        with self.database.session() as session:
            rows = session.rows("SELECT id, golden FROM profile ORDER BY created_at, id")
        return {"id": rows[number][0], **orjson.loads(rows[number][1])}


class Ring:
    """Several CRMs that are all written to and read: what is changed in one is written to the others."""

    def __init__(self, database: Database, names: Sequence[str]) -> None:
        self.database, self.names = database, tuple(names)
        self.crms = {name: SandboxCrm() for name in names}
        self.connections: dict[str, Connection] = {"shop": source("shop"), **{name: hubspot(name) for name in names}}
        self.routes = tuple(Route(name) for name in names)
        self.waiting: list[NewEntry] = []
        self.number = 0
        self._senders = {
            name: Sender(database, self.connections[name], self.routes, f"{name}:1", client=client_of(crm))
            for name, crm in self.crms.items()
        }

    @property
    def processing(self) -> Processing:
        """What a batch needs to know."""
        return Processing(self.database, self.connections, self.routes, IdentityRules(), SurvivorshipRules())

    def collect(self) -> None:
        """Webhooks leave the CRMs, and are on their way."""
        for name, crm in self.crms.items():
            while told := crm.told():
                self.number += 1
                body = orjson.dumps(told)
                self.waiting.append(NewEntry(name, f"w{self.number}", "contacts", "{}", body, datetime.now(UTC)))

    def arrive(self, *entries: NewEntry) -> None:
        """These are in the inbox now, and worked on."""
        store(self.database, entries)
        for _ in range(20):
            dealt = process_batch(self.processing).entries
            for name, crm in self.crms.items():
                dealt += complete_connection(self.database, name, self.connections[name], {name: client_of(crm)})
            if not dealt:
                return

    def send(self, name: str) -> None:
        """Deliver what is due to one CRM."""
        with self.database.session() as session:
            session.run("UPDATE outbox SET due_at = now() WHERE state IN ('pending', 'retrying')")
            session.run("UPDATE destination_state SET not_before = NULL, lease_until = NULL")
        deliver(self._senders[name])

    def writes(self) -> int:
        """How many records of contacts were written so far, and merges."""
        paths = ("contacts/batch/upsert", "contacts/batch/update", "contacts/merge")
        return sum(count for crm in self.crms.values() for path, count in crm.calls.items() if path.endswith(paths))

    def settle(self) -> int:
        """Let everything come and go until nothing moves; gives the number of rounds."""
        for rounds in range(12):
            before = self.writes()
            self.collect()
            arriving, self.waiting = self.waiting, []
            self.arrive(*arriving)
            for name in self.names:
                self.send(name)
            if not arriving and self.writes() == before:
                return rounds
        raise AssertionError("it never settles")
