"""Compares the records of a batch with those they may match: the incremental way to ``clustering.cluster``.

Reads the records that share a blocking key with those of the batch, keeps keys, crowds and matches up to date, and
gives every component that one of them is or was part of. The number of statements per batch is constant. The work grows
with the records of the batch and those they are compared with, and not with the number of stored records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set
from datetime import datetime
from uuid import UUID

from hub.identity.buckets import Buckets, Revision, admitted
from hub.identity.component import Component, grow, people_of
from hub.matching.bounds import bound
from hub.matching.features import Features
from hub.matching.scoring import SHARED, Score, score
from hub.matching.version import Identity
from hub.matching.weights import Model
from hub.store import matches as store
from hub.store.database import Session
from hub.store.matches import Pair


def rematch(
    session: Session,
    identity: Identity,
    revisions: Mapping[UUID, Revision],
    now: datetime,
    fresh: Set[UUID] = frozenset(),
) -> Component:
    """Take in what changed, store keys, crowds and matches, and give the components to be clustered again.

    ``fresh`` are records that were never stored.
    """

    def load(records: Collection[UUID]) -> dict[UUID, Features]:
        return people_of(session, records, identity.rules)

    admission = admitted(session, revisions, fresh, load)
    buckets = Buckets(session, identity.rules, admission, load)
    buckets.read()
    buckets.count_crowds()
    buckets.follow()
    scores = _scored(buckets, identity.model)
    subjects = {buckets.ids[one] for one in buckets.subjects}
    before = {pair: weight for pair, weight in buckets.stored_matches.items() if not subjects.isdisjoint(pair)}
    after = {pair: scored.weight for pair, scored in scores.items()}
    _store(session, buckets, before, after, fresh, now)
    order = identity.rules.order
    component = Component(
        # These are all matches of every subject, because it was just compared with everybody it can match.
        matches=after,
        matches_known=subjects,
        scores=scores,
        crowd={buckets.key_of[key][1]: min(people, SHARED) for key, people in buckets.crowd.items()},
        crowds_known=set(buckets.key_of),
        contacts_known={buckets.ids[one] for one in buckets.subjects if buckets.keys[one]},
        equality_known=admission.few,
        equality_keys=admission.keys,
        newly_shared=sorted(
            (row for row in buckets.crowds_changed if row.shared), key=lambda row: (order[row.kind], row.value)
        ),
    )
    sure = {pair for pair, weight in (*before.items(), *after.items()) if weight >= identity.model.same}
    known = {buckets.ids[one]: person for one, person in buckets.people.items()}
    grow(session, identity, component, {*subjects, *(one for pair in sure for one in pair)}, known)
    return component


def _store(
    session: Session,
    buckets: Buckets,
    before: Mapping[Pair, float],
    after: dict[Pair, float],
    fresh: Set[UUID],
    now: datetime,
) -> None:
    store.drop_matches(session, before.keys() - after.keys())
    store.put_matches(session, {pair: weight for pair, weight in after.items() if before.get(pair) != weight})
    store.remove_keys(session, buckets.removed)
    added, changed = buckets.added(fresh)
    store.add_keys(session, added, new=True)
    store.add_keys(session, changed, new=False)
    store.put_crowds(session, buckets.crowds_changed, now)


def _scored(buckets: Buckets, model: Model) -> dict[Pair, Score]:
    """Every subject against all who share a bucket with it: the pairs that are, or might be, one person."""
    proposing = {key: fellows for key in buckets.live if len(fellows := buckets.fellows(key)) > 1}
    pairs = {
        (one, other) if one < other else (other, one)
        for one in buckets.subjects
        for key in buckets.keys[one] & proposing.keys()
        for other in proposing[key]
        if one != other
    }
    pairs |= {
        (one, other) if one < other else (other, one)
        for neighbours in buckets.near.values()
        for one in buckets.subjects & neighbours.keys()
        for other in neighbours[one]
    }
    buckets.load({one for pair in pairs for one in pair})
    crowd = {buckets.key_of[key][1]: people for key, people in buckets.crowd.items()}
    scores = _weighed(pairs, buckets.people, model, crowd)
    # Two phone numbers or mailboxes that are nearly equal prove nothing when either is shared. Others may share it.
    near = [pair for pair, scored in scores.items() if any(e.level.startswith("near") for e in scored.evidence)]
    if near:
        for pair in near:
            del scores[pair]
        further = buckets.further_crowds({one for pair in near for one in pair})
        scores |= _weighed(near, buckets.people, model, crowd | further)
    ids = buckets.ids
    return {_ordered(ids[one], ids[other]): scored for (one, other), scored in scores.items()}


def _weighed(
    pairs: Iterable[tuple[int, int]], people: Mapping[int, Features], model: Model, crowd: Mapping[str, int]
) -> dict[tuple[int, int], Score]:
    """Those of these pairs that are, or might be, one person."""
    scores: dict[tuple[int, int], Score] = {}
    for one, other in pairs:
        mine, theirs = people[one], people[other]
        if bound(mine, theirs, model) < model.ask:
            continue
        scored = score(mine, theirs, model, crowd)
        if scored.weight >= model.ask:
            scores[one, other] = scored
    return scores


def _ordered(one: UUID, other: UUID) -> Pair:
    return (one, other) if one.int < other.int else (other, one)
