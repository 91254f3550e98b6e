"""Writes what was ordered as records below an order, where the CRM keeps such: each once, whatever is answered.

A line's key is its order's and its place in it. What stood at a place that the order has no more is deleted; lines that
people added there have no key of Hub's, and stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Generic

from hub.sdk.crm.calls import Caller, chunks, scrub
from hub.sdk.crm.dialect import Item, Lines, Made, Problem
from hub.sdk.crm.rendering import LINES
from hub.sdk.crm.results import Results
from hub.sdk.destination import Write
from hub.sdk.manifest import Settings


def items_of(write: Write) -> Iterator[Item]:
    """The lines of an order, in its order."""
    for place, line in enumerate(write.mirror.get(LINES) or (), start=1):
        yield Item(Write("order", key_of(write, place), None, line, line), None, line)


def key_of(write: Write, place: int) -> str:
    """Hub's own key of a line; places count from 1."""
    return f"{write.key}-{place}"


@dataclass(frozen=True, slots=True)
class LineWriter(Generic[Settings]):
    """The lines of one batch of orders on their way. Raises the error tree."""

    lines: Lines[Settings]
    caller: Caller[Settings]
    results: Results

    def all(self, orders: Sequence[Write]) -> None:
        """Write the lines that are new or changed below these orders. An order waits whose lines are not all there."""
        due = [write for write in orders if self.results.has_lines(write)]
        record = {write.key: str(self.results.by_key[write.key].external_id) for write in due}
        told = {item.write.key: (write, item) for write in due for item in items_of(write)}
        below: list[tuple[str, str]] = []
        for key, answer in self.caller.write(self.lines.upsert, [item for _, item in told.values()]).items():
            write, item = told[key]
            if isinstance(answer, Made):
                below.append((answer.id, record[write.key]))
            else:
                self.refuse(write, answer, item)
        for chunk in chunks(below, self.lines.upsert.size):
            refused = self.caller.refused(self.lines.link, chunk, itemgetter(1))
            for write in due:
                if words := refused.get(record[write.key]):
                    self.refuse(write, Problem(words))
        self.delete([key for write in due for key in _left_over(write)])

    def refuse(self, write: Write, problem: Problem, *items: Item) -> None:
        """The order waits: not all of its lines are there."""
        self.results.retry(write, f"an order line was not written: {scrub(problem.words, items)}")

    def delete(self, keys: Sequence[str]) -> None:
        """Take away what stands under these keys."""
        calls = self.lines.find([(self.lines.own, key) for key in keys], self.caller.settings) if keys else ()
        found = [hit.id for call in calls for hit in self.caller.ask(call) if hit.owner in keys]
        for chunk in chunks(found, self.lines.upsert.size):
            self.caller.run(self.lines.delete(chunk, self.caller.settings))


def _left_over(write: Write) -> list[str]:
    now = len(write.mirror.get(LINES) or ())
    return [key_of(write, place) for place in range(now + 1, int(write.body.get(LINES, 0)) + 1)]
