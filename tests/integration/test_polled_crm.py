"""Law L10 with CRMs that are polled: what people change there is told, and what Hub wrote is no news."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from hub.model.address import Address
from hub.model.consent import Consent
from hub.store.database import Database
from tests.support.crm import doubles
from tests.support.crm.activecampaign import UNSUBSCRIBED
from tests.support.doubles import START, at, customer, entry
from tests.support.polled_crm import Polled

HOME = Address(line1="Große Straße 12", postal_code="49074", city="Osnabrück", country="DE")

TELLS_DELETIONS = frozenset({"zoho", "dynamics", "twenty"})
"""Those whose lists name who was deleted."""


def polled(database: Database, slug: str, **how: Any) -> Polled:
    """A double of this CRM, in the manner asked for."""
    double = doubles()[slug]()
    for name, value in how.items():
        setattr(double, name, value)
    return Polled(database, double)


def anna(number: int = 1, seconds: float | None = None, **more: Any) -> Any:
    told = {"name": ("Anna", "Berg"), "emails": ["anna@example.com"], "addresses": (HOME,), "language": "de", **more}
    moment = at(number - 1 if seconds is None else seconds)
    return entry([customer("1", when=moment, phones=["+49541987654"], **told)], f"e{number}")


@pytest.mark.parametrize(
    ("slug", "how"),
    [
        ("odoo", {"api": "json2"}),
        ("odoo", {"api": "jsonrpc"}),
        *((slug, {}) for slug in ("pipedrive", "zoho", "dynamics", "twenty", "suitecrm", "activecampaign")),
    ],
)
def test_what_people_change_is_told_and_what_hub_wrote_is_not(
    database: Database, slug: str, how: Mapping[str, Any]
) -> None:
    # given a person whom Hub wrote there
    way = polled(database, slug, **how)
    way.take(anna())
    way.settle()
    before, written = way.golden(), way.written
    assert written
    # when all that comes back, twice, then it is no news, and nothing is written
    way.settle()
    assert (way.golden(), way.written) == (before, written)
    assert [record["connection"] for record in before["records"]] == ["shop"]
    # when somebody there corrects the phone
    double: Any = way.double
    [person] = double.people()
    double.edit(person["id"], phone="+49541987655" if slug == "twenty" else "0541 987655")
    way.later()
    way.settle()
    way.settle()
    # then it is the person's first one, it stays as it was typed, and nobody is there twice
    told = way.golden()
    assert told["phones"] == ["+49541987655", "+49541987654"]
    assert told["name"]["full"] == "Anna Berg"
    [person] = double.people()
    assert {"0541 987655", "+49541987655"} & set(map(str, person["values"].values()))
    # when somebody deletes the record there, then nobody is erased, and no new one is made of them
    if slug in TELLS_DELETIONS:
        double.delete_person(person["id"])
        way.settle()
        way.take(anna(2, company="Berg GmbH"))
        way.settle()
        assert (way.golden()["phones"], double.people()) == (told["phones"], [])


def test_in_odoo_a_city_is_corrected_beside_it(database: Database) -> None:
    way = polled(database, "odoo", api="json2")
    way.take(anna())
    way.settle()
    double: Any = way.double
    [person] = double.people()
    double.edit(person["id"], city="Melle")
    way.later()
    way.settle()
    [person] = double.people()
    assert (person["values"]["city"], way.golden()["addresses"][0]["city"]) == ("Melle", "Melle")


def test_an_edit_that_loses_before_hub_sends_leaves_no_difference(database: Database) -> None:
    # found by the schedules of tests/real/test_odoo_both_ways.py when they ran against the double: polled within 30
    # seconds of a write, and gone back to what Hub wrote last before Hub wrote again
    way = polled(database, "odoo", api="json2")
    way.take(anna())
    way.settle()
    double: Any = way.double
    [person] = double.people()
    double.edit(person["id"], phone="0541 987655")
    way.poll()
    assert way.golden()["phones"][0] == "+49541987655"
    ahead = datetime.now(UTC) - START
    way.take(anna(2 + round(ahead.total_seconds())))
    assert way.golden()["phones"][0] == "+49541987654"
    # then Hub's value is written, once
    before = way.written
    way.settle()
    way.settle()
    [person] = double.people()
    assert (person["values"]["phone"], way.written) == ("+49541987654", before + 1)


@pytest.mark.parametrize("slug", ["pipedrive", "zoho"])
def test_a_note_of_a_person_there_is_of_whom_hub_wrote_the_record_for_and_hubs_own_is_none(
    database: Database, slug: str
) -> None:
    # given a person whom Hub wrote there, so that the CRM has told nothing of her
    way = polled(database, slug)
    way.take(anna())
    way.settle()
    double: Any = way.double
    [person] = double.people()
    # when somebody writes a note there, and Hub does
    texts = ("Likes tea", "Order placed\nHub activity 3b0a6c1e-7d2f-4e58-9a34-5f1c2d3e4b5a")
    for number, text in enumerate(texts, 1):
        if slug == "pipedrive":
            double.notes[number] = {"id": number, "content": text, "person_id": int(person["id"])}
        else:
            double.save("Notes", None, {"Note_Content": text, "Parent_Id": {"id": person["id"]}})
    way.settle()
    # then hers is one interaction, in her one profile
    with way.database.session() as session:
        told = "fact f JOIN record r ON r.id = f.record_id WHERE f.kind = 'interaction'"
        kinds = session.rows(f"SELECT f.payload, r.profile_id FROM {told}")
        profiles = [row[0] for row in session.rows("SELECT id FROM profile")]
    [(payload, home)] = kinds
    assert orjson.loads(payload)["text"] == "Likes tea"
    assert profiles == [home]


def test_whom_people_tell_no_in_activecampaign_is_told_and_so_are_tags(database: Database) -> None:
    way = polled(database, "activecampaign")
    way.take(anna())
    way.settle()
    double: Any = way.double
    [person] = double.people()
    # when a colleague gives a tag, and the person leaves the newsletter
    double.tags["900"] = {"id": "900", "tag": "Presse", "tagType": "contact"}
    double.given[person["id"]]["901"] = "900"
    double.rows[person["id"]]["3"] = UNSUBSCRIBED
    double.edit(person["id"], phone="+49541987654")
    way.later()
    way.settle()
    told = way.golden()
    assert told["tags"] == ["Presse"]
    assert [(one["channel"], one["state"]) for one in told["consents"]] == [("email", "opted_out")]
    assert double.subscribed == []


@pytest.mark.parametrize("slug", ["pipedrive", "zoho", "dynamics", "twenty", "suitecrm"])
def test_an_opt_out_that_somebody_sets_there_is_heard_once_and_hubs_own_is_none(database: Database, slug: str) -> None:
    # given a subscriber of the shop, whom Hub wrote there
    way = polled(database, slug)

    def consent() -> Any:
        found = [one for one in way.golden().get("consents", ()) if one["channel"] == "email"]
        return found[0]["state"] if found else None

    def says(number: int, minutes: int, state: Any) -> Any:
        told = Consent(channel="email", state=state, at=at(minutes), evidence="form", explicit=True)
        return anna(number, minutes, consents=(told,))

    way.take(says(1, 0, "opted_in"))
    way.settle()
    assert consent() == "opted_in"
    # when somebody there ticks that she wants no mail, then she is opted out, and it stays as it was set
    double: Any = way.double
    double.opt_out_there("anna@example.com")
    way.later()
    way.settle()
    way.settle()
    assert consent() == "opted_out"
    assert double.opted_out == {"anna@example.com"}
    [person] = double.people()
    assert "opted_out" in person["values"].values(), "Hub's own field of her consent does not say so"
    # and when she opts in by an act of her own that is newer, no reading of what still stands there opts her out again
    newer = 200 * 86_400
    way.take(says(2, newer, "opted_in"))
    way.settle()
    assert consent() == "opted_in"
    [person] = double.people()
    double.edit(person["id"], phone="+49541987655")
    way.later()
    way.settle()
    assert consent() == "opted_in"
    assert "+49541987655" in way.golden()["phones"]
    # and an opt-out of hers that Hub wrote there comes back as none of anybody's there
    way.take(says(3, newer + 10, "opted_out"))
    way.settle()
    way.take(says(4, newer + 20, "opted_in"))
    way.settle()
    double.edit(person["id"], phone="+49541987656")
    way.later()
    way.settle()
    assert consent() == "opted_in"
    assert "+49541987656" in way.golden()["phones"]
    assert double.opted_out == {"anna@example.com"}
