"""``hub connector try``: an invented person before every CRM's double."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from hub.application.trial_of_crm import Promise, try_crm
from hub.errors import HubError, RefusedError
from hub.sdk.http import Budget
from hub.sdk.manifest import Limits
from tests.support.crm import House, doubles
from tests.unit.sdk.declared.test_declaration import changed, connected

CANARY = UUID("00000000-0000-0000-0000-00000000cafe")


@pytest.fixture(params=doubles())
def house(request: pytest.FixtureRequest) -> House:
    return House(doubles()[request.param]())


def tried(house: House, handle: Callable[[httpx.Request], httpx.Response] | None = None) -> dict[str, Promise]:
    now = [0.0]
    connection = replace(house.connection, connector=house.connection.connector)
    promises = try_crm(
        connection, CANARY, patience=5, transport=httpx.MockTransport(handle or house.double.handle),
        budget=Budget(Limits()), clock=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds),
    )  # fmt: skip
    return {promise.name: promise for promise in promises}


def test_a_crm_that_holds_its_promises_is_told_so_and_nothing_is_left(house: House) -> None:
    typed = house.double.add_person("somebody@example.com")
    before = house.double.people()
    promises = tried(house)
    assert [each for each in promises.values() if each.is_broken] == []
    assert promises["erases a person"].holds
    assert [each["id"] for each in house.double.people()] == [typed]
    assert house.double.people() == before


def test_a_guarded_email_does_not_pass_for_a_guarded_key() -> None:
    # given a CRM that lets only one record have an e-mail, and knows nothing of keys: BottleCRM is one
    house = House(doubles()["espocrm-declared"]())
    promises = tried(house)
    assert promises["lets only one record have an e-mail"].holds is True
    assert promises["lets only one record have an own key"].holds is False


def test_an_opt_out_that_a_crm_drops_in_silence_is_told() -> None:
    # given a CRM that answers as ever and keeps no opt-out, since the field is not defined there: BottleCRM is one
    house = House(doubles()["espocrm-declared"]())

    def dropping(request: httpx.Request) -> httpx.Response:
        if request.method in ("POST", "PUT") and request.url.path.startswith("/api/v1/Contact"):
            told = json.loads(request.content)
            told.pop("emailAddressIsOptedOut", None)
            request = httpx.Request(request.method, request.url, headers={**request.headers}, json=told)
        return house.double.handle(request)

    promises = tried(house, dropping)
    assert promises["takes an opt-out"].is_broken
    assert promises["takes an opt-out"].said == "the opt-out does not stand there yet"
    assert promises["nothing is left behind"].holds


def test_whatever_fails_and_whenever_nothing_is_left(house: House) -> None:
    calls = [0]

    def failing(number: int) -> Callable[[httpx.Request], httpx.Response]:
        calls[0] = 0

        def handle(request: httpx.Request) -> httpx.Response:
            calls[0] += 1
            answer = house.double.handle(request)
            return httpx.Response(400, json={"message": "no"}, request=request) if calls[0] == number else answer

        return handle

    for number in range(1, 30):
        with suppress(HubError):  # a failure before anything was written
            tried(house, failing(number))
        if calls[0] < number:
            break
        assert house.double.people() == [], f"call {number}"


def test_somebody_who_is_there_already_is_not_touched(house: House) -> None:
    house.double.add_person(f"hub-canary-{CANARY.hex}@example.com")
    before = house.double.people()
    with pytest.raises(RefusedError):
        tried(house)
    assert house.double.people() == before


def test_an_email_that_an_upsert_by_key_took_away_is_not_said_to_be_unguarded(tmp_path: Path) -> None:
    # given a CRM that is written to by PUT under Hub's own id, and lets only one record have an e-mail
    upsert = {"request": "PUT /people/{key}", "body": "$fields", "id": "id"}
    parts: dict[str, Any] = {"person__create": None, "person__upsert": upsert, "person__opt_out": {}, "errors": []}
    crm = connected(tmp_path, changed(**parts))
    people: dict[str, dict[str, Any]] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content or b"{}")
        key = request.url.path.rpartition("/")[2]
        if key == "search":
            [asked] = body.values()
            found = [one for one in people.values() if asked in (one["mail"], one["ext"]["hub"])]
            return httpx.Response(200, json={"data": {"people": found}})
        if request.method == "PUT":
            if any(one["mail"] == body["mail"] for name, one in people.items() if name != key):
                return httpx.Response(409, json={"message": "taken"})
            people[key] = {**body, "id": key}
        elif key not in people:
            return httpx.Response(404, json={})
        elif request.method == "DELETE":
            return httpx.Response(200, json=people.pop(key))
        elif request.method == "PATCH":
            people[key] |= body["person"]
        return httpx.Response(200, json=people[key])

    promises = try_crm(
        crm, CANARY, patience=0, transport=httpx.MockTransport(answer), budget=Budget(Limits()), clock=lambda: 0.0,
        sleep=lambda _: None,
    )  # fmt: skip
    told = {promise.name: promise for promise in promises}
    assert told["lets only one record have an own key"].holds is True
    assert told["lets only one record have an e-mail"].holds is True
    assert people == {}
