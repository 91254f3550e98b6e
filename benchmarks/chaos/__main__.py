"""``python -m benchmarks.chaos [NAME ...]``: run the attacks one after the other and print what was seen."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from benchmarks.chaos import full_disk, kill_up, recovery
from benchmarks.machine import describe

ATTACKS: dict[str, Callable[[], dict[str, object]]] = {
    "kill_up": kill_up.attack,
    "full_disk": full_disk.attack,
    "recovery": recovery.attack,
}


def main() -> int:
    """Gives 1 when an attack broke a promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(ATTACKS)}")
    names = parser.parse_args().names or list(ATTACKS)
    if unknown := set(names) - set(ATTACKS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    print("; ".join(f"{name}: {value}" for name, value in describe().items()))
    failed = False
    for name in names:
        began = time.monotonic()
        try:
            seen = ATTACKS[name]()
        except NotImplementedError as why:
            print(f"\n{name}: left out, {why}")
            continue
        except Exception as error:
            failed = True
            print(f"\n{name}: BROKEN, {type(error).__name__}: {error}")
            continue
        print(f"\n{name}: held ({time.monotonic() - began:.0f} s)")
        for what, value in seen.items():
            print(f"  {what}: {value}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
