"""Web pages and apps, from the HTTP request to profiles: who is joined, what waits, what is never stored."""

from __future__ import annotations

import asyncio
import gzip
import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from hub.application.process import Processing, process_batch
from hub.application.retain import Retaining
from hub.connectors.web import CONNECTOR
from hub.intake.pace import BURST_SECONDS
from hub.intake.verify import verify
from hub.matching.rules import IdentityRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.profiles.timeline import timeline
from hub.sdk.connection import Connection
from hub.sdk.source import RawDelivery
from hub.settings_sections import RetentionSection
from hub.store import retention
from hub.store.database import Database
from tests.support.asgi import running_api
from tests.support.doubles import Crm, by_name, customer, entry, routes_to, sign, source, store

KEY = "wk_shop"
PAGE = {"origin": "https://laden.example.de", "content-type": "text/plain"}
DEVICE, OTHER = "0f8a3c52-7c1e-4a39-9a11-2f6a7d2b9f10", "3b1d5a70-1111-4a39-9a11-2f6a7d2b9f10"
_number = itertools.count(1)


def web(**settings: Any) -> Connection:
    chosen = {"write_key": KEY, "consent": "implied", **settings}
    return Connection("web", CONNECTOR, CONNECTOR.manifest.settings.model_validate(chosen))


def message(kind: str, **told: Any) -> dict[str, Any]:
    number = next(_number)
    stamp = f"2026-11-01T10:00:{number % 60:02}.000Z"
    return {"type": kind, "messageId": f"m{number}", "timestamp": stamp, **told}


def identify(user: str | None, device: str | None = None, **traits: Any) -> dict[str, Any]:
    return message("identify", userId=user, anonymousId=device, traits=traits)


def page(device: str, user: str | None = None, **told: Any) -> dict[str, Any]:
    return message("page", anonymousId=device, userId=user, name="Tee", **told)


class House:
    """An API, and workers that are asked to work."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self.database = database
        crm = Crm().connection("crm")
        self.connections = by_name(connection, source("shop"), crm)
        self.work = Processing(database, self.connections, routes_to(crm), IdentityRules(), SurvivorshipRules())

    def send(
        self, *bodies: Any, path: str = "/webhooks/web/v1/batch", headers: Mapping[str, str] = PAGE, key: str = KEY
    ) -> list[httpx.Response]:
        async def play() -> list[httpx.Response]:
            async with running_api(self.database, self.connections) as client:
                return [
                    await client.post(
                        path,
                        content=body if isinstance(body, bytes) else orjson.dumps(body),
                        headers=headers,
                        auth=(key, "") if key else httpx.Auth(),
                    )
                    for body in bodies
                ]

        return asyncio.run(play())

    def takes(self, *messages: dict[str, Any]) -> None:
        """Each alone, and worked on at once."""
        connection = self.connections["web"]
        source = connection.connector.source
        assert source is not None
        assert source.public is not None
        for one in messages:
            body, now = orjson.dumps({"batch": [one], "writeKey": KEY}), datetime.now(UTC)
            url = "https://hub.example.com/webhooks/web/v1/batch"
            admitted = source.public.admit(RawDelivery("POST", url, {}, {}, body, now), connection.settings)
            assert isinstance(admitted, RawDelivery)
            store(self.database, [verify(connection, admitted)])
            self.settle()

    def settle(self) -> None:
        while process_batch(self.work).entries:
            pass

    def rows(self, sql: str) -> list[Any]:
        with self.database.session() as session:
            return session.rows(sql)

    def people(self) -> list[set[str]]:
        """The records of each profile."""
        found = self.rows("SELECT golden FROM profile")
        told = [orjson.loads(golden)["records"] for (golden,) in found]
        return sorted(({f"{r['kind']}:{r['external_id']}" for r in records} for records in told), key=sorted)

    def queued(self) -> set[UUID]:
        return {row[0] for row in self.rows("SELECT key FROM outbox")}

    def subjects(self, of: str) -> list[str]:
        """What stands on the timeline of who has this e-mail."""
        with self.database.session() as session:
            [(profile,)] = session.rows(f"SELECT id FROM profile WHERE golden LIKE '%{of}%'")
            items = timeline(session, profile) or []
        return [item["subject"] for item in items if item["kind"] == "interaction"]


# -- who is joined


def test_what_a_visitor_did_is_theirs_once_they_say_who_they_are(database: Database) -> None:
    house = House(database, web())
    # given a visitor of whom nothing is known
    house.takes(
        page(DEVICE), message("track", anonymousId=DEVICE, event="Products Searched", properties={"query": "t"})
    )
    assert (house.people(), house.queued(), house.rows("SELECT 1 FROM record")) == ([], set(), [])
    # when they log in
    house.takes(identify("u1", DEVICE, email="jule@example.de"))
    # then the CRM gets one person, and what they did before stands on their timeline
    assert house.people() == [{"user:u1", f"anonymous:{DEVICE}"}]
    assert len(house.queued()) == 1
    assert len(house.subjects("jule@example.de")) == 2


def test_the_order_of_events_changes_nothing(database: Database, dsn: str) -> None:
    told = [page(DEVICE), identify("u1", DEVICE), identify("u1", None, email="jule@example.de"), page(DEVICE, "u1")]
    house = House(database, web())
    house.takes(*reversed(told))
    assert house.people() == [{"user:u1", f"anonymous:{DEVICE}"}]
    assert len(house.subjects("jule@example.de")) == 2
    assert len(house.queued()) == 1


def test_a_login_without_any_contact_makes_nobody_in_the_crm_until_there_is_one(database: Database) -> None:
    house = House(database, web())
    house.takes(identify("u1", DEVICE), page(DEVICE, "u1"))
    assert house.queued() == set()
    # when the shop's server tells the address
    house.takes(identify("u1", email="jule@example.de"))
    assert len(house.queued()) == 1


@pytest.mark.parametrize("turn", [1, -1])
def test_two_people_on_one_device_stay_two(database: Database, turn: int) -> None:
    """posthog#5527, rudder-sdk-js#206: no reset() between two logins on a tablet in the kitchen."""
    house = House(database, web())
    told = [
        page(DEVICE),
        identify("u1", DEVICE, email="jule@example.de"),
        identify("u2", DEVICE, email="ole@example.de"),
    ]
    house.takes(*told[::turn])
    # then the device is nobody's, and nobody in the CRM
    assert house.people() == [{f"anonymous:{DEVICE}"}, {"user:u1"}, {"user:u2"}]
    assert len(house.queued()) == 2


def test_two_addresses_typed_on_one_device_without_login_are_two_people(database: Database) -> None:
    house = House(database, web())
    house.takes(identify(None, DEVICE, email="jule@example.de"), identify(None, DEVICE, email="ole@example.de"))
    emails = sorted(orjson.loads(golden).get("emails", []) for (golden,) in house.rows("SELECT golden FROM profile"))
    assert emails == [[], ["jule@example.de"], ["ole@example.de"]]


def test_one_person_on_two_devices_is_one(database: Database) -> None:
    house = House(database, web())
    house.takes(page(OTHER), identify("u1", DEVICE, email="jule@example.de"), identify("u1", OTHER))
    assert house.people() == [{"user:u1", f"anonymous:{DEVICE}", f"anonymous:{OTHER}"}]


@pytest.mark.parametrize("nobody", [None, "", "null", "undefined", "[object Object]", "NaN", 0, "anonymous", "0000"])
def test_an_id_that_programs_write_for_nobody_joins_nobody(database: Database, nobody: Any) -> None:
    """posthog#11873 and its list of forbidden ids: identify(undefined) of every visitor."""
    house = House(database, web())
    house.takes(identify(nobody, DEVICE, email="jule@example.de"), identify(nobody, OTHER, email="ole@example.de"))
    assert len([who for who in house.people() if any(record.startswith("guest:") for record in who)]) == 2


def test_an_alias_joins_two_ids_and_one_that_was_given_twice_joins_none(database: Database) -> None:
    house = House(database, web())
    house.takes(
        identify("old", email="jule@example.de"),
        identify("new", firstName="Jule", lastName="Ahrens"),
        message("alias", previousId="old", userId="new"),
    )
    assert house.people() == [{"user:new", "user:old"}]
    house.takes(message("alias", previousId="old", userId="somebody-else"))
    assert {"user:old"} in house.people()


def test_a_message_that_is_sent_again_counts_once(database: Database) -> None:
    house = House(database, web())
    one, two = page(DEVICE), page(DEVICE)
    house.send(
        {"batch": [one], "sentAt": "2026-11-01T10:00:01Z"}, {"batch": [one, two], "sentAt": "2026-11-01T10:09:01Z"}
    )
    house.settle()
    assert house.rows("SELECT count(*) FROM fact") == [(2,)]


# -- what is never stored


def stored(house: House) -> list[str]:
    bodies = [orjson.loads(body) for (body,) in house.rows("SELECT body FROM inbox ORDER BY id")]
    return [one["messageId"] for body in bodies for one in body.get("batch", [body])]


def test_of_a_batch_only_what_is_allowed_is_stored_and_nothing_of_the_machine_it_came_from(database: Database) -> None:
    house = House(database, web(consent="required"))
    context = {"consent": {"categoryPreferences": {"A": True}}, "ip": "203.0.113.9", "userAgent": "Mozilla/5.0 (X11)"}
    allowed = page(DEVICE, context={**context, "device": {"id": "9f2c", "advertisingId": "ab-1", "type": "ios"}})
    house.send(
        {"batch": [page(OTHER), allowed], "writeKey": KEY},
        headers={**PAGE, "cookie": "a=1", "x-forwarded-for": "203.0.113.9"},
    )
    assert stored(house) == [allowed["messageId"]]
    [(headers, body)] = house.rows("SELECT headers, body FROM inbox")
    told = str(headers) + bytes(body).decode()
    assert not any(secret in told for secret in ("203.0.113.9", "X11", "9f2c", "ab-1", KEY, OTHER))


# -- how the SDKs speak


@pytest.mark.parametrize(
    "path",
    ["/webhooks/web/v1/t", "/webhooks/web/v1/track", "/webhooks/web/t", "/webhooks/web", "/webhooks/web/v1/track/"],
)
def test_a_call_is_known_by_its_path_or_by_itself(database: Database, path: str) -> None:
    house = House(database, web())
    told = {
        "event": "Kauf",
        "anonymousId": DEVICE,
        "messageId": "m",
        **({"type": "track"} if path.endswith("web") else {}),
    }
    assert [reply.status_code for reply in house.send(told, path=path)] == [200]
    assert [topic for (topic,) in house.rows("SELECT topic FROM inbox")] == ["track"]


def test_the_key_may_stand_in_the_body_or_the_query_and_the_body_may_be_gzip(database: Database) -> None:
    house = House(database, web())
    beacon = orjson.dumps({"batch": [page(DEVICE)], "writeKey": KEY})
    replies = house.send(beacon, gzip.compress(beacon.replace(b'"messageId":"m', b'"messageId":"n')), key="")
    replies += house.send({"batch": [page(DEVICE)]}, path=f"/webhooks/web/beacon/v1/batch?writeKey={KEY}", key="")
    assert [reply.status_code for reply in replies] == [200, 200, 200]
    assert len(stored(house)) == 3


@pytest.mark.parametrize(
    ("body", "key", "status"),
    [
        (b'{"batch":[]}', "wrong", 401),
        (b'{"batch":[]}', "", 401),
        (b"no json", KEY, 400),
        (b"[]", KEY, 400),
        (gzip.compress(b" " * 3_000_000, mtime=0), KEY, 413),
        (gzip.compress(b"{}", mtime=0)[:-9], KEY, 400),
        (b"[" * 5_000, KEY, 400),
    ],
)
def test_what_cannot_be_taken_is_refused_and_nothing_of_it_stored(
    database: Database, body: bytes, key: str, status: int
) -> None:
    house = House(database, web())
    [reply] = house.send(body, key=key)
    assert reply.status_code == status
    # a browser shows the page no answer without this, and the SDK would send again for ever
    assert reply.headers["access-control-allow-origin"] == PAGE["origin"]
    assert stored(house) == []


def test_a_browser_is_told_that_it_may_send(database: Database) -> None:
    async def play() -> tuple[httpx.Response, httpx.Response, httpx.Response]:
        async with running_api(database, by_name(web(), source("shop"))) as client:
            asks = {
                "origin": "https://laden.example.de",
                "access-control-request-headers": "authorization,x-retry-count",
            }
            return (
                await client.options("/webhooks/web/v1/t", headers=asks),
                await client.get(f"/webhooks/web/v1/projects/{KEY}/settings", headers=asks),
                await client.post("/webhooks/shop/v1/t", content=b"{}"),
            )

    preflight, settings, signed = asyncio.run(play())
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-headers"] == "authorization,x-retry-count"
    assert settings.json()["integrations"]["Segment.io"]["apiHost"] == "hub.example.com/webhooks/web/v1"
    # and no other source answers below its own URL
    assert signed.status_code == 404


def test_another_page_than_those_named_is_refused(database: Database) -> None:
    house = House(database, web(origins=["https://laden.example.de/"]))
    mine, other = page(DEVICE), page(DEVICE)
    assert house.send({"batch": [mine]})[0].status_code == 200
    assert house.send({"batch": [other]}, headers={**PAGE, "origin": "https://boese.example"})[0].status_code == 401
    assert stored(house) == [mine["messageId"]]


def test_a_flood_is_slowed_down_and_signed_webhooks_are_not(database: Database) -> None:
    house = House(database, web(rate_per_client=1, rate=2))
    shop = entry([customer("1")], "e1").body

    async def play() -> tuple[Sequence[httpx.Response], httpx.Response]:
        async with running_api(database, house.connections) as client:
            told = orjson.dumps({"batch": [page(DEVICE)]})
            flood = [client.post("/webhooks/web/v1/b", content=told, auth=(KEY, ""), headers=PAGE) for _ in range(50)]
            answers = await asyncio.gather(*flood)
            return answers, await client.post("/webhooks/shop", content=shop, headers=sign(shop))

    answers, signed = asyncio.run(play())
    taken = [answer for answer in answers if answer.status_code == 200]
    assert BURST_SECONDS <= len(taken) <= BURST_SECONDS + 10
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["access-control-allow-origin"] == PAGE["origin"]
    assert signed.status_code == 202


def test_what_a_visitor_did_who_never_said_who_they_are_goes_after_its_time(database: Database) -> None:
    # given two visitors, of whom one says who they are, later than what they did
    house = House(database, web())
    house.send(page(DEVICE), message("track", anonymousId=DEVICE, event="Products Searched"), page(OTHER))
    house.send(identify("u1", OTHER, email="anna@example.com"))
    house.settle()
    age = timedelta(days=90)

    def held() -> int:
        with database.session() as session:
            return len(session.rows("SELECT FROM fact WHERE kind = 'interaction'"))

    # when it is not old enough, then nothing goes
    with database.session() as session:
        assert retention.visits(session, age, 500).removed == 0
    assert held() == 3
    # when it is, in steps of one, then only what belongs to somebody stays
    with database.session() as session:
        session.run("UPDATE fact SET received_at = now() - interval '91 days'")
    turns = Retaining(database, RetentionSection(visits=90))
    assert turns.turn()["visits"] == 2
    assert held() == 1
    assert turns.turn()["visits"] == 0
    # and what is gone is counted
    with database.session() as session:
        assert session.rows("SELECT removed FROM retention WHERE kind = 'visits'") == [(2,)]
