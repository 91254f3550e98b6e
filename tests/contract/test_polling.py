"""What a poll every minute costs when nothing changed, and that nothing is lost around its edges: of every source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import httpx
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from hub.application.backfill import OVERLAP
from hub.sdk.http import Budget, HttpClient
from hub.sdk.lists import next_poll
from hub.sdk.manifest import Limits
from hub.sdk.registry import get, slugs
from hub.sdk.source import Source
from tests.contract.test_shopify_history import Shop, bought
from tests.support.polled import PAGE, VENDORS, Rows, Speaks, utc

MINUTE = timedelta(minutes=1)
START = datetime(2026, 2, 1, 12, tzinfo=UTC)


def shopify(request: httpx.Request, rows: Rows) -> Any:
    in_turn = sorted(rows, key=lambda row: (row[1], row[0]))
    shop = Shop(most=40 * PAGE, orders=[bought(number, zulu(at)) for number, at in in_turn])
    return shop(request).json()


def zulu(at: datetime) -> str:
    return utc(at).replace("+00:00", "Z")


SPEAKS: Mapping[str, Speaks] = {**VENDORS, "shopify": Speaks(shopify, zulu)}
APART = {
    **dict.fromkeys(
        ("dynamics", "pipedrive", "twenty", "zoho"),
        "people read back by the vendor's cursor of (time, id): tests/integration/test_polled_crm.py",
    ),
    "activecampaign": "people read back by id: tests/contract/test_activecampaign.py",
    "suitecrm": "people read back by (time, id): tests/contract/test_suitecrm.py",
    "espocrm": "people read back by (time, id): hub/connectors/espocrm/test_espocrm.py",
    "hubspot": "people read back by (time, id): hub/connectors/hubspot/test_hubspot.py",
    "odoo": "people read back by (time, id): tests/integration/test_polled_crm.py",
    "salesforce": "people read back by (time, id): hub/connectors/salesforce/test_salesforce.py",
    "brevo": "contacts in the order of creation, which no change moves: tests/contract/test_brevo.py",
    "klaviyo": "the vendor's own cursor, by the time of change: tests/contract/test_klaviyo.py",
    "listmonk": "by id, which no change moves: hub/connectors/listmonk/source.py and the kit's laws of walks",
    "csv": "a file",
    "amazon": "pages by token: hub/connectors/amazon/test_amazon.py",
    "ebay": "pages by offset: hub/connectors/ebay/test_ebay.py",
    "freshdesk": "tickets by their last change: tests/contract/test_desks.py",
    "kaufland": "pages by offset that overlap: hub/connectors/kaufland/test_kaufland.py",
    "otto": "pages by the vendor's cursor: hub/connectors/otto/test_otto.py",
    "google_business": "newest first: tests/contract/test_listening.py",
    "imap": "folders by UID, at a real Dovecot",
    "mastodon": "by id, which only grows",
    "reddit": "newest first: tests/contract/test_listening.py",
    "rss": "a feed, read whole each time",
    "lightspeed": "two lists by version, which only grows",
    "trustpilot": "reviews by when they were written: tests/contract/test_desks.py",
    "webhook_in": "as it is declared",
    "x": "by id, newest first: tests/contract/test_listening.py",
    "zammad": "tickets by their last change: tests/contract/test_desks.py",
    "zendesk": "the vendor's own cursor, which only grows",
}
"""Sources with a history that are proven elsewhere."""


def source(slug: str) -> Source[Any]:
    found = get(slug).source
    assert found is not None
    return found


def has_history(slug: str) -> bool:
    found = get(slug).source
    return found is not None and found.backfill is not None


@dataclass
class Polled:
    """A vendor that is polled as ``History`` does it. ``rows`` are its orders; ``on_page`` happens after each page.

    ``seen`` holds, for each order and time of change, the ids of the events that told it.
    """

    slug: str
    rows: dict[int, datetime] = field(default_factory=dict)
    on_page: Callable[[], None] = lambda: None
    calls: int = 0
    seen: dict[tuple[int, str], set[str]] = field(default_factory=dict)
    began: datetime | None = None
    cursor: Mapping[str, Any] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        speaks = SPEAKS[self.slug]
        told = speaks.answer(request, sorted(self.rows.items()))
        if told is not None:
            self.on_page()
        return httpx.Response(200, json=speaks.quiet if told is None else told)

    def poll(self, now: datetime) -> None:
        connector, lists = get(self.slug), source(self.slug).lists
        own = connector.manifest.settings.model_validate(dict(connector.manifest.sample_settings))
        since = cursor = None
        if self.began is not None:
            since = self.began - OVERLAP
            if lists:
                cursor = next_poll(lists, self.cursor, began=self.began, now=now, every=MINUTE, overlap=OVERLAP)
        self.began, self.cursor = now, cursor
        walk: Any = source(self.slug).backfill
        with HttpClient("https://x.example", transport=httpx.MockTransport(self), budget=Budget(Limits())) as http:
            for page in walk(http, own, since, cursor):
                self.cursor = page.cursor
                for item in page.items:
                    self._note(f"{item.event_id} {item.body.decode()}", item.event_id)
            self.calls += http.calls

    def _note(self, text: str, event_id: str) -> None:
        number = int(re.search(r"7000\d", text)[0])  # type: ignore[index]
        for at in {SPEAKS[self.slug].time(at) for at in self.rows.values()}:
            if at in text:
                self.seen.setdefault((number, at), set()).add(event_id)


@contextmanager
def short_pages(slug: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        module = import_module(f"hub.connectors.{slug}.source")
        for name in ("_PER_PAGE", "_PAGE"):
            if isinstance(getattr(module, name, None), int):
                patch.setattr(module, name, PAGE)
        yield


def test_every_source_with_a_history_is_proven_here_or_says_why_not() -> None:
    assert {slug for slug in slugs() if has_history(slug)} == {*SPEAKS, *APART}


@pytest.mark.parametrize("slug", sorted(SPEAKS))
def test_a_poll_every_minute_costs_one_call_where_nothing_changed(slug: str) -> None:
    # given a source that brought nothing for a while
    polled = Polled(slug)
    for minute in range(30):
        polled.poll(START + minute * MINUTE)
    before = polled.calls
    # when it is polled every minute for an hour
    for minute in range(30, 90):
        polled.poll(START + minute * MINUTE)
    # then each poll asks for what is sold: of each merchant (Clover), after the locations (Square)
    once = {"clover": 2, "square": 2}.get(slug, 1)
    # and for each quiet list every 15 minutes
    quiet = max(0, len(source(slug).lists) - 1) * 5 * once
    assert 60 * once <= polled.calls - before <= 60 * once + quiet


# -- a vendor whose clock is wrong, whose orders share moments and come late, and whose list changes while it is read


@pytest.mark.parametrize("slug", sorted(SPEAKS))
@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(
    skew=st.integers(-50, 50),
    touches=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.integers(0, 3)), max_size=25),
    while_paged=st.lists(st.integers(0, 7), max_size=6),
)
@example(skew=0, touches=[], while_paged=[0])
@example(skew=50, touches=[(1, 0, 3), (1, 1, 3)], while_paged=[4, 1, 0, 1, 0])
def test_whatever_the_clock_and_whatever_changes_the_last_state_of_each_order_is_read_once(
    slug: str, skew: int, touches: list[tuple[int, int, int]], while_paged: list[int]
) -> None:
    # given eight orders of three moments at a vendor whose clock is up to 50 minutes off, in pages of two, older than
    # what any poll looks back
    polled, clock, waiting = Polled(slug), [START], list(while_paged)

    def touch(number: int, minutes_ago: int = 0) -> None:
        """A change is seen once it is committed, under the time at which it began."""
        at = clock[0] + timedelta(minutes=skew - minutes_ago)
        polled.rows[70000 + number] = max(at, polled.rows.get(70000 + number, at))

    for number in range(8):
        polled.rows[70000 + number] = START + timedelta(hours=-3, minutes=skew + number // 3)
    polled.on_page = lambda: touch(waiting.pop()) if waiting else None
    # when it is polled every minute while orders change, also between two pages
    with short_pages(slug):
        for minute in range(6):
            for when, number, minutes_ago in touches:
                if when == minute:
                    touch(number, minutes_ago)
            polled.poll(clock[0])
            clock[0] += MINUTE
        polled.poll(clock[0])
    # then the last state of every order was read, and is one event, however often it was read
    told = {number: polled.seen.get((number, SPEAKS[slug].time(at)), set()) for number, at in polled.rows.items()}
    assert {number: len(ids) for number, ids in told.items()} == dict.fromkeys(told, 1)
