"""The vendors' own payloads, signed with the sample secret, pass through verify, name_event and parse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import SkipEvent
from hub.sdk import registry
from hub.sdk.source import InboxEntry, RawDelivery
from hub.sdk.testkit.canonical import faults
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.samples import RECEIVED_AT, entry_of
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


def _completed(case: ConnectorCase, entry: InboxEntry) -> InboxEntry:
    while case.source.completions is not None:
        asked = [item.name for item in case.source.completions(entry, case.settings)]
        missing = {name: completion(name) for name in asked if name not in entry.completions}
        if not missing:
            break
        entry = replace(entry, completions={**entry.completions, **missing})
    return entry
