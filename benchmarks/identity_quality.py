"""``python -m benchmarks.identity_quality [--quick] [--set NAME …]``: how right identity is, on every kind of people.

All sets in one run and one process: the public ones and one of each of ``benchmarks.kinds``, beside Splink (without
labels, at .95) and beside keys with a name guard. The second table tells what bits mean: of the pairs of records with
so many bits, the share that is one person; a merge should be right in 99 of 100, a question in 30 to 95 of 100. The
third tells where true pairs of records were lost.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from benchmarks import identity_keys, identity_splink, kinds
from benchmarks.identity_hub import Bucket, Measured, measured
from benchmarks.labelled_people import LabelledSet, loaded, names
from benchmarks.machine import describe
from hub.learning.evaluate import Quality, quality

PEERS: Mapping[str, Callable[[Mapping[str, Mapping[str, str]]], Mapping[str, Any]]] = {
    "splink": identity_splink.clustered,
    "keys": identity_keys.clusters,
}
EDGES = (-4, -2, 0, 2, 4, 6, 8, 10, 12)
"""Bits at which the columns of the printed calibration begin; by single bits it is in the JSON."""


def main() -> int:
    arguments = _arguments()
    peers = {} if arguments.alone else PEERS
    found: list[Measured] = []
    for name in arguments.sets or names():
        print(f"{name} …", file=sys.stderr, flush=True)
        labelled = loaded(name, seed=arguments.seed, quick=arguments.quick)
        found.append(measured(labelled))
        found[-1].peers.update({peer: _peer(cluster, labelled) for peer, cluster in peers.items()})
        gc.collect()
    if arguments.json:
        print(json.dumps(document(found, seed=arguments.seed, quick=arguments.quick), indent=1))
    else:
        print(" · ".join(f"{name}: {value}" for name, value in describe().items()), f"· seed: {arguments.seed}\n")
        print(quality_table(found), calibration_table(found), lost_table(found), sep="\n\n")
    if arguments.save:
        with open(arguments.save, "w", encoding="utf-8") as file:  # noqa: PTH123
            json.dump(document(found, seed=arguments.seed, quick=arguments.quick), file, indent=1)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity_quality", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="800 records of each kind, a quarter of the public sets")
    parser.add_argument("--set", action="append", dest="sets", choices=names(), metavar="NAME", help=", ".join(names()))
    parser.add_argument(
        "--seed", type=int, default=kinds.TUNING, help=f"{kinds.TUNING}: to tune; {kinds.TEST}: to test"
    )
    parser.add_argument("--alone", action="store_true", help="without the peers")
    parser.add_argument("--json", action="store_true", help="print JSON, the calibration by single bits")
    parser.add_argument("--save", metavar="FILE", help="write that JSON to a file beside the table")
    return parser.parse_args()


def _peer(cluster: Callable[[Mapping[str, Mapping[str, str]]], Mapping[str, Any]], labelled: LabelledSet) -> Any:
    began = time.perf_counter()
    try:
        told = quality(labelled.truth, cluster(labelled.plain))
    except Exception as error:  # what a peer cannot do is a result
        print(f"  {cluster.__module__}: {type(error).__name__}: {error}", file=sys.stderr)
        return None
    return {**asdict(told), "seconds": time.perf_counter() - began}


def document(found: Iterable[Measured], *, seed: int, quick: bool) -> dict[str, Any]:
    """Everything as JSON; of the sets by name."""
    return {"machine": describe(), "seed": seed, "quick": quick, "sets": {each.name: asdict(each) for each in found}}


# -- tables -----------------------------------------------------------------------------------------------------------


def quality_table(found: Sequence[Measured]) -> str:
    """Markdown: one line a set."""
    peers = [peer for peer in PEERS if any(peer in each.peers for each in found)]
    columns = ["set", "records", "people", "P", "R", "F1", "B³ F1", "wrong clusters", "reviews", "of them true"]
    lines = [
        [
            each.name, f"{each.records:,}", f"{each.people:,}", *_shares(each.quality),
            f"{each.quality.b_cubed_f1:.3f}", str(each.wrong),
            f"{each.reviews:,}", _share(each.reviews_true, each.reviews),
            f"{each.pairs / each.records:.2f}", f"{sum(each.seconds.values()):.1f}",
            *(_told(each.peers.get(peer)) for peer in peers),
        ]
        for each in found
    ]  # fmt: skip
    return _markdown([*columns, "pairs a record", "s", *(f"{peer} P/R/F1" for peer in peers)], lines)


def calibration_table(found: Sequence[Measured]) -> str:
    """Markdown: of the scored pairs by bits, the share that is one person and how many there are."""
    heads = [f"< {EDGES[0]}", *(f"{low} to {high}" for low, high in pairwise(EDGES))]
    lines = []
    for each in found:
        bits = _by_edge(each.calibration)
        lines.append([each.name, *map(_rate, (*bits, each.asked, each.merged))])
    return _markdown(["pairs true by bits", *heads, f"≥ {EDGES[-1]}", "asked", "merged"], lines)


def lost_table(found: Sequence[Measured]) -> str:
    """Markdown: of the true pairs, the share not found by where it was lost, and what keys could reach at all."""
    lines = [
        [
            each.name, f"{each.true_pairs:,}", f"{each.reachable:.3f}",
            *(_share(count, each.true_pairs) for count in each.lost.values()),
        ]
        for each in found
    ]  # fmt: skip
    places = list(found[0].lost) if found else []
    return _markdown(["true pairs lost", "pairs", "recall that keys allow", *places], lines)


def _by_edge(buckets: Iterable[Bucket]) -> list[Bucket]:
    counted: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for bucket in buckets:
        edge = sum(bucket.since >= low for low in EDGES)
        counted[edge][0] += bucket.pairs
        counted[edge][1] += bucket.true
    return [Bucket(edge, *counted[edge]) for edge in range(len(EDGES) + 1)]


def _rate(bucket: Bucket) -> str:
    return f"{bucket.true / bucket.pairs:.3f} ({bucket.pairs:,})" if bucket.pairs else "–"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "–"


def _shares(told: Quality) -> tuple[str, ...]:
    return tuple(f"{each:.3f}" for each in (told.precision, told.recall, told.f1))


def _told(peer: Mapping[str, float] | None) -> str:
    return "/".join(f"{peer[name]:.3f}" for name in ("precision", "recall", "f1")) if peer else "–"


def _markdown(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [columns, ["---"] * len(columns), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
