"""``python -m benchmarks.run [--quick] [NAME …]``: measure, print one table, write it to ``benchmarks/results/``."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import crm_calls, end_to_end, intake, memory
from benchmarks.figures import Figure, table
from benchmarks.machine import describe
from benchmarks.node_red import PEERS
from benchmarks.options import FULL, QUICK, Options
from benchmarks.processes import ROOT
from benchmarks.server import Postgres, postgres

BENCHMARKS: dict[str, Callable[[Postgres, Options], list[Figure]]] = {
    "intake": intake.measure,
    "end_to_end": end_to_end.measure,
    "crm_calls": crm_calls.measure,
    "memory": memory.measure,
}
RESULTS = Path(__file__).parent / "results"


def main() -> int:
    arguments = _arguments()
    options = replace(QUICK if arguments.quick else FULL, peers=arguments.peers_dir)
    started = datetime.now(UTC)
    figures: list[Figure] = []
    conditions: dict[str, Any] = {"machine": describe(), "postgres": {}}
    for name in arguments.names or BENCHMARKS:
        _say(f"{name} …")
        with postgres() as server:
            conditions["postgres"] = {**server.durability(), "one_commit_ms": round(server.commit_ms(), 3)}
            figures += BENCHMARKS[name](server, options)
    print(_summary(conditions, options, figures))
    if not arguments.no_write:
        _write(started, conditions, options, figures)
    return 0 if all(figure.met is not False and not figure.failures for figure in figures) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of: {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="one short round: shows that it works, not how fast")
    parser.add_argument("--peers-dir", type=Path, default=PEERS, help="where Node-RED is installed from npm")
    parser.add_argument("--no-write", action="store_true", help="write no results file")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return arguments


def _summary(conditions: dict[str, Any], options: Options, figures: list[Figure]) -> str:
    machine, postgresql = conditions["machine"], conditions["postgres"]
    rows = [f"{name}: {value}" for name, value in {**machine, **postgresql}.items()]
    return "\n".join(
        ["", " · ".join(rows), f"{options.connections} connections, {options.rounds} rounds", "", table(figures)]
    )


def _write(started: datetime, conditions: dict[str, Any], options: Options, figures: list[Figure]) -> None:
    RESULTS.mkdir(exist_ok=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    result = {
        "started_at": started.isoformat(),
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        **conditions,
        "options": {**asdict(options), "peers": str(options.peers)},
        "figures": [figure.as_json() for figure in figures],
    }
    file = RESULTS / f"{started:%Y-%m-%dT%H%M%SZ}.json"
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
    _say(f"written to {file.relative_to(ROOT)}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
