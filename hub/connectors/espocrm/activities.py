"""Activities as posts in the stream of their contact or lead.

A post has no field of Hub's own: its last line names it. The stream of a record is read, newest first, before one is
made. Whoever follows the record is told of it, as of any post.

Sources: docs.espocrm.com/development/api/stream (``POST Note``; ``GET {entityType}/{id}/stream``, offset, maxSize);
github.com/espocrm/espocrm application/Espo/Hooks/Note/Mentions.php ("@name" in a post calls that user), …/Core/Action/
Actions/Merge/Merger.php (a merge moves posts), …/Classes/Acl/Note/AccessChecker.php
(``noteDeleteThresholdPeriod``: one's own posts can be deleted for a month).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from hub.connectors.espocrm import schemas
from hub.connectors.espocrm.manifest import EspoSettings
from hub.connectors.espocrm.schemas import API, REFUSED, read_list, read_record, said
from hub.errors import RejectedError
from hub.sdk.crm import Activities, Batch, Call, Found, Item, Made, Problem, Script
from hub.sdk.crm.activities import referred, words
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange, HttpRequest, Write

PAGE = 200
MOST_PAGES = 20
_MENTION = re.compile(r"(?<![\w.@-])@(?=\w)")


def properties(change: ActivityChange, _: EspoSettings) -> dict[str, str]:
    """The text of an activity's post: a line each. What people wrote calls none of EspoCRM's users."""
    return {"post": _MENTION.sub("@\N{ZERO WIDTH SPACE}", "\n\n".join(words(change, at=True, named=True)))}


def stream(person: str, settings: EspoSettings, page: int = 0) -> HttpRequest:
    """The entries of a record's stream, the newest first."""
    query = {"offset": str(page * PAGE), "maxSize": str(PAGE)}
    path = f"{API}/{settings.entity}/{person}/stream"
    return HttpRequest("GET", path, None, query, {"x-no-total": "true"}, REFUSED)


def find(writes: Sequence[Write], settings: EspoSettings) -> Iterator[Call[Sequence[Found]]]:
    """Hub's posts at these people: what was made just now is among the newest."""

    def posts(response: httpx.Response) -> Sequence[Found]:
        if response.status_code == 404 and said(response):
            return ()
        return [Found(str(one["id"]), _key(one)) for one in read_list(response)]

    for person in dict.fromkeys(write.links[0] for write in writes):
        yield Call(stream(person, settings), posts)


def append(items: Sequence[Item], settings: EspoSettings) -> Call[Answers]:
    """Make a post."""
    [item] = items
    at = {"type": "Post", "parentType": settings.entity, "parentId": item.write.links[0]}

    def answered(response: httpx.Response) -> Made | Problem:
        if response.is_success:
            return Made(str(read_record(response)["id"]), new=True)
        kind = "gone" if response.status_code == 404 else "refused"
        return Problem(said(response), kind, schemas.refused_by(response))

    request = HttpRequest("POST", f"{API}/Note", {**at, **item.properties}, accept=REFUSED)
    return Call(request, lambda response: {item.write.key: answered(response)})


def forget(person: str, settings: EspoSettings) -> Script[None]:
    """Delete Hub's posts at a person. Raises RejectedError where EspoCRM keeps any: it does, of those that are old."""
    ours: list[str] = []
    for page in range(MOST_PAGES):
        answer = yield stream(person, settings, page)
        if answer.status_code == 404 and said(answer):
            break
        entries = read_list(answer)
        ours += [str(one["id"]) for one in entries if _key(one)]
        if len(entries) < PAGE:
            break
    kept = 0
    for one in ours:
        answer = yield HttpRequest("DELETE", f"{API}/Note/{one}", None, accept=frozenset({403, 404}))
        kept += answer.status_code == 403
    if kept:
        raise RejectedError(f"EspoCRM lets Hub's user delete posts of the last month alone; {kept} are left")


def _key(entry: Mapping[str, Any]) -> str | None:
    return referred(str(entry.get("post") or ""))


ACTIVITIES = Activities(
    own="", properties=properties, find=find, create=Batch(1, append), checks_person=True, forget=forget
)
