"""An entry of a feed as Hub keeps it: what ``feedparser`` found of it, whatever the feed's format."""

from __future__ import annotations

from hub.mapping.payload import TimeText, VendorModel


class Entry(VendorModel):
    """``summary`` is HTML. ``site`` is the host the link leads to, ``published`` when it was or was changed last."""

    id: str
    site: str
    title: str | None = None
    summary: str | None = None
    link: str | None = None
    author: str | None = None
    published: TimeText | None = None
    language: str | None = None
    feed: str | None = None
