"""Insight in the browser: each measure with the numbers of the command, the people behind it, the model taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

import numpy as np
import pytest
import yaml
from playwright.sync_api import expect

from hub import bootstrap
from hub.application import insight
from hub.application.report import REPORTS, report
from hub.console.measures import measures
from hub.demo.stage import configuration
from hub.model.event import CanonicalEvent, InteractionEvent, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.model.order import Order
from hub.settings import load
from hub.store import audit, insight_models, traits
from tests.e2e.console.conftest import Hub, Opening, _users
from tests.support import servers
from tests.support.doubles import customer, entry
from tests.support.hubspot import Way
from tests.support.serving import served

PEOPLE = 130
GOODS = ("Teekanne", "Sencha 100 g", "Assam 250 g", "Tasse, blau", "Sieb", "Honig", "Dose")
CHANNELS = ("email", "google / cpc", "instagram", "newsletter / mail")
SEGMENTS = {
    "vip": {"title": "Best customers", "when": "traits.stage == 'loyal' || traits.rfm_group == 'champions'"},
    "often": {"title": "Four orders or more", "when": "orders.count >= `4`"},
}


SEASONS = ("Frühling", "Herbst")
"""Campaigns that links name."""


def shoppers(now: datetime) -> Iterator[list[CanonicalEvent]]:
    """Each a person with orders of two years, more of whom come back than stay away."""
    dice = np.random.default_rng(5)
    for number in range(PEOPLE):
        who = f"c{number}"
        key = RecordKey(kind="customer", external_id=who)
        first, last = ("Ida", "Jan", "Mia", "Tom", "Ute")[number % 5], f"Sommer{chr(97 + number % 26)}{number}"
        events: list[CanonicalEvent] = [customer(who, name=(first, last), emails=[f"{who}@tee.example"])]
        day, rate = float(dice.integers(5, 640)), dice.gamma(2.0, 28.0)
        while day > 0:
            when = now - timedelta(days=day)
            goods = [GOODS[(number + int(dice.integers(0, 3))) % len(GOODS)], GOODS[(number + 1) % len(GOODS)]]
            told = {
                "external_id": f"{who}-{day:.0f}", "state": "paid", "placed_at": when, "currency": "EUR",
                "total": f"{dice.gamma(5.0, 9.0):.2f}",
                "lines": [{"product": {"name": name}, "quantity": "1"} for name in dict.fromkeys(goods)],
            }  # fmt: skip
            source, _, medium = CHANNELS[int(dice.integers(0, len(CHANNELS)))].partition(" / ")
            touch = Interaction(
                external_id=f"v-{who}-{day:.0f}", kind="page_viewed", channel="web",
                details={"utm_source": source, "utm_medium": medium or "social", "utm_campaign": SEASONS[number % 2]},
            )  # fmt: skip
            events += [
                InteractionEvent(occurred_at=when - timedelta(hours=5), record=key, interaction=touch),
                OrderEvent(occurred_at=when, record=key, order=Order.model_validate(told)),
            ]
            if dice.random() < 0.13:
                break
            day -= float(dice.exponential(rate))
        yield events


@pytest.fixture(scope="module")
def shop(postgres_server: servers.Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A Hub with two years of a tea shop."""
    folder = tmp_path_factory.mktemp("insight")
    with ExitStack() as stack:
        dsn = stack.enter_context(postgres_server.fresh())
        (folder / "segments.yaml").write_text(yaml.safe_dump({"segments": SEGMENTS}), "utf-8")
        config = folder / "hub.yaml"
        nowhere = "http://127.0.0.1:1"
        config.write_text(
            yaml.safe_dump({**configuration(nowhere, nowhere, nowhere), "segments": str(folder / "segments.yaml")}),
            "utf-8",
        )
        settings = load(config, {"HUB_DATABASE_URL": dsn, "HUB_DATA_DIR": str(folder / "data")})
        run = stack.enter_context(bootstrap.runtime(settings, pool_size=6))
        with run.database.session() as session:
            now = session.now()
        Way(run.database).take(*(entry(events, f"e{place}") for place, events in enumerate(shoppers(now))))
        insight.run(run.processing, by="the schedule")
        _users(run.database)
        yield Hub(stack.enter_context(served(bootstrap.api(run))), run)


@pytest.fixture
def hub(shop: Hub) -> Hub:
    """What windows open on."""
    return shop


def test_every_report_is_a_measure_with_the_numbers_of_the_command(window: Opening, hub: Hub):
    names = [name for one in measures().values() for name in one.reports]
    assert sorted(names) == sorted(REPORTS)
    with hub.runtime.database.session() as session:
        told = dict(zip(REPORTS, report(session, hub.runtime.insight, list(REPORTS)), strict=True))
    one = window("operator")
    for slug, measure in measures().items():
        page = one.open(f"/insight/measures/{slug}")
        expected = told[measure.reports[0]]
        assert expected.rows or expected.notes, slug
        assert one.violations() == [], slug
        assert not one.overflows(), slug
        text = page.locator("#measure").text_content() or ""
        assert expected.rows or expected.notes[0] in text, slug  # what is missing is said
        for value in (value for row in expected.rows[:5] for value in row if isinstance(value, int)):
            assert f"{value:,}" in text, (slug, value)
        if slug == "attribution":
            assert "Revenue in EUR by campaign" in text
            assert "frühling" in text
        if measure.order < 1_000:  # a table alone is no picture
            one.picture(f"insight-{slug}")


def test_a_stage_leads_to_its_people_and_what_to_do_next(window: Opening, hub: Hub):
    with hub.runtime.database.session() as session:
        sizes = traits.by_stage(session)
        stage = "loyal" if sizes.get("loyal") else max(sizes, key=lambda one: sizes[one])
        first = traits.of_stage(session, stage, 1)[0]
    one = window("viewer")
    page = one.open("/insight")
    one.picture("insight")
    page.locator(f".tile a[href$='/stages/{stage}']").click()
    expect(page.locator(".lead")).to_contain_text(f"{sizes[stage]} p")
    expect(page.locator(".advice")).to_contain_text(f"traits.stage == '{stage}'")
    row = page.locator(".list tbody tr").first
    assert (row.locator("a").get_attribute("href") or "").endswith(str(first))
    assert "Sommer" not in page.content()  # who may not see people sees initials
    assert one.violations() == []
    one.open("/insight/measures/segments")
    page.get_by_role("link", name="Best customers").click()
    expect(page.locator(".advice")).to_contain_text("contains(traits.segments, 'vip')")
    assert one.violations() == []


def test_an_operator_tries_a_model_applies_it_and_takes_it_back(window: Opening, hub: Hub):
    one = window("operator", language="de", phone=True)
    page = one.open("/insight/model")
    page.get_by_role("button", name="Anpassen und ausprobieren").click()
    expect(page.locator("#would-change")).to_be_visible(timeout=60_000)
    assert not one.overflows()
    assert one.violations() == []
    with hub.runtime.database.session() as session:
        tried, active = insight_models.newest(session), insight_models.active_id(session)
    assert tried is not None
    assert tried.id != active
    page.locator("#job").get_by_role("button", name="In Kraft setzen").click()
    expect(page.locator("#versions tbody tr").first).to_contain_text("gilt")
    page.locator("#versions tbody tr").nth(1).get_by_role("button", name="Dorthin zurück").click()
    page.get_by_role("dialog").get_by_role("button", name="Dorthin zurück").click()
    expect(page.locator("#versions tbody tr").first).to_contain_text(f"wie Version {active}")
    with hub.runtime.database.session() as session:
        newest, entries = insight_models.newest(session), audit.page(session, area="insight", limit=3)
    assert newest is not None
    assert (newest.restores, newest.active) == (active, True)
    assert [each.action for each in entries] == ["insight.rollback", "insight.apply", "insight.try"]


def test_of_two_who_apply_a_model_the_second_is_told(window: Opening, hub: Hub):
    made = insight.try_fit(hub.runtime.processing, "Nadia")
    one = window("operator")
    page = one.open("/insight/model")
    insight.apply(hub.runtime.processing, made["version"], "Nadia")
    page.locator("#versions tbody tr").first.get_by_role("button", name="Put it in force").click()
    page.get_by_role("dialog").get_by_role("button", name="Put it in force").click()
    expect(page.get_by_role("alert")).to_contain_text("is in force")
    one.complaints.clear()  # the browser notes the 409
