"""Tasks of their own module, each with its contact, due on a day and for whom the settings name.

Sources: zoho.com/crm/developer/docs/api/v8/insert-records.html (``Tasks``: ``Subject`` is needed, ``Due_Date``,
``Status``, ``Who_Id`` is the contact, ``Owner``), …/get-related-records.html (tasks of a contact).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from hub.connectors.zoho.activities import ACTIVITIES, forget, page
from hub.connectors.zoho.manifest import ZohoSettings
from hub.connectors.zoho.schemas import SIZE, answers, request
from hub.sdk.crm import Activities, Batch, Call, Item
from hub.sdk.crm.activities import day_due, found_among, task_words, user_of
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange

LONGEST_SUBJECT = 255


def properties(change: ActivityChange, settings: ZohoSettings) -> dict[str, str]:
    """The fields of a task; without an owner it is that of whoever authorised Hub."""
    title, lines = task_words(change, named=True)
    owner = user_of(change, settings)
    return {
        "Subject": title[:LONGEST_SUBJECT],
        "Description": "\n".join(lines),
        "Due_Date": day_due(change),
        "Status": settings.task_status,
        **({"Owner": owner} if owner else {}),
    }


def append(items: Sequence[Item], _: ZohoSettings) -> Call[Answers]:
    """Make tasks, each with its contact."""
    tasks: list[dict[str, Any]] = [{**item.properties, "Who_Id": {"id": item.write.links[0]}} for item in items]
    data = [{**one, **({"Owner": {"id": one["Owner"]}} if "Owner" in one else {})} for one in tasks]
    return Call(request("POST", "/Tasks", {"data": data}), answers(items))


TASKS: Activities[ZohoSettings] = Activities(
    own="",
    properties=properties,
    find=lambda writes, _: found_among(writes, lambda person: page(person, "Tasks", "Description")),
    create=Batch(SIZE, append),
    checks_person=True,
    forget=partial(forget, module="Tasks", blank={"Subject": "[erased]", "Description": None}),
)
HISTORY = replace(ACTIVITIES, tasks=TASKS)
