"""What Salesforce's REST API is asked, and what it answers, as far as Hub uses it.

Sources: developer.salesforce.com/docs/platform/api-rest/guide/errorcodes.html (statuses, 403 REQUEST_LIMIT_EXCEEDED),
…/resources-composite-sobjects-collections-upsert.html (results in the order of the records),
…/resources-composite-composite-post.html (25 requests in one call, 5 of them queries),
…/headers-duplicaterules.html, …/docs/platform/api/guide/sforce-api-calls-merge.html (MasterRecordId of what was
merged), help.salesforce.com 000386264 (a URL holds 16,384 bytes; a longer query goes into a composite request's body),
developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_duplicateresult.htm
(matches). In answers of the REST API that result is spelt ``duplicateResut`` (rudderlabs/rudder-server's recorded
errors).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote_plus

import httpx
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from hub.connectors.salesforce.manifest import SalesforceSettings
from hub.connectors.salesforce.mapping import COMPANY, MAP
from hub.connectors.salesforce.schemas_fields import MERGED_INTO, PROFILE_ID
from hub.errors import AuthError, RateLimited, Refusal, RejectedError, Unavailable
from hub.sdk.crm import Found, Item, Made, Problem
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.destination import HttpRequest
from hub.sdk.http import json_of

API = "/services/data/v64.0"
APEX_MERGE = "/services/apexrest/hub/merge"
SIZE = 200
"""Records in one call of the sObject collections."""

NUMBERS = frozenset({"Amount", "Hub_Lifetime_Value__c", "Hub_Order_Count__c"})
REQUIRED = {"LastName": "[not provided]", "Company": "[not provided]"}
"""What a new record cannot be without, and what stands there where nobody knows it."""

QUERIES, ROOM = 5, 15_000
"""Queries in one call, and the length of one in characters: what a URL could hold, for queries that stay simple."""

DAY_SECONDS, BUSY_SECONDS = 900.0, 10.0
"""How long Hub waits when the calls of 24 hours are used up, and when too many long ones run at once."""

_GONE = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"})
_CONFLICT = frozenset({"DUPLICATE_VALUE", "DUPLICATE_EXTERNAL_ID", "DUPLICATES_DETECTED"})
_LATER = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_RUNNING_TOO_LONG", "UNKNOWN_EXCEPTION"})
_ABSENT = frozenset({"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"})
_COLUMN = re.compile(r"No such column '([A-Za-z][A-Za-z0-9_]*)'")
_ID = re.compile(r"\b[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?\b")


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Record(_Body):
    id: str = Field(alias="Id")


class Match(_Body):
    """One record that a duplicate rule found."""

    record: Record


class Matches(_Body):
    """What one rule found, and whether by equality or by likeness."""

    engine: str = Field("", alias="matchEngine")
    found: list[Match] = Field([], alias="matchRecords")


class Duplicates(_Body):
    results: list[Matches] = Field([], alias="matchResults")


class Error(_Body):
    """One error of a record (``statusCode``) or a call (``errorCode``)."""

    code: str = Field("", validation_alias=AliasChoices("statusCode", "errorCode"))
    message: str = ""
    fields: list[str] | None = None
    duplicates: Duplicates | None = Field(None, validation_alias=AliasChoices("duplicateResult", "duplicateResut"))

    @property
    def refused(self) -> list[Refusal]:
        """The values at fault, by the names that a write has for them."""
        column = _COLUMN.search(self.message)
        names = [column[1]] if column else self.fields or []
        own = [COMPANY if name == "AccountId" else name for name in names]
        return [Refusal(name, self.code, missing=self.code in _ABSENT) for name in own]


class Result(_Body):
    """What became of one record of a collection."""

    id: str | None = None
    success: bool = False
    created: bool = False
    errors: list[Error] = []

    @property
    def answer(self) -> Made | Problem:
        """The same, as the algorithm takes it."""
        return Made(self.id, new=self.created) if self.success and self.id else problem(self.errors)


class Saved(_Body):
    id: str


_RESULTS, _ERRORS, _SAVED = TypeAdapter(list[Result]), TypeAdapter(list[Error]), TypeAdapter(Saved)


def problem(errors: Sequence[Error]) -> Problem:
    """What one record's errors mean. A lock that a trigger of the org met is one too, whatever its code."""
    words = "; ".join(f"{error.code}: {error.message}" for error in errors) or "Salesforce gave no reason"
    codes = {error.code for error in errors}
    if codes & _LATER or "UNABLE_TO_LOCK_ROW" in words or not errors:
        return Problem(words)
    if codes & _GONE and not any(set(error.fields or ()) - {"Id", "id"} for error in errors):
        return Problem(words, "gone")
    holders = tuple(dict.fromkeys(holder for error in errors for holder in _holders(error)))
    if codes & _CONFLICT and (holders or "DUPLICATES_DETECTED" not in codes):
        return Problem(words, "conflict", holders=holders)
    return Problem(words, "refused", tuple(refusal for error in errors for refusal in error.refused))


def _holders(error: Error) -> Iterator[str]:
    """Who has the value. What a duplicate rule finds by mere likeness (fuzzy) is nobody's for certain."""
    if error.code == "DUPLICATE_VALUE":
        yield from _ID.findall(error.message.rpartition("id:")[2])
    for rule in error.duplicates.results if error.duplicates else ():
        if rule.engine == "ExactMatchEngine":
            yield from (match.record.id for match in rule.found)


def refusals(body: Any) -> tuple[Refusal, ...]:
    """The values that the refusal of a whole call names; none where it is about something else."""
    try:
        errors = _ERRORS.validate_python(body)
    except ValidationError:
        return ()
    return tuple(refusal for error in errors if error.code not in _CONFLICT | _GONE for refusal in error.refused)


def answer(response: httpx.Response) -> Any:
    """The decoded body. Raises RateLimited where the org's calls are used up, AuthError for any other 403."""
    if response.status_code == 403:
        codes = {error.code for error in errors_of(json_of(response))}
        said = f"Salesforce answered 403: {', '.join(sorted(filter(None, codes))) or 'forbidden'}"
        if "REQUEST_LIMIT_EXCEEDED" in codes:
            raise RateLimited(said, retry_after=BUSY_SECONDS if "Concurrent" in response.text else DAY_SECONDS)
        raise AuthError(said)
    return json_of(response)


def errors_of(body: Any) -> list[Error]:
    """The errors in a body; none where it holds something else."""
    try:
        return _ERRORS.validate_python(body)
    except ValidationError:
        return []


def outcomes(response: httpx.Response) -> list[Result]:
    """A collection's results, in the order of its records. Raises Unavailable (uncertain) where they break off."""
    listed: list[Result] = _read(_RESULTS, answer(response))
    return listed


def saved(response: httpx.Response) -> str:
    """The id of one record that was created. Raises Unavailable (uncertain) where there is none."""
    return str(_read(_SAVED, answer(response)).id)


def results(items: Sequence[Item]) -> Callable[[httpx.Response], Answers]:
    """Reads what became of each item. One that the answer does not reach is left out."""
    return lambda got: {item.write.key: one.answer for item, one in zip(items, outcomes(got), strict=False)}


def _read(kind: TypeAdapter[Any], body: Any) -> Any:
    try:
        return kind.validate_python(body)
    except ValidationError:
        raise Unavailable("Salesforce's answer cannot be read", uncertain=True) from None


def request(method: str, path: str, body: Any = None, *, also: Iterable[int] = ()) -> HttpRequest:
    """A request to the REST API. 403 is read by ``answer``, because it may mean that the calls are used up."""
    return HttpRequest(method, API + path, body, accept=frozenset({403, *also}))


def collection(
    items: Sequence[Item], settings: SalesforceSettings, sobject: str, *, key: str | None = None
) -> HttpRequest:
    """Up to 200 records, updated by id or upserted by ``key``. One that fails keeps none of the others."""
    records = []
    for item in items:
        where = {key: item.write.key} if key else {"id": item.id}
        records.append({"attributes": {"type": sobject}, **fields_of(item, settings, sobject), **where})
    alerts = str(settings.duplicate_alerts == "save").lower()
    made = request("PATCH", f"/composite/sobjects{f'/{sobject}/{key}' if key else ''}", _all(records))
    headers = {
        "sforce-duplicate-rule-header": f"allowSave={alerts}; includeRecordDetails=false; runAsCurrentUser=false"
    }
    return HttpRequest(made.method, made.path, made.body, headers=headers, accept=made.accept)


def _all(records: Sequence[Any]) -> dict[str, Any]:
    return {"allOrNone": False, "records": list(records)}


def creations(sobject: str, records: Sequence[dict[str, Any]]) -> HttpRequest:
    """Up to 200 new records."""
    return request("POST", "/composite/sobjects", _all([{"attributes": {"type": sobject}, **each} for each in records]))


def fields_of(item: Item, settings: SalesforceSettings, sobject: str) -> dict[str, Any]:
    """A record's fields in Salesforce's own form; cleared ones are null. Opt-outs are never taken back."""
    found = {name: _value(name, value) for name, value in item.properties.items() if value or name not in MAP.opt_outs}
    if item.id and item.write.merged_ids and settings.merge == "mark":
        found[MERGED_INTO] = None  # the merge was undone: it is somebody's own again
    if item.write.kind == "profile" and item.id is None:
        account = {"AccountId": settings.default_account} if settings.default_account and sobject == "Contact" else {}
        needed = REQUIRED if sobject == "Lead" else {"LastName": REQUIRED["LastName"]}
        found = {**account, **needed, **found}
    return found


def _value(name: str, value: Any) -> Any:
    if value == "":
        return REQUIRED.get(name)
    if name in MAP.opt_outs:
        return True
    try:
        return float(value) if name in NUMBERS else value
    except ValueError:
        return value  # a mapping file put a text there: Salesforce says so in its own words


def query(soqls: Sequence[str], *, deleted: bool = False) -> HttpRequest:
    """Up to five queries in one call. They stand in its body: no e-mail is in a URL (law L11)."""
    path = f"{API}/{'queryAll' if deleted else 'query'}/?q="
    asked = [
        {"method": "GET", "url": path + quote_plus(soql, safe="',()@=."), "referenceId": f"q{number}"}
        for number, soql in enumerate(soqls)
    ]
    return request("POST", "/composite", {"compositeRequest": asked})


def rows(response: httpx.Response) -> list[dict[str, Any]]:
    """The records of all queries of one call. Raises RejectedError where one is refused."""
    found: list[dict[str, Any]] = []
    body = answer(response)
    try:
        for part in body["compositeResponse"]:
            if part["httpStatusCode"] >= 400:
                raise _refused(part["body"])
            found += part["body"]["records"]
    except (KeyError, TypeError):
        raise Unavailable("Salesforce's answer cannot be read", uncertain=True) from None
    return found


def _refused(body: Any) -> RejectedError:
    """A query's refusal repeats the query, e-mails and all: only the code and the column at fault are told."""
    told = [f"{error.code} {' '.join(each.property for each in error.refused)}".strip() for error in errors_of(body)]
    return RejectedError(f"Salesforce refused a query: {'; '.join(told)}", refused=refusals(body))


def literal(value: str) -> str:
    r"""A text in SOQL: ``\`` and ``'`` are escaped."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def any_of(keys: Sequence[tuple[str, str]]) -> str:
    """The condition that any of these (field, value) pairs holds."""
    fields: dict[str, list[str]] = {}
    for name, value in keys:
        fields.setdefault(name, []).append(literal(value))
    return " OR ".join(f"{name} IN ({','.join(values)})" for name, values in fields.items())


def fitting(keys: Iterable[tuple[str, str]], most: int = SIZE) -> Iterator[list[list[tuple[str, str]]]]:
    """The keys in lists of at most ``most`` that a query has room for, and those in lists that a call has room for."""
    listed: list[list[tuple[str, str]]] = []
    room = 0
    for key in keys:
        size = len(quote_plus(literal(key[1]), safe="'@.")) + 1
        if not listed or room < size or len(listed[-1]) == most:
            listed.append([])
            room = ROOM
        listed[-1].append(key)
        room -= size
    return chunks(listed, QUERIES)


def found(row: dict[str, Any]) -> Found | None:
    """A person's record in a row; one that was merged is what it was merged into, one that was deleted is none."""
    master = row.get("MasterRecord")
    formerly: tuple[str, ...] = ()
    if row.get("IsDeleted") and master:
        row, formerly = {**master, "Id": row["MasterRecordId"]}, (str(row["Id"]),)
    if row.get("IsDeleted"):
        return None
    email = row.get("Email")
    keys = frozenset({(EMAIL, email.lower())} if email else ())
    return Found(str(row["Id"]), row.get(PROFILE_ID), keys, formerly=formerly)
