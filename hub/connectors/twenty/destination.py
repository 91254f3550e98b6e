"""Writes profiles as people and orders as opportunities, 60 in a call, by the algorithm of ``hub.sdk.crm``.

Twenty updates many records in one call by an upsert alone, which brings back what people deleted or merged away
(twentyhq/twenty#26110): Hub asks before which are there. A deleted record keeps its unique values (#24227, #26216), so
that a person is made by an upsert too, which takes the deleted record up again; whoever is there is looked for first.

Sources: see ``schemas``, and github.com/twentyhq/twenty packages/twenty-server/src/engine/api/rest/core/
controllers/rest-api-core.controller.ts (``PATCH …/merge``), …/handlers/rest-api-merge-many.handler.ts,
common-merge-many-query-runner.service.ts (relations move, the others are deleted, what the first lacks it gets, e-mails
are put together), destroy of one record (for good, a deleted one as well).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from hub.connectors.twenty import schemas, schemas_setup
from hub.connectors.twenty.activities import ACTIVITIES
from hub.connectors.twenty.manifest import API_ROOT, SIZE, TwentySettings
from hub.connectors.twenty.mapping import COMPANY, MAP
from hub.connectors.twenty.schemas import PERSON, answer, by_ids, graphql, nodes, people_by, rest, upsert
from hub.connectors.twenty.schemas_fields import EMAIL, ORDER_KEY, PHONE, PROFILE_ID
from hub.sdk.crm import Batch, Call, Companies, Dialect, Found, Item, Key, Orders, People, Script, destination
from hub.sdk.crm.dialect import Answers
from hub.sdk.crm.standing import Values, named, standing
from hub.sdk.destination import HttpRequest
from hub.sdk.manifest import Limits


def batch(plural: str, own: str, *, revives: bool = False) -> Batch[TwentySettings]:
    """A call that writes people or opportunities."""

    def call(items: Sequence[Item], settings: TwentySettings) -> Call[Answers]:
        return upsert(plural, own, items, settings)

    return Batch(SIZE, call, revives=revives)


def find(keys: Sequence[Key], _: TwentySettings) -> Iterator[Call[Sequence[Found]]]:
    """The people with any of these ids of ours or main e-mails, the oldest first."""
    return (Call(request, schemas.people) for request in people_by(keys))


def read(ids: Sequence[str], _: TwentySettings) -> Iterator[Call[Sequence[Found]]]:
    """The people behind these ids; what was deleted or merged away is left out."""
    return (Call(request, schemas.people) for request in by_ids("people", "Person", PERSON, ids))


def values(plural: str, kind: str) -> Any:
    """What stands in these fields of these records; a company is its name."""

    def asked(ids: Sequence[str], names: Sequence[str], _: TwentySettings) -> Iterator[HttpRequest]:
        company = "company { name }" if COMPANY in names else ""
        fields = f"id {schemas.selection(name for name in names if name != COMPANY)} {company}"
        return by_ids(plural, kind, fields, ids)

    def told(response: httpx.Response, names: Sequence[str]) -> Values:
        found = {str(node["id"]): schemas.flat(node, names) for node in nodes(response)}
        return {one: held | {COMPANY: (held.get(COMPANY) or {}).get("name")} for one, held in found.items()}

    return standing(asked, told)


def merge(kept: str, gone: str, _: TwentySettings) -> Script[str]:
    """Merge two people; what Twenty leaves of the second, deleted, is destroyed: it would keep its e-mail taken."""
    answer((yield rest("PATCH", "/people/merge", {"ids": [kept, gone], "conflictPriorityIndex": 0, "dryRun": False})))
    graphql((yield destroying(gone)))
    return kept


def destroying(record: str) -> HttpRequest:
    """Destroy a person for good."""
    text = "mutation Hub($id: UUID!) { destroyPerson(id: $id) { id } }"
    return HttpRequest("POST", "/graphql", {"query": text, "variables": {"id": record}})


def erase(record: str, _: TwentySettings) -> Script[None]:
    """Destroy a person: a deletion would only hide it."""
    graphql((yield destroying(record)))


def opportunities_of(keys: Sequence[Key], _: TwentySettings) -> Iterator[Call[Sequence[Found]]]:
    """The opportunities with these keys."""
    named = by_ids("opportunities", "Opportunity", f"id {ORDER_KEY}", [key for _, key in keys], ORDER_KEY)
    return (Call(request, schemas.owned(ORDER_KEY)) for request in named)


def companies_of(names: Sequence[str], _: TwentySettings) -> Iterator[Call[Sequence[Found]]]:
    """The companies of these names, the oldest first."""

    def found(response: httpx.Response) -> Sequence[Found]:
        return named(COMPANY, ((one["id"], one.get("name")) for one in nodes(response)))

    return (Call(request, found) for request in by_ids("companies", "Company", "id name", names, "name"))


def company(name: str, _: TwentySettings) -> Call[str]:
    """A new company."""
    return Call(rest("POST", "/companies", {"name": name}), schemas.made)


DIALECT: Dialect[TwentySettings] = Dialect(
    people=People(
        own=PROFILE_ID,
        email=EMAIL,
        unique=frozenset({EMAIL}),
        find=find,
        read=read,
        values=values("people", "Person"),
        form=schemas.form,
        lists=frozenset({EMAIL, PHONE, str(MAP.field("emails"))}),
        opt_outs=MAP.subjects(),
        update=batch("people", PROFILE_ID, revives=True),
        create=batch("people", PROFILE_ID),
        merge=merge,
        erase=erase,
    ),
    orders=Orders(
        own=ORDER_KEY,
        find=opportunities_of,
        update=batch("opportunities", ORDER_KEY, revives=True),
        create=batch("opportunities", ORDER_KEY),
        link_property="pointOfContactId",
        values=values("opportunities", "Opportunity"),
        form=schemas.form,
    ),
    companies=Companies(name=COMPANY, id="companyId", find=companies_of, create=company),
    activities=ACTIVITIES,
)

DESTINATION = destination(
    DIALECT,
    MAP,
    prepare=schemas_setup.prepare,
    authorise=lambda settings: {"authorization": f"Bearer {settings.api_key.get_secret_value()}"},
    api_root=lambda settings: settings.base_url or API_ROOT,
    check=schemas_setup.check,
    fields=schemas_setup.fields,
    limits=lambda settings: Limits(batch=SIZE, calls=settings.calls_per_minute, per_seconds=60.0),
)
