"""Lists to PostgreSQL arrays, fast: a batch writes hundreds of thousands of ids, keys and texts.

psycopg dumps an array item by item through a dumper. These are the same bytes (the wire format of ``array_send``: five
numbers, then each item with its length), put together in one go for the types that come in bulk; everything else, and
every list with a NULL or a list in it, takes psycopg's way. Texts lose what PostgreSQL cannot hold, here as in
``Session``: a value that no column takes must not sink the batch it came with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from struct import Struct
from typing import Any
from uuid import UUID

import psycopg
from psycopg.abc import Buffer
from psycopg.types.array import ListBinaryDumper, ListDumper

from hub.store.text import storable

_HEAD = Struct("!iiIii").pack
"""Dimensions, whether there are NULLs, type of the items, length, lower bound."""

_LENGTH = Struct("!i").pack
_16 = _LENGTH(16)
_BIGINT = Struct("!iq").pack
_INT = Struct("!ii").pack
_SMALLINT = Struct("!ih").pack
_FLOAT = Struct("!id").pack


def _uuids(items: list[UUID]) -> bytes:
    return _16 + _16.join([item.int.to_bytes(16, "big") for item in items])


def _texts(items: list[str]) -> bytes:
    try:
        encoded = [item.encode() for item in items]
    except UnicodeEncodeError:
        encoded = [storable(item).encode() for item in items]
    if 0 in b"".join(encoded):
        encoded = [storable(item).encode() for item in items]
    return b"".join([part for text in encoded for part in (_LENGTH(len(text)), text)])


def _bigints(items: list[int]) -> bytes:
    return b"".join([_BIGINT(8, item) for item in items])


def _ints(items: list[int]) -> bytes:
    return b"".join([_INT(4, item) for item in items])


def _smallints(items: list[int]) -> bytes:
    return b"".join([_SMALLINT(2, item) for item in items])


def _floats(items: list[float]) -> bytes:
    return b"".join([_FLOAT(8, item) for item in items])


_FAST: Mapping[int, tuple[type, Callable[[list[Any]], bytes]]] = {
    2950: (UUID, _uuids),
    25: (str, _texts),
    20: (int, _bigints),
    23: (int, _ints),
    21: (int, _smallints),
    701: (float, _floats),
}
"""By the object id of the items' type, which PostgreSQL never changes (``pg_type.dat``): uuid, text, int8, int4, int2,
float8."""


class FastListDumper(ListBinaryDumper):
    """Writes lists of one common type in one go."""

    def dump(self, obj: list[Any]) -> Buffer | None:
        """The list as PostgreSQL receives it."""
        kind = self.sub_dumper.oid if self.sub_dumper else 0
        fast = _FAST.get(kind)
        if fast is None or set(map(type, obj)) != {fast[0]}:
            return super().dump(_storable(obj))
        return _HEAD(1, 0, kind, len(obj), 1) + fast[1](obj)


class TextListDumper(ListDumper):
    """psycopg's own way, of texts that PostgreSQL can hold."""

    def dump(self, obj: list[Any]) -> Buffer | None:
        """The list as PostgreSQL receives it."""
        return super().dump(_storable(obj))


def _storable(items: list[Any]) -> list[Any]:
    return [storable(item) if isinstance(item, str) else item for item in items]


def register(connection: psycopg.Connection[Any]) -> None:
    """Let lists go this way on a connection, where a statement asks for binary parameters (``%b``)."""
    connection.adapters.register_dumper(list, FastListDumper)
    # The one that came last is what "%s" takes: text, as before.
    connection.adapters.register_dumper(list, TextListDumper)
