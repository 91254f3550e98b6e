"""Delivery to one CRM without a database: the pure parts of ``hub.outbox`` are the real ones.

What ``hub.store.outbox`` and ``hub.store.due`` keep in tables is kept in dictionaries here, by the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from unittest.mock import Mock, patch
from uuid import UUID

import orjson

from hub.errors import AuthError, HubError, RateLimited, Unavailable
from hub.model.activity import ActivityKind
from hub.model.order import Order
from hub.model.profile import Profile
from hub.outbox import record
from hub.outbox.deliver import CALLS_PER_READ, LONGEST_WAIT, WAIT_FOR_CUSTOMER
from hub.outbox.render import Rendered, Unreadable, render
from hub.outbox.send import Sent, send
from hub.sdk.connection import Connection, load_connections, open_client
from hub.sdk.destination import ActivityChange, Change, OrderChange, ProfileChange, Write, WriteResult
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.sdk.testkit.wire import SampleTokens
from hub.store import due
from hub.store.destinations import DestinationState
from hub.store.due import DueRow
from hub.store.outbox import Recorded, Subject
from tests.support.crm.double import Double, doubles
from tests.support.crm.espocrm_declared import EspoCrmDeclaredDouble
from tests.support.crm.hostile import Hostile, Killed
from tests.support.crm.plain import Plain

CALL_SECONDS = 1.0
"""How long a call takes on the house's clock."""


class Bug(BaseException):
    """The connector raised what is none of Hub's errors: delivery would go on, and a law must not."""


@dataclass
class Row:
    """One row of the outbox."""

    key: UUID
    subject: Subject
    profile_id: UUID
    due_at: float
    enqueued_at: float
    version: int = 1
    state: str = "pending"
    attempts: int = 0
    uncertain: bool = False
    reason: str = ""
    refused: str = ""

    @property
    def waits(self) -> bool:
        """True while it is to be delivered."""
        return self.state in ("pending", "retrying")


@dataclass
class Known:
    """An id there, whose it is, and whether it was merged away."""

    key: UUID
    created_at: int
    merged: bool = False


@dataclass(frozen=True)
class Placed:
    """An order, whose it is, and what was told apart from it."""

    order: Order
    profile_id: UUID
    refunded: Decimal | None = None
    paid: bool = False
    deleted: bool = False


@dataclass(frozen=True)
class Happened:
    """Something for a person's history."""

    kind: ActivityKind
    at: datetime
    title: str
    text: str
    due: datetime | None = None
    owner: str | None = None


@dataclass
class Tables:
    """What Hub keeps."""

    profiles: dict[UUID, Profile] = field(default_factory=dict)
    aliases: dict[UUID, UUID] = field(default_factory=dict)
    erased: set[UUID] = field(default_factory=set)
    orders: dict[UUID, Placed] = field(default_factory=dict)
    activities: dict[UUID, Happened] = field(default_factory=dict)
    outbox: dict[UUID, Row] = field(default_factory=dict)
    crosswalk: dict[tuple[Subject, str], Known] = field(default_factory=dict)
    mirror: dict[UUID, str] = field(default_factory=dict)
    state: DestinationState = field(default_factory=DestinationState)
    not_before: float = 0.0
    now: float = 0.0


class House:
    """Profiles and orders on their way to one CRM.

    ``known``, ``ordered``, ``merged``, ``split`` and ``erased`` tell what changed; ``settle`` delivers until nothing
    waits. ``settings`` come over those of the double.
    """

    def __init__(self, double: Double, **settings: Any) -> None:
        self.double, self.own_settings = double, settings
        self.tables = Tables()
        self.hostile = Hostile(double.handle)
        self._open()

    def _open(self) -> None:
        self.hostile.passed = self._tick
        if isinstance(self.double, Plain):
            made = self.double.connection()
        elif isinstance(self.double, EspoCrmDeclaredDouble):
            made = self.double.connection(**self.own_settings)
        else:
            options = {**self.double.settings(), **self.own_settings}
            made = load_connections({"crm": (self.double.slug, options)}, default_region="DE")["crm"]
        self.connection: Connection = replace(made, tokens=SampleTokens())
        destination = made.connector.destination
        assert destination is not None
        self.destination = destination
        self.limits = destination.limits(made.settings) if destination.limits else made.connector.manifest.limits
        self.client: HttpClient | None = None
        self.prepared = False
        self.failing: set[str] = set()

    def prepare(self) -> House:
        """Make what Hub needs there."""
        self._client()
        return self

    def copy(self) -> House:
        """The same house before the same CRM, for another way on from here; it counts its calls from 1."""
        copied = type(self).__new__(type(self))
        copied.double, copied.tables = deepcopy(self.double), deepcopy(self.tables)
        copied.own_settings = self.own_settings
        copied.hostile = Hostile(copied.double.handle)
        copied._open()
        copied.prepared = self.prepared
        return copied

    def _tick(self) -> None:
        self.tables.now += CALL_SECONDS

    # -- what changes

    def known(self, *profiles: Profile) -> None:
        """Golden profiles that are new, or changed."""
        for profile in profiles:
            self.tables.profiles[profile.id] = profile
            self._enqueue("profile", profile.id, profile.id)

    def ordered(self, key: UUID, order: Order, of: UUID, **apart: Any) -> None:
        """An order that is new, changed, or another person's now; ``apart`` is what was told apart from it."""
        self.tables.orders[key] = Placed(order, of, **apart)
        self._enqueue("order", key, of)

    def happened(self, key: UUID, of: UUID, happened: Happened) -> None:
        """Something new for the history of a person."""
        self.tables.activities[key] = happened
        self._enqueue("activity", key, of)

    def merged(self, winner: Profile, loser: UUID) -> None:
        """Two profiles are one: ``winner`` is the golden profile of both."""
        held = self.tables
        for alias, led in held.aliases.items():
            held.aliases[alias] = winner.id if led == loser else led
        held.aliases[loser] = winner.id
        held.profiles.pop(loser)
        gone = held.outbox.pop(loser, None)
        if gone is not None:
            self._enqueue("profile", winner.id, winner.id, at_once=True)
            held.outbox[winner.id].uncertain |= gone.uncertain
        self.known(winner.model_copy(update={"aliases": self._aliases(winner.id)}))
        for key, placed in held.orders.items():
            if placed.profile_id == loser:
                self.ordered(key, placed.order, winner.id, **_apart(placed))
        for row in held.outbox.values():
            if row.subject == "activity" and row.waits and row.profile_id == loser:
                row.profile_id = winner.id

    def split(self, winner: Profile, revived: Profile, *orders: UUID) -> None:
        """The merge was wrong: ``revived`` is a profile of its own again, with these orders."""
        self.tables.aliases.pop(revived.id)
        self.known(winner.model_copy(update={"aliases": self._aliases(winner.id)}), revived)
        for key in orders:
            placed = self.tables.orders[key]
            self.ordered(key, placed.order, revived.id, **_apart(placed))

    def erased(self, profile: UUID) -> None:
        """The person wants to be forgotten."""
        self.tables.erased.add(profile)
        self.known(self.tables.profiles[profile])

    def _aliases(self, profile: UUID) -> tuple[UUID, ...]:
        return tuple(sorted(alias for alias, led in self.tables.aliases.items() if led == profile))

    def _enqueue(self, subject: Subject, key: UUID, profile: UUID, *, at_once: bool = False) -> None:
        now, row = self.tables.now, self.tables.outbox.get(key)
        if row is None:
            self.tables.outbox[key] = Row(key, subject, profile, due_at=now, enqueued_at=now)
            return
        if at_once or not row.waits or row.profile_id != profile:
            row.due_at = now
        row.enqueued_at = row.enqueued_at if row.waits else now
        row.profile_id, row.version, row.state, row.attempts = profile, row.version + 1, "pending", 0

    # -- delivery

    def settle(self, *, passes: int = 60) -> None:
        """Deliver, let every wait be over, and go on until nothing waits. AssertionError where that does not end."""
        for _ in range(passes):
            self.deliver()
            waiting = [row for row in self.tables.outbox.values() if row.waits and not self._waits_for_nobody(row)]
            if not waiting:
                return
            first = min(row.due_at for row in waiting)
            self.tables.now = max(self.tables.now, self.tables.not_before, first)
        reasons = {row.subject: row.reason for row in self.tables.outbox.values() if row.waits}
        raise AssertionError(f"does not settle after {passes} passes: {reasons}; paused: {self.tables.state.reason}")

    def _waits_for_nobody(self, row: Row) -> bool:
        """True for an order or activity of somebody who was erased before they were known there."""
        return row.subject != "profile" and row.profile_id in self.tables.erased and not self._contact(row.profile_id)

    def deliver(self) -> None:
        """What ``hub.outbox.deliver.deliver`` does, with one worker; a killed one is followed by the next."""
        try:
            with patch("tenacity.nap.time", Mock()):  # reads are tried again at once
                while self._read("profile") + self._read("order") + self._read("activity"):
                    pass
        except Killed:
            self.client, self.prepared, self.failing = None, False, set()

    def _may_call(self) -> bool:
        return self.tables.now >= self.tables.not_before

    def _read(self, subject: Subject) -> int:
        if not self._may_call():
            return 0
        rows = self.due(subject)
        dealt = 0
        if subject != "profile":
            for row in rows:
                if row.contact_id is None:
                    self._postpone(row)
                    dealt += 1
            rows = [row for row in rows if row.contact_id is not None]
        changes = {row.key: change for row in rows if (change := self._change(subject, row)) is not None}
        rendered = render(changes, self.connection)
        if rendered.failed:
            raise Bug(sorted(rendered.failed.values()))
        unsent = [row for row in rows if row.key not in rendered.writes]
        self._record(subject, [record.unchanged(row) for row in unsent])
        dealt += len(unsent)
        waiting = [row for row in rows if row.key in rendered.writes]
        for start in range(0, len(waiting), self.limits.batch):
            if start and not self._may_call():
                break
            dealt += self._batch(subject, waiting[start : start + self.limits.batch], rendered)
        return dealt

    def due(self, subject: Subject) -> list[DueRow]:
        """As ``hub.store.due.due_rows``."""
        held = self.tables
        rows = [row for row in held.outbox.values() if row.subject == subject and row.waits and row.due_at <= held.now]
        rows.sort(key=lambda row: (row.due_at, row.key))
        return [self._due(row) for row in rows[: self.limits.batch * CALLS_PER_READ]]

    def _due(self, row: Row) -> DueRow:
        held = self.tables
        own = (row.key, *(self._aliases(row.key) if row.subject == "profile" else ()))
        there = [
            (known.key != row.key, known.created_at, external, known)
            for (subject, external), known in held.crosswalk.items()
            if subject == row.subject and known.key in own
        ]
        ids = [(known.key, external) for _, _, external, known in sorted(there, key=_by_age) if not known.merged]
        gone = [external for _, _, external, known in sorted(there, key=lambda one: one[1]) if known.merged]
        mirrors = sorted(key for key in own if key in held.mirror)
        return due._due(
            row.key, row.profile_id, row.version, row.attempts, row.uncertain, [], [external for _, external in ids],
            [key for key, _ in ids], gone, mirrors, [held.mirror[key] for key in mirrors], False,
            self._contact(row.profile_id) if row.subject != "profile" else None,
        )  # fmt: skip

    def _contact(self, profile: UUID) -> str | None:
        held = self.tables
        row = held.outbox.get(profile)
        delivered = row is not None and row.state == "delivered"
        own = (profile, *(self._aliases(profile) if delivered else ()))
        there = [
            (known.key != profile, known.created_at, external)
            for (subject, external), known in held.crosswalk.items()
            if subject == "profile" and known.key in own and not known.merged
        ]
        return min(there)[2] if there else None

    def _postpone(self, row: DueRow) -> None:
        kept = self.tables.outbox[row.key]
        waited = self.tables.now - kept.enqueued_at
        least, most = WAIT_FOR_CUSTOMER.total_seconds(), LONGEST_WAIT.total_seconds()
        kept.due_at = self.tables.now + min(most, max(least, waited))

    def _change(self, subject: Subject, row: DueRow) -> Change | ActivityChange | Unreadable | None:
        """As ``hub.outbox.render``; nothing of an erased person's orders, or of a retired profile, is sent."""
        held = self.tables
        if subject == "order":
            placed = held.orders[row.key]
            if row.profile_id in held.erased:
                return None
            return OrderChange(
                placed.order, "shop", str(row.key), row.contact_id, row.version, tuple(row.external_ids), row.mirror,
                row.uncertain, placed.refunded, placed.paid, placed.deleted,
            )  # fmt: skip
        if subject == "activity":
            told = held.activities[row.key]
            if row.profile_id in held.erased:
                return None
            return ActivityChange(
                told.kind, str(row.key), told.at, told.title, told.text, row.contact_id, row.version,
                tuple(row.external_ids), row.uncertain, told.due, told.owner,
            )  # fmt: skip
        profile = held.profiles.get(row.key)
        if profile is None:
            return None
        return ProfileChange(
            profile, row.version, tuple(row.external_ids), row.mirror, row.uncertain, row.key in held.erased,
            tuple(row.merged_ids),
        )  # fmt: skip

    def _batch(self, subject: Subject, rows: Sequence[DueRow], rendered: Rendered) -> int:
        sent = self._send([rendered.writes[row.key] for row in rows], rows)
        recorded = []
        for row in rows:
            write = rendered.writes[row.key]
            result = sent.results.get(write.key)
            if result is None and sent.stopped_by is None:
                result = WriteResult(write.key, "retry", reason="the connector gave no result", uncertain=True)
            if result is not None:
                recorded.append(record.of_result(row, write, result, jitter=0.0))
            elif sent.stopped_by is not None and write.key in sent.stopped_by.begun:
                recorded.append(record.begun(row, write))
        self._record(subject, recorded)
        before = self._state()
        after = record.next_state(before, sent, settings="", failing=self.failing)
        if after != before:
            self.tables.state = after
            self.tables.not_before = self.tables.now + after.rest.total_seconds() if after.rest else 0.0
        retrying = {str(noted.key) for noted in recorded if noted.state == "retrying"}
        self.failing -= {str(noted.key) for noted in recorded} - retrying
        self.failing |= sent.outages & retrying
        return len(recorded)

    def _state(self) -> DestinationState:
        return self.tables.state if not self._may_call() else replace(self.tables.state, rest=None)

    def _send(self, writes: list[Write], rows: Sequence[DueRow]) -> Sent:
        try:
            client = self._client()
        except (RateLimited, AuthError, Unavailable) as error:
            return Sent(stopped_by=error, calls_failed=1, last_words=str(error))
        except HubError as error:
            return Sent(stopped_by=Unavailable(str(error)), calls_failed=1, last_words=str(error))
        by_key = {write.key: row for write, row in zip(writes, rows, strict=True)}
        destination, settings = self.destination, self.connection.settings

        noted: set[str] = set()

        def before(batch: Sequence[Write]) -> None:
            self._unsettle([(by_key[write.key], write.mirror) for write in batch if write.merge])
            noted.update(write.key for write in batch if record.is_noted(by_key[write.key], write))
            for write in (one for one in batch if one.key in noted):
                row = by_key[write.key]
                self.tables.outbox[row.key].uncertain = True
                if record.names_unknown(write):
                    self.tables.mirror[row.mirror_key] = orjson.dumps(record.unheard(row, write)).decode()

        def prepare() -> None:
            self.prepared = False
            self._client()

        def call(batch: Sequence[Write]) -> Sequence[WriteResult]:
            try:
                return destination.send(batch, client, settings)
            except Exception as error:
                if not isinstance(error, HubError):
                    raise Bug from error
                raise

        sent = send(
            writes,
            call,
            before=before,
            destination="crm",
            halve_outages=max(row.attempts for row in rows) >= 2,
            prepare=prepare if destination.prepare is not None else None,
            held=lambda write: by_key[write.key].mirror,
            essential=destination.essential,
        )
        for key in record.unsent(sent, noted):
            row = by_key[key]
            self.tables.outbox[row.key].uncertain = False
            self.tables.mirror[row.mirror_key] = orjson.dumps(row.mirror).decode()
        return sent

    def _client(self) -> HttpClient:
        if self.client is None:
            self.client = open_client(
                self.connection, self.destination, transport=self.hostile, budget=Budget(Limits())
            )
        if not self.prepared and self.destination.prepare is not None:
            self.destination.prepare(self.client, self.connection.settings)
        self.prepared = True
        return self.client

    # -- what becomes of it

    def _unsettle(self, rows: Sequence[tuple[DueRow, Mapping[str, Any]]]) -> None:
        """As ``hub.store.due.unsettle``."""
        for row, mirror in rows:
            unknown = orjson.dumps(dict.fromkeys([*row.mirror, *mirror])).decode()
            self.tables.mirror |= dict.fromkeys([row.mirror_key, *row.merging], unknown)
            if row.key in self.tables.outbox:
                self.tables.outbox[row.key].uncertain = True

    def _record(self, subject: Subject, results: Sequence[Recorded]) -> None:
        """As ``hub.store.outbox.record``."""
        held = self.tables
        for result in results:
            row = held.outbox.get(result.key)
            if row is not None:
                self._note(row, result)
        for result in results:
            for key in result.settled:
                held.mirror.pop(key, None)
        for result in results:
            if result.mirror is not None and result.key in held.outbox:
                held.mirror[result.owner or result.key] = result.mirror
        for result in results:
            for external in result.merged_ids:
                if (subject, external) in held.crosswalk:
                    held.crosswalk[subject, external].merged = True
        for result in results:
            if result.external_id:
                self._name(subject, result.external_id, result.owner or result.key)
                self._wake(result.key)
            if result.renewed:
                self._write_orders_again(result.key)

    def _note(self, row: Row, result: Recorded) -> None:
        same = row.version == result.version
        row.state = result.state if same else "pending"
        wait = result.wait.total_seconds() if same or result.state == "retrying" else 0.0
        row.due_at = self.tables.now + wait
        row.attempts = result.attempts if same else 0
        row.uncertain, row.reason, row.refused = result.uncertain, result.reason, result.refused

    def _name(self, subject: Subject, external: str, key: UUID) -> None:
        known = self.tables.crosswalk.get((subject, external))
        if known is None:
            self.tables.crosswalk[subject, external] = Known(key, created_at=len(self.tables.crosswalk))
        else:
            known.key, known.merged = key, False

    def _wake(self, profile: UUID) -> None:
        for row in self.tables.outbox.values():
            if row.subject != "profile" and row.profile_id == profile and row.state == "pending":
                row.due_at = min(row.due_at, self.tables.now)

    def _write_orders_again(self, profile: UUID) -> None:
        for row in self.tables.outbox.values():
            if row.subject == "order" and row.profile_id == profile and row.state in ("delivered", "retrying"):
                row.state, row.version, row.attempts, row.due_at = "pending", row.version + 1, 0, self.tables.now

    # -- for the laws

    def states(self) -> dict[UUID, str]:
        """The state of each row."""
        return {key: row.state for key, row in self.tables.outbox.items()}

    def mirror_of(self, key: UUID) -> dict[str, Any]:
        """What Hub believes to stand there of a profile or an order."""
        return orjson.loads(self.tables.mirror[key]) if key in self.tables.mirror else {}

    def through(self, handle: Callable[..., Any]) -> None:
        """Lead to ``handle`` instead of the double itself."""
        self.hostile.handle = handle


@cache
def _prepared(slug: str) -> House:
    return House(doubles()[slug]()).prepare()


def house_before(slug: str) -> House:
    """A house before an empty CRM in which everything that Hub needs is made."""
    return _prepared(slug).copy()


def _by_age(one: tuple[bool, int, str, Known]) -> tuple[bool, int, str]:
    return one[:3]


def _apart(placed: Placed) -> dict[str, Any]:
    return {"refunded": placed.refunded, "paid": placed.paid, "deleted": placed.deleted}
