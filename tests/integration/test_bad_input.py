"""What comes in broken, forged or strange: refused, parked or skipped, visibly, and never an identity."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from hub.application.process import Processing, process_batch
from hub.errors import PayloadError
from hub.matching.carried import carried
from hub.matching.rules import IdentityRules
from hub.model.event import CanonicalEvent
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import Connection, load_connections
from hub.sdk.registry import get
from hub.sdk.source import EventName, InboxEntry, RawDelivery
from hub.store import inbox, records
from hub.store.database import Database
from tests.support.asgi import LIMIT, raw, running_api
from tests.support.doubles import EVENTS, by_name, customer, entry, parse, sign, source, store

BODY = EVENTS.dump_json([customer("1", name=("Anna", "Berg"), emails=["anna@example.com"])], exclude_defaults=True)
Post = tuple[str, bytes, dict[str, str]]


def answers(database: Database, connections: Any, posts: Sequence[Post]) -> list[httpx.Response]:
    """What the API says to each of these deliveries."""

    async def scenario() -> list[httpx.Response]:
        async with running_api(database, connections) as client:
            return [await client.post(path, content=body, headers=raw(headers)) for path, body, headers in posts]

    return asyncio.run(scenario())


def processed(database: Database, *connections: Connection) -> None:
    processing = Processing(database, by_name(*connections), (), IdentityRules(), SurvivorshipRules())
    while process_batch(processing).entries:
        pass


def stored(database: Database) -> list[tuple[str, str, str]]:
    with database.session() as session:
        return [(row["topic"], row["state"], row["reason"]) for row in inbox.page(session)][::-1]


def refusals(connection: str) -> float:
    return (
        REGISTRY.get_sample_value("hub_intake_refused_total", {"connection": connection, "reason": "signature"}) or 0.0
    )


# -- signatures

STALE = datetime.now(UTC) - timedelta(hours=1)
SHOPIFY_HEADERS = {"x-shopify-topic": "orders/create", "x-shopify-event-id": "e1"}


@pytest.mark.parametrize(
    ("connection", "headers"),
    [
        ("shop", {"x-event-id": "e1"}),
        ("shop", {**sign(BODY), "x-signature": "0" * 64}),
        ("shop", {**sign(BODY), "x-signature": "ünïcode"}),
        ("shop", sign(BODY, secret="")),
        ("shop", sign(BODY, secret="another")),
        ("shop", sign(BODY, sent_at=STALE)),
        ("shop", sign(BODY + b" ")),
        ("shopify", SHOPIFY_HEADERS),
        ("shopify", {**SHOPIFY_HEADERS, "x-shopify-hmac-sha256": "bm90IHRoZSByaWdodCBvbmU="}),
        ("shopify", {**SHOPIFY_HEADERS, "x-shopify-hmac-sha256": ""}),
    ],
    ids=["missing", "wrong", "no ascii", "empty secret", "another secret", "stale", "another body", "shopify: missing",
         "shopify: wrong", "shopify: empty"],
)  # fmt: skip
def test_a_bad_signature_is_refused_and_counted_and_nothing_is_stored(
    database: Database, connection: str, headers: dict[str, str]
) -> None:
    shopify = load_connections({"shopify": ("shopify", {"webhook_secret": "s3cret"})}, default_region="DE")
    before = refusals(connection)
    [answer] = answers(database, {**shopify, **by_name(source("shop"))}, [(f"/webhooks/{connection}", BODY, headers)])
    assert (answer.status_code, answer.content) == (401, b"unauthorized")
    assert refusals(connection) == before + 1
    assert stored(database) == []


def test_with_a_secret_that_is_empty_nobody_gets_in(database: Database) -> None:
    empty = source("shop")
    empty = replace(empty, settings=empty.settings.model_copy(update={"secret": ()}))
    blank = source("blank")
    blank = replace(blank, settings=blank.settings.model_copy(update={"secret": (SecretStr(""),)}))
    given = [("/webhooks/shop", BODY, sign(BODY, secret="")), ("/webhooks/blank", BODY, sign(BODY, secret=""))]
    assert [answer.status_code for answer in answers(database, by_name(empty, blank), given)] == [401, 401]
    assert stored(database) == []


def test_both_secrets_are_good_while_one_is_changed(database: Database) -> None:
    rotating = source("shop")
    rotating = replace(rotating, settings=type(rotating.settings).model_validate({"secret": ["new", "old"]}))
    given = [("/webhooks/shop", BODY, sign(BODY, secret=secret, event_id=secret)) for secret in ("new", "old", "older")]
    assert [answer.status_code for answer in answers(database, by_name(rotating), given)] == [202, 202, 401]


# -- addresses and sizes


def test_an_unknown_connection_is_not_found(database: Database) -> None:
    given: list[Post] = [(path, BODY, sign(BODY)) for path in ("/webhooks/nobody", "/webhooks/", "/webhooks/shop/x")]
    assert [answer.status_code for answer in answers(database, by_name(source("shop")), given)] == [404] * 3
    assert stored(database) == []


def test_only_post_brings_events(database: Database) -> None:
    async def scenario() -> int:
        async with running_api(database, by_name(source("shop"))) as client:
            return (await client.put("/webhooks/shop", content=BODY, headers=sign(BODY))).status_code

    assert asyncio.run(scenario()) == 405


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 202), (LIMIT + 1, 413)])
@pytest.mark.parametrize("chunked", [False, True])
def test_the_limit_holds_for_whole_and_chunked_bodies(
    database: Database, size: int, status: int, chunked: bool
) -> None:
    body = b" " * size

    async def chunks() -> Any:
        for start in range(0, size, 3_000):
            yield body[start : start + 3_000]

    async def scenario() -> int:
        async with running_api(database, by_name(source("shop"))) as client:
            content = chunks() if chunked else body
            return (await client.post("/webhooks/shop", content=content, headers=sign(body))).status_code

    assert asyncio.run(scenario()) == status
    assert len(stored(database)) == (status == 202)


# -- signed, and unreadable


def test_what_cannot_be_read_is_kept_parked_and_replayed_once_the_connector_can(database: Database) -> None:
    # given a signed body that this version of the connector cannot read
    given: list[Post] = [("/webhooks/shop", b'{"half": ', sign(b'{"half": '))]
    assert answers(database, by_name(source("shop")), given)[0].status_code == 202
    processed(database, source("shop"))
    assert stored(database) == [("events", "parked", "$: not readable")]

    # when the connector learns it, and the parked are put back
    def newer(taken: InboxEntry, settings: Any) -> Sequence[CanonicalEvent]:
        return [customer("7", name=("Anna", "Berg"))] if taken.body.startswith(b'{"half"') else parse(taken, settings)

    with database.session() as session:
        assert inbox.requeue(session, state="parked") == 1
    processed(database, source("shop", read=newer))
    # then it is done, and has had its effect
    assert stored(database) == [("events", "done", "")]
    with database.session() as session:
        assert records.count(session) == 1


def test_a_delivery_that_cannot_even_be_named_is_kept_and_named_later(database: Database) -> None:
    headers = {name: value for name, value in sign(BODY).items() if name != "x-event-id"}
    # given the same nameless delivery twice
    assert [a.status_code for a in answers(database, by_name(source("shop")), [("/webhooks/shop", BODY, headers)] * 2)]
    processed(database, source("shop"))
    assert stored(database) == [("unreadable", "parked", "headers.x-event-id: missing")]

    def by_body(delivery: RawDelivery, settings: Any) -> EventName:
        return EventName(f"body-{len(delivery.body)}", "events")

    with database.session() as session:
        inbox.requeue(session, state="parked")
    processed(database, source("shop", name_event=by_body))
    assert stored(database) == [("unreadable", "done", "")]


@pytest.mark.parametrize("error", [PayloadError("missing", path="id"), KeyError("anna@example.com")])
def test_a_connector_that_fails_to_name_or_read_costs_no_event_and_tells_no_value(
    database: Database, error: Exception
) -> None:
    def broken(*_: object) -> Any:
        raise error

    failing = source("shop", read=broken, name_event=broken)
    assert answers(database, by_name(failing), [("/webhooks/shop", BODY, sign(BODY))])[0].status_code == 202
    processed(database, failing)
    [(_, state, reason)] = stored(database)
    assert state == "parked"
    assert "anna" not in reason


def test_a_topic_nobody_reads_is_skipped_with_the_reason(database: Database) -> None:
    given: list[Post] = [("/webhooks/shop", BODY, {**sign(BODY), "x-topic": "carts/abandoned"})]
    assert answers(database, by_name(source("shop")), given)[0].status_code == 202
    processed(database, source("shop"))
    assert stored(database) == [("carts/abandoned", "skipped", "topic not read: carts/abandoned")]


def test_an_endless_event_id_and_a_nul_are_stored(database: Database) -> None:
    endless = sign(BODY, event_id="e" * 5_000)
    given: list[Post] = [("/webhooks/shop", BODY, endless), ("/webhooks/shop", BODY, {**endless, "x-note": "a\x00b"})]
    assert [answer.status_code for answer in answers(database, by_name(source("shop")), given)] == [202, 202]
    processed(database, source("shop"))
    assert stored(database) == [("events", "done", "")]


def test_entries_of_a_connection_that_was_removed_are_parked_until_it_is_back(database: Database) -> None:
    store(database, [entry([customer("1")], "e1")])
    processed(database)
    assert stored(database) == [("events", "parked", "connection 'shop' is not configured")]


# -- one entry that the database itself refuses


def test_one_entry_that_cannot_be_stored_is_parked_and_the_others_go_through(database: Database) -> None:
    entries = [entry([customer(str(number), name=("Anna", "Berg"))], f"e{number}") for number in range(20)]
    entries[7] = entry([customer("7", when=datetime(9999, 12, 31, tzinfo=UTC))], "e7")
    store(database, entries)
    processed(database, source("shop"))
    states = [state for _, state, _ in stored(database)]
    assert (states.count("done"), states[7]) == (19, "parked")


# -- junk that is readable


def test_junk_stays_on_the_record_and_joins_nobody(database: Database) -> None:
    # given four customers of a shop whose till fills gaps with the same junk
    def order(number: int) -> dict[str, Any]:
        return {
            "id": number,
            "created_at": "2026-03-01T10:00:00+01:00",
            "updated_at": "2026-03-01T10:00:00+01:00",
            "first_name": f"{('Anna', 'Bert', 'Claus', 'Dora')[number]}",
            "last_name": "Berg",
            "email": ("null@example.com", "test@test", "noemail@example.com", "-")[number],
            "phone": "+49000000",
            "default_address": {"phone": "123456789", "city": "Köln"},
        }

    shopify = load_connections({"shop": ("shopify", {"webhook_secret": "s3cret"})}, default_region="DE")
    secret = shopify["shop"]
    verify_source = get("shopify").source
    assert verify_source is not None
    assert verify_source.sign is not None
    given: list[Post] = []
    for number in range(4):
        body = orjson.dumps(order(number))
        raw = RawDelivery("POST", "", {}, {"x-shopify-topic": "customers/update", "x-shopify-event-id": f"e{number}"},
                          body, datetime.now(UTC))  # fmt: skip
        given.append(("/webhooks/shop", body, dict(verify_source.sign(raw, secret.settings).headers)))
    # when they come in and are processed
    assert {answer.status_code for answer in answers(database, shopify, given)} == {202}
    processed(database, secret)
    # then there are four profiles, no identifier, and the junk is where it was told
    with database.session() as session:
        profiles = session.rows("SELECT golden FROM profile")
        identifiers = [
            one
            for (state,) in session.rows("SELECT state FROM record")
            for one in carried(orjson.loads(state), IdentityRules())
        ]
        [state] = next(iter(session.rows("SELECT state FROM record WHERE external_id = '1'")))
        assert (len(profiles), identifiers) == (4, [])
    assert orjson.loads(state)["emails"]["test@test"][0] == ["test@test", False]
    assert not any("emails" in orjson.loads(golden) for (golden,) in profiles)
