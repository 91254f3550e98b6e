"""What the contract kit cannot know about Salesforce. The org is ``tests.support.crm.salesforce``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import ValidationError

from hub.connectors.salesforce import schemas
from hub.connectors.salesforce.destination import DESTINATION, find
from hub.connectors.salesforce.manifest import SalesforceSettings
from hub.errors import AuthError, RateLimited, Refusal, RejectedError
from hub.model.consent import ConsentState
from hub.model.customer import PersonName
from hub.model.order import Order
from hub.model.profile import ConsentSummary, Profile
from hub.sdk.connection import Connection, load_connections, open_client
from hub.sdk.destination import OrderChange, ProfileChange, Write, WriteResult
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.sdk.testkit.wire import SampleTokens
from tests.support.crm.salesforce import SalesforceDouble

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Org:
    """An org, and a connection to it."""

    def __init__(self, *, person: str = "Contact", **settings: Any) -> None:
        self.double = SalesforceDouble(person=person, **settings)
        given = load_connections({"crm": ("salesforce", self.double.settings())}, default_region="DE")["crm"]
        self.connection = replace(given, tokens=SampleTokens())
        self.settings: SalesforceSettings = self.connection.settings  # type: ignore[assignment]
        self.client = opened(self.connection, self.double)

    def write(self, *changes: ProfileChange | OrderChange) -> list[Write]:
        rendered = [DESTINATION.render(change, self.settings) for change in changes]
        return [write for write in rendered if write is not None]

    def send(self, *changes: ProfileChange | OrderChange) -> Sequence[WriteResult]:
        return DESTINATION.send(self.write(*changes), self.client, self.settings)

    def person(self, record: str) -> dict[str, Any]:
        return self.double.records[self.double.person][record]


def opened(connection: Connection, double: SalesforceDouble) -> HttpClient:
    transport = httpx.MockTransport(double.handle)
    return open_client(connection, DESTINATION, transport=transport, budget=Budget(Limits()))


def profile(number: int = 1, **values: Any) -> Profile:
    name = PersonName(first="Kim", last="Ohm", full="Kim Ohm")
    known = {"id": UUID(int=number), "created_at": NOW, "updated_at": NOW, "emails": (f"k{number}@example.com",)}
    return Profile(**{"name": name, **known, **values})


def consents(**states: ConsentState) -> dict[str, Any]:
    return {
        "consents": tuple(
            ConsentSummary(purpose="marketing", channel=channel, state=state, at=NOW)
            for channel, state in states.items()
        )
    }


def placed(**values: Any) -> Order:
    known = {"external_id": "4001", "state": "paid", "placed_at": NOW, "currency": "EUR", "total": Decimal(50)}
    return Order.model_validate({**known, **values})


def ordered(contact: str | None, order: Order, **told: Any) -> OrderChange:
    return OrderChange(order, "shop-de", "shop-de:4001", contact, 1, **told)


# -- consent


def test_a_person_who_opted_out_is_new_there_as_opted_out() -> None:
    # mautic/mautic#13411: new contacts were made without it
    org = Org()
    [made] = org.send(ProfileChange(profile(**consents(any="opted_out")), 1))
    held = org.person(str(made.external_id))
    assert (held["HasOptedOutOfEmail"], held["DoNotCall"], held["Hub_SMS_Consent__c"]) == (True, True, "opted_out")


def test_an_opt_out_is_never_taken_back_whatever_is_written_later() -> None:
    org = Org()
    first = ProfileChange(profile(**consents(email="opted_out")), 1)
    [made] = org.send(first)
    mirror = org.write(first)[0].mirror
    # when the person opts in again
    again = ProfileChange(profile(**consents(email="opted_in")), 2, (str(made.external_id),), mirror)
    [result] = org.send(again)
    left = org.write(again)[0].mirror if result.mirror is None else result.mirror
    # then Salesforce's own opt-out stays, Hub's field tells of the opt-in, and no more is to be done
    held = org.person(str(made.external_id))
    assert (held["HasOptedOutOfEmail"], held["Hub_Email_Consent__c"]) == (True, "opted_in")
    assert org.write(replace(again, mirror=left)) == []


def test_an_opt_out_that_people_set_there_stays() -> None:
    org = Org()
    record = org.double.insert("Contact", {"LastName": "X", "Email": "k1@example.com", "HasOptedOutOfEmail": True})
    org.send(ProfileChange(profile(**consents(email="opted_in")), 1))
    assert org.person(record)["HasOptedOutOfEmail"] is True
    assert org.double.opted_out == {"k1@example.com"}


# -- finding people


@pytest.mark.parametrize("email", ["o'hara@example.com", "kim+news@example.com", "a-b_c@sub.example-site.com"])
def test_a_person_is_found_by_any_e_mail_and_not_made_twice(email: str) -> None:
    # mautic/mautic#4041, jsforce/jsforce#427: apostrophes and reserved characters made duplicates
    org = Org()
    typed = org.double.add_person(email.upper(), Title="Chief")
    [result] = org.send(ProfileChange(profile(emails=(email,)), 1))
    assert result.external_id == typed
    assert (org.person(typed)["Title"], len(org.double.people())) == ("Chief", 1)


def test_what_stands_in_a_text_cannot_end_it() -> None:
    assert schemas.literal("a'b\\") == r"'a\'b\\'"
    org = Org()
    org.double.add_person("somebody@example.com")
    call = next(iter(find([("email", "x') OR Email IN ('somebody@example.com")], org.settings)))
    assert call.read(org.client.request(call.request.method, call.request.path, body=call.request.body)) == []


def test_a_contact_that_people_merged_is_written_to_where_it_went() -> None:
    org = Org()
    change = ProfileChange(profile(), 1)
    [made] = org.send(change)
    kept = org.double.add_person("other@example.com")
    org.double.merge_people(kept, str(made.external_id))
    unsure = replace(change, external_ids=(str(made.external_id),), version=2, uncertain=True)
    [result] = org.send(unsure)
    assert result.external_id == kept
    assert DESTINATION.absent is not None
    assert DESTINATION.absent([str(made.external_id), "003000000000999AAA"], org.client, org.settings) == {
        "003000000000999AAA"
    }


def test_an_exact_duplicate_is_a_conflict_and_a_likeness_is_refused_with_their_words() -> None:
    # omniphx/forrest#176: an upsert that a duplicate rule blocks
    exact = schemas.Error.model_validate(blocked("ExactMatchEngine"))
    assert schemas.problem([exact]).holders == ("003000000000007AAA",)
    fuzzy = schemas.problem([schemas.Error.model_validate(blocked("FuzzyMatchEngine"))])
    assert (fuzzy.kind, fuzzy.words) == ("refused", "DUPLICATES_DETECTED: Use one of these records?")
    # and a rule that only warns keeps nobody out, unless people want it to
    for alerts, outcome in (("save", "delivered"), ("respect", "rejected")):
        org = Org(duplicate_alerts=alerts)
        org.double.add_person("other@example.com", LastName="Ohm")
        org.double.rule, org.double.blocks = "fuzzy", False
        assert [one.outcome for one in org.send(ProfileChange(profile(), 1))] == [outcome]


def test_a_contact_that_somebody_makes_meanwhile_is_taken_and_not_doubled() -> None:
    # given an org that blocks second contacts of one e-mail
    org = Org()
    org.double.rule = "exact"
    typed: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        # when somebody types the person in after Hub looked, and before it writes
        if request.method == "PATCH" and not typed:
            typed.append(org.double.add_person("k1@example.com", Title="Chief"))
        return org.double.handle(request)

    org.client = open_client(
        org.connection, DESTINATION, transport=httpx.MockTransport(handle), budget=Budget(Limits())
    )
    [result] = org.send(ProfileChange(profile(), 1))
    # then Hub writes to that contact
    assert (result.outcome, result.external_id) == ("delivered", typed[0])
    assert (org.person(typed[0])["Title"], len(org.double.people())) == ("Chief", 1)


def blocked(engine: str) -> dict[str, Any]:
    match = {"record": {"attributes": {"type": "Contact"}, "Id": "003000000000007AAA"}, "matchConfidence": 100}
    result = {"allowSave": False, "matchResults": [{"matchEngine": engine, "matchRecords": [match]}]}
    said = {"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", "fields": []}
    return {**said, "duplicateResut": result}


# -- leads


def test_a_lead_needs_a_company_and_a_name_and_gets_its_own_once_they_are_known() -> None:
    # segmentio/action-destinations#969, theswamis/dataloadercliq#75
    org = Org(person="Lead")
    first = ProfileChange(profile(name=PersonName()), 1)
    [made] = org.send(first)
    held = org.person(str(made.external_id))
    assert (held["LastName"], held["Company"]) == ("[not provided]", "[not provided]")
    later = profile(company="Ohm GmbH")
    org.send(ProfileChange(later, 2, (str(made.external_id),), org.write(first)[0].mirror))
    assert (held["LastName"], held["Company"]) == ("Ohm", "Ohm GmbH")
    assert org.double.records["Account"] == {}


def test_a_converted_lead_is_told_and_gets_no_second_one() -> None:
    # grouparoo/grouparoo#1043
    org = Org(person="Lead")
    org.person(org.double.add_person("k1@example.com"))["IsConverted"] = True
    [result] = org.send(ProfileChange(profile(), 1))
    assert result.outcome == "rejected"
    assert result.reason == "CANNOT_UPDATE_CONVERTED_LEAD: cannot reference converted lead"
    assert len(org.double.people()) == 1


def test_leads_have_no_orders() -> None:
    org = Org(person="Lead")
    assert org.write(ordered("00Q000000000001AAA", placed())) == []
    assert DESTINATION.takes_orders is not None
    assert not DESTINATION.takes_orders(org.settings)


# -- companies


def test_people_of_a_company_share_an_account_and_stand_together() -> None:
    org = Org()
    people = [profile(n, company="Ohm & Söhne" if n % 2 else "Volt") for n in range(1, 7)]
    org.send(*(ProfileChange(one, 1) for one in people))
    assert sorted(each["Name"] for each in org.double.live("Account")) == ["Ohm & Söhne", "Volt"]
    accounts = [each["AccountId"] for each in org.double.live("Contact")]
    assert accounts == sorted(accounts)  # SFDO-Community/declarative-lookup-rollup-summaries#450: rows lock each other


def test_a_company_stays_out_where_people_keep_accounts_themselves() -> None:
    org = Org(accounts="none", default_account="001000000000001AAA")
    org.double.insert("Account", {"Name": "Everybody"})
    [made] = org.send(ProfileChange(profile(company="Ohm GmbH"), 1))
    assert org.person(str(made.external_id))["AccountId"] == "001000000000001AAA"
    assert [each["Name"] for each in org.double.live("Account")] == ["Everybody"]


# -- merge, erase


def two(org: Org) -> tuple[str, str, dict[str, Any]]:
    changes = [ProfileChange(profile(number), 1) for number in (1, 2)]
    first, second = org.send(*changes)
    return str(first.external_id), str(second.external_id), dict(org.write(changes[0])[0].mirror)


def joined(first: str, second: str, mirror: dict[str, Any]) -> ProfileChange:
    both = profile(emails=("k1@example.com", "k2@example.com"), aliases=(UUID(int=2),))
    return ProfileChange(both, 2, (first, second), mirror)


def test_a_merge_leaves_one_record_where_the_org_has_a_class_for_it() -> None:
    org = Org(merge="apex")
    first, second, mirror = two(org)
    [result] = org.send(joined(first, second, mirror))
    assert result.external_id == first
    assert [each["id"] for each in org.double.people()] == [first]


def test_without_one_the_second_record_is_left_to_people_marked_and_mailed_no_more() -> None:
    org = Org(merge="mark")
    first, second, mirror = two(org)
    org.send(joined(first, second, mirror))
    left = org.person(second)
    assert (left["Hub_Merged_Into__c"], left["Hub_Profile_Id__c"], left["HasOptedOutOfEmail"]) == (first, None, True)
    # and when the merge is undone, it is the second person's again
    [parted] = org.send(ProfileChange(profile(2), 3, merged_ids=(second,)))
    assert parted.external_id == second
    assert (left["Hub_Merged_Into__c"], left["Hub_Profile_Id__c"]) == (None, str(UUID(int=2)))


def test_an_erased_record_is_empty_before_it_is_deleted_and_says_no_name_when_it_cannot_be() -> None:
    org = Org()
    first, second, mirror = two(org)
    org.double.cases.add(second)
    gone = ProfileChange(profile(suppressed=True), 2, (first, second), mirror, erased=True)
    [result] = org.send(gone)
    assert (result.outcome, result.reason) == ("rejected", "Salesforce does not delete the record: DELETE_FAILED")
    for record in (first, second):
        held = {name: value for name, value in org.person(record).items() if value is not None}
        assert held.pop("IsDeleted", False) == (record == first)
        assert held == {"Id": record, "LastName": "[erased]", "HasOptedOutOfEmail": True}


# -- orders


@pytest.mark.parametrize(
    ("order", "told", "stage"),
    [
        ({"state": "open"}, {}, "Negotiation/Review"),
        ({"state": "fulfilled", "payment_due": True}, {}, "Negotiation/Review"),
        ({"state": "open"}, {"paid": True}, "Closed Won"),
        ({}, {"refunded": Decimal(50)}, "Closed Lost"),
        ({}, {"deleted": True}, "Closed Lost"),
        ({"state": "failed"}, {}, "Closed Lost"),
    ],
)
def test_an_opportunity_is_won_once_it_is_paid_and_lost_once_nothing_is_left(
    order: dict[str, Any], told: dict[str, Any], stage: str
) -> None:
    assert Org().write(ordered("003000000000001AAA", placed(**order), **told))[0].properties["StageName"] == stage


def test_money_of_another_currency_is_never_read_as_the_orgs_own() -> None:
    yen = ordered("003000000000001AAA", placed(currency="JPY", total=Decimal(9000)))
    one = Org(org_currency="EUR").write(yen)[0].properties
    assert "Amount" not in one
    assert "CurrencyIsoCode" not in one
    org = Org(org_currency=None)
    several = org.write(yen)[0].properties
    assert (several["Amount"], several["CurrencyIsoCode"]) == ("9000", "JPY")


def test_an_order_has_one_opportunity_with_one_contact_however_often_it_is_written() -> None:
    org = Org()
    first, second, _ = two(org)
    change = ordered(first, placed())
    [made] = org.send(change)
    [again] = org.send(replace(change, uncertain=True))
    assert made.external_id == again.external_id
    moved = replace(
        change, contact_id=second, external_ids=(str(made.external_id),), mirror=org.write(change)[0].mirror
    )
    org.send(moved)
    assert [each["person"] for each in org.double.orders()] == [second]
    assert len(org.double.live("OpportunityContactRole")) == 1


def test_an_opportunity_that_was_deleted_there_is_made_again_whole() -> None:
    org = Org()
    first, _, _ = two(org)
    change = ordered(first, placed())
    [made] = org.send(change)
    org.double.records["Opportunity"][str(made.external_id)]["IsDeleted"] = True
    known = replace(change, external_ids=(str(made.external_id),), mirror=org.write(change)[0].mirror)
    [again] = org.send(replace(known, refunded=Decimal(20)))
    assert again.external_id != made.external_id
    [left] = org.double.orders()
    assert (left["values"]["Name"], left["values"]["Amount"], left["person"]) == ("4001 (shop-de)", 30.0, first)


# -- what goes wrong


def test_one_refused_record_keeps_none_of_the_others() -> None:
    # jsforce/jsforce#813: results stand in the order of the records, each with its own errors
    org = Org()
    org.double.refuse("Nein")
    named = [profile(number, name=PersonName(last="Nein" if number == 2 else "Ja")) for number in range(1, 5)]
    results = org.send(*(ProfileChange(one, 1) for one in named))
    assert [one.outcome for one in results] == ["delivered", "rejected", "delivered", "delivered"]
    assert results[1].refused == (Refusal("LastName", "FIELD_CUSTOM_VALIDATION_EXCEPTION"),)


@pytest.mark.parametrize(
    ("code", "fields", "kind"),
    [
        ("UNABLE_TO_LOCK_ROW", [], "later"),  # roblesterjr04/EloquentSalesForce#59
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", [], "later"),  # a trigger that met a lock
        ("ENTITY_IS_DELETED", [], "gone"),
        ("INVALID_CROSS_REFERENCE_KEY", [], "gone"),
        ("INVALID_CROSS_REFERENCE_KEY", ["AccountId"], "refused"),
        ("DUPLICATE_VALUE", [], "conflict"),
        ("STRING_TOO_LONG", ["FirstName"], "refused"),
    ],
)
def test_an_error_is_judged_by_its_code(code: str, fields: list[str], kind: str) -> None:
    said = "UpdateFailed: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access" if "CANNOT" in code else "no"
    found = schemas.problem([schemas.Error.model_validate({"statusCode": code, "message": said, "fields": fields})])
    assert found.kind == kind
    assert [one.property for one in found.refused] == ["Account" if name == "AccountId" else name for name in fields]


def test_a_field_that_is_not_there_is_named_by_its_message() -> None:
    body = [{"message": "No such column 'Hub_Tags__c' on sobject of type Contact", "errorCode": "INVALID_FIELD"}]
    assert schemas.refusals(body) == (Refusal("Hub_Tags__c", "INVALID_FIELD", missing=True),)
    assert schemas.refusals({"message": "a page of a proxy's"}) == ()


def test_a_day_without_calls_is_waited_out_and_a_lack_of_rights_stops_the_connection() -> None:
    org = Org()
    org.double.allowed = 0
    with pytest.raises(RateLimited) as waits:
        org.send(ProfileChange(profile(), 1))
    assert waits.value.retry_after == 900.0
    forbidden = httpx.Response(403, json=[{"message": "no", "errorCode": "API_DISABLED_FOR_ORG"}])
    with pytest.raises(AuthError, match="API_DISABLED_FOR_ORG"):
        schemas.answer(forbidden)


def test_a_refused_query_repeats_nobodys_e_mail() -> None:
    org = Org()
    org.double.hidden.add("Hub_Profile_Id__c")
    with pytest.raises(RejectedError) as refused:
        org.send(ProfileChange(profile(emails=("private@example.com",)), 1))
    assert "private" not in str(refused.value)
    assert "INVALID_FIELD Hub_Profile_Id__c" in str(refused.value)


def test_fields_that_nobody_created_stop_the_connection_before_anything_is_refused() -> None:
    org = Org()
    org.double.hidden |= {"Hub_Tags__c", "Hub_Order_Key__c"}
    assert DESTINATION.prepare is not None
    with pytest.raises(AuthError, match=r"no Contact\.Hub_Tags__c, Opportunity\.Hub_Order_Key__c"):
        DESTINATION.prepare(org.client, org.settings)
    # an org may do without those that only tell more
    few = Org(custom_fields="essential", orders="none")
    few.double.hidden |= {"Hub_Tags__c", "Hub_Order_Key__c"}
    DESTINATION.prepare(few.client, few.settings)
    [made] = few.send(ProfileChange(profile(tags=("vip",), **consents(email="opted_out")), 1))
    assert few.person(str(made.external_id))["HasOptedOutOfEmail"] is True


def test_fields_are_created_where_hub_may_and_the_connection_rests_until_they_are_shown() -> None:
    # given an org without two of Hub's fields
    org = Org(create_fields=True)
    org.double.hidden |= {"Hub_Profile_Id__c", "Hub_Lifetime_Value__c"}
    assert DESTINATION.prepare is not None
    # when Hub may not create any, then it says so
    with pytest.raises(AuthError, match=r"does not create Contact\.Hub_Lifetime_Value__c: INSUFFICIENT_ACCESS"):
        DESTINATION.prepare(org.client, org.settings)
    # when it may, then they are there, and nobody sees them until the permission set is assigned; twice is once
    org.double.may_customise = True
    for _ in range(2):
        with pytest.raises(AuthError, match="assign the permission set Hub_Fields to Hub's user"):
            DESTINATION.prepare(org.client, org.settings)
    org.double.assign()
    DESTINATION.prepare(org.client, org.settings)
    assert [each["Name"] for each in org.double.live("PermissionSet")] == ["Hub_Fields"]
    own = {"externalId": True, "unique": True, "caseSensitive": False}
    assert org.double.made_fields == {
        "Contact.Hub_Profile_Id__c": {"label": "Hub Profile Id", "type": "Text", "length": 36, **own},
        "Contact.Hub_Lifetime_Value__c": {"label": "Hub Lifetime Value", "type": "Number", "precision": 18, "scale": 2},
    }


def test_a_live_check_tells_what_an_administrator_has_to_do() -> None:
    org = Org(stage_won="Gewonnen", profile_fields={"Schuhe__c": "custom.shoes"}, org_currency=None)
    org.double.merges = org.double.currencies = False
    assert DESTINATION.check is not None
    told = DESTINATION.check(org.client, org.settings)
    assert told is not None
    assert "calls of 24 hours: api-usage=1/100000" in told.works
    assert told.wrong == [
        "Contact has no Schuhe__c, or hides it from Hub's user",
        "stage_won: there is no stage 'Gewonnen'",
        "the org has one currency: set org_currency to the org's own",
        "merge: apex: the org has no class at /services/apexrest/hub/merge (README)",
    ]


# -- calls


def test_two_thousand_new_people_take_twelve_calls_and_a_thousand_changed_ones_five() -> None:
    # jsforce/jsforce#1156: one call for each record
    org = Org()
    made = [profile(number, emails=(f"first.lastname{number:05d}@example.com",)) for number in range(2_000)]
    batch = DESTINATION.limits(org.settings).batch if DESTINATION.limits else 0
    results: list[WriteResult] = []
    for start in range(0, len(made), batch):
        results += org.send(*(ProfileChange(one, 1) for one in made[start : start + batch]))
    assert {one.outcome for one in results} == {"delivered"}
    assert len(org.double.calls) <= 12  # 60 for 10,000
    org.double.calls.clear()
    mirror = {"Hub_Profile_Id__c": ""}
    changed = zip(made[:1000], results, strict=False)
    org.send(*(ProfileChange(one, 2, (str(result.external_id),), mirror) for one, result in changed))
    assert len(org.double.calls) <= 1000 / 200 * 1.1


# -- settings


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"my_domain": "login.salesforce.com"}, "must be the org's My Domain"),
        ({"grant": "jwt_bearer"}, "grant jwt_bearer needs username and private_key"),
        ({"client_secret": None}, "grant client_credentials needs client_secret"),
        ({"private_key": "no key"}, "is no RSA private key"),
        ({"default_account": "Acme"}, "String should match pattern"),
        ({"opportunity_fields": {"Notiz__c": "nte"}}, "did you mean 'note'"),
    ],
)
def test_a_wrong_setting_is_told_at_start(given: dict[str, Any], fault: str) -> None:
    known = {"my_domain": "https://acme.my.salesforce.com/", "client_id": "app", "client_secret": "secret"}
    SalesforceSettings.model_validate(known)
    with pytest.raises(ValidationError, match=fault):
        SalesforceSettings.model_validate({**known, **given})
