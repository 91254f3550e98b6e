"""What a write becomes: which records it knows, whether to look first, and the item that is sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.sdk.crm.dialect import EMAIL, Dialect, Item, People
from hub.sdk.crm.rendering import LINES, LINKED
from hub.sdk.destination import Write
from hub.sdk.manifest import Settings


def known(write: Write) -> tuple[str, ...]:
    """All records of a person, the one to keep first."""
    return (write.external_id, *write.merge) if write.external_id else write.merge


def look_first(dialect: Dialect[Settings], write: Write) -> bool:
    """True when the CRM may know the person under something that a creation would not meet."""
    people = dialect.people
    names = {people.own, EMAIL} if people.email in people.unique else {people.own}
    guarded = sum(any(name == key for key, _ in write.match) for name in names)
    return people.upsert is None or write.uncertain or bool(write.rules) or len(write.match) > guarded


def is_searched(people: People[Settings], write: Write) -> bool:
    """True when a person who is to be erased may have records of which Hub knows no id."""
    return not known(write) or write.uncertain or people.merge is None


def creation(write: Write) -> Item:
    """A new record with everything there is."""
    return Item(write, None, {name: value for name, value in plain(write.mirror).items() if value != ""})


def is_sure(write: Write) -> bool:
    """True when the record is known, and nothing that may have been carried out unseen has to be looked for."""
    return write.external_id is not None and not write.uncertain


def plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties without what only Hub keeps."""
    return {name: value for name, value in properties.items() if name not in (LINKED, LINES)}


def own_ids(write: Write, own: str) -> list[str]:
    """The profile, and those merged into it."""
    return [value for name, value in write.match if name == own]


def values_of(properties: Mapping[str, Any], name: str) -> list[str]:
    """The values of a property: one, each of a list, or none."""
    told = properties.get(name)
    return [str(one) for one in (told if isinstance(told, list | tuple) else [told]) if one not in (None, "")]
