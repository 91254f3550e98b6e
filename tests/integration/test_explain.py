"""From what a support agent sees back to the events that told it, over a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.application.explain import explained
from hub.application.judge import Judge
from hub.application.process import Processing, process_batch
from hub.cli.explanation import show
from hub.mapping.overrides import compile_overrides
from hub.matching.rules import IdentityRules
from hub.model.address import Address
from hub.model.consent import Consent
from hub.model.event import CanonicalEvent, DeletionEvent, LinkEvent, OrderEvent, OrderPartEvent
from hub.model.identifier import RecordKey
from hub.model.keys import record_id
from hub.model.money import Money
from hub.model.order import Order, Refund
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import load_connections
from hub.store import profiles, records
from hub.store.database import Database
from tests.support.doubles import at, by_name, customer, entry, source, store

ANNA = RecordKey(kind="customer", external_id="207119551")
HOME = "+493023125017"
TILL_PHONE = "+4940555010"
WEBHOOK = orjson.dumps({"host": "hub.example.com"}).decode()


class Installation:
    """A shop, a till, a newsletter and a CRM that speaks HubSpot's names."""

    def __init__(self, database: Database) -> None:
        crm = load_connections({"crm": ("hubspot", {"access_token": "pat"})}, default_region="DE")
        sources = [replace(source(name)) for name in ("shop-de", "till", "news")]
        self.connections = {**by_name(*sources), **crm}
        self.database, self.count = database, 0
        rules = IdentityRules()
        self.processing = Processing(database, self.connections, (), rules, SurvivorshipRules())
        self.judge = Judge(self.processing)

    def tell(self, connection: str, *events: CanonicalEvent, headers: str = WEBHOOK) -> None:
        """One event of this connection, worked on at once."""
        self.count += 1
        told = entry(list(events), f"e{self.count}", connection=connection)
        store(self.database, [replace(told, headers=headers)])
        while process_batch(self.processing).entries:
            pass

    def profile(self, connection: str, external_id: str, kind: str = "customer") -> UUID:
        known = record_id(connection, kind, external_id)
        with self.database.session() as session:
            found = records.load(session, [], [known])[known].profile_id
        assert found is not None
        return found

    def explain(self, profile: UUID, field: str | None = None) -> dict[str, Any]:
        with self.database.session() as session:
            found = explained(session, profile, self.processing.in_force(session), self.connections, field=field)
        assert found is not None
        return found


@pytest.fixture
def hub(database: Database) -> Installation:
    return Installation(database)


def said(state: Any, second: int) -> tuple[Consent, ...]:
    return (Consent(purpose="marketing", channel="email", state=state, at=at(second), explicit=True, evidence="form"),)


def order(external_id: str, total: str, seconds: int, *, state: Any = "paid") -> OrderEvent:
    placed = Order(external_id=external_id, state=state, placed_at=at(seconds), currency="EUR", total=Decimal(total))
    return OrderEvent(occurred_at=at(seconds), record=ANNA, order=placed)


def refund(order_id: str, amount: str, seconds: int) -> OrderPartEvent:
    part = Refund(external_id=f"r{order_id}", at=at(seconds), amount=Money(amount=Decimal(amount), currency="EUR"))
    return OrderPartEvent(occurred_at=at(seconds), order_id=order_id, part=part)


def anna(hub: Installation) -> UUID:
    """Anna in three systems, with orders; her husband has the same phone, and a crowd the till's."""
    home = Address(line1="Werderstr. 9", postal_code="20144", city="Hamburg", country="DE")
    shop = customer(
        "207119551", name=("Anna", "Müller"), emails=["anna@example.de"], phones=[HOME], addresses=(home,),
        consents=said("opted_in", 0), birth_date=date(1980, 2, 3),
    )  # fmt: skip
    hub.tell("shop-de", shop, order("5001", "39.90", 1), order("5002", "90.00", 2))
    hub.tell("till", customer("77", when=at(60), name=("Anni", "Mueller"), emails=["anna@example.de"], phones=[HOME]))
    hub.tell(
        "news",
        customer("s1", kind="subscriber", when=at(90), emails=["anna@example.de"], consents=said("opted_out", 90)),
    )
    hub.tell("shop-de", refund("5002", "10.00", 120), order("5003", "5.00", 130, state="cancelled"))
    hub.tell("till", customer("78", when=at(60), name=("Bert", "Müller"), phones=[HOME]))
    return hub.profile("shop-de", "207119551")


# -- values -----------------------------------------------------------------------------------------------------------


def texts(items: Sequence[dict[str, Any]]) -> list[str]:
    return [item["text"] for item in items]


def test_a_property_in_the_crm_leads_to_the_value_behind_it_and_that_to_the_signed_event(hub: Installation):
    profile = anna(hub)
    with hub.database.session() as session:
        session.run(
            "INSERT INTO mirror (destination, key, properties, updated_at) VALUES ('crm', %s, %s, %s)",
            [profile, '{"firstname": "Anna"}', at(30)],
        )

    found = hub.explain(profile, "crm.firstname")

    assert found["asked"] == [
        {
            "destination": "crm",
            "property": "firstname",
            "value": "Anni",
            "fields": ["name"],
            "mapping": None,
            "written": "Anna",
            "written_at": at(30),
            "external_id": None,
            "state": None,
            "text": "crm.firstname is Anni, made of name; "
            "what was written there last, on 2026-03-01 09:00:30 UTC, is Anna.",
        }
    ]
    came = "(topic events, verified signature, received 2026-03-01 09:00:00 UTC), source time 2026-03-01"
    assert texts(found["values"]) == [
        f"Name Anni Mueller: told by till (customer 77) in event 2 {came} 09:01:00 UTC; newest source time."
    ]
    assert texts(found["values"][0]["lost"]) == [
        f"Not used: Anna Müller, told by shop-de (customer 207119551) in event 1 {came} 09:00:00 UTC, because older."
    ]
    assert [(event["id"], event["event_id"], event["came"]) for event in found["events"]] == [
        (1, "e1", "webhook"),
        (2, "e2", "webhook"),
    ]
    assert found["one_person"] is None


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ("firstname", ["name"]),
        ("crm.email", ["emails.0"]),
        ("zip", ["addresses.0"]),
        ("date_of_birth", ["birth_date"]),
        ("hub_email_consent", ["consents.0"]),
        ("hub_lifetime_value", ["orders"]),
        ("crm.hub_profile_id", []),
    ],
)
def test_every_property_names_what_it_is_made_of(hub: Installation, asked: str, fields: list[str]):
    found = hub.explain(anna(hub), asked)

    assert [each["fields"] for each in found["asked"]] == [fields]
    assert [value["field"] for value in found["values"]] == [field for field in fields if field != "orders"]
    assert found["found"]


MAPPING = {
    "salutation": "custom.anrede",
    "jobtitle": {"combine": ["custom.anrede", "name.last"]},
    "lifecyclestage": {"constant": "customer"},
    "industry": {"value": "custom.branche", "when": "orders.count > `99`"},
}


@pytest.mark.parametrize(
    ("asked", "value", "fields", "reads", "told"),
    [
        ("crm.salutation", "Frau", ["custom.anrede"], ["custom.anrede"], "is Frau, made of custom.anrede"),
        ("jobtitle", "Frau Müller", ["name", "custom.anrede"], ["custom.anrede", "name.last"], "made of name and"),
        ("crm.lifecyclestage", "customer", [], [], "made of what the mapping file says of everybody"),
        ("crm.industry", None, ["custom.branche", "orders.count"], ["custom.branche", "orders.count"], "is nothing"),
    ],
)
def test_a_mapped_field_leads_back_to_the_profile_and_to_who_told_it(
    hub: Installation, asked: str, value: Any, fields: list[str], reads: list[str], told: str
):
    # given a mapping file, and a shop that tells a field of its own
    crm = hub.connections["crm"]
    assert crm.connector.own_fields is not None
    compiled, faults = compile_overrides({"fields": MAPPING}, crm.connector.own_fields(crm.settings))
    assert not faults
    hub.connections["crm"] = replace(crm, settings=crm.settings.with_mapping(compiled))  # type: ignore[attr-defined]
    custom = {"anrede": "Frau", "branche": "Bau"}
    hub.tell("shop-de", customer("207119551", name=("Anna", "Müller"), emails=["anna@example.de"], custom=custom))
    # when somebody asks what was written there
    found = hub.explain(hub.profile("shop-de", "207119551"), asked)
    # then it leads to the fields, and those to the event that told them
    [one] = found["asked"]
    assert (one["value"], one["fields"], one["mapping"]) == (value, fields, reads)
    assert told in one["text"]
    own = [field for field in fields if not field.startswith("orders")]
    assert sorted(each["field"] for each in found["values"]) == sorted(own)
    assert all("shop-de (customer 207119551) in event 1" in each["text"] for each in found["values"])
    # and the whole explanation tells of them as well
    whole = hub.explain(found["id"])["values"]
    assert [one["text"].partition(":")[0] for one in whole if one["field"] == "custom.anrede"] == [
        "anrede (a field of its own) Frau"
    ]


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ("emails", ["emails.0"]),
        ("name.first", ["name"]),
        ("addresses.0.city", ["addresses.0"]),
        ("consents.email", ["consents.0"]),
        ("consent.email", ["consents.0"]),
        ("consents.marketing.email", ["consents.0"]),
        ("consents.sms", []),
        ("crm.emails", ["emails.0"]),
        ("company", []),
        ("nonsense", []),
    ],
)
def test_our_own_fields_are_found_by_the_names_people_use(hub: Installation, asked: str, fields: list[str]):
    found = hub.explain(anna(hub), asked)

    assert [value["field"] for value in found["values"]] == fields
    assert found["found"] == bool(fields)


def test_a_consent_tells_every_statement_and_why_one_holds(hub: Installation):
    [consent] = hub.explain(anna(hub), "consents")["values"]

    assert consent["text"].startswith(
        "Consent marketing by email opted out (form): told by news (subscriber s1) in event 3 ("
    )
    assert consent["text"].endswith(", an act of the person; an opt-out holds until a newer explicit opt-in.")
    assert [lost["text"].partition(", told")[0] for lost in consent["lost"]] == [
        "Not used: opted in by an act of the person (form)"
    ]


def test_totals_name_every_order_and_refund_and_those_that_do_not_count(hub: Installation):
    found = hub.explain(anna(hub), "orders")["orders"]

    assert found["text"] == "Orders 2, 119.90 EUR: added up anew from the orders, less their refunds."
    assert [(one["external_id"], one["counted"], one["event"], one["refunds"]) for one in found["orders"]] == [
        ("5003", False, 4, []),
        ("5002", True, 1, [4]),
        ("5001", True, 1, []),
    ]
    counted = [one for one in found["orders"] if one["counted"]]
    total = sum(Decimal(one["amount"]) - Decimal(one["refunded"]) for one in counted)
    assert (found["count"], found["totals"]) == (len(counted), [{"amount": format(total, "f"), "currency": "EUR"}])
    assert found["orders"][0]["why"] == "no sale: a test, cancelled or failed"
    assert (
        "order 5002 of 2026-03-01 09:00:02 UTC: 90.00 EUR less 10.00 refunded in event 4; by shop-de (cu"
        in (found["orders"][1]["text"])
    )


def test_an_order_deleted_at_the_source_is_shown_and_not_counted(hub: Installation):
    profile = anna(hub)
    gone = RecordKey(kind="order", external_id="5001")
    hub.tell("shop-de", DeletionEvent(occurred_at=at(200), record=gone, kind="order"))

    found = hub.explain(profile, "orders")["orders"]

    assert [one["external_id"] for one in found["orders"] if one["counted"]] == ["5002"]
    assert found["orders"][-1]["why"] == "deleted at the source"
    assert found["totals"] == [{"amount": "80.00", "currency": "EUR"}]


def test_what_hub_fetched_itself_is_not_said_to_be_signed(hub: Installation):
    hub.tell("shop-de", customer("1", name=("Carla", "Ohm")), headers="{}")

    found = hub.explain(hub.profile("shop-de", "1"), "name")

    assert found["events"][0]["came"] == "backfill"
    assert "(topic events, read from the system's history, " in found["values"][0]["text"]


# -- who is who -------------------------------------------------------------------------------------------------------


def test_records_are_joined_by_evidence_with_both_values_in_words(hub: Installation):
    who = hub.explain(anna(hub))["one_person"]

    joined = [{pair["one"]["connection"], pair["other"]["connection"]} for pair in who["pairs"]]
    [surest] = [pair for pair in who["pairs"] if pair["one"]["connection"] != "news" != pair["other"]["connection"]]
    assert len(joined) == 2
    assert (surest["by"], who["unjoined"], who["left_out"]) == ("evidence", [], 0)
    assert sum(line["weight"] for line in surest["evidence"]) == pytest.approx(surest["weight"], abs=0.1)
    told = "\n".join(texts(surest["evidence"]))
    for words in (
        "first names agree, one is a short or other form: Ann",
        "the same e-mail: anna@example.de (",
        f"the same phone: {HOME} (",
        "last names agree: M",
    ):
        assert words in told


def test_who_they_are_not_names_the_other_profile_and_what_keeps_it_out(hub: Installation):
    profile = anna(hub)
    with hub.database.session() as session:
        mine = record_id("till", "customer", "77")
        bert = record_id("till", "customer", "78")
        session.run(
            "INSERT INTO match (one, other, weight) VALUES (%s, %s, 1.5) ON CONFLICT DO NOTHING", sorted([mine, bert])
        )

    who = hub.explain(profile)["one_person"]

    [apart] = who["apart"]
    assert apart["profile"] == hub.profile("till", "78")
    assert apart["by"] == "doubt"
    assert any(line["text"].startswith("first names differ: Anni and Bert (") for line in apart["evidence"])


def test_a_phone_that_so_many_share_is_named_as_a_guard(hub: Installation):
    names = [
        "Anna",
        "Bert",
        "Carla",
        "Dora",
        "Emil",
        "Frida",
        "Gustav",
        "Hanna",
        "Ingo",
        "Jutta",
        "Klaus",
        "Lotte",
        "Max",
    ]
    hub.tell(
        "till",
        *(
            customer(str(n), name=(name, f"Ohm{'abcdefghijklm'[n]}"), phones=[TILL_PHONE])
            for n, name in enumerate(names)
        ),
    )

    who = hub.explain(hub.profile("till", "0"))["one_person"]

    assert [(guard["kind"], guard["value"], guard["rule"]) for guard in who["guards"]] == [
        ("phone", TILL_PHONE, "shared")
    ]
    assert who["guards"][0]["text"] == (
        f"phone {TILL_PHONE}: 13 records of many people carry it, so it proves nothing and joins nobody"
    )
    assert who["pairs"] == []


def test_junk_desks_and_relays_are_named_as_guards(hub: Installation):
    mails = ["info@berg-ohm.example", "x1y2@marketplace.amazon.de"]
    hub.tell("shop-de", customer("9", name=("Ida", "Berg"), emails=mails))

    who = hub.explain(hub.profile("shop-de", "9"))["one_person"]

    assert [(guard["value"], guard["rule"]) for guard in who["guards"]] == [(mails[0], "role"), (mails[1], "blocked")]


def test_a_link_of_the_source_says_so(hub: Installation):
    one, other = RecordKey(kind="customer", external_id="1"), RecordKey(kind="customer", external_id="2")
    hub.tell("shop-de", customer("1", name=("Ida", "Berg")), customer("2", name=("Ida", "Ohm")))
    hub.tell("shop-de", LinkEvent(occurred_at=at(9), records=(one, other), reason="merged there"))

    [pair] = hub.explain(hub.profile("shop-de", "1"))["one_person"]["pairs"]

    assert (pair["by"], pair["text"]) == ("link", "the source itself says that they are one")


def test_what_a_person_decided_is_told_where_it_binds_and_in_the_history(hub: Installation):
    profile = anna(hub)
    bert = hub.profile("till", "78")
    judged = hub.judge.merge(profile, bert, "kim", "rang us up")
    [winner] = judged.profiles

    merged = hub.explain(winner)
    hub.judge.split(winner, ["till:customer:78"], "lou", "she says no")
    split = hub.explain(profile)

    words = "kim decided that they are one person on "
    assert any(pair["by"] == "judgement" and pair["text"].startswith(words) for pair in merged["one_person"]["pairs"])
    assert [item["what"] for item in merged["history"]][-1] == "merged"
    assert any(reason.startswith(words) for reason in merged["history"][-1]["reasons"])
    assert [item["verdict"] for item in split["one_person"]["judgements"]][-1] == "different"
    [apart] = split["one_person"]["apart"]
    assert (apart["by"], apart["profile"]) == ("different", hub.profile("till", "78"))
    assert "lou decided that they are different people on " in apart["text"]
    assert split["history"][-1]["what"] == "split"
    assert any("lou decided that they are different people on " in reason for reason in split["history"][-1]["reasons"])


def test_the_history_tells_the_evidence_of_a_merge_in_words(hub: Installation):
    hub.tell("shop-de", customer("1", name=("Anna", "Müller"), phones=[HOME]))
    hub.tell("till", customer("2", emails=["anna@example.de"]))
    before = {hub.profile("shop-de", "1"), hub.profile("till", "2")}
    hub.tell("till", customer("2", when=at(9), name=("Anna", "Müller"), phones=[HOME], birth_date=date(1980, 2, 3)))

    found = hub.explain(hub.profile("shop-de", "1"))

    assert len(before) == 2
    [merge] = found["history"]
    assert {merge["profile_id"], merge["other_id"]} == before
    [reason] = merge["reasons"]
    assert "the same phone (" in reason
    assert "shop-de customer 1" in reason


# -- as text ----------------------------------------------------------------------------------------------------------


def test_the_whole_explanation_reads_from_values_to_deliveries(hub: Installation, capsys: pytest.CaptureFixture[str]):
    profile = anna(hub)

    show(hub.explain(profile), whole=True)

    lines = capsys.readouterr().out.splitlines()
    titles = [line for line in lines if line and not line.startswith(" ") and ":" not in line]
    assert titles == [
        "Why these records are one person",
        "What proves less than it seems",
        "Worked out (hub insight status)",
    ]
    assert lines[0].startswith("Name Anni Mueller: told by till")
    assert lines[-1] == "See an event: hub inbox show 4"


def test_a_profile_that_is_not_there_has_no_explanation(hub: Installation):
    with hub.database.session() as session:
        nobody = record_id("shop-de", "customer", "nobody")
        assert explained(session, nobody, hub.processing.in_force(session), hub.connections) is None
        assert profiles.get(session, nobody) is None
