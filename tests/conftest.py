"""Fixtures that any test may ask for: a fresh migrated database, and a Redis."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator

import pytest
import redis

from hub.store.database import Database
from tests.support import servers


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    """The one PostgreSQL of this test run; ``with postgres_server.fresh() as dsn`` gives further databases."""
    with servers.postgres(os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex) as running:
        yield running


@pytest.fixture
def dsn(postgres_server: servers.Postgres) -> Iterator[str]:
    """The URL of a fresh, migrated, empty database."""
    with postgres_server.fresh() as url:
        yield url


@pytest.fixture
def database(dsn: str) -> Iterator[Database]:
    """A pool on a fresh database."""
    opened = Database(dsn, size=4)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def _redis_server() -> Iterator[str]:
    with servers.redis_server() as url:
        yield url


@pytest.fixture
def redis_url(_redis_server: str) -> str:
    """The URL of an empty Redis."""
    with redis.Redis.from_url(_redis_server) as client:
        client.flushall()
    return _redis_server
