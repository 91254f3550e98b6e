"""Finding people's records: by what they may be known under, and by their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hub.sdk.crm.calls import Caller
from hub.sdk.crm.dialect import Found, Item, Key, People
from hub.sdk.destination import Write
from hub.sdk.manifest import Settings


def present(people: People[Settings], caller: Caller[Settings], ids: Iterable[str]) -> Mapping[str, Found]:
    """The records behind these ids now, by every id that leads to them. Raises the error tree."""
    asked = list(ids)
    calls = people.read(asked, caller.settings) if asked else ()
    found = [hit for call in calls for hit in caller.ask(call)]
    return {old: hit for hit in found for old in (*hit.formerly, hit.id)}


def lookup(
    people: People[Settings], caller: Caller[Settings], writes: Sequence[Write]
) -> Mapping[Key, Sequence[Found]]:
    """The records under all ids and e-mails of these profiles, by what was asked for. Raises the error tree.

    Nothing else is given, whatever a search found: what follows may overwrite a record, or erase it.
    """
    keys = list(dict.fromkeys(pair for write in writes for pair in write.match))
    calls = people.find(keys, caller.settings) if keys else ()
    hits = [hit for call in calls for hit in caller.ask(call)]
    whole = {hit.id: hit for hit in hits if not hit.bare}
    read = present(people, caller, dict.fromkeys(hit.id for hit in hits if hit.id not in whole))
    index: dict[Key, list[Found]] = {}
    for found in {**whole, **{hit.id: hit for hit in read.values()}}.values():
        for pair in found.pairs(people.own).intersection(keys):
            index.setdefault(pair, []).append(found)
    return index


def beside(people: People[Settings], caller: Caller[Settings], items: Sequence[Item]) -> list[Item]:
    """The items with the record as it is there, where what people have in a list of it is to stay.

    Where an update brings back what people deleted, all are asked for: a record that is gone has none.
    """
    every = people.update.revives
    asked = {str(item.id) for item in items if item.there is None and (every or people.lists & item.properties.keys())}
    there = present(people, caller, sorted(asked))
    return [replace(item, there=item.there or there.get(str(item.id))) for item in items]
