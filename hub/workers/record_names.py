"""How people name a record: by its id, ``connection:kind:external_id``, or ``connection:external_id``. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from hub.model.keys import record_id
from hub.model.profile import RecordReference


def meant(text: str, held: Mapping[UUID, RecordReference]) -> set[UUID]:
    """Those of these records that a text may stand for: one where it is clear, several where it is too short."""
    text = text.strip()
    whole = {one for one, name in held.items() if text == f"{name.connection}:{name.kind}:{name.external_id}"}
    if (known := _uuid(text)) is not None and known in held:
        whole.add(known)
    # An external id may hold colons itself: a whole name goes before one that it could be short for.
    return whole or {one for one, name in held.items() if text == f"{name.connection}:{name.external_id}"}


def anywhere(text: str) -> UUID | None:
    """The record that a whole name stands for, whichever profile it belongs to; None for a short one."""
    text = text.strip()
    if (known := _uuid(text)) is not None:
        return known
    connection, _, rest = text.partition(":")
    kind, _, external_id = rest.partition(":")
    return record_id(connection, kind, external_id) if connection and kind and external_id else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
