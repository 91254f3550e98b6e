"""Finds connectors by folder (``hub/connectors/<slug>``) and by the entry point group ``hub.connectors``.

A connector is imported when it is first asked for; one that cannot be imported is reported, not fatal.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hub.errors import ConfigError
from hub.mapping.overrides import OwnFields
from hub.sdk.destination import Destination
from hub.sdk.manifest import Manifest
from hub.sdk.oauth import OAuth
from hub.sdk.source import Source

PACKAGE = "hub.connectors"


@dataclass(frozen=True, slots=True)
class Connector:
    """One outside system: its declaration and what it can do. Connector packages hold one as ``CONNECTOR``."""

    manifest: Manifest[Any]
    source: Source[Any] | None = None
    destination: Destination[Any] | None = None
    oauth: Callable[[Any], OAuth | None] | None = None
    """How a connection with these settings gets its tokens; None where it has a fixed one (``hub.sdk.oauth``)."""
    own_fields: Callable[[Any], OwnFields] | None = None
    """What it writes by itself with these settings; then a mapping file may change it (``hub.sdk.mappings``), and its
    mapping ends with ``settings.finished(…)``."""


@cache
def slugs() -> tuple[str, ...]:
    """The names of all connectors that are there, sorted, without importing any."""
    return tuple(sorted(_modules()))


@cache
def get(slug: str) -> Connector:
    """Import one connector. Raises ConfigError when there is none of that name, or it cannot be imported."""
    module = _modules().get(slug)
    if module is None:
        raise ConfigError([f"connector {slug!r} does not exist"])
    try:
        connector = import_module(module).CONNECTOR
    except Exception as error:
        raise ConfigError([f"connector {slug!r} cannot be loaded: {type(error).__name__}: {error}"]) from error
    if not isinstance(connector, Connector) or connector.manifest.slug != slug:
        raise ConfigError([f"connector {slug!r}: CONNECTOR is missing, or its manifest names another slug"])
    return connector


def folder(slug: str) -> Path:
    """Where the connector's package lies, with its samples. Raises ConfigError like ``get``."""
    location = sys.modules[_modules()[slug]].__file__ if get(slug) else None
    if location is None:
        raise ConfigError([f"connector {slug!r} is no package with a folder"])
    return Path(location).parent


@cache
def _modules() -> Mapping[str, str]:
    """Each connector's package. To ask what is installed for entry points reads the metadata of everything."""
    found: dict[str, str] = {}
    spec = find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        for module in pkgutil.iter_modules([location]):
            if module.ispkg:
                found[module.name] = f"{PACKAGE}.{module.name}"
    for point in entry_points(group="hub.connectors"):
        found.setdefault(point.name, point.value)
    return found
