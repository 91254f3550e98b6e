"""What a shop's token opens: how to greet those it knows, and nothing else; and the API's ledger of consents."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import Request, Response

from hub.api.access import seeing
from hub.api.app import Api
from hub.api.bearers import Bearers
from hub.api.door import Door
from hub.api.greeting import Greeter
from hub.api.problems import ApiError
from hub.application.sign_in import by_token
from hub.intake.inbox import GroupCommit
from hub.intake.receive import WebhookIntake
from hub.model.consent import Consent
from hub.store import tokens
from hub.store.database import Database
from tests.integration.test_cli import Hub
from tests.integration.test_traits import now_of, only, order
from tests.support.doubles import START, customer, entry
from tests.support.hubspot import Way
from tests.support.serving import served

MAIL = "ida@sommer.example"


@pytest.fixture
def clients(database: Database) -> Iterator[dict[str, httpx.Client]]:
    way = Way(database)
    now = now_of(database)
    consent = Consent(
        channel="email", state="opted_in", at=now - timedelta(days=9), explicit=True, evidence="double opt-in, mail 1"
    )
    ida = customer(
        "7", when=now, name=("Ida", "Sommer"), emails=[MAIL], language="de", loyalty_ids=("L-1",), consents=(consent,)
    )
    way.take(entry([ida, order("7", "o1", now)], "e1"))
    commit = GroupCommit(database.dsn)
    intake = WebhookIntake(way.connections, commit, public_url="https://hub.example.com", max_body_bytes=10_000)
    with database.session() as session:
        texts = {
            "viewer": tokens.create(session, "viewer", "desk", START)[1],
            "shop": tokens.create(session, "shop", "shop", START, connection="shop")[1],
            "till": tokens.create(session, "shop", "till", START, connection="till")[1],
            "old": tokens.create(session, "shop", "old", START, lifetime=-timedelta(1), connection="shop")[1],
        }
    with served(Api(intake, commit, database, way.connections)) as url:
        found = {
            name: httpx.Client(base_url=f"{url}/api/v1", headers={"authorization": f"Bearer {text}"}, trust_env=False)
            for name, text in texts.items()
        }
        yield found
        for client in found.values():
            client.close()


def asked(client: httpx.Client, identifier: str = f"email:{MAIL}", **headers: str) -> httpx.Response:
    return client.get("/profiles", params={"identifier": identifier}, headers=headers)


def test_a_shop_is_told_how_to_greet_and_no_personal_data(clients: dict[str, httpx.Client]) -> None:
    answer = asked(clients["shop"], "email:IDA@Sommer.example")
    [greeting] = answer.json()["items"]
    assert set(greeting) == {"segments", "stage", "qualification", "loyalty", "language"}
    assert (greeting["stage"], greeting["language"], greeting["loyalty"]["member"]) == ("new", "de", True)
    assert MAIL not in answer.text
    assert "Ida" not in answer.text
    assert "L-1" not in answer.text


def test_an_answer_may_be_kept_and_is_asked_for_by_its_tag(clients: dict[str, httpx.Client]) -> None:
    first = asked(clients["shop"])
    assert first.headers["cache-control"] == "private, max-age=60"
    assert first.headers["vary"] == "authorization"
    again = asked(clients["shop"], **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert asked(clients["shop"], **{"if-none-match": '"another"'}).status_code == 200


def test_a_shop_is_told_of_nobody_it_does_not_know_itself(clients: dict[str, httpx.Client]) -> None:
    unknown = asked(clients["shop"], "email:nobody@x.example")
    others = asked(clients["till"])
    assert unknown.json() == others.json() == {"items": [], "next": None}
    assert unknown.headers["etag"] == others.headers["etag"]


def test_a_plain_question_is_answered_before_the_framework_and_to_the_letter_as_by_it(
    clients: dict[str, httpx.Client], database: Database
) -> None:
    """A parameter that changes nothing makes it a question for the route of the description."""
    identifiers = (
        f"email:{MAIL}",
        "email:nobody@x.example",
        "email:",
        "nothing",
        "phone:030",
        "x" * 501,
        "loyalty:\U0001f600",
    )
    for who in ("shop", "till", "old"):
        tag = asked(clients[who]).headers.get("etag", "")
        for identifier, headers in ((one, {"if-none-match": seen}) for one in identifiers for seen in ("", tag)):
            plain = asked(clients[who], identifier, **headers)
            routed = clients[who].get("/profiles", params={"identifier": identifier, "limit": 50}, headers=headers)
            told = [
                (each.status_code, each.content, {k: v for k, v in each.headers.items() if k != "date"})
                for each in (plain, routed)
            ]
            assert told[0] == told[1], (who, identifier)
    shop = clients["shop"]
    assert shop.get("/profiles", params={"identifier": f"email:{MAIL}", "limit": "many"}).status_code == 422
    assert shop.head("/profiles", params={"identifier": f"email:{MAIL}"}).status_code == 405
    reached = asyncio.run(behind_the_door(database, clients))
    assert reached == ["viewer", "limit", "no identifier"]
    with database.session() as session:
        session.run("DELETE FROM token WHERE name = 'shop'")
    assert asked(shop).status_code == 401


async def behind_the_door(database: Database, clients: dict[str, httpx.Client]) -> list[str]:
    """What of these questions goes on to the framework."""
    reached: list[str] = []

    async def framework(scope: Any, receive: Any, send: Any) -> None:
        reached.append(what)
        await Response()(scope, receive, send)

    bearers = Bearers(database)
    app = Door(Greeter(framework, database, bearers, "DE"), bearers)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.example.com") as http:
        for what, who, params in (
            ("plain", "shop", {"identifier": f"email:{MAIL}"}),
            ("expired", "old", {"identifier": f"email:{MAIL}"}),
            ("viewer", "viewer", {"identifier": f"email:{MAIL}"}),
            ("limit", "shop", {"identifier": f"email:{MAIL}", "limit": "1"}),
            ("no identifier", "shop", {}),
        ):
            headers = {"authorization": clients[who].headers["authorization"]}
            answer = await http.get("/api/v1/profiles", params=params, headers=headers)
            assert answer.status_code == (401 if what == "expired" else 200)
    return reached


def test_a_shops_token_opens_nothing_else(clients: dict[str, httpx.Client], database: Database) -> None:
    one = only(database).id
    shop = clients["shop"]
    assert shop.get("/profiles").status_code == 403
    assert shop.get("/profiles", params={"q": "ida"}).status_code == 403
    for path in (f"/profiles/{one}", f"/profiles/{one}/timeline", f"/profiles/{one}/consents", "/consents", "/inbox"):
        assert shop.get(path).status_code == 403, path
    assert asked(clients["viewer"]).json()["items"][0]["emails"] == [MAIL]
    # no session of the console, and no page that asks for a token
    text = shop.headers["authorization"].removeprefix("Bearer ")
    with database.session() as session:
        assert by_token(session, text) is None
    with pytest.raises(ApiError):
        seeing(database)(Request({"type": "http", "headers": [(b"authorization", f"Bearer {text}".encode())]}))


def test_the_ledger_and_the_audit_are_told_over_http(clients: dict[str, httpx.Client], database: Database) -> None:
    one = only(database).id
    [story] = clients["viewer"].get(f"/profiles/{one}/consents").json()
    assert (story["state"], story["statements"][0]["evidence"]) == ("opted_in", "double opt-in, mail 1")
    page: dict[str, Any] = clients["viewer"].get("/consents", params={"channel": "email", "limit": 1}).json()
    [permission] = page["items"]
    assert (permission["profile"], permission["may"], permission["why"]) == (str(one), True, "")
    assert clients["viewer"].get("/consents", params={"channel": "sms"}).json()["items"][0]["may"] is False


def test_a_shops_token_is_made_for_a_connection(dsn: str, tmp_path: Path, database: Database) -> None:
    hub = Hub(tmp_path, dsn)
    hub("token", "create", "--role", "shop", ends=2)
    hub("token", "create", "--role", "shop", "--connection", "nowhere", ends=1)
    hub("token", "create", "--role", "viewer", "--connection", "shop-de", ends=2)


def test_the_commands_of_consent_tell_the_same(dsn: str, tmp_path: Path, database: Database) -> None:
    hub = Hub(tmp_path, dsn)
    anna = hub.filled()
    told = hub("consent", "audit", "--csv").stdout.splitlines()
    assert told[0] == "profile,channel,may,why,state,evidence,at,record,event"
    assert len(told) >= 2
    assert hub("consent", "show", anna).stdout
    assert hub.json("consent", "suppress", f"email:{hub_mail(database)}")["profiles"]
    assert "opted out" in hub("consent", "audit").stdout
    hub("consent", "suppress", "loyalty:1", ends=1)


def hub_mail(database: Database) -> str:
    with database.session() as session:
        rows = session.rows("SELECT golden FROM profile")
    return next(str(mails[0]) for row in rows if (mails := orjson.loads(row[0]).get("emails")))
