"""What the contract kit cannot know about Twenty. The workspace is ``tests.support.crm.twenty``."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub.connectors.twenty import schemas
from hub.errors import AuthError, ConflictError, RateLimited, RejectedError, Unavailable
from tests.support.crm import House
from tests.support.crm.cast import ANNA, BERT, ORDER, one, order, person, placed
from tests.support.crm.twenty import TwentyDouble


def of(double: TwentyDouble | None = None, **settings: Any) -> House:
    return House(double or TwentyDouble(), **settings).prepare()


def workspace(house: House) -> TwentyDouble:
    assert isinstance(house.double, TwentyDouble)
    return house.double


# -- what people delete


def test_a_change_brings_nothing_back_that_people_merged_away() -> None:
    # twentyhq/twenty#26110: an upsert of many, by id, writes deletedAt: null
    house = of()
    house.known(person(ANNA))
    house.settle()
    record = one(house.double, ANNA)["id"]
    kept = house.double.add_person("a.amsel@example.org")
    house.double.merge_people(kept, record)
    house.known(person(ANNA, "a.amsel@example.org", "anna@example.com", last="Meise"))
    house.settle()
    assert [each["id"] for each in house.double.people()] == [kept]
    assert one(house.double, ANNA)["values"]["name.lastName"] == "Meise"


def test_a_person_whose_email_a_deleted_one_keeps_is_there_all_the_same() -> None:
    # twentyhq/twenty#26216, #24227, #17448: a deleted record blocks its e-mail, and nobody sees it
    house = of()
    typed = house.double.add_person("anna@example.com")
    house.double.delete_person(typed)
    house.known(person(ANNA), person(BERT))
    house.settle()
    assert one(house.double, ANNA)["emails"] == ["anna@example.com"]
    # and one who gets such an e-mail later goes without it, and is delivered
    house.double.delete_person(house.double.add_person("b.bussard@example.org"))
    house.known(person(BERT, "b.bussard@example.org", city="Ulm"))
    house.settle()
    assert "Ulm" in one(house.double, BERT)["values"]["hubAddress"]
    assert set(house.states().values()) == {"delivered"}


def test_an_order_that_people_deleted_is_made_anew_and_what_they_changed_stays() -> None:
    house = of()
    house.known(person(ANNA))
    house.ordered(ORDER, order("1001"), ANNA)
    house.settle()
    workspace(house).records["opportunity"][placed(house.double, ORDER)["id"]]["name"] = "Annas Bestellung"
    house.ordered(ORDER, order("1001", "90.00"), ANNA)
    house.settle()
    held = placed(house.double, ORDER)["values"]
    assert (held["name"], held["amount.amountMicros"]) == ("Annas Bestellung", 90.0)
    house.double.delete_order(placed(house.double, ORDER)["id"])
    house.ordered(ORDER, order("1001", "80.00"), ANNA)
    house.settle()
    assert placed(house.double, ORDER)["values"]["name"] == "1001 (shop)"


# -- lists


def test_further_phones_and_emails_of_people_stay() -> None:
    # transform-phones-value.util.ts clears what is not given
    house = of()
    house.known(person(ANNA, phone="+493023125101"))
    house.settle()
    held = workspace(house).records["person"][one(house.double, ANNA)["id"]]
    held["phones"]["additionalPhones"] = [{"number": "3023125102", "callingCode": "+49", "countryCode": "DE"}]
    held["emails"]["additionalEmails"] = ["chefin@example.net"]
    house.known(person(ANNA, "anna@example.org", phone="+493023125109"))
    house.settle()
    assert [each["number"] for each in held["phones"]["additionalPhones"]] == ["3023125102"]
    assert one(house.double, ANNA)["emails"] == ["anna@example.org", "chefin@example.net"]
    assert one(house.double, ANNA)["values"]["phones.primaryPhoneNumber"] == "+493023125109"


# -- what goes wrong


def test_one_refused_record_keeps_none_of_the_others_though_a_call_is_all_or_nothing() -> None:
    # twentyhq/twenty#5523: a wrong record of /rest/batch/people fails the call
    house = of()
    house.double.refuse("Verboten")
    everybody = [person(key, last="Verboten" if key == BERT else None) for key in (ANNA, BERT)]
    house.known(*everybody)
    house.settle()
    assert one(house.double, ANNA)
    assert house.states()[BERT] == "rejected"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "Token invalid.", "extensions": {"code": "UNAUTHENTICATED"}}, AuthError),
        ({"message": "Limit reached (100 tokens per 60000 ms)", "extensions": {"code": "BAD_USER_INPUT"}}, RateLimited),
        (
            {"message": "Cannot query field hubEmails", "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}},
            RejectedError,
        ),
        ({"message": "anna@example.com", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}, Unavailable),
    ],
)
def test_an_error_of_graphql_counts_though_the_status_is_200(error: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind) as told:
        schemas.nodes(httpx.Response(200, json={"errors": [error], "data": None}))
    assert "anna@example.com" not in str(told.value)


def test_a_taken_value_is_told_from_a_refused_one() -> None:
    for words, kind in (
        ('A duplicate entry was detected: unique constraint "IDX_UNIQUE_1" was violated', ConflictError),
        ("Multiple records found with the same unique field values for emails", ConflictError),
        ("Invalid email", RejectedError),
    ):
        with pytest.raises(kind):
            schemas.answer(httpx.Response(400, json={"statusCode": 400, "messages": [words]}))


# -- set-up


def test_fields_are_made_once_and_a_missing_stage_rests_the_connection() -> None:
    house = of()
    made = sum(call.startswith("POST /rest/metadata") for call in workspace(house).calls)
    assert made == 20 + 3
    house.prepared = False
    house.prepare()
    assert sum(call.startswith("POST /rest/metadata") for call in workspace(house).calls) == made
    plain = TwentyDouble()
    plain.stages.remove("LOST")
    with pytest.raises(AuthError, match="stage_lost: opportunities have no stage 'LOST'"):
        of(plain)
    of(plain, orders="none")


def test_a_data_model_that_hub_may_not_edit_rests_the_connection() -> None:
    double = TwentyDouble()
    double.may_customise = False
    with pytest.raises(AuthError, match="does not make the field hubProfileId"):
        of(double)


def test_a_live_check_tells_what_is_missing() -> None:
    house = of(stage_won="WON", orders="none")
    check = house.destination.check
    assert check is not None
    told = check(house._client(), house.connection.settings.model_copy(update={"orders": "opportunities"}))
    assert told is not None
    assert told.works[0] == "the API key is accepted"
    assert told.wrong == ["stage_won: opportunities have no stage 'WON'"]
    assert "3 fields of opportunity are missing" in told.works[2]
