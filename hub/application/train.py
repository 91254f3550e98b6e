"""train: fit the weights to the retailer's own records, put them in force, and have everybody resolved again.

The one way to it, for ``hub identity train``, ``hub identity evaluate`` and the task that runs by itself. An estimate
is a function of the set of records and of what people answered, so that training twice changes nothing; what comes of
it is bounded like any merge, by the limits of the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog

from hub.errors import RefusedError
from hub.learning import splink_model
from hub.learning.changes import moved
from hub.learning.estimation import Estimator, estimate
from hub.learning.training import frequencies
from hub.matching import rules as identity_rules
from hub.matching.features import Features, features_of
from hub.matching.rules import IdentityRules
from hub.matching.weights import Model
from hub.store import identity_locks, reviews, training, versions
from hub.store.database import Database, Session
from hub.store.training import IMPORTED, is_due

log = structlog.get_logger()

BY_ITSELF = "hub"

Seen = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training came to.

    ``version`` is in force now (0: the configuration and the shipped weights). ``stored`` is False where nothing moved,
    or nothing was to be stored. ``answers`` of people were learned from; ``queued`` records are to be resolved again.
    """

    records: int
    answers: int
    before: Model
    after: Model
    version: int
    stored: bool
    queued: int


def train_if_due(database: Database, rules: IdentityRules, now: datetime) -> Trained | None:
    """Train when it is time to; None when it is not, or when another process is at it. ``rules``: as configured."""
    with training.alone(database.dsn) as first:
        if not first:
            return None
        with database.session() as session:
            state = training.state(session)
        if not is_due(state):
            return None
        return _train(database, rules, by=BY_ITSELF, note="trained on its own", now=now)


def train(
    database: Database,
    rules: IdentityRules,
    *,
    by: str,
    now: datetime,
    estimator: Estimator = "both",
    brought: Model | None = None,
    keep: bool = True,
    seen: Seen = lambda _: None,
) -> Trained:
    """Train now, or put a model that was ``brought`` in force; with ``keep`` False only tell what would change.

    ``seen`` is told how many records were read. Raises RefusedError when another process trains.
    """
    note = f"{IMPORTED} by hand" if brought else f"trained by hand, estimator {estimator}"
    with training.alone(database.dsn) as first:
        if not first:
            raise RefusedError("another process is training; try again when it is done")
        return _train(
            database, rules, by=by, note=note, now=now, estimator=estimator, brought=brought, keep=keep, seen=seen
        )


def _train(
    database: Database,
    rules: IdentityRules,
    *,
    by: str,
    note: str,
    now: datetime,
    estimator: Estimator = "both",
    brought: Model | None = None,
    keep: bool = True,
    seen: Seen = lambda _: None,
) -> Trained:
    with database.session() as session:
        rules = _rules(session, rules)
        answers = reviews.answers(session)
    count = _Count(seen)
    everybody = count.all(_people(database, rules))
    if brought is None:
        after = _estimated(everybody, answers, rules, estimator)
    else:
        after = replace(frequencies((each for _, each in everybody), brought), population=brought.population)
    learned = 0 if brought else len(answers)
    with database.session() as session:
        if keep:
            return _put_in_force(session, after, count.records, learned, by=by, note=note, now=now)
        before, version = _before(session)
        queued = count.records if moved(before, after) else 0
        return Trained(count.records, learned, before, after, version, stored=False, queued=queued)


def _estimated(
    everybody: Iterable[tuple[UUID, Features]],
    answers: Mapping[tuple[UUID, UUID], bool],
    rules: IdentityRules,
    estimator: Estimator,
) -> Model:
    """The model that these records and answers give. Its thresholds are the shipped ones, raised as answers demand."""
    shipped, asked = Model(), rules.thresholds
    begun = replace(shipped, same=asked.same, ask=asked.ask)
    estimated = estimate(everybody, begun, answers, rules=rules, estimator=estimator)
    return replace(
        estimated,
        same=round(shipped.same + estimated.same - asked.same, 6),
        ask=round(shipped.ask + estimated.ask - asked.ask, 6),
    )


def _put_in_force(
    session: Session, after: Model, records: int, answers: int, *, by: str, note: str, now: datetime
) -> Trained:
    # Whoever records or places shares these: all that was decided by the old weights is stored now, and queued below.
    identity_locks.rules_alone(session)
    before, version = _before(session)
    if not moved(before, after):
        origin = versions.origin(session)
        if origin is not None:
            versions.recount(session, origin.id, records)
        log.info("train.unchanged", version=version, records=records)
        return Trained(records, answers, before, after, version, stored=False, queued=0)
    active = versions.get(session, version) if version else None
    version = versions.activate(
        session,
        rules=active.rules if active else None,
        survivorship=active.survivorship if active else None,
        model=splink_model.dumped(after),
        records=records,
        note=note,
        by=by,
        now=now,
    )
    queued = versions.queue_all(session)
    session.announce("process")
    log.info("train.done", version=version, records=records, queued=queued)
    return Trained(records, answers, before, after, version, stored=True, queued=queued)


def _before(session: Session) -> tuple[Model, int]:
    version = versions.active_id(session)
    row = versions.get(session, version) if version else None
    return splink_model.loaded(row.model) if row and row.model else Model(), version


def _rules(session: Session, configured: IdentityRules) -> IdentityRules:
    version = versions.active_id(session)
    row = versions.get(session, version) if version else None
    return identity_rules.loaded(row.rules) if row and row.rules else configured


def _people(database: Database, rules: IdentityRules) -> Iterator[tuple[UUID, Features]]:
    return ((record, features_of(state, rules)) for record, state in training.states(database))


class _Count:
    """Counts what passes."""

    def __init__(self, seen: Seen) -> None:
        self.records = 0
        self._seen = seen

    def all(self, everybody: Iterator[tuple[UUID, Features]]) -> Iterator[tuple[UUID, Features]]:
        for each in everybody:
            self.records += 1
            if self.records % training.PAGE == 0:
                self._seen(self.records)
            yield each
