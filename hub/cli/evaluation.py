"""How right identity is about a labelled file, by the product's own way: a csv connection in, profiles out.

In a PostgreSQL of its own in a temporary folder, with the default rules, and with what a user gets by default after an
import: training without labels when there are records enough, and everybody resolved again. The truth is not in what
is imported, and is compared with the profiles when all is done.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from hub import bootstrap
from hub.application.process import process_batch
from hub.application.train import train_if_due
from hub.bootstrap import Runtime
from hub.cli.interrupt import stoppable, uninterrupted
from hub.cli.progress import Shown
from hub.errors import HubError
from hub.intake.backfill import backfill
from hub.learning.evaluate import Quality, Steps, quality
from hub.learning.labelled import RECORD, Labels, unlabelled
from hub.settings import ConnectionConfig, Settings
from hub.store import embedded, identity_status, inbox, reviews, training
from hub.store.backfills import Backfill

NAME = "evaluated"
_MOST_FAULTS = 20
_SCRATCH = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What identity made of a file. ``quarantined`` identifiers prove nothing because too many share them."""

    records: int
    clusters: int
    quality: Quality
    review_pairs: int
    quarantined: int
    trained: bool
    ignored: tuple[str, ...]
    steps: Mapping[str, float]

    def document(self) -> dict[str, Any]:
        """The JSON of it; the names are a contract, precision to rounding are fractions of 1."""
        return {
            "records": self.records,
            "clusters": self.clusters,
            "precision": round(self.quality.precision, 6),
            "recall": round(self.quality.recall, 6),
            "f1": round(self.quality.f1, 6),
            "b_cubed_f1": round(self.quality.b_cubed_f1, 6),
            "review_pairs": self.review_pairs,
            "seconds": round(sum(self.steps.values()), 3),
            "steps": {name: round(seconds, 3) for name, seconds in self.steps.items()},
            "quarantined": self.quarantined,
            "trained": self.trained,
            "ignored_columns": list(self.ignored),
        }


def evaluate(path: Path, shown: Shown) -> Evaluation:
    """Import, resolve, train, resolve again, compare. Raises ConfigError with every fault of the file."""
    steps = Steps()
    with _folder() as folder:
        shown("read the file")
        labels = unlabelled(path, folder / "records.csv")
        steps.done("read")
        shown("start a database")
        with scratch(_settings(folder, labels)) as run:
            steps.done("start")
            return _measured(run, labels, steps, shown)


def _measured(run: Runtime, labels: Labels, steps: Steps, shown: Shown) -> Evaluation:
    for progress in backfill(run.database, run.connections[NAME], Backfill(NAME, None)):
        shown("import", progress.backfill.stored, progress.backfill.total)
    steps.done("import")
    _drain(run, "resolve", len(labels.truth), shown)
    _refuse_parked(run, labels)
    steps.done("resolve")
    shown("train")
    trained = train_if_due(run.database, run.identity, datetime.now(UTC))
    steps.done("train")
    if trained:
        _drain(run, "resolve again", trained.queued, shown)
    steps.done("resolve again")
    shown("compare")
    with run.database.session() as session:
        found = training.placed(session, NAME)
        waiting, quarantined = reviews.count(session), identity_status.quarantined_count(session)
    if found.keys() != labels.truth.keys():
        raise HubError(f"{len(labels.truth.keys() ^ found.keys())} records are not what the file told")
    told = quality(labels.truth, found)
    steps.done("compare")
    clusters = len(set(found.values()))
    return Evaluation(
        len(found), clusters, told, waiting, quarantined, trained is not None, labels.ignored, steps.seconds
    )


def _settings(folder: Path, labels: Labels) -> Settings:
    fields = {"external_id": RECORD, **{name: name for name in labels.fields}}
    connection = ConnectionConfig(connector="csv", options={"path": str(folder / "records.csv"), "fields": fields})
    return Settings(data_dir=folder, connections={NAME: connection})


def _drain(run: Runtime, step: str, total: int, shown: Shown) -> None:
    processing, done = run.processing, 0
    shown(step, done, total)
    while batch := process_batch(processing).entries:
        done += batch
        shown(step, min(done, total), total)


def _refuse_parked(run: Runtime, labels: Labels) -> None:
    """Raise HubError with line and reason of what the connector did not take: nothing is lost silently."""
    with run.database.session() as session:
        refused = [
            (inbox.get(session, entry["id"]), entry["reason"])
            for state in ("parked", "skipped")
            for entry in inbox.page(session, state=state, limit=_MOST_FAULTS)
        ]
    if refused:
        lines = dict(enumerate(labels.lines, 1))
        rows = sorted((int(entry["headers"]["row"]), reason) for entry, reason in refused if entry)
        raise HubError("; ".join(f"line {lines.get(row, '?')}: {reason}" for row, reason in rows))


# -- a place that leaves nothing behind -------------------------------------------------------------------------------


@contextmanager
def _folder() -> Iterator[Path]:
    with stoppable():
        folder = Path(tempfile.mkdtemp(prefix="hub-evaluate-"))
        try:
            if hasattr(os, "geteuid") and os.geteuid() == 0:
                folder.chmod(0o711)  # the server runs under an account of its own then
            yield folder
        finally:
            with uninterrupted():
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch(settings: Settings) -> Iterator[Runtime]:
    """A Hub on a database of its own under ``settings.data_dir``, which is not to outlive a power cut."""
    server = None
    try:
        with uninterrupted():
            server = embedded.start(settings.data_dir)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for setting in _SCRATCH:
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")
        with bootstrap.runtime(settings.model_copy(update={"database_url": server.get_uri()}), pool_size=2) as run:
            yield run
    finally:
        if server is not None:
            with uninterrupted():
                embedded.stop(server)
