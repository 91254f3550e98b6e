"""How good identity is on the labelled sets, in memory, with what a user gets who sets nothing; and free of order."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.identity_orders import Rows, ended, from_nothing, rows
from hub.learning.evaluate import LabelledSet, labelled_set, measured
from hub.matching.blocking import buckets, candidates
from hub.matching.bounds import bound
from hub.matching.clustering import crowds
from hub.matching.rules import IdentityRules
from hub.matching.scoring import score
from hub.matching.weights import Model
from hub.store.database import Database
from tests.contract.labelled_sets import FOLDER, SETS, path_of
from tests.support.doubles import empty


class Least(NamedTuple):
    """What has to be reached: precision and F1 of pairs, with weights estimated from the records themselves."""

    precision: float
    f1: float


WANTED = {
    "omni_public": Least(0.99, 0.91),
    "febrl3": Least(0.999, 0.99),
    "febrl1": Least(0.99, 0.99),
    "fake_1000": Least(0.97, 0.90),
    "senzing_truthset": Least(0.85, 0.70),
}
SHARED_IDENTIFIERS = "omni_public"
"""The set of families, role inboxes, a till's default phone: what is shipped has to be as careful on day one."""

ORDERS = {"senzing_truthset": None, "febrl1": None, "fake_1000": 300, "omni_public": 300}
"""Sets that are told in several orders here, and how many of their records; all: ``benchmarks.identity_orders``."""


@cache
def of(name: str) -> LabelledSet:
    """A set, read once: what is measured changes nothing of it."""
    return labelled_set(path_of(name))


def test_the_folder_holds_the_sets_where_it_is_there() -> None:
    """A wrong path, or a set that went away, must not look like a green run."""
    assert (set(SETS) >= set(WANTED)) == FOLDER.is_dir()


if SETS:

    @pytest.mark.parametrize("name", WANTED)
    def test_a_set_is_resolved_as_well_as_promised(name: str) -> None:
        # given records, with nothing said about them
        report = measured(of(name), train=True)
        # then precision and F1 are what was promised, and what is doubtful is left to a person
        assert report.quality.precision >= WANTED[name].precision, report.quality
        assert report.quality.f1 >= WANTED[name].f1, report.quality
        # of a hundred records a few questions are more than a tenth: is Pat Smith Patrick or Patricia Smith next door?
        assert report.review_pairs < max(report.records / 10, 20)

    def test_before_any_training_shared_identifiers_merge_hardly_anybody_wrongly() -> None:
        report = measured(of(SHARED_IDENTIFIERS))
        assert report.quality.precision >= 0.99, report.quality

    @pytest.mark.parametrize("name", [SHARED_IDENTIFIERS, "senzing_truthset"])
    def test_what_the_bound_drops_is_nobodys_match(name: str) -> None:
        # given every pair of records that share a key
        people, model, rules = of(name).people, Model(), IdentityRules()
        found = buckets(people)
        crowd = crowds(found, people, rules)
        bits = [
            (bound(people[a], people[b], model), score(people[a], people[b], model, crowd).weight)
            for a, b in candidates(found)
        ]
        # then none has more bits than its bound, and most that are no match are dropped by it
        assert all(most >= weight for most, weight in bits)
        different = [most for most, weight in bits if weight < model.ask]
        assert sum(most < model.ask for most in different) > len(different) * 2 / 3

    @pytest.mark.parametrize("name", ORDERS)
    def test_any_order_and_split_ends_in_the_same_clusters_and_profiles(
        database: Database, name: str, tmp_path: Path
    ) -> None:
        # given a set, as its rows come out of a csv file
        told: Rows = rows(path_of(name), tmp_path, ORDERS[name])
        ends = []
        # when they come in three orders, each in batches of its own
        for seed in range(3):
            empty(database)
            ends.append(ended(database, told, random.Random(seed)))
        # then who is with whom, and every golden profile to the byte, are the same: those of everything at once
        assert ends[0] == ends[1] == ends[2]
        assert ends[0].clusters == from_nothing(database)
        assert any(len(cluster) > 1 for cluster in ends[0].clusters)
