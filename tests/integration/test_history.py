"""A backfill tells the truth: what cannot be read, what changed; and it runs by itself, one at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import structlog
from typer.testing import CliRunner

from hub.application.backfill import History, read_now, reader
from hub.application.process import Processing
from hub.cli.app import app
from hub.errors import ConfigError, RateLimited
from hub.intake.backfill import Progress, backfill, changed, plan
from hub.matching.rules import IdentityRules
from hub.outbox.deliver import Sender, deliver
from hub.outbox.health import of_source
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import Connection, load_connections
from hub.sdk.http import HttpClient
from hub.sdk.lists import in_turn
from hub.sdk.source import BackfillItem, BackfillPage, Listed, Part
from hub.store import backfills, inbox, rests, stats
from hub.store.database import Database
from tests.integration.test_process import drain
from tests.support.doubles import Crm, by_name, routes_to, source

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
HEADER = "id,mail,vorname,seit"


def file(path: Path, *rows: str, mtime: int = 1_760_000_000) -> None:
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    os.utime(path, (mtime, mtime))


def old_crm(path: Path, **options: Any) -> Connection:
    fields = {"external_id": "id", "email": "mail", "first_name": "vorname"}
    return load_connections({"old": ("csv", {"path": str(path), "fields": fields, **options})}, default_region="DE")[
        "old"
    ]


def read(database: Database, connection: Connection) -> Progress | None:
    with database.session() as session:
        held = backfills.get(session, connection.name)
    begun = plan(held, connection.name, since=None, again=False, changed=changed(connection, held))
    return None if begun is None else list(backfill(database, connection, begun, read=reader(connection)))[-1]


def names(database: Database) -> list[str]:
    with database.session() as session:
        rows = session.rows("SELECT golden FROM profile")
    return sorted(orjson.loads(row[0])["name"]["first"] for row in rows)


# -- files


def test_a_changed_file_is_read_again_and_a_touched_one_writes_nothing(database: Database, tmp_path: Path) -> None:
    path, crm = tmp_path / "old.csv", Crm()
    connection, destination = old_crm(path), crm.connection("crm")
    work = Processing(
        database, by_name(connection, destination), routes_to(destination), IdentityRules(), SurvivorshipRules()
    )

    def round_() -> tuple[int | None, int]:
        progress = read(database, connection)
        drain(work)
        before = sum(crm.batches)
        deliver(Sender(database, destination, work.routes, "test"))
        return (None if progress is None else progress.new), sum(crm.batches) - before

    # given a file that was imported
    file(path, "1,anna@example.com,Anna,", "2,bert@example.com,Bert,")
    assert round_() == (2, 2)
    # when somebody copies it, then nothing is read and nothing goes out
    file(path, "1,anna@example.com,Anna,", "2,bert@example.com,Bert,", mtime=1_760_009_000)
    assert round_() == (None, 0)
    # when a row changes, and later is as it was before, then the last state stands
    file(path, "1,anna@example.com,Anne,", "2,bert@example.com,Bert,", mtime=1_760_010_000)
    assert round_() == (2, 1)
    assert names(database) == ["Anne", "Bert"]
    file(path, "1,anna@example.com,Anna,", "2,bert@example.com,Bert,", mtime=1_760_020_000)
    assert round_() == (2, 1)
    assert names(database) == ["Anna", "Bert"]


def test_an_interrupted_run_over_a_file_that_changed_meanwhile_skips_no_row(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.connectors.csv import source as csv_source

    monkeypatch.setattr(csv_source, "PAGE", 2)
    path = tmp_path / "old.csv"
    connection = old_crm(path)
    file(path, *(f"{n},p{n}@example.com,P{n}," for n in range(6)))
    next(backfill(database, connection, backfills.Backfill("old", None)))
    file(path, *(f"{n},p{n}@example.com,Q{n}," for n in range(6)))
    progress = read(database, connection)
    assert progress is not None
    assert progress.new == 6


def test_a_row_that_stands_twice_in_a_file_sinks_no_other(database: Database, tmp_path: Path) -> None:
    # as of Notifuse/notifuse#167: a bulk insert that meets one key twice
    path = tmp_path / "old.csv"
    file(path, "1,anna@example.com,Anna,", "1,anna@example.com,Anna,", "1,anna@example.com,Anne,", "2,b@example.com,B,")
    connection = old_crm(path)
    progress = read(database, connection)
    assert progress is not None
    assert (progress.new, progress.count("parked")) == (3, 0)
    drain(Processing(database, by_name(connection), (), IdentityRules(), SurvivorshipRules()))
    assert len(names(database)) == 2


def test_a_row_whose_id_is_longer_than_an_index_holds_sinks_no_other(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    long = "".join(chr(0x4E00 + number) for number in range(8_000))
    file(path, "1,anna@example.com,Anna,", f"{long},b@example.com,B,")
    connection = old_crm(path)
    progress = read(database, connection)
    assert progress is not None
    assert (progress.new, progress.count("parked")) == (2, 0)
    drain(Processing(database, by_name(connection), (), IdentityRules(), SurvivorshipRules()))
    assert names(database) == ["Anna", "B"]


# -- what cannot be read


def test_parked_and_skipped_items_are_counted_with_their_reasons_and_fail_the_run_above_a_share(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "old.csv"
    connection = old_crm(path)
    file(path, *(f"{n},p{n}@example.com,P{n}," for n in range(30)), ",nobody@example.com,Nobody,")
    few = read(database, connection)
    assert few is not None
    assert (few.count("parked"), few.failed, few.read) == (1, False, 31)
    assert few.outcomes == {("parked", "id: no external id"): 1}
    file(path, *(f"{n},p{n}@example.com,P{n}," for n in range(10)), ",nobody@example.com,Nobody,")
    many = read(database, connection)
    assert many is not None
    assert (many.count("parked"), many.failed) == (1, True)
    with database.session() as session:
        held = backfills.get(session, "old")
    assert held is not None
    assert (held.parked, held.stored) == (1, 11)


@pytest.fixture
def hub(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    config = tmp_path / "hub.yaml"
    config.write_text(
        f"connections:\n  old: {{connector: csv, path: {tmp_path}/old.csv, "
        "fields: {external_id: id, email: mail, first_name: vorname}}\n"
    )
    monkeypatch.setenv("HUB_DATABASE_URL", dsn)
    return lambda *arguments: CliRunner().invoke(app, ["backfill", "old", "--config", str(config), *arguments])


def test_the_command_shows_rows_as_read_without_storing_and_tells_what_could_not_be(
    hub: Any, database: Database, tmp_path: Path
) -> None:
    file(tmp_path / "old.csv", *(f"{n},p{n}@example.com,P{n}," for n in range(25)), *[",x@example.com,X,"] * 5)
    shown = hub("--dry-run")
    assert (shown.exit_code, "first: P0" in shown.stdout, "20. row" in shown.stdout) == (0, True, True)
    assert "21. row" not in shown.stdout
    documents = orjson.loads(hub("--dry-run", "--json").stdout)
    assert (len(documents), documents[0]["events"][0]["customer"]["emails"][0]["value"]) == (20, "p0@example.com")
    with database.session() as session:
        assert inbox.counts(session)["pending"] == 0
    done = hub("--json")
    told = orjson.loads(done.stdout)
    assert (done.exit_code, told["parked"], told["stored"]) == (1, 5, 30)
    assert told["reasons"] == [{"state": "parked", "reason": "id: no external id", "count": 5}]
    again = hub("--again")
    assert "5 parked: id: no external id" in again.stdout


# -- by the clock


class Vendor:
    """Two objects; ``asked`` notes what was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[datetime | None, Mapping[str, Any] | None]] = []

    def pages(
        self, _: Any, settings: Any, since: datetime | None, cursor: Mapping[str, Any] | None
    ) -> Iterator[BackfillPage]:
        self.asked.append((since, cursor))
        for start in range(cursor["next"] if cursor else 0, 2):
            item = BackfillItem(f"o{len(self.asked)}-{start}", "events", b"[]")
            yield BackfillPage([item], {"next": start + 1}, 2)


def test_a_history_is_read_every_so_often_by_one_process_and_asks_for_what_is_newer(database: Database) -> None:
    vendor, stopping = Vendor(), threading.Event()
    shop = source("shop", backfill=vendor.pages, api_root=lambda settings: "https://shop.example.com")
    history = History(database, shop, timedelta(hours=1))
    # at first all, and not again before its time
    assert history.run_if_due(stopping) is not None
    assert history.run_if_due(stopping) is None
    with database.session() as session:
        session.run("UPDATE backfill SET begun_at = now() - interval '61 minutes'")
        began = backfills.begun_at(session, "shop")
    # while another process reads, nobody else does
    with backfills.alone(database.dsn, "shop") as first, backfills.alone(database.dsn, "till") as other:
        assert (first, other) == (True, True)
        assert history.run_if_due(stopping) is None
    assert history.run_if_due(stopping) is not None
    assert began is not None
    assert vendor.asked == [(None, None), (began - timedelta(hours=1), None)]
    # a run that was cut short is gone on with at its cursor
    with database.session() as session:
        session.run(
            "UPDATE backfill SET finished = false, cursor = '{\"next\":1}', updated_at = now() - interval '1 h'"
        )
    assert history.run_if_due(stopping) is not None
    assert vendor.asked[-1] == (began - timedelta(hours=1), {"next": 1})


def test_a_quiet_list_is_asked_for_less_often_since_it_was_asked_for_itself(database: Database) -> None:
    # given a vendor of two lists, of which customers bring nothing
    asked: list[tuple[str, datetime | None]] = []

    def listed(name: str, items: int, quiet: timedelta) -> Listed[Any]:
        def page(http: Any, settings: Any, since: datetime | None, at: Any) -> Part:
            asked.append((name, since))
            return Part([BackfillItem(f"{name}{len(asked)}", "events", b"[]")] * items)

        return Listed(page, quiet=quiet)

    lists = {"customers": listed("customers", 0, timedelta(hours=9)), "orders": listed("orders", 1, timedelta(0))}
    shop = source("shop", backfill=partial(in_turn, lists), lists=lists, api_root=lambda settings: "https://x.example")
    history, began = History(database, shop, timedelta(hours=1)), list[datetime]()
    for _ in range(4):
        assert history.run_if_due(threading.Event()) is not None
        with database.session() as session:
            session.run("UPDATE backfill SET begun_at = begun_at - interval '1 h', updated_at = now() - interval '1 h'")
            begun = backfills.begun_at(session, "shop")
            assert begun is not None
            began.append(begun)
    # then orders are asked for each time, an hour before the last run began, and customers not each time
    assert [name for name, _ in asked][:2] == ["customers", "orders"]
    assert [since for name, since in asked if name == "orders"][1:] == [one - timedelta(hours=1) for one in began[:3]]
    assert [name for name, _ in asked].count("customers") < 4


def test_the_next_poll_asks_since_a_run_began_that_was_gone_on_with_after_an_outage(database: Database) -> None:
    # given a run whose first page was empty, and that was cut short
    asked: list[datetime | None] = []

    def pages(
        _: Any, settings: Any, since: datetime | None, cursor: Mapping[str, Any] | None
    ) -> Iterator[BackfillPage]:
        asked.append(since)
        yield BackfillPage([], {"list": "orders"})

    shop = source("shop", backfill=pages, api_root=lambda settings: "https://x.example")
    history = History(database, shop, timedelta(hours=1))
    assert history.run_if_due(threading.Event()) is not None
    with database.session() as session:
        session.run(
            "UPDATE backfill SET finished = false, begun_at = now() - interval '5 h', "
            "updated_at = now() - interval '5 h'"
        )
        began = backfills.begun_at(session, "shop")
    # when it is gone on with five hours later
    assert history.run_if_due(threading.Event()) is not None
    with database.session() as session:
        session.run("UPDATE backfill SET begun_at = begun_at - interval '1 h'")
    # then the next one asks for what changed since its first page was read
    assert history.run_if_due(threading.Event()) is not None
    assert began is not None
    assert asked[-1] == began - timedelta(hours=2)


def test_a_list_that_is_read_by_version_goes_on_where_the_last_run_ended(database: Database) -> None:
    # given a vendor whose list cannot be asked by date (Lightspeed), and a history that was read
    vendor, stopping = Vendor(), threading.Event()
    shop = source(
        "shop",
        backfill=vendor.pages,
        changed=lambda settings, cursor: True,
        api_root=lambda settings: "https://shop.example.com",
    )
    history = History(database, shop, timedelta(hours=1))
    assert history.run_if_due(stopping) is not None
    # when the next run is due, then it is given the last cursor, and waits for its time again
    with database.session() as session:
        session.run("UPDATE backfill SET begun_at = now() - interval '61 minutes'")
    assert history.run_if_due(stopping) is not None
    assert history.run_if_due(stopping) is None
    assert vendor.asked == [(None, None), (None, {"next": 2})]


def test_a_history_that_is_refused_is_logged_without_the_vendors_words(database: Database) -> None:
    def refuse(*_: Any) -> Iterator[BackfillPage]:
        answer = {"message": "Jürgen Großmann may not be read"}
        transport = httpx.MockTransport(lambda _: httpx.Response(422, json=answer))
        with HttpClient("https://shop.example.com", transport=transport) as client:
            client.get("orders")
        yield BackfillPage([], {}, 0)

    shop = source("shop", backfill=refuse, api_root=lambda settings: "https://shop.example.com")
    with structlog.testing.capture_logs() as lines:
        assert History(database, shop, timedelta(hours=1)).run_if_due(threading.Event()) is None
    [line] = [line for line in lines if line["event"] == "vendor.rests"]
    assert (line["part"], line["reason"]) == ("history", "GET shop.example.com answered 422")


@pytest.mark.parametrize(
    ("status", "state", "advice"),
    [
        (401, "refused", "put credentials that it accepts at connections.shop"),
        (403, "refused", "let the credentials at connections.shop read what it names"),
        (422, "resting", "`hub backfill shop` tries now"),
    ],
)
def test_a_poll_that_fails_is_told_where_people_look_and_rests(
    database: Database, status: int, state: str, advice: str
) -> None:
    # given a source that is only polled, and that refuses
    answers = [status]

    def read(*_: Any) -> Iterator[BackfillPage]:
        detail = '{"message":"Missing privilege","missingPrivileges":["order:read"]}'  # as Shopware says it
        told = {"errors": [{"code": "FRAMEWORK__MISSING_PRIVILEGE_ERROR", "title": "Forbidden", "detail": detail}]}
        answer = httpx.MockTransport(lambda _: httpx.Response(answers[0], json=told if answers[0] > 299 else {}))
        with HttpClient("https://shop.example.com", transport=answer) as client:
            client.get("orders")
        yield BackfillPage([], {}, 0)

    shop = source("shop", backfill=read, api_root=lambda settings: "https://shop.example.com")
    poll = History(database, shop, timedelta(minutes=1))
    # when it is polled
    assert poll.run_if_due(threading.Event()) is None
    # then it is said, with the vendor's words and what to do, and is not asked again at once
    with database.session() as session:
        health = of_source("shop", stats.source_troubles(session)["shop"])
        assert rests.runs(session, "shop", "history")
        assert not rests.runs(session, "shop")  # bodies of events are fetched all the same
    assert (health.state, "order:read" in health.reason, advice in health.advice) == (state, True, True)
    answers[0] = 200
    assert poll.run_if_due(threading.Event()) is None
    # and a run that comes through, also one that a person asked for, ends it
    assert read_now(database, shop, threading.Event()) is not None
    with database.session() as session:
        assert stats.source_troubles(session) == {}


def test_every_is_read_from_the_configuration_and_needs_a_backfill(tmp_path: Path) -> None:
    assert old_crm(tmp_path / "x.csv", every="6h").settings.every == timedelta(hours=6)
    with pytest.raises(ConfigError, match="every: must be a number and m, h or d"):
        old_crm(tmp_path / "x.csv", every="often")
    with pytest.raises(ConfigError, match=r"connections\.bi\.every: connector 'webhook' has no backfill"):
        load_connections(
            {
                "bi": (
                    "webhook",
                    {
                        "url": "https://bi.example.com",
                        "secret": SECRET,
                        "every": "1d",
                    },
                )
            },
            default_region="DE",
        )


def test_a_run_that_is_stopped_while_a_vendor_wants_rest_asks_no_more(database: Database) -> None:
    stopping = threading.Event()
    asked: list[int] = []

    def pages(*_: Any) -> Iterator[BackfillPage]:
        asked.append(1)
        if len(asked) > 3:
            raise RuntimeError("asked on and on")
        stopping.set()
        raise RateLimited("429", retry_after=60)

    connection = source("shop", backfill=pages, api_root=lambda _: "https://vendor.example")
    assert History(database, connection, timedelta(hours=1)).run_if_due(stopping) is None
    assert len(asked) == 1
