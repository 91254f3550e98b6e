"""How many examples a property is tried on: few, and the same ones, at each landing; many new ones in a deep run.

``HUB_HYPOTHESIS=deep pytest tests/unit/matching`` is the deep run, for a night or after a change to what decides.
"""

from __future__ import annotations

import os

DEEP = os.environ.get("HUB_HYPOTHESIS") == "deep"

SAME_EVERY_TIME = "CI" in os.environ and not DEEP
"""A landing is not stopped by what chance finds in somebody else's part; deep and local runs look for that."""


def examples(few: int) -> int:
    """``few``, or ten times as many in a deep run."""
    return 10 * few if DEEP else few
