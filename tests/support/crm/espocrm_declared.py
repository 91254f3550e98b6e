"""EspoCRM's double before the connector that ``config/destinations/espocrm-declared.yaml`` declares."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from hub.sdk.connection import Connection, load_connections
from hub.sdk.declared.connector import connector_of, read_declaration
from hub.sdk.registry import Connector
from tests.support.crm.espocrm import EspoCrmDouble

SLUG = "espocrm-declared"
FILE = Path(__file__).parents[3] / "config" / "destinations" / f"{SLUG}.yaml"


class EspoCrmDeclaredDouble(EspoCrmDouble):
    """The same CRM; only the way to it is declared."""

    slug = SLUG

    def connection(self, **more: Any) -> Connection:
        """A connection by the declaration."""
        settings = {**self.settings(), **more, "base_url": f"{self.settings()['base_url']}/api/v1"}
        configured = {"crm": (SLUG, settings)}
        return load_connections(configured, default_region="DE", declared={SLUG: _connector()})["crm"]


@cache
def _connector() -> Connector:
    return connector_of(SLUG, read_declaration(FILE))
