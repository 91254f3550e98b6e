"""Connections in the browser: numbers of the command, credentials tested, history, completeness; and one added."""

from __future__ import annotations

import stat

import httpx
import pytest
from playwright.sync_api import expect

from hub.application.standing import standing
from hub.settings import inspect
from hub.store import audit, console_sessions, users
from tests.e2e.console.conftest import Hub, Opening


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_pages_of_one_connection_are_whole(window: Opening, language: str):
    one = window("admin", language=language, phone=language == "de", dark=language == "de")
    for path in ("shop-de", "crm", "crm/connector", "first/shopify/shop-de", "add", "add/shopify", "add/webhook_in"):
        page = one.open(f"/connections/{path}")
        expect(page.locator("h1")).to_be_visible()
        assert one.violations() == [], path
        assert not one.overflows(), path
        if language == "en" and path in ("shop-de", "add/shopify"):
            one.picture(f"connections-{path.replace('/', '-')}")


def test_each_shows_the_numbers_of_the_command(window: Opening, hub: Hub):
    with hub.runtime.database.session() as session:
        found = standing(session, hub.runtime.connections, hub.runtime.routed)
    page = window("viewer").open("/connections")
    tiles = page.locator(".tiles > li")
    expect(tiles).to_have_count(len(found))
    for one in found:
        tile = page.locator(".tiles > li", has=page.get_by_role("link", name=one.name, exact=True))
        shown = tile.locator(".figures dd").all_inner_texts()
        wanted = [one.parked] if one.source else []
        wanted += [one.pending, one.rejected, one.dead] if one.destination else []
        assert shown == [str(count) for count in wanted], one.name


def test_credentials_are_tested_in_the_background_and_the_result_stays(window: Opening, hub: Hub):
    one = window("operator")
    page = one.open("/connections/crm")
    page.get_by_role("button", name="Test the credentials").click()
    expect(page.locator("#job-test .badge").first).to_have_text("works", timeout=20_000)
    page.reload()
    expect(page.locator("#job-test .badge").first).to_have_text("works")
    with hub.runtime.database.session() as session:
        entry = audit.page(session, area="connection", limit=1)[0]
    assert (entry.who, entry.action, entry.subject) == ("operator", "connection.test", "crm")


def test_what_fails_at_the_vendor_is_told_in_its_place(window: Opening, hub: Hub):
    page = window("operator").open("/connections/shop-de")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("#job-compare .fault")).to_be_visible(timeout=20_000)


def test_a_viewer_only_looks(window: Opening, hub: Hub):
    page = window("viewer").open("/connections/crm")
    expect(page.get_by_role("button", name="Test the credentials")).to_have_count(0)
    token = page.locator("[name=form_token]").first.input_value()
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    with httpx.Client(base_url=hub.url, trust_env=False, cookies=cookies) as client:
        for path in (
            "crm/test",
            "shop-de/history",
            "shop-de/history/pause",
            "shop-de/compare",
            "shop-de/webhooks",
            "add/shopify",
        ):
            answer = client.post(f"/console/connections/{path}", data={"form_token": token})
            assert answer.status_code == 403, path
        assert client.get("/console/connections/add").status_code == 403
        assert client.get("/console/connections/nowhere").status_code == 404


def test_a_connection_is_shown_as_yaml_where_hub_may_not_write(window: Opening, hub: Hub):
    page = window("admin").open("/connections/add")
    page.keyboard.press("/")
    page.keyboard.type("shopi")
    expect(page.locator("#found a")).to_have_count(1)
    page.locator("#found a").click()
    page.locator("#f-name").fill("Shop DE")
    expect(page.locator("#drafted .faults")).to_contain_text("small letters")
    page.locator("#f-name").fill("shop-nl")
    expect(page.locator("#drafted .badge")).to_have_text("complete")
    page.get_by_role("button", name="Show the configuration").click()
    expect(page.locator("pre.yaml")).to_contain_text("${SHOP_NL_WEBHOOK_SECRET}")
    expect(page.get_by_text("/webhooks/shop-nl").first).to_be_visible()
    expect(page.locator("#come")).to_contain_text("does not know it yet")


def test_a_connection_is_written_where_hub_may_and_its_secret_is_never_shown(window: Opening, hub: Hub):
    folder = hub.runtime.settings.part_folder
    assert folder
    folder.mkdir()
    try:
        page = window("admin").open("/connections/add/shopify")
        page.locator("#f-name").fill("shop-ch")
        page.locator("#f-webhook_secret").fill("hush, a secret")
        expect(page.locator("#drafted .badge")).to_have_text("complete")
        assert "hush" not in page.locator("#drafted").inner_text()
        page.get_by_role("button", name="Add it").click()
        page.wait_for_url("**/connections/first/shopify/shop-ch")
        assert "hush" not in page.content()
        secret = folder / "secrets" / "shop-ch.webhook_secret"
        assert secret.read_text() == "hush, a secret"
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        settings, faults = inspect(folder.parent / "hub.yaml", {})
        assert faults == []
        assert settings.connections["shop-ch"].options == {"webhook_secret": "hush, a secret"}
        assert "hush" not in (folder / "shop-ch.yaml").read_text()
        with hub.runtime.database.session() as session:
            entry = audit.page(session, area="connection", limit=1)[0]
        assert (entry.who, entry.action, entry.subject) == ("admin", "connection.add", "shop-ch")
    finally:
        for file in sorted(folder.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        folder.rmdir()


def test_the_first_event_is_seen_live(window: Opening, hub: Hub):
    page = window("admin").open("/connections/first/shopify/shop-de")
    assert page.locator("#come").get_attribute("hx-sse:connect") == "/console/live/first/shop-de"
    expect(page.locator("#come .item").first).to_be_visible()
    with hub.runtime.database.session() as session:
        admin = next(user for user in users.page(session) if user.role == "admin")
        cookie = f"hub_session={console_sessions.open_(session, user_id=admin.id)}"
    with (
        httpx.Client(base_url=hub.url, headers={"cookie": cookie}, trust_env=False, timeout=60.0) as client,
        client.stream("GET", "/console/live/first/shop-de") as stream,
    ):
        told = (line for line in stream.iter_lines() if 'class="item order"' in line)
        assert "orders/live-test" not in next(told)
        with hub.runtime.database.session() as session:
            session.run(
                "INSERT INTO inbox (connection, event_id, topic, headers, body, received_at) "
                "VALUES ('shop-de', 'live-1', 'orders/live-test', '{}', '{}', now())"
            )
        assert "orders/live-test" in next(told)
