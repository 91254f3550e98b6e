"""People delivered to a running Tryton 8.2 by config/destinations/tryton.yaml, and read back through its own API.

``tests/real/setup_tryton.sh`` installs it once; then ``pytest -m real -n0 tests/real``.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from hub.application.trial_of_crm import try_crm
from hub.model.profile import ConsentSummary, Profile
from hub.sdk.connection import Connection, load_connections, open_client
from hub.sdk.declared.connector import connector_of, read_declaration
from hub.sdk.destination import ProfileChange, Write, WriteResult
from hub.sdk.testkit.declared import ANNA

pytestmark = pytest.mark.real

FOLDER = Path(os.environ.get("TRYTON_FOLDER", "/tmp/hub-real-tryton"))
FILE = Path(__file__).parents[2] / "config" / "destinations" / "tryton.yaml"
FIELDS = ["name", "contact_mechanisms.type", "contact_mechanisms.value", "addresses.city", "categories"]


@pytest.fixture(scope="module")
def tryton() -> Iterator[str]:
    """A running Tryton's address."""
    assert (FOLDER / "key").exists(), "first run tests/real/setup_tryton.sh"
    listen = (FOLDER / "trytond.conf").read_text().partition("listen = ")[2].splitlines()[0]
    with (FOLDER / "trytond.log").open("w") as log:
        process = subprocess.Popen(
            [FOLDER / "venv/bin/trytond", "-c", FOLDER / "trytond.conf"], cwd=FOLDER, stdout=log, stderr=log
        )
        try:
            for _ in range(300):
                try:
                    httpx.get(f"http://{listen}/", timeout=5)
                    break
                except httpx.TransportError:
                    time.sleep(0.2)
            yield f"http://{listen}"
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="module")
def crm(tryton: str) -> Connection:
    key, category = (FOLDER / "key").read_text().split()
    settings = {"base_url": tryton, "database": "hub", "key": key, "no_mail_category": int(category)}
    declared = {"tryton": connector_of("tryton", read_declaration(FILE))}
    return load_connections({"crm": ("tryton", settings)}, default_region="DE", declared=declared)["crm"]


@pytest.fixture
def anna() -> Profile:
    one = uuid4()
    return ANNA.model_copy(update={"id": one, "emails": (f"anna.{one.hex}@example.com",)})


def rendered(crm: Connection, change: ProfileChange) -> Write:
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


def there(crm: Connection, path: str = "", **query: Any) -> Any:
    """What Tryton itself says."""
    key = (FOLDER / "key").read_text().split()[0]
    url = f"{crm.settings.base_url}/hub/rest/model/party.party{path}"
    answer = httpx.get(url, params={"f": FIELDS, **query}, headers={"authorization": f"bearer {key}"}, timeout=30)
    return answer.json() if answer.is_success else answer.status_code


def values(record: Any) -> set[str]:
    return {row["value"] for row in record["contact_mechanisms"]}


def test_a_person_is_made_changed_and_erased(crm: Connection, anna: Profile) -> None:
    # when somebody is new
    first = rendered(crm, ProfileChange(anna, 1))
    made = delivered(crm, first)
    # then they are there, with their e-mail, phone and address
    record = there(crm, f"/{made.external_id}")
    assert record["name"] == "Anna Müller"
    assert values(record) == {*anna.emails, *anna.phones}
    assert [one["city"] for one in record["addresses"]] == ["Berlin"]
    # when the e-mail is another and the phone is nobody's any more
    moved = anna.model_copy(update={"emails": (f"neu.{anna.id.hex}@example.com",), "phones": ()})
    second = rendered(crm, ProfileChange(moved, 2, (str(made.external_id),), first.mirror))
    assert delivered(crm, second).outcome == "delivered"
    assert values(there(crm, f"/{made.external_id}")) == {*moved.emails}
    # when they are to be forgotten
    erased = ProfileChange(moved, 3, (str(made.external_id),), second.mirror, erased=True)
    assert delivered(crm, rendered(crm, erased)).outcome == "delivered"
    assert there(crm, f"/{made.external_id}") == 404


def test_one_who_was_made_unseen_is_found_and_not_made_twice(crm: Connection, anna: Profile) -> None:
    write = rendered(crm, ProfileChange(anna, 1))
    made = delivered(crm, write)
    again = delivered(crm, replace(write, uncertain=True))
    assert again.external_id == made.external_id


def test_one_who_was_deleted_there_is_made_anew(crm: Connection, anna: Profile) -> None:
    write = rendered(crm, ProfileChange(anna, 1))
    made = delivered(crm, write)
    erased = ProfileChange(anna, 2, (str(made.external_id),), write.mirror, erased=True)
    delivered(crm, rendered(crm, erased))
    anew = delivered(crm, replace(write, external_id=made.external_id))
    assert anew.outcome == "delivered"
    assert anew.external_id != made.external_id


def test_what_people_typed_there_stays(crm: Connection, anna: Profile) -> None:
    # given somebody whom people typed, with the e-mail and a phone
    key = (FOLDER / "key").read_text().split()[0]
    rows = [{"type": "email", "value": anna.emails[0].upper()}, {"type": "phone", "value": "+49 30 111"}]
    typed = httpx.post(
        f"{crm.settings.base_url}/hub/rest/model/party.party",
        json={"name": "Getippt", "contact_mechanisms": [["create", rows]]},
        headers={"authorization": f"bearer {key}"},
        timeout=30,
    ).json()
    # when Hub comes to know them
    first = rendered(crm, ProfileChange(anna, 1))
    made = delivered(crm, first)
    # then it is that record, which keeps the phone beside Hub's
    assert made.external_id == str(typed["id"])
    assert values(there(crm, f"/{made.external_id}")) == {anna.emails[0].upper(), "+49 30 111", *anna.phones}


def test_an_opt_out_is_a_category_and_stays_one(crm: Connection, anna: Profile) -> None:
    said = ConsentSummary(purpose="marketing", channel="email", state="opted_out", at=anna.created_at)
    out = rendered(crm, ProfileChange(anna.model_copy(update={"consents": (said,)}), 1))
    made = delivered(crm, out)
    category = int((FOLDER / "key").read_text().split()[1])
    assert category in there(crm, f"/{made.external_id}")["categories"]
    # and one who opts in again stays out, until somebody there says otherwise
    again = said.model_copy(update={"state": "opted_in"})
    back = anna.model_copy(update={"consents": (again,), "company": "Neu", "emails": (f"n.{anna.id.hex}@example.com",)})
    delivered(crm, rendered(crm, ProfileChange(back, 2, (str(made.external_id),), out.mirror)))
    assert category in there(crm, f"/{made.external_id}")["categories"]


def test_a_trial_tells_what_tryton_holds_and_leaves_nothing(crm: Connection) -> None:
    promises = {each.name: each for each in try_crm(crm, uuid4(), patience=10)}
    assert [each for each in promises.values() if each.is_broken] == []
    # Tryton guards neither Hub's key nor the e-mail
    assert promises["lets only one record have an own key"].holds is False
    assert promises["lets only one record have an e-mail"].holds is False
    assert promises["nothing is left behind"].holds
