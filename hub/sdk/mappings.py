"""Mapping files: ``<mappings>/<connection>.yaml`` changes what a connection's destination is written.

What they may hold is in ``hub.mapping.overrides``; here they are found, read, and given to the connections.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from hub.errors import did_you_mean
from hub.mapping.overrides import compile_overrides
from hub.sdk.connection import Connection
from hub.sdk.manifest import ProfileSettings
from hub.yaml_file import Reader, add_new, line_hint

_ENDINGS = (".yaml", ".yml")


def with_mappings(
    connections: Mapping[str, Connection],
    folder: Path | None,
    environment: Mapping[str, str],
    *,
    configured: Collection[str] | None = None,
) -> tuple[dict[str, Connection], list[str]]:
    """The connections with their mapping files, and every fault of these as ``config/mappings/crm.yaml: fields.x: …``.

    With faults, the connections are good for further checks alone: what is right in a file counts. ``configured`` are
    the names of all connections, which are more than ``connections`` where some have faults. A folder that is not there
    holds no files.
    """
    known = connections.keys() if configured is None else configured
    changed = dict(connections)
    faults: list[str] = []
    files = sorted(folder.iterdir()) if folder is not None and folder.is_dir() else []
    for file in (file for file in files if file.suffix in _ENDINGS and not file.name.startswith(".")):
        name = file.stem
        if name not in known:
            faults.append(f"{file}: there is no connection {name!r}{did_you_mean(name, known)}")
        elif name in connections:
            changed[name], more = _with_mapping(connections[name], file, environment)
            faults += more
    return changed, faults


def _with_mapping(connection: Connection, file: Path, environment: Mapping[str, str]) -> tuple[Connection, list[str]]:
    own_fields, settings = connection.connector.own_fields, connection.settings
    if own_fields is None or not isinstance(settings, ProfileSettings):
        return connection, [f"{file}: connector {connection.connector.manifest.slug!r} takes no mapping file"]
    reader = Reader(environment, example="fields")
    data = {name: value for name, value in reader.open(file).items() if value is not None}
    compiled, found = compile_overrides(data, own_fields(settings))
    add_new(reader.faults, found)
    located = [f"{file}: {fault}{line_hint(fault, reader.lines)}" for fault in reader.faults]
    return replace(connection, settings=settings.with_mapping(compiled)), located


def located(folder: Path | None, name: str, faults: list[str]) -> list[str]:
    """Faults of a connection's mapping file, each with the file and the line in it."""
    files = [folder / f"{name}{ending}" for ending in _ENDINGS] if folder is not None and faults else []
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        return [f"{name}: {fault}" for fault in faults]
    reader = Reader(None, example="fields")
    reader.open(file)
    return [f"{file}: {fault}{line_hint(fault, reader.lines)}" for fault in faults]
