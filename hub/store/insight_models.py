"""Versions of what customers are weighed by, and the runs that worked out everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class ModelRow:
    """``model`` is JSON text; ``restores`` the earlier version it is a copy of."""

    id: int
    model: str
    note: str
    by: str
    made_at: datetime
    active: bool
    restores: int | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """``changed`` of so many ``profiles`` have other traits than before."""

    at: datetime
    profiles: int
    changed: int
    seconds: float


_COLUMNS = "id, model, note, by, made_at, active, restores"


def active_id(session: Session) -> int:
    """The version in force; 0 when there is none."""
    row = session.one("SELECT id FROM insight_model WHERE active")
    return int(row[0]) if row else 0


def get(session: Session, version: int) -> ModelRow | None:
    """One version."""
    row = session.one(f"SELECT {_COLUMNS} FROM insight_model WHERE id = %s", [version])
    return ModelRow(*row) if row else None


def before(session: Session, version: int) -> ModelRow | None:
    """The newest version before this one that was ever in force."""
    row = session.one(
        f"SELECT {_COLUMNS} FROM insight_model WHERE id < %s AND note <> 'tried' ORDER BY id DESC LIMIT 1", [version]
    )
    return ModelRow(*row) if row else None


def newest(session: Session) -> ModelRow | None:
    """The version that was made last, in force or only tried."""
    row = session.one(f"SELECT {_COLUMNS} FROM insight_model ORDER BY id DESC LIMIT 1")
    return ModelRow(*row) if row else None


def page(session: Session, limit: int) -> list[ModelRow]:
    """The newest versions, newest first."""
    rows = session.rows(f"SELECT {_COLUMNS} FROM insight_model ORDER BY id DESC LIMIT %s", [limit])
    return [ModelRow(*row) for row in rows]


def add(
    session: Session,
    model: str,
    *,
    note: str,
    by: str,
    now: datetime,
    active: bool,
    restores: int | None = None,
) -> int:
    """Store a version, in force from now on where it is ``active``; gives its id."""
    if active:
        session.run("UPDATE insight_model SET active = false WHERE active")
    row = session.one(
        """
        INSERT INTO insight_model (model, note, by, made_at, active, restores) VALUES (%s, %s, %s, %s, %s, %s)
        RETURNING id
        """,
        [model, note, by, now, active, restores],
    )
    assert row is not None
    return int(row[0])


def activate(session: Session, version: int, note: str) -> None:
    """Put a version that was only tried in force."""
    session.run("UPDATE insight_model SET active = false WHERE active")
    session.run("UPDATE insight_model SET active = true, note = %s WHERE id = %s", [note, version])


def note_run(session: Session, run: RunRow) -> None:
    """Store that everybody was worked out."""
    session.run(
        "INSERT INTO insight_run (at, profiles, changed, seconds) VALUES (%s, %s, %s, %s)",
        [run.at, run.profiles, run.changed, run.seconds],
    )


def last_run(session: Session) -> RunRow | None:
    """The newest run."""
    row = session.one("SELECT at, profiles, changed, seconds FROM insight_run ORDER BY id DESC LIMIT 1")
    return RunRow(*row) if row else None
