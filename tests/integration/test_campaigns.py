"""Revenue by campaign: from links, mails and orders, with and without what goes back, in any order of facts."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

from hub.application import report
from hub.application.traits import Insight
from hub.insight.attribution import MODELS
from hub.model.event import CanonicalEvent
from hub.model.money import Money
from hub.model.order import Refund
from hub.store.database import Database
from tests.integration.test_api import running
from tests.integration.test_behaviour import did
from tests.integration.test_traits import DAY, now_of, order
from tests.support.doubles import customer, empty, entry
from tests.support.hubspot import Way

HOUR = timedelta(hours=1)


def refund(number: str, when: datetime) -> Refund:
    return Refund(external_id=number, amount=Money(amount=Decimal("50.00"), currency="EUR"), at=when)


def rows_of(database: Database, name: str = "campaigns") -> dict[tuple[str, str, str], dict[str, Any]]:
    with database.session() as session:
        [told] = report.report(session, Insight(), [name])
    return {(row.get("campaign", ""), row["channel"], row["currency"]): row for row in told.documents()}


def test_what_a_campaign_brought_is_told_before_and_after_returns(database: Database) -> None:
    # given a mail that two clicked: one bought and kept, one bought in two currencies; and an ad an order tells of
    way, now = Way(database), now_of(database)
    ad: dict[str, Any] = {"custom": {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "Brand"}}
    people: list[CanonicalEvent] = [customer(who, emails=[f"{who}@x.example"]) for who in ("a", "b", "c")]
    facts: list[CanonicalEvent] = [
        did("a", "m1", "email_clicked", now - 9 * DAY, channel="email", campaign="Spring"),
        did("a", "v1", "page_viewed", now - 9 * DAY + HOUR / 60, url="https://x.example/?utm_medium=email"),
        order("a", "o1", now - 8 * DAY, "100.00"),
        did("b", "m2", "email_clicked", now - 9 * DAY, channel="email", campaign="spring "),
        order("b", "o2", now - 8 * DAY, "30.00", currency="CHF"),
        order("c", "o3", now - 7 * DAY, "50.00", **ad),
    ]
    told = []
    for number, mixed in enumerate([*permutations(facts)][::239]):
        empty(database)
        for place, one in enumerate([*people, *mixed]):
            way.take(entry([one], f"e{number}-{place}", received_at=now))
        told.append(rows_of(database))
    # then it is one campaign under one name, currencies apart, and the same in any order of facts
    assert all(one == told[0] for one in told)
    spring, swiss = told[0]["spring", "email", "EUR"], told[0]["spring", "email", "CHF"]
    brand = told[0]["brand", "google ads", "EUR"]
    for model in MODELS:
        for name in (model, f"{model} before returns"):
            # Markov counts orders: one each, so half of all the money each.
            expected = (75.0, 75.0, 30.0) if model == "markov" else (100.0, 50.0, 30.0)
            assert (spring[name], brand[name], swiss[name]) == expected, name
    assert (spring["touched"], brand["touched"]) == (1, 1)
    assert spring["seen from"] == (now - 9 * DAY).date().isoformat()
    # when the order of the ad goes back in full, and half of the other one
    back: list[CanonicalEvent] = [
        order("c", "o3", now - 7 * DAY, "50.00", state="refunded", refunds=[refund("r1", now)], **ad)
    ]
    back += [order("a", "o1", now - 8 * DAY, "100.00", refunds=[refund("r2", now)])]
    way.take(entry(back, "back", received_at=now + HOUR))
    # then it brought nothing, though it did before returns
    after = rows_of(database)
    for model in MODELS:
        kept, gross = model, f"{model} before returns"
        before = (75.0, 75.0) if model == "markov" else (50.0, 100.0)
        assert [after["brand", "google ads", "EUR"][name] for name in (kept, gross)] == [0.0, before[0]], model
        assert [after["spring", "email", "EUR"][name] for name in (kept, gross)] == [50.0, before[1]], model
    channels = rows_of(database, "attribution")
    assert [channels["", "google ads", "EUR"][name] for name in ("last", "last before returns")] == [0.0, 50.0]


def test_reports_are_told_by_the_api(database: Database) -> None:
    now = now_of(database)
    visit = did("a", "m1", "email_clicked", now - 9 * DAY, channel="email", campaign="Spring")
    events: list[CanonicalEvent] = [
        customer("a", emails=["a@x.example"]),
        visit,
        order("a", "o1", now - 8 * DAY, "20.10"),
    ]
    Way(database).take(entry(events, "e1", received_at=now))
    with running(database) as hub:
        told = hub.get("/reports/campaigns")
        [row] = told["rows"]
        assert (told["name"], row["campaign"], row["markov"], row["last before returns"]) == (
            "campaigns", "spring", 20.1, 20.1,
        )  # fmt: skip
        refused = hub.http.get("/api/v1/reports/campaign")
        assert refused.status_code == 404
        assert "did you mean 'campaigns'" in refused.text


def test_visits_without_a_campaign_are_no_campaigns(database: Database) -> None:
    now = now_of(database)
    visit = did("a", "v1", "page_viewed", now - 9 * DAY, url="https://x.example/?gclid=x")
    events: list[CanonicalEvent] = [customer("a", emails=["a@x.example"]), visit, order("a", "o1", now - 8 * DAY)]
    Way(database).take(entry(events, "e1", received_at=now))
    with database.session() as session:
        [told] = report.report(session, Insight(), ["campaigns"])
    assert told.rows == []
    assert told.notes[0].startswith("too little data")
