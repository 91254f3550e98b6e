"""Tasks of their own object, each at its contact, due on a day and for whom the settings name.

Sources: developers.hubspot.com/docs/api-reference/crm-tasks-v3/guide (``hs_timestamp`` is when it is due; status and
type; ``hubspot_owner_id``), HubSpot/hubspot-api-nodejs, src/enums/AssociationTypes.ts (``taskToContact`` is 204).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from hub.connectors.hubspot.activities import ACTIVITIES, SIZE, append, find
from hub.connectors.hubspot.manifest import HubSpotSettings
from hub.connectors.hubspot.schemas_fields import ACTIVITY_KEY
from hub.sdk.crm import Activities, Batch, facts
from hub.sdk.crm.activities import as_html, task_words, user_of
from hub.sdk.destination import ActivityChange

PATH = "/crm/v3/objects/tasks"
AT_CONTACT = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}


def properties(change: ActivityChange, settings: HubSpotSettings) -> dict[str, str]:
    """The properties of a task; without an owner it is nobody's."""
    title, lines = task_words(change)
    owner = user_of(change, settings)
    return {
        "hs_timestamp": facts.instant(change.due or change.at, "milliseconds"),
        "hs_task_subject": title,
        "hs_task_body": as_html(lines),
        "hs_task_status": "NOT_STARTED",
        "hs_task_type": "TODO",
        "hub_activity_kind": change.kind,
        **({"hubspot_owner_id": owner} if owner else {}),
    }


TASKS: Activities[HubSpotSettings] = Activities(
    own=ACTIVITY_KEY,
    properties=properties,
    find=partial(find, path=PATH),
    create=Batch(SIZE, partial(append, path=PATH, at=AT_CONTACT)),
    guarded=True,
)
HISTORY = replace(ACTIVITIES, tasks=TASKS)
