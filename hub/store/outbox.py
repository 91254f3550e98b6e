"""Outbox, mirror, crosswalk, attempts.

PostgreSQL's clock alone stamps and compares: those of the workers may differ by days.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from hub.store import outbox_locks
from hub.store.database import Session

Subject = Literal["profile", "order", "activity"]


@dataclass(frozen=True, slots=True)
class NewRow:
    """Something differs at a destination. ``events`` are the inbox ids behind it; ``urgent`` goes before all others."""

    destination: str
    key: UUID
    subject: Subject
    profile_id: UUID
    version: int
    events: list[int]
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one row. ``state`` is its next state; ``mirror`` JSON text when something was written.

    ``wait`` is how long from now it waits, by PostgreSQL's clock. ``refused`` are the values it went out without.
    ``owner`` is under whom mirror and ``external_id`` are kept; ``settled`` are those whose mirrors end.
    ``confirmed`` is whether an opt-out that was written was read back, None where none was.
    ``renewed`` when the record known before is no more, and this is another one: what hangs on it is written again.
    """

    key: UUID
    version: int
    state: str
    attempts: int
    uncertain: bool
    wait: timedelta
    reason: str
    outcome: str
    events: list[int]
    refused: str = ""
    mirror: str | None = None
    external_id: str | None = None
    merged_ids: tuple[str, ...] = ()
    owner: UUID | None = None
    settled: tuple[UUID, ...] = ()
    renewed: bool = False
    confirmed: bool | None = None


def enqueue(session: Session, rows: Sequence[NewRow]) -> None:
    """Coalesce: one row per destination and subject, at its newest version; the events behind it add up."""
    if not rows:
        return
    ordered = sorted(rows, key=lambda row: (row.destination, row.key))
    session.run(
        """
        INSERT INTO outbox AS held (destination, key, subject, profile_id, version, state, due_at, enqueued_at,
            updated_at, events, urgent)
        SELECT destination, key, subject, profile_id, version, 'pending', now(), now(), now(),
            string_to_array(events, ',')::bigint[], urgent
        FROM unnest(%(destinations)b::text[], %(keys)b::uuid[], %(subjects)b::text[], %(profiles)b::uuid[],
            %(versions)b::bigint[], %(events)b::text[], %(urgent)b::bool[])
            AS given (destination, key, subject, profile_id, version, events, urgent)
        ON CONFLICT (destination, key) DO UPDATE SET
            profile_id = excluded.profile_id,
            version = greatest(held.version + 1, excluded.version),
            state = 'pending', attempts = 0,
            urgent = excluded.urgent OR (held.urgent AND held.state <> 'delivered'),
            due_at = CASE WHEN held.state IN ('pending', 'retrying') AND held.profile_id = excluded.profile_id
                AND held.held_at IS NULL AND NOT excluded.urgent THEN held.due_at ELSE excluded.due_at END,
            held_at = NULL,
            enqueued_at = CASE WHEN held.state IN ('pending', 'retrying') THEN held.enqueued_at
                ELSE excluded.enqueued_at END,
            held_since = CASE WHEN held.state IN ('pending', 'retrying') THEN held.held_since END,
            updated_at = excluded.updated_at,
            events = CASE WHEN held.state = 'delivered' THEN excluded.events
                ELSE (held.events || excluded.events)[greatest(1, cardinality(held.events || excluded.events) - 49):]
                END
        """,
        {
            "destinations": [row.destination for row in ordered],
            "keys": [row.key for row in ordered],
            "subjects": [row.subject for row in ordered],
            "profiles": [row.profile_id for row in ordered],
            "versions": [row.version for row in ordered],
            "events": [",".join(map(str, row.events[-50:])) for row in ordered],
            "urgent": [row.urgent for row in ordered],
        },
    )


def external_ids(session: Session, destination: str, subject: Subject, keys: Collection[UUID]) -> dict[UUID, list[str]]:
    """The ids under which the destination knows these, as far as Hub was told; those merged away are left out."""
    found: dict[UUID, list[str]] = {}
    for key, external_id in session.rows(
        """
        SELECT key, external_id FROM crosswalk
        WHERE destination = %s AND subject = %s AND key = ANY(%b) AND NOT merged ORDER BY created_at, external_id
        """,
        [destination, subject, list(keys)],
    ):
        found.setdefault(key, []).append(external_id)
    return found


def queued(session: Session, destinations: Collection[str], profiles: Collection[UUID]) -> set[tuple[str, UUID]]:
    """(destination, profile) wherever these profiles have an outbox row, in any state, or a record there."""
    rows = session.rows(
        """
        SELECT destination, key FROM outbox
        WHERE destination = ANY(%(destinations)b) AND key = ANY(%(keys)b) AND subject = 'profile'
        UNION
        SELECT destination, key FROM crosswalk
        WHERE destination = ANY(%(destinations)b) AND key = ANY(%(keys)b) AND subject = 'profile' AND NOT merged
        """,
        {"destinations": list(destinations), "keys": list(profiles)},
    )
    return set(rows)


def last_versions(session: Session, keys: Collection[UUID]) -> dict[tuple[str, UUID], int]:
    """The highest version that was ever tried, by (destination, key)."""
    rows = session.rows(
        "SELECT destination, key, max(version) FROM attempt WHERE key = ANY(%b) GROUP BY destination, key", [list(keys)]
    )
    return {(destination, key): version for destination, key, version in rows}


def retire(session: Session, losers: Sequence[UUID], winners: Sequence[UUID]) -> None:
    """A merged-away profile is delivered no more; the winner is, wherever the loser was, so that it merges them."""
    outbox_locks.of_profiles(session, [*losers, *winners])
    session.run(
        """
        INSERT INTO outbox AS held (destination, key, subject, profile_id, version, state, uncertain, due_at,
            enqueued_at, updated_at, events)
        SELECT DISTINCT ON (o.destination, given.winner) o.destination, given.winner, 'profile', given.winner,
            o.version, 'pending', o.uncertain, now(), now(), now(), o.events
        FROM unnest(%(losers)b::uuid[], %(winners)b::uuid[]) AS given (loser, winner)
        JOIN outbox o ON o.key = given.loser AND o.profile_id = given.loser AND o.subject = 'profile'
        ORDER BY o.destination, given.winner, o.uncertain DESC
        ON CONFLICT (destination, key) DO UPDATE SET state = 'pending', version = held.version + 1, attempts = 0,
            uncertain = held.uncertain OR excluded.uncertain, due_at = excluded.due_at, held_at = NULL,
            enqueued_at = CASE WHEN held.state IN ('pending', 'retrying') THEN held.enqueued_at
                ELSE excluded.enqueued_at END,
            held_since = CASE WHEN held.state IN ('pending', 'retrying') THEN held.held_since END,
            updated_at = excluded.updated_at
        """,
        {"losers": list(losers), "winners": list(winners)},
    )
    # Its record and mirror stay until they are merged there: if the merge is undone before, nothing was done there.
    session.run(
        "DELETE FROM outbox WHERE profile_id = ANY(%b) AND key = profile_id AND subject = 'profile'", [list(losers)]
    )
    session.run(
        """
        UPDATE outbox SET profile_id = given.winner,
            due_at = CASE WHEN state = 'pending' THEN least(due_at, now()) ELSE due_at END
        FROM unnest(%b::uuid[], %b::uuid[]) AS given (loser, winner) WHERE outbox.profile_id = given.loser
        """,
        [list(losers), list(winners)],
    )


def postpone(
    session: Session, destination: str, keys: Collection[UUID], *, least: timedelta, most: timedelta, reason: str
) -> None:
    """Let rows wait as long again as they have waited, and say why. This is no attempt, because they did not fail."""
    if keys:
        session.run(
            """
            UPDATE outbox
            SET due_at = now() + least(%(most)s, greatest(%(least)s, now() - enqueued_at)), reason = %(reason)s
            WHERE destination = %(destination)s AND key = ANY(%(keys)b)
            """,
            {"least": least, "most": most, "destination": destination, "keys": list(keys), "reason": reason},
        )


def record(session: Session, destination: str, subject: Subject, results: Sequence[Recorded]) -> None:
    """Note what became of each row. A row that changed while it was sent stays pending at its newer version."""
    if not results:
        return
    # In the order in which ``enqueue`` takes these rows: two that take them in different orders wait for each other.
    results = sorted(results, key=lambda result: result.key)
    if subject == "profile" and (known := [r.key for r in results if r.external_id]):
        renewed = [r.key for r in results if r.renewed]
        outbox_locks.with_orders(session, destination, [r.key for r in results], known, renewed)
    columns = {
        "destination": destination,
        "subject": subject,
        "keys": [r.key for r in results],
        "versions": [r.version for r in results],
        "states": [r.state for r in results],
        "attempts": [r.attempts for r in results],
        "uncertain": [r.uncertain for r in results],
        "waits": [r.wait.total_seconds() for r in results],
        "reasons": [r.reason for r in results],
        "refused": [r.refused for r in results],
        "outcomes": [r.outcome for r in results],
        "events": [",".join(map(str, r.events)) for r in results],
        "confirmed": [r.confirmed for r in results],
    }
    session.run(
        """
        UPDATE outbox o SET
            state = CASE WHEN o.version = g.version THEN g.state ELSE 'pending' END,
            due_at = now() + make_interval(
                secs => CASE WHEN o.version = g.version OR g.state = 'retrying' THEN g.wait ELSE 0 END),
            attempts = CASE WHEN o.version = g.version THEN g.attempts ELSE 0 END,
             uncertain = g.uncertain, reason = g.reason, refused = g.refused, updated_at = now(), held_at = NULL,
             held_since = CASE WHEN o.version <> g.version OR g.state = 'retrying' THEN o.held_since END,
             whole = o.whole AND (o.version <> g.version OR g.state <> 'delivered'),
             urgent = o.urgent AND (o.version <> g.version OR g.state <> 'delivered')
        FROM unnest(%(keys)b::uuid[], %(versions)b::bigint[], %(states)b::text[], %(attempts)b::int[],
            %(uncertain)b::bool[], %(waits)b::float8[], %(reasons)b::text[], %(refused)b::text[])
            AS g (key, version, state, attempts, uncertain, wait, reason, refused)
        WHERE o.destination = %(destination)s AND o.key = ANY(%(keys)b) AND o.key = g.key
        """,
        columns,
    )
    session.run(
        """
        INSERT INTO attempt (destination, key, version, at, outcome, reason, events, confirmed)
        SELECT %(destination)s, key, version, now(), outcome, reason, string_to_array(events, ',')::bigint[], confirmed
        FROM unnest(%(keys)b::uuid[], %(versions)b::bigint[], %(outcomes)b::text[], %(reasons)b::text[],
            %(events)b::text[], %(confirmed)s::bool[]) AS g (key, version, outcome, reason, events, confirmed)
        """,
        columns,
    )
    _record_written(session, destination, [r for r in results if r.mirror is not None])
    _record_ids(session, destination, subject, results)


def _record_written(session: Session, destination: str, written: Sequence[Recorded]) -> None:
    settled = [key for r in written for key in r.settled]
    if settled:
        session.run("DELETE FROM mirror WHERE destination = %s AND key = ANY(%b)", [destination, settled])
    if written:
        session.run(
            """
            INSERT INTO mirror (destination, key, properties, updated_at)
            SELECT %s, owner, properties, now() FROM unnest(%b::uuid[], %b::uuid[], %b::text[])
                AS g (key, owner, properties)
            CROSS JOIN LATERAL (SELECT FROM outbox o WHERE o.destination = %s AND o.key = g.key OFFSET 0) row
            ON CONFLICT (destination, key) DO UPDATE SET properties = excluded.properties,
                updated_at = excluded.updated_at
            """,
            [
                destination,
                [r.key for r in written],
                [r.owner or r.key for r in written],
                [r.mirror for r in written],
                destination,
            ],
        )


def _record_ids(session: Session, destination: str, subject: Subject, results: Sequence[Recorded]) -> None:
    merged = [external for r in results for external in r.merged_ids]
    if merged:
        session.run(
            """
            UPDATE crosswalk SET merged = true
            WHERE destination = %s AND subject = %s AND external_id = ANY(%s)
            """,
            [destination, subject, merged],
        )
    named = [(r.owner or r.key, r.external_id) for r in results if r.external_id]
    if named:
        session.run(
            """
            INSERT INTO crosswalk (destination, external_id, subject, key, created_at)
            SELECT %s, external_id, %s, key, now() FROM unnest(%b::uuid[], %b::text[]) AS g (key, external_id)
            ON CONFLICT (destination, subject, external_id) DO UPDATE SET key = excluded.key, merged = false
            WHERE crosswalk.key <> excluded.key OR crosswalk.merged
            """,
            [destination, subject, [key for key, _ in named], [external for _, external in named]],
        )
    if named and subject == "profile":
        # Orders and activities wait for their customer to be known there.
        session.run(
            """
            UPDATE outbox SET due_at = now()
            WHERE profile_id = ANY(%(keys)b) AND destination = %(destination)s
                AND subject IN ('order', 'activity') AND state = 'pending' AND due_at > now()
            """,
            {"keys": [r.key for r in results if r.external_id], "destination": destination},
        )
        _write_orders_again(session, destination, [r.key for r in results if r.renewed])


def _write_orders_again(session: Session, destination: str, profiles: Sequence[UUID]) -> None:
    if profiles:
        session.run(
            """
            UPDATE outbox SET state = 'pending', version = version + 1, attempts = 0, due_at = now(),
                enqueued_at = CASE WHEN state = 'retrying' THEN enqueued_at ELSE now() END, updated_at = now()
            WHERE profile_id = ANY(%(profiles)b) AND destination = %(destination)s AND subject = 'order'
                AND state IN ('delivered', 'retrying')
            """,
            {"profiles": list(profiles), "destination": destination},
        )


def oldest_due(session: Session, destination: str) -> float | None:
    """The age in seconds of the row that is due longest, or None; costs the same however many wait.

    None as well while the destination is to be left alone.
    """
    row = session.one(
        """
        SELECT max(extract(epoch FROM now() - first.enqueued_at))::float8
        FROM unnest(ARRAY['profile', 'order', 'activity']) AS subject,
            LATERAL (SELECT o.enqueued_at FROM outbox o WHERE o.destination = %(destination)s AND o.subject = subject
                AND o.state IN ('pending', 'retrying') AND o.due_at <= now() ORDER BY o.due_at LIMIT 1) first
        WHERE NOT EXISTS (SELECT FROM destination_state d
            WHERE d.destination = %(destination)s AND (d.not_before > now() OR d.paused_at IS NOT NULL))
        """,
        {"destination": destination},
    )
    return row[0] if row else None


def page(
    session: Session,
    *,
    states: Sequence[str],
    destination: str | None = None,
    after: tuple[str, UUID] | None = None,
    refused: bool = False,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Rows in these states, with ``refused`` also those that went out without some value, by destination and key."""
    rows = session.rows(
        """
        SELECT destination, key, subject, profile_id, version, state, attempts, reason, refused, due_at, enqueued_at,
            updated_at, events
        FROM outbox WHERE (state = ANY(%(states)s) OR (%(refused)s AND refused <> ''))
            AND (%(destination)s::text IS NULL OR destination = %(destination)s)
            AND (%(after)s::text IS NULL OR (destination, key) > (%(after)s, %(key)s))
        ORDER BY destination, key LIMIT %(limit)s
        """,
        {
            "states": list(states),
            "refused": refused,
            "destination": destination,
            "after": after[0] if after else None,
            "key": after[1] if after else None,
            "limit": limit,
        },
    )
    names = (
        "destination", "key", "subject", "profile_id", "version", "state", "attempts", "reason", "refused", "due_at",
        "enqueued_at", "updated_at", "events",
    )  # fmt: skip
    return [dict(zip(names, row, strict=True)) for row in rows]


def redrive(session: Session, *, destination: str | None = None, keys: Sequence[UUID] | None = None) -> int:
    """Put dead and rejected rows back; gives how many."""
    return session.run(
        """
        WITH chosen AS (
            SELECT destination, key FROM outbox
            WHERE state IN ('rejected', 'dead') AND (%(destination)s::text IS NULL OR destination = %(destination)s)
                AND (%(keys)b::uuid[] IS NULL OR key = ANY(%(keys)b)) ORDER BY destination, key FOR UPDATE)
        UPDATE outbox SET state = 'pending', attempts = 0, due_at = now(), enqueued_at = now(), updated_at = now(),
            held_since = NULL
        FROM chosen WHERE outbox.destination = chosen.destination AND outbox.key = chosen.key
        """,
        {"destination": destination, "keys": list(keys) if keys is not None else None},
    )
