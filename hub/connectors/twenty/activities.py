"""Activities as notes at their person.

A note and its place at a person are two records in Twenty. Both are upserted by ids that follow from Hub's own key, in
one request, the note first: whatever became of an answer, the same request completes what is there, and makes no second
one. Notes move with a merge.

Sources: as ``schemas`` (``upsert`` by the id) and ``destination`` (relations move with a merge); public clients of 2.x
that write ``createNote`` with ``bodyV2.markdown``, and ``createNoteTarget`` with ``noteId`` and ``targetPersonId``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from uuid import UUID, uuid5

import httpx

from hub.connectors.twenty.manifest import SIZE, TwentySettings
from hub.connectors.twenty.schemas import asked, graphql, nodes
from hub.errors import Unavailable
from hub.sdk.crm import Activities, Batch, Call, Item, Made, Script
from hub.sdk.crm.activities import referred, words
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange, HttpRequest

WRITE = (
    "mutation Hub($notes: [NoteCreateInput!]!, $targets: [NoteTargetCreateInput!]!) { "
    "createNotes(data: $notes, upsert: true) { id } createNoteTargets(data: $targets, upsert: true) { id } }"
)
DESTROY = "mutation Hub($id: UUID!) { destroyNote(id: $id) { id } }"


def properties(change: ActivityChange, _: TwentySettings) -> dict[str, str]:
    """Title and text of an activity's note. The text is Markdown, in which tags would be lost."""
    title, *lines = words(change, at=True, named=True)
    return {"title": title, "bodyV2": "\n\n".join(escape(line, quote=False) for line in lines)}


def append(items: Sequence[Item], _: TwentySettings) -> Call[Answers]:
    """Make notes, and put each at its person."""
    notes = [
        {"id": item.write.key, "title": item.properties["title"], "bodyV2": {"markdown": item.properties["bodyV2"]}}
        for item in items
    ]
    places = [(item.write.key, item.write.links[0]) for item in items]
    targets = [
        {"id": str(uuid5(UUID(key), "target")), "noteId": key, "targetPersonId": person} for key, person in places
    ]

    def read(response: httpx.Response) -> Answers:
        data = graphql(response)
        if not isinstance(data, Mapping) or not all(isinstance(one, list) for one in data.values()) or len(data) < 2:
            raise Unavailable("Twenty's answer cannot be read", uncertain=True)
        there = {str(one.get("id")) for one in data["createNotes"] if isinstance(one, dict)}
        return {item.write.key: Made(item.write.key) for item in items if item.write.key in there}

    body = {"query": WRITE, "variables": {"notes": notes, "targets": targets}}
    return Call(HttpRequest("POST", "/graphql", body), read)


def forget(person: str, _: TwentySettings) -> Script[None]:
    """Destroy Hub's notes of a person: a deletion would only hide them."""
    fields = "id note { id bodyV2 { markdown } }"
    while True:
        found = nodes((yield asked("noteTargets", "NoteTarget", fields, [{"targetPersonId": {"in": [person]}}])))
        held = [note for one in found if isinstance(note := one.get("note"), dict)]
        ours = [one for one in held if referred(str((one.get("bodyV2") or {}).get("markdown") or ""))]
        for note in ours:
            graphql((yield HttpRequest("POST", "/graphql", {"query": DESTROY, "variables": {"id": str(note["id"])}})))
        if len(found) < SIZE or not ours:
            return


ACTIVITIES: Activities[TwentySettings] = Activities(
    own="", properties=properties, create=Batch(SIZE, append), checks_person=True, forget=forget
)
