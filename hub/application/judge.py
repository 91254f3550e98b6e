"""judge: what a person decides about who is who, and its effect on clusters, profiles and outbox, in one transaction.

A judgement names records, whose ids follow from connection, kind and external id: it holds for ever, through replay,
retraining, new events and a rebuild from the inbox, until a person withdraws it. People are served one after the
other, and hold the profiles they speak of: nobody decides without the decision of the one before, or about what moves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from hub.application.placing import Processing, place_these
from hub.application.record_names import anywhere, meant
from hub.application.repeating import repeated
from hub.errors import NotFound, RefusedError, RetryableError
from hub.identity.place import Resolution
from hub.matching.constraints import conflict, implied_by, undone_by_split
from hub.model.judgement import Judged, Judgement
from hub.model.profile import RecordReference
from hub.outbox.reports import merge_report, split_report
from hub.store import due, identity_locks, profiles, records
from hub.store import judgements as store
from hub.store.database import Session

log = structlog.get_logger()

NAMED = 5
"""Records per side that a refusal names."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be written, and the records whose profiles it bears on."""

    judgement: Judgement
    touched: frozenset[UUID]
    also: tuple[Judgement, ...] = ()
    withdrawn: tuple[Judgement, ...] = ()


class Judge:
    """Carries out what people decide. Each call is one transaction; nothing is changed when it raises."""

    def __init__(
        self,
        processing: Processing,
        *,
        waken: Callable[[str], None] = lambda destination: None,
        dry: bool = False,
    ) -> None:
        """``waken`` announces that a destination has something to deliver.

        ``dry``: everything is done, told and taken back in the one transaction; the ids of judgements lead nowhere.
        """
        self._processing = processing
        self._waken = waken
        self._dry = dry

    def merge(self, one: UUID, other: UUID, by: str, reason: str = "") -> Judged:
        """Two profiles are one person. Raises NotFound, RefusedError with the judgements that stand between them."""

        def decide(session: Session, now: datetime) -> Decision:
            sides = _two_profiles(session, one, other)
            return same(session, *sides, by=by, reason=reason, now=now)

        return self._transaction(decide, by)

    def never(self, one: UUID, other: UUID, by: str, reason: str = "") -> Judged:
        """Two profiles are two people, for ever. Raises NotFound, RefusedError."""

        def decide(session: Session, now: datetime) -> Decision:
            sides = _two_profiles(session, one, other)
            return different(session, *sides, by=by, reason=reason, now=now)

        return self._transaction(decide, by)

    def split(self, profile: UUID, texts: Sequence[str], by: str, reason: str = "") -> Judged:
        """These records of a profile are somebody else. Raises NotFound, RefusedError with every fault of ``texts``."""

        def decide(session: Session, now: datetime) -> Decision:
            members = _records_of(session, profile)
            chosen = _chosen(session, members, texts)
            return different(session, chosen, members.keys() - chosen, by=by, reason=reason, now=now, together=True)

        return self._transaction(decide, by)

    def withdraw(self, judgement: int, by: str) -> Judged:
        """The judgement ends; what it named is resolved again by evidence. Raises NotFound, RefusedError."""

        def decide(session: Session, now: datetime) -> Decision:
            stored = store.get(session, judgement)
            if stored is None:
                raise NotFound(f"there is no judgement {judgement}")
            if stored.withdrawn_at is not None:
                when = f"{stored.withdrawn_at:%Y-%m-%d %H:%M}"
                raise RefusedError(f"judgement {judgement} was withdrawn already, by {stored.withdrawn_by} at {when}")
            (ended,) = store.withdraw(session, [judgement], by, now)
            return Decision(ended, ended.records, withdrawn=(ended,))

        return self._transaction(decide, by)

    def _transaction(self, decide: Callable[[Session, datetime], Decision], by: str) -> Judged:
        def attempt() -> tuple[Judged, Collection[str]]:
            with self._processing.database.session() as session:
                identity_locks.people(session)
                identity_locks.rules(session)
                now = session.now()
                decision = decide(session, now)
                done = settle(session, self._processing, decision, now)
                if self._dry:
                    session.connection.rollback()
                return done

        judged, destinations = repeated(
            attempt, pause=0.02, told=lambda error: log.info("judge.repeated", reason=type(error).__name__)
        )
        if self._dry:
            return judged
        for destination in sorted(destinations):
            self._waken(destination)
        log.info("judge.done", judgement=judged.judgement.id, verdict=judged.judgement.verdict)
        return judged


def same(
    session: Session, one: Collection[UUID], other: Collection[UUID], *, by: str, reason: str = "", now: datetime
) -> Decision:
    """Write that all these records are one person; a machine's hold between them ends with it.

    The caller holds the lock. Raises RefusedError, naming the judgements that say otherwise.
    """
    new = Judgement(0, "same", frozenset(one), frozenset(other), by, reason, now)
    existing = store.chained(session, new.records)
    joined = new.records.union(*(earlier.records for earlier in existing if earlier.verdict == "same"))
    holds = [
        earlier for earlier in existing if earlier.verdict == "hold" and earlier.one & joined and earlier.other & joined
    ]
    _refuse_conflict(session, new, [earlier for earlier in existing if earlier not in holds])
    ended = store.withdraw(session, [earlier.id for earlier in holds if earlier.id > 0], by, now)
    store.forget_rejected(session, holds)
    return Decision(store.insert(session, new), new.records, withdrawn=tuple(ended))


def different(
    session: Session,
    one: Collection[UUID],
    other: Collection[UUID],
    *,
    by: str,
    reason: str = "",
    now: datetime,
    together: bool = False,
) -> Decision:
    """Write that no record of the one side is the same person as one of the other; ``together``: the one side is one.

    Judgements that held the two sides together end, or go on about those that they joined and that stay together.
    What was one before by evidence is so again, and not by a word that nobody said. The caller holds the lock. Raises
    RefusedError.
    """
    new = Judgement(0, "different", frozenset(one), frozenset(other), by, reason, now)
    existing = store.chained(session, new.records)
    undone = undone_by_split(new, existing)
    ended = store.withdraw(session, [earlier.id for earlier, _ in undone], by, now)
    kept = [
        store.insert(session, part)
        for earlier, parts in undone
        for part in parts
        if part.records & earlier.one and part.records & earlier.other
    ]
    gone = {earlier.id for earlier in ended}
    in_force = [*(earlier for earlier in existing if earlier.id not in gone), *kept]
    _refuse_conflict(session, new, in_force)
    written = store.insert(session, new)
    if together and len(new.one) > 1:
        first, *others = sorted(new.one)
        group = Judgement(0, "same", frozenset([first]), frozenset(others), by, reason, now)
        if not implied_by(group, in_force):
            kept.append(store.insert(session, group))
    return Decision(written, new.records.union(*(earlier.records for earlier in ended)), tuple(kept), tuple(ended))


def settle(
    session: Session, processing: Processing, decision: Decision, now: datetime
) -> tuple[Judged, frozenset[str]]:
    """Resolve what a decision bears on, and tell what came of it and which destinations have something to do."""
    stored = records.profiles_of(session, decision.touched)
    placed = place_these(session, processing, frozenset(stored), now)
    resolution = placed.resolution
    restored = resolution.members.keys() - resolution.known.keys()
    profiles_now = {*records.profiles_of(session, decision.touched).values(), *restored}
    mentioned = (decision.judgement, *decision.also, *decision.withdrawn)
    judged = Judged(
        decision.judgement,
        profiles=tuple(sorted(profiles_now)),
        retired=tuple(sorted(merge.loser for merge in resolution.merges)),
        restored=tuple(sorted(restored)),
        also=decision.also,
        withdrawn=decision.withdrawn,
        destinations=_destinations(session, processing, resolution, profiles_now),
        names=records.names(session, {record for each in mentioned for record in each.records}),
    )
    return replace(judged, undo=_undo(judged)), placed.destinations


def _destinations(
    session: Session, processing: Processing, resolution: Resolution, profiles_now: Collection[UUID]
) -> tuple[dict[str, Any], ...]:
    """What is going to be written where, and what cannot be undone there."""
    restored = sorted(resolution.members.keys() - resolution.known.keys())
    gone: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for merge in resolution.merges:
        gone[merge.winner].append(merge.loser)
    if not restored and not gone:
        return ()
    routed = {route.destination: False for route in processing.routes}
    routed |= {route.destination: True for route in processing.routes if route.orders}
    at_destinations = due.at_destinations(session, {*profiles_now, *(merge.loser for merge in resolution.merges)})
    merged = [
        line.document()
        for winner, losers in sorted(gone.items())
        for line in merge_report(processing.connections, routed, winner, losers, at_destinations)
    ]
    if not restored:
        return tuple(merged)
    kept = next((one for one in sorted(profiles_now) if one not in restored and one not in gone), restored[0])
    others = [one for one in restored if one != kept]
    return (*merged, *(line.document() for line in split_report(processing.connections, kept, others, at_destinations)))


def _undo(judged: Judged) -> tuple[str, ...]:
    """The commands that take it back."""
    judgement = judged.judgement
    if judgement.withdrawn_at is not None:
        if judgement.verdict == "same" and len(judged.profiles) > 1:
            return tuple(f"hub profile merge {judged.profiles[0]} {other}" for other in judged.profiles[1:])
        return ()
    commands = [f"hub judgement withdraw {judgement.id}"]
    if judgement.verdict == "different" and any(each.verdict == "same" for each in judged.withdrawn):
        # The judgements that joined them ended with the split: without it the evidence decides.
        commands += [f"hub profile merge {judged.profiles[0]} {other}" for other in judged.profiles[1:]]
    return tuple(commands)


def _two_profiles(session: Session, one: UUID, other: UUID) -> tuple[set[UUID], set[UUID]]:
    rows = [(wanted, profiles.get(session, wanted)) for wanted in (one, other)]
    missing = [str(wanted) for wanted, row in rows if row is None]
    if missing:
        raise NotFound(f"there is no profile {' and no profile '.join(dict.fromkeys(missing))}")
    (left, right) = (row.id for _, row in rows if row is not None)
    if left == right:
        raise RefusedError(f"both ids are of profile {left}: they are one already")
    members = held_records(session, left, right)
    return members[left], members[right]


def held_records(session: Session, *wanted: UUID) -> dict[UUID, set[UUID]]:
    """The records of these profiles, which stay so until the end. Raises RetryableError where one went."""
    if len(records.lock_profiles(session, wanted)) < len(wanted):
        raise RetryableError("one of these profiles was merged meanwhile")
    return {profile: {row.id for row in records.of_profile(session, profile)} for profile in wanted}


def _records_of(session: Session, profile: UUID) -> dict[UUID, RecordReference]:
    row = profiles.get(session, profile)
    if row is None:
        raise NotFound(f"there is no profile {profile}")
    return records.names(session, held_records(session, row.id)[row.id])


def _chosen(session: Session, members: Mapping[UUID, RecordReference], texts: Sequence[str]) -> set[UUID]:
    candidates = meant(texts, members)
    strangers = [None if own else anywhere(text) for text, own in zip(texts, candidates, strict=True)]
    homes = records.profiles_of(session, {one for one in strangers if one is not None})
    faults = [
        (f"records.{place}", _fault(own, homes.get(stranger) if stranger else None))
        for place, (own, stranger) in enumerate(zip(candidates, strangers, strict=True))
        if len(own) != 1
    ]
    chosen = {record for own in candidates if len(own) == 1 for record in own}
    if len(chosen) == len(members):
        faults.append(("records", "these are all records of the profile: one has to stay"))
    if faults:
        raise RefusedError("the profile cannot be split like this; `hub profile show` lists its records", faults)
    return chosen


def _fault(candidates: Collection[UUID], home: UUID | None) -> str:
    if candidates:
        return f"stands for {len(candidates)} records of the profile; name it as connection:kind:external_id"
    if home is not None:
        return f"belongs to profile {home}"
    return "is no record of this profile"


def _refuse_conflict(session: Session, new: Judgement, existing: Iterable[Judgement]) -> None:
    clash = conflict(new, existing)
    if clash is None:
        return
    against = clash.against
    names = records.names(session, {record for each in against for record in each.records})
    claim = "one person" if new.verdict == "same" else "different people"
    ids = " and ".join(str(each.id) for each in against)
    raise RefusedError(
        f"these cannot be {claim}: {'judgement' if len(against) == 1 else 'judgements'} {ids} "
        f"{'says' if len(against) == 1 else 'say'} otherwise; "
        f"`hub judgement withdraw {against[-1].id}` ends {'it' if len(against) == 1 else 'the last of them'}",
        [(f"judgement.{each.id}", _described(each, names)) for each in against],
    )


def _described(judgement: Judgement, names: Mapping[UUID, RecordReference]) -> str:
    sides = " | ".join(_listed(side, names) for side in (judgement.one, judgement.other))
    return f"{judgement.verdict}, by {judgement.by} at {judgement.at:%Y-%m-%d %H:%M}: {sides}"


def _listed(side: Collection[UUID], names: Mapping[UUID, RecordReference]) -> str:
    shown = [
        f"{name.connection}:{name.kind}:{name.external_id}" if (name := names.get(one)) else str(one)
        for one in sorted(side)[:NAMED]
    ]
    more = len(side) - len(shown)
    return ", ".join([*shown, *([f"and {more} more"] if more > 0 else [])])
