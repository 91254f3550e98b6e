"""The state of destinations: who sends, and since when one is left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hub.store.database import Session


def lease(session: Session, destination: str, owner: str, lease: timedelta) -> bool:
    """Become the one sender of a destination for ``lease``.

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


def renew(session: Session, destination: str, owner: str, lease: timedelta) -> bool:
    """Let a lease that still runs go on for ``lease`` from now; False when it ran out, or is another process's."""
    return bool(
        session.run(
            """
            UPDATE destination_state SET lease_until = now() + %s
            WHERE destination = %s AND lease_owner = %s AND lease_until > now()
            """,
            [lease, destination, owner],
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
    """Breaker and pause of one destination.

    ``failures``     calls that failed, until a few ``answers`` in a row ended them; with ``credentials``, refusals
    ``rest``         for how long from now it is left alone, by PostgreSQL's clock; None while it may be called
    ``credentials``  fingerprint of the settings whose credentials were refused
    ``settings``     fingerprint of the settings under which this came about
    """

    failures: int = 0
    answers: int = 0
    rest: timedelta | None = None
    reason: str = ""
    credentials: str = ""
    settings: str = ""


def state_of(session: Session, destination: str) -> DestinationState:
    """The state of one destination; the default when nothing was ever sent."""
    row = session.one(
        """
        SELECT failures, answers, CASE WHEN not_before > now() THEN not_before - now() END, reason, credentials,
            settings
        FROM destination_state WHERE destination = %s
        """,
        [destination],
    )
    return DestinationState(*row) if row else DestinationState()


def may_call(session: Session, destination: str) -> bool:
    """False while a destination is left alone, or a person paused it."""
    row = session.one(
        "SELECT paused_at IS NULL AND (not_before IS NULL OR not_before <= now()) FROM destination_state "
        "WHERE destination = %s",
        [destination],
    )
    return row is None or bool(row[0])


def set_state(session: Session, destination: str, state: DestinationState) -> None:
    """Keep breaker and pause for every process to see."""
    session.run(
        """
        UPDATE destination_state SET failures = %s, answers = %s, not_before = now() + %s, reason = %s,
            credentials = %s, settings = %s,
            since = CASE WHEN %s THEN NULL ELSE coalesce(since, now()) END
        WHERE destination = %s
        """,
        [
            state.failures,
            state.answers,
            state.rest,
            state.reason,
            state.credentials,
            state.settings,
            not state.failures and state.rest is None and not state.reason and not state.credentials,
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
    session.run("UPDATE destination_state SET paused_at = NULL, paused_by = '' WHERE destination = %s", [destination])
    return lift(session, destination)


def lift(session: Session, destination: str) -> int:
    """Like ``resume``, but a pause by a person stays. Called when the cause of Hub's own pause seems mended."""
    session.run(
        """
        UPDATE destination_state SET failures = 0, answers = 0, not_before = NULL, reason = '', credentials = '',
            settings = '', since = NULL
        WHERE destination = %s
        """,
        [destination],
    )
    return _due_now(session, destination)


def retry(session: Session, destination: str) -> int:
    """Like ``resume``, but a person's pause stays, and so does that of refused credentials."""
    session.run(
        """
        UPDATE destination_state SET failures = 0, answers = 0, not_before = NULL, reason = '', since = NULL
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
