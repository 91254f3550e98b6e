"""``kill -9`` of everything with gigabytes of write-ahead log, and again while it recovers."""

from __future__ import annotations

import os
import signal
import time

import psycopg

from benchmarks.chaos.installation import Sender, Up, installation, wait_for
from hub.store import embedded

GIGABYTES = float(os.environ.get("CHAOS_WAL_GB", "3"))
SECONDS = 600.0


def attack() -> dict[str, object]:
    """Run it; gives what was seen. Raises when a promise was broken."""
    with installation() as up, Sender(up, seed=72) as sender:
        # given a Hub with that much log since its last checkpoint
        up.start()
        wait_for(sender.reached(50), 60, "the first events")
        _fill(up)
        before = len(sender.acknowledged)
        refused = sum(count for status, count in sender.answers.items() if status != 202)
        # when the power goes
        up.ends(signal.SIGKILL)
        up.kill_postgresql()
        began = time.monotonic()
        up.start()
        # and PostgreSQL is killed once more while it recovers
        wait_for(lambda: embedded.is_running(up.data), 60, "the start of PostgreSQL")
        time.sleep(3)
        up.kill_postgresql()
        # then hub up stays, the API says 503, and in the end all is there
        wait_for(lambda: up.status("/health/live") == 200, 60, "the API")
        recovering = up.status() == 503
        wait_for(lambda: up.status() == 200, SECONDS, "the recovery")
        took = time.monotonic() - began
        wait_for(sender.reached(20), 60, "events after it")
        lived, lost = up.lives(), sender.lost()
        code = up.ends(signal.SIGTERM)
        told = up.log.read_text().count("postgres.waiting")
    if not lived or lost or code:
        raise AssertionError(f"hub up lived: {lived}, {lost} events lost or doubled, it ended with {code}")
    return {
        "log to recover, GB": GIGABYTES,
        "ready again after, s": round(took, 1),
        "503 meanwhile": recovering,
        "told of it, lines": told,
        "acknowledged before, in all": f"{before}, {len(sender.acknowledged)}",
        "refused": sum(count for status, count in sender.answers.items() if status != 202) - refused,
        "lost or doubled": lost,
    }


def _fill(up: Up) -> None:
    """Write that much log, without a checkpoint."""
    with psycopg.connect(embedded.url(up.data), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET max_wal_size = '16GB'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE TABLE filler (id bigint, text text)")
        written = 0.0
        while written < GIGABYTES:
            connection.execute(
                "INSERT INTO filler SELECT n, repeat(md5(n::text), 30) FROM generate_series(1, 100000) n"
            )
            row = connection.execute("SELECT pg_current_wal_lsn() - redo_lsn FROM pg_control_checkpoint()").fetchone()
            assert row is not None
            written = float(row[0]) / 1e9
