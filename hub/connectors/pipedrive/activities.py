"""Activities as notes at their person.

A note has no field of Hub's own: its last line names it. Those of a person are listed before one is made, the newest
first: a list does not lag as Pipedrive's search does. Administrators alone may set ``add_time``, so that the moment
stands in the text.

Sources: developers.pipedrive.com/docs/api/v1/Notes (``content`` is HTML that Pipedrive cleans; ``person_id``; list by
person, ``sort``; DELETE).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.connectors.pipedrive import schemas
from hub.connectors.pipedrive.manifest import PipedriveSettings
from hub.sdk.crm import Activities, Batch, Call, Found, Item, Script
from hub.sdk.crm.activities import as_html, referred, words
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange, HttpRequest, Write

NOTES = "/v1/notes"
PAGE = 100
MOST_PAGES = 20


def properties(change: ActivityChange, _: PipedriveSettings) -> dict[str, str]:
    """The content of an activity's note."""
    return {"content": as_html(words(change, at=True, named=True))}


def listed(person: str, start: int = 0) -> HttpRequest:
    """The notes of a person, the newest first."""
    query = {"person_id": person, "sort": "id DESC", "start": str(start), "limit": str(PAGE)}
    return HttpRequest("GET", NOTES, None, query=query)


def find(writes: Sequence[Write], _: PipedriveSettings) -> Iterator[Call[Sequence[Found]]]:
    """Hub's notes of these people: what was made just now is among their newest."""
    for person in dict.fromkeys(write.links[0] for write in writes):
        yield Call(
            listed(person), lambda response: [Found(str(one["id"]), _key(one)) for one in schemas.rows(response)]
        )


def append(items: Sequence[Item], settings: PipedriveSettings) -> Call[Answers]:
    """Make a note."""
    [item] = items
    body = {**item.properties, "person_id": schemas.number(item.write.links[0])}
    request = HttpRequest("POST", NOTES, body, accept=schemas.READ_HERE)

    return Call(request, lambda response: schemas.answered(response, item, "persons", settings))


def forget(person: str, _: PipedriveSettings) -> Script[None]:
    """Delete Hub's notes of a person."""
    ours: list[str] = []
    for page in range(MOST_PAGES):
        notes = schemas.rows((yield listed(person, page * PAGE)))
        ours += [str(one["id"]) for one in notes if _key(one)]
        if len(notes) < PAGE:
            break
    for one in ours:
        yield HttpRequest("DELETE", f"{NOTES}/{one}", None, accept=frozenset({404, 410}))


def _key(note: Mapping[str, Any]) -> str | None:
    return referred(str(note.get("content") or ""))


ACTIVITIES = Activities(
    own="", properties=properties, find=find, create=Batch(1, append), checks_person=True, forget=forget
)
