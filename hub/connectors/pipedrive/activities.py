"""Activities as notes at their person.

A note has no field of Hub's own: its last line names it. Those of a person are listed before one is made, the newest
first: a list does not lag as Pipedrive's search does. Administrators alone may set ``add_time``, so that the moment
stands in the text.

Sources: developers.pipedrive.com/docs/api/v1/Notes (``content`` is HTML that Pipedrive cleans; ``person_id``; list by
person, ``sort``; DELETE).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from hub.connectors.pipedrive import schemas
from hub.connectors.pipedrive.manifest import PipedriveSettings
from hub.sdk.crm import Activities, Call, Item
from hub.sdk.crm.activities import Page, as_html, named_by_text, words
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange, HttpRequest

NOTES = "/v1/notes"
PAGE = 100


def properties(change: ActivityChange, _: PipedriveSettings) -> dict[str, str]:
    """The content of an activity's note."""
    return {"content": as_html(words(change, at=True, named=True))}


def page(person: str) -> Page:
    """The notes of a person, the newest first."""

    def read(response: httpx.Response) -> tuple[Mapping[str, str], bool]:
        notes = schemas.rows(response)
        return {str(one["id"]): str(one.get("content") or "") for one in notes}, len(notes) == PAGE

    def ask(number: int) -> Call[tuple[Mapping[str, str], bool]]:
        query = {"person_id": person, "sort": "id DESC", "start": str(number * PAGE), "limit": str(PAGE)}
        return Call(HttpRequest("GET", NOTES, None, query=query), read)

    return ask


def append(items: Sequence[Item], settings: PipedriveSettings) -> Call[Answers]:
    """Make a note."""
    [item] = items
    body = {**item.properties, "person_id": schemas.number(item.write.links[0])}
    request = HttpRequest("POST", NOTES, body, accept=schemas.READ_HERE)

    return Call(request, lambda response: schemas.answered(response, item, "persons", settings))


ACTIVITIES: Activities[PipedriveSettings] = named_by_text(
    properties, page, append, path=NOTES, gone=frozenset({404, 410}), newest_first=True
)
