"""Marketing and sales: people on their way through the funnel, and what each system is told of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from hub.api.app import Api
from hub.application import insight
from hub.application.derived import derived_activities
from hub.application.hand_over import HandOvers
from hub.application.judge import Judge
from hub.application.process import Processing, process_batch
from hub.application.qualified_routes import by_qualification
from hub.application.report import report
from hub.application.timeline import timeline
from hub.application.traits import Insight
from hub.errors import NotFound, RefusedError
from hub.insight.qualification import Qualification
from hub.insight.qualification_rules import compile_qualification
from hub.intake.inbox import GroupCommit
from hub.intake.receive import WebhookIntake
from hub.matching.rules import IdentityRules
from hub.model.consent import Consent
from hub.model.event import ConsentEvent
from hub.model.identifier import RecordKey
from hub.outbox.deliver import Sender, deliver
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.http import HttpClient
from hub.store import tokens
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.integration.test_activities import way_with
from tests.integration.test_traits import DAY, everybody, now_of, only, order
from tests.support.doubles import Crm, by_name, customer, entry, routes_to, source, store
from tests.support.serving import served

WRITTEN: dict[str, Any] = {
    "states": {
        "subscriber": {"lives_in": ["mailing"]},
        "lead": {"when": "company", "lives_in": ["mailing"]},
        "qualified": {
            "when": "orders.open.count > `0`",
            "lives_in": ["crm", "mailing"],
            "owners": ["anna", "ben"],
            "task": {"value": 500},
            "nurture": "nurture",
        },
        "customer": {"when": "orders.count > `0`", "lives_in": ["crm"]},
    },
    "leaving": {"crm": "archive", "mailing": "remove"},
    "apart": {"supplier": {"lives_in": ["purchasing"]}},
}


def rules(**changes: Any) -> Qualification:
    found, faults = compile_qualification({**WRITTEN, **changes})
    assert faults == []
    return found


class Office:
    """A shop, a mailing system, a CRM and purchasing, with the funnel between them."""

    def __init__(self, database: Database, **changes: Any) -> None:
        self.database = database
        self.systems = {name: Crm() for name in ("crm", "mailing", "purchasing")}
        destinations = [system.connection(name) for name, system in self.systems.items()]
        self.connections = by_name(source("shop"), source("news"), *destinations)
        self.rules = rules(**changes)
        self.routes = by_qualification(routes_to(*destinations), self.rules, self.connections)

    @property
    def processing(self) -> Processing:
        held = Insight(qualification=self.rules)
        return Processing(self.database, self.connections, self.routes, IdentityRules(), SurvivorshipRules(), held)

    def take(self, *entries: NewEntry) -> None:
        store(self.database, entries)
        while process_batch(self.processing).entries:
            pass
        self.send()

    def send(self) -> None:
        for name in self.systems:
            routes = [route for route in self.routes if route.destination == name]
            client = HttpClient("https://crm.example.com")
            deliver(
                Sender(
                    self.database,
                    self.connections[name],
                    routes,
                    f"here:1:{uuid4().hex}",
                    client=client,
                    derived=derived_activities,
                )
            )

    def people(self, name: str) -> list[dict[str, Any]]:
        return [held["golden"] for held in self.systems[name].people.values()]

    def let_pass(self, days: float) -> None:
        """All that is told of the funnel happened so much earlier."""
        with self.database.session() as session:
            session.run("UPDATE hand_over SET at = at - %s", [timedelta(days=days)])
            session.run("UPDATE trait SET due_at = due_at - %s WHERE due_at IS NOT NULL", [timedelta(days=days)])
        insight.work_out_due(self.processing)
        self.send()


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database, states=_plain(WRITTEN["states"]))


def _plain(states: dict[str, Any]) -> dict[str, Any]:
    """The doubles keep no history, so that nobody asks for tasks."""
    return {name: {key: value for key, value in state.items() if key != "task"} for name, state in states.items()}


IDA = customer("7", name=("Ida", "Sommer"), emails=["ida@sommer.example"])


def states(office: Office) -> list[tuple[str | None, str, str]]:
    with office.database.session() as session:
        return session.rows("SELECT came_from, state, reason FROM hand_over ORDER BY at, state")


def test_people_live_where_their_state_says_and_a_hand_over_tells_its_reason(office: Office) -> None:
    now = now_of(office.database)
    # given a reader of the newsletter: in the mailing system alone
    office.take(entry([IDA], "e1"))
    assert (len(office.people("mailing")), len(office.people("crm"))) == (1, 0)
    assert only(office.database).traits.qualification == "subscriber"
    # when she asks for an offer
    office.take(entry([order("7", "o1", now - DAY, "900.00", state="open")], "e2"))
    # then sales has her, and marketing still
    assert [one["traits"]["qualification"] for one in office.people("crm")] == ["qualified"]
    assert only(office.database).traits.owner == "anna"
    # and when she buys, the mailing system is told that she left, and what to do with her record
    office.take(entry([order("7", "o1", now, "900.00")], "e3"))
    [there] = office.people("mailing")
    assert (there["traits"]["left"], there["tags"]) == ("remove", ["removed"])
    assert "left" not in office.people("crm")[0]["traits"]
    assert states(office) == [
        (None, "subscriber", "where everybody begins"),
        ("subscriber", "qualified", "orders.open.count > `0`"),
        ("qualified", "customer", "orders.count > `0`"),
    ]
    with office.database.session() as session:
        items = timeline(session, only(office.database).id) or []
    told = [item["subject"] for item in items if item["kind"] == "hand_over"]
    assert told[0] == "qualified to customer: orders.count > `0`, owner anna"


def test_who_left_a_system_still_has_an_opt_out_told_there(office: Office) -> None:
    now = now_of(office.database)
    office.take(entry([IDA], "e1"), entry([order("7", "o1", now, "900.00")], "e2"))
    office.take(entry([customer("8", emails=["bo@x.example"])], "e3"))
    office.take(entry([order("8", "o8", now, "20.00")], "e4"))
    assert len(office.people("mailing")) == 1  # Bo alone: Ida came as a customer already
    out = Consent(channel="email", state="opted_out", at=now, explicit=True)
    office.take(
        entry([ConsentEvent(occurred_at=now, record=RecordKey(kind="customer", external_id="8"), consent=out)], "e5")
    )
    [there] = office.people("mailing")
    assert there["consents"][0]["state"] == "opted_out"


def test_a_step_back_waits_for_the_least_stay_and_comes_by_itself(office: Office) -> None:
    now = now_of(office.database)
    office.take(entry([IDA], "e1"), entry([order("7", "o1", now, "900.00", state="open")], "e2"))
    office.take(entry([order("7", "o1", now + timedelta(seconds=1), "900.00", state="cancelled")], "e3"))
    assert only(office.database).traits.qualification == "qualified"
    office.let_pass(1.1)
    person = only(office.database)
    assert person.traits.qualification == "subscriber"
    assert office.people("crm")[0]["traits"]["left"] == "archive"
    assert states(office)[-1] == ("qualified", "subscriber", "no longer: orders.open.count > `0`")


def test_a_night_in_which_nothing_happens_hands_nobody_over_and_writes_nothing(office: Office) -> None:
    office.take(entry([IDA], "e1"))
    before = [len(system.batches) for system in office.systems.values()]
    assert insight.run(office.processing, fit=False).changed == 0
    office.send()
    assert [len(system.batches) for system in office.systems.values()] == before
    assert len(states(office)) == 1


def test_owners_take_turns_within_one_batch_as_well(office: Office) -> None:
    """jamessimone/salesforce-round-robin#21: several leads at once all went to the same person."""
    now = now_of(office.database)
    told = [
        part
        for number in range(6)
        for part in (
            customer(str(number), name=(f"P{number}", f"Q{number}"), emails=[f"p{number}@x{number}.example"]),
            order(str(number), f"o{number}", now, "20.00", state="open"),
        )
    ]
    office.take(entry(told, "e1"))
    owners = sorted(str(one.traits.owner) for one in everybody(office.database))
    assert owners == ["anna"] * 3 + ["ben"] * 3
    assert {one.traits.follow_up for one in everybody(office.database)} == {"nurture"}
    assert all("nurture" in one["tags"] for one in office.people("crm"))


def test_a_supplier_keeps_their_own_route(office: Office) -> None:
    supplier = customer("9", name=("Su", "Pply"), emails=["su@pply.example"], contact_kind="supplier")
    office.take(entry([supplier, IDA], "e1"))
    assert [len(office.people(name)) for name in ("purchasing", "mailing", "crm")] == [1, 1, 0]
    assert office.people("purchasing")[0]["emails"] == ["su@pply.example"]
    assert [one["emails"] for one in office.people("mailing")] == [["ida@sommer.example"]]


def test_a_merge_keeps_the_furthest_state_and_its_undoing_gives_each_their_own_back(office: Office) -> None:
    now = now_of(office.database)
    office.take(entry([IDA], "e1"))
    other = customer("1", name=("Ida", "Sommer"), emails=["i.sommer@firm.example"])
    office.take(entry([other, order("1", "o1", now, "900.00", state="open")], "e2", connection="news"))
    assert sorted(str(one.traits.qualification) for one in everybody(office.database)) == ["qualified", "subscriber"]
    judge = Judge(office.processing)
    first, second = (person.id for person in everybody(office.database))
    told = judge.merge(first, second, by="anna")
    person = only(office.database)
    assert (person.traits.qualification, person.traits.owner) == ("qualified", "anna")
    assert sum(reason == "orders.open.count > `0`" for _, _, reason in states(office)) == 1
    # an undone merge is undone whole: nobody waits for a least stay
    judge.withdraw(told.judgement.id, by="anna")
    assert sorted((str(one.traits.qualification), one.traits.owner) for one in everybody(office.database)) == [
        ("qualified", "anna"),
        ("subscriber", None),
    ]


def test_sales_gives_somebody_back_and_no_rule_hands_them_over_again_meanwhile(office: Office) -> None:
    now = now_of(office.database)
    office.take(entry([IDA, order("7", "o1", now, "900.00", state="open")], "e1"))
    one = only(office.database).id
    assert only(office.database).traits.qualification == "qualified"
    with pytest.raises(NotFound, match="subscriber"):
        HandOvers(office.processing).make(one, "subscribr", by="ben", reason="no budget", days=30)
    with pytest.raises(RefusedError):
        HandOvers(office.processing).make(one, "subscriber", by="ben", reason=" ", days=30)
    HandOvers(office.processing).make(one, "subscriber", by="ben", reason="no budget", days=30)
    office.send()
    assert office.people("crm")[0]["traits"]["left"] == "archive"
    # what the rules say counts again when the time is over, and not before
    office.take(entry([order("7", "o2", now, "20.00", state="open")], "e2"))
    assert only(office.database).traits.qualification == "subscriber"
    assert ("qualified", "subscriber", "no budget (ben)") in states(office)
    with office.database.session() as session:
        session.run("UPDATE hand_over SET held_until = held_until - interval '31 days'")
    office.let_pass(31)
    assert only(office.database).traits.qualification == "qualified"


def test_the_funnel_and_how_long_people_stay_is_a_report(office: Office) -> None:
    now = now_of(office.database)
    office.take(entry([IDA], "e1"))
    office.let_pass(10)
    office.take(entry([order("7", "o1", now, "900.00", state="open"), customer("8", emails=["b@x.example"])], "e2"))
    with office.database.session() as session:
        [found] = report(session, Insight(qualification=office.rules), ["qualification"])
    rows = {row[0]: row for row in found.rows}
    assert rows["subscriber"][1:3] == (1, 0.0)
    assert rows["subscriber"][4] == pytest.approx(10.0, abs=0.1)
    assert rows["qualified"][1] == 1
    assert rows["customer"][1] == 0
    assert any("subscriber to qualified: 1 in 90 days" in note for note in found.notes)


def test_a_task_and_the_hand_over_stand_at_the_contact_once(database: Database) -> None:
    way = way_with(database, "hand_over", "task")
    made = rules(
        states={
            "subscriber": {"lives_in": ["crm"]},
            "qualified": {**WRITTEN["states"]["qualified"], "lives_in": ["crm"]},
        },
        leaving={},
        apart={},
    )
    way.insight = Insight(qualification=made)
    way.routes = by_qualification(way.routes, made, way.connections)
    now = now_of(database)
    way.take(entry([IDA], "e1"))
    way.take(entry([order("7", "o1", now, "900.00", state="open")], "e2"))
    way.settle()
    way.take(entry([order("7", "o1", now, "900.00", state="open")], "e3"))
    way.settle()
    bodies = sorted(note["hs_note_body"] for note in way.crm.notes())
    assert len(bodies) == 2
    [task] = way.crm.notes("tasks")
    assert task["hs_task_subject"].startswith("subscriber to qualified, for anna, due")
    assert "900.00 EUR" in task["hs_task_subject"]
    assert (task["hs_task_status"], task["hs_timestamp"] > f"{now:%Y-%m-%d}") == ("NOT_STARTED", True)
    assert sum("Handed over" in body for body in bodies) == 2
    assert all("orders.open.count" in body for body in bodies if "qualified" in body)


def test_who_was_there_before_the_funnel_is_no_task(database: Database) -> None:
    way = way_with(database, "task")
    now: datetime = now_of(database)
    way.take(entry([IDA, order("7", "o1", now, "900.00", state="open")], "e1"))
    with database.session() as session:
        session.run("UPDATE profile SET created_at = created_at - interval '400 days'")
    made = rules(states={"qualified": {**WRITTEN["states"]["qualified"], "lives_in": ["crm"]}}, leaving={}, apart={})
    way.insight = Insight(qualification=made)
    insight.run(way.processing, fit=False)
    traits = only(database).traits
    assert (traits.qualification, traits.follow_up) == ("qualified", None)
    assert Decimal(str(traits.lead_value or 0)) == 0


def test_operators_hand_over_by_hand_over_http_and_nobody_else(office: Office) -> None:
    office.take(entry([IDA], "e1"))
    one, woken = only(office.database).id, list[str]()
    commit = GroupCommit(office.database.dsn)
    intake = WebhookIntake(office.connections, commit, public_url="https://hub.example.com", max_body_bytes=10_000)
    handing = HandOvers(office.processing, waken=woken.append)
    with served(Api(intake, commit, office.database, office.connections, handing=handing)) as url:

        def ask(role: tokens.Role, order: Any) -> httpx.Response:
            with office.database.session() as session:
                text = tokens.create(session, role, "desk", session.now())[1]
            headers = {"authorization": f"Bearer {text}"}
            return httpx.post(f"{url}/api/v1/profiles/{one}/hand-over", json=order, headers=headers, timeout=30.0)

        wanted = {"state": "qualified", "reason": "asked at the fair", "days": 30}
        refused = [ask(role, wanted).status_code for role in ("shop", "viewer")]
        wrong = [{**wanted, "state": "qualifed"}, {**wanted, "reason": " "}, {**wanted, "days": 0}]
        answers = [ask("operator", order) for order in wrong]
        done = ask("operator", wanted)
    assert refused == [403, 403]
    assert [answer.status_code for answer in answers] == [404, 409, 422]
    assert "qualified" in answers[0].json()["detail"]
    told = done.json()
    assert (done.status_code, told["profile"], told["came_from"]) == (201, str(one), "subscriber")
    assert (told["state"], told["owner"], told["reason"]) == ("qualified", "anna", "asked at the fair (desk)")
    held = datetime.fromisoformat(told["until"]) - datetime.fromisoformat(told["at"])
    assert held == timedelta(days=30)
    # every system it concerns is woken, and the audit log has who did it and not why
    assert woken == ["crm", "mailing"]
    assert only(office.database).traits.qualification == "qualified"
    with office.database.session() as session:
        rows = session.rows("SELECT who, subject FROM audit WHERE action = 'profile.hand_over'")
    assert rows == [("desk", str(one))]
