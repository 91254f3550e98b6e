"""The demo's report fits a screen, and the sandbox has a page that a person can read."""

from __future__ import annotations

from typing import Any

from hub.demo.summary import lines
from hub.sandbox.hubspot import SandboxCrm

CHANNELS = ("shop-de", "shop-at", "till", "newsletter", "social")
SHOWN: dict[str, Any] = {
    "held": True,
    "seconds": {"total": 21.4, "start": 3.0},
    "people": 65,
    "channels": [
        {"connection": name, "sent": 99, "events": 48, "redelivered": 9, "skipped": 1, "parked": 1, "refused": 1}
        for name in CHANNELS
    ],
    "merged": [
        {"name": "Anna Müller", "featured": "all", "records": 7, "connections": list(CHANNELS), "why": ["x" * 90]}
    ],
    "apart": [{"people": ["a"] * 12, "shared": f"a telephone typed for everybody at till {n}"} for n in range(9)],
    "reviews": {"answered": [1], "open": [1]},
    "splits": [1],
    "crm": {
        "contacts": 64, "known_before": 1, "created": 67, "merged_away": 4, "deals": 73, "calls": 83,
        "left_out": ["email: INVALID_EMAIL"],
        "answers": {"429": 6, "500": 1, "silent": 1, "cut": 1},
    },
    "insight": [{"about": "Life cycle", "text": "812 customers: 640 new, 30 loyal, 142 at risk"}] * 9,
    "laws": [
        {"law": f"L{n}", "title": "A law of some words", "held": True, "broken": []} for n in range(1, 12)
    ],
}  # fmt: skip


def test_the_report_fits_one_screen_and_says_where_the_rest_is() -> None:
    told = [line.plain for line in lines(SHOWN)]

    assert len(told) <= 24
    assert max(map(len, told)) <= 79
    assert told[0].startswith("495 webhooks → 240 events → 65 people → 64 CRM contacts")
    assert told[-2:] == [
        "11 of 11 laws held",
        "hub demo --full tells every story with its evidence; --json has it as data",
    ]


def test_a_broken_law_is_told_in_full() -> None:
    broken = {**SHOWN["laws"][0], "held": False, "broken": ["an event is missing"]}
    told = [line.plain for line in lines({**SHOWN, "held": False, "laws": [broken, *SHOWN["laws"][1:]]})]

    assert "✗ L1 A law of some words: an event is missing" in told
    assert "10 of 11 laws held" in told


def test_the_sandbox_shows_deals_and_a_page_in_which_nothing_runs() -> None:
    crm = SandboxCrm()
    contact = crm.add(email="anna@example.com", firstname="<script>alert(1)</script>", lastname="Berg")
    deal = crm.add("deals", dealname="o1 (shop)", amount="12.90")
    crm.links.add((deal, contact))

    def get(path: str) -> Any:
        return crm.handle("GET", path, {}, {}, b"")

    assert b'"dealname": "o1 (shop)"' in get("/sandbox/deals").content
    page = get("/sandbox/")
    assert page.headers["content-type"] == "text/html;charset=utf-8"
    text = page.content.decode()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "o1 (shop)" in text
    assert "12.90" in text
    assert crm.stats()["calls"] == 0
