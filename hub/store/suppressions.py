"""The list of addresses and numbers nobody may write to: keyed digests, so that it outlives those who were erased.

An entry says of an address what a record would say of a person: an opt-out, since when, and why. It is heard with the
records that carry the address, whatever is imported again, and a newer opt-in with its own evidence stands above it
like above any other opt-out (law L7). A hard bounce closes a person's mail only while no other address of theirs is
left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from hub.mapping.record_state import current, micros
from hub.model.consent import SUPPRESSION
from hub.model.keys import record_id
from hub.store import suppression_keys
from hub.store.database import Row, Session
from hub.store.records import RecordRow

Reason = Literal["erased", "complaint", "bounce", "asked"]
"""``asked``: somebody named the address by hand."""

Point = tuple[str, str]
"""``emails`` or ``phones``, and a normalised value of it."""

_CHANNELS: Mapping[str, tuple[str, ...]] = {"emails": ("email",), "phones": ("sms", "whatsapp", "phone")}
_WORDS: Mapping[str, str] = {
    "erased": "erased on request",
    "complaint": "complained of as spam",
    "bounce": "hard bounce: the address is dead",
    "asked": "named by hand",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """``connection`` told of it; "hub" where a person did."""

    point: Point
    reason: Reason
    since: datetime
    connection: str


def digest(session: Session, point: Point) -> bytes:
    """The digest of an address or number. Raises ConfigError where a key is missing."""
    return _digest(_chain(session, suppression_keys.held(session)), point)


def _chain(session: Session, holding: bytes) -> tuple[bytes, ...]:
    return suppression_keys.chain(holding, session.keys)


def _digest(keys: Sequence[bytes], point: Point) -> bytes:
    """Of list and value; values are normalised, so that capitals hide nobody."""
    return suppression_keys.digest(keys, "\x1f".join(point).encode())


def points_of(rows: Iterable[RecordRow], *, former: bool = False) -> set[Point]:
    """The usable addresses and numbers of records; with ``former`` also those that their source replaced."""
    found: set[Point] = set()
    for row in rows:
        for name in _CHANNELS:
            held = row.state.get(name, {}) if former else current(row.state, name)
            found |= {(name, value) for value, item in held.items() if item[0][1]}
    return found


def note(session: Session, entries: Sequence[Entry]) -> None:
    """Put these on the list; of what stands there the newest time is kept, so that the order of telling is nothing.

    Raises ConfigError where a key is missing.
    """
    if not entries:
        return
    keys = _chain(session, suppression_keys.held(session, lock="FOR SHARE"))  # no key is laid over it meanwhile
    newest: dict[tuple[bytes, str, str], Entry] = {}
    for entry in entries:
        place = (_digest(keys, entry.point), entry.point[0], entry.reason)
        newest[place] = max(newest.get(place, entry), entry, key=lambda one: (one.since, one.connection))
    ordered = sorted(newest)
    session.run(
        """
        INSERT INTO suppression AS held (digest, channel, reason, since, connection, noted_at)
        SELECT digest, channel, reason, since, connection, now()
        FROM unnest(%b::bytea[], %b::text[], %b::text[], %s::timestamptz[], %b::text[])
            AS given (digest, channel, reason, since, connection)
        ON CONFLICT (digest, channel, reason) DO UPDATE SET since = excluded.since, connection = excluded.connection
        WHERE (held.since, held.connection) < (excluded.since, excluded.connection)
        """,
        [
            [place[0] for place in ordered],
            [place[1] for place in ordered],
            [place[2] for place in ordered],
            [newest[place].since for place in ordered],
            [newest[place].connection for place in ordered],
        ],
    )


def heard(session: Session, rows: Sequence[RecordRow]) -> list[RecordRow]:
    """What the list says of the person of these records, as records of its own kind; [] where it says nothing."""
    points = points_of(rows) if rows and not _are_erased(rows) and _any(session) else set()
    found = _looked_up(session, points)
    return _as_records(found, points) if found else []


def reasons(session: Session, point: Point) -> set[str]:
    """Why nobody may write to this address or number; none where they may. Of one that no record has to have."""
    found = _looked_up(session, [point]) if _any(session) else {}
    return {reason for reason, *_ in found.get(point, ())}


def _are_erased(rows: Sequence[RecordRow]) -> bool:
    """Whether the person asked to be erased and is still known: nothing is sent to them whatever the list says."""
    return any("erasure" in row.state for row in rows)


def _any(session: Session) -> bool:
    """Whether anything is on the list: most batches ask nothing more."""
    return session.one("SELECT 1 FROM suppression LIMIT 1") is not None


def heard_of_many(session: Session, members: Mapping[UUID, Sequence[RecordRow]]) -> dict[UUID, list[RecordRow]]:
    """The same for many people by one look."""
    if not _any(session):
        return {}
    own = {one: points_of(rows) for one, rows in members.items() if not _are_erased(rows)}
    found = _looked_up(session, {point for points in own.values() for point in points})
    if not found:
        return {}
    told = {one: _as_records({p: found[p] for p in points if p in found}, points) for one, points in own.items()}
    return {one: rows for one, rows in told.items() if rows}


_Found = Mapping[Point, Sequence[tuple[str, datetime, str, bytes]]]


def _looked_up(session: Session, points: Collection[Point]) -> _Found:
    if not points:
        return {}
    by_digest, rows = _rows(session, points, suppression_keys.held(session))
    found: dict[Point, list[tuple[str, datetime, str, bytes]]] = {}
    for made, reason, since, connection in rows:
        found.setdefault(by_digest[bytes(made)], []).append((reason, since, connection, bytes(made)))
    return found


def _rows(session: Session, points: Collection[Point], holding: bytes) -> tuple[Mapping[bytes, Point], Sequence[Row]]:
    """The points by their digests, and what is listed of them: looked up again where a key came over it meanwhile."""
    keys = _chain(session, holding)
    by_digest = {_digest(keys, point): point for point in points}
    rows = session.rows(
        "SELECT k.key, s.digest, s.reason, s.since, s.connection FROM suppression_key k "
        "LEFT JOIN suppression s ON s.digest = ANY(%b::bytea[]) ORDER BY 2, 3",
        [list(by_digest)],
    )
    now = bytes(rows[0][0])
    if now != holding:
        return _rows(session, points, now)
    return by_digest, [row[1:] for row in rows if row[1] is not None]


def _as_records(found: _Found, points: Collection[Point]) -> list[RecordRow]:
    dead = {point for point, told in found.items() if any(reason == "bounce" for reason, *_ in told)}
    living = any(point not in dead for point in points if point[0] == "emails")
    rows = []
    for (name, _), told in sorted(found.items()):
        for reason, since, connection, made in told:
            if reason == "bounce" and living:
                continue
            stamp = [micros(since)] * 2 + [0]
            evidence = f"list of addresses nobody writes to: {_WORDS[reason]} ({connection})"
            channels = ("email",) if reason in ("complaint", "bounce") else _CHANNELS[name]
            states = {f"marketing|{one}|opted_out|explicit": [evidence, stamp] for one in channels}
            external = f"{reason}:{made.hex()[:16]}"
            key_of = record_id("hub", SUPPRESSION, external)
            rows.append(RecordRow(key_of, "hub", SUPPRESSION, external, None, {"consents": states}))
    return rows


def counts(session: Session) -> dict[str, int]:
    """Entries by reason."""
    return dict(session.rows("SELECT reason, count(*) FROM suppression GROUP BY 1 ORDER BY 1"))
