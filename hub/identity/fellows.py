"""Who may be the same person as the records of a batch, and what speaks for it: the pairs that are compared.

Reads who stands in the same buckets, as it is stored, and scores every record of the batch against these. The number of
statements per batch is constant. The work grows with the records of the batch and those they are compared with, and not
with the number of stored records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from hub.identity.buckets import hashed_equality_key, keys_of, users
from hub.identity.component import people_and_texts
from hub.identity.neighbours import near
from hub.identity.numbering import Numbered
from hub.matching.blocking import (
    FINEST,
    MOST_EQUAL,
    NEIGHBOURS,
    UNPROPOSING,
    Key,
    cap,
    hashed,
    identifiers,
)
from hub.matching.bounds import bound
from hub.matching.clustering import CONTACTS
from hub.matching.features import Features
from hub.matching.scoring import Score, score
from hub.matching.version import Identity
from hub.matching.weights import Model
from hub.store import matches as store
from hub.store.database import Session
from hub.store.matches import Pair

_NO_KEYS: frozenset[int] = frozenset()


class Fellows:
    """The records of a batch, and who they are compared with. ``scores`` are the pairs that are, or might be, one.

    Records go by numbers here (``Numbered``), buckets by the hashed key.
    """

    def __init__(
        self, session: Session, identity: Identity, subjects: Mapping[UUID, Features], texts: Mapping[UUID, str]
    ) -> None:
        """``subjects`` are the records of the batch, ``texts`` the same packed."""
        self._session, self._identity = session, identity
        self.texts: dict[UUID, str] = {one: texts[one] for one in subjects}
        """How each record that was compared is stored, packed."""
        self.people: dict[UUID, Features] = dict(subjects)
        self._records = Numbered(subjects)
        self.equality_keys = {one: hashed_equality_key(known, texts[one]) for one, known in subjects.items()}
        self.few: set[int] = set()
        """Keys of equal records that are so few that all of them stand in buckets."""
        self.key_of: dict[int, Key] = {}
        outside = self._outside()
        self._keys = {
            number: _NO_KEYS if one in outside else self._hashed(known)
            for number, (one, known) in enumerate(subjects.items())
        }
        self.with_keys = {self._records.ids[number] for number, own in self._keys.items() if own}
        """Those all of whose identifiers were counted."""
        self.crowd: dict[str, int] = {}
        """How many people use the identifiers of these records, where it is more than one."""
        self.further: dict[int, int] = {}
        """The same of identifiers that others have and that were nearly equal, by hashed key; 1 included."""
        self.nearly_equal: set[UUID] = set()
        """The records whose scores hang on ``further``."""
        self.scores: dict[Pair, Score] = self._scored(self._proposed())

    def _outside(self) -> set[UUID]:
        """Those that stand in no bucket, because enough who are equal to them do."""
        asked = {key for key in self.equality_keys.values() if key is not None}
        first: defaultdict[int, list[UUID]] = defaultdict(list)
        if asked:
            for key, record in store.first_under(self._session, dict.fromkeys(asked, MOST_EQUAL + 1)):
                first[key].append(record)
        self.few = {key for key in asked if len(first[key]) <= MOST_EQUAL}
        return {
            one
            for one, key in self.equality_keys.items()
            if key is not None and key not in self.few and one not in first[key][:MOST_EQUAL]
        }

    def _proposed(self) -> set[tuple[int, int]]:
        caps = {key: cap(kind) for key, (kind, _) in self.key_of.items()}
        buckets: dict[int, Sequence[int]] = {}
        large: set[int] = set()
        for bucket in store.carriers(self._session, caps, least=2):
            kind, value = self.key_of[bucket.key]
            if bucket.crowd is not None:
                self.crowd[value] = users(bucket.crowd)
            if bucket.records is None:
                if kind in FINEST:
                    large.add(bucket.key)
            elif bucket.number > 1 and kind not in UNPROPOSING:
                # Links join by themselves: nobody is compared for being linked.
                buckets[bucket.key] = self._records.of(bucket.records)
        pairs = {
            (one, other) if one < other else (other, one)
            for one, own in self._keys.items()
            for key in own & buckets.keys()
            for other in buckets[key]
            if one != other
        }
        pairs.update(self._neighbours(large))
        return pairs

    def _neighbours(self, large: set[int]) -> Iterator[tuple[int, int]]:
        """The pairs of buckets above their cap that propose neighbours."""
        asked = [(key, self._records.ids[one]) for one, own in self._keys.items() for key in sorted(own & large)]
        found = store.neighbours(self._session, [(key, one, NEIGHBOURS) for key, one in asked])
        for (_, anchor), around in zip(asked, found, strict=True):
            one = self._records.number[anchor]
            for other in self._records.of(near(sorted(around), anchor)):
                yield (one, other) if one < other else (other, one)

    def _scored(self, pairs: Collection[tuple[int, int]]) -> dict[Pair, Score]:
        ids, model = self._records.ids, self._identity.model
        missing = {ids[one] for pair in pairs for one in pair} - self.people.keys()
        if missing:
            people, texts = people_and_texts(self._session, missing, self._identity.rules)
            self.people |= people
            self.texts |= texts
        people_of = {number: self.people.get(one) for number, one in enumerate(ids)}
        scores = _weighed(pairs, people_of, model, self.crowd)
        # Two phone numbers or mailboxes that are nearly equal prove nothing when either is shared. Others may share it.
        close = [pair for pair, scored in scores.items() if any(e.level.startswith("near") for e in scored.evidence)]
        if close:
            self.nearly_equal = {ids[one] for pair in close for one in pair}
            for pair in close:
                del scores[pair]
            scores |= _weighed(close, people_of, model, self.crowd | self._further_crowds())
        return {_ordered(ids[one], ids[other]): scored for (one, other), scored in scores.items()}

    def _further_crowds(self) -> dict[str, int]:
        asked = {
            hashed(key): key for one in self.nearly_equal for key in identifiers(self.people[one]) if key[0] in CONTACTS
        }
        unread = asked.keys() - self.key_of.keys()
        rows = store.crowds(self._session, unread)
        self.further = {key: users(rows[key]) if key in rows else 1 for key in unread}
        return {asked[key][1]: number for key, number in self.further.items() if number > 1}

    def _hashed(self, someone: Features) -> frozenset[int]:
        by_hash = keys_of(someone)
        self.key_of.update(by_hash)
        return frozenset(by_hash)


def _weighed(
    pairs: Iterable[tuple[int, int]], people: Mapping[int, Features | None], model: Model, crowd: Mapping[str, int]
) -> dict[tuple[int, int], Score]:
    """Those of these pairs that are, or might be, one person."""
    scores: dict[tuple[int, int], Score] = {}
    for one, other in pairs:
        mine, theirs = people[one], people[other]
        # Who is found under a key may be erased by now.
        if mine is None or theirs is None or bound(mine, theirs, model) < model.ask:
            continue
        scored = score(mine, theirs, model, crowd)
        if scored.weight >= model.ask:
            scores[one, other] = scored
    return scores


def _ordered(one: UUID, other: UUID) -> Pair:
    return (one, other) if one.int < other.int else (other, one)
