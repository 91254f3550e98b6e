"""X's posts and users: only what is read.

Source: https://docs.x.com/x-api/fundamentals/data-dictionary. A search gives the users beside the posts, in
``includes``; Hub keeps each post with its author.
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel


class User(VendorModel):
    """Who wrote. ``id`` stays when the name is changed."""

    id: str
    username: str
    name: str | None = None


class Referenced(VendorModel):
    """A post that this one answers (replied_to), quotes (quoted) or repeats (retweeted)."""

    type: str
    id: str


class Hashtag(VendorModel):
    """A hashtag."""

    tag: str


class Entities(VendorModel):
    """What stands in the text."""

    hashtags: tuple[Hashtag, ...] = ()


class Long(VendorModel):
    """The whole of a post of more than 280 characters, with all that stands in it."""

    text: str
    entities: Entities = Entities()


class Post(VendorModel):
    """A post; ``<``, ``>`` and ``&`` of its text are escaped. ``history`` names what was edited, oldest first."""

    id: str
    text: str
    created_at: TimeText
    lang: str | None = None
    history: tuple[str, ...] = Field((), alias="edit_history_tweet_ids")
    referenced: tuple[Referenced, ...] = Field((), alias="referenced_tweets")
    entities: Entities = Entities()
    note_tweet: Long | None = None


class Found(VendorModel):
    """A post and its author, as Hub keeps them; an account that is gone is not told."""

    post: Post
    author: User | None = None
