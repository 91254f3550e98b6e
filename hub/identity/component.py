"""Components: records that hang together, and what is known of them. ``grow`` reads one until nothing is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from hub.identity.buckets import alike_key, users
from hub.matching import alike
from hub.matching.blocking import Key, cap, hashed, identifiers
from hub.matching.clustering import CONTACTS, Clusters, Constraints, clustered, linked
from hub.matching.constraints import together_apart
from hub.matching.features import Features, features_of
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
    scores: dict[Pair, Score] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)
    links: list[list[UUID]] = field(default_factory=list)
    crowd: dict[str, int] = field(default_factory=dict)
    newly_shared: list[CrowdRow] = field(default_factory=list)
    matches_known: set[UUID] = field(default_factory=set)
    """Records all of whose matches are in ``matches``."""
    crowds_known: set[int] = field(default_factory=set)
    """Hashed identifiers that were counted: what ``crowd`` does not have of them is used by one person."""
    alike_known: set[int] = field(default_factory=set)
    """Keys of equal records that need no look-up: these are few and stand in buckets, or they were looked up."""

    @cached_property
    def pairs_of(self) -> dict[UUID, list[Pair]]:
        """Each record's matches."""
        found: defaultdict[UUID, list[Pair]] = defaultdict(list)
        for pair in self.matches:
            for record in pair:
                found[record].append(pair)
        return found

    @cached_property
    def links_of(self) -> dict[UUID, list[int]]:
        """The links each record is in, by their place in ``links``."""
        found: defaultdict[UUID, list[int]] = defaultdict(list)
        for number, group in enumerate(self.links):
            for record in group:
                found[record].append(number)
        return found

    def clustered(self, identity: Identity, holds: Iterable[Judgement] = ()) -> Clusters[UUID]:
        """The clusters of these records; ``holds`` are merges that wait for a person, beside the stored judgements."""
        sure = {pair: weight for pair, weight in self.matches.items() if weight >= identity.model.same}
        said = together_apart([*self.judgements, *holds], self.people.keys())
        constraints = Constraints(said.together, said.apart, identity.rules.limits.records, self.links)
        # Most records have no match: each is a cluster of its own.
        tied = {one for group in (*sure, *said.together, *self.links) for one in group} & self.people.keys()
        found = clustered({one: self.people[one] for one in tied}, sure, identity.model, self.crowd, constraints)
        groups = [*found.groups, *([one] for one in self.people.keys() - tied)]
        return Clusters(sorted(groups, key=lambda group: group[0].int), found.refused)


def people_of(session: Session, records: Collection[UUID], rules: IdentityRules) -> dict[UUID, Features]:
    """Stored records as they are compared."""
    found: dict[UUID, Features] = {}
    unreadable: list[UUID] = []
    for record, text in store.features(session, records).items():
        known = compared(text)
        if known is None:
            unreadable.append(record)
        else:
            found[record] = known
    if unreadable:
        found |= {record: features_of(state, rules) for record, state in store.states(session, unreadable).items()}
    return found


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
    wanted = records - component.people.keys()
    judged = {judgement.id: judgement for judgement in component.judgements}
    carried: dict[UUID, list[Key]] = {}
    tied: set[UUID] = set()
    certain = identity.rules.certain
    looked_for: set[UUID] = set()
    while wanted:
        looked_for |= wanted
        loaded = {record: known[record] for record in wanted if record in known}
        if missing := wanted - known.keys():
            loaded |= people_of(session, missing, identity.rules)
        component.people |= loaded
        found: set[UUID] = set()
        if unknown := loaded.keys() - component.matches_known:
            component.matches |= store.matches_of(session, unknown)
            component.matches_known |= unknown
        for pair, weight in component.matches.items():
            if weight >= identity.model.same:
                found.update(pair)
        for judgement in judgement_store.of_records(session, loaded.keys()):
            judged[judgement.id] = judgement
            if judgement.verdict == "same":
                found |= judgement.records
        identifiers_of = {record: list(identifiers(one)) for record, one in loaded.items()}
        joining = {hashed(key): key for keys in identifiers_of.values() for key in keys if key[0] in certain}
        found |= _joined(session, joining, loaded.values(), component)
        carried |= identifiers_of
        tied.update(record for record, keys in identifiers_of.items() if any(key[0] in certain for key in keys))
        tied |= found
        # A judgement may name records that are not stored (yet).
        wanted = found - component.people.keys() - looked_for
    component.judgements = [judged[number] for number in sorted(judged)]
    # Crowds decide only where records are joined: for records without any match they are not read.
    asked = {hashed(key): key for record in tied & carried.keys() for key in carried[record] if key[0] in CONTACTS}
    uncounted = asked.keys() - component.crowds_known
    component.crowd |= {asked[key][1]: users(row) for key, row in store.crowds(session, uncounted).items()}
    component.crowds_known |= uncounted
    component.links = linked(component.people, component.crowd, identity.rules)
    component.matches = {
        (a, b): weight
        for (a, b), weight in component.matches.items()
        if a in component.people and b in component.people
    }


def _joined(
    session: Session, certain: Mapping[int, Key], people: Collection[Features], component: Component
) -> set[UUID]:
    """Who carries one of these identifiers that join for certain, and who is equal to one of these people.

    An identifier that too many carry joins nobody. Equal records that are few stand in buckets, and need no look-up.
    """
    equal = {key for known in people if (key := alike_key(known)) is not None} - component.alike_known
    component.alike_known |= equal
    asked = dict.fromkeys(equal, alike.MOST) | {key: cap(kind) for key, (kind, _) in certain.items()}
    if not asked:
        return set()
    buckets = store.carriers(session, asked)
    found = {one for bucket in buckets if bucket.key in certain for one in bucket.records or ()}
    many = [bucket.key for bucket in buckets if bucket.key in equal and bucket.records is None]
    return found | store.all_under(session, many) if many else found
