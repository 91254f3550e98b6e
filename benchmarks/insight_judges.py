"""Insight beside published data that is not ours to ship: ``python -m benchmarks.insight_judges --lifetimes FOLDER``.

FOLDER is the unpacked wheel of PyPI ``lifetimes`` 0.11.3 (``pip download --no-deps lifetimes``; MIT), of which only
CDNOW's orders are read. Prints how the calibrated forecast does beside the best rule of fixed days and recency.
With ``--paths FILE`` (``Data.csv`` of DavideAltomare/ChannelAttribution, GPL-3) also what every attribution model says.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from datetime import date
from pathlib import Path

from hub.insight import calibrate, rhythm
from hub.insight.attribution import MODELS, Journey, removal_effects
from hub.insight.customers import Customers, customers

_EPOCH = date(1970, 1, 1)
HORIZONS = (91, 182)


def cdnow(folder: Path) -> Customers:
    """All 23,570 customers with their order days."""
    by_day: defaultdict[str, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
    for line in (folder / "lifetimes/datasets/CDNOW_master.txt").read_text().splitlines()[1:]:
        customer, day, _, amount = line.split()
        on = (date(int(day[:4]), int(day[4:6]), int(day[6:])) - _EPOCH).days
        by_day[customer][on] += float(amount)
    days = [sorted(one) for one in by_day.values()]
    nets = [[one[day] for day in sorted(one)] for one in by_day.values()]
    return customers(days, nets, max(one[-1] for one in days))


def paths(file: Path) -> list[Journey]:
    """The 10,000 paths."""
    with file.open(encoding="utf-8") as lines:
        return [
            Journey(
                tuple(channel.strip() for channel in row["path"].split(">")),
                orders=float(row["total_conversions"]),
                value=float(row["total_conversion_value"]),
                lost=float(row["total_null"]),
            )
            for row in csv.DictReader(lines, delimiter=";")
        ]


def main() -> None:
    """Print what they say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lifetimes", type=Path, required=True)
    parser.add_argument("--paths", type=Path)
    arguments = parser.parse_args()
    held = cdnow(arguments.lifetimes)
    print(f"CDNOW: {len(held.counts)} customers, {rhythm.fit(*rhythm.grouped(held.x, held.tx, held.t))}")
    for horizon in HORIZONS:
        found = calibrate.measure(held, horizon)
        assert found is not None
        print(
            f"{horizon} days: Brier {found.brier:.4f}, best fixed days ({found.rule_days}) {found.brier_rule:.4f}, "
            f"{100 * (1 - found.brier / found.brier_rule):.1f} % lower; "
            f"AUC {found.auc:.3f}, "
            f"rule {found.auc_rule:.3f}, recency {found.auc_recency:.3f}"
        )
    if arguments.paths:
        journeys = paths(arguments.paths)
        whole, effects = removal_effects(journeys)
        gone = sorted((round(one, 3) for one in effects.values()), reverse=True)
        print(f"conversion {whole:.5f}, removal effects {gone}")
        for name, share in MODELS.items():
            orders = sorted(share(journeys)[0].items(), key=lambda one: -one[1])
            print(f"{name}: {', '.join(f'{channel} {number:.1f}' for channel, number in orders)}")


if __name__ == "__main__":
    main()
