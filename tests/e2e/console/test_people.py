"""A person's page: what support, an operator and somebody in the field do there."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from hub.model.profile import Profile
from hub.profiles import view
from hub.store import reviews
from tests.e2e.console.conftest import Hub, Opening


@pytest.fixture
def anna(hub: Hub) -> Profile:
    """Somebody of several records, whom the CRM knows."""
    with hub.runtime.database.session() as session:
        found = view.find(session, text="anna müller", limit=10)
    return max((one for one in found if isinstance(one, Profile)), key=lambda one: len(one.records))


def test_provenance_is_seen_on_hover_and_by_key(window: Opening, anna: Profile):
    page = window("support").open(f"/people/{anna.id}")
    first = page.locator(".values summary").first
    first.hover()
    expect(page.locator(".tip").first).to_be_visible()
    expect(page.locator(".tip").first).to_contain_text("Told by")
    page.mouse.move(0, 0)
    expect(page.locator(".tip").first).to_be_hidden()
    page.keyboard.press("Tab")
    first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".why").first).to_contain_text("Rule:")
    # every number is the API's
    assert page.locator(".figures dd").first.text_content() == str(anna.orders.count)


def test_why_they_are_one_person_is_a_picture_with_a_table(window: Opening, anna: Profile):
    one = window("operator")
    page = one.open(f"/people/{anna.id}/identity")
    assert page.locator(".record-node").count() == len(anna.records)
    assert page.locator("#pairs tbody tr").count() == page.locator(".join-label").count() == len(anna.records) - 1
    page.locator("#pairs summary").first.click()
    expect(page.locator("#pairs details[open] .lost")).to_contain_text("Before any evidence")
    assert one.violations() == []
    one.picture("person-identity")


def test_a_value_in_the_crm_is_explained_where_it_stands(window: Opening, anna: Profile):
    one = window("support")
    page = one.open(f"/people/{anna.id}/there")
    page.get_by_role("link", name="Why? lastname").click()
    expect(page.locator(".why", has_text="crm.lastname")).to_contain_text("Told by")
    assert page.url.endswith("/there")


def test_a_merge_is_previewed_done_and_taken_back(window: Opening, hub: Hub):
    with hub.runtime.database.session() as session:
        (review, *_) = reviews.page(session, limit=1)
    one = window("operator")
    page = one.open(f"/people/{review.one}/identity")
    page.locator(f"form[action$='/merge']:has(input[value='{review.other}']) button").click()
    expect(page.locator("#decide")).to_contain_text("The records there become one.")
    assert one.violations() == []
    one.picture("merge")
    page.fill("#f-reason", "she called")
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.locator(".said")).to_contain_text("Decided: one person")
    page.get_by_role("link", name="Take it back").click()
    expect(page.locator("#decide")).to_contain_text("1 id stands for somebody again.")
    page.get_by_role("button", name="Take it back").click()
    expect(page.locator(".tabs")).to_be_visible()
    with hub.runtime.database.session() as session:
        assert reviews.between(session, review.one, review.other) is not None


def test_the_field_staff_see_a_person_on_a_phone_and_write_a_note(window: Opening, hub: Hub, anna: Profile):
    one = window("support", language="de", phone=True, dark=True)
    page = one.open(f"/people/{anna.id}")
    assert not one.overflows()
    assert one.violations() == []
    page.locator(".values summary", has_text="Telefon").first.click()
    expect(page.get_by_role("link", name="Anrufen")).to_have_attribute("href", f"tel:{anna.phones[0]}")
    one.picture("person-phone")
    page.fill("#f-note", "Möchte <b>Assam</b>\nim Dezember")
    page.context.clear_cookies(name="hub_session")
    page.get_by_role("button", name="Notiz behalten").click()
    expect(page.locator("#told")).to_contain_text("Sitzung")  # and nothing that was typed is lost
    assert page.input_value("#f-note") == "Möchte <b>Assam</b>\nim Dezember"
    page.context.add_cookies([{"name": "hub_session", "value": hub.session("support"), "url": hub.url}])
    page.get_by_role("button", name="Notiz behalten").click()
    told, kept = page.locator("#told", has_text="wieder angemeldet"), page.locator(".noted")
    expect(told.or_(kept).first).to_be_visible()
    if not kept.count():
        page.get_by_role("button", name="Notiz behalten").click()
    expect(kept).to_have_text("Möchte <b>Assam</b>\nim Dezember")
    one.complaints.clear()  # the browser notes the 401
    page.get_by_role("link", name="Was geschah").click()
    expect(page.locator(".timeline .item").first).to_be_visible()
    page.select_option("select[name=kind]", "order")
    page.get_by_role("button", name="Zeigen").click()
    expect(page.locator(".timeline .item")).to_have_count(anna.orders.count)
    assert not one.overflows()


def test_a_hand_over_is_seen_and_made_by_hand(window: Opening, anna: Profile, hub: Hub):
    # given a customer; whoever may see sees how she came there, and a viewer has no form
    viewer = window("viewer", language="de", phone=True, dark=True)
    page = viewer.open(f"/people/{anna.id}/hand-overs")
    expect(page.locator(".story li").first).to_contain_text("customer")
    assert page.locator("#f-why").count() == 0
    assert viewer.violations() == []
    assert not viewer.overflows()
    viewer.picture("person-hand-overs-phone")
    # when an operator gives her back, without a reason that says anything at first
    one = window("operator")
    page = one.open(f"/people/{anna.id}/hand-overs")
    page.select_option("#f-state", "subscriber")
    page.fill("#f-why", " ")
    page.fill("#f-days", "30")
    page.get_by_role("button", name="Hand over").click()
    expect(page.locator("#f-hand-said")).to_contain_text("a hand-over needs a reason")
    expect(page.locator("#f-days")).to_have_value("30")
    page.fill("#f-why", "Ruft anna@example.org zurück")
    page.get_by_role("button", name="Hand over").click()
    expect(page.locator(".story li").first).to_contain_text("customer → Reader")
    expect(page.locator(".story li").first).to_contain_text("Ruft anna@example.org zurück (operator)")
    expect(page.locator("[aria-current=step]")).to_contain_text("Reader")
    assert one.violations() == []
    one.picture("person-hand-overs")
    # then a viewer reads no word of what somebody typed
    page = viewer.open(f"/people/{anna.id}/hand-overs")
    expect(page.locator(".story li").first).to_contain_text("Reader")
    assert "anna@" not in page.content()
    assert "Ruft" not in page.content()
    with hub.runtime.database.session() as session:
        assert session.rows("SELECT who FROM audit WHERE action = 'profile.hand_over'") == [("operator",)]


def test_the_funnel_is_a_measure(window: Opening):
    one = window("viewer", language="de", phone=True)
    page = one.open("/insight/measures/qualification")
    expect(page.locator("#measure .rows li")).to_have_count(2)
    expect(page.locator("#measure .rows li").last).to_contain_text("customer")
    assert one.violations() == []
    assert not one.overflows()
    one.picture("insight-qualification-phone")
