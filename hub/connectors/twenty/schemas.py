"""What Twenty's APIs are asked, and what they answer, as far as Hub uses them.

Sources: github.com/twentyhq/twenty packages/twenty-server/src/engine/api: common-create-many-query-runner.service.ts
and its get-conflicting-fields.util.ts (``upsert`` compares the id and every unique field, those of deleted records too,
and brings them back; its answer is in no order), transform-phones-value.util.ts (further phones that are not given are
cleared), transform-emails-value.util.ts, workspace-query-runner-rest-api-exception-handler.util.ts (400, 404, 429),
direct-execution (a GraphQL query names a resolver once); twentyhq/twenty#26216 (words of a duplicate).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import httpx

from hub.connectors.twenty.manifest import SIZE, TwentySettings
from hub.connectors.twenty.mapping import AMOUNT
from hub.connectors.twenty.schemas_fields import EMAIL_OPT_OUT, FIELDS, PHONE, PROFILE_ID
from hub.errors import AuthError, ConflictError, HubError, RateLimited, RejectedError, Unavailable
from hub.sdk.crm import Call, Found, Item, Made
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL as BY_EMAIL
from hub.sdk.crm.dialect import Answers, Key
from hub.sdk.crm.rendering import LOST
from hub.sdk.destination import HttpRequest
from hub.sdk.http import json_of

NUMBERS = frozenset(name for named in FIELDS.values() for name, kind in named.items() if kind == "NUMBER")
MICROS = 1_000_000
BUSY_SECONDS = 60.0
_CONFLICT = re.compile(r"duplicate entry|unique constraint|Multiple records found|already exists", re.IGNORECASE)
_COMPOSITES = {
    "EMAILS": ("primaryEmail",),
    "PHONES": ("primaryPhoneNumber",),
    "FULL_NAME": ("firstName", "lastName"),
    "CURRENCY": ("amountMicros", "currencyCode"),
}
PERSON = f"id {PROFILE_ID} emails {{ primaryEmail additionalEmails }} phones {{ additionalPhones }}"


def rest(method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> HttpRequest:
    """A request to the REST API; 400 is read here, because it may mean that a unique value is taken."""
    return HttpRequest(method, f"/rest{path}", body, query=query or {}, accept=frozenset({400}))


def answer(response: httpx.Response) -> Mapping[str, Any]:
    """The data of a REST answer. Raises ConflictError or RejectedError for a 400."""
    body = json_of(response)
    if response.status_code == 400:
        told = body.get("messages", ()) if isinstance(body, dict) else ()
        words = "; ".join(map(str, told)) or "the request is not valid"
        raise ConflictError(words) if _CONFLICT.search(words) else RejectedError(f"Twenty refused: {words}")
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise Unavailable("Twenty's answer cannot be read", uncertain=True)
    return data


def only(response: httpx.Response) -> Any:
    """What an answer holds under its one name, which differs from version to version."""
    return next(iter(answer(response).values()), None)


def made(response: httpx.Response) -> str:
    """The id of one record. Raises Unavailable (uncertain) where there is none."""
    record = only(response)
    if not isinstance(record, dict) or not record.get("id"):
        raise Unavailable("Twenty's answer names no record", uncertain=True)
    return str(record["id"])


def upsert(plural: str, own: str, items: Sequence[Item], settings: TwentySettings) -> Call[Answers]:
    """Up to 60 records, all or none, each by its id or by Hub's key of it."""
    body = [{**fields_of(item), **({"id": item.id} if item.id else {own: item.write.key})} for item in items]

    def read(response: httpx.Response) -> Answers:
        records = [one for one in only(response) or () if isinstance(one, dict) and one.get("id")]
        by_name = {str(one.get(name)): str(one["id"]) for one in records for name in ("id", own)}
        asked = ((item.write.key, by_name.get(item.id or item.write.key)) for item in items)
        return {key: Made(record) for key, record in asked if record}

    return Call(rest("POST", f"/batch/{plural}", body, {"upsert": "true"}), read)


def fields_of(item: Item) -> dict[str, Any]:
    """A record's fields in Twenty's own forms; cleared ones are null. An opt-out is never taken back."""
    found: dict[str, Any] = {}
    for name, value in item.properties.items():
        if name == EMAIL_OPT_OUT and not value:
            continue
        outer, _, part = name.partition(".")
        if part:
            found.setdefault(outer, {})[part] = form(name, value)
        else:
            found[outer] = form(name, value)
    there = item.there.values if item.there else {}
    if PHONE in item.properties:
        emptied = {} if item.properties[PHONE] else {"primaryPhoneCallingCode": "", "primaryPhoneCountryCode": ""}
        found["phones"] |= {"additionalPhones": there.get("additionalPhones") or None, **emptied}
    more = [one for one in there.get("additionalEmails") or () if str(one).lower() not in item.write.body.get(LOST, ())]
    if more != list(there.get("additionalEmails") or ()):
        main = {"primaryEmail": there.get("primaryEmail")}
        found["emails"] = {**main, **found.get("emails", {}), "additionalEmails": more}
    return found


def form(name: str, value: Any, _: TwentySettings | None = None) -> Any:
    """A value in Twenty's own form."""
    if value == "":
        return "" if "." in name and name != AMOUNT else None
    if name == EMAIL_OPT_OUT:
        return True
    try:
        if name == AMOUNT:
            return int(Decimal(value) * MICROS)
        return float(value) if name in NUMBERS else value
    except (InvalidOperation, ValueError):
        return value  # a mapping file put a text there: Twenty says so in its own words


def asked(plural: str, kind: str, fields: str, conditions: Sequence[Mapping[str, Any]]) -> HttpRequest:
    """A GraphQL query for the records that meet any of these: no e-mail stands in a URL (law L11)."""
    text = f"query Hub($filter: {kind}FilterInput, $first: Int) {{ {plural}(filter: $filter, first: $first, "
    text += f"orderBy: [{{createdAt: AscNullsLast}}]) {{ edges {{ node {{ {fields} }} }} }} }}"
    return HttpRequest(
        "POST", "/graphql", {"query": text, "variables": {"filter": {"or": [*conditions]}, "first": SIZE}}
    )


def nodes(response: httpx.Response) -> list[dict[str, Any]]:
    """The records of a GraphQL answer, whose errors come with 200."""
    data = graphql(response)
    try:
        found = [edge["node"] for several in data.values() for edge in several["edges"]]
        return [one for one in found if one["id"]]
    except (AttributeError, KeyError, TypeError):
        raise Unavailable("Twenty's answer cannot be read", uncertain=True) from None


def graphql(response: httpx.Response) -> Any:
    """The data of a GraphQL answer. Raises the error tree for the first error in it."""
    body = json_of(response)
    for error in (body.get("errors") or ()) if isinstance(body, dict) else ():
        raise _error(error)
    return body.get("data") if isinstance(body, dict) else None


def _error(error: Any) -> HubError:
    told = error if isinstance(error, dict) else {}
    code, words = str((told.get("extensions") or {}).get("code") or ""), str(told.get("message") or "")
    if code in ("UNAUTHENTICATED", "FORBIDDEN"):
        return AuthError(f"Twenty answered {code}")
    if words.startswith("Limit reached"):
        return RateLimited("Twenty answered: Limit reached", retry_after=BUSY_SECONDS)
    # the words of a refused query may repeat it, e-mails and all
    bad = code in ("BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "NOT_FOUND")
    return RejectedError(f"Twenty refused: {code}") if bad else Unavailable(f"Twenty answered {code or 'an error'}")


def people_by(keys: Sequence[Key]) -> Iterator[HttpRequest]:
    """Ask for the people with any of these keys, of which at most 60 are answered."""
    for several in chunks(keys, SIZE // 2):
        ids = [value for name, value in several if name == PROFILE_ID]
        emails = [value for name, value in several if name == BY_EMAIL]
        conditions: list[Mapping[str, Any]] = [{PROFILE_ID: {"in": ids}}] if ids else []
        conditions += [{"emails": {"primaryEmail": {"in": emails}}}] if emails else []
        yield asked("people", "Person", PERSON, conditions)


def by_ids(plural: str, kind: str, fields: str, ids: Iterable[str], name: str = "id") -> Iterator[HttpRequest]:
    """Ask for the records with these ids, or other values of one field."""
    return (asked(plural, kind, fields, [{name: {"in": several}}]) for several in chunks(ids, SIZE))


def people(response: httpx.Response) -> Sequence[Found]:
    """The people of an answer, each with what an update has to give again."""
    return [_person(node) for node in nodes(response)]


def _person(node: Mapping[str, Any]) -> Found:
    emails = node.get("emails") or {}
    main, more = emails.get("primaryEmail"), emails.get("additionalEmails") or ()
    keys = frozenset((BY_EMAIL, str(one).lower()) for one in (main, *more) if one)
    held = {**emails, "additionalPhones": (node.get("phones") or {}).get("additionalPhones")}
    return Found(str(node["id"]), node.get(PROFILE_ID) or None, keys, values=held)


def owned(name: str) -> Callable[[httpx.Response], Sequence[Found]]:
    """Reads records by Hub's own key in ``name``."""
    return lambda response: [Found(str(node["id"]), node.get(name) or None) for node in nodes(response)]


def selection(names: Iterable[str]) -> str:
    """What a query selects for these fields."""
    fields: dict[str, list[str]] = {}
    for name in names:
        outer, _, part = name.partition(".")
        fields.setdefault(outer, []).extend([part] if part else [])
    if PHONE in names:
        fields["phones"].append("primaryPhoneCallingCode")
    return " ".join(f"{outer} {{ {' '.join(parts)} }}" if parts else outer for outer, parts in fields.items())


def flat(node: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """A record's values by the names that a write has for them."""
    found: dict[str, Any] = {}
    for name in names:
        outer, _, part = name.partition(".")
        held = node.get(outer)
        parts = held if isinstance(held, Mapping) else {}
        found[name] = parts.get(part) if part else held
        if name == PHONE and found[name]:
            found[name] = f"{parts.get('primaryPhoneCallingCode') or ''}{found[name]}"
    return found


def names_of(field: Mapping[str, Any]) -> list[str]:
    """What a field is called in a write: the parts of a composite one have names of their own."""
    name, parts = str(field.get("name")), _COMPOSITES.get(str(field.get("type")), ())
    return [f"{name}.{part}" for part in parts] or [name]
