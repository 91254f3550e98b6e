"""Laws L7 and L10 with mailing systems that are read as well: what Hub wrote is no news, what people said there is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from hub.application.complete import complete_connection
from hub.application.process import Processing, process_batch
from hub.intake.backfill import entry_of
from hub.matching.rules import IdentityRules
from hub.model.consent import Consent
from hub.outbox.deliver import Sender, deliver
from hub.outbox.enqueue import Route
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk import registry
from hub.sdk.connection import Connection, load_connections, open_client
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.sdk.source import RawDelivery
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import customer, empty, entry, source, store
from tests.support.mailing import doubles
from tests.support.mailing.double import Kept

MAIL = "anna@example.com"
BEFORE = datetime(2026, 2, 1, tzinfo=UTC)
READ = [slug for slug in doubles() if (told := registry.get(slug).source) is not None and told.reads is not None]


class Way:
    """A shop, and a mailing system that is written to and read."""

    def __init__(self, database: Database, slug: str) -> None:
        self.database, self.double, self.number = database, doubles()[slug](), 0
        mail = load_connections({"mail": (slug, self.double.settings())}, default_region="DE")["mail"]
        self.connections: dict[str, Connection] = {"shop": source("shop"), "mail": mail}
        self.routes = (Route("mail"),)
        self.writes = 0

    @property
    def mail(self) -> Connection:
        return self.connections["mail"]

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.writes += request.method != "GET"
        response = self.double.handle(request)
        response.request = request
        return response

    def client(self, part: Any) -> HttpClient:
        return open_client(self.mail, part, transport=httpx.MockTransport(self.answer), budget=Budget(Limits()))

    def work(self) -> None:
        assert self.mail.connector.source is not None
        clients = {"mail": self.client(self.mail.connector.source)}
        held = Processing(self.database, self.connections, self.routes, IdentityRules(), SurvivorshipRules())
        while process_batch(held).entries + complete_connection(self.database, "mail", self.mail, clients):
            pass

    def shop(self, *, name: str = "Anna", when: datetime = BEFORE, consent: Any = "opted_in", act: int = 0) -> None:
        """The shop tells of Anna, who said so about mails then, and so many days later once more."""
        self.number += 1
        at = BEFORE + timedelta(days=act)
        said = (Consent(channel="email", state=consent, at=at, explicit=True, evidence="form"),)
        told = customer("1", when=when, name=(name, "Berg"), emails=[MAIL], consents=said)
        store(self.database, [entry([told], f"e{self.number}", received_at=max(when, at))])
        self.work()

    def send(self) -> None:
        with self.database.session() as session:
            session.run("UPDATE outbox SET due_at = now() WHERE state IN ('pending', 'retrying')")
            session.run("UPDATE destination_state SET not_before = NULL, lease_until = NULL")
        client = self.client(self.mail.connector.destination)
        deliver(Sender(self.database, self.mail, self.routes, "one:1", client=client))

    def later(self) -> None:
        """It is some time since what was written is known to stand there."""
        with self.database.session() as session:
            session.run("UPDATE mirror SET updated_at = updated_at - interval '1 minute'")
            session.run("UPDATE write_print SET at = at - interval '1 minute'")

    def before(self) -> None:
        """What was written is known to stand there since before the webhooks of these tests were sent."""
        with self.database.session() as session:
            session.run("UPDATE mirror SET updated_at = '2026-04-01T00:00:00Z'")
            session.run("UPDATE write_print SET at = '2026-04-01T00:00:00Z'")

    def poll(self, *, soon: bool = False) -> None:
        """Read all contacts; some time after the last write, or ``soon`` after it."""
        if not soon:
            self.later()
        told = self.mail.connector.source
        assert told is not None
        assert told.backfill is not None
        with self.client(told) as client:
            for page in told.backfill(client, self.mail.settings, None, None):
                self.number += 1
                items = [entry_of("mail", item, datetime.now(UTC)) for item in page.items]
                store(self.database, [replace(one, event_id=f"{one.event_id} {self.number}") for one in items])
        self.work()

    def settle(self) -> None:
        for _ in range(3):
            self.send()
            self.poll()

    def hear(self, body: bytes) -> None:
        """A webhook comes."""
        self.later()
        told, now = self.mail.connector.source, datetime.now(UTC)
        assert told is not None
        assert told.name_event is not None
        name = told.name_event(RawDelivery("POST", "", {}, {}, body, now), self.mail.settings)
        store(self.database, [NewEntry("mail", name.event_id, name.topic, "{}", body, now)])
        self.work()

    def profiles(self) -> list[dict[str, Any]]:
        with self.database.session() as session:
            return [orjson.loads(one) for (one,) in session.rows("SELECT golden FROM profile ORDER BY created_at, id")]

    @property
    def person(self) -> dict[str, Any]:
        [one] = self.profiles()
        return one

    @property
    def consent(self) -> str:
        [one] = self.person["consents"]
        return str(one["state"])

    @property
    def contact(self) -> Kept:
        [one] = self.double.kept.values()
        return one

    def edit(self, **values: Any) -> None:
        """A person types there."""
        self.contact.fields |= values


@pytest.fixture(params=READ)
def way(request: pytest.FixtureRequest, database: Database) -> Iterator[Way]:
    made = Way(database, request.param)
    made.shop()
    made.settle()
    assert made.double.mailable() == {MAIL}
    yield made
    empty(database)


FIRST: dict[str, str] = {"mailchimp": "FNAME", "brevo": "FIRSTNAME", "klaviyo": "first_name", "listmonk": "first_name"}


def test_what_hub_wrote_comes_back_and_says_nothing(way: Way) -> None:
    before, writes = way.person, way.writes
    way.settle()
    assert (way.person, way.writes) == (before, writes)
    assert [one["connection"] for one in before["records"]] == ["shop"]


def test_what_a_person_typed_there_is_an_edit_and_stays(way: Way) -> None:
    way.edit(**{FIRST[way.double.slug]: "Annika"})
    writes = way.writes
    way.settle()
    assert way.person["name"]["first"] == "Annika"
    assert way.contact.fields[FIRST[way.double.slug]] == "Annika"
    # beside it nothing was told: who they are, and that they opted in, is the shop's
    assert (way.consent, way.person["emails"]) == ("opted_in", [MAIL])
    # what follows from the name elsewhere in the contact is one write at most
    assert way.writes <= writes + 1


@pytest.mark.parametrize("state", ["unsubscribed", "complained", "bounced"])
def test_who_says_no_there_is_opted_out_everywhere_and_nothing_is_written_back(way: Way, state: Any) -> None:
    way.double.now = datetime(2026, 5, 1, tzinfo=UTC)
    way.double.say(MAIL, state)
    way.settle()
    assert way.consent == "opted_out"
    # and it stays so, whatever the shop says of before
    way.shop(name="Anja", when=datetime(2026, 6, 1, tzinfo=UTC))
    way.settle()
    assert (way.consent, way.double.mailable()) == ("opted_out", set())


def test_an_opt_out_that_hub_wrote_is_no_newer_one_and_loses_to_no_opt_in_it_knew_nothing_of(way: Way) -> None:
    # given an opt-out of the shop, which Hub wrote there later than the person opted in again
    way.shop(consent="opted_out", act=1)
    way.double.now = datetime(2026, 5, 1, tzinfo=UTC)
    way.settle()
    assert way.double.mailable() == set()
    # when Hub hears of that
    way.shop(consent="opted_in", act=2)
    way.settle()
    # then it holds: what comes back from there is the echo of the opt-out before
    assert way.consent == "opted_in"
    # and only the person's own click subscribes again
    assert way.double.mailable() == set()


ASKED: dict[str, Any] = {"mailchimp": "pending", "brevo": "subscribed", "klaviyo": "none", "listmonk": "pending"}
"""How each double keeps somebody who was asked and has not answered."""


def test_who_was_asked_and_has_not_answered_is_not_opted_in_by_what_stands_there(database: Database) -> None:
    for slug in READ:
        way = Way(database, slug)
        # given somebody who signed up there, and was asked
        way.double.type_in(MAIL)
        way.contact.awaits = {way.double.main_list()}
        way.contact.state = ASKED[slug]
        if slug != "mailchimp":
            way.contact.lists = set()
        way.poll()
        assert [one["state"] for one in way.person.get("consents", ())] in (["pending"], []), slug
        empty(database)


def test_a_contact_that_people_made_is_a_record_and_no_second_contact(database: Database) -> None:
    for slug in READ:
        way = Way(database, slug)
        way.double.type_in(MAIL)
        way.edit(**{FIRST[slug]: "Anna"})
        way.poll()
        way.shop()
        way.settle()
        assert len(way.double.kept) == 1, slug
        assert {one["connection"] for one in way.person["records"]} == {"mail", "shop"}, slug
        assert way.double.owned(way.contact.fields[way.double.own]) == [way.contact], slug
        empty(database)


# -- Mailchimp's webhooks ---------------------------------------------------------------------------------------------


NAMED = {"merges][FNAME": "Anna", "merges][LNAME": "Berg"}


def form(kind: str, fired_at: str = "2026-05-01 10:00:00", **data: str) -> bytes:
    told = {"type": kind, "fired_at": fired_at, "data[list_id]": "a6f0c2de41", "data[email]": MAIL}
    return urlencode({**told, **{f"data[{name}]": value for name, value in data.items()}}).encode()


@pytest.fixture
def mailchimp(database: Database) -> Way:
    made = Way(database, "mailchimp")
    made.shop()
    made.send()
    return made


def test_hubs_own_subscribing_comes_back_by_webhook_and_is_no_act_of_the_person(mailchimp: Way) -> None:
    before, owner = mailchimp.person, mailchimp.contact.fields["HUBID"]
    mailchimp.hear(form("subscribe", **NAMED, **{"merges][HUBID": owner}))
    assert mailchimp.person == before
    with mailchimp.database.session() as session:
        assert session.rows("SELECT count(*) FROM fact WHERE kind = 'interaction'") == [(0,)]


def test_a_webhook_that_comes_late_is_of_the_time_at_which_it_was_sent(mailchimp: Way) -> None:
    # given a newer write, which is known to stand there
    mailchimp.shop(name="Anja", when=datetime(2026, 6, 1, tzinfo=UTC))
    mailchimp.send()
    before, writes = mailchimp.person, mailchimp.writes
    # when Mailchimp delivers what it could not deliver for hours: the echo of the write before
    mailchimp.hear(form("profile", **NAMED))
    mailchimp.send()
    assert (mailchimp.person, mailchimp.writes) == (before, writes)
    assert [one["connection"] for one in mailchimp.person["records"]] == ["shop"]


def test_a_click_on_unsubscribe_comes_by_webhook_and_is_told_once(mailchimp: Way) -> None:
    mailchimp.double.say(MAIL, "unsubscribed")
    mailchimp.before()
    writes = mailchimp.writes
    mailchimp.hear(form("unsubscribe", action="unsub", reason="manual", **NAMED))
    mailchimp.settle()
    assert (mailchimp.consent, mailchimp.person["consents"][0]["at"]) == ("opted_out", "2026-05-01T10:00:00Z")
    assert mailchimp.writes == writes
    with mailchimp.database.session() as session:
        [[told]] = session.rows("SELECT payload FROM fact WHERE kind = 'interaction'")
    assert "email_unsubscribed" in told


def test_another_address_typed_there_is_the_same_contact(mailchimp: Way) -> None:
    # given a person who changed their address in the preferences
    new = "anna.berg@example.org"
    contact = mailchimp.contact
    del mailchimp.double.kept[contact.id]
    contact.id, contact.email = mailchimp.double.id_of(new), new
    mailchimp.double.kept[contact.id] = contact
    mailchimp.hear(form("upemail", new_id="51", new_email=new, old_email=MAIL))
    mailchimp.settle()
    # then it is theirs, and no second contact was made
    assert mailchimp.person["emails"] == [new, MAIL]
    assert [one.email for one in mailchimp.double.kept.values()] == [new]


def test_what_hub_put_away_opts_nobody_out_and_what_people_delete_is_gone_there(mailchimp: Way) -> None:
    mailchimp.hear(form("unsubscribe", action="delete", reason="manual", **{"merges][HUBARCHIVE": "yes"}))
    mailchimp.hear(form("unsubscribe", action="delete", reason="manual"))
    assert mailchimp.consent == "opted_in"
    mailchimp.double.delete(MAIL)
    mailchimp.shop(name="Anja", when=datetime(2026, 6, 1, tzinfo=UTC))
    mailchimp.settle()
    assert mailchimp.double.kept == {}


# -- any order --------------------------------------------------------------------------------------------------------

EXAMPLES = int(os.environ.get("HUB_LAW_EXAMPLES", "4"))


class Letters(RuleBasedStateMachine):
    """One person, a shop that tells what they said, and a mailing system in which they say things as well."""

    database: Database
    slug = ""

    @initialize()
    def begin(self) -> None:
        empty(self.database)
        self.way = Way(self.database, self.slug)
        self.way.double.now = BEFORE + timedelta(days=1)
        self.outs: list[datetime] = []
        self.ins: list[datetime] = []
        self.said = 0
        self.shop("opted_in", 0)

    @rule(consent=st.sampled_from(["opted_in", "opted_out"]), late=st.integers(0, 3))
    def shop(self, consent: Any, late: int) -> None:
        """The person says so in the shop, which tells it up to three days later."""
        at = self.way.double.now - timedelta(days=late)
        (self.ins if consent == "opted_in" else self.outs).append(at)
        self.said += 1
        self.way.shop(when=at, consent=consent, act=(at - BEFORE).days)

    @rule(state=st.sampled_from(["unsubscribed", "complained"]))
    def say_there(self, state: Any) -> None:
        """The person clicks in a mail that they got there."""
        if MAIL in self.way.double.mailable():
            self.way.double.say(MAIL, state)
            self.outs.append(self.way.double.now)
            self.said += 1

    @rule()
    def confirm_there(self) -> None:
        self.way.double.confirm(MAIL)

    @rule()
    def a_day_goes_by(self) -> None:
        self.way.double.now += timedelta(days=1)

    @rule()
    def send(self) -> None:
        self.way.send()

    @rule()
    def poll(self) -> None:
        self.way.poll()

    @rule()
    def poll_soon(self) -> None:
        """Before a list is sure to show what was written."""
        self.way.poll(soon=True)

    def teardown(self) -> None:
        if not hasattr(self, "said"):
            return
        self.way.settle()
        out = bool(self.outs) and max(self.outs) >= max(self.ins)
        told = (self.ins, self.outs)
        assert self.way.consent == ("opted_out" if out else "opted_in"), told
        if out:
            assert self.way.double.mailable() == set(), told
        assert len(self.way.double.kept) <= 1
        writes = self.way.writes
        self.way.settle()
        assert self.way.writes == writes


@pytest.mark.parametrize("slug", READ)
def test_no_opt_out_is_lost_and_none_is_made_up_in_any_order(slug: str, database: Database) -> None:
    law = settings(
        max_examples=EXAMPLES,
        stateful_step_count=10,
        derandomize="HUB_LAW_EXAMPLES" not in os.environ,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(type("LettersOf", (Letters,), {"slug": slug, "database": database}), settings=law)
