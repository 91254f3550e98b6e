"""A merge that is taken back leaves every destination as it was before, whatever had become of the merge there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.application.judge import Judge
from hub.model.consent import Consent
from hub.model.event import OrderEvent
from hub.model.identifier import RecordKey
from hub.model.keys import profile_id, record_id
from hub.model.order import Order
from hub.model.profile import Profile
from hub.outbox.deliver import Sender, deliver
from hub.outbox.enqueue import Route
from hub.outbox.reports import split_report
from hub.sdk.connection import Connection, load_connections
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.store import due, outbox, profiles
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import at, customer, empty, entry, source
from tests.support.examples import examples
from tests.support.hubspot import Way, client_of

GIVEN_ANEW = ("id", "hs_merged_object_ids")
"""What HubSpot says of a merge that it cannot undo."""


def pid(key: str) -> UUID:
    """The profile that this customer record starts."""
    return profile_id(record_id("shop", "customer", key))


def order(number: str, key: str, *, when: int = 1, total: str = "12.00") -> NewEntry:
    made = Order(external_id=number, state="paid", placed_at=at(0), currency="EUR", total=Decimal(total))
    told = OrderEvent(occurred_at=at(when), order=made, record=RecordKey(kind="customer", external_id=key))
    return entry([told], f"order-{number}-{when}")


def person(key: str, first: str, *, when: int = 0, **fields: Any) -> NewEntry:
    told = {"name": (first, None), "emails": [f"{first.lower()}@example.com"], **fields}
    return entry([customer(key, when=at(when), **told)], f"{key}-{when}")


def consent(state: Any) -> Consent:
    return Consent(channel="email", state=state, at=at(0), explicit=True)


ANNA = person("1", "Anna", phones=["+493023125101"], consents=[consent("opted_in")])
BERT = person(
    "2",
    "Bert",
    company="Bäckerei Ohm",
    phones=["+493023125102"],
    birth_date="1980-02-29",
    consents=[consent("opted_out")],
)
CARLA = person("3", "Carla", emails=["carla@example.org", "c.quast@example.org"])


@dataclass
class Receiver:
    """Keeps the newest message per id, as its README asks of a receiver, and never takes one id twice."""

    messages: list[Any] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    down: bool = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            return httpx.Response(503)
        name = request.headers["webhook-id"]
        if name not in self.ids:
            self.ids.append(name)
            self.messages.append(json.loads(request.content))
        return httpx.Response(200)

    def known(self) -> dict[str, Any]:
        """What it holds now, by profile or order."""
        held: dict[str, Any] = {}
        for message in self.messages:
            data = message["data"]
            key = data["external_id"] if message["type"] == "order.updated" else data["id"]
            held[key] = {name: value for name, value in data.items() if name not in ("updated_at", "merged_ids")}
            for merged in data.get("merged_ids", ()):
                held.pop(merged, None)
        return held


class House(Way):
    """The way to three destinations at once: HubSpot, a file, a receiver of messages."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database)
        self.file = folder / "customers.csv"
        self.receiver = Receiver()
        made = load_connections(
            {
                "crm": ("hubspot", {"access_token": "pat-eu1-sample"}),
                "file": ("csv", {"path": str(self.file)}),
                "bi": (
                    "webhook",
                    {
                        "url": "https://bi.example.com/in",
                        "secret": "whsec_aHViLXNhbXBsZS1zZWNyZXQtb2YtMzItYnl0ZXMhISE=",
                        "allow_private_addresses": True,
                    },
                ),
            },
            default_region="DE",
        )
        self.connections: dict[str, Connection] = {"shop": source("shop"), **made}
        self.routes = (Route("crm", orders=True), Route("file"), Route("bi", orders=True))

    @property
    def judge(self) -> Judge:
        return Judge(self.processing)

    def merge(self, one: str, other: str) -> None:
        self.judge.merge(pid(one), pid(other), "Frau Sommer")

    def split(self, key: str) -> None:
        """Part this record, and nothing else, from its profile."""
        home = self.home(key)
        self.judge.split(home, [f"shop:customer:{key}"], "Frau Sommer")

    def home(self, key: str) -> UUID:
        with self.database.session() as session:
            row = session.one("SELECT profile_id FROM record WHERE external_id = %s", [key])
        assert row is not None
        return UUID(str(row[0]))

    def deliver(self, *only: str) -> None:
        """Deliver what is due, to ``only`` these."""
        clients: dict[str, Callable[[], HttpClient | None]] = {
            "crm": lambda: client_of(self.crm),
            "bi": self._bi,
            "file": lambda: None,
        }
        for name, client in clients.items():
            if not only or name in only:
                owner = f"elsewhere:1:{uuid.uuid4().hex}"
                routes = [route for route in self.routes if route.destination == name]
                deliver(Sender(self.database, self.connections[name], routes, owner, client=client()))

    def rest(self) -> None:
        """Deliver, and go on for as long as something waits."""
        for _ in range(6):
            self.deliver()
            self.pass_time()

    def _bi(self) -> HttpClient:
        return HttpClient("https://bi.example.com", transport=httpx.MockTransport(self.receiver.answer),
                          budget=Budget(Limits()))  # fmt: skip

    def everything(self) -> dict[str, Any]:
        """All that the destinations hold, and what we know of it; ids that HubSpot gave anew stand for a profile."""
        contacts = self.crm.contacts()
        names = {one["id"]: one.get("hub_profile_id", "nobody's") for one in contacts}
        for merged in self.crm.merged:  # an id that was merged leads to what it was merged into
            names[merged] = names.get(self.crm.known("contacts", merged).id, "?")
        with self.database.session() as session:
            mirrors = session.rows("SELECT destination, key, properties FROM mirror ORDER BY 1, 2")
            crosswalk = session.rows(
                "SELECT destination, subject, key, external_id FROM crosswalk WHERE NOT merged ORDER BY 1, 2, 3, 4"
            )
            rows = session.rows("SELECT destination, subject, key, profile_id, state FROM outbox ORDER BY 1, 2, 3")
        return {
            "contacts": sorted(({n: v for n, v in one.items() if n not in GIVEN_ANEW} for one in contacts), key=str),
            "deals": [{**one, "contacts": [names[held] for held in one["contacts"]]} for one in self.crm.deals()],
            "file": self.file.read_bytes(),
            "receiver": self.receiver.known(),
            "mirrors": [(name, key, self._named(text, names)) for name, key, text in mirrors],
            "crosswalk": [(*rest, names.get(external, external)) for *rest, external in crosswalk],
            "rows": rows,
        }

    def _named(self, text: str, names: dict[str, str]) -> str:
        held = json.loads(text)
        return json.dumps({**held, "contact": names.get(held["contact"], "?")} if "contact" in held else held)

    def sound(self) -> None:
        """No person twice, nothing failed, nothing waiting."""
        assert self.crm.stats()["duplicates"] == 0
        assert set(self.rows()) == {"delivered"}
        assert self.failures() == []


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    """Three people with their orders, delivered everywhere."""
    made = House(database, tmp_path)
    made.take(ANNA, BERT, CARLA, order("o1", "1"), order("o2", "2", total="20.00"), order("o3", "2", total="30.00"))
    made.rest()
    made.sound()
    assert len(made.crm.contacts()) == 3
    return made


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What is not the same, part by part; of lists what only one of them has."""
    found: dict[str, Any] = {}
    for part, was in before.items():
        now = after[part]
        if was != now and isinstance(was, list):
            found[part] = ([one for one in was if one not in now], [one for one in now if one not in was])
        elif was != now:
            found[part] = (was, now)
    return found


def test_a_split_gives_every_destination_back_what_it_had_before_the_merge(house: House) -> None:
    before = house.everything()
    house.merge("1", "2")
    house.rest()
    house.sound()
    merged = house.everything()
    assert len(house.crm.contacts()) == 2
    assert {part for part in before if before[part] != merged[part]} == set(before)
    house.split("2")
    house.rest()
    house.sound()
    assert differences(before, house.everything()) == {}


def test_nothing_is_called_when_a_merge_is_taken_back_before_it_was_delivered(house: House) -> None:
    before, calls, messages = house.everything(), house.crm.stats()["calls"], len(house.receiver.ids)
    house.merge("1", "2")
    house.split("2")
    house.rest()
    house.sound()
    assert differences(before, house.everything()) == {}
    assert house.crm.stats()["calls"] == calls
    assert len(house.receiver.ids) == messages
    assert sorted(one["id"] for one in house.crm.contacts()) == ["501", "502", "503"]


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "contacts/merge", "kind": "silent"},
        {"path": "contacts/merge", "kind": "cut"},
        {"path": "contacts/merge", "kind": "silent", "before": True},
        {"path": "contacts/merge", "status": 502},
        {"path": "contacts/merge", "status": 429, "retry_after": 1},
        {"path": "contacts/batch/update", "kind": "silent"},
        {"path": "contacts/batch/update", "kind": "silent", "before": True},
        {"path": "contacts/batch/update", "status": 500},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_a_split_while_nobody_knows_whether_the_merge_was_carried_out(house: House, fault: dict[str, Any]) -> None:
    before = house.everything()
    house.merge("1", "2")
    house.crm.fail(**fault)
    house.deliver()
    assert house.crm.faults == []
    house.split("2")
    house.pass_time()
    house.rest()
    house.sound()
    assert differences(before, house.everything()) == {}


class PowerCut(BaseException):
    """The process is gone."""


def test_a_split_after_a_process_died_that_had_merged(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    before = house.everything()
    house.merge("1", "2")

    recorded = outbox.record

    def die(session: Any, name: str, subject: Any, results: Any) -> None:
        if results:
            raise PowerCut
        recorded(session, name, subject, results)

    with monkeypatch.context() as dying:
        dying.setattr(outbox, "record", die)
        with pytest.raises(PowerCut):
            house.deliver("crm")
    assert len(house.crm.contacts()) == 2  # it is merged there, and Hub knows nothing of it
    house.pass_time()
    house.split("2")
    house.rest()
    house.sound()
    assert differences(before, house.everything()) == {}


def test_merged_split_and_merged_again_is_as_merged_once_and_can_be_split_again(house: House) -> None:
    before = house.everything()
    house.merge("1", "2")
    house.rest()
    merged = house.everything()
    house.split("2")
    house.rest()
    with house.database.session() as session:
        [(judgement,)] = session.rows("SELECT id FROM judgement WHERE withdrawn_at IS NULL")
    house.judge.withdraw(judgement, "Frau Sommer")
    house.merge("1", "2")
    house.rest()
    house.sound()
    assert differences(merged, house.everything()) == {}
    house.split("2")
    house.rest()
    house.sound()
    assert differences(before, house.everything()) == {}


def test_a_split_waits_for_a_destination_that_is_away(house: House) -> None:
    before = house.everything()
    house.merge("1", "2")
    house.rest()
    house.split("2")
    house.crm.fail(times=8, status=503)
    house.receiver.down = True
    house.deliver()
    house.pass_time()
    house.deliver()
    house.receiver.down = False
    house.rest()
    house.rest()
    house.sound()
    assert differences(before, house.everything()) == {}


def test_a_second_contact_that_is_refused_keeps_nobody_elses_from_being_right(house: House) -> None:
    before = house.everything()
    house.merge("1", "2")
    house.rest()
    house.split("2")
    house.crm.blocked.add("bert@example.com")  # somebody erased him there meanwhile
    house.rest()
    [failure] = house.failures()
    assert (failure["key"], failure["state"]) == (pid("2"), "rejected")
    anna = next(one for one in house.crm.contacts() if one.get("hub_profile_id") == str(pid("1")))
    assert {name: value for name, value in anna.items() if name not in GIVEN_ANEW} in before["contacts"]
    # when they are allowed again and the row is put back
    house.crm.blocked.clear()
    with house.database.session() as session:
        outbox.redrive(session)
    house.rest()
    house.sound()
    assert differences(before, house.everything()) == {}


def test_an_order_whose_profile_moved_twice_is_where_it_was(house: House) -> None:
    before = house.everything()
    house.merge("2", "3")
    house.rest()
    house.merge("1", "2")
    house.rest()
    house.sound()
    assert len(house.crm.contacts()) == 1
    house.split("2")
    house.rest()
    house.sound()
    house.split("3")
    house.rest()
    house.sound()
    assert differences(before, house.everything()) == {}


def test_a_profile_and_what_was_merged_into_it_are_split_off_together(house: House) -> None:
    house.merge("2", "3")
    house.rest()

    def left() -> dict[str, Any]:
        """Without which e-mail a contact had second: that came of the first merge, and goes with the second."""
        held = house.everything()
        for contact in held["contacts"]:
            contact.pop("hs_additional_emails", None)
        return held

    before = left()
    house.merge("1", "2")
    for _ in range(2):
        house.judge.split(house.home("1"), ["shop:customer:2", "shop:customer:3"], "Frau Sommer")
        house.rest()
        house.sound()
        assert differences(before, left()) == {}
        with house.database.session() as session:
            different = session.rows("SELECT id FROM judgement WHERE withdrawn_at IS NULL AND verdict = 'different'")
        house.judge.withdraw(different[0][0], "Frau Sommer")
        house.merge("1", "2")
        house.rest()


def test_a_second_email_that_both_have_goes_back_to_who_had_it(house: House) -> None:
    house.take(person("1", "Anna", when=9, emails=["anna@example.com", "bert@example.com"]))
    house.merge("1", "2")
    house.rest()
    assert len(house.crm.contacts()) == 2
    house.split("2")
    house.rest()
    house.sound()
    emails = {one["firstname"]: (one.get("email"), one.get("hs_additional_emails")) for one in house.crm.contacts()}
    assert emails["Anna"] == ("anna@example.com", None)
    assert emails["Bert"] == ("bert@example.com", None)


def test_who_was_there_only_by_a_merge_is_not_there_without_it(database: Database, tmp_path: Path) -> None:
    # given a route that takes who agreed, and one of two who did
    house = House(database, tmp_path)
    house.routes = (Route("crm", when=_agrees, orders=True),)
    agreed = [consent("opted_in")]
    house.take(person("1", "Anna"), order("o1", "1"))
    house.take(person("2", "Bert", consents=agreed, company="Bäckerei Ohm"), order("o2", "2"))
    house.file.touch()
    house.rest()
    before, calls = house.crm.contacts(), house.crm.stats()["contacts_created"]
    assert [one["firstname"] for one in before] == ["Bert"]
    house.merge("1", "2")
    house.rest()
    [both] = house.crm.contacts()
    assert (both["id"], both["hub_profile_id"]) == (before[0]["id"], str(pid("1")))
    with house.database.session() as session:
        shown = profiles.get(session, pid("1"))
    assert shown is not None
    assert [(one["external_id"], one["state"]) for one in shown.destinations] == [(both["id"], "in_sync")]
    assert [deal["contacts"] for deal in house.crm.deals()] == [[both["id"]], [both["id"]]]
    house.split("2")
    house.rest()
    # then he has his own contact again, and she none
    assert house.crm.contacts() == before
    assert house.crm.stats()["contacts_created"] == calls


def test_a_contact_that_was_created_unseen_is_found_after_its_profile_was_merged(house: House) -> None:
    house.take(person("4", "Dörte", emails=["doerte@example.com"]))
    house.crm.fail(path="batch/upsert", kind="silent")
    house.deliver("crm")
    house.merge("1", "4")
    house.rest()
    house.sound()
    assert sorted(one["firstname"] for one in house.crm.contacts()) == ["Anna", "Bert", "Carla"]


@pytest.mark.parametrize("sent", [False, True], ids=["before it is sent", "after it was sent"])
@pytest.mark.parametrize("dies", [False, True], ids=["no answer", "the process dies"])
def test_a_contact_that_was_created_unseen_while_its_profile_was_merged_is_found(
    house: House, monkeypatch: pytest.MonkeyPatch, dies: bool, sent: bool
) -> None:
    """SalesforceCommerceCloud/b2c-crm-sync#274: created although an error was told, and nobody's from then on."""
    # given a contact without an e-mail to look for, of whose creation nobody hears
    house.take(person("4", "Dörte", phones=["+493023125104"]))
    house.crm.fail(path="batch/upsert", kind="silent")
    recorded = outbox.record

    # when its profile is merged before anybody knows that
    merged: list[str] = []

    def meanwhile(session: Any, name: str, subject: Any, results: Any) -> None:
        if not merged and bool(results) == sent:
            merged.append("4")
            house.merge("1", "4")
        if results and dies:
            monkeypatch.setattr(outbox, "record", recorded)
            raise KeyboardInterrupt
        recorded(session, name, subject, results)

    monkeypatch.setattr(outbox, "record", meanwhile)
    with suppress(KeyboardInterrupt):
        house.deliver("crm")
    house.rest()
    # then it is no contact of nobody
    house.sound()
    assert sorted(one["firstname"] for one in house.crm.contacts()) == ["Anna", "Bert", "Carla"]


def test_messages_of_who_is_there_again_have_new_ids(house: House) -> None:
    house.merge("1", "2")
    house.rest()
    told = set(house.receiver.ids)
    house.split("2")
    house.rest()
    new = [name for name in house.receiver.ids if name not in told]
    assert sorted(name.partition(":")[0] for name in new if name.startswith((str(pid("1")), str(pid("2"))))) == sorted(
        [str(pid("1")), str(pid("2"))]
    )


def test_what_was_merged_into_a_profile_that_is_split_off_goes_with_it(house: House) -> None:
    # given two merges that were not delivered yet, of which the second is taken back
    house.merge("2", "3")
    house.merge("1", "2")
    house.judge.split(house.home("1"), ["shop:customer:2", "shop:customer:3"], "Frau Sommer")
    house.rest()
    house.sound()
    # then the first holds, for its old ids too
    assert house.home("2") == house.home("3") != house.home("1")
    contacts = {one["firstname"]: one["hub_profile_id"] for one in house.crm.contacts()}
    assert (len(contacts), contacts["Anna"]) == (2, str(pid("1")))
    with house.database.session() as session:
        redirects: dict[UUID, UUID] = dict(session.rows("SELECT id, profile_id FROM alias"))
    gone = {pid("2"), pid("3")} - {house.home("2")}
    assert redirects == dict.fromkeys(gone, house.home("2"))


# -- any small history of merges and splits, deliveries and faults


STEPS = st.one_of(
    st.tuples(st.just("merge"), st.sampled_from("123"), st.sampled_from("123")),
    st.tuples(st.just("split"), st.sampled_from("123"), st.just("")),
    st.tuples(st.just("deliver"), st.sampled_from(["crm", "file", "bi"]), st.just("")),
    st.tuples(
        st.just("fail"),
        st.sampled_from(["contacts/merge", "batch/update", "batch/upsert", "secondary-email", "associations"]),
        st.sampled_from(["silent", "cut", "before", "500", "429"]),
    ),
)


def step(house: House, what: str, one: str, other: str) -> None:
    if what == "deliver":
        house.deliver(one)
        house.pass_time()
    elif what == "fail":
        kind = {"status": int(other)} if other.isdigit() else {"kind": "silent", "before": True}
        house.crm.fail(path=one, **({"kind": other} if other in ("silent", "cut") else kind))
    elif what == "split":
        part(house, one)
    elif house.home(one) != house.home(other):
        with house.database.session() as session:
            apart = session.rows("SELECT id FROM judgement WHERE withdrawn_at IS NULL AND verdict = 'different'")
        for (judgement,) in apart:
            house.judge.withdraw(judgement, "Frau Sommer")
        house.judge.merge(house.home(one), house.home(other), "Frau Sommer")


def part(house: House, key: str) -> None:
    with house.database.session() as session:
        [(records,)] = session.rows("SELECT count(*) FROM record WHERE profile_id = %s", [house.home(key)])
    if records > 1:
        house.split(key)


@pytest.fixture(scope="module")
def shared_database(postgres_server: Any) -> Iterator[Database]:
    """One database for all examples: each of them takes its rows out itself."""
    with postgres_server.database() as database:
        yield database


@settings(
    max_examples=examples(6),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(STEPS, min_size=2, max_size=8))
def test_whatever_was_merged_and_split_the_end_is_as_the_beginning(
    shared_database: Database, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, str]]
) -> None:
    empty(shared_database)
    house = House(shared_database, tmp_path_factory.mktemp("file"))
    house.take(ANNA, BERT, CARLA, order("o1", "1"), order("o2", "2", total="20.00"), order("o3", "3", total="30.00"))
    house.rest()
    before = house.everything()
    for each in steps:
        step(house, *each)
    for key in "123":
        part(house, key)
    house.crm.faults.clear()
    house.rest()
    house.sound()
    assert differences(before, house.everything()) == {}


def test_what_a_split_will_do_is_told_from_what_became_of_the_merge(house: House) -> None:
    def told() -> dict[str, str]:
        with house.database.session() as session:
            at_destinations = due.at_destinations(session, [pid("1"), pid("2")])
        lines = split_report(house.connections, pid("1"), [pid("2")], at_destinations)
        assert {line.will for line in lines if line.profile == pid("1")} == {"correct"}
        return {line.destination: line.will for line in lines if line.profile == pid("2")}

    house.merge("1", "2")
    assert told() == {"bi": "keep", "crm": "keep", "file": "keep"}
    house.crm.fail(path="contacts/merge", kind="silent")
    house.deliver()
    assert told() == {"bi": "restore", "crm": "look", "file": "restore"}
    house.pass_time()
    house.rest()
    assert told() == {"bi": "restore", "crm": "recreate", "file": "restore"}


def _agrees(profile: Profile, _: datetime) -> bool:
    return any(held.state == "opted_in" for held in profile.consents)
