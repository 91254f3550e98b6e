"""Calls at the CRM for a bulk load: customers of a csv file, backfilled, merged and delivered."""

from __future__ import annotations

import csv
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, reached
from benchmarks.hub_side import hub
from benchmarks.options import Options
from benchmarks.payloads import person
from benchmarks.server import Postgres

TARGET = 90
SEED = 5


def measure(server: Postgres, options: Options) -> list[Figure]:
    """Changed profiles per call: of all calls, and without those that make the custom properties, once per account."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-csv-") as folder:
        file = Path(folder) / "customers.csv"
        _write(file, options.customers)
        with hub(server, "crm_calls", csv=file, strict=True) as it:
            began = time.time()
            with it.worker():
                it.command("backfill", "old-crm")
                it.wait_processed()
                done = it.wait_delivered()
            crm = it.crm()
            profiles = it.one("SELECT count(*) FROM profile")
            delivered = it.one("SELECT count(*) FROM outbox WHERE state = 'delivered'")
            calls: dict[str, int] = crm["by_endpoint"]
    setting_up = sum(count for endpoint, count in calls.items() if "/properties/" in endpoint)
    failures = abs(profiles - crm["contacts"]) + abs(profiles - delivered) + crm["duplicates"]
    every = delivered / max(1, crm["calls"])
    return [
        Figure(
            "crm calls",
            f"changed profiles per CRM call, bulk load of {options.customers:,}, all calls",
            "profiles/call",
            [every],
            failures,
            target=f">= {TARGET} profiles per call",
            met=reached(every, ">=", TARGET, failures),
            details={
                "profiles": profiles,
                "contacts": crm["contacts"],
                "by_endpoint": calls,
                "setting_up_calls": setting_up,
                "seconds": done - began,
            },
        ),
        Figure(
            "crm calls",
            f"the same without the {setting_up} calls that set a new account up once",
            "profiles/call",
            [delivered / max(1, crm["calls"] - setting_up)],
            failures,
        ),
    ]


def _write(file: Path, customers: int) -> None:
    with file.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(("external_id", "email", "first_name", "last_name", "phone", "street", "postal_code", "city"))
        for number in range(customers):
            one = person(number, seed=SEED)
            rows.writerow(
                (one.number, one.email, one.first, one.last, one.phone or "", one.street, one.postal_code, one.city)
            )
