"""What operators do with destinations, and what is told them where they look."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from hub import bootstrap
from hub.application.reroute import reroute
from hub.application.resend import resend
from hub.mapping.expression.when import compile_condition
from hub.model.event import OrderEvent
from hub.model.identifier import RecordKey
from hub.model.order import Order
from hub.outbox.deliver import deliver, lift_pauses
from hub.outbox.enqueue import Route
from hub.sdk.manifest import Limits
from hub.sdk.registry import Connector
from hub.settings import load as load_settings
from hub.store import destinations, inbox, outbox
from hub.store.database import Database
from hub.store.destinations import DestinationState
from hub.store.inbox import NewEntry
from tests.integration.test_api import Installation
from tests.integration.test_cli import Hub
from tests.support.doubles import START, at, customer, entry, store
from tests.support.hubspot import Way, client_of
from tests.support.serving import served

REFUSED = DestinationState(
    0, rest=timedelta(days=3650), reason="GET api.hubapi.com answered 401", credentials="an older token"
)


@pytest.fixture
def hub(tmp_path: Path, dsn: str) -> Iterator[Hub]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield Hub(tmp_path, dsn)
    root.handlers, root.level = before


@pytest.fixture
def api(database: Database) -> Iterator[Installation]:
    installation = Installation(database)
    with served(installation.api) as url, installation.http:
        installation.http.base_url = url
        yield installation


def anna(event: str = "e1", **fields: Any) -> NewEntry:
    return entry([customer("1", emails=["anna@example.com"], **fields)], event)


def set_state(database: Database, state: DestinationState) -> None:
    with database.session() as session:
        destinations.lease(session, "crm", "nobody", timedelta())
        destinations.set_state(session, "crm", state)


class Waker:
    """Notes who was woken."""

    def __init__(self) -> None:
        self.woken: set[tuple[str, str]] = set()

    def wake(self, queue: str, argument: str = "") -> None:
        self.woken.add((queue, argument))

    def started(self, queue: str, argument: str = "") -> None:
        """Nothing hangs on it here."""


# -- pause, resume, retry ---------------------------------------------------------------------------------------------


def test_what_a_person_paused_gets_nothing_until_a_person_resumes_it(database: Database) -> None:
    way = Way(database)
    way.take(anna())
    with database.session() as session:
        destinations.pause(session, "crm", "ops")
        # a machine's success, or a new worker, lifts no pause that a person set
        destinations.set_state(session, "crm", DestinationState())
        assert outbox.oldest_due(session, "crm") is None
    lift_pauses([way.sender()])
    assert (way.send(), way.rows()) == (0, {"pending": 1})
    with database.session() as session:
        destinations.retry(session, "crm")
    assert way.send() == 0
    with database.session() as session:
        destinations.resume(session, "crm")
    assert (way.send(), way.rows()) == (1, {"delivered": 1})


def test_a_pause_holds_within_a_running_delivery_after_the_batch_that_is_being_sent(database: Database) -> None:
    way = Way(database)
    way.take(*[entry([customer(str(at), emails=[f"p{at}@example.com"])], f"e{at}") for at in range(6)])
    sender = way.sender()
    sender.connection = replace(sender.connection, connector=_in_batches_of(2, sender.connection.connector))
    asked: list[None] = []

    def a_person_pauses_it() -> bool:
        asked.append(None)
        if len(asked) == 2:  # before the second batch
            with database.session() as session:
                destinations.pause(session, "crm", "ops")
        return False

    assert deliver(sender, enough=a_person_pauses_it) == 2
    assert way.rows() == {"delivered": 2, "pending": 4}
    with database.session() as session:
        destinations.resume(session, "crm")
    assert way.send() == 4


def _in_batches_of(size: int, connector: Connector) -> Connector:
    part = connector.destination
    assert part is not None
    return replace(connector, destination=replace(part, limits=lambda settings: Limits(batch=size)))


def test_a_new_worker_calls_again_whom_refused_credentials_stopped_but_not_whom_a_person_paused(
    database: Database,
) -> None:
    way = Way(database)
    way.take(anna())
    set_state(database, REFUSED)
    with database.session() as session:
        destinations.pause(session, "crm", "ops")
    lift_pauses([way.sender()])
    with database.session() as session:
        assert destinations.state_of(session, "crm") == DestinationState()
    assert (way.send(), way.rows()) == (0, {"pending": 1})
    with database.session() as session:
        destinations.resume(session, "crm")
    assert way.send() == 1


def test_a_retry_lifts_the_rest_of_an_outage_but_not_of_refused_credentials(database: Database) -> None:
    way = Way(database)
    way.take(anna())
    set_state(database, DestinationState(9, rest=timedelta(days=3650), reason="answered 503"))
    with database.session() as session:
        destinations.retry(session, "crm")
        assert destinations.state_of(session, "crm") == DestinationState()
    set_state(database, REFUSED)
    with database.session() as session:
        destinations.retry(session, "crm")
        still = destinations.state_of(session, "crm")
    assert replace(still, rest=REFUSED.rest) == REFUSED
    assert still.rest
    assert still.rest > timedelta(days=3649)


def test_the_commands_pause_resume_and_retry(hub: Hub) -> None:
    hub.filled()

    assert hub.json("outbox", "pause", "crm") == {"destination": "crm", "state": "paused"}
    (told,) = [line for line in hub("stats").stderr.splitlines() if line.startswith("crm")]
    assert re.match(r"crm is paused by \S+ since .* \(`hub outbox resume crm` sends again\)", told)
    assert "crm is paused" in hub("outbox", "list").stderr
    assert "crm is paused" in hub("outbox", "retry", "crm").stderr
    assert hub.json("stats")["troubles"]["crm"]["state"] == "paused"
    assert hub.json("outbox", "resume", "crm") == {"destination": "crm", "due": 0}
    assert hub.json("outbox", "retry", "crm") == {"destination": "crm", "due": 0}
    assert hub("outbox", "resume", "crm").stdout.startswith("crm is sent to again\n")
    assert hub("stats").stderr == ""
    assert hub("outbox", "pause", "cmr", ends=2).stderr == "no route leads to 'cmr'; did you mean 'crm'?\n"
    assert "one of the two is needed" in hub("outbox", "resend", "crm", ends=2).stderr


# -- resend -----------------------------------------------------------------------------------------------------------


def order(number: str) -> OrderEvent:
    placed = Order(external_id=number, state="paid", placed_at=at(0), currency="EUR", total=Decimal(10))
    return OrderEvent(occurred_at=at(0), record=RecordKey(kind="customer", external_id="1"), order=placed)


def test_a_crm_that_was_emptied_gets_everybody_and_their_orders_back(database: Database) -> None:
    # given two people, one with an order, of whom the CRM lost one with her deal and the other's name
    way = Way(database)
    way.take(entry([customer("1", emails=["anna@example.com"], name=("Anna", "Berg")), order("o1")], "e1"))
    way.take(entry([customer("2", emails=["bert@example.com"], name=("Bert", "Ohm"))], "e2"))
    way.settle()
    lost, kept = (
        next(one for one in way.crm.records["contacts"].values() if one.properties["email"] == mail)
        for mail in ("anna@example.com", "bert@example.com")
    )
    way.crm.remove(lost)
    for deal in list(way.crm.records["deals"].values()):
        way.crm._hold("deals", deal, held=False)
        del way.crm.records["deals"][deal.id]
    kept.properties["firstname"] = ""
    # when it is asked who is missing
    done = resend(way.processing, "crm", missing=True, client=client_of(way.crm))
    way.settle()
    # then she is there again, once, with her order, and he was left alone
    assert done.document() == {"looked_at": 2, "profiles": 1, "orders": 1, "asked": True}
    assert sorted(one.properties["email"] for one in way.crm.records["contacts"].values()) == [
        "anna@example.com",
        "bert@example.com",
    ]
    assert len(way.crm.records["deals"]) == 1
    assert kept.properties["firstname"] == ""
    # and written again as a whole he has his name, under the id he had
    assert resend(way.processing, "crm", missing=False).document()["profiles"] == 2
    way.settle()
    assert way.crm.records["contacts"][kept.id].properties["firstname"] == "Bert"
    assert len(way.crm.records["contacts"]) == 2
    # and when all is there nothing is sent
    assert resend(way.processing, "crm", missing=True, client=client_of(way.crm)).profiles == 0


def test_who_was_there_before_the_route_is_sent_there_by_a_resend(database: Database) -> None:
    way = Way(database)
    routes, way.routes = way.routes, ()
    way.take(anna())
    assert way.rows() == {}
    way.routes = routes
    assert resend(way.processing, "crm", missing=True, client=client_of(way.crm)).profiles == 1
    assert way.send() == 1


def test_the_command_resends(hub: Hub) -> None:
    hub.filled()

    assert hub.json("outbox", "resend", "bi", "--all") == {
        "destination": "bi", "looked_at": 2, "profiles": 2, "orders": 0, "asked": False,
    }  # fmt: skip
    assert "cannot be asked who is there" in hub("outbox", "resend", "bi", "--missing").stderr


# -- connections ------------------------------------------------------------------------------------------------------


def test_refused_credentials_are_told_by_every_command_with_what_to_do(hub: Hub, database: Database) -> None:
    hub.filled()
    hub.environment["HUB_DATABASE_URL"] = database.dsn
    set_state(database, REFUSED)

    shown = hub("connections").stdout

    line = next(line for line in shown.splitlines() if line.startswith("crm ")).split()
    assert line[1:4] == ["destination", "(hubspot)", "refused"]
    assert "GET api.hubapi.com answered 401" in shown
    assert "crm: put credentials that it accepts at connections.crm in the configuration, and start Hub again" in shown
    for command in (("stats",), ("outbox", "list"), ("check",)):
        assert "crm is refused since" in hub(*command).stderr, command


def test_command_and_api_tell_the_same_of_every_connection(hub: Hub, database: Database, api: Installation) -> None:
    with database.session() as session:
        destinations.pause(session, "crm", "ops")
    store(database, [entry([customer("1")], "e1"), NewEntry("shop", "bad", "events", "{}", b"{", START)])
    api.processed()
    items = {item["name"]: item for item in api.get("/connections")["items"]}

    assert items["shop"]["parked"] == 1
    assert "hub inbox replay --connection shop --state parked" in " ".join(items["shop"]["advice"])
    assert (items["crm"]["destination"]["state"], items["crm"]["destination"]["by"]) == ("paused", "ops")
    hub.environment["HUB_DATABASE_URL"] = database.dsn
    told = {item["name"]: item for item in hub.json("connections")}
    told["crm"]["destination"]["since"] = told["crm"]["destination"]["since"].replace("+00:00", "Z")
    assert {**told["crm"], "connector": "", "title": "", "channel": "", "roles": [], "pending": 0} == {
        **items["crm"], "connector": "", "title": "", "channel": "", "roles": [], "pending": 0,
        "outbox_lag_seconds": told["crm"]["outbox_lag_seconds"],
    }  # fmt: skip


def test_a_source_that_nothing_came_from_is_told_with_what_to_look_at(hub: Hub) -> None:
    def shown() -> dict[str, str]:
        lines = hub("connections").stdout.splitlines()
        return {line.split()[0]: line for line in lines if "source" in line} | {
            line.partition(": ")[0]: line for line in lines if ": no event came" in line
        }

    # given connections that were never heard of
    before = shown()
    assert "its webhooks go to /webhooks/shop: with a wrong signature they get 401" in before["shop"]
    assert "`hub backfill old-crm` reads its history" in before["old-crm"]
    # when one's history was read, then only the other is left
    hub.filled()
    assert "no event" not in shown()["old-crm"]
    assert "no event came yet" in shown()["shop"]


def test_a_file_that_is_only_written_to_is_no_source(hub: Hub) -> None:
    hub.config.write_text(hub.config.read_text() + "  - {to: old-crm}\n", encoding="utf-8")

    roles = {item["name"]: (item["source"] is None, item["destination"] is None) for item in hub.json("connections")}
    assert roles["old-crm"] == (True, False)


def test_a_destination_without_a_route_is_not_called_well(hub: Hub) -> None:
    hub.config.write_text(hub.config.read_text().replace("  - {to: bi}\n", ""), encoding="utf-8")

    states = {item["name"]: (item["destination"] or {}).get("state") for item in hub.json("connections")}

    assert states == {"old-crm": None, "shop": None, "crm": "ok", "bi": "unrouted"}


def test_readiness_tells_which_destinations_rest_and_stays_ready(api: Installation) -> None:
    assert api.http.get("/health/ready").json() == {"status": "ok", "destinations": {}}
    set_state(api.database, DestinationState(9, rest=timedelta(hours=1), reason="answered 503"))

    def ready() -> Any:
        return api.http.get("/health/ready")

    deadline = datetime.now(UTC) + timedelta(seconds=20)
    while not ready().json()["destinations"] and datetime.now(UTC) < deadline:
        pass
    assert (ready().status_code, ready().json()["destinations"]) == (200, {"crm": "resting"})


def test_the_api_pauses_resumes_and_retries_for_operators(api: Installation) -> None:
    viewer = {"authorization": f"Bearer {api.token('viewer')}"}

    paused = api.http.post("/api/v1/connections/crm/pause")
    assert (paused.status_code, paused.json()) == (200, {"destination": "crm", "state": "paused"})
    assert api.get("/connections")["items"][2]["destination"]["by"] == "test"
    for action in ("pause", "resume", "retry"):
        assert api.http.post(f"/api/v1/connections/crm/{action}", headers=viewer).status_code == 403
        nowhere = api.http.post(f"/api/v1/connections/shop/{action}")
        assert (nowhere.status_code, nowhere.headers["content-type"]) == (404, "application/problem+json")
    assert api.http.post("/api/v1/connections/crm/retry").json() == {"destination": "crm", "due": 0}
    assert api.get("/connections")["items"][2]["destination"]["state"] == "paused"
    assert api.http.post("/api/v1/connections/crm/resume").json() == {"destination": "crm", "due": 0}
    assert api.get("/connections")["items"][2]["destination"]["state"] == "ok"


def test_the_api_resends_for_operators(hub: Hub, dsn: str) -> None:
    hub.filled()
    settings = load_settings(hub.config, hub.environment)
    with bootstrap.runtime(settings, pool_size=3) as run, served(bootstrap.api(run)) as url:
        token = hub.json("token", "create", "--role", "operator")["token"]
        import httpx

        with httpx.Client(base_url=f"{url}/api/v1", headers={"authorization": f"Bearer {token}"}, timeout=30.0) as http:
            done = http.post("/connections/bi/resend", json={"what": "all"})
            wrong = http.post("/connections/bi/resend", json={"what": "some"})
    assert (done.status_code, done.json()["profiles"]) == (202, 2)
    assert wrong.status_code == 422


# -- conditions on time -----------------------------------------------------------------------------------------------


def test_a_condition_on_time_is_asked_again_when_it_may_come_out_otherwise(database: Database) -> None:
    # given a route for those who have not bought for 30 days, and somebody who bought 30 days ago but for a moment
    way = Way(database)
    condition = compile_condition("orders.last_at < ago('30 days') && orders.totals.EUR >= `10`")
    way.routes = (Route("crm", condition, changes=condition.next_change),)
    bought = datetime.now(UTC) - timedelta(days=30) + timedelta(seconds=1.5)
    placed = order("o1").order.model_copy(update={"placed_at": bought})
    way.take(
        entry(
            [customer("1", emails=["anna@example.com"]), order("o1").model_copy(update={"order": placed})],
            "e1",
            received_at=bought,
        )
    )
    assert way.rows() == {}
    # when the moment comes nothing new is told of her
    waker = Waker()
    deadline = datetime.now(UTC) + timedelta(seconds=20)
    looked_at = 0
    while not way.rows() and datetime.now(UTC) < deadline:
        looked_at += reroute(way.processing, waker.wake)
    # then the route takes her, and nobody looks at her again
    assert (way.rows(), waker.woken) == ({"pending": 1}, {("deliver", "crm")})
    assert 1 <= looked_at <= 2
    with database.session() as session:
        assert session.rows("SELECT profile_id FROM route_change WHERE due_at <= now()") == []


def test_a_profile_that_cannot_be_read_stops_neither_the_moment_nor_the_resend_of_others(database: Database) -> None:
    # given two people whose moment came, one of whom cannot be read
    way = Way(database)
    condition = compile_condition("orders.last_at < ago('30 days')")
    way.routes = (Route("crm", condition, changes=condition.next_change),)
    bought = datetime.now(UTC) - timedelta(days=30, hours=1)
    placed = order("o1").order.model_copy(update={"placed_at": bought})
    way.take(
        entry([customer("1", emails=["anna@example.com"]), order("o1").model_copy(update={"order": placed})], "e1"),
        entry([customer("2", emails=["bert@example.com"])], "e2"),
    )
    assert way.send() == 1
    with database.session() as session:
        session.run("UPDATE profile SET golden = '{\"half' WHERE golden LIKE '%bert%'")
        session.run("INSERT INTO route_change SELECT id, now() - interval '1 minute' FROM profile")
    # when they are looked at
    looked_at = reroute(way.processing, Waker().wake)
    # then she is asked about, and nobody is looked at again
    assert (looked_at, way.rows()) == (2, {"pending": 1})
    assert reroute(way.processing, Waker().wake) == 0
    # and a resend reaches her as well
    assert resend(way.processing, "crm", missing=False).document()["profiles"] == 1


# -- logs -------------------------------------------------------------------------------------------------------------


def test_parked_and_rejected_ones_are_logged_without_people(database: Database) -> None:
    structlog.reset_defaults()  # a command that ran here before logs errors only
    way = Way(database)
    with capture_logs() as lines:
        store(database, [NewEntry("shop", "bad", "events", "{}", b'[{"anna@example.com"', START)])
        way.take(anna(name=("Anna", "Berg")))
        way.crm.fail(path="batch/upsert", status=400)
        way.send()

    said = {line["event"]: line for line in lines}
    assert said["normalise.parked"]["log_level"] == "warning"
    assert {"inbox_id", "connection", "reason"} <= said["normalise.parked"].keys()
    assert said["delivery.rejected"]["log_level"] == "warning"
    assert "anna" not in str(lines).lower()


def test_a_parked_entry_that_is_tried_again_counts_as_parked_nowhere(database: Database, api: Installation) -> None:
    store(database, [NewEntry("shop", "bad", "events", "{}", b"{", START)])
    api.processed()
    assert 'hub_parked_entries{connection="shop"} 1.0' in api.http.get("/metrics").text
    with database.session() as session:
        inbox.requeue(session)
        assert inbox.counts(session)["parked"] == 0
    assert api.get("/connections")["items"][0]["parked"] == 0
