"""What ActiveCampaign tells by webhook, as form fields, and of a contact that is read.

Sources: developers.activecampaign.com/page/webhooks (one event a request; which fields each has), …/reference/
get-contact, …/reference/contact (status of a list).
"""

from __future__ import annotations

import re

from pydantic import Field

from hub.mapping.body import form_fields
from hub.mapping.payload import TimeText, VendorModel


class Told(VendorModel):
    """An event. ``since`` is its own time; ``by`` is public, admin, api or system.

    ``left`` are the lists that were left, ``active`` those the contact is still on, by "," (``form_of``).
    """

    type: str
    since: TimeText = Field(alias="date_time")
    by: str | None = Field(None, alias="initiated_from")
    contact: str | None = Field(None, alias="contact[id]")
    email: str | None = Field(None, alias="contact[email]")
    tag_names: str | None = Field(None, alias="contact[tags]")
    form: str | None = Field(None, alias="form[id]")
    campaign: str | None = Field(None, alias="campaign[name]")
    campaign_id: str | None = Field(None, alias="campaign[id]")
    subject: str | None = Field(None, alias="campaign[message][subject]")
    url: str | None = Field(None, alias="link[url]")
    left: str | None = None
    active: str | None = None
    reason: str | None = Field(None, alias="unsubscribe[reason]")
    bounce: str | None = Field(None, alias="bounce[type]")
    description: str | None = Field(None, alias="bounce[description]")
    message: str | None = None
    note: str | None = None
    note_text: str | None = Field(None, alias="note[text]")
    deal: str | None = Field(None, alias="deal[id]")
    title: str | None = Field(None, alias="deal[title]")
    stage: str | None = Field(None, alias="deal[stage_title]")
    pipeline: str | None = Field(None, alias="deal[pipeline_title]")
    value: str | None = Field(None, alias="deal[value]")
    currency: str | None = Field(None, alias="deal[currency]")
    status: str | None = Field(None, alias="deal[status]")
    deal_email: str | None = Field(None, alias="deal[contact_email]")


def plain(value: str | None) -> str | None:
    """What a field holds; options of a list, which come as ``||a||b||`` (solspace/craft-freeform#2143), by ";"."""
    return ";".join(filter(None, value.split("||"))) if value and value.startswith("||") else value


_LEFT = re.compile(r"list(\[\d*\]\[id\])?")
_ACTIVE = re.compile(r"active_subscriptions\[\d*\](\[id\])?")


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a webhook, with the lists it names in one. Raises PayloadError for a body that is no form."""
    fields = form_fields(body)
    told = {
        name: ",".join(value for one, value in fields.items() if form.fullmatch(one) and value not in ("", "0"))
        for name, form in (("left", _LEFT), ("active", _ACTIVE))
    }
    return {**fields, **told}


class Row(VendorModel):
    """How a contact stands on a list. ``form`` is set where they came by one."""

    list: str
    status: str
    form: str | None = None
    began: TimeText | None = Field(None, alias="sdate")
    changed: TimeText | None = Field(None, alias="udate")


class Value(VendorModel):
    """A field of a contact's; ``perstag`` is what it is called here."""

    value: str | None = None
    perstag: str | None = None


class Contact(VendorModel):
    id: str
    email: str | None = None
    phone: str | None = None
    first: str | None = Field(None, alias="firstName")
    last: str | None = Field(None, alias="lastName")
    changed: TimeText | None = Field(None, alias="udate")
    made: TimeText | None = Field(None, alias="cdate")


class Read(VendorModel):
    """A contact that was polled, with what Hub keeps of it; ``tags`` are names."""

    contact: Contact
    values: tuple[Value, ...] = Field((), alias="fieldValues")
    rows: tuple[Row, ...] = Field((), alias="contactLists")
    tags: tuple[str, ...] = ()
