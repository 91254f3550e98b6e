"""How long people wait for an answer. Pure.

Somebody waits from the first of their messages that is not answered yet until the business writes to them again; what
they write meanwhile does not start another wait, and whatever the business wrote before ended one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

LONG = 24 * 3600
"""Seconds after which an answer is overdue."""


@dataclass(frozen=True, slots=True)
class Replies:
    """``hours`` is the median wait of those that ended; ``waiting`` people have waited for more than a day."""

    answered: int
    hours: float | None
    waiting: int


def replies(messages: Iterable[tuple[object, float, bool]], as_of: float) -> Replies:
    """Of (person, seconds, whether the business spoke), person by person, oldest first."""
    waits: list[float] = []
    open_since: dict[object, float] = {}
    for person, at, ours in messages:
        if at > as_of:
            continue
        if not ours:
            open_since.setdefault(person, at)
        elif person in open_since:
            waits.append(at - open_since.pop(person))
    overdue = sum(as_of - since > LONG for since in open_since.values())
    return Replies(len(waits), round(median(waits) / 3600, 2) if waits else None, overdue)
