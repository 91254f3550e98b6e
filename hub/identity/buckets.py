"""Who stands in the buckets: all records but those that many others are told like (``alike``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Set
from dataclasses import dataclass, field
from uuid import UUID

from hub.matching import alike
from hub.matching.blocking import hashed
from hub.matching.features import Person
from hub.store import matches as store
from hub.store.database import Session

Changes = Mapping[UUID, tuple[Person | None, Person]]
Loader = Callable[[Collection[UUID]], Mapping[UUID, Person]]


@dataclass(slots=True)
class Standing:
    """``changes`` with those who take a place, or lose it, by somebody else's news.

    ``hidden`` and ``was_hidden``: who stands in no bucket after and before. ``joined`` and ``left``: changes of who is
    told like whom, as keys. ``few``: keys of those who are not many.
    """

    changes: dict[UUID, tuple[Person | None, Person]]
    hidden: set[UUID] = field(default_factory=set)
    was_hidden: set[UUID] = field(default_factory=set)
    joined: list[tuple[int, UUID]] = field(default_factory=list)
    left: list[tuple[int, UUID]] = field(default_factory=list)
    few: set[int] = field(default_factory=set)


def standing(session: Session, changes: Changes, fresh: Set[UUID], load: Loader) -> Standing:
    """Find out for a batch: one statement, and another where places change hands."""
    found = Standing(dict(changes))
    before = {record: _key(was) if was else None for record, (was, _) in changes.items()}
    after = {record: _key(now) for record, (_, now) in changes.items()}
    leaving: defaultdict[int, set[UUID]] = defaultdict(set)
    coming: defaultdict[int, set[UUID]] = defaultdict(set)
    for record in changes:
        was, now = before[record], after[record]
        if was is not None and was != now:
            leaving[was].add(record)
        if now is not None and was != now:
            coming[now].add(record)
    keys = {key for key in (*before.values(), *after.values()) if key is not None}
    held: defaultdict[int, list[UUID]] = defaultdict(list)
    # One more than take a place tells that they are many, and whoever leaves must not hide who moves up.
    for key, record in store.first_under(session, {key: alike.MOST + 1 + len(leaving[key]) for key in keys}):
        held[key].append(record)
    firsts = {key: set(held[key][: alike.MOST]) for key in keys}
    remaining = {key: {*held[key], *coming[key]} - leaving[key] for key in keys}
    now_first = {key: set(sorted(remaining[key], key=lambda one: one.int)[: alike.MOST]) for key in keys}
    for record, (was_told, _) in changes.items():
        was, now = before[record], after[record]
        if now is not None and record not in now_first[now]:
            found.hidden.add(record)
        if was is not None and record not in firsts[was]:
            found.was_hidden.add(record)
        if was_told is None and record not in fresh and record in found.hidden:
            # Stored in another format: nobody knows any more under which keys.
            found.changes[record] = (changes[record][1], changes[record][1])
    found.left = [(key, record) for key, records in leaving.items() for record in sorted(records)]
    found.joined = [(key, record) for key, records in coming.items() for record in sorted(records)]
    found.few = {key for key in keys if len(remaining[key]) <= alike.MOST}
    promoted = {one for key in keys for one in now_first[key] - firsts[key]} - changes.keys()
    demoted = {one for key in keys for one in firsts[key] - now_first[key]} - changes.keys()
    if promoted or demoted:
        found.changes |= {record: (known, known) for record, known in load(promoted | demoted).items()}
        found.hidden |= demoted
        found.was_hidden |= promoted
    return found


def _key(person: Person) -> int | None:
    told = alike.alike(person)
    return hashed(told) if told else None


def told_alike(session: Session, people: Collection[Person], seen: set[int]) -> set[UUID]:
    """Everybody who is told like one of these, where these are many; ``seen`` are keys not to be asked about again."""
    keys = {key for known in people if (key := _key(known)) is not None} - seen
    if not keys:
        return set()
    seen |= keys
    many = [bucket.key for bucket in store.carriers(session, dict.fromkeys(keys, alike.MOST)) if bucket.records is None]
    return store.all_under(session, many) if many else set()
