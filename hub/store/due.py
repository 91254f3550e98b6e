"""Outbox rows that are due, with what Hub knows of the destination: ids, mirrors, and records about to be merged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson

from hub.store import text
from hub.store.database import Session
from hub.store.outbox import Subject

AtDestination = Literal["there", "uncertain", "merged"]
"""A profile's record at a destination: it is there; it may be merged, because the answer was lost; it was merged."""


@dataclass(frozen=True, slots=True)
class DueRow:
    """A row to deliver. ``mirror`` is what we last wrote there, ``external_ids`` known ids, the one to keep first.

    ``owners`` are the profiles (or the order) that brought these ids there: a record stays its first profile's while
    another one, merged with it, writes to it, so that it finds it again when the merge is undone. ``mirror_key`` is
    under whom the mirror is kept, ``merging`` are the others whose mirrors end once their records are one with it.
    ``merged_ids`` are ids that were merged away. ``gone`` is True where people deleted its only record there.
    """

    key: UUID
    profile_id: UUID
    version: int
    attempts: int
    uncertain: bool
    events: list[int]
    mirror: dict[str, Any]
    external_ids: list[str]
    contact_id: str | None
    owners: list[UUID]
    mirror_key: UUID
    merging: list[UUID]
    merged_ids: list[str]
    gone: bool = False


# The ids of those merged into this profile belong to it, its own first. Its orders go under what it has there itself,
# or under a record it took over, once it did. OFFSET 0 keeps each lookup one by key, also on fresh tables.
_ROWS = """
    SELECT o.key, o.profile_id, o.version, o.attempts, o.uncertain, o.events, known.ids, known.owners, known.merged,
        mirrors.keys, mirrors.texts, o.whole,
        CASE WHEN o.subject IN ('order', 'activity') THEN (
            SELECT x.external_id
            FROM unnest(o.profile_id || ARRAY(
                    SELECT a.id FROM alias a JOIN outbox p ON p.destination = o.destination AND p.key = a.profile_id
                    WHERE a.profile_id = o.profile_id AND p.state = 'delivered')) AS own (key)
                CROSS JOIN LATERAL (SELECT * FROM crosswalk c WHERE c.key = own.key OFFSET 0) x
            WHERE x.destination = o.destination AND x.subject = 'profile' AND NOT x.merged AND x.gone_at IS NULL
            ORDER BY (x.key = o.profile_id) DESC, x.created_at LIMIT 1) END,
        known.gone
    FROM (
        {chosen}) o
    CROSS JOIN LATERAL (
        SELECT o.key || ARRAY(
            SELECT a.id FROM alias a WHERE a.profile_id = o.key AND o.subject = 'profile') AS keys) own
    CROSS JOIN LATERAL (
        SELECT array_agg(x.external_id ORDER BY (x.key = o.key) DESC, x.created_at, x.external_id)
                FILTER (WHERE NOT x.merged AND x.gone_at IS NULL) AS ids,
            array_agg(x.key ORDER BY (x.key = o.key) DESC, x.created_at, x.external_id)
                FILTER (WHERE NOT x.merged AND x.gone_at IS NULL) AS owners,
            bool_or(NOT x.merged AND x.gone_at IS NOT NULL) AS gone,
            array_agg(x.external_id ORDER BY x.created_at, x.external_id) FILTER (WHERE x.merged) AS merged
        FROM unnest(own.keys) AS k (key)
            CROSS JOIN LATERAL (SELECT * FROM crosswalk c WHERE c.key = k.key OFFSET 0) x
        WHERE x.destination = o.destination AND x.subject = o.subject) known
    CROSS JOIN LATERAL (
        SELECT array_agg(m.key ORDER BY m.key) AS keys, array_agg(m.properties ORDER BY m.key) AS texts
        FROM mirror m WHERE m.destination = o.destination AND m.key = ANY(own.keys)) mirrors
    ORDER BY o.urgent DESC, o.due_at, o.key
    """
_WAITING = _ROWS.format(
    chosen="""
        SELECT * FROM ((
            SELECT * FROM outbox
            WHERE destination = %(destination)s AND subject = %(subject)s AND state IN ('pending', 'retrying')
                AND urgent AND due_at <= %(until)s::timestamptz
                AND (%(key)s::uuid IS NULL OR key = %(key)s OR profile_id = %(key)s)
            ORDER BY due_at, key LIMIT %(limit)s)
        UNION ALL (
            SELECT * FROM outbox
            WHERE destination = %(destination)s AND subject = %(subject)s AND state IN ('pending', 'retrying')
                AND NOT urgent AND due_at <= %(until)s::timestamptz
                AND (%(key)s::uuid IS NULL OR key = %(key)s OR profile_id = %(key)s)
            ORDER BY due_at, key LIMIT %(limit)s)) due
        ORDER BY urgent DESC, due_at, key LIMIT %(limit)s"""
)
_FAILED = _ROWS.format(
    chosen="""
        SELECT * FROM outbox
        WHERE destination = %(destination)s AND subject = %(subject)s AND state IN ('rejected', 'dead')
            AND (%(keys)s::uuid[] IS NULL OR key = ANY(%(keys)s))
        ORDER BY key LIMIT %(limit)s"""
)


def due_rows(session: Session, destination: str, subject: Subject, limit: int) -> list[DueRow]:
    """Rows to deliver now: opt-outs first, then the longest due. The caller is the destination's one sender."""
    return _waiting(session, destination, subject, until="now", key=None, limit=limit)


def waiting_rows(session: Session, destination: str, subject: Subject, *, key: UUID | None, limit: int) -> list[DueRow]:
    """Rows that wait, also for a later retry; with ``key`` only those of that profile or order."""
    return _waiting(session, destination, subject, until="infinity", key=key, limit=limit)


def _waiting(
    session: Session, destination: str, subject: Subject, *, until: str, key: UUID | None, limit: int
) -> list[DueRow]:
    rows = session.rows(
        _WAITING, {"destination": destination, "subject": subject, "until": until, "key": key, "limit": limit}
    )
    return [_due(*row) for row in rows]


def failed_rows(
    session: Session, destination: str, subject: Subject, *, keys: Collection[UUID] | None, limit: int
) -> list[DueRow]:
    """Rows that are dead or rejected, as a redrive would send them; all by key, or only ``keys``."""
    asked = {"destination": destination, "subject": subject, "limit": limit}
    return [_due(*row) for row in session.rows(_FAILED, {**asked, "keys": None if keys is None else list(keys)})]


def _due(
    key: UUID,
    profile_id: UUID,
    version: int,
    attempts: int,
    uncertain: bool,
    events: list[int],
    ids: list[str] | None,
    owners: list[UUID] | None,
    merged: list[str] | None,
    mirror_keys: list[UUID] | None,
    mirror_texts: list[str] | None,
    whole: bool,
    contact: str | None,
    gone: bool | None = None,
) -> DueRow:
    read = {held: _mirror(written) for held, written in zip(mirror_keys or (), mirror_texts or (), strict=True)}
    # A mirror that cannot be read tells nothing: the record is looked up first, and written in full.
    lost = any(mirror is None for mirror in read.values())
    mirrors = {held: mirror or {} for held, mirror in read.items()}
    mirror_key = owners[0] if owners else key
    mirror = mirrors.pop(mirror_key, {})
    # What was being written when the process ended is noted, and nobody named a value that is unknown since.
    unheard = uncertain and None not in mirror.values()
    if whole or unheard:
        mirror = dict.fromkeys(mirror)
    unknown = lost or any(value is None for value in mirror.values()) or (whole and bool(ids))
    # What a merge fills in there is not known, so that it is written or cleared.
    filled = {name: None for other in mirrors.values() for name in other}
    merging = dict.fromkeys([*mirrors, *(owners or ())])
    merging.pop(mirror_key, None)
    return DueRow(
        key=key,
        profile_id=profile_id,
        version=version,
        attempts=attempts,
        uncertain=uncertain or unknown,
        events=events,
        mirror={**filled, **mirror},
        external_ids=ids or [],
        contact_id=contact,
        owners=owners or [],
        mirror_key=mirror_key,
        merging=list(merging),
        merged_ids=merged or [],
        gone=bool(gone) and not ids,
    )


def _mirror(written: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = text.or_else(written, None)
    return found


def supposed_rows(session: Session, destination: str, keys: Mapping[UUID, Sequence[UUID]]) -> dict[UUID, DueRow]:
    """The rows that profiles would have if they were due, by profile: those that have, or ever had, one or a record.

    ``keys`` has for each profile all ids that would lead to it, its own among them.
    """
    asked = [destination, list({key for own in keys.values() for key in own})]
    rows: dict[UUID, bool] = dict(
        session.rows("SELECT key, uncertain FROM outbox WHERE destination = %s AND key = ANY(%b)", asked)
    )
    known = session.rows(
        """
        SELECT key, external_id, merged FROM crosswalk
        WHERE destination = %s AND key = ANY(%b) AND subject = 'profile' ORDER BY created_at, external_id
        """,
        asked,
    )
    ids: dict[UUID, list[tuple[str, bool]]] = {}
    for key, external, merged in known:
        ids.setdefault(key, []).append((external, merged))
    mirrors: dict[UUID, str] = dict(
        session.rows("SELECT key, properties FROM mirror WHERE destination = %s AND key = ANY(%b)", asked)
    )
    found: dict[UUID, DueRow] = {}
    for profile, own in keys.items():
        ordered = [profile, *sorted(set(own) - {profile})]
        there = [(key, external) for key in ordered for external, merged in ids.get(key, ()) if not merged]
        gone = [external for key in ordered for external, merged in ids.get(key, ()) if merged]
        mirrored = sorted(key for key in ordered if key in mirrors)
        if there or gone or any(key in rows for key in ordered):
            found[profile] = _due(
                profile, profile, 1, 0, any(rows.get(key) for key in ordered), [], [external for _, external in there],
                [key for key, _ in there], gone, mirrored, [mirrors[key] for key in mirrored], False, None,
            )  # fmt: skip
    return found


def note_sending(session: Session, destination: str, keys: Collection[UUID]) -> None:
    """Note that these are about to be written: if nobody hears what became of it, their mirrors count for nothing.

    A value that changes back meanwhile would seem to stand there still. ``record`` takes the note back.
    """
    _set_uncertain(session, destination, keys, uncertain=True)


def note_unsent(session: Session, destination: str, keys: Collection[UUID]) -> None:
    """Take the note back: nothing of these was written."""
    _set_uncertain(session, destination, keys, uncertain=False)


def write_everything(session: Session, destination: str, keys: Collection[UUID]) -> None:
    """Let the next write of these queued rows hold all properties, whatever the mirror says."""
    session.run(
        """
        WITH chosen AS (
            SELECT key FROM outbox WHERE destination = %(destination)s AND key = ANY(%(keys)b) ORDER BY key FOR UPDATE)
        UPDATE outbox SET whole = true, due_at = least(due_at, now()) FROM chosen
        WHERE outbox.destination = %(destination)s AND outbox.key = chosen.key
        """,
        {"destination": destination, "keys": list(keys)},
    )


def set_mirrors(session: Session, destination: str, mirrors: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Keep these mirrors, each by whom it is of."""
    if mirrors:
        _write_mirrors(session, destination, {key: orjson.dumps(held).decode() for key, held in mirrors.items()})


def note_for_winners(session: Session, destination: str, keys: Collection[UUID]) -> None:
    """Where these were merged into others since they were read: note that those have to look for what is made of them.

    A transaction of its own after ``note_sending``, as it takes rows in another order.
    """
    session.run(
        """
        WITH chosen AS (
            SELECT key FROM outbox WHERE destination = %(destination)s AND key = ANY(ARRAY(
                SELECT a.profile_id FROM unnest(%(keys)b::uuid[]) AS given (key)
                CROSS JOIN LATERAL (SELECT a.profile_id FROM alias a WHERE a.id = given.key OFFSET 0) a
                WHERE NOT EXISTS (
                    SELECT FROM outbox o WHERE o.destination = %(destination)s AND o.key = given.key OFFSET 0)))
            ORDER BY key FOR UPDATE)
        UPDATE outbox SET uncertain = true FROM chosen
        WHERE outbox.destination = %(destination)s AND outbox.key = chosen.key
        """,
        {"destination": destination, "keys": list(keys)},
    )


def _set_uncertain(session: Session, destination: str, keys: Collection[UUID], *, uncertain: bool) -> None:
    if keys:
        session.run(
            """
            WITH chosen AS (
                SELECT key FROM outbox WHERE destination = %(destination)s AND key = ANY(%(keys)b)
                ORDER BY key FOR UPDATE)
            UPDATE outbox SET uncertain = %(uncertain)s FROM chosen
            WHERE outbox.destination = %(destination)s AND outbox.key = chosen.key
            """,
            {"destination": destination, "keys": list(keys), "uncertain": uncertain},
        )


def unsettle(session: Session, destination: str, rows: Sequence[tuple[DueRow, Collection[str]]]) -> None:
    """Note, before records are merged, that nobody knows what stands in them until it is known that they were.

    With each row come the names of what is about to be written. If the merge is undone meanwhile, all of it is looked
    at, and written anew.
    """
    ordered = sorted(rows, key=lambda given: given[0].key)
    texts: dict[UUID, str] = {}
    for row, names in ordered:
        unknown = orjson.dumps(dict.fromkeys([*row.mirror, *names])).decode()
        texts |= dict.fromkeys([row.mirror_key, *row.merging], unknown)
    session.run(
        """
        UPDATE outbox SET uncertain = true FROM unnest(%b::uuid[]) AS given (key)
        WHERE outbox.destination = %s AND outbox.key = given.key
        """,
        [[row.key for row, _ in ordered], destination],
    )
    _write_mirrors(session, destination, texts)


def _write_mirrors(session: Session, destination: str, texts: Mapping[UUID, str]) -> None:
    session.run(
        """
        INSERT INTO mirror (destination, key, properties, updated_at)
        SELECT %s, key, properties, now() FROM unnest(%b::uuid[], %b::text[]) AS given (key, properties)
        ON CONFLICT (destination, key) DO UPDATE SET properties = excluded.properties, updated_at = excluded.updated_at
        """,
        [destination, list(texts), list(texts.values())],
    )


def kept(session: Session, destination: str, *, after: UUID | None, limit: int) -> list[tuple[UUID, str, str]]:
    """(profile, external id, mirror as JSON) of the records at a destination, by profile; a page of ``limit``."""
    return session.rows(
        """
        SELECT m.key, x.external_id, m.properties FROM mirror m
        CROSS JOIN LATERAL (SELECT c.external_id FROM crosswalk c
            WHERE c.key = m.key AND c.destination = m.destination AND c.subject = 'profile' AND NOT c.merged
                AND c.gone_at IS NULL
            ORDER BY c.created_at, c.external_id LIMIT 1) x
        WHERE m.destination = %(destination)s AND (%(after)s::uuid IS NULL OR m.key > %(after)s)
        ORDER BY m.key LIMIT %(limit)s
        """,
        {"destination": destination, "after": after, "limit": limit},
    )


def at_destinations(session: Session, profiles: Collection[UUID]) -> dict[str, dict[UUID, AtDestination]]:
    """Whether each of these profiles has a record there, by destination and profile. Profiles may be retired."""
    rows = session.rows(
        """
        SELECT x.destination, x.key, bool_and(x.merged), m.properties
        FROM crosswalk x LEFT JOIN mirror m ON m.destination = x.destination AND m.key = x.key
        WHERE x.key = ANY(%b) AND x.subject = 'profile' GROUP BY x.destination, x.key, m.properties ORDER BY 1, 2
        """,
        [list(profiles)],
    )
    found: dict[str, dict[UUID, AtDestination]] = {}
    for destination, key, merged, mirror in rows:
        read = {} if mirror is None else _mirror(mirror)
        unknown = read is None or any(value is None for value in read.values())
        found.setdefault(destination, {})[key] = "merged" if merged else "uncertain" if unknown else "there"
    return found
