"""The tour of ``hub demo``: there while a demo plays, and true."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from hub.console.app import found_pages
from hub.console.pages.tour import STEPS
from hub.console.tour import FILE, Tour, tell, told
from hub.demo.cast import cast
from hub.demo.tour import SCENES, Telling
from hub.store import stats
from tests.e2e.console.conftest import Hub, Opening


@pytest.fixture
def tour(window: Opening, hub: Hub) -> Iterator[Tour]:
    """The fifth scene of a demo; ``window`` has to close first."""
    folder = hub.runtime.settings.data_dir
    folder.mkdir(exist_ok=True)
    begins = Telling(folder, cast()).during(lambda _: None, lambda: 3)
    for _ in range(5):
        begins("a scene")
    found = told(folder)
    assert found is not None
    yield found
    (folder / FILE).unlink(missing_ok=True)


def test_the_tour_is_whole_in_both_languages(window: Opening, hub: Hub, tour: Tour):
    for language, small in (("en", False), ("de", True)):
        one = window(language=language, phone=small, dark=small)
        one.open("/tour")
        assert one.violations() == []
        assert not one.overflows()
        one.picture("tour-phone" if small else "tour")


def test_the_tour_shows_how_far_the_day_has_come(window: Opening, hub: Hub, tour: Tour):
    page = window().open("/tour")
    with hub.runtime.database.session() as session:
        counted = stats.stats(session, hub.runtime.routed)
    figures = page.locator(".figures dd").all_text_contents()
    assert [figures[0], figures[2], figures[4]] == [str(counted["inbox"]["done"]), str(counted["profiles"]), "3"]
    assert page.locator(".tour-step.done").count() == 7
    expect(page.locator(".tour-step.now h2")).to_contain_text("one contact for each person")
    expect(page.locator(".what")).to_contain_text("makes one profile of each customer")
    # and it goes on by itself
    tell(hub.runtime.settings.data_dir, tour.model_copy(update={"scene": SCENES, "laws": 10, "held": 10}))
    expect(page.locator(".figures dd").last).to_have_text("10 / 10", timeout=90_000)
    assert page.locator(".tour-step.done").count() == len(STEPS)
    # a law that did not hold is told beside the step that it is about, and no step pretends otherwise
    tell(
        hub.runtime.settings.data_dir,
        tour.model_copy(update={"scene": SCENES, "laws": 10, "held": 9, "broken": ("L4",)}),
    )
    expect(page.locator(".tour-step.broken h2")).to_contain_text("A wrong merge is taken back", timeout=90_000)
    expect(page.get_by_role("alert")).to_contain_text("L4")


def test_each_step_leads_to_what_it_speaks_of(window: Opening, hub: Hub, tour: Tour):
    slugs = {page.slug for page in found_pages()}
    assert {step.page for step in STEPS} <= slugs
    one = window("support")
    links = one.open("/tour").locator(".tour-step a")
    paths = [links.nth(place).get_attribute("href") or "" for place in range(links.count())]
    people = [path for path in paths if path.startswith("/console/people/")]
    assert len(people) == 5
    for path, name in zip(people, ("Anna", "Anna", "Becker", "", "Marlene"), strict=True):
        page = one.open(path.removeprefix("/console"))
        expect(page.locator("h1")).to_contain_text(name)


def test_without_a_demo_there_is_no_tour(window: Opening, hub: Hub, tour: Tour):
    (hub.runtime.settings.data_dir / FILE).unlink()
    one = window()
    assert one.page.locator("nav a", has_text="Tour").count() == 0
    page = one.open("/")
    assert page.url.endswith("/console/today")
    one.open("/tour")
    expect(one.page.locator("h1")).to_have_text("There is no such page")
    one.complaints.clear()  # the browser notes the 404
