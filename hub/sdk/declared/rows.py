"""Fields that are rows of a list in the record there, such as e-mails and phones. Pure.

Hub adds and changes rows of its own, and leaves those that people added as they are. So a record is read before its
rows are written: ``Item.there`` has them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.sdk.crm import Item
from hub.sdk.declared.answers import reader, several, text_of
from hub.sdk.declared.model import Rows
from hub.sdk.declared.template import fill, values_in

HELD = "held"
"""Where a write's body keeps what Hub wrote into rows before, by field."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One row that is wanted: of which field, and with which value."""

    field: str
    value: Any


class Listed:
    """One list of a declaration, compiled; ``name`` is the record's field that takes what is to be changed in it."""

    def __init__(self, name: str, rows: Rows) -> None:
        self.name, self._rows = name, rows
        self.fields: Collection[str] = rows.fields
        self._items, self._id = reader(rows.rows or name), reader(rows.id)
        self._is = {field: reader(one.when) for field, one in rows.fields.items()}
        self._value = {field: reader(one.value) for field, one in rows.fields.items()}

    def there(self, body: Any) -> list[Any] | None:
        """The rows of a record as it is read; None where the answer does not tell them."""
        found = self._items(body) if self._items else None
        return found if isinstance(found, list) else None

    def values(self, field: str, rows: Iterable[Any]) -> list[Any]:
        """What the rows hold of a field."""
        return [self._read(field, row) for row in rows if self._is_of(field, row)]

    def body(self, item: Item) -> Any:
        """What goes into the request; None where nothing has to be changed, or where nobody knows what is there."""
        touched = [field for field in self.fields if field in item.properties]
        if not touched or (item.id is not None and item.there is None):
            return None
        there = list(item.there.values.get(self.name, ())) if item.there else []
        wanted = [_Row(field, one) for field in touched for one in several(item.properties[field])]
        held = item.write.body.get(HELD, {})
        lost = [_Row(field, one) for field in touched for one in several(held.get(field))]
        new = [row for row in _once(wanted) if self._found(row, there) is None]
        old = [row for row in _once(lost) if not _among(row, wanted) and self._found(row, there) is not None]
        return self._whole(there, new, old) if self._rows.add is None else self._changes(there, new, old)

    def made(self, field: str, value: Any) -> Any:
        """A new row."""
        return fill(self._rows.fields[field].row, {"value": value})

    def after(self, before: Sequence[Any], body: Any, number: Callable[[], int]) -> list[Any]:
        """What a list is after a request with this body; for the double of the contract kit."""
        rows = self._rows
        if rows.add is None:
            return list(body)
        left = list(before)
        for change in body:
            changed, added, removed = (values_in(one, change) for one in (rows.change, rows.add, rows.remove))
            at = str((changed or removed or {}).get("id"))
            if changed is not None and rows.change is not None:
                left = [{**row, **changed["row"]} if str(self._id_of(row)) == at else row for row in left]
            elif removed is not None and rows.remove is not None:
                left = [row for row in left if str(self._id_of(row)) != at]
            elif added is not None:
                left.append({**added["row"], rows.id: number()})
        return left

    def _changes(self, there: Sequence[Any], new: list[_Row], old: list[_Row]) -> list[Any] | None:
        changes: list[Any] = []
        for gone in old:
            known = {"id": self._id_of(self._found(gone, there))}
            instead = next((row for row in new if row.field == gone.field), None)
            if instead is not None and self._rows.change is not None:
                new.remove(instead)
                changes.append(fill(self._rows.change, {**known, "row": self.made(instead.field, instead.value)}))
            elif self._rows.remove is not None:
                changes.append(fill(self._rows.remove, known))
        changes += [fill(self._rows.add, {"row": self.made(row.field, row.value)}) for row in new]
        return changes or None

    def _whole(self, there: Sequence[Any], new: Sequence[_Row], old: Sequence[_Row]) -> list[Any] | None:
        """The list as it should be: what people added stays, what Hub wrote and nobody supports any more goes."""
        if not new and not old:
            return None
        gone = [self._found(row, there) for row in old]
        left = [row for row in there if not any(row is one for one in gone)]
        return [*left, *(self.made(row.field, row.value) for row in new)]

    def _found(self, wanted: _Row, there: Sequence[Any]) -> Any:
        same = (row for row in there if self._is_of(wanted.field, row))
        return next((row for row in same if alike(self._read(wanted.field, row), wanted.value)), None)

    def _is_of(self, field: str, row: Any) -> bool:
        judge = self._is[field]
        return isinstance(row, Mapping) and (judge is None or judge(row) not in (None, False, "", [], {}))

    def _read(self, field: str, row: Any) -> Any:
        read = self._value[field]
        return read(row) if read else None

    def _id_of(self, row: Any) -> Any:
        found = self._id(row) if self._id else None
        return found if isinstance(found, int) else text_of(self._id, row)


def alike(found: Any, wanted: Any) -> bool:
    """True when a row holds a value, however the system spells it: large or small letters, and spaces around."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(alike(found.get(name), one) for name, one in wanted.items())
    return bool(_plain(found) == _plain(wanted))


def _plain(value: Any) -> Any:
    return None if value in (None, "") else str(value).strip().casefold()


def _once(rows: Iterable[_Row]) -> list[_Row]:
    kept: list[_Row] = []
    for row in rows:
        if not _among(row, kept):
            kept.append(row)
    return kept


def _among(row: _Row, others: Iterable[_Row]) -> bool:
    return any(other.field == row.field and alike(other.value, row.value) for other in others)
