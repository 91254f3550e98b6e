"""Decisions about who is who over HTTP: who may take them, what is answered, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from hub.api.app import Api
from hub.application.judge import Judge
from hub.application.process import Processing, process_batch
from hub.intake.inbox import GroupCommit
from hub.intake.receive import WebhookIntake
from hub.matching.rules import IdentityRules
from hub.model.keys import profile_id, record_id
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import tokens
from hub.store.database import Database
from tests.support.doubles import START, Crm, by_name, customer, entry, routes_to, source, store
from tests.support.serving import served

ONE, TWO, THREE = (record_id("shop", "customer", number) for number in "123")


class Installation:
    """Three people of a shop, and clients with a token of each role."""

    def __init__(self, database: Database, url: str, processing: Processing) -> None:
        self.database, self.url = database, url
        names = [("Anna", "Müller"), ("Bert", "Ohm"), ("Claus", "Zander")]
        people = [entry([customer(str(n), name=name)], f"e{n}") for n, name in enumerate(names, 1)]
        store(database, people)
        process_batch(processing)
        self.http = self.client("operator", "desk")

    def client(self, role: tokens.Role, name: str) -> httpx.Client:
        with self.database.session() as session:
            text = tokens.create(session, role, name, START)[1]
        return httpx.Client(base_url=f"{self.url}/api/v1", headers={"authorization": f"Bearer {text}"}, timeout=30.0)

    def merge(self, one: UUID, other: UUID, **more: Any) -> httpx.Response:
        return self.http.post(f"/profiles/{profile_id(one)}/merge", json={"other": str(profile_id(other)), **more})


@pytest.fixture
def hub(database: Database) -> Iterator[Installation]:
    crm = Crm().connection("crm")
    connections = by_name(source("shop"), crm)
    rules = IdentityRules()
    processing = Processing(database, connections, routes_to(crm), rules, SurvivorshipRules())
    commit = GroupCommit(database.dsn)
    intake = WebhookIntake(connections, commit, public_url="https://hub.example.com", max_body_bytes=10_000)
    with served(Api(intake, commit, database, connections, judge=Judge(processing))) as url:
        installation = Installation(database, url, processing)
        with installation.http:
            yield installation


def side(number: int) -> list[dict[str, str]]:
    record = record_id("shop", "customer", str(number))
    return [{"id": str(record), "connection": "shop", "kind": "customer", "external_id": str(number)}]


def test_a_merge_a_split_and_a_withdrawal_as_others_see_them(hub: Installation) -> None:
    merged = hub.merge(ONE, TWO, reason="same handwriting").json()
    winner, loser = merged["profiles"][0], merged["retired"][0]
    listed = hub.http.get("/judgements", params={"profile": winner}).json()
    shown = hub.http.get(f"/profiles/{loser}").json()
    split = hub.http.post(f"/profiles/{loser}/split", json={"records": ["shop:2"]}).json()
    ended = hub.http.delete(f"/judgements/{split['judgement']['id']}").json()

    told = {
        "id": merged["judgement"]["id"], "verdict": "same", "one": side(1), "other": side(2), "by": "desk",
        "reason": "same handwriting", "at": merged["judgement"]["at"], "withdrawn_at": None, "withdrawn_by": None,
    }  # fmt: skip
    assert {winner, loser} == {str(profile_id(ONE)), str(profile_id(TWO))}
    assert merged == {
        "judgement": told, "profiles": [winner], "retired": [loser], "restored": [],
        "destinations": merged["destinations"], "also": [], "withdrawn": [],
        "undo": [f"hub judgement withdraw {told['id']}"],
    }  # fmt: skip
    assert listed == {"items": [told], "next": None}
    assert shown["id"] == winner
    assert (split["judgement"]["verdict"], split["restored"]) == ("different", [loser])
    assert [each["id"] for each in split["withdrawn"]] == [told["id"]]
    assert (ended["judgement"]["withdrawn_by"], sorted(ended["profiles"])) == ("desk", sorted([winner, loser]))
    assert hub.http.get("/judgements").json() == {"items": [], "next": None}
    assert len(hub.http.get("/judgements", params={"withdrawn": True}).json()["items"]) == 2


def test_judgements_come_in_pages(hub: Installation) -> None:
    hub.merge(ONE, TWO)
    hub.merge(TWO, THREE)

    first = hub.http.get("/judgements", params={"limit": 1}).json()
    second = hub.http.get("/judgements", params={"limit": 1, "cursor": first["next"]}).json()

    assert first["items"][0]["id"] > second["items"][0]["id"]
    assert second["next"] is None
    assert hub.http.get("/judgements", params={"verdict": "different"}).json()["items"] == []


def test_a_viewer_reads_judgements_and_takes_none(hub: Installation) -> None:
    hub.merge(ONE, TWO)
    with hub.client("viewer", "wall") as viewer:
        answers = [
            viewer.post(f"/profiles/{profile_id(ONE)}/merge", json={"other": str(profile_id(THREE))}),
            viewer.post(f"/profiles/{profile_id(ONE)}/split", json={"records": ["shop:2"]}),
            viewer.delete("/judgements/1"),
        ]
        seen = viewer.get("/judgements")

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert len(seen.json()["items"]) == 1
    assert httpx.get(f"{hub.url}/api/v1/judgements").status_code == 401


def test_what_is_refused_is_a_problem_that_names_every_fault(hub: Installation) -> None:
    merged = hub.merge(ONE, TWO).json()
    again = hub.merge(TWO, ONE)
    records = hub.http.post(
        f"/profiles/{merged['profiles'][0]}/split", json={"records": ["shop:customer:3", "anna@example.de"]}
    )
    split = hub.http.post(f"/profiles/{merged['profiles'][0]}/split", json={"records": ["shop:2"]}).json()
    contradiction = hub.merge(ONE, TWO)

    assert [answer.status_code for answer in (again, records, contradiction)] == [409, 409, 409]
    assert records.headers["content-type"] == "application/problem+json"
    assert records.json()["faults"] == [
        {"path": "records.0", "said": f"belongs to profile {profile_id(THREE)}"},
        {"path": "records.1", "said": "is no record of this profile"},
    ]
    number = split["judgement"]["id"]
    assert [fault["path"] for fault in contradiction.json()["faults"]] == [f"judgement.{number}"]
    assert f"`hub judgement withdraw {number}`" in contradiction.json()["detail"]


def test_what_is_not_there_or_cannot_be_read(hub: Installation) -> None:
    missing = [
        hub.merge(ONE, uuid4()),
        hub.http.post(f"/profiles/{uuid4()}/split", json={"records": ["shop:2"]}),
        hub.http.delete("/judgements/77"),
    ]
    unreadable = [
        hub.http.post(f"/profiles/{profile_id(ONE)}/merge", json={"other": "bert"}),
        hub.http.post(f"/profiles/{profile_id(ONE)}/merge", json={"other": str(profile_id(TWO)), "because": "so"}),
        hub.http.post(f"/profiles/{profile_id(ONE)}/split", json={"records": []}),
        hub.merge(ONE, TWO, reason="nothing can hold \0"),
        hub.http.delete("/judgements/0"),
    ]

    assert [answer.status_code for answer in missing] == [404] * 3
    assert [answer.status_code for answer in unreadable] == [422] * 5
    assert hub.http.get("/judgements").json()["items"] == []
