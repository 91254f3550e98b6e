"""What people do besides ordering follows every event: steps, carts, channels; and the tone of what they write."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hub.application import insight, judge, report, tone
from hub.application.trait_reasons import explained
from hub.application.traits import Insight
from hub.errors import NotFound, RefusedError
from hub.insight.segments import compile_segments
from hub.model.consent import Consent
from hub.model.event import CanonicalEvent, CartEvent, InteractionEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.model.order import Cart
from hub.store import tones
from hub.store.database import Database
from tests.integration.test_api import running
from tests.integration.test_cli import Hub
from tests.integration.test_traits import DAY, IDA, _Segmented, everybody, now_of, only, order
from tests.support.doubles import customer, empty, entry
from tests.support.hubspot import Way

HOUR = timedelta(hours=1)


def did(who: str, number: str, kind: str, when: datetime, **told: Any) -> InteractionEvent:
    interaction = Interaction.model_validate({"external_id": number, "kind": kind, "channel": "web", **told})
    return InteractionEvent(
        occurred_at=when, interaction=interaction, record=RecordKey(kind="customer", external_id=who)
    )


def cart(who: str, number: str, when: datetime, total: str = "40.00") -> CartEvent:
    told = {"external_id": number, "currency": "EUR", "total": total, "started_at": when, "recovery_url": "https://x"}
    return CartEvent(
        occurred_at=when, cart=Cart.model_validate(told), record=RecordKey(kind="customer", external_id=who)
    )


def facts_of(now: datetime) -> list[CanonicalEvent]:
    return [
        IDA,
        did("7", "v1", "page_viewed", now - 9 * DAY, url="https://shop.example/?gclid=x"),
        did("7", "v2", "product_added", now - 8 * DAY),
        order("7", "o1", now - 7 * DAY),
        cart("7", "c1", now - 5 * HOUR),
    ]


def test_steps_carts_and_rungs_follow_the_events(database: Database) -> None:
    now = now_of(database)
    Way(database).take(entry(facts_of(now), "e1", received_at=now))
    traits = only(database).traits
    assert (traits.stage, traits.funnel, traits.ladder) == ("new", "order", "purchase")
    assert traits.left_cart_at == now - 5 * HOUR
    Way(database).take(entry([order("7", "o2", now - HOUR)], "e2", received_at=now))
    traits = only(database).traits
    assert (traits.funnel, traits.left_cart_at) == ("repeat", None)


def test_an_order_of_another_channel_ends_a_cart(database: Database) -> None:
    """TycheSoftwares/woocommerce-abandoned-cart #874, mailchimp/mc-magento #403: reminded after they had bought."""
    now = now_of(database)
    till = customer("9", name=("Ida", "Sommer"), emails=["ida@sommer.example"])
    way = Way(database)
    way.take(entry([IDA, cart("7", "c1", now - 2 * DAY)], "e1", received_at=now))
    assert only(database).traits.left_cart_at is not None
    way.take(entry([till, order("9", "t1", now - DAY)], "e2", connection="shop", received_at=now))
    assert only(database).traits.left_cart_at is None


def test_traits_are_the_same_in_whatever_order_facts_come(database: Database) -> None:
    now = now_of(database)
    person, *facts = facts_of(now)
    told = []
    for order_ in itertools.islice(itertools.permutations(facts), 0, 24, 7):
        empty(database)
        way = Way(database)
        way.take(entry([person], "e0", received_at=now))
        for number, one in enumerate(order_):
            way.take(entry([one], f"e{number + 1}", received_at=now))
        told.append(only(database).traits.model_dump())
    assert told == [told[0]] * len(told)


def test_what_was_done_moves_with_its_records_by_merge_and_split(database: Database) -> None:
    # given one record that acted, and one that ordered, of which nobody knows that they are one person
    way, now = Way(database), now_of(database)
    till = customer("9", when=now - 3 * DAY, name=("Ida", "Sommer"), phones=["+491701234567"])
    way.take(entry([IDA, did("7", "v1", "product_added", now - 2 * DAY)], "e1", received_at=now))
    way.take(entry([till, order("9", "t1", now - DAY)], "e2", received_at=now))
    assert {one.traits.funnel for one in everybody(database)} == {"cart", None}
    # when an address makes them one
    known = customer("9", when=now, name=("Ida", "Sommer"), emails=["ida@sommer.example"])
    way.take(entry([known], "e3", received_at=now))
    merged = only(database)
    assert (merged.traits.funnel, merged.traits.left_cart_at) == ("order", None)
    # and somebody takes them apart again
    judge.Judge(way.processing).split(merged.id, ["shop:customer:9"], by="test")
    way.take()
    told = {one.records[0].external_id: one.traits for one in everybody(database)}
    assert (told["7"].funnel, told["9"].funnel) == ("cart", None)
    assert told["7"].left_cart_at == now - 2 * DAY


def test_what_waited_for_a_visitor_to_be_known_counts_from_then_on(database: Database) -> None:
    way, now = Way(database), now_of(database)
    seen = did("7", "v1", "product_added", now - 2 * DAY).model_copy(update={"waits": True})
    way.take(entry([seen], "e1", received_at=now))
    assert everybody(database) == []
    way.take(entry([IDA, order("7", "o1", now - 3 * DAY)], "e2", received_at=now))
    assert only(database).traits.left_cart_at == now - 2 * DAY


def test_a_consent_tells_the_channel_of_who_acted_before(database: Database) -> None:
    way, now = Way(database), now_of(database)
    clicks = [did("7", f"v{n}", "email_clicked", now - n * DAY, channel="email") for n in range(1, 7)]
    way.take(entry([IDA, *clicks], "e1", received_at=now))
    assert only(database).traits.preferred_channel is None
    yes = Consent(channel="email", state="opted_in", at=now, explicit=True)
    agreed = customer("7", when=now, name=("Ida", "Sommer"), emails=["ida@sommer.example"], consents=[yes])
    way.take(entry([agreed], "e2", received_at=now))
    assert only(database).traits.preferred_channel == "email"


def test_drop_outs_are_a_segment_and_a_report(database: Database) -> None:
    segments, faults = compile_segments(
        {
            "left": "traits.left_cart_at < ago('4 hours') && traits.left_cart_at > ago('7 days')",
            "dropped": "traits.funnel == 'cart' && traits.funnel_since < ago('30 days')",
        }
    )
    assert faults == []
    now = now_of(database)
    way = _Segmented(database, tuple(segments))
    bert = customer("8", name=("Bert", "Ohm"), emails=["bert@ohm.example"])
    way.take(entry([*facts_of(now), bert, did("8", "v9", "product_added", now - 40 * DAY)], "e1", received_at=now))
    by_name = {one.name.first: one.traits for one in everybody(database)}
    assert (by_name["Ida"].segments, by_name["Bert"].segments) == (("left",), ("dropped",))
    with database.session() as session:
        made = report.report(session, Insight(channels={"shop": "web"}), list(report.REPORTS))
    found = {one.name: one for one in made}
    assert [row[:2] for row in found["funnel"].rows][:4] == [("visit", 2), ("cart", 2), ("checkout", 1), ("order", 1)]
    assert [row[1] for row in found["ladder"].rows] == [2, 2, 2, 2, 1, 1, 0, 0]
    assert ("left 4 to 24 hours ago", 1, None, "EUR", 40.0) in found["carts"].rows
    assert found["journeys"].rows[0][0] == "visit from google ads → put in cart → order online"
    assert found["cohorts-by-channel"].rows[0][1:3] == ("shop", 1)


def test_a_run_folds_whoever_acted_before_there_was_a_fold(database: Database) -> None:
    now = now_of(database)
    way = Way(database)
    way.take(entry(facts_of(now), "e1", received_at=now))
    with database.session() as session:
        session.run("DELETE FROM behaviour")
        session.run("DELETE FROM trait")
    insight.run(way.processing)
    traits = only(database).traits
    assert (traits.stage, traits.funnel) == ("new", "order")
    assert insight.run(way.processing, fit=True).changed == 0


def test_a_visitor_who_never_ordered_is_a_potential_customer_with_a_step(database: Database) -> None:
    now = now_of(database)
    Way(database).take(entry([IDA, did("7", "v1", "product_viewed", now - DAY)], "e1", received_at=now))
    traits = only(database).traits
    assert (traits.stage, traits.funnel, traits.ladder) == ("potential", "visit", "consideration")


def test_it_is_explained_why(database: Database) -> None:
    now = now_of(database)
    Way(database).take(entry(facts_of(now), "e1", received_at=now))
    with database.session() as session:
        items = {one["trait"]: one for one in explained(session, Insight(), only(database).id, now)}
    assert items["left_cart_at"]["why"][1] == "it held 40.00 EUR"
    assert items["funnel"]["why"][-1].startswith("order on ")


# -- tone --------------------------------------------------------------------------------------------------------------


def written(database: Database) -> dict[str, UUID]:
    now = now_of(database)
    texts = {"bad": "Paket kaputt, nie wieder!", "ask": "Wann habt ihr auf?", "good": "Vielen Dank, super!"}
    told = [
        did("7", name, "message", now - place * HOUR, channel="whatsapp", text=text)
        for place, (name, text) in enumerate(texts.items(), start=1)
    ]
    Way(database).take(entry([IDA, *told], "e1", received_at=now))
    with database.session() as session:
        return {name: one for one, name in session.rows("SELECT id, external_id FROM fact WHERE kind = 'interaction'")}


def test_what_was_written_is_listed_the_worst_first_and_corrected(database: Database) -> None:
    ids = written(database)
    with database.session() as session:
        found = tone.listed(session)
        assert [(one["tone"], one["about"], one["by"]) for one in found["items"]] == [
            ("negative", "complaint", "words"), ("neutral", "question", "words"), ("positive", "praise", "words"),
        ]  # fmt: skip
        assert found["note"] == "too little data: 0 corrections, 500 are needed"
        done = tone.correct(session, ids["ask"], "negative", "ops", topic="shop")
        assert (done["about"], done["topic"], done["corrections"]) == ("complaint", "shop", 1)
        corrected = next(one for one in tone.listed(session)["items"] if one["id"] == ids["ask"])
        assert (corrected["tone"], corrected["by"]) == ("negative", "person")
        assert len(tone.complaining(session, now_of(database) - DAY)) == 2
        with pytest.raises(NotFound):
            tone.correct(session, UUID(int=1), "negative", "ops")
        with pytest.raises(RefusedError, match="did you mean 'negative'"):
            tone.correct(session, ids["ask"], "negativ", "ops")


def test_what_erased_people_wrote_is_not_shown_and_teaches_nothing(database: Database) -> None:
    ids = written(database)
    with database.session() as session:
        tone.correct(session, ids["ask"], "negative", "ops")
        assert tones.corrections(session, 9) == [("Wann habt ihr auf?", "negative")]
        session.run("UPDATE profile SET suppressed = true")
        assert tone.listed(session)["items"] == []
        assert tones.corrections(session, 9) == []
        assert tones.state(session) == (0, None)
        session.run("DELETE FROM fact")
        assert tones.forget_orphans(session) == 1


def test_what_was_answered_comes_last(database: Database) -> None:
    written(database)
    now = now_of(database)
    answer = did("7", "a1", "message", now, channel="whatsapp", text="Das tut uns leid!", direction="out")
    other = customer("8", name=("Bert", "Ohm"), emails=["bert@ohm.example"])
    ask = did("8", "q1", "message", now - HOUR, channel="whatsapp", text="Wann habt ihr auf?")
    Way(database).take(entry([answer, other, ask], "e2", received_at=now))
    with database.session() as session:
        found = tone.listed(session)["items"]
    assert [one["answered"] for one in found] == [False, True, True, True]
    assert found[0]["name"] == "Bert Ohm"


def test_the_api_lists_and_corrects(database: Database) -> None:
    ids = written(database)
    with running(database) as hub:
        found = hub.get("/interactions", tone="negative")
        assert [one["text"] for one in found["items"]] == ["Paket kaputt, nie wieder!"]
        path = f"/api/v1/interactions/{ids['ask']}/tone"
        done = hub.http.post(path, json={"tone": "negative", "topic": "shop"})
        assert done.json()["about"] == "complaint"
        assert hub.http.post(path, json={"tone": "bad"}).status_code == 422
        assert hub.http.post(f"/api/v1/interactions/{UUID(int=1)}/tone", json={"tone": "neutral"}).status_code == 404
        hub.http.headers["authorization"] = f"Bearer {hub.token('viewer')}"
        assert hub.http.post(path, json={"tone": "neutral"}).status_code == 403


@pytest.fixture
def hub(tmp_path: Path, dsn: str) -> Iterator[Hub]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield Hub(tmp_path, dsn)
    root.handlers, root.level = before


def test_commands_list_and_correct(hub: Hub, database: Database) -> None:
    ids = written(database)
    assert "Paket kaputt" in hub("interactions", "list", "--tone", "negative").stdout
    assert [one["tone"] for one in hub.json("interactions", "list")["items"]] == ["negative", "neutral", "positive"]
    assert "negative, complaint" in hub("interactions", "tone", str(ids["ask"]), "negative").stdout
    assert hub.json("interactions", "tone", str(ids["good"]), "neutral", "--about", "other")["corrections"] == 2
    assert "did you mean" in hub("interactions", "tone", str(ids["ask"]), "negativ", ends=1).stderr
    hub("interactions", "list", "--tone", "bad", ends=1)
