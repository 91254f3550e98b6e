"""PrestaShop as a source: its webservice, asked for what changed.

Sources: https://devdocs.prestashop-project.org/9/webservice/tutorials/advanced-use/additional-list-parameters/
(display, filter, sort, limit; ``date=1`` lets dates be filtered), …/webservice/cheat-sheet/ (output_format),
…/webservice/tutorials/testing-access/ (the key as the user of HTTP Basic, without a password).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import orjson

from hub.connectors.prestashop import mapping, schemas
from hub.connectors.prestashop.manifest import MANIFEST, PrestaShopSettings
from hub.errors import SkipEvent
from hub.mapping.payload import Reading
from hub.model.event import CanonicalEvent, DeletionEvent, Note
from hub.model.identifier import RecordKey
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, basic, json_of
from hub.sdk.lists import in_turn
from hub.sdk.paginate import keyset, offset
from hub.sdk.source import BackfillItem, InboxEntry, Listed, Part, Source

# display=full would bring password hashes and reset tokens
_CUSTOMER = (
    "[id,id_lang,lastname,firstname,email,birthday,newsletter,newsletter_date_add,ip_registration_newsletter,optin,"
    "website,company,active,is_guest,deleted,note,date_add,date_upd]"
)
_ADDRESS = (
    "[id,id_customer,id_country,id_state,alias,company,lastname,firstname,vat_number,address1,address2,postcode,city,"
    "phone,phone_mobile,deleted,date_upd]"
)
_PRODUCT = "[id,id_category_default,manufacturer_name,reference,ean13,isbn,upc,price,active,name,date_add,date_upd]"
_DISPLAY: Mapping[str, str] = {
    "customers": _CUSTOMER,
    "addresses": _ADDRESS,
    "products": _PRODUCT,
    "categories": "[id,name]",
    "combinations": "[id,id_product,reference,ean13,isbn,upc]",
}
_PER_PAGE = 100


def parse(entry: InboxEntry, settings: PrestaShopSettings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events of one item of the backfill. Raises SkipEvent, or PayloadError with a path."""
    if entry.topic not in MANIFEST.topics:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    if entry.topic == "customer":
        return reading.of(mapping.customer_events(reading.read(schemas.CustomerItem, entry.body), settings))
    if entry.topic == "order":
        return reading.of(mapping.order_events(reading.read(schemas.OrderItem, entry.body), settings))
    if entry.topic == "product":
        return reading.of([mapping.product_event(reading.read(schemas.ProductItem, entry.body), settings)])
    gone = RecordKey(kind="order", external_id=reading.read(schemas.Gone, entry.body).id)
    return [DeletionEvent(occurred_at=entry.received_at, record=gone, kind="order")]


def _list(name: str, kind: str, owner: str = "id", **how: Any) -> Listed[PrestaShopSettings]:
    """Rows by their change.

    A new address or credit slip leaves ``date_upd`` of its ``owner`` where it was, so a poll asks for these as well,
    and the owner is read.
    What belongs to the rows of a page (customers, addresses, slips) is fetched for the whole page at once.
    """

    def page(client: HttpClient, settings: PrestaShopSettings, since: datetime | None, at: Any) -> Part:
        shop = _Shop(client)
        state = at or {"from": _local(since, settings) if since else "1970-01-01 00:00:00", "seen": 0}
        changed = {"filter[date_upd]": f"[{state['from']},9999-12-31 00:00:00]", "date": "1"}
        page = {"sort": "[date_upd_ASC,id_ASC]", "limit": f"{offset(state)},{_PER_PAGE}"}
        rows, following = keyset(shop.rows(name, {**changed, **page}), "date_upd", state, size=_PER_PAGE)
        if owner == "id":
            items = list(shop.items(kind, list(map(dict, rows))))
        else:
            ids = {str(row[owner]) for row in rows if str(row.get(owner) or "0") != "0"}
            items = list(shop.items(kind, shop.some(f"{kind}s", "id", ids), versions=_versions(rows, owner)))
        return Part(items, following)

    return Listed(page, late=owner != "id", **how)


LISTS = {
    "customers": _list("customers", "customer"),
    "addresses": _list("addresses", "customer", "id_customer"),
    "orders": _list("orders", "order", quiet=timedelta(0)),
    "order_slips": _list("order_slips", "order", "id_order"),
    "products": _list("products", "product", spare=True),
}
backfill = partial(in_turn, LISTS)


def _versions(rows: Iterable[Mapping[str, Any]], owner: str) -> dict[str, str]:
    return {str(row.get(owner)): f":{row.get('id')}:{row.get('date_upd')}" for row in rows}


def _local(at: datetime, settings: PrestaShopSettings) -> str:
    """A moment as the shop's clock shows it; an hour less where the clock is put back and shows that hour twice."""
    zone = ZoneInfo(settings.time_zone)
    here, later = at.astimezone(zone), (at.astimezone(UTC) + timedelta(hours=1)).astimezone(zone)
    back = max(timedelta(0), (here.utcoffset() or timedelta(0)) - (later.utcoffset() or timedelta(0)))
    return (here.replace(tzinfo=None) - back).strftime("%Y-%m-%d %H:%M:%S")


_TABLES: WeakKeyDictionary[HttpClient, dict[str, dict[str, Mapping[str, Any]]]] = WeakKeyDictionary()
"""Short tables are read once for each run, which has a client of its own."""


class _Shop:
    """The webservice of one shop, and the short tables that ids in its rows point to."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._tables = _TABLES.setdefault(client, {})

    def rows(self, resource: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """The rows of one list; an empty one is ``[]`` instead of an object (PrestaShop/PrestaShop#10172)."""
        asked = {"output_format": "JSON", "display": _DISPLAY.get(resource, "full"), **query}
        answer = json_of(self._client.get(f"api/{resource}", asked))
        found = answer.get(resource) if isinstance(answer, dict) else None
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

    def some(self, resource: str, field: str, ids: Iterable[str]) -> list[dict[str, Any]]:
        """The rows whose field has one of these values."""
        wanted = sorted({one for one in ids if one and one != "0"}, key=lambda one: (len(one), one))
        return self.rows(resource, {f"filter[{field}]": f"[{'|'.join(wanted)}]"}) if wanted else []

    def table(self, resource: str, display: str) -> dict[str, Mapping[str, Any]]:
        """A short table by id, asked for once."""
        if resource not in self._tables:
            found = self.rows(resource, {"display": display})
            self._tables[resource] = {str(row.get("id")): row for row in found}
        return self._tables[resource]

    def items(
        self, kind: str, rows: Sequence[dict[str, Any]], *, versions: Mapping[str, str] | None = None
    ) -> Iterator[BackfillItem]:
        """The rows with what belongs to them."""
        if not rows:
            return
        bodies = {"customer": self._customers, "order": self._orders, "product": self._products}[kind](rows)
        for row, body in zip(rows, bodies, strict=True):
            version = (versions or {}).get(str(row.get("id")), "")
            event_id = f"backfill:{kind}:{row.get('id')}:{row.get('date_upd')}{version}"
            yield BackfillItem(event_id, kind, orjson.dumps(body))

    def _customers(self, rows: Sequence[dict[str, Any]]) -> Iterator[Mapping[str, Any]]:
        addresses = self._addresses(self.some("addresses", "id_customer", (str(row.get("id")) for row in rows)))
        for row in rows:
            own = [one for one in addresses if str(one.get("id_customer")) == str(row.get("id"))]
            yield {"customer": self._spoken(row), "addresses": own}

    def _orders(self, rows: Sequence[dict[str, Any]]) -> Iterator[Mapping[str, Any]]:
        ids = [str(row.get("id")) for row in rows]
        people = {str(one["id"]): one for one in self.some("customers", "id", _values(rows, "id_customer"))}
        places = self._addresses(
            self.some("addresses", "id", (*_values(rows, "id_address_invoice"), *_values(rows, "id_address_delivery")))
        )
        slips = self.some("order_slips", "id_order", ids)
        states = self.table("order_states", "full")
        currencies = self.table("currencies", "[id,iso_code]")
        for row in rows:
            row.pop("secure_key", None)
            person = people.get(str(row.get("id_customer")))
            used = {str(row.get("id_address_invoice")), str(row.get("id_address_delivery"))}
            yield {
                "order": row,
                "currency": currencies.get(str(row.get("id_currency")), {}).get("iso_code"),
                "state": states.get(str(row.get("current_state"))),
                "customer": self._spoken(person) if person else None,
                "addresses": [one for one in places if str(one.get("id")) in used],
                "slips": [slip for slip in slips if str(slip.get("id_order")) == str(row.get("id"))],
            }

    def _products(self, rows: Sequence[dict[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Prices are in the shop's own currency, which is told only where there is but one."""
        categories = {
            str(one["id"]): one for one in self.some("categories", "id", _values(rows, "id_category_default"))
        }
        forms = self.some("combinations", "id_product", (str(row.get("id")) for row in rows))
        currencies = list(self.table("currencies", "[id,iso_code]").values())
        for row in rows:
            yield {
                "product": row,
                "category": categories.get(str(row.get("id_category_default"))),
                "combinations": [one for one in forms if str(one.get("id_product")) == str(row.get("id"))],
                "currency": currencies[0].get("iso_code") if len(currencies) == 1 else None,
            }

    def _addresses(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        if not rows:
            return []
        countries, states = self.table("countries", "[id,iso_code]"), self.table("states", "[id,name]")
        return [
            {
                **row,
                "country_iso": countries.get(str(row.get("id_country")), {}).get("iso_code"),
                "state_name": states.get(str(row.get("id_state")), {}).get("name"),
            }
            for row in rows
        ]

    def _spoken(self, row: dict[str, Any]) -> dict[str, Any]:
        languages = self.table("languages", "[id,iso_code]")
        return {**row, "language_iso": languages.get(str(row.get("id_lang")), {}).get("iso_code")}


def _values(rows: Iterable[Mapping[str, Any]], field: str) -> tuple[str, ...]:
    return tuple(str(row.get(field) or "0") for row in rows)


def deleted(client: HttpClient, settings: PrestaShopSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """Orders that the shop has no more."""
    wanted = f"[{'|'.join(ids)}]"
    present = {str(row.get("id")) for row in _Shop(client).rows("orders", {"display": "[id]", "filter[id]": wanted})}
    for one in ids:
        if one not in present:
            yield BackfillItem(f"deleted:order:{one}", "order.deleted", orjson.dumps({"id": one}))


def authorise(settings: PrestaShopSettings) -> Mapping[str, str]:
    return basic(settings.key.get_secret_value())


RESOURCES = (*LISTS, "order_states", "currencies", "countries", "states", "languages")


def check(client: HttpClient, settings: PrestaShopSettings) -> Checked:
    """Read one row of every resource that is needed."""
    found = Checked()
    for resource in RESOURCES:
        query = {"output_format": "JSON", "display": "[id]", "limit": "1"}
        ask = found.may_read if resource in LISTS and LISTS[resource].spare else found.reads
        ask(resource, partial(client.get, f"api/{resource}", query))
    return found


SOURCE = Source(parse=parse, backfill=backfill, lists=LISTS, deleted=deleted, authorise=authorise, check=check)
