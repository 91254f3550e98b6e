"""A database of 4bcc184 (migrations 0001 and 0002) under the Hub of today: nobody is lost, and nothing is told twice.

What is in it, and how it was made: ``tests/upgrade/README.md``. What differs from before is in ``RULES``, each with the
rule that changed; everything else is as the code of before showed it.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from hub import bootstrap
from hub.identity import record_changes as drafts
from hub.mapping import record_state
from hub.model.event import CustomerEvent
from hub.store import inbox, migrate
from hub.store.inbox import NewEntry
from tests.support.servers import Postgres
from tests.support.serving import served
from tests.upgrade.before import HERE, Today, loaded, packed, today

Json = dict[str, Any]
BEFORE: Json = packed("before.json.gz")
RULES: dict[str, Json] = {
    # Revenue follows payment: two of her four orders nobody has paid. A file without times stands behind every source
    # that has one. Her other shop has replaced her e-mail.
    "Änne Berger": {
        "orders": (2, ["91.60 EUR"]),
        "name": "Anna Berger",
        "emails": ["anna.berger@example.de"],
        "phones": ["+493023125101", "+491713920001"],
        "addresses": ["Lindenstraße 7", "Kirchweg 3", None],
    },
    # What a source has replaced is nobody's.
    "Clara Sommer": {"emails": ["clara@sommer.example"]},
    "Theres Huber": {"emails": ["t.huber@graz.example"]},
    "Olga Paul": {"emails": ["olga.paul@neu.example"]},
    # A country's number without a plus is none of the number's own digits.
    "Pia Rau": {"phones": ["+491713920002"]},
    # No rule: his order was stored, and not worked on yet.
    "Max Uhl": {"orders": (1, ["56.70 EUR"]), "language": "de"},
}
PENDING = {"Max Uhl", "Lena Thoma"}
"""Whose writes to the CRM were under way when the Hub of before was stopped."""


def golden(profile: Json) -> Json:
    """What is said of a person, in few words."""
    orders = profile["orders"]
    return {
        "name": profile["name"]["full"],
        "emails": profile["emails"],
        "phones": profile["phones"],
        "addresses": [place["line1"] for place in profile["addresses"]],
        "orders": (orders["count"], [f"{total['amount']} {total['currency']}" for total in orders["totals"]]),
        "consents": profile["consents"],
        **{
            name: profile[name] for name in ("birth_date", "language", "company", "suppressed", "aliases", "created_at")
        },
    }


def records(profile: Json) -> list[tuple[str, ...]]:
    return sorted((one["connection"], one["kind"], one["external_id"]) for one in profile["records"])


@dataclass
class Api:
    """Today's API, asked with a token of before."""

    http: httpx.Client

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def profiles(self) -> dict[str, Json]:
        page = self.get("/profiles", limit=500)
        assert page.get("unreadable", []) == []
        return {one["id"]: one for one in page["items"]}

    def inbox(self) -> dict[str, list[str]]:
        items = self.get("/inbox", limit=500)["items"]
        return {str(one["id"]): [one["connection"], one["state"], one["reason"]] for one in items}


@dataclass
class Upgraded:
    """``at_once`` are the profiles right after ``migrate``, ``profiles`` when nothing waited any more."""

    hub: Today
    api: Api
    at_once: dict[str, Json]
    waiting: Json
    profiles: dict[str, Json] = field(default_factory=dict)

    def of(self, name: str) -> Json:
        """The one profile of this name, of before."""
        [found] = [self.profiles[key] for key, one in BEFORE["profiles"].items() if one["name"]["full"] == name]
        return found


@contextmanager
def upgraded(dsn: str, folder: Path) -> Iterator[Upgraded]:
    with ExitStack() as stack:
        hub = stack.enter_context(today(dsn, folder))
        url = stack.enter_context(served(bootstrap.api(hub.run)))
        headers = {"authorization": f"Bearer {BEFORE['token']}"}
        api = Api(stack.enter_context(httpx.Client(base_url=url, headers=headers, timeout=30.0)))
        found = Upgraded(hub, api, api.profiles(), api.get("/stats"))
        hub.work()
        hub.deliver()
        found.profiles = api.profiles()
        yield found


@pytest.fixture(scope="module")
def of_before(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """Only read by the tests that share it."""
    with loaded(postgres_server) as dsn, upgraded(dsn, tmp_path_factory.mktemp("before")) as found:
        yield found


# -- who is who


def test_every_profile_of_before_is_there_with_the_same_records(of_before: Upgraded) -> None:
    assert {id_: records(one) for id_, one in of_before.profiles.items()} == {
        id_: records(one) for id_, one in BEFORE["profiles"].items()
    }


def test_every_retired_id_leads_to_the_same_people(of_before: Upgraded) -> None:
    assert len(BEFORE["aliases"]) >= 5
    for retired, winner in BEFORE["aliases"].items():
        assert of_before.api.get(f"/profiles/{retired}")["id"] == winner


def test_golden_values_change_by_stated_rules_alone(of_before: Upgraded) -> None:
    wanted = {id_: golden(one) for id_, one in BEFORE["profiles"].items()}
    for one in wanted.values():
        one.update(RULES.get(one["name"], {}))
    assert {id_: golden(one) for id_, one in of_before.profiles.items()} == wanted


def test_orders_nobody_has_paid_stand_apart(of_before: Upgraded) -> None:
    assert of_before.of("Änne Berger")["orders"]["open"] == {
        "count": 2,
        "totals": [{"currency": "EUR", "amount": "119.80"}],
    }


def test_profiles_can_be_read_before_anybody_has_worked_on_them(of_before: Upgraded) -> None:
    assert {id_: golden(one) for id_, one in of_before.at_once.items()} == {
        id_: golden(one) for id_, one in BEFORE["profiles"].items()
    }
    # and what is only read once more is no backlog
    assert of_before.waiting["inbox"] == BEFORE["stats"]["inbox"]


def test_what_people_decided_stands(of_before: Upgraded) -> None:
    held = of_before.api.get("/judgements", withdrawn=True)["items"]
    assert [(one["id"], one["verdict"], one["by"], one["reason"], one["withdrawn_by"]) for one in reversed(held)] == [
        (one["id"], one["verdict"], one["by"], one["reason"], one["withdrawn_by"]) for one in BEFORE["judgements"]
    ]
    assert [one["verdict"] for one in BEFORE["judgements"] if not one["withdrawn_by"]] == ["same", "different"]
    # merged by a person, parted by a person, and merged for a while
    assert len(of_before.of("Frieda Holm")["records"]) == 2
    assert sum(golden(one)["name"] == "Georg Lang" for one in of_before.profiles.values()) == 2
    assert of_before.of("Hanna Opitz")["id"] != of_before.of("Ida Quandt")["id"]


def test_doubtful_matches_are_the_same_questions(of_before: Upgraded) -> None:
    now = of_before.api.get("/reviews")["items"]
    assert sorted([one["id"], sorted(side["id"] for side in one["profiles"])] for one in now) == sorted(
        [one["id"], one["profiles"]] for one in BEFORE["reviews"]
    )
    assert BEFORE["reviews"]  # one was answered with no; it is none of them


def test_rules_and_weights_of_their_own_stay_in_force(of_before: Upgraded) -> None:
    with of_before.hub.run.database.session() as session:
        held = of_before.hub.run.processing.in_force(session).identity
    assert (held.version, held.rules.identifiers["email"].max_people) == (3, 3)
    mailbox = of_before.api.get("/profiles", identifier="email:team@praxis-berghof.example")["items"]
    assert len(mailbox) == 5  # five people share it, whom it does not join


# -- consent


def test_nobody_is_opted_in(of_before: Upgraded) -> None:
    for id_, before in BEFORE["profiles"].items():
        told = {(one["purpose"], one["channel"]): one["state"] for one in before["consents"]}
        now = {(one["purpose"], one["channel"]): one["state"] for one in of_before.profiles[id_]["consents"]}
        assert now == told
    assert {one["state"] for one in of_before.of("Bernd Vogt")["consents"]} == {"opted_out"}


def test_who_is_to_be_forgotten_is_told_to_nobody(of_before: Upgraded) -> None:
    jonas = of_before.of("Jonas Reich")
    assert jonas["suppressed"]
    assert {place["state"] for place in jonas["destinations"]} == {"suppressed"}
    assert "jonas@reich" not in json.dumps(of_before.hub.written)


# -- destinations


def written_to_crm(hub: Today, names: dict[str, str]) -> dict[str, set[str]]:
    """By person, the properties that were sent to the CRM since the upgrade."""
    found: dict[str, set[str]] = {}
    for _, path, body in hub.written:
        for one in body.get("inputs", ()) if re.search("contacts/batch/(update|upsert|create)", path) else ():
            found.setdefault(names[one["objectWriteTraceId"]], set()).update(one["properties"])
    return found


def test_the_crm_is_told_only_what_changed(of_before: Upgraded) -> None:
    names = {id_: one["name"]["full"] for id_, one in BEFORE["profiles"].items()}
    told = written_to_crm(of_before.hub, names)
    assert set(told) == set(RULES) | PENDING
    assert told["Clara Sommer"] == {"hub_emails"}
    assert told["Pia Rau"] == {"phone", "hub_phones"} or told["Pia Rau"] == {"phone"}
    assert all("consent" not in name for one in set(told) - PENDING for name in told[one])
    paths = {path for method, path, _ in of_before.hub.written if method != "GET"}
    assert not [path for path in paths if "unsubscribe" in path or "merge" in path or "delete" in path]


def test_the_order_that_was_waiting_becomes_a_deal_and_the_one_that_was_partly_paid_back_follows(
    of_before: Upgraded,
) -> None:
    deals = [one for _, path, body in of_before.hub.written if "objects/deals/batch" in path for one in body["inputs"]]
    told = [one["properties"] for one in deals]
    assert [one["dealname"] for one in told if "dealname" in one] == ["#1012 (shop-de)"]
    # of 124.90 EUR 20 went back in money alone, which no deal followed before
    assert [one["amount"] for one in told if "amount" in one and "dealname" not in one] == ["104.90"]
    # and of all others it is told what was ordered, which is new
    assert {name for one in told if "amount" not in one for name in one} == {"hub_order_lines"}


def test_everybody_is_in_the_crm_once_and_under_the_same_id(of_before: Upgraded) -> None:
    assert of_before.hub.crm.stats()["duplicates"] == 0
    for id_, before in BEFORE["profiles"].items():
        known = {place["connection"]: place["external_id"] for place in before["destinations"] if place["external_id"]}
        now = {place["connection"]: place["external_id"] for place in of_before.profiles[id_]["destinations"]}
        assert known.items() <= now.items()


def test_what_was_refused_stays_refused_and_the_rest_is_delivered(of_before: Upgraded) -> None:
    before = {(name, key): state for name, key, _, state, _ in BEFORE["outbox"]}
    assert {"delivered", "pending", "rejected"} <= set(before.values())
    assert (
        of_before.api.get("/stats")["outbox"]["crm"] | {"pending": 0, "rejected": 1}
        == (of_before.api.get("/stats")["outbox"]["crm"])
    )
    [refused] = [one for one in of_before.api.get("/dead-letters")["items"] if one["kind"] == "outbox"]
    assert (refused["connection"], refused["state"]) == ("crm", "rejected")


def file_rows(text: str) -> dict[str, dict[str, str]]:
    return {row["hub_id"]: row for row in csv.DictReader(text.splitlines())}


def test_the_file_says_of_everybody_what_it_said(of_before: Upgraded) -> None:
    names = {id_: one["name"]["full"] for id_, one in BEFORE["profiles"].items()}
    before = file_rows(gzip.decompress((HERE / "before_bi.csv.gz").read_bytes()).decode("utf-8-sig"))
    now = file_rows(of_before.hub.file.read_text("utf-8-sig"))
    changed = {names[key] for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
    assert changed == {"Änne Berger", "Pia Rau", "Max Uhl"}  # it has the first e-mail of everybody alone
    assert now.keys() == before.keys() | {of_before.of("Max Uhl")["id"]}


# -- the inbox


def test_parked_and_skipped_entries_stay_what_they_were(of_before: Upgraded) -> None:
    def failed(entries: dict[str, list[str]]) -> dict[str, list[str]]:
        return {id_: one for id_, one in entries.items() if one[1] in ("parked", "skipped")}

    assert sorted(state for _, state, _ in failed(BEFORE["inbox"]).values()) == ["parked"] * 2 + ["skipped"] * 2
    now = of_before.api.inbox()
    assert failed(now) == failed(BEFORE["inbox"])
    assert {state for _, state, _ in now.values()} == {"done", "parked", "skipped"}


# -- what is read of it


def test_people_of_before_are_explained_and_have_their_timeline(of_before: Upgraded) -> None:
    told = [one for one in of_before.profiles.values() if {r["connection"] for r in one["records"]} != {"old-crm"}]
    assert len(told) > 20  # of those who come from the old file alone, one is like another
    for one in [*told, of_before.of("Pia Rau")]:
        id_ = one["id"]
        explained = of_before.api.get(f"/profiles/{id_}/explain")
        assert explained["id"] == id_
        happened = of_before.api.get(f"/profiles/{id_}/timeline", limit=200)["items"]
        assert sum(item["kind"] == "order" for item in happened) >= one["orders"]["count"]
    assert of_before.api.get("/profiles/merges")["items"]


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"q": "#1003"}, "Bernd Vogt"),
        ({"q": "7206113349000000004"}, "Dilek Yılmaz"),
        ({"q": "emil gruen"}, "Emil Grün"),
        ({"identifier": "email:haus@linde.example"}, "Kurt Winter"),
        ({"identifier": "email:KRAUS@buero.example"}, "Frieda Holm"),
        ({"identifier": "phone:030 23125 101"}, "Anna Berger"),
        ({"identifier": "phone:0171 3920002"}, "Pia Rau"),
    ],
)
def test_people_of_before_are_found(of_before: Upgraded, asked: Json, name: str) -> None:
    assert [one["name"]["full"] for one in of_before.api.get("/profiles", **asked)["items"]] == [name]


def test_the_state_of_connections_is_told(of_before: Upgraded) -> None:
    items = of_before.api.get("/connections")["items"]
    assert {one["name"] for one in items} == set(of_before.hub.run.connections)


# -- life goes on


@pytest.fixture
def going_on(postgres_server: Postgres, tmp_path: Path) -> Iterator[Upgraded]:
    """One to change."""
    with loaded(postgres_server) as dsn, upgraded(dsn, tmp_path) as found:
        found.hub.written.clear()
        yield found


def stored(dsn: str, where: str, *given: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            f"SELECT {inbox.COLUMNS} FROM inbox WHERE {where} ORDER BY id".encode(), given
        ).fetchall()


def tell(upgraded: Upgraded, *entries: NewEntry) -> None:
    with upgraded.hub.run.database.session() as session:
        inbox.insert(session, entries)
    upgraded.hub.work()
    upgraded.hub.deliver()


def later(row: Sequence[Any], **changed: str) -> NewEntry:
    """An entry of before once more, as another event of the year after, with texts replaced."""
    name, event_id, topic, headers, body, received_at = row
    text = re.sub(r"2026-03-02T", "2027-03-02T", bytes(body).decode())
    for old, new in changed.items():
        text = text.replace(old, new)
    return NewEntry(name, f"{event_id}-later", topic, re.sub(r"2026-03-02T", "2027-03-02T", headers), text.encode(),
                    received_at)  # fmt: skip


def test_what_a_source_replaces_after_the_upgrade_is_replaced(going_on: Upgraded) -> None:
    # given somebody of before with one address, and a row of a file without times
    [account, *_] = stored(going_on.hub.run.dsn, "topic = 'customers/create' AND body LIKE %s", b"%kai@nowak%")
    [row] = stored(going_on.hub.run.dsn, "connection = 'messe' AND body LIKE %s", b"%Ebeling%")
    # when the shop tells another address, and the file another name
    tell(
        going_on,
        later(account, **{"kai@nowak.xn--p1ai": "kai@nowak.example"}),
        later(row, Ebeling="Eberling"),
    )
    # then that alone holds
    found = going_on.api.profiles()
    assert found[going_on.of("Ulf Ebeling")["id"]]["name"]["full"] == "Ulf Eberling"
    kai = found[going_on.of("Kai Nowak")["id"]]
    assert kai["emails"] == ["kai@nowak.example"]
    # and who was refused for the address goes out
    assert {place["connection"]: place["state"] for place in kai["destinations"]}["crm"] == "in_sync"


def test_the_same_events_once_more_change_nothing(going_on: Upgraded) -> None:
    # given all that was told before, told again as other events: a backfill after the upgrade
    again = [
        NewEntry(name, f"{event_id}-again", topic, headers, bytes(body), at)
        for name, event_id, topic, headers, body, at in stored(
            going_on.hub.run.dsn, "id NOT IN (SELECT inbox_id FROM inbox_outcome)"
        )
        if name in ("old-crm", "messe", "newsletter", "shop-de", "shop-at")
    ]
    with going_on.hub.run.database.session() as session:
        assert inbox.insert(session, [NewEntry(*stored(going_on.hub.run.dsn, "id = 1")[0])]) == 0  # a redelivery
    tell(going_on, *again)
    assert {id_: records(one) for id_, one in going_on.api.profiles().items()} == {
        id_: records(one) for id_, one in going_on.profiles.items()
    }


def test_rules_can_be_taken_back_to_those_of_before(going_on: Upgraded) -> None:
    # when the weights that were trained before the upgrade are taken back
    going_on.hub.run.rule_versions.rollback(2, by="ops")
    going_on.hub.work()
    # then who was merged by them is apart again, each under their own id
    found = going_on.api.profiles()
    back = [retired for retired in BEFORE["aliases"] if retired in found]
    assert len(back) >= 3
    assert sum(len(one["records"]) for one in found.values()) == sum(
        len(one["records"]) for one in going_on.profiles.values()
    )


def test_what_cannot_be_read_once_more_stays_what_it_was_and_stops_nobody(
    postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a connection that nobody has configured since, another that its reader cannot read, and an entry that Hub
    # itself fails on
    again = record_state.apply_again

    def failing(state: Json, event: CustomerEvent, stamp: list[int]) -> None:
        if "theres@huber.example" in str(event):
            raise ValueError
        again(state, event, stamp)

    monkeypatch.setattr(drafts, "apply_again", failing)
    with loaded(postgres_server) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute("UPDATE inbox SET connection = 'gone' WHERE connection = 'messe'")
            connection.execute("UPDATE inbox SET body = '[]' WHERE connection = 'newsletter'")
        # when everything of before is read once more
        with upgraded(dsn, tmp_path) as found:
            # then nothing of it is parked, everybody is there, and the others are read
            assert [one[1] for one in found.api.inbox().values()].count("parked") == 2
            assert {id_: records(one) for id_, one in found.profiles.items()} == {
                id_: records(one) for id_, one in BEFORE["profiles"].items()
            }
            assert found.of("Clara Sommer")["emails"] == ["clara@sommer.example"]


# -- step by step


def migrate_to(dsn: str, revision: str) -> None:
    with psycopg.connect(dsn) as connection:
        engine = create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool)
        config = Config()
        config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
        with engine.connect() as bound:
            config.attributes["connection"] = bound
            command.upgrade(config, revision)
            bound.commit()


def everything(dsn: str) -> dict[str, Any]:
    """All rows by table, without the times at which a migration ran."""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute("SELECT relname FROM pg_stat_user_tables ORDER BY 1").fetchall()
        return {
            name: sorted(
                re.sub(r'"(due_at|at|begun_at)":"[^"]*"', "", row)
                for [row] in connection.execute(f"SELECT row_to_json(t)::text FROM {name} t".encode()).fetchall()
            )
            for [name] in tables
        }


def test_in_steps_by_way_of_0010_it_comes_to_the_same(postgres_server: Postgres) -> None:
    with loaded(postgres_server) as one, loaded(postgres_server) as other:
        migrate.migrate(one)
        for revision in ("0005", "0010"):
            migrate_to(other, revision)
        migrate.migrate(other)
        assert everything(one) == everything(other)
