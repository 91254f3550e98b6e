"""What ActiveCampaign answers, and how it is asked.

Sources: developers.activecampaign.com/reference/get-contact (a contact with its lists, fields and automations),
…/reference/list-all-contacts, …/reference/list-all-custom-field-values (``filters[fieldid]``, ``filters[val]``),
…/reference/contact (status of a list: 0 unconfirmed, 1 active, 2 unsubscribed, 3 bounced), …/reference/create-a-new-
contact (422 with ``errors``, each with a ``code`` and a ``pointer``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, Field

from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.mapping import CONTACT, OPTED_OUT, OWN
from hub.connectors.activecampaign.schemas_fields import PROFILE_ID
from hub.errors import Refusal
from hub.sdk.crm import Found, Problem
from hub.sdk.crm.dialect import EMAIL
from hub.sdk.destination import HttpRequest
from hub.sdk.http import json_of
from hub.sdk.words import words_of

API = "/api/3"
GONE = frozenset({404})
REFUSED = frozenset({400, 404, 422})
UNCONFIRMED, ACTIVE, UNSUBSCRIBED, BOUNCED = "0", "1", "2", "3"


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


class Contact(_Model):
    """A contact. ``bounced_hard`` counts its hard bounces."""

    id: str
    email: str | None = None
    phone: str | None = None
    firstName: str | None = None  # noqa: N815 - ActiveCampaign's names
    lastName: str | None = None  # noqa: N815
    bounced_hard: str | None = None


class FieldValue(_Model):
    contact: str | None = None
    field: str
    value: str | None = None


class ListRow(_Model):
    """How a contact stands on a list."""

    list: str
    status: str


class Entered(_Model):
    automation: str | None = None


class Whole(_Model):
    """A contact with what is kept beside it."""

    contact: Contact
    values: tuple[FieldValue, ...] = Field((), alias="fieldValues")
    lists: tuple[ListRow, ...] = Field((), alias="contactLists")
    automations: tuple[Entered, ...] = Field((), alias="contactAutomations")

    @property
    def rows(self) -> dict[str, str]:
        """List to status."""
        return {row.list: row.status for row in self.lists}

    def found(self, settings: ActiveCampaignSettings) -> Found:
        """The contact as Hub looks at it."""
        own = settings.field_ids.get(PROFILE_ID)
        owner = next((one.value for one in self.values if one.field == own and one.value), None)
        keys = frozenset({(EMAIL, self.contact.email.lower())} if self.contact.email else ())
        return Found(self.contact.id, owner, keys)

    def held(self, name: str, settings: ActiveCampaignSettings) -> str | None:
        """What stands in a property."""
        if name == OPTED_OUT:
            return None if ACTIVE in self.rows.values() else "true"
        if name in OWN:
            told: str | None = getattr(self.contact, name)
            return told
        number = settings.field_ids.get(name)
        return next((one.value for one in self.values if one.field == number), None)


class Contacts(_Model):
    contacts: tuple[Contact, ...] = ()


class Values(_Model):
    values: tuple[FieldValue, ...] = Field((), alias="fieldValues")


class TagRow(_Model):
    id: str
    tag: str


class Tags(_Model):
    tags: tuple[TagRow, ...] = Field((), alias="contactTags")


class Deal(_Model):
    id: str
    title: str | None = None
    value: str | None = None
    currency: str | None = None
    status: str | None = None
    stage: str | None = None
    contact_id: str | None = Field(None, alias="contact")
    description: str | None = None


class Deals(_Model):
    deals: tuple[Deal, ...] = ()


class OneDeal(_Model):
    deal: Deal


class DealDatum(_Model):
    field: str = Field(alias="customFieldId")
    value: str | None = Field(None, alias="fieldValue")


class DealData(_Model):
    data: tuple[DealDatum, ...] = Field((), alias="dealCustomFieldData")


def get(path: str, query: Mapping[str, str] | None = None, *, accept: frozenset[int] = frozenset()) -> HttpRequest:
    """A question."""
    return HttpRequest("GET", f"{API}/{path}", None, query=query or {}, accept=accept)


def post(path: str, name: str, *also: int, **values: Any) -> HttpRequest:
    """Make one thing; its refusal is read here, and these statuses."""
    return HttpRequest("POST", f"{API}/{path}", {name: values}, accept=REFUSED | {*also})


def problem(response: httpx.Response) -> Problem:
    """What a refusal is about: another contact has the e-mail, the record is gone, or a value is wrong."""
    told = json_of(response)
    errors = told.get("errors") if isinstance(told, dict) else None
    faults = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    words = words_of(response)
    if response.status_code == 404:
        return Problem(words, "gone")
    if any(one.get("code") == "duplicate" for one in faults):
        return Problem(words, "conflict")
    pointers = [((one.get("source") or {}).get("pointer") or "", str(one.get("code") or "")) for one in faults]
    named = ((pointer.rpartition("/")[2], code) for pointer, code in pointers if pointer)
    refused = [Refusal(CONTACT if name == "contact" else name, code) for name, code in named]
    return Problem(words, "refused", tuple(refused))


def number(text: str) -> int | str:
    """An id as ActiveCampaign takes it."""
    return int(text) if text.isdecimal() else text
