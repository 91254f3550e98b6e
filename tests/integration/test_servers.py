"""The servers that tests stand on are real, fresh and shared."""

import redis

from hub.store import migrate, profiles
from hub.store.database import Database


def test_a_database_is_migrated_and_empty(database: Database):
    with database.session() as session:
        assert migrate.is_current(database.dsn)
        assert profiles.count(session) == 0
        session.run("INSERT INTO backfill VALUES ('shop', '{}', NULL, 0, NULL, false, now())")


def test_the_next_test_sees_nothing_of_the_one_before(database: Database):
    with database.session() as session:
        assert session.rows("SELECT connection FROM backfill") == []


def test_redis_is_empty_and_answers(redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys() == []
        assert client.set("left", "over")


def test_redis_is_empty_again(redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys() == []
