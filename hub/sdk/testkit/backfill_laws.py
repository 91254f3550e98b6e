"""S15: history is walked to its end, can be resumed after any page, and fetched parts are what the vendor gave."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import httpx

from hub.errors import HubError, PayloadError, SkipEvent
from hub.sdk.manifest import Capability
from hub.sdk.source import BackfillItem, BackfillPage, Completion, InboxEntry
from hub.sdk.testkit.cases import BackfillCase, ConnectorCase, SourceCase
from hub.sdk.testkit.samples import CONNECTION, RECEIVED_AT
from hub.sdk.testkit.watch import no_waiting
from hub.sdk.testkit.wire import Answer, Wire, client, response_of

PATIENCE = 12
"""Pages after which a walk that should have ended is given up."""


def law_s15_backfill_is_declared_and_sampled(case: ConnectorCase) -> None:
    """Who declares backfill has it, with a recorded walk of two pages or more; who has none says nothing of it."""
    declared = Capability.BACKFILL in case.manifest.capabilities
    assert declared == (case.source.backfill is not None), f"{case.id}: backfill: declared {declared}, or not there"
    over_http = case.source.walks_json and (case.source.api_root or case.settings.base_url) is not None
    if declared and over_http:
        assert case.backfill_cases, f"{case.id}: no samples/backfill/<case>.json"
        longest = max(len(walk.sample.exchanges) for walk in case.backfill_cases)
        assert longest >= 2, f"{case.id}: no recorded walk has two pages"


def law_s15_a_poll_asks_for_what_is_sold(case: ConnectorCase) -> None:
    """Of several lists one at least is asked for by every poll, and what only polls need is never all there is."""
    lists = case.source.lists
    if lists:
        always = [name for name, one in lists.items() if not one.quiet and not one.late and not one.least]
        assert always, f"{case.id}: no list has quiet=timedelta(0): nothing is asked for by every poll"


def law_s28_deleted_orders_are_found_or_it_is_said_why_not(case: ConnectorCase) -> None:
    """Who lists orders can be asked which are gone, or says in ``not_offered["deleted"]`` why it need not."""
    if Capability.BACKFILL in case.manifest.capabilities and case.tells_orders:
        why = case.manifest.not_offered.get("deleted")
        assert (case.source.deleted is None) == bool(why), f"{case.id}: either deleted, or not_offered['deleted']"


def law_s15_every_page_is_walked(case: BackfillCase) -> None:
    """Every recorded page is asked for once, every item has a declared topic and an id of its own, and can be read."""
    pages = _pages(case)
    items = [item for page in pages for item in page.items]
    assert items, f"{case.id}: the walk gives nothing"
    ids = [item.event_id for item in items]
    assert len(set(ids)) == len(ids), f"{case.id}: two items have one event id"
    for item in items:
        assert item.topic in case.manifest.topics, f"{case.id}: topic {item.topic!r} is not declared"
        _readable(case, item)


def law_s15_a_walk_resumes_after_any_page(case: BackfillCase) -> None:
    """Stopped after page k and resumed by its cursor, through JSON, nothing is lost (twice is allowed)."""
    pages = _pages(case)
    for k, page in enumerate(pages[:-1]):
        cursor = json.loads(json.dumps(page.cursor))
        wanted = {item.event_id for later in pages[k + 1 :] for item in later.items}
        wire = Wire(_by_request(case.sample.exchanges))
        resumed = {item.event_id for later in _walk(case, wire, cursor) for item in later.items}
        missing = sorted(wanted - resumed)
        assert not missing, f"{case.id}: resumed after page {k + 1}, {len(missing)} items are lost"


def law_s15_a_walk_ends(case: BackfillCase) -> None:
    """An empty page ends the walk, and a cursor that comes again does: no request is sent twice."""
    exchanges = case.sample.exchanges
    empty = Wire(
        _by_path([{**e, "response": {**e["response"], "json": _emptied(e["response"]["json"])}} for e in exchanges])
    )
    _drain(case, empty)
    paths = {exchange["request"]["path"] for exchange in exchanges}
    assert len(empty.requests) <= max(2, len(paths)) + len(exchanges), f"{case.id}: an empty page does not end the walk"
    again = Wire(_by_path(exchanges))
    _drain(case, again)
    sent = [str(request.url) + request.content.decode() for request in again.requests]
    assert len(set(sent)) == len(sent), f"{case.id}: a cursor that comes again does not end the walk"


def law_s15_a_completion_is_fetched_as_it_is(case: SourceCase) -> None:
    """``complete`` gives the vendor's body byte for byte; a 404 gives an empty body or an error of the tree."""
    complete, ask = case.source.complete, case.source.completions
    assert (complete is None) == (ask is None), f"{case.id}: completions and complete come together"
    if complete is None or ask is None:
        return
    for item in _asked(case):
        body = case.entry.completions[item.name]
        with client(case, Wire(_always(httpx.Response(200, content=body))), destination=False) as http:
            assert complete(item, http, case.settings) == body, f"{case.id}: {item.name} is changed on its way"
        with client(case, Wire(_always(httpx.Response(404, json={}))), destination=False) as http:
            try:
                gone = complete(item, http, case.settings)
            except HubError:
                continue
            assert gone == b"", f"{case.id}: completion {item.name}: a 404 gives a body"


def _asked(case: SourceCase) -> Iterator[Completion]:
    """Every completion the source asks for, also those it asks for once it has seen the first."""
    found: dict[str, bytes] = {}
    ask = case.source.completions
    while ask is not None:
        fresh = [c for c in ask(replace(case.entry, completions=found), case.settings) if c.name not in found]
        if not fresh:
            return
        yield from fresh
        found.update({item.name: case.entry.completions[item.name] for item in fresh})


def _always(response: httpx.Response) -> Answer:
    return lambda _: httpx.Response(response.status_code, headers=response.headers, content=response.content)


def _pages(case: BackfillCase) -> list[BackfillPage]:
    """The whole recorded walk; every recorded response has to be used."""
    wire = Wire(_by_request(case.sample.exchanges))
    pages = list(_walk(case, wire, None))
    recorded, sent = len(case.sample.exchanges), len(wire.requests)
    assert sent == recorded, f"{case.id}: {recorded} exchanges are recorded, {sent} requests were sent"
    return pages


def _walk(case: BackfillCase, wire: Wire, cursor: Mapping[str, Any] | None) -> Iterator[BackfillPage]:
    backfill = case.source.backfill
    assert backfill is not None, f"{case.id}: a recorded walk, and no backfill"
    with no_waiting(), client(case, wire, destination=False) as http:
        yield from backfill(http, case.settings, None, cursor)


def _drain(case: BackfillCase, wire: Wire) -> None:
    limit = len(case.sample.exchanges) + PATIENCE
    try:
        for _ in islice(_walk(case, wire, None), limit):
            pass
    except HubError as error:
        raise AssertionError(f"{case.id}: {type(error).__name__}: {error}") from None


def _readable(case: BackfillCase, item: BackfillItem) -> None:
    entry = InboxEntry(CONNECTION, item.event_id, item.topic, item.headers, item.body, RECEIVED_AT)
    try:
        case.source.parse(entry, case.settings)
    except SkipEvent:
        return
    except PayloadError as error:
        raise AssertionError(f"{case.id}: item {item.event_id} cannot be read: {error}") from None


def _by_request(exchanges: Sequence[Mapping[str, Any]]) -> Answer:
    """Answer a request with what was recorded for exactly this method, path and query."""

    def answer(request: httpx.Request) -> httpx.Response:
        for exchange in exchanges:
            if _matches(request, exchange["request"]):
                return response_of(exchange["response"])
        raise AssertionError(f"{request.method} {request.url.raw_path.decode()}: no response is recorded for it")

    return answer


def _by_path(exchanges: Sequence[Mapping[str, Any]]) -> Answer:
    """Answer every request for a path with the first response recorded for that path."""

    def answer(request: httpx.Request) -> httpx.Response:
        for exchange in exchanges:
            if request.url.path.endswith("/" + exchange["request"]["path"].lstrip("/")):
                return response_of(exchange["response"])
        raise AssertionError(f"{request.method} {request.url.path}: no response is recorded for it")

    return answer


def _matches(request: httpx.Request, recorded: Mapping[str, Any]) -> bool:
    path = "/" + str(recorded["path"]).lstrip("/")
    query = {name: str(value) for name, value in (recorded.get("query") or {}).items()}
    body = recorded.get("json")
    return (
        request.method == recorded.get("method", "GET")
        and request.url.path.endswith(path)
        and dict(request.url.params) == query
        and (body is None or json.loads(request.content or b"null") == body)
    )


def _emptied(tree: Any) -> Any:
    """The page without its items: the outermost lists emptied, everything else as it was."""
    if isinstance(tree, list):
        return []
    if isinstance(tree, dict):
        return {name: _emptied(value) if isinstance(value, list | dict) else value for name, value in tree.items()}
    return tree
