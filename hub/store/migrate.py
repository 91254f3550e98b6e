"""Brings the schema up to date (Alembic), safe to run by several processes at once."""

from __future__ import annotations

import logging
from pathlib import Path

import psycopg

from hub.errors import ConfigError

HEAD = "0030"
"""The newest migration; a test compares it with the files."""

_LOCK = 0x48554201  # "HUB" + 1: an advisory lock, so that processes starting together migrate one after the other


def is_current(dsn: str) -> bool:
    """True when the database is at ``HEAD``. Raises psycopg.OperationalError when it cannot be reached."""
    with psycopg.connect(dsn) as connection:
        return _version(connection) == HEAD


def is_empty(dsn: str) -> bool:
    """True when there is no schema at all. Raises psycopg.OperationalError when it cannot be reached."""
    with psycopg.connect(dsn) as connection:
        return _version(connection) is None


def server_version(dsn: str) -> int:
    """The server's major version. Raises psycopg.OperationalError when it cannot be reached."""
    with psycopg.connect(dsn) as connection:
        return connection.info.server_version // 10_000


def migrate(dsn: str) -> bool:
    """Upgrade to ``HEAD``; True when anything was done. Raises ConfigError when the schema is a newer Hub's."""
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        version = _version(connection)
        if version == HEAD:
            return False
        if version is not None and version > HEAD:
            newer = f"database: its schema is {version}, newer than this Hub's {HEAD}"
            raise ConfigError([f"{newer}. Start the release again that brought it there, or restore a backup"])
        _upgrade(connection)
        return True


def _version(connection: psycopg.Connection) -> str | None:
    table = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    if table is None or table[0] is None:
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None


def _upgrade(connection: psycopg.Connection) -> None:
    # Alembic and SQLAlchemy take half a second to import, are needed once per upgrade, and log while they are imported.
    for name in ("alembic", "sqlalchemy"):
        logging.getLogger(name).setLevel(logging.WARNING)
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine
    from sqlalchemy.pool import StaticPool

    engine = create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.connect() as bound:
        config.attributes["connection"] = bound
        command.upgrade(config, "head")
        bound.commit()
