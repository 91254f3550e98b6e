"""The demo's scene of marketing and sales, without the day around it."""

from __future__ import annotations

from hub.demo import both_ways
from hub.demo.stage import configuration
from hub.sdk.connection import load_connections
from hub.store.database import Database


def test_lena_reads_becomes_a_lead_buys_leaves_and_her_corrected_number_stays(database: Database) -> None:
    written = configuration("https://hub.example.com", "http://127.0.0.1:1", "http://127.0.0.1:1")["connections"]
    day = load_connections({name: (told.pop("connector"), told) for name, told in written.items()}, default_region="DE")
    scene = both_ways.play(database.dsn, day)
    assert scene.broken == []
    assert len(scene.told) == 6
