"""How many calls changed profiles take: no more than there are batches, where a CRM writes many records in a call."""

from __future__ import annotations

from uuid import UUID

import httpx
import pytest

from tests.support.crm import House, doubles
from tests.support.crm.cast import person

PEOPLE = 600
SPARE = 1.1
CALLS = {"dynamics": (100, 1), "hubspot": (100, 1), "salesforce": (200, 1), "twenty": (60, 2), "zoho": (100, 1)}
"""Records in a call, and calls for each such batch: Twenty's upsert brings back who was deleted, so Hub asks before."""


@pytest.mark.parametrize("slug", CALLS)
def test_changed_profiles_take_no_more_calls_than_there_are_batches(slug: str) -> None:
    house = House(doubles()[slug]()).prepare()
    keys = [UUID(int=0xA000 + number) for number in range(PEOPLE)]
    house.known(*(person(key, f"p{number}@example.com", city="Bonn") for number, key in enumerate(keys)))
    house.settle()
    calls: list[str] = []

    def counted(request: httpx.Request) -> httpx.Response:
        calls.append(f"{request.method} {request.url.path}")
        return house.double.handle(request)

    house.through(counted)
    house.known(*(person(key, f"p{number}@example.com", city="Trier") for number, key in enumerate(keys)))
    house.settle()
    size, each = CALLS[slug]
    assert len(calls) <= PEOPLE / size * SPARE * each, calls
