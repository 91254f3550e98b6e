"""How people name a record: by its id, ``connection:kind:external_id``, or ``connection:external_id``. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from hub.model.keys import record_id
from hub.model.profile import RecordReference


def meant(texts: Sequence[str], members: Mapping[UUID, RecordReference]) -> list[set[UUID]]:
    """Those of these records that each text may stand for: one where it is clear, several where it is too short."""
    whole: defaultdict[str, set[UUID]] = defaultdict(set)
    short: defaultdict[str, set[UUID]] = defaultdict(set)
    for one, name in members.items():
        whole[f"{name.connection}:{name.kind}:{name.external_id}"].add(one)
        short[f"{name.connection}:{name.external_id}"].add(one)

    def records(text: str) -> set[UUID]:
        if (known := _uuid(text)) is not None and known in members:
            return {known}
        # An external id may contain colons: a full name is tried before a short one.
        return set(whole.get(text) or short.get(text) or ())

    return [records(text.strip()) for text in texts]


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
