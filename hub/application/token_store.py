"""Gives OAuth connections the place where their tokens are kept, and says what is wrong with the keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import SecretStr

from hub.errors import ConfigError
from hub.sdk.connection import Connection
from hub.store.database import Database


def with_tokens(
    keys: Sequence[SecretStr], database: Database, connections: Mapping[str, Connection]
) -> Mapping[str, Connection]:
    """The connections, those of OAuth with their store. Raises ConfigError for a key that is none."""
    if not keys:
        return connections
    # The library takes a while to import, and most installations need none of it.
    from hub.store.grants import Grants
    from hub.store.sealing import Sealer

    kept = Grants(database, Sealer(keys))
    return {name: replace(one, tokens=kept) if one.oauth else one for name, one in connections.items()}


def sealed_of(connections: Mapping[str, Connection]) -> list[str]:
    """The names of the connections whose tokens are kept sealed."""
    return [name for name, connection in connections.items() if connection.oauth]


def key_faults(keys: Sequence[SecretStr], needing: Sequence[str]) -> list[str]:
    """What is wrong with the keys, or that there is none though connections (``needing``) want one."""
    if not keys and not needing:
        return []
    from hub.store.sealing import HOW_TO_MAKE, Sealer

    if not keys:
        why = "keeps its tokens in the database, sealed with a key"
        return [f"secret_key: connection {name!r} {why}: set HUB_SECRET_KEY; {HOW_TO_MAKE}" for name in needing]
    try:
        Sealer(keys)
    except ConfigError as error:
        return error.faults
    return []


def reseal(keys: Sequence[SecretStr], database: Database) -> None:
    """Seal with the first key what an older one sealed, so that the older one may go."""
    if keys:
        from hub.store.grants import Grants
        from hub.store.sealing import Sealer

        Grants(database, Sealer(keys)).reseal()
