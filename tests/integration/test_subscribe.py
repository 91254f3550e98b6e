"""Webhooks at the vendor: made once, put back when they are gone, and watched for silence. WooCommerce over HTTP."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi import FastAPI, Request, Response
from typer.testing import CliRunner

from hub.application.subscribe import Watchdog, address, silence, subscribe, unsubscribe
from hub.cli.app import app as hub_command
from hub.errors import ConfigError
from hub.outbox.health import of_source
from hub.sdk.connection import Connection, load_connections
from hub.sdk.subscriptions import Subscription, standing
from hub.store import stats, subscriptions
from hub.store.database import Database
from hub.store.inbox import NewEntry
from hub.store.subscriptions import Rhythm
from tests.support.doubles import by_name, source, store
from tests.support.serving import served

TOPICS = {
    "order.created", "order.updated", "order.restored", "order.deleted",
    "customer.created", "customer.updated", "customer.deleted",
    "product.created", "product.updated", "product.restored",
}  # fmt: skip
PUBLIC = "https://hub.example.com"
OURS = "https://hub.example.com/webhooks/shop"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Shop:
    """A WooCommerce that keeps webhooks: https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks."""

    hooks: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False
    lists_refuse: bool = False
    made: int = 0
    url: str = ""

    def app(self) -> FastAPI:
        app = FastAPI()
        key = "Basic " + base64.b64encode(b"ck_1:cs_1").decode()

        def allowed(request: Request) -> Response | None:
            refused = self.refuses or request.headers.get("authorization") != key
            return Response('{"code":"woocommerce_rest_cannot_view"}', 401) if refused else None

        @app.get("/wp-json/wc/v3/webhooks", response_model=None)
        def listed(request: Request, page: int, per_page: int) -> Any:
            return allowed(request) or self.hooks[(page - 1) * per_page : page * per_page]

        @app.post("/wp-json/wc/v3/webhooks", status_code=201, response_model=None)
        async def create(request: Request) -> Any:
            if refused := allowed(request):
                return refused
            self.made += 1
            hook = {"id": self.made, **orjson.loads(await request.body())}
            self.hooks.append(hook)
            return hook

        @app.delete("/wp-json/wc/v3/webhooks/{id}", response_model=None)
        def delete(request: Request, id: int, force: str = "") -> Any:  # noqa: A002
            if force != "true":
                return Response('{"code":"woocommerce_rest_trash_not_supported"}', 501)
            found = [hook for hook in self.hooks if hook["id"] == id]
            self.hooks = [hook for hook in self.hooks if hook["id"] != id]
            return allowed(request) or (found[0] if found else Response('{"code":"woocommerce_rest_invalid_id"}', 404))

        @app.get("/wp-json/wc/v3/{resource}", response_model=None)
        def resources(resource: str) -> Any:
            if self.lists_refuse:
                return Response('{"code":"woocommerce_rest_cannot_view"}', 403)
            return self.orders if resource == "orders" else []

        return app

    def connection(self) -> Connection:
        options = {
            "base_url": self.url,
            "webhook_secret": ["new", "old"],
            "consumer_key": "ck_1",
            "consumer_secret": "cs_1",
        }
        return load_connections({"shop": ("woocommerce", options)}, default_region="DE")["shop"]


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    with served(made.app()) as url:
        made.url = url
        yield made


def watched(database: Database, shop: Shop, *, looked: str = "1 hour") -> Watchdog:
    with database.session() as session:
        subscriptions.made(session, "shop")
        session.run(f"UPDATE subscription SET looked_at = now() - interval '{looked}'")
    return Watchdog(database, shop.connection(), PUBLIC)


def test_every_topic_is_made_once_with_the_newest_secret_and_nobody_elses_is_touched(shop: Shop) -> None:
    # given a webhook of another system, and one of ours that the shop switched off
    shop.hooks = [
        {"id": 90, "topic": "order.created", "delivery_url": "https://other.example.com/", "status": "active"},
        {"id": 91, "topic": "order.updated", "delivery_url": OURS, "status": "disabled"},
    ]
    # when Hub subscribes, twice
    before = subscribe(shop.connection(), OURS)
    again = subscribe(shop.connection(), OURS)
    # then each topic is there once, active, and signed with the secret that stays
    own = [hook for hook in shop.hooks if hook["delivery_url"] == OURS]
    assert {hook["topic"] for hook in own} == TOPICS
    assert (len(own), {hook["secret"] for hook in own}, {hook["status"] for hook in own}) == (
        len(TOPICS),
        {"new"},
        {"active"},
    )
    assert [hook["id"] for hook in shop.hooks if hook["delivery_url"] != OURS] == [90]
    assert (set(before.lacking), again.well) == (TOPICS, True)
    # and they can be taken away again
    unsubscribe(shop.connection(), OURS)
    assert [hook["id"] for hook in shop.hooks] == [90]


def test_a_topic_that_comes_twice_comes_once_from_then_on(shop: Shop) -> None:
    subscribe(shop.connection(), OURS)
    shop.hooks.append({"id": 99, "topic": "order.created", "delivery_url": OURS + "/", "status": "active"})
    subscribe(shop.connection(), OURS)
    assert sum(hook["topic"] == "order.created" for hook in shop.hooks) == 1


def test_the_watchdog_puts_back_what_is_gone_and_fetches_what_was_missed(database: Database, shop: Shop) -> None:
    # given webhooks that the shop has switched off since, and an order of the blind time
    subscribe(shop.connection(), OURS)
    dog = watched(database, shop)
    for hook in shop.hooks:
        hook["status"] = "disabled"
    shop.orders = [
        {
            "id": 727, "status": "processing", "currency": "EUR", "total": "34.90",
            "date_created_gmt": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
            "date_modified_gmt": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
            "billing": {"first_name": "Jörg", "email": "joerg@example.de", "country": "DE"},
        }
    ]  # fmt: skip
    store(database, [NewEntry("shop", "w1", "order.created", "{}", b"{}", datetime.now(UTC) - timedelta(hours=5))])
    # when the watchdog looks
    assert dog.run_if_due(threading.Event()) is False
    # then they are active again, the order is in the inbox, and it stands where people look
    assert {hook["status"] for hook in shop.hooks} == {"active"}
    with database.session() as session:
        assert session.one("SELECT count(*) FROM inbox WHERE event_id LIKE 'backfill:orders:727:%%'") == (1,)
        trouble = stats.source_troubles(session)["shop"]
    assert "put back: " in of_source("shop", trouble).reason
    # and it does not look again at once
    assert dog.run_if_due(threading.Event()) is None


def test_a_vendor_that_refuses_is_said_and_looked_at_again(database: Database, shop: Shop) -> None:
    shop.refuses = True
    assert watched(database, shop).run_if_due(threading.Event()) is False
    with database.session() as session:
        trouble = stats.source_troubles(session)["shop"]
        assert (trouble.part, of_source("shop", trouble).state) == ("webhooks", "refused")
        session.run("UPDATE completion_rest SET not_before = now()")
    shop.refuses = False
    assert Watchdog(database, shop.connection(), PUBLIC).run_if_due(threading.Event()) is False  # all were lacking
    with database.session() as session:
        session.run("UPDATE subscription SET looked_at = now() - interval '1 hour'")
    assert Watchdog(database, shop.connection(), PUBLIC).run_if_due(threading.Event()) is True
    with database.session() as session:
        assert stats.source_troubles(session) == {}


def test_what_was_missed_is_fetched_also_when_the_first_try_at_it_fails(database: Database, shop: Shop) -> None:
    # deeplethe/utopia#794: given webhooks of orders that the shop took away two hours ago, while others went on coming
    subscribe(shop.connection(), OURS)
    dog = watched(database, shop, looked="2 hours")
    shop.hooks = [hook for hook in shop.hooks if not hook["topic"].startswith("order.")]
    store(database, [NewEntry("shop", "w1", "customer.updated", "{}", b"{}", datetime.now(UTC))])
    missed = datetime.now(UTC) - timedelta(hours=1, minutes=50)
    shop.orders = [
        {
            "id": 728, "status": "processing", "currency": "EUR", "total": "34.90",
            "date_created_gmt": f"{missed:%Y-%m-%dT%H:%M:%S}", "date_modified_gmt": f"{missed:%Y-%m-%dT%H:%M:%S}",
            "billing": {"first_name": "Jörg", "email": "joerg@example.de", "country": "DE"},
        }
    ]  # fmt: skip
    # when the list of orders cannot be read at the first look, though the webhooks were put back
    shop.lists_refuse = True
    assert dog.run_if_due(threading.Event()) is False
    shop.lists_refuse = False
    with database.session() as session:
        assert session.one("SELECT count(*) FROM inbox WHERE event_id LIKE 'backfill:%%'") == (0,)
        session.run("UPDATE completion_rest SET not_before = now()")
    # then the next look fetches what came since all was well last
    dog.run_if_due(threading.Event())
    with database.session() as session:
        assert session.one("SELECT count(*) FROM inbox WHERE event_id LIKE 'backfill:orders:728:%%'") == (1,)
        assert session.one("SELECT max(looked_at) > now() - interval '1 minute' FROM subscription") == (True,)


def test_who_never_subscribed_is_not_watched(database: Database, shop: Shop) -> None:
    assert Watchdog(database, shop.connection(), PUBLIC).run_if_due(threading.Event()) is None
    assert shop.hooks == []


@pytest.mark.parametrize(
    ("last", "longest", "silent"),
    [
        (timedelta(hours=5), timedelta(minutes=10), False),
        (timedelta(hours=7), timedelta(minutes=10), True),
        (timedelta(hours=30), timedelta(hours=12), False),  # a shop that sleeps at night
        (timedelta(hours=40), timedelta(hours=12), True),
        (timedelta(days=90), None, False),  # too few events to know
        (None, None, False),
    ],
)
def test_silence_is_measured_by_the_sources_own_rhythm(
    last: timedelta | None, longest: timedelta | None, silent: bool
) -> None:
    rhythm = Rhythm(NOW, None if last is None else NOW - last, longest)
    assert (silence(rhythm) is not None) == silent


def test_a_silent_source_is_told_and_compared_once(database: Database, shop: Shop) -> None:
    # given a shop with an event every hour, and none for a day, though its webhooks are there
    subscribe(shop.connection(), OURS)
    now = datetime.now(UTC)
    hours = [now - timedelta(hours=24 + number) for number in range(30)]
    store(database, [NewEntry("shop", f"w{n}", "order.created", "{}", b"{}", at) for n, at in enumerate(hours)])
    # when the watchdog looks
    assert watched(database, shop).run_if_due(threading.Event()) is False
    # then it is told where people look
    with database.session() as session:
        health = of_source("shop", stats.source_troubles(session)["shop"])
    assert (health.state, health.reason) == ("failing", "no event came for longer than it should")
    assert "hub connector subscribe shop --list" in health.advice


def test_a_connector_that_cannot_says_so() -> None:
    with pytest.raises(ConfigError, match="cannot make webhooks"):
        subscribe(by_name(source("shop"))["shop"], OURS)


def test_the_standing_leaves_out_what_is_somebody_elses() -> None:
    found = [
        Subscription("1", "a", OURS), Subscription("2", "a", OURS), Subscription("3", "b", OURS, active=False),
        Subscription("4", "c", "https://other.example"), Subscription("5", "z", OURS),
    ]  # fmt: skip
    sorted_out = standing(found, ["a", "b", "c"], OURS + "/")
    assert [one.id for one in sorted_out.kept] == ["1"]
    assert [one.id for one in sorted_out.doubled] == ["2"]
    assert [one.id for one in sorted_out.inactive] == ["3"]
    assert sorted_out.lacking == ("b", "c")
    assert address(PUBLIC + "/", "shop") == OURS


def test_the_command_makes_lists_and_removes(tmp_path: Path, dsn: str, shop: Shop) -> None:
    config = tmp_path / "hub.yaml"
    config.write_text(
        f"hub: {{public_url: '{PUBLIC}'}}\nconnections:\n  shop: {{connector: woocommerce, base_url: '{shop.url}', "
        "webhook_secret: new, consumer_key: ck_1, consumer_secret: cs_1}\n"
    )
    environment = {"HUB_DATABASE_URL": dsn, "HUB_CONFIG": str(config), "HUB_LOG_LEVEL": "error"}

    def run(*arguments: str, ends: int = 0) -> Any:
        ended = CliRunner(env=environment).invoke(hub_command, ["connector", "subscribe", *arguments])
        assert ended.exit_code == ends, ended.output
        return ended

    assert "not there" in run("shop", "--list").stdout
    assert set(orjson.loads(run("shop", "--json").stdout)["topics"].values()) == {"made"}
    assert set(orjson.loads(run("shop", "--list", "--json").stdout)["topics"].values()) == {"active"}
    assert "removed" in run("shop", "--remove").stdout
    assert shop.hooks == []
    assert "there is no such connection" in run("shpo", ends=2).stderr
    # and an address that no vendor reaches is refused
    config.write_text(
        config.read_text().replace(PUBLIC, "http://127.0.0.1:8080").replace(shop.url, "https://x.example")
    )
    assert "hub.public_url" in run("shop", ends=2).stderr
