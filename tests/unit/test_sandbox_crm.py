"""The sandbox CRM refuses what HubSpot refuses, and fails when it is told to."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hub.sandbox.hubspot import SandboxCrm, serve

CONTACTS = "https://crm.example.com/crm/v3/objects/contacts"
AUTHORISED = {"authorization": "Bearer pat-eu1-sample"}


@pytest.fixture
def crm() -> SandboxCrm:
    return SandboxCrm()


def post(crm: SandboxCrm, path: str, body: Any, headers: dict[str, str] = AUTHORISED) -> httpx.Response:
    with httpx.Client(transport=crm.transport(), headers=headers) as client:
        return client.post(f"{CONTACTS}/{path}", json=body)


def upsert(crm: SandboxCrm, *properties: dict[str, Any], trace: bool = True) -> httpx.Response:
    inputs = [
        {
            "idProperty": "email",
            "id": one["email"],
            "properties": one,
            **({"objectWriteTraceId": str(n)} if trace else {}),
        }
        for n, one in enumerate(properties)
    ]
    return post(crm, "batch/upsert", {"inputs": inputs})


def test_a_wrong_token_is_refused(crm: SandboxCrm) -> None:
    answer = post(crm, "batch/upsert", {"inputs": []}, headers={"authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")


def test_more_than_a_hundred_inputs_are_refused_as_a_whole(crm: SandboxCrm) -> None:
    answer = upsert(crm, *({"email": f"k{n}@example.com"} for n in range(101)))
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert crm.contacts() == []


def test_an_upsert_creates_and_then_updates(crm: SandboxCrm) -> None:
    first = upsert(crm, {"email": "a@example.com"}).json()["results"][0]
    second = upsert(crm, {"email": "A@Example.com", "city": "Köln"}).json()["results"][0]
    assert (first["new"], second["new"], first["id"]) == (True, False, second["id"])


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"email": "a@example.com", "shoe_size": "42"}, "PROPERTY_DOESNT_EXIST"),
        ({"email": "a@example.com", "hs_email_optout": "true"}, "READ_ONLY_VALUE"),
        ({"email": "a@example.com", "city": 7}, "must be a string"),
        ({"email": "no address"}, "INVALID_EMAIL"),
    ],
)
def test_a_bad_record_is_named_and_the_others_are_written(
    crm: SandboxCrm, properties: dict[str, Any], words: str
) -> None:
    answer = upsert(crm, properties, {"email": "b@example.com"})
    [error] = answer.json()["errors"]
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert error["context"]["objectWriteTraceId"] == ["0"]
    assert words in error["message"]
    assert [contact["email"] for contact in crm.contacts()] == ["b@example.com"]


def test_without_trace_ids_one_bad_record_fails_the_call(crm: SandboxCrm) -> None:
    assert upsert(crm, {"email": "no address"}, trace=False).status_code == 400


def test_an_email_belongs_to_one_contact(crm: SandboxCrm) -> None:
    known = crm.add(email="a@example.com")
    answer = post(crm, "batch/create", {"inputs": [{"properties": {"email": "a@example.com"}}]})
    assert (answer.status_code, answer.json()["message"]) == (409, f"Contact already exists. Existing ID: {known}")


def test_a_merge_gives_a_new_id_and_keeps_both_emails(crm: SandboxCrm) -> None:
    one, two = crm.add(email="a@example.com", city="Köln"), crm.add(email="b@example.com", zip="50667")
    merged = post(crm, "merge", {"primaryObjectId": one, "objectIdToMerge": two}).json()
    found = post(crm, "batch/read", {"idProperty": "email", "inputs": [{"id": "b@example.com"}], "properties": ["zip"]})
    assert merged["id"] not in (one, two)
    assert found.json()["results"][0]["id"] == merged["id"]
    assert crm.contacts() == [
        {
            "id": merged["id"],
            "email": "a@example.com",
            "zip": "50667",
            "city": "Köln",
            "hs_additional_emails": "b@example.com",
            "hs_merged_object_ids": f"{one};{two}",
        }
    ]


def test_an_additional_email_can_be_taken_away_and_is_anybodys_then(crm: SandboxCrm) -> None:
    one, two = crm.add(email="a@example.com"), crm.add(email="b@example.com")
    merged = post(crm, "merge", {"primaryObjectId": one, "objectIdToMerge": two}).json()["id"]
    path = f"https://crm.example.com/contacts/v1/secondary-email/{merged}/email/b%40example.com"
    with httpx.Client(transport=crm.transport(), headers=AUTHORISED) as client:
        answers = [client.delete(path), client.delete(path)]
    assert [answer.status_code for answer in answers] == [200, 404]
    assert answers[0].json()["secondaryEmails"] == []
    assert upsert(crm, {"email": "b@example.com"}).json()["results"][0]["new"]


def test_an_additional_email_that_becomes_the_first_changes_places_with_it(crm: SandboxCrm) -> None:
    one, two = crm.add(email="a@example.com"), crm.add(email="b@example.com")
    merged = post(crm, "merge", {"primaryObjectId": one, "objectIdToMerge": two}).json()["id"]
    post(crm, "batch/update", {"inputs": [{"id": merged, "properties": {"email": "b@example.com"}}]})
    [contact] = crm.contacts()
    assert (contact["email"], contact["hs_additional_emails"]) == ("b@example.com", "a@example.com")


def test_an_erased_email_cannot_come_back(crm: SandboxCrm) -> None:
    post(crm, "gdpr-delete", {"objectId": crm.add(email="a@example.com")})
    [error] = upsert(crm, {"email": "a@example.com"}).json()["errors"]
    assert "GDPR" in error["message"]


def test_the_rate_limit_counts_any_ten_seconds() -> None:
    now = [0.0]
    crm = SandboxCrm(rate=2, clock=lambda: now[0])
    statuses = [upsert(crm, {"email": "a@example.com"}).status_code for _ in range(3)]
    limited = upsert(crm, {"email": "a@example.com"})
    now[0] = 10.0
    assert statuses == [200, 200, 429]
    assert (limited.headers["retry-after"], limited.json()["policyName"]) == ("10", "TEN_SECONDLY_ROLLING")
    assert upsert(crm, {"email": "a@example.com"}).status_code == 200


def test_every_nth_call_can_be_limited() -> None:
    crm = SandboxCrm(limit_every=3)
    assert [upsert(crm, {"email": "a@example.com"}).status_code for _ in range(4)] == [200, 200, 429, 200]


@pytest.mark.parametrize("status", [423, 500, 503])
def test_a_fault_answers_without_doing_anything(crm: SandboxCrm, status: int) -> None:
    crm.fail(status=status, times=1)
    assert upsert(crm, {"email": "a@example.com"}).status_code == status
    assert crm.contacts() == []
    assert upsert(crm, {"email": "a@example.com"}).status_code == 200


def test_a_silent_fault_has_been_carried_out(crm: SandboxCrm) -> None:
    crm.fail(kind="silent")
    with pytest.raises(httpx.ReadTimeout):
        upsert(crm, {"email": "a@example.com"})
    assert len(crm.contacts()) == 1


def test_over_a_socket_it_times_out_breaks_off_and_tells_its_state(crm: SandboxCrm) -> None:
    with serve(crm, silence_seconds=0.5) as url, httpx.Client(base_url=url, headers=AUTHORISED, timeout=0.2) as client:
        body = {"inputs": [{"idProperty": "email", "id": "a@example.com", "properties": {"email": "a@example.com"}}]}
        crm.fail(kind="silent")
        with pytest.raises(httpx.ReadTimeout):
            client.post("/crm/v3/objects/contacts/batch/upsert", json=body)
        crm.fail(kind="cut")
        broken = client.post("/crm/v3/objects/contacts/batch/upsert", json=body)
        stats = client.get("/sandbox/stats").json()
        contacts = client.get("/sandbox/contacts").json()["results"]
    with pytest.raises(ValueError):
        broken.json()
    assert contacts == crm.contacts()
    assert (stats["contacts"], stats["contacts_created"], stats["duplicates"], stats["calls"]) == (1, 1, 0, 2)
