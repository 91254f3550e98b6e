"""The one way a model is fitted to a base of records, without labels: ``hub identity train`` and ``evaluate`` use it.

Two estimates are made. Hub's own (``training``) learns from pairs of which the rest of the evidence leaves no doubt.
Splink's (5.0, MIT; on DuckDB, in memory) learns m by expectation and maximisation over all pairs that agree on
something, and u from random pairs (https://moj-analytical-services.github.io/splink). What Splink says counts half
where it knows better, for what is one's own and no household shares: how often one person's dates of birth and
national ids differ. For the rest its model, in which all evidence is independent, takes households for persons.

Measured on the five labelled sets (F1 of pairs; mean of the whole, its halves and its thirds by person)::

                                 omni_public  febrl3  febrl1  fake_1000  senzing_truthset
    shipped                            .9521   .9953   .9959      .8873             .8954
    Hub's own estimate                 .9575   .9990   .9970      .9274             .8988
    Splink's disagreements alone       .9481   .9990   .9970      .9443             .8959
    all of Splink (whole sets only)    .8162   .9948   .9940      .8977             .8159
    both, as here                      .9574   .9990   .9970      .9370             .8988

With all of Splink the precision on omni_public is right and the recall .69: of random pairs that share a mailbox most
are one person, so that u comes out too high and an identifier too weak. By the truth, one person's first names differ
in 0.2 % of the pairs of omni_public; Hub's own estimate is 0.3 %, Splink's 7 %.

A base of 13,694 records takes 4 s of one core, a million about 30 s beside reading them, and 460 MB.

Splink and DuckDB are imported when an estimate is made, and by no process that only resolves.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

from hub.learning.sampling import MOST, Sample
from hub.learning.splink_model import COLUMNS, from_splink, to_splink
from hub.learning.training import (
    adjusted,
    bounded,
    frequencies,
    lent,
    near_births,
    near_firsts,
    peopled,
    refined,
    tempered,
)
from hub.matching.blocking import Id
from hub.matching.clustering import DEFAULTS, crowds
from hub.matching.contacts import root
from hub.matching.features import Features, Place, Spelling, compact
from hub.matching.rules import IdentityRules
from hub.matching.scoring import score
from hub.matching.weights import Model

Estimator = Literal["both", "hub", "splink"]
"""``hub`` and ``splink``: how often one person's values differ is told by the one estimate alone."""

_ROWS = 20_000
"""Records of which Splink sees at most so many."""

_RANDOM_PAIRS = 200_000
_LEAST = 50
"""Values that a column has to have before Splink estimates anything by it."""

_LEAST_LEFT = 2
"""Comparisons that a session has to leave: of one alone, expectation and maximisation learns nothing."""

_DUCKDB: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1, "memory_limit": "1GB", "autoinstall_known_extensions": False, "temp_directory": "",
}  # fmt: skip
"""In memory, and nothing of anybody on disk."""

_PLACE = frozenset({"postal", "city"})
_Row = tuple[str | None, ...]

_SESSIONS = (
    ("email",), ("phone",), ("national_id",), ("birth_date", "last_name"), ("first_name", "last_name"),
    ("first_name", "birth_date"),
)  # fmt: skip
"""What pairs of a training session agree on. Never the address alone: such pairs are housemates, mostly."""


def estimate(
    people: Iterable[tuple[Id, Features]],
    model: Model,
    judged: Mapping[tuple[Id, Id], bool] | None = None,
    *,
    rules: IdentityRules = DEFAULTS,
    estimator: Estimator = "both",
    most: int = MOST,
) -> Model:
    """The model with all that these records teach, and what people answered about pairs of them.

    ``people`` is read once, and of a large base a sample of ``most`` records is kept. ``model`` is what is smoothed
    towards: the shipped one or a team's own, never the last estimate, or its answers would count twice. ``judged``:
    pairs that people accepted (one person) or rejected. The result depends on the set of records, not on ids or order.
    """
    judged = judged or {}
    sample: Sample[Id] = Sample({one for pair in judged for one in pair}, most)
    told = frequencies(_watched(people, sample), model)
    found, kept = sample.found(), sample.people
    crowd = crowds(found, kept, rules)
    scores = [score(kept[a], kept[b], told, crowd) for a, b in sample.pairs(found)]
    told = adjusted(scores, told)
    if estimator != "hub":
        splinks = from_splink(splinked(kept.values(), told), told)
        told = tempered(told, splinks, model, alone=estimator == "splink")
    told = near_births(scores, {born for person in kept.values() for born in person.births}, told)
    told = near_firsts(scores, [name.first for one in kept.values() for name in one.names if name.first], told)
    told = peopled(lent(scores, bounded(scores, told)), sum(one.weight >= told.same for one in scores) / sample.share)
    known = sample.judged
    pairs = {(min(pair), max(pair)): one for pair, one in judged.items() if known.keys() >= set(pair)}
    return refined([(score(known[a], known[b], told, crowd), one) for (a, b), one in pairs.items()], told)


def _watched(people: Iterable[tuple[Id, Features]], sample: Sample[Id]) -> Iterator[Features]:
    for one, person in people:
        sample.add(one, person)
        yield person


def splinked(people: Iterable[Features], model: Model) -> dict[str, Any]:
    """Splink's settings with the parameters that it estimates from these records, starting from the model's.

    What too few records tell is not in them. One thread and rows in the order of their values, so that sums are the
    same whatever the order of the records.
    """
    rows = _rows(people)
    filled = {name for name, values in zip(COLUMNS, zip(*rows, strict=True), strict=False) if _tells(values)}
    settings = to_splink(model)
    settings["comparisons"] = [_plain(each) for each in settings["comparisons"] if filled & _columns_of(each)]
    features = {each["output_column_name"] for each in settings["comparisons"]}
    sessions = [one for one in _SESSIONS if filled.issuperset(one) and len(features.difference(one)) >= _LEAST_LEFT]
    if not sessions:
        return {**settings, "comparisons": []}
    return _trained(rows, settings, sessions)


def _trained(rows: list[_Row], settings: dict[str, Any], sessions: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    import duckdb
    from splink import DuckDBAPI, Linker
    from splink.internals.exceptions import EMTrainingException

    logging.getLogger("splink").setLevel(logging.ERROR)
    with duckdb.connect(":memory:", config=_DUCKDB) as connection:
        connection.execute(f"CREATE TABLE people ({', '.join(f'{name} VARCHAR' for name in COLUMNS)})")
        values = [list(column) for column in zip(*rows, strict=True)]
        connection.execute(f"INSERT INTO people SELECT {', '.join(['unnest(?)'] * len(COLUMNS))}", values)
        training = (linker := Linker(DuckDBAPI(connection).register("people"), settings, log_level=None)).training
        training.estimate_u_using_random_sampling(_RANDOM_PAIRS, seed=1, min_count_per_level=None, num_chunks=1)
        for session in sessions:
            rule = " AND ".join(f"l.{column} = r.{column}" for column in session)
            # No pair agrees on this, or so few that a probability falls to 0, which Splink refuses.
            with suppress(EMTrainingException, ValueError):
                training.estimate_parameters_using_expectation_maximisation(
                    rule, estimate_without_term_frequencies=True
                )
        saved: dict[str, Any] = linker.misc.save_model_to_json()
    return saved


def _tells(values: Sequence[str | None]) -> bool:
    return len(values) - values.count(None) >= _LEAST


def _columns_of(comparison: Mapping[str, Any]) -> frozenset[str]:
    feature = comparison["output_column_name"]
    return _PLACE if feature == "address" else frozenset({feature})


def _plain(comparison: dict[str, Any]) -> dict[str, Any]:
    """Without frequencies: estimation takes the usual ones, and is faster."""
    levels = [
        {k: v for k, v in level.items() if k != "tf_adjustment_column"} for level in comparison["comparison_levels"]
    ]
    return {**comparison, "comparison_levels": levels}


def _rows(people: Iterable[Features]) -> list[_Row]:
    """One row a record, numbered in order of what is in it; one value of each feature."""
    sample: Sample[int] = Sample(most=_ROWS)
    for number, person in enumerate(people):
        sample.add(number, person)
    found = sorted((_row(person) for person in sample.people.values()), key=lambda row: [value or "" for value in row])
    return [(f"{number:09}", *row) for number, row in enumerate(found)]


def _row(person: Features) -> _Row:
    name = person.names[0] if person.names else Spelling()
    place = person.places[0] if person.places else Place()
    date = compact(person.births[0]) if person.births else ""
    born = f"{date[:4]}-{date[4:6]}-{date[6:]}" if date else ""
    email = person.emails[0] if person.emails else ""
    phone = person.phones[0][-9:] if person.phones else ""
    told = (
        " ".join(name.first), " ".join(name.last), born, email, root(email), phone, place.street,
        " ".join(place.numbers), place.postal, place.city, "".join(person.national_ids[:1]),
        "".join(person.loyalty_ids[:1]),
    )  # fmt: skip
    return tuple(value or None for value in told)
