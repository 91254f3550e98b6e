"""Which records stand under which blocking key, before a batch and after it.

``Buckets`` reads what a batch needs to know of ``record_key`` and ``crowd``, and tells what has to be written there.
Of records that are equal to the letter (``hub.matching.blocking``) only the first few stand in buckets: ``admitted``
finds out which.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from hub.identity.neighbours import changed, near, stretch, width
from hub.matching.blocking import FINEST, MOST_EQUAL, UNPROPOSING, Key, cap, equality_key, hashed, identifiers, keys
from hub.matching.clustering import CONTACTS, crowds
from hub.matching.features import Features
from hub.matching.rules import IdentityRules
from hub.matching.scoring import SHARED
from hub.store import matches as store
from hub.store.database import Session
from hub.store.matches import CrowdRow, Pair

Load = Callable[[Collection[UUID]], Mapping[UUID, Features]]
"""Reads stored records as they are compared."""

_NO_KEYS: frozenset[int] = frozenset()


class Revision(NamedTuple):
    """One record as it was compared before the batch (None: it is new, or cannot be read), and as it is after it.

    ``text`` is what it is after it, packed; empty where that is not at hand.
    """

    before: Features | None
    after: Features
    text: str = ""


@dataclass(slots=True)
class Admission:
    """Which of the records that are equal to the letter stand in buckets.

    ``revisions`` are those of the batch, and of the records that come into the buckets, or leave them, because of it.
    ``outside`` and ``were_outside`` are the records among these that stand in no bucket after and before the batch.
    ``joined`` and ``left`` are the (key, record) to write and to delete for the key that equal records have in common.
    ``few`` are such keys that have so few records that all of them stand in buckets; ``keys`` is each record's.
    """

    revisions: dict[UUID, Revision]
    outside: set[UUID] = field(default_factory=set)
    were_outside: set[UUID] = field(default_factory=set)
    joined: list[tuple[int, UUID]] = field(default_factory=list)
    left: list[tuple[int, UUID]] = field(default_factory=list)
    few: set[int] = field(default_factory=set)
    keys: Mapping[UUID, int | None] = field(default_factory=dict)


def admitted(session: Session, revisions: Mapping[UUID, Revision], fresh: Set[UUID], load: Load) -> Admission:
    """Find out for a batch. ``fresh`` are the records that were never stored.

    One statement, and another one where a record that the batch does not speak of comes into the buckets or leaves
    them.
    """
    before = {record: hashed_equality_key(was) if was else None for record, (was, *_) in revisions.items()}
    after = {record: hashed_equality_key(now, text) for record, (_, now, text) in revisions.items()}
    admission = Admission(dict(revisions), keys=after)
    leaving: defaultdict[int, set[UUID]] = defaultdict(set)
    coming: defaultdict[int, set[UUID]] = defaultdict(set)
    for record in revisions:
        was, now = before[record], after[record]
        if was is not None and was != now:
            leaving[was].add(record)
        if now is not None and was != now:
            coming[now].add(record)
    asked = {key for key in (*before.values(), *after.values()) if key is not None}
    stored: defaultdict[int, list[UUID]] = defaultdict(list)
    # One more than are admitted shows that there are too many. Those who leave must not hide who takes their place.
    for key, record in store.first_under(session, {key: MOST_EQUAL + 1 + len(leaving[key]) for key in asked}):
        stored[key].append(record)
    firsts = {key: set(stored[key][:MOST_EQUAL]) for key in asked}
    remaining = {key: {*stored[key], *coming[key]} - leaving[key] for key in asked}
    now_first = {key: set(sorted(remaining[key], key=lambda one: one.int)[:MOST_EQUAL]) for key in asked}
    for record, revision in revisions.items():
        was, now = before[record], after[record]
        if now is not None and record not in now_first[now]:
            admission.outside.add(record)
        if was is not None and record not in firsts[was]:
            admission.were_outside.add(record)
        if revision.before is None and record not in fresh and record in admission.outside:
            # What was stored cannot be read: the keys of the record as it is now are the best guess at its old ones.
            admission.revisions[record] = Revision(revision.after, revision.after)
    admission.left = [(key, record) for key, records in leaving.items() for record in sorted(records)]
    admission.joined = [(key, record) for key, records in coming.items() for record in sorted(records)]
    admission.few = {key for key in asked if len(remaining[key]) <= MOST_EQUAL}
    promoted = {one for key in asked for one in now_first[key] - firsts[key]} - revisions.keys()
    demoted = {one for key in asked for one in firsts[key] - now_first[key]} - revisions.keys()
    if promoted or demoted:
        admission.revisions |= {record: Revision(known, known) for record, known in load(promoted | demoted).items()}
        admission.outside |= demoted
        admission.were_outside |= promoted
    return admission


def hashed_equality_key(person: Features, text: str = "") -> int | None:
    """The key of all records that are equal to this one to the letter; None where equality proves nothing.

    ``text`` is the person packed, where that is known.
    """
    key = equality_key(person, text)
    return hashed(key) if key else None


class Buckets:
    """The buckets of one batch, before and after it.

    Call ``read``, ``count_crowds`` and ``follow`` in this order. Records go by numbers here, because ids are slow to
    hash and to compare; ``ids`` has the id of each number. Buckets go by the hashed key.
    """

    def __init__(self, session: Session, rules: IdentityRules, admission: Admission, load: Load) -> None:
        self.session, self.rules = session, rules
        self._admission, self._load_people = admission, load
        revisions = admission.revisions
        self.ids: list[UUID] = list(revisions)
        self.number = {record: number for number, record in enumerate(self.ids)}
        self.people: dict[int, Features] = {number: after for number, (_, after, _) in enumerate(revisions.values())}
        self.subjects = set(self.people)
        """The records that are compared with all who stand in a bucket with them."""
        self.key_of: dict[int, Key] = {}
        """The key of each bucket that was read."""
        self.keys = {
            number: _NO_KEYS if record in admission.outside else self._hashed(after)
            for number, (record, (_, after, _)) in enumerate(revisions.items())
        }
        """The keys of each subject after the batch."""
        self._keys_before = {
            number: self._hashed(before) if before and record not in admission.were_outside else _NO_KEYS
            for number, (record, (before, *_)) in enumerate(revisions.items())
        }
        self._before: dict[int, list[int]] = {}
        self.after: dict[int, list[int]] = {}
        """Who stands in each bucket after the batch."""
        self._filled: list[int] = []
        self._size: dict[int, int] = {}
        self._lived: set[int] = set()
        self.live: set[int] = set()
        """The buckets that propose all pairs: the others have more records than their cap."""
        self.near: dict[int, dict[int, list[int]]] = {}
        """Of buckets above their cap that propose neighbours: the neighbours of each subject after the batch."""
        self._joined: defaultdict[int, list[int]] = defaultdict(list)
        self._left: defaultdict[int, set[int]] = defaultdict(set)
        self.crowd: dict[int, int] = {}
        """How many people use the identifier that a bucket is of, where it is more than one."""
        self._stored_crowds: dict[int, CrowdRow] = {}
        self.crowds_changed: list[CrowdRow] = []
        self.stored_matches: dict[Pair, float] = {}
        """The stored matches of every subject, among others."""
        self._again: set[int] = set()

    def added(self, fresh: Set[UUID]) -> tuple[list[tuple[int, UUID]], list[tuple[int, UUID]]]:
        """The (key, record) to write of ``fresh`` records and of others.

        Each in order: neighbours in an index are written together.
        """
        new: list[tuple[int, UUID]] = []
        further: list[tuple[int, UUID]] = []
        for one, was in self._keys_before.items():
            record = self.ids[one]
            (new if record in fresh else further).extend([(key, record) for key in self.keys[one] - was])
        for key, record in self._admission.joined:
            (new if record in fresh else further).append((key, record))
        return sorted(new), sorted(further)

    @property
    def removed(self) -> list[tuple[int, UUID]]:
        """The (key, record) to delete."""
        pairs = [(key, self.ids[one]) for one, was in self._keys_before.items() for key in sorted(was - self.keys[one])]
        return [*pairs, *self._admission.left]

    def load(self, records: Iterable[int]) -> None:
        """Read those of these records into ``people`` that are not there yet."""
        missing = set(records) - self.people.keys()
        if missing:
            for record, known in self._load_people([self.ids[number] for number in missing]).items():
                self.people[self.number[record]] = known

    def read(self) -> None:
        """Who stands under each key of the subjects, before the batch and after it."""
        joined, left = self._joined, self._left
        for one, was in self._keys_before.items():
            for key in self.keys[one] - was:
                joined[key].append(one)
            for key in was - self.keys[one]:
                left[key].add(one)
        caps = {key: cap(kind) for key, (kind, _) in self.key_of.items()}
        # Records that leave a bucket still count in the stored size, so that more than the cap are asked for.
        wanted = {key: most + 1 + len(left[key]) if key in left else most for key, most in caps.items()}
        stored = {bucket.key: bucket for bucket in store.carriers(self.session, wanted)}
        self._stored_crowds = {key: bucket.crowd for key, bucket in stored.items() if bucket.crowd}
        large: set[int] = set()
        # Most keys have one record, of which nothing follows.
        for key in stored.keys() | {key for key, new in joined.items() if len(new) > 1}:
            most, bucket, new = caps[key], stored.get(key), joined.get(key, ())
            self._filled.append(key)
            if bucket is not None and bucket.records is None:
                # It is above its cap even without those who leave: it never proposes all pairs, before and after.
                self._size[key] = bucket.number + len(new)
                if self.key_of[key][0] in FINEST:
                    large.add(key)
                continue
            before = self._numbered(bucket.records) if bucket is not None and bucket.records else []
            stay = [one for one in before if one not in left[key]] if key in left else before
            now = [*stay, *new] if new else stay
            self._before[key], self.after[key], self._size[key] = before, now, len(now)
            if len(before) <= most:
                self._lived.add(key)
            if len(now) <= most:
                self.live.add(key)
            if self.key_of[key][0] in FINEST and max(len(before), len(now)) > most:
                self._line_up(key, before, now, most)
        if large:
            self._read_near(_under(large, {one: own | self._keys_before[one] for one, own in self.keys.items()}))

    def _line_up(self, key: int, before: Sequence[int], now: Sequence[int], most: int) -> None:
        """Neighbours in a bucket of which all records are known, and that is above its cap before or after."""
        ids, number = self.ids, self.number
        was, is_now = sorted(ids[one] for one in before), sorted(ids[one] for one in now)
        if len(now) > most:
            self.near[key] = {number[one]: [number[other] for other in near(is_now, one)] for one in is_now}
        if len(before) > most and len(now) > most:
            self._again.update(number[one] for one in is_now if near(was, one) != near(is_now, one))

    def _read_near(self, wanted: Mapping[int, Set[int]]) -> None:
        """Neighbours of these records in buckets above their cap, of which only what is around them is read.

        Those whose neighbours changed are compared again, and theirs are noted too.
        """
        ids, number = self.ids, self.number
        joined = {key: sorted(ids[one] for one in self._joined.get(key, ())) for key in wanted}
        left = {key: {ids[one] for one in self._left.get(key, ())} for key in wanted}
        asked = [(key, ids[one], width(len(left[key]))) for key in sorted(wanted) for one in sorted(wanted[key])]
        for (key, anchor, wide), around in zip(asked, store.neighbours(self.session, asked), strict=True):
            read = stretch(anchor, around, wide)
            self._numbered(read.before)
            after = read.after(joined[key], left[key])
            changed_records = [anchor, *changed(read.before, after, anchor)]
            stay = [one for one in changed_records if one not in left[key]]
            noted = self.near.setdefault(key, {})
            noted |= {number[one]: [number[other] for other in near(after, one)] for one in stay}
            self._again.update(number[one] for one in stay)

    def count_crowds(self) -> None:
        """How many people use each identifier now. All its carriers are compared again where that changed."""
        self.load(one for key in self.live for one in self.after[key])
        contacts = [key for key in self._filled if self.key_of[key][0] in CONTACTS]
        shared = [key for key in contacts if key in self.live and len(self.after[key]) > 1]
        counted = crowds({self.key_of[key]: self.after[key] for key in shared}, self.people, self.rules)
        for key in contacts:
            kind, value = self.key_of[key]
            people = counted.get(value, 1) if key in self.live else SHARED
            stored = self._stored_crowds.get(key)
            if people > 1:
                self.crowd[key] = people
            if people == (users(stored) if stored else 1):
                continue
            self.crowds_changed.append(CrowdRow(key, kind, value, people, self._size[key], people >= SHARED))
            self._again.update(self.after[key] if key in self.live else self._before.get(key, ()))

    def follow(self) -> None:
        """Read the stored matches, and add the records that are compared again although they did not change.

        A bucket that comes above its cap, or below it again, changes which pairs are compared. Another number of people
        who share an identifier changes what that identifier proves.
        """
        dying = {one for key in self._lived - self.live for one in self._before[key]}
        self._again.update(one for key in self.live - self._lived for one in self.after[key])
        asked = [self.ids[one] for one in self.subjects | dying | self._again]
        self.stored_matches = store.matches_of(self.session, asked)
        if dying:
            # When a bucket comes above its cap, only pairs that matched can lose their match.
            for one, other in self.stored_matches:
                pair = {self.number.get(one), self.number.get(other)}
                if pair <= dying:
                    self._again.update(number for number in pair if number is not None)
        self._again -= self.subjects
        if not self._again:
            return
        self.load(self._again)
        known = set(self.key_of)
        self.keys |= {one: self._hashed(self.people[one]) for one in self._again}
        further = {key: cap(kind) for key, (kind, _) in self.key_of.items() if key not in known}
        large = set(self.near)
        for bucket in store.carriers(self.session, further):
            if bucket.records is not None:
                self.after[bucket.key] = self._numbered(bucket.records)
                self.live.add(bucket.key)
            elif self.key_of[bucket.key][0] in FINEST:
                large.add(bucket.key)
            if bucket.crowd is not None:
                self.crowd[bucket.key] = users(bucket.crowd)
        self.subjects |= self._again
        again = _under(large, {one: self.keys[one] for one in self._again})
        self._read_near({key: records - self.near.get(key, {}).keys() for key, records in again.items()})

    def fellows(self, key: int) -> list[int]:
        """Who is proposed to one another because they stand under this key."""
        # Links join by themselves: nobody is compared for being linked.
        return self.after[key] if key in self.live and self.key_of[key][0] not in UNPROPOSING else []

    def further_crowds(self, records: Iterable[int]) -> dict[str, int]:
        """How many people use the identifiers of these records whose buckets were not read, where more than one."""
        by_hash = {hashed(key): key for one in records for key in identifiers(self.people[one]) if key[0] in CONTACTS}
        rows = store.crowds(self.session, by_hash.keys() - self.key_of.keys())
        return {by_hash[key][1]: users(row) for key, row in rows.items()}

    def _hashed(self, someone: Features) -> frozenset[int]:
        by_hash = {hashed(key): key for key in keys(someone)}
        self.key_of.update(by_hash)
        return frozenset(by_hash)

    def _numbered(self, records: Iterable[UUID]) -> list[int]:
        numbers = []
        number, ids = self.number, self.ids
        for record in records:
            place = number.get(record)
            if place is None:
                place = number[record] = len(ids)
                ids.append(record)
            numbers.append(place)
        return numbers


def _under(wanted: Set[int], keys_of: Mapping[int, frozenset[int]]) -> dict[int, set[int]]:
    """The records under each of these keys; keys without any are left out."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for one, own in keys_of.items():
        for key in own & wanted:
            found[key].add(one)
    return found


def users(row: CrowdRow) -> int:
    """How many people use an identifier, as it is counted in scores."""
    return SHARED if row.shared else row.people
