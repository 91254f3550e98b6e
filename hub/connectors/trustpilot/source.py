"""Trustpilot as a source: service reviews, oldest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import orjson

from hub.connectors.trustpilot.manifest import API, TrustpilotSettings
from hub.connectors.trustpilot.schemas import Review
from hub.errors import SkipEvent
from hub.mapping.payload import Reading
from hub.mapping.said_review import Replied, ReviewOfUs, review_of_us_events
from hub.mapping.time import instant
from hub.model.customer import ChannelAccount
from hub.model.event import CanonicalEvent, Note
from hub.model.identifier import RecordKey
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of
from hub.sdk.paginate import asked_from, by_time, moved_on, walk
from hub.sdk.source import BackfillItem, BackfillPage, InboxEntry, Source

_PAGE = 100
_BEGINNING = datetime(2007, 1, 1, tzinfo=UTC)
_AGAIN = timedelta(days=14)
"""The list is ordered by when reviews were written: what was changed or answered later is seen this long."""


def parse(entry: InboxEntry, settings: TrustpilotSettings) -> Sequence[CanonicalEvent | Note]:
    """The review, who wrote it, and the reply. Raises SkipEvent for other topics, PayloadError with a path."""
    if entry.topic != "review":
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    review = reading.read(Review, entry.body)
    return reading.of(review_of_us_events(_told(review), region=settings.default_region))


def _told(review: Review) -> ReviewOfUs:
    who, reply = review.consumer, review.reply
    key = RecordKey(kind="consumer", external_id=who.id) if who and who.id else None
    name = who.name if who else None
    return ReviewOfUs(
        external_id=review.id,
        at=instant(review.updated or review.created, path="createdAt"),
        channel="trustpilot",
        record=key,
        fields={"full_name": name, "email": review.email, "language": review.language},
        accounts=(ChannelAccount(network="trustpilot", account_id=key.external_id, handle=name),) if key else (),
        rating=Decimal(review.stars),
        title=review.title,
        text=review.text,
        verified=review.verified,
        url=f"https://www.trustpilot.com/reviews/{review.id}",
        answers={"reference": review.reference} if review.reference else {},
        reply=Replied(reply.text, instant(reply.created, path="companyReply.createdAt")) if reply else None,
    )


def backfill(
    http: HttpClient, settings: TrustpilotSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Reviews by when they were written, oldest first; those of a fortnight before ``since`` come again."""
    begin = (since - _AGAIN if since else _BEGINNING).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    for (items, at), _ in walk((cursor or {}).get("at") or by_time(begin), partial(_page, http, settings)):
        yield BackfillPage(items, {"at": at})


def _page(
    http: HttpClient, settings: TrustpilotSettings, cursor: str | None
) -> tuple[tuple[Sequence[BackfillItem], str], str | None]:
    begin, number = asked_from(str(cursor))
    query = {
        "startDateTime": begin.removesuffix("Z"),
        "orderBy": "createdat.asc",
        "perPage": str(_PAGE),
        "page": number,
    }
    answer = json_of(http.get(_path(settings), query))
    rows = answer.get("reviews") or []
    following = moved_on(rows, "createdAt", str(cursor), size=_PAGE)
    return ([_item(one) for one in rows], following or str(cursor)), following


def _path(settings: TrustpilotSettings) -> str:
    return f"/v1/private/business-units/{settings.business_unit}/reviews"


def _item(found: Mapping[str, Any]) -> BackfillItem:
    """A reply has no part in ``updatedAt``: it is in the name as well."""
    replied = (found.get("companyReply") or {}).get("createdAt") or ""
    name = f"review:{found.get('id')}:{found.get('updatedAt') or found.get('createdAt')}:{replied}"
    return BackfillItem(name, "review", orjson.dumps(found))


def check(http: HttpClient, settings: TrustpilotSettings) -> Checked:
    """Read one review."""
    return Checked().reads("reviews", partial(http.get, _path(settings), {"perPage": "1"}))


SOURCE = Source(parse=parse, backfill=backfill, check=check, api_root=lambda settings: API)
