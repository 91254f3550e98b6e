"""resolve: records that were recorded to clusters and profile ids, in the caller's transaction.

The second of identity's two transactions. It holds the records that it was told of before it looks at anything, and
everybody they may be one with before it writes anything. Nobody waits: what another worker holds is put off, together
with all that hangs on it. The outcome is a function of the set of records, rules, weights and judgements
(``clustering``); the number of statements is constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.identity.buckets import users
from hub.identity.component import Component, compared, grow
from hub.identity.fellows import Fellows
from hub.identity.held import Held, hanging_on, may_move
from hub.identity.place import Resolution, before_batch, place
from hub.identity.questions import note_questions
from hub.matching.features import Features, features_of
from hub.matching.scoring import SHARED
from hub.matching.version import Identity
from hub.model.keys import profile_id
from hub.store import facts as fact_store
from hub.store import matches as store
from hub.store import records as record_store
from hub.store import versions
from hub.store.database import Session
from hub.store.marks import Mark, Told
from hub.store.matches import CrowdRow, Pair
from hub.store.records import RecordRow

_AWAITED = 10
"""Times that what hangs together is looked for anew while it grows by what others commit."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What was placed; ``put_off`` is what is left of the mark because others were at it, None where nothing is."""

    resolution: Resolution
    put_off: Mark | None = None


def resolve(session: Session, mark: Mark, identity: Identity, now: datetime, *, wait: bool = False) -> Resolved:
    """Place the records of a mark. The caller holds the rules.

    ``wait``: instead of putting anything off, wait for who holds it. The rest is then as if this came after them.
    """
    if not wait:
        return _resolve(session, mark, identity, now, _Look(session, mark, identity))
    awaited = mark.records
    session.run("SAVEPOINT awaiting")
    for _ in range(_AWAITED):
        record_store.await_these(session, awaited)
        look = _Look(session, mark, identity)
        if not look.put_off or look.reached <= awaited:
            return _resolve(session, mark, identity, now, look)
        awaited = awaited | look.reached
        session.run("ROLLBACK TO SAVEPOINT awaiting")
    # All that was held went with the savepoint: what is written has to be held, and is looked at anew.
    return _resolve(session, mark, identity, now, _Look(session, mark, identity))


class _Look:
    """What hangs together with the records of a mark, all of it held; without what is ``put_off``."""

    def __init__(self, session: Session, mark: Mark, identity: Identity) -> None:
        self._session, self._identity, self._mark = session, identity, mark
        self.held = held = Held(session)
        held.whole(mark.records)
        # Who was not placed yet is always compared.
        self.subjects = (mark.compared | held.fresh) & held.rows.keys()
        known = {one: _known(held.rows[one], identity) for one in self.subjects}
        self.fellows = Fellows(session, identity, known, {one: held.rows[one].features for one in self.subjects})
        self.before = self._stored_matches()
        self.after = {pair: scored.weight for pair, scored in self.fellows.scores.items()}
        self.component = self._component()
        self.reached: set[UUID] = set()
        """Everybody who was looked at."""
        self.put_off = self._left_out()

    def _stored_matches(self) -> dict[Pair, float]:
        stored = store.matches_of(self._session, self.subjects) if self.subjects else {}
        return {pair: weight for pair, weight in stored.items() if not self.subjects.isdisjoint(pair)}

    def _component(self) -> Component:
        fellows, held, same = self.fellows, self.held, self._identity.model.same
        weights = (*self.before.items(), *self.after.items())
        sure = {one for pair, weight in weights if weight >= same for one in pair}
        held.whole(sure)
        while True:
            component = Component(
                # These are all matches of every subject, because it was just compared with everybody it can match.
                matches=dict(self.after),
                matches_known=set(self.subjects),
                scores=dict(fellows.scores),
                crowd={value: min(people, SHARED) for value, people in fellows.crowd.items()},
                crowds_known=set(fellows.key_of),
                contacts_known=set(fellows.with_keys),
                equality_known=set(fellows.few),
                equality_keys=fellows.equality_keys,
            )
            wanted = self.subjects | sure
            came = False
            while wanted:
                grow(self._session, self._identity, component, wanted, fellows.people)
                came |= held.whole(component.people)
                homes = {held.rows[one].profile_id for one in component.people if one in held.rows} - {None}
                # Records of the same profile that nothing joins to the component any more, as when rules changed.
                wanted = {row.id for row in held.rows.values() if row.profile_id in homes}
                wanted -= component.people.keys()
            if not came:
                return component
            # Of those who were held only now more may have been committed since they were read.

    def _left_out(self) -> set[UUID]:
        """Take out what others hold or changed meanwhile, and all that hangs on it; gives what is left out of it."""
        held, component = self.held, self.component
        pairs = {*component.matches, *component.outside, *self.before, *self.after}
        self.reached = {*component.people, *(one for pair in pairs for one in pair), *self._mark.records}
        held.beside(self.reached - component.people.keys())
        held.rows_of(may_move(component, held, self._identity.model.same))
        wrong = held.refused | self._changed() | self._shared_meanwhile()
        if not wrong:
            return set()
        left_out = hanging_on(wrong, component, held, pairs)
        component.leave(left_out)
        self.before = {pair: weight for pair, weight in self.before.items() if left_out.isdisjoint(pair)}
        self.after = {pair: weight for pair, weight in self.after.items() if left_out.isdisjoint(pair)}
        held.let_go(left_out)
        return left_out & self._mark.records

    def _changed(self) -> set[UUID]:
        """Those that are compared otherwise by now than when they were."""
        texts = self.fellows.texts
        told = (texts.keys() & self.reached) - self.subjects
        return {one for one in told if (text := self.held.text(one)) is not None and text != texts[one]}

    def _shared_meanwhile(self) -> set[UUID]:
        """Those with an identifier that was nearly equal, and that others use by now."""
        further = self.fellows.further
        if not further:
            return set()
        rows = store.crowds(self._session, further)
        counted = {key: users(rows[key]) if key in rows else 1 for key in further}
        return set() if counted == further else self.fellows.nearly_equal


def _resolve(session: Session, mark: Mark, identity: Identity, now: datetime, look: _Look) -> Resolved:
    held, component = look.held, look.component
    rows, known = held.rows, held.profiles
    component.newly_shared = _newly_shared(session, mark, identity)
    before = before_batch(session, identity, rows, known, again=mark.again)
    resolution = place(session, component, identity, before, now, again=mark.again)
    store.drop_matches(session, look.before.keys() - look.after.keys())
    changed = {pair: weight for pair, weight in look.after.items() if look.before.get(pair) != weight}
    store.put_matches(session, changed)
    note_questions(session, component, identity, rows, resolution.members)
    if mark.again:
        moved = {record: was for record in resolution.moved if (was := before.profile_of[record])}
        versions.note_moves(session, identity.version, moved)
    homes = {one: row.profile_id for one, row in rows.items() if row.profile_id is not None}
    stored = {one: was or profile_id(one) for one, was in before.profile_of.items()}
    record_store.move(session, {one: home for one, home in homes.items() if home != stored[one]})
    resolution.fresh = frozenset(held.fresh)
    left, elsewhere = _tell(session, mark.told, resolution, homes, look.put_off)
    if not look.put_off and not elsewhere:
        return Resolved(resolution)
    compared_later, folded_later = mark.compared & look.put_off, (mark.folded & look.put_off) | elsewhere
    return Resolved(resolution, Mark(compared_later, folded_later, mark.again, left, mark.tries + 1))


def _newly_shared(session: Session, mark: Mark, identity: Identity) -> list[CrowdRow]:
    """The identifiers that too many share since this batch."""
    order = identity.rules.order
    rows = store.crowds(session, mark.told.shared)
    return sorted((row for row in rows.values() if row.shared), key=lambda row: (order[row.kind], row.value))


def _tell(
    session: Session, told: Told, resolution: Resolution, homes: Mapping[UUID, UUID], put_off: set[UUID]
) -> tuple[Told, set[UUID]]:
    """Add to a resolution what its batch told; gives what is told later, and the other records that it is told with.

    That is what hangs on records that are ``put_off``, and on records that a later entry named meanwhile.
    """
    left = Told(shared=told.shared)
    for record, events in told.events.items():
        if record in put_off:
            left.events[record] = events
        elif record in homes:
            resolution.events.setdefault(homes[record], set()).update(events)
    facts = fact_store.read(session, told.facts) if told.facts else []
    orders = {*told.withdrawn, *(fact.parent_id for fact in facts if fact.parent_id is not None)}
    hanging = fact_store.records_of(session, orders) if orders else {}
    of_fact = {one.id: hanging.get(one.parent_id) if one.parent_id else one.record_id for one in facts}
    of_order = {order: hanging.get(order) for order in told.withdrawn}
    unheld = {one for one in (*of_fact.values(), *of_order.values()) if one is not None} - homes.keys() - put_off
    # What hangs on a record that nobody told of yet waits for that.
    elsewhere = record_store.stored(session, unheld) if unheld else set()
    later = elsewhere | put_off
    for fact in facts:
        if fact.record_id in put_off or of_fact[fact.id] in later:
            left.facts[fact.id] = told.facts[fact.id]
        else:
            resolution.changed.append(fact)
    resolution.orders = hanging
    resolution.told = frozenset(fact.id for fact in resolution.changed if told.facts[fact.id])
    left.withdrawn = {order: by for order, by in told.withdrawn.items() if of_order[order] in later}
    resolution.withdrawn = {order: by for order, by in told.withdrawn.items() if order not in left.withdrawn}
    return left, elsewhere


def _known(row: RecordRow, identity: Identity) -> Features:
    return compared(row.features) or features_of(row.state, identity.rules)
