"""The whole way from stored events to the sandbox CRM, which is as strict as HubSpot."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from hub.application.derived import derived_activities
from hub.application.process import Processing, process_batch
from hub.application.traits import Insight
from hub.connectors.hubspot.destination import DESTINATION
from hub.matching.rules import IdentityRules
from hub.outbox.deliver import Sender, deliver
from hub.outbox.enqueue import Route
from hub.profiles.survivorship import SurvivorshipRules
from hub.sandbox.hubspot import SandboxCrm
from hub.sdk.connection import Connection, load_connections
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.store import outbox
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import routes_to, source, store

ROOT = "https://api.hubapi.com"


def hubspot(name: str = "crm") -> Connection:
    """A connection to HubSpot."""
    return load_connections({name: ("hubspot", {"access_token": "pat-eu1-sample"})}, default_region="DE")[name]


def client_of(crm: SandboxCrm) -> HttpClient:
    """A client that leads to the sandbox, without a budget."""
    return HttpClient(
        ROOT,
        headers={"authorization": f"Bearer {crm.token}"},
        status_table=DESTINATION.status_table,
        transport=crm.transport(),
        budget=Budget(Limits()),
    )


@dataclass
class Way:
    """Stored events on their way to one CRM; ``rules`` are the identity rules."""

    database: Database
    crm: SandboxCrm = field(default_factory=SandboxCrm)
    rules: IdentityRules = field(default_factory=IdentityRules)

    def __post_init__(self) -> None:
        self.connection = hubspot()
        self.connections: dict[str, Connection] = {
            "shop": source("shop"),
            "till": source("till"),
            "crm": self.connection,
        }
        self.routes: tuple[Route, ...] = (Route("crm", orders=True),)
        self.insight = Insight()

    def through(self, *destinations: Connection) -> None:
        """Lead to these instead of the sandbox."""
        self.connections = {"shop": source("shop"), **{one.name: one for one in destinations}}
        self.routes = routes_to(*destinations)

    @property
    def processing(self) -> Processing:
        """What a batch needs to know."""
        return Processing(self.database, self.connections, self.routes, self.rules, SurvivorshipRules(), self.insight)

    def sender(self) -> Sender:
        """One more process that sends to the CRM."""
        owner = f"elsewhere:1:{uuid.uuid4().hex}"
        return Sender(
            self.database, self.connection, self.routes, owner, client=client_of(self.crm), derived=derived_activities
        )

    def take(self, *entries: NewEntry) -> None:
        """Store and process these."""
        store(self.database, entries)
        while process_batch(self.processing).entries:
            pass

    def send(self) -> int:
        """Deliver what is due."""
        return deliver(self.sender())

    def pass_time(self) -> None:
        """Let every wait be over."""
        with self.database.session() as session:
            session.run("UPDATE outbox SET due_at = now() WHERE state IN ('pending', 'retrying')")
            session.run("UPDATE inbox_queue SET due_at = now()")
            session.run("UPDATE destination_state SET not_before = NULL, lease_until = NULL")

    def settle(self) -> None:
        """Deliver, and go on for as long as something waits."""
        for _ in range(6):
            self.send()
            self.pass_time()

    def rows(self) -> dict[str, int]:
        """Outbox rows by state."""
        with self.database.session() as session:
            return dict(session.rows("SELECT state, count(*) FROM outbox GROUP BY 1 ORDER BY 1"))

    def failures(self) -> list[dict[str, Any]]:
        """What was rejected or is dead."""
        with self.database.session() as session:
            return outbox.page(session, states=["rejected", "dead"])
