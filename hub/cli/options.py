"""Options that several commands share, and how a time is read from the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from hub.errors import ConfigError, did_you_mean

_AGO = re.compile(r"(\d{1,9})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str) -> datetime:
    """``2026-03-01``, ``2026-03-01T09:00:00+01:00`` (UTC without a zone), or how long ago: ``90m``, ``36h``, ``7d``."""
    try:
        if ago := _AGO.fullmatch(text.strip()):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        read = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise typer.BadParameter("must be a time such as 2026-03-01, 2026-03-01T09:00:00Z, 36h or 7d") from None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def span(text: str) -> timedelta:
    """How long: ``90m``, ``36h``, ``7d``, ``52w``; at least a second and at most a century."""
    found = _AGO.fullmatch(text.strip())
    if found is None or len(found[1]) > 6 or not (length := timedelta(**{_UNITS[found[2]]: int(found[1])})):
        raise typer.BadParameter("must be a time such as 36h, 90d or 52w")
    if length > timedelta(days=36_525):
        raise typer.BadParameter("is longer than a century")
    return length


SinceOption = Annotated[
    datetime | None,
    typer.Option(
        "--since", parser=moment, metavar="TIME", help="From then on: 2026-03-01, 2026-03-01T09:00Z, 36h, 7d."
    ),
]
ConnectionOption = Annotated[str | None, typer.Option("--connection", help="Only this connection.")]


def require_known(connection: str | None, known: Iterable[str]) -> None:
    """Where nothing was found for a connection: raise ConfigError when there is none of that name."""
    names = list(known)
    if connection is not None and connection not in names:
        raise ConfigError([f"there is no connection {connection!r}{did_you_mean(connection, names)}"])


LimitOption = Annotated[int, typer.Option("--limit", min=1, help="Show at most this many.")]
