"""What the sandbox CRM holds, for people and scripts: a page, and the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from hub.sandbox.records import Reply

Json = dict[str, Any]
CONTACT = (
    "firstname", "lastname", "email", "phone", "city", "hub_order_count", "hub_lifetime_value",
    "customer_stage", "customer_score", "next_product",
)  # fmt: skip
DEAL = ("dealname", "amount", "deal_currency_code", "dealstage", "closedate")
TITLES = {
    "firstname": "first name", "lastname": "last name", "hub_order_count": "orders", "hub_lifetime_value": "value",
    "customer_stage": "stage", "customer_score": "score", "next_product": "next product",
    "dealname": "deal", "deal_currency_code": "currency", "dealstage": "stage", "closedate": "placed at",
}  # fmt: skip

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#1d2733}
table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}th,td{text-align:left;padding:.3rem .8rem .3rem 0}
th{border-bottom:2px solid #1d2733}td{border-bottom:1px solid #dde3ea;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}code{background:#eef2f6;padding:.1rem .3rem}
@media(prefers-color-scheme:dark){body{background:#141a21;color:#dde3ea}td{border-color:#303b47}
th{border-color:#dde3ea}code{background:#243040}}
"""


def look(path: str, contacts: Sequence[Json], deals: Sequence[Json], stats: Json) -> Reply:
    """The answer under ``/sandbox/``: JSON where a kind is named, else the page."""
    match path.removeprefix("/sandbox/"):
        case "contacts":
            return Reply(200, {"results": list(contacts)})
        case "deals":
            return Reply(200, {"results": list(deals)})
        case "stats":
            return Reply(200, stats)
    return Reply(200, headers={"content-type": "text/html;charset=utf-8"}, page=page(contacts, deals, stats))


def page(contacts: Sequence[Json], deals: Sequence[Json], stats: Mapping[str, Any]) -> str:
    """The page: contacts with their deals, newest last. Everything from outside is escaped, and nothing runs."""
    names = {one["id"]: " ".join(filter(None, (one.get("firstname"), one.get("lastname")))) for one in contacts}
    bought: dict[str, list[str]] = {}
    for deal in deals:
        for contact in deal["contacts"]:
            bought.setdefault(contact, []).append(str(deal.get("dealname", deal["id"])))
    people = [{**one, "deals": ", ".join(bought.get(one["id"], ()))} for one in contacts]
    orders = [{**one, "contact": ", ".join(names.get(held) or held for held in one["contacts"])} for one in deals]
    said = f"{len(contacts)} contacts, {len(deals)} deals, {stats['calls']} calls, {stats['unsubscribed']} unsubscribed"
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox CRM</title><style>{_STYLE}</style>"
        f"<h1>Sandbox CRM</h1><p>{escape(said)}. As JSON: <code>/sandbox/contacts</code>, <code>/sandbox/deals</code>, "
        "<code>/sandbox/stats</code>. Load again to see what came since.</p>"
        f"<h2>Contacts</h2>{_table(('id', *CONTACT, 'deals'), people)}"
        f"<h2>Deals</h2>{_table(('id', *DEAL, 'contact'), orders)}</html>"
    )


def _table(columns: Sequence[str], rows: Sequence[Json]) -> str:
    head = "".join(f"<th>{escape(TITLES.get(column, column))}" for column in columns)
    body = "".join(f"<tr>{''.join(_cell(column, row.get(column)) for column in columns)}" for row in rows)
    return f"<table><tr>{head}{body}</table>"


def _cell(column: str, value: Any) -> str:
    numbers = " class=n" if column in ("amount", "hub_order_count", "hub_lifetime_value") else ""
    return f"<td{numbers}>{escape('' if value is None else str(value))}"
