"""Google Business Profile as a source: the reviews of each shop, newest change first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import orjson

from hub.connectors.google_business.manifest import API, GoogleBusinessSettings
from hub.connectors.google_business.schemas import Review
from hub.errors import SkipEvent
from hub.mapping.payload import Reading
from hub.mapping.said_review import Replied, ReviewOfUs, review_of_us_events
from hub.mapping.time import instant, maybe_instant
from hub.model.event import CanonicalEvent, Note
from hub.model.identifier import RecordKey
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of
from hub.sdk.paginate import DONE, following
from hub.sdk.source import BackfillItem, BackfillPage, InboxEntry, Source

_PAGE = "50"
_AGAIN = timedelta(days=14)
"""A reply has a time of its own: reviews are seen again for so long."""
_STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
_NOBODY = frozenset({"a google user", "google user", "ein google-nutzer"})
"""How Google calls whom it does not name; at times it called all so (impress-org/wp-business-reviews#249)."""
_TRANSLATED, _ORIGINAL = "(Translated by Google)", "(Original)"


def parse(entry: InboxEntry, settings: GoogleBusinessSettings) -> Sequence[CanonicalEvent | Note]:
    """The review, who wrote it, and the reply. Raises SkipEvent for other topics, PayloadError with a path."""
    if entry.topic != "review":
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    review = reading.read(Review, entry.body)
    at, who, reply = instant(review.updated or review.created, path="updateTime"), review.reviewer, review.reply
    named = who is not None and bool(who.name) and not who.anonymous and str(who.name).lower() not in _NOBODY
    shop = (review.name or "").partition("/reviews/")[0]
    stars = _STARS.get((review.stars or "").upper())
    return reading.of(
        review_of_us_events(
            ReviewOfUs(
                external_id=review.id,
                at=at,
                channel="google",
                record=RecordKey(kind="reviewer", external_id=review.id) if named else None,
                fields={"full_name": who.name} if who and named else {},
                rating=Decimal(stars) if stars else None,
                text=written(review.text),
                answers={"location": shop} if shop else {},
                reply=Replied(written(reply.text), maybe_instant(reply.updated, path="reviewReply.updateTime") or at)
                if reply
                else None,
            ),
            region=settings.default_region,
        )
    )


def written(text: str | None) -> str | None:
    """What was written itself: Google puts its translation before it, or behind it."""
    told = text or ""
    if _ORIGINAL in told:
        return told.partition(_ORIGINAL)[2].strip() or None
    return told.partition(_TRANSLATED)[0].strip() or None if not told.startswith(_TRANSLATED) else told


def backfill(
    http: HttpClient, settings: GoogleBusinessSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """The reviews of each shop, newest change first, down to those of a fortnight before ``since``."""
    oldest = since - _AGAIN if since else None
    lists = settings.locations
    name, token = (cursor["list"], cursor["token"]) if cursor else (lists[0], None)
    seen: set[str] = set()
    while name != DONE and name in lists:
        query = {"pageSize": _PAGE, "orderBy": "updateTime desc", **({"pageToken": token} if token else {})}
        answer = json_of(http.get(_path(name), query))
        rows = answer.get("reviews") or []
        new = [one for one in rows if oldest is None or _changed(one) >= oldest]
        token = answer.get("nextPageToken")
        if not token or token in seen or len(new) < len(rows):
            name, token = following(lists, name), None
        else:
            seen.add(token)
        yield BackfillPage([_item(one) for one in new], {"list": name, "token": token})


def _changed(found: Mapping[str, Any]) -> datetime:
    return instant(found.get("updateTime") or found.get("createTime"), path="updateTime")


def _path(location: str) -> str:
    return f"/v4/{location}/reviews"


def _item(found: Mapping[str, Any]) -> BackfillItem:
    replied = (found.get("reviewReply") or {}).get("updateTime") or ""
    name = f"review:{found.get('reviewId')}:{found.get('updateTime') or found.get('createTime')}:{replied}"
    return BackfillItem(name, "review", orjson.dumps(found))


def check(http: HttpClient, settings: GoogleBusinessSettings) -> Checked:
    """Read one review of each shop."""
    found = Checked()
    for name in settings.locations:
        found.reads(f"reviews of {name}", partial(http.get, _path(name), {"pageSize": "1"}))
    return found


SOURCE = Source(parse=parse, backfill=backfill, api_root=lambda settings: API, check=check)
