"""What SuiteCRM's V8 API answers, and how it is asked.

Every refusal is a 400 with ``errors.detail`` in words, whatever it is about: an id that is gone, a field that is not
there, a module that the user may not see (github.com/SuiteCRM/SuiteCRM Api/V8/Controller/ModuleController.php,
Api/V8/BeanDecorator/BeanManager.php, Api/V8/Param/Options/Attributes.php, Api/V8/JsonApi/Repository/Filter.php).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, field_validator

from hub.connectors.suitecrm.manifest import SuiteSettings
from hub.errors import Forbidden, Refusal, RejectedError
from hub.sdk.crm import Made, Problem, Script
from hub.sdk.crm.answers import read_as
from hub.sdk.destination import HttpRequest
from hub.sdk.http import json_of

API = "/Api/V8"
REFUSED = frozenset({400})
_GONE = re.compile(r"module with id .* is not found|Module id is empty")
_UNKNOWN = re.compile(r"Property (\w+) in \w+ module is invalid")
_THERE = re.compile(r"is already exist")
_TYPED = {"&quot;": '"', "&#039;": "'", "&#39;": "'", "&lt;": "<", "&gt;": ">"}
_ENTITY = re.compile("|".join(_TYPED))
_FORBIDDEN = re.compile(r"does not have access|Access ?Denied|Not Allowed", re.IGNORECASE)


class Record(BaseModel):
    """A record; an attribute may be text, number, truth or null."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    attributes: Mapping[str, Any] = {}

    @field_validator("attributes", mode="before")
    @classmethod
    def _is_empty_as_a_list(cls, value: Any) -> Any:
        return {} if value == [] else value  # PHP's empty object

    def text(self, name: str) -> str:
        """An attribute as text, as somebody typed it: quotes and brackets are told as entities (SuiteCRM#8101)."""
        value = self.attributes.get(name)
        told = "" if value is None or value is False else "1" if value is True else str(value)
        return _ENTITY.sub(lambda found: _TYPED[found[0]], told)


class One(BaseModel):
    data: Record


class Several(BaseModel):
    """A list; a relationship that holds nothing has no ``data``."""

    data: tuple[Record, ...] = ()


def one(response: httpx.Response) -> Record:
    """The record of an answer."""
    return read_as(One, response).data


def several(response: httpx.Response) -> tuple[Record, ...]:
    """The records of an answer."""
    return read_as(Several, response).data


def get(path: str, query: Mapping[str, str] | None = None, *, gone: bool = False) -> HttpRequest:
    """A question; with ``gone`` the answer about a record that is no more is read here."""
    return HttpRequest("GET", f"{API}/module/{path}", None, query=query or {}, accept=REFUSED if gone else frozenset())


def where(module: str, field: str, value: str, size: int = 20) -> HttpRequest:
    """The records that have a value."""
    query = {f"filter[{field}][eq]": value, "page[size]": str(size), "page[number]": "1"}
    return get(module, query)


def save(module: str, record: str | None, attributes: Mapping[str, Any], *, new: str | None = None) -> HttpRequest:
    """Create a record, or change one."""
    named = record or new
    data = {"type": module, **({"id": named} if named else {}), "attributes": dict(attributes)}
    return HttpRequest("PATCH" if record else "POST", f"{API}/module", {"data": data}, accept=REFUSED)


def delete(path: str) -> HttpRequest:
    """Mark a record as deleted, or take a relationship away; one that is no more is no error."""
    return HttpRequest("DELETE", f"{API}/module/{path}", None, accept=REFUSED)


def relate(path: str, module: str, record: str) -> HttpRequest:
    """Relate a record to another."""
    body = {"data": {"type": module, "id": record}}
    return HttpRequest("POST", f"{API}/module/{path}/relationships", body, accept=REFUSED)


def words(response: httpx.Response) -> str:
    """What SuiteCRM says of a refusal; "" where it is none. Raises Forbidden where its user may not."""
    if response.is_success:
        return ""
    told = json_of(response)
    errors = told.get("errors") if isinstance(told, dict) else None
    detail = errors.get("detail") if isinstance(errors, dict) else None
    said = str(detail or "SuiteCRM refuses it and does not say why")
    if _FORBIDDEN.search(said):
        raise Forbidden(said)
    return said


def is_gone(response: httpx.Response) -> bool:
    """Whether an answer says that a record is no more."""
    return bool(_GONE.search(words(response)))


def is_there(response: httpx.Response) -> bool:
    """Whether a creation says that the id was used before."""
    return bool(_THERE.search(words(response)))


def read_one(response: httpx.Response) -> Record:
    """The record of an answer that may be a refusal. Raises RejectedError."""
    if said := words(response):
        raise RejectedError(said)
    return one(response)


def answered(response: httpx.Response, *, new: bool) -> Made | Problem:
    """What became of one record."""
    if response.is_success:
        return Made(one(response).id, new)
    said = words(response)
    if _GONE.search(said):
        return Problem(said, "gone")
    if unknown := _UNKNOWN.search(said):
        return Problem(said, "refused", (Refusal(unknown[1], "is invalid", missing=True),))
    return Problem(said, "refused")


def values_in(module: str) -> Any:
    """What stands in these attributes of these records."""

    def script(ids: Sequence[str], names: Sequence[str], _: SuiteSettings) -> Script[Mapping[str, Mapping[str, Any]]]:
        found: dict[str, Mapping[str, Any]] = {}
        for record in ids:
            response = yield get(f"{module}/{record}", gone=True)
            if not is_gone(response):
                there = read_one(response)
                found[record] = {name: there.text(name) for name in names}
        return found

    return script
