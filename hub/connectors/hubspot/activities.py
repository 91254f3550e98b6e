"""Activities as notes at their contact.

Sources: developers.hubspot.com/docs/api-reference/crm-notes-v3/guide (``hs_timestamp`` is required and places the note
in the timeline; the body holds 65,536 characters), …/legacy/crm/activities/notes/batch/create-notes (a note is made
together with its associations), HubSpot/hubspot-api-nodejs, src/enums/AssociationTypes.ts (the vendor's own table:
``noteToContact`` is 202), …/legacy/crm/activities/notes/batch/upsert-notes and …/update-notes (notes may have
properties of unique values).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hub.connectors.hubspot.manifest import MANIFEST, HubSpotSettings
from hub.connectors.hubspot.schemas import owned, read_answer
from hub.connectors.hubspot.schemas_fields import ACTIVITY_KEY
from hub.sdk.crm import Activities, Batch, Call, Found, Item, facts
from hub.sdk.crm.activities import as_html, words
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange, HttpRequest, Write

NOTES = "/crm/v3/objects/notes"
AT_CONTACT = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}
SIZE = MANIFEST.limits.batch


def properties(change: ActivityChange, _: HubSpotSettings) -> dict[str, str]:
    """The properties of an activity's note; HubSpot shows the body as HTML."""
    return {
        "hs_timestamp": facts.instant(change.at, "milliseconds"),
        "hs_note_body": as_html(words(change)),
        "hub_activity_kind": change.kind,
    }


def append(
    items: Sequence[Item], _: HubSpotSettings, *, path: str = NOTES, at: Mapping[str, object] = AT_CONTACT
) -> Call[Answers]:
    """Make notes, or what else hangs on contacts, each at its own."""
    body = [
        {
            "objectWriteTraceId": item.write.key,
            "properties": dict(item.properties),
            "associations": [{"to": {"id": item.write.links[0]}, "types": [at]}],
        }
        for item in items
    ]
    request = HttpRequest("POST", f"{path}/batch/create", {"inputs": body})
    return Call(request, lambda response: read_answer(response).by_key(items))


def find(writes: Sequence[Write], _: HubSpotSettings, *, path: str = NOTES) -> Iterator[Call[Sequence[Found]]]:
    """Those that stand there."""
    return owned(path, ACTIVITY_KEY, [write.key for write in writes])


ACTIVITIES = Activities(own=ACTIVITY_KEY, properties=properties, find=find, create=Batch(SIZE, append), guarded=True)
