"""Leads on their way: scored for who has bought nothing, kept up with what they do, gone with the first order."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from hub.application import insight, recommend, report
from hub.application.explain import explained
from hub.application.in_force import configured
from hub.application.traits import Insight
from hub.insight.customers import day_of
from hub.insight.lead_rules import LeadRules, compile_leads
from hub.model.event import CartEvent, InteractionEvent, OrderEvent, ProductEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.model.money import Money
from hub.model.order import Cart, Refund
from hub.model.product import Product
from hub.outbox.enqueue import Route
from hub.rules import load_leads
from hub.store import customer_stats, insight_models
from hub.store.customer_stats import CustomerStat
from hub.store.database import Database
from tests.integration.test_activities import titles, way_with
from tests.integration.test_traits import DAY, FITTED, IDA, everybody, now_of, only, order, weighed_by
from tests.support.doubles import customer, empty, entry
from tests.support.hubspot import Way
from tests.unit.insight.shops import TODAY
from tests.unit.insight.test_personas import shop_of_three


def did(who: str, number: str, kind: Any, when: datetime, **fields: Any) -> InteractionEvent:
    happened = Interaction(external_id=number, kind=kind, channel="web", **fields)
    return InteractionEvent(occurred_at=when, record=RecordKey(kind="customer", external_id=who), interaction=happened)


@pytest.fixture
def way(database: Database) -> Way:
    made = Way(database)
    made.insight = Insight(leads=LeadRules())
    return made


def test_a_lead_is_scored_with_its_reasons_once_it_does_something(way: Way, database: Database) -> None:
    now = now_of(database)
    way.take(entry([IDA, did("7", "i1", "lead_form", now - DAY), did("7", "i2", "product_added", now - DAY)], "e1"))
    assert insight.work_out_due(way.processing) == 1
    traits = only(database).traits
    assert traits.stage == "potential"
    assert traits.win_probability is not None
    assert traits.win_probability > Decimal("0.3")
    assert traits.lead_score is not None
    assert any(one.startswith("forms sent (+2.0 bits") for one in traits.lead_reasons)
    with database.session() as session:
        rules = configured(way.processing.identity, way.processing.survivorship)
        one = only(database).id
        told = explained(session, one, rules, {}, field="traits.lead_score", insight=way.insight)
    assert told is not None
    assert told["traits"][0]["why"] == list(traits.lead_reasons)


def test_open_orders_of_some_value_are_a_task_whatever_the_score(way: Way, database: Database) -> None:
    rules, faults = compile_leads({"task": {"score": 99, "value": 500}, "usual": {"rate": 0.01}})
    assert not faults
    way.insight = Insight(leads=rules)
    now = now_of(database)
    way.take(entry([IDA, order("7", "o1", now - DAY, "900.00", state="open"), did("7", "i1", "call", now - DAY)], "e1"))
    insight.work_out_due(way.processing)
    traits = only(database).traits
    with database.session() as session:
        assert insight.lead_actions(session) == {"task": 1}
    assert (traits.stage, traits.lead_action, traits.lead_value, traits.lead_currency) == (
        "potential",
        "task",
        Decimal("900.00"),
        "EUR",
    )


def test_who_buys_is_a_lead_no_more(way: Way, database: Database) -> None:
    now = now_of(database)
    way.take(entry([IDA, did("7", "i1", "lead_form", now - DAY)], "e1"))
    insight.work_out_due(way.processing)
    assert only(database).traits.lead_action is not None
    way.take(entry([order("7", "o1", now)], "e2"))
    traits = only(database).traits
    assert (traits.stage, traits.win_probability, traits.lead_action) == ("new", None, None)
    insight.run(way.processing)
    assert only(database).traits.lead_score is None


def test_the_same_facts_in_another_order_give_the_same_score(way: Way, database: Database) -> None:
    now = now_of(database)
    facts: list[Any] = [did("7", "i1", "page_viewed", now - 9 * DAY), did("7", "i2", "call", now - 2 * DAY), IDA]
    found = []
    for told in (facts, facts[::-1]):
        empty(database)
        for number, one in enumerate(told):
            way.take(entry([one], f"e{number}"))
        insight.run(way.processing, fit=False)
        traits = only(database).traits
        found.append((traits.win_probability, traits.lead_score, traits.lead_reasons, traits.lead_action))
    assert found[0] == found[1]


def test_a_night_in_which_nothing_happens_writes_no_lead(way: Way, database: Database) -> None:
    now = now_of(database)
    way.take(entry([IDA, did("7", "i1", "call", now - DAY)], "e1"))
    insight.run(way.processing)
    assert insight.run(way.processing, fit=False).changed == 0


def test_who_is_no_lead_or_cannot_be_reached_is_not_scored(way: Way, database: Database) -> None:
    rules, faults = compile_leads({"never": "contains(tags, 'supplier')"})
    assert not faults
    way.insight = Insight(leads=rules)
    now = now_of(database)
    supplier = customer("8", name=("Bo", "Lind"), emails=["bo@x.example"], tags=("supplier",))
    nobody = customer("9", name=("Cy", "Ott"))
    way.take(entry([supplier, nobody, did("8", "i8", "call", now - DAY), did("9", "i9", "call", now - DAY)], "e1"))
    insight.run(way.processing)
    assert {one.traits.win_probability for one in everybody(database)} == {None}


def test_without_leads_configured_nothing_is_looked_at(database: Database) -> None:
    way = Way(database)
    way.take(entry([IDA, did("7", "i1", "lead_form", now_of(database) - DAY)], "e1"))
    assert insight.work_out_due(way.processing) == 0
    insight.run(way.processing)
    assert only(database).traits.lead_score is None


def test_the_file_that_comes_along_is_right() -> None:
    assert load_leads(Path("config/leads.yaml")) == LeadRules()


# -- changes of stage --------------------------------------------------------------------------------------------------


def test_a_change_of_stage_stands_at_the_contact_once_in_whatever_order_facts_come(database: Database) -> None:
    """Again and again the same facts: one note, and none where nobody asks for it."""
    now = now_of(database)
    orders = [order("7", "o1", now - 3 * DAY), order("7", "o2", now - DAY)]
    for told in (orders, orders[::-1]):
        empty(database)
        way = way_with(database, "stage")
        weighed_by(database, FITTED)
        way.take(entry([IDA], "e0"))
        for number, one in enumerate(told):
            way.take(entry([one], f"e{number + 1}"))
        way.take(entry(orders, "again", received_at=now))
        way.settle()
        told_of = [title for title in titles(way.crm) if title.startswith("Life cycle")]
        assert "Life cycle: new to existing (hub)" in told_of
        assert len(told_of) == len(set(told_of))
        assert way.failures() == []


def test_a_change_by_time_alone_starts_a_route_and_is_told(database: Database) -> None:
    way = way_with(database, "stage")
    weighed_by(database, FITTED)
    now = now_of(database)
    way.routes = (Route("crm", orders=True, activities=frozenset({"stage"})),)
    way.take(entry([IDA, order("7", "o1", now - 61 * DAY)], "e1"))
    with database.session() as session:  # as it was two days ago, before time changed it
        session.run("""UPDATE trait SET told = '{"stage":"new"}', stage = 'new', due_at = now() - interval '1 hour'""")
    assert insight.work_out_due(way.processing) == 1
    way.settle()
    traits = only(database).traits
    assert traits.stage_before == "new"
    assert f"Life cycle: new to {traits.stage}".replace("_", " ") in {one.split(" (")[0] for one in titles(way.crm)}


def test_a_change_that_is_not_so_any_more_is_not_told(database: Database) -> None:
    way = way_with(database, "stage")
    now = now_of(database)
    way.take(entry([IDA, order("7", "o1", now - DAY)], "e1"))
    back = Refund(external_id="r1", amount=Money(amount=Decimal("20.00"), currency="EUR"), at=now)
    way.take(entry([order("7", "o1", now - DAY, refunds=[back], state="refunded")], "e2", received_at=now))
    way.settle()
    assert [title for title in titles(way.crm) if title.startswith("Life cycle")] == []
    assert way.failures() == []


# -- what to offer -----------------------------------------------------------------------------------------------------


def bought(who: str, number: str, when: datetime, *lines: tuple[str, str], **fields: Any) -> OrderEvent:
    told = [{"product": {"name": name}, "quantity": "1", "unit_price": price} for name, price in lines]
    return order(who, number, when, lines=told, **fields)


def test_what_is_needed_again_and_what_is_dearer_is_offered_and_nothing_given_back(database: Database) -> None:
    way, now = Way(database), now_of(database)
    people = [customer(f"c{who}", emails=[f"c{who}@x.example"]) for who in range(8)]
    events: list[Any] = [
        *people,
        *(
            ProductEvent(occurred_at=now, product=Product(external_id=name, name=name, categories=("mills",)))
            for name in ("Mill", "Big mill")
        ),
    ]
    for who in range(6):
        events += [
            bought(f"c{who}", f"a{who}", now - timedelta(days=70), ("Coffee", "8"), ("Mill", "50")),
            bought(f"c{who}", f"b{who}", now - timedelta(days=40), ("Coffee", "8"), ("Big mill", "90")),
        ]
    back = Refund(external_id="r", amount=Money(amount=Decimal("20.00"), currency="EUR"), at=now)
    events.append(bought("c6", "a6", now - timedelta(days=25), ("Coffee", "8"), ("Mill", "50")))
    events.append(bought("c7", "a7", now - timedelta(days=25), ("Mill", "50")))
    events.append(bought("c7", "b7", now - timedelta(days=5), ("Big mill", "90"), refunds=[back], state="refunded"))
    way.take(entry(events, "e1", received_at=now))
    insight.run(way.processing)
    told = {one.records[0].external_id: one for one in everybody(database)}
    one = told["c6"].traits
    assert (one.up_sell, one.replenish_product) == ("Big mill", "Coffee")
    assert one.replenish_on == (now + timedelta(days=5)).date()
    with database.session() as session:
        found = recommend.recommended(session, told["c6"].id, 5)
        other = recommend.recommended(session, told["c7"].id, 5)
        reports = {one.name: one for one in report.report(session, Insight(), ["up-sell", "replenishment"])}
    assert found is not None
    assert [(each.item, each.kind) for each in found] == [("Coffee", "again"), ("Big mill", "up")]
    lines = [{"product": {"name": "Big mill"}, "quantity": "1"}]
    cart = Cart.model_validate(
        {"external_id": "k1", "currency": "EUR", "total": "90", "started_at": now, "lines": lines}
    )
    key = RecordKey(kind="customer", external_id="c6")
    way.take(entry([CartEvent(occurred_at=now, record=key, cart=cart)], "e2", received_at=now))
    with database.session() as session:
        later = recommend.recommended(session, told["c6"].id, 5)
    assert later is not None
    assert [each.item for each in later] == ["Coffee"]
    assert other is not None
    assert "Big mill" not in {each.item for each in other}
    assert reports["up-sell"].rows[0][:4] == ("Mill", "Big mill", 6, 8)
    assert reports["replenishment"].rows[0][:4] == ("Coffee", 30.0, 6, 7)


# -- personas ----------------------------------------------------------------------------------------------------------


def test_personas_are_told_in_words_with_revenue_goods_and_histories_of_nobody(database: Database) -> None:
    told, _ = shop_of_three(240)
    ids = [uuid5(NAMESPACE_URL, str(row)) for row in range(240)]
    starts, ends = told.starts, told.starts + told.counts
    today = day_of(now_of(database))
    stats = {
        one: CustomerStat(
            [int(day) + today - TODAY for day in told.days[starts[row] : ends[row]]],
            told.nets[starts[row] : ends[row]].tolist(),
            "EUR",
            "till",
        )
        for row, one in enumerate(ids)
    }
    with database.session() as session:
        customer_stats.write(session, ids, stats)
        made = insight.fit_now(session, Insight())
        insight_models.add(session, made.text(), note="fitted", by="test", now=session.now(), active=True)
        [found] = report.report(session, Insight(), ["personas"])
    assert [row["customers"] for row in found.documents()] == [80, 80, 80]
    shares = [row["share of revenue"] for row in found.documents()]
    assert sum(share for share in shares if isinstance(share, float)) == pytest.approx(1.0, abs=0.001)
    assert all("days ago" in str(row["typical history 3"]) for row in found.documents())
    assert found.notes[0].startswith("resamples agree on these groups by 1.00")


# -- campaigns ---------------------------------------------------------------------------------------------------------


def test_a_campaign_is_compared_with_whom_it_was_kept_from(database: Database) -> None:
    way, now = Way(database), now_of(database)
    events: list[Any] = []
    for who in range(64):
        held = who % 2
        sent = {"kind": "tracked", "subject": "Held out"} if held else {"kind": "email_sent"}
        events.append(customer(f"c{who}", emails=[f"c{who}@x.example"]))
        events.append(did(f"c{who}", f"i{who}", sent.pop("kind"), now - 40 * DAY, campaign="spring", **sent))
        if not held and who < 40:
            events.append(order(f"c{who}", f"o{who}", now - 35 * DAY))
    way.take(entry(events, "e1", received_at=now))
    with database.session() as session:
        [found] = report.report(session, Insight(), ["holdout"])
    [row] = found.documents()
    assert (row["campaign"], row["written to"], row["held out"], row["brought"]) == ("spring", 32, 32, 400.0)
    assert row["at least"] > 0


def test_an_order_that_says_how_it_came_is_attributed_without_any_visit(database: Database) -> None:
    way, now = Way(database), now_of(database)
    came: dict[str, Any] = {"custom": {"utm_source": "google", "utm_medium": "cpc"}}
    way.take(entry([IDA, order("7", "o1", now - DAY, **came)], "e1"))
    with database.session() as session:
        [found] = report.report(session, Insight(), ["attribution"])
    assert [row[:3] for row in found.rows] == [("google ads", "EUR", 20.0)]
