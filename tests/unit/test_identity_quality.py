"""The command that measures identity: what it counts, on a few records that can be counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import identity_keys
from benchmarks.identity_hub import measured
from benchmarks.identity_quality import calibration_table, document, lost_table, quality_table
from benchmarks.kinds import KINDS
from benchmarks.labelled_people import LabelledSet, names, read

FEW = """record_id,cluster_id,source,first_name,last_name,email,phone,birth_date,postal_code,city
1,a,shop,Jörg,Müller,joerg@post.example.de,+4915000000101,1980-02-01,10117,Berlin
2,a,till,Joerg,Mueller,joerg@post.example.de,,,10117,Berlin
3,a,till,Jörg,Müller,,,,,Berlin
4,b,shop,Anna,Müller,joerg@post.example.de,,1981-03-04,10117,Berlin
5,c,shop,Zoë,Klein,zoe@post.example.de,+4915000000102,,80331,München
"""


@pytest.fixture
def few(tmp_path: Path) -> LabelledSet:
    path = tmp_path / "few.csv"
    path.write_text(FEW, encoding="utf-8")
    return read("few", path)


def test_peers_get_what_the_connector_read(few: LabelledSet) -> None:
    assert few.plain["1"]["first_name"] == few.plain["2"]["first_name"] == "joerg"
    assert few.plain["1"]["phone"] == "+4915000000101"
    assert few.truth == {"1": "a", "2": "a", "3": "a", "4": "b", "5": "c"}


def test_dates_that_hub_does_not_read_reach_the_peers_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("record_id,cluster_id,last_name,birth_date\n1,a,Klein,1850-02-30\n", encoding="utf-8")
    assert read("old", path).plain["1"]["birth_date"] == "1850-02-30"


def test_pairs_reviews_and_losses_add_up(few: LabelledSet) -> None:
    found = measured(few)
    assert (found.records, found.people, found.true_pairs) == (5, 3, 3)
    assert sum(bucket.pairs for bucket in found.calibration) == found.pairs
    assert sum(bucket.true for bucket in found.calibration) <= found.true_pairs
    assert found.true_pairs - sum(found.lost.values()) == round(found.quality.recall * found.true_pairs)
    assert found.reviews_true <= found.reviews
    assert found.quality.recall <= found.reachable <= 1


def test_keys_join_what_shares_a_mailbox_unless_first_names_differ(few: LabelledSet) -> None:
    place = identity_keys.clusters(few.plain)
    assert place["1"] == place["2"] != place["4"]
    assert len(set(place.values())) == 4


def test_the_tables_have_a_line_a_set_and_the_json_says_the_same(few: LabelledSet) -> None:
    found = measured(few)
    found.peers["keys"] = {"precision": 1.0, "recall": 0.333, "f1": 0.5}
    table = quality_table([found])
    assert "| few | 5 | 3 |" in table
    assert "1.000/0.333/0.500" in table
    assert len({len(line.split("|")) for line in table.splitlines()}) == 1
    assert "| few |" in calibration_table([found])
    assert "| few | 3 |" in lost_table([found])
    assert document([found], seed=1, quick=False)["sets"]["few"]["records"] == 5


def test_every_kind_is_a_set() -> None:
    assert set(KINDS) <= set(names())
