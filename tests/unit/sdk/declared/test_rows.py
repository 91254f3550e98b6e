"""What a declaration says of lists of rows, encoded queries, pages, ids in headers and requests that follow."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from hub.errors import ConfigError, Unavailable
from hub.sdk.connection import Connection, open_client
from hub.sdk.declared.connector import read_declaration
from hub.sdk.destination import ProfileChange, Write
from hub.sdk.testkit.declared import ANNA
from tests.unit.sdk.declared.test_declaration import changed, connected, file, rendered

RECORD = {"id": "id", "owner": "ext.hub", "emails": "mails[].value"}
MAIL = {"row": {"kind": "mail", "value": "$value"}, "is": "kind == 'mail'", "value": "value"}
BY_CHANGES = {
    "add": ["add", "$row"],
    "change": ["change", "$id", "$row"],
    "remove": ["remove", "$id"],
    "fields": {"mail": MAIL},
}
AS_A_WHOLE = {"fields": {"mail": MAIL}}


def with_list(rows: dict[str, Any]) -> dict[str, Any]:
    fields = {"mail": "emails", "name": "name.full"}
    return changed(person__fields=fields, person__unique=[], person__record=RECORD, person__lists={"mails": rows})


def sent(crm: Connection, write: Write, there: Any) -> list[httpx.Request]:
    """The requests of one write to a record that is known."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=there)

    destination = crm.connector.destination
    assert destination is not None
    with open_client(crm, destination, transport=httpx.MockTransport(answer)) as client:
        [result] = destination.send([write], client, crm.settings)
    assert result.outcome == "delivered"
    return requests


def moved(crm: Connection, *emails: str) -> Write:
    mirror = rendered(crm, ProfileChange(ANNA, 1)).mirror
    return rendered(crm, ProfileChange(ANNA.model_copy(update={"emails": emails}), 2, ("7",), mirror))


THERE = {
    "id": 7,
    "ext": {"hub": str(ANNA.id)},
    "mails": [
        {"id": 1, "kind": "mail", "value": "typed@example.com"},
        {"id": 2, "kind": "mail", "value": "Anna.Mueller@Example.com"},
        {"id": 3, "kind": "fax", "value": "anna.mueller@example.com"},
    ],
}


@pytest.mark.parametrize(
    ("emails", "changes"),
    [
        # Hub's own row is changed, and what people typed stays
        (["new@example.com"], [["change", 2, {"kind": "mail", "value": "new@example.com"}]]),
        (["anna.mueller@example.com", "b@example.com"], [["add", {"kind": "mail", "value": "b@example.com"}]]),
        # one that people typed already is not added once more
        (["typed@example.com"], [["remove", 2]]),
        ([], [["remove", 2]]),
    ],
)
def test_rows_of_hub_follow_and_those_of_people_stay(tmp_path: Path, emails: list[str], changes: list[Any]) -> None:
    crm = connected(tmp_path, with_list(BY_CHANGES))
    read, update = sent(crm, moved(crm, *emails), THERE)
    assert (read.method, update.method) == ("GET", "PATCH")
    assert json.loads(update.content)["person"]["mails"] == changes


def test_a_list_that_is_replaced_as_a_whole_keeps_what_people_typed(tmp_path: Path) -> None:
    crm = connected(tmp_path, with_list(AS_A_WHOLE))
    _, update = sent(crm, moved(crm, "new@example.com"), THERE)
    kept = [THERE["mails"][0], THERE["mails"][2]]  # type: ignore[index]
    assert json.loads(update.content)["person"]["mails"] == [*kept, {"kind": "mail", "value": "new@example.com"}]


def test_nothing_of_a_list_is_sent_when_it_is_as_it_should_be(tmp_path: Path) -> None:
    crm = connected(tmp_path, with_list(BY_CHANGES))
    there = {**THERE, "mails": [{"id": 2, "kind": "mail", "value": " NEW@example.com"}]}
    _, update = sent(crm, moved(crm, "new@example.com"), there)
    assert "mails" not in json.loads(update.content)["person"]


def test_a_search_may_hold_its_condition_as_json_and_be_told_in_pages(tmp_path: Path) -> None:
    search = {
        "by": "email",
        "request": "GET /people",
        "query": {"d": {"base64": ["mail", "=", "$value"]}, "f": ["id", "mail"]},
        "items": "people",
        "next": "next",
        "next_query": {"cursor": "{next}"},
    }
    own = {"by": "own", "request": "POST /search", "body": {"hub": "$value"}, "items": "people"}
    crm = connected(tmp_path, changed(person__find=[own, search]))
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            asked.append(request)
            second = "cursor" in request.url.params
            found = [{"id": 8, "mail": "anna.mueller@example.com"}] if second else []
            return httpx.Response(200, json={"people": found, "next": None if second else "p2"})
        return httpx.Response(200, json={"people": []})

    destination = crm.connector.destination
    assert destination is not None
    with open_client(crm, destination, transport=httpx.MockTransport(answer)) as client:
        [result] = destination.send([rendered(crm, ProfileChange(ANNA, 1))], client, crm.settings)
    # then the record of the second page is taken over
    assert result.external_id == "8"
    assert json.loads(urlsafe_b64decode(asked[0].url.params["d"])) == ["mail", "=", "anna.mueller@example.com"]
    assert asked[1].url.params.get_list("f") == ["id", "mail"]
    assert asked[1].url.params["cursor"] == "p2"


def by_link(link: str) -> tuple[list[httpx.URL], Callable[[httpx.Request], httpx.Response]]:
    """A CRM that leads to the second page, where Anna is, by ``link``."""
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            return httpx.Response(200, json={"people": []})
        asked.append(request.url)
        found = [{"id": 8, "mail": "anna.mueller@example.com"}] if len(asked) == 2 else []
        return httpx.Response(200, json={"people": found, "paging": {"next": link if len(asked) == 1 else None}})

    return asked, answer


BY_LINK: Mapping[str, Any] = {
    "by": "email", "request": "GET /people", "query": {"mail": "{value}", "size": "1"}, "items": "people",
    "next": "paging.next",
}  # fmt: skip


@pytest.mark.parametrize("link", ["https://evil.example.net/steal?at=p%2B2&size=5", "/people?at=p%2B2&size=5"])
def test_a_link_to_the_next_page_is_followed_and_leads_to_no_other_system(tmp_path: Path, link: str) -> None:
    own = {"by": "own", "request": "POST /search", "body": {"hub": "$value"}, "items": "people"}
    crm = connected(tmp_path, changed(person__find=[own, BY_LINK]))
    asked, answer = by_link(link)
    destination = crm.connector.destination
    assert destination is not None
    with open_client(crm, destination, transport=httpx.MockTransport(answer)) as client:
        [result] = destination.send([rendered(crm, ProfileChange(ANNA, 1))], client, crm.settings)
    assert result.external_id == "8"
    assert (asked[1].host, asked[1].path) == (asked[0].host, asked[0].path)
    assert dict(asked[1].params) == {"mail": "anna.mueller@example.com", "at": "p+2", "size": "5"}


def test_a_next_page_that_is_no_link_writes_nothing_rather_than_a_second_record(tmp_path: Path) -> None:
    own = {"by": "own", "request": "POST /search", "body": {"hub": "$value"}, "items": "people"}
    crm = connected(tmp_path, changed(person__find=[own, BY_LINK]))
    _, answer = by_link("p2")
    destination = crm.connector.destination
    assert destination is not None
    with (
        open_client(crm, destination, transport=httpx.MockTransport(answer)) as client,
        pytest.raises(Unavailable, match="next_query tells where it goes"),
    ):
        destination.send([rendered(crm, ProfileChange(ANNA, 1))], client, crm.settings)


def test_a_list_whose_values_are_unique_is_guarded_value_by_value(tmp_path: Path) -> None:
    # given a CRM that lets only one record have an e-mail, and keeps them as rows
    crm = connected(tmp_path, {**(rows := with_list(AS_A_WHOLE)), "person": {**rows["person"], "unique": ["mail"]}})
    shared, another = "shared@example.com", "00000000-0000-0000-0000-00000000ac02"
    first = ANNA.model_copy(update={"emails": ("anna@example.com", shared)})
    second = ANNA.model_copy(update={"id": UUID(another), "emails": (shared,)})
    writes = [rendered(crm, ProfileChange(one, 1)) for one in (first, second)]
    made: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/search"):
            return httpx.Response(200, json={"data": {"people": held}})
        made.append(request.url.path)
        return httpx.Response(200, json={"data": {"id": 9}})

    destination = crm.connector.destination
    assert destination is not None
    held: list[Any] = []
    # when both are written in one batch, then the first is delivered, and the other waits for the next
    with open_client(crm, destination, transport=httpx.MockTransport(answer)) as client:
        results = destination.send(writes, client, crm.settings)
        assert [result.outcome for result in results] == ["delivered", "retry"]
        # and when another's record has the second e-mail of a list, nothing is written at once
        held = [{"id": 9, "ext": {"hub": another}, "mails": [{"id": 1, "kind": "mail", "value": shared}]}]
        [result] = destination.send(writes[:1], client, crm.settings)
    assert (result.outcome, len(made)) == ("retry", 1)


def test_pages_that_never_end_are_read_no_further(tmp_path: Path) -> None:
    search = {
        "by": "email", "request": "GET /people", "query": {"mail": "{value}"}, "items": "people", "next": "next",
        "next_query": {"cursor": "{next}"},
    }  # fmt: skip
    own = {"by": "own", "request": "POST /search", "body": {"hub": "$value"}, "items": "people"}
    crm = connected(tmp_path, changed(person__find=[own, search]))
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        return httpx.Response(200, json={"people": [], "next": f"page {len(calls)}", "data": {"id": 9}})

    destination = crm.connector.destination
    assert destination is not None
    with (
        open_client(crm, destination, transport=httpx.MockTransport(answer)) as client,
        pytest.raises(Unavailable, match="more than 20 pages"),
    ):
        destination.send([rendered(crm, ProfileChange(ANNA, 1))], client, crm.settings)
    assert calls.count("GET") == 20


def test_an_id_may_stand_in_a_header_and_a_request_may_follow(tmp_path: Path) -> None:
    create = {"request": "POST /people", "body": "$fields", "id_header": "Location"}
    then = [{"request": "PUT /people/{id}/tags", "body": "$fields", "fields": ["name"]}]
    crm = connected(tmp_path, changed(person__create=create, person__then=then))
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.url.path == "/api/people":
            return httpx.Response(201, headers={"location": "/api/people/x%2077?v=1"}, json={})
        return httpx.Response(200, json={"data": {"people": []}})

    destination = crm.connector.destination
    assert destination is not None
    with open_client(crm, destination, transport=httpx.MockTransport(answer)) as client:
        [result] = destination.send([rendered(crm, ProfileChange(ANNA, 1))], client, crm.settings)
    assert result.external_id == "x 77"
    *_, made, tags = requests
    assert "name" not in json.loads(made.content)
    assert (tags.method, json.loads(tags.content)) == ("PUT", {"name": "Anna Müller"})


def test_a_record_that_was_read_and_is_gone_is_absent_and_no_error(tmp_path: Path) -> None:
    crm = connected(tmp_path)
    destination = crm.connector.destination
    assert destination is not None
    assert destination.absent is not None
    for status in (404, 410):
        transport = httpx.MockTransport(lambda _, s=status: httpx.Response(s, text="<html>gone</html>"))
        with open_client(crm, destination, transport=transport) as client:
            assert destination.absent(["7"], client, crm.settings) == {"7"}


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ({"person__lists": {"mails": {"fields": {"mial": MAIL}}}},
         "person.lists.mails.fields: 'mial' is none of person.fields; did you mean 'mail'?"),
        ({"person__lists": {"mails": {"fields": {"mail": {**MAIL, "is": "kind = 1"}}}}},
         "person.lists.mails.fields.mail.is: "),
        ({"person__lists": {"mails": {**BY_CHANGES, "remove": "$row"}}},
         "person.lists.mails.remove: there is no value 'row' here"),
        ({"person__find__1__query": {"q": {"base64": ["{vlaue}"]}}},
         "person.find[1].query.q: there is no value 'vlaue' here; did you mean 'value'?"),
        ({"person__find__1__next_query": {"at": "{next}"}}, "person.find[1].next: is needed with next_query"),
        ({"person__opt_out": {"no_mail": "{token}"}}, "person.opt_out: there is no value 'token' here"),
        ({"person__then": [{"request": "POST /x", "fields": ["nmae"]}]},
         "person.then[0].fields: 'nmae' is none of person.fields; did you mean 'name'?"),
    ],
)  # fmt: skip
def test_a_fault_of_these_is_told_with_its_place(tmp_path: Path, parts: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_declaration(file(tmp_path, changed(**parts)))
    assert any(f"any-crm.yaml: {fault}" in told for told in caught.value.faults), caught.value.faults
