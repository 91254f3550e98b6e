"""When records of a double were changed last, found by comparing each with how it was: every way of writing counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass
class Times:
    """``now`` counts changes; each is a second of a clock that begins with ``BEGIN``."""

    now: int = 0
    stood: dict[str, tuple[str, int]] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)

    def look(self, records: Mapping[Any, Any]) -> dict[str, int]:
        """The number of the last change of each of these, which are all there are; what is missing is ``gone``."""
        for record in self.stood.keys() - {str(one) for one in records}:
            self.now += 1
            self.gone[record] = self.now
            del self.stood[record]
        for record, values in records.items():
            text = json.dumps(values, sort_keys=True, default=str)
            if self.stood.get(str(record), ("", 0))[0] != text:
                self.now += 1
                self.stood[str(record)] = (text, self.now)
        return {record: number for record, (_, number) in self.stood.items()}


def stamp(number: int, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    """The time of a change."""
    return (BEGIN + timedelta(seconds=number)).strftime(form)
