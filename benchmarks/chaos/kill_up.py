"""``kill -9`` of ``hub up`` alone, under load, and another one on the same port and data at once."""

from __future__ import annotations

import signal
import time
from functools import partial

from benchmarks.chaos.installation import Sender, gone, installation, wait_for

KILLS = 5


def attack() -> dict[str, object]:
    """Run it; gives what was seen. Raises when a promise was broken."""
    orphans, took = [], []
    with installation() as up, Sender(up, seed=71) as sender:
        up.start()
        wait_for(sender.reached(50), 60, "the first events")
        for _ in range(KILLS):
            family = up.family()
            began = time.monotonic()
            up.ends(signal.SIGKILL)
            up.start()
            orphans.append(wait_for(partial(gone, family), 30, "the end of the children"))
            wait_for(sender.reached(20), 60, "events after the kill")
            took.append(time.monotonic() - began)
        lost = sender.lost()
        code = up.ends(signal.SIGTERM)
    if lost or code:
        raise AssertionError(f"{lost} events lost or doubled; hub up ended with {code}")
    return {
        "kills": KILLS,
        "acknowledged": len(sender.acknowledged),
        "lost or doubled": lost,
        "children gone after, s": round(max(orphans), 1),
        "20 more events acknowledged after, s at most": round(max(took), 1),
    }
