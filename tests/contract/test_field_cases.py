"""Situations from public bug reports, each read as its file says is right.

The files are read in place (``HUB_FIELD_CASES_DIR``, else ``../shared/field-cases`` beside the repository) and never
copied. Without that folder there is nothing to list, and so no test. A case whose steps go over HTTP needs the whole
way and has a test of its own elsewhere; what it is about is named below, so that none is forgotten.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hub.errors import SkipEvent
from hub.model.event import Note
from hub.sdk import registry
from hub.sdk.source import InboxEntry, RawDelivery
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.samples import RECEIVED_AT, entry_of

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("HUB_FIELD_CASES_DIR", ROOT.parent / "shared" / "field-cases"))
CASES = {path.stem: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))}
READ = [name for name, case in CASES.items() if "check" in case]
_STEPS = "tests/integration/test_field_steps.py::"
ELSEWHERE: Mapping[str, str] = {
    "02_refund_in_customers_currency_own_webhook": (
        "tests/integration/test_revenue.py::test_a_refund_in_the_customers_currency_is_never_subtracted_by_its_number"
    ),
    "15_whatsapp_mexico": f"{_STEPS}test_a_whatsapp_id_is_the_number_one_dials",
    "16_opt_out_hits_the_new_holder_of_an_old_address": (
        f"{_STEPS}test_an_opt_out_reaches_only_the_address_its_person_has_now"
    ),
    "17_one_refused_value_loses_the_contact": f"{_STEPS}test_one_refused_address_does_not_lose_the_contact",
    "37_couples_on_one_mailbox": f"{_STEPS}test_a_couple_on_one_mailbox_stays_two",
}
"""Cases that need more than ``parse``, with the test that holds them."""


def test_the_folder_holds_cases_where_it_is_there():
    """A wrong path must not look like a green run."""
    assert bool(CASES) == FOLDER.is_dir()


def test_every_case_is_held_by_a_test():
    for name in CASES.keys() - set(READ):
        path, _, test = ELSEWHERE[name].partition("::")
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), name


if READ:

    @pytest.mark.parametrize("name", READ)
    def test_a_case_is_read_right(name: str):
        case = CASES[name]

        events = _read(case)

        # The file's own words for what is right, a Python expression over the events by their type.
        assert eval(case["check"], {"events": events, "json": json}), case["expected"]


def _read(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    connector = ConnectorCase(registry.get(case["connector"]), registry.folder(case["connector"]))
    source, settings = connector.source, connector.settings
    assert source.name_event
    raw = case.get("raw_body")
    body = raw.encode() if raw else json.dumps(case["body"], ensure_ascii=False).encode()
    headers = {name.lower(): value for name, value in case["headers"].items()}
    delivery = RawDelivery("POST", "https://hub.example.com/webhooks/field", {}, headers, body, RECEIVED_AT)
    entry = entry_of(delivery, source.name_event(delivery, settings))
    try:
        parsed = source.parse(_completed(entry, case, connector), settings)
    except SkipEvent:
        return []
    return [{type(e).__name__: e.model_dump(mode="json")} for e in parsed if not isinstance(e, Note)]


def _completed(entry: InboxEntry, case: Mapping[str, Any], connector: ConnectorCase) -> InboxEntry:
    """The entry with the bodies the case tells; a body nobody tells does not exist there."""
    told = {name: json.dumps(body).encode() for name, body in case.get("completions", {}).items()}
    found: dict[str, bytes] = {}
    while connector.source.completions is not None:
        complete = InboxEntry(
            entry.connection, entry.event_id, entry.topic, entry.headers, entry.body, entry.received_at, found
        )
        wanted = [c.name for c in connector.source.completions(complete, connector.settings) if c.name not in found]
        if not wanted:
            return complete
        found = {**found, **{name: told.get(name, b"") for name in wanted}}
    return entry
