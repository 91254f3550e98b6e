"""The customer as one source sees them at one moment."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from hub.model.address import Address
from hub.model.base import Frozen, FrozenTexts, Texts
from hub.model.consent import Consent
from hub.model.identifier import Identifier, RecordKey

ContactKind = Literal["customer", "lead", "supplier", "partner", "press", "applicant"]
"""What a person is to the business."""


class PersonName(Frozen):
    """A name as the source spelled it (trimmed, NFC). ``full`` is always there when any part is."""

    first: str | None = None
    middle: str | None = None
    last: str | None = None
    full: str | None = None


class ContactPoint(Frozen):
    """An e-mail address or phone number.

    ``value`` is normalised (lower case; E.164), ``original`` the source's spelling. ``usable`` is False for junk
    such as ``test@test`` or ``+49000000``: it stays on the record, and never is an identity.
    """

    value: str
    original: str
    usable: bool = True


class ChannelAccount(Frozen):
    """An account on a network, e.g. ``messenger`` / ``PAGE:PSID``; ``handle`` is the changeable public name."""

    network: str
    account_id: str
    handle: str | None = None


class CustomerSnapshot(Frozen):
    """One source's state of one customer. Absent (None, empty) means "not told", never "deleted".

    ``identifiers`` holds what identity may use beyond the e-mails, phones, loyalty ids and accounts above it,
    e.g. the weak contact e-mail of an order. ``custom`` holds what else the source tells of the person, by its own
    names (custom fields, metadata, answers of a form). ``birth_digits``
    are those of a date of birth that is none of the calendar or before 1900: they are compared, and never shown.
    ``contact_kind`` is what the source says the person is to the business, None where it says nothing.
    ``left_out`` names fields that were told and not taken over, because what stands there names nothing (a first name
    "Test", a date that is none); it is never stored.
    """

    key: RecordKey
    name: PersonName | None = None
    emails: tuple[ContactPoint, ...] = ()
    phones: tuple[ContactPoint, ...] = ()
    addresses: tuple[Address, ...] = ()
    birth_date: date | None = None
    birth_digits: str | None = None
    language: str | None = None
    company: str | None = None
    national_id: str | None = None
    loyalty_ids: tuple[str, ...] = ()
    accounts: tuple[ChannelAccount, ...] = ()
    consents: tuple[Consent, ...] = ()
    tags: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    contact_kind: ContactKind | None = None
    custom: Texts = Field(default_factory=FrozenTexts)
    left_out: tuple[str, ...] = ()
