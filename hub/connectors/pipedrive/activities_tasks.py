"""Tasks as activities of the type ``task``, due on a day and for whom the settings name.

Sources: developers.pipedrive.com/docs/api/v1/Activities (API v2: ``due_date``, ``participants`` of which one is the
primary person, ``owner_id``, ``note`` is HTML; list by person, ``sort_by``; DELETE).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx

from hub.connectors.pipedrive import schemas
from hub.connectors.pipedrive.activities import ACTIVITIES, PAGE
from hub.connectors.pipedrive.manifest import PipedriveSettings
from hub.sdk.crm import Activities, Call, Item
from hub.sdk.crm.activities import Page, as_html, day_due, named_by_text, task_words, user_of
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange, HttpRequest

PATH = "/api/v2/activities"
LONGEST_SUBJECT = 255


def properties(change: ActivityChange, settings: PipedriveSettings) -> dict[str, Any]:
    """The fields of a task; without an owner it is the token's user's."""
    title, lines = task_words(change, named=True)
    owner = user_of(change, settings)
    return {
        "subject": title[:LONGEST_SUBJECT],
        "note": as_html(lines),
        "due_date": day_due(change),
        "type": "task",
        **({"owner_id": schemas.number(owner)} if owner else {}),
    }


def page(person: str) -> Page:
    """The activities of a person, the newest first."""

    def read(response: httpx.Response) -> tuple[Mapping[str, str], bool]:
        return {str(one["id"]): str(one.get("note") or "") for one in schemas.rows(response)}, False

    def ask(number: int) -> Call[tuple[Mapping[str, str], bool]]:
        query = {"person_id": person, "sort_by": "add_time", "sort_direction": "desc", "limit": str(5 * PAGE)}
        return Call(HttpRequest("GET", PATH, None, query=query), read)

    return ask


def append(items: Sequence[Item], settings: PipedriveSettings) -> Call[Answers]:
    """Make a task."""
    [item] = items
    at = [{"person_id": schemas.number(item.write.links[0]), "primary": True}]
    request = HttpRequest("POST", PATH, {**item.properties, "participants": at}, accept=schemas.READ_HERE)
    return Call(request, lambda response: schemas.answered(response, item, "persons", settings))


TASKS: Activities[PipedriveSettings] = named_by_text(
    properties, page, append, path=PATH, gone=frozenset({404, 410}), newest_first=True
)
HISTORY = replace(ACTIVITIES, tasks=TASKS)
