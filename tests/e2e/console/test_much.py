"""Much of everything, set by SQL: 100,000 dead letters, a person of 10,000 records, and what outlives a restart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import yaml
from playwright.sync_api import expect

from hub import bootstrap
from hub.application.standing import standing
from hub.demo.stage import configuration
from hub.model.address import Address
from hub.sdk.quota import Quota
from hub.settings import load
from hub.store import audit, quotas, reconciliations, reviews, stats
from hub.store.reconciliations import Hour
from tests.e2e.console.conftest import Hub, Opening, _users
from tests.support import servers
from tests.support.doubles import customer, entry
from tests.support.hubspot import Way
from tests.support.serving import served

MANY, RECORDS = 100_000, 10_000
ODD = 'a|b/../?x=%25#"<i>\u202e&amp;'
"""What no id should look like, and some do."""


@pytest.fixture(scope="module")
def much(postgres_server: servers.Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """Two people of whom nobody knows whether they are one; one has very many records, most of one odd kind of id."""
    folder = tmp_path_factory.mktemp("much")
    home = Address(line1="Torstraße 12", postal_code="10119", city="Berlin", country="DE")
    with ExitStack() as stack:
        dsn = stack.enter_context(postgres_server.fresh())
        nowhere = "http://127.0.0.1:1"
        config = folder / "hub.yaml"
        config.write_text(yaml.safe_dump(configuration(nowhere, nowhere, nowhere)), "utf-8")
        settings = load(config, {"HUB_DATABASE_URL": dsn, "HUB_DATA_DIR": str(folder / "data")})
        run = stack.enter_context(bootstrap.runtime(settings, pool_size=6))
        told = [
            [customer(f"p{place}", name=(first, "Brandner"), emails=[f"k{place}@example.de"], addresses=(home,))]
            for place, first in enumerate(("Käthe", "Katharina"))
        ]
        Way(run.database).take(*(entry(events, f"e{place}") for place, events in enumerate(told)))
        with run.database.session() as session:
            (review,) = reviews.page(session, limit=5)
            session.run(
                """
                INSERT INTO record (id, connection, kind, external_id, profile_id, state, features, first_seen)
                SELECT gen_random_uuid(), connection, kind, %(odd)s || n, profile_id, state, features, first_seen
                FROM record, generate_series(2, %(records)s) n WHERE profile_id = %(person)s
                """,
                {"odd": ODD, "records": RECORDS, "person": review.one},
            )
            session.run(
                """
                UPDATE profile SET golden = jsonb_set(golden::jsonb, '{records}', (SELECT jsonb_agg(jsonb_build_object(
                    'connection', connection, 'kind', kind, 'external_id', external_id)) FROM record
                    WHERE profile_id = profile.id))::text WHERE id = %s
                """,
                [review.one],
            )
            session.run(
                """
                INSERT INTO outbox (destination, key, subject, profile_id, version, state, due_at, enqueued_at,
                    updated_at, events, reason)
                SELECT 'crm', md5(n::text)::uuid, 'order', %(person)s, 1, 'dead', now(), now(), now(), '{}',
                    'HTTP 503 of call ' || n FROM generate_series(1, %(many)s) AS n
                ON CONFLICT DO NOTHING
                """,
                {"person": review.one, "many": MANY},
            )
            session.run("DELETE FROM outbox WHERE state <> 'dead'")
            session.run(
                """
                INSERT INTO attempt (destination, key, version, at, outcome, reason, events)
                SELECT 'crm', md5(n::text)::uuid, 1, now() - interval '2 hours', 'dead', 'HTTP 503', '{}'
                FROM generate_series(1, 2000) AS n
                """
            )
        _users(run.database)
        yield Hub(stack.enter_context(served(bootstrap.api(run))), run)


@pytest.fixture
def hub(much: Hub) -> Hub:
    """What windows open on."""
    return much


def asked_about(hub: Hub) -> tuple[UUID, UUID]:
    """The review, and the one of its two people who has very many records."""
    with hub.runtime.database.session() as session:
        (review,) = reviews.page(session, limit=5)
    return review.id, review.one


def test_what_asks_about_two_people_leads_to_them(window: Opening, hub: Hub):
    review, _ = asked_about(hub)
    page = window("support").open("/today")
    page.locator(".needs li", has_text="Are these two one person?").get_by_role("link").click()
    page.wait_for_url(f"**/console/review/{review}")
    expect(page.locator("form.answer")).to_have_attribute("action", f"/console/review/{review}")


def test_a_person_of_10_000_records_with_odd_ids_has_whole_pages(window: Opening, hub: Hub):
    _, person = asked_about(hub)
    for one in (window("support"), window("viewer", language="de", phone=True, dark=True)):
        for tab in ("", "/timeline", "/orders", "/consents", "/identity", "/there"):
            page = one.open(f"/people/{person}{tab}")
            expect(page.locator("h1")).to_be_visible()
            assert not one.overflows(), tab
        assert one.violations() == []
    page = window("support").open(f"/people/{person}/identity")
    assert ODD.replace("\u202e", "") in "".join(page.locator(".rows code").all_text_contents())


def test_100_000_dead_letters_are_seen_by_kind_and_redriven_at_once(window: Opening, hub: Hub):
    one = window("operator")
    page = one.open("/delivery?destination=crm&state=dead")
    expect(page.locator(".ledger tbody tr")).to_have_count(50)
    expect(page.locator(".lane-counts .bad b")).to_have_text(f"{MANY:,}")
    expect(page.locator(".bars tbody tr")).to_have_count(1)  # one reason, however many calls it names
    said = page.locator("section", has_text="The last 24 hours of crm").locator(".verdict")
    expect(said).to_contain_text(f"{MANY:,} deliveries are not there yet.")
    expect(said).to_contain_text("2,000 deliveries failed at first, at")
    expect(said).to_contain_text("2,000 of them have not arrived since.")
    assert one.violations() == []
    page.get_by_role("link", name="Next page").click()
    expect(page.locator(".ledger tbody tr")).to_have_count(50)
    page.get_by_role("button", name="Redrive all of crm").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Redrive {MANY:,} deliveries to crm?", timeout=60_000)
    dialog.get_by_role("button", name="Redrive").click()
    expect(page.get_by_role("status").first).to_contain_text(f"{MANY:,} deliveries wait", timeout=60_000)
    with hub.runtime.database.session() as session:
        assert stats.stats(session, hub.runtime.routed)["outbox"]["crm"]["pending"] == MANY
        actions = [(entry.action, entry.subject) for entry in audit.page(session, area="delivery", limit=2)]
    assert actions == [("delivery.redrive", "crm"), ("delivery.dry_run", "crm")]


def test_what_the_vendor_allows_stands_on_the_pages(window: Opening, hub: Hub):
    with hub.runtime.database.session() as session:
        quotas.note(session, "crm", [Quota("day", 250_000, 12_345)])
    with hub.runtime.database.session() as session:
        (crm,) = [one for one in standing(session, hub.runtime.connections, hub.runtime.routed) if one.name == "crm"]
    assert crm.quotas[0].quota.left == 12_345
    page = window("viewer").open("/delivery")
    expect(page.locator(".lane .figures")).to_contain_text("12,345")
    expect(page.locator(".lane .figures")).to_contain_text("of 250,000")
    page = window("viewer", language="de").open("/connections/crm")
    expect(page.locator("#main")).to_contain_text("12.345")


def test_a_comparison_is_still_there_after_a_restart(window: Opening, hub: Hub):
    noon = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=30)
    with hub.runtime.database.session() as session:
        found = {"same": 40, "missing": 2}
        hours = [Hour(noon, 40, 0), Hour(noon + timedelta(hours=1), 2, 2)]
        reconciliations.save(session, "shop-de", begun_at=noon, since=noon, found=found, hours=hours)
    with served(bootstrap.api(hub.runtime)) as url:  # another process has none of this one's jobs
        one = window("viewer")
        one.hub = Hub(url, hub.runtime)
        one.blank.context.add_cookies([{"name": "hub_session", "value": hub.session("viewer"), "url": url}])
        page = one.open("/connections/shop-de")
        expect(page.locator("#compared dd").nth(1)).to_have_text("2")
        expect(page.locator("table.whole td.gap")).to_have_text("2")
        expect(page.locator("table.whole td.all")).to_have_text("✓")


def test_a_tab_of_an_older_release_says_so_and_sends_nothing_behind_ones_back(window: Opening, hub: Hub):
    # given a page that was opened before Hub was updated, with something typed into it
    _, person = asked_about(hub)
    one = window("operator")
    page = one.open(f"/people/{person}/timeline")
    page.evaluate("document.querySelector('meta[name=hub-release]').content = 'older'")
    page.fill("#f-note", "what was typed")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("#told")).to_contain_text("Hub was updated")
    assert page.input_value("#f-note") == "what was typed"
    # then a form that acts is sent when somebody says so a second time
    page = one.open("/delivery")
    page.evaluate("document.querySelector('meta[name=hub-release]').content = 'older'")
    page.get_by_role("button", name="Pause … crm").click()
    page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    expect(page.locator("#told")).to_contain_text("Hub was updated")
    assert "/console/delivery" in page.url
    with page.expect_navigation():
        page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    expect(page.locator(".lane .badge").first).to_contain_text("paused")
