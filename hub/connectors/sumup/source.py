"""SumUp as a source: unsigned notifications that are believed once the API says the same, and history.

In: notifications (https://developer.sumup.com/online-payments/webhooks) to a URL with a secret in it. They only point:
the checkout, its transaction and its customer are fetched. Out: canonical events. Most payments name nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote

import orjson

from hub.connectors.sumup import mapping, schemas
from hub.connectors.sumup.manifest import SumUpSettings
from hub.errors import SkipEvent
from hub.mapping.order import unexplained
from hub.mapping.payload import Reading, read
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, CustomerEvent, Note, OrderEvent
from hub.sdk.checked import Checked
from hub.sdk.completing import fetched
from hub.sdk.http import HttpClient, json_of
from hub.sdk.paginate import walk
from hub.sdk.signatures import UrlSecret
from hub.sdk.source import BackfillItem, BackfillPage, Completion, EventName, InboxEntry, RawDelivery, Source

IN_URL: UrlSecret[SumUpSettings] = UrlSecret("secret", secrets=lambda settings: settings.webhook_secret)
_BARE = "CHECKOUT_STATUS_CHANGED"
_CHECKOUTS = frozenset({_BARE, "checkout.status.updated"})
_READER = "solo.transaction.updated"
_LISTED = "transaction"
_PAGE = "100"


def name_event(delivery: RawDelivery, settings: SumUpSettings) -> EventName:
    """The event's own id. CHECKOUT_STATUS_CHANGED has the checkout's, for every change of it: arrival names it.

    A notification that comes twice (sumup/sumup-ecom-php-sdk#44) is two entries then, and both fetch the same state.
    """
    told = read(schemas.Notification, delivery.body)
    arrival = f":{delivery.received_at.isoformat()}" if told.event_type == _BARE else ""
    return EventName(f"{told.event_type}:{told.id}{arrival}", told.event_type)


def completions(entry: InboxEntry, settings: SumUpSettings) -> Sequence[Completion]:
    """The checkout, then its transaction and customer; of the others the transaction."""
    if entry.topic in _CHECKOUTS:
        body = entry.completions.get("checkout")
        if body is None:
            identifier = _checkout_id(read(schemas.Notification, entry.body))
            return (Completion("checkout", f"/v0.1/checkouts/{quote(identifier, safe='')}"),)
        checkout = read(schemas.Checkout, body) if body else None
        named = _attempt(checkout) if checkout else None
        wanted = [_transaction(settings, id=named)] if named else []
        if checkout and named and checkout.customer_id:
            wanted.append(Completion("customer", f"/v0.1/customers/{quote(checkout.customer_id, safe='')}"))
        return tuple(one for one in wanted if one.name not in entry.completions)
    if entry.topic not in (_READER, _LISTED) or "transaction" in entry.completions:
        return ()
    told = read(schemas.Notification, entry.body).payload
    if told.transaction_id:
        return (_transaction(settings, id=told.transaction_id),)
    client = told.client_transaction_id
    return (_transaction(settings, client_transaction_id=client),) if client else ()


def _checkout_id(told: schemas.Notification) -> str:
    return told.payload.checkout_id or told.id


def _attempt(checkout: schemas.Checkout) -> str | None:
    """The transaction that paid the checkout, else the last that was tried."""
    if checkout.transaction_id:
        return checkout.transaction_id
    tried = sorted(checkout.transactions, key=lambda one: (one.status == "SUCCESSFUL", one.timestamp or ""))
    return tried[-1].id if tried else None


def _transaction(settings: SumUpSettings, **query: str) -> Completion:
    return Completion("transaction", f"/v2.1/merchants/{settings.merchant_code}/transactions", query)


def parse(entry: InboxEntry, settings: SumUpSettings) -> Sequence[CanonicalEvent | Note]:
    """Canonical events of what was fetched. Raises SkipEvent where there is nothing, PayloadError with a path."""
    if entry.topic not in (*_CHECKOUTS, _READER, _LISTED):
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    body = entry.completions.get("checkout")
    checkout = reading.read(schemas.Checkout, body) if body else None
    if entry.topic in _CHECKOUTS and not (checkout and _attempt(checkout)):
        raise SkipEvent("a checkout that SumUp does not know, or nobody has paid yet")
    paid = entry.completions.get("transaction")
    if not paid:
        raise SkipEvent("SumUp knows no such payment, or it was not fetched")
    given = reading.read(schemas.Transaction, paid)
    customer_id = checkout.customer_id if checkout else None
    who = _customer(entry, reading, given, settings) if customer_id else []
    made = mapping.order(given, checkout)
    notes = [*unexplained(made)]
    if mapping.untold_refund(given):
        notes.append(Note(path="transaction_events", reason="given back, and not told how much: all of it is counted"))
    record = mapping.record_key(customer_id) if customer_id else None
    what = OrderEvent(occurred_at=mapping.changed_at(given), order=made, record=record)
    return reading.of([*who, *notes, what])


def _customer(
    entry: InboxEntry, reading: Reading, given: schemas.Transaction, settings: SumUpSettings
) -> list[CanonicalEvent]:
    """The SumUp customer, who tells no time of change: they hold as of the payment."""
    body = entry.completions.get("customer")
    if not body:
        return []
    known = mapping.customer(reading.read(schemas.Customer, body), settings.default_region)
    return [CustomerEvent(occurred_at=instant(given.timestamp, path="timestamp"), customer=known)]


def backfill(
    http: HttpClient, settings: SumUpSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Payments, oldest first; those changed at or after ``since``, refunds among the changes.

    An entry of the history lacks products, tip and the parts of its refunds, so each payment is fetched in full before
    it is read. Pages go on by the id of an event (``oldest_ref``), which newer payments do not shift.
    """
    if cursor and cursor.get("next") is None:
        return
    first = {"order": "ascending", "limit": _PAGE, "types[]": "PAYMENT"}
    if since:
        first["changes_since"] = since.isoformat().replace("+00:00", "Z")
    for items, following in walk(cursor["next"] if cursor else None, partial(_page, http, settings, first)):
        yield BackfillPage([_item(one) for one in items], {"next": following})


def _page(
    http: HttpClient, settings: SumUpSettings, first: Mapping[str, str], cursor: str | None
) -> tuple[Sequence[dict[str, Any]], str | None]:
    """A page, and the query of the next one as SumUp gives it."""
    query = first if cursor is None else dict(parse_qsl(cursor))
    answer = json_of(http.get(f"/v2.1/merchants/{settings.merchant_code}/transactions/history", query))
    items = answer.get("items") or []
    links = (link.get("href") for link in answer.get("links") or () if link.get("rel") == "next")
    return items, next(links, None) if items else None


def _item(found: Mapping[str, Any]) -> BackfillItem:
    """An entry of the history as if SumUp had notified of it; its version is its status and what was given back."""
    identifier = found.get("transaction_id") or found.get("id")
    version = f"{identifier}:{found.get('status')}:{found.get('refunded_amount') or 0}"
    told = {"event_type": _LISTED, "id": version, "payload": {"transaction_id": identifier}, "entry": found}
    return BackfillItem(f"{_LISTED}:{version}", _LISTED, orjson.dumps(told))


def authorise(settings: SumUpSettings) -> Mapping[str, str]:
    return {"authorization": f"Bearer {settings.api_key.get_secret_value()}"}


def check(http: HttpClient, settings: SumUpSettings) -> Checked:
    """Read one payment."""
    http.get(f"/v2.1/merchants/{settings.merchant_code}/transactions/history", {"limit": "1"})
    return Checked(works=["payments can be read"], untested=["webhook_secret: only a real event can tell"])


SOURCE = Source(
    parse=parse,
    verify=IN_URL.verify,
    sign=IN_URL.sign,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=backfill,
    authorise=authorise,
    check=check,
    api_root=lambda settings: "https://api.sumup.com",
)
