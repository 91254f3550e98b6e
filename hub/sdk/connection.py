"""One configured account of a connector."""

from __future__ import annotations

from dataclasses import dataclass

from hub.sdk.manifest import ConnectionSettings
from hub.sdk.registry import Connector


@dataclass(frozen=True, slots=True)
class Connection:
    """``name`` is the key under ``connections:`` in the configuration; ``settings`` are validated by the connector."""

    name: str
    connector: Connector
    settings: ConnectionSettings
