"""Delivery: what goes where, what failed and why; dry runs, redrive, pause and resume."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import expect

from hub.application.delivering import sender_of
from hub.console.pages.delivery import SAMPLE
from hub.outbox.preview import preview
from hub.store import audit, deliveries, outbox, stats
from tests.e2e.console.conftest import Hub, Opening

WORDS = 'email: "anna@example.com" is no address <script>alert(1)</script>'


@pytest.fixture
def failed(hub: Hub) -> Iterator[list[UUID]]:
    """Three deliveries that the CRM refused, one of which was given up; as they were before when it is over."""
    with hub.runtime.database.session() as session:
        rows = deliveries.page(session, "crm", "delivered", limit=3)
        keys = [row["key"] for row in rows]
        for key, state in zip(keys, ("dead", "rejected", "rejected"), strict=True):
            session.run(
                "UPDATE outbox SET state = %s, reason = %s, attempts = 12 WHERE destination = 'crm' AND key = %s",
                [state, 'INVALID_EMAIL: "anna@example.com" is not a valid e-mail address', key],
            )
            session.run(
                "INSERT INTO attempt (destination, key, version, at, outcome, reason, events)"
                " VALUES ('crm', %s, 1, now(), %s, %s, '{}')",
                [key, state, WORDS],
            )
    yield keys
    with hub.runtime.database.session() as session:
        session.run(
            "UPDATE outbox SET state = 'delivered', reason = '', attempts = 0, due_at = now()"
            " WHERE destination = 'crm' AND key = ANY(%s::uuid[])",
            [keys],
        )
        session.run("DELETE FROM attempt WHERE reason = %s", [WORDS])


def test_the_numbers_are_those_of_the_command(window: Opening, hub: Hub, failed: list[UUID]):
    with hub.runtime.database.session() as session:
        counted = stats.stats(session, hub.runtime.routed)["outbox"]["crm"]
        listed = outbox.page(session, states=("dead", "rejected"), destination="crm", limit=50)
    page = window().open("/delivery?destination=crm&state=failed")
    shown = page.locator(".lane", has_text="crm").locator(".lane-counts b").all_text_contents()
    order = ("pending", "retrying", "rejected", "dead", "delivered")
    assert [int(text.replace(",", "")) for text in shown] == [counted[state] for state in order]
    ids = page.locator(".ledger tbody tr").evaluate_all("rows => rows.map(row => row.id.slice(2))")
    assert ids == [str(row["key"]) for row in listed]


def test_what_needs_a_person_today_leads_here(window: Opening, failed: list[UUID]):
    one = window()
    page = one.open("/today")
    link = page.locator(".needs li", has_text="Deliveries gave up").get_by_role("link")
    expect(link).to_be_visible(timeout=20_000)
    link.click()
    page.wait_for_url("**/delivery?state=dead&destination=crm")
    expect(page.locator(".ledger tbody tr")).to_have_count(1)


def test_chosen_ones_are_redriven_after_one_saw_what_it_does(window: Opening, hub: Hub, failed: list[UUID]):
    one = window()
    page = one.open("/delivery?destination=crm&state=failed")
    one.picture("delivery")
    for key in failed[:2]:
        page.locator(f"input[value='{key}']").check()
    page.get_by_role("button", name="Redrive the chosen").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Redrive 2 deliveries to crm?")
    expect(dialog).to_contain_text("writes nothing")
    assert one.violations() == []
    one.picture("redrive")
    dialog.get_by_role("button", name="Redrive").click()
    expect(page.get_by_role("status").first).to_contain_text("2 deliveries wait")
    with hub.runtime.database.session() as session:
        states = [(deliveries.get(session, "crm", key) or {})["state"] for key in failed]
        noted = {(entry.who, entry.action, entry.subject) for entry in audit.page(session, limit=2)}
    assert states == ["pending", "pending", "rejected"]
    assert noted == {("operator", "delivery.redrive", f"crm:{key}") for key in failed[:2]}


def test_one_delivery_tells_its_attempts_and_what_would_be_sent(window: Opening, hub: Hub, failed: list[UUID]):
    one = window("operator", language="de")
    page = one.open(f"/delivery/crm/{failed[0]}")
    expect(page.locator(".way")).to_contain_text("<script>alert(1)</script>")
    assert one.violations() == []
    page.get_by_role("button", name=re.compile("Erneut senden …")).click()
    page.get_by_role("dialog").get_by_role("button", name="Erneut senden").click()
    page.wait_for_url("**/delivery?destination=crm&state=waiting&told=redriven&count=1")
    with hub.runtime.database.session() as session:
        assert (deliveries.get(session, "crm", failed[0]) or {})["state"] == "pending"
        shown = preview(
            session, sender_of(hub.runtime.database, hub.runtime.connections["crm"], hub.runtime.routes), limit=SAMPLE
        )
    page = one.open("/delivery/crm/dry-run")
    assert page.locator("summary code").count() == len(shown.requests)
    assert page.locator("main details.told:has(> summary > b)").count() == len(shown.records)


def test_a_viewer_sees_neither_values_nor_others_words(window: Opening, failed: list[UUID]):
    page = window("viewer").open(f"/delivery/crm/{failed[0]}")
    assert "anna@example.com" not in page.content()
    expect(page.locator("main")).to_contain_text("the role support sees them")


def test_pause_and_resume_are_an_operators_and_audited(window: Opening, hub: Hub):
    page = window().open("/delivery?destination=crm")
    for name, state in (("Pause", "paused"), ("Resume", "ok")):
        page.wait_for_load_state()  # a click before the script is there opens nothing
        page.get_by_role("button", name=f"{name} … crm").click()
        with page.expect_navigation():  # the live part may say it sooner, on the page that is about to go
            page.get_by_role("dialog").get_by_role("button", name=name).click()
        expect(page.locator(".lane .badge").first).to_contain_text(state)
        with hub.runtime.database.session() as session:
            (entry,) = audit.page(session, limit=1)
        assert (entry.who, entry.action, entry.subject) == ("operator", f"connection.{name.lower()}", "crm")


@pytest.mark.parametrize("role", ["viewer", "support"])
def test_who_is_no_operator_may_not_act(window: Opening, hub: Hub, failed: list[UUID], role: str):
    one = window(role)
    page = one.open("/delivery?destination=crm&state=failed")
    assert page.get_by_role("button", name=re.compile("Redrive|Pause|Try now")).count() == 0
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    token = page.locator("input[name=form_token]").first.input_value()
    with httpx.Client(base_url=hub.url, cookies=cookies, trust_env=False) as client:
        for path in ("pause", "resume", "retry", "redrive", "redrive/ask"):
            answer = client.post(f"/console/delivery/crm/{path}", data={"what": "all", "form_token": token})
            assert answer.status_code == 403
            assert "You may not do this" in answer.text
        for path in ("events/replay", "events/replay/ask", "events/1/replay"):
            assert client.post(f"/console/{path}", data={"ids": ["1"], "form_token": token}).status_code == 403
        assert client.get("/console/delivery/crm/dry-run").status_code == (403 if role == "viewer" else 200)
        assert client.get("/console/events/1/body").status_code == (403 if role == "viewer" else 200)
    with hub.runtime.database.session() as session:
        assert (deliveries.get(session, "crm", failed[0]) or {})["state"] == "dead"


def test_what_is_not_there_is_a_clear_page(window: Opening, hub: Hub):
    cookies = {cookie["name"]: cookie["value"] for cookie in window().page.context.cookies()}
    with httpx.Client(base_url=hub.url, cookies=cookies, trust_env=False) as client:
        for path, status in {
            "delivery?destination=nowhere": 404,
            "delivery?state=nonsense": 422,
            "delivery?after=nonsense": 422,
            "delivery/nowhere/dry-run": 404,
            f"delivery/crm/{UUID(int=0)}": 404,
            "events/999999999": 404,
            "events/99999999999999999999": 404,
            "events?state=nonsense": 422,
            "events?since=nonsense": 422,
            "events?before=99999999999999999999": 422,
            "events?topic=%3Cscript%3Ealert(1)%3C/script%3E": 200,
        }.items():
            answer = client.get(f"/console/{path}")
            assert answer.status_code == status, path
            assert "<script>alert" not in answer.text


def test_all_of_a_destination_without_a_script_and_twice(window: Opening, hub: Hub, failed: list[UUID]):
    page = window().page
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    token = page.locator("input[name=form_token]").first.input_value()
    with httpx.Client(base_url=hub.url, cookies=cookies, trust_env=False, follow_redirects=True) as client:
        form = {"what": "all", "form_token": token}
        asked = client.post("/console/delivery/crm/redrive/ask", data=form)
        assert f"Redrive {len(failed)} deliveries to crm?" in asked.text
        assert "<html" in asked.text
        with hub.runtime.database.session() as session:
            assert (deliveries.get(session, "crm", failed[0]) or {})["state"] == "dead"  # asking changes nothing
        assert f"{len(failed)} deliveries wait" in client.post("/console/delivery/crm/redrive", data=form).text
        assert "0 deliveries wait" in client.post("/console/delivery/crm/redrive", data=form).text
        gone = client.post("/console/delivery/crm/redrive/ask", data=form)
        assert "None of these is given up or rejected any more" in gone.text
        assert client.post("/console/delivery/crm/redrive", data={"form_token": token}).status_code == 422
        assert client.post("/console/events/replay/ask", data=form).status_code == 200
    with hub.runtime.database.session() as session:
        noted = [(entry.action, entry.subject) for entry in audit.page(session, limit=2)]
    assert noted.count(("delivery.redrive", "crm")) == 1


def test_what_lies_below_fits_a_phone_in_the_dark(window: Opening, hub: Hub, failed: list[UUID]):
    one = window("support", phone=True, dark=True)
    for path in (f"/delivery/crm/{failed[1]}", "/delivery/crm/dry-run", "/events/1"):
        one.open(path)
        assert not one.overflows(), path
        assert one.violations() == []
