"""People and orders delivered to a running BottleCRM by config/destinations/bottlecrm.yaml, and read back from it.

``tests/real/bottlecrm.sh`` installs it once; then ``pytest -m real -n0 tests/real/test_bottlecrm.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from hub.application.trial_of_crm import try_crm
from hub.errors import AuthError
from hub.model.customer import PersonName
from hub.model.order import Order
from hub.model.profile import ConsentSummary, Profile
from hub.sdk.connection import Connection, load_connections, open_client
from hub.sdk.declared.connector import connector_of, read_declaration
from hub.sdk.destination import Change, OrderChange, ProfileChange, Write, WriteResult
from hub.sdk.testkit.declared import ANNA
from tests.real.bottlecrm_server import FOLDER, RealBottleCrm, running

pytestmark = pytest.mark.real

FILE = Path(__file__).parents[2] / "config" / "destinations" / "bottlecrm.yaml"


@pytest.fixture(scope="module")
def bottle() -> Iterator[RealBottleCrm]:
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def crm(bottle: RealBottleCrm) -> Connection:
    declared = {"bottlecrm": connector_of("bottlecrm", read_declaration(FILE))}
    return load_connections({"crm": ("bottlecrm", bottle.settings())}, default_region="DE", declared=declared)["crm"]


@pytest.fixture
def anna() -> Profile:
    one = uuid4()
    return ANNA.model_copy(update={"id": one, "emails": (f"anna.{one.hex}@example.com",)})


def rendered(crm: Connection, change: Change) -> Write:
    assert crm.connector.destination is not None
    write = crm.connector.destination.render(change, crm.settings)
    assert write is not None
    return write


def delivered(crm: Connection, write: Write) -> WriteResult:
    destination = crm.connector.destination
    assert destination is not None
    with open_client(crm, destination) as client:
        [result] = destination.send([write], client, crm.settings)
    return result


def made_there(crm: Connection, profile: Profile) -> tuple[Write, str]:
    """The write of somebody new, and the record they have since."""
    write = rendered(crm, ProfileChange(profile, 1))
    result = delivered(crm, write)
    assert result.outcome == "delivered", result
    return write, str(result.external_id)


def order(profile: Profile, number: str, total: str, state: str = "paid") -> Order:
    told = {"external_id": number, "number": number, "state": state, "placed_at": profile.created_at}
    return Order.model_validate({**told, "currency": "EUR", "total": Decimal(total)})


def test_a_person_is_made_changed_and_erased(crm: Connection, bottle: RealBottleCrm, anna: Profile) -> None:
    # when somebody is new
    first, record = made_there(crm, anna)
    # then they are there as Hub knows them
    there = bottle.contact(record)
    assert (there["first_name"], there["last_name"], there["email"]) == ("Anna", "Müller", anna.emails[0])
    assert (there["phone"], there["city"], there["country"]) == (anna.phones[0], "Berlin", "DE")
    assert there["custom_fields"] == {"hub_profile_id": str(anna.id)}
    # when the e-mail is another, the phone is nobody's any more, and people typed a title meanwhile
    bottle.ask(f"/contacts/{record}/", "PATCH", json={"title": "Dr."})
    moved = anna.model_copy(update={"emails": (f"neu.{anna.id.hex}@example.com",), "phones": ()})
    second = rendered(crm, ProfileChange(moved, 2, (record,), first.mirror))
    assert delivered(crm, second).outcome == "delivered"
    there = bottle.contact(record)
    assert (there["email"], there["phone"], there["title"]) == (moved.emails[0], None, "Dr.")
    assert there["last_name"] == "Müller"
    # when they are to be forgotten
    erased = ProfileChange(moved, 3, (record,), second.mirror, erased=True)
    assert delivered(crm, rendered(crm, erased)).outcome == "delivered"
    assert bottle.contact(record) == 404


def test_one_who_was_made_unseen_is_found_and_not_made_twice(crm: Connection, anna: Profile) -> None:
    write, record = made_there(crm, anna)
    assert delivered(crm, replace(write, uncertain=True)).external_id == record
    # nor where nobody knows of an attempt: the process ended during the creation
    assert delivered(crm, write).external_id == record


def test_one_who_was_deleted_there_is_made_anew(crm: Connection, bottle: RealBottleCrm, anna: Profile) -> None:
    write, record = made_there(crm, anna)
    bottle.ask(f"/contacts/{record}/", "DELETE")
    anew = delivered(crm, replace(write, external_id=record))
    assert anew.outcome == "delivered"
    assert anew.external_id != record


def test_whom_people_typed_is_known_and_keeps_what_they_typed(
    crm: Connection, bottle: RealBottleCrm, anna: Profile
) -> None:
    # given somebody whom people typed, in other letters, who is not active, beside one whose e-mail holds theirs
    told = {"first_name": "Anni", "last_name": "Getippt", "department": "Einkauf", "is_active": False}
    typed = bottle.ask("/contacts/", "POST", json={**told, "email": anna.emails[0].upper()})["id"]
    bottle.ask("/contacts/", "POST", json={**told, "email": f"x{anna.emails[0]}"})
    # when Hub comes to know them by their e-mail alone
    nameless = anna.model_copy(update={"name": PersonName(), "addresses": (), "company": None})
    _, record = made_there(crm, nameless)
    # then it is that record, and what Hub does not know stays
    assert record == typed
    there = bottle.contact(record)
    assert (there["first_name"], there["last_name"], there["department"]) == ("Anni", "Getippt", "Einkauf")
    assert there["custom_fields"]["hub_profile_id"] == str(anna.id)
    assert there["phone"] == anna.phones[0]


def test_a_person_without_a_name_is_made_all_the_same(crm: Connection, bottle: RealBottleCrm, anna: Profile) -> None:
    # given that BottleCRM takes no contact without a first and a last name
    _, record = made_there(crm, anna.model_copy(update={"name": PersonName()}))
    assert (bottle.contact(record)["first_name"], bottle.contact(record)["last_name"]) == ("-", "-")


def test_a_bad_value_is_named_so_that_it_alone_stays_behind(crm: Connection, anna: Profile) -> None:
    # given a country that BottleCRM has no name for
    address = anna.addresses[0].model_copy(update={"country": "XK"})
    refused = delivered(crm, rendered(crm, ProfileChange(anna.model_copy(update={"addresses": (address,)}), 1)))
    # then the next attempt goes without it (hub/outbox)
    assert refused.outcome == "rejected"
    assert [one.property for one in refused.refused] == ["country"]


def test_a_token_that_is_revoked_pauses_the_connection(bottle: RealBottleCrm, anna: Profile) -> None:
    revoked = {**bottle.settings(), "token": "bcrm_pat_revoked"}
    declared = {"bottlecrm": connector_of("bottlecrm", read_declaration(FILE))}
    paused = load_connections({"crm": ("bottlecrm", revoked)}, default_region="DE", declared=declared)["crm"]
    with pytest.raises(AuthError):
        delivered(paused, rendered(paused, ProfileChange(anna, 1)))


def test_a_member_may_not_delete_and_the_erasure_alone_is_refused(
    bottle: RealBottleCrm, crm: Connection, anna: Profile
) -> None:
    # given a contact that somebody else entered, and a token of a member who is assigned to it
    _, record = made_there(crm, anna)
    profiles = bottle.ask("/contacts/?limit=1")["users"]
    member = next(one["id"] for one in profiles if one["user__email"] == "member@example.com")
    bottle.ask(f"/contacts/{record}/", "PATCH", json={"assigned_to": [member]})
    token = {**bottle.settings(), "token": (FOLDER / "member").read_text()}
    declared = {"bottlecrm": connector_of("bottlecrm", read_declaration(FILE))}
    members = load_connections({"crm": ("bottlecrm", token)}, default_region="DE", declared=declared)["crm"]
    refused = delivered(members, rendered(members, ProfileChange(anna, 2, (record,), {}, erased=True)))
    assert (refused.outcome, "permission" in (refused.reason or "")) == ("rejected", True)


def test_an_opt_out_is_there_and_stays(crm: Connection, bottle: RealBottleCrm, anna: Profile) -> None:
    said = ConsentSummary(purpose="marketing", channel="email", state="opted_out", at=anna.created_at)
    out, record = made_there(crm, anna.model_copy(update={"consents": (said,)}))
    assert bottle.contact(record)["custom_fields"]["hub_no_mail"] is True
    back = anna.model_copy(update={"consents": (said.model_copy(update={"state": "opted_in"}),), "company": "Neu"})
    assert delivered(crm, rendered(crm, ProfileChange(back, 2, (record,), out.mirror))).outcome == "delivered"
    assert bottle.contact(record)["custom_fields"]["hub_no_mail"] is True
    assert bottle.contact(record)["organization"] == "Neu"


def test_two_who_are_one_are_one_contact(crm: Connection, bottle: RealBottleCrm, anna: Profile) -> None:
    # given two people, and a deal of the second
    first, kept = made_there(crm, anna)
    bert = anna.model_copy(update={"id": uuid4(), "emails": (f"bert.{anna.id.hex}@example.com",)})
    _, gone = made_there(crm, bert)
    bought = OrderChange(order(bert, f"m-{anna.id.hex[:8]}", "9.90"), "shop", f"key-{bert.id}", gone, 1)
    deal = str(delivered(crm, rendered(crm, bought)).external_id)
    # when they turn out to be one
    both = anna.model_copy(update={"emails": (*anna.emails, *bert.emails), "aliases": (bert.id,)})
    merged = ProfileChange(both, 2, (kept, gone), first.mirror)
    assert delivered(crm, rendered(crm, merged)).outcome == "delivered"
    # then the second contact is gone, and its deal is the first one's
    assert bottle.contact(gone) == 404
    assert [one["id"] for one in bottle.deal(deal)["contacts"]] == [kept]


def test_an_order_is_a_deal_and_moves_with_it(crm: Connection, bottle: RealBottleCrm, anna: Profile) -> None:
    _, record = made_there(crm, anna)
    number = f"A-{anna.id.hex[:8]}"
    bought = OrderChange(order(anna, number, "118.40"), "shop", f"key-{anna.id}", record, 1)
    # when an order is paid
    paid = rendered(crm, bought)
    made = delivered(crm, paid)
    assert made.outcome == "delivered", made
    deal = bottle.deal(str(made.external_id))
    assert (deal["name"], deal["amount"], deal["currency"]) == (f"{number} (shop)", "118.40", "EUR")
    assert deal["stage"] == "CLOSED_WON"
    assert [one["id"] for one in deal["contacts"]] == [record]
    # when it is delivered again after an attempt of unknown outcome, then it is no second deal
    assert delivered(crm, replace(paid, uncertain=True)).external_id == made.external_id
    # when a part of it, then all of it is paid back
    ids = (str(made.external_id),)
    part = rendered(crm, replace(bought, version=2, external_ids=ids, mirror=paid.mirror, refunded=Decimal(18)))
    assert delivered(crm, part).outcome == "delivered"
    assert bottle.deal(ids[0])["amount"] == "100.40"
    back = replace(bought, order=order(anna, number, "118.40", "refunded"), version=3, refunded=Decimal("118.40"))
    rest = rendered(crm, replace(back, external_ids=ids, mirror=part.mirror))
    assert delivered(crm, rest).outcome == "delivered"
    deal = bottle.deal(ids[0])
    assert (deal["stage"], deal["custom_fields"]["hub_order_state"]) == ("CLOSED_LOST", "refunded")


def test_a_free_order_is_a_deal_too(crm: Connection, bottle: RealBottleCrm, anna: Profile) -> None:
    # given that BottleCRM refuses a won deal without an amount
    _, record = made_there(crm, anna)
    free = OrderChange(order(anna, f"F-{anna.id.hex[:8]}", "0"), "shop", f"free-{anna.id}", record, 1)
    made = delivered(crm, rendered(crm, free))
    assert made.outcome == "delivered", made
    assert bottle.deal(str(made.external_id))["stage"] == "NEGOTIATION"


def test_a_trial_tells_what_bottlecrm_holds_and_leaves_nothing(crm: Connection) -> None:
    promises = {each.name: each for each in try_crm(crm, uuid4(), patience=10)}
    assert [each for each in promises.values() if each.is_broken] == []
    # it guards the e-mail, and no custom field
    assert promises["lets only one record have an e-mail"].holds
    assert promises["lets only one record have an own key"].holds is False
    assert promises["nothing is left behind"].holds


@pytest.mark.parametrize("key", ["hub_profile_id", "hub_no_mail"])
def test_a_trial_tells_that_a_custom_field_is_not_defined(crm: Connection, bottle: RealBottleCrm, key: str) -> None:
    # given that somebody took one of Hub's fields away there: BottleCRM drops its value in silence
    [field] = [one["id"] for one in bottle.ask("/custom-fields/")["definitions"] if one["key"] == key]
    bottle.ask(f"/custom-fields/{field}/", "DELETE")
    try:
        promises = try_crm(crm, uuid4(), patience=2)
    finally:
        assert bottle.ask(f"/custom-fields/{field}/", "PUT", json={"is_active": True})["is_active"]
    broken = "finds the record by its own key" if key == "hub_profile_id" else "tells the opt-out"
    assert broken in [each.name for each in promises if each.is_broken]
    assert promises[-1].holds, promises[-1]
