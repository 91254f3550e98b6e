"""What the contract kit cannot know about Pipedrive, against a double written from its documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import ValidationError

from hub.connectors.pipedrive import CONNECTOR
from hub.connectors.pipedrive.destination import DESTINATION
from hub.connectors.pipedrive.manifest import PipedriveSettings, oauth
from hub.connectors.pipedrive.mapping import MAP
from hub.errors import AuthError, RateLimited, RejectedError, Unavailable
from hub.mapping.overrides import compile_overrides
from hub.model.base import FrozenTexts
from hub.model.consent import ConsentState
from hub.model.customer import PersonName
from hub.model.money import Money
from hub.model.order import Order
from hub.model.profile import ConsentSummary, OrderSummary, Profile
from hub.sdk.connection import Connection, open_client
from hub.sdk.destination import OrderChange, ProfileChange, WriteResult
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from tests.support.crm.pipedrive import PipedriveDouble

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Account:
    """One connection to the double, and what Hub remembers of it."""

    double: PipedriveDouble
    options: Mapping[str, Any] = field(default_factory=dict)
    fault: httpx.Response | Exception | None = None
    """Given instead of the answer to the next write, which is carried out all the same."""
    mirrors: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    ids: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings = PipedriveSettings.model_validate({**self.double.settings(), **self.options})
        connection = Connection("crm", CONNECTOR, self.settings)
        transport = httpx.MockTransport(self.handle)
        self.client: HttpClient = open_client(connection, DESTINATION, transport=transport, budget=Budget(Limits()))

    def handle(self, request: httpx.Request) -> httpx.Response:
        answer, fault = self.double.handle(request), self.fault
        if fault is None or request.method == "GET":
            return answer
        self.fault = None
        if isinstance(fault, Exception):
            raise fault
        return fault

    def write(self, change: ProfileChange | OrderChange) -> WriteResult:
        write = MAP.render(change, self.settings)
        assert write is not None, "there is nothing to write"
        [result] = DESTINATION.send([write], self.client, self.settings)
        if result.outcome == "delivered" and not write.erase:
            self.mirrors[write.key] = write.mirror if result.mirror is None else result.mirror
            self.ids[write.key] = (str(result.external_id),)
        return result

    def profile(self, number: int = 1, *, uncertain: bool = False, erased: bool = False, **values: Any) -> WriteResult:
        person = profile(number, **values)
        held = [self.ids.get(str(one), ()) for one in (person.id, *person.aliases)]
        known = tuple(dict.fromkeys(one for ids in held for one in ids))
        mirror = self.mirrors.get(str(person.id), {})
        return self.write(ProfileChange(person, 2, known, mirror, uncertain=uncertain, erased=erased))

    def order(self, *, uncertain: bool = False, told: Mapping[str, Any] | None = None, **values: Any) -> WriteResult:
        placed = {"external_id": "4001", "state": "paid", "placed_at": NOW, "currency": "EUR", "total": Decimal(50)}
        order, key = Order.model_validate({**placed, **values}), "shop-de:4001"
        contact = next(iter(self.ids.get(str(UUID(int=1)), ())), None)
        known, mirror = self.ids.get(key, ()), self.mirrors.get(key, {})
        change = OrderChange(order, "shop-de", key, contact, 1, known, mirror, uncertain=uncertain, **(told or {}))
        return self.write(change)

    @property
    def person(self) -> dict[str, Any]:
        [only] = self.double.live("persons")
        return only

    @property
    def deal(self) -> dict[str, Any]:
        [only] = self.double.live("deals")
        return only


@pytest.fixture
def account() -> Iterator[Account]:
    opened = Account(PipedriveDouble())
    yield opened
    opened.client.close()


def profile(number: int = 1, **values: Any) -> Profile:
    known = {"id": UUID(int=number), "created_at": NOW, "updated_at": NOW, "emails": (f"k{number}@example.com",)}
    return Profile(**{**known, "name": PersonName(first="Ida", last="Ohm", full="Ida Ohm"), **values})


def consent(state: ConsentState, channel: Any = "email") -> ConsentSummary:
    return ConsentSummary(purpose="marketing", channel=channel, state=state, at=NOW)


def emails(person: Mapping[str, Any]) -> list[str]:
    return [one["value"] for one in person["emails"]]


def test_a_new_person_is_made_with_hubs_own_fields_in_the_forms_of_their_types(account: Account) -> None:
    orders = OrderSummary(count=2, totals=(Money(amount=Decimal("118.40"), currency="EUR"),), last_at=NOW)

    result = account.profile(phones=("+493023125042",), orders=orders)

    assert result.outcome == "delivered"
    [seen] = account.double.people()
    assert (seen["owner"], seen["emails"], seen["values"]["name"]) == (str(UUID(int=1)), ["k1@example.com"], "Ida Ohm")
    custom = {type(value) for value in account.person["custom_fields"].values()}
    assert custom == {str, int, float}
    assert seen["values"]["hub_lifetime_value"] == "118.4"
    assert seen["values"]["hub_last_order_at"] == "2026-03-01"


def test_a_person_somebody_typed_is_taken_with_all_their_e_mails_labels_and_main_one(account: Account) -> None:
    typed = account.double.add_person("privat@example.com", name="Ida")
    work = {"value": "k1@example.com", "primary": False, "label": "home"}
    account.double.held["persons"][int(typed)]["emails"].append(work)

    result = account.profile(emails=("k1@example.com", "neu@example.com"))

    assert (result.outcome, result.external_id) == ("delivered", typed)
    assert [(one["value"], one["primary"], one.get("label")) for one in account.person["emails"]] == [
        ("privat@example.com", True, "work"),
        ("k1@example.com", False, "home"),
        ("neu@example.com", False, None),
    ]


def test_an_e_mail_that_somebody_added_stays_when_hub_changes_the_main_one(account: Account) -> None:
    account.profile()
    account.person["emails"].append({"value": "typed@example.com", "primary": False, "label": "other"})

    account.profile(emails=("new@example.com",))

    assert emails(account.person) == ["typed@example.com", "new@example.com"]
    assert [one["value"] for one in account.person["emails"] if one["primary"]] == ["typed@example.com"]


def test_a_phone_number_that_is_spelled_otherwise_there_is_not_added_again(account: Account) -> None:
    typed = account.double.add_person("k1@example.com")
    account.double.held["persons"][int(typed)]["phones"] = [{"value": "030 / 23 12 50 42", "primary": True}]

    account.profile(phones=("+493023125042", "+491701234567"))

    assert [one["value"] for one in account.person["phones"]] == ["030 / 23 12 50 42", "+491701234567"]


def test_what_people_wrote_stays_and_what_hub_does_not_know_clears_nothing(account: Account) -> None:
    typed = account.double.add_person("k1@example.com", name="Dr. Ida Ohm")
    account.double.held["persons"][int(typed)]["owner_id"] = 77

    account.profile(name=PersonName())

    assert (account.person["name"], account.person["owner_id"]) == ("Dr. Ida Ohm", 77)


def test_a_new_person_without_a_name_is_called_by_the_e_mail(account: Account) -> None:
    account.profile(name=PersonName())

    assert account.person["name"] == "k1@example.com"


def test_a_person_of_another_profile_is_never_taken_over(account: Account) -> None:
    account.profile(1, emails=("shared@example.com",))
    second = account.profile(2, emails=("shared@example.com",))

    assert second.outcome == "delivered"
    assert [one["owner"] for one in account.double.people()] == [str(UUID(int=1)), str(UUID(int=2))]


def test_a_person_that_was_made_unseen_is_found_though_the_search_lags(account: Account) -> None:
    account.double.lagging = True
    account.fault = httpx.ReadTimeout("no answer")
    with pytest.raises(Unavailable) as caught:
        account.profile()
    assert caught.value.uncertain

    account.profile(uncertain=True)

    assert len(account.double.people()) == 1


def test_two_people_of_a_new_company_have_one_organization_though_the_search_lags(account: Account) -> None:
    account.double.lagging = True
    account.profile(1, company="Ohm GmbH")
    account.profile(2, company="OHM GmbH")
    account.profile(1, company=None)

    [company] = account.double.live("organizations")
    assert company["name"] == "Ohm GmbH"
    assert [one.get("org_id") for one in account.double.live("persons")] == [None, company["id"]]


def test_without_organizations_no_company_is_looked_for() -> None:
    account = Account(PipedriveDouble(), {"organizations": False})
    account.profile(company="Ohm GmbH")
    assert not any("organizations" in call for call in account.double.calls)


def test_merged_profiles_are_one_person_with_the_first_ones_data_and_the_seconds_deal(account: Account) -> None:
    first, second = account.profile(1), account.profile(2)
    account.double.create("deals", {"title": "Typed", "person_id": int(str(second.external_id))})

    result = account.profile(1, aliases=(UUID(int=2),), emails=("k1@example.com", "k2@example.com"))

    assert result.external_id == first.external_id
    assert emails(account.person) == ["k1@example.com", "k2@example.com"]
    assert account.double.people()[0]["owner"] == str(UUID(int=1))
    assert account.deal["person_id"] == int(str(first.external_id))


def test_a_merge_whose_answer_never_came_is_not_made_twice(account: Account) -> None:
    account.profile(1)
    account.profile(2)
    account.fault = httpx.ReadTimeout("no answer")
    merged: dict[str, Any] = {"aliases": (UUID(int=2),), "emails": ("k1@example.com", "k2@example.com")}
    with pytest.raises(Unavailable):
        account.profile(1, **merged)

    result = account.profile(1, uncertain=True, **merged)

    assert result.outcome == "delivered"
    assert len(account.double.people()) == 1


def test_a_split_takes_the_second_profiles_e_mail_from_the_first_person(account: Account) -> None:
    account.profile(1)
    account.profile(2)
    account.profile(1, aliases=(UUID(int=2),), emails=("k1@example.com", "k2@example.com"))
    one, two = str(UUID(int=1)), str(UUID(int=2))

    back = ProfileChange(profile(1), 3, account.ids[one], account.mirrors[one], merged_ids=account.ids[two])
    anew = ProfileChange(profile(2), 3, (), {}, merged_ids=account.ids[two])
    results = [account.write(back), account.write(anew)]

    assert [result.outcome for result in results] == ["delivered", "delivered"]
    assert [(seen["owner"], seen["emails"]) for seen in account.double.people()] == [
        (one, ["k1@example.com"]),
        (two, ["k2@example.com"]),
    ]


def test_a_person_deleted_there_is_made_again_whole_and_an_erasure_removes_only_theirs(account: Account) -> None:
    gone = account.profile(company="Ohm GmbH")
    account.double.delete_person(str(gone.external_id))
    again = account.profile(tags=("vip",))
    stranger = account.double.add_person("fremd@example.com")
    assert again.external_id not in (gone.external_id, None)
    assert account.double.people()[0]["values"]["name"] == "Ida Ohm"

    account.ids.clear()
    account.profile(erased=True)

    assert [seen["id"] for seen in account.double.people()] == [stranger]


def test_a_search_that_finds_what_only_looks_like_it_neither_overwrites_nor_erases(account: Account) -> None:
    # github.com/pipedrive/client-nodejs/issues/108: an exact search gave myself@ for self@
    stranger = account.double.add_person("myself@example.com")
    # github.com/PipedreamHQ/pipedream/pull/18966: what the search found is gone when it is read
    everything = [{"item": {"id": number, "type": "person"}} for number in (int(stranger), 999)]
    account.double.search = lambda kind, query: iter(everything)  # type: ignore[method-assign]

    account.profile(emails=("self@example.com",))
    account.ids.clear()
    account.profile(emails=("self@example.com",), erased=True)

    assert [(seen["id"], seen["owner"]) for seen in account.double.people()] == [(stranger, None)]


@pytest.mark.parametrize("channel", ["email", "any"])
def test_an_opt_out_ends_campaigns_and_no_opt_in_lifts_it(account: Account, channel: str) -> None:
    account.profile(consents=(consent("opted_in"),))
    assert account.person["marketing_status"] == "no_consent"

    account.profile(consents=(consent("opted_out", channel),))
    assert account.double.opted_out == {"k1@example.com"}
    assert account.double.people()[0]["values"]["hub_email_consent"] == "opted_out"

    account.profile(consents=(consent("opted_in"),))
    assert account.double.opted_out == {"k1@example.com"}
    assert account.double.people()[0]["values"]["hub_email_consent"] == "opted_in"


def test_an_opt_out_that_pipedrive_does_not_take_is_seen(account: Account) -> None:
    typed = account.double.add_person("k1@example.com", marketing_status="subscribed")
    account.double.closed = frozenset({"k1@example.com"})

    result = account.profile(consents=(consent("opted_out"),))

    assert (result.outcome, result.external_id) == ("retry", None)
    assert "stays subscribed" in result.reason
    assert account.double.held["persons"][int(typed)]["marketing_status"] == "subscribed"


def test_where_campaigns_is_not_used_consents_stand_in_hubs_own_fields() -> None:
    account = Account(PipedriveDouble(campaigns=False))
    result = account.profile(consents=(consent("opted_out"),))
    assert result.outcome == "delivered"
    assert account.double.people()[0]["values"]["hub_email_consent"] == "opted_out"


def test_an_order_is_a_deal_of_its_person_won_when_paid_on_the_day_it_was_placed(account: Account) -> None:
    person = account.profile()
    account.order(state="open")
    assert (account.deal["status"], account.deal.get("won_time")) == ("open", None)

    account.order(number="DE-4001")

    assert account.deal["person_id"] == int(str(person.external_id))
    told = {name: account.deal[name] for name in ("title", "value", "currency", "status", "won_time")}
    assert told == {
        "title": "DE-4001 (shop-de)",
        "value": 50,
        "currency": "EUR",
        "status": "won",
        "won_time": "2026-03-01T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("values", "told", "status", "value"),
    [
        ({}, {"refunded": Decimal("8.50")}, "won", 41.5),
        ({}, {"refunded": Decimal(50)}, "lost", 0),
        ({"state": "cancelled"}, {}, "lost", 50),
        ({}, {"deleted": True}, "lost", 50),
        ({"state": "open"}, {"paid": True}, "won", 50),
    ],
)
def test_a_deal_is_net_of_refunds_and_lost_once_nothing_is_left(
    account: Account, values: dict[str, Any], told: dict[str, Any], status: str, value: float
) -> None:
    account.order()
    if MAP.render(OrderChange(Order.model_validate(PLACED), "shop-de", "x", None, 1), account.settings) is None:
        raise AssertionError
    account.order(told=told, **{"number": "1", **values})

    assert (account.deal["status"], account.deal["value"]) == (status, value)


PLACED = {"external_id": "4001", "state": "paid", "placed_at": NOW, "currency": "EUR", "total": Decimal(50)}


def test_an_order_counts_when_placed_where_the_settings_say_so() -> None:
    account = Account(PipedriveDouble(), {"won": "placed", "deal_stage": 7})
    account.order(state="open")
    assert (account.deal["status"], account.deal["stage_id"]) == ("won", 7)


def test_a_deal_made_unseen_or_deleted_there_is_one_deal(account: Account) -> None:
    account.double.lagging = True
    account.fault = httpx.ReadTimeout("no answer")
    with pytest.raises(Unavailable):
        account.order()
    account.order(uncertain=True)
    assert account.deal["title"] == "4001 (shop-de)"

    account.double.held["deals"][account.deal["id"]]["is_deleted"] = True
    account.order(number="DE-1")
    assert (account.deal["title"], account.deal["value"]) == ("DE-1 (shop-de)", 50)


def test_a_currency_that_the_account_does_not_know_rejects_the_deal_with_pipedrives_words(account: Account) -> None:
    result = account.order(currency="TRY")
    assert result.outcome == "rejected"
    assert "currency" in result.reason
    assert account.double.orders() == []


def test_hubs_fields_are_made_once_and_keep_their_keys_when_people_rename_them() -> None:
    double = PipedriveDouble(prepared=False)
    account = Account(double)
    assert DESTINATION.prepare is not None
    DESTINATION.prepare(account.client, account.settings)
    DESTINATION.prepare(account.client, account.settings)
    labels = [one["field_name"] for one in double.fields["persons"]]
    assert len(labels) == len(set(labels)) == 19

    own = next(one for one in double.fields["persons"] if one["field_name"] == "Hub profile id")
    own["field_name"] = "Kundennummer"
    pinned = Account(double, {"person_keys": {"hub_profile_id": own["field_code"]}})
    DESTINATION.prepare(pinned.client, pinned.settings)
    pinned.profile()

    assert len(double.fields["persons"]) == 19
    assert pinned.person["custom_fields"][own["field_code"]] == str(UUID(int=1))


def test_a_field_that_was_deleted_there_is_named_so_that_it_is_made_again(account: Account) -> None:
    account.profile()
    tags = next(one for one in account.double.fields["persons"] if one["field_name"] == "Hub tags")
    account.double.fields["persons"].remove(tags)

    refused = account.profile(tags=("vip",))
    assert [(one.property, one.missing) for one in refused.refused] == [("hub_tags", True)]

    assert DESTINATION.prepare is not None
    DESTINATION.prepare(account.client, account.settings)
    assert account.profile(tags=("vip",)).outcome == "delivered"


def test_fields_of_the_accounts_own_take_what_people_map_in_their_own_form() -> None:
    double = PipedriveDouble()
    size, kind = double.add_field("persons", "Schuhgröße", "double"), double.add_field("persons", "Art", "enum")
    double.fields["persons"][-1]["options"] = [{"id": 7, "label": "Händler"}, {"id": 8, "label": "Privat"}]
    mapped = {"Schuhgröße": "custom.size", "Art": "custom.kind"}
    account = Account(double, {"profile_fields": mapped})

    account.profile(custom=FrozenTexts({"size": "42.5", "kind": "händler"}))
    custom = account.person["custom_fields"]
    assert (custom[size["field_code"]], custom[kind["field_code"]]) == (42.5, 7)

    refused = account.profile(custom=FrozenTexts({"size": "42.5", "kind": "unbekannt"}))
    assert [one.property for one in refused.refused] == ["Art"]


def test_a_mapping_file_writes_to_a_field_of_the_accounts_own_and_to_no_list_and_no_consent(account: Account) -> None:
    kind = account.double.add_field("persons", "Kundentyp", "varchar")
    own = MAP.own_fields(account.settings)
    mapping, faults = compile_overrides({"fields": {"Kundentyp": {"constant": "Shop"}}}, own)
    assert faults == []
    account.settings = account.settings.with_mapping(mapping)

    account.profile()

    assert account.person["custom_fields"][kind["field_code"]] == "Shop"
    for name in ("emails", "hub_email_consent", "marketing_status", "hub_profile_id"):
        _, faults = compile_overrides({"fields": {name: {"constant": "x"}}}, own)
        assert faults, name


def test_what_is_refused_is_named_and_a_field_that_is_not_there_stops_nothing_else() -> None:
    account = Account(PipedriveDouble(), {"profile_fields": {"job_title": "custom.job"}})
    refused = account.profile(custom=FrozenTexts({"job": "CTO"}))
    assert [(one.property, one.missing) for one in refused.refused] == [("job_title", False)]

    other = Account(PipedriveDouble())
    other.double.refuse("Bad tag")
    refused = other.profile(tags=("Bad tag",))
    assert [one.property for one in refused.refused] == ["hub_tags"]
    assert "Bad tag" not in refused.reason

    other.double.refuse("k1@example.com")
    refused = other.profile(emails=("k1@example.com", "k2@example.com"))
    assert [one.property for one in refused.refused] == ["email", "emails"]

    third = Account(PipedriveDouble())
    third.profile(company="Ohm GmbH")
    said = "Validation failed: org_id: Expected number"
    third.fault = httpx.Response(400, json={"error": said, "code": "ERR_SCHEMA_VALIDATION_FAILED"})
    refused = third.profile(language="en")
    assert [one.property for one in refused.refused] == ["company"]


def test_the_plans_limit_rejects_the_deal_alone_a_block_waits_and_any_other_403_is_about_the_token(
    account: Account,
) -> None:
    capped = {"success": False, "error": "Open deals limit reached.", "code": "feature_capping_deals_limit"}
    account.fault = httpx.Response(403, json=capped)
    assert account.order().outcome == "rejected"
    account.fault = httpx.Response(403, text="<html>Attention Required! | Cloudflare</html>")
    with pytest.raises(RateLimited):
        account.order()
    account.fault = httpx.Response(403, json={"success": False, "error": "Scope and URL mismatch"})
    with pytest.raises(AuthError):
        account.order()
    account.fault = httpx.Response(402, json={"success": False, "error": "payment required"})
    with pytest.raises(AuthError):
        account.order()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-reset": "2"}, 2.0),
        ({"x-ratelimit-reset": "2", "retry-after": "7"}, 7.0),
        ({"x-ratelimit-reset": "2", "x-daily-ratelimit-token-remaining": "0"}, 3600.0),
        ({"x-ratelimit-reset": "soon"}, None),
    ],
)
def test_a_burst_is_waited_out_and_the_days_budget_is_looked_for_once_an_hour(
    account: Account, headers: dict[str, str], seconds: float | None
) -> None:
    account.fault = httpx.Response(429, headers=headers, json={"success": False, "error": "request over limit"})
    with pytest.raises(RateLimited) as caught:
        account.order()
    assert caught.value.retry_after == seconds


def test_a_new_person_costs_55_tokens_of_the_days_budget_and_a_changed_value_5(account: Account) -> None:
    account.profile(9)
    spent = account.double.tokens
    account.profile()
    # two searches, the newest persons, the creation
    assert account.double.tokens - spent == 20 + 20 + 10 + 5
    spent = account.double.tokens
    account.profile(tags=("vip",))
    assert account.double.tokens - spent == 5


def test_the_check_tells_missing_fields_wrong_names_and_the_limit() -> None:
    options = {"profile_fields": {"Schuhgrösse": "custom.size"}, "calls_per_2_seconds": 40}
    account = Account(PipedriveDouble(prepared=False), options)
    account.double.add_field("persons", "Schuhgröße", "double")
    assert DESTINATION.check is not None

    told = DESTINATION.check(account.client, account.settings)

    assert told is not None
    assert told.wrong == [
        "persons have no field 'Schuhgrösse'; did you mean 'Schuhgröße'?",
        "calls_per_2_seconds is 40, and Pipedrive allows 20",
    ]
    assert told.works[1].startswith("17 fields of persons are missing")
    assert "tokens left today: 30000" in told.works


def test_a_user_who_may_make_no_fields_stops_with_words_for_the_operator() -> None:
    account = Account(PipedriveDouble(prepared=False))
    account.fault = httpx.Response(403, json={"error": "limit reached", "code": "feature_capping_custom_fields_limit"})
    assert DESTINATION.prepare is not None
    with pytest.raises(RejectedError, match="'Hub profile id' cannot be made"):
        DESTINATION.prepare(account.client, account.settings)


def test_one_way_in_is_needed_a_token_or_an_app() -> None:
    app = {"client_id": "abc", "client_secret": "s"}
    for given in ({}, {"client_id": "abc"}, {"api_token": "t", **app}):
        with pytest.raises(ValidationError, match="needs api_token, or client_id and client_secret"):
            PipedriveSettings.model_validate(given)
    declared = oauth(PipedriveSettings.model_validate(app))
    assert declared is not None
    assert declared.token_url == "https://oauth.pipedrive.com/oauth/token"
    assert oauth(PipedriveSettings.model_validate({"api_token": "t"})) is None
