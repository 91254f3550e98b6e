"""Law L7 over two shops, a CRM and a mailing system: whatever is late, doubled, reordered or away, no opt-out is lost.

What each system holds in the end follows from what was said alone, and never from the order in which it came.
``HUB_LAW_EXAMPLES=10000`` is the long run.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub.application.process import Processing, process_batch
from hub.errors import Unavailable
from hub.matching.rules import IdentityRules
from hub.model.consent import Consent
from hub.model.event import ConsentEvent, CustomerEvent, InteractionEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.outbox.deliver import Sender, deliver
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.destination import Write
from hub.sdk.http import HttpClient
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import START, Crm, by_name, customer, empty, entry, routes_to, source, store

EXAMPLES = int(os.environ.get("HUB_LAW_EXAMPLES", "6"))
STEPS = 14
SOURCES = ("shop", "till", "crm-in", "news")
"""Two shops, and what people do in the CRM and in the mailing system, as it comes back."""

MAIL = "ida@sommer.example"


@dataclass(frozen=True)
class Said:
    """Something that was said about marketing by e-mail, so many minutes after the start."""

    source: str
    minute: int
    state: Any
    explicit: bool
    evidence: str | None = "form"

    @property
    def is_act(self) -> bool:
        return self.explicit and (self.state != "opted_in" or self.evidence is not None)


SAYINGS = st.builds(
    Said,
    st.sampled_from(SOURCES),
    st.integers(0, 9),
    st.sampled_from(["opted_in", "opted_out", "pending"]),
    st.booleans(),
    st.sampled_from(["form", None]),
)


def law(said: Sequence[Said]) -> str:
    """What holds after all of it, written anew: an opt-out beats all but a newer act that is proven."""
    strict = {"opted_out": 0, "pending": 1, "opted_in": 2}
    if not said:
        return "unknown"
    proved = any(one.state == "opted_in" and one.is_act for one in said)
    # That somebody typed an address into a form takes nothing back that the person proved.
    said = [one for one in said if not (proved and one.state == "pending" and not one.explicit)]
    newest = max(said, key=lambda one: (one.minute, -strict[one.state]))
    outs = [one.minute for one in said if one.state == "opted_out"]
    if not outs:
        return str(newest.state)
    acts = [one.minute for one in said if one.state == "opted_in" and one.is_act]
    if not acts or max(acts) <= max(outs):
        return "opted_out"
    return str(newest.state) if newest.minute > max(outs) else "opted_in"


@dataclass
class System:
    """A CRM or mailing system that may be away, and counts what it is sent."""

    double: Crm = field(default_factory=Crm)
    away: int = 0
    sent: int = 0

    def __post_init__(self) -> None:
        self.double.before = self._before

    def _before(self, writes: Sequence[Write]) -> None:
        if self.away:
            self.away -= 1
            raise Unavailable("it is away", uncertain=bool(self.away % 2))
        self.sent += len(writes)

    def states(self) -> list[str]:
        held = (one["golden"].get("consents", ()) for one in self.double.people.values())
        return [consent["state"] for consents in held for consent in consents if consent["channel"] == "email"]


class Life(RuleBasedStateMachine):
    """One person, of whom four systems tell."""

    database: Database

    @initialize(told=st.lists(SAYINGS, min_size=2, max_size=5))
    def begin(self, told: Sequence[Said]) -> None:
        empty(self.database)
        self.systems = {"crm": System(), "mailing": System()}
        connections = [system.double.connection(name) for name, system in self.systems.items()]
        self.connections = by_name(*(source(name) for name in SOURCES), *connections)
        self.routes = routes_to(*connections, orders=False)
        self.said: list[Said] = []
        self.flying: list[NewEntry] = []
        self.arrived: list[NewEntry] = []
        self.number = 0
        for one in told:
            self.say(one, alone=False)

    def _fly(self, told: Said, event: Any) -> None:
        self.said.append(told)
        self.number += 1
        received = START + timedelta(days=2)
        self.flying.append(entry([event], f"e{self.number}", connection=told.source, received_at=received))

    @rule(said=SAYINGS, alone=st.booleans())
    def say_more(self, said: Said, alone: bool) -> None:
        self.say(said, alone=alone)

    def say(self, said: Said, *, alone: bool) -> None:
        """A form, a click, a salesperson's tick, or a copied flag; with the whole customer or by itself."""
        at = START + timedelta(minutes=said.minute)
        told = Consent(channel="email", state=said.state, at=at, explicit=said.explicit, evidence=said.evidence)
        key = RecordKey(kind="customer", external_id="7")
        whole = customer("7", when=at, name=("Ida", "Sommer"), emails=[MAIL], consents=(told,))
        event: CustomerEvent | ConsentEvent = whole
        if alone and any(one.source == said.source for one in self.said):
            event = ConsentEvent(occurred_at=at, record=key, consent=told)
        self._fly(said, event)

    @precondition(lambda self: any(one.source == "news" for one in self.said))
    @rule(minute=st.integers(0, 9))
    def complain(self, minute: int) -> None:
        """The mailing system tells of a complaint, without saying that it is an opt-out."""
        at = START + timedelta(minutes=minute)
        told = Interaction(
            external_id=f"c{self.number}", kind="email_complained", channel="email", details={"email": MAIL}
        )
        event = InteractionEvent(occurred_at=at, interaction=told, record=RecordKey(kind="customer", external_id="7"))
        self._fly(Said("news", minute, "opted_out", explicit=True, evidence="complaint"), event)

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        """Any of what is on its way, in any order."""
        told = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        self.arrived.append(told)
        store(self.database, [told])

    @precondition(lambda self: self.arrived)
    @rule(data=st.data())
    def come_again(self, data: st.DataObject) -> None:
        """The sender sends once more what was answered already."""
        store(self.database, [self.arrived[data.draw(st.integers(0, len(self.arrived) - 1))]])

    @rule()
    def process(self) -> None:
        held = Processing(self.database, self.connections, self.routes, IdentityRules(), SurvivorshipRules())
        while process_batch(held).entries:
            pass

    @rule(name=st.sampled_from(["crm", "mailing"]), calls=st.integers(1, 4))
    def goes_away(self, name: str, calls: int) -> None:
        self.systems[name].away = calls

    @rule(name=st.sampled_from(["crm", "mailing"]))
    def send(self, name: str) -> None:
        routes = [route for route in self.routes if route.destination == name]
        client = HttpClient("https://crm.example.com")
        owner = f"here:1:{uuid4().hex}"
        deliver(Sender(self.database, self.connections[name], routes, owner, client=client))

    @rule()
    def pass_time(self) -> None:
        with self.database.session() as session:
            session.run("UPDATE outbox SET due_at = now() WHERE state IN ('pending', 'retrying')")
            session.run("UPDATE destination_state SET not_before = NULL, lease_until = NULL")

    @invariant()
    def nobody_is_opted_in_twice(self) -> None:
        """One person, one record in each system."""
        for system in getattr(self, "systems", {}).values():
            assert len(system.double.people) <= 1

    def teardown(self) -> None:
        if not hasattr(self, "systems"):
            return
        for told in self.flying:
            store(self.database, [told])
        self.process()
        for name, system in self.systems.items():
            system.away = 0
            for _ in range(3):
                self.pass_time()
                self.send(name)
            wanted = law(self.said)
            held = system.states()
            assert held == ([wanted] if self.said else []), (wanted, held, self.said)
            # a write for each thing that was said at most, one more where an answer was lost
            assert system.sent <= 2 * len(self.said) + 1
        before = [system.sent for system in self.systems.values()]
        for name in self.systems:
            self.send(name)
        assert [system.sent for system in self.systems.values()] == before


def test_no_opt_out_is_lost_whatever_happens(database: Database) -> None:
    class Here(Life):
        pass

    Here.database = database
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
