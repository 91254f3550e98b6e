"""insight: fits what customers are weighed by to the business's own past, and works everybody out again.

A fit is a version: it can be tried (who would change stage), applied and taken back. A run works page by page, each in
a transaction of its own, so that nothing else waits for it; what it finds changed goes to the destinations like any
other change.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from hub.application import leads
from hub.application.process import Processing
from hub.application.qualify import hand_over_activities
from hub.application.recommend import Known, everything, next_products, pair_up
from hub.application.stage_changes import stage_changes
from hub.application.traits import Insight, refresh
from hub.errors import NotFound, RefusedError
from hub.insight import model as models
from hub.insight.customers import customers, day_of
from hub.insight.model import SAMPLE, UNFITTED, Model
from hub.insight.personas import in_words
from hub.insight.traits import Told, traits
from hub.outbox.enqueue import enqueue
from hub.sdk.connection import counting_placed_orders
from hub.store import customer_stats, insight_models, tones
from hub.store import traits as store
from hub.store.database import Session
from hub.store.insight_models import ModelRow, RunRow

log = structlog.get_logger()

PAGE = 2_000
"""Profiles of one transaction of a run."""

DUE = 500
FIT_EVERY = timedelta(days=7)
RUN_EVERY = timedelta(hours=24)

Wake = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Done:
    """``changed`` of so many ``profiles`` have other traits; ``version`` is in force, ``fitted`` by this run."""

    profiles: int
    changed: int
    seconds: float
    version: int
    fitted: bool
    said: tuple[str, ...]


def run(
    processing: Processing,
    wake: Wake = lambda queue, destination: None,
    *,
    by: str = "the schedule",
    fit: bool | None = None,
    anew: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> Done:
    """Fit where a week has passed since (``fit``: now, or not at all), and work everybody out.

    ``anew`` folds everybody's orders again. The first run does, for whoever ordered before there were traits.
    """
    started = time.monotonic()
    with processing.database.session() as session:
        first = insight_models.last_run(session) is None
        active = insight_models.newest(session)
        now = session.now()
        due = active is None or now - active.made_at >= FIT_EVERY
    if anew or first:
        _fold(processing)
    fitted = due if fit is None else fit
    if fitted:
        with processing.database.session() as session:
            made = fit_now(session, processing.insight)
            insight_models.add(session, made.text(), note="fitted", by=by, now=session.now(), active=True)
    if fitted:
        pair_up(processing.database)
    done, changed = _everybody(processing, wake, progress, products=fitted, acts=fitted or anew or first)
    with processing.database.session() as session:
        version, model = processing.insight.in_force(session)
        now = session.now()
        seconds = time.monotonic() - started
        tones.forget_orphans(session)
        insight_models.note_run(session, RunRow(now, done, changed, seconds))
        sizes = {segment.name: 0 for segment in processing.insight.segments} | store.segment_sizes(session)
        store.note_sizes(session, now.date(), sizes)
    log.info("insight.run", profiles=done, changed=changed, fitted=fitted)
    return Done(done, changed, seconds, version, fitted, model.said)


def fit_now(session: Session, insight: Insight) -> Model:
    """The model of the customers and leads there are now, or of enough of them."""
    today = day_of(session.now())
    rows = [row for row in customer_stats.sample(session, SAMPLE) if row[0][0] <= today]
    if rows:
        told = customers([row[0] for row in rows], [row[1] for row in rows], today)
        _, before = insight.in_force(session)
        made = models.fit(told, [row[2] for row in rows], before=before.personas)
    else:
        made = Model(today, said=("too little data: nobody has ordered yet",))
    if insight.leads is None:
        return made
    scored = leads.fit_now(session, insight.leads)
    return replace(made, leads=scored, said=(*made.said, *scored.said))


def _fold(processing: Processing) -> None:
    """Fold the orders of everybody who has any, page by page."""
    placed = counting_placed_orders(processing.connections)
    after: UUID | None = None
    while True:
        with processing.database.session() as session:
            ids = customer_stats.page(session, after, PAGE)
            customer_stats.write(session, ids, customer_stats.from_facts(session, ids, placed))
        if len(ids) < PAGE:
            return
        after = ids[-1]


def _everybody(
    processing: Processing, wake: Wake, progress: Callable[[int], None], *, products: bool, acts: bool
) -> tuple[int, int]:
    """Work everybody out, with the ``products`` to offer each where those were paired anew; gives how many, changed.

    ``acts``: what people did besides ordering is folded again, too.
    """
    everyone = processing.insight.asks_everybody or processing.insight.leads is not None or acts
    page = customer_stats.everybody if everyone else customer_stats.page
    with processing.database.session() as session:
        known = everything(session) if products else Known({})
    after: UUID | None = None
    done = changed = 0
    while True:
        with processing.database.session() as session:
            ids = page(session, after, PAGE)
            offered = next_products(session, ids, known) if products else None
            changed += refreshed(session, processing, ids, wake, offered, acts=acts)
        done += len(ids)
        progress(done)
        if len(ids) < PAGE:
            return done, changed
        after = ids[-1]


def refreshed(
    session: Session,
    processing: Processing,
    ids: Sequence[UUID],
    wake: Wake,
    offered: Mapping[UUID, Told] | None = None,
    *,
    acts: bool = False,
) -> int:
    """Work these profiles out, and queue what changed for the destinations; gives how many changed."""
    now = session.now()
    placed = counting_placed_orders(processing.connections)
    changed = refresh(session, processing.insight, ids, now, placed=placed, acts=acts, offered=offered)
    activities = stage_changes(processing.routes, changed, now) + hand_over_activities(processing.routes, changed, now)
    queued = enqueue(session, processing.routes, changed, (), (), {}, now, activities) if changed else ()
    for destination in sorted(queued):
        wake("deliver", destination)
    return len(changed)


def work_out_due(processing: Processing, wake: Wake = lambda queue, destination: None) -> int:
    """Work out whoever time has changed something of by now: nobody else is looked at. Gives how many."""
    looked_at = 0
    while True:
        with processing.database.session() as session:
            ids = store.due(session, DUE)
            if ids:
                refreshed(session, processing, ids, wake)
        looked_at += len(ids)
        if len(ids) < DUE:
            return looked_at


def run_if_due(processing: Processing, wake: Wake) -> Done | None:
    """A run, where the last one is a day ago and there is anybody to work out."""
    with processing.database.session() as session:
        last = insight_models.last_run(session)
        if last is not None and session.now() - last.at < RUN_EVERY:
            return None
        if not processing.insight.asks_everybody and not customer_stats.page(session, None, 1):
            return None
    return run(processing, wake)


# -- versions ----------------------------------------------------------------------------------------------------------


def try_fit(processing: Processing, by: str) -> dict[str, Any]:
    """Fit, store it without putting it in force, and tell who would change stage by it."""
    with processing.database.session() as session:
        made = fit_now(session, processing.insight)
        version = insight_models.add(session, made.text(), note=TRIED, by=by, now=session.now(), active=False)
        _, current = processing.insight.in_force(session)
        told = {
            "version": version,
            "customers": made.customers,
            "said": list(made.said),
            **_moves(session, current, made),
        }
    return {**told, "model": described(made)}


TRIED = "tried"


def _moves(session: Session, current: Model, made: Model) -> dict[str, Any]:
    today = day_of(session.now())
    rows = [row for row in customer_stats.sample(session, SAMPLE) if row[0][0] <= today]
    if not rows:
        return {"moves": [], "changed": 0}
    told = customers([row[0] for row in rows], [row[1] for row in rows], today)
    currencies = [row[2] for row in rows]
    before, after = (traits(told, currencies, model).told for model in (current, made))
    moves = Counter((one["stage"], other["stage"]) for one, other in zip(before, after, strict=True))
    changed = {pair: number for pair, number in moves.items() if pair[0] != pair[1]}
    return {
        "moves": [{"from": one, "to": other, "customers": number} for (one, other), number in sorted(changed.items())],
        "changed": sum(changed.values()),
    }


def apply(processing: Processing, version: int | None, by: str) -> int:
    """Put a version that was tried in force, the newest where none is named. Everybody is worked out by the next run.

    Raises NotFound, RefusedError where it is in force.
    """
    with processing.database.session() as session:
        row = insight_models.get(session, version) if version else insight_models.newest(session)
        if row is None:
            raise NotFound(
                f"there is no version {version}" if version else "no version was made: `hub insight try` makes one"
            )
        if row.active:
            raise RefusedError(f"version {row.id} is in force")
        insight_models.activate(session, row.id, f"applied by {by}")
        return row.id


def rollback(processing: Processing, version: int | None, by: str) -> ModelRow:
    """Put an earlier version in force again, as a new one: the one before where none is named.

    Raises NotFound, RefusedError where it is in force.
    """
    with processing.database.session() as session:
        active = insight_models.active_id(session)
        row = insight_models.get(session, version) if version else insight_models.before(session, active)
        if row is None:
            raise NotFound(f"there is no version {version}" if version else "there is no version before this one")
        if row.active:
            raise RefusedError(f"version {row.id} is in force")
        insight_models.add(
            session, row.model, note=f"as version {row.id}", by=by, now=session.now(), active=True, restores=row.id
        )
        return row


def status(processing: Processing) -> dict[str, Any]:
    """What is in force, how good it is, what there is too little data for, and when everybody was worked out last."""
    with processing.database.session() as session:
        version, model = processing.insight.in_force(session)
        row = insight_models.get(session, version) if version else None
        last = insight_models.last_run(session)
        due = store.due(session, DUE)
        return {
            "version": version,
            "made_at": row.made_at if row else None,
            "by": row.by if row else None,
            "note": row.note if row else None,
            "said": list(model.said),
            "model": described(model),
            "last_run": {"at": last.at, "profiles": last.profiles, "changed": last.changed, "seconds": last.seconds}
            if last
            else None,
            "due": len(due),
            "stages": store.by_stage(session),
        }


def described(model: Model) -> dict[str, Any]:
    """A model for people: parameters, days, and how good it was for the last 90 days against fixed rules."""
    held, quality = model.rhythm, model.quality
    return {
        "customers": model.customers,
        "repeaters": model.repeaters,
        "rhythm": {"r": held.r, "alpha": held.alpha, "a": held.a, "b": held.b} if held else None,
        "second_order_days": model.second_order,
        "spend": {currency: {"p": one.p, "q": one.q, "gamma": one.gamma} for currency, one in model.spend.items()},
        "quality": {name: getattr(quality, name) for name in quality.__slots__} if quality else None,
        "personas": _personas(model),
        "leads": _leads(model),
        "fitted": model is not UNFITTED,
    }


def lead_actions(session: Session) -> dict[str, int]:
    """How many leads there are of each action."""
    return store.by_trait(session, "lead_action")


def _personas(model: Model) -> dict[str, Any] | None:
    held = model.personas
    if held is None:
        return None
    groups = [{"name": one.name, "words": in_words(one.centre)} for one in held.groups]
    return {"groups": groups, "agreement": held.agreement, "seed": held.seed}


def _leads(model: Model) -> dict[str, Any] | None:
    held = model.leads
    if held is None:
        return None
    quality = held.quality
    return {
        "won": held.won,
        "lost": held.lost,
        "leads": held.leads,
        "share": round(held.share, 3),
        "quality": {name: getattr(quality, name) for name in quality.__slots__} if quality else None,
    }
