"""Zammad's webhook: a ticket with its people, and the article that set it off; only what is read.

Source: https://admin-docs.zammad.org/en/latest/manage/webhook/payload.html. Names stand where the API has ids, as
``expand=true`` gives them there too.
"""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel


class User(VendorModel):
    """A user; ``roles`` are names, Customer, Agent and Admin as they come."""

    id: str
    firstname: str | None = None
    lastname: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    street: str | None = None
    zip: str | None = None
    city: str | None = None
    country: str | None = None
    roles: tuple[str, ...] = ()


class Named(VendorModel):
    """A priority, as the webhook has it."""

    name: str | None = None


class Ticket(VendorModel):
    """A ticket. ``priority`` is an object in webhooks and a name from the API."""

    id: str
    state: str
    created_at: TimeText
    updated_at: TimeText
    number: str | None = None
    title: str | None = None
    customer_id: str | None = None
    customer: User | None = None
    close_at: TimeText | None = None
    channel: str | None = Field(None, alias="create_article_type")
    priority: Named | str | None = None


class Attachment(VendorModel):
    """A file; only its name is read."""

    filename: str


class Article(VendorModel):
    """Something that was said. ``sender`` is Customer, Agent or System."""

    id: str
    created_at: TimeText
    sender: str | None = None
    from_: str | None = Field(None, alias="from")
    body: str | None = None
    content_type: str | None = None
    internal: bool = False
    created_by_id: str | None = None
    origin_by_id: str | None = None
    attachments: tuple[Attachment, ...] = ()


class Delivery(VendorModel):
    """A webhook. ``listed`` stands in an item of the history, whose people and articles are fetched."""

    ticket: Ticket
    article: Article | None = None
    listed: bool = False


class Articles(VendorModel):
    """The articles of a ticket, as Hub keeps the list that the API gives."""

    articles: tuple[Article, ...] = ()
