"""A CRM's own opt-outs (law L7): said again when their subject is told anew, never taken back, and for good. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub.sdk.crm.dialect import Dialect, Found, Item, People
from hub.sdk.destination import Write
from hub.sdk.manifest import Settings


def with_opt_outs(write: Write | None, dialect: Dialect[Settings], settings: Settings) -> Write | None:
    """The write with what it does to the CRM's own opt-outs.

    People there may have lifted one, so that it is said again with the e-mail or the consent it is about. A write that
    sets one is marked: nobody takes it back.
    """
    if write is None or write.kind != "profile" or write.erase:
        return write
    again = {
        name: write.mirror[name]
        for name, about in dialect.people.opt_outs.items()
        if is_said(write.mirror, name) and about & write.properties.keys() and name not in write.unsure
    }
    if again:
        write = replace(write, properties={**write.properties, **again})
    if said(write, dialect.people) or dialect.opts_out(write, settings):
        return replace(write, irreversible=(*write.irreversible, "opt out"))
    return write


def unlifted(item: Item, people: People[Settings]) -> Item:
    """The item without the opt-outs that it would clear.

    A record that has been two people's keeps none that was the other's: an undone merge is undone whole (law L4).
    """
    cleared = {name for name in people.opt_outs if item.properties.get(name) == ""}
    if not cleared or item.write.merged_ids:
        return item
    return replace(item, properties={name: value for name, value in item.properties.items() if name not in cleared})


def said(write: Write, people: People[Settings]) -> dict[str, Any]:
    """The CRM's own opt-outs that a write sets."""
    return {name: write.properties[name] for name in people.opt_outs if is_said(write.properties, name)}


def is_said(properties: Mapping[str, Any], name: str) -> bool:
    """Whether an opt-out stands there: its value may be False or 0, where a CRM asks who wants mail."""
    return properties.get(name) not in (None, "")


def second_records(write: Write, people: People[Settings]) -> tuple[str, ...]:
    """Where records cannot be merged: those that stay beside the one that is kept, to be told of an opt-out too."""
    return (*write.merged_ids, *write.merge) if people.merge is None and said(write, people) else ()


def telling(write: Write, people: People[Settings], second: Found) -> Item | None:
    """What tells a second record of the opt-out, and of nothing else; None where it is not this person's, or people's.

    It stays the record of whom Hub made it for: an undone merge finds it again.
    """
    if not second.owner or not second.is_of(write, people.own):
        return None
    return Item(replace(write, key=second.owner, external_id=second.id), second.id, said(write, people), second)
