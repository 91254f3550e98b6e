"""The REST API over a real PostgreSQL: what ops teams and other systems read and do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from hub.api.app import Api
from hub.application.process import Processing, process_batch
from hub.intake.inbox import GroupCommit
from hub.intake.receive import WebhookIntake
from hub.matching.rules import IdentityRules
from hub.model.event import OrderEvent, PrivacyEvent
from hub.model.identifier import RecordKey
from hub.model.order import Order
from hub.model.profile import Profile
from hub.outbox.deliver import Sender, deliver
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import outbox, profiles, tokens, touches
from hub.store.database import Database
from hub.store.inbox import NewEntry
from hub.store.touches import PairRow
from tests.support import servers
from tests.support.doubles import START, Crm, at, by_name, customer, entry, routes_to, sign, source, store
from tests.support.processes import wait_for
from tests.support.serving import served

ANNA = RecordKey(kind="customer", external_id="a1")


class Installation:
    """Two shops, a till and a CRM on a fresh database, and a client with an operator's token."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.crm = Crm()
        crm = self.crm.connection("crm")
        self.connections = by_name(source("shop"), source("till"), crm)
        self.routes = routes_to(crm)
        commit = GroupCommit(database.dsn)
        intake = WebhookIntake(self.connections, commit, public_url="https://hub.example.com", max_body_bytes=10_000)
        self.api = Api(intake, commit, database, self.connections)
        self.http = httpx.Client(headers={"authorization": f"Bearer {self.token('operator')}"}, timeout=30.0)

    def token(self, role: tokens.Role) -> str:
        with self.database.session() as session:
            return tokens.create(session, role, "test", START)[1]

    def processed(self) -> None:
        rules = IdentityRules()
        process_batch(Processing(self.database, self.connections, self.routes, rules, SurvivorshipRules()))

    def delivered(self) -> None:
        deliver(Sender(self.database, self.connections["crm"], list(self.routes), "test"))

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def hub(database: Database) -> Iterator[Installation]:
    with running(database) as installation:
        yield installation


@pytest.fixture(scope="module")
def read_only(postgres_server: servers.Postgres) -> Iterator[Installation]:
    """One for tests that only ask: it holds Anna, told by two systems, and Bert."""
    with postgres_server.database() as database, running(database) as installation:
        anna_in_two_systems(installation)
        store(database, [entry([customer("b1", name=("Bert", "Ohm"), emails=["bert@example.de"])], "e3")])
        installation.processed()
        yield installation


@contextmanager
def running(database: Database) -> Iterator[Installation]:
    installation = Installation(database)
    with served(installation.api) as url, installation.http:
        installation.http.base_url = url
        yield installation


def order(external_id: str, total: str, *, record: RecordKey | None = ANNA, seconds: int = 0) -> OrderEvent:
    placed = Order(external_id=external_id, state="paid", placed_at=at(seconds), currency="EUR", total=Decimal(total))
    return OrderEvent(occurred_at=at(seconds), record=record, order=placed)


def anna_in_two_systems(hub: Installation) -> str:
    shop = customer("a1", name=("Anna", "Müller"), emails=["anna@example.de"], phones=["+493023125017"])
    till = customer("77", when=at(60), name=("Änne", "Müller"), emails=["anna@example.de"])
    store(hub.database, [entry([shop, order("o1", "39.90")], "e1"), entry([till], "e2", connection="till")])
    hub.processed()
    (profile,) = hub.get("/profiles")["items"]
    return str(profile["id"])


def problem(answer: Any) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"] == "about:blank"
    assert body["title"]
    return body


# -- access -----------------------------------------------------------------------------------------------------------


def test_nothing_is_answered_without_a_known_token(hub: Installation):
    missing = hub.http.get("/api/v1/stats", headers={"authorization": ""})
    unknown = hub.http.get("/api/v1/stats", headers={"authorization": "Bearer hub_guessed"})
    basic = hub.http.get("/api/v1/stats", headers={"authorization": "Basic aHViOmh1Yg=="})

    assert [answer.status_code for answer in (missing, unknown, basic)] == [401, 401, 401]
    assert missing.headers["www-authenticate"] == "Bearer"
    assert problem(unknown)["detail"] == "the bearer token is not known"


def test_a_viewer_reads_and_changes_nothing(hub: Installation):
    store(hub.database, [entry([customer("a1")], "e1")])
    hub.http.headers["authorization"] = f"Bearer {hub.token('viewer')}"

    assert hub.http.get("/api/v1/inbox").status_code == 200
    refused = [hub.http.post(f"/api/v1{path}") for path in ("/inbox/1/replay", "/dead-letters/inbox:1/redrive")]

    assert [answer.status_code for answer in refused] == [403, 403]
    assert problem(refused[0])["detail"] == "the role operator is needed; this token has the role viewer"


def test_a_revoked_token_opens_nothing_and_no_token_is_stored(hub: Installation):
    text = hub.token("admin")
    with hub.database.session() as session:
        admin = next(token for token in tokens.page(session) if token.role == "admin")
        stored = session.rows("SELECT encode(digest, 'escape') || name || role FROM token")
        assert tokens.revoke(session, admin.id)
        assert not tokens.revoke(session, admin.id)

    answer = hub.http.get("/api/v1/stats", headers={"authorization": f"Bearer {text}"})

    assert answer.status_code == 401
    assert not [row for (row,) in stored if text in row]


def test_webhooks_health_and_the_description_need_no_token(hub: Installation):
    hub.http.headers.pop("authorization")
    paths = ("/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs")

    assert {path: hub.http.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


# -- problems ---------------------------------------------------------------------------------------------------------


def test_faults_of_a_request_are_named_without_its_values(hub: Installation):
    unreadable = hub.http.get("/api/v1/profiles/anna@example.de?limit=0")
    limit = hub.http.get("/api/v1/profiles", params={"limit": 501, "identifier": "anna@example.de"})
    identifier = hub.http.get("/api/v1/profiles", params={"identifier": "anna@example.de"})
    cursor = hub.http.get("/api/v1/inbox", params={"cursor": "anna@example.de"})

    assert [answer.status_code for answer in (unreadable, limit, identifier, cursor)] == [422] * 4
    assert [fault["path"] for fault in problem(limit)["faults"]] == ["query.limit"]
    assert "identifier" in problem(identifier)["detail"]
    assert not [answer for answer in (unreadable, limit, identifier, cursor) if "anna" in answer.text]


def test_unknown_things_and_methods_are_problems_too(hub: Installation):
    paths = (f"/profiles/{uuid4()}", f"/profiles/{uuid4()}/timeline", f"/profiles/{uuid4()}/explain", "/inbox/7", "/x")

    assert [problem(hub.http.get(f"/api/v1{path}"))["status"] for path in paths] == [404] * 5
    assert problem(hub.http.post("/api/v1/inbox/7/replay"))["status"] == 404
    assert problem(hub.http.post("/api/v1/dead-letters/nothing/redrive"))["status"] == 404
    assert problem(hub.http.delete("/api/v1/stats"))["status"] == 405


def test_a_database_that_is_away_makes_it_unready_until_it_is_back(
    hub: Installation, postgres_server: servers.Postgres
):
    name = urlsplit(hub.database.dsn).path.strip("/")

    with psycopg.connect(postgres_server.uri, autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
        away = hub.http.get("/health/ready").status_code
        live = hub.http.get("/health/live").status_code
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())

    assert (away, live) == (503, 200)
    # the answer is shared by all who ask within a second
    wait_for(lambda: hub.http.get("/health/ready").status_code == 200, seconds=10)


def test_a_failing_query_is_a_problem_that_asks_to_come_back(hub: Installation):
    hub.database.close()

    answer = hub.http.get("/api/v1/stats")

    assert problem(answer)["status"] == 503
    assert answer.headers["retry-after"] == "5"


# -- profiles ---------------------------------------------------------------------------------------------------------


def test_a_profile_is_given_as_the_contract_says(hub: Installation):
    profile_id = anna_in_two_systems(hub)
    hub.delivered()

    shown = hub.get(f"/profiles/{profile_id}")

    assert Profile.model_validate(shown)
    times = [shown.pop(name) for name in ("created_at", "updated_at")] + [shown["destinations"][0].pop("at")]
    assert not [time for time in times if not time.endswith("Z")]
    traits = shown.pop("traits")
    assert traits["last_order_via"] == "shop"
    assert traits["stage"] in ("new", "existing", "at_risk", "former")
    assert shown == {
        "id": profile_id,
        "aliases": [],
        "name": {"first": "Änne", "middle": None, "last": "Müller", "full": "Änne Müller"},
        "emails": ["anna@example.de"],
        "phones": ["+493023125017"],
        "addresses": [],
        "birth_date": None,
        "language": None,
        "company": None,
        "loyalty_ids": [],
        "accounts": [],
        "tags": [],
        "contact_kinds": [],
        "consents": [],
        "orders": {
            "count": 1,
            "totals": [{"amount": "39.90", "currency": "EUR"}],
            "first_at": "2026-03-01T09:00:00Z",
            "last_at": "2026-03-01T09:00:00Z",
            "open": {"count": 0, "totals": []},
        },
        "custom": {},
        "records": [
            {"connection": "shop", "kind": "customer", "external_id": "a1"},
            {"connection": "till", "kind": "customer", "external_id": "77"},
        ],
        "destinations": [{"connection": "crm", "external_id": "1", "state": "in_sync", "refused": []}],
        "suppressed": False,
    }


@pytest.mark.parametrize(
    "query",
    [
        {"identifier": "email: Anna@Example.DE"},
        {"identifier": "phone:030 23125017"},
        {"identifier": "email:anna@example.de", "q": "mül"},
        {"q": "AENNE mueller"},
        {"q": "anna@example.de"},
        {"q": "+49 (30) 23125-017"},
    ],
)
def test_people_are_found_however_they_are_spelled(read_only: Installation, query: dict[str, str]):
    names = {profile["id"]: profile["name"]["last"] for profile in read_only.get("/profiles")["items"]}
    found = [profile["id"] for profile in read_only.get("/profiles", **query)["items"]]

    assert sorted(names.values()) == ["Müller", "Ohm"]
    assert [names[one] for one in found] == ["Müller"]


@pytest.mark.parametrize("query", [{"identifier": "email:bert@example.de"}, {"q": "bert"}, {"q": "???"}])
def test_others_are_not_found(hub: Installation, query: dict[str, str]):
    anna_in_two_systems(hub)

    assert hub.get("/profiles", **query) == {"items": [], "next": None}


def test_a_retired_id_answers_with_the_winner_and_its_reasons(hub: Installation):
    store(hub.database, [entry([customer("a1", emails=["anna@example.de"])], "e1")])
    hub.processed()
    store(hub.database, [entry([customer("77", emails=["a.m@example.org"])], "e2", connection="till")])
    hub.processed()
    before = {profile["id"] for profile in hub.get("/profiles")["items"]}
    both = customer("77", when=at(60), emails=["a.m@example.org", "anna@example.de"])
    store(hub.database, [entry([both], "e3", connection="till")])
    hub.processed()

    (winner,) = hub.get("/profiles")["items"]
    (retired,) = winner["aliases"]
    explained = hub.get(f"/profiles/{retired}/explain")

    assert {winner["id"], retired} == before
    assert hub.get(f"/profiles/{retired}") == winner
    kinds = [item["kind"] for item in hub.get(f"/profiles/{retired}/timeline")["items"]]
    assert kinds == ["profile_change", "sign_up", "sign_up"]
    [merge] = hub.get("/profiles/merges")["items"]
    assert (merge["profile_id"], merge["other_id"], merge["undone"]) == (winner["id"], retired, False)
    assert "the same e-mail" in merge["reasons"][0]
    assert hub.get("/profiles/merges", since="2100-01-01T00:00:00Z")["items"] == []
    assert explained["id"] == winner["id"]
    assert [(item["what"], item["other_id"]) for item in explained["history"]] == [("merged", retired)]
    assert explained["history"][0]["evidence"]


def test_every_value_names_its_record_event_rule_and_losers(hub: Installation):
    profile_id = anna_in_two_systems(hub)
    hub.delivered()

    explained = hub.get(f"/profiles/{profile_id}/explain")

    by_field = {value["field"]: value for value in explained["values"]}
    assert sorted(by_field) == ["emails.0", "name", "phones.0"]
    came = "(topic events, read from the system's history, received 2026-03-01 09:00:00 UTC), source time 2026-03-01"
    assert by_field["name"] == {
        "field": "name",
        "rule": "newest source time",
        "value": {"first": "Änne", "last": "Müller", "full": "Änne Müller"},
        "record": {"connection": "till", "kind": "customer", "external_id": "77"},
        "event": 2,
        "at": "2026-03-01T09:01:00Z",
        "explicit": None,
        "text": f"Name Änne Müller: told by till (customer 77) in event 2 {came} 09:01:00 UTC; newest source time.",
        "lost": [
            {
                "value": {"first": "Anna", "last": "Müller", "full": "Anna Müller"},
                "record": {"connection": "shop", "kind": "customer", "external_id": "a1"},
                "event": 1,
                "at": "2026-03-01T09:00:00Z",
                "why": "older",
                "text": f"Not used: Anna Müller, told by shop (customer a1) in event 1 {came} 09:00:00 UTC, "
                "because older.",
            }
        ],
    }
    assert [(item["kind"], item["connection"], item["event"]) for item in explained["identifiers"]] == [
        ("email", "shop", 1),
        ("email", "till", 2),
        ("phone", "shop", 1),
    ]
    assert [(item["destination"], item["outcome"], item["events"]) for item in explained["deliveries"]] == [
        ("crm", "delivered", [1, 2])
    ]
    only = hub.get(f"/profiles/{profile_id}/explain", field="emails")
    assert [value["field"] for value in only["values"]] == ["emails.0"]


def test_an_event_that_came_by_webhook_is_said_to_be_signed(hub: Installation):
    body = entry([customer("a1", name=("Anna", "Müller"))], "e1").body
    assert hub.http.post("/webhooks/shop", content=body, headers=sign(body)).status_code == 202
    assert hub.http.post("/webhooks/shop", content=body, headers={**sign(body), "x-signature": "00"}).status_code == 401
    hub.processed()
    (profile,) = hub.get("/profiles")["items"]

    explained = hub.get(f"/profiles/{profile['id']}/explain", field="name")

    assert [(event["event_id"], event["came"]) for event in explained["events"]] == [("e1", "webhook")]
    assert "(topic events, verified signature, received " in explained["values"][0]["text"]
    missing = hub.http.get(f"/api/v1/profiles/{profile['id']}/explain", params={"field": "company"})
    assert (missing.status_code, problem(missing)["detail"]) == (404, "the profile has no such value")


def test_the_timeline_is_walked_from_the_newest(hub: Installation):
    profile_id = anna_in_two_systems(hub)
    store(hub.database, [entry([order(f"o{n}", "5.00", seconds=n) for n in range(2, 6)], "e3")])
    hub.processed()

    pages = walk(hub, f"/profiles/{profile_id}/timeline", limit=2)

    items = [item for page in pages for item in page]
    assert {len(page) for page in pages[:-1]} == {2}
    stages = [item["subject"] for item in items if item["kind"] == "stage"]  # how many there are by now, time tells
    assert stages[-1] == "potential to new"
    items = [item for item in items if item["kind"] != "stage"]
    items, others = ([i for i in items if (i["kind"] == "order") is wanted] for wanted in (True, False))
    assert [item["kind"] for item in others] == ["sign_up", "sign_up"]
    assert [item["external_id"] for item in items] == ["o5", "o4", "o3", "o2", "o1"]
    assert {name: items[-1][name] for name in ("kind", "amount", "currency", "event", "at")} == {
        "kind": "order",
        "amount": "39.90",
        "currency": "EUR",
        "event": 1,
        "at": "2026-03-01T09:00:00Z",
    }


def test_recommendations_say_why_and_nobody_there_is_not_found(hub: Installation):
    profile_id = anna_in_two_systems(hub)
    with hub.database.session() as session:
        touches.replace_pairs(session, [PairRow("", 0, "Tea", 0.5, 9, 18)])

    found = hub.get(f"/profiles/{profile_id}/recommendations", limit=3)

    assert found == [{"product": "Tea", "because": None, "why": "9 of 18 customers bought it", "kind": "next"}]
    assert hub.http.get(f"/api/v1/profiles/{UUID(int=7)}/recommendations").status_code == 404


def test_profiles_are_walked_without_gaps(hub: Installation):
    people = [customer(f"p{n}", emails=[f"p{n}@example.com"]) for n in range(7)]
    store(hub.database, [entry(people, "e1")])
    hub.processed()

    pages = walk(hub, "/profiles", limit=3)

    ids = [profile["id"] for page in pages for profile in page]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert ids == sorted(set(ids))


def test_a_suppressed_person_shows_as_suppressed_once_it_is_done(hub: Installation):
    profile_id = anna_in_two_systems(hub)
    hub.delivered()
    erasure = PrivacyEvent(occurred_at=at(120), action="erasure", external_id="p1", record=ANNA)
    store(hub.database, [entry([erasure], "e3")])
    hub.processed()

    pending = hub.get(f"/profiles/{profile_id}")
    hub.delivered()
    done = hub.get(f"/profiles/{profile_id}")

    assert [(shown["suppressed"], shown["destinations"][0]["state"]) for shown in (pending, done)] == [
        (True, "pending"),
        (True, "suppressed"),
    ]


def test_what_changed_since_is_walked_in_the_order_of_change(hub: Installation):
    # given eight people, of whom the first changed last, and three changed at one time
    store(hub.database, [entry([customer(f"p{n}", emails=[f"p{n}@example.com"])], f"e{n}") for n in range(8)])
    hub.processed()
    with hub.database.session() as session:
        ids = [row[0] for row in session.rows("SELECT id FROM profile ORDER BY id")]
        for number, changed in enumerate([9, 1, 2, 3, 3, 3, 4, 5]):
            session.run("UPDATE profile SET updated_at = %s WHERE id = %s", [at(changed), ids[number]])
    # when another system asks for what changed
    pages = walk(hub, "/profiles", updated_since=at(2).isoformat(), limit=2)
    # then each comes once, the oldest change first
    assert [item["id"] for page in pages for item in page] == [str(ids[n]) for n in (2, 3, 4, 5, 6, 7, 0)]
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    later = hub.get("/profiles", updated_since=at(4).isoformat(), q="p7")["items"]
    assert [item["id"] for item in later] == [str(id_) for id_ in ids if id_ in ids[6:] + ids[:1] and p7(hub, id_)]
    assert hub.get("/profiles", updated_since=at(10).isoformat())["items"] == []


def p7(hub: Installation, id_: UUID) -> bool:
    return "p7@example.com" in hub.get(f"/profiles/{id_}")["emails"]


def test_what_changed_since_is_found_by_its_index(hub: Installation):
    with hub.database.session() as session:
        seen: list[str] = []
        rows = session.rows

        def explained(sql: str, parameters: Any = None) -> Any:
            seen.extend(row[0] for row in rows(f"EXPLAIN {sql}", parameters))
            return []

        session.rows = explained  # type: ignore[method-assign]
        profiles.find(session, words=[], updated_since=at(0), after_change=at(1), after=UUID(int=1),
                      limit=10)  # fmt: skip
    plan = "\n".join(seen)
    assert "Index Scan using profile_updated on profile p" in plan
    assert "Sort" not in plan.split("SubPlan")[0]


@pytest.mark.parametrize("since", ["2026-03-01", "2026-03-01T09:00:00", "yesterday"])
def test_a_time_without_a_zone_is_not_taken(read_only: Installation, since: str):
    answer = read_only.http.get("/api/v1/profiles", params={"updated_since": since})
    assert problem(answer)["faults"][0]["path"] == "query.updated_since"


def test_a_cursor_of_one_order_is_refused_in_the_other(hub: Installation):
    store(hub.database, [entry([customer(f"p{n}")], f"e{n}") for n in range(3)])
    hub.processed()
    since = {"updated_since": at(-9e8).isoformat()}
    cursors = [hub.get("/profiles", limit=1, **query)["next"] for query in ({}, since)]
    swapped = [
        hub.http.get("/api/v1/profiles", params={"cursor": cursors[0], **since}),
        hub.http.get("/api/v1/profiles", params={"cursor": cursors[1]}),
    ]
    assert [answer.status_code for answer in swapped] == [422, 422]


def walk(hub: Installation, path: str, **query: Any) -> list[list[dict[str, Any]]]:
    pages: list[list[dict[str, Any]]] = []
    cursor: dict[str, str] = {}
    while True:
        page = hub.get(path, **query, **cursor)
        pages.append(page["items"])
        if page["next"] is None:
            return pages
        cursor = {"cursor": page["next"]}


# -- inbox and dead letters -------------------------------------------------------------------------------------------


def test_the_inbox_is_listed_by_state_connection_and_time(hub: Installation):
    entries = [entry([customer(f"p{n}")], f"e{n}", received_at=at(n)) for n in range(5)]
    odd = [
        NewEntry("shop", "e5", "events", "{}", b"not json", at(5)),
        NewEntry("till", "e6", "prices", "{}", b"[]", at(6)),
    ]
    store(hub.database, [*entries, *odd])
    hub.processed()
    store(hub.database, [entry([customer("late")], "e7", received_at=at(7))])

    def listed(**query: Any) -> list[int]:
        return [item["id"] for page in walk(hub, "/inbox", limit=2, **query) for item in page]

    assert listed() == [8, 7, 6, 5, 4, 3, 2, 1]
    assert listed(connection="till") == [7]
    assert listed(since=at(4).isoformat()) == [8, 7, 6, 5]
    assert {state: listed(state=state) for state in ("pending", "done", "skipped", "parked")} == {
        "pending": [8],
        "done": [5, 4, 3, 2, 1],
        "skipped": [7],
        "parked": [6],
    }
    (parked,) = hub.get("/inbox", state="parked")["items"]
    assert parked == {
        "id": 6,
        "connection": "shop",
        "event_id": "e5",
        "topic": "events",
        "received_at": "2026-03-01T09:00:05Z",
        "state": "parked",
        "reason": "$: not readable",
    }


def test_an_event_is_shown_whole_whatever_its_bytes(hub: Installation):
    text = NewEntry("shop", "e1", "events", '{"x-topic": "events"}', '["ü"]'.encode(), START)
    binary = NewEntry("shop", "e2", "events", "{}", b"\xff\x00", START)
    store(hub.database, [text, binary])

    shown = hub.get("/inbox/1")

    assert (shown["body"], shown["encoding"], shown["headers"]) == ('["ü"]', "utf-8", {"x-topic": "events"})
    assert {name: hub.get("/inbox/2")[name] for name in ("body", "encoding")} == {"body": "/wA=", "encoding": "base64"}


def test_a_replayed_event_is_worked_on_again_and_changes_nothing(hub: Installation):
    profile_id = anna_in_two_systems(hub)
    before = hub.get(f"/profiles/{profile_id}")

    answer = hub.http.post("/api/v1/inbox/1/replay")
    waiting = hub.get("/inbox/1")["state"]
    hub.processed()

    assert (answer.status_code, answer.json(), waiting) == (202, {"id": 1, "state": "pending"}, "pending")
    assert hub.get("/inbox/1")["state"] == "done"
    assert hub.get(f"/profiles/{profile_id}") == before


def test_an_event_without_its_body_cannot_be_replayed(hub: Installation):
    store(hub.database, [entry([customer("a1")], "e1")])
    hub.processed()
    with hub.database.session() as session:
        session.run("UPDATE inbox SET body = NULL")

    assert problem(hub.http.post("/api/v1/inbox/1/replay"))["status"] == 409
    assert hub.get("/inbox/1")["body"] is None


def test_dead_letters_are_rows_and_events_that_wait_for_a_person(hub: Installation):
    store(hub.database, [entry([customer(f"p{n}", emails=[f"p{n}@example.com"])], f"e{n}") for n in range(3)])
    store(hub.database, [NewEntry("till", "bad", "events", "{}", b"?", START)])
    hub.processed()
    keys = fail_all(hub, "rejected", "their words")

    pages = walk(hub, "/dead-letters", limit=2)

    items = [item for page in pages for item in page]
    assert [item["id"] for item in items] == [*(f"outbox:crm:{key}" for key in keys), "inbox:4"]
    assert {name: items[0][name] for name in ("state", "reason", "connection", "subject", "profile_id")} == {
        "state": "rejected",
        "reason": "their words",
        "connection": "crm",
        "subject": "profile",
        "profile_id": str(keys[0]),
    }
    assert [item["id"] for item in hub.get("/dead-letters", connection="till")["items"]] == ["inbox:4"]


def test_a_redriven_dead_letter_is_delivered_and_one_no_more(hub: Installation):
    anna_in_two_systems(hub)
    store(hub.database, [NewEntry("till", "bad", "events", "{}", b"?", START)])
    hub.processed()
    (key, *_) = fail_all(hub, "dead", "14 times away")
    ids = [item["id"] for item in hub.get("/dead-letters")["items"]]

    answers = [hub.http.post(f"/api/v1/dead-letters/{id_}/redrive") for id_ in ids]
    again = hub.http.post(f"/api/v1/dead-letters/{ids[0]}/redrive")
    left = hub.get("/dead-letters")["items"]
    hub.delivered()

    assert {answer.status_code for answer in answers} == {202}
    assert problem(again)["status"] == 404
    assert left == []
    assert hub.get("/inbox/3")["state"] == "pending"
    assert hub.get(f"/profiles/{key}")["destinations"][0]["state"] == "in_sync"


def fail_all(hub: Installation, state: str, reason: str) -> list[UUID]:
    with hub.database.session() as session:
        session.run("UPDATE outbox SET state = %s, reason = %s", [state, reason])
        rows = outbox.page(session, states=[state])
    return [row["key"] for row in rows if row["subject"] == "profile"]


# -- operations -------------------------------------------------------------------------------------------------------


def test_connections_show_their_state_and_no_secret(hub: Installation):
    with hub.database.session() as session:
        session.run(
            "INSERT INTO destination_state (destination, failures, not_before, reason) "
            "VALUES ('crm', 6, now() + interval '1 minute', 'POST crm.example.com answered 503')"
        )

    answer = hub.http.get("/api/v1/connections")

    shop, till, crm = answer.json()["items"]
    assert shop == {
        "name": "shop",
        "connector": "double",
        "title": "Double",
        "channel": "web",
        "roles": ["source"],
        "inbox_lag_seconds": None,
        "outbox_lag_seconds": None,
        "parked": 0,
        "pending": 0,
        "rejected": 0,
        "dead": 0,
        "source": {
            "state": "ok",
            "since": None,
            "not_before": None,
            "failures": 0,
            "reason": "",
            "by": "",
            "advice": "",
        },
        "destination": None,
        "backfill": None,
        "quotas": [],
        "advice": shop["advice"],
    }
    assert shop["advice"][0].startswith("no event came yet: ")
    assert till["name"] == "till"
    assert crm["destination"].pop("not_before").endswith("Z")
    assert crm["destination"] == {
        "state": "resting",
        "since": None,
        "failures": 6,
        "reason": "POST crm.example.com answered 503",
        "by": "",
        "advice": "`hub outbox retry crm` tries now; else it is tried again by itself",
    }
    assert "s3cret" not in answer.text


def test_stats_count_what_is_where(hub: Installation):
    empty = hub.get("/stats")
    anna_in_two_systems(hub)
    store(hub.database, [NewEntry("till", "bad", "events", "{}", b"?", START)])
    hub.processed()
    store(hub.database, [entry([customer("new")], "e9", received_at=START - timedelta(days=1))])

    counted = hub.get("/stats")

    assert empty == {
        "inbox": {"pending": 0, "done": 0, "skipped": 0, "parked": 0},
        "records": 0,
        "profiles": 0,
        "reviews": {"open": 0},
        "outbox": {"crm": {"pending": 0, "retrying": 0, "delivered": 0, "rejected": 0, "dead": 0}},
        "reconciled": {},
        "lag": {"inbox": {}, "outbox": {}},
    }
    lag = counted.pop("lag")
    assert (lag["inbox"]["shop"] > 86_400, lag["outbox"]["crm"] >= 0) == (True, True)
    assert counted == {
        "inbox": {"pending": 1, "done": 2, "skipped": 0, "parked": 1},
        "records": 2,
        "profiles": 1,
        "reviews": {"open": 0},
        "outbox": {"crm": {"pending": 2, "retrying": 0, "delivered": 0, "rejected": 0, "dead": 0}},
        "reconciled": {},
    }


def test_the_description_is_complete(hub: Installation):
    paths = hub.http.get("/openapi.json").json()["paths"]

    operations = {
        (method.upper(), path.removeprefix("/api/v1")): operation
        for path, methods in paths.items()
        for method, operation in methods.items()
        if path.startswith("/api/v1")
    }
    assert {
        ("GET", "/profiles"), ("GET", "/profiles/merges"), ("GET", "/profiles/{id}"),
        ("GET", "/profiles/{id}/timeline"),
        ("GET", "/profiles/{id}/explain"), ("GET", "/inbox"), ("GET", "/inbox/{id}"), ("POST", "/inbox/{id}/replay"),
        ("GET", "/dead-letters"), ("POST", "/dead-letters/{id}/redrive"), ("GET", "/connections"), ("GET", "/stats"),
    } <= set(operations)  # fmt: skip
    for operation in operations.values():
        answers = operation["responses"]
        (done,) = [answer for status, answer in answers.items() if status.startswith("2")]
        assert done["content"]["application/json"]["schema"] != {}
        assert list(answers["401"]["content"]) == ["application/problem+json"]
        assert operation["security"] == [{"HTTPBearer": []}]
        assert operation["description"]
