"""Which golden values are behind a destination's property. Pure.

The connector renders the profile once complete, and once without each value. Where the property changes, it is made
of that value. Nothing is declared, so this works for every connector and always agrees with what is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.errors import HubError
from hub.model.customer import PersonName
from hub.model.profile import OrderSummary, Profile
from hub.sdk.connection import Connection
from hub.sdk.destination import ProfileChange

MOST = 20
"""Values of a list that are tried, the first ones: no destination takes more than a few."""

_LISTS = ("emails", "phones", "addresses", "accounts", "loyalty_ids", "contact_kinds", "consents")
_SINGLE: Mapping[str, Any] = {
    "name": PersonName(),
    "birth_date": None,
    "language": None,
    "company": None,
    "tags": (),
    "orders": OrderSummary(),
}


@dataclass(frozen=True, slots=True)
class Property:
    """``value`` is what would be written to the destination now; ``fields`` are the golden values it is made of."""

    destination: str
    name: str
    value: Any
    fields: tuple[str, ...]


def behind(profile: Profile, connection: Connection, name: str) -> Property | None:
    """The golden values that a property is made of; None when this profile is written without such a property."""
    whole = properties(profile, connection)
    if name not in whole:
        return None
    fields = [field for field, less in _without(profile) if properties(less, connection).get(name) != whole[name]]
    return Property(connection.name, name, whole[name], tuple(fields))


def properties(profile: Profile, connection: Connection) -> Mapping[str, Any]:
    """All properties that would be written to create this profile at the destination; empty when it refuses."""
    destination: Any = connection.connector.destination
    if destination is None:
        return {}
    try:
        write = destination.render(ProfileChange(profile=profile, version=1), connection.settings)
    except HubError:  # a connector may refuse a profile without this value
        return {}
    return write.mirror if write is not None else {}


def _without(profile: Profile) -> Iterator[tuple[str, Profile]]:
    for field, empty in _SINGLE.items():
        if getattr(profile, field) != empty:
            yield field, profile.model_copy(update={field: empty})
    for field in _LISTS:
        values = getattr(profile, field)
        for place in range(min(len(values), MOST)):
            yield f"{field}.{place}", profile.model_copy(update={field: (*values[:place], *values[place + 1 :])})
