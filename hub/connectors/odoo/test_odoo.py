"""What neither the contract kit nor the laws of every CRM can know about Odoo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import ValidationError

from hub.connectors.odoo.destination import DESTINATION
from hub.connectors.odoo.manifest import OdooSettings
from hub.connectors.odoo.mapping import MAP
from hub.errors import AuthError, HubError, RejectedError, Unavailable
from hub.model.address import Address
from hub.model.consent import ConsentState
from hub.model.customer import PersonName
from hub.model.order import Order
from hub.model.profile import ConsentSummary, Profile
from hub.sdk.connection import load_connections, open_client
from hub.sdk.destination import OrderChange, ProfileChange, Write, WriteResult
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.sdk.testkit.wire import Wire
from tests.support.crm.odoo import KEY, Failed, OdooDouble

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Site:
    """A connection to an Odoo in memory; ``wire`` keeps what was sent."""

    def __init__(self, client: HttpClient, settings: OdooSettings, double: OdooDouble, wire: Wire) -> None:
        self.client, self.settings, self.double, self.wire = client, settings, double, wire

    def send(self, *writes: Write) -> list[WriteResult]:
        """Deliver these."""
        return list(DESTINATION.send(writes, self.client, self.settings))

    def rendered(self, change: ProfileChange | OrderChange) -> Write:
        """The write of a change that is one."""
        write = MAP.render(change, self.settings)
        assert write is not None
        return write

    def partner(self, one: str | None) -> dict[str, Any]:
        """A contact as it is there."""
        return self.double.tables["res.partner"][int(one or 0)]


@contextmanager
def site(api: str = "json2", **settings: Any) -> Iterator[Site]:
    """An Odoo that is prepared."""
    double = OdooDouble()
    double.api = api
    wire = Wire(double.handle)
    made = load_connections({"crm": ("odoo", {**double.settings(), **settings})}, default_region="DE")["crm"]
    with open_client(made, DESTINATION, transport=wire, budget=Budget(Limits())) as client:
        assert DESTINATION.prepare is not None
        assert isinstance(made.settings, OdooSettings)
        DESTINATION.prepare(client, made.settings)
        wire.requests.clear()
        yield Site(client, made.settings, double, wire)


def profile(number: int = 1, **values: Any) -> Profile:
    known = {"id": UUID(int=number), "created_at": NOW, "updated_at": NOW, "emails": (f"k{number}@example.com",)}
    return Profile(**{**known, "name": PersonName(full=f"Käthe {number}"), **values})


def consent(state: ConsentState) -> tuple[ConsentSummary, ...]:
    return (ConsentSummary(purpose="marketing", channel="email", state=state, at=NOW),)


def order(**told: Any) -> OrderChange:
    placed = {"external_id": "4001", "state": "paid", "placed_at": NOW, "currency": "EUR", "total": Decimal(50)}
    apart = {name: told.pop(name) for name in ("refunded", "deleted", "external_ids", "mirror") if name in told}
    return OrderChange(Order.model_validate({**placed, **told}), "shop", "o-1", "501", 1, **apart)


# -- both APIs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", ["json2", "jsonrpc"])
def test_both_apis_make_change_merge_and_erase_the_same_contact(api: str) -> None:
    with site(api) as odoo:
        one, two = profile(1), profile(2)
        first, second = odoo.send(*(odoo.rendered(ProfileChange(each, 1)) for each in (one, two)))
        assert odoo.partner(first.external_id)["email"] == "k1@example.com"
        both = one.model_copy(update={"aliases": (two.id,), "phones": ("+493023125042",)})
        mirror = odoo.rendered(ProfileChange(one, 1)).mirror
        ids = (str(first.external_id), str(second.external_id))
        [kept] = odoo.send(odoo.rendered(ProfileChange(both, 2, ids, mirror)))
        assert (kept.outcome, kept.external_id) == ("delivered", ids[0])
        assert odoo.partner(ids[0])["phone"] == "+493023125042"
        assert (odoo.partner(ids[1])["active"], odoo.partner(ids[1])["x_hub_merged_into"]) == (False, ids[0])
        [gone] = odoo.send(odoo.rendered(ProfileChange(both, 3, ids[:1], erased=True)))
        assert gone.outcome == "delivered"
        assert int(ids[0]) not in odoo.double.tables["res.partner"]


def test_no_plan_and_no_preview_shows_the_password_that_json_rpc_wants_in_the_body() -> None:
    with site("jsonrpc") as odoo:
        write = odoo.rendered(ProfileChange(profile(), 1))
        assert KEY not in repr(DESTINATION.plan([write], odoo.settings))
        assert odoo.send(write)[0].outcome == "delivered"
        assert all(KEY in request.content.decode() for request in odoo.wire.requests)


def test_json_rpc_asks_once_for_the_users_number_and_a_wrong_login_pauses_the_connection() -> None:
    with site("jsonrpc") as odoo:
        for number in (1, 2):
            odoo.send(odoo.rendered(ProfileChange(profile(number), 1)))
        asked = [request for request in odoo.wire.requests if b"authenticate" in request.content]
        assert len(asked) == 1
    with pytest.raises(AuthError, match="login"), site("jsonrpc", login="nobody@example.com"):
        pass
    with pytest.raises(AuthError, match="does not exist"), site("jsonrpc", user_id=7, database="other"):
        pass
    with pytest.raises(ValidationError, match="login is needed"):
        OdooSettings.model_validate(
            {"base_url": "https://x.example", "database": "x", "api_key": "y", "api": "jsonrpc"}
        )
    with pytest.raises(ValidationError, match="base_url is needed"):
        OdooSettings.model_validate({"database": "x", "api_key": "y"})


@pytest.mark.parametrize("api", ["json2", "jsonrpc"])
@pytest.mark.parametrize("root", ["https://odoo.example.com/", "https://odoo.example.com"])
def test_a_slash_behind_the_address_changes_nothing(api: str, root: str) -> None:
    with site(api, base_url=root) as odoo:
        assert odoo.send(odoo.rendered(ProfileChange(profile(), 1)))[0].outcome == "delivered"


def test_an_odoo_without_that_api_says_so() -> None:
    with site() as odoo:
        odoo.wire.answer = lambda _: httpx.Response(404, html="<h1>Not Found</h1>")
        with pytest.raises(RejectedError, match="json2 is there from 19 on"):
            odoo.send(odoo.rendered(ProfileChange(profile(), 1)))


FAULTS: Mapping[str, tuple[Failed, type[HubError], bool]] = {
    "no rights": (
        Failed("odoo.exceptions.AccessError", "You are not allowed to access 'Contact'", 403),
        AuthError,
        False,
    ),
    "a record of another company": (
        Failed(
            "odoo.exceptions.AccessError",
            "Uh-oh! Looks like you have stumbled upon some top-secret records.\n\nHub doesn't have 'unlink' access",
            403,
        ),
        RejectedError,
        False,
    ),
    "a wrong key": (Failed("werkzeug.exceptions.Unauthorized", "Invalid apikey", 401), AuthError, False),
    "a lock": (Failed("odoo.exceptions.LockError", "Cannot lock the records", 409), Unavailable, False),
    "a serialization failure": (
        Failed("psycopg2.errors.SerializationFailure", "could not serialize access due to concurrent update", 500),
        Unavailable,
        False,
    ),
    "a fault of a module": (Failed("builtins.TypeError", "'NoneType' object is not iterable", 500), Unavailable, False),
    "an id that is none": (
        Failed("psycopg2.errors.InvalidTextRepresentation", 'invalid input syntax for type integer: "x"', 500),
        RejectedError,
        False,
    ),
    "a rule": (Failed("odoo.exceptions.ValidationError", "This is against the rules", 422), RejectedError, False),
    "a missing app": (
        Failed("werkzeug.exceptions.NotFound", "the model 'crm.lead' does not exist", 404),
        RejectedError,
        False,
    ),
}


@pytest.mark.parametrize("api", ["json2", "jsonrpc"])
@pytest.mark.parametrize("fault", FAULTS)
def test_an_exception_there_is_told_apart_by_its_name_and_its_traceback_never_shows(api: str, fault: str) -> None:
    failed, kind, uncertain = FAULTS[fault]
    with site(api) as odoo:
        write = odoo.rendered(ProfileChange(profile(), 1))
        odoo.send(odoo.rendered(ProfileChange(profile(2), 1)))
        odoo.double.failing = [failed]
        with pytest.raises(kind) as caught:
            odoo.send(write)
        assert "Traceback" not in str(caught.value)
        assert "k1@example.com" not in str(caught.value)
        if isinstance(caught.value, Unavailable):
            assert caught.value.uncertain is uncertain


# -- load -------------------------------------------------------------------------------------------------------------


def test_refused_records_cost_one_call_more_and_keep_none_of_the_others() -> None:
    with site() as odoo:
        bad = {3: Address(country="TL"), 7: Address(country="VU")}
        people = [profile(n, addresses=(bad[n],) if n in bad else ()) for n in range(1, 31)]
        results = odoo.send(*(odoo.rendered(ProfileChange(each, 1)) for each in people))
        refused = {n: result.refused for n, result in enumerate(results, 1) if result.outcome != "delivered"}
        assert {n: [each.property for each in told] for n, told in refused.items()} == {
            n: ["country_id/id"] for n in bad
        }
        assert len(odoo.double.people()) == 28


def test_the_first_record_is_not_blamed_for_what_odoo_says_of_the_call_as_a_whole() -> None:
    with site() as odoo:
        writes = [odoo.rendered(ProfileChange(profile(number), 1)) for number in (1, 2, 3)]
        told = {"type": "error", "message": "Not on Sundays"}
        messages = [{**told, "record": 0}, {**told, "record": 2}]
        answers = iter([[], [], {"ids": False, "messages": messages}, {"ids": [1, 2], "messages": []}])
        odoo.wire.answer = lambda _: httpx.Response(200, json=next(answers))
        assert [result.outcome for result in odoo.send(*writes)] == ["delivered", "delivered", "rejected"]


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("could not serialize access due to concurrent update\n", "retry"),
        ("Unknown error during import: <class 'psycopg2.errors.DeadlockDetected'>: deadlock detected", "retry"),
        ("Sorry, this person does not have 'write' access to: Contact (res.partner)", "rejected"),
    ],
)
def test_what_load_says_instead_of_raising_it_is_understood(words: str, outcome: str) -> None:
    with site() as odoo:
        write = odoo.rendered(ProfileChange(profile(), 1))
        answers = iter([[], [], {"ids": False, "messages": [{"type": "error", "record": 0, "message": words}]}])
        odoo.wire.answer = lambda _: httpx.Response(200, json=next(answers))
        assert [result.outcome for result in odoo.send(write)] == [outcome]


@pytest.mark.parametrize(
    "words",
    [
        "Due to security restrictions, you are not allowed to modify 'Contact' (res.partner) records.\n\nContact your",
        "Unknown error during import: <class 'odoo.exceptions.AccessError'>: Uh-oh! Looks like … top-secret records.",
    ],
)
def test_a_contact_of_another_company_is_rejected_alone(words: str) -> None:
    # given three contacts in one call, of which a record rule keeps the second from Hub
    with site() as odoo:
        change = [ProfileChange(profile(n), 2, (f"{n}",)) for n in (1, 2, 3)]
        refusal = {"ids": False, "messages": [{"type": "error", "record": 1, "message": words}]}
        answers = iter([refusal, {"ids": [1, 3], "messages": []}])
        odoo.wire.answer = lambda _: httpx.Response(200, json=next(answers))
        assert [one.outcome for one in odoo.send(*map(odoo.rendered, change))] == ["delivered", "rejected", "delivered"]


def test_a_user_who_may_not_write_pauses_the_connection_and_rejects_nobody() -> None:
    with site() as odoo:
        words = "You are not allowed to modify 'Contact' (res.partner) records.\n\nContact your administrator"
        answers = iter([[], [], {"ids": False, "messages": [{"type": "error", "record": 0, "message": words}]}])
        odoo.wire.answer = lambda _: httpx.Response(200, json=next(answers))
        with pytest.raises(AuthError, match="not allowed to modify"):
            odoo.send(odoo.rendered(ProfileChange(profile(), 1)))


@pytest.mark.parametrize("api", ["json2", "jsonrpc"])
def test_a_field_that_is_missing_there_is_named_so_that_it_is_made_or_left_out(api: str) -> None:
    with site(api, profile_fields={"x_size": "custom.size"}) as odoo:
        known = profile(custom={"size": "42"})
        [result] = odoo.send(odoo.rendered(ProfileChange(known, 1)))
        assert result.outcome == "rejected"
        assert [(each.property, each.missing) for each in result.refused] == [("x_size", True)]


def test_a_thousand_changed_people_take_a_call_for_forty() -> None:
    with site() as odoo:
        people = [profile(number) for number in range(1, 1001)]
        made = odoo.send(*(odoo.rendered(ProfileChange(each, 1)) for each in people[:40]))
        assert len(odoo.wire.requests) == 3
        ids = {result.key: str(result.external_id) for result in made}
        for each in people[40:]:
            ids[str(each.id)] = odoo.double.add_person(each.emails[0], x_hub_profile_id=str(each.id))
        odoo.wire.requests.clear()
        for start in range(0, 1000, 40):
            batch = []
            for each in people[start : start + 40]:
                mirror = odoo.rendered(ProfileChange(each, 1)).mirror
                changed = each.model_copy(update={"phones": (f"+49302312{each.id.int:04}",)})
                batch.append(odoo.rendered(ProfileChange(changed, 2, (ids[str(each.id)],), mirror)))
            odoo.send(*batch)
        assert len(odoo.wire.requests) <= 1000 / 40 * 1.1


# -- people -----------------------------------------------------------------------------------------------------------


def test_a_contact_is_found_in_whatever_case_people_typed_its_e_mail_and_no_company_or_address_is_taken() -> None:
    for api in ("json2", "jsonrpc"):
        with site(api) as odoo:
            odoo.double.add_person("k1@example.com", is_company=True)  # type: ignore[arg-type]
            odoo.double.add_person("k1@example.com", type="delivery")
            typed = odoo.double.add_person("K1@Example.com", street="Getippt 1")
            [result] = odoo.send(odoo.rendered(ProfileChange(profile(), 1)))
            assert (result.external_id, odoo.partner(typed)["street"]) == (typed, "Getippt 1")


def test_a_contact_is_found_by_an_e_mail_that_people_typed_with_a_name() -> None:
    with site() as odoo:
        typed = odoo.double.add_person("k1@example.com")
        odoo.partner(typed)["email"] = "Käthe <K1@Example.com>"
        [result] = odoo.send(odoo.rendered(ProfileChange(profile(), 1)))
        assert result.external_id == typed


def test_a_contact_that_people_archived_is_kept_up_to_date_and_stays_archived() -> None:
    for api in ("json2", "jsonrpc"):
        with site(api) as odoo:
            mirror = odoo.rendered(ProfileChange(profile(), 1)).mirror
            [made] = odoo.send(odoo.rendered(ProfileChange(profile(), 1)))
            odoo.partner(made.external_id)["active"] = False
            changed = profile(phones=("+493023125042",))
            again = odoo.send(
                odoo.rendered(ProfileChange(changed, 2, (str(made.external_id),), mirror)),
            ) + odoo.send(odoo.rendered(ProfileChange(changed, 3, (str(made.external_id),), mirror, uncertain=True)))
            assert [each.external_id for each in again] == [made.external_id] * 2
            held = odoo.partner(made.external_id)
            assert (held["phone"], held["active"]) == ("+493023125042", False)


def test_nobody_without_a_name_is_refused_and_no_typed_name_is_overwritten_by_an_e_mail() -> None:
    with site() as odoo:
        typed = odoo.double.add_person("k1@example.com")
        nameless = [profile(number, name=PersonName()) for number in (1, 2)]
        results = odoo.send(*(odoo.rendered(ProfileChange(each, 1)) for each in nameless))
        assert [odoo.partner(result.external_id)["name"] for result in results] == ["Typed", "k2@example.com"]
        assert results[0].external_id == typed


def test_of_several_companies_of_one_name_people_belong_to_the_oldest() -> None:
    with site() as odoo:
        oldest = odoo.double.add_person("info@example.com", name="Firma Ä", is_company=True)  # type: ignore[arg-type]
        odoo.double.add_person("info@example.org", name="Firma Ä", is_company=True)  # type: ignore[arg-type]
        [made] = odoo.send(odoo.rendered(ProfileChange(profile(1, company="Firma Ä"), 1)))
        assert str(odoo.partner(made.external_id)["parent_id"]) == oldest


def test_a_private_address_never_becomes_the_companys_nor_a_colleagues() -> None:
    with site() as odoo:
        homes = [Address(line1=f"Privatweg {number}", city="Ulm", country="GB") for number in (1, 2)]
        people = [profile(n, company="Firma Ä", addresses=(homes[n - 1],)) for n in (1, 2)]
        made = odoo.send(*(odoo.rendered(ProfileChange(each, 1)) for each in people))
        company = odoo.partner(str(odoo.partner(made[0].external_id)["parent_id"]))
        assert (company["name"], company.get("street")) == ("Firma Ä", None)
        assert [odoo.partner(each.external_id).get("street") for each in made] == [None, None]
        assert odoo.partner(made[1].external_id)["x_hub_address"] == "Privatweg 2, Ulm, GB"


def test_where_people_filed_a_contact_below_a_company_its_address_stays_the_companys() -> None:
    with site() as odoo:
        company = odoo.double.add_person("info@example.com", is_company=True, street="Hafen 1")  # type: ignore[arg-type]
        mirror = odoo.rendered(ProfileChange(profile(), 1)).mirror
        [made] = odoo.send(odoo.rendered(ProfileChange(profile(), 1)))
        odoo.partner(made.external_id).update({"parent_id": int(company), "street": "Hafen 1"})
        moved = profile(addresses=(Address(line1="Privatweg 3", city="Bonn", country="DE"),), phones=("+493023125042",))
        [result] = odoo.send(odoo.rendered(ProfileChange(moved, 2, (str(made.external_id),), mirror)))
        assert result.outcome == "delivered"
        held = odoo.partner(made.external_id)
        assert (held["street"], held["phone"], odoo.partner(company)["street"]) == (
            "Hafen 1",
            "+493023125042",
            "Hafen 1",
        )


def test_only_languages_that_are_installed_are_written() -> None:
    settings = OdooSettings.model_validate(
        {"base_url": "https://x.example", "database": "x", "api_key": "y", "languages": ["en_US", "de_AT", "de_DE"]}
    )
    found = []
    for told in ("de-DE", "de", "de_CH", "en", "fr", None):
        write = MAP.render(ProfileChange(profile(language=told), 1), settings)
        found.append(write.properties.get("lang") if write else None)
    assert found == ["de_DE", "de_AT", "de_AT", "en_US", None, None]


def test_a_contact_that_odoo_keeps_is_emptied_and_archived() -> None:
    with site() as odoo:
        known = profile(phones=("+493023125042",), addresses=(Address(line1="Weg 1", city="Ulm", country="DE"),))
        [made] = odoo.send(odoo.rendered(ProfileChange(known, 1)))
        odoo.partner(made.external_id)["comment"] = "Käthe mag Tee"
        odoo.double.held.add(int(str(made.external_id)))
        [result] = odoo.send(odoo.rendered(ProfileChange(known, 2, (str(made.external_id),), erased=True)))
        assert result.outcome == "delivered"
        left = {name: value for name, value in odoo.partner(made.external_id).items() if value and name != "write_date"}
        assert left == {"name": "Erased", "type": "contact"}


def test_an_erasure_empties_opportunities_and_takes_the_addresses_filed_below() -> None:
    with site() as odoo:
        [made] = odoo.send(odoo.rendered(ProfileChange(profile(), 1)))
        own = int(str(made.external_id))
        below = odoo.double.add_person("k1@example.com", type="delivery", parent_id=own)  # type: ignore[arg-type]
        lead = {
            "name": "4001",
            "active": True,
            "partner_id": own,
            "contact_name": "Käthe 1",
            "email_from": "k1@example.com",
        }
        odoo.double.tables["crm.lead"][900] = lead
        odoo.send(odoo.rendered(ProfileChange(profile(), 2, (str(own),), erased=True)))
        assert {own, int(below)}.isdisjoint(odoo.double.tables["res.partner"])
        left = {name: value for name, value in lead.items() if value and name != "write_date"}
        assert left == {"name": "4001", "active": True}


def test_the_contacts_own_opt_out_of_an_old_odoo_is_set_and_never_lifted() -> None:
    settings = OdooSettings.model_validate(
        {"base_url": "https://x.example", "database": "x", "api_key": "y", "unsubscribe": "opt_out"}
    )
    out = DESTINATION.render(ProfileChange(profile(consents=consent("opted_out")), 1), settings)
    assert out is not None
    assert out.properties["opt_out"] == "1"
    later = DESTINATION.render(ProfileChange(profile(consents=consent("opted_in")), 2, ("501",), out.mirror), settings)
    assert later is not None
    [request] = DESTINATION.plan([later], settings)
    assert "opt_out" not in str(request.body)


# -- orders -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "stage", "probability", "active"),
    [
        ({"state": "open"}, "crm.stage_lead1", "10", "1"),
        ({"state": "fulfilled", "payment_due": True}, "crm.stage_lead1", "10", "1"),
        ({}, "crm.stage_lead4", "100", "1"),
        ({"refunded": Decimal(20)}, "crm.stage_lead4", "100", "1"),
        ({"refunded": Decimal(50)}, "crm.stage_lead1", "0", "0"),
        ({"state": "cancelled"}, "crm.stage_lead1", "0", "0"),
        ({"deleted": True}, "crm.stage_lead1", "0", "0"),
    ],
)
def test_an_opportunity_is_won_once_it_is_paid_and_archived_as_lost_once_nothing_is_left(
    told: dict[str, Any], stage: str, probability: str, active: str
) -> None:
    with site() as odoo:
        written = odoo.rendered(order(**told)).properties
        assert (written["stage_id/id"], written["probability"], written["active"]) == (stage, probability, active)


def test_only_amounts_in_the_companys_currency_are_summed_up() -> None:
    with site() as odoo:
        home, foreign = (odoo.rendered(order(currency=code)).properties for code in ("EUR", "CHF"))
        assert (home["expected_revenue"], home["x_hub_amount"], home["x_hub_currency"]) == ("50", "50", "EUR")
        assert "expected_revenue" not in foreign
        assert (foreign["x_hub_amount"], foreign["x_hub_currency"]) == ("50", "CHF")


def test_stages_people_made_are_named_by_their_number_and_orders_may_stay_away() -> None:
    with site(stage_won="17", order_fields={"x_note": "note"}) as odoo:
        written = odoo.rendered(order(note="Bitte klingeln")).properties
        assert (written["stage_id/.id"], written["x_note"], "stage_id/id" in written) == ("17", "Bitte klingeln", False)
    with site(orders="none") as odoo:
        assert MAP.render(order(), odoo.settings) is None
        assert odoo.double.fields["crm.lead"].keys().isdisjoint({"x_hub_order_key"})


# -- check ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", ["json2", "jsonrpc"])
def test_a_live_check_compares_fields_currency_languages_and_blacklist(api: str) -> None:
    with site(api, currency="CHF", languages=["de_DE", "fr_FR"]) as odoo:
        assert DESTINATION.check is not None
        del odoo.double.fields["mail.blacklist"]
        odoo.double.fields["crm.lead"].pop("x_hub_lines")
        found = DESTINATION.check(odoo.client, odoo.settings)
        assert found is not None
        assert found.works == [
            "the API key is accepted",
            "all fields of res.partner are there",
            "1 fields of crm.lead are missing, and made at the next start: x_hub_lines",
        ]
        assert found.wrong == [
            "unsubscribe: this Odoo has no blacklist; set opt_out (up to 11) or none",
            "languages: fr_FR is not installed in Odoo",
            "currency: the company's is EUR, not CHF",
        ]
