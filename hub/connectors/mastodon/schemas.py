"""Mastodon's statuses and accounts: only what is read.

Source: https://docs.joinmastodon.org/entities/Status/ and …/entities/Account/.
"""

from __future__ import annotations

from hub.mapping.payload import TimeText, VendorModel


class Account(VendorModel):
    """Who wrote; ``acct`` lacks the server of those that are on this one. ``url`` stays when the name is changed."""

    id: str
    acct: str
    display_name: str | None = None
    url: str | None = None
    bot: bool = False


class Tag(VendorModel):
    """A hashtag."""

    name: str


class Status(VendorModel):
    """A post; ``content`` is HTML."""

    id: str
    created_at: TimeText
    account: Account
    content: str | None = None
    spoiler_text: str | None = None
    edited_at: TimeText | None = None
    visibility: str | None = None
    language: str | None = None
    url: str | None = None
    uri: str | None = None
    in_reply_to_id: str | None = None
    tags: tuple[Tag, ...] = ()
