"""What is where: counts, lag, and the state of every destination, for `hub stats`, the API and the console."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.store import (
    arrivals,
    inbox,
    loads,
    outbox_counts,
    profiles,
    reconciliations,
    records,
    rests,
    reviews,
    subscriptions,
)
from hub.store.database import Session

_NOTHING = {"pending": 0, "retrying": 0, "delivered": 0, "rejected": 0, "dead": 0}


def stats(session: Session, destinations: Iterable[str] = ()) -> dict[str, Any]:
    """Counts by state, and the age of the oldest waiting row per connection, in seconds.

    While a bulk load goes on, ``bulk_load`` tells since when, why, and how many rows wait for its end by destination.
    ``destinations`` are shown also when nothing was ever queued for them.
    """
    counted = outbox_counts.counted(session)
    load = loads.bulk_load(session)
    return {
        "inbox": inbox.counts(session),
        "records": records.count(session),
        "profiles": profiles.count(session),
        "reviews": {"open": reviews.count(session)},
        "outbox": {name: counted.rows.get(name, _NOTHING) for name in sorted({*counted.rows, *destinations})},
        "reconciled": {
            name: {"since": one.since, "at": one.finished_at, "found": dict(one.found)}
            for name, one in reconciliations.page(session).items()
        },
        "lag": {"inbox": inbox_lag(session), "outbox": dict(counted.lag)},
        **({"bulk_load": _bulk_load(session, load)} if load else {}),
    }


def _bulk_load(session: Session, load: loads.BulkLoad) -> dict[str, Any]:
    return {"since": load.since, "reason": load.reason, "held": loads.held_rows(session)}


def inbox_lag(session: Session) -> dict[str, float]:
    """Per connection with waiting entries: the age of the oldest, in seconds.

    Entries are numbered as they come. One look into the index for each step and connection, however many wait.
    """
    rows = session.rows(
        """
        WITH RECURSIVE turn AS (
            (SELECT step, connection FROM inbox_queue WHERE step <> 'reread' ORDER BY step, connection LIMIT 1)
            UNION ALL
            SELECT further.* FROM turn CROSS JOIN LATERAL (
                SELECT q.step, q.connection FROM inbox_queue q
                WHERE (q.step, q.connection) > (turn.step, turn.connection) AND q.step <> 'reread'
                ORDER BY q.step, q.connection LIMIT 1) further
        )
        SELECT turn.connection, max(extract(epoch FROM now() - i.received_at))::float8
        FROM turn CROSS JOIN LATERAL (
            SELECT q.inbox_id FROM inbox_queue q WHERE q.step = turn.step AND q.connection = turn.connection
            ORDER BY q.inbox_id LIMIT 1) oldest
        JOIN inbox i ON i.id = oldest.inbox_id GROUP BY turn.connection ORDER BY turn.connection
        """
    )
    return {name: max(0.0, age) for name, age in rows}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is known of an outside system that failed: ``failures`` in a row ``since`` then, for what ``reason``.

    ``resting`` while ``not_before`` is ahead. ``refused``: it did not accept the credentials. ``paused_at`` and
    ``paused_by`` tell of a person who wants nothing sent there.
    """

    resting: bool = False
    failures: int = 0
    since: datetime | None = None
    not_before: datetime | None = None
    reason: str = ""
    refused: bool = False
    paused_at: datetime | None = None
    paused_by: str = ""
    token_wanted: bool = False
    """A person has to give it a new OAuth token."""
    signatures: bool = False
    """So many of its deliveries were refused as there are ``failures``, and none was accepted since."""
    accepted_at: datetime | None = None
    """When the last before was accepted."""
    silent: bool = False
    """No event came for longer than it should, though its webhooks are there."""
    part: rests.Part = "bodies"
    """Of a source: what failed."""
    forbidden: bool = False
    """The credentials are good, and do not allow what was asked for."""


def destination_troubles(session: Session) -> dict[str, Trouble]:
    """By name, every destination that was ever sent to or paused."""
    rows = session.rows(
        """
        SELECT d.destination, coalesce(d.not_before > now(), false), d.failures, d.since, d.not_before, d.reason,
            d.credentials <> '', d.paused_at, d.paused_by, g.wanted_at IS NOT NULL
        FROM destination_state d LEFT JOIN oauth_grant g ON g.connection = d.destination
        """
    )
    return {row[0]: Trouble(*row[1:]) for row in rows}


def source_troubles(session: Session) -> dict[str, Trouble]:
    """By name, every source whose deliveries are refused, whose API fails, or whose webhooks are not as they should.

    Of several the one that a person has to do something about, else the first of ``_PARTS``.
    """
    rows = session.rows(
        """
        SELECT split_part(r.connection, ' ', 1), r.not_before > now(), r.failures, r.since, r.not_before, r.reason,
            split_part(r.connection, ' ', 2), g.wanted_at IS NOT NULL
        FROM completion_rest r LEFT JOIN oauth_grant g ON g.connection = split_part(r.connection, ' ', 1)
        """
    )
    failing: dict[str, Trouble] = {}
    for name, *told in sorted(rows, key=lambda row: -_PARTS.index(row[6] or "bodies")):
        found = _failing(*told)
        if found.refused or not (name in failing and failing[name].refused):
            failing[name] = found
    refused = {
        name: Trouble(failures=one.count, since=one.since, signatures=True, accepted_at=one.accepted_at)
        for name, one in arrivals.refused(session).items()
    }
    watched = {
        name: Trouble(
            since=one.silent_since or one.looked_at,
            reason=one.reason,
            silent=one.silent_since is not None,
            part="webhooks",
        )
        for name, one in subscriptions.page(session).items()
        if one.reason or one.silent_since
    }
    return watched | failing | refused


_PARTS: tuple[rests.Part, ...] = ("bodies", "history", "comparison", "webhooks")
_REFUSALS = ("AuthError", "GrantRevoked", "Forbidden")


def _failing(
    resting: bool, failures: int, since: datetime, not_before: datetime, told: str, part: str, wanted: bool
) -> Trouble:
    kind, _, words = told.partition(": ")
    return Trouble(
        resting,
        failures,
        since,
        not_before,
        words or kind,
        refused=kind in _REFUSALS,
        token_wanted=wanted,
        part=next(one for one in _PARTS if one == (part or "bodies")),
        forbidden=kind == "Forbidden",
    )


def authorised(session: Session) -> set[str]:
    """The connections by OAuth that ever got a token."""
    return {row[0] for row in session.rows("SELECT connection FROM oauth_grant WHERE sealed IS NOT NULL")}


def silent(session: Session, connections: Collection[str]) -> set[str]:
    """Those of these connections that no event ever came from; a look-up by key for each."""
    rows = session.rows(
        """
        SELECT name FROM unnest(%s::text[]) AS name WHERE NOT EXISTS (SELECT FROM inbox i WHERE i.connection = name)
        """,
        [list(connections)],
    )
    return {row[0] for row in rows}


def parked(session: Session) -> dict[str, int]:
    """Entries that cannot be read, by connection; one that is being tried again counts no more."""
    return dict(
        session.rows(
            """
            SELECT i.connection, count(*) FROM inbox_outcome o JOIN inbox i ON i.id = o.inbox_id
            WHERE o.state = 'parked' AND NOT EXISTS (SELECT FROM inbox_queue q WHERE q.inbox_id = o.inbox_id)
            GROUP BY i.connection ORDER BY i.connection
            """
        )
    )
