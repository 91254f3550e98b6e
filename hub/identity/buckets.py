"""Which records stand under which blocking key, before a batch and after it.

``Buckets`` tells what a batch has to write to ``record_key`` and ``crowd``, and who has to be compared again because of
it. Of records that are equal to the letter (``hub.matching.blocking``) only the first few stand in buckets:
``admitted`` finds out which.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from hub.identity.neighbours import changed, near, stretch, width
from hub.identity.numbering import Numbered
from hub.matching.blocking import FINEST, MOST_EQUAL, Key, cap, equality_key, hashed, keys
from hub.matching.clustering import CONTACTS, crowds
from hub.matching.features import Features
from hub.matching.rules import IdentityRules
from hub.matching.scoring import SHARED
from hub.store import marks
from hub.store import matches as store
from hub.store.database import Session
from hub.store.matches import CrowdRow

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
    ``first`` are the first records under each such key from now on, one more than stand in buckets.
    """

    revisions: dict[UUID, Revision]
    outside: set[UUID] = field(default_factory=set)
    were_outside: set[UUID] = field(default_factory=set)
    joined: list[tuple[int, UUID]] = field(default_factory=list)
    left: list[tuple[int, UUID]] = field(default_factory=list)
    first: Mapping[int, Sequence[UUID]] = field(default_factory=dict)

    def still_holds(self, session: Session) -> bool:
        """Whether nobody else changed who is first. Asked once ``joined`` and ``left`` are written."""
        found: defaultdict[int, list[UUID]] = defaultdict(list)
        for key, record in store.first_under(session, dict.fromkeys(self.first, MOST_EQUAL + 1)):
            found[key].append(record)
        return all(found[key] == list(records) for key, records in self.first.items())


def admitted(session: Session, revisions: Mapping[UUID, Revision], fresh: Set[UUID], load: Load) -> Admission:
    """Find out for a batch. ``fresh`` are the records that were never stored.

    One statement, and another one where a record that the batch does not speak of comes into the buckets or leaves
    them.
    """
    before = {record: hashed_equality_key(was) if was else None for record, (was, *_) in revisions.items()}
    after = {record: hashed_equality_key(now, text) for record, (_, now, text) in revisions.items()}
    admission = Admission(dict(revisions))
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
    admission.first = {key: sorted(remaining[key], key=lambda one: one.int)[: MOST_EQUAL + 1] for key in asked}
    now_first = {key: set(records[:MOST_EQUAL]) for key, records in admission.first.items()}
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


@lru_cache(maxsize=2_000)
def keys_of(someone: Features) -> Mapping[int, Key]:
    """The keys of a record by their hashes. Whoever is recorded is placed right after it, and asks the same."""
    return {hashed(key): key for key in keys(someone)}


class Buckets:
    """The buckets of one batch, before and after it.

    ``count`` comes after ``added`` and ``removed`` are written, under the lock of counting. Records go by numbers here
    (``Numbered``), buckets by the hashed key.
    """

    def __init__(self, session: Session, rules: IdentityRules, admission: Admission, load: Load) -> None:
        self.session, self.rules = session, rules
        self._admission, self._load_people = admission, load
        revisions = admission.revisions
        self._records = Numbered(revisions)
        self.people: dict[int, Features] = {number: after for number, (_, after, _) in enumerate(revisions.values())}
        self.key_of: dict[int, Key] = {}
        """The key of each bucket that these records come to, leave or stay in."""
        self.keys = {
            number: _NO_KEYS if record in admission.outside else self._hashed(after)
            for number, (record, (_, after, _)) in enumerate(revisions.items())
        }
        """The keys of each record after the batch."""
        self._keys_before = {
            number: self._hashed(before) if before and record not in admission.were_outside else _NO_KEYS
            for number, (record, (before, *_)) in enumerate(revisions.items())
        }
        self._joined: defaultdict[int, list[int]] = defaultdict(list)
        self._left: defaultdict[int, set[int]] = defaultdict(set)
        for one, was in self._keys_before.items():
            for key in self.keys[one] - was:
                self._joined[key].append(one)
            for key in was - self.keys[one]:
                self._left[key].add(one)
        self._before: dict[int, list[int]] = {}
        self._after: dict[int, list[int]] = {}
        self._size: dict[int, int] = {}
        self._lived: set[int] = set()
        self._live: set[int] = set()
        self._stored_crowds: dict[int, CrowdRow] = {}
        self.crowds_changed: list[CrowdRow] = []
        self._again: set[int] = set()

    def added(self, fresh: Set[UUID]) -> tuple[list[tuple[int, UUID]], list[tuple[int, UUID]]]:
        """The (key, record) to write of ``fresh`` records and of others.

        Each in order: neighbours in an index are written together.
        """
        new: list[tuple[int, UUID]] = []
        further: list[tuple[int, UUID]] = []
        for one, was in self._keys_before.items():
            record = self._records.ids[one]
            (new if record in fresh else further).extend([(key, record) for key in self.keys[one] - was])
        for key, record in self._admission.joined:
            (new if record in fresh else further).append((key, record))
        return sorted(new), sorted(further)

    @property
    def removed(self) -> list[tuple[int, UUID]]:
        """The (key, record) to delete."""
        pairs = [
            (key, self._records.ids[one])
            for one, was in self._keys_before.items()
            for key in sorted(was - self.keys[one])
        ]
        return [*pairs, *self._admission.left]

    def count(self) -> set[UUID]:
        """Who has to be compared again because of this batch, its own records among them.

        A bucket that comes above its cap, or below it again, changes which pairs are compared. Another number of people
        who share an identifier changes what that identifier proves.
        """
        self._read()
        self._count_crowds()
        self._again.update(one for key in self._live - self._lived for one in self._after[key])
        dying = {one for key in self._lived - self._live for one in self._before[key]}
        again = {self._records.ids[one] for one in self._again}
        if dying:
            again |= self._may_lose({self._records.ids[one] for one in dying})
        return again | self._admission.revisions.keys()

    def _may_lose(self, dying: set[UUID]) -> set[UUID]:
        """Those of buckets that came above their cap who have a match to lose, or who are being compared just now."""
        # Marks before matches: whoever was being compared has stored all matches once the mark is gone.
        again = marks.pending(self.session, dying)
        for pair in store.matches_of(self.session, dying):
            if dying.issuperset(pair):
                again.update(pair)
        return again

    def _read(self) -> None:
        """Who stands under the keys that are to be counted, after the batch and before it."""
        joined, left = self._joined, self._left
        contacts = {key for own in self.keys.values() for key in own if self.key_of[key][0] in CONTACTS}
        caps = {key: cap(self.key_of[key][0]) for key in joined.keys() | left.keys() | contacts}
        # Records that came count in the stored size, so that more than the cap are asked for.
        wanted = {key: most + len(joined.get(key, ())) for key, most in caps.items()}
        # Most keys have one record, of which nothing follows.
        stored = {bucket.key: bucket for bucket in store.carriers(self.session, wanted, least=2)}
        self._stored_crowds = {key: bucket.crowd for key, bucket in stored.items() if bucket.crowd}
        if emptied := [key for key in left if key not in stored and self.key_of[key][0] in CONTACTS]:
            self._stored_crowds |= store.crowds(self.session, emptied)
        large: set[int] = set()
        for key in stored.keys() | left.keys():
            most, bucket, new, gone = caps[key], stored.get(key), joined.get(key, ()), left.get(key, ())
            if bucket is not None and bucket.records is None:
                # It is above its cap even without those who came: it never proposes all pairs, before and after.
                self._size[key] = bucket.number
                if self.key_of[key][0] in FINEST and (new or gone):
                    large.add(key)
                continue
            now = self._records.of(bucket.records) if bucket is not None and bucket.records else []
            before = [one for one in now if one not in new] if new else now
            before = [*before, *gone] if gone else before
            self._before[key], self._after[key], self._size[key] = before, now, len(now)
            if len(before) <= most:
                self._lived.add(key)
            if len(now) <= most:
                self._live.add(key)
            if self.key_of[key][0] in FINEST and len(before) > most and len(now) > most:
                self._line_up(before, now)
        if large:
            self._read_near(large)

    def _line_up(self, before: Sequence[int], now: Sequence[int]) -> None:
        """Whose neighbours changed, in a bucket of which all records are known and that is above its cap."""
        ids, number = self._records.ids, self._records.number
        was, is_now = sorted(ids[one] for one in before), sorted(ids[one] for one in now)
        self._again.update(number[one] for one in is_now if near(was, one) != near(is_now, one))

    def _read_near(self, large: Set[int]) -> None:
        """Whose neighbours changed, in buckets above their cap of which only what is around those who came is read."""
        ids = self._records.ids
        joined = {key: sorted(ids[one] for one in self._joined.get(key, ())) for key in large}
        left = {key: {ids[one] for one in self._left.get(key, ())} for key in large}
        anchors = {key: sorted({*joined[key], *left[key]}) for key in large}
        asked = [
            (key, anchor, width(len(joined[key]) + len(left[key]))) for key in sorted(large) for anchor in anchors[key]
        ]
        for (key, anchor, wide), around in zip(asked, store.neighbours(self.session, asked), strict=True):
            read = stretch(anchor, around, wide)
            before = read.changed_by(sorted(left[key]), set(joined[key]))
            again = [anchor, *changed(before, read.records, anchor)]
            self._again.update(self._records.of(one for one in again if one not in left[key]))

    def _count_crowds(self) -> None:
        """How many people use each identifier now. All its carriers are compared again where that changed."""
        contacts = [key for key in self._size if self.key_of[key][0] in CONTACTS]
        shared = [key for key in contacts if key in self._live and len(self._after[key]) > 1]
        self._load(one for key in shared for one in self._after[key])
        counted = crowds({self.key_of[key]: self._after[key] for key in shared}, self.people, self.rules)
        for key in contacts:
            kind, value = self.key_of[key]
            people = counted.get(value, 1) if key in self._live else SHARED
            stored = self._stored_crowds.get(key)
            if people == (users(stored) if stored else 1):
                continue
            self.crowds_changed.append(CrowdRow(key, kind, value, people, self._size[key], people >= SHARED))
            self._again.update(self._after[key] if key in self._live else self._before.get(key, ()))

    def _load(self, records: Iterable[int]) -> None:
        missing = set(records) - self.people.keys()
        if missing:
            for record, known in self._load_people([self._records.ids[number] for number in missing]).items():
                self.people[self._records.number[record]] = known

    def _hashed(self, someone: Features) -> frozenset[int]:
        by_hash = keys_of(someone)
        self.key_of.update(by_hash)
        return frozenset(by_hash)


def users(row: CrowdRow) -> int:
    """How many people use an identifier, as it is counted in scores."""
    return SHARED if row.shared else row.people
