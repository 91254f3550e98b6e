"""A destination that lost all that was written to it gets all of it again; meanwhile nothing counts as delivered."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from hub.outbox import deliver as sending
from hub.outbox.deliver import Sender, deliver
from hub.sdk.connection import load_connections
from hub.store.database import Database
from tests.support.doubles import at, customer, entry
from tests.support.hubspot import Way


@pytest.mark.parametrize("page", [3, 5_000])
def test_a_file_that_was_taken_away_holds_everybody_again(
    database: Database, tmp_path: Path, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PAGE", page)
    path = tmp_path / "out.csv"
    made = load_connections({"file": ("csv", {"path": str(path)})}, default_region="DE")["file"]
    way = Way(database)
    way.through(made)
    sender = Sender(database, made, way.routes, "here:1:a")
    people = [entry([customer(f"c{n}", emails=[f"k{n}@example.com"])], f"e{n}") for n in range(31)]
    way.take(*people[:26])
    deliver(sender)
    # given two of them that turn out to be one, and one that changed
    way.take(entry([customer("c1", when=at(5), emails=["k0@example.com", "k1@example.com"])], "m1"))
    deliver(sender)
    # when the file is taken away, and only new people come
    path.unlink()
    way.take(*people[26:])
    deliver(sender)
    # then it holds everybody once
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert way.rows() == {"delivered": 30}
    assert sorted(row["email"] for row in rows) == sorted(f"k{n}@example.com" for n in range(31) if n != 1)
    assert len({row["hub_id"] for row in rows}) == 30


def test_a_file_that_cannot_be_written_anew_delivers_nothing(database: Database, tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    made = load_connections({"file": ("csv", {"path": str(tmp_path / "out.csv")})}, default_region="DE")["file"]
    way = Way(database)
    way.through(made)
    way.take(entry([customer("1", emails=["a@example.com"])], "e1"))
    deliver(Sender(database, made, way.routes, "here:1:a"))
    assert way.rows() == {"retrying": 1}
