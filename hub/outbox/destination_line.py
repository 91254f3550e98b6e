"""What a merge or a split does to one profile in one destination, in a line. Data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DestinationLine:
    """What becomes of one profile in one destination.

    ``will`` names it, ``text`` says it in a sentence; ``orders`` tells whether orders go there with it; ``cannot`` says
    what stays as the merge left it, or what no split brings back once the merge is done.
    """

    destination: str
    profile: UUID
    will: str
    text: str
    orders: bool
    cannot: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "destination": self.destination,
            "profile": str(self.profile),
            "will": self.will,
            "text": self.text,
            "orders": self.orders,
            "cannot": list(self.cannot),
        }
