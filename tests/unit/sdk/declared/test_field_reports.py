"""What public reports say that generic REST destinations got wrong, done right by a declared one."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from hub.errors import Unavailable
from hub.sdk.connection import open_client
from hub.sdk.crm.dialect import Item
from hub.sdk.crm.opt_outs import unlifted
from hub.sdk.destination import ProfileChange
from hub.sdk.http import HttpClient
from hub.sdk.testkit.declared import ANNA
from tests.unit.sdk.declared.test_declaration import changed, connected, rendered, sent

NOBODY: tuple[int, Any] = (200, {"data": {"people": []}})
OTHERS = [{"id": 3, "mail": "maria.mueller@example.com"}]
OWN = {"by": "own", "request": "POST /search", "body": {"hub": "$value"}, "items": "data.people"}
BY_GET = {"by": "email", "request": "GET /people", "query": {"q": "{value}"}, "items": "data.people"}
PAGED = {**BY_GET, "next": "data.page", "next_query": {"page": "$next"}}


def test_a_last_page_that_comes_again_and_again_is_read_once(tmp_path: Path) -> None:
    # airbytehq/airbyte#28226: beyond its last page the API gives the last page again, with a next one as ever
    crm = connected(tmp_path, changed(person__find=[OWN, PAGED]))
    page: tuple[int, Any] = (200, {"data": {"people": OTHERS, "page": 2}})
    result, requests = sent(crm, rendered(crm, ProfileChange(ANNA, 1)), NOBODY, page, page, (200, {"data": {"id": 5}}))
    assert (result.outcome, result.external_id) == ("delivered", "5")
    assert [one.url.params.get("page") for one in requests[1:3]] == [None, "2"]


def test_an_error_on_a_later_page_is_no_end_of_the_list(tmp_path: Path) -> None:
    # n8n-io/n8n#23592: with pages, an answer that is no success is taken for the last of them
    crm = connected(tmp_path, changed(person__find=[OWN, PAGED]))
    page: tuple[int, Any] = (200, {"data": {"people": OTHERS, "page": 2}})
    broken: list[tuple[int, Any]] = [(500, {"data": {"people": []}})] * 9  # a read is tried again by itself
    with pytest.raises(Unavailable):
        sent(crm, rendered(crm, ProfileChange(ANNA, 1)), NOBODY, page, *broken)


def test_a_page_for_people_with_status_200_is_no_success(tmp_path: Path) -> None:
    # rudderlabs/rudder-transformer#5350: 200 with a log-in page in HTML counts as delivered
    crm = connected(tmp_path)
    mirror = rendered(crm, ProfileChange(ANNA, 1)).mirror
    moved = ANNA.model_copy(update={"addresses": ()})
    with pytest.raises(Unavailable) as caught:
        sent(crm, rendered(crm, ProfileChange(moved, 2, ("501",), mirror)), (200, "<html>Log in</html>"))
    assert caught.value.uncertain


def test_a_plus_in_an_email_reaches_the_search(tmp_path: Path) -> None:
    # chatwoot/chatwoot#15280, mautic/mautic#7152, vdavid/node-mautic#15: a plus becomes a space, and a second contact
    crm = connected(tmp_path, changed(person__find=[OWN, BY_GET]))
    jane = ANNA.model_copy(update={"emails": ("jane+shop@example.com",)})
    typed: tuple[int, Any] = (200, {"data": {"people": [{"id": 7, "mail": "jane+shop@example.com"}]}})
    result, requests = sent(crm, rendered(crm, ProfileChange(jane, 1)), NOBODY, typed, (200, {}))
    assert result.external_id == "7"
    assert b"jane%2Bshop" in requests[1].url.raw_path


@pytest.mark.parametrize("number", [9007199254740993, 18446744073709551615])
def test_an_id_keeps_all_its_digits(tmp_path: Path, number: int) -> None:
    # rest-sh/restish#397, mailjet/mailjet-apiv3-php#43: ids beyond 2^53 are rounded to somebody else's
    crm = connected(tmp_path)
    made: tuple[int, Any] = (201, f'{{"data": {{"id": {number}}}}}')
    result, _ = sent(crm, rendered(crm, ProfileChange(ANNA, 1)), NOBODY, NOBODY, made)
    assert result.external_id == str(number)


def test_an_id_that_no_parser_reads_exactly_is_no_id(tmp_path: Path) -> None:
    crm = connected(tmp_path)
    made: tuple[int, Any] = (201, '{"data": {"id": 92233720368547758089}}')
    with pytest.raises(Unavailable):
        sent(crm, rendered(crm, ProfileChange(ANNA, 1)), NOBODY, NOBODY, made)
    result, _ = sent(crm, rendered(crm, ProfileChange(ANNA, 1)), NOBODY, NOBODY, (201, '{"data": {"id": 7.0}}'))
    assert result.external_id == "7"


@pytest.mark.parametrize("status", [422, 500])
def test_who_was_made_although_the_answer_was_an_error_is_not_made_again(tmp_path: Path, status: int) -> None:
    # GoHighLevel/highlevel-api-docs#64 (422), mautic/mautic#4621 (500): the contact is there all the same
    crm = connected(tmp_path)
    write = rendered(crm, ProfileChange(ANNA, 1))
    with suppress(Unavailable):
        result, _ = sent(crm, write, NOBODY, NOBODY, (status, {"message": "wrong field"}))
        assert result.outcome == "rejected"
    anna = {"id": 9, "mail": ANNA.emails[0], "ext": {"hub": write.key}}
    there: tuple[int, Any] = (200, {"data": {"people": [anna]}})
    result, requests = sent(crm, write, there, there, (200, {}))
    assert (result.external_id, requests[-1].method) == ("9", "PATCH")


def test_a_creation_that_timed_out_is_looked_for(tmp_path: Path) -> None:
    # segment-boneyard/segment-docs#3459, code-dot-org/code-dot-org#13918: tried again, it makes a second contact
    crm = connected(tmp_path)
    write, destination = rendered(crm, ProfileChange(ANNA, 1)), crm.connector.destination
    assert destination is not None
    people: list[Any] = []

    def slow(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/search"):
            return httpx.Response(200, json={"data": {"people": people}})
        if request.method == "POST":
            people.append({"id": 9, "mail": ANNA.emails[0], "ext": {"hub": write.key}})
            raise httpx.ReadTimeout("too late", request=request)
        return httpx.Response(200, json={})

    with open_client(crm, destination, transport=httpx.MockTransport(slow)) as client:
        with pytest.raises(Unavailable) as caught:
            destination.send([write], client, crm.settings)
        assert caught.value.uncertain
        [result] = destination.send([write], client, crm.settings)
    assert (result.outcome, result.external_id, len(people)) == ("delivered", "9", 1)


def test_a_new_record_has_the_defaults_and_an_old_one_keeps_what_it_has(tmp_path: Path) -> None:
    # a running BottleCRM takes no contact without a name; sent at an update, the dash would overwrite a typed one
    declared = changed(person__create__defaults={"name": "-", "ext.origin": "hub"})
    crm = connected(tmp_path, declared)
    nameless = ANNA.model_copy(update={"name": ANNA.name.model_copy(update={"full": None})})
    write = rendered(crm, ProfileChange(nameless, 1))
    _, requests = sent(crm, write, NOBODY, NOBODY, (201, {"data": {"id": 5}}))
    made = json.loads(requests[-1].content)["person"]
    assert (made["name"], made["ext"]["origin"], made["ext"]["hub"]) == ("-", "hub", write.key)
    typed: tuple[int, Any] = (200, {"data": {"people": [{"id": 7, "mail": ANNA.emails[0]}]}})
    _, requests = sent(crm, write, NOBODY, typed, (200, {}))
    assert "name" not in json.loads(requests[-1].content)["person"]
    # and whoever has a name is made with it
    _, requests = sent(crm, rendered(crm, ProfileChange(ANNA, 1)), NOBODY, NOBODY, (201, {"data": {"id": 6}}))
    assert json.loads(requests[-1].content)["person"]["name"] == "Anna Müller"


def test_an_undone_merge_takes_the_others_opt_out_along(tmp_path: Path) -> None:
    # given a record that has been two people's, one of whom wanted no mail
    crm = connected(
        tmp_path, changed(person__merge=[{"request": "POST /people/{id}/merge", "body": {"other": "$other"}}])
    )
    held = {**rendered(crm, ProfileChange(ANNA, 1)).mirror, "no_mail": True}
    # when they turn out to be two, and the first never said so
    parted = rendered(crm, ProfileChange(ANNA, 3, ("501",), held, merged_ids=("499",)))
    assert parted.properties["no_mail"] == ""
    # but an opt-out of their own stays, whatever they say later
    stays = rendered(crm, ProfileChange(ANNA, 3, ("501",), held))
    destination = crm.connector.destination
    assert destination is not None
    assert destination.dialect is not None
    people = destination.dialect(cast(HttpClient, None), crm.settings)[0].people
    assert unlifted(Item(stays, "501", stays.properties), people).properties == {}
    assert unlifted(Item(parted, "501", parted.properties), people).properties["no_mail"] == ""
