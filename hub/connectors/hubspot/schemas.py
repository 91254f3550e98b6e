"""What HubSpot's object APIs are asked, and what they answer, as far as Hub uses it.

HubSpot says that every field of an error may be missing
(developers.hubspot.com/docs/api-reference/error-handling), so all have defaults. Refused values it names within the
text of the message, as a JSON list
(developers.hubspot.com/changelog/upcoming-property-validations-rules-will-be-enforced-for-apis-and-integrations,
…/changelog/breaking-change-enhanced-validations-for-non-string-properties-in-hubspots-crmobject-apis), its older APIs
beside it (hubspot-net/HubSpot.NET#50), or by the context of further errors
(developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/batch/upsert-contacts).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.connectors.hubspot.manifest import HubSpotSettings
from hub.connectors.hubspot.schemas_fields import ACTIVITY_KEY, DEFINITIONS, LINE_KEY, ORDER_KEY, PROFILE_ID, is_needed
from hub.errors import AuthError, Refusal, RejectedError, Unavailable
from hub.sdk.checked import Checked, texts
from hub.sdk.crm import Call, Found, Item, Made, Problem
from hub.sdk.crm.calls import chunks
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.destination import HttpRequest
from hub.sdk.http import HttpClient, json_of

CONTACTS = "/crm/v3/objects/contacts"
DEALS = "/crm/v3/objects/deals"
LINES = "/crm/v3/objects/line_items"
Body = TypeVar("Body", bound=BaseModel)
MERGED = "hs_merged_object_ids"
READ = ("email", "hs_additional_emails", PROFILE_ID, MERGED)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CODE = re.compile(r"[A-Z][A-Z0-9_]*")
SECONDARY = "/contacts/v1/secondary-email/"
_OWN = re.compile(rf"\b({PROFILE_ID}|{ORDER_KEY}|{ACTIVITY_KEY}|{LINE_KEY})\b")
_KEYS = (ORDER_KEY, ACTIVITY_KEY, LINE_KEY)
_MISSING = "PROPERTY_DOESNT_EXIST"
_WHOLE = ("CONFLICTING_UNIQUE_VALUE", "GDPR_BLOCKLISTED")
"""Codes that are about the record: another has the value, or the person was deleted for good and must not come back."""


class Record(BaseModel):
    """A contact or deal. ``trace`` is the key of the write it answers, where HubSpot gives it back."""

    model_config = ConfigDict(extra="ignore")

    id: str
    properties: dict[str, str | None] = {}
    new: bool = False
    trace: str | None = Field(None, alias="objectWriteTraceId")

    @property
    def owner(self) -> str | None:
        """The profile this contact is of, if Hub wrote it."""
        return self.properties.get(PROFILE_ID)

    def several(self, name: str) -> list[str]:
        """The values of a property that holds several."""
        return [value for value in (self.properties.get(name) or "").split(";") if value]

    def found(self) -> Found:
        """As the algorithm knows it: by all its e-mails, of which the additional ones came with a merge."""
        borrowed = frozenset((EMAIL, email.lower()) for email in self.several("hs_additional_emails"))
        main = frozenset((EMAIL, email.lower()) for email in self.several("email"))
        return Found(self.id, self.owner, main | borrowed, borrowed, tuple(self.several(MERGED)))


class Error(BaseModel):
    """One refused record. ``context`` may name it by ``objectWriteTraceId``, ``ids`` or ``id``."""

    model_config = ConfigDict(extra="ignore")

    message: str = "HubSpot gave no answer for this record"
    category: str = ""
    context: dict[str, list[str]] = {}
    errors: list[Any] = []

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """The values at fault, where they are named."""
        return refusals(self.model_dump())

    def problem(self) -> Problem:
        """As the algorithm knows it: who else has the value, what is refused for good, and what may go next time."""
        if self.category == "OBJECT_NOT_FOUND":
            return Problem(self.message, "gone")
        if self.category == "CONFLICT" or "CONFLICTING_UNIQUE_VALUE" in self.message:
            return Problem(self.message, "conflict")
        if self.category.startswith(("VALIDATION", "INVALID")):
            return Problem(self.message, "refused", self.refused)
        return Problem(self.message)


_UNANSWERED = Error()


def refusals(body: Any) -> tuple[Refusal, ...]:
    """The values that an error names, by property and HubSpot's code; none where it is about the record."""
    if not isinstance(body, Mapping):
        return ()
    found = [(told.get("name"), told.get("error")) for told in _named_in(body)]
    found += [(name, error.get("code")) for error in _dicts(body.get("errors")) for name in _properties(error)]
    if any(code in _WHOLE for _, code in found):
        return ()
    message = body.get("message")
    if not found and isinstance(message, str) and (own := _OWN.search(message)):
        # An upsert by a property of ours that is no more: HubSpot has no list of names for it.
        found.append((own[1], _MISSING))
    named = {name: code for name, code in found if isinstance(name, str) and _NAME.fullmatch(name)}
    return tuple(
        Refusal(name, code if isinstance(code, str) and _CODE.fullmatch(code) else "REFUSED", code == _MISSING)
        for name, code in named.items()
    )


def _named_in(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The list of refused values, within the text of the message or beside it."""
    message = body.get("message")
    _, begun, listed = message.partition("[") if isinstance(message, str) else ("", "", "")
    try:
        within = orjson.loads(f"[{listed}") if begun else []
    except orjson.JSONDecodeError:
        within = []
    return [*_dicts(within), *_dicts(body.get("validationResults"))]


def _properties(error: Mapping[str, Any]) -> list[Any]:
    context = error.get("context")
    named = context.get("propertyName") if isinstance(context, Mapping) else None
    return named if isinstance(named, list) else [named]


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


class Outcome(BaseModel):
    """The body of a batch call whose results need no reading."""

    model_config = ConfigDict(extra="ignore")

    errors: list[Error] = []


class Answer(Outcome):
    """The body of a batch call that gives records, complete (200, 201) or in part (207)."""

    results: list[Record] = []

    def by_key(self, items: Sequence[Item]) -> Answers:
        """Whose each result is, by write key: told by the trace id we sent, our unique property or the record's id."""
        keys = {name: item.write.key for item in items for name in (item.id, item.write.key) if name}
        found: dict[str, Record | Error] = dict.fromkeys((item.write.key for item in items), _UNANSWERED)
        for error in self.errors:
            named = [name for part in ("objectWriteTraceId", "ids", "id") for name in error.context.get(part, ())]
            named += [items[0].write.key] if len(items) == 1 else []
            found.update({keys[name]: error for name in named if name in keys})
        for record in self.results:
            named = [
                name for name in (record.trace, record.owner, *map(record.properties.get, _KEYS), record.id) if name
            ]
            found.update({keys[name]: record for name in named if name in keys})
        open_keys = [key for key, answer in found.items() if isinstance(answer, Error) and not answer.category]
        # comparing every record with every other costs more than all else of an answer: only where one is looked for
        strays = [record for record in self.results if record not in found.values()] if len(open_keys) == 1 else []
        if len(strays) == 1:  # a contact that was merged answers under its new id
            found[open_keys[0]] = strays[0]
        return {
            key: Made(answer.id, answer.new) if isinstance(answer, Record) else answer.problem()
            for key, answer in found.items()
        }


def read_answer(response: httpx.Response) -> Answer:
    """Read a batch answer. Raises Unavailable (uncertain) when it breaks off: the batch may be carried out."""
    return _read_as(Answer, response)


def read_found(response: httpx.Response) -> Sequence[Found]:
    """Read the contacts a search gives. Raises Unavailable (uncertain) when the answer breaks off."""
    return [record.found() for record in read_answer(response).results]


def read_errors(response: httpx.Response) -> list[Error]:
    """Read what was refused. Raises Unavailable (uncertain) when the answer breaks off."""
    return _read_as(Outcome, response).errors


def read_record(response: httpx.Response) -> Record:
    """Read a single record. Raises Unavailable (uncertain) when it breaks off."""
    return _read_as(Record, response)


def _read_as(kind: type[Body], response: httpx.Response) -> Body:
    try:
        return kind.model_validate_json(response.content)
    except ValidationError:
        raise Unavailable("HubSpot's answer cannot be read", uncertain=True) from None


def batch(path: str, action: str, items: Iterable[Item], id_property: str | None = None) -> HttpRequest:
    """An update by id, or an upsert by ``id_property``. The trace id makes HubSpot answer record by record."""
    unique = {"idProperty": id_property} if id_property else {}
    body = [
        {
            **unique,
            "id": item.write.key if id_property else item.id,
            "objectWriteTraceId": item.write.key,
            "properties": dict(item.properties),
        }
        for item in items
    ]
    return HttpRequest("POST", f"{path}/batch/{action}", {"inputs": body})


def read_records(
    path: str, ids: Iterable[str], properties: Sequence[str] = READ, id_property: str | None = None
) -> HttpRequest:
    """Read records by id, or by a unique property."""
    unique = {"idProperty": id_property} if id_property else {}
    inputs = [{"id": one} for one in ids]
    body = {**unique, "inputs": inputs, "properties": list(properties), "propertiesWithHistory": []}
    return HttpRequest("POST", f"{path}/batch/read", body)


def owned(path: str, name: str, keys: Sequence[str], size: int = 100) -> Iterator[Call[Sequence[Found]]]:
    """The records that have these keys of ours, read by a unique property: unlike a search, that knows them at once."""

    def found(response: httpx.Response) -> Sequence[Found]:
        return [Found(one.id, one.properties.get(name)) for one in read_answer(response).results]

    return (Call(read_records(path, chunk, [name], name), found) for chunk in chunks(keys, size))


def check(client: HttpClient, settings: HubSpotSettings) -> Checked:
    """Try the token, and compare scopes, properties, stages and limits with what Hub needs. Writes nothing.

    Sources: developers.hubspot.com/docs/apps/legacy-apps/private-apps/overview (POST access-token-info with tokenKey),
    …/api-reference/legacy/account/account-information/get-usage-details (daily usage of private apps),
    …/changelog/2018-11-06-rate-limit-information-headers-will-be-included-in-http-responses (rate limit headers),
    …/docs/api-reference/crm-pipelines-v3/guide (pipelines and stages).
    """
    found = Checked()
    deals = settings.orders != "none"
    answer = client.get("/crm/v3/properties/contacts")
    found.works.append("the token is accepted")
    for kind, definitions in DEFINITIONS.items():
        if not is_needed(kind, settings):
            continue
        read = answer if kind == "contacts" else client.get(f"/crm/v3/properties/{kind}")
        held = {one.get("name") for one in json_of(read).get("results", [])}
        lacking = [str(one["name"]) for one in definitions if one["name"] not in held]
        missing = f"{len(lacking)} properties of {kind} are missing, and made at the next start: {', '.join(lacking)}"
        found.works.append(missing if lacking else f"all properties of {kind} are there")
    _check_limits(found, answer, client, settings)
    _ask(found, "its scopes", lambda: found.scopes(_needed(settings), _granted(client, settings)))
    if deals:
        _ask(found, "pipeline and stages of deals", lambda: _check_stages(found, client, settings))
    return found


def fields(client: HttpClient, settings: HubSpotSettings) -> dict[str, list[str]]:
    """The properties of contacts and deals. Source: developers.hubspot.com/docs/api-reference/latest/crm/properties."""
    kinds = {"fields": "contacts", "order_fields": "deals"} if settings.orders != "none" else {"fields": "contacts"}
    told = {section: json_of(client.get(f"/crm/v3/properties/{kind}")) for section, kind in kinds.items()}
    return {section: [str(one["name"]) for one in body["results"]] for section, body in told.items()}


def _ask(found: Checked, what: str, ask: Callable[[], None]) -> None:
    try:
        ask()
    except (RejectedError, AuthError, Unavailable) as error:
        found.untested.append(f"{what}: HubSpot does not tell ({type(error).__name__})")


def _needed(settings: HubSpotSettings) -> list[str]:
    kinds = [kind for kind in ("contacts", "deals", "line_items") if is_needed(kind, settings)]
    pairs = [(level, kind, way) for level in ("objects", "schemas") for kind in kinds for way in ("read", "write")]
    needed = [f"crm.{level}.{kind}.{way}" for level, kind, way in pairs]
    return [*needed, "communication_preferences.write"] if settings.unsubscribe else needed


def _granted(client: HttpClient, settings: HubSpotSettings) -> list[str]:
    body = {"tokenKey": settings.access_token.get_secret_value()}
    return texts(json_of(client.post("/oauth/v2/private-apps/get/access-token-info", body)), "scopes")


def _check_limits(found: Checked, answer: httpx.Response, client: HttpClient, settings: HubSpotSettings) -> None:
    most, span = (answer.headers.get(f"x-hubspot-ratelimit-{name}", "") for name in ("max", "interval-milliseconds"))
    if most.isdigit() and span == "10000":
        if settings.calls_per_10_seconds > int(most):
            found.wrong.append(f"calls_per_10_seconds is {settings.calls_per_10_seconds}, and HubSpot allows {most}")
        else:
            found.works.append(f"{most} calls in 10 seconds are allowed")
    else:
        found.untested.append("calls in 10 seconds: HubSpot names no limit")
    _ask(found, "calls in a day", lambda: _check_day(found, client))


def _check_day(found: Checked, client: HttpClient) -> None:
    for usage in json_of(client.get("/account-info/v3/api-usage/daily/private-apps")).get("results", [])[:1]:
        found.works.append(f"{usage.get('currentUsage')} of {usage.get('usageLimit')} calls of today are used")


def _check_stages(found: Checked, client: HttpClient, settings: HubSpotSettings) -> None:
    pipelines = json_of(client.get("/crm/v3/pipelines/deals")).get("results", [])
    stages = {one.get("id"): {stage.get("id") for stage in one.get("stages", [])} for one in pipelines}
    if settings.deal_pipeline not in stages:
        found.wrong.append(f"deal_pipeline: there is no pipeline {settings.deal_pipeline!r} in HubSpot")
        return
    for name in ("deal_stage_open", "deal_stage_won", "deal_stage_lost"):
        if getattr(settings, name) not in stages[settings.deal_pipeline]:
            found.wrong.append(f"{name}: the pipeline has no stage {getattr(settings, name)!r}")
