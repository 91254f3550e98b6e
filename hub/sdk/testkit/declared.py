"""The contract kit for a declared destination: samples are made here, against a double made from the declaration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from hub.model.address import Address
from hub.model.customer import PersonName
from hub.model.money import Money
from hub.model.order import Order
from hub.model.profile import ConsentSummary, OrderSummary, Profile
from hub.sdk.declared.connector import connector_of, read_declaration
from hub.sdk.declared.double import Double
from hub.sdk.declared.model import Declaration
from hub.sdk.destination import Change, OrderChange, ProfileChange, Write
from hub.sdk.manifest import Capability
from hub.sdk.registry import Connector
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.wire import Wire, as_json, client

_AT = datetime(2026, 2, 1, 8, tzinfo=UTC)
ANNA = Profile(
    id=UUID("0d4f6a52-3f0e-4f5b-9d7b-5c1f3c3f7a10"),
    created_at=_AT,
    updated_at=_AT,
    name=PersonName(first="Anna", last="Müller", full="Anna Müller"),
    emails=("anna.mueller@example.com",),
    phones=("+493023125104",),
    addresses=(Address(line1="Lindenstraße 12", postal_code="10969", city="Berlin", country="DE"),),
    company="Müller Gartenbau GmbH",
    language="de",
    orders=OrderSummary(count=1, totals=(Money(amount=Decimal("59.90"), currency="EUR"),), first_at=_AT, last_at=_AT),
)
OTHER = UUID("5a1c7e90-8d7e-4b7a-9c55-2f2d2f0f6b11")
ORDER = Order(
    external_id="4001", number="R-4001", state="paid", placed_at=_AT, currency="EUR", total=Decimal("59.90")
)  # fmt: skip


def case_of(file: Path, folder: Path) -> ConnectorCase:
    """The case of a declaration, with its samples written below ``folder``. Raises ConfigError with every fault."""
    declaration = read_declaration(file)
    connector = connector_of(file.stem, declaration)
    case = ConnectorCase(connector, folder)
    for name, change in _changes(connector, case).items():
        _sample(case, declaration, folder / "samples" / "write" / name, change)
    return case


def _changes(connector: Connector, case: ConnectorCase) -> Mapping[str, Change]:
    """What can become of one person and one order, as far as the declaration has it."""
    offered = connector.manifest.capabilities
    mirror = _rendered(case, ProfileChange(ANNA, 1))
    renamed = ANNA.model_copy(update={"name": PersonName(first="Anna", last="Großmann", full="Anna Großmann")})
    silent = ConsentSummary(purpose="marketing", channel="email", state="opted_out", at=_AT)
    both = ANNA.model_copy(update={"aliases": (OTHER,)})
    changes: dict[str, Change] = {
        "create": ProfileChange(ANNA, 1),
        "create_known": ProfileChange(ANNA, 1, uncertain=True),
        "nothing_changed": ProfileChange(ANNA, 2, ("101",), mirror),
        "update": ProfileChange(renamed, 3, ("101",), mirror),
        "update_gone": ProfileChange(renamed, 3, ("999",), mirror),
        "erase": ProfileChange(ANNA, 4, ("101",), mirror, erased=True),
    }
    if Capability.CONSENT in offered:
        out = ANNA.model_copy(update={"consents": (silent,)})
        changes["opt_out"] = ProfileChange(out, 5, ("101",), mirror)
    if Capability.MERGE in offered:
        changes["merge"] = ProfileChange(both, 6, ("101", "102"), mirror)
        changes["undone_merge"] = ProfileChange(ANNA, 7, merged_ids=("102",))
    if Capability.ORDERS in offered:
        order = OrderChange(ORDER, "shop-de", "shop-de:4001", "101", 1)
        changes["order"] = order
        changes["order_refunded"] = OrderChange(
            ORDER, "shop-de", "shop-de:4001", "101", 2, ("103",), _rendered(case, order), refunded=Decimal("20.00")
        )
    return changes


def _rendered(case: ConnectorCase, change: Change) -> Mapping[str, Any]:
    write = case.destination.render(change, case.settings)
    return write.mirror if write else {}


def _sample(case: ConnectorCase, declaration: Declaration, folder: Path, change: Change) -> None:
    """One sample as a connector's folder has it; the answers are the double's."""
    write = case.destination.render(change, case.settings)
    kind = {"type": type(change).__name__}
    _save(folder, "change", {**kind, **as_json(change)})
    _save(folder, "write", as_json(write))
    _save(folder, "requests", as_json([] if write is None else list(case.destination.plan([write], case.settings))))
    if write is None:
        return
    double, responses = _double(case, declaration, write), list[dict[str, Any]]()

    def answer(request: httpx.Request) -> httpx.Response:
        given = double.handle(request)
        responses.append({"status": given.status_code, "json": given.json()})
        return given

    with client(case, Wire(answer), destination=True) as http:
        results = case.destination.send([write], http, case.settings)
    _save(folder, "responses", responses)
    _save(folder, "result", as_json(list(results)))


def _double(case: ConnectorCase, declaration: Declaration, write: Write) -> Double:
    """A double that has the records the write speaks of, but for one that is said to be gone."""
    public = {name: str(getattr(case.settings, name)) for name in declaration.public_settings}
    root = urlsplit(case.settings.base_url or declaration.api_root or "").path.rstrip("/")
    double = Double(declaration, root, public)
    held = [one for one in (write.external_id, *write.merge, *write.links) if one and one != "999"]
    place = double.people if write.kind == "profile" else double.orders
    own = declaration.person.own if write.kind == "profile" or declaration.order is None else declaration.order.own
    for one in held:
        double.hold(one, own, write.key, place)
    return double


def _save(folder: Path, name: str, value: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
