"""Where declared destinations are found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hub.errors import ConfigError
from hub.sdk.registry import Connector, slugs


def declared(folder: Path | None) -> tuple[Mapping[str, Connector], list[str]]:
    """The connectors declared in a folder, by the names of the files, and the faults of those that are wrong."""
    files = sorted(folder.glob("*.yaml")) if folder and folder.is_dir() else []
    found: dict[str, Connector] = {}
    faults: list[str] = []
    for path in files:
        if path.stem in slugs():
            faults.append(f"{path}: there is a connector {path.stem!r} already; give the file another name")
            continue
        # its models cost every process some thirty milliseconds, and most installations declare nothing
        from hub.sdk.declared.connector import connector_of, read_declaration

        try:
            found[path.stem] = connector_of(path.stem, read_declaration(path))
        except ConfigError as error:
            faults += error.faults
    return found, faults
