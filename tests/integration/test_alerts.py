"""Alerts and the digest, to real local sinks: what is wrong is told once, without people, and hurts nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from hub.application import alerts
from hub.application.alerts import Alerting
from hub.application.process import Processing
from hub.insight.customers import customers
from hub.insight.digest import Week, digest, in_words
from hub.insight.model import UNFITTED
from hub.matching.rules import IdentityRules
from hub.model.case import Case
from hub.model.event import CaseEvent
from hub.model.identifier import RecordKey
from hub.outbox.enqueue import Route
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.notices import Notice, fault_of, send
from hub.settings import Settings
from hub.settings_sections import AlertsSection
from hub.store import alerts as store
from hub.store import destinations
from hub.store.database import Database
from hub.workers.clock import Clock, alert_tasks
from tests.integration.test_cli import Hub
from tests.integration.test_traits import IDA, now_of, order
from tests.support.doubles import Crm, entry, source
from tests.support.hubspot import Way
from tests.support.processes import free_port


class Sink:
    """An HTTP server that takes what is posted; ``status`` is what it answers."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.bodies.append(orjson.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://:hush-hush@127.0.0.1:{self.server.server_port}/in"

    @property
    def texts(self) -> list[str]:
        return [f"{body['title']}\n{body['message']}" for body in self.bodies]


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink()
    yield made
    made.server.shutdown()
    made.server.server_close()


def alerting(database: Database, *urls: str, **chosen: Any) -> Alerting:
    connections = {"shop": source("shop"), "crm": Crm().connection("crm")}
    work = Processing(database, connections, (Route("crm"),), IdentityRules(), SurvivorshipRules())
    return Alerting(work, AlertsSection(to=tuple(map(SecretStr, urls)), digest=None, **chosen), frozenset({"crm"}))


def paused(database: Database) -> None:
    with database.session() as session:
        destinations.pause(session, "crm", "Ida Sommer")


def aged(database: Database, key: str, **hours: float) -> None:
    with database.session() as session:
        for column, number in hours.items():
            session.run(f"UPDATE alert SET {column} = now() - %s WHERE key = %s", [timedelta(hours=number), key])


def test_a_paused_destination_is_told_once_and_again_after_a_day(database: Database, sink: Sink) -> None:
    """grafana #36888: told every five minutes; grafana #20494: told once, and never again."""
    told = alerting(database, sink.url)
    assert told.turn() == 0
    paused(database)
    assert [told.turn(), told.turn()] == [1, 0]
    aged(database, "paused crm destination", sent_at=25)
    assert told.turn() == 1
    [first, _] = sink.texts
    assert first.startswith("Hub: nothing is sent there\n- crm (destination) is paused since ")
    assert "`hub outbox resume crm`" in first
    assert "Ida" not in first
    assert "hush" not in first


def test_what_comes_and_goes_within_half_an_hour_is_one_alert(database: Database, sink: Sink) -> None:
    """grafana #35539 and #37461: firing and resolved in turns."""
    told = alerting(database, sink.url)
    paused(database)
    told.turn()
    with database.session() as session:
        destinations.resume(session, "crm")
    assert told.turn() == 0
    paused(database)
    assert told.turn() == 0
    with database.session() as session:
        destinations.resume(session, "crm")
    aged(database, "paused crm destination", seen_at=1)
    told.turn()
    with database.session() as session:
        assert store.page(session) == []
    paused(database)
    assert told.turn() == 1


def test_a_wave_of_complaints_is_told(database: Database, sink: Sink) -> None:
    now = now_of(database)
    key = RecordKey(kind="customer", external_id="7")
    cases = [
        CaseEvent(
            occurred_at=now - timedelta(hours=1),
            record=key,
            case=Case(external_id=f"c{number}", kind="complaint", state="open", opened_at=now - timedelta(hours=1)),
        )
        for number in range(6)
    ]
    Way(database).take(entry([IDA, *cases], "e1", received_at=now))
    alerting(database, sink.url, events=("paused",)).turn()
    assert sink.texts == []
    alerting(database, sink.url).turn()
    assert "6 complaints in the last 24 hours; 0 a day are usual" in sink.texts[0]


def test_a_dead_address_keeps_it_from_no_other_and_is_tried_again_later(database: Database, sink: Sink) -> None:
    told = alerting(database, "json://127.0.0.1:1/", sink.url)
    paused(database)
    told.turn()
    assert len(sink.bodies) == 1
    with database.session() as session:
        assert [row.failed for row in store.page(session)] == [""]


def test_an_address_that_takes_nothing_is_noted_without_its_secret(
    database: Database, sink: Sink, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    sink.status = 500
    told = alerting(database, sink.url)
    paused(database)
    assert [told.turn(), told.turn()] == [1, 0]
    with database.session() as session:
        [row] = store.page(session)
    assert row.failed == "not taken by json:// (number 1)"
    sink.status = 200
    aged(database, row.key, sent_at=1)
    assert told.turn() == 1
    with database.session() as session:
        [row] = store.page(session)
    assert row.failed == ""
    written = "".join(capfd.readouterr()) + caplog.text
    assert "hush" not in written


def test_the_digest_goes_out_once_a_week(database: Database, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    now = now_of(database)
    Way(database).take(entry([IDA, order("7", "o1", now - timedelta(days=3))], "e1", received_at=now))
    told = alerting(database, sink.url)
    today = Alerting(
        told.processing, told.settings.model_copy(update={"digest": alerts._DAYS[now.weekday()]}), told.routed
    )
    monkeypatch.setattr(alerts, "_DIGEST_HOUR", 0)
    assert [today.digest(), today.digest()] == [True, False]
    tomorrow = told.settings.model_copy(update={"digest": alerts._DAYS[(now.weekday() + 2) % 7]})
    assert not Alerting(told.processing, tomorrow, told.routed).digest()
    [text] = sink.texts
    assert text.startswith("Hub: your week\norders (one a customer and day): 1 (week before: 0)")
    assert "revenue in EUR: 20.00" in text
    assert "nothing is broken" in text
    assert "Sommer" not in text


def test_a_mail_goes_to_a_real_smtp_server() -> None:
    from aiosmtpd.controller import Controller

    class Box:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802
            mails.append(message_from_bytes(envelope.content))
            return "250 OK"

    mails: list[Any] = []
    port = free_port()
    controller = Controller(Box(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        url = f"mailto://127.0.0.1:{port}?from=hub@shop.example&to=a@shop.example"
        sent = send([url], Notice("Hub: a test", "Gut."))
    finally:
        controller.stop()
    assert [(one.service, one.ok) for one in sent] == [("mailto", True)]
    assert mails[0]["Subject"] == "Hub: a test"


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("slack://x", "lacks something that slack:// needs"),
        ("slaack://a/b/c", "slaack:// is no service that Apprise knows"),
        ("hush hush", "is no Apprise URL"),
        ("json://127.0.0.1/", None),
    ],
)
def test_a_wrong_address_is_named_by_its_service_alone(url: str, fault: str | None) -> None:
    told = fault_of(url)
    assert (told or "").startswith(fault or "")
    assert (told is None) == (fault is None)
    assert "hush" not in (told or "")


def test_commands_test_the_addresses_and_list_what_is_wrong(
    tmp_path: Path, dsn: str, database: Database, sink: Sink
) -> None:
    root = logging.getLogger()
    before = root.handlers, root.level
    try:
        hub = Hub(tmp_path, dsn)
        assert "holds no address" in hub("alerts", "test", ends=2).stderr
        hub.environment |= {"ALERTS": sink.url}
        hub.config.write_text(f"{hub.config.read_text()}alerts: {{to: ['${{ALERTS}}']}}\n")
        assert "json://" in hub("alerts", "test").stdout
        assert sink.texts[0].startswith("Hub: a test")
        assert hub.json("alerts", "list") == []
        paused(database)
        alerting(database, sink.url).turn()
        assert "crm (destination) is paused" in hub("alerts", "list").stdout
        sink.status = 403
        assert "failed" in hub("alerts", "test", ends=1).stdout
        hub.environment |= {"ALERTS": "slaack://hush"}
        wrong = hub("check", ends=2).stderr
        assert "alerts.to[0]: slaack:// is no service" in wrong
        assert "hush" not in wrong
        hub.config.write_text(hub.config.read_text().replace("alerts: {", "alerts: {digest: munday, "))
        assert "alerts.digest" in hub("check", ends=2).stderr
    finally:
        root.handlers, root.level = before


def test_secrets_of_addresses_are_in_no_repr() -> None:
    assert "hush" not in repr(Settings(alerts=AlertsSection(to=(SecretStr("json://hush@x/"),))))


def test_the_digest_of_a_business_without_orders_says_so() -> None:
    report = digest(customers([], [], 20_000), [], UNFITTED, Week(troubles=["crm is paused"]))
    assert report.rows == []
    assert "too little data: nobody has ordered yet" in report.notes
    assert "needs you: crm is paused" in in_words(report)


def test_the_digest_sets_the_week_beside_the_one_before() -> None:
    today = 20_000
    told = customers(
        [[today - 10, today - 2], [today - 1], [today - 30, today]], [[10.0, 30.0], [5.0], [1.0, 9.0]], today
    )
    report = digest(told, ["EUR", "CHF", "EUR"], UNFITTED, Week(carts=2, cart_worth={"EUR": 12.0}, complaints=1))
    rows = {row[0]: row[1:] for row in report.rows}
    assert rows["orders (one a customer and day)"] == (2, 1, 1.0)
    assert rows["new customers"] == (1, 1, 0.0)
    assert rows["revenue in EUR"] == (30.0, 10.0, 2.0)
    assert rows["revenue in CHF"] == (5.0, 0.0, None)
    assert rows["carts that were left (worth 12.00 EUR)"] == (2, None, None)
    assert "complaints: 1 (week before: 0)" in in_words(report)


def test_the_clock_alerts_only_where_an_address_is_configured(database: Database, sink: Sink) -> None:
    paused(database)
    told = alerting(database, sink.url)
    work, waker, stopping = told.processing, Waking(), threading.Event()
    assert alert_tasks(Clock(work, Settings(), waker, stopping)) == []
    [task] = alert_tasks(Clock(work, Settings(alerts=told.settings), waker, stopping))
    task.run()
    assert len(sink.texts) == 1


class Waking:
    """Nobody has to be woken here."""

    def wake(self, queue: str, argument: str = "") -> None:
        return

    def started(self, queue: str, argument: str = "") -> None:
        return
