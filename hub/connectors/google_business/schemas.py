"""Google's reviews of a shop: only what is read.

Source: https://developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews.
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel


class Reviewer(VendorModel):
    """Who wrote. Google tells no id; of the anonymous it tells no name of theirs."""

    name: str | None = Field(None, alias="displayName")
    anonymous: bool = Field(False, alias="isAnonymous")


class Reply(VendorModel):
    """The shop's reply."""

    text: str = Field(alias="comment")
    updated: TimeText | None = Field(None, alias="updateTime")


class Review(VendorModel):
    """A review. ``name`` is ``accounts/…/locations/…/reviews/…``, ``stars`` ONE to FIVE."""

    id: str = Field(alias="reviewId")
    created: TimeText = Field(alias="createTime")
    name: str | None = None
    reviewer: Reviewer | None = None
    stars: str | None = Field(None, alias="starRating")
    text: str | None = Field(None, alias="comment")
    updated: TimeText | None = Field(None, alias="updateTime")
    reply: Reply | None = Field(None, alias="reviewReply")
