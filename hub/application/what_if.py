"""what-if: what other rules would do to the real data, before anything changes.

Everybody is clustered anew under the other rules, as of one moment and in a transaction that cannot write; where that
is not what is stored, golden profiles are folded and writes rendered, as resolve, survive, enqueue and render would.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

import orjson

from hub.application.cases import Case, Cases, merges, splits, with_evidence
from hub.application.difference import RuleChange, Side, rule_changes, unused
from hub.application.guards import shown
from hub.application.in_force import InForce, supposed
from hub.application.process import Processing
from hub.application.trial import Place, Placed, Progress, Trial, place
from hub.identity.blast_radius import Stake, stake
from hub.matching.blocking import Key, hashed, identifiers
from hub.model.profile import Profile
from hub.outbox.enqueue import Route
from hub.outbox.forecast import Forecast, Supposed, forecast
from hub.profiles.survive import leaves
from hub.profiles.survivorship import golden
from hub.rules import RuleSet
from hub.sdk.connection import counting_placed_orders
from hub.store import facts, profiles, records, versions, what_if
from hub.store import traits as trait_rows
from hub.store.database import Session
from hub.store.records import RecordRow

Json = dict[str, Any]
Item = TypeVar("Item")

LIMIT = 20
"""Cases of each kind that are told with their evidence, those with most at stake first."""

BATCH = 200
"""Components, or profiles, that are looked at with one set of statements."""


def _quiet(what: str, done: int, total: int) -> None:
    """Show no progress."""


def try_rules(processing: Processing, rules: RuleSet, *, limit: int = LIMIT, progress: Progress = _quiet) -> Json:
    """What these rules would do; of what ``rules`` does not hold, that in force stays. Nothing is changed.

    ``limit``: cases of each kind to tell with their evidence.
    """
    started = time.monotonic()
    with processing.database.session() as session:
        what_if.begin(session)
        before = processing.in_force(session)
        after = supposed(session, rules, before)
        findings = _Findings(processing, after, limit, session.now())
        changes = [
            *rule_changes(before.identity.rules, after.identity.rules),
            *rule_changes(before.survivorship, after.survivorship),
        ]
        document = _tried(session, findings, before, changes, progress)
    return {**document, "seconds": round(time.monotonic() - started, 1)}


def _tried(
    session: Session, findings: _Findings, before: InForce, changes: Sequence[RuleChange], progress: Progress
) -> Json:
    rules = [{"path": each.path, "before": each.before, "after": each.after, "text": each.text} for each in changes]
    trial = None
    if before.identity.rules != findings.after.identity.rules:
        trial = Trial(session, findings.after.identity, progress)
        _cluster(session, findings, trial)
    if before.survivorship != findings.after.survivorship:
        _fold(session, findings, progress)
    side = Side(before.identity, {})
    counts = {"records": what_if.count(session), "profiles": profiles.count(session)}
    evidence = (
        {
            "merges": with_evidence(session, findings.merges, trial, side, changes, sought="after"),
            "splits": with_evidence(session, findings.splits, trial, side, changes, sought="before"),
        }
        if trial
        else {"merges": findings.merges.document(), "splits": findings.splits.document()}
    )
    return {
        "rules": rules,
        **counts,
        "profiles_after": counts["profiles"] + findings.more,
        "waiting": versions.waiting(session),
        **evidence,
        "held": findings.held.document(),
        "values": {**findings.values.document(), "attributes": dict(sorted(findings.attributes.items()))},
        "quarantined": _quarantined(session, trial, findings.limit),
        "destinations": {name: each.document() for name, each in sorted(findings.forecasts.items())},
    }


@dataclass(slots=True)
class _Findings:
    """What the trial has found so far.

    ``more`` is how many more profiles there would be; ``seen`` are the profiles that were compared already.
    """

    processing: Processing
    after: InForce
    limit: int
    now: datetime
    more: int = 0
    seen: set[UUID] = field(default_factory=set)
    attributes: Counter[str] = field(default_factory=Counter)
    merges: Cases = field(init=False)
    splits: Cases = field(init=False)
    held: Cases = field(init=False)
    values: Cases = field(init=False)
    routes: dict[str, list[Route]] = field(init=False)
    forecasts: dict[str, Forecast] = field(init=False)

    def __post_init__(self) -> None:
        self.merges, self.splits, self.held, self.values = (Cases(self.limit) for _ in range(4))
        by_destination: defaultdict[str, list[Route]] = defaultdict(list)
        for route in self.processing.routes:
            by_destination[route.destination].append(route)
        self.routes = dict(by_destination)
        self.forecasts = {name: Forecast() for name in by_destination}

    def changed(self, session: Session, places: Iterable[tuple[Place, Mapping[str, Any]]]) -> None:
        """Compare profiles as they are with what they would be, given the summaries of their orders."""
        ranks = {name: connection.settings.rank for name, connection in self.processing.connections.items()}
        differing: list[Supposed] = []
        supposed = list(places)
        # Traits are taken as they stand: what is asked is what the rules change, not what a day more does.
        traits = trait_rows.of_profiles(session, {one.id for one, _ in supposed})
        for one, orders in supposed:
            values = golden(leaves(one.rows, ranks), orders, self.after.survivorship)
            if one.before is not None:
                if one.before.golden == orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode():
                    continue
                self._note(one, values)
            held = traits.get(one.id)
            told = profiles.told_traits(values, held.told if held else None)
            shown = {**values, "id": one.id, "aliases": one.keys[1:], "traits": told}
            times = {"created_at": one.created_at, "updated_at": self.now}
            version = one.before.version + 1 if one.before else 1
            differing.append(Supposed(Profile.model_validate({**shown, **times}), version, one.keys))
        for name, routes in self.routes.items():
            forecast(session, self.processing.connections[name], routes, differing, self.forecasts[name], self.now)

    def _note(self, one: Place, values: Mapping[str, Any]) -> None:
        assert one.before is not None
        was = orjson.loads(one.before.golden)
        names = [name for name in {**was, **values} if name != "records" and was.get(name) != values.get(name)]
        if names:
            self.attributes.update(names)
            differing = {name: {"before": was.get(name), "after": values.get(name)} for name in names}
            self.values.add(Case(stake(one.before.golden), {"profile": one.id, "attributes": differing}))


# -- who is who -----------------------------------------------------------------------------------------------------


def _cluster(session: Session, findings: _Findings, trial: Trial) -> None:
    for batch in batched(trial.changed(), BATCH):
        rows = records.load(session, [], [trial.id(number) for numbers in batch for number in numbers])
        known = what_if.known(session, {row.profile_id for row in rows.values() if row.profile_id})
        aliases: defaultdict[UUID, list[tuple[UUID, UUID, datetime]]] = defaultdict(list)
        for alias in profiles.aliases(session, list(known)):
            aliases[alias[1]].append(alias)
        placed = []
        for numbers in batch:
            own = {row.profile_id: known[row.profile_id] for n in numbers if (row := rows[trial.id(n)]).profile_id}
            retired = [alias for profile in own for alias in aliases[profile]]
            placed.append(place(trial.component(numbers), trial.identity, rows, own, retired, findings.now))
        _take(session, findings, placed, rows)


def _take(session: Session, findings: _Findings, placed: Sequence[Placed], rows: Mapping[UUID, RecordRow]) -> None:
    for each in placed:
        findings.more += len(each.places) - len(each.known)
        findings.seen.update(each.known)
        for case in merges(each):
            findings.merges.add(case)
        for case in splits(each):
            findings.splits.add(case)
        for hold in each.holds:
            sides = [
                sorted({home for record in side if (home := rows[record].profile_id)})
                for side in (hold.one, hold.other)
            ]
            stakes = [stake(each.known[profile].golden) for side in sides for profile in side]
            most = max(stakes, key=lambda one: (one.revenue, one.orders), default=Stake())
            findings.held.add(Case(most, {"reason": hold.reason, "one": sides[0], "other": sides[1]}))
    moved = {row.id: one.id for each in placed for one in each.places for row in one.rows if row.profile_id != one.id}
    places = [one for each in placed for one in each.places]
    homes = {row.id: one.id for one in places for row in one.rows}
    summaries = facts.supposed_summaries(session, homes, counting_placed_orders(findings.processing.connections))
    findings.changed(session, ((one, summaries.get(one.id, {})) for one in places))
    orders = len(facts.orders_of(session, moved)) if moved else 0
    for name, routes in findings.routes.items():
        if any(route.orders for route in routes):
            findings.forecasts[name].counted["orders"] += orders


def _quarantined(session: Session, trial: Trial | None, limit: int) -> Json:
    """Identifiers that would become too common to prove anything, and those that would prove something again.

    ``unused`` are identifiers that are too common now and would be off or blocked: they prove nothing either way.
    """
    if trial is None:
        return {name: {"count": 0, "cases": []} for name in ("new", "gone", "unused")}
    stored = {row.key: row for row in what_if.shared(session)}
    now = {hashed(key): (key, carried) for key, carried in trial.everybody.shared.items()}
    new = sorted((now[key] for key in now.keys() - stored.keys()), key=lambda each: (-each[1].records, each[0]))
    gone = sorted((stored[key] for key in stored.keys() - now.keys()), key=lambda row: (-row.carriers, row.key))
    none = _carried_by_nobody({(row.kind, row.value) for row in gone}, trial)
    again, unused_now = ([row for row in gone if ((row.kind, row.value) in none) is so] for so in (False, True))
    rules = trial.identity.rules
    return {
        "new": {
            "count": len(new),
            "cases": [
                {**_named(*key), "records": carried.records, "people": carried.people} for key, carried in new[:limit]
            ],
        },
        "gone": {
            "count": len(again),
            "cases": [{**_named(row.kind, row.value), "records": row.carriers} for row in again[:limit]],
        },
        "unused": {
            "count": len(unused_now),
            "cases": [
                {
                    **_named(row.kind, row.value),
                    "records": row.carriers,
                    "because": unused(row.kind, row.value, rules),
                }
                for row in unused_now[:limit]
            ],
        },
    }


def _carried_by_nobody(wanted: set[Key], trial: Trial) -> set[Key]:
    left = set(wanted)
    for person in trial.everybody.people.values():
        if not left:
            break
        left.difference_update(identifiers(person))
    return left


def _named(kind: str, value: str) -> Json:
    """An identifier as a person reads it: without the kind that stands in front of some."""
    return {"kind": kind, "value": shown(kind, value.removeprefix(f"{kind}:"))}


# -- which value ----------------------------------------------------------------------------------------------------


def _fold(session: Session, findings: _Findings, progress: Progress) -> None:
    """Fold all profiles whose records stay: their orders are what they were."""
    total, done = profiles.count(session), 0
    for batch in batched(what_if.profiles(session), BATCH):
        done += len(batch)
        progress("folding", done, total)
        left = [whose for whose in batch if whose.profile.id not in findings.seen]
        keys = _keys(session, [whose.profile.id for whose in left])
        findings.changed(session, (_staying(whose, keys[whose.profile.id]) for whose in left))


def _staying(whose: what_if.Whose, keys: tuple[UUID, ...]) -> tuple[Place, Json]:
    row = whose.profile
    return Place(row.id, whose.rows, row, row.created_at, keys), orjson.loads(row.golden).get("orders", {})


def _keys(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    keys: dict[UUID, tuple[UUID, ...]] = {profile: (profile,) for profile in ids}
    for alias, profile, _ in profiles.aliases(session, ids):
        keys[profile] += (alias,)
    return keys


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of up to ``size``."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
