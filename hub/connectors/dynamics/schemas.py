"""What Dataverse's Web API is asked, and what it answers, as far as Hub uses it.

Sources: learn.microsoft.com/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api (parts of
a call are answered in their order; with ``odata.continue-on-error`` all), …/update-delete-entities-using-web-api
(``If-Match: *`` updates what is there, and nothing else; ``return=representation``), …/compose-http-requests-handle-
errors (statuses and the body of an error), …/query/filter-rows; MicrosoftDocs/powerapps-docs#2843 (words of a refused
value; in a change set one refusal undoes all: Hub sends none).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from hub.connectors.dynamics.manifest import SIZE, DynamicsSettings
from hub.connectors.dynamics.mapping import ACCOUNT, COMPANY, MAP
from hub.connectors.dynamics.schemas_fields import CONTACT, FIELDS, NAVIGATION, PROFILE_ID
from hub.errors import Forbidden, Refusal, RejectedError, Unavailable
from hub.sdk.crm import Call, Found, Item, Key, Made, Problem
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL
from hub.sdk.destination import HttpRequest
from hub.sdk.http import json_of

API = "/api/data/v9.2"
BOUNDARY = "hub"
NUMBERS = frozenset(
    name for columns in FIELDS.values() for name, made in columns.items() if made["@odata.type"].endswith(
        ("DecimalAttributeMetadata", "IntegerAttributeMetadata")
    )
)  # fmt: skip
PERSON = f"contactid,{PROFILE_ID},emailaddress1,merged"
_NAMED = re.compile(r"'(\w+)' attribute|attribute '?(\w+)'?|property '(\w+)'", re.IGNORECASE)
_LACKS = re.compile(r"(?:entity '(\w+)'|^(\w+)) with id\b.*does not exist", re.IGNORECASE | re.DOTALL)
_PART = re.compile(r"HTTP/1\.1 (\d{3})[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """One request of a call."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The same as it stands in the call."""
        told = {"Accept": "application/json", **({} if self.body is None else {"Content-Type": "application/json"})}
        head = [f"{self.method} {API}/{self.path} HTTP/1.1", *map(": ".join, ({**told, **self.headers}).items())]
        body = "" if self.body is None else orjson.dumps(self.body).decode()
        outer = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
        return "\r\n".join([f"--{BOUNDARY}", *outer, "", *head, "", body, ""])


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to one request of a call."""

    status: int
    body: Mapping[str, Any]

    @property
    def words(self) -> str:
        """Dataverse's own."""
        error = self.body.get("error")
        told = error if isinstance(error, dict) else {}
        return f"{self.status} {told.get('code', '')} {told.get('message', '')}".strip()


def call(parts: Iterable[Part]) -> HttpRequest:
    """Up to 1,000 requests, each carried out whatever becomes of the others. No e-mail stands in a URL (law L11)."""
    headers = {"content-type": f'multipart/mixed; boundary="{BOUNDARY}"', "prefer": "odata.continue-on-error"}
    return HttpRequest(
        "POST", f"{API}/$batch", "".join(part.text for part in parts) + f"--{BOUNDARY}--\r\n", headers=headers
    )


def answers(response: httpx.Response) -> list[Told]:
    """The answers to the requests of a call, in their order. Raises Unavailable (uncertain) where it breaks off."""
    text = response.text.strip()
    boundary = text.partition("\n")[0].strip()
    if not boundary.startswith("--") or not text.endswith(f"{boundary}--"):
        raise Unavailable("Dynamics 365's answer cannot be read", uncertain=True)
    return [_told(part) for part in text.removesuffix("--").split(boundary)[1:-1]]


def _told(part: str) -> Told:
    found = _PART.search(part)
    try:
        body = orjson.loads(found[2].strip() or "{}") if found else None
    except orjson.JSONDecodeError:
        body = None
    if found is None or not isinstance(body, dict):
        raise Unavailable("Dynamics 365's answer cannot be read", uncertain=True)
    return Told(int(found[1]), body)


def rows(response: httpx.Response) -> list[dict[str, Any]]:
    """The rows of all answers of a call that reads. Raises the error tree where one was refused."""
    found: list[dict[str, Any]] = []
    batched = response.headers.get("content-type", "").startswith("multipart/")
    for told in answers(response) if batched else [Told(response.status_code, json_of(response))]:
        if told.status in (401, 403):
            raise Forbidden(f"Dynamics 365 refused: {told.status}")
        if told.status >= 400:  # the words may repeat what was asked for, e-mails and all
            error = RejectedError if told.status < 429 else Unavailable
            raise error(f"Dynamics 365 refused: {told.status} {(told.body.get('error') or {}).get('code', '')}")
        listed = told.body.get("value") if isinstance(told.body, dict) else None
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise Unavailable("Dynamics 365's answer cannot be read", uncertain=True)
        found += listed
    return found


def writing(
    method: Callable[[Item], Part], items: Sequence[Item], own: str, links: Mapping[str, str]
) -> Call[Mapping[str, Made | Problem]]:
    """Up to 100 records, each for itself; ``own`` is the column of a record's id, ``links`` as in ``answer_of``."""

    def read(response: httpx.Response) -> Mapping[str, Made | Problem]:
        told = zip(items, answers(response), strict=False)
        return {item.write.key: answer_of(one, own, links) for item, one in told}

    return Call(call([method(item) for item in items]), read)


def answer_of(told: Told, own: str, links: Mapping[str, str]) -> Made | Problem:
    """What became of a record; ``links`` are properties by the table that they lead to."""
    if told.status in (200, 201) and told.body.get(own):
        if told.body.get("merged"):
            return Problem("the record was merged into another", "gone", holders=(str(told.body[own]),))
        return Made(str(told.body[own]), new=told.status == 201)
    lacks = _LACKS.search(told.words.partition(" ")[2].partition(" ")[2]) if told.status in (400, 404) else None
    linked = links.get((lacks[1] or lacks[2]).lower()) if lacks else None
    if linked:
        return Problem(told.words, "refused", (Refusal(linked, "gone"),))
    if told.status == 404:
        return Problem(told.words, "gone")
    if told.status in (409, 412):
        return Problem(told.words, "conflict")
    if 400 <= told.status < 429 and told.status not in (401, 403):
        names = dict.fromkeys(next(filter(None, one)) for one in _NAMED.findall(told.words))
        return Problem(told.words, "refused", tuple(Refusal(name.lower(), "refused") for name in names))
    return Problem(told.words)


def fields_of(item: Item) -> dict[str, Any]:
    """A record's columns in Dataverse's own forms; cleared ones are null. An opt-out is never taken back."""
    given = {name: value for name, value in item.properties.items() if value or name not in MAP.opt_outs}
    return dict(_column(name, value) for name, value in given.items())


def _column(name: str, value: Any) -> tuple[str, Any]:
    if name == CONTACT:
        return f"{NAVIGATION}@odata.bind", f"/contacts({value})" if value else None
    if name == ACCOUNT:
        return name, f"/accounts({value})" if value else None
    return name, form(name, value)


def form(name: str, value: Any, _: DynamicsSettings | None = None) -> Any:
    """A value in Dataverse's own form. A contact that was put away (``statecode`` 1) is active again without it."""
    if name in MAP.archives:
        return int(value or 0)
    if value == "":
        return None
    if name in MAP.opt_outs:
        return True
    try:
        number = Decimal(value) if name in NUMBERS else None
    except InvalidOperation:
        return value  # a mapping file put a text there: Dataverse says so in its own words
    if number is None:
        return value
    return int(number) if number == number.to_integral_value() else float(number)


def literal(value: str) -> str:
    """A text in a filter or a key."""
    return quote("'" + value.replace("'", "''") + "'", safe="")


def asking(entities: str, select: str, keys: Sequence[Key], more: str = "") -> Iterator[HttpRequest]:
    """Ask for the rows that have any of these (column, value) pairs, the oldest first."""
    for several in chunks(keys, SIZE):
        asked = "%20or%20".join(f"{name}%20eq%20{literal(value)}" for name, value in several)
        yield call([Part("GET", f"{entities}?$select={select}&$filter=({asked}){more}&$orderby=createdon%20asc")])


def by_ids(entities: str, own: str, select: str, ids: Iterable[str], expand: str = "") -> Iterator[HttpRequest]:
    """Ask for the rows with these ids."""
    for several in chunks(ids, SIZE):
        asked = " or ".join(f"{own} eq {one}" for one in several)
        query = {"$select": select, "$filter": asked, **({"$expand": expand} if expand else {})}
        yield HttpRequest("GET", f"{API}/{entities}", None, query=query)


def person(row: Mapping[str, Any]) -> Found | None:
    """A contact, or the one that it was merged into; None where nobody knows which that is."""
    formerly: list[str] = []
    while row.get("merged"):
        formerly.append(str(row.get("contactid")))
        row = row.get("masterid") or {}
    if not row.get("contactid"):
        return None
    emails = [str(one).lower() for one in [row.get("emailaddress1")] if one]
    keys = frozenset((EMAIL, one) for one in emails)
    return Found(str(row["contactid"]), row.get(PROFILE_ID) or None, keys, formerly=tuple(formerly))


def people(response: httpx.Response) -> Sequence[Found]:
    """The contacts of an answer."""
    return [found for row in rows(response) if (found := person(row)) is not None]


def owned(own: str, name: str) -> Callable[[httpx.Response], Sequence[Found]]:
    """Reads records by Hub's own key in ``name``."""
    return lambda response: [Found(str(row[own]), row.get(name) or None) for row in rows(response) if row.get(own)]


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row's values; a company is its name."""
    company = row.get(COMPANY)
    return {**row, COMPANY: company.get("name") if isinstance(company, dict) else None}
