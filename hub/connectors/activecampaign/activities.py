"""Activities as notes at their contact.

A note has no field of Hub's own: its last line names it. Those of a contact are listed before one is made.

Sources: developers.activecampaign.com/reference/create-a-note (``reltype`` Subscriber is a contact),
…/reference/get-contact-notes, …/reference/delete-note (403 for one that is gone).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx
from pydantic import BaseModel, ConfigDict

from hub.connectors.activecampaign import schemas
from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.schemas import API, GONE, get, number, post
from hub.sdk.crm import Activities, Call, Item, Made
from hub.sdk.crm.activities import Page, named_by_text, words
from hub.sdk.crm.answers import read_as
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange

PAGE = 100


class Note(BaseModel):
    """A note."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    id: str
    note: str | None = None


class Notes(BaseModel):
    notes: tuple[Note, ...] = ()


class Written(BaseModel):
    note: Note


def properties(change: ActivityChange, _: ActiveCampaignSettings) -> dict[str, str]:
    """The text of an activity's note."""
    return {"note": "\n".join(words(change, at=True, named=True))}


def page(person: str) -> Page:
    """The notes of a contact; none where it is no more."""

    def read(response: httpx.Response) -> tuple[Mapping[str, str], bool]:
        if response.status_code in GONE:
            return {}, False
        notes = read_as(Notes, response).notes
        return {one.id: one.note or "" for one in notes}, len(notes) == PAGE

    def ask(number: int) -> Call[tuple[Mapping[str, str], bool]]:
        query = {"limit": str(PAGE), "offset": str(number * PAGE)}
        return Call(get(f"contacts/{person}/notes", query, accept=GONE), read)

    return ask


def append(items: Sequence[Item], _: ActiveCampaignSettings) -> Call[Answers]:
    """Make a note."""
    [item] = items
    request = post("notes", "note", **item.properties, reltype="Subscriber", relid=number(item.write.links[0]))

    def told(response: httpx.Response) -> Answers:
        if not response.is_success:
            return {item.write.key: schemas.problem(response)}
        return {item.write.key: Made(read_as(Written, response).note.id, new=True)}

    return Call(request, told)


ACTIVITIES: Activities[ActiveCampaignSettings] = named_by_text(
    properties, page, append, path=f"{API}/notes", gone=frozenset({403, 404})
)
