"""Which doubtful matches of a batch a person is asked about, once every record has its profile.

A question is about two profiles, and is weighed by all that is known of both (``hub.matching.questions``). So it is
weighed again when either changed: the profiles of a component are at hand, those that they may be one with are read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from hub.identity.buckets import users
from hub.identity.component import Component, people_of
from hub.matching.blocking import hashed, identifiers
from hub.matching.clustering import CONTACTS
from hub.matching.features import Features
from hub.matching.questions import MOST_RECORDS, is_asked
from hub.matching.version import Identity
from hub.store import matches as store
from hub.store.database import Session
from hub.store.matches import Pair
from hub.store.records import RecordRow

Records = Mapping[UUID, RecordRow]
_Sides = tuple[UUID, UUID]
"""Two profiles."""


def note_questions(
    session: Session,
    component: Component,
    identity: Identity,
    rows: Records,
    members: Mapping[UUID, Sequence[RecordRow]],
) -> None:
    """Store about which matches of these people with others a person is asked.

    ``rows`` are the records of the component, and ``members`` those of each of their profiles.
    """
    apart = [pair for pair in component.matches if rows[pair[0]].profile_id != rows[pair[1]].profile_id]
    apart += component.outside
    if not apart:
        return
    profile_of, records = _profiles(session, {one for pair in apart for one in pair}, component, rows, members)
    between: defaultdict[_Sides, list[Pair]] = defaultdict(list)
    for one, other in apart:
        if one in profile_of and other in profile_of:
            between[_sides(profile_of[one], profile_of[other])].append((one, other))
    wholes = [sides for sides in between if any(len(records[side]) > 1 for side in sides)]
    people = _people(session, identity, component, {one for sides in wholes for side in sides for one in records[side]})
    crowd = _crowd(session, component, people.values())
    bits = component.matches | component.outside
    asked: dict[Pair, bool] = {}
    for sides, pairs in between.items():
        left, right = ([people[record] for record in records[side] if record in people] for side in sides)
        answer = is_asked(left, right, max(bits[pair] for pair in pairs), identity.model, crowd)
        asked |= dict.fromkeys(pairs, answer)
    store.ask_about(session, asked)


def _profiles(
    session: Session,
    asked: Collection[UUID],
    component: Component,
    rows: Records,
    members: Mapping[UUID, Sequence[RecordRow]],
) -> tuple[dict[UUID, UUID], dict[UUID, list[UUID]]]:
    """The profile of each of these records, and the first records of each profile by id."""
    profile_of: dict[UUID, UUID] = {}
    records: dict[UUID, list[UUID]] = {}
    for one in asked:
        profile = rows[one].profile_id if one in component.people else None
        if profile is not None:
            profile_of[one] = profile
            if profile not in records:
                records[profile] = sorted(row.id for row in members[profile])[:MOST_RECORDS]
    for one, profile, ids in store.fellows(session, set(asked).difference(profile_of), MOST_RECORDS):
        profile_of[one], records[profile] = profile, ids
    return profile_of, records


def _people(
    session: Session, identity: Identity, component: Component, records: Collection[UUID]
) -> dict[UUID, Features]:
    known = {one: component.people[one] for one in records if one in component.people}
    unread = set(records).difference(known)
    return known | people_of(session, unread, identity.rules) if unread else known


def _sides(one: UUID, other: UUID) -> _Sides:
    return (one, other) if one.int < other.int else (other, one)


def _crowd(session: Session, component: Component, people: Collection[Features]) -> Mapping[str, int]:
    """How many people use the identifiers of these people."""
    if not people:
        return {}
    asked = {hashed(key): key for one in people for key in identifiers(one) if key[0] in CONTACTS}
    rows = store.crowds(session, asked.keys() - component.crowds_known)
    return component.crowd | {asked[key][1]: users(row) for key, row in rows.items()}
