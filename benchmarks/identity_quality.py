"""``python -m benchmarks.identity_quality [--quick] [--set TEXT …] [--seed N] [--json]``: who is who, set by set.

The product's own way in memory (default rules, weights trained on the set, as ``hub identity evaluate`` does it) on the
public labelled sets, where the shared folder is present, and on every kind of ``people_kinds``. Beside it, in the same
run: Splink on DuckDB with its library's comparisons, and what a careful script does: records that share an exact
e-mail, phone or id are one unless their first names differ.

The second table is the calibration: of the pairs that were compared, by their bits, how many are one person.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.identity_splink import clusters_of
from benchmarks.people_kinds import COLUMNS, KINDS, RECORDS_OF, Row
from hub.learning.evaluate import Labelled, Quality, in_memory, labelled, quality, state_of
from hub.mapping.name import fold
from hub.matching.everybody import components
from hub.matching.features import features_of
from hub.matching.rules import IdentityRules
from hub.matching.weights import Model

PUBLIC = ("omni_public", "febrl1", "febrl3", "fake_1000", "senzing_truthset")
STEP = 2
"""Width in bits of a bucket of the calibration table."""

_LOWEST, _HIGHEST = -6, 14
_HEADS = (
    "set", "records", "people", "precision", "recall", "F1", "B-cubed", "reviews (true)", "pairs a record", "CPU s",
    "Splink P · R · F1", "keys, name guard P · R · F1",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """One set. ``true_reviews``: of the pairs left to a person, those that are one.

    ``calibration``: bits, pairs of so many, and those of them that are one person.
    """

    name: str
    records: int
    people: int
    hub: Quality
    reviews: int
    true_reviews: int
    pairs_per_record: float
    seconds: float
    calibration: Sequence[tuple[int, int, int]]
    splink: Quality | None
    keys: Quality


def measured(name: str, path: Path, *, peers: bool = True) -> Measured:
    """Resolve one labelled file in memory, and let the peers do it."""
    rows, rules = list(labelled(path)), IdentityRules()
    truth = {row.record_id: row.cluster_id for row in rows}
    began = time.process_time()
    people = {row.record_id: features_of(state_of(row.snapshot), rules) for row in rows}
    found = in_memory(people, Model(), rules, train=True)
    seconds = time.process_time() - began
    place = {one: number for number, group in enumerate(found.clusters.groups) for one in group}
    asked = found.reviews
    with path.open(encoding="utf-8", newline="") as file:
        plain = list(csv.DictReader(file))
    return Measured(
        name=name,
        records=len(rows),
        people=len(set(truth.values())),
        hub=quality(truth, place),
        reviews=len(asked),
        true_reviews=sum(truth[one] == truth[other] for one, other, _ in asked),
        pairs_per_record=len(found.scores) / len(rows),
        seconds=seconds,
        calibration=_calibration(truth, {pair: scored.weight for pair, scored in found.scores.items()}),
        splink=_splink(plain, truth) if peers else None,
        keys=quality(truth, _by_keys(rows)),
    )


def _calibration(truth: Mapping[str, str], scores: Mapping[tuple[str, str], float]) -> list[tuple[int, int, int]]:
    pairs: Counter[int] = Counter()
    true: Counter[int] = Counter()
    for (one, other), weight in scores.items():
        bits = int(max(_LOWEST, min(_HIGHEST, weight)) // STEP * STEP)
        pairs[bits] += 1
        true[bits] += truth[one] == truth[other]
    return [(bits, pairs[bits], true[bits]) for bits in sorted(pairs)]


def _by_keys(rows: Sequence[Labelled]) -> dict[str, int]:
    """Records that share an e-mail, phone or id are one, unless their first names differ."""
    carriers: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        one = row.snapshot
        for point in (*one.emails, *one.phones):
            if point.usable:
                carriers["contact", point.value].append(number)
        for value in (*one.loyalty_ids, one.national_id):
            if value:
                carriers["id", value].append(number)
    first = [fold(row.snapshot.name.first or "") if row.snapshot.name else "" for row in rows]
    ties = [
        (one, other)
        for members in carriers.values()
        for one in members[:1]
        for other in members[1:]
        if not first[one] or not first[other] or first[one] == first[other]
    ]
    place = {row.record_id: -number - 1 for number, row in enumerate(rows)}
    for number, group in enumerate(components(len(rows), ties)):
        place |= {rows[one].record_id: number for one in group}
    return place


def _splink(rows: Sequence[Row], truth: Mapping[str, str]) -> Quality | None:
    """None where Splink cannot train on the set, which it says with an error of its own."""
    try:
        return quality(truth, clusters_of(rows))
    except Exception as error:
        print(f"  Splink: {type(error).__name__}", file=sys.stderr)
        return None


def _sets(wanted: Sequence[str], *, quick: bool, seed: int, folder: Path) -> Iterator[tuple[str, Path]]:
    shared = Path(os.environ.get("HUB_SHARED", Path(__file__).parents[2] / "shared")) / "identity"
    for name in PUBLIC:
        if _is_wanted(name, wanted) and (path := shared / f"{name}.csv").is_file():
            yield name, path
    for number, (name, kind) in enumerate(KINDS.items()):
        if not _is_wanted(name, wanted):
            continue
        path = folder / f"{number}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.DictWriter(file, COLUMNS, restval="")
            out.writeheader()
            out.writerows(kind((600 if quick else 2_400) // RECORDS_OF.get(name, 2), seed))
        yield name, path


def _is_wanted(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(text in name for text in wanted)


def _table(found: Iterable[Measured]) -> str:
    lines = [
        f"| {' | '.join(_HEADS)} |",
        f"|{'---|' * len(_HEADS)}",
    ]
    for one in found:
        hub = one.hub
        lines.append(
            f"| {one.name} | {one.records:,} | {one.people:,} | {hub.precision:.4f} | {hub.recall:.4f} | {hub.f1:.4f} "
            f"| {hub.b_cubed_f1:.4f} | {one.reviews} ({one.true_reviews}) | {one.pairs_per_record:.1f} "
            f"| {one.seconds:.1f} | {_short(one.splink)} | {_short(one.keys)} |"
        )
    return "\n".join(lines)


def _short(found: Quality | None) -> str:
    return f"{found.precision:.3f} · {found.recall:.3f} · {found.f1:.3f}" if found else "cannot train"


def _calibrated(found: Sequence[Measured]) -> str:
    marks = range(_LOWEST // STEP * STEP, _HIGHEST + 1, STEP)
    lines = [f"| set | {' | '.join(f'{bits} to {bits + STEP}' for bits in marks)} |", "|---|" + "---|" * len(marks)]
    for one in found:
        by_bits = {bits: (pairs, true) for bits, pairs, true in one.calibration}
        cells = [f"{by_bits[bits][1] / by_bits[bits][0]:.2f} of {by_bits[bits][0]}" if bits in by_bits else ""
                 for bits in marks]  # fmt: skip
        lines.append(f"| {one.name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, and print both tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity_quality", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="sets of a quarter of the size")
    parser.add_argument("--set", dest="sets", action="append", default=[], help="part of a set's name; may be repeated")
    parser.add_argument("--seed", type=int, default=11, help="of the generated sets (default 11; tests use 23)")
    parser.add_argument("--no-peers", action="store_true", help="Hub alone")
    parser.add_argument("--json", action="store_true", help="all figures as JSON")
    options = parser.parse_args()
    found: list[Measured] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, path in _sets(options.sets, quick=options.quick, seed=options.seed, folder=Path(folder)):
            print(f"{name} …", file=sys.stderr, flush=True)
            found.append(measured(name, path, peers=not options.no_peers))
    if options.json:
        told: list[dict[str, Any]] = [asdict(one) for one in found]
        print(json.dumps(told, indent=1))
    else:
        print(_table(found), _calibrated(found), sep="\n\n")


if __name__ == "__main__":
    main()
