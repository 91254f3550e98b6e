"""Review as somebody works through it, at the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from hub.store import audit, reviews
from tests.e2e.console.conftest import Hub, Opening


def open_reviews(hub: Hub) -> list[UUID]:
    with hub.runtime.database.session() as session:
        return [one.id for one in reviews.page(session, limit=20)]


@pytest.fixture
def three(hub: Hub) -> Iterator[list[UUID]]:
    """Three open reviews: the cast's own, and two pairs of whom a match is stored."""
    pairs = """
        SELECT least(a, b), greatest(a, b) FROM (
            SELECT min(r.id::text)::uuid AS a, lead(min(r.id::text)::uuid) OVER (ORDER BY r.profile_id) AS b,
                row_number() OVER (ORDER BY r.profile_id) AS place
            FROM record r JOIN profile p ON p.id = r.profile_id
            WHERE p.search LIKE '%s' AND p.golden::jsonb #>> '{orders,count}' = '1'
                AND (p.golden::jsonb #>> '{orders,totals,0,amount}')::numeric < 45  -- less than the cast's own
            GROUP BY r.profile_id) x
        WHERE b IS NOT NULL AND place %% 2 = 1 LIMIT 2
        """
    with hub.runtime.database.session() as session:
        known = {tuple(row) for row in session.rows("SELECT one, other FROM match")}
        chosen = [tuple(row) for row in session.rows(pairs % "%e%") if tuple(row) not in known]
        for one, other in chosen:
            session.run("INSERT INTO match (one, other, weight) VALUES (%s, %s, 1.5)", [one, other])
    yield open_reviews(hub)
    with hub.runtime.database.session() as session:
        for one, other in chosen:
            session.run("DELETE FROM match WHERE one = %s AND other = %s AND weight = 1.5", [one, other])


def test_reviews_are_worked_through_by_key(window: Opening, hub: Hub, three: list[UUID]):
    assert len(three) == 3
    one = window("support")
    page = one.open("/review")
    forms = page.locator("form.answer")
    expect(forms).to_have_attribute("action", f"/console/review/{three[0]}")
    # the keys are listed, and can be switched off
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.get_by_label("Single keys act").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(forms).to_have_attribute("action", f"/console/review/{three[0]}")
    page.keyboard.press("?")
    page.get_by_label("Single keys act").check()
    page.keyboard.press("Escape")
    # next and back, without an answer; the address leads to the one that is shown
    page.keyboard.press("ArrowRight")
    expect(forms).to_have_attribute("action", f"/console/review/{three[1]}")
    expect(page).to_have_url(re.compile(str(three[1])))
    settled(page)
    page.keyboard.press("p")
    expect(forms).to_have_attribute("action", f"/console/review/{three[0]}")
    settled(page)
    # what each destination would get is shown, and nothing happens
    page.keyboard.press("d")
    expect(page.locator("#preview")).to_contain_text("The records there become one.")
    assert one.violations() == []
    one.picture("review-preview")
    assert open_reviews(hub) == three
    # a is typed into the reason, and answers outside of it
    page.locator("#f-reason").press_sequentially("a reason")
    assert open_reviews(hub) == three
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.locator(".said")).to_contain_text("They are one person now.")
    expect(forms).to_have_attribute("action", f"/console/review/{three[1]}")
    assert three[0] not in open_reviews(hub)
    settled(page)
    # and it is taken back
    page.keyboard.press("u")
    expect(page.locator(".said")).to_contain_text("Taken back")
    assert open_reviews(hub) == three
    with hub.runtime.database.session() as session:
        undo, accept, *_ = audit.page(session, area="review", limit=2)
    assert [(entry.who, entry.action) for entry in (accept, undo)] == [
        ("support", "review.accept"),
        ("support", "review.undo"),
    ]


def test_two_who_answer_the_same_review_are_both_told(window: Opening, hub: Hub, three: list[UUID]):
    first, second = window("support"), window("operator", language="de", phone=True, dark=True)
    pages = [first.open(f"/review/{three[-1]}"), second.open(f"/review/{three[-1]}")]
    pages[1].fill("#f-reason", "dieselbe Anschrift")
    pages[0].get_by_role("button", name="Not now").click()
    expect(pages[0].locator(".said")).to_contain_text("Not now")
    pages[1].get_by_role("button", name="Eine Person").click()
    said = pages[1].locator(".said")
    expect(said).to_contain_text("Jemand war schneller")
    expect(said).to_contain_text("dieselbe Anschrift")
    assert not second.overflows()
    pages[0].get_by_role("button", name="Take it back").first.click()
    expect(pages[0].locator(".said")).to_contain_text("Taken back")
    assert len(open_reviews(hub)) == 3


def test_a_session_that_ends_in_the_middle_of_an_answer_loses_nothing(window: Opening, hub: Hub, three: list[UUID]):
    one = window("support")
    page = one.open("/review")
    page.fill("#f-reason", "she said so")
    page.context.clear_cookies(name="hub_session")
    page.get_by_role("button", name="Not now").click()
    expect(page.locator("#told")).to_contain_text("session is over")
    assert page.input_value("#f-reason") == "she said so"
    # signed in again in another tab, the form can be sent as it is
    other = page.context.new_page()
    other.goto(hub.link("support"))
    other.wait_for_url("**/console/today")
    before = page.locator("form.answer input[name=form_token]").input_value()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("form.answer input[name=form_token]")).not_to_have_value(before)
    page.get_by_role("button", name="Not now").click()
    expect(page.locator(".said")).to_contain_text("it comes back when the evidence has grown")
    with hub.runtime.database.session() as session:
        last = reviews.last_answer(session, three[0])
    assert last is not None
    assert last.reason == "she said so"
    settled(page)
    page.keyboard.press("u")
    expect(page.locator(".said")).to_contain_text("Taken back")
    one.complaints.clear()  # the browser notes the 401


def settled(page: Page) -> None:
    """Until htmx is done, so that the next key is heard."""
    page.wait_for_function("!document.querySelector('.htmx-request')")
    page.wait_for_timeout(50)
