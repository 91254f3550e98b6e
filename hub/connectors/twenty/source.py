"""Twenty's people as a source: signed webhooks that name a person, each fetched, and lists by the time of change.

A list names deleted people too where its filter asks for ``deletedAt``. Twenty deletes what it merges away and says not
into what. Notes and tasks stand at a person through records of their own, whose column has two names.

Sources: github.com/twentyhq/twenty packages/twenty-server/src/engine/core-modules/open-api/utils/
computeWebhooks.utils.ts (headers, HMAC-SHA256 in hex over timestamp, colon and body; ``eventName``, ``record``), …/api/
graphql/graphql-query-runner/graphql-query-parsers (``applyDeletedAtToBuilder``: a filter by ``deletedAt`` shows deleted
records), docs.twenty.com/developers/extend/api (``filter``, ``order_by``, ``depth``, ``starting_after``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import Field

from hub.connectors.twenty import schemas
from hub.connectors.twenty.destination import DESTINATION
from hub.connectors.twenty.manifest import API_ROOT, SIZE, TwentySettings
from hub.connectors.twenty.mapping import COMPANY, MAP
from hub.errors import SkipEvent, VerificationError
from hub.mapping.payload import Reading, TimeText, VendorModel, read
from hub.mapping.time import instant
from hub.model.event import CanonicalEvent, Note
from hub.sdk.completing import fetched
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.listed import NoteKind, listed, named, note_item, person_item
from hub.sdk.crm.reading import begun, columns, contact_event, gone, odd, snapshot, texts
from hub.sdk.http import HttpClient, json_of
from hub.sdk.lists import in_turn
from hub.sdk.signatures import BodyHmac, require_fresh
from hub.sdk.source import BackfillItem, Completion, EventName, InboxEntry, Listed, Part, RawDelivery, Source

CHANGED = "person.changed"
_SENT_AT = "x-twenty-webhook-timestamp"
_GONE = (".deleted", ".destroyed")
_SIGNED: BodyHmac[TwentySettings] = BodyHmac(
    "x-twenty-webhook-signature",
    secrets=lambda settings: settings.webhook_secret or (),
    encoding="hex",
    signed=lambda delivery: f"{delivery.headers.get(_SENT_AT, '')}:".encode() + delivery.body,
)


class Record(VendorModel):
    """A person, as far as it says when it was changed."""

    id: str
    updated: TimeText | None = Field(None, alias="updatedAt")
    deleted: TimeText | None = Field(None, alias="deletedAt")


class Delivery(VendorModel):
    """A webhook. What it tells of the record itself may be late, so that it is fetched."""

    name: str = Field(alias="eventName")
    at: TimeText = Field(alias="eventDate")
    record: Record


class Fetched(VendorModel):
    """The envelope of a person."""

    person: Record


class Body(VendorModel):
    """The envelope of an answer."""

    data: Fetched


# -- webhooks ---------------------------------------------------------------------------------------------------------


def verify(delivery: RawDelivery, settings: TwentySettings) -> None:
    """Raise VerificationError unless the webhook's secret signed it in the last five minutes."""
    sent_at = delivery.headers.get(_SENT_AT, "")
    if not (sent_at.isascii() and sent_at.isdigit() and len(sent_at) <= 14):
        raise VerificationError("no timestamp")
    require_fresh(datetime.fromtimestamp(int(sent_at) / 1000, UTC), delivery.received_at)
    _SIGNED.verify(delivery, settings)


def sign(delivery: RawDelivery, settings: TwentySettings) -> RawDelivery:
    """The inverse: as Twenty sends it."""
    if not settings.webhook_secret:
        return delivery
    sent_at = str(int(delivery.received_at.timestamp() * 1000))
    return _SIGNED.sign(replace(delivery, headers={**delivery.headers, _SENT_AT: sent_at}), settings)


def name_event(delivery: RawDelivery, settings: TwentySettings) -> EventName:
    """What happened, to whom and when: Twenty gives a delivery no id."""
    if kept := named(delivery.body):
        return kept
    told = read(Delivery, delivery.body)
    topic = CHANGED if told.name.partition(".")[0] == "person" else told.name
    return EventName(f"{told.name}:{told.record.id}:{told.at}", topic)


def completions(entry: InboxEntry, settings: TwentySettings) -> Sequence[Completion]:
    """The person as they are now, with the company: a deletion may be over by now, or was none."""
    if entry.topic != CHANGED or "person" in entry.completions:
        return ()
    record = read(Delivery, entry.body).record.id
    return (Completion("person", f"/rest/people/{record}", {"depth": "1"}),)


def parse(entry: InboxEntry, settings: TwentySettings) -> Sequence[CanonicalEvent | Note]:
    """The person, or that they were deleted. Raises SkipEvent, PayloadError with a path."""
    if entry.topic != CHANGED:
        return listed(MAP, entry, settings, system="Twenty")
    reading = Reading()
    told = reading.read(Delivery, entry.body)
    at, body = instant(told.at, path="eventDate"), entry.completions.get("person")
    if body is None and not told.name.endswith(_GONE):
        raise SkipEvent("the person was not fetched")
    if not body:
        return reading.of([gone(told.record.id, at=at)])
    person = reading.read(Body, body).data.person
    if person.deleted:
        return reading.of([gone(person.id, at=instant(person.deleted, path="data.person.deletedAt"))])
    changed = instant(person.updated or told.at, path="data.person.updatedAt")
    held = _held(reading.read(Raw, body).data["person"], settings)
    return reading.of([contact_event(MAP, person.id, texts(held), settings, at=changed), *odd(held)])


class Raw(VendorModel):
    """The same envelope, with all that the workspace has."""

    data: Mapping[str, Mapping[str, Any]]


def _held(node: Mapping[str, Any], settings: TwentySettings) -> dict[str, Any]:
    """What a person has, by the names that a write has for it."""
    names = [name for name in columns(MAP, settings) if name != COMPANY]
    company = node.get(COMPANY)
    return {**schemas.flat(node, names), COMPANY: company.get("name") if isinstance(company, Mapping) else None}


# -- lists ------------------------------------------------------------------------------------------------------------


def _page(
    plural: str, item: Callable[[Mapping[str, Any], TwentySettings], BackfillItem | None], more: str = ""
) -> Callable[[HttpClient, TwentySettings, datetime | None, Any], Part]:
    def page(http: HttpClient, settings: TwentySettings, since: datetime | None, at: Any) -> Part:
        # Twenty's own cursor is the time and the id of the last record.
        query = {
            "filter": f'updatedAt[gte]:"{begun(since, None)[0]}"{more}',
            "order_by": "updatedAt[AscNullsFirst],id[AscNullsFirst]",
            "limit": str(SIZE),
            "depth": "1",
            **({"starting_after": at} if at else {}),
        }
        answer = http.get(f"/rest/{plural}", query)
        rows = [one for one in schemas.only(answer) or () if isinstance(one, Mapping) and one.get("id")]
        info = json_of(answer).get("pageInfo") or {}
        items = [made for one in rows if (made := item(one, settings))]
        return Part(items, info.get("endCursor") if info.get("hasNextPage") and rows else None)

    return page


def _person(row: Mapping[str, Any], settings: TwentySettings) -> BackfillItem:
    deleted = {"deleted": True} if row.get("deletedAt") else {}
    return person_item(row["id"], row.get("deletedAt") or row.get("updatedAt"), texts(_held(row, settings)), **deleted)


def _noted(name: str, kind: NoteKind) -> Callable[[Mapping[str, Any], TwentySettings], BackfillItem | None]:
    def item(row: Mapping[str, Any], _: TwentySettings) -> BackfillItem | None:
        told, person = row.get(name), row.get("targetPersonId") or row.get("personId")
        if not isinstance(told, Mapping) or not told.get("id") or not person:
            return None
        body = told.get("bodyV2")
        return note_item(
            told["id"],
            told.get("createdAt") or row.get("createdAt"),
            kind=kind,
            person=person,
            subject=told.get("title"),
            text=body.get("markdown") if isinstance(body, Mapping) else None,
            due=told.get("dueAt"),
            state=told.get("status"),
        )

    return item


def read_again(http: HttpClient, settings: TwentySettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """These people as they are now."""
    for several in chunks(ids, SIZE):
        query = {"filter": f"id[in]:[{','.join(several)}]", "limit": str(SIZE), "depth": "1"}
        yield from (_person(one, settings) for one in schemas.only(http.get("/rest/people", query)) or ())


_DELETED_TOO = ",or(deletedAt[is]:NULL,deletedAt[is]:NOT_NULL)"

LISTS = {
    "people": Listed(_page("people", _person, _DELETED_TOO), quiet=timedelta(0)),
    "notes": Listed(_page("noteTargets", _noted("note", "note")), spare=True),
    "tasks": Listed(_page("taskTargets", _noted("task", "task")), spare=True),
}

SOURCE: Source[TwentySettings] = Source(
    parse=parse,
    verify=verify,
    sign=sign,
    name_event=name_event,
    completions=completions,
    complete=fetched,
    backfill=partial(in_turn, LISTS),
    lists=LISTS,
    authorise=DESTINATION.authorise,
    api_root=lambda settings: settings.base_url or API_ROOT,
    reads=lambda person, held, settings: snapshot(MAP, person, held, settings),
    read_again=read_again,
    opt_outs=MAP.stands(),
)
