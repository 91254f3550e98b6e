"""Tasks that are open, due on a day, and for whom the settings name; kept, found and taken away as any activity.

Source: developer.salesforce.com/docs/atlas.en-us.252.0.object_reference.meta/object_reference/
sforce_api_objects_task.htm (``ActivityDate`` is the day it is due, ``OwnerId`` whose it is, ``Status`` one of the org's
picklist).
"""

from __future__ import annotations

from dataclasses import replace

from hub.connectors.salesforce.activities import ACTIVITIES, LONGEST_SUBJECT
from hub.connectors.salesforce.manifest import SalesforceSettings
from hub.sdk.crm.activities import day_due, task_words, user_of
from hub.sdk.destination import ActivityChange


def properties(change: ActivityChange, settings: SalesforceSettings) -> dict[str, str]:
    """The fields of a task; without an owner it is Hub's user's."""
    title, lines = task_words(change)
    owner = user_of(change, settings)
    return {
        "Subject": title[:LONGEST_SUBJECT],
        "Description": "\n".join(lines),
        "ActivityDate": day_due(change),
        "Status": settings.task_status,
        **({"OwnerId": owner} if owner else {}),
    }


HISTORY = replace(ACTIVITIES, tasks=replace(ACTIVITIES, properties=properties, forget=None))
