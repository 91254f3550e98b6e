"""One refused value never loses the contact, and a CRM that lost what Hub needs there is set up again."""

from __future__ import annotations

from typing import Any

import pytest

from hub.model.consent import Consent
from hub.model.profile import Profile
from hub.outbox.deliver import deliver
from hub.profiles import view
from hub.sandbox.records import invalid
from hub.store import outbox
from hub.store.database import Database
from tests.support.doubles import at, customer, entry
from tests.support.hubspot import Way

BAD, GOOD = "berta@b36.c0m", "berta@b36.example.com"


@pytest.fixture
def way(database: Database) -> Way:
    return Way(database)


def berta(way: Way) -> dict[str, Any]:
    [contact] = way.crm.contacts()
    return contact


def listed(way: Way) -> list[tuple[str, str]]:
    """State and refused values of what ``hub outbox list`` shows."""
    with way.database.session() as session:
        return [(row["state"], row["refused"]) for row in outbox.page(session, states=["rejected"], refused=True)]


def shown(way: Way) -> Profile:
    with way.database.session() as session:
        [found] = view.find(session, text="Berta", limit=2)
    assert isinstance(found, Profile)
    return found


def told(event_id: str, *emails: str, when: int = 0, **fields: Any) -> Any:
    return entry([customer("1", when=at(when), name=("Berta", "Bom"), emails=emails, **fields)], event_id)


def test_a_refused_e_mail_is_left_out_and_the_row_says_so(way: Way) -> None:
    way.take(told("e1", BAD))
    way.settle()
    assert (berta(way)["firstname"], "email" in berta(way), way.rows()) == ("Berta", False, {"delivered": 1})
    assert listed(way) == [("delivered", "email: INVALID_EMAIL")]
    [there] = shown(way).destinations
    assert (there.state, there.refused) == ("in_sync", ("email: INVALID_EMAIL",))


def test_the_next_e_mail_is_tried(way: Way) -> None:
    way.take(told("e1", BAD, GOOD))
    way.settle()
    assert (berta(way)["email"], listed(way)) == (GOOD, [("delivered", "email: INVALID_EMAIL")])
    # when nothing is new, nothing is sent
    calls = way.crm.stats()["calls"]
    way.settle()
    assert way.crm.stats()["calls"] == calls


def test_a_refusal_of_the_whole_call_leaves_out_the_one_value_of_the_one_record(way: Way) -> None:
    # given a CRM that answers 400 for the whole batch, as for inputs without a trace id
    batch = way.crm.batch

    def strict(body: Any, query: Any, kind: str, action: str) -> Any:
        bare = [{k: v for k, v in one.items() if k != "objectWriteTraceId"} for one in body["inputs"]]
        for one in bare:
            check(one.get("properties", {}))
        return batch(body, query, kind, action)

    def check(properties: Any) -> None:
        if properties.get("email") == BAD:
            raise invalid("email", "INVALID_EMAIL", f"{BAD} was not a valid email.")

    way.crm.batch = strict  # type: ignore[method-assign]
    others = [entry([customer(f"c{n}", emails=[f"k{n}@example.com"])], f"k{n}") for n in range(12)]
    way.take(told("e1", BAD, GOOD), *others)
    way.settle()
    assert (way.rows(), len(way.crm.contacts())) == ({"delivered": 13}, 13)
    assert [contact["email"] for contact in way.crm.contacts() if contact.get("firstname")] == [GOOD]


def test_a_good_e_mail_that_comes_later_is_written(way: Way) -> None:
    way.take(told("e1", BAD))
    way.settle()
    way.take(entry([customer("1", when=at(9), name=("Berta", "Bom"), emails=[GOOD])], "e2"))
    way.settle()
    assert (berta(way)["email"], listed(way)) == (GOOD, [])


def test_what_a_contact_had_stays_known_while_its_new_value_is_refused(way: Way) -> None:
    way.take(told("e1", GOOD))
    way.settle()
    way.take(told("e2", BAD, when=5))
    way.settle()
    assert (berta(way)["email"], listed(way)) == (GOOD, [("delivered", "email: INVALID_EMAIL")])
    with way.database.session() as session:
        [(mirror,)] = session.rows("SELECT properties::jsonb ->> 'email' FROM mirror")
    assert mirror == GOOD


def test_an_opt_out_is_passed_on_for_the_e_mails_that_are_known_there(way: Way) -> None:
    no = Consent(channel="email", state="opted_out", at=at(1), explicit=True)
    way.take(told("e1", BAD, GOOD, consents=(no,)))
    way.settle()
    assert (way.crm.unsubscribed, way.rows()) == ({GOOD}, {"delivered": 1})


def test_several_refused_values_cost_only_themselves(way: Way) -> None:
    del way.crm.definitions["contacts"]["company"], way.crm.definitions["contacts"]["phone"]
    way.take(told("e1", BAD, phones=["+493023125017"], company="Bom KG"))
    way.settle()
    assert (berta(way)["lastname"], way.rows()) == ("Bom", {"delivered": 1})
    [(_, refused)] = listed(way)
    assert set(refused.split(", ")) == {
        "email: INVALID_EMAIL", "phone: PROPERTY_DOESNT_EXIST", "company: PROPERTY_DOESNT_EXIST"
    }  # fmt: skip


def test_who_was_deleted_there_for_good_does_not_come_back_without_the_e_mail(way: Way) -> None:
    way.crm.blocked.add(GOOD)
    way.take(told("e1", GOOD))
    way.settle()
    assert (way.crm.contacts(), way.rows()) == ([], {"rejected": 1})


# -- a CRM that lost what Hub needs there


def lose_properties(way: Way) -> None:
    for kind, definitions in way.crm.definitions.items():
        way.crm.definitions[kind] = {name: one for name, one in definitions.items() if not name.startswith("hub_")}
        way.crm.groups[kind].clear()


@pytest.mark.parametrize("emptied", [False, True])
def test_a_crm_that_lost_its_properties_is_set_up_again(way: Way, emptied: bool) -> None:
    sender = way.sender()
    way.take(told("e1", GOOD))
    deliver(sender)
    for record in list(way.crm.records["contacts"].values()) if emptied else ():
        way.crm.remove(record)
    lose_properties(way)
    # when the same process goes on, with news of one person and of others
    others = [entry([customer(f"c{n}", emails=[f"k{n}@example.com"])], f"k{n}") for n in range(30)]
    way.take(told("e2", GOOD, when=5, company="Bom KG"), *others)
    deliver(sender)
    # then nothing is rejected, and nothing is there twice
    assert way.rows() == {"delivered": 31}
    assert (way.crm.stats()["contacts"], way.crm.stats()["duplicates"], listed(way)) == (31, 0, [])
    assert "hub_profile_id" in way.crm.definitions["contacts"]


def test_it_is_set_up_again_once_a_call_and_not_once_a_record(way: Way) -> None:
    sender = way.sender()
    way.take(told("e1", GOOD))
    deliver(sender)
    lose_properties(way)
    before = way.crm.calls["GET /crm/v3/properties/contacts"]
    way.take(*(entry([customer(f"c{n}", emails=[f"k{n}@example.com"])], f"k{n}") for n in range(40)))
    deliver(sender)
    assert way.crm.calls["GET /crm/v3/properties/contacts"] - before == 1
    assert way.rows() == {"delivered": 41}
