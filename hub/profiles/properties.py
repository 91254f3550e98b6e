"""Which golden values are behind a destination's property. Pure.

The connector renders the profile once complete, and once without each value. Where the property changes, it is made
of that value. Nothing is declared, so this works for every connector and always agrees with what is sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from hub.errors import HubError
from hub.model.base import FrozenTexts
from hub.model.customer import PersonName
from hub.model.profile import OrderSummary, Profile
from hub.model.traits import Traits
from hub.sdk.connection import Connection
from hub.sdk.destination import ProfileChange
from hub.sdk.manifest import ProfileSettings

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
    "traits": Traits(),
}


@dataclass(frozen=True, slots=True)
class Property:
    """``value`` is what would be written to the destination now; ``fields`` are the golden values it is made of.

    ``reads`` are the fields that the connection's mapping file names for it; None where the file does not. A mapped
    property without a value is there as well: ``fields`` are then all that might give it one.
    """

    destination: str
    name: str
    value: Any
    fields: tuple[str, ...]
    reads: tuple[str, ...] | None = None


def behind(profile: Profile, connection: Connection, name: str) -> Property | None:
    """The golden values that a property is made of; None when this profile is written without such a property."""
    whole, reads = properties(profile, connection), _mapped(connection, name)
    if name not in whole:
        return None if reads is None else Property(connection.name, name, None, reads, reads)
    fields = [field for field, less in _without(profile) if properties(less, connection).get(name) != whole[name]]
    return Property(connection.name, name, whole[name], tuple(fields), reads)


def _mapped(connection: Connection, name: str) -> tuple[str, ...] | None:
    settings = connection.settings
    people = settings.overrides["fields"] if isinstance(settings, ProfileSettings) else None
    return None if people is None or name not in people.targets else tuple(sorted(people.fields_of(name)))


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
    for name in islice(profile.custom, MOST):
        left = FrozenTexts({key: value for key, value in profile.custom.items() if key != name})
        yield f"custom.{name}", profile.model_copy(update={"custom": left})
