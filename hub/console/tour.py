"""The tour: how far the demo's day has come, and the people it is about. The demo tells it; a page shows it.

It is a file in the data folder, since the demo is a process of its own. It holds ids and counts, and nothing personal.
"""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

FILE = "tour.json"


class Tour(BaseModel):
    """``scene`` is the part of the day that is played, from 1 on; ``scenes`` where all is played.

    The people are ids of records, whose profile is whoever they are now. ``laws`` and ``held`` count once the laws were
    checked; ``broken`` are the numbers of those that did not hold (L7).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    scene: int = 0
    scenes: int
    joined: UUID
    apart: UUID
    undone: UUID
    opted_out: UUID
    kills: int = 0
    laws: int = 0
    held: int = 0
    broken: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        """Whether the day was played to its end."""
        return self.scene >= self.scenes


def tell(folder: Path, tour: Tour) -> None:
    """Write it, whole or not at all."""
    new = folder / f".{FILE}.new"
    new.write_text(tour.model_dump_json(), encoding="utf-8")
    new.replace(folder / FILE)


def told(folder: Path) -> Tour | None:
    """What the demo told last; None where no demo plays."""
    try:
        return Tour.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return None
