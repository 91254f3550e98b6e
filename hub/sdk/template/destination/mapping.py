"""Golden profile to New Connector's contact, and the smallest write that brings it there."""

from __future__ import annotations

from typing import Any

from hub.errors import BugError
from hub.mapping.fieldmap import ProfileMap
from hub.mapping.overrides import OwnFields
from hub.sdk.destination import Change, ProfileChange, Write

from .manifest import Settings

CONTACT = ProfileMap(
    {
        "email": "emails.0",
        "phone": "phones.0",
        "first_name": "name.first",
        "last_name": "name.last",
        "street": "addresses.0.line1",
        "postal_code": "addresses.0.postal_code",
        "city": "addresses.0.city",
        "country": "addresses.0.country",
        "language": "language",
    }
)


PROFILE_ID = "hub_profile_id"


def own_fields(_: Settings) -> OwnFields:
    """What a mapping file may change; what contacts are found by stays."""
    return OwnFields(tuple(CONTACT.properties), kept=(PROFILE_ID, "email"))


def render(change: Change, settings: Settings) -> Write | None:
    """What differs from the mirror; None when nothing does. A value that was withdrawn is cleared with null."""
    if not isinstance(change, ProfileChange):
        raise BugError("orders are not offered")
    key = str(change.profile.id)
    known = change.external_ids[0] if change.external_ids else None
    match = tuple(("email", email) for email in change.profile.emails)
    if change.erased:
        return Write("profile", key, known, {}, {}, match=match, merge=change.external_ids[1:], erase=True)
    if change.profile.suppressed:
        return None
    own = settings.own_properties(change.profile)  # what people map themselves (``profile_fields``)
    wanted = settings.finished(change.profile, {**own, PROFILE_ID: key, **CONTACT.read(change.profile)})
    properties: dict[str, Any] = {name: value for name, value in wanted.items() if change.mirror.get(name) != value}
    properties |= {name: None for name in change.mirror if name not in wanted}
    if not properties:
        return None
    return Write("profile", key, known, properties, wanted, match=match, uncertain=change.uncertain)
