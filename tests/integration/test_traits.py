"""Traits follow every event: the life cycle of a customer in the batch that brings an order, a refund, a merge."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.application import insight, judge, recommend, report
from hub.application.explain import explained
from hub.application.in_force import configured
from hub.application.timeline import timeline
from hub.application.traits import Insight
from hub.errors import NotFound, RefusedError
from hub.insight import model as models
from hub.insight.customers import day_of
from hub.insight.model import Model
from hub.insight.rhythm import Rhythm
from hub.insight.segments import compile_segments
from hub.insight.spend import Spend
from hub.model.event import CanonicalEvent, InteractionEvent, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.model.money import Money
from hub.model.order import Order, Refund
from hub.model.profile import Profile
from hub.profiles import view
from hub.store import customer_stats, insight_models
from hub.store.database import Database
from tests.support.doubles import Crm, at, customer, empty, entry, routes_to
from tests.support.hubspot import Way

DAY = timedelta(days=1)
FITTED = Model(
    20_000,
    customers=900,
    repeaters=400,
    rhythm=Rhythm(0.7, 45.0, 0.6, 1.4),
    second_order=60,
    loyal=(6.0, 5.0),
    spend={"EUR": Spend(6.0, 4.0, 15.0)},
)


def order(who: str, number: str, when: datetime, total: str = "20.00", **fields: Any) -> OrderEvent:
    told = {"external_id": number, "state": "paid", "placed_at": when, "currency": "EUR", "total": total, **fields}
    key = RecordKey(kind="customer", external_id=who)
    return OrderEvent(occurred_at=max(when, at(0)), record=key, order=Order.model_validate(told))


def everybody(database: Database) -> list[Profile]:
    with database.session() as session:
        return [one for one in view.find(session, limit=100) if isinstance(one, Profile)]


def only(database: Database) -> Profile:
    [found] = everybody(database)
    return found


def now_of(database: Database) -> datetime:
    with database.session() as session:
        return session.now()


def weighed_by(database: Database, model: Model) -> None:
    with database.session() as session:
        insight_models.add(session, model.text(), note="a test's", by="test", now=session.now(), active=True)


IDA = customer("7", name=("Ida", "Sommer"), emails=["ida@sommer.example"])


def test_somebody_without_orders_is_a_potential_customer_and_takes_no_row(database: Database) -> None:
    Way(database).take(entry([IDA], "e1"))
    assert only(database).traits.stage == "potential"
    with database.session() as session:
        assert session.rows("SELECT 1 FROM trait") == []


def test_the_stage_follows_an_order_in_the_same_batch(database: Database) -> None:
    now = now_of(database)
    Way(database).take(entry([IDA, order("7", "o1", now - 3 * DAY)], "e1"))
    traits = only(database).traits
    assert (traits.stage, traits.stage_since, traits.last_order_via) == ("new", (now - 3 * DAY).date(), "shop")
    assert traits.alive is None  # nothing was fitted yet


def test_values_follow_the_model_in_force(database: Database) -> None:
    weighed_by(database, FITTED)
    now = now_of(database)
    orders = [order("7", f"o{number}", now - number * 10 * DAY, "50.00") for number in range(8)]
    Way(database).take(entry([IDA, *orders], "e1"))
    traits = only(database).traits
    assert traits.stage == "loyal"
    assert traits.alive is not None
    assert traits.alive > Decimal("0.6")
    assert traits.currency == "EUR"
    assert traits.value_next_year_low is not None
    assert traits.value_next_year is not None
    assert traits.value_next_year_high is not None
    assert traits.value_next_year_low <= traits.value_next_year <= traits.value_next_year_high


def test_a_full_refund_takes_the_order_away(database: Database) -> None:
    """easy-digital-downloads #7947, woocommerce #21822: the refund counted and the order did not, or the reverse."""
    way, now = Way(database), now_of(database)
    way.take(entry([IDA, order("7", "o1", now - 3 * DAY)], "e1"))
    assert only(database).traits.stage == "new"
    back = Refund(external_id="r1", amount=Money(amount=Decimal("20.00"), currency="EUR"), at=now)
    way.take(entry([order("7", "o1", now - 3 * DAY, refunds=[back], state="refunded")], "e2", received_at=now))
    assert only(database).traits.stage == "potential"


@pytest.mark.parametrize(
    ("fields", "stage"),
    [
        ({"test": True}, "potential"),
        ({"state": "cancelled"}, "potential"),
        ({"total": "-20.00"}, "potential"),
        ({"total": "0.00", "state": "paid"}, "new"),
        ({"state": "open"}, "potential"),
    ],
    ids=str,
)
def test_what_is_no_purchase_makes_nobody_a_customer(database: Database, fields: dict[str, Any], stage: str) -> None:
    """woocommerce-admin #2522: refunded and cancelled at once was counted twice, with a negative average."""
    now = now_of(database)
    Way(database).take(entry([IDA, order("7", "o1", now - 3 * DAY, **fields)], "e1"))
    assert only(database).traits.stage == stage


def test_a_part_that_went_back_is_taken_off_once(database: Database) -> None:
    """fluent-cart #52: what is net of refunds already had them taken off again."""
    now = now_of(database)
    back = Refund(external_id="r1", amount=Money(amount=Decimal("5.00"), currency="EUR"), at=now)
    Way(database).take(entry([IDA, order("7", "o1", now - 3 * DAY, refunds=[back])], "e1", received_at=now))
    with database.session() as session:
        [(nets,)] = session.rows("SELECT nets FROM customer_stat")
    assert nets == [15.0]


def test_currencies_are_never_added_and_orders_of_a_day_are_one(database: Database) -> None:
    now = now_of(database)
    day = (now - 5 * DAY).replace(hour=9)
    told = [
        order("7", "o1", day, "10.00"),
        order("7", "o2", day + timedelta(hours=2), "5.00"),
        order("7", "o3", day, "70.00", currency="CHF"),
        order("7", "o4", day - 2 * DAY, "1.00"),
        order("7", "o5", day - 9 * DAY, "99.00", currency="CHF"),
    ]
    Way(database).take(entry([IDA, *told], "e1"))
    with database.session() as session:
        [(days, nets, currency)] = session.rows("SELECT days, nets, currency FROM customer_stat")
    first = day_of(day)
    # Two order days in either currency: the one that comes first in the alphabet.
    assert (days, nets, currency) == ([first - 9, first - 2, first], [99.0, 0.0, 70.0], "CHF")


def test_orders_by_channel_are_what_counts_as_an_order_of_whom_is_known(database: Database) -> None:
    now = now_of(database)
    back = Refund(external_id="r1", amount=Money(amount=Decimal("4.00"), currency="EUR"), at=now)
    told = [
        order("7", "o1", now - 3 * DAY, "10.00", refunds=[back]),
        order("7", "o2", now - 2 * DAY, "5.00", state="cancelled"),
        order("7", "o3", now - 2 * DAY, "7.00", currency="CHF"),
        order("7", "o4", now - 2 * DAY, "-7.00", currency="CHF"),
        order("7", "o5", now + 9 * DAY, "50.00"),
    ]
    Way(database).take(entry([IDA, *told], "e1"))
    today = day_of(now)
    with database.session() as session:
        found = customer_stats.by_connection(session, today - 9, today - 1, [])
    assert sorted(found) == [("shop", "CHF", today - 2, 1, 7.0), ("shop", "EUR", today - 3, 1, 6.0)]


HISTORY: tuple[CanonicalEvent, ...] = (
    IDA,
    customer("8", name=("Ida", "Sommer"), emails=["ida@sommer.example"], phones=["+491701234567"]),
)


@pytest.mark.parametrize("rotation", range(6))
def test_traits_are_the_same_in_whatever_order_facts_come(database: Database, rotation: int) -> None:
    """Also a merge: both records are one person by their address, whichever comes first."""
    weighed_by(database, FITTED)
    now = now_of(database)
    back = Refund(external_id="r1", amount=Money(amount=Decimal("30.00"), currency="EUR"), at=now)
    orders = [
        order("7", "o1", now - 700 * DAY, "30.00"),
        order("8", "o2", now - 690 * DAY, "40.00"),
        order("7", "o3", now - 670 * DAY, "20.00"),
        order("8", "o4", now - 20 * DAY, "50.00"),
        order("7", "o5", now - 10 * DAY, "30.00", refunds=[back]),
    ]
    events = [*HISTORY, *orders]
    told = next(itertools.islice(itertools.permutations(events), rotation * 800, None))
    way = Way(database)
    for number, event in enumerate((*told, told[0])):
        way.take(entry([event], f"e{number}"))
    traits = only(database).traits
    assert traits.stage == "won_back"
    assert traits.stage_since == (now - 20 * DAY).date()
    assert traits.orders_next_year is not None
    empty(database)
    weighed_by(database, FITTED)
    way.take(entry(events, "all"))
    assert traits == only(database).traits


def test_a_split_takes_the_orders_of_each_along(database: Database) -> None:
    weighed_by(database, FITTED)
    way, now = Way(database), now_of(database)
    events = [*HISTORY, order("7", "o1", now - 3000 * DAY), order("8", "o2", now - 5 * DAY)]
    way.take(entry(events, "e1"))
    assert only(database).traits.stage == "won_back"
    profile = only(database)
    judge.Judge(way.processing).split(profile.id, ["shop:customer:8"], by="test")
    way.take()
    stages = {one.records[0].external_id: one.traits.stage for one in everybody(database)}
    assert stages == {"7": "former", "8": "new"}


def test_time_alone_changes_a_stage_on_the_day_it_was_said_to(database: Database) -> None:
    weighed_by(database, FITTED)
    way, now = Way(database), now_of(database)
    way.take(entry([IDA, order("7", "o1", now - 59 * DAY)], "e1"))
    assert only(database).traits.stage == "new"
    assert insight.work_out_due(way.processing) == 0
    with database.session() as session:
        [(due,)] = session.rows("SELECT due_at FROM trait")
        assert due.date() == (now + DAY).date()
        # A night goes by.
        session.run("UPDATE customer_stat SET days = ARRAY[days[1] - 1]")
        session.run("UPDATE trait SET due_at = now()")
    assert insight.work_out_due(way.processing) == 1
    assert only(database).traits.stage in ("existing", "at_risk")
    assert insight.work_out_due(way.processing) == 0


def test_destinations_hear_of_a_stage_that_changed_and_of_nothing_that_did_not(database: Database) -> None:
    weighed_by(database, FITTED)
    crm, way = Crm(), Way(database)
    own = crm.connection("crm")
    way.through(own)
    way.routes = routes_to(own)
    now = now_of(database)
    way.take(entry([IDA, order("7", "o1", now - 59 * DAY)], "e1"))
    insight.run(way.processing, fit=False)
    with database.session() as session:
        session.run("UPDATE outbox SET state = 'delivered'")
        [(before,)] = session.rows("SELECT version FROM profile")
    woken: list[str] = []
    done = insight.run(way.processing, lambda queue, destination: woken.append(destination), fit=False)
    assert (done.profiles, done.changed, woken) == (1, 0, [])
    with database.session() as session:
        session.run("UPDATE customer_stat SET days = ARRAY[days[1] - 400]")
    done = insight.run(way.processing, lambda queue, destination: woken.append(destination), fit=False)
    assert (done.changed, woken) == (1, ["crm"])
    with database.session() as session:
        assert session.rows("SELECT state, version > %s FROM outbox WHERE subject = 'profile'", [before]) == [
            ("pending", True)
        ]


def test_a_first_run_folds_whoever_ordered_before_there_were_traits(database: Database) -> None:
    way, now = Way(database), now_of(database)
    way.take(entry([IDA, order("7", "o1", now - 3 * DAY)], "e1"))
    with database.session() as session:
        session.run("DELETE FROM trait")
        session.run("DELETE FROM customer_stat")
    assert only(database).traits.stage is None  # and not that somebody who ordered never did
    done = insight.run(way.processing)
    assert only(database).traits.stage == "new"
    assert any("too little data" in line for line in done.said)


def test_versions_are_tried_applied_and_taken_back(database: Database) -> None:
    weighed_by(database, FITTED)
    way, now = Way(database), now_of(database)
    people = [customer(f"c{number}", emails=[f"c{number}@x.example"]) for number in range(8)]
    orders = [order(f"c{number}", f"o{number}", now - (number * 70 + 1) * DAY) for number in range(8)]
    way.take(entry([*people, *orders], "e1"))
    before = [one.traits.stage for one in everybody(database)]
    tried = insight.try_fit(way.processing, "test")
    assert tried["changed"] > 0
    assert [one.traits.stage for one in everybody(database)] == before
    assert insight.apply(way.processing, None, "test") == tried["version"]
    insight.run(way.processing, fit=False)
    after = [one.traits.stage for one in everybody(database)]
    assert sum(one != other for one, other in zip(before, after, strict=True)) == tried["changed"]
    with pytest.raises(RefusedError):
        insight.apply(way.processing, tried["version"], "test")
    insight.rollback(way.processing, None, "test")
    insight.run(way.processing, fit=False)
    assert [one.traits.stage for one in everybody(database)] == before
    with pytest.raises(NotFound):
        insight.rollback(way.processing, 99, "test")


def test_a_trait_is_explained_by_three_facts_and_the_timeline_has_the_stages(database: Database) -> None:
    weighed_by(database, FITTED)
    way, now = Way(database), now_of(database)
    way.take(entry([IDA, order("7", "o1", now - 400 * DAY), order("7", "o2", now - 390 * DAY)], "e1"))
    profile = only(database)
    with database.session() as session:
        told = explained(session, profile.id, configured(), {}, field="traits.stage")
        items = timeline(session, profile.id, limit=50)
    assert told is not None
    [stage] = told["traits"]
    assert (stage["value"], stage["version"], len(stage["why"])) == (profile.traits.stage, 1, 3)
    assert "390 days ago" in stage["why"][0]
    assert items is not None
    seen = [item["subject"] for item in reversed(items) if item["kind"] == "stage"]
    assert seen[0] == "potential to new"
    assert seen[-1].endswith(str(profile.traits.stage).replace("_", " "))


def test_segments_are_kept_up_with_events_and_with_time(database: Database) -> None:
    weighed_by(database, FITTED)
    rules = {
        "fresh": "orders.last_at >= ago('30 days')",
        "rich": "orders.totals.EUR >= `100` && traits.stage != 'former'",
    }
    segments, faults = compile_segments(rules)
    assert faults == []
    way, now = Way(database), now_of(database)
    way = _Segmented(database, tuple(segments))
    way.take(entry([IDA], "e1"))
    assert only(database).traits.segments == ()
    way.take(entry([order("7", "o1", now - 29 * DAY, "120.00")], "e2"))
    assert only(database).traits.segments == ("fresh", "rich")
    with database.session() as session:
        [(due,)] = session.rows("SELECT due_at FROM trait")
        assert due <= now + 2 * DAY  # the sooner of what changes by time
        golden = session.rows("SELECT golden FROM profile")[0][0]
        text = golden.replace((now - 29 * DAY).strftime("%Y-%m-%d"), (now - 31 * DAY).strftime("%Y-%m-%d"))
        session.run("UPDATE profile SET golden = %s", [text])
        session.run("UPDATE trait SET due_at = now()")
    insight.work_out_due(way.processing)
    assert only(database).traits.segments == ("rich",)


class _Segmented(Way):
    def __init__(self, database: Database, segments: tuple[Any, ...]) -> None:
        super().__init__(database)
        self.segments = segments

    @property
    def processing(self) -> Any:
        from dataclasses import replace

        return replace(super().processing, insight=Insight(self.segments))


def test_who_asked_to_be_erased_has_no_traits(database: Database) -> None:
    way, now = Way(database), now_of(database)
    way.take(entry([IDA, order("7", "o1", now - 3 * DAY)], "e1"))
    with database.session() as session:
        session.run(
            "UPDATE profile SET golden = regexp_replace(golden, '^.', '{\"suppressed\":true,'), suppressed = true"
        )
    assert only(database).traits.stage is None


def test_ten_customers_are_told_that_they_are_too_few(database: Database) -> None:
    way, now = Way(database), now_of(database)
    people = [customer(f"c{number}", emails=[f"c{number}@x.example"]) for number in range(10)]
    orders = [order(f"c{number}", f"o{number}", now - (number * 40 + 1) * DAY) for number in range(10)]
    way.take(entry([*people, *orders], "e1"))
    done = insight.run(way.processing)
    assert [line for line in done.said if line.startswith("too little data for a rhythm: 0 customers ordered again")]
    told = insight.status(way.processing)
    assert told["model"]["rhythm"] is None
    assert models.read(models.UNFITTED.text()) == models.UNFITTED
    assert {one.traits.value_next_year for one in everybody(database)} == {None}


def test_products_that_the_same_people_buy_are_offered_with_the_reason(database: Database) -> None:
    way, now = Way(database), now_of(database)

    def lines(*names: str) -> list[dict[str, Any]]:
        return [{"product": {"name": name}, "quantity": "1"} for name in names]

    people = [customer(f"c{number}", emails=[f"c{number}@x.example"]) for number in range(8)]
    orders = [order(f"c{number}", f"o{number}", now - DAY, lines=lines("Tea", "Pot")) for number in range(6)]
    back = Refund(external_id="r1", amount=Money(amount=Decimal("20.00"), currency="EUR"), at=now)
    orders.append(order("c6", "o6", now - DAY, lines=lines("Tea")))
    orders.append(order("c7", "o7", now - DAY, lines=lines("Pot"), refunds=[back], state="refunded"))
    way.take(entry([*people, *orders], "e1", received_at=now))
    insight.run(way.processing)
    told = {one.records[0].external_id: one for one in everybody(database)}
    assert told["c6"].traits.next_products == ("Pot",)
    assert told["c0"].traits.next_products == ()
    with database.session() as session:
        found = recommend.recommended(session, told["c6"].id, 5)
        returned = recommend.recommended(session, told["c7"].id, 5)
    assert found is not None
    assert [(one.item, one.because, one.why) for one in found] == [("Pot", "Tea", "6 of 7 who bought Tea bought it")]
    assert returned is not None
    # The pot went back: it is not offered to who did not want it, popular as it is.
    assert [(one.item, one.because) for one in returned] == [("Tea", None)]


def test_every_report_is_made_of_whatever_there_is(database: Database) -> None:
    way, now = Way(database), now_of(database)
    with database.session() as session:
        empty_reports = report.report(session, Insight(), list(report.REPORTS))
    assert all(one.rows == [] for one in empty_reports if one.name != "segments")
    assert all(one.notes for one in empty_reports)
    visit = InteractionEvent(
        occurred_at=now - 2 * DAY,
        record=RecordKey(kind="customer", external_id="7"),
        interaction=Interaction(
            external_id="v1",
            kind="page_viewed",
            channel="web",
            url="https://x.example/?utm_source=news&utm_medium=email",
        ),
    )
    orders = [order("7", "o1", now - DAY, "20.10"), order("7", "o2", now - 40 * DAY, "9.00", currency="CHF")]
    way.take(entry([IDA, visit, *orders, order("7", "o3", now - DAY, "-5.00")], "e1", received_at=now))
    insight.run(way.processing)
    with database.session() as session:
        told = {one.name: one for one in report.report(session, Insight(), list(report.REPORTS))}
    [by_channel] = told["attribution"].documents()
    assert (by_channel["channel"], by_channel["currency"], by_channel["markov"]) == ("email", "EUR", 20.1)
    kpis = {(one["figure"], one["unit"]): one["value"] for one in told["kpis"].documents()}
    assert kpis["customers", "people"] == 1
    # The main currency is that of most order days; of two with one each, the first in the alphabet.
    assert kpis["revenue", "CHF"] == 9.0
    with pytest.raises(NotFound, match="did you mean"), database.session() as session:
        report.report(session, Insight(), ["cohort"])


def test_segments_that_are_configured_no_more_leave_nobody_in_them(database: Database) -> None:
    segments, _ = compile_segments({"all": "emails"})
    way = _Segmented(database, tuple(segments))
    now = now_of(database)
    way.take(entry([IDA, order("7", "o1", now - DAY)], "e1"))
    assert only(database).traits.segments == ("all",)
    insight.run(Way(database).processing)
    assert only(database).traits.segments == ()


def test_what_is_due_of_nobody_is_taken_away(database: Database) -> None:
    with database.session() as session:
        session.run(
            "INSERT INTO trait SELECT gen_random_uuid(), '{}', '', '{}', 0, now(), now() - interval '1 day' "
            "FROM generate_series(1, %s)",
            [insight.DUE + 1],
        )
    assert insight.work_out_due(Way(database).processing) == insight.DUE + 1
    with database.session() as session:
        assert session.rows("SELECT 1 FROM trait") == []


def test_who_buys_what_was_offered_is_not_offered_it_again(database: Database) -> None:
    way, now = Way(database), now_of(database)

    def bought(who: int, number: str, *names: str) -> OrderEvent:
        lines = [{"product": {"name": name}, "quantity": "1"} for name in names]
        return order(f"c{who}", number, now - DAY, lines=lines)

    people = [customer(f"c{who}", emails=[f"c{who}@x.example"]) for who in range(7)]
    orders = [bought(who, f"o{who}", *(("Tea", "Pot") if who else ("Tea",))) for who in range(7)]
    way.take(entry([*people, *orders], "e1"))
    insight.run(way.processing)
    [first] = [one for one in everybody(database) if one.records[0].external_id == "c0"]
    assert first.traits.next_products == ("Pot",)
    way.take(entry([bought(0, "later", "Pot")], "e2"))
    [first] = [one for one in everybody(database) if one.records[0].external_id == "c0"]
    assert first.traits.next_products == ()
