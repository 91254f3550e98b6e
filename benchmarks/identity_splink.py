"""Splink 5 on DuckDB on the same records: everything at once, and one new record at a time (``predict_between``)."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.people import Row, people

SINGLE = 10
"""New records that are looked up one by one."""

_COLUMNS = ("first_name", "last_name", "email", "phone", "birth_date", "street", "postal_code", "city")
_CARDS = ("national_id", "loyalty_id", "handle")
_RULES = (
    ("email",),
    ("phone",),
    ("first_name", "last_name", "postal_code"),
    ("last_name", "street"),
    ("last_name", "birth_date"),
    ("first_name", "birth_date"),
    *((card,) for card in _CARDS),
)
_SURE = (("email",), ("first_name", "last_name", "birth_date"))
_SESSIONS = (("first_name", "last_name"), ("birth_date",), ("email",))
_SAME = 0.95
_LEAST = 20
"""Values that a column has to have in a set before Splink is given it."""


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

    logging.getLogger("splink").setLevel(logging.ERROR)
    rows = list(people(count + SINGLE))
    connection = duckdb.connect(":memory:")
    _table(connection, "people", rows[:count], _COLUMNS)
    began = time.monotonic()
    linker, stored, api = _trained(connection, _COLUMNS)
    clusters = _clusters(linker)
    placed = {row["unique_id"]: row["cluster_id"] for row in clusters.as_record_list()}
    seconds = time.monotonic() - began
    singles = []
    for number, row in enumerate(rows[count:]):
        _table(connection, f"new_{number}", [row], _COLUMNS)
        asked = time.monotonic()
        linker.inference.predict_between(
            stored, api.register(f"new_{number}"), threshold_match_weight=0
        ).as_record_list()
        singles.append(1e3 * (time.monotonic() - asked))
    connection.close()
    precision, recall = _quality(placed, {row["record_id"]: row["cluster_id"] for row in rows[:count]})
    return Splink(count, seconds, precision, recall, median(singles))


def clustered(plain: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Record to cluster, of a labelled set's plain columns: settings as above, for the columns that are told."""
    import duckdb

    logging.getLogger("splink").setLevel(logging.ERROR)
    counted = Counter(column for row in plain.values() for column in row)
    columns = tuple(column for column in (*_COLUMNS, *_CARDS) if counted[column] >= _LEAST)
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        _table(connection, "people", [{"record_id": record, **row} for record, row in plain.items()], columns)
        linker, _, _ = _trained(connection, columns)
        placed = {row["unique_id"]: row["cluster_id"] for row in _clusters(linker).as_record_list()}
    return {record: placed.get(record, record) for record in plain}


def _trained(connection: Any, columns: Sequence[str]) -> tuple[Any, Any, Any]:
    """A linker of the table ``people`` that has learned without labels, the table as Splink knows it, and its API."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink.internals.exceptions import EMTrainingException

    told = set(columns)
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in _RULES if told.issuperset(rule)],
        comparisons=[comparison for column, comparison in _comparisons().items() if column in told],
    )
    api = DuckDBAPI(connection)
    stored = api.register("people")
    linker: Any = Linker(stored, settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match(
        [block_on(*rule) for rule in _SURE if told.issuperset(rule)] or [block_on("first_name", "last_name")],
        recall=0.7,
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in _SESSIONS:
        if told.issuperset(rule) and told.difference(rule, ("city",)):
            with suppress(EMTrainingException):
                linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    return linker, stored, api


def _comparisons() -> dict[str, Any]:
    from splink import comparison_library as library

    return {
        "first_name": library.NameComparison("first_name"),
        "last_name": library.NameComparison("last_name"),
        "email": library.EmailComparison("email"),
        "phone": library.ExactMatch("phone"),
        "birth_date": library.LevenshteinAtThresholds("birth_date", 1),
        "street": library.LevenshteinAtThresholds("street", 2),
        "postal_code": library.ExactMatch("postal_code"),
        **{card: library.ExactMatch(card) for card in _CARDS},
    }


def _clusters(linker: Any) -> Any:
    predicted = linker.inference.predict(threshold_match_probability=0.01)
    return linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, _SAME)


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
