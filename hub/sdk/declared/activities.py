"""A declared activity to what ``hub.sdk.crm`` appends by. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx

from hub.errors import RejectedError, Unavailable
from hub.sdk.crm import Activities, Batch, Call, Found, Item, Made, Problem, Script, facts
from hub.sdk.crm.activities import as_html, referred, words
from hub.sdk.crm.dialect import Answers
from hub.sdk.declared.answers import as_error, content, reader, text_of
from hub.sdk.declared.model import Activity
from hub.sdk.destination import ActivityChange, Write
from hub.sdk.manifest import ConnectionSettings

if TYPE_CHECKING:
    from hub.sdk.declared.dialect import Requests

ENTRY = ("text", "html", "title", "at", "kind")
"""What a template may say of an entry, beside its key and its person."""

GONE = frozenset({404, 410})
MOST_ROUNDS = 20

Settings = ConnectionSettings


def activities_of(activity: Activity, requests: Requests) -> Activities[Settings]:
    """How entries are found, appended and taken away, one by one."""
    items, made_id = reader(activity.find.items), reader(activity.create.id)
    entry_id, owner = reader(activity.find.id), reader(activity.find.owner)

    def entries(response: httpx.Response) -> list[Found]:
        if problem := requests.answers.problem(response):
            if problem.kind == "gone":
                return []
            raise as_error(problem, response)
        listed = items(content(response)) if items else None
        if not isinstance(listed, list):
            raise Unavailable("the answer holds no list of entries")
        named = [(text_of(entry_id, one), text_of(owner, one)) for one in listed if isinstance(one, Mapping)]
        keys = [(one, referred(text) or (text if is_key(text) else None)) for one, text in named if one and text]
        return [Found(one, key) for one, key in keys if one]

    def find(writes: Sequence[Write], settings: Settings) -> Iterator[Call[Sequence[Found]]]:
        for person in dict.fromkeys(write.links[0] for write in writes):
            request = requests.make(activity.find, settings, person=person)
            yield Call(replace(request, accept=request.accept | GONE), entries)

    def append(items: Sequence[Item], settings: Settings) -> Call[Answers]:
        [item] = items

        def read(response: httpx.Response) -> Made | Problem:
            if problem := requests.answers.problem(response):
                return problem
            made = text_of(made_id, content(response))
            if made is None:
                raise Unavailable("the answer to a new entry names no id", uncertain=True)
            return Made(made, new=True)

        values = {**item.properties, "key": item.write.key, "person": item.write.links[0]}
        request = requests.make(activity.create, settings, **values)
        return Call(request, lambda response: {item.write.key: read(response)})

    def forget(person: str, settings: Settings) -> Script[None]:
        assert activity.erase is not None
        for _ in range(MOST_ROUNDS):
            listed = requests.make(activity.find, settings, person=person)
            there = entries((yield replace(listed, accept=listed.accept | GONE)))
            ours = [entry for entry in there if entry.owner]
            if not ours:
                return
            for entry in ours:
                request = requests.make(activity.erase, settings, id=entry.id)
                gone = requests.answers.problem((yield replace(request, accept=request.accept | GONE)))
                if gone is not None and gone.kind != "gone":
                    raise RejectedError(f"an entry of the person's history is not deleted: {gone.words}")

    return Activities(
        own="",
        properties=entry,
        find=find,
        create=Batch(1, append),
        checks_person=True,
        forget=forget if activity.erase else None,
    )


def is_key(text: str) -> bool:
    """Whether a field's value is a key of Hub's."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def entry(change: ActivityChange, _: Settings) -> dict[str, Any]:
    """The values of an entry that templates may name."""
    lines = words(change, at=True, named=True)
    return {
        "text": "\n".join(lines),
        "html": as_html(lines),
        "title": change.title,
        "at": facts.instant(change.at),
        "kind": change.kind,
    }
