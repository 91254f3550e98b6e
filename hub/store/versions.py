"""Versions of rules and weights; at most one is in force."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class VersionRow:
    """``rules``, ``survivorship`` and ``model`` are texts; None: what is configured, or shipped, holds.

    ``records`` is how many records there were when it was made, ``note`` what it was made for. ``configured`` is what
    the files of rules said then, where that was looked at; ``restores`` the earlier version this one is a copy of.
    """

    id: int
    rules: str | None
    survivorship: str | None
    model: str | None
    records: int
    note: str
    by: str
    created_at: datetime
    active: bool
    configured: str | None = None
    restores: int | None = None


_COLUMNS = "id, rules, survivorship, model, records, note, by, created_at, active, configured, restores"


def active_id(session: Session) -> int:
    """The version in force; 0 when there is none."""
    row = session.one("SELECT id FROM identity_version WHERE active")
    return int(row[0]) if row else 0


def get(session: Session, version: int) -> VersionRow | None:
    """One version."""
    row = session.one(f"SELECT {_COLUMNS} FROM identity_version WHERE id = %s", [version])
    return VersionRow(*row) if row else None


def origin(session: Session) -> VersionRow | None:
    """The first version with the weights that are in force; None where the shipped ones are."""
    row = session.one(
        f"""
        SELECT {_COLUMNS} FROM identity_version
        WHERE model = (SELECT model FROM identity_version WHERE active) ORDER BY id LIMIT 1
        """
    )
    return VersionRow(*row) if row else None


def recount(session: Session, version: int, records: int) -> None:
    """Note that a version was confirmed at this number of records."""
    session.run("UPDATE identity_version SET records = %s WHERE id = %s", [records, version])


def configured(session: Session) -> VersionRow | None:
    """The newest version that was made of the files of rules."""
    row = session.one(f"SELECT {_COLUMNS} FROM identity_version WHERE configured IS NOT NULL ORDER BY id DESC LIMIT 1")
    return VersionRow(*row) if row else None


def before(session: Session, version: int) -> VersionRow | None:
    """The newest version before this one."""
    row = session.one(f"SELECT {_COLUMNS} FROM identity_version WHERE id < %s ORDER BY id DESC LIMIT 1", [version])
    return VersionRow(*row) if row else None


def ended_at(session: Session, version: int) -> datetime | None:
    """When the version after this one was put in force."""
    row = session.one("SELECT created_at FROM identity_version WHERE id > %s ORDER BY id LIMIT 1", [version])
    return row[0] if row else None


def page(session: Session, limit: int, *, before: int | None = None) -> list[VersionRow]:
    """The newest versions, newest first; those ``before`` an id."""
    return [
        VersionRow(*row)
        for row in session.rows(
            f"""
            SELECT {_COLUMNS} FROM identity_version WHERE %(before)s::bigint IS NULL OR id < %(before)s
            ORDER BY id DESC LIMIT %(limit)s
            """,
            {"before": before, "limit": limit},
        )
    ]


def activate(
    session: Session,
    *,
    rules: str | None,
    survivorship: str | None,
    model: str | None,
    records: int,
    note: str,
    by: str,
    now: datetime,
    configured: str | None = None,
    restores: int | None = None,
) -> int:
    """Store a version and put it in force; gives its id."""
    session.run("UPDATE identity_version SET active = false WHERE active")
    row = session.one(
        """
        INSERT INTO identity_version
            (rules, survivorship, model, records, note, by, created_at, active, configured, restores)
        VALUES (%s, %s, %s, %s, %s, %s, %s, true, %s, %s) RETURNING id
        """,
        [rules, survivorship, model, records, note, by, now, configured, restores],
    )
    assert row is not None
    return int(row[0])


def note_moves(session: Session, version: int, moved: Mapping[UUID, UUID]) -> None:
    """Store the profile of each record before this version moved it. The first move by a version counts."""
    if moved:
        session.run(
            """
            INSERT INTO placement (record_id, version, profile_id)
            SELECT record_id, %s, profile_id FROM unnest(%b::uuid[], %b::uuid[]) AS given (record_id, profile_id)
            ON CONFLICT DO NOTHING
            """,
            [version, list(moved), list(moved.values())],
        )


def placed_by(session: Session, version: int, records: Collection[UUID]) -> dict[UUID, UUID]:
    """The profile that each of these records had by a version, as far as later ones moved it."""
    rows = session.rows(
        """
        SELECT DISTINCT ON (record_id) record_id, profile_id FROM placement
        WHERE record_id = ANY(%b) AND version > %s ORDER BY record_id, version
        """,
        [list(records), version],
    )
    return dict(rows)


def queue_all(session: Session) -> int:
    """Queue every record to be resolved again; gives how many are waiting."""
    session.run("INSERT INTO reresolve (record_id) SELECT id FROM record ON CONFLICT DO NOTHING")
    return waiting(session)


def queue_profiles(session: Session) -> int:
    """Queue one record of every profile, so that all are folded again; gives how many records wait."""
    session.run(
        """
        INSERT INTO reresolve (record_id) SELECT DISTINCT ON (profile_id) id FROM record ORDER BY profile_id, id
        ON CONFLICT DO NOTHING
        """
    )
    return waiting(session)


def queue(session: Session, records: Collection[UUID]) -> None:
    """Queue these records to be resolved again."""
    if records:
        session.run(
            "INSERT INTO reresolve (record_id) SELECT unnest(%b::uuid[]) ON CONFLICT DO NOTHING", [list(records)]
        )


def take(session: Session, limit: int) -> list[UUID]:
    """Take records off the queue, and the others of their profiles with them; they are back when the transaction fails.

    A profile is resolved again as a whole: half of it, weighed by other rules or never compared, would come apart until
    the other half's turn.
    """
    rows = session.rows(
        """
        WITH first AS MATERIALIZED (SELECT record_id FROM reresolve ORDER BY record_id LIMIT %s)
        DELETE FROM reresolve WHERE record_id = ANY(ARRAY(
            SELECT record_id FROM first
            UNION SELECT mate.id FROM first JOIN record r ON r.id = first.record_id
                JOIN record mate ON mate.profile_id = r.profile_id
        )) RETURNING record_id
        """,
        [limit],
    )
    return [row[0] for row in rows]


def unqueue(session: Session, records: Collection[UUID]) -> None:
    """Take these records off the queue for good."""
    session.run("DELETE FROM reresolve WHERE record_id = ANY(%b)", [list(records)])


def any_unread(session: Session) -> bool:
    """Whether records from before an upgrade wait that identity has never compared."""
    return session.one("SELECT 1 FROM reresolve WHERE unread LIMIT 1") is not None


def any_waiting(session: Session) -> bool:
    """Whether records wait to be resolved again."""
    return session.one("SELECT 1 FROM reresolve LIMIT 1") is not None


def waiting(session: Session) -> int:
    """How many records wait to be resolved again."""
    row = session.one("SELECT count(*) FROM reresolve")
    return int(row[0]) if row else 0
