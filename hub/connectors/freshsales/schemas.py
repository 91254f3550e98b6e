"""What Freshsales is asked, and what it answers, as far as Hub uses it.

Sources: developers.freshworks.com/crm/api (resources, ``custom_field``, ``filtered_search``); the shapes of contacts,
deals and e-mails in github.com/gomodules/freshsales-client-go/blob/master/types.go (``emails`` with ``id``, ``value``,
``is_primary`` and ``_destroy``) and github.com/Lori-Systems/tap_freshsales (tests/mock_data; ``Retry-After``); from a
public integration's log a refusal, ``{"errors": {"code": 400, "message": ["Name has already been taken"]}}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx

from hub.connectors.freshsales.mapping import ACCOUNT, COMPANY
from hub.connectors.freshsales.schemas_fields import EMAIL_OPT_OUT, FIELDS, NUMBER, ORDER_KEY, PROFILE_ID
from hub.errors import Unavailable
from hub.sdk.crm import Call, Found, Item, Made, Problem
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL
from hub.sdk.crm.rendering import LOST
from hub.sdk.destination import HttpRequest
from hub.sdk.http import json_of
from hub.sdk.words import words_of

API = "/api"
SOUGHT = 50
REFUSED = frozenset({400, 404, 422})
NUMBERS = {name for named in FIELDS.values() for name, kind in named.items() if kind == NUMBER} | {"amount"}
Record = Mapping[str, Any]


def record(response: httpx.Response, kind: str) -> Record:
    """The record of an answer. Raises Unavailable (uncertain) where it has none."""
    body = json_of(response)
    found = body.get(kind) if isinstance(body, dict) else None
    if not isinstance(found, dict) or not found.get("id"):
        raise Unavailable(f"Freshsales' answer names no {kind}", uncertain=response.request.method != "GET")
    return found


def records(response: httpx.Response, kind: str) -> list[Record]:
    """The records of a list. Raises Unavailable where it is none."""
    body = json_of(response)
    found = body.get(f"{kind}s") if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise Unavailable(f"Freshsales' answer has no {kind}s")
    return [one for one in found if isinstance(one, dict) and one.get("id")]


def search(kind: str, attribute: str, values: Iterable[str]) -> Iterable[HttpRequest]:
    """Ask for the records of which an attribute is one of these."""
    for several in chunks(values, SOUGHT):
        rule = {"attribute": attribute, "operator": "is_in", "value": several}
        yield HttpRequest("POST", f"{API}/filtered_search/{kind}", {"filter_rule": [rule], "page": 1, "per_page": 100})


def contact(one: str) -> HttpRequest:
    """Read one contact, with its accounts; 404 is read by whoever asked."""
    query = {"include": "sales_accounts"}
    return HttpRequest("GET", f"{API}/contacts/{one}", None, query, accept=frozenset({404}))


def person(response: httpx.Response) -> Sequence[Found]:
    """The contact of an answer; none where it is gone."""
    if response.status_code == 404:
        return ()
    held = record(response, "contact")
    if held.get("is_deleted"):
        return ()
    emails = frozenset((EMAIL, str(row.get("value")).lower()) for row in rows(held, "emails"))
    return (Found(str(held["id"]), (held.get("custom_field") or {}).get(PROFILE_ID) or None, emails, values=held),)


def rows(held: Record, name: str) -> list[Record]:
    """A contact's e-mails or accounts."""
    return [one for one in held.get(name) or () if isinstance(one, dict)]


def flat(held: Record) -> dict[str, Any]:
    """A record's values by the names that a write has for them; the company is its main account's name."""
    main = [one.get("name") for one in rows(held, "sales_accounts") if one.get("is_primary")]
    return {**held, **(held.get("custom_field") or {}), COMPANY: next(iter(main), None)}


def body(item: Item, own: str) -> dict[str, Any]:
    """A record as Freshsales takes it; null clears a field, and an opt-out is never taken back."""
    told = {own: item.write.key, **item.properties}
    custom = {name: form(name, value) for name, value in told.items() if name.startswith("cf_")}
    if not custom.get(EMAIL_OPT_OUT):
        custom.pop(EMAIL_OPT_OUT, None)
    fields = {name: form(name, value) for name, value in told.items() if not name.startswith("cf_")}
    there = item.there.values if item.there else {}
    if "email" in fields:
        fields["emails"] = emails(item, fields.pop("email"))
    if ACCOUNT in fields:
        main = fields.pop(ACCOUNT)
        others = [{"id": one["id"], "is_primary": not main} for one in rows(there, "sales_accounts")]
        listed = [{"id": main, "is_primary": True}] if main else []
        fields["sales_accounts"] = [*listed, *(one for one in others[:9] if str(one["id"]) != str(main))]
    if own == PROFILE_ID and item.id is None:  # the last name is required
        fields.setdefault("last_name", item.properties.get("email") or "?")
    return {**fields, "custom_field": custom}


def emails(item: Item, main: str | None) -> list[dict[str, Any]]:
    """All e-mails of a contact: people's stay, what is this person's no more goes, and Hub's main one is the first.

    It takes the place of the main one that stands there, where that is another of this person's.
    """
    there = rows(item.there.values, "emails") if item.there else []
    own, lost = (main or "").lower(), {one.lower() for one in item.write.body.get(LOST, ())}
    theirs = {value.lower() for name, value in item.write.match if name == EMAIL}
    told: list[dict[str, Any]] = []
    for row in there:
        value = str(row.get("value")).lower()
        gone = value != own and (value in lost or (value in theirs and row.get("is_primary")))
        told.append({"id": row.get("id"), "value": row.get("value"), **_standing(gone, value == own)})
    known = any(str(row["value"]).lower() == own for row in told)
    return [*told, *([{"value": main, "is_primary": True}] if main and not known else [])]


def _standing(gone: object, main: object) -> dict[str, bool]:
    return {"_destroy": True} if gone else {"is_primary": bool(main)}


def form(name: str, value: Any, _: Any = None) -> Any:
    """A value in Freshsales' own form."""
    if value == "":
        return None
    if name == EMAIL_OPT_OUT:
        return True
    try:
        return float(value) if name in NUMBERS else int(value) if name == "deal_stage_id" else value
    except ValueError:
        return value  # a mapping file's: Freshsales refuses it


def answered(response: httpx.Response, kind: str, item: Item) -> Made | Problem:
    """What became of one record."""
    if response.is_success:
        return Made(str(record(response, kind)["id"]), item.id is None)
    words = words_of(response)
    if response.status_code == 404:
        return Problem(words, "gone")
    return Problem(words, "conflict" if "already" in words.lower() and kind != "deal" else "refused")


def deals(key: str) -> Call[Sequence[Found]]:
    """The deals that have this key of ours."""
    [asked] = search("deal", ORDER_KEY, [key])
    return Call(asked, lambda response: [Found(str(one["id"]), key) for one in records(response, "deal")])
