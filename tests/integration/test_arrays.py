"""Arrays that are written fast arrive as those that psycopg writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from hub.store.database import Database

ONE, OTHER = UUID(int=1), UUID("ffffffff-ffff-4fff-bfff-ffffffffffff")


@pytest.fixture(scope="module")
def database(postgres_server: Any) -> Iterator[Database]:
    with postgres_server.database(size=1) as database:
        yield database


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("uuid", [ONE, OTHER]),
        ("uuid", [ONE, None, OTHER]),
        ("uuid", []),
        ("text", ["", "Müller", "a,b{}\"'\\", "NULL", "名"]),
        ("text", ["x", None]),
        ("bigint", [0, -(2**63), 2**63 - 1]),
        ("bigint", [7, -1]),
        ("int", [2**31 - 1, -(2**31), 40_000]),
        ("float8", [0.0, -1.5, 1e300, float("inf")]),
        ("bool", [True, False]),
        ("int", [[1, 2], [3, 4]]),
        ("bytea", [b"\x00\xff", b""]),
    ],
)
def test_what_is_written_is_read(database: Database, kind: str, values: list[Any]) -> None:
    # given a list, as a parameter of either format
    for placeholder in ("%b", "%s"):
        with database.session() as session:
            # when a statement takes it
            row = session.one(
                f"SELECT {placeholder}::{kind}[], coalesce(array_length({placeholder}::{kind}[], 1), 0)",
                [values, values],
            )
        # then it is the same list in PostgreSQL
        assert row == (values, len(values))


@pytest.mark.parametrize("placeholder", ["%b", "%s"])
@pytest.mark.parametrize("with_null", [[], [None]])
def test_what_no_text_can_hold_is_left_out_at_the_door(
    database: Database, placeholder: str, with_null: list[Any]
) -> None:
    with database.session() as session:
        row = session.one(
            f"SELECT {placeholder}::text[], %s::text",
            [["a\x00b", "ä\ud800", "c", *with_null], "d\x00\udfffe"],
        )
    assert row == (["ab", "ä?", "c", *with_null], "d?e")
