"""The records that one transaction may place: nobody else places them, or compares others with them, until its end.

A record is held by the lock of its profile, and one that nobody has placed yet by its own. Nobody waits here: what
others hold is ``refused``, and put off. So who holds something never waits for who holds something else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from hub.identity.component import Component
from hub.model.keys import profile_id
from hub.store import records as store
from hub.store.database import Session
from hub.store.matches import Pair
from hub.store.records import ProfileRow, RecordRow


class Held:
    """``profiles`` and ``rows`` are those held whole: each of these profiles with all its records.

    ``fresh`` are records that nobody has placed yet. ``texts`` is how other held records are stored, packed.
    ``refused`` are records that others hold.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.profiles: dict[UUID, ProfileRow] = {}
        self.rows: dict[UUID, RecordRow] = {}
        self.fresh: set[UUID] = set()
        self.texts: dict[UUID, str] = {}
        self.refused: set[UUID] = set()

    def whole(self, records: Iterable[UUID]) -> bool:
        """Hold these and all records of their profiles; whether any came that was not held."""
        wanted = set(records) - self.rows.keys() - self.refused
        if not wanted:
            return False
        self.profiles |= store.hold_profiles_of(self._session, wanted)
        stored = store.load(
            self._session, self.profiles.keys() - {row.profile_id for row in self.rows.values()}, wanted
        )
        found = {one: row for one, row in stored.items() if row.profile_id in self.profiles}
        others = {one: row for one, row in stored.items() if one in wanted and one not in found}
        unplaced = self._unplaced({one: row.profile_id for one, row in others.items()})
        for one in unplaced:
            others[one].profile_id = None
            found[one] = others[one]
        self.fresh |= unplaced
        self.rows |= found
        self.refused |= others.keys() - unplaced
        return bool(found)

    def beside(self, records: Iterable[UUID]) -> None:
        """Hold these, but read no more of them than how they are compared."""
        wanted = set(records) - self.rows.keys() - self.texts.keys() - self.refused
        if not wanted:
            return
        homes = store.hold_homes_of(self._session, wanted) | self.profiles.keys()
        stored = store.homes_of(self._session, wanted)
        others = {one: home for one, (home, _) in stored.items() if home not in homes}
        unplaced = self._unplaced(others)
        self.refused |= others.keys() - unplaced
        self.texts |= {one: text for one, (_, text) in stored.items() if one not in self.refused}

    def rows_of(self, records: Collection[UUID]) -> None:
        """Hold the rows of these records as well: they may move to another profile."""
        wanted = set(records) - self.fresh
        if wanted:
            self.refused |= wanted - store.hold_records(self._session, wanted)

    def let_go(self, records: Collection[UUID]) -> None:
        """Forget these records and their profiles: they are put off."""
        gone = {row.profile_id for one in records if (row := self.rows.pop(one, None)) is not None}
        self.profiles = {one: row for one, row in self.profiles.items() if one not in gone}
        self.fresh -= set(records)

    def text(self, record: UUID) -> str | None:
        """How a held record is stored, packed."""
        row = self.rows.get(record)
        return row.features if row is not None else self.texts.get(record)

    def _unplaced(self, homes: dict[UUID, UUID | None] | dict[UUID, UUID]) -> set[UUID]:
        candidates = [one for one, home in homes.items() if home == profile_id(one)]
        return store.hold_unplaced(self._session, candidates) if candidates else set()


def hanging_on(wrong: Collection[UUID], component: Component, held: Held, pairs: Iterable[Pair]) -> set[UUID]:
    """These records, and all that hang together with them: by any match, a link, a judgement, or a profile."""
    groups: list[Collection[UUID]] = [*pairs, *component.links]
    groups += [judgement.records for judgement in component.judgements if judgement.verdict == "same"]
    groups += _profiles(held).values()
    of_record: defaultdict[UUID, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        for one in group:
            of_record[one].append(number)
    found, waiting, seen = set(wrong), list(wrong), set[int]()
    while waiting:
        for number in of_record.get(waiting.pop(), ()):
            if number not in seen:
                seen.add(number)
                further = set(groups[number]) - found
                found |= further
                waiting += further
    return found


def may_move(component: Component, held: Held, same: float) -> set[UUID]:
    """The records of profiles that may become one. Who stands alone, or is new, is moved by nobody else."""
    leader: dict[UUID, UUID] = {}

    def first(home: UUID) -> UUID:
        while (further := leader.get(home, home)) != home:
            leader[home] = leader.get(further, further)
            home = further
        return home

    groups: list[Collection[UUID]] = [pair for pair, weight in component.matches.items() if weight >= same]
    groups += component.links
    groups += [judgement.records for judgement in component.judgements if judgement.verdict == "same"]
    homes = {one: row.profile_id or one for one, row in held.rows.items()}
    for group in groups:
        there = {first(homes[one]) for one in group if one in homes}
        head = min(there, default=None)
        leader.update({home: head for home in there if head is not None})
    joined: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for home in held.profiles:
        joined[first(home)].add(home)
    several = {home for together in joined.values() if len(together) > 1 for home in together}
    return {one for one, row in held.rows.items() if row.profile_id in several}


def _profiles(held: Held) -> dict[UUID, list[UUID]]:
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for one, row in held.rows.items():
        if row.profile_id is not None:
            found[row.profile_id].append(one)
    return found
