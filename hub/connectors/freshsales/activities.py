"""Activities as notes at their contact.

A note has no field of Hub's own: its last line names it. Those of a contact are listed before one is made.

Sources: developers.freshworks.com/crm/api ("Create a note": ``targetable_type``, ``targetable_id``; "Delete a note");
``GET /contacts/{id}/notes`` gives a contact's, in a public integration's words also where ``GET /notes/{id}`` does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from hub.connectors.freshsales.manifest import FreshsalesSettings
from hub.connectors.freshsales.schemas import API, REFUSED, answered, records
from hub.sdk.crm import Activities, Call, Item
from hub.sdk.crm.activities import Page, named_by_text, words
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange, HttpRequest

PAGE = 25


def properties(change: ActivityChange, _: FreshsalesSettings) -> dict[str, str]:
    """The text of an activity's note."""
    return {"description": "\n".join(words(change, at=True, named=True))}


def append(items: Sequence[Item], _: FreshsalesSettings) -> Call[Answers]:
    """Make a note at its contact."""
    [item] = items
    note = {**item.properties, "targetable_type": "Contact", "targetable_id": item.write.links[0]}
    asked = HttpRequest("POST", f"{API}/notes", {"note": note}, accept=REFUSED)
    return Call(asked, lambda response: {item.write.key: answered(response, "note", item)})


def page(person: str) -> Page:
    """The notes of a contact; none where it is no more."""

    def read(response: httpx.Response) -> tuple[Mapping[str, str], bool]:
        notes = records(response, "note") if response.is_success else []
        return {str(one["id"]): str(one.get("description") or "") for one in notes}, len(notes) == PAGE

    def ask(number: int) -> Call[tuple[Mapping[str, str], bool]]:
        query = {"page": str(number + 1), "per_page": str(PAGE)}
        path = f"{API}/contacts/{person}/notes"
        return Call(HttpRequest("GET", path, None, query, accept=frozenset({404})), read)

    return ask


ACTIVITIES: Activities[FreshsalesSettings] = named_by_text(properties, page, append, path=f"{API}/notes")
