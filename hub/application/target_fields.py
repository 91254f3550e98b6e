"""target_fields: which fields a destination has, and which fields of a mapping file it does not.

What it told is kept in ``<data folder>/fields/<connection>.json``: names of fields alone, and when they were told. So
Hub starts, and ``hub check`` answers, while a CRM is away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Literal
from uuid import uuid4

import httpx
import structlog
from pydantic import AwareDatetime, BaseModel, SecretStr, ValidationError

from hub.errors import HubError
from hub.mapping.overrides import unknown_targets
from hub.sdk.connection import Connection, open_client
from hub.sdk.manifest import ProfileSettings
from hub.sdk.mappings import located
from hub.settings import Settings

log = structlog.get_logger()

MOST_AGE = timedelta(days=1)
"""After that a start asks again."""

REFRESH_SECONDS = MOST_AGE.total_seconds()

WAIT_SECONDS = 5.0
"""The longest time-out of one question at a start."""

Ask = Literal["never", "when_needed", "always"]
There = Mapping[str, Collection[str]]
"""The fields of a person (``fields``) and of an order (``order_fields``), named as the sections of a mapping file."""


class Kept(BaseModel):
    """What a destination told, under which settings."""

    at: AwareDatetime
    settings: str
    there: dict[str, list[str]]


@dataclass(slots=True)
class Told:
    """``faults`` are for a mapping file's fields that are not there; ``warnings`` for what could not be asked."""

    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check_targets(
    connections: Mapping[str, Connection],
    settings: Settings,
    ask: Ask,
    *,
    now: datetime,
    transport: httpx.BaseTransport | None = None,
) -> Told:
    """Compare mapping files with the fields that are there.

    ``when_needed`` asks only for a connection with a mapping file, where nothing is kept, where it is older than
    ``MOST_AGE``, or where a field seems to be missing: it may have been made since. ``always`` asks all that can tell.
    A connection of OAuth is asked where its tokens can be read.
    """
    told, data = Told(), settings.data_dir
    for connection in connections.values():
        if connection.connector.destination is None or connection.connector.destination.fields is None:
            continue
        kept = _kept(connection, data)
        unknown = unknown_fields(connection, kept.there) if kept else []
        if _is_asked(connection, kept, unknown, ask, now):
            try:
                there = _asked(connection, transport)
            except Exception as error:  # whatever a CRM answers, Hub starts
                told.warnings += [_not_asked(connection, kept, error)] if is_mapped(connection) else []
            else:
                _keep(connection, data, Kept(at=now, settings=_mark(connection), there=there))
                unknown = unknown_fields(connection, there)
        told.faults += located(settings.mapping_folder, connection.name, unknown)
    return told


class Refreshing:
    """Asks again, by the clock, for the fields that mapping files write to. What is missing since stops nothing."""

    def __init__(
        self, connections: Mapping[str, Connection], settings: Settings, clock: Callable[[], datetime]
    ) -> None:
        self.connections = {name: one for name, one in connections.items() if is_mapped(one)}
        self._settings, self._clock = settings, clock

    def refresh(self) -> None:
        """Ask where it is time to, and tell the log what is missing."""
        told = check_targets(self.connections, self._settings, "when_needed", now=self._clock())
        for line in (*told.faults, *told.warnings):
            log.warning("mapping.unsure", about=line)


def unknown_fields(connection: Connection, there: There) -> list[str]:
    """Faults of a connection's mapping file, as ``fields.stage: …``; what the connector makes by itself is there."""
    settings, own_fields = connection.settings, connection.connector.own_fields
    if own_fields is None or not isinstance(settings, ProfileSettings):
        return []
    own, faults = own_fields(settings), []
    written = {"fields": own.written, "order_fields": own.order_written or ()}
    for section, overrides in settings.overrides.items():
        if told := there.get(section):
            faults += unknown_targets(overrides, [*told, *written[section]], section)
    return faults


def is_mapped(connection: Connection) -> bool:
    """Whether it has a mapping file."""
    settings = connection.settings
    return isinstance(settings, ProfileSettings) and any(settings.overrides.values())


def _is_asked(connection: Connection, kept: Kept | None, unknown: list[str], ask: Ask, now: datetime) -> bool:
    if ask == "never" or (connection.oauth is not None and connection.tokens is None):
        return False
    return ask == "always" or (is_mapped(connection) and (kept is None or bool(unknown) or now - kept.at > MOST_AGE))


def _asked(connection: Connection, transport: httpx.BaseTransport | None) -> dict[str, list[str]]:
    destination = connection.connector.destination
    assert destination is not None
    assert destination.fields is not None
    brief = min(connection.settings.timeout_seconds, WAIT_SECONDS)
    quick = replace(connection, settings=connection.settings.model_copy(update={"timeout_seconds": brief}))
    with open_client(quick, destination, transport=transport) as client:
        there = destination.fields(client, quick.settings)
    # an empty list is of a CRM that does not show its fields to this account, not of one that has none
    return {section: sorted(names) for section, names in there.items() if names}


def _not_asked(connection: Connection, kept: Kept | None, error: Exception) -> str:
    why = str(error) if isinstance(error, HubError) else type(error).__name__
    used = f"those of {kept.at:%Y-%m-%d %H:%M} UTC are used" if kept else "those of its mapping file are not checked"
    return f"connections.{connection.name}: its fields cannot be asked for ({why}); {used}"


def _file(connection: Connection, data: Path) -> Path:
    return data / "fields" / f"{connection.name}.json"


def _kept(connection: Connection, data: Path) -> Kept | None:
    try:
        kept = Kept.model_validate_json(_file(connection, data).read_bytes())
    except (OSError, ValidationError):
        return None
    return kept if kept.settings == _mark(connection) else None


def _keep(connection: Connection, data: Path, kept: Kept) -> None:
    """Keep it whole or not at all; a folder that cannot be written to costs a question at the next start."""
    file = _file(connection, data)
    beside = file.with_suffix(f".{uuid4().hex}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(kept.model_dump_json(), encoding="utf-8")
        beside.replace(file)
    except OSError:
        beside.unlink(missing_ok=True)


def _mark(connection: Connection) -> str:
    """Tells another account or kind of record apart, and holds no secret."""
    digest = blake2b(connection.connector.manifest.slug.encode(), digest_size=8)
    for name, value in connection.settings:
        parts = value if isinstance(value, tuple) else (value,)
        if not any(isinstance(part, SecretStr) for part in parts) and name not in ("timeout_seconds", "rank", "every"):
            digest.update(f"{name}={value}\x1f".encode())
    return digest.hexdigest()
