"""qualify: puts people into states of the funnel, hands them over, and tells why; kept up with every change of theirs.

Each hand-over is a row (``hub.store.hand_overs``). It runs with the traits, under the profiles' locks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from hub.application.leads import deal_value
from hub.insight.qualification import Held, Qualification, State, decide, follow_up, owner_of
from hub.model.activity import activity_key
from hub.model.keys import fact_id
from hub.model.profile import Profile
from hub.outbox.activities import LONGEST_AGE
from hub.outbox.enqueue import ChangedActivity, Route
from hub.store import hand_overs as store
from hub.store.activities import StoredActivity
from hub.store.database import Session
from hub.store.hand_overs import HandOver
from hub.store.profiles import ChangedProfile, told_traits
from hub.store.traits import TraitRow

NAMES = ("qualification", "qualified_at", "owner", "follow_up")
"""The traits that follow from the state."""

FRESH = timedelta(days=1)
"""Who was known for longer when Hub first looked was there before: nobody gets a task for them."""

MERGED = "merged with somebody who was"
"""Why somebody is in a state that another profile of theirs had reached."""

_TASK = 0x7A << 112


@dataclass(slots=True)
class Qualifying:
    """The people of one transaction; ``standing`` are their current rows, ``made`` the hand-overs of now."""

    rules: Qualification
    now: datetime
    standing: Mapping[UUID, Sequence[tuple[HandOver, datetime | None]]] = field(default_factory=dict)
    session: Session | None = None
    assigned: Counter[str] | None = None
    made: dict[UUID, HandOver] = field(default_factory=dict)
    left: dict[UUID, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, rules: Qualification, ids: Collection[UUID], now: datetime) -> Qualifying:
        """Read what is known of these; nothing where no funnel is configured."""
        if not rules.states or not ids:
            return cls(rules, now)
        return cls(rules, now, store.current(session, ids), session)

    def traits(self, person: Profile) -> tuple[dict[str, Any], datetime | None]:
        """The traits that follow from somebody's state now, and when time alone may change them."""
        if not self.rules.states:
            return {}, None
        own, furthest = self._standing(person.id)
        held = _held(furthest)
        decided = decide(self.rules, held, person, self.now)
        if decided.state is None:
            if own is not None:
                self.left[person.id] = self.now
            return {}, decided.again
        if own is not None and own.state == decided.state:
            return _told(own), decided.again
        row = self._hand_over(person, own, furthest, decided.state, decided.reason)
        self.made[person.id] = row
        return _told(row), decided.again

    def within(self, profile: ChangedProfile, row: TraitRow | None) -> TraitRow | None:
        """The traits of a profile, with those of its state; as they are where the profile cannot be read."""
        others = {name: value for name, value in row.told.items() if name not in NAMES} if row else None
        try:
            told, again = self.traits(replace(profile, traits=others).profile())
        except ValueError:
            return row
        if row is None:
            if not told and again is None:
                return None
            row, others = TraitRow({}, 0, self.now, None), dict(told_traits(profile.golden, None))
        due = min((at for at in (row.due_at, again) if at is not None and at > self.now), default=None)
        return replace(row, told={**(others or {}), **told}, due_at=due)

    def _standing(self, profile_id: UUID) -> tuple[HandOver | None, HandOver | None]:
        """A profile's own row, and the furthest of it and of those that were merged into it since.

        A state that somebody has from a merge alone ends with the merge, at once.
        """
        rows = self.standing.get(profile_id, ())
        own = next((row for row, merged_at in rows if merged_at is None), None)
        others = [(row, merged_at) for row, merged_at in rows if merged_at is not None]
        if own is not None and own.reason == MERGED and all(row.state != own.state for row, _ in others):
            return own, None
        fresh = [row for row, merged_at in others if merged_at and (own is None or own.at < merged_at)]
        candidates = [*([own] if own else []), *fresh]
        return own, max(candidates, key=lambda row: self.rules.place(row.state), default=None)

    def _hand_over(
        self, person: Profile, own: HandOver | None, furthest: HandOver | None, name: str, reason: str
    ) -> HandOver:
        at = self.now
        if furthest is not None and furthest is not own and furthest.state == name:
            # Somebody else's record of the same person was there already: nobody is handed over once more.
            reason, owner, what = MERGED, furthest.owner, furthest.follow_up
            return _row(person, own, name, reason, at, owner=owner, what=what)
        state = self.rules.states[self.rules.place(name)]
        before = furthest.owner if furthest else None
        forward = furthest is not None and self.rules.place(name) > self.rules.place(furthest.state)
        # Whoever looked after somebody goes on to; back in marketing's hands, nobody of sales does.
        kept = before if forward else None
        owner = self._owner(state, person, before) if state.owners else kept
        deal = deal_value(person)
        known_long = furthest is None and person.created_at < at - FRESH
        what = None if known_long else follow_up(state.work, deal)
        due = at + timedelta(days=state.work.days) if state.work and what == "task" else None
        return _row(person, own, name, reason, at, owner=owner, what=what, deal=deal, due=due)

    def _owner(self, state: State, person: Profile, before: str | None) -> str | None:
        """Who looks after somebody from now on; of this transaction's own, each counts for the next."""
        if self.assigned is None:
            # Two batches that look at the same time must not choose alike.
            self.assigned = Counter(store.assigned(self.session) if self.session else {})
        owner = owner_of(state, person, self.now, self.assigned, before)
        if owner is not None and owner != before:
            self.assigned[owner] += 1
        return owner

    def by_hand(self, person: Profile, name: str, reason: str, until: datetime) -> HandOver:
        """Put somebody into a state, whatever the rules say until then."""
        own, furthest = self._standing(person.id)
        made = self._hand_over(person, own, furthest, name, reason)
        self.made[person.id] = replace(made, reason=reason, held_until=until)
        return self.made[person.id]

    def store(self, session: Session) -> None:
        """Store who was handed over, and who is in the funnel no more."""
        if self.left:
            store.leave(session, self.left)
        if self.made:
            store.add(session, list(self.made.values()))


def _held(row: HandOver | None) -> Held | None:
    return Held(row.state, row.at, row.held_until) if row else None


def _row(
    person: Profile,
    own: HandOver | None,
    name: str,
    reason: str,
    at: datetime,
    *,
    owner: str | None,
    what: str | None,
    deal: tuple[Any, str] | None = None,
    due: datetime | None = None,
) -> HandOver:
    key = fact_id("hub", "hand_over", f"{person.id}:{name}:{at.isoformat()}")
    value, currency = deal or (None, None)
    came_from = own.state if own else None
    return HandOver(key, person.id, at, came_from, name, reason, owner, what, value, currency, due)


def _told(row: HandOver) -> dict[str, Any]:
    told = {"qualification": row.state, "qualified_at": row.at.isoformat()}
    if row.owner:
        told["owner"] = row.owner
    if row.follow_up:
        told["follow_up"] = row.follow_up
    return told


# -- in people's histories ---------------------------------------------------------------------------------------------


def hand_over_activities(
    routes: Sequence[Route], changed: Iterable[ChangedProfile], now: datetime
) -> list[ChangedActivity]:
    """Entries of the hand-overs of now, and tasks, where any route asks for them."""
    asked = {kind for route in routes for kind in route.activities} & {"hand_over", "task"}
    found = []
    for one in changed if asked else ():
        if one.handed_over is None or one.handed_over.at < now - LONGEST_AGE:
            continue
        key = one.handed_over.id
        found.append(ChangedActivity(activity_key(key), one.id, None, "hand_over"))
        if one.handed_over.follow_up == "task":
            found.append(ChangedActivity(activity_key(task_of(key)), one.id, None, "task"))
    return found


def task_of(key: UUID) -> UUID:
    """The key of a hand-over's task, and back."""
    return UUID(int=key.int ^ _TASK)


def stored_hand_overs(session: Session, asked: Mapping[UUID, UUID], now: datetime) -> dict[UUID, StoredActivity]:
    """Hand-overs, and their tasks, as entries; ``asked`` is the profile of each."""
    found = store.by_id(session, [*asked, *map(task_of, asked)])
    entries: dict[UUID, StoredActivity] = {}
    for row in found.values():
        for key, kind in ((row.id, "hand_over"), (task_of(row.id), "task")):
            if key in asked:
                entries[key] = _entry(row, kind)
    return entries


def _entry(row: HandOver, kind: str) -> StoredActivity:
    told = {"from": row.came_from, "to": row.state, "reason": row.reason, "owner": row.owner}
    told |= {"due": row.due_at.isoformat()} if row.due_at and kind == "task" else {}
    return StoredActivity(
        connection="hub",
        kind=kind,
        external_id=str(row.profile_id),
        happened_at=row.at,
        amount=row.value,
        currency=row.currency,
        payload=orjson.dumps({name: value for name, value in told.items() if value}).decode(),
        order_number=None,
    )


def timeline_items(
    session: Session, profile_id: UUID, limit: int, before: datetime | None = None
) -> list[dict[str, Any]]:
    """The newest hand-overs as items of the timeline."""
    return [
        {
            "id": row.id,
            "at": row.at,
            "kind": "hand_over",
            "connection": "hub",
            "external_id": str(row.profile_id),
            "subject": in_words(row),
            "amount": row.value,
            "currency": row.currency,
            "payload": {
                "from": row.came_from,
                "to": row.state,
                "reason": row.reason,
                "owner": row.owner,
                "follow_up": row.follow_up,
            },
            "event": 0,
        }
        for row in store.of_profile(session, profile_id, limit, before)
    ]


def in_words(row: HandOver) -> str:
    """A hand-over as people read it."""
    way = f"{row.came_from} to {row.state}" if row.came_from else f"came in as {row.state}"
    parts = [f"{way}: {row.reason}", f"owner {row.owner}" if row.owner else "", row.follow_up or ""]
    return ", ".join(filter(None, parts))


def why(session: Session, profile_id: UUID) -> list[str]:
    """Why somebody is in their state."""
    return [in_words(row) for row in store.of_profile(session, profile_id, 1)]
