"""Lead scores on invented leads, and how fast recommendations are. ``python -m benchmarks.insight_offers``.

The leads buy by a law that is written down (``tests/unit/insight/leads_of_a_shop.py``); the fit is asked of others that
it never saw, beside the table of points. The shop has 5,000 customers with five orders of three lines each.
"""

from __future__ import annotations

import argparse
import time
from uuid import UUID

import numpy as np

from benchmarks.insight import shop
from benchmarks.machine import describe
from hub.application import insight
from hub.application.recommend import recommended
from hub.insight import logistic
from hub.insight.lead_model import LeadModel, fit, off
from hub.insight.leads import columns, labelled
from hub.store.database import Database
from tests.unit.insight.leads_of_a_shop import NOW, leads

FILL = """
    CREATE TEMP TABLE made AS
        SELECT gen_random_uuid() AS profile_id, gen_random_uuid() AS record_id, number
        FROM generate_series(1, %(customers)s) AS number;
    INSERT INTO record (id, connection, kind, external_id, profile_id, state, features, first_seen)
        SELECT record_id, 'shop', 'customer', number::text, profile_id, '{}', '', now() FROM made;
    INSERT INTO profile (id, version, golden, search, created_at, updated_at, suppressed, order_count, revenue)
        SELECT profile_id, 1, '{"orders":{"count":5},"records":[{"connection":"shop","kind":"customer","external_id":"'
            || number || '"}]}', '', now(), now(), false, 5, 20 FROM made;
    INSERT INTO fact (id, connection, kind, external_id, record_id, happened_at, version_at, received_at, amount,
            currency, counted, payload, inbox_id, record_version_at, record_received_at)
        SELECT gen_random_uuid(), 'shop', 'order', number || '-' || place, record_id, at, at, at, 20, 'EUR', true,
            json_build_object('lines', (SELECT json_agg(json_build_object('product', json_build_object('name',
                'Item ' || floor(random() * random() * 300 + 0 * line * number * place)), 'quantity', '1',
                'unit_price', '9.00')) FROM generate_series(1, 3) AS line))::text, 0, at, at
        FROM made, generate_series(1, 5) AS place,
            LATERAL (SELECT now() - place * 60 * random() * interval '1 day' AS at) AS moment
"""


def scores() -> None:
    """AUC, Brier and how far chances are off, by the number of people with an outcome."""
    unseen = leads(3_000, seed=99)
    past = labelled(unseen, NOW, 90.0)
    told = columns([unseen[place] for place in past.who], past.moments.tolist())
    points = LeadModel()
    print(f"table of points: AUC {logistic.auc(points.bits(told), past.won):.3f}")
    for size in (100, 300, 1_000, 3_000):
        began = time.perf_counter()
        model = fit(leads(size), NOW)
        seconds, chance = time.perf_counter() - began, model.chance(told)
        print(
            f"{size} people: AUC {logistic.auc(chance, past.won):.3f}, Brier {logistic.brier(chance, past.won):.4f}, "
            f"off by {off(chance, past.won):.3f}, own outcomes weigh {100 * model.share:.0f} %, {seconds:.1f} s"
        )


def offers(customers: int, calls: int) -> None:
    """Milliseconds of one answer, without HTTP."""
    with shop(FILL, customers) as processing:
        done = insight.run(processing, fit=True)
        print(f"{done.profiles} customers worked out, products paired, in {done.seconds:.1f} s")
        with processing.database.session() as session:
            ids = [row[0] for row in session.rows("SELECT id FROM profile ORDER BY id LIMIT %s", [calls])]
        _timed("recommended()", [_one(processing.database, one) for one in ids])


def _one(database: Database, profile: UUID) -> float:
    began = time.perf_counter()
    with database.session() as session:
        recommended(session, profile, 5)
    return (time.perf_counter() - began) * 1000


def _timed(name: str, took: list[float]) -> None:
    p50, p99 = np.percentile(took, [50, 99])
    print(f"{name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms of {len(took)} calls")


def main() -> int:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=5_000)
    parser.add_argument("--calls", type=int, default=1_000)
    given = parser.parse_args()
    print(describe())
    scores()
    offers(given.customers, given.calls)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
