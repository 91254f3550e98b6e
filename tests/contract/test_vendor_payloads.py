"""The vendors' own payloads, signed with the sample secret, pass through verify, name_event and parse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import unquote_plus

import pytest

from hub.errors import SkipEvent
from hub.model.event import CanonicalEvent, CustomerEvent, Note, OrderEvent, ProductEvent
from hub.sdk import registry
from hub.sdk.scrub import Scrubber
from hub.sdk.source import InboxEntry, RawDelivery
from hub.sdk.testkit.canonical import faults
from hub.sdk.testkit.capture import scrubbed_tree
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.documents import decode, encode
from hub.sdk.testkit.samples import RECEIVED_AT, entry_of
from hub.sdk.testkit.watch import emails_in, leaks, personal_values
from tests.contract.vendor_payloads import FOLDER, Payload, completion, payloads

FOUND = payloads() if FOLDER.is_dir() else []


def test_the_folder_holds_payloads_where_it_is_there():
    """A wrong path must not look like a green run."""
    assert bool(FOUND) == FOLDER.is_dir()


if FOUND:

    @pytest.mark.parametrize("payload", [pytest.param(payload, id=payload.id) for payload in FOUND])
    def test_a_vendor_payload_is_read(payload: Payload):
        case = ConnectorCase(registry.get(payload.connector), registry.folder(payload.connector))
        source, settings = case.source, case.settings
        assert source.sign
        assert source.verify
        assert source.name_event
        url = f"https://hub.example.com/webhooks/{payload.connector}"
        delivery = source.sign(RawDelivery("POST", url, {}, payload.headers, payload.body, RECEIVED_AT), settings)

        source.verify(delivery, settings)
        name = source.name_event(delivery, settings)
        try:
            events = source.parse(_completed(case, entry_of(delivery, name)), settings)
        except SkipEvent as skip:
            assert str(skip), "skipped without a reason"  # noqa: PT017
        else:
            assert events
            assert [fault for event in events for fault in faults(event)] == []
        assert payload.topic in (None, name.topic)

    @pytest.mark.parametrize("payload", [pytest.param(payload, id=payload.id) for payload in FOUND])
    def test_scrubbing_a_vendor_payload_leaves_no_person(payload: Payload):
        case = ConnectorCase(registry.get(payload.connector), registry.folder(payload.connector))
        form = payload.name.endswith(".form")
        private = _people(case, payload) | emails_in(payload.body)

        scrubbed = encode(scrubbed_tree(decode(payload.body, form=form), Scrubber(), form=form), form=form)

        said = unquote_plus(scrubbed.decode()) if form else scrubbed.decode()
        assert [value for value in leaks(said, private) if not value.endswith("@example.com")] == []


def _people(case: ConnectorCase, payload: Payload) -> set[str]:
    """Names, contacts and streets a connector reads out of the payload; a network's account ids are no secret."""
    entry = InboxEntry("sample", "1", payload.topic or "", payload.headers, payload.body, RECEIVED_AT)
    if case.source.name_event:
        delivery = RawDelivery("POST", "https://hub.example.com/", {}, payload.headers, payload.body, RECEIVED_AT)
        entry = replace(entry, topic=case.source.name_event(delivery, case.settings).topic)
    try:
        events = case.source.parse(_completed(case, entry), case.settings)
    except SkipEvent:
        return set()
    accounts = {a.account_id for e in events if isinstance(e, CustomerEvent) for a in e.customer.accounts}
    return personal_values([e for e in events if not isinstance(e, ProductEvent)]) - accounts - _of_goods(events)


def _of_goods(events: Sequence[CanonicalEvent | Note]) -> set[str]:
    """Names of products, which are kept, and what was chosen of one and stands in its name too (a colour, a size)."""
    orders = [event.order for event in events if isinstance(event, OrderEvent)]
    names = " | ".join(line.product.name or "" for order in orders for line in order.lines)
    customs = [custom for order in orders for custom in (order.custom, *(line.custom for line in order.lines))]
    chosen = {text for custom in customs for text in custom.values()}
    products = {event.product.name or "" for event in events if isinstance(event, ProductEvent)}
    return {text for text in chosen if text in names} | products


def _completed(case: ConnectorCase, entry: InboxEntry) -> InboxEntry:
    while case.source.completions is not None:
        asked = [item.name for item in case.source.completions(entry, case.settings)]
        missing = {name: completion(name) for name in asked if name not in entry.completions}
        if not missing:
            break
        entry = replace(entry, completions={**entry.completions, **missing})
    return entry
