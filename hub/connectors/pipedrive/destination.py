"""Writes profiles as persons and orders as deals, one by one, by the algorithm of ``hub.sdk.crm``.

Pipedrive has no upsert, no batch and nothing unique: a person is looked for, then created or updated. Its search lags
behind what was written, so the newest records are listed beside it. An update replaces the lists of e-mails and phone
numbers, so what stands there is read first, and kept.

Sources: developers.pipedrive.com/docs/api/v1/Persons, …/Deals, …/Organizations (API v2: search, list by ``ids``, POST,
PATCH, DELETE), pipedrive.readme.io/docs/merging-two-persons (the data of ``merge_with_id`` is kept, the person in the
path is removed), support.pipedrive.com/article/campaigns-marketing-contacts (what a marketing status hangs on).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Literal

import httpx

from hub.connectors.pipedrive import schemas
from hub.connectors.pipedrive.activities_tasks import HISTORY
from hub.connectors.pipedrive.manifest import API_ROOT, SIZE, PipedriveSettings
from hub.connectors.pipedrive.mapping import LISTS, MAP
from hub.connectors.pipedrive.schemas import Kind, Listed
from hub.connectors.pipedrive.schemas_account import check, fields, learn, prepare
from hub.connectors.pipedrive.schemas_fields import MARKETING_STATUS, ORDER_KEY, PROFILE_ID
from hub.errors import AuthError, NotFound
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Orders, People, Problem, Script, destination
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.crm.rendering import LOST, MAIN
from hub.sdk.crm.standing import Values, named
from hub.sdk.destination import HttpRequest
from hub.sdk.manifest import Limits

OWN = frozenset({"name", *LISTS, *LISTS.values(), "org_id", MARKETING_STATUS})
DEAL_NUMBERS = frozenset({"value", "person_id", "stage_id"})
DEAL_OWN = ("title", "value", "currency", "status", "person_id", "stage_id")
NEWEST = {"sort_by": "add_time", "sort_direction": "desc", "limit": "100"}
SAME_END = 8
"""Two phone numbers with as many last digits in common are one, however people spelled it."""


def search(kind: str, term: str, fields: str) -> HttpRequest:
    """Search for exactly this text."""
    query = {"term": term, "fields": fields, "exact_match": "true", "limit": "100"}
    return HttpRequest("GET", f"/api/v2/{kind}/search", None, query=query)


def listed(kind: Kind, query: dict[str, str], settings: PipedriveSettings) -> HttpRequest:
    """List records with Hub's own id, and no other field of the account's."""
    own = schemas.field_of(schemas.OWN[kind], kind, settings)
    return HttpRequest("GET", f"/api/v2/{kind}", None, query={**query, **({"custom_fields": own.key} if own else {})})


def find(keys: Sequence[Key], settings: PipedriveSettings) -> Iterator[Call[Sequence[Found]]]:
    """The persons that have any of these ids of ours or e-mails; the search tells no more than their ids."""
    for name, value in keys:
        request = search("persons", value, "email" if name == EMAIL else "custom_fields")
        yield Call(request, lambda response: [Found(str(hit.id), bare=True) for hit in schemas.read(response)])
    yield Call(
        listed("persons", NEWEST, settings),
        lambda response: schemas.found(schemas.read(response), "persons", settings),
    )


def read(ids: Sequence[str], settings: PipedriveSettings) -> Iterator[Call[Sequence[Found]]]:
    """The persons behind these ids. Pipedrive does not tell what a merged or deleted one became."""
    for chunk in chunks(ids, SIZE):
        request = listed("persons", {"ids": ",".join(chunk), "limit": "100"}, settings)
        yield Call(request, lambda response: schemas.found(schemas.read(response), "persons", settings))


def by_ids(kind: str, ids: Sequence[str]) -> HttpRequest:
    """All of these records."""
    return HttpRequest("GET", f"/api/v2/{kind}", None, query={"ids": ",".join(ids), "limit": "100"})


def values(kind: Kind) -> Any:
    """What stands in these fields of persons or deals; the company is its organization's name."""

    def script(ids: Sequence[str], names: Sequence[str], settings: PipedriveSettings) -> Script[Values]:
        found: dict[str, dict[str, Any]] = {}
        for chunk in chunks(ids, SIZE):
            rows = schemas.rows((yield by_ids(kind, chunk)))
            employers = sorted({str(row["org_id"]) for row in rows if row.get("org_id") and "company" in names})
            listed = schemas.rows((yield by_ids("organizations", employers))) if employers else ()
            company = {one["id"]: one.get("name") for one in listed}
            for row in rows:
                told = {name: schemas.told(row, name, settings, kind) for name in names}
                found[str(row["id"])] = told | {"company": company.get(row.get("org_id"))}
        return found

    return script


def form(name: str, value: Any, settings: PipedriveSettings, kind: Kind = "persons") -> Any:
    """A value as Pipedrive gives it back: of an option its number."""
    field = schemas.field_of(name, kind, settings)
    held = schemas.form(str(value), field) if field else value
    return held["value"] if isinstance(held, dict) else held


def person(item: Item, settings: PipedriveSettings) -> dict[str, Any]:
    """The body of a person's request. A new person needs a name; one that is there keeps it."""
    properties = item.properties
    body = schemas.customs({n: v for n, v in properties.items() if n not in OWN}, "persons", settings)
    for plural, main in LISTS.items():
        if {plural, main} & properties.keys():
            body[plural] = completed(item, plural, main)
    if "org_id" in properties:
        body["org_id"] = schemas.number(properties["org_id"]) if properties["org_id"] else None
    if properties.get(MARKETING_STATUS) and schemas.field_of(MARKETING_STATUS, "persons", settings):
        body[MARKETING_STATUS] = properties[MARKETING_STATUS]
    name = properties.get("name") or ("" if item.id else properties.get(EMAIL) or properties.get("phone") or "?")
    return {"name": name, **body} if name else body


def completed(item: Item, plural: str, main: str) -> list[dict[str, Any]]:
    """A list with what people have there, less what is this person's no more, and what the profile has beside it.

    The main one stays where people put it: Pipedrive's own subscriptions hang on it. Where it is one of the profile's,
    and the profile has another first one now, that is the main one.
    """
    mirror = item.write.mirror
    lost = {_plain(one) for one in item.write.body.get(LOST, ())}
    wanted = str(mirror.get(plural) or mirror.get(main) or "").split(";")
    there: list[Listed] = item.there.values[plural] if item.there else []
    kept = [one for one in there if one.value and _plain(one.value) not in lost]
    held = {_plain(one.value or "") for one in kept}
    listed = [*kept, *(Listed(value=one) for one in wanted if one and _plain(one) not in held)]
    main_there = next((_plain(one.value or "") for one in kept if one.primary), "")
    if plural in item.write.body.get(MAIN, ()) and main_there in [_plain(one) for one in wanted if one]:
        first = _plain(wanted[0])
        listed = [one.model_copy(update={"primary": _plain(one.value or "") == first}) for one in listed]
    return entries(listed)


def entries(listed: Sequence[Listed]) -> list[dict[str, Any]]:
    """A list as it is sent; the first is the main one where none is."""
    main = next((one for one in listed if one.primary), listed[0] if listed else None)
    return [
        {"value": one.value, "primary": one is main, **({"label": one.label} if one.label else {})} for one in listed
    ]


def deal(item: Item, settings: PipedriveSettings) -> dict[str, Any]:
    """The body of a deal's request. What is Pipedrive's own is never cleared."""
    own = {name: item.properties[name] for name in DEAL_OWN if item.properties.get(name)}
    if own.get("status") == "won" and (won := item.write.mirror.get("won_time")):
        own["won_time"] = won
    rest = {name: text for name, text in item.properties.items() if name not in (*DEAL_OWN, "won_time")}
    typed = {name: schemas.number(text) if name in DEAL_NUMBERS else text for name, text in own.items()}
    return {**typed, **schemas.customs(rest, "deals", settings)}


def writing(kind: Kind, method: Literal["POST", "PATCH"]) -> Batch[PipedriveSettings]:
    """A call that writes one person or deal."""
    body = person if kind == "persons" else deal

    def call(items: Sequence[Item], settings: PipedriveSettings) -> Call[Answers]:
        [item] = items
        path = f"/api/v2/{kind}/{item.id}" if method == "PATCH" else f"/api/v2/{kind}"
        request = HttpRequest(method, path, body(item, settings), accept=schemas.READ_HERE)
        return Call(request, lambda response: answers(schemas.answered(response, item, kind, settings), response, item))

    return Batch(1, call)


def answers(told: Answers, response: httpx.Response, item: Item) -> Answers:
    """What became of a record; an opt-out that Pipedrive did not take is tried again, and seen (law L7)."""
    refused = item.properties.get(MARKETING_STATUS) and response.is_success
    if refused and schemas.made(response).marketing_status == "subscribed":
        return {item.write.key: Problem("the person stays subscribed in Pipedrive's Campaigns")}
    return told


def merge(primary: str, other: str, _: PipedriveSettings) -> Script[str]:
    """Merge ``other`` into ``primary``: the data of ``merge_with_id`` wins, and the person in the path is gone."""
    body = {"merge_with_id": schemas.number(primary)}
    return str(schemas.made((yield HttpRequest("PUT", f"/v1/persons/{other}/merge", body))).id)


def erase(record: str, _: PipedriveSettings) -> Script[None]:
    """Delete a person; Pipedrive's users can restore it for 30 days."""
    schemas.made((yield HttpRequest("DELETE", f"/api/v2/persons/{record}", None)))


def find_deals(keys: Sequence[Key], settings: PipedriveSettings) -> Iterator[Call[Sequence[Found]]]:
    """The deals that carry any of these keys of ours: whatever is found exactly under one has it."""
    for _, value in keys:
        yield Call(search("deals", value, "custom_fields"), partial(_owned, value))
    request = listed("deals", NEWEST, settings)
    yield Call(request, lambda response: schemas.found(schemas.read(response), "deals", settings))


def find_organizations(names: Sequence[str], _: PipedriveSettings) -> Iterator[Call[Sequence[Found]]]:
    """The organizations of these names, spelled alike but for capitals."""

    def found(response: httpx.Response) -> Sequence[Found]:
        return named("company", ((record.id, record.name) for record in schemas.read(response)))

    requests = [search("organizations", name, "name") for name in names]
    newest = HttpRequest("GET", "/api/v2/organizations", None, query=NEWEST)
    return (Call(request, found) for request in (*requests, newest))


def create_organization(name: str, _: PipedriveSettings) -> Call[str]:
    """Make an organization."""
    request = HttpRequest("POST", "/api/v2/organizations", {"name": name})
    return Call(request, lambda response: str(schemas.made(response).id))


def _owned(key: str, response: httpx.Response) -> Sequence[Found]:
    return [Found(str(record.id), key) for record in schemas.read(response)]


def _plain(value: str) -> str:
    """An e-mail or phone number as it is compared."""
    return value.strip().lower() if "@" in value else re.sub(r"\D", "", value)[-SAME_END:]


DIALECT: Dialect[PipedriveSettings] = Dialect(
    people=People(
        own=PROFILE_ID,
        find=find,
        read=read,
        values=values("persons"),
        form=form,
        create=writing("persons", "POST"),
        update=writing("persons", "PATCH"),
        lists=frozenset({*LISTS, *LISTS.values()}),
        opt_outs=MAP.subjects(),
        merge=merge,
        erase=erase,
    ),
    orders=Orders(
        own=ORDER_KEY,
        create=writing("deals", "POST"),
        update=writing("deals", "PATCH"),
        find=find_deals,
        link_property="person_id",
        values=values("deals"),
        form=partial(form, kind="deals"),
    ),
    companies=Companies(name="company", id="org_id", find=find_organizations, create=create_organization),
    activities=HISTORY,
)


DESTINATION = destination(
    DIALECT,
    MAP,
    learn=(learn,),
    prepare=prepare,
    authorise=lambda settings: {"x-api-token": settings.api_token.get_secret_value()} if settings.api_token else {},
    api_root=lambda settings: settings.base_url or API_ROOT,
    check=check,
    fields=fields,
    waits=schemas.waits,
    status_table={402: AuthError, 410: NotFound},
    limits=lambda settings: Limits(batch=SIZE, calls=settings.calls_per_2_seconds, per_seconds=2.0),
)
