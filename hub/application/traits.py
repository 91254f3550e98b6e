"""traits: what is worked out of profiles, kept up with their facts.

``follow`` is part of every batch: the profiles whose orders changed are folded anew, and so are the segments of every
profile that changed. ``refresh`` does the same for profiles of which time, or another model, may have changed
something. Both run under the profiles' locks, and both give the profiles that differ, so that routes and destinations
hear of them like of any other change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from hub.application import behaviour, leads, qualify
from hub.application.overrides import applied
from hub.application.qualify import Qualifying
from hub.application.recommend import renewed
from hub.insight import model as models
from hub.insight.customers import customers, date_of, day_of
from hub.insight.lead_rules import LeadRules
from hub.insight.model import UNFITTED, Model
from hub.insight.qualification import Qualification
from hub.insight.segments import Segment, belongs
from hub.insight.stages import NEVER, POTENTIAL
from hub.insight.traits import Told, traits
from hub.store import customer_stats, insight_models, overrides, profiles, records
from hub.store import traits as store
from hub.store.customer_stats import CustomerStat
from hub.store.database import Session
from hub.store.profiles import ChangedProfile, FullRow
from hub.store.traits import TraitRow

log = structlog.get_logger()

OFFERED = ("next_products", "up_sell", "replenish_product", "replenish_on")
_KEPT = (*OFFERED, *behaviour.NAMES)
"""Traits that do not follow from order days: whoever works those out leaves these as they are."""


@dataclass(frozen=True, slots=True)
class Insight:
    """What traits are worked out by. ``read`` is the model that was read last; without ``leads`` none are told.

    ``channels`` are those of the connections by name, ``placed`` the connections whose orders count before they are
    paid, ``region`` is the country whose holidays hold.
    """

    segments: tuple[Segment, ...] = ()
    leads: LeadRules | None = None
    channels: Mapping[str, str] = field(default_factory=dict)
    placed: frozenset[str] = frozenset()
    region: str = "DE"
    read: dict[int, Model] = field(default_factory=dict)
    qualification: Qualification = field(default_factory=Qualification)

    @property
    def asks_everybody(self) -> bool:
        """Whether conditions are asked of each profile, whatever of it changed."""
        return bool(self.segments or self.qualification.states)

    def in_force(self, session: Session) -> tuple[int, Model]:
        """The version that holds now, and its number; 0 before the first fit."""
        version = insight_models.active_id(session)
        if not version:
            return 0, UNFITTED
        model = self.read.get(version)
        if model is None:  # other threads read meanwhile: what is returned is what was read here
            row = insight_models.get(session, version)
            model = _model(row.model if row else "")
            self.read.clear()
            self.read[version] = model
        return version, model


def _model(text: str) -> Model:
    try:
        return models.read(text)
    except ValueError:
        log.exception("insight.model_unreadable")
        return UNFITTED


def follow(
    session: Session,
    insight: Insight,
    changed: Sequence[ChangedProfile],
    ordered: Collection[UUID],
    losers: Sequence[UUID],
    now: datetime,
    placed: Collection[str] = (),
    acted: Collection[UUID] = (),
) -> list[ChangedProfile]:
    """Traits of a batch: ``ordered`` are profiles with other orders than before, ``losers`` those merged away.

    ``placed`` are the connections whose orders count before they are paid. ``acted`` are those whose acts are folded
    anew.

    Gives the changed profiles with their traits, and with them those of which only traits changed.
    """
    erased = [one.id for one in changed if one.golden.get("suppressed")]
    if losers or erased:
        customer_stats.forget(session, [*losers, *erased])
        overrides.forget(session, erased)
        ordered = set(ordered) - set(erased)
    stats = customer_stats.from_facts(session, ordered, placed) if ordered else {}
    if ordered:
        customer_stats.write(session, ordered, stats)
    by_id = {one.id: one for one in changed}
    acting = set(acted) - set(erased)
    concerned = set(ordered) | by_id.keys() | acting
    held = store.of_profiles(session, concerned) if concerned else {}
    worked = _worked(session, insight, ordered, stats, held, now) if ordered else {}
    if offering := [one for one, row in worked.items() if any(name in row.told for name in OFFERED)]:
        offered = renewed(session, offering, now)
        worked |= {one: _offering(worked[one], offered.get(one)) for one in offering}
    known = {one: row.golden for one, row in by_id.items()}
    done = behaviour.worked(session, acting, now, placed=placed, channels=insight.channels, known=known)
    worked |= _behaving(worked, held, done, acting, now)
    worked = applied(overrides.in_force(session, worked, now) if worked else {}, insight.leads, worked)
    if missing := [one for one in worked if one not in by_id and _differs(worked[one], held.get(one))]:
        store.touch(session, missing, now)
        by_id |= {one.id: one for one in _read(session, missing)}
    return _stored(session, insight, by_id, worked, held, now)


def refresh(
    session: Session,
    insight: Insight,
    ids: Sequence[UUID],
    now: datetime,
    *,
    placed: Collection[str] = (),
    anew: bool = False,
    acts: bool = False,
    offered: Mapping[UUID, Told] | None = None,
) -> list[ChangedProfile]:
    """Work these profiles out as of now; gives those that differ.

    ``anew``: their orders are folded again, too; ``acts``: and what they did besides. ``offered`` are the products to
    offer each next, where that was worked out as well.
    """
    # The lock leaves out profiles that were merged away meanwhile, and keeps batches away from the others.
    locked = records.lock_for_traits(session, ids)
    if gone := [one for one in ids if one not in locked]:
        customer_stats.forget(session, gone)
    present, ordered = list(locked), [one for one, has_ordered in locked.items() if has_ordered]
    if anew:
        stats = customer_stats.from_facts(session, present, placed)
        customer_stats.write(session, present, stats)
    else:
        stats = customer_stats.stored(session, present)
    held = store.of_profiles(session, present)
    leads = _leads(session, insight, [one for one in present if one not in stats], now)
    said = overrides.in_force(session, present, now)
    worked = _worked(session, insight, {*ordered, *stats, *held, *leads, *said}, stats, held, now, leads)
    if acts:
        done = behaviour.worked(session, present, now, placed=placed, channels=insight.channels)
        worked |= _behaving(worked, held, done, present, now)
    if offered is not None:
        worked = {one: _offering(row, offered.get(one)) for one, row in worked.items()}
    worked = applied(said, insight.leads, worked)
    looked_at = present if insight.asks_everybody else [one for one in worked if _differs(worked[one], held.get(one))]
    by_id = {one.id: one for one in _read(session, looked_at)}
    store.write(session, {one: row for one, row in worked.items() if one not in by_id and _moved(row, held.get(one))})
    found = _stored(session, insight, by_id, worked, held, now)
    differing = [one for one in found if one.traits != (held[one.id].told if one.id in held else None)]
    store.touch(session, [one.id for one in differing], now)
    return [replace(one, version=one.version + 1, updated_at=now) for one in differing]


def _behaving(
    worked: Mapping[UUID, TraitRow],
    held: Mapping[UUID, TraitRow],
    done: Mapping[UUID, Told],
    profiles: Iterable[UUID],
    now: datetime,
) -> dict[UUID, TraitRow]:
    """The rows of these profiles with the traits of what they did in place of those they had."""
    found: dict[UUID, TraitRow] = {}
    for one in profiles:
        row, told = worked.get(one) or held.get(one), done.get(one, {})
        if row is None:
            if told:
                found[one] = TraitRow({"stage": "potential", **told}, 0, now, None)
            continue
        others = {name: value for name, value in row.told.items() if name not in behaviour.NAMES}
        if row.told != (whole := {**others, **told}):
            found[one] = replace(row, told=whole)
    return found


def _offering(row: TraitRow, offered: Told | None) -> TraitRow:
    told = {name: value for name, value in row.told.items() if name not in OFFERED}
    return replace(row, told={**told, **(offered or {})})


def _leads(session: Session, insight: Insight, ids: Sequence[UUID], now: datetime) -> dict[UUID, tuple[Told, datetime]]:
    """The traits of those who have bought nothing, where leads are configured, and when they are told anew."""
    if insight.leads is None or not ids:
        return {}
    _, model = insight.in_force(session)
    return leads.traits_of(session, insight.leads, model.leads, ids, now)


def _differs(row: TraitRow, held: TraitRow | None) -> bool:
    return held is None or held.told != row.told


def _moved(row: TraitRow, held: TraitRow | None) -> bool:
    """Whether a row has to be written; the time at which it was worked out alone is no reason."""
    return held is None or (row.told, row.due_at, row.model_id) != (held.told, held.due_at, held.model_id)


def _worked(
    session: Session,
    insight: Insight,
    ids: Iterable[UUID],
    stats: Mapping[UUID, CustomerStat],
    held: Mapping[UUID, TraitRow],
    now: datetime,
    led: Mapping[UUID, tuple[Told, datetime]] | None = None,
) -> dict[UUID, TraitRow]:
    """The trait rows of these profiles by their orders; segments are as they were.

    ``led`` are the traits of leads; without it those that are stored stay as they are.
    """
    version, model = insight.in_force(session)
    today = day_of(now)
    buyers = [one for one in ids if one in stats and stats[one].days[0] <= today]
    found: dict[UUID, TraitRow] = {}
    if buyers:
        worked = traits(
            customers([stats[one].days for one in buyers], [stats[one].nets for one in buyers], today),
            [stats[one].currency for one in buyers],
            model,
        )
        for one, told, due in zip(buyers, worked.told, worked.due, strict=True):
            told["last_order_via"] = stats[one].via
            found[one] = _row({**_left(insight, held.get(one)), **told}, version, now, due)
    for one in ids:
        # Of whom no order counts, or none yet: an order of tomorrow's date is one tomorrow.
        if one not in found:
            due = stats[one].days[0] if one in stats else NEVER
            row = _row({**_left(insight, held.get(one)), "stage": "potential"}, version, now, due)
            found[one] = _as_lead(insight, row, held.get(one), led.get(one) if led is not None else None, led is None)
    return found


def _as_lead(
    insight: Insight, row: TraitRow, held: TraitRow | None, told: tuple[Told, datetime] | None, stays: bool
) -> TraitRow:
    """With the traits of a lead, as they are told now or, where nobody looked (``stays``), as they were."""
    if insight.leads is None:
        return row
    if told is not None:
        due = min(at for at in (row.due_at, told[1]) if at is not None)
        return replace(row, told={**row.told, **told[0]}, due_at=due)
    if not stays or held is None:
        return row
    kept = {name: held.told[name] for name in leads.NAMES if name in held.told}
    due_at = min((at for at in (row.due_at, held.due_at) if at is not None), default=None)
    return replace(row, told={**row.told, **kept}, due_at=due_at)


def _left(insight: Insight, row: TraitRow | None) -> Told:
    """What is not worked out from orders stays as it is; segments as long as any are configured."""
    named = (*(("segments",) if insight.segments else ()), *(qualify.NAMES if insight.qualification.states else ()))
    names = (*_KEPT, *named)
    return {name: row.told[name] for name in names if name in row.told} if row else {}


def _row(told: Told, version: int, now: datetime, due: int) -> TraitRow:
    at = None if due >= NEVER else datetime.combine(date_of(due), datetime.min.time(), UTC)
    return TraitRow(told, version, now, at)


def _stored(
    session: Session,
    insight: Insight,
    by_id: Mapping[UUID, ChangedProfile],
    worked: Mapping[UUID, TraitRow],
    held: Mapping[UUID, TraitRow],
    now: datetime,
) -> list[ChangedProfile]:
    """Evaluate the segments and states of these profiles, store what differs, and give them with their traits."""
    told: list[ChangedProfile] = []
    rows: dict[UUID, TraitRow] = {}
    qualifying = Qualifying.of(session, insight.qualification, by_id, now)
    # In the order of their ids: who is assigned to whom must not depend on how a batch was read.
    for one, profile in sorted(by_id.items()):
        row = worked.get(one) or held.get(one)
        if insight.segments:
            row = _in_segments(insight.segments, profile, row, now)
        if insight.qualification.states:
            row = qualifying.within(profile, row)
        if row is not None and _moved(row, held.get(one)):
            rows[one] = row
        steps = _steps(held.get(one), row)
        made = qualifying.made.get(one)
        told.append(replace(profile, traits=row.told if row else None, stage_changed=steps, handed_over=made))
    store.write(session, rows)
    qualifying.store(session)
    return told


def _steps(held: TraitRow | None, row: TraitRow | None) -> bool:
    """Whether the stage is another one than was told before."""
    now = str(row.told.get("stage", POTENTIAL)) if row else POTENTIAL
    return now not in (POTENTIAL, str(held.told.get("stage", POTENTIAL)) if held else POTENTIAL)


def _in_segments(
    segments: Sequence[Segment], profile: ChangedProfile, row: TraitRow | None, now: datetime
) -> TraitRow | None:
    before = {**row.told} if row else None
    if before:
        before.pop("segments", None)
    try:
        names, changes = belongs(segments, replace(profile, traits=before).profile(), now)
    except ValueError:
        return row
    if row is None:
        if not names and changes is None:
            return None
        row = TraitRow(dict(_without_orders(profile)), 0, now, None)
    kept = {name: value for name, value in row.told.items() if name != "segments"}
    due = min((at for at in (row.due_at, changes) if at is not None and at > now), default=None)
    return replace(row, told={**kept, **({"segments": list(names)} if names else {})}, due_at=due)


def _without_orders(profile: ChangedProfile) -> Mapping[str, Any]:
    return profiles.told_traits(profile.golden, None)


def _read(session: Session, ids: Sequence[UUID]) -> list[ChangedProfile]:
    return [_changed(row) for row in profiles.by_ids(session, ids).values() if not row.fault]


def _changed(row: FullRow) -> ChangedProfile:
    return ChangedProfile(row.id, row.version, row.golden, row.created_at, row.updated_at, row.traits)
