"""The state of destinations: who sends, and since when one is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.store.database import Session


def lease(session: Session, destination: str, owner: str, lease: timedelta) -> bool:
    """Become the one sender of a destination for ``lease`` (again, to renew).

    False when another process is, or when a person paused the destination.
    """
    return bool(
        session.run(
            """
            INSERT INTO destination_state AS held (destination, lease_owner, lease_until)
            VALUES (%(destination)s, %(owner)s, now() + %(lease)s)
            ON CONFLICT (destination) DO UPDATE SET lease_owner = excluded.lease_owner,
                lease_until = excluded.lease_until
            WHERE held.paused_at IS NULL AND (
                held.lease_owner = excluded.lease_owner OR held.lease_until IS NULL OR held.lease_until < now())
            """,
            {"destination": destination, "owner": owner, "lease": lease},
        )
    )


def leases(session: Session) -> list[tuple[str, str]]:
    """(destination, owner) of every lease that runs."""
    return session.rows("SELECT destination, lease_owner FROM destination_state WHERE lease_until > now()")


def end_lease(session: Session, destination: str, owner: str) -> None:
    """Let another process send."""
    session.run(
        "UPDATE destination_state SET lease_until = NULL WHERE destination = %s AND lease_owner = %s",
        [destination, owner],
    )


@dataclass(frozen=True, slots=True)
class DestinationState:
    """Breaker and pause: ``failures`` in a row, no call before ``not_before``; ``credentials`` that were refused."""

    failures: int = 0
    not_before: datetime | None = None
    reason: str = ""
    credentials: str = ""


def state_of(session: Session, destination: str) -> DestinationState:
    """The state of one destination; the default when nothing was ever sent."""
    row = session.one(
        "SELECT failures, not_before, reason, credentials FROM destination_state WHERE destination = %s", [destination]
    )
    return DestinationState(*row) if row else DestinationState()


def set_state(session: Session, destination: str, state: DestinationState) -> None:
    """Keep breaker and pause for every process to see."""
    session.run(
        """
        UPDATE destination_state SET failures = %s, not_before = %s, reason = %s, credentials = %s,
            since = CASE WHEN %s THEN NULL ELSE coalesce(since, now()) END
        WHERE destination = %s
        """,
        [
            state.failures,
            state.not_before,
            state.reason,
            state.credentials,
            state == DestinationState(),
            destination,
        ],
    )


def pause(session: Session, destination: str, by: str) -> None:
    """Send nothing there until somebody resumes it; what is being sent now is finished. ``by`` is who wants it."""
    session.run(
        """
        INSERT INTO destination_state AS held (destination, paused_at, paused_by) VALUES (%s, now(), %s)
        ON CONFLICT (destination) DO UPDATE SET paused_at = excluded.paused_at, paused_by = excluded.paused_by
        WHERE held.paused_at IS NULL
        """,
        [destination, by],
    )


def resume(session: Session, destination: str) -> int:
    """Call a destination again now: lift every pause, its breaker and the mark on refused credentials.

    Rows that wait for a later time are due at once; gives how many. The next sweep sends them.
    """
    session.run(
        """
        UPDATE destination_state SET failures = 0, not_before = NULL, reason = '', credentials = '', since = NULL,
            paused_at = NULL, paused_by = ''
        WHERE destination = %s
        """,
        [destination],
    )
    return _due_now(session, destination)


def retry(session: Session, destination: str) -> int:
    """Like ``resume``, but a person's pause stays, and so does that of refused credentials."""
    session.run(
        """
        UPDATE destination_state SET failures = 0, not_before = NULL, reason = '', since = NULL
        WHERE destination = %s AND credentials = ''
        """,
        [destination],
    )
    return _due_now(session, destination)


def _due_now(session: Session, destination: str) -> int:
    # In the order of their keys, as ``outbox.enqueue`` takes them: else the two could wait for each other.
    return session.run(
        """
        WITH waiting AS (
            SELECT key FROM outbox WHERE destination = %(destination)s AND state IN ('pending', 'retrying')
                AND due_at > now() ORDER BY key FOR UPDATE)
        UPDATE outbox SET due_at = now() FROM waiting
        WHERE outbox.destination = %(destination)s AND outbox.key = waiting.key
        """,
        {"destination": destination},
    )
