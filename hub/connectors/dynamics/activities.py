"""Activities as notes of their contact, and tasks as tasks, due at a time and for whom the settings name.

Dataverse takes the id of a new record from its maker: Hub's own key is that of the note or task, so that none is made
twice. What hangs on a contact is deleted with it, and moves in a merge.

Sources: learn.microsoft.com/power-apps/developer/data-platform/reference/entities/annotation (``objectid_contact``,
lengths), …/entities/task (``regardingobjectid_contact_task``, ``scheduledend``, ``ownerid``; ``description`` holds
2,000 characters), …/webapi/create-entity-web-api, …/webapi/compose-http-requests-handle-errors (412 for a taken id).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hub.connectors.dynamics import schemas
from hub.connectors.dynamics.manifest import SIZE, DynamicsSettings
from hub.connectors.dynamics.schemas import Part, by_ids, writing
from hub.sdk.crm import Activities, Batch, Call, Found, Item, facts
from hub.sdk.crm.activities import task_words, user_of, words
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange, Write

LONGEST_SUBJECT, LONGEST_TEXT = 200, 2000


def note(change: ActivityChange, _: DynamicsSettings) -> dict[str, str]:
    """The columns of a note, which is plain text."""
    title, *lines = words(change, at=True, named=True)
    return {"subject": title[:LONGEST_SUBJECT], "notetext": "\n".join(lines)}


def task(change: ActivityChange, settings: DynamicsSettings) -> dict[str, str]:
    """The columns of a task; without an owner it is Hub's application's."""
    title, [*lines, ours] = task_words(change, named=True)
    owner = user_of(change, settings)
    return {
        "subject": title[:LONGEST_SUBJECT],
        "description": "\n".join(("\n".join(lines)[: LONGEST_TEXT - len(ours) - 1], ours)),
        "scheduledend": facts.instant(change.due or change.at),
        **({"ownerid@odata.bind": f"/systemusers({owner})"} if owner else {}),
    }


def _kept(
    entities: str, own: str, at: str, properties: Callable[[ActivityChange, DynamicsSettings], Mapping[str, Any]]
) -> Activities[DynamicsSettings]:
    def making(item: Item) -> Part:
        place = {own: item.write.key, f"{at}@odata.bind": f"/contacts({item.write.links[0]})"}
        headers = {"Prefer": "return=representation"}
        return Part("POST", f"{entities}?$select={own}", {**item.properties, **place}, headers)

    def append(items: Sequence[Item], _: DynamicsSettings) -> Call[Answers]:
        return writing(making, items, own, {})

    def find(writes: Sequence[Write], _: DynamicsSettings) -> Iterable[Call[Sequence[Found]]]:
        asked = by_ids(entities, own, own, [write.key for write in writes])
        return (Call(one, schemas.owned(own, own)) for one in asked)

    return Activities(own="", properties=properties, find=find, create=Batch(SIZE, append), guarded=True)


HISTORY = replace(
    _kept("annotations", "annotationid", "objectid_contact", note),
    tasks=_kept("tasks", "activityid", "regardingobjectid_contact_task", task),
)
