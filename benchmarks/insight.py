"""What working everybody out takes, and what traits cost a batch. ``python -m benchmarks.insight --customers N``.

Invented customers, five orders each on the mean, written by SQL into a PostgreSQL of its own; then ``hub insight run``
as the scheduler calls it: orders folded anew, a fit, every stage and value, segments and what is written of it all.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from benchmarks.machine import describe
from benchmarks.server import postgres
from hub import metrics
from hub.application import insight
from hub.application.process import Processing, process_batch
from hub.matching.rules import IdentityRules
from hub.model.event import CanonicalEvent, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.order import Order
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import migrate
from hub.store.database import Database
from tests.support.doubles import customer, entry, source, store

FILL = """
    CREATE TEMP TABLE made AS
        SELECT gen_random_uuid() AS profile_id, gen_random_uuid() AS record_id, number,
            (-ln(random()) * 0.02 + 0.002) AS rate, now() - random() * interval '3 years' AS came,
            1 + floor(-ln(random()) / 0.22)::int AS many
        FROM generate_series(1, %(customers)s) AS number;
    INSERT INTO record (id, connection, kind, external_id, profile_id, state, features, first_seen)
        SELECT record_id, 'shop', 'customer', number::text, profile_id, '{}', '', came FROM made;
    INSERT INTO profile (id, version, golden, search, created_at, updated_at, suppressed, order_count, revenue)
        SELECT profile_id, 1, '{"orders":{"count":' || many || ',"totals":[{"amount":"20.00","currency":"EUR"}]},'
            '"records":[{"connection":"shop","kind":"customer","external_id":"' || number || '"}]}',
            '', came, came, false, many, 20 FROM made;
    INSERT INTO fact (id, connection, kind, external_id, record_id, happened_at, version_at, received_at, amount,
            currency, counted, payload, inbox_id, record_version_at, record_received_at)
        SELECT gen_random_uuid(), 'shop', 'order', number || '-' || place, record_id, at, at, at,
            round((10 + 40 * random())::numeric, 2), 'EUR', true, '{}', 0, at, at
        FROM made, generate_series(1, many) AS place,
            LATERAL (SELECT least(now(), came + place * (1 / rate) * random() * interval '1 day') AS at) AS moment
"""
BATCHES, BATCH = 6, 500


def main() -> int:
    """Print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    customers = parser.parse_args().customers
    print(describe())
    with shop(FILL, customers) as processing:
        with processing.database.session() as session:
            [(orders,)] = session.rows("SELECT count(*) FROM fact")
        for name, fit in (("first run", None), ("again", False), ("refit", True)):
            began = time.process_time()
            done = insight.run(processing, fit=fit)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{name}: {done.profiles} customers, {orders} orders: {done.seconds:.1f} s "
                f"({time.process_time() - began:.1f} s of this process's CPU), "
                f"{done.changed} changed, {memory:.0f} MB at most"
            )
        print(f"of a batch of {BATCH}: {100 * _share(processing):.1f} % for traits")
    return 0


@contextmanager
def shop(fill: str, customers: int) -> Iterator[Processing]:
    """A shop on a PostgreSQL of its own, with what the statements of ``fill`` invent for so many customers."""
    with postgres() as server:
        dsn = server.database("insight")
        migrate.migrate(dsn)
        database = Database(dsn, size=4)
        database.open()
        with database.session() as session:
            for statement in fill.split(";\n"):
                session.run(statement.replace("%(customers)s", str(customers)))
        with database.session() as session:
            session.run("ANALYZE")
        yield Processing(database, {"shop": source("shop")}, (), IdentityRules(), SurvivorshipRules())
        database.close()


def _share(processing: Processing) -> float:
    """The share of the time of batches, half of known buyers and half of new ones, that traits take."""
    start = datetime.now(UTC) - timedelta(days=3)
    for number in range(BATCHES):
        entries = []
        for place in range(BATCH):
            who = str(place + 1) if place % 2 else f"new-{number}-{place}"
            order = Order(
                external_id=f"b{number}-{place}", state="paid", placed_at=start, currency="EUR", total=Decimal(20)
            )
            key = RecordKey(kind="customer", external_id=who)
            told = customer(who, when=start, name=("Anna", f"Berg{who}"), emails=[f"a{who}@example.com"])
            events: list[CanonicalEvent] = [told, OrderEvent(occurred_at=start, record=key, order=order)]
            entries.append(entry(events, f"e{number}-{place}", received_at=start))
        store(processing.database, entries)
    _seconds()
    began, before = time.perf_counter(), _seconds()
    while process_batch(processing).entries:
        pass
    return (_seconds() - before) / (time.perf_counter() - began)


def _seconds() -> float:
    return sum(
        sample.value
        for family in metrics.STAGE_SECONDS.collect()
        for sample in family.samples
        if sample.name.endswith("_sum") and sample.labels.get("stage") == "insight"
    )


if __name__ == "__main__":
    raise SystemExit(main())
