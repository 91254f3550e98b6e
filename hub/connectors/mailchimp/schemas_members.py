"""What Mailchimp answers where Hub writes.

Source: the Marketing API 3.0 specification, schemas "List Members" and "Batch update List members";
mailchimp.com/developer/marketing/docs/errors/ (a problem document has title and detail).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from hub.connectors.mailchimp.destination_fields import ARCHIVED, FIELDS, LANGUAGE, PROFILE_ID, TYPES
from hub.mapping.time import maybe_instant
from hub.sdk.crm.mailing import Contact, State

_STATES: Mapping[str, State] = {
    "subscribed": "subscribed",
    "pending": "pending",
    "unsubscribed": "unsubscribed",
    "cleaned": "bounced",
    "transactional": "none",
    # what it was before is told to nobody (github.com/brandonseydel/MailChimp.Net/issues/529)
    "archived": "unsubscribed",
}


class Member(BaseModel):
    """A contact of an audience; its id is the MD5 of its address in small letters."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    email_address: str
    status: str = "unsubscribed"
    last_changed: str | None = None
    unsubscribe_reason: str | None = None
    merge_fields: Mapping[str, Any] = {}

    def contact(self) -> Contact:
        """How it stands there; the last change of whatever kind is at or after that of its status."""
        state = state_of(self.status, self.unsubscribe_reason, archived=bool(self.merge_fields.get(ARCHIVED)))
        owner = self.merge_fields.get(PROFILE_ID)
        since = maybe_instant(self.last_changed, path="last_changed")
        return Contact(self.id, self.email_address, state, since, str(owner) if owner else None)


def state_of(status: str, reason: str | None, *, archived: bool) -> State:
    """How a contact stands there; ``archived``: it carries Hub's note that Hub put it away."""
    if status == "archived" and archived:
        return "archived"
    state = _STATES.get(status, "unsubscribed")
    return "complained" if state == "unsubscribed" and "abuse" in (reason or "").lower() else state


class Refused(BaseModel):
    """A contact that was not made."""

    email_address: str = ""
    error: str = ""
    error_code: str | None = None


class Batched(BaseModel):
    """The answer to many."""

    new_members: tuple[Member, ...] = ()
    errors: tuple[Refused, ...] = ()


def hash_of(email: str) -> str:
    """The id of an address in any audience."""
    return hashlib.md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()


def fields_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Merge fields and language as Mailchimp takes them; an empty text clears one."""
    merges = {
        name: float(value) if value and TYPES.get(name) == "number" else value
        for name, value in fields.items()
        if name != LANGUAGE
    }
    told = {"merge_fields": merges} if merges else {}
    return {**told, **({"language": fields[LANGUAGE]} if LANGUAGE in fields else {})}


def definitions() -> dict[str, str]:
    """Each merge field that Hub writes, to its type."""
    return {name: TYPES.get(name, "text") for name in (PROFILE_ID, ARCHIVED, *FIELDS) if name != LANGUAGE}
