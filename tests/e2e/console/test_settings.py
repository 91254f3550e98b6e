"""Settings as an admin uses them: people, tokens, the audit log; and what others may not."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import expect

from hub.application.sign_in import COMMAND_LINE
from hub.store import audit, retention, tokens, users
from tests.e2e.console.conftest import Hub, Opening


@pytest.mark.parametrize("language", ["en", "de"])
def test_each_part_is_whole_for_an_admin(window: Opening, language: str):
    one = window("admin", language=language, phone=language == "de", dark=language == "de")
    for part in ("people", "tokens", "audit"):
        page = one.open(f"/settings/{part}")
        expect(page.locator(".tabs a[aria-current]")).to_be_visible()
        assert one.violations() == [], part
        assert not one.overflows(), part
        if language == "en":
            one.picture(f"settings-{part}")


def test_somebody_who_is_added_comes_in_by_the_link_and_is_in_the_audit_log(window: Opening, hub: Hub):
    admin = window("admin")
    page = admin.open("/settings/people")
    page.get_by_label("Name").fill("nora")
    page.get_by_label("Role", exact=True).select_option("support")
    page.get_by_role("button", name="Add", exact=True).click()
    address = page.locator(".notice code").inner_text()
    assert "/console/enter#" in address

    nora = window(None)
    nora.page.goto(hub.url + address[address.index("/console/") :])
    nora.page.wait_for_url("**/console/today")
    expect(nora.page.locator(".side .who-name b")).to_have_text("nora")

    row = page.locator("tbody tr", has_text="nora")
    row.get_by_label("Role of nora").select_option("viewer")
    with page.expect_navigation():
        row.get_by_role("button", name="Change").click()
    with hub.runtime.database.session() as session:
        found = users.named(session, "nora")
        assert found
        assert found.role == "viewer"
    page.locator("tbody tr", has_text="nora").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("tbody tr", has_text="nora")).to_have_count(0)
    nora.open("/today")
    assert "/console/sign-in" in nora.page.url

    with hub.runtime.database.session() as session:
        entries = audit.page(session, subject=str(found.id), limit=9)
    assert [(entry.who, entry.action) for entry in entries] == [
        ("admin", "user.remove"),
        ("admin", "user.role"),
        ("nora", "session.open"),
        ("admin", "user.link"),
        ("admin", "user.add"),
    ]


def test_what_was_typed_stays_when_it_is_refused(window: Opening):
    one = window("admin", language="de")
    page = one.open("/settings/people")
    page.locator("#f-name").fill("viewer")
    page.locator("#f-role").select_option("operator")
    page.get_by_role("button", name="Hinzufügen").click()
    expect(page.locator(".fault")).to_contain_text("es gibt schon jemanden mit diesem Namen")
    assert page.input_value("#f-name") == "viewer"
    assert page.input_value("#f-role") == "operator"
    one.complaints.clear()  # the browser notes the 422


def test_a_token_is_shown_once_and_opens_nothing_after_it_was_revoked(window: Opening, hub: Hub):
    page = window("admin").open("/settings/tokens")
    page.get_by_label("What or who it is for").fill("<b>the till</b>")
    page.get_by_role("button", name="Make a token").click()
    text = page.locator(".notice code").inner_text()
    bearer = {"authorization": f"Bearer {text}"}
    assert httpx.get(f"{hub.url}/api/v1/stats", headers=bearer, trust_env=False).status_code == 200
    page.goto(f"{hub.url}/console/settings/tokens")
    assert text not in page.content()
    row = page.locator("tbody tr", has_text="<b>the till</b>")
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.locator("tbody tr", has_text="the till")).to_have_count(0)
    assert httpx.get(f"{hub.url}/api/v1/stats", headers=bearer, trust_env=False).status_code == 401
    with hub.runtime.database.session() as session:
        assert [entry.action for entry in audit.page(session, area="token", limit=2)] == [
            "token.revoke",
            "token.create",
        ]
        assert not [token for token in tokens.page(session) if "till" in token.name]


def test_the_audit_log_is_filtered_by_who_and_what_and_paged(window: Opening, hub: Hub):
    one = window("admin")
    with hub.runtime.database.session() as session:
        for number in range(60):
            audit.note(session, COMMAND_LINE, "user.link", f"paged-{number}")
    page = one.open("/settings/audit")
    page.locator("#f-who").select_option(COMMAND_LINE)
    page.locator("#f-area").select_option("user")
    rows = page.locator("#entries tbody tr")
    expect(rows.first).to_contain_text("paged-59")
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Older").click()
    expect(rows.first).to_contain_text("paged-9")
    page.locator("#f-subject").fill("paged-3")
    expect(rows).to_have_count(1)
    page.locator("#f-first").fill("2020-01-01")
    page.locator("#f-last").fill("2020-01-02")
    expect(page.locator("#entries")).to_contain_text("No such entry")


def test_a_day_of_the_audit_log_is_one_of_the_readers_zone(window: Opening, hub: Hub):
    with hub.runtime.database.session() as session:
        session.run(
            "INSERT INTO audit (at, who, action, subject) VALUES ('2026-01-31 23:30Z', 'x', 'user.add', 'late')"
        )
    page = window("admin").open("/settings/audit")  # in Berlin it was 0:30 on 1 February
    page.locator("#f-first").fill("2026-02-01")
    page.locator("#f-last").fill("2026-02-01")
    expect(page.locator("#entries tbody tr")).to_have_count(1)
    expect(page.locator("#entries tbody tr").first).to_contain_text("late")
    page.locator("#f-first").fill("2026-01-31")
    page.locator("#f-last").fill("2026-01-31")
    expect(page.locator("#entries")).to_contain_text("No such entry")


def test_the_size_is_that_of_the_command(window: Opening, hub: Hub):
    page = window("viewer").open("/settings")
    with hub.runtime.database.session() as session:
        size = retention.database_bytes(session)
    shown = page.locator("#database-size").inner_text()
    assert re.fullmatch(r"[\d.]+ MB", shown)
    assert abs(float(shown.split()[0]) - size / 1e6) < 1


def test_only_an_admin_sees_and_does_these_and_not_to_themselves(window: Opening, hub: Hub):
    one = window("operator")
    page = one.open("/settings")
    expect(page.get_by_role("link", name="Audit log")).to_have_count(0)
    token = page.locator("[name=form_token]").first.input_value()
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    with httpx.Client(base_url=hub.url, trust_env=False, cookies=cookies) as client:
        for path in ("people", "tokens", "audit"):
            assert client.get(f"/console/settings/{path}").status_code == 403
            form = {"form_token": token, "name": "x", "role": "viewer", "days": "1"}
            assert client.post(f"/console/settings/{path}", data=form).status_code == 403
    admin = window("admin").open("/settings/people")
    expect(admin.locator("tbody tr", has_text="you").get_by_role("button", name="Remove")).to_have_count(0)
