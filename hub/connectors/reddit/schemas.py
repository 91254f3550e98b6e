"""Reddit's posts, as a listing holds them: only what is read.

Source: https://github.com/reddit-archive/reddit/wiki/JSON (Listing, Link), https://www.reddit.com/dev/api.
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import VendorModel


class Post(VendorModel):
    """A post (``t3``). ``author_id`` stays; of an account that was deleted ``author`` is ``[deleted]``, without an id.

    Times are seconds since 1970; ``edited`` is false where it never was, and true in the oldest posts. ``url`` is what
    the post leads to, ``permalink`` the path of the post itself. ``removed`` says by whom it was taken away.
    """

    name: str
    created: float = Field(alias="created_utc")
    author: str | None = None
    author_id: str | None = Field(None, alias="author_fullname")
    title: str | None = None
    text: str | None = Field(None, alias="selftext")
    permalink: str | None = None
    url: str | None = None
    is_self: bool = True
    edited: float = 0
    community: str | None = Field(None, alias="subreddit")
    removed: str | None = Field(None, alias="removed_by_category")
    crosspost_of: str | None = Field(None, alias="crosspost_parent")
