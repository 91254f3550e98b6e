"""Where the labelled sets of identity lie: records with the true cluster of each.

They are read in place (``HUB_IDENTITY_DIR``, else ``../shared/identity`` beside the repository) and never copied.
Without that folder there is nothing to list, and so no test.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("HUB_IDENTITY_DIR", ROOT.parent / "shared" / "identity"))
SETS: tuple[str, ...] = tuple(sorted(path.stem for path in FOLDER.glob("*.csv")))


def path_of(name: str) -> Path:
    """The file of a set."""
    return FOLDER / f"{name}.csv"
