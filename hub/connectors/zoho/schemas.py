"""What Zoho CRM's REST API is asked, and what it answers, as far as Hub uses it.

Sources: zoho.com/crm/developer/docs/api/v8/insert-records.html and …/update-records.html (100 records; one answer each,
in their order, also where the status is 400; ``details`` names the field at fault, and of a duplicate the record that
has the value), …/Get-Records-through-COQL-Query.html and …/COQL-Limitations.html (50 values, 200 records; 204 where
there is none), help.zoho.com kaizen-171 (a quote within a text is escaped), …/get-records.html (``ids``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from hub.connectors.zoho.manifest import ZohoSettings
from hub.connectors.zoho.mapping import ACCOUNT, EMAIL_OPT_OUT
from hub.connectors.zoho.schemas_fields import PROFILE_ID
from hub.errors import Refusal, RejectedError, Unavailable
from hub.sdk.crm import Call, Found, Item, Key, Made, Problem
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.destination import HttpRequest
from hub.sdk.http import json_of

API = "/crm/v8"
SIZE, VALUES = 100, 50
"""Records in one call, and values of one field in a query."""

NUMBERS: Mapping[str, Callable[[str], Any]] = {"Amount": float, "Hub_Lifetime_Value": float, "Hub_Order_Count": int}
REQUIRED = {"Last_Name": "[not provided]"}
"""What a contact cannot be without, and what stands there where nobody knows it."""

_READ_HERE = frozenset({400})
_LATER = frozenset({"RECORD_LOCKED", "INTERNAL_ERROR", "TOO_MANY_REQUESTS", "ALREADY_SCHEDULED"})
_CODE = re.compile(r"[A-Z][A-Z0-9_]*")


class Result(BaseModel):
    """What became of one record, or of a call as a whole."""

    model_config = ConfigDict(extra="ignore")

    code: str
    message: str = ""
    status: str = ""
    action: str = ""
    details: dict[str, Any] = {}
    errors: list[Result] = []

    @property
    def told(self) -> list[Result]:
        """The errors: several where several unique values are taken."""
        return self.errors or [self]

    @property
    def words(self) -> str:
        """Code, message and the field at fault."""
        return "; ".join(" ".join(filter(None, (one.code, one.message, one.field))) for one in self.told)

    @property
    def field(self) -> str:
        """The field at fault; "" where none is named."""
        return str(self.details.get("api_name") or "")

    @property
    def holder(self) -> str:
        """The record that has a unique value already."""
        held = self.details.get("duplicate_record")
        return str((held if isinstance(held, dict) else self.details).get("id") or "")

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The values at fault, by the names that a write has for them."""
        named = [one for one in self.told if one.field not in ("", "id") and _CODE.fullmatch(one.code)]
        return tuple(Refusal(one.field, one.code) for one in named)

    @property
    def answer(self) -> Made | Problem:
        """The same, as the algorithm takes it."""
        if self.status == "success" and self.details.get("id"):
            return Made(str(self.details["id"]), new=self.action == "insert")
        codes = {one.code for one in self.told}
        if codes & _LATER:
            return Problem(self.words)
        if "DUPLICATE_DATA" in codes:
            return Problem(self.words, "conflict", holders=tuple(filter(None, (one.holder for one in self.told))))
        if self.code == "INVALID_DATA" and self.field in ("", "id", "Parent_Id") and "id given" in self.message:
            return Problem(self.words, "gone")
        return Problem(self.words, "refused", self.refused)


def request(method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> HttpRequest:
    """A request to the API; 400 is read here, because it may hold an answer for each record."""
    return HttpRequest(method, API + path, body, query=query or {}, accept=_READ_HERE)


def rows(response: httpx.Response, name: str = "data") -> list[dict[str, Any]]:
    """The records of an answer; none where there is no content. Raises RejectedError where the call is refused."""
    if response.status_code == 204:
        return []
    body = json_of(response)
    listed = body.get(name) if isinstance(body, dict) else None
    if isinstance(listed, list) and all(isinstance(one, dict) for one in listed):
        return listed
    if not response.is_success:
        told = _result({"code": "", **body} if isinstance(body, dict) else body)
        raise RejectedError(f"Zoho CRM refused the call: {told.words}", refused=told.refused)
    raise Unavailable("Zoho CRM's answer cannot be read", uncertain=True)


def records(response: httpx.Response) -> dict[str, dict[str, Any]]:
    """The records of an answer, by their ids."""
    listed = rows(response)
    if not all(one.get("id") for one in listed):
        raise Unavailable("Zoho CRM's answer cannot be read", uncertain=True)
    return {str(one["id"]): one for one in listed}


def outcomes(response: httpx.Response, name: str = "data") -> list[Result]:
    """What became of each record, in their order."""
    return [_result(one) for one in rows(response, name)]


def outcome(response: httpx.Response, name: str = "data") -> Result:
    """What became of the only record."""
    for told in outcomes(response, name):
        return told
    raise Unavailable("Zoho CRM does not say what became of the record", uncertain=True)


def _result(body: Any) -> Result:
    try:
        return Result.model_validate(body)
    except ValidationError:
        raise Unavailable("Zoho CRM's answer cannot be read", uncertain=True) from None


def writing(
    method: str, path: str, items: Sequence[Item], settings: ZohoSettings, unique: str | None = None
) -> Call[Answers]:
    """Up to 100 records. One that fails keeps none of the others."""
    records = [{**fields_of(item), **({"id": item.id} if item.id and not unique else {})} for item in items]
    body = {
        "data": records,
        **({} if settings.workflows else {"trigger": []}),
        **({"duplicate_check_fields": [unique]} if unique else {}),
    }
    return Call(request(method, path, body), answers(items))


def answers(items: Sequence[Item]) -> Callable[[httpx.Response], Answers]:
    """Reads what became of each item. One that the answer does not reach is left out."""
    return lambda got: {item.write.key: one.answer for item, one in zip(items, outcomes(got), strict=False)}


def fields_of(item: Item) -> dict[str, Any]:
    """A record's fields in Zoho's own form; cleared ones are null. An opt-out is never taken back."""
    found = {name: value for name, value in item.properties.items() if value or name != EMAIL_OPT_OUT}
    needed = REQUIRED if item.write.kind == "profile" and item.id is None else {}
    return {**needed, **dict(_field(name, value) for name, value in found.items())}


def _field(name: str, value: Any) -> tuple[str, Any]:
    if name in (ACCOUNT, "Contact_Name"):
        return name.removesuffix(".id"), {"id": value} if value else None
    if value == "":
        return name, REQUIRED.get(name)
    if name == EMAIL_OPT_OUT:
        return name, True
    try:
        return name, NUMBERS[name](value) if name in NUMBERS else value
    except ValueError:
        return name, value  # a mapping file put a text there: Zoho says so in its own words


def query(module: str, names: Sequence[str], keys: Sequence[Key]) -> Iterator[HttpRequest]:
    """Ask for the records that have any of these (field, value) pairs. No e-mail stands in a URL (law L11)."""
    fields: dict[str, list[str]] = {}
    for name, value in keys:
        fields.setdefault(name, []).append(_literal(value))
    parts = {name: [*chunks(values, VALUES)] for name, values in fields.items()}
    for number in range(max(map(len, parts.values()), default=0)):
        asked = [f"{name} in ({','.join(several[number])})" for name, several in parts.items() if number < len(several)]
        where = f"({' or '.join(asked)})" if asked[1:] else asked[0]
        select = f"select {', '.join(('id', *names))} from {module} where {where} order by id asc limit 200"
        yield request("POST", "/coql", {"select_query": select})


def _literal(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def by_id(module: str, ids: Iterable[str], names: Sequence[str]) -> Iterator[HttpRequest]:
    """Ask for these fields of these records."""
    for several in chunks(ids, SIZE):
        yield request("GET", f"/{module}", None, {"ids": ",".join(several), "fields": ",".join(names)})


def people(response: httpx.Response) -> Sequence[Found]:
    """The contacts of an answer."""
    return [
        Found(record, row.get(PROFILE_ID), frozenset((EMAIL, str(one).lower()) for one in [row.get("Email")] if one))
        for record, row in records(response).items()
    ]


def owned(name: str) -> Callable[[httpx.Response], Sequence[Found]]:
    """Reads records by Hub's own key in ``name``."""
    return lambda response: [Found(record, row.get(name)) for record, row in records(response).items()]


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A record's values: a lookup is its name."""
    return {name: value.get("name") if isinstance(value, dict) else value for name, value in row.items()}


def refusals(body: Any) -> tuple[Refusal, ...]:
    """The values that the refusal of a whole call names."""
    try:
        return Result.model_validate(body).refused
    except ValidationError:
        return ()
