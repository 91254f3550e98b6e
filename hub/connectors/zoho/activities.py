"""Activities as notes at their contact.

A note has no field of Hub's own: its last line names it, so that those of a person are listed before one is made.

Sources: zoho.com/crm/developer/docs/api/v8/create-notes.html (``Parent_Id`` with its module, 100 notes a call; 400
INVALID_DATA where the parent is no more), …/get-related-records.html (200 a page, oldest first, ``more_records``),
…/update-notes.html, …/delete-notes.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from hub.connectors.zoho.manifest import ZohoSettings
from hub.connectors.zoho.schemas import SIZE, answers, outcomes, records, request
from hub.errors import RejectedError
from hub.sdk.crm import Activities, Batch, Call, Item, Script
from hub.sdk.crm.activities import Page, found_among, ours_among, words
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange
from hub.sdk.http import json_of

LONGEST_TITLE, PAGE = 120, 200


def properties(change: ActivityChange, _: ZohoSettings) -> dict[str, str]:
    """Title and content of an activity's note, which is plain text."""
    title, *lines = words(change, at=True, named=True)
    return {"Note_Title": title[:LONGEST_TITLE], "Note_Content": "\n".join(lines)}


def append(items: Sequence[Item], _: ZohoSettings) -> Call[Answers]:
    """Make notes, each at its contact."""
    notes = [
        {**item.properties, "Parent_Id": {"module": {"api_name": "Contacts"}, "id": item.write.links[0]}}
        for item in items
    ]

    return Call(request("POST", "/Notes", {"data": notes}), answers(items))


def page(person: str, module: str = "Notes", text: str = "Note_Content") -> Page:
    """The notes of a contact, or what else is related to it; none where it is no more."""

    def read(response: httpx.Response) -> tuple[Mapping[str, str], bool]:
        if not response.is_success:
            return {}, False
        more = response.content and json_of(response).get("info", {}).get("more_records")
        return {note: str(one.get(text) or "") for note, one in records(response).items()}, bool(more)

    def ask(number: int) -> Call[tuple[Mapping[str, str], bool]]:
        query = {"fields": text, "page": str(number + 1), "per_page": str(PAGE)}
        return Call(request("GET", f"/Contacts/{person}/{module}", None, query), read)

    return ask


BLANK = {"Note_Title": None, "Note_Content": "[erased]"}


def forget(
    person: str, _: ZohoSettings, *, module: str = "Notes", blank: Mapping[str, str | None] = BLANK
) -> Script[None]:
    """Empty Hub's notes of a contact, then delete them: the recycle bin keeps what was deleted."""
    for several in chunks((yield from ours_among(page(person, module, [*blank][-1]))), SIZE):
        yield request("PUT", f"/{module}", {"data": [{"id": one, **blank} for one in several]})
        told = outcomes((yield request("DELETE", f"/{module}", None, {"ids": ",".join(several)})))
        if kept := {one.code for one in told if one.status != "success"}:
            raise RejectedError(f"Zoho CRM does not delete {module.lower()}: {', '.join(sorted(kept))}")


ACTIVITIES: Activities[ZohoSettings] = Activities(
    own="",
    properties=properties,
    find=lambda writes, _: found_among(writes, page),
    create=Batch(SIZE, append),
    forget=forget,
)
