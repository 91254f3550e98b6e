"""Tasks of their own entity, each at its contact or lead, due on a day and for whom the settings name.

Sources: docs.espocrm.com/user-guide/activities-and-calendar (tasks), …/development/api-search-params;
github.com/espocrm/espocrm application/Espo/Modules/Crm/Resources/metadata/entityDefs/Task.json (``dateEndDate``,
``parent``, ``assignedUser``), …/Core/Action/Actions/Merge/Merger.php (a merge moves what hangs on a record).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import httpx

from hub.connectors.espocrm.activities import ACTIVITIES, PAGE, appended
from hub.connectors.espocrm.manifest import EspoSettings
from hub.connectors.espocrm.schemas import API, REFUSED, read_list, said
from hub.sdk.crm import Activities, Call, Item
from hub.sdk.crm.activities import Page, day_due, named_by_text, task_words, user_of
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange, HttpRequest

LONGEST_NAME = 255


def properties(change: ActivityChange, settings: EspoSettings) -> dict[str, str]:
    """The fields of a task; without an owner it is nobody's."""
    title, lines = task_words(change, named=True)
    owner = user_of(change, settings)
    return {
        "name": title[:LONGEST_NAME],
        "description": "\n".join(lines),
        "dateEndDate": day_due(change),
        **({"assignedUserId": owner} if owner else {}),
    }


def page(person: str) -> Page:
    """The tasks of a record, the newest first."""

    def read(response: httpx.Response) -> tuple[Mapping[str, str], bool]:
        if response.status_code == 404 and said(response):
            return {}, False
        entries = read_list(response)
        return {str(one["id"]): str(one.get("description") or "") for one in entries}, len(entries) == PAGE

    def ask(number: int) -> Call[tuple[Mapping[str, str], bool]]:
        where = {"type": "equals", "attribute": "parentId", "value": person}
        query = {f"where[0][{name}]": value for name, value in where.items()}
        query |= {"attributeSelect": "description", "orderBy": "createdAt", "order": "desc"}
        query |= {"offset": str(number * PAGE), "maxSize": str(PAGE)}
        return Call(HttpRequest("GET", f"{API}/Task", None, query, {"x-no-total": "true"}, REFUSED), read)

    return ask


def append(items: Sequence[Item], settings: EspoSettings) -> Call[Answers]:
    """Make a task."""
    [item] = items
    at = {"parentType": settings.entity, "parentId": item.write.links[0]}
    request = HttpRequest("POST", f"{API}/Task", {**at, **item.properties}, accept=REFUSED)
    return Call(request, lambda response: {item.write.key: appended(response)})


TASKS: Activities[EspoSettings] = named_by_text(properties, page, append, path=f"{API}/Task", newest_first=True)
HISTORY = replace(ACTIVITIES, tasks=TASKS)
