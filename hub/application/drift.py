"""drift: does what stands in a destination's records still say what Hub knows to stand there?

The mirror of each record is compared with the record itself, of a sample or of all of them. What differs is listed, and
repaired by rule: ``write`` puts Hub's values there again, ``take`` takes what stands there for what a person changed
(then ownership decides, as of every edit), and without either it is noted and waits for a person to say which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

import orjson

from hub.errors import ConfigError
from hub.intake.backfill import entry_of
from hub.outbox.echo import fields_of
from hub.sdk.connection import Connection, open_client
from hub.sdk.crm.calls import Caller
from hub.sdk.crm.rules import same
from hub.sdk.http import HttpClient
from hub.store import drifts, due, inbox, outbox, reconciliations, returned
from hub.store.database import Database
from hub.store.outbox import NewRow

Standing = Literal["differs", "emptied", "gone"]
Repair = Literal["write", "take", "ask"]

PAGE = 100
"""Records compared at once."""

SAMPLE = 200
"""Records that are looked at where nothing else is said."""

MOST_NAMED = 200
"""Drifts that are named one by one; all are counted."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A property that does not stand there as Hub knows it; of a record that is ``gone``, all of them ("")."""

    profile: UUID
    external_id: str
    property: str
    standing: Standing


@dataclass(slots=True)
class Comparison:
    """What was found. ``looked_at`` counts records, ``repaired`` those that are put right now."""

    connection: str
    begun_at: datetime
    looked_at: int = 0
    repaired: int = 0
    found: Counter[Standing] = field(default_factory=Counter)
    drifts: list[Drift] = field(default_factory=list)

    @property
    def open(self) -> int:
        """Records and properties that nobody decided on."""
        return sum(self.found.values()) if not self.repaired else self.found["gone"] + self.found["emptied"]


def compares(connection: Connection) -> bool:
    """Whether what stands in this destination's records can be asked for."""
    destination = connection.connector.destination
    return destination is not None and destination.dialect is not None


def compare(
    database: Database,
    connection: Connection,
    *,
    sample: int | None = SAMPLE,
    repair: Repair = "ask",
    client: HttpClient | None = None,
) -> Comparison:
    """Compare ``sample`` records, chosen by chance, or all (None). Raises ConfigError where none can be asked for."""
    destination = connection.connector.destination
    if destination is None or destination.dialect is None:
        raise ConfigError([f"connections.{connection.name}: nothing can be asked of what stands there"])
    source = connection.connector.source
    if repair == "take" and (source is None or source.read_again is None):
        raise ConfigError([f"connections.{connection.name}: its people are not read, and nothing is taken over"])
    with database.session() as session:
        done = Comparison(connection.name, session.now())
    opened = client or open_client(connection, destination, background=True)
    try:
        looks = _Looks(connection, opened)
        for page in _pages(database, connection.name, sample):
            found = looks.drifts(page)
            done.looked_at += len(page)
            done.found.update(one.standing for one in found)
            done.drifts += found[: max(0, MOST_NAMED - len(done.drifts))]
            done.repaired += _repair(database, connection, opened, page, found, repair)
    finally:
        if client is None:
            opened.close()
    with database.session() as session:
        counts = {str(standing): count for standing, count in done.found.items()}
        told = {**counts, "looked_at": done.looked_at, "repaired": done.repaired}
        reconciliations.save(session, connection.name, done.begun_at, None, told)
    return done


Page = Sequence[tuple[UUID, str, Mapping[str, Any]]]


def _pages(database: Database, name: str, sample: int | None) -> Iterator[Page]:
    """The records there with their mirrors. A sample begins at a random key: keys are digests, in no order."""
    after: UUID | None = uuid4() if sample is not None else None
    begun, seen, left = after, 0, sample
    wrapped = after is None
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        with database.session() as session:
            rows = due.kept(session, name, after=after, limit=size)
        if wrapped and begun is not None:
            rows = [row for row in rows if row[0] <= begun]
        if rows:
            yield [(key, external, orjson.loads(mirror)) for key, external, mirror in rows]
            seen += len(rows)
            left = None if left is None else left - len(rows)
            after = rows[-1][0]
        if len(rows) < size:
            if wrapped:
                return
            wrapped, after = True, None


class _Looks:
    """Asks one destination what stands in records, and compares."""

    def __init__(self, connection: Connection, client: HttpClient) -> None:
        destination = connection.connector.destination
        assert destination is not None
        assert destination.dialect is not None
        dialect, self.settings = destination.dialect(client, connection.settings)
        self.connection, self.people = connection, dialect.people
        if self.people.values is None:
            raise ConfigError([f"connections.{connection.name}: its CRM tells no single properties"])
        self.caller: Caller[Any] = Caller(client, self.settings)
        own = connection.connector.own_fields
        self.untold = own(connection.settings).untold if own else lambda name: False

    def drifts(self, page: Page) -> list[Drift]:
        names = sorted({name for _, _, mirror in page for name in mirror if not self.untold(name)})
        ids = [external for _, external, _ in page]
        there = self.caller.run(self.people.values(ids, names, self.settings))
        return [
            drift
            for key, external, mirror in page
            for drift in self._of_record(key, external, mirror, there.get(external))
        ]

    def _of_record(
        self, key: UUID, external: str, mirror: Mapping[str, Any], there: Mapping[str, Any] | None
    ) -> Iterator[Drift]:
        if there is None:
            yield Drift(key, external, "", "gone")
            return
        for name, wrote in sorted(mirror.items()):
            if wrote is None or self.untold(name) or self._stands(external, name, wrote, there.get(name)):
                continue
            yield Drift(key, external, name, "emptied" if there.get(name) in (None, "", False) else "differs")

    def _stands(self, external: str, name: str, wrote: Any, there: Any) -> bool:
        written = self.people.form(name, wrote, self.settings) if self.people.form else wrote
        if same(written, there) or (wrote == "" and there in (None, "", False)):
            return True
        source = self.connection.connector.source
        if source is None or source.reads is None:
            return False
        told = [fields_of(source.reads(external, {name: value}, self.connection.settings)) for value in (wrote, there)]
        return bool(told[0]) and told[0] == told[1]


def _repair(
    database: Database, connection: Connection, client: HttpClient, page: Page, found: Sequence[Drift], repair: Repair
) -> int:
    name = connection.name
    keys = [key for key, _, _ in page]
    differing = {drift.profile for drift in found if drift.standing != "gone"}
    with database.session() as session:
        drifts.replace(
            session,
            name,
            keys,
            [(one.profile, one.external_id, one.property) for one in found] if repair == "ask" else [],
        )
        if repair == "write" and differing:
            now = returned.current(session, differing)
            rows = [NewRow(name, profile, "profile", profile, version, []) for profile, version in now.values()]
            outbox.enqueue(session, rows)
            due.write_everything(session, name, [row.key for row in rows])
            return len(rows)
    if repair == "take" and differing:
        source = connection.connector.source
        assert source is not None
        assert source.read_again is not None
        ids = [external for key, external, _ in page if key in differing]
        items = list(source.read_again(client, connection.settings, ids))
        with database.session() as session:
            now_ = session.now()
            # Read again on purpose: the same state may have come before, and was not heard then.
            fresh = [replace(item, event_id=f"{item.event_id}:again:{now_:%Y%m%dT%H%M%S}") for item in items]
            return inbox.insert(session, [entry_of(name, item, now_) for item in fresh])
    return 0
