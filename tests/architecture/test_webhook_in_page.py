"""docs/webhook-in.md is what the code does: its fields, its example, and the examples beside the connector."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from hub.connectors.webhook_in.manifest import WebhookInSettings
from hub.connectors.webhook_in.source import SOURCE
from hub.model.event import CustomerEvent, OrderEvent
from hub.sdk.connection import read_connections
from hub.sdk.source import RawDelivery
from hub.sdk.testkit.samples import entry_of
from hub.yaml_file import Reader
from tests.architecture.webhook_in_page import PAGE, page

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_the_fields_of_the_page_are_those_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text), "run: python -m tests.architecture.webhook_in_page"


def test_the_example_of_the_page_reads_its_delivery_whole():
    text = PAGE.read_text(encoding="utf-8")
    [delivery], [config] = (re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("json", "yaml"))
    options = Reader({"SHOP_WEBHOOK_SECRET": "hush"}).pairs(config)["connections"]["shop"]
    connections, faults = read_connections({"shop": (options.pop("connector"), options)}, default_region="DE")
    assert faults == []
    settings = connections["shop"].settings
    assert isinstance(settings, WebhookInSettings)
    assert SOURCE.verify
    assert SOURCE.sign
    assert SOURCE.name_event
    raw = RawDelivery("POST", "", {}, {}, json.dumps(json.loads(delivery)).encode(), NOW)
    signed = SOURCE.sign(raw, settings)
    SOURCE.verify(signed, settings)
    name = SOURCE.name_event(signed, settings)

    person, order = SOURCE.parse(entry_of(signed, name), settings)

    assert name.event_id == "order.paid:e-9001"
    assert isinstance(person, CustomerEvent)
    assert isinstance(order, OrderEvent)
    assert (str(order.order.total), order.order.state, order.record) == ("54.90", "paid", person.customer.key)
    assert (person.customer.phones[0].value, person.customer.consents[0].state) == ("+491712345678", "opted_in")
