"""Odoo Point of Sale as a source: orders polled by ``write_date``, each with its lines, payments and contact.

Sources: see the manifest. A time of Odoo's is UTC, and is told in whole seconds while the database holds more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson

from hub.connectors.odoo_pos import mapping, schemas
from hub.connectors.odoo_pos.manifest import MANIFEST, OdooPosSettings
from hub.errors import AuthError, PayloadError, RejectedError, SkipEvent
from hub.mapping.payload import Reading
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, CustomerEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.paginate import keyset, offset
from hub.sdk.source import BackfillItem, InboxEntry, Listed, Part, Source

_TOPIC, _PRODUCT = "pos.order", "product.product"
_PAGE = 100


def parse(entry: InboxEntry, settings: OdooPosSettings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events of one order. Raises SkipEvent for one just begun, PayloadError with a path."""
    if entry.topic not in MANIFEST.topics:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    if entry.topic == _PRODUCT:
        return reading.of([mapping.product_event(reading.read(schemas.Product, entry.body))])
    sale = reading.read(schemas.Sale, entry.body)
    if sale.order.state in (None, mapping.UNSOLD) and (sale.order.amount_total < 0 or not sale.lines):
        raise SkipEvent("begun at the till: nothing is rung up yet, or nothing given back")
    told: list[CanonicalEvent | Note] = []
    if sale.partner is not None:
        at = instant(sale.partner.write_date or sale.order.date_order, path="partner.write_date")
        known = mapping.customer(sale.partner, settings.default_region)
        told.append(CustomerEvent(occurred_at=at, customer=known, whole=("emails", "phones")))
    record = mapping.record_key(sale.partner.id) if sale.partner else None
    currency = mapping.currency_of(sale.order, settings.currency)
    read = mapping.sold if sale.order.amount_total >= 0 else mapping.given_back
    return reading.of([*told, *read(sale, currency, record)])


def _list(model: str, fields: Sequence[str], *chosen: Any, **how: Any) -> Listed[OdooPosSettings]:
    """Records by date of change, oldest first; those changed at or after ``since``."""

    def page(http: HttpClient, settings: OdooPosSettings, since: datetime | None, at: Any) -> Part:
        start = (since or datetime(2000, 1, 1, tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        state = at or {"from": start, "seen": 0}
        found = _read(
            http, settings, model, [*chosen, ["write_date", ">=", state["from"]]], fields,
            order="write_date, id", limit=_PAGE, offset=offset(state),
        )  # fmt: skip
        fresh, following = keyset(found, "write_date", state, size=_PAGE)
        if model == _TOPIC:
            return Part(list(_items(http, settings, fresh)), following)
        return Part([_item(model, one, one) for one in fresh], following)

    return Listed(page, **how)


LISTS = {
    "orders": _list(_TOPIC, schemas.ORDER_FIELDS, quiet=timedelta(0)),
    "products": _list(_PRODUCT, schemas.PRODUCT_FIELDS, ["available_in_pos", "=", True], spare=True),
}
backfill = partial(in_turn, LISTS)


def _items(http: HttpClient, settings: OdooPosSettings, found: Sequence[Mapping[str, Any]]) -> Iterator[BackfillItem]:
    if not found:
        return
    ids = [one["id"] for one in found]
    lines = _read(http, settings, "pos.order.line", [["order_id", "in", ids]], schemas.LINE_FIELDS, order="id")
    paid = _read(http, settings, "pos.payment", [["pos_order_id", "in", ids]], schemas.PAYMENT_FIELDS, order="id")
    people = sorted({one["partner_id"][0] for one in found if one.get("partner_id")})
    partners = _read(http, settings, "res.partner", [["id", "in", people]], schemas.PARTNER_FIELDS) if people else []
    back = sorted({one["refunded_orderline_id"][0] for one in lines if one.get("refunded_orderline_id")})
    origins = _read(http, settings, "pos.order.line", [["id", "in", back]], ("order_id",)) if back else []
    by_id = {one["id"]: {**one, "country": (one.get("country_id") or (None, None))[1]} for one in partners}
    for one in found:
        sale = {
            "order": one,
            "lines": [line for line in lines if line["order_id"][0] == one["id"]],
            "payments": [pay for pay in paid if pay["pos_order_id"][0] == one["id"]],
            "partner": by_id.get(one["partner_id"][0]) if one.get("partner_id") else None,
            "returned": {str(line["id"]): str(line["order_id"][0]) for line in origins},
        }
        yield _item(_TOPIC, one, sale)


def _item(topic: str, found: Mapping[str, Any], told: Mapping[str, Any]) -> BackfillItem:
    return BackfillItem(f"{topic}:{found['id']}:{found.get('write_date')}", topic, orjson.dumps(told))


def _read(
    http: HttpClient, settings: OdooPosSettings, model: str, domain: Sequence[Any], fields: Sequence[str], **how: Any
) -> list[dict[str, Any]]:
    """``search_read`` of a model, archived records as well. Raises the error tree."""
    named = {"domain": list(domain), "fields": list(fields), "context": {"active_test": False}, **how}
    if settings.api == "json2":
        answer = json_of(http.post(f"/json/2/{model}/search_read", named))
    else:
        key = settings.api_key.get_secret_value()
        target: list[Any] = [settings.database, settings.user_id, key, model, "search_read", [], named]
        parameters = {"service": "object", "method": "execute_kw", "args": target}
        body = json_of(http.post("/jsonrpc", {"jsonrpc": "2.0", "method": "call", "params": parameters, "id": 1}))
        if error := body.get("error"):
            name = str((error.get("data") or {}).get("name") or "")
            raise (AuthError if "Access" in name else RejectedError)(f"Odoo: {name or 'refused'}, reading {model}")
        answer = body.get("result")
    if not isinstance(answer, list) or not all(isinstance(one, dict) and "id" in one for one in answer):
        raise PayloadError("not a list of records", path=model)
    return answer


def authorise(settings: OdooPosSettings) -> Mapping[str, str]:
    """The credentials of JSON-2; those of JSON-RPC stand in the body."""
    if settings.api == "jsonrpc":
        return {}
    return {"authorization": f"bearer {settings.api_key.get_secret_value()}", "x-odoo-database": settings.database}


def check(http: HttpClient, settings: OdooPosSettings) -> Checked:
    """Read one order and one contact."""
    found = Checked()
    for model, fields in (("pos.order", schemas.ORDER_FIELDS), ("res.partner", schemas.PARTNER_FIELDS)):
        found.reads(model, partial(_read, http, settings, model, [], fields, limit=1))
    ask = partial(_read, http, settings, _PRODUCT, [], schemas.PRODUCT_FIELDS, limit=1)
    return found.may_read(_PRODUCT, ask)


SOURCE = Source(
    parse=parse,
    backfill=backfill,
    lists=LISTS,
    authorise=authorise,
    api_root=lambda settings: settings.base_url or "",
    check=check,
)
