"""Splink 5 on DuckDB on the same records: everything at once, and one new record at a time (``predict_between``)."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.people import Row, people

SINGLE = 10
"""New records that are looked up one by one."""

_COLUMNS = ("first_name", "last_name", "email", "phone", "birth_date", "street", "postal_code", "city")
_RULES = (
    ("email",),
    ("phone",),
    ("first_name", "last_name", "postal_code"),
    ("last_name", "street"),
    ("last_name", "birth_date"),
    ("first_name", "birth_date"),
)
_SAME = 0.95


@dataclass(frozen=True, slots=True)
class Splink:
    """``seconds`` for all of them (training, pairs, clusters); ``single_ms``: the median for one new record."""

    records: int
    seconds: float
    precision: float
    recall: float
    single_ms: float


def measured(count: int) -> Splink:
    """Train without labels, predict, cluster at 0.95; then find matches for records one by one."""
    import duckdb
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink import comparison_library as library

    logging.getLogger("splink").setLevel(logging.ERROR)
    rows = list(people(count + SINGLE))
    connection = duckdb.connect(":memory:")
    _table(connection, "people", rows[:count])
    began = time.monotonic()
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in _RULES],
        comparisons=[
            library.NameComparison("first_name"),
            library.NameComparison("last_name"),
            library.EmailComparison("email"),
            library.ExactMatch("phone"),
            library.LevenshteinAtThresholds("birth_date", 1),
            library.LevenshteinAtThresholds("street", 2),
            library.ExactMatch("postal_code"),
        ],
    )
    api = DuckDBAPI(connection)
    stored = api.register("people")
    linker: Any = Linker(stored, settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("email"), block_on("first_name", "last_name", "birth_date")], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (("first_name", "last_name"), ("birth_date",), ("email",)):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    predicted = linker.inference.predict(threshold_match_probability=0.01)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, _SAME)
    placed = {row["unique_id"]: row["cluster_id"] for row in clusters.as_record_list()}
    seconds = time.monotonic() - began
    singles = []
    for number, row in enumerate(rows[count:]):
        _table(connection, f"new_{number}", [row])
        asked = time.monotonic()
        linker.inference.predict_between(
            stored, api.register(f"new_{number}"), threshold_match_weight=0
        ).as_record_list()
        singles.append(1e3 * (time.monotonic() - asked))
    connection.close()
    precision, recall = _quality(placed, {row["record_id"]: row["cluster_id"] for row in rows[:count]})
    return Splink(count, seconds, precision, recall, median(singles))


def _table(connection: Any, name: str, rows: Sequence[Row]) -> None:
    columns = ("unique_id", *_COLUMNS)
    values = [[row["record_id"] for row in rows], *([row.get(column) or None for row in rows] for column in _COLUMNS)]
    connection.execute(f"CREATE TABLE {name} ({', '.join(f'{column} VARCHAR' for column in columns)})")
    connection.execute(f"INSERT INTO {name} SELECT {', '.join(['unnest(?)'] * len(columns))}", values)


def _quality(placed: dict[str, Any], truth: dict[str, str]) -> tuple[float, float]:
    found = _pairs(Counter(placed.values()))
    right = _pairs(Counter((placed[one], truth[one]) for one in placed))
    true = _pairs(Counter(truth.values()))
    return (right / found if found else 1.0), (right / true if true else 1.0)


def _pairs(sizes: Counter[Any]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())
