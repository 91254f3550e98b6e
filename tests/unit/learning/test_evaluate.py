"""Clusters against the truth."""

from __future__ import annotations

from dataclasses import astuple, replace
from pathlib import Path

import pytest

from hub.errors import PayloadError
from hub.learning.evaluate import Quality, Report, evaluate, quality


def test_counts_pairs_and_records() -> None:
    truth = {"1": "a", "2": "a", "3": "a", "4": "b", "5": "c"}
    found = {"1": 7, "2": 7, "3": 8, "4": 8, "5": 9}
    cubed_precision, cubed_recall = (1 + 1 + 0.5 + 0.5 + 1) / 5, (2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5
    cubed_f1 = 2 * cubed_precision * cubed_recall / (cubed_precision + cubed_recall)
    assert astuple(quality(truth, found)) == pytest.approx((1 / 2, 1 / 3, 2 / 5, cubed_f1))


def test_the_truth_itself_is_perfect() -> None:
    truth = {"1": "a", "2": "a", "3": "b"}
    assert quality(truth, truth) == Quality(1.0, 1.0, 1.0, 1.0)


def test_nothing_joined_is_precise_and_finds_nothing() -> None:
    assert astuple(quality({"1": "a", "2": "a"}, {"1": 1, "2": 2})) == pytest.approx((1.0, 0.0, 0.0, 2 / 3))


@pytest.mark.parametrize("train", [False, True])
def test_a_labelled_file_is_read_clustered_and_measured(tmp_path: Path, train: bool) -> None:
    path = tmp_path / "labelled.csv"
    path.write_text(
        "record_id,cluster_id,source,first_name,last_name,email,phone,city,shoe_size\n"
        "1,a,shop,Jörg,Müller,joerg@example.de,,Berlin,\n"
        "2,a,till,Joerg,Mueller,joerg@example.de,030 23125 101,,44\n"
        "3,b,till,Zoe,Klein,,030 23125 199,,\n",
        encoding="utf-8",
    )
    found = evaluate(path, train=train)
    assert replace(found, seconds={}) == Report(
        records=3, clusters=2, pairs=1, review_pairs=0, quality=Quality(1.0, 1.0, 1.0, 1.0), seconds={}
    )
    assert set(found.seconds) == {"read", "features", "block", "score", "cluster"} | ({"train"} if train else set())


def test_a_file_without_labels_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "unlabelled.csv"
    path.write_text("record_id,email\n1,anna@example.de\n", encoding="utf-8")
    with pytest.raises(PayloadError, match="cluster_id"):
        evaluate(path)
