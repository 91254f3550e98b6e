"""The cases of a trial: who would be merged, who would come apart, which values would change, with the evidence.

All are counted; of each kind only those with most at stake are kept, and told in full at the end.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from hub.application.difference import RuleChange, Side, compared
from hub.application.explain import reference
from hub.application.trial import Placed, Trial
from hub.identity.blast_radius import Stake, stake
from hub.matching.blocking import hashed, identifiers
from hub.matching.clustering import CONTACTS
from hub.matching.features import features_of
from hub.matching.rules import IdentityRules
from hub.matching.scoring import SHARED
from hub.model.keys import profile_id
from hub.store import matches, records
from hub.store.database import Session
from hub.store.records import RecordRow

Json = dict[str, Any]

SIDE = 12
"""Records of each side of a case that are looked at for the pair to show."""

NAMED = 50
"""Records and profiles that a case names; of more, their number."""


@dataclass(frozen=True, slots=True)
class Case:
    """``told`` is what is known without evidence; ``sides`` are records that the evidence is about, pair by pair."""

    stake: Stake
    told: Json
    sides: tuple[tuple[tuple[UUID, ...], tuple[UUID, ...]], ...] = ()


@dataclass(slots=True)
class Cases:
    """How many there are, and the ``limit`` with most at stake."""

    limit: int
    count: int = 0
    _kept: list[tuple[Decimal, int, int, Case]] = field(default_factory=list)

    def add(self, case: Case) -> None:
        """Count one, and keep it if it is among the first; of equals those that came first."""
        self.count += 1
        entry = (case.stake.revenue, case.stake.orders, -self.count, case)
        if len(self._kept) < self.limit:
            heapq.heappush(self._kept, entry)
        elif self._kept and entry[:3] > self._kept[0][:3]:
            heapq.heapreplace(self._kept, entry)

    @property
    def first(self) -> list[Case]:
        """Those kept, the most at stake first."""
        return [case for *_, case in sorted(self._kept, key=lambda entry: entry[:3], reverse=True)]

    def document(self) -> Json:
        """The same as JSON has it, for cases without evidence."""
        return {"count": self.count, "cases": [{**case.told, **staked(case.stake)} for case in self.first]}


def staked(at_stake: Stake) -> Json:
    """What is at stake in a case."""
    return {"stake": {"orders": at_stake.orders, "revenue": format(at_stake.revenue, "f")}}


def _together(stakes: Collection[Stake]) -> Stake:
    return Stake(sum(one.orders for one in stakes), sum((one.revenue for one in stakes), Decimal(0)))


def merges(placed: Placed) -> Iterator[Case]:
    """Profiles of now that would be one, in whole or in part."""
    ids = {one.id for one in placed.places}
    for one in placed.places:
        homes: dict[UUID, list[UUID]] = {}
        for row in one.rows:
            assert row.profile_id is not None
            homes.setdefault(row.profile_id, []).append(row.id)
        if len(homes) < 2:
            continue
        others = sorted(home for home in homes if home != one.id)
        document = {
            "profile": one.id,
            "profiles": sorted(homes)[:NAMED],
            "retired": [home for home in others if home not in ids][:NAMED],
            "records": [reference(row) for row in one.rows[:NAMED]],
            "record_count": len(one.rows),
        }
        first = one.id if one.id in homes else others.pop(0)
        sides = tuple((tuple(homes[first][:SIDE]), tuple(homes[home][:SIDE])) for home in others[:3])
        yield Case(_together([stake(placed.known[home].golden) for home in homes]), document, sides)


def splits(placed: Placed) -> Iterator[Case]:
    """Profiles of now whose records would not all be one; ``leaving`` are those that go."""
    parts: dict[UUID, list[tuple[UUID, list[RecordRow]]]] = {}
    for one in placed.places:
        by_home: dict[UUID, list[RecordRow]] = {}
        for row in one.rows:
            assert row.profile_id is not None
            by_home.setdefault(row.profile_id, []).append(row)
        for home, rows in by_home.items():
            parts.setdefault(home, []).append((one.id, rows))
    for home, divided in parts.items():
        if len(divided) < 2:
            continue
        stays = _stays(home, divided)
        leaving = [part for part in divided if part[0] != stays[0]]
        document = {
            "profile": home,
            "stays": stays[0],
            "leaving": [
                {"profile": profile, "records": [reference(row) for row in rows[:NAMED]], "record_count": len(rows)}
                for profile, rows in leaving[:NAMED]
            ],
        }
        staying = tuple(row.id for row in stays[1][:SIDE])
        sides = tuple((tuple(row.id for row in rows[:SIDE]), staying) for _, rows in leaving[:3])
        yield Case(stake(placed.known[home].golden), document, sides)


def _stays(home: UUID, divided: Sequence[tuple[UUID, list[RecordRow]]]) -> tuple[UUID, list[RecordRow]]:
    for part in divided:
        if part[0] == home:
            return part
    return next((part for part in divided if any(profile_id(row.id) == home for row in part[1])), divided[0])


def with_evidence(
    session: Session, cases: Cases, trial: Trial, before: Side, changes: Sequence[RuleChange], *, sought: str
) -> Json:
    """The kept cases, each with the pair that weighs most on the side ``sought``: before a split, or after a merge."""
    first = cases.first
    wanted = {record for case in first for pair in case.sides for side in pair for record in side}
    rows = records.load(session, [], wanted)
    rules = before.identity.rules
    was = Side(before.identity, _crowd(session, rows, rules))
    now = Side(trial.identity, trial.everybody.crowd)
    weighing = was if sought == "before" else now
    documents = []
    for case in first:
        pairs = []
        for one_side, other_side in case.sides:
            a, b = _heaviest(weighing, rows, one_side, other_side)
            evidence = compared(rows[a].state, rows[b].state, was, now, changes, trial.everybody.shared)
            pairs.append({"one": reference(rows[a]), "other": reference(rows[b]), **evidence})
        documents.append({**case.told, **staked(case.stake), "evidence": pairs})
    return {"count": cases.count, "cases": documents}


def _heaviest(
    side: Side, rows: Mapping[UUID, RecordRow], ones: Sequence[UUID], others: Sequence[UUID]
) -> tuple[UUID, UUID]:
    pairs = [(one, other) for one in ones for other in others]
    return max(pairs, key=lambda pair: side.weight(rows[pair[0]].state, rows[pair[1]].state))


def _crowd(session: Session, rows: Mapping[UUID, RecordRow], rules: IdentityRules) -> dict[str, int]:
    """How many people use each identifier of these records, as it is stored."""
    of_records = (identifiers(features_of(row.state, rules)) for row in rows.values())
    by_hash = {hashed(key): key for own in of_records for key in own if key[0] in CONTACTS}
    crowd = matches.crowds(session, list(islice(by_hash, None)))
    return {by_hash[key][1]: SHARED if row.shared else row.people for key, row in crowd.items()}
