"""Dynamics 365's contacts as a source: a delta link tells what changed since it was given, deletions too.

Where change tracking is off for contacts (``changes: modified``), they are listed by ``modifiedon``, and deletions are
not heard of. A link is good for seven days; after that, all contacts are read again. A contact that was merged away
stays, deactivated, and names its master.

Sources: learn.microsoft.com/power-apps/developer/data-platform/use-change-tracking-synchronize-data-external-systems
(``odata.track-changes``, ``@odata.deltaLink``, ``$deletedEntity`` with ``id``; no filter, order or expansion; seven
days), …/webapi/query/page-results (``odata.maxpagesize``, ``@odata.nextLink``), …/webapi/compose-http-requests-handle-
errors (``odata.include-annotations``: names of lookups), …/reference/entities/annotation and …/task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hub.connectors.dynamics.manifest import DynamicsSettings
from hub.connectors.dynamics.mapping import COMPANY, MAP
from hub.connectors.dynamics.schemas import API, by_ids, rows
from hub.connectors.dynamics.schemas_fields import PROFILE_ID
from hub.errors import Unavailable
from hub.mapping.time import instant
from hub.sdk.crm.listed import listed, note_item, person_item
from hub.sdk.crm.reading import begun, columns, snapshot
from hub.sdk.http import HttpClient, json_of
from hub.sdk.source import BackfillItem, BackfillPage, Source

SIZE = 500
_NAMES = 'odata.include-annotations="*"'
_PARENT = "_parentcustomerid_value"
_SHOWN, _OF = "@OData.Community.Display.V1.FormattedValue", "@Microsoft.Dynamics.CRM.lookuplogicalname"
_SYSTEM = ("contactid", PROFILE_ID, "merged", "_masterid_value", "_modifiedby_value", "modifiedon")
_NOTES = {
    "annotations": "annotationid,subject,notetext,createdon,modifiedon,_objectid_value",
    "tasks": "activityid,subject,description,scheduledend,statecode,createdon,modifiedon,_regardingobjectid_value",
}


def _columns(settings: DynamicsSettings) -> str:
    told = columns(MAP, settings)
    names = [name for name in told if name not in (COMPANY, MAP.own)]
    return ",".join((*_SYSTEM, *names, *([_PARENT] if COMPANY in told else [])))


def _person(row: Mapping[str, Any], settings: DynamicsSettings) -> BackfillItem:
    if row.get("reason") and row.get("id"):
        return person_item(row["id"], row.get("modifiedon"), {}, deleted=True)
    held: dict[str, Any] = {
        name: value for name in columns(MAP, settings) if isinstance(value := row.get(name), str | int)
    }
    if row.get(f"{_PARENT}{_OF}") == "account":
        held[COMPANY] = row.get(f"{_PARENT}{_SHOWN}")
    merged = {"into": row.get("_masterid_value"), "by": row.get("_modifiedby_value")} if row.get("merged") else {}
    return person_item(row["contactid"], row.get("modifiedon"), held, **merged)


def _note(row: Mapping[str, Any], _: DynamicsSettings) -> BackfillItem | None:
    if row.get(f"_objectid_value{_OF}") != "contact":
        return None
    person, subject = row.get("_objectid_value"), row.get("subject")
    return note_item(
        row["annotationid"], row.get("createdon"), person=person, subject=subject, text=row.get("notetext")
    )


def _task(row: Mapping[str, Any], _: DynamicsSettings) -> BackfillItem | None:
    if row.get(f"_regardingobjectid_value{_OF}") != "contact":
        return None
    return note_item(
        row["activityid"],
        row.get("createdon"),
        kind="task",
        person=row.get("_regardingobjectid_value"),
        subject=row.get("subject"),
        text=row.get("description"),
        due=row.get("scheduledend"),
        state={0: "open", 1: "done", 2: "cancelled"}.get(row.get("statecode", -1)),
    )


MEANWHILE = "meanwhile"
_ITEMS: Mapping[str, Callable[[Mapping[str, Any], DynamicsSettings], BackfillItem | None]] = {
    "contacts": _person,
    MEANWHILE: _person,
    "annotations": _note,
    "tasks": _task,
}
"""The lists, in their order; ``MEANWHILE`` are contacts that changed during the first load."""


def backfill(
    http: HttpClient, settings: DynamicsSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """Contacts by their delta link, then notes and tasks by the time of change.

    The cursor holds the ``list`` that is read, the ``link`` it is gone on with, the ``delta`` link of contacts, and for
    each list by time where the next run begins (``from``). A next link carries the time and the id of the last row.
    The first delta link is of the end of a load that may take hours: what changed meanwhile is listed by its time.
    """
    state: dict[str, Any] = {"list": "contacts", "link": None, "delta": None, "from": {}, **(cursor or {})}
    names = list(_ITEMS)
    for name in names[names.index(state["list"]) :]:
        if name == MEANWHILE and name not in state["from"]:
            continue
        state = {**state, "list": name}
        while True:
            body, state = _answer(http, settings, state, since)
            found = [one for one in body.get("value") or () if isinstance(one, Mapping)]
            items = [item for one in found if (item := _ITEMS[name](one, settings))]
            ends = not body.get("@odata.nextLink") or body["@odata.nextLink"] == state["link"]
            state = _following(state, name, found, body, ends=ends)
            yield BackfillPage(items, state)
            if ends:
                break


def _following(
    state: Mapping[str, Any], name: str, found: Sequence[Mapping[str, Any]], body: Mapping[str, Any], *, ends: bool
) -> dict[str, Any]:
    """Where it is gone on after a page. Pure."""
    stamps = [str(one["modifiedon"]) for one in found if one.get("modifiedon")]
    begin = {**state["from"], name: max((state["from"].get(name, ""), *stamps))}
    if ends and name == MEANWHILE:
        del begin[name]
    names = list(_ITEMS)
    upcoming = names[(names.index(name) + 1) % len(names)] if ends else name
    link = None if ends else body.get("@odata.nextLink")
    return {
        **state,
        "list": upcoming,
        "link": link,
        "delta": body.get("@odata.deltaLink") or state["delta"],
        "from": begin,
    }


def _answer(
    http: HttpClient, settings: DynamicsSettings, state: dict[str, Any], since: datetime | None
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """The next page. A delta link that is too old is dropped, and all contacts are read again."""
    tracked = state["list"] == "contacts" and settings.changes == "tracked"
    link = state["link"] or (state["delta"] if tracked else None)
    prefer = {"prefer": ",".join((*(["odata.track-changes"] if tracked else []), f"odata.maxpagesize={SIZE}", _NAMES))}
    path, query = _parts(link) if link else _first(settings, state, since, tracked=tracked)
    spoilt = frozenset({400, 404, 410, 412, 500}) if link and tracked else frozenset[int]()
    answer = http.request("GET", path, query=query, headers=prefer, accept=spoilt)
    if answer.is_success:
        if tracked and not link and (moment := answer.headers.get("date")):
            now, _ = begun(instant(moment, path="date"), None, spec="seconds")
            state = {**state, "from": {**state["from"], MEANWHILE: now}}
        return json_of(answer), state
    if answer.status_code == 500 and b"expired" not in answer.content:
        raise Unavailable("Dynamics 365 answered 500")
    return _answer(http, settings, {**state, "link": None, "delta": None}, None)


def _parts(link: str) -> tuple[str, dict[str, str]]:
    parts = urlsplit(link)
    return parts.path, dict(parse_qsl(parts.query))


def _first(
    settings: DynamicsSettings, state: Mapping[str, Any], since: datetime | None, *, tracked: bool
) -> tuple[str, dict[str, str]]:
    name = state["list"]
    query = {"$select": _NOTES.get(name) or _columns(settings)}
    if not tracked:
        begin = state["from"].get(name) or begun(since, None, spec="seconds")[0]
        query |= {"$filter": f"modifiedon ge {begin}", "$orderby": "modifiedon asc"}
    return f"{API}/{'contacts' if name == MEANWHILE else name}", query


def read_again(http: HttpClient, settings: DynamicsSettings, ids: Sequence[str]) -> Iterator[BackfillItem]:
    """These contacts as they are now."""
    for asked in by_ids("contacts", "contactid", _columns(settings), ids):
        answer = http.get(asked.path, dict(asked.query), headers={"prefer": _NAMES})
        yield from (_person(one, settings) for one in rows(answer))


SOURCE: Source[DynamicsSettings] = Source(
    parse=lambda entry, settings: listed(MAP, entry, settings, system="Dynamics 365"),
    backfill=backfill,
    changed=lambda settings, cursor: True,
    api_root=lambda settings: settings.base_url or f"https://{settings.environment}",
    reads=lambda contact, held, settings: snapshot(MAP, contact, held, settings),
    read_again=read_again,
    opt_outs=MAP.stands(),
)
