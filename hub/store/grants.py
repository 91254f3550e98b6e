"""The tokens of OAuth connections, one row each. All times are PostgreSQL's; no token is ever in a column unsealed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from hub.sdk.oauth import Tokens
from hub.sdk.tokens import Held
from hub.store import destinations, rests
from hub.store.database import Database, Session
from hub.store.sealing import Sealer

_LOCK = 0x484F  # "HO": with a connection's name, one process at a time renews its token
_POLL_SECONDS = 0.1
_KEEP_SECONDS = 30.0


class Grants:
    """``hub.sdk.tokens.TokenStore`` on PostgreSQL."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def held(self, connection: str, app: str) -> Held:
        """See ``TokenStore``."""
        with self._database.session() as session:
            row = session.one(
                """
                SELECT version, app, sealed, extract(epoch FROM expires_at - now())::float8,
                    extract(epoch FROM now() - obtained_at)::float8, begun_at IS NOT NULL,
                    CASE WHEN wanted_at IS NULL THEN '' ELSE reason END
                FROM oauth_grant WHERE connection = %s
                """,
                [connection],
            )
        if row is None:
            return Held()
        version, of, sealed, left, age, unfinished, wanted = row
        if of != app:
            return Held(version=version)
        opened = self._sealer.open(connection, bytes(sealed)) if sealed is not None else None
        tokens = None if opened is None else _tokens(opened)
        unreadable = sealed is not None and opened is None
        return Held(tokens, version, left, age or 0.0, unfinished, wanted, sealed=unreadable)

    @contextmanager
    def alone(self, connection: str, seconds: float) -> Iterator[bool]:
        """See ``TokenStore``. The lock is the session's: it ends with the process, and no transaction stays open."""
        give_up = time.monotonic() + seconds
        held = psycopg.connect(self._database.dsn, autocommit=True)
        try:
            while not (mine := _try_lock(held, connection)) and time.monotonic() < give_up:
                time.sleep(_POLL_SECONDS)
            yield mine
        finally:
            held.close()

    def begin(self, connection: str, app: str) -> None:
        """See ``TokenStore``."""
        with self._database.session() as session:
            session.run(
                """
                INSERT INTO oauth_grant (connection, app, begun_at) VALUES (%s, %s, now())
                ON CONFLICT (connection) DO UPDATE SET begun_at = now()
                """,
                [connection, app],
            )

    def keep(self, connection: str, app: str, tokens: Tokens, *, version: int, spent: float) -> bool:
        """See ``TokenStore``; ``spent`` is how many seconds ago the request for them was begun."""
        began = time.monotonic()

        def write() -> bool:
            with self._database.session() as session:
                passed = spent + time.monotonic() - began
                return self._write(session, connection, app, tokens, version=version, spent=passed)

        # The refresh token they came from may be used up: while the database is away for a moment, they are in no other
        # place than here.
        return Retrying(
            retry=retry_if_exception_type(psycopg.OperationalError),
            stop=stop_after_delay(_KEEP_SECONDS),
            wait=wait_fixed(_POLL_SECONDS),
            reraise=True,
        )(write)

    def give(self, connection: str, app: str, tokens: Tokens, *, spent: float) -> None:
        """A person gave new tokens: they hold whatever was there, and what waited for them goes on at once."""
        with self._database.session() as session:
            self._write(session, connection, app, tokens, version=None, spent=spent)
            destinations.lift(session, connection)
            rests.end(session, connection)

    def end(self, connection: str) -> None:
        """See ``TokenStore``."""
        with self._database.session() as session:
            session.run("UPDATE oauth_grant SET begun_at = NULL WHERE connection = %s", [connection])

    def want(self, connection: str, app: str, reason: str, *, version: int) -> None:
        """See ``TokenStore``."""
        with self._database.session() as session:
            session.run(
                """
                UPDATE oauth_grant SET wanted_at = now(), reason = %s, begun_at = NULL
                WHERE connection = %s AND app = %s AND version = %s
                """,
                [reason, connection, app, version],
            )

    def reseal(self) -> int:
        """Seal with the first key what an older one sealed; gives how many. Then the older one may go."""
        with self._database.session() as session:
            rows = session.rows("SELECT connection, sealed FROM oauth_grant WHERE sealed IS NOT NULL FOR UPDATE")
            changed = [(name, new) for name, old in rows if (new := self._sealer.renewed(bytes(old))) is not None]
            for name, new in changed:
                session.run("UPDATE oauth_grant SET sealed = %s WHERE connection = %s", [new, name])
        return len(changed)

    def _write(
        self, session: Session, connection: str, app: str, tokens: Tokens, *, version: int | None, spent: float
    ) -> bool:
        secrets = {"access": tokens.access, "refresh": tokens.refresh, "lifetime": tokens.lifetime}
        return bool(
            session.run(
                """
                INSERT INTO oauth_grant AS held (connection, app, version, sealed, obtained_at, expires_at)
                VALUES (%(connection)s, %(app)s, 1, %(sealed)s, now(),
                    now() + make_interval(secs => %(lifetime)s::float8 - %(spent)s::float8))
                ON CONFLICT (connection) DO UPDATE SET app = excluded.app, version = held.version + 1,
                    sealed = excluded.sealed, obtained_at = excluded.obtained_at, expires_at = excluded.expires_at,
                    begun_at = NULL, wanted_at = NULL, reason = ''
                WHERE %(version)s::bigint IS NULL OR held.version = %(version)s::bigint
                """,
                {
                    "connection": connection,
                    "app": app,
                    "sealed": self._sealer.seal(connection, secrets),
                    "lifetime": tokens.lifetime,
                    "spent": spent,
                    "version": version,
                },
            )
        )


def _try_lock(held: psycopg.Connection, connection: str) -> bool:
    row = held.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [_LOCK, connection]).fetchone()
    return bool(row and row[0])


def _tokens(opened: dict[str, str | float | None]) -> Tokens:
    access, refresh, lifetime = opened.get("access"), opened.get("refresh"), opened.get("lifetime")
    known = lifetime if isinstance(lifetime, float | int) else None
    return Tokens(str(access or ""), None if refresh is None else str(refresh), known)
