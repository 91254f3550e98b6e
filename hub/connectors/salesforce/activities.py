"""Activities as completed tasks at their contact or lead.

Sources: developer.salesforce.com/docs/atlas.en-us.252.0.object_reference.meta/object_reference/
sforce_api_objects_task.htm (``WhoId`` is a person; ``ActivityDate`` is a day without a time; create, query, delete),
funraise/Funraise-Salesforce#11 (a custom field of a task holds another system's id; ``Status`` is the org's own
picklist), jsforce/jsforce#995 (``CreatedDate`` cannot be given), mautic/mautic#8989 (too long a name stops everything).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import httpx

from hub.connectors.salesforce.manifest import SalesforceSettings
from hub.connectors.salesforce.schemas import SIZE, any_of, creations, fitting, outcomes, query, request, rows
from hub.connectors.salesforce.schemas_fields import ACTIVITY_KEY
from hub.errors import RejectedError
from hub.sdk.crm import Activities, Batch, Call, Found, Item, Problem, Script, facts
from hub.sdk.crm.activities import words
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange, Write

LONGEST_SUBJECT = 255


def properties(change: ActivityChange, settings: SalesforceSettings) -> dict[str, str]:
    """The fields of an activity's task, which is plain text. Its owner is Hub's user, Salesforce's default."""
    title, *lines = words(change, at=True)
    return {
        "Subject": title[:LONGEST_SUBJECT],
        "Description": "\n".join(lines),
        "ActivityDate": facts.day(change.at),
        "Status": settings.activity_status,
    }


def append(items: Sequence[Item], _: SalesforceSettings) -> Call[Answers]:
    """Make tasks, each of its person."""
    tasks = [{**item.properties, "WhoId": item.write.links[0]} for item in items]

    def read(response: httpx.Response) -> Answers:
        # what is told of WhoId is told of the person: a contact that is no more
        told = [
            one.model_copy(
                update={
                    "errors": [error.model_copy(update={"fields": _but_person(error.fields)}) for error in one.errors]
                }
            )
            for one in outcomes(response)
        ]
        return {item.write.key: one.answer for item, one in zip(items, told, strict=False)}

    return Call(creations("Task", tasks), read)


def find(writes: Sequence[Write], _: SalesforceSettings) -> Iterator[Call[Sequence[Found]]]:
    """The tasks with these keys of ours."""
    for several in fitting((ACTIVITY_KEY, write.key) for write in writes):
        soqls = [f"SELECT Id, {ACTIVITY_KEY} FROM Task WHERE {any_of(part)}" for part in several]
        yield Call(query(soqls), lambda got: [Found(str(row["Id"]), row[ACTIVITY_KEY]) for row in rows(got)])


def forget(person: str, _: SalesforceSettings) -> Script[None]:
    """Empty Hub's tasks of a person, then delete them: the recycle bin keeps what was deleted."""
    asked = [f"SELECT Id, {ACTIVITY_KEY} FROM Task WHERE {any_of([('WhoId', person)])}"]
    ours = [str(row["Id"]) for row in rows((yield query(asked))) if row.get(ACTIVITY_KEY)]
    for several in chunks(ours, SIZE):
        blank = [{"attributes": {"type": "Task"}, "id": one, "Subject": None, "Description": None} for one in several]
        yield request("PATCH", "/composite/sobjects", {"allOrNone": False, "records": blank})
        told = outcomes((yield request("DELETE", f"/composite/sobjects?ids={','.join(several)}&allOrNone=false")))
        kept = {problem.words for one in told if isinstance(problem := one.answer, Problem) and problem.kind != "gone"}
        if kept:
            raise RejectedError(f"Salesforce does not delete tasks: {'; '.join(sorted(kept))}")


def _but_person(fields: Sequence[str] | None) -> list[str]:
    return [name for name in fields or () if name != "WhoId"]


ACTIVITIES = Activities(own=ACTIVITY_KEY, properties=properties, find=find, create=Batch(SIZE, append), forget=forget)
