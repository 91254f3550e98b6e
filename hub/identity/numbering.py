"""Numbers for the records of a batch: ids are slow to hash and to compare. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID


class Numbered:
    """Records by number, counted from 0 in the order in which they came; ``ids`` has the id of each."""

    def __init__(self, records: Iterable[UUID]) -> None:
        self.ids: list[UUID] = list(records)
        self.number = {record: number for number, record in enumerate(self.ids)}

    def of(self, records: Iterable[UUID]) -> list[int]:
        """The numbers of these; who has none yet gets the next."""
        numbers = []
        number, ids = self.number, self.ids
        for record in records:
            place = number.get(record)
            if place is None:
                place = number[record] = len(ids)
                ids.append(record)
            numbers.append(place)
        return numbers
