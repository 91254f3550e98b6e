"""Events: the stream and the search, one event's way to every destination, and replay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from hub.application import event_trace
from hub.application.process import process_batch
from hub.store import audit, inbox
from hub.store.inbox import NewEntry
from tests.e2e.console.conftest import Hub, Opening


@pytest.fixture
def unreadable(hub: Hub) -> Iterator[int]:
    """An event that cannot be read: it is parked."""
    name = next(name for name, one in hub.runtime.connections.items() if one.connector.manifest.slug == "shopify")
    entry = NewEntry(name, f"broken-{uuid4()}", "orders/create", '{"x-token": "s3cret"}', b"{", datetime.now(UTC))
    with hub.runtime.database.session() as session:
        inbox.insert(session, [entry])
    process_batch(hub.runtime.processing)
    with hub.runtime.database.session() as session:
        [(found,)] = session.rows("SELECT id FROM inbox WHERE event_id = %s", [entry.event_id])
    yield found
    with hub.runtime.database.session() as session:
        for table in ("inbox_queue", "inbox_outcome"):
            session.run(f"DELETE FROM {table} WHERE inbox_id = %s", [found])
        session.run("DELETE FROM inbox WHERE id = %s", [found])


def delivered(hub: Hub) -> int:
    """An event with a body of JSON that was written to the CRM; the newsletter sends forms."""
    with hub.runtime.database.session() as session:
        [(found,)] = session.rows(
            "SELECT events[1] FROM attempt JOIN inbox ON inbox.id = events[1] "
            "WHERE outcome = 'delivered' AND inbox.connection <> 'newsletter' ORDER BY attempt.id LIMIT 1"
        )
    return int(found)


def test_the_list_is_that_of_the_api_and_of_the_command(window: Opening, hub: Hub):
    page = window().open("/events")
    with hub.runtime.database.session() as session:
        rows = inbox.page(session, limit=50)
    ids = page.locator(".ledger tbody tr").evaluate_all("rows => rows.map(row => Number(row.id.slice(2)))")
    assert ids == [row["id"] for row in rows]
    page.get_by_role("link", name="Older").click()
    page.wait_for_url("**/events?before=*")
    with hub.runtime.database.session() as session:
        older = inbox.page(session, before=rows[-1]["id"], limit=50)
    ids = page.locator(".ledger tbody tr").evaluate_all("rows => rows.map(row => Number(row.id.slice(2)))")
    assert ids == [row["id"] for row in older]


def test_events_are_filtered_and_the_address_can_be_passed_on(window: Opening, hub: Hub, unreadable: int):
    one = window()
    page = one.open("/events")
    page.get_by_label("State").select_option("parked")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**state=parked**")
    expect(page.locator(f"#e-{unreadable}")).to_contain_text("not JSON")
    late = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    expect(one.open(f"/events?since={late}").locator(".empty-title")).to_have_text("No event fits")


def test_an_event_is_found_by_either_id_and_none_is_in_the_address(window: Opening, hub: Hub):
    event = delivered(hub)
    with hub.runtime.database.session() as session:
        entry = inbox.get(session, event)
    assert entry
    one = window()
    for text in (str(event), entry["event_id"]):
        page = one.open("/events")
        page.keyboard.press("/")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(rf"/events/{event}$"))
    page = one.open("/events")
    page.fill("#f-text", "nobody@example.com")
    page.get_by_role("button", name="Open").click()
    expect(page.locator(".empty-title")).to_have_text("No event has this id")
    assert "nobody" not in page.url


def test_one_event_is_followed_from_its_source_to_the_destination(window: Opening, hub: Hub):
    event = delivered(hub)
    with hub.runtime.database.session() as session:
        trace = event_trace.trace(session, event, hub.runtime.connections)
    assert trace
    assert [step.kind for step in trace.steps][:3] == ["source", "arrived", "read"]
    one = window("support")
    page = one.open(f"/events/{event}")
    assert page.locator(".way li").count() == len(trace.steps)
    expect(page.locator(".way")).to_contain_text("Written to crm")
    assert one.violations() == []
    one.picture("event")
    page.get_by_role("link", name="Try").click()
    expect(page.locator("#unread")).to_contain_text(re.compile("field|Every"))
    page.locator("#h-whose ~ ul a").first.click()
    page.wait_for_url(f"**/people/{trace.people[0]}")
    with hub.runtime.database.session() as session:
        actions = [(entry.action, entry.subject) for entry in audit.page(session, limit=2)]
    assert ("event.view", str(event)) in actions


def test_a_viewer_sees_the_form_of_a_body_and_none_of_its_values(window: Opening, hub: Hub):
    event = delivered(hub)
    with hub.runtime.database.session() as session:
        trace = event_trace.trace(session, event, hub.runtime.connections)
    assert trace
    assert trace.read
    personal = {
        str(value) for told in trace.read.events for value in re.findall(r"[\w.]+@[\w.]+", told.model_dump_json())
    }
    assert personal
    page = window("viewer").open(f"/events/{event}")
    assert not [value for value in personal if value in page.content()]
    expect(page.locator("pre.body").first).to_contain_text("•••••")


def test_a_parked_event_is_replayed_by_an_operator_and_audited(window: Opening, hub: Hub, unreadable: int):
    one = window(language="de")
    page = one.open(f"/events/{unreadable}")
    assert "s3cret" not in page.content()
    page.get_by_role("button", name=re.compile("Wiederholen …")).click()
    page.get_by_role("dialog").get_by_role("button", name="Wiederholen").click()
    expect(page.get_by_role("status").first).to_contain_text("wartet")
    with hub.runtime.database.session() as session:
        assert (inbox.get(session, unreadable) or {})["state"] == "pending"
        actions = [(entry.who, entry.action, entry.subject) for entry in audit.page(session, limit=3)]
    assert ("operator", "event.replay", str(unreadable)) in actions


def test_chosen_parked_events_are_replayed(window: Opening, hub: Hub, unreadable: int):
    page = window().open("/events?state=parked")
    page.locator(f"input[value='{unreadable}']").check()
    page.get_by_role("button", name="Replay the chosen").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Replay 1 event?")
    dialog.get_by_role("button", name="Replay").click()
    page.wait_for_url("**/events?state=pending")
    expect(page.locator(f"#e-{unreadable}")).to_be_visible()


def test_an_event_appears_while_one_looks(window: Opening, hub: Hub):
    page = window().open("/events")
    expect(page.locator(".ledger")).to_be_visible()
    name = next(iter(hub.runtime.connections))
    entry = NewEntry(name, f"live-{uuid4()}", "live/test", "{}", b"{}", datetime.now(UTC))
    with hub.runtime.database.session() as session:
        inbox.insert(session, [entry])
    expect(page.locator(".ledger tbody tr").first).to_contain_text("live/test", timeout=90_000)
    with hub.runtime.database.session() as session:
        [(found,)] = session.rows("SELECT id FROM inbox WHERE event_id = %s", [entry.event_id])
        session.run("DELETE FROM inbox_queue WHERE inbox_id = %s", [found])
        session.run("DELETE FROM inbox WHERE id = %s", [found])
