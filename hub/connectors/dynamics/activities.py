"""Activities as notes (annotations) at their contact.

A note is made under Hub's own key of the entry, which is its id there, and only where none has that id: whatever became
of an answer, there is no second one. Notes follow a contact that is merged, and go with one that is deleted.

Sources: learn.microsoft.com/power-apps/developer/data-platform/reference/entities/annotation (``subject``,
``notetext``, ``objectid_contact``; ``annotationid`` can be given at creation), …/use-upsert-insert-update-record
(``If-None-Match: *`` creates and never changes; 412 where it is there), …/reference/entities/contact
(``Contact_Annotation`` cascades a deletion).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from hub.connectors.dynamics.manifest import SIZE, DynamicsSettings
from hub.connectors.dynamics.schemas import Part, answer_of, answers, call
from hub.sdk.crm import Activities, Batch, Call, Item, Made, Problem
from hub.sdk.crm.activities import as_html, words
from hub.sdk.destination import ActivityChange

LONGEST_SUBJECT = 500
ONCE = {"Prefer": "return=representation", "If-None-Match": "*"}


def properties(change: ActivityChange, _: DynamicsSettings) -> dict[str, str]:
    """Title and text of an activity's note; the timeline shows the text as HTML."""
    return {"subject": change.title[:LONGEST_SUBJECT], "notetext": as_html(words(change, at=True))}


def note(item: Item) -> Part:
    """A note at its contact."""
    body = {**item.properties, "objectid_contact@odata.bind": f"/contacts({item.write.links[0]})"}
    return Part("PATCH", f"annotations({item.write.key})?$select=annotationid", body, ONCE)


def append(items: Sequence[Item], _: DynamicsSettings) -> Call[Mapping[str, Made | Problem]]:
    """Make notes; one that is there already is done."""

    def read(response: httpx.Response) -> Mapping[str, Made | Problem]:
        told = zip(items, answers(response), strict=False)
        return {
            item.write.key: Made(item.write.key) if one.status == 412 else answer_of(one, "annotationid", {})
            for item, one in told
        }

    return Call(call([note(item) for item in items]), read)


ACTIVITIES: Activities[DynamicsSettings] = Activities(own="", properties=properties, create=Batch(SIZE, append))
