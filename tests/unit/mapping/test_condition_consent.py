"""Route conditions on consent hold to law L7."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from hub.mapping.expression.when import compile_condition
from hub.model.profile import ConsentSummary, Profile

AT = datetime(2026, 1, 2, tzinfo=UTC)


def profile(**states: str) -> Profile:
    consents = [
        ConsentSummary.model_validate({"purpose": "marketing", "channel": channel, "state": state})
        for channel, state in states.items()
    ]
    return Profile(id=UUID(int=1), created_at=AT, updated_at=AT, consents=tuple(consents))


@pytest.mark.parametrize(
    ("states", "routed"),
    [
        ({"email": "opted_in"}, True),
        ({"any": "opted_in"}, True),
        ({"any": "opted_out", "email": "opted_in"}, False),
        ({"any": "opted_in", "email": "opted_out"}, False),
        ({}, False),
    ],
)
def test_who_wants_nothing_from_anywhere_is_not_routed_as_opted_in(states, routed):
    assert compile_condition("consent.email == 'opted_in'")(profile(**states), AT) is routed
