"""Components: records that hang together, and what is known of them. ``grow`` reads one until nothing is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from uuid import UUID

from hub.identity.buckets import hashed_equality_key, users
from hub.matching.blocking import MOST_EQUAL, Key, cap, hashed, identifiers
from hub.matching.clustering import CONTACTS, Clusters, Constraints, clustered, linked
from hub.matching.constraints import together_apart
from hub.matching.features import Features, features_of
from hub.matching.kinds import BY_NAME
from hub.matching.packing import unpacked
from hub.matching.rules import IdentityRules
from hub.matching.scoring import Score
from hub.matching.version import Identity
from hub.model.judgement import Judgement
from hub.store import judgements as judgement_store
from hub.store import matches as store
from hub.store.database import Session
from hub.store.matches import CrowdRow, Pair


@dataclass
class Component:
    """Records whose cluster may be another one than before, what is known of them, and their clusters now.

    ``matches`` are the pairs that are, or might be, one person; ``scores`` has the evidence of those that were compared
    in this batch. ``links`` are groups that a source calls one person. ``crowd`` tells how many people use an
    identifier, where it is more than one; ``newly_shared`` are identifiers that this batch made too common.
    """

    people: dict[UUID, Features] = field(default_factory=dict)
    matches: dict[Pair, float] = field(default_factory=dict)
    outside: dict[Pair, float] = field(default_factory=dict)
    """Matches of these people with records that are not in the component."""
    scores: dict[Pair, Score] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)
    links: list[list[UUID]] = field(default_factory=list)
    crowd: dict[str, int] = field(default_factory=dict)
    newly_shared: list[CrowdRow] = field(default_factory=list)
    matches_known: set[UUID] = field(default_factory=set)
    """Records all of whose matches are in ``matches``."""
    crowds_known: set[int] = field(default_factory=set)
    """Hashed identifiers that were counted: what ``crowd`` does not have of them is used by one person."""
    contacts_known: set[UUID] = field(default_factory=set)
    """Records all of whose identifiers are in ``crowds_known``."""
    equality_known: set[int] = field(default_factory=set)
    """Keys of equal records that need no look-up: these are few and stand in buckets, or they were looked up."""
    equality_keys: Mapping[UUID, int | None] = field(default_factory=dict)
    """Such keys of records of which they are known."""

    @cached_property
    def pairs_of(self) -> dict[UUID, list[Pair]]:
        """Each record's matches."""
        by_record: defaultdict[UUID, list[Pair]] = defaultdict(list)
        for pair in self.matches:
            for record in pair:
                by_record[record].append(pair)
        return by_record

    @cached_property
    def links_of(self) -> dict[UUID, list[int]]:
        """The links each record is in, by their place in ``links``."""
        by_record: defaultdict[UUID, list[int]] = defaultdict(list)
        for number, group in enumerate(self.links):
            for record in group:
                by_record[record].append(number)
        return by_record

    def leave(self, records: Collection[UUID]) -> None:
        """Take these records out, who hang together with nobody else."""
        gone = set(records)
        self.people = {one: known for one, known in self.people.items() if one not in gone}
        self.matches = {pair: weight for pair, weight in self.matches.items() if gone.isdisjoint(pair)}
        self.outside = {pair: weight for pair, weight in self.outside.items() if gone.isdisjoint(pair)}
        self.scores = {pair: scored for pair, scored in self.scores.items() if gone.isdisjoint(pair)}
        self.links = [group for group in self.links if gone.isdisjoint(group)]
        self.judgements = [each for each in self.judgements if not self.people.keys().isdisjoint(each.records)]

    def clustered(self, identity: Identity, holds: Iterable[Judgement] = ()) -> Clusters[UUID]:
        """The clusters of these records; ``holds`` are merges that wait for a person, beside the stored judgements."""
        sure = {pair: weight for pair, weight in self.matches.items() if weight >= identity.model.same}
        judged = together_apart([*self.judgements, *holds], self.people.keys())
        constraints = Constraints(judged.together, judged.apart, identity.rules.limits.records, self.links)
        # Most records have no match: each is a cluster of its own.
        tied = {one for group in (*sure, *judged.together, *self.links) for one in group} & self.people.keys()
        clusters = clustered({one: self.people[one] for one in tied}, sure, identity.model, self.crowd, constraints)
        groups = [*clusters.groups, *([one] for one in self.people.keys() - tied)]
        return Clusters(sorted(groups, key=lambda group: group[0].int), clusters.refused)


def people_of(session: Session, records: Collection[UUID], rules: IdentityRules) -> dict[UUID, Features]:
    """Stored records as they are compared."""
    return people_and_texts(session, records, rules)[0]


def people_and_texts(
    session: Session, records: Collection[UUID], rules: IdentityRules
) -> tuple[dict[UUID, Features], dict[UUID, str]]:
    """Stored records as they are compared, and the same packed."""
    people: dict[UUID, Features] = {}
    unreadable: list[UUID] = []
    texts = store.features(session, records)
    for record, text in texts.items():
        known = compared(text)
        if known is None:
            unreadable.append(record)
        else:
            people[record] = known
    if unreadable:
        people |= {record: features_of(state, rules) for record, state in store.states(session, unreadable).items()}
    return people, texts


@lru_cache(maxsize=8_000)
def compared(features: str) -> Features | None:
    """What was packed; None where an older Hub stored it in another format, or not at all."""
    try:
        return unpacked(features)
    except ValueError:
        return None


def grow(
    session: Session,
    identity: Identity,
    component: Component,
    records: set[UUID],
    known: Mapping[UUID, Features] | None = None,
) -> None:
    """Take in these records and all that hang together with them: by sure pairs, links, judgements, or equality.

    ``known`` are people who were read already.
    """
    known = known or {}
    wanted = records.difference(component.people)
    judged = {judgement.id: judgement for judgement in component.judgements}
    tied: set[UUID] = set()
    certain = identity.rules.certain
    fields = {name for kind in certain for name in (BY_NAME[kind].field_name, *BY_NAME[kind].beside)}
    looked_for: set[UUID] = set()
    matches = list(component.matches.items())
    while wanted:
        looked_for |= wanted
        missing = wanted.difference(known)
        loaded = {record: known[record] for record in wanted - missing}
        if missing:
            loaded |= people_of(session, missing, identity.rules)
        component.people |= loaded
        if unknown := set(loaded) - component.matches_known:
            # All of those who are known are there already, and what is stored of them may be of before this batch.
            stored = store.matches_of(session, unknown).items()
            found = {pair: weight for pair, weight in stored if component.matches_known.isdisjoint(pair)}
            component.matches |= found
            matches += found.items()
            component.matches_known |= unknown
        reached = {record for pair, weight in matches if weight >= identity.model.same for record in pair}
        matches = []
        for judgement in judgement_store.of_records(session, loaded.keys()):
            judged[judgement.id] = judgement
            if judgement.verdict == "same":
                reached |= judgement.records
        joining: dict[int, Key] = {}
        for record, one in loaded.items():
            if any(getattr(one, name) for name in fields) and (
                joins := [key for key in identifiers(one) if key[0] in certain]
            ):
                joining |= {hashed(key): key for key in joins}
                tied.add(record)
        reached |= _joined(session, joining, loaded, component)
        tied |= reached
        # A judgement may name records that are not stored (yet).
        wanted = reached.difference(component.people) - looked_for
    component.judgements = [judged[number] for number in sorted(judged)]
    # Crowds decide only where records are joined: for records without any match they are not read.
    uncounted_people = (tied & looked_for & set(component.people)) - component.contacts_known
    contacts = [identifiers(component.people[record]) for record in uncounted_people]
    asked = {hashed(key): key for keys in contacts for key in keys if key[0] in CONTACTS}
    uncounted = asked.keys() - component.crowds_known
    component.crowd |= {asked[key][1]: users(row) for key, row in store.crowds(session, uncounted).items()}
    component.crowds_known |= uncounted
    component.links = linked(component.people, component.crowd, identity.rules)
    people = component.people
    for pair in [(a, b) for a, b in component.matches if a not in people or b not in people]:
        component.outside[pair] = component.matches.pop(pair)


def _joined(
    session: Session, certain: Mapping[int, Key], people: Mapping[UUID, Features], component: Component
) -> set[UUID]:
    """Who carries one of these identifiers that join for certain, and who is equal to one of these people.

    An identifier that too many carry joins nobody. Equal records that are few stand in buckets, and need no look-up.
    """
    keys = component.equality_keys
    found = {keys[one] if one in keys else hashed_equality_key(known) for one, known in people.items()}
    equal = {key for key in found if key is not None} - component.equality_known
    component.equality_known |= equal
    asked = dict.fromkeys(equal, MOST_EQUAL) | {key: cap(kind) for key, (kind, _) in certain.items()}
    if not asked:
        return set()
    buckets = store.carriers(session, asked)
    joined = {one for bucket in buckets if bucket.key in certain for one in bucket.records or ()}
    many = [bucket.key for bucket in buckets if bucket.key in equal and bucket.records is None]
    return joined | store.all_under(session, many) if many else joined
