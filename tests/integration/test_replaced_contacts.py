"""What a source has replaced is nobody's: not shown, not written, not unsubscribed, and no proof of who is who (L7)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from hub.matching.rules import IdentityRules
from hub.model.consent import Consent
from hub.model.event import CONTACT_LISTS
from hub.model.profile import Profile
from hub.profiles import view
from hub.sdk.connection import load_connections
from hub.store import migrate
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import at, customer, entry
from tests.support.hubspot import Way

LATER = datetime(2026, 11, 30, tzinfo=UTC)
OLD, NEW = "alt@sommer.example", "neu@sommer.example"
UNSUBSCRIBE = "/communication-preferences/v4/statuses/batch/unsubscribe-all"


def shopify(topic: str, number: int, **body: Any) -> NewEntry:
    return NewEntry("laden", f"{topic}-{number}", topic, "{}", orjson.dumps(body), LATER)


def told(number: int, first: str, last: str, email: str, day: int, **more: Any) -> NewEntry:
    when = f"2026-11-{day:02}T10:00:00+01:00"
    return shopify(
        "customers/update", 100 * number + day, id=number, email=email, first_name=first, last_name=last,
        updated_at=when, **more,
    )  # fmt: skip


IDA_BEFORE = told(81, "Ida", "Sommer", OLD, 1)
IDA_AFTER = told(81, "Ida", "Sommer", NEW, 2)
OPTED_IN = {
    "state": "subscribed",
    "opt_in_level": "confirmed_opt_in",
    "consent_updated_at": "2026-11-03T10:00:00+01:00",
}
KURT = told(82, "Kurt", "Winter", OLD, 3, email_marketing_consent=OPTED_IN)
IDA_LEAVES = shopify(
    "customers_email_marketing_consent/update",
    9_000,
    customer_id=81,
    email_marketing_consent={"state": "unsubscribed", "consent_updated_at": "2026-11-10T10:00:00+01:00"},
)
STORY = (IDA_BEFORE, IDA_AFTER, KURT, IDA_LEAVES)


@pytest.fixture
def way(database: Database) -> Way:
    made = Way(database)
    made.connections |= load_connections({"laden": ("shopify", {"webhook_secret": "s"})}, default_region="DE")
    return made


def profiles(way: Way) -> dict[str, dict[str, Any]]:
    with way.database.session() as session:
        return {
            str(found.name.full): found.model_dump(mode="json", include={"emails", "phones", "consents"})
            for found in view.find(session, limit=10)
            if isinstance(found, Profile)
        }


def unsubscribed(way: Way) -> list[str]:
    return sorted(way.crm.unsubscribed)


@pytest.mark.parametrize("at_once", [True, False])
def test_an_opt_out_reaches_the_present_address_and_not_who_has_the_old_one_now(way: Way, at_once: bool) -> None:
    # given somebody whose address was replaced, and who has the old one now; delivered in between, or not
    for step in (STORY,) if at_once else tuple((one,) for one in STORY):
        way.take(*step)
        way.settle()
    # then the opt-out is of the new address only, and everybody has one address, here and there
    assert unsubscribed(way) == [NEW]
    found = profiles(way)
    assert {name: one["emails"] for name, one in found.items()} == {"Ida Sommer": [NEW], "Kurt Winter": [OLD]}
    assert [one["consents"][0]["state"] for _, one in sorted(found.items())] == ["opted_out", "opted_in"]
    assert sorted((one["lastname"], one["email"]) for one in way.crm.contacts()) == [("Sommer", NEW), ("Winter", OLD)]
    assert not any("hub_emails" in one for one in way.crm.contacts())
    assert (set(way.rows()), way.failures()) == ({"delivered"}, [])


@pytest.mark.parametrize("order", list(itertools.permutations(STORY)), ids=lambda order: "")
def test_in_whatever_order_it_is_told(database: Database, order: Sequence[NewEntry]) -> None:
    way = Way(database)
    way.connections |= load_connections({"laden": ("shopify", {"webhook_secret": "s"})}, default_region="DE")
    way.take(*order[:2])
    way.take(*order[2:])
    assert {name: one["emails"] for name, one in profiles(way).items()} == {
        "Ida Sommer": [NEW],
        "Kurt Winter": [OLD],
    }


def test_the_old_address_leads_to_who_has_it_now(way: Way) -> None:
    way.take(*STORY)
    with way.database.session() as session:
        holders = view.find(session, identifier=f"email:{OLD}", limit=5)
    assert [one.name.full for one in holders if isinstance(one, Profile)] == ["Kurt Winter"]


def test_what_is_told_in_part_replaces_nothing_and_is_not_replaced(way: Way) -> None:
    # given an account, a contact address of an order, which is told in part, and a phone that nobody tells anew
    way.take(
        entry([customer("1", when=at(0), emails=[OLD], phones=["+493023125100"], whole=CONTACT_LISTS)], "a"),
        entry([customer("1", when=at(1), emails=["kauf@sommer.example"])], "b"),
    )
    [ida] = profiles(way).values()
    assert sorted(ida["emails"]) == [OLD, "kauf@sommer.example"]
    # when the account's address is replaced
    way.take(entry([customer("1", when=at(2), emails=[NEW], whole=CONTACT_LISTS)], "c"))
    # then the order's is still there, and so is the phone
    [ida] = profiles(way).values()
    assert (ida["emails"], ida["phones"]) == ([NEW, "kauf@sommer.example"], ["+493023125100"])


def test_several_addresses_at_once_replace_the_ones_before(way: Way) -> None:
    way.take(
        entry([customer("1", when=at(0), emails=["a@sommer.example", "b@sommer.example"], whole=CONTACT_LISTS)], "a"),
        entry([customer("1", when=at(1), emails=["b@sommer.example", "c@sommer.example"], whole=CONTACT_LISTS)], "b"),
    )
    [ida] = profiles(way).values()
    assert ida["emails"] == ["b@sommer.example", "c@sommer.example"]


def test_who_takes_the_old_address_back_has_it_again(way: Way) -> None:
    way.take(*(entry([customer("1", when=at(n), emails=[e], whole=CONTACT_LISTS)], str(n)) for n, e in
               enumerate((OLD, NEW, OLD))))  # fmt: skip
    [ida] = profiles(way).values()
    assert ida["emails"] == [OLD]


def test_what_the_shop_told_of_the_guest_goes_with_the_account(way: Way) -> None:
    # given a guest who made an account with the same address, and then another address
    name = ("Ida", "Sommer")
    way.take(
        entry([customer("g", kind="guest", when=at(0), name=name, emails=[OLD])], "a"),
        entry([customer("1", when=at(1), name=name, emails=[OLD], whole=CONTACT_LISTS)], "b"),
        entry([customer("1", when=at(2), name=name, emails=[NEW], whole=CONTACT_LISTS)], "c"),
    )
    # then they are one person still, who has the new address only
    [ida] = profiles(way).values()
    assert ida["emails"] == [NEW]
    # unless they buy as a guest with the old one again
    way.take(entry([customer("g", kind="guest", when=at(3), name=name, emails=[OLD])], "d"))
    [ida] = profiles(way).values()
    assert ida["emails"] == [OLD, NEW]


def test_a_replaced_phone_is_weak_even_where_phones_are_certain(database: Database) -> None:
    way = Way(database, rules=IdentityRules.model_validate({"identifiers": {"phone": {"strength": "certain"}}}))
    phone, other = "+493023125100", "+493023125177"
    way.take(
        entry([customer("1", when=at(0), name=("Ida", "Sommer"), phones=[phone], whole=CONTACT_LISTS)], "a"),
        entry([customer("1", when=at(1), name=("Ida", "Sommer"), phones=[other], whole=CONTACT_LISTS)], "b"),
        entry([customer("2", when=at(2), name=("Kurt", "Winter"), phones=[phone], whole=CONTACT_LISTS)], "c"),
    )
    # then the new holder is somebody else
    assert {name: sorted(one["phones"]) for name, one in profiles(way).items()} == {
        "Ida Sommer": [other],
        "Kurt Winter": [phone],
    }


def test_an_opt_out_told_by_customer_id_before_the_address_changed_holds_for_the_new_one(way: Way) -> None:
    consent = Consent(channel="email", state="opted_out", at=at(1), explicit=True)
    way.take(
        entry([customer("1", when=at(0), name=("Ida", "Sommer"), emails=[OLD], whole=CONTACT_LISTS)], "a"),
        entry([customer("1", when=at(1), consents=(consent,))], "b"),
    )
    way.settle()
    assert unsubscribed(way) == [OLD]
    way.take(entry([customer("1", when=at(2), emails=[NEW], whole=CONTACT_LISTS)], "c"))
    way.settle()
    assert unsubscribed(way) == sorted([OLD, NEW])


def test_what_was_replaced_before_the_upgrade_is_read_again(way: Way, dsn: str) -> None:
    # given a database of before, whose states do not tell what was told in full
    way.take(*STORY)
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "UPDATE record SET state = regexp_replace(state, ',\"whole\":\\{\"emails\":\\{[^}]*\\}\\}', '')"
        )
        connection.commit()
        engine = create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool)
        config = Config()
        config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
        with engine.connect() as bound:
            config.attributes["connection"] = bound
            command.downgrade(config, "0008")
            bound.commit()
        [(whole,)] = connection.execute("SELECT count(*) FROM record WHERE state LIKE '%whole%'").fetchall()
        assert whole == 0
    # when it is upgraded
    migrate.migrate(dsn)
    way.take()
    # then the events behind records with several addresses were read again, and only these
    assert profiles(way)["Ida Sommer"]["emails"] == [NEW]
