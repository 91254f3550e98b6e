"""The console as people use it, in a real browser: sign-in, every page, both languages, a phone, the dark."""

from __future__ import annotations

import re
import time

import httpx
import pytest
from playwright.sync_api import Route, expect

from hub.application.standing import standing
from hub.console.app import found_pages
from hub.store import audit, stats
from tests.e2e.console.conftest import Hub, Opening

PAGES = [page.slug for page in found_pages() if page.slug != "tour"]
"""The tour stands there while a demo plays (``test_tour``)."""


@pytest.mark.parametrize("slug", PAGES)
def test_a_page_is_whole(window: Opening, slug: str):
    one = window()
    page = one.open(f"/{slug}")
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.locator("h1")).to_be_visible()
    assert one.violations() == []
    assert not one.overflows()
    one.picture(slug)


@pytest.mark.parametrize("slug", PAGES)
def test_a_page_is_whole_in_german_on_a_phone_in_the_dark(window: Opening, slug: str):
    one = window(language="de", phone=True, dark=True)
    page = one.open(f"/{slug}")
    assert page.locator("html").get_attribute("lang") == "de"
    expect(page.locator("h1")).to_be_visible()
    assert one.violations() == []
    assert not one.overflows()
    one.picture(f"{slug}-phone")


def test_a_user_signs_in_with_a_password_and_out_again(window: Opening):
    one = window(None)
    page = one.open("/people")
    assert page.url.endswith("/console/sign-in?to=/console/people")
    assert one.violations() == []
    one.picture("sign-in")
    page.get_by_label("Name").fill("support")
    page.get_by_label("Password").fill("support's long password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/console/people")
    (kept,) = [cookie for cookie in page.context.cookies() if cookie["name"] == "hub_session"]
    assert (kept["httpOnly"], kept["sameSite"]) == (True, "Lax")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/console/sign-in")
    one.open("/today")
    assert "/console/sign-in" in page.url


def test_a_link_works_once_and_leaves_nothing_in_the_address(window: Opening, hub: Hub):
    link = hub.link("viewer")
    first, second = window(None), window(None)
    first.page.goto(link)
    first.page.wait_for_url("**/console/today")
    second.page.goto(link)
    second.page.wait_for_url("**/console/enter")
    expect(second.page.get_by_role("alert")).to_contain_text("used already")
    second.complaints.clear()  # the browser notes the 401


def test_today_shows_the_numbers_of_the_api(window: Opening, hub: Hub):
    with hub.runtime.database.session() as session:
        counted = stats.stats(session, hub.runtime.routed)
        standings = standing(session, hub.runtime.connections, hub.runtime.routed)
    page = window().page
    assert page.locator(".core-figure").text_content() == str(counted["profiles"])
    assert page.locator(".figures dd").first.text_content() == str(counted["inbox"]["done"])
    assert page.locator("#flow-table tbody tr").count() == sum(len(one.roles_of()) for one in standings)
    crm = page.locator("#flow-table tbody tr", has_text="crm").last
    assert crm.locator("td").nth(4).text_content() == str(counted["outbox"]["crm"]["pending"])


def test_today_is_live_however_late_its_scripts_come(window: Opening, hub: Hub):
    # given a slow line: what opens the stream comes a while after htmx
    one = window()

    def late(route: Route) -> None:
        time.sleep(0.7)
        route.continue_()

    one.blank.route("**/hx-sse.min.js*", late)
    # when somebody looks
    page = one.page
    # then what they see is new again and again
    expect(page.locator(".u-wrap")).to_be_visible()
    first = page.locator(".alive time").get_attribute("datetime")
    assert first
    expect(page.locator(".alive time")).not_to_have_attribute("datetime", first, timeout=90_000)
    expect(page.locator(".u-wrap")).to_be_visible()


def test_somebody_is_found_while_one_types_and_nothing_of_it_is_in_an_address(window: Opening, hub: Hub):
    one = window("support")
    page = one.open("/people")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("/")
    page.keyboard.type("muller", delay=5)
    row = page.locator("#found tbody tr", has_text="Müller").first
    expect(row).to_be_visible()
    row.get_by_role("link").click()
    page.wait_for_url(re.compile(r"/people/[0-9a-f-]{36}$"))
    expect(page.locator("h1")).to_contain_text("Müller")
    page.locator(".values summary").first.click()
    expect(page.locator(".why").first).to_contain_text("Told by")
    assert one.violations() == []
    one.picture("person")
    assert not [url for url in asked if "muller" in url.lower()]
    with hub.runtime.database.session() as session:
        (entry, *_) = audit.page(session, limit=1)
    assert (entry.who, entry.action) == ("support", "profile.view")
    assert page.url.endswith(entry.subject)


def test_a_viewer_sees_no_personal_data_in_full(window: Opening):
    one = window("viewer")
    page = one.open("/people")
    page.fill("#f-text", "muller")
    expect(page.locator("#found tbody td").first).to_contain_text("•••@•••")
    page.locator("#found tbody a").first.click()
    page.wait_for_url("**/people/*-*")
    assert "Müller" not in page.content()


def test_a_session_that_ended_says_so_and_keeps_what_was_typed(window: Opening):
    one = window("operator")
    page = one.open("/people")
    page.context.clear_cookies(name="hub_session")
    page.fill("#f-text", "muller")
    expect(page.get_by_role("status")).to_contain_text("session is over")
    assert page.input_value("#f-text") == "muller"
    one.complaints.clear()  # the browser notes the 401


def test_the_language_and_the_colours_can_be_switched(window: Opening):
    page = window(language="de").page
    page.get_by_role("link", name="EN English").click()
    expect(page.locator("h1")).to_have_text("Today")
    page.get_by_role("link", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_phone_reaches_every_page_and_nothing_of_the_bar_is_cut(window: Opening):
    one = window("support", phone=True)
    page = one.open("/rules")
    bar = page.locator(".side nav li:visible")
    for place in range(bar.count()):
        box = bar.nth(place).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    reached = set(page.locator(".side nav a:visible").evaluate_all("links => links.map(link => link.pathname)"))
    page.get_by_role("button", name="More").click()
    sheet = page.locator("#more-pages")
    expect(sheet).to_be_visible()
    assert one.violations() == []
    one.picture("more-phone")
    reached |= set(sheet.locator("> ul a:visible").evaluate_all("links => links.map(link => link.pathname)"))
    assert reached == {f"/console/{slug}" for slug in PAGES}
    sheet.get_by_role("link", name="DE Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("button", name="Mehr").click()
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/console/sign-in")


def test_what_another_site_sends_is_refused(hub: Hub):
    with httpx.Client(base_url=hub.url, trust_env=False, follow_redirects=True) as client:
        token = re.search(r'name="form_token" value="(\w+)"', client.get("/console/sign-in").text)
        assert token
        form = {"name": "admin", "password": "admin's long password", "form_token": token[1]}
        foreign = client.post("/console/sign-in", data=form, headers={"sec-fetch-site": "cross-site"})
        unsigned = client.post("/console/sign-in", data={**form, "form_token": "0" * 64})
        good = client.post("/console/sign-in", data=form, headers={"sec-fetch-site": "same-origin"})
        assert (foreign.status_code, unsigned.status_code, good.status_code) == (403, 403, 200)
        assert client.post("/console/people", data={"text": "a"}).status_code == 403
        assert client.get("/console/no-such-page").status_code == 404
        policy = good.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_guessing_is_slowed_down(hub: Hub):
    # from another address: other tests sign in from the browser's
    elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(base_url=hub.url, trust_env=False, transport=elsewhere) as client:
        token = re.search(r'name="form_token" value="(\w+)"', client.get("/console/sign-in").text)
        assert token
        answers = [
            client.post("/console/sign-in", data={"token": "hub_wrong", "form_token": token[1]}).status_code
            for _ in range(14)
        ]
    assert answers[0] == 401
    assert answers[-1] == 429
