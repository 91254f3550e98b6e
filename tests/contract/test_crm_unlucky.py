"""Laws L6, L7, L9 and L11 where luck is worst: what one record suffers is nobody else's, and nothing is made twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from hub.errors import AuthError, Unavailable
from hub.model.profile import ConsentSummary
from hub.outbox.send import Sent
from hub.outbox.send import send as send_all
from hub.sdk.connection import Connection, open_client
from hub.sdk.destination import ProfileChange, Write
from hub.sdk.testkit.declared import ANNA as SOMEBODY
from tests.support.crm import doubles, house_before
from tests.support.crm.cast import ANNA, BERT, CARLA, ORDER, SECOND, THIRD, order, person
from tests.unit.sdk.declared.test_declaration import changed, connected, rendered

Answer = Callable[[httpx.Request], httpx.Response]


def somebody(number: int) -> ProfileChange:
    """A profile that nobody there knows."""
    told = {"id": UUID(int=number), "emails": (f"p{number}@example.com",), "aliases": ()}
    return ProfileChange(SOMEBODY.model_copy(update=told), 1)


def delivered(crm: Connection, writes: list[Write], answer: Answer) -> Sent:
    """What became of them, as delivery has it."""
    destination = crm.connector.destination
    assert destination is not None
    with open_client(crm, destination, transport=httpx.MockTransport(answer)) as client:
        return send_all(
            writes,
            lambda batch: destination.send(batch, client, crm.settings),
            destination="crm",
            halve_outages=False,
            essential=destination.essential,
        )


# -- erasure ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", doubles())
def test_who_was_made_anew_unseen_is_erased_too(slug: str) -> None:
    # given somebody whose record people deleted there, and how many calls it takes to make them anew
    house = house_before(slug)
    house.known(person(ANNA))
    house.settle()
    house = house.copy()
    [there] = house.double.people()
    house.double.delete_person(there["id"])
    calm = house.copy()
    calm.known(person(ANNA, last="Meise"))
    calm.deliver()
    for number in range(1, calm.hostile.calls + 1):
        # when no answer comes to one of these calls, and they want to be forgotten before it is tried again
        unlucky = house.copy()
        unlucky.hostile.at[number] = "a time-out after the write"
        unlucky.known(person(ANNA, last="Meise"))
        unlucky.deliver()
        unlucky.erased(ANNA)
        unlucky.settle()
        # then nothing of them is left
        assert [one for one in unlucky.double.people() if one["owner"] == str(ANNA)] == [], f"at call {number}"


# -- a declared CRM ---------------------------------------------------------------------------------------------------


class Crm:
    """An invented CRM, one path for each operation; ``blind`` searches find nobody yet."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.made: list[str] = []
        self.refused: set[str] = set()
        self.forbidden: set[str] = set()
        self.blind = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.content) if request.content else {}
        last = request.url.path.rpartition("/")[2]
        if last == "search":
            [(name, value)] = body.items()
            found = [one for one in self.people.values() if (one.get(name) or one["ext"].get(name)) == value]
            return httpx.Response(200, json={"data": {"people": [] if self.blind else found}})
        if request.method == "GET":
            return httpx.Response(200, json=self.people[last]) if last in self.people else httpx.Response(404, json={})
        if last in self.forbidden:
            return httpx.Response(403, json={"message": "This record belongs to another team"})
        told = body.get("people") or [body["person"]]
        if any({one.get("mail"), one.get("name")} & self.refused for one in told):
            return httpx.Response(422, json={"message": "no"})
        ids = [last] if request.method == "PATCH" else [f"p{len(self.people) + n + 1}" for n in range(len(told))]
        for id_, one in zip(ids, told, strict=True):
            held = self.people.setdefault(id_, {"id": id_, "ext": {}})
            held |= {**one, "ext": {**held["ext"], **one.get("ext", {})}}
            self.made += [one["mail"]] if request.method == "POST" else []
        return httpx.Response(200, json={"data": [{"id": one} for one in ids] if "people" in body else {"id": ids[0]}})


def in_batches(folder: Path, **parts: Any) -> Connection:
    """It takes two new records a call, and five a batch."""
    create = {
        "request": "POST /people", "size": 2, "item": "$fields", "body": {"people": "$items"}, "results": "data",
        "id": "id",
    }  # fmt: skip
    return connected(folder, changed(person__create=create, limits={"batch": 5}, **parts))


def test_what_was_made_before_a_call_was_refused_is_not_made_again(tmp_path: Path) -> None:
    # given a CRM that takes two new people a call, and whose search does not know them at once
    crm, there = in_batches(tmp_path), Crm()
    there.blind = True
    writes = [rendered(crm, somebody(number)) for number in range(1, 6)]
    # when it refuses the second call as a whole
    there.refused = {"p4@example.com"}
    sent = delivered(crm, writes, there)
    # then everybody else is there, and once
    assert sorted(there.made) == [f"p{number}@example.com" for number in (1, 2, 3, 5)]
    assert {key: one.outcome for key, one in sent.results.items()} == {
        write.key: "rejected" if "p4" in str(write.mirror) else "delivered" for write in writes
    }


def test_an_opt_out_is_one_whatever_its_value(tmp_path: Path) -> None:
    # given a CRM whose opt-out is a No to the question of mail
    for name, said in (("subscribed", False), ("wants_mail", 0)):
        crm = connected(tmp_path / name, changed(person__opt_out={name: said}))
        first = rendered(crm, ProfileChange(opted_out(), 1))
        assert (first.properties[name], first.irreversible) == (said, ("opt out",))
        # when the e-mail is another, it is said again: people there may have lifted it
        moved = opted_out("anna@example.org")
        again = rendered(crm, ProfileChange(moved, 2, ("501",), first.mirror))
        assert again.properties == {"mail": "anna@example.org", name: said}


def test_a_no_to_mail_reaches_the_second_record_of_a_merged_person(tmp_path: Path) -> None:
    # given two records of one person, in a CRM that merges none
    crm, there = connected(tmp_path, changed(person__opt_out={"subscribed": False})), Crm()
    key = str(SOMEBODY.id)
    there.people = {one: {"id": one, "mail": "x@example.com", "ext": {"hub": key}} for one in ("p1", "p2")}
    # when they opt out
    write = rendered(crm, ProfileChange(opted_out(), 2, ("p1",), {"mail": "x@example.com"}, merged_ids=("p2",)))
    delivered(crm, [write], there)
    # then both say so
    assert [one.get("subscribed") for one in there.people.values()] == [False, False]


def test_who_opts_out_is_opted_out_though_the_rest_of_the_write_is_refused(tmp_path: Path) -> None:
    # given somebody who opts out, and whose new name a CRM refuses without naming it
    crm, there = connected(tmp_path), Crm()
    before = rendered(crm, ProfileChange(SOMEBODY, 1))
    delivered(crm, [before], there)
    there.refused = {"Anna Großmann"}
    named = opted_out().model_copy(update={"name": SOMEBODY.name.model_copy(update={"full": "Anna Großmann"})})
    sent = delivered(crm, [rendered(crm, ProfileChange(named, 2, ("p1",), before.mirror))], there)
    # then people have to look at the name, and the opt-out stands there all the same
    assert [one.outcome for one in sent.results.values()] == ["rejected"]
    assert (there.people["p1"]["name"], there.people["p1"].get("no_mail")) == ("Anna Müller", True)


def test_who_opts_out_gets_no_mailings_though_hubspot_refuses_the_record() -> None:
    # given somebody who opts out, and whose record HubSpot refuses with the whole call
    house = house_before("hubspot")
    house.known(person(ANNA, consent="opted_in"))
    house.settle()
    through = house.double.handle

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("contacts/batch/update"):
            return httpx.Response(400, json={"status": "error", "category": "VALIDATION_ERROR", "message": "no"})
        return through(request)

    house.through(handle)
    house.known(person(ANNA, consent="opted_out"))
    house.settle()
    assert house.states()[ANNA] == "rejected"
    assert "anna@example.com" in house.double.opted_out


def opted_out(email: str = "anna.mueller@example.com") -> Any:
    """Somebody who wants no mail."""
    no = ConsentSummary(purpose="marketing", channel="email", state="opted_out", at=SOMEBODY.created_at)
    return SOMEBODY.model_copy(update={"emails": (email,), "consents": (no,)})


# -- one record that nobody may touch ---------------------------------------------------------------------------------


def test_a_record_that_hub_may_not_touch_stops_none_of_the_others(tmp_path: Path) -> None:
    # given two people, of whom one belongs to a team that Hub's user is not in
    crm, there = connected(tmp_path, changed(limits={"batch": 5})), Crm()
    assert {one.outcome for one in delivered(crm, people(crm), there).results.values()} == {"delivered"}
    there.forbidden = {"p1"}
    writes = people(crm, known=("p1", "p2", "p3"), name="Renamed")
    sent = delivered(crm, writes, there)
    # then the others are written, and that one is tried again later, for as long as any record is
    assert sent.stopped_by is None
    assert [sent.results[write.key].outcome for write in writes] == ["retry", "delivered", "delivered"]
    assert "another team" in sent.results[writes[0].key].reason


def test_credentials_that_may_write_nothing_pause_the_connection(tmp_path: Path) -> None:
    crm, there = connected(tmp_path, changed(limits={"batch": 5})), Crm()
    delivered(crm, people(crm), there)
    there.forbidden = {"p1", "p2", "p3"}
    sent = delivered(crm, people(crm, known=("p1", "p2", "p3"), name="Renamed"), there)
    assert (type(sent.stopped_by).__mro__.count(AuthError), sent.results) == (1, {})


def people(crm: Connection, known: tuple[str, ...] = ("", "", ""), name: str = "Anna Müller") -> list[Write]:
    """Three people as they are written, with the ids they have there."""
    made: list[Write] = []
    for number, there in enumerate(known, start=1):
        change = somebody(number)
        before = rendered(crm, change).mirror
        if there:
            named = change.profile.model_copy(update={"name": SOMEBODY.name.model_copy(update={"full": name})})
            change = ProfileChange(named, 2, (there,), before)
        made.append(rendered(crm, change))
    return made


# -- what a search does not tell --------------------------------------------------------------------------------------


def test_a_search_with_more_pages_than_are_read_makes_nobody(tmp_path: Path) -> None:
    # given a CRM whose answer to a search never ends: who is asked for may stand behind what was read
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

    sent = delivered(crm, [rendered(crm, ProfileChange(SOMEBODY, 1))], answer)
    # then nobody is made, and it is told why
    assert (calls.count("GET"), calls.count("POST")) == (20, 1)  # the one POST is the search by own key
    assert isinstance(sent.stopped_by, Unavailable)
    assert "pages" in str(sent.stopped_by)


def test_one_company_in_two_spellings_is_made_once() -> None:
    # given a CRM that knows companies by their exact names alone
    house = house_before("plain-finder")
    # when two colleagues of a new company spell it their own way
    house.known(person(ANNA, company="Bäckerei Ohm"), person(BERT, company="BÄCKEREI OHM "))
    house.settle()
    # then it is made once, and both are of it
    companies = house.double.records["companies"]  # type: ignore[attr-defined]
    assert [one["name"] for one in companies.values()] == ["Bäckerei Ohm"]
    assert {one["values"]["company_id"] for one in house.double.people()} == {*companies}


# -- one link that is refused -----------------------------------------------------------------------------------------


def test_an_answer_of_several_that_names_nobody_is_looked_into() -> None:
    # given three orders in HubSpot, of which one cannot be filed under its person; it tells that, and not of which
    house = house_before("hubspot")
    keys = (ORDER, SECOND, THIRD)
    house.known(*(person(key) for key in (ANNA, BERT, CARLA)))
    for key, whose in zip(keys, (ANNA, BERT, CARLA), strict=True):
        house.ordered(key, order(str(key.int)), whose)
    through = house.double.handle

    def handle(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("deals/contacts/batch/associate/default"):
            return through(request)
        inputs = orjson.loads(request.content)["inputs"]
        told = next(one["id"] for one in house.double.orders() if one["owner"] == str(ORDER))
        kept = [one for one in inputs if one["from"]["id"] != told]
        if kept:
            content = orjson.dumps({"inputs": kept})
            through(
                httpx.Request(
                    "POST", request.url, headers={"authorization": request.headers["authorization"]}, content=content
                )
            )
        errors = [{"status": "error", "category": "VALIDATION_ERROR", "message": "no"}] * (len(inputs) - len(kept))
        return httpx.Response(207 if errors else 200, json={"status": "COMPLETE", "results": [], "errors": errors})

    house.through(handle)
    house.deliver()
    # then the others are done, and that one is tried again
    assert [house.states()[key] for key in keys] == ["retrying", "delivered", "delivered"]


def test_a_search_in_a_language_of_its_own_finds_whoever_has_an_apostrophe(tmp_path: Path) -> None:
    # given a CRM that is searched by OData, where a text stands in apostrophes
    search = {
        "by": "email", "request": "GET /people", "query": {"$filter": "mail eq '{value}'"}, "items": "value",
        "escape": {"'": "''"},
    }  # fmt: skip
    own = {"by": "own", "request": "POST /search", "body": {"hub": "$value"}, "items": "value"}
    crm = connected(tmp_path, changed(person__find=[own, search]))
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params.get("$filter", ""))
        return httpx.Response(200, json={"value": [], "data": {"id": 9}})

    pat = SOMEBODY.model_copy(update={"emails": ("pat.o'brien@example.com",)})
    delivered(crm, [rendered(crm, ProfileChange(pat, 1))], answer)
    assert "mail eq 'pat.o''brien@example.com'" in asked


# -- what a CRM says of people ----------------------------------------------------------------------------------------


def test_what_a_declared_crm_says_of_a_person_is_repeated_without_them(tmp_path: Path) -> None:
    # given a CRM that names people and what it was sent, also within an object
    street = "{street: addresses[0].line1, city: addresses[0].city}"
    rule = [{"status": 400, "is": "refused", "words": "why"}]
    crm = connected(tmp_path, changed(errors=rule, person__fields__address=street))
    words = "anna.mueller@example.com of Lindenstraße 12 (+49 30 23125104) has an open invoice"
    there = {"id": "p1", "mail": "anna.mueller@example.com", "ext": {"hub": str(SOMEBODY.id)}}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method in ("PATCH", "DELETE"):
            return httpx.Response(400, json={"why": words})
        return httpx.Response(200, json={"data": {"people": [there]}} if request.method == "POST" else there)

    # when it refuses a change, and an erasure
    for change in (ProfileChange(SOMEBODY, 1), ProfileChange(SOMEBODY, 2, ("p1",), {}, erased=True)):
        sent = delivered(crm, [rendered(crm, change)], answer)
        [result] = sent.results.values()
        # then its words are kept, and nothing that tells who it was
        assert (result.outcome, "open invoice" in result.reason) == ("rejected", True)
        assert "anna" not in result.reason
        assert "23125104" not in result.reason
        assert "Lindenstraße" not in result.reason or change.erased
