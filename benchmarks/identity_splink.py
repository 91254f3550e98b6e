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

    rows = list(people(count + SINGLE))
    with duckdb.connect(":memory:") as connection:
        began = time.monotonic()
        linker, stored, api = _trained(connection, rows[:count], _COLUMNS, _RULES)
        placed = _clusters(linker)
        seconds = time.monotonic() - began
        singles = []
        for number, row in enumerate(rows[count:]):
            _table(connection, f"new_{number}", [row], _COLUMNS)
            asked = time.monotonic()
            linker.inference.predict_between(
                stored, api.register(f"new_{number}"), threshold_match_weight=0
            ).as_record_list()
            singles.append(1e3 * (time.monotonic() - asked))
    precision, recall = _quality(placed, {row["record_id"]: row["cluster_id"] for row in rows[:count]})
    return Splink(count, seconds, precision, recall, median(singles))


def clusters_of(rows: Sequence[Row]) -> dict[str, Any]:
    """The cluster of each record, by what its columns hold. Raises what Splink raises where it cannot train."""
    import duckdb

    columns = tuple(name for name in (*_COLUMNS, "national_id", "full_name") if any(row.get(name) for row in rows))
    rules = tuple(rule for rule in (*_RULES, ("national_id",), ("full_name",)) if set(rule) <= set(columns))
    with duckdb.connect(":memory:") as connection:
        linker, _, _ = _trained(connection, rows, columns, rules)
        return _clusters(linker)


def _trained(
    connection: Any, rows: Sequence[Row], columns: Sequence[str], rules: Sequence[tuple[str, ...]]
) -> tuple[Any, Any, Any]:
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink import comparison_library as library

    logging.getLogger("splink").setLevel(logging.ERROR)
    _table(connection, "people", rows, columns)
    compared = {
        "first_name": library.NameComparison("first_name"),
        "last_name": library.NameComparison("last_name"),
        "full_name": library.NameComparison("full_name"),
        "email": library.EmailComparison("email"),
        "phone": library.ExactMatch("phone"),
        "birth_date": library.LevenshteinAtThresholds("birth_date", 1),
        "street": library.LevenshteinAtThresholds("street", 2),
        "postal_code": library.ExactMatch("postal_code"),
        "national_id": library.LevenshteinAtThresholds("national_id", 1),
    }
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules],
        comparisons=[compared[name] for name in columns if name in compared],
    )
    api = DuckDBAPI(connection)
    stored = api.register("people")
    linker: Any = Linker(stored, settings, log_level=None)
    surest: tuple[tuple[str, ...], ...] = (("email",), ("national_id",), ("first_name", "last_name", "birth_date"))
    certain = [rule for rule in surest if set(rule) <= set(columns)] or [rules[0]]
    linker.training.estimate_probability_two_random_records_match([block_on(*rule) for rule in certain], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    fitted: tuple[tuple[str, ...], ...] = (("first_name", "last_name"), ("birth_date",), ("email",), ("postal_code",))
    for rule in fitted:
        if set(rule) <= set(columns):
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    return linker, stored, api


def _clusters(linker: Any) -> dict[str, Any]:
    predicted = linker.inference.predict(threshold_match_probability=0.01)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, _SAME)
    return {row["unique_id"]: row["cluster_id"] for row in clusters.as_record_list()}


def _table(connection: Any, name: str, rows: Sequence[Row], told: Sequence[str]) -> None:
    columns = ("unique_id", *told)
    values = [[row["record_id"] for row in rows], *([row.get(column) or None for row in rows] for column in told)]
    connection.execute(f"CREATE TABLE {name} ({', '.join(f'{column} VARCHAR' for column in columns)})")
    connection.execute(f"INSERT INTO {name} SELECT {', '.join(['unnest(?)'] * len(columns))}", values)


def _quality(placed: dict[str, Any], truth: dict[str, str]) -> tuple[float, float]:
    found = _pairs(Counter(placed.values()))
    right = _pairs(Counter((placed[one], truth[one]) for one in placed))
    true = _pairs(Counter(truth.values()))
    return (right / found if found else 1.0), (right / true if true else 1.0)


def _pairs(sizes: Counter[Any]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())
