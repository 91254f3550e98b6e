"""Labelled files: what is taken out of them, and every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.learning.labelled import Labels, unlabelled

HEADER = "record_id,cluster_id,source,first_name,email\n"


def faults(folder: Path, content: str | bytes) -> list[str]:
    path = folder / "labelled.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as raised:
        unlabelled(path, folder / "copy.csv")
    return [fault.removeprefix("labelled.csv: ") for fault in raised.value.faults]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_truth_stays_behind(tmp_path: Path, mark: str, delimiter: str):
    path, copy = tmp_path / "labelled.csv", tmp_path / "copy.csv"
    header = "record_id,cluster_id,source,email,shoe_size,first_name\n"
    rows = ' r1 ,c1,shop,a@example.de,44,"Jörg\nUwe"\n\nr2,c1,,,,Zoë\n'
    path.write_text(mark + (header + rows).replace(",", delimiter), encoding="utf-8")

    assert unlabelled(path, copy) == Labels(
        fields=("first_name", "email"), ignored=("shoe_size",), truth={"r1": "c1", "r2": "c1"}, lines=[2, 5]
    )
    assert copy.read_text(encoding="utf-8") == 'record_id,first_name,email\n r1 ,"Jörg\nUwe",a@example.de\nr2,Zoë,\n'


def test_every_fault_is_named_with_its_line_and_without_its_value(tmp_path: Path):
    right = "r1,c1,shop,Anna,a@example.de\n"
    rows = right + 'r1,c2,,Bert,\nr2,,,Carl,\n,c3,,Dora,\nr4,c4,Emil\nr5,c5,,F"itz",\nr6,c6,,"Gerd,\n'
    assert faults(tmp_path, HEADER + rows) == [
        "line 3: has the record_id of line 2",
        "line 4: has no cluster_id",
        "line 5: has no record_id",
        "line 6: has 3 cells, the header names 5 columns",
        "line 8: cannot be read: unexpected end of data",
    ]


def test_a_quote_that_is_closed_far_below_is_no_cell(tmp_path: Path):
    endless = "x\n" * 50
    assert faults(tmp_path, f'{HEADER}r1,c1,,Anna,"{endless}"\nr2,c1,,Bert,\n') == [
        "line 2: does not end within 50 lines; is a quote missing?"
    ]


def test_many_faults_are_counted(tmp_path: Path):
    found = faults(tmp_path, HEADER + "r1,c1,,,\n" * 40)
    assert (len(found), found[-1]) == (21, "and 19 more faults")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", ["is empty; its first line has to name the columns"]),
        (b"\xef\xbb\xbf\n", ["is empty; its first line has to name the columns"]),
        (HEADER.encode(), ["holds no records"]),
        (HEADER.encode() + "r1,c1,,Jörg,\n".encode("latin-1"), ["line 2: is not UTF-8; save the file as UTF-8"]),
        (HEADER.encode("utf-16"), ["line 1: is not UTF-8; save the file as UTF-8"]),
        (
            b"record,cluster_id,email\n1,1,a@example.de\n",
            ["line 1: there is no column 'record_id'; did you mean 'record'?"],
        ),
        (b"record_id,cluster_id,email,email\n", ["line 1: two columns are called 'email'"]),
    ],
)
def test_a_file_that_cannot_be_worked_with(tmp_path: Path, content: bytes, said: list[str]):
    assert faults(tmp_path, content) == said


def test_a_file_without_people(tmp_path: Path):
    (told,) = faults(tmp_path, "record_id,cluster_id,source\n1,1,shop\n")
    assert told.startswith("line 1: no column tells anything of a person; Hub reads first_name, ")


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"none\.csv: cannot be read: No such file"):
        unlabelled(tmp_path / "none.csv", tmp_path / "copy.csv")
