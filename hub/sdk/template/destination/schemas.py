"""New Connector's answers: only the fields that are used."""

from __future__ import annotations

from hub.mapping.payload import VendorModel


class Contact(VendorModel):
    """A contact as a create or an update gives it back."""

    id: str


class Found(VendorModel):
    """A search's answer; empty where nobody is known under the e-mail."""

    contacts: tuple[Contact, ...] = ()
