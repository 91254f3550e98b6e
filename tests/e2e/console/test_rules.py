"""Rules in the browser: changed as one types, tried on the real data, applied, taken back; two people at once."""

from __future__ import annotations

import httpx
from playwright.sync_api import Page, expect

from hub.application.what_if import try_rules
from hub.rules import load_rules
from hub.store import audit, versions
from tests.e2e.console.conftest import Hub, Opening

STRICT = "thresholds: {same: 40.0, ask: 30.0}\n"


def type_rules(page: Page, text: str) -> None:
    page.locator("#f-text").fill(text)


def test_faults_are_told_as_one_types_all_of_them_with_their_lines(window: Opening):
    one = window("operator")
    page = one.open("/rules/edit")
    expect(page.locator("#checked")).to_contain_text("the text says what is in force")
    type_rules(page, "thresholds:\n  same: 1\n  ask: 2\nidentifiers:\n  fone: {strength: weak}\n")
    faults = page.locator(".faults li")
    expect(faults).to_have_count(2)
    expect(faults.first).to_contain_text("line")
    expect(page.locator(".faults")).to_contain_text("did you mean")
    type_rules(page, STRICT)
    expect(page.locator(".changes")).to_contain_text("thresholds.same 4.0 -> 40.0")
    assert one.violations() == []


def test_a_trial_shows_the_numbers_of_the_command_and_changes_nothing(window: Opening, hub: Hub):
    with hub.runtime.database.session() as session:
        before = versions.active_id(session)
    told = try_rules(hub.runtime.processing, load_rules(STRICT), limit=10)
    assert told["splits"]["count"] > 0
    one = window("operator")
    page = one.open("/rules/edit")
    type_rules(page, STRICT)
    page.get_by_role("button", name="Try on the real data").click()
    figures = page.locator("#tried-figures dd")
    expect(figures.nth(0)).to_have_text(str(told["profiles"]), timeout=30_000)
    shown = [figures.nth(place).inner_text() for place in range(1, 5)]
    assert shown == [
        str(value)
        for value in (
            told["profiles_after"], told["merges"]["count"], told["splits"]["count"], told["held"]["count"],
        )
    ]  # fmt: skip
    expect(page.locator(".cases li").first).to_contain_text("bits now")
    assert one.violations() == []
    one.picture("rules-tried")
    assert page.get_by_role("button", name="Apply").count() == 0  # an operator tries, an admin applies
    with hub.runtime.database.session() as session:
        assert versions.active_id(session) == before


def test_an_admin_applies_with_a_reason_and_goes_back(window: Opening, hub: Hub):
    one = window("admin", language="de")
    page = one.open("/rules/edit")
    type_rules(page, "attributes: {name: most_complete}\n")
    page.get_by_role("button", name="Anwenden …").click()
    page.get_by_label("Wofür").fill("Namen <b>ganz</b>")
    page.get_by_role("dialog").get_by_role("button", name="Anwenden").click()
    page.wait_for_url("**/console/rules")
    row = page.locator("#versions tbody tr").first
    expect(row).to_contain_text("Namen <b>ganz</b>")
    expect(row).to_contain_text("gilt")
    with hub.runtime.database.session() as session:
        applied = versions.active_id(session)
        assert hub.runtime.processing.in_force(session).survivorship.attributes["name"] == "most_complete"
    page.locator("#versions tbody tr").nth(1).get_by_role("button", name="Dorthin zurück").click()
    page.get_by_role("dialog").get_by_role("button", name="Dorthin zurück").click()
    expect(page.locator("#versions tbody tr").first).to_contain_text("rollback")
    with hub.runtime.database.session() as session:
        assert "name" not in hub.runtime.processing.in_force(session).survivorship.attributes
        entries = audit.page(session, area="rules", limit=2)
    assert [(entry.who, entry.action, entry.subject) for entry in entries] == [
        ("admin", "rules.rollback", str(applied + 1)),
        ("admin", "rules.apply", str(applied)),
    ]


def test_of_two_people_who_change_the_rules_the_second_is_told_and_loses_nothing(window: Opening, hub: Hub):
    one = window("admin")
    page = one.open("/rules/edit")
    type_rules(page, "attributes: {company: source_rank}\n")
    hub.runtime.rule_versions.apply(load_rules("attributes: {tags: most_frequent}"), by="Nadia")
    with hub.runtime.database.session() as session:
        active = versions.active_id(session)
    page.get_by_role("button", name="Apply …").click()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    expect(page.get_by_role("alert")).to_contain_text("Nadia changed the rules meanwhile")
    assert page.input_value("#f-text") == "attributes: {company: source_rank}\n"
    expect(page.locator(".changes")).to_contain_text("attributes")
    with hub.runtime.database.session() as session:
        assert versions.active_id(session) == active
    hub.runtime.rule_versions.rollback(None, by="test")
    one.complaints.clear()  # the browser notes the 409


def test_a_session_that_ends_while_one_types_loses_nothing(window: Opening, hub: Hub):
    one = window("admin")
    page = one.open("/rules/edit")
    type_rules(page, STRICT)
    expect(page.locator(".changes")).to_be_visible()
    page.context.clear_cookies(name="hub_session")
    page.get_by_role("button", name="Apply …").click()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    expect(page.get_by_role("status").last).to_contain_text("session is over")
    other = page.context.new_page()
    other.goto(hub.link("admin"))
    other.wait_for_url("**/console/today")
    other.close()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Try on the real data").click()
    begun = page.locator("#tried section")
    expect(page.locator("#told", has_text="signed in again").or_(begun).first).to_be_visible(timeout=20_000)
    if not begun.count():
        page.get_by_role("button", name="Try on the real data").click()
    expect(page.locator("#tried-figures")).to_be_visible(timeout=30_000)
    assert page.input_value("#f-text") == STRICT
    one.complaints.clear()  # the browser notes the 401 and the 403


def test_who_may_not_is_refused(window: Opening, hub: Hub):
    for role, path in (
        ("viewer", "check"),
        ("viewer", "try"),
        ("operator", "apply"),
        ("operator", "versions/1/restore"),
    ):
        page = window(role).open("/rules")
        token = page.locator("[name=form_token]").first.input_value()
        cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        with httpx.Client(base_url=hub.url, trust_env=False, cookies=cookies) as client:
            answer = client.post(f"/console/rules/{path}", data={"form_token": token, "text": STRICT, "base": "0"})
        assert answer.status_code == 403, path
