"""What there is in the end: Hub's tables, the CRM's contacts and deals, and the logs, as plain data for the laws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any
from uuid import UUID

import httpx
import orjson

from hub.demo import scenes
from hub.demo.roles import Anchor, Cast
from hub.demo.scenes import Decided
from hub.demo.send import EventKey, Sent
from hub.demo.stage import Stage
from hub.model.keys import fact_id
from hub.profiles.survive import DEFAULT_RANK, leaves
from hub.profiles.survivorship import SurvivorshipRules, explain
from hub.store import destinations, identity_status, inbox, outbox, outbox_counts, profiles, records
from hub.store.database import Database
from hub.store.identity_status import Quarantined
from hub.store.profiles import FullRow
from hub.store.records import RecordRow

ALL = 1_000_000
MOST_GROUPS = 12
"""Groups of strangers that are looked at closely."""

STATES = ("pending", "retrying", "delivered", "rejected", "dead")
Json = Mapping[str, Any]


@dataclass(slots=True)
class State:
    """Everything the laws look at. ``before_repeat`` and ``after_repeat`` are digests around the last part."""

    sent: Sent
    inbox: Mapping[EventKey, Json] = field(default_factory=dict)
    profiles: Mapping[UUID, FullRow] = field(default_factory=dict)
    retired: Mapping[UUID, tuple[UUID, UUID | None]] = field(default_factory=dict)
    """Retired id to the profile that holds it, and the profile that a question for it is answered with."""
    explained: Sequence[tuple[UUID, Json]] = ()
    same: float = 0.0
    ask: float = 0.0
    """Bits from which two records are one person, and from which a person is asked."""
    one_person: Mapping[UUID, Json] = field(default_factory=dict)
    """Of each profile of several records, what the API tells of why they are one person."""
    guards: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Of what strangers share, what the API tells of why it joins none of them; by group."""
    quarantined: Sequence[Quarantined] = ()
    decided: Decided = field(default_factory=Decided)
    outbox: Sequence[Json] = ()
    contacts: Sequence[Json] = ()
    deals: Sequence[Json] = ()
    crm: Json = field(default_factory=dict)
    crm_had: int = 0
    unsubscribed: frozenset[str] = frozenset()
    logs: Mapping[str, str] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    kills: Mapping[str, int] = field(default_factory=dict)
    interrupted: int = 0
    """How many of the kills took a worker that had work in hand."""
    before_repeat: Mapping[str, str] = field(default_factory=dict)
    after_repeat: Mapping[str, str] = field(default_factory=dict)
    repeated: int = 0

    def profile_of(self, anchor: Anchor) -> UUID | None:
        """The profile of a record, or of the record an order hangs on."""
        if anchor.kind == "order":
            key = fact_id(anchor.connection, "order", anchor.external_id)
            return next((row["profile_id"] for row in self.outbox if row["key"] == key), None)
        wanted = {"connection": anchor.connection, "kind": anchor.kind, "external_id": anchor.external_id}
        return next((one.id for one in self.profiles.values() if wanted in one.golden["records"]), None)

    def events(self) -> dict[int, str]:
        """Inbox id to connection."""
        return {entry["id"]: connection for (connection, _), entry in self.inbox.items()}


def read(stage: Stage, cast: Cast, sent: Sent, state: State) -> None:
    """Fill in what the stage holds now."""
    state.sent = sent
    with stage.database.session() as session:
        state.inbox = {(row["connection"], row["event_id"]): row for row in inbox.page(session, limit=ALL)}
        state.outbox = outbox.page(session, states=STATES, limit=ALL)
        found = profiles.find(session, words=[], after=None, limit=ALL)
        state.profiles = {one.id: one for one in found}
        retired = {
            merge["other_id"]: one.id
            for one in found
            if len(one.golden["records"]) > 1
            for merge in profiles.history(session, one.id)
            if merge["what"] == "merged" and merge["other_id"] not in state.profiles
        }
        state.quarantined = identity_status.quarantined(session, ALL)
        rows = list(records.load(session, list(state.profiles), []).values())
    with stage.client("viewer") as client:
        state.retired = {old: (winner, _answer(client, old)) for old, winner in retired.items()}
        state.one_person = {
            one.id: scenes.one_person(client, one.id) for one in found if len(one.golden["records"]) > 1
        }
        state.same, state.ask = next(((told["same"], told["ask"]) for told in state.one_person.values()), (0.0, 0.0))
        state.guards = _guards(client, state, cast)
        state.decided.open = scenes.waiting(client)
    state.explained = list(_explained(rows))
    crm = stage.crm
    state.contacts, state.deals = crm.contacts(), crm.deals()
    for undone in state.decided.undone:
        undone.after = scenes.in_crm(crm, undone.profiles)
    state.crm = {**crm.stats(), "answers": dict(crm.answers)}
    state.unsubscribed = frozenset(crm.unsubscribed)
    state.logs, state.kills, state.interrupted = stage.logs(), dict(stage.kills), sum(stage.interrupted.values())
    state.secrets = frozenset(text for one in stage.connections.values() for text in one.settings.secret_texts)


def digests(stage: Stage) -> dict[str, str]:
    """What a repetition must leave as it is: the golden profiles with their versions, contacts and deals."""
    with stage.database.session() as session:
        found = profiles.find(session, words=[], after=None, limit=ALL)
        entries = [row["id"] for row in inbox.page(session, limit=ALL)]
    crm = stage.crm
    parts = {
        "profiles": [[str(one.id), one.version, one.golden, list(map(str, one.aliases))] for one in found],
        "inbox": sorted(entries),
        "contacts": crm.contacts(),
        "deals": crm.deals(),
    }
    return {
        name: blake2b(orjson.dumps(part, option=orjson.OPT_SORT_KEYS), digest_size=8).hexdigest()
        for name, part in parts.items()
    }


def replay(database: Database) -> int:
    """Put every stored entry back to be worked on again; gives how many."""
    with database.session() as session:
        return inbox.requeue(session)


def unfinished(database: Database) -> tuple[int, int, int]:
    """Entries not ended, deliveries to make, and deliveries that wait for another try."""
    with database.session() as session:
        waiting = inbox.counts(session)["pending"]
        rows = outbox_counts.counted(session).rows.values()
    retrying = sum(row["retrying"] for row in rows)
    return waiting, sum(row["pending"] for row in rows) - retrying, retrying


def delivering(database: Database) -> bool:
    """True while a worker sends to the CRM."""
    with database.session() as session:
        return bool(destinations.leases(session))


def _guards(client: httpx.Client, state: State, cast: Cast) -> dict[str, list[str]]:
    """One person of each group tells for all."""
    first = {person.group: person for person in reversed(cast.people) if person.group}
    found = {group: state.profile_of(person.anchors[0]) for group, person in list(first.items())[-MOST_GROUPS:]}
    return {
        group: [guard["text"] for guard in scenes.one_person(client, profile)["guards"]]
        for group, profile in found.items()
        if profile
    }


def _answer(client: httpx.Client, retired: UUID) -> UUID | None:
    """The profile that the API answers with for a retired id."""
    answer = client.get(f"/profiles/{retired}")
    return UUID(answer.json()["id"]) if answer.is_success else None


def _explained(rows: Iterable[RecordRow]) -> Iterable[tuple[UUID, Json]]:
    of_profile: dict[UUID, list[RecordRow]] = {}
    for row in rows:
        if row.profile_id is not None:
            of_profile.setdefault(row.profile_id, []).append(row)
    for profile, own in of_profile.items():
        ranks = dict.fromkeys((row.connection for row in own), DEFAULT_RANK)
        yield from ((profile, entry) for entry in explain(leaves(own, ranks), SurvivorshipRules()))
