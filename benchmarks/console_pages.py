"""How long the console's pages take to their first byte: ``python -m benchmarks.console_pages --customers 100000``.

Invented people with orders, stages, open questions and rows that wait to go out are written by SQL; one ``hub api``
serves every page to one reader. The baseline is the same Hub with a hundredth of them, in the same run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

import httpx
import psycopg

from benchmarks.console import signed_in
from benchmarks.figures import Figure, reached, table
from benchmarks.hub_side import Hub, hub
from benchmarks.machine import describe
from benchmarks.server import Postgres, postgres

TARGET = 100.0
"""Milliseconds to the first byte."""

ROUNDS = 15
FILL = """
    CREATE TEMP TABLE made AS
        SELECT gen_random_uuid() AS profile_id, gen_random_uuid() AS record_id, number,
            'vorname' || number % 977 AS first, 'nachname' || number % 9973 AS last,
            (-ln(random()) * 0.02 + 0.002) AS rate, now() - random() * interval '3 years' AS came,
            1 + floor(-ln(random()) / 0.22)::int AS many
        FROM generate_series(1, %(customers)s) AS number;
    INSERT INTO record (id, connection, kind, external_id, profile_id, state, features, first_seen)
        SELECT record_id, 'shop', 'customer', number::text, profile_id, '{}', '', came FROM made;
    INSERT INTO profile (id, version, golden, search, created_at, updated_at, suppressed, order_count, revenue)
        SELECT profile_id, 1, json_build_object('name', json_build_object('first', first, 'last', last),
                'emails', json_build_array(last || number || '@example.com'),
                'orders', json_build_object('count', many, 'totals',
                    json_build_array(json_build_object('amount', '20.00', 'currency', 'EUR'))),
                'records', json_build_array(
                    json_build_object('connection', 'shop', 'kind', 'customer', 'external_id', number::text)))::text,
            first || ' ' || last || ' ' || last || number || '@example.com', came, came, false, many, 20 FROM made;
    INSERT INTO fact (id, connection, kind, external_id, record_id, happened_at, version_at, received_at, amount,
            currency, counted, payload, inbox_id, record_version_at, record_received_at)
        SELECT gen_random_uuid(), 'shop', 'order', number || '-' || place, record_id, at, at, at,
            round((10 + 40 * random())::numeric, 2), 'EUR', true, '{}', 0, at, at
        FROM made, generate_series(1, many) AS place,
            LATERAL (SELECT least(now(), came + place * (1 / rate) * random() * interval '1 day') AS at) AS moment;
    INSERT INTO inbox (connection, event_id, topic, headers, body, received_at)
        SELECT 'shop', number::text, 'orders/create', '{}', '{}', now() - (made.number % 86400) * interval '1 second'
        FROM made ORDER BY number % 86400 DESC;
    DELETE FROM inbox_queue WHERE inbox_id % 50 <> 0;
    INSERT INTO outbox (destination, key, subject, profile_id, version, state, reason, due_at, enqueued_at,
            updated_at, events)
        SELECT 'crm', gen_random_uuid(), CASE WHEN place = 1 THEN 'profile' ELSE 'order' END, profile_id, 1,
            CASE WHEN (number + place) % 20 = 0 THEN 'dead' WHEN number % 3 = 0 THEN 'delivered' ELSE 'pending' END,
            'busy', now() + interval '1 day', now(), now(), '{}'
        FROM made, generate_series(1, 5) AS place;
    INSERT INTO attempt (destination, key, version, at, outcome, reason, events)
        SELECT 'crm', profile_id, 1, now() - (number % 86400) * interval '1 second',
            CASE WHEN number % 50 = 0 THEN 'retrying' ELSE 'delivered' END, 'busy', '{}'
        FROM made ORDER BY number % 86400 DESC
"""
PAGES = (
    "today", "events", "events?q=orders%2Fcreate", "people", "people?q=nachname77", "people/{person}",
    "people/{person}/timeline", "people/{person}/orders", "people/{person}/consents", "people/{person}/identity",
    "people/{person}/there", "review", "connections", "connections/shop", "connections/crm", "delivery",
    "delivery?state=dead", "rules", "insight", "insight/measures/life-cycle", "insight/measures/segments",
    "insight/measures/rfm", "insight/stages/loyal", "settings",
)  # fmt: skip


def served(server: Postgres, customers: int) -> dict[str, list[float]]:
    """Milliseconds to the first byte of each page, one number a round."""
    with hub(server, f"pages_{customers}") as it:
        with psycopg.connect(it.database_url) as connection:
            for statement in FILL.split(";\n"):
                connection.execute(statement.replace("%(customers)s", str(customers)).encode())
        with psycopg.connect(it.database_url, autocommit=True) as connection:
            connection.execute(b"VACUUM ANALYZE")
        it.command("insight", "run")
        with it.api() as (port, _):
            return _read(it, port, signed_in(it, port))


def _read(it: Hub, port: int, cookie: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {page: [] for page in PAGES}
    with psycopg.connect(it.database_url) as connection:
        row = connection.execute(b"SELECT id FROM profile ORDER BY order_count DESC LIMIT 1").fetchone()
    assert row
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/console/", trust_env=False, timeout=60.0) as client:
        client.cookies.set("hub_session", cookie)
        for _ in range(ROUNDS + 1):
            for page in PAGES:
                began = time.perf_counter()
                with client.stream("GET", page.format(person=row[0])) as answer:
                    found[page].append(1_000 * (time.perf_counter() - began) if answer.status_code == 200 else -1.0)
    return {page: took[1:] for page, took in found.items()}  # the first of each loads what it needs


def main() -> int:
    """Measure, and print a table; 1 when a page is slower than the target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console_pages", description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    customers = parser.parse_args().customers
    with postgres() as server:
        few = served(server, max(10, customers // 100))
        many = served(server, customers)
    figures = []
    for page in PAGES:
        failures = sum(took < 0 for took in many[page] + few[page])
        median, beside = statistics.median(many[page]), statistics.median(few[page])
        figures.append(
            Figure(
                "console", page, "ms", [min(many[page]), median, max(many[page])], failures,
                f"{beside:.0f} ms with a hundredth",
                median / beside, f"<= {TARGET:.0f} ms", reached(median, "<=", TARGET, failures),
            )
        )  # fmt: skip
    print(" · ".join(f"{name}: {value}" for name, value in describe().items()))
    print(table(figures))
    return 0 if all(figure.met is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
