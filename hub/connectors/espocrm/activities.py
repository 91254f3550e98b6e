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

import httpx

from hub.connectors.espocrm import schemas
from hub.connectors.espocrm.manifest import EspoSettings
from hub.connectors.espocrm.schemas import API, REFUSED, read_list, read_record, said
from hub.errors import RejectedError
from hub.sdk.crm import Activities, Batch, Call, Found, Item, Made, Problem, Script
from hub.sdk.crm.activities import Page, found_among, ours_among, words
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import ActivityChange, HttpRequest, Write

PAGE = 200
_MENTION = re.compile(r"(?<![\w.@-])@(?=\w)")


def properties(change: ActivityChange, _: EspoSettings) -> dict[str, str]:
    """The text of an activity's post: a line each. What people wrote calls none of EspoCRM's users."""
    return {"post": _MENTION.sub("@\N{ZERO WIDTH SPACE}", "\n\n".join(words(change, at=True, named=True)))}


def page(person: str, settings: EspoSettings) -> Page:
    """The entries of a record's stream, the newest first; none where the record is no more."""

    def read(response: httpx.Response) -> tuple[Mapping[str, str], bool]:
        if response.status_code == 404 and said(response):
            return {}, False
        entries = read_list(response)
        return {str(one["id"]): str(one.get("post") or "") for one in entries}, len(entries) == PAGE

    def ask(number: int) -> Call[tuple[Mapping[str, str], bool]]:
        query = {"offset": str(number * PAGE), "maxSize": str(PAGE)}
        path = f"{API}/{settings.entity}/{person}/stream"
        return Call(HttpRequest("GET", path, None, query, {"x-no-total": "true"}, REFUSED), read)

    return ask


def find(writes: Sequence[Write], settings: EspoSettings) -> Iterator[Call[Sequence[Found]]]:
    """Hub's posts at these people."""
    return found_among(writes, lambda person: page(person, settings), newest_first=True)


def append(items: Sequence[Item], settings: EspoSettings) -> Call[Answers]:
    """Make a post."""
    [item] = items
    at = {"type": "Post", "parentType": settings.entity, "parentId": item.write.links[0]}
    request = HttpRequest("POST", f"{API}/Note", {**at, **item.properties}, accept=REFUSED)
    return Call(request, lambda response: {item.write.key: appended(response)})


def appended(response: httpx.Response) -> Made | Problem:
    """What became of an entry."""
    if response.is_success:
        return Made(str(read_record(response)["id"]), new=True)
    if response.status_code == 404:
        return Problem(said(response), "gone")
    return Problem(said(response), "refused", schemas.refused_by(response))


def forget(person: str, settings: EspoSettings) -> Script[None]:
    """Delete Hub's posts at a person. Raises RejectedError where EspoCRM keeps any: it does, of those that are old."""
    kept = 0
    for one in (yield from ours_among(page(person, settings))):
        answer = yield HttpRequest("DELETE", f"{API}/Note/{one}", None, accept=frozenset({403, 404}))
        kept += answer.status_code == 403
    if kept:
        raise RejectedError(f"EspoCRM lets Hub's user delete posts of the last month alone; {kept} are left")


ACTIVITIES = Activities(
    own="", properties=properties, find=find, create=Batch(1, append), checks_person=True, forget=forget
)
