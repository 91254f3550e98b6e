"""A profile of which nothing is known but that it was there is no record in a CRM."""

from __future__ import annotations

from typing import Any

import pytest

from hub.outbox.enqueue import is_somebody

RECORDS = [{"connection": "web", "kind": "anonymous", "external_id": "d1"}]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"custom": {"plan": "Gold"}, "tags": ["x"], "language": "de"},
        {"name": {"first": None, "last": None, "full": None}, "emails": [], "orders": {"count": 0, "totals": []}},
        {"consents": [{"channel": "email", "state": "opted_in"}], "orders": {"count": 1, "open": {"count": 1}}},
    ],
)
def test_who_was_only_there_is_nobody(told: dict[str, Any]) -> None:
    assert not is_somebody({**told, "records": RECORDS})


@pytest.mark.parametrize(
    "told",
    [
        {"emails": ["a@b.de"]},
        {"phones": ["+4930"]},
        {"name": {"full": "Jule"}},
        {"company": "Ohm KG"},
        {"addresses": [{"city": "Bonn"}]},
        {"accounts": [{"network": "messenger", "account_id": "1:2"}]},
        {"loyalty_ids": ["7"]},
        {"suppressed": True},
    ],
)
def test_who_told_anything_is_somebody(told: dict[str, Any]) -> None:
    assert is_somebody({**told, "records": RECORDS})
