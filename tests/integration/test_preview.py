"""``hub outbox preview``: before and after, and what is sent then is what was shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from hub.cli.previewing import document, show
from hub.mapping.overrides import compile_overrides
from hub.outbox.before_after import Field, Record, record_of
from hub.outbox.deliver import Sender
from hub.outbox.preview import Preview, preview
from hub.sdk.connection import Connection, load_connections
from hub.sdk.destination import ProfileChange
from hub.store.database import Database
from tests.support.crm import house_before
from tests.support.crm.cast import ANNA
from tests.support.crm.cast import person as cast_person
from tests.support.doubles import at, customer, entry
from tests.support.hubspot import Way, client_of

MAIL = "anna@example.com"


@pytest.fixture
def way(database: Database) -> Way:
    """A Hub that delivered Anna."""
    made = Way(database)
    made.take(entry([customer("1", when=at(0), name=("Anna", "Berg"), emails=[MAIL])], "e1"))
    made.settle()
    return made


def anna(database: Database) -> UUID:
    with database.session() as session:
        [(key,)] = session.rows("SELECT id FROM profile", [])
    return UUID(str(key))


def mapped(connection: Connection, fields: dict[str, Any]) -> Connection:
    assert connection.connector.own_fields is not None
    compiled, faults = compile_overrides({"fields": fields}, connection.connector.own_fields(connection.settings))
    assert not faults
    return replace(connection, settings=connection.settings.with_mapping(compiled))  # type: ignore[attr-defined]


def shown(way: Way, connection: Connection | None = None, *, live: bool = False, **chosen: Any) -> Preview:
    sender = Sender(way.database, connection or way.connection, way.routes, "preview")
    with way.database.session() as session:
        return preview(session, sender, client=client_of(way.crm) if live else None, **chosen)


def fields(found: Preview) -> dict[str, Field]:
    [one] = [record for record in found.records if record.kind == "profile"]
    return {each.name: each for each in one.fields}


def test_a_change_is_shown_before_and_after_and_what_is_sent_is_what_was_shown(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a profile that changed
    way.take(entry([customer("1", when=at(5), name=("Anna", "Klein"), emails=[MAIL])], "e2"))
    found = shown(way, profile=anna(way.database))
    # then the field that differs is shown, and no other
    assert fields(found) == {"lastname": Field("lastname", "Berg", "Klein")}
    assert found.records[0].action == "update"
    [request] = found.requests
    # and what goes out is that request
    sent: list[Any] = []
    plain = way.crm.transport()

    def noted(asked: httpx.Request) -> httpx.Response:
        sent.append((asked.method, asked.url.path, orjson.loads(asked.content or b"null")))
        return plain.handle_request(asked)

    monkeypatch.setattr(way.crm, "transport", lambda: httpx.MockTransport(noted))
    way.send()
    assert (request.method, request.path, request.body) in sent


def test_a_profile_that_does_not_wait_is_shown_as_a_new_mapping_file_would_write_it(way: Way) -> None:
    key = anna(way.database)
    # given a delivered profile: without a change nothing would go out
    assert shown(way, profile=key).records == [Record("profile", key, way.crm.contacts()[0]["id"], "nothing")]
    # when somebody tries a mapping file
    found = shown(way, mapped(way.connection, {"jobtitle": {"constant": "Customer"}}), profile=key)
    # then its field alone is shown, and nothing waits or was sent
    assert fields(found) == {"jobtitle": Field("jobtitle", None, "Customer")}
    assert way.rows() == {"delivered": 1}


def test_live_shows_what_people_typed_there_and_the_rule_that_keeps_it(way: Way) -> None:
    key, contact = anna(way.database), way.crm.contacts()[0]
    with client_of(way.crm) as client:
        body = {"inputs": [{"id": contact["id"], "properties": {"lastname": "von Berg"}}]}
        client.request("POST", "/crm/v3/objects/contacts/batch/update", body=body)
    own = mapped(way.connection, {"lastname": {"value": "upper(name.last)", "write": "never_after_edit"}})
    found = shown(way, own, profile=key, live=True)
    told = fields(found)["lastname"]
    assert (told.before, told.there, told.after, told.rule) == ("Berg", "von Berg", "BERG", "never_after_edit")
    assert found.warnings == []
    assert document(found)["records"][0]["fields"][0]["there"] == "von Berg"
    # and nothing was written
    assert way.crm.contacts()[0]["lastname"] == "von Berg"


def test_a_crm_that_is_away_hides_nothing(way: Way) -> None:
    way.take(entry([customer("1", when=at(5), name=("Anna", "Klein"), emails=[MAIL])], "e2"))
    way.crm.fail(path="batch/read", status=403)
    found = shown(way, profile=anna(way.database), live=True)
    assert list(fields(found)) == ["lastname"]
    assert len(found.warnings) == 1
    assert "cannot be read" in found.warnings[0]


def test_what_a_mapping_file_cannot_work_out_is_told_and_never_a_value(way: Way, capsys: pytest.CaptureFixture[str]):
    own = mapped(way.connection, {"jobtitle": "lower(to_array(@)[0])", "city": {"constant": "Kiel"}})
    found = shown(way, own, profile=anna(way.database))
    assert list(fields(found)) == ["city"]
    [fault] = found.records[0].faults
    assert fault.startswith("jobtitle: ")
    assert "Berg" not in fault
    show(found)
    assert "not written: jobtitle" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("slug", "options"),
    [
        ("csv", {"path": "people.csv", "fields": {"external_id": "id", "email": "mail", "last_name": "name"}}),
        ("webhook", {"url": "https://bi.example.com/in", "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}),
        ("salesforce", None), ("odoo", None), ("espocrm", None), ("pipedrive", None), ("zoho", None), ("twenty", None),
        ("dynamics", None),
    ],
)  # fmt: skip
def test_every_destination_is_shown(way: Way, slug: str, options: dict[str, Any] | None) -> None:
    if options is None:
        connection = replace(house_before(slug).connection, name="crm2")
    else:
        connection = load_connections({"crm2": (slug, options)}, default_region="DE")["crm2"]
    found = shown(way, connection, profile=anna(way.database))
    [one] = found.records
    assert (one.action, one.external_id) == ("create", None)
    assert one.fields
    assert orjson.loads(orjson.dumps(document(found), default=str))["destination"] == "crm2"
    assert "whsec_" not in str(document(found))


def test_keys_that_only_the_account_knows_are_learned_live_and_told_to_be_missing_without(way: Way) -> None:
    house = house_before("pipedrive")
    house.known(cast_person(ANNA, MAIL, first="Anna"))
    house.settle()
    settings = house.connection.settings.model_copy(update={"person_keys": {}})
    connection = replace(house.connection, name="crm2", settings=settings)
    without = shown(way, connection, profile=anna(way.database))
    assert "--live" in without.warnings[0]
    sender = Sender(way.database, connection, way.routes, "preview")
    with way.database.session() as session:
        found = preview(session, sender, profile=anna(way.database), client=house._client())
    assert found.warnings == []
    # the search for the newest persons asks for the field of Hub's own, whose key is known now
    asked = [[request for request in one.requests if "custom_fields" in request.query] for one in (without, found)]
    assert (asked[0], len(asked[1])) == ([], 1)


def test_what_may_have_been_written_unseen_is_said_to_be_unknown() -> None:
    house = house_before("hubspot")
    change = ProfileChange(cast_person(ANNA, MAIL, first="Anna"), 1, ("7",), {"firstname": None, "lastname": "Berg"})
    write = house.destination.render(change, house.connection.settings)
    told = {one.name: one for one in record_of(ANNA, change, write, house.connection.settings).fields}
    assert not told["firstname"].is_known
    assert (told["lastname"].before, told["lastname"].after, told["lastname"].is_known) == ("Berg", "Amsel", True)
