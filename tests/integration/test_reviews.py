"""Doubtful matches: which wait for a person, in what order, how they are shown, and what an answer does."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from hub.api.app import Api
from hub.application.answer_review import Reviewer
from hub.application.process import Processing, process_batch
from hub.application.review import opened
from hub.errors import NotFound, RefusedError
from hub.intake.inbox import GroupCommit
from hub.intake.receive import WebhookIntake
from hub.matching.questions import Question
from hub.matching.questions import opened as asked_now
from hub.matching.rules import IdentityRules
from hub.model.address import Address
from hub.model.event import CanonicalEvent, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.judgement import Judgement, Verdict
from hub.model.keys import profile_id, record_id
from hub.model.order import Order
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import judgements, matches, reviews, stats, tokens
from hub.store.database import Database
from hub.store.reviews import review_id
from hub.workers.sweep import weigh_reviews
from tests.support.doubles import START, Crm, at, by_name, customer, entry, routes_to, source, store
from tests.support.serving import served

NAMES = [("Anna", "Müller"), ("Bert", "Ohm"), ("Claus", "Zander"), ("Dörte", "Quast"), ("Emil", "Vogt"), ("Fee", "Ley")]


def rec(number: int) -> UUID:
    return record_id("shop", "customer", str(number))


def review(one: int, other: int) -> UUID:
    return review_id(profile_id(rec(one)), profile_id(rec(other)))


def order(number: int, total: str, currency: str = "EUR") -> OrderEvent:
    key = RecordKey(kind="customer", external_id=str(number))
    placed = Order(
        external_id=f"o{number}-{total}", state="paid", placed_at=at(0), currency=currency, total=Decimal(total)
    )
    return OrderEvent(occurred_at=at(0), record=key, order=placed)


class Office:
    """A shop with six people who have nothing in common, and somebody who answers."""

    def __init__(self, database: Database) -> None:
        self.database = database
        crm = Crm().connection("crm")
        self.connections = by_name(source("shop"), crm)
        rules = IdentityRules()
        self.processing = Processing(database, self.connections, routes_to(crm), rules, SurvivorshipRules())
        self.reviewer = Reviewer(self.processing)
        self.told(*([customer(str(n), name=name)] for n, name in enumerate(NAMES, 1)))

    def told(self, *entries: Sequence[CanonicalEvent]) -> None:
        store(self.database, [entry(events, uuid4().hex) for events in entries])
        while process_batch(self.processing).entries:
            pass

    def matched(self, one: int, other: int, weight: float) -> None:
        first, second = sorted((rec(one), rec(other)))
        with self.database.session() as session:
            matches.put_matches(session, {(first, second): weight})

    def judged(self, verdict: Verdict, one: set[UUID], other: set[UUID], reason: str = "") -> None:
        with self.database.session() as session:
            judgements.insert(session, Judgement(0, verdict, frozenset(one), frozenset(other), "hub", reason, START))

    def open(self) -> list[UUID]:
        with self.database.session() as session:
            found = [each.id for each in reviews.page(session, limit=100)]
            assert reviews.count(session) == len(found) == stats.stats(session)["reviews"]["open"]
        return found

    def learnt(self) -> dict[frozenset[UUID], bool]:
        with self.database.session() as session:
            return {frozenset(pair): same for pair, same in reviews.answers(session).items()}

    def home(self, number: int) -> UUID:
        with self.database.session() as session:
            row = session.one("SELECT profile_id FROM record WHERE id = %s", [rec(number)])
        assert row
        found: UUID = row[0]
        return found


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


# -- what is open, and in what order ----------------------------------------------------------------------------------


def test_reviews_with_the_most_at_stake_come_first_and_then_the_surest(office: Office) -> None:
    office.told([order(1, "900.00"), order(2, "80.00")], [order(3, "300.00"), order(4, "200.00"), order(4, "1.00")])
    office.matched(1, 2, 3.0)
    office.matched(3, 4, 1.0)
    office.matched(5, 6, 1.5)
    office.matched(1, 5, 2.5)

    with office.database.session() as session:
        found = reviews.page(session, limit=10)
        pages = [reviews.page(session, limit=1), reviews.page(session, limit=2, after=found[0].position)]
        last = reviews.page(session, limit=2, after=found[2].position)

    told = [(each.id, each.revenue, each.orders, each.weight) for each in found]
    assert told == [
        (review(3, 4), Decimal("201.00"), 2, 1.0),
        (review(1, 2), Decimal("80.00"), 1, 3.0),
        (review(1, 5), Decimal(0), 0, 2.5),
        (review(5, 6), Decimal(0), 0, 1.5),
    ]
    assert [*pages[0], *pages[1], *last] == found


def test_of_many_doubts_about_one_person_the_surest_are_asked_and_the_rest_wait(office: Office) -> None:
    # given six people who may each be any other of them
    doubts = [(one, other, 1.0 + one % 3) for one in range(1, 7) for other in range(one + 1, 7)]
    for one, other, weight in doubts:
        office.matched(one, other, weight)
    # then those are open that the pure rule opens
    questions = [
        Question(one, other, weight, (min(rec(one), rec(other)), max(rec(one), rec(other))))
        for one, other, weight in doubts
    ]
    expected = {review(each.one, each.other) for each in asked_now(questions)}
    assert set(office.open()) == expected
    assert 1 <= len(expected) <= len(NAMES)


def test_what_is_at_stake_is_read_ahead_and_what_was_not_is_read_at_once(office: Office) -> None:
    office.told([order(1, "10.00"), order(2, "10.00"), order(3, "20.00"), order(4, "20.00")])
    office.matched(1, 2, 1.0)
    with office.database.session() as session:
        assert reviews.read_stakes(session) == 1
    office.matched(3, 4, 1.0)

    with office.database.session() as session:
        before = reviews.page(session, limit=10)
        assert reviews.read_stakes(session) == 2
        assert reviews.page(session, limit=10) == before
    assert [each.id for each in before] == [review(3, 4), review(1, 2)]


def test_pairs_of_records_of_the_same_two_profiles_are_one_review_and_the_surest_leads(office: Office) -> None:
    office.told([customer("7", name=("Gerd", "Pohl"))])
    office.reviewer.merge(office.home(1), office.home(7), "test")
    office.matched(1, 2, 1.0)
    office.matched(7, 2, 3.0)

    with office.database.session() as session:
        (found,) = reviews.page(session, limit=10)
        behind = reviews.pairs(session, [found])[found.id]

    assert found.weight == 3.0
    assert [({pair.one, pair.other}, pair.weight) for pair in behind] == [
        ({rec(7), rec(2)}, 3.0),
        ({rec(1), rec(2)}, 1.0),
    ]


def test_what_is_one_profile_or_judged_is_no_question(office: Office) -> None:
    office.matched(1, 2, 3.0)
    office.matched(3, 4, 3.0)
    office.judged("same", {rec(1)}, {rec(2)})
    office.judged("different", {rec(3)}, {rec(4)})

    assert office.open() == []


# -- answers ----------------------------------------------------------------------------------------------------------


def test_accept_makes_them_one_for_ever(office: Office) -> None:
    office.matched(1, 2, 3.0)

    done = office.reviewer.answer(review(1, 2), "accept", "mia", "same voice")

    assert (done["id"], done["answer"], done["by"], done["reason"]) == (review(1, 2), "accept", "mia", "same voice")
    assert (done["judged"]["judgement"]["verdict"], done["judged"]["profiles"]) == ("same", [office.home(1)])
    assert office.home(1) == office.home(2)
    assert office.open() == []
    assert office.learnt() == {frozenset({rec(1), rec(2)}): True}


def test_a_withdrawn_answer_teaches_nothing(office: Office) -> None:
    office.matched(1, 2, 3.0)
    done = office.reviewer.answer(review(1, 2), "accept", "mia")

    office.reviewer.withdraw(done["judged"]["judgement"]["id"], "mia")

    assert office.home(1) != office.home(2)
    assert office.learnt() == {}


def test_a_rejected_review_comes_back_when_its_evidence_has_grown_by_more_than_a_bit(office: Office) -> None:
    office.matched(1, 2, 2.0)

    done = office.reviewer.answer(review(1, 2), "reject", "mia")

    assert done["judged"] is None
    assert office.open() == []
    office.matched(1, 2, 3.0)
    assert office.open() == []
    office.matched(1, 2, 3.1)
    assert office.open() == [review(1, 2)]
    assert office.home(1) != office.home(2)
    assert office.learnt() == {frozenset({rec(1), rec(2)}): False}


def test_a_further_record_that_tells_no_more_does_not_bring_a_rejected_review_back(office: Office) -> None:
    office.matched(1, 2, 2.0)
    office.reviewer.answer(review(1, 2), "reject", "mia")
    office.told([customer("7", name=("Gerd", "Pohl"))])
    office.reviewer.merge(office.home(1), office.home(7), "test")

    office.matched(1, 2, 2.0)
    office.matched(7, 2, 2.5)
    assert office.open() == []
    office.matched(7, 2, 4.0)
    assert len(office.open()) == 1


def test_never_is_never(office: Office) -> None:
    office.matched(1, 2, 2.0)

    done = office.reviewer.answer(review(1, 2), "never", "mia")
    office.matched(1, 2, 30.0)

    assert done["judged"]["judgement"]["verdict"] == "different"
    assert office.open() == []
    assert office.learnt() == {frozenset({rec(1), rec(2)}): False}


def test_a_later_answer_replaces_an_earlier_one(office: Office) -> None:
    office.matched(1, 2, 1.0)
    office.reviewer.answer(review(1, 2), "reject", "mia")
    office.matched(1, 2, 3.0)
    office.reviewer.answer(review(1, 2), "accept", "mia")

    assert office.learnt() == {frozenset({rec(1), rec(2)}): True}


def test_a_guard_s_hold_waits_for_an_answer_and_ends_with_it(office: Office) -> None:
    office.judged("hold", {rec(1)}, {rec(2)}, "1200 orders, the limit is 1000")
    (found,) = office.open()
    with office.database.session() as session:
        held = opened(session, found)

    office.reviewer.answer(found, "accept", "mia")

    assert (held.weight, held.held) == (None, "1200 orders, the limit is 1000")
    assert office.home(1) == office.home(2)
    with office.database.session() as session:
        assert [each.verdict for each in judgements.of_records(session, [rec(1)])] == ["same"]


def test_a_rejected_hold_stays_apart_and_asks_no_more(office: Office) -> None:
    office.judged("hold", {rec(1)}, {rec(2)})

    office.reviewer.answer(review(1, 2), "reject", "mia")

    assert office.open() == []
    office.matched(1, 2, 0.5)
    assert office.open() == []
    office.matched(1, 2, 1.5)
    assert office.open() == [review(1, 2)]


def test_what_contradicts_a_judgement_is_refused_with_each_named(office: Office) -> None:
    stranger = uuid4()
    office.judged("different", {rec(1)}, {stranger})
    office.judged("same", {rec(2)}, {stranger})
    office.matched(1, 2, 3.0)

    with pytest.raises(RefusedError) as refused:
        office.reviewer.answer(review(1, 2), "accept", "mia")

    assert {path for path, _ in refused.value.faults} == {"judgement.1", "judgement.2"}
    assert office.open() == [review(1, 2)]
    assert office.learnt() == {}


# -- answers that come too late ---------------------------------------------------------------------------------------


def test_of_two_who_answer_at_once_one_wins_and_the_other_is_told(office: Office) -> None:
    office.matched(1, 2, 3.0)
    start, ended = threading.Barrier(2), list[tuple[str, Any]]()

    def answer(choice: reviews.Answer, by: str) -> None:
        start.wait(60)
        try:
            ended.append((by, office.reviewer.answer(review(1, 2), choice, by)))
        except RefusedError as error:
            ended.append((by, error))

    people = [threading.Thread(target=answer, args=each) for each in (("accept", "mia"), ("never", "tom"))]
    for each in people:
        each.start()
    for each in people:
        each.join(20)

    (winner, done), (_, refused) = ended
    assert isinstance(refused, RefusedError)
    assert str(refused) == f"review {review(1, 2)} was answered already: {done['answer']}"
    assert refused.faults[0] == ("answer", f"{done['answer']}, by {winner} at {done['at']:%Y-%m-%d %H:%M}")
    with office.database.session() as session:
        assert len(judgements.page(session, limit=10)) == 1


def test_an_id_whose_profile_was_merged_away_is_refused_with_the_review_that_is_open_now(office: Office) -> None:
    office.matched(1, 2, 3.0)
    merged = office.reviewer.merge(office.home(1), office.home(3), "test").profiles[0]
    office.matched(1, 2, 3.0)
    (now,) = office.open()
    outdated = review(1, 2) if review(1, 2) != now else review(3, 2)

    with pytest.raises(RefusedError, match="one of its profiles was merged into another") as refused:
        office.reviewer.answer(outdated, "accept", "mia")

    assert ("profile", str(merged)) in refused.value.faults
    assert refused.value.faults[-1] == ("review", str(now))


def test_what_became_one_or_is_doubtful_no_more_is_told(office: Office) -> None:
    office.matched(1, 2, 3.0)
    with pytest.raises(RefusedError, match="nothing is doubtful about its profiles now"):
        office.reviewer.answer(review(3, 4), "accept", "mia")
    office.reviewer.merge(office.home(1), office.home(2), "test")
    with pytest.raises(RefusedError, match="its profiles are one by now"):
        office.reviewer.answer(review(1, 2), "never", "mia")
    with pytest.raises(NotFound):
        office.reviewer.answer(uuid4(), "accept", "mia")


# -- through the whole product, over HTTP -----------------------------------------------------------------------------


BERLIN = Address(line1="Torstraße 12", postal_code="10119", city="Berlin", country="DE")


class Desk:
    """The office with its API."""

    def __init__(self, office: Office, url: str) -> None:
        self.office, self.url = office, url
        self.http = self.client("operator")

    def client(self, role: tokens.Role) -> httpx.Client:
        with self.office.database.session() as session:
            text = tokens.create(session, role, f"{role}'s", START)[1]
        return httpx.Client(base_url=f"{self.url}/api/v1", headers={"authorization": f"Bearer {text}"}, timeout=30.0)


@pytest.fixture
def desk(office: Office) -> Iterator[Desk]:
    commit = GroupCommit(office.database.dsn)
    intake = WebhookIntake(office.connections, commit, public_url="https://hub.example.com", max_body_bytes=10_000)
    api = Api(
        intake,
        commit,
        office.database,
        office.connections,
        in_force=office.processing.in_force,
        reviewer=office.reviewer,
    )
    with served(api) as url:
        found = Desk(office, url)
        with found.http:
            yield found


def doubtful(office: Office) -> UUID:
    """Two at one door, who may be one by name and have a mailbox each."""
    kaethe = {"emails": ["kbrandner@example.de"], "phones": ["+493023125017"], "addresses": (BERLIN,)}
    office.told(
        [customer("20", name=("Käthe", "Brandner"), **kaethe), order(20, "40.00")],  # type: ignore[arg-type]
        [
            customer("21", name=("Katharina", "Brandner"), emails=["laden@example.org"], addresses=(BERLIN,)),
            order(21, "50.00"),
        ],
    )
    return review(20, 21)


def side(number: int, name: tuple[str, str], email: str, phones: list[str], total: str) -> dict[str, Any]:
    placed = START.isoformat().replace("+00:00", "Z")
    full = " ".join(name)
    return {
        "id": str(profile_id(rec(number))),
        "name": {"first": name[0], "middle": None, "last": name[1], "full": full},
        "emails": [email],
        "phones": phones,
        "addresses": [BERLIN.model_dump(mode="json")],
        "birth_date": None,
        "orders": {
            "count": 1, "totals": [{"amount": total, "currency": "EUR"}], "first_at": placed, "last_at": placed,
            "open": {"count": 0, "totals": []},
        },
        "records": [{"connection": "shop", "kind": "customer", "external_id": str(number)}],
        "record_count": 1,
    }  # fmt: skip


def test_who_might_be_one_by_evidence_is_shown_side_by_side_and_answered(desk: Desk) -> None:
    waiting = doubtful(desk.office)
    sides = {
        20: side(20, ("Käthe", "Brandner"), "kbrandner@example.de", ["+493023125017"], "40.00"),
        21: side(21, ("Katharina", "Brandner"), "laden@example.org", [], "50.00"),
    }
    numbers = sorted(sides, key=lambda number: profile_id(rec(number)))

    (item,) = desk.http.get("/reviews").json()["items"]

    evidence = item.pop("evidence")
    assert item == {
        "id": str(waiting),
        "weight": 2.0,
        "held": None,
        "waits": "between ask and same",
        "stake": {"orders": 1, "revenue": [{"amount": "40.00", "currency": "EUR"}]},
        "profiles": [sides[number] for number in numbers],
        "records": [sides[number]["records"][0] for number in numbers],
        "pairs": 1,
    }
    assert sum(line["weight"] for line in evidence) == pytest.approx(2.0, abs=0.03)
    told = {line["feature"]: line for line in evidence}
    emails = [sides[number]["emails"][0] for number in numbers]
    assert [told["email"][place] for place in ("one", "other")] == emails
    assert told["email"]["text"] == f"e-mails differ: {emails[0]} and {emails[1]} (-2.0 bits)"
    assert desk.http.get(f"/reviews/{waiting}").json() == {**item, "evidence": evidence}

    done = desk.http.post(f"/reviews/{waiting}", json={"answer": "accept", "reason": "she said so"})

    assert done.status_code == 200, done.text
    assert done.json()["judged"]["profiles"] == [str(desk.office.home(20))]
    assert (done.json()["by"], desk.office.home(20)) == ("operator's", desk.office.home(21))
    assert desk.http.get("/reviews").json() == {"items": [], "next": None}
    late = desk.http.post(f"/reviews/{waiting}", json={"answer": "never"})
    assert (late.status_code, late.json()["detail"]) == (409, f"review {waiting} was answered already: accept")
    assert late.json()["faults"][0]["said"].endswith(": she said so")
    assert desk.http.get(f"/reviews/{waiting}").status_code == 404
    assert desk.http.get("/stats").json()["reviews"] == {"open": 0}


def test_a_rejected_review_stays_away_while_events_tell_nothing_new(desk: Desk) -> None:
    waiting = doubtful(desk.office)
    desk.office.told([customer("21", when=at(30), birth_date="1980-04-17")])

    desk.http.post(f"/reviews/{waiting}", json={"answer": "reject"}).raise_for_status()
    desk.office.told([customer("20", when=at(60), name=("Käthe", "Brandner"))])

    assert desk.office.open() == []
    desk.office.told([customer("21", when=at(90), phones=["+493023125017"])])
    assert desk.office.open() == [waiting]


def test_what_a_person_rejected_is_asked_again_and_never_merged_unasked(desk: Desk) -> None:
    # given two who might be one, and a person's no
    waiting = doubtful(desk.office)
    desk.http.post(f"/reviews/{waiting}", json={"answer": "reject"}).raise_for_status()
    # when the evidence grows beyond doubt
    same = {"emails": ["kbrandner@example.de"], "phones": ["+493023125017"]}
    desk.office.told([customer("21", when=at(90), name=("Käthe", "Brandner"), **same)])  # type: ignore[arg-type]
    # then they wait for a person still, and are one when that person says so
    assert desk.office.home(20) != desk.office.home(21)
    assert desk.office.open() == [waiting]
    desk.http.post(f"/reviews/{waiting}", json={"answer": "accept"}).raise_for_status()
    assert desk.office.home(20) == desk.office.home(21)


def test_two_who_were_sure_but_would_join_people_who_contradict_each_other_wait(desk: Desk) -> None:
    desk.office.told(
        [customer("30", name=("Ida", "Vahl"), emails=["vahl@example.de"], birth_date="1950-01-12")],
        [customer("31", name=("Jens", "Stark"), emails=["js@example.de"], birth_date="1991-07-07")],
    )
    desk.office.matched(30, 31, 6.0)

    (item,) = desk.http.get("/reviews").json()["items"]

    assert item["waits"] == "refused: contradicts"


def test_pages_follow_one_another_and_a_wrong_cursor_is_refused(desk: Desk) -> None:
    desk.office.told([order(1, "10.50"), order(2, "9.99")])
    for one, other in ((1, 2), (3, 4), (5, 6)):
        desk.office.matched(one, other, 1.25)

    whole = desk.http.get("/reviews").json()
    ids, cursor = [], None
    while True:
        page = desk.http.get("/reviews", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        ids += [item["id"] for item in page["items"]]
        if not (cursor := page["next"]):
            break

    assert (ids, whole["next"]) == ([item["id"] for item in whole["items"]], None)
    assert ids[0] == str(review(1, 2))
    assert desk.http.get("/reviews", params={"cursor": "WzFd"}).status_code == 422
    beyond = b64encode(json.dumps(["1", 2**40, 1.0, str(UUID(int=1)), str(UUID(int=2))]).encode()).decode()
    assert desk.http.get("/reviews", params={"cursor": beyond}).status_code == 422


def test_the_routes_are_described_and_the_open_ones_are_measured(desk: Desk) -> None:
    desk.office.matched(1, 2, 1.0)
    weigh_reviews(desk.office.database)

    paths = desk.http.get(f"{desk.url}/openapi.json").json()["paths"]

    described = {
        (method, path.removeprefix("/api/v1")): sorted(operation["responses"])
        for path, methods in paths.items()
        for method, operation in methods.items()
        if "/reviews" in path and operation["security"] and operation["description"]
    }
    common = ["200", "400", "401", "403", "413", "422", "429", "503"]
    assert described == {
        ("get", "/reviews"): common,
        ("get", "/reviews/{id}"): sorted([*common, "404"]),
        ("post", "/reviews/{id}"): sorted([*common, "404", "409"]),
    }
    assert "hub_open_reviews 1.0" in desk.http.get(f"{desk.url}/metrics").text


def test_viewers_list_and_operators_answer(desk: Desk) -> None:
    desk.office.matched(1, 2, 1.0)
    with desk.client("viewer") as viewer:
        assert len(viewer.get("/reviews").json()["items"]) == 1
        assert viewer.post(f"/reviews/{review(1, 2)}", json={"answer": "accept"}).status_code == 403
    with httpx.Client(base_url=f"{desk.url}/api/v1", timeout=30.0) as nobody:
        assert nobody.get("/reviews").status_code == 401
    assert desk.http.post(f"/reviews/{review(1, 2)}", json={"answer": "perhaps"}).status_code == 422
    assert desk.http.post(f"/reviews/{uuid4()}", json={"answer": "accept"}).status_code == 404
