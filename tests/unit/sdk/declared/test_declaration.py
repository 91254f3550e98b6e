"""A CRM declared in a file: what is wrong with a declaration, and what one without faults does."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from hub.cli.app import app
from hub.cli.check import doubtful
from hub.errors import AuthError, ConfigError, RateLimited, Refusal, Unavailable
from hub.model.profile import ConsentSummary, Profile
from hub.sdk.connection import Connection, load_connections, open_client
from hub.sdk.declared.connector import connector_of, read_declaration
from hub.sdk.declared.folder import declared
from hub.sdk.declared.template import fill, fill_path, names_in, values_in
from hub.sdk.destination import ActivityChange, ProfileChange, Write, WriteResult
from hub.sdk.registry import Connector
from hub.sdk.testkit.declared import ANNA, case_of
from hub.sdk.testkit.kit import checks_of

SHOWN = Path(__file__).parents[4] / "config" / "destinations"

DECLARATION: Mapping[str, Any] = {
    "title": "Any CRM",
    "docs_url": "https://crm.example.com/docs",
    "api_root": "https://crm.example.com/api",
    "settings": {"token": {"secret": True, "description": "A token."}, "list": {"description": "A list."}},
    "auth": {"bearer": "{token}"},
    "errors": [
        {"status": 400, "when": "code == 'duplicate'", "is": "conflict", "holders": "existing[]", "words": "why"},
        {"status": 400, "when": "fields", "is": "refused", "refused": "fields[]", "words": "why"},
        {"status": 200, "when": "error == 'slow'", "is": "rate_limited"},
        {"status": 200, "when": "error == 'login'", "is": "auth"},
        {"status": 200, "when": "error == 'none'", "is": "gone"},
    ],
    "person": {
        "own": "ext.hub",
        "email": "mail",
        "unique": ["mail"],
        "fields": {"mail": "emails[0]", "name": "name.full", "ext.city": "addresses[0].city"},
        "opt_out": {"no_mail": True},
        "record": {"id": "id", "owner": "ext.hub", "emails": "[mail]"},
        "find": [
            {"by": "own", "request": "POST /search", "body": {"hub": "$value"}, "items": "data.people"},
            {"by": "email", "request": "POST /search", "body": {"mail": "$value"}, "items": "data.people"},
        ],
        "read": {"request": "GET /people/{id}"},
        "create": {"request": "POST /lists/{list}/people", "body": {"person": "$fields"}, "id": "data.id"},
        "update": {"request": "PATCH /people/{id}", "body": {"person": "$fields"}},
        "erase": [{"request": "DELETE /people/{id}"}],
    },
}


def changed(**parts: Any) -> dict[str, Any]:
    """The declaration with some of its parts changed, by path; None takes a part away."""
    made = copy.deepcopy(dict(DECLARATION))
    for path, value in parts.items():
        *inner, last = path.split("__")
        place: Any = made
        for name in inner:
            place = place[int(name)] if isinstance(place, list) else place[name]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return made


def file(folder: Path, declaration: Mapping[str, Any], name: str = "any-crm") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(dict(declaration), allow_unicode=True), encoding="utf-8")
    return path


def connected(folder: Path, declaration: Mapping[str, Any] = DECLARATION, **options: Any) -> Connection:
    connector = connector_of("any-crm", read_declaration(file(folder, declaration)))
    configured = {"crm": ("any-crm", {"token": "s3cret-token", "list": "b2c", **options})}
    return load_connections(configured, default_region="DE", declared={"any-crm": connector})["crm"]


def rendered(connection: Connection, change: ProfileChange) -> Write:
    assert connection.connector.destination is not None
    write = connection.connector.destination.render(change, connection.settings)
    assert write is not None
    return write


def sent(connection: Connection, write: Write, *answers: tuple[int, Any]) -> tuple[WriteResult, list[httpx.Request]]:
    requests: list[httpx.Request] = []
    left = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        status, body = next(left)
        return httpx.Response(status, **({"text": body} if isinstance(body, str) else {"json": body}))

    destination = connection.connector.destination
    assert destination is not None
    with open_client(connection, destination, transport=httpx.MockTransport(answer)) as client:
        [result] = destination.send([write], client, connection.settings)
    return result, requests


KEY = str(UUID(int=0xAC01))
HISTORY: Mapping[str, Any] = {
    "create": {"request": "POST /notes", "body": {"of": "$person", "html": "$html", "key": "$key"}, "id": "id"},
    "find": {"request": "GET /notes", "query": {"of": "{person}"}, "items": "notes", "owner": "key"},
}


# -- what is wrong with one


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ({"person__fields": {"mail": "emails[0]", "name": "name.frist"}},
         "person.fields.name: a profile has no 'name.frist'; did you mean 'name.first'?"),
        ({"person__create__bdy": {}}, "person.create.bdy: unknown key; did you mean 'body'?"),
        ({"person__own": None}, "person.own: is required"),
        ({"auth": {"bearer": "{tokn}"}}, "auth.bearer: there is no setting 'tokn'; did you mean 'token'?"),
        ({"auth": {}}, "auth: needs one of header, bearer, basic, oauth2"),
        ({"auth": {"bearer": "{token}", "header": {"x": "{token}"}}}, "auth: needs one of"),
        ({"person__email": "email"}, "person.email: 'email' is none of person.fields; did you mean 'mail'?"),
        ({"person__unique": ["phone"]}, "person.unique: 'phone' is none of person.fields"),
        ({"person__opt_out": {"name": True}}, "person.opt_out.name: stands in person.fields too"),
        ({"person__update__request": "PATCH /people/{ids}"},
         "person.update.request: there is no value 'ids' here; did you mean 'id'?"),
        ({"person__update__request": "patch people"}, "person.update.request: must be a method and a path"),
        # a secret leaves only in what proves who asks
        ({"person__create__request": "POST /people?key={token}"},
         "person.create.request: there is no value 'token' here"),
        ({"person__find__1__body": {"mail": "anna"}}, "person.find[1]: names neither $value nor $values"),
        ({"person__find__1__by": "own"}, "person.find: needs a search by own and one by email"),
        ({"person__create": None}, "person.create: is needed, or upsert"),
        ({"person__create__size": 10}, "person.create.item: is needed with size"),
        ({"errors__0__when": "code = 1"}, "errors[0].when: "),
        ({"errors__0__is": "doubled"}, "errors[0].is: "),
        ({"person__record__id": "data["}, "person.record.id: "),
        ({"settings": {"Token": {"description": "x"}}}, "settings.Token: a name has small letters"),
        ({"limits": {"batch": 0}}, "limits.batch: "),
        ({"activity": {**HISTORY, "create": {"request": "POST /notes", "body": "$txt", "id": "id"}}},
         "activity.create.body: there is no value 'txt' here; did you mean 'text'?"),
        ({"activity": {**HISTORY, "create": {"request": "POST /notes", "body": "$title", "id": "id"}}},
         "activity.create: names none of $text, $html, $key, so that an entry would not be known again"),
        ({"activity": {**HISTORY, "find": {"request": "GET /notes/{id}", "items": "[]", "owner": "key"}}},
         "activity.find.request: there is no value 'id' here"),
        ({"activity": {"create": HISTORY["create"]}}, "activity.find: is required"),
        ({"personal_paths": {"/": "x"}}, "personal_paths./: exempts every path"),
        ({"personal_paths": {"/{list}/": "x"}}, "personal_paths./{list}/: exempts every path"),
        ({"personal_paths": {"/{lst}/people?": "x"}}, "personal_paths./{lst}/people?: there is no value 'lst'"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_place_and_the_nearest_right_name(
    tmp_path: Path, parts: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_declaration(file(tmp_path, changed(**parts)))
    assert any(f"any-crm.yaml: {fault}" in told for told in caught.value.faults), caught.value.faults


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    wrong = changed(
        person__fields={"mail": "emals[0]", "name": "name.frist"}, auth={"bearer": "{tokn}"}, person__unique=["phone"]
    )
    with pytest.raises(ConfigError) as caught:
        read_declaration(file(tmp_path, wrong))
    assert len(caught.value.faults) == 4


WRONG = """\
title: Any CRM
setings: {token: {secret: true, description: A token.}}
auth: {bearer: "{tokn}"}
limits: {batch: many}
errors:
  - {status: 409, is: conflicts, when: "code = 1"}
person:
  own: hub
  email: mial
  unique: [phone]
  fields: {mail: "emals[0]", name: name.frist}
  opt_outs: {no_mail: "{list}"}
  record: {id: "data[", owner: hub}
  find:
    - {by: owner, request: FETCH /search, body: {hub: $valeu}, items: people}
    - {by: email, request: GET people, query: {mail: "{value}", tok: "{token}"}, items: people}
  read: {request: "GET /people/{ids}"}
  update: {request: "PATCH /people/{idd}", body: $fields}
  erase: [{request: "DELETE /people/{id}"}]
order: {own: key, fields: {amount: totl}, record: {owner: key}}
"""


def test_faults_of_form_hide_none_of_those_behind_them(tmp_path: Path) -> None:
    # given a file with mistakes of every kind
    path = tmp_path / "any-crm.yaml"
    path.write_text(WRONG, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_declaration(path)
    told = [fault.removeprefix(f"{path}: ") for fault in caught.value.faults]
    # then each is told once, at its place, with its line; and none that only comes of another
    assert [fault.partition(": ")[0] for fault in told] == [
        "docs_url", "limits.batch", "errors[0].is", "person.find[0].by", "person.opt_outs", "setings",
        "person.create", "person.find[0].request", "order.upsert", "order.person",
        "person.fields.mail", "person.fields.name", "order.fields.amount",
        "errors[0].when", "person.record.id",
        "person.find[0].body", "person.find[1].query.tok", "person.update.request",
        "person.opt_out", "auth.bearer", "person.email", "person.unique",
    ]  # fmt: skip
    assert told[2].endswith("did you mean 'conflict'? (line 6)")


@pytest.mark.parametrize("text", ["", "[", "a: [1", "just words", "person: 1", "person: []", "- a", "a: !x 1"])
def test_a_file_that_is_no_declaration_is_a_fault_and_no_crash(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        read_declaration(path)


def test_a_folder_gives_what_is_right_in_it_and_the_faults_of_the_others(tmp_path: Path) -> None:
    file(tmp_path, DECLARATION, "good")
    file(tmp_path, changed(person__own=None), "wrong")
    file(tmp_path, DECLARATION, "hubspot")
    found, faults = declared(tmp_path)
    assert list(found) == ["good"]
    assert [fault.rpartition("/")[2].partition(":")[0] for fault in faults] == ["hubspot.yaml", "wrong.yaml"]
    assert declared(tmp_path / "nowhere") == ({}, [])


def test_a_setting_of_the_declaration_is_one_of_its_connections(tmp_path: Path) -> None:
    connector = connector_of("any-crm", read_declaration(file(tmp_path, changed(api_root=None))))
    with pytest.raises(ConfigError) as caught:
        load_connections({"crm": ("any-crm", {"tokn": "x"})}, default_region="DE", declared={"any-crm": connector})
    assert {fault.partition(": ")[0] for fault in caught.value.faults} == {
        "connections.crm.tokn",
        "connections.crm.token",
        "connections.crm.list",
        "connections.crm.base_url",
    }
    assert "s3cret" not in repr(connected(tmp_path / "other"))


# -- what one without faults does


def test_a_new_person_is_looked_for_and_then_made(tmp_path: Path) -> None:
    crm = connected(tmp_path)
    write = rendered(crm, ProfileChange(ANNA, 1))
    nobody: tuple[int, Any] = (200, {"data": {"people": []}})
    result, requests = sent(crm, write, nobody, nobody, (201, {"data": {"id": 501}}))
    assert (result.outcome, result.external_id) == ("delivered", "501")
    assert [(one.method, one.url.path) for one in requests] == [
        ("POST", "/api/search"),
        ("POST", "/api/search"),
        ("POST", "/api/lists/b2c/people"),
    ]
    assert requests[-1].headers["authorization"] == "Bearer s3cret-token"
    assert json.loads(requests[-1].content) == {
        "person": {
            "mail": "anna.mueller@example.com",
            "name": "Anna Müller",
            "ext": {"city": "Berlin", "hub": str(ANNA.id)},
        }
    }


def test_one_whom_people_typed_there_is_taken_over_and_anothers_is_not(tmp_path: Path) -> None:
    crm = connected(tmp_path)
    write = rendered(crm, ProfileChange(ANNA, 1))
    nobody: tuple[int, Any] = (200, {"data": {"people": []}})
    typed = (200, {"data": {"people": [{"id": 7, "mail": "Anna.Mueller@example.com"}]}})
    result, requests = sent(crm, write, nobody, typed, (200, {}))
    assert (result.outcome, result.external_id) == ("delivered", "7")
    assert (requests[-1].method, requests[-1].url.path) == ("PATCH", "/api/people/7")
    other = (200, {"data": {"people": [{"id": 8, "mail": "anna.mueller@example.com", "ext": {"hub": "another"}}]}})
    result, _ = sent(crm, write, nobody, other)
    assert (result.outcome, result.uncertain) == ("retry", True)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (400, {"code": "duplicate", "why": "exists already", "existing": [9]}, "retry"),
        (400, {"fields": ["name"], "why": "too long"}, "rejected"),
        (422, {"message": "no"}, "rejected"),
        (409, {"message": "taken"}, "retry"),
    ],
)
def test_what_an_answer_means_is_declared(tmp_path: Path, status: int, body: Any, outcome: str) -> None:
    crm = connected(tmp_path)
    mirror = rendered(crm, ProfileChange(ANNA, 1)).mirror
    named = ANNA.model_copy(update={"name": ANNA.name.model_copy(update={"full": "Anna Groß"})})
    result, _ = sent(crm, rendered(crm, ProfileChange(named, 2, ("501",), mirror)), (status, body))
    assert result.outcome == outcome
    if "fields" in body:
        assert (result.refused, result.reason) == ((Refusal("name", "REFUSED"),), "too long")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, {"error": "slow"}, RateLimited),
        (200, {"error": "login"}, AuthError),
        (401, {}, AuthError),
        (503, {}, Unavailable),
        (200, "<html>proxy</html>", Unavailable),
        (200, {"data": "nothing"}, Unavailable),
    ],
)
def test_what_concerns_the_whole_system_ends_the_batch(
    tmp_path: Path, status: int, body: Any, error: type[Exception]
) -> None:
    crm = connected(tmp_path)
    with pytest.raises(error):
        sent(crm, rendered(crm, ProfileChange(ANNA, 1)), (status, body))


def test_a_record_that_is_gone_is_made_anew(tmp_path: Path) -> None:
    crm = connected(tmp_path)
    write = replace(rendered(crm, ProfileChange(ANNA, 1)), external_id="501")
    nobody: tuple[int, Any] = (200, {"data": {"people": []}})
    result, _ = sent(crm, write, (200, {"error": "none"}), nobody, nobody, (200, {"data": {"id": 502}}))
    assert (result.outcome, result.external_id) == ("delivered", "502")


def test_a_record_that_the_refusal_names_is_taken_over_though_no_search_finds_it(tmp_path: Path) -> None:
    # EspoCRM answers with the duplicates; a search that lags, or a name that looks alike, finds nobody
    crm = connected(tmp_path)
    nobody: tuple[int, Any] = (200, {"data": {"people": []}})
    duplicate = (400, {"code": "duplicate", "why": "exists already", "existing": [9]})
    taken = [(200, {"id": 9, "mail": "anna.mueller@example.com"}), (200, {})]
    result, requests = sent(crm, rendered(crm, ProfileChange(ANNA, 1)), nobody, nobody, duplicate, *taken)
    assert (result.outcome, result.external_id) == ("delivered", "9")
    assert requests[-1].method == "PATCH"


def test_a_record_that_only_bears_the_same_name_is_somebody_elses(tmp_path: Path) -> None:
    crm = connected(tmp_path)
    nobody: tuple[int, Any] = (200, {"data": {"people": []}})
    duplicate = (400, {"code": "duplicate", "why": "exists already", "existing": [9]})
    namesake = (200, {"id": 9, "mail": "another.anna@example.com"})
    result, _ = sent(crm, rendered(crm, ProfileChange(ANNA, 1)), nobody, nobody, duplicate, namesake)
    assert (result.outcome, result.reason) == ("retry", "exists already")


def test_an_opt_out_is_never_taken_back_and_said_again_when_it_is_news(tmp_path: Path) -> None:
    crm = connected(tmp_path)
    out = person(state="opted_out")
    first = rendered(crm, ProfileChange(out, 1))
    assert first.properties["no_mail"] is True
    again = person(state="opted_in")
    later = rendered(crm, ProfileChange(again, 2, ("501",), first.mirror))
    destination = crm.connector.destination
    assert destination is not None
    assert "no_mail" not in str(destination.plan([later], crm.settings))
    assert rendered(crm, ProfileChange(out, 3, ("501",), later.mirror)).properties == {"no_mail": True}
    assert "no_mail" not in rendered(crm, ProfileChange(again, 1)).properties


def person(*, state: Any) -> Profile:
    said = ConsentSummary(purpose="marketing", channel="email", state=state, at=ANNA.created_at)
    return ANNA.model_copy(update={"consents": (said,)})


def test_what_nobody_tells_any_more_is_cleared_as_declared(tmp_path: Path) -> None:
    crm = connected(tmp_path, changed(clear=""))
    mirror = rendered(crm, ProfileChange(ANNA, 1)).mirror
    moved = ANNA.model_copy(update={"addresses": ()})
    _, requests = sent(crm, rendered(crm, ProfileChange(moved, 2, ("501",), mirror)), (200, {}))
    assert json.loads(requests[0].content)["person"]["ext"]["city"] == ""


def test_several_records_go_in_one_call_and_each_has_its_own_answer(tmp_path: Path) -> None:
    batch = {
        "request": "POST /batch",
        "size": 50,
        "item": {"id": "$id", "set": "$fields"},
        "body": {"inputs": "$items"},
        "results": "results",
        "failed": "error",
        "words": "error.message",
    }
    crm = connected(tmp_path, changed(person__update=batch, limits={"batch": 50}))
    others = [ANNA.model_copy(update={"id": one, "emails": (f"{one}@example.com",)}) for one in IDS]
    writes = [replace(rendered(crm, ProfileChange(one, 1)), external_id=str(one.id)) for one in others]
    destination = crm.connector.destination
    assert destination is not None
    answer = {"results": [{}, {"error": {"message": "name is too long"}}, {}]}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    with open_client(crm, destination, transport=transport) as client:
        results = destination.send(writes, client, crm.settings)
    assert [result.outcome for result in results] == ["delivered", "rejected", "delivered"]
    assert results[1].reason == "name is too long"


IDS = [ANNA.id.__class__(int=number) for number in (1, 2, 3)]


# -- templates


@pytest.mark.parametrize("text", ["../admin", "a/b?c=d#e", "Müller & Söhne", "{id}", "$id"])
def test_a_value_never_leaves_its_part_of_a_path(text: str) -> None:
    path = fill_path("/people/{id}", {"id": text})
    assert path.startswith("/people/")
    assert not {"/", "?", "#"} & set(path.removeprefix("/people/"))


def test_a_whole_value_keeps_its_type_and_one_within_a_text_becomes_text() -> None:
    assert fill({"a": "$n", "b": "x{n}", "c": ["$n"], "d": 7}, {"n": 5}) == {"a": 5, "b": "x5", "c": [5], "d": 7}
    assert set(names_in({"a": "$n", "b": ["{m}", 1]})) == {"n", "m"}


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=9), min_size=2))
def test_values_are_read_back_out_of_what_they_were_put_into(values: dict[str, str]) -> None:
    template = {"x": ["$a", {"y": "$b"}], "z": "id-{a}"}
    assert values_in(template, fill(template, values)) == values


# -- the kit, on every declaration that is shipped


@pytest.mark.parametrize("shipped", sorted(SHOWN.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_declaration_obeys_every_law_of_the_kit(shipped: Path, tmp_path: Path) -> None:
    failed = []
    for check in checks_of(case_of(shipped, tmp_path)):
        try:
            check.run()
        except AssertionError as error:
            failed.append(f"{check.id}: {error}")
    assert failed == []


def test_the_example_of_the_page_obeys_every_law_of_the_kit(tmp_path: Path) -> None:
    page = (SHOWN.parents[1] / "docs" / "declared-destinations.md").read_text(encoding="utf-8")
    shown = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    case = case_of(file(tmp_path, shown), tmp_path / "samples")
    assert [check.id for check in checks_of(case) if not holds(check)] == []


def test_the_kit_finds_a_declaration_that_leaks_a_person_into_a_url(tmp_path: Path) -> None:
    leaking = {"by": "email", "request": "GET /search", "query": {"mail": "{value}"}, "items": "data.people"}
    searches = [DECLARATION["person"]["find"][0], leaking]
    case = case_of(file(tmp_path, changed(person__find=searches)), tmp_path / "case")
    failed = [check.law for check in checks_of(case) if not holds(check)]
    assert set(failed) == {"D11"}


def holds(check: Any) -> bool:
    try:
        check.run()
    except AssertionError:
        return False
    return True


def test_a_declared_connector_is_one_like_any_other(tmp_path: Path) -> None:
    connector: Connector = connected(tmp_path).connector
    assert connector.manifest.roles == {"destination"}
    assert {"find", "erase", "consent"} == {one.value for one in connector.manifest.capabilities}
    assert "merge" in connector.manifest.not_offered


def test_an_entry_is_known_by_a_field_of_its_own_where_the_system_has_one(tmp_path: Path) -> None:
    # given a system that keeps Hub's key in a field, and lists what people wrote beside it
    made = connected(tmp_path, changed(activity=HISTORY), activities=["message"])
    destination = made.connector.destination
    assert destination is not None
    assert destination.append is not None
    told = ActivityChange("message", KEY, datetime(2026, 3, 1, tzinfo=UTC), "Message", "<b>", "7", 1)
    write = destination.append(told, made.settings)
    assert write is not None
    theirs, ours = {"id": 1, "key": None}, {"id": 2, "key": KEY}
    person = (200, {"id": "7", "ext": {"hub": str(ANNA.id)}})
    # when it stands there already, nothing is appended; when only theirs does, it is
    result, requests = sent(made, write, (200, {"notes": [theirs, ours]}))
    assert (result.outcome, result.external_id, len(requests)) == ("delivered", "2", 1)
    result, requests = sent(made, write, (200, {"notes": [theirs]}), person, (201, {"id": 3}))
    assert (result.outcome, result.external_id) == ("delivered", "3")
    body = json.loads(requests[-1].content)
    assert (body["of"], body["key"]) == ("7", KEY)
    assert "&lt;b&gt;" in body["html"]


@pytest.mark.parametrize(
    ("auth", "at"),
    [
        ({"bearer": "pat-123456"}, "auth.bearer"),
        ({"header": {"X-Api-Key": "pat-123456", "X-Version": "2"}}, "auth.header"),
        ({"basic": {"user": "hub", "password": "pat-123456"}}, "auth.basic.password"),
        ({"bearer": "{token}"}, ""),
        ({"header": {"X-Api-Key": "{token}", "X-Version": "2"}}, ""),
        ({"basic": {"user": "{token}", "password": ""}}, ""),
    ],
)
def test_a_secret_that_stands_in_the_declaration_is_warned_of_and_not_repeated(
    tmp_path: Path, auth: Mapping[str, Any], at: str
):
    connection = connected(tmp_path, changed(auth=auth))
    told = doubtful({"crm": connection})
    assert [one.partition(": ")[0] for one in told] == ([f"connections.crm.{at}"] if at else [])
    assert "pat-123456" not in str(told)


def test_a_secret_that_is_the_default_of_a_setting_is_warned_of(tmp_path: Path):
    setting = {"secret": True, "description": "A token.", "default": "pat-123456"}
    [told] = doubtful({"crm": connected(tmp_path, changed(settings__token=setting))})
    assert told.startswith("connections.crm.settings.token.default: ")
    assert "pat-123456" not in told


def test_a_declaration_that_passes_the_kit_and_says_so_is_bronze(tmp_path: Path):
    # given an ops user's own declaration
    path = str(file(tmp_path, changed(), "own-crm"))
    ended = CliRunner().invoke(app, ["connector", "check", path])
    assert ended.exit_code == 0, ended.output
    # when they write down what the check tells them to
    advice = f"kit: hub connector check {path}"
    assert advice in ended.stderr
    file(tmp_path, changed(proof={"kit": advice.removeprefix("kit: ")}), "own-crm")
    # then that is its tier, and nothing more is said
    shown = CliRunner().invoke(app, ["connector", "show", path, "--json"])
    assert json.loads(shown.stdout)["tier"] == "bronze"
    assert "proof" not in CliRunner().invoke(app, ["connector", "check", path]).stderr
