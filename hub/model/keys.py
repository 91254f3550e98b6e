"""Ids that follow from content, so that no look-up is needed to know them and no race can make two."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from uuid import UUID


def _digest(*parts: str) -> UUID:
    return UUID(bytes=blake2b("\x1f".join(parts).encode(), digest_size=16).digest())


# One delivery asks for the ids of its record and its order several times.
@lru_cache(maxsize=256)
def record_id(connection: str, kind: str, external_id: str) -> UUID:
    """The id of one source's view of one customer."""
    return _digest("record", connection, kind, external_id)


@lru_cache(maxsize=256)
def fact_id(connection: str, kind: str, external_id: str) -> UUID:
    """The id of an order, interaction or other fact."""
    return _digest("fact", connection, kind, external_id)


@lru_cache(maxsize=8_192)
def profile_id(seed: UUID) -> UUID:
    """The id of the profile that starts with record ``seed``.

    Every record could seed one profile, and always the same: after a merge is taken back, each part finds its old id
    again without a table of what was merged.
    """
    return _digest("profile", seed.hex)
