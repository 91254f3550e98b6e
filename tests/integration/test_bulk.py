"""A first import in large batches ends where the same records end when each comes by itself."""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import UTC, datetime

import pytest

from benchmarks.people import COLUMNS, people
from hub.application.process import Processing, process_batch
from hub.connectors.csv import CONNECTOR
from hub.connectors.csv.manifest import CsvSettings
from hub.intake.backfill import backfill
from hub.matching.rules import IdentityRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import Connection
from hub.store.backfills import Backfill
from hub.store.database import Database
from tests.support.doubles import by_name, empty

COUNT = 240
FIELDS = {"external_id": "record_id"} | {
    name: name for name in COLUMNS if name not in ("record_id", "cluster_id", "source")
}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def old_crm(tmp_path_factory: pytest.TempPathFactory) -> Connection:
    file = tmp_path_factory.mktemp("bulk") / "people.csv"
    rows = list(people(COUNT, seed=5))
    # Some of them under a number of their household, some under one that half of a shop's customers were given.
    for number, row in enumerate(rows):
        row["phone"] = "+4913900000001" if number % 4 == 0 else f"+49138000{number // 3:05}"
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return Connection("old-crm", CONNECTOR, CsvSettings(path=file, fields=FIELDS))


def imported(database: Database, connection: Connection, size: int) -> dict[tuple[str, ...], str]:
    """Golden profiles by their records, after an import in batches of ``size``."""
    empty(database)
    for _ in backfill(database, connection, Backfill(connection.name, None), clock=lambda: NOW):
        pass
    processing = Processing(database, by_name(connection), (), IdentityRules(), SurvivorshipRules())
    while process_batch(processing, size).entries:
        pass
    with database.session() as session:
        placed = session.rows("SELECT profile_id, external_id FROM record ORDER BY external_id")
        golden: dict[object, str] = dict(session.rows("SELECT id, golden FROM profile"))
    clusters: defaultdict[object, list[str]] = defaultdict(list)
    for profile, record in placed:
        clusters[profile].append(record)
    assert clusters.keys() == golden.keys()
    return {tuple(records): golden[profile] for profile, records in clusters.items()}


def test_all_at_once_is_as_one_by_one(database: Database, old_crm: Connection) -> None:
    # given an old base with people who are in it twice, households, and a number that many were given
    # when it is imported in one batch, in a few, and record by record
    once, few, single = (imported(database, old_crm, size) for size in (2_000, 70, 1))

    # then the people are the same, and so is every value of every profile
    assert once == few == single
    assert sum(map(len, once)) == COUNT
    assert any(len(records) > 1 for records in once)
