"""Trustpilot's service reviews: only what is read.

Source: https://developers.trustpilot.com/business-unit-api, "Get a business unit's private reviews".
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel


class Consumer(VendorModel):
    """Who wrote; ``id`` is their account."""

    id: str | None = None
    name: str | None = Field(None, alias="displayName")


class Reply(VendorModel):
    """The business's reply."""

    text: str
    created: TimeText = Field(alias="createdAt")


class Review(VendorModel):
    """A review. ``email`` is whom the invitation went to, ``reference`` the order's number as it was given."""

    id: str
    stars: int
    created: TimeText = Field(alias="createdAt")
    updated: TimeText | None = Field(None, alias="updatedAt")
    consumer: Consumer | None = None
    title: str | None = None
    text: str | None = None
    language: str | None = None
    verified: bool | None = Field(None, alias="isVerified")
    email: str | None = Field(None, alias="referralEmail")
    reference: str | None = Field(None, alias="referenceId")
    reply: Reply | None = Field(None, alias="companyReply")
