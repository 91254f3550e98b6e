"""EspoCRM beyond the laws of all CRMs: its lists of e-mails, its refusals, its own specification; and the field.

Each report of the field is named where it was tried: OWNER/REPOSITORY#NUMBER.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import httpx
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from hub.connectors.espocrm import CONNECTOR
from hub.connectors.espocrm.destination import DESTINATION
from hub.connectors.espocrm.manifest import EspoSettings
from hub.connectors.espocrm.mapping import MAP
from hub.errors import AuthError, RejectedError, Unavailable
from hub.sdk import registry
from hub.sdk.connection import Connection, open_client
from hub.sdk.destination import ProfileChange, Write, WriteResult
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.sdk.testkit.cases import ConnectorCase, WriteCase
from hub.sdk.testkit.wire import Wire, replayed
from tests.contract.vendor_payloads import FOLDER
from tests.support.crm import House
from tests.support.crm.cast import ANNA, BERT, CARLA, DORA, ORDER, one, order, person, placed
from tests.support.crm.espocrm import KEY, SECRET, EspoCrmDouble

SPEC = FOLDER / "specs" / "espocrm" / "spec.json"
SETTINGS = {"base_url": "https://crm.example.com", "api_key": KEY}


@pytest.fixture
def house() -> House:
    return House(EspoCrmDouble())


def there(house: House) -> EspoCrmDouble:
    assert isinstance(house.double, EspoCrmDouble)
    return house.double


def client(answer: Any, **settings: Any) -> tuple[HttpClient, EspoSettings]:
    own = EspoSettings.model_validate({**SETTINGS, **settings})
    connection = Connection("crm", CONNECTOR, own)
    return open_client(connection, DESTINATION, transport=Wire(answer), budget=Budget(Limits())), own


def written(change: ProfileChange, answer: Any) -> WriteResult:
    http, settings = client(answer)
    write = MAP.render(change, settings)
    assert isinstance(write, Write)
    with http:
        return next(iter(DESTINATION.send([write], http, settings)))


def rows(house: House, record: str, field: str = "emailAddress") -> list[tuple[str, bool, bool]]:
    """The list of a contact as EspoCRM tells it: value, opted out, invalid; the main one first."""
    held = there(house)._whole("Contact", there(house).records["Contact"][record])[f"{field}Data"]
    assert [row["primary"] for row in held] == [True, *(False for _ in held[1:])][: len(held)]
    return [(row[field], row["optOut"], row["invalid"]) for row in held]


# -- lists of e-mails and phones --------------------------------------------------------------------------------------


def test_what_people_added_to_the_list_stays_with_its_flags(house: House) -> None:
    """SuiteCRM/SuiteCRM#4145: a change by the API cleared opt-out and invalid of further addresses."""
    # given a contact of Hub's to whom people added addresses
    house.known(person(ANNA, "anna@example.com"))
    house.settle()
    record = one(house.double, ANNA)["id"]
    typed = [
        {"emailAddress": "chefin@example.net", "primary": True, "optOut": True},
        {"emailAddress": "alt@example.net", "primary": False, "invalid": True},
        {"emailAddress": "anna@example.com", "primary": False},
    ]
    there(house)._save("Contact", there(house).records["Contact"][record], {"emailAddressData": typed})
    # when Hub comes to know a further one, and another phone
    house.known(person(ANNA, "anna@example.com", "a.amsel@example.org", phone="+493023125101"))
    house.settle()
    # then all are there, and Hub's main one comes first
    assert rows(house, record) == [
        ("anna@example.com", False, False),
        ("a.amsel@example.org", False, False),
        ("chefin@example.net", True, False),
        ("alt@example.net", False, True),
    ]
    assert rows(house, record, "phoneNumber") == [("+493023125101", False, False)]


def test_an_opt_out_of_a_lead_or_of_nobody_outlives_a_contact_with_its_address(house: House) -> None:
    # given addresses that opted out, of a lead and of a contact that is no more
    there(house)._save("Lead", None, {"lastName": "L", "emailAddress": "a.amsel@example.org"})
    old = house.double.add_person("anna@example.com")
    there(house).opted_out |= {"anna@example.com", "a.amsel@example.org"}
    house.double.delete_person(old)
    # when they come to be those of a contact, who did not
    house.known(person(ANNA, "anna@example.com", "a.amsel@example.org", consent="opted_in"))
    house.settle()
    assert [address for address, out, _ in rows(house, one(house.double, ANNA)["id"]) if out] == [
        "anna@example.com",
        "a.amsel@example.org",
    ]


def test_an_address_that_is_refused_keeps_nothing_of_the_list(house: House) -> None:
    # given a contact with an address of the people there alone
    record = house.double.add_person("anna@example.com")
    data = [{"emailAddress": "chefin@example.net", "primary": True}, {"emailAddress": "anna@example.com"}]
    there(house)._save("Contact", there(house).records["Contact"][record], {"emailAddressData": data})
    # when one of several that Hub knows is refused
    house.double.refuse("nogood")
    house.known(person(ANNA, "anna@example.com", "a.amsel@example.org", "nogood@example.org"))
    house.settle()
    # then everything that was there before is, and so is what was not refused
    kept = [address for address, _, _ in rows(house, record)]
    assert {"anna@example.com", "chefin@example.net", "a.amsel@example.org"} <= {*kept}
    assert "nogood@example.org" not in kept


@pytest.mark.parametrize("fault", ["a time-out", "a time-out after the write", "half an answer"])
def test_an_address_that_was_replaced_is_gone_also_where_no_answer_came(house: House, fault: str) -> None:
    # given a contact, and an attempt to make it or to change it whose answer never came
    house.known(person(ANNA, "old@example.com", phone="+493023125101"))
    house.hostile.every[fault] = 1
    house.settle()
    house.known(person(ANNA, "anna@example.com", phone="+493023125102"))
    house.hostile.every[fault] = 1
    house.deliver()
    # when it changes once more
    house.known(person(ANNA, "new@example.com", phone="+493023125103"))
    house.settle()
    # then only the last ones stand there
    record = one(house.double, ANNA)["id"]
    assert rows(house, record) == [("new@example.com", False, False)]
    assert rows(house, record, "phoneNumber") == [("+493023125103", False, False)]


def test_a_list_that_is_as_it_has_to_be_is_not_written(house: House) -> None:
    # given a contact that people typed, with all that Hub knows of its e-mails
    record = house.double.add_person("anna@example.com")
    data = [{"emailAddress": "anna@example.com", "primary": True}, {"emailAddress": "chefin@example.net"}]
    there(house)._save("Contact", there(house).records["Contact"][record], {"emailAddressData": data})
    # when Hub takes it over
    house.known(person(ANNA, "anna@example.com", "chefin@example.net"))
    house.settle()
    # then its name is written, and its list is not
    [update] = [json.loads(call.content) for call in house.hostile.told if call.method == "PATCH"]
    assert update["lastName"] == "Amsel"
    assert not {"emailAddress", "emailAddressData"} & update.keys()


def test_no_list_grows_beyond_ten(house: House) -> None:
    house.known(person(ANNA, *(f"anna{number}@example.com" for number in range(14))))
    house.settle()
    listed = rows(house, one(house.double, ANNA)["id"])
    assert [address for address, _, _ in listed] == [f"anna{number}@example.com" for number in range(10)]
    assert house.tables.outbox[ANNA].state == "delivered"


def test_a_creation_names_the_main_e_mail_by_itself(house: House) -> None:
    """espocrm/espocrm#3130: hooks and workflows see no ``emailAddress`` where only the list was sent."""
    house.known(person(ANNA, "anna@example.com", "a.amsel@example.org"))
    house.settle()
    [made] = [json.loads(call.content) for call in house.hostile.told if call.method == "POST"]
    assert made["emailAddress"] == "anna@example.com"
    assert "emailAddressData" not in made


# -- finding and duplicates -------------------------------------------------------------------------------------------


def test_an_e_mail_is_found_however_people_spelled_it_also_a_further_one(house: House) -> None:
    """marmelab/atomic-crm#219, frappe/frappe#18503: a contact was not found by its e-mail in capitals."""
    record = house.double.add_person("chefin@example.net")
    data = [{"emailAddress": "chefin@example.net", "primary": True}, {"emailAddress": "Anna@Example.COM"}]
    there(house)._save("Contact", there(house).records["Contact"][record], {"emailAddressData": data})
    house.known(person(ANNA, "anna@example.com"))
    house.settle()
    assert [each["id"] for each in house.double.people()] == [record]


def test_two_people_of_one_name_are_two_contacts(house: House) -> None:
    """traien/n8n-nodes-espocrm#18, espocrm/espocrm#2790: EspoCRM's own check takes a name for a person (409)."""
    house.known(person(ANNA, first="Eva", last="Maier"), person(BERT, first="Eva", last="Maier"))
    house.settle()
    assert len(house.double.people()) == 2


@pytest.mark.parametrize(
    ("email", "outcome"), [("anna@example.com", ("delivered", "a1")), ("bert@example.com", ("retry", None))]
)
def test_a_duplicate_that_is_named_is_updated_only_if_it_is_the_person(email: str, outcome: tuple[str, Any]) -> None:
    """espocrm/espocrm#2789: a 409 names the records as an array, which may share no more than the name."""
    double: dict[str, Any] = {"id": "a1", "lastName": "Amsel", "cHubProfileId": None}
    double["emailAddressData"] = [{"emailAddress": email, "primary": True, "optOut": False}]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(409, headers={"x-status-reason": "duplicate"}, json=[double])
        listed = {"list": [], "total": -2}
        return httpx.Response(200, json=double if request.url.path.endswith("/a1") else listed)

    result = written(ProfileChange(person(ANNA), 1), answer)
    assert (result.outcome, result.external_id) == outcome


def test_a_search_is_asked_in_a_form_that_every_version_knows(house: House) -> None:
    """n8n-io/n8n#39189: a filter that was not understood gave every record there is."""
    house.known(person(ANNA))
    house.settle()
    told = [call for call in house.hostile.told if call.url.path.endswith("/Contact")]
    searches = [dict(parse_qsl(call.url.query.decode())) for call in told if call.method == "GET"]
    assert searches
    assert all("where[0][type]" in query and "whereGroup[0][type]" not in query for query in searches)


def test_a_fresh_load_takes_little_more_than_a_call_a_person(house: House) -> None:
    people = [person(UUID(int=0xB000 + number), f"p{number}@example.com") for number in range(100)]
    house.known(*people)
    house.settle()
    assert len(house.double.people()) == 100
    asked = [call for call in house.hostile.told if not call.url.path.endswith("/Metadata")]
    assert len(asked) <= 110


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_a_firewalls_page_pauses_the_connection_and_rejects_nobody() -> None:
    """espocrm/espocrm#2083: firewalls take ``where`` and ``select`` in a URL for an attack."""
    with pytest.raises(AuthError, match="firewall"):
        written(ProfileChange(person(ANNA), 1), lambda _: httpx.Response(403, html="<h1>Forbidden</h1>"))


@pytest.mark.parametrize("known", [("65a1",), ()])
def test_a_web_servers_404_is_an_outage_and_no_record_that_is_gone(known: tuple[str, ...]) -> None:
    """espocrm/espocrm#1235: the same status with a page of nginx, with an empty body, with JSON."""
    page = "<html><center>404 Not Found</center>nginx/1.15.8</html>"
    with pytest.raises(Unavailable):
        written(ProfileChange(person(ANNA), 2, known), lambda _: httpx.Response(404, html=page))


def test_a_record_that_the_role_may_not_edit_is_rejected_alone(house: House) -> None:
    # given four contacts, of which the API user may not edit one
    house.known(person(ANNA), person(BERT), person(CARLA))
    house.settle()
    locked, handle = one(house.double, BERT)["id"], there(house).handle

    def refusing(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH" and locked in request.url.path:
            return httpx.Response(403, headers={"x-status-reason": "No edit access."}, request=request)
        return handle(request)

    house.through(refusing)
    # when all change
    house.known(person(ANNA, city="Bonn"), person(BERT, city="Bonn"), person(CARLA, city="Bonn"), person(DORA))
    house.settle()
    states = {key: house.tables.outbox[key].state for key in (ANNA, BERT, CARLA, DORA)}
    assert states == {ANNA: "delivered", BERT: "rejected", CARLA: "delivered", DORA: "delivered"}
    assert "No edit access" in house.tables.outbox[BERT].reason


def test_a_role_without_the_right_to_create_pauses_the_connection() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"list": [], "total": 0})
        return httpx.Response(403, headers={"x-status-reason": "No create access."})

    with pytest.raises(AuthError, match="No create access"):
        written(ProfileChange(person(ANNA), 1), answer)


def test_a_refused_value_is_named_by_the_header_of_older_versions_too() -> None:
    told = "Field validation failure; entityType: Contact, field: phoneNumber, type: valid."

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"list": [], "total": 0})
        return httpx.Response(400, headers={"x-status-reason": told})

    result = written(ProfileChange(person(ANNA, phone="+493023125101"), 1), answer)
    assert [(each.property, each.code) for each in result.refused] == [("phoneNumber", "valid")]


def test_a_phone_that_the_installation_refuses_costs_only_itself(house: House) -> None:
    """espocrm/espocrm#2896: with international phones on, a number of another form is refused."""
    house.double.refuse("+493023125101")
    house.known(person(ANNA, phone="+493023125101", city="Bonn"))
    house.settle()
    held = one(house.double, ANNA)["values"]
    assert (held["addressCity"], held["phoneNumber"]) == ("Bonn", None)
    assert house.tables.outbox[ANNA].refused == "phoneNumber: pattern"


# -- merge, erasure, companies, leads ---------------------------------------------------------------------------------


def test_a_merge_keeps_what_only_the_second_record_had(house: House) -> None:
    house.known(person(ANNA), person(BERT))
    house.settle()
    first, second = one(house.double, ANNA)["id"], one(house.double, BERT)["id"]
    held = there(house).records["Contact"]
    there(house)._save("Contact", held[second], {"title": "Einkauf", "description": "zweite", "doNotCall": True})
    there(house)._save("Contact", held[first], {"description": "erste"})
    house.merged(person(ANNA, "anna@example.com", "bert@example.com"), loser=BERT)
    house.settle()
    values = one(house.double, ANNA)["values"]
    assert [values[name] for name in ("title", "description", "doNotCall")] == ["Einkauf", "erste", True]


def test_a_removed_contact_is_emptied_before(house: House) -> None:
    """EspoCRM only marks what is removed, and keeps it for months."""
    house.known(person(ANNA, city="Bonn", phone="+493023125101"))
    house.settle()
    house.hostile.clear()
    house.erased(ANNA)
    house.settle()
    emptied, removed = house.hostile.told
    body = json.loads(emptied.content)
    assert (emptied.method, removed.method) == ("PATCH", "DELETE")
    assert (body["emailAddressData"], body["phoneNumberData"], body["addressCity"]) == ([], [], None)


def test_the_company_of_a_person_is_an_account_made_once(house: House) -> None:
    house.known(person(ANNA, company="Bäckerei Ohm"), person(BERT, company="Bäckerei Ohm"))
    house.settle()
    house.known(person(CARLA, company="Bäckerei Ohm"))
    house.settle()
    [account] = there(house).records["Account"].values()
    assert {one(house.double, key)["values"]["accountId"] for key in (ANNA, BERT, CARLA)} == {account["id"]}


def test_people_may_be_leads_with_the_name_of_their_company() -> None:
    house = House(EspoCrmDouble(), people="leads", orders="none")
    house.known(person(ANNA, company="Bäckerei Ohm", consent="opted_out"))
    house.ordered(ORDER, order("1001"), ANNA)
    house.settle()
    [lead] = there(house).records["Lead"].values()
    assert (lead["cHubProfileId"], lead["accountName"]) == (str(ANNA), "Bäckerei Ohm")
    assert there(house).opted_out == {"anna@example.com"}
    assert not there(house).records["Contact"]
    assert not there(house).records["Opportunity"]


def test_people_without_a_last_name_have_what_stands_for_one_and_typed_names_stay(house: House) -> None:
    house.double.add_person("bert@example.com")
    nobody = person(ANNA).model_copy(update={"name": type(person(ANNA).name)()})
    single = person(BERT).model_copy(update={"name": type(person(ANNA).name)()})
    house.known(nobody, single)
    house.settle()
    assert one(house.double, ANNA)["values"]["lastName"] == "anna@example.com"
    assert one(house.double, BERT)["values"]["lastName"] == "Getippt"


def test_an_opportunity_keeps_the_contacts_that_people_gave_it(house: House) -> None:
    house.known(person(ANNA), person(BERT))
    house.ordered(ORDER, order("1001"), ANNA)
    house.settle()
    typed = house.double.add_person("chefin@example.net")
    there(house).links[placed(house.double, ORDER)["id"]].append(typed)
    house.ordered(ORDER, order("1001"), BERT)
    house.settle()
    assert placed(house.double, ORDER)["person"].split(";") == [typed, one(house.double, BERT)["id"]]


# -- credentials, checks ----------------------------------------------------------------------------------------------


def test_a_secret_key_signs_method_and_path_in_hexadecimal() -> None:
    """espocrm/php-espo-api-client#2: since 8.4.1 the digest is hexadecimal, and of the path without its query."""
    told: list[httpx.Request] = []
    double = EspoCrmDouble()

    def answer(request: httpx.Request) -> httpx.Response:
        told.append(request)
        return double.handle(request)

    http, settings = client(answer, base_url="https://crm.example.com", secret_key=SECRET)
    write = MAP.render(ProfileChange(person(ANNA), 1), settings)
    assert write is not None
    with http:
        [result] = DESTINATION.send([write], http, settings)
    assert result.outcome == "delivered"
    assert all("x-api-key" not in request.headers for request in told)
    key, _, digest = b64decode(told[0].headers["x-hmac-authorization"]).decode().partition(":")
    assert (key, len(digest)) == (KEY, 64)


def test_a_check_names_missing_fields_rights_and_stages() -> None:
    """traien/n8n-nodes-espocrm#9: custom fields that nobody could reach were a matter of the role."""
    double = EspoCrmDouble()
    double.missing = {"cHubTags", "cHubOrderKey"}
    http, settings = client(double.handle, stage_won="Gewonnen")
    with http:
        found = DESTINATION.check(http, settings) if DESTINATION.check else None
        with pytest.raises(RejectedError, match="cHubOrderKey"):
            DESTINATION.prepare(http, settings) if DESTINATION.prepare else None
    assert found is not None
    assert found.wrong == [
        "Opportunity has no field cHubOrderKey: nothing is written without it",
        "stage_won: EspoCRM's opportunities have no stage 'Gewonnen'",
    ]
    assert any("cHubTags (text)" in told for told in found.untested)


# -- EspoCRM's own specification --------------------------------------------------------------------------------------


def cases() -> list[WriteCase]:
    case = ConnectorCase(registry.get("espocrm"), registry.folder("espocrm"))
    return [write for write in case.write_cases if write.sample.write is not None] if SPEC.exists() else []


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_every_request_is_valid_by_espocrms_own_specification(case: WriteCase) -> None:
    spec = json.loads(SPEC.read_bytes())
    resource = Resource.from_contents(spec, default_specification=DRAFT202012)
    known = Registry().with_resource("urn:espo", resource)
    assert case.sample.write is not None
    _, requests = replayed(case, [case.sample.write], case.sample.exchange("responses"))
    for request in requests:
        path = request.url.path.removeprefix("/api/v1")
        if path == "/Action":
            continue  # the specification has no actions
        faults = list(_faults(spec, known, request, path))
        # what EspoCRM refused in a sample, its specification does too
        refused = request is requests[-1] and "rejected" in str(case.sample.exchange("result"))
        assert bool(faults) == refused, f"{request.method} {path}: {faults}"


def _faults(spec: Mapping[str, Any], known: Registry[Any], request: httpx.Request, path: str) -> Iterator[str]:
    parts = path.strip("/").split("/")
    template = "/" + "/".join("{id}" if number == 1 else part for number, part in enumerate(parts))
    operation = spec["paths"].get(template, {}).get(request.method.lower())
    if operation is None:
        yield f"there is no {request.method} {template}"
        return
    if request.content:
        place = f"/paths/{template.replace('/', '~1')}/{request.method.lower()}/requestBody/content"
        pointer = f"urn:espo#{place}/application~1json/schema"
        validator = Draft202012Validator({"$ref": pointer}, registry=known)
        yield from (error.message for error in validator.iter_errors(json.loads(request.content)))
    named = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    for name, _ in parse_qsl(request.url.query.decode()):
        # ``where`` is what ``whereGroup`` is an alias of (docs.espocrm.com/development/api-search-params)
        if name.replace("where[", "whereGroup[").partition("[")[0] not in named:
            yield f"there is no parameter {name}"
