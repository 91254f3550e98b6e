"""The e-mails and phones of one record, which EspoCRM replaces as a whole: what Hub makes of the list. Pure.

What people added stays, an opt-out is never taken back (law L7), and at most ten of a kind are kept
(github.com/espocrm/espocrm application/Espo/Classes/FieldValidators/EmailType.php and PhoneType.php, MAX_COUNT).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.connectors.espocrm.mapping import LISTS, OPTED_OUT
from hub.connectors.espocrm.schemas import Row
from hub.sdk.crm import Item
from hub.sdk.crm.rendering import LOST
from hub.sdk.destination import Write

MOST = 10


def wanted(write: Write, field: str) -> list[str]:
    """All that Hub knows, the main one first. What was refused before the main one is not tried again."""
    main, listed = str(write.mirror.get(field) or ""), str(write.mirror.get(f"{field}Data") or "").split(";")
    return [one for one in (listed[listed.index(main) :] if main in listed else [main]) if one]


def refuses(write: Write, field: str) -> bool:
    """Whether the person opted out of what these are for."""
    return write.mirror.get(OPTED_OUT[field]) == "true"


def rows_of(record: Mapping[str, Any], field: str) -> list[Row]:
    """The list of a record that was read by its id, the main one first."""
    rows = [row for row in record.get(f"{field}Data") or () if isinstance(row, Mapping) and row.get(field)]
    return sorted(rows, key=lambda row: not row.get("primary"))


def touched(item: Item) -> list[str]:
    """Which of the two kinds a write is about."""
    return [field for field, parts in LISTS.items() if parts & item.properties.keys()]


def kept(item: Item, field: str) -> list[Row]:
    """What stays of a record as it was read: not what Hub wrote there and is not the person's any more."""
    return staying(item, field, item.there.values[field]) if item.there else []


def staying(item: Item, field: str, rows: Sequence[Row]) -> list[Row]:
    """What of these rows of the record stays."""
    gone = {one.lower() for one in item.write.body.get(LOST, ()) if item.there and item.there.owner}
    gone -= {one.lower() for one in wanted(item.write, field)}
    return [row for row in rows if str(row[field]).lower() not in gone]


def is_alone(item: Item, field: str) -> bool:
    """Nothing of this kind stays on the record: the main one can be written by itself, which leaves its opt-out."""
    return not kept(item, field) and (item.there is None or not item.there.values[field][1:])


def changed(item: Item, field: str) -> dict[str, Any]:
    """What a request says of a list: the main one alone, or all that the record has, as it has to be."""
    main = wanted(item.write, field)[:1]
    if main and is_alone(item, field):
        return {field: main[0], **({OPTED_OUT[field]: True} if refuses(item.write, field) else {})}
    held = item.there.values[field] if item.there else []
    if missing(kept(item, field), field, item.write):
        return {}  # it is written once what is missing was added
    listed = complete(kept(item, field), field, item.write)
    # a list that is as it has to be is left alone: somebody may opt out there just now
    as_it_is = [_row(row, field, main=bool(row.get("primary")), out=bool(row.get("optOut"))) for row in held]
    return {} if listed == as_it_is else {f"{field}Data": listed}


def missing(rows: Sequence[Row], field: str, write: Write) -> list[str]:
    """What Hub knows and the record does not have yet, as far as there is room."""
    held = {str(row[field]).lower() for row in rows}
    return [one for one in wanted(write, field) if one.lower() not in held][: MOST - len(held)]


def complete(rows: Sequence[Row], field: str, write: Write) -> list[dict[str, Any]]:
    """The list as it has to be, of what the record has: Hub's first, then what people added, and no opt-out lost."""
    order = {one.lower(): number for number, one in enumerate(wanted(write, field))}
    listed = sorted(rows, key=lambda row: order.get(str(row[field]).lower(), len(order)))
    out = refuses(write, field)
    return [_row(row, field, main=number == 0, out=bool(row.get("optOut")) or out) for number, row in enumerate(listed)]


def made_main(record: Mapping[str, Any], field: str, value: str) -> Row:
    """An address that was just made the main one of a record, with the opt-out it may have had before."""
    told = next((row for row in rows_of(record, field) if str(row[field]).lower() == value.lower()), None)
    return told or {field: value, "optOut": record.get(OPTED_OUT[field])}


def _row(row: Row, field: str, *, main: bool, out: bool) -> dict[str, Any]:
    kind = {"type": row["type"]} if row.get("type") else {}
    return {field: row[field], "primary": main, "optOut": out, "invalid": bool(row.get("invalid")), **kind}
