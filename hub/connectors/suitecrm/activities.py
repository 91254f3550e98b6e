"""Activities as notes at their contact. A note has Hub's own key as its id, which SuiteCRM takes once.

Sources: github.com/SuiteCRM/SuiteCRM Api/V8/Service/ModuleService.php (a creation may name the id; one that was used,
also by a record that is deleted, is refused), modules/Notes/vardefs.php (``contact_id``, ``parent_type``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

from hub.connectors.suitecrm.manifest import SuiteSettings
from hub.connectors.suitecrm.schemas import answered, delete, get, is_there, save, several, words
from hub.errors import RejectedError
from hub.sdk.crm import Activities, Batch, Call, Item, Made, Script
from hub.sdk.crm.activities import Page, ours_among
from hub.sdk.crm.activities import words as lines
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange

PAGE, TITLE = 100, 250


def properties(change: ActivityChange, _: SuiteSettings) -> dict[str, str]:
    """Title and text of an activity's note."""
    return {"name": change.title[:TITLE], "description": "\n".join(lines(change, at=True, named=True))}


def page(person: str) -> Page:
    """The notes of a contact."""

    def read(response: httpx.Response) -> tuple[Mapping[str, str], bool]:
        notes = several(response)
        return {note.id: note.text("description") for note in notes}, len(notes) == PAGE

    def ask(number: int) -> Call[tuple[Mapping[str, str], bool]]:
        query = {"filter[contact_id][eq]": person, "page[size]": str(PAGE), "page[number]": str(number + 1)}
        return Call(get("Notes", query), read)

    return ask


def append(items: Sequence[Item], _: SuiteSettings) -> Call[Answers]:
    """Make a note; one that was made before is there, or was deleted there on purpose."""
    [item] = items
    person, key = item.write.links[0], item.write.key
    told = {name: value for name, value in item.properties.items() if name != "id"}
    body = {**told, "contact_id": person, "parent_type": "Contacts", "parent_id": person}

    def read(response: httpx.Response) -> Answers:
        return {key: Made(key) if is_there(response) else answered(response, new=True)}

    return Call(save("Notes", None, body, new=key), read)


def forget(person: str, _: SuiteSettings) -> Script[None]:
    """Empty Hub's notes of a contact and delete them: SuiteCRM only marks what is deleted."""
    for one in (yield from ours_among(page(person))):
        said = words((yield save("Notes", one, {"name": "", "description": ""}))) or words(
            (yield delete(f"Notes/{one}"))
        )
        if said:
            raise RejectedError(said)


ACTIVITIES: Activities[SuiteSettings] = Activities(
    own="id", properties=properties, create=Batch(1, append), checks_person=True, forget=forget
)
