"""Pipedrive's requests and answers, as far as they are used.

Sources: pipedrive.readme.io/docs/pipedrive-api-v2-migration-guide (custom fields stand in ``custom_fields`` by their
40-character keys; text, numbers, days and option ids each in their own form; numbers are not taken as text), …/docs/
core-api-concepts-custom-fields, …/docs/core-api-concepts-responses and …-http-status-codes (what an error looks like; a
403 with a ``code`` is a limit of the plan), …/docs/core-api-concepts-rate-limiting (who goes on after a 429 gets a 403
that is no JSON), github.com/pipedrive/client-nodejs/issues/651 and client-php/issues/227 ("Validation failed: …").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.connectors.pipedrive.manifest import PipedriveSettings
from hub.connectors.pipedrive.schemas_fields import DEAL_FIELDS, ORDER_KEY, PERSON_FIELDS, PROFILE_ID
from hub.connectors.pipedrive.schemas_keys import FieldKey
from hub.errors import LONGEST_RETRY_AFTER, Forbidden, RateLimited, Refusal, Unavailable
from hub.mapping.payload import VendorModel
from hub.sdk.crm import Found, Item, Made, Problem
from hub.sdk.crm.dialect import EMAIL, Answers
from hub.sdk.http import json_of, retry_after
from hub.sdk.words import words_of

Kind = Literal["persons", "deals"]
OWN: Mapping[Kind, str] = {"persons": PROFILE_ID, "deals": ORDER_KEY}
DEFINITIONS = {"persons": PERSON_FIELDS, "deals": DEAL_FIELDS}
HASH = re.compile(r"\b[0-9a-f]{40}\b")
PLURALS = {"email": "emails", "phone": "phones"}
_GONE = ("is not allowed", "not found", "does not exist", "unknown")
READ_HERE = frozenset({400, 403, 404, 410, 422})


class Listed(BaseModel):
    """One e-mail or phone number of a person."""

    model_config = ConfigDict(extra="ignore")

    value: str | None = ""
    primary: bool | None = False
    label: str | None = None


class Record(BaseModel):
    """A person, deal or organization."""

    model_config = ConfigDict(extra="ignore")

    id: int | str
    name: str | None = None
    emails: list[Listed] | None = None
    phones: list[Listed] | None = None
    marketing_status: str | None = None
    custom_fields: dict[str, Any] | list[Any] | None = None
    is_deleted: bool | None = False

    def own(self, kind: Kind, settings: PipedriveSettings) -> str | None:
        """Hub's own id that the record carries."""
        held = field_of(OWN[kind], kind, settings)
        fields = self.custom_fields if isinstance(self.custom_fields, dict) else {}
        return str(fields.get(held.key) or "") or None if held else None


class Hit(BaseModel):
    """One result of a search; it tells no custom fields by their keys."""

    item: Record


class Hits(BaseModel):
    items: list[Hit]


class AccountField(VendorModel):
    """A field of the account; the id of an option is a number where the field is of the account's own."""

    field_name: str
    field_code: str
    field_type: str = "varchar"
    options: list[dict[str, Any]] | None = None

    def key(self) -> FieldKey:
        """As the settings hold it."""
        told = [(str(one.get("label")).casefold(), one.get("id")) for one in self.options or ()]
        options = {label: number for label, number in told if isinstance(number, int)}
        return FieldKey(key=self.field_code, type=self.field_type, options=options)


class Page(VendorModel):
    next_cursor: str | None = None


class Answer(BaseModel):
    """The envelope of every answer."""

    data: list[Record] | Hits | Record | None = Field(None, union_mode="left_to_right")


class Fields(VendorModel):
    data: list[AccountField] | None = None
    additional_data: Page | None = None


def read(response: httpx.Response) -> list[Record]:
    """The records of an answer, without those that were deleted. Raises Unavailable (uncertain) where it holds none."""
    try:
        data = Answer.model_validate(json_of(response)).data
    except ValidationError as error:
        said = f"the answer is not of Pipedrive's form ({error.error_count()} faults)"
        raise Unavailable(said, uncertain=True) from None
    listed = [hit.item for hit in data.items] if isinstance(data, Hits) else data
    records = listed if isinstance(listed, list) else [listed] if listed else []
    return [record for record in records if not record.is_deleted]


def rows(response: httpx.Response) -> list[Mapping[str, Any]]:
    """The records of a list as they are. Raises Unavailable where it holds none."""
    body = json_of(response)
    data = body.get("data") if isinstance(body, dict) else None
    if data is not None and not isinstance(data, list):
        raise Unavailable("the answer is not of Pipedrive's form")
    return [one for one in data or () if isinstance(one, dict) and "id" in one]


def told(row: Mapping[str, Any], name: str, settings: PipedriveSettings, kind: Kind = "persons") -> Any:
    """What a record has in a field, by the name that Hub has for it."""
    field = field_of(name, kind, settings)
    within = row.get("custom_fields")
    key = field.key if field else name
    held = within[key] if isinstance(within, dict) and key in within else row.get(key)
    return held.get("value") if isinstance(held, dict) else held


def made(response: httpx.Response) -> Record:
    """The one record that an answer is about. Raises Unavailable (uncertain) where there is none."""
    records = read(response)
    if not records:
        raise Unavailable("the answer names no record", uncertain=True)
    return records[0]


def found(records: Iterable[Record], kind: Kind, settings: PipedriveSettings) -> Sequence[Found]:
    """Records as the algorithm knows them: by Hub's own id and by all e-mails."""
    return [
        Found(
            str(record.id),
            record.own(kind, settings),
            frozenset((EMAIL, one.value.lower()) for one in record.emails or () if one.value),
            values={"emails": record.emails or [], "phones": record.phones or []},
        )
        for record in records
    ]


def field_of(name: str, kind: Kind, settings: PipedriveSettings) -> FieldKey | None:
    """The account's field behind a property; None where it is not known, or has none."""
    keys = settings.person_keys if kind == "persons" else settings.deal_keys
    held = keys.get(name) or (FieldKey(key=name) if HASH.fullmatch(name) else None)
    if held is None or not held.key:
        return None
    return held.model_copy(update={"type": DEFINITIONS[kind][name][1]}) if name in DEFINITIONS[kind] else held


def form(text: str, field: FieldKey) -> Any:
    """A text in the form that a field of this type takes; one that does not fit is left for Pipedrive to refuse."""
    if text == "":
        return None
    if field.type == "double":
        return number(text)
    if field.type == "enum":
        return field.options.get(text.casefold(), text)
    if field.type == "set":
        return [field.options.get(one.strip().casefold(), one) for one in text.split(";")]
    return {"value": text} if field.type == "address" else text


def number(text: str) -> int | float | str:
    """A number as JSON has it, where the text is one."""
    try:
        return int(text) if text.isdigit() else float(text)
    except ValueError:
        return text


def customs(properties: Mapping[str, str], kind: Kind, settings: PipedriveSettings) -> dict[str, Any]:
    """The part of a request that people map or Hub made: within ``custom_fields``, or beside it for Pipedrive's own.

    A name that stands for no field of the account goes out as it is, so that it is refused by name; beside it, it could
    be answered by a 403 (job_title without contact sync), as if the token were wrong.
    """
    own: dict[str, Any] = {}
    within: dict[str, Any] = {}
    for name, text in properties.items():
        field = field_of(name, kind, settings) or FieldKey(key=name)
        system = name not in DEFINITIONS[kind] and field_of(name, kind, settings) and not HASH.fullmatch(field.key)
        (own if system else within)[field.key] = form(text, field)
    return {**own, **({"custom_fields": within} if within else {})}


def answered(response: httpx.Response, item: Item, kind: Kind, settings: PipedriveSettings) -> Answers:
    """What became of one record. Raises RateLimited or Forbidden where it may be about the connection."""
    if response.is_success:
        return {item.write.key: Made(str(made(response).id), new=item.id is None)}
    said, told = words_of(response), _decoded(response)
    if response.status_code in (404, 410):
        return {item.write.key: Problem(said, "gone")}
    if response.status_code == 403 and not str(told.get("code")).startswith("feature_"):
        # Who goes on after a 429 is blocked by a page that is no JSON; "feature_…" is a limit of the plan.
        kind_of = Forbidden if told else RateLimited
        raise kind_of(f"answered 403: {said if told else 'Pipedrive blocks calls for a while'}")
    return {item.write.key: Problem(said, "refused", refusals(str(told.get("error")), item, kind, settings))}


def refusals(said: str, item: Item, kind: Kind, settings: PipedriveSettings) -> tuple[Refusal, ...]:
    """The values that a refusal names, by property: "Validation failed: name: why; name: why".

    A field of Hub's that the account has no more is ``missing``, so that it is made again.
    """
    found = []
    for name in item.properties:
        held = field_of(name, kind, settings)
        key = held.key if held else PLURALS.get(name, name)
        if key in said if HASH.fullmatch(key) else re.search(rf"(?:^|: |; ){re.escape(key)}: ", said):
            absent = name in DEFINITIONS[kind] and any(sign in said.lower() for sign in _GONE)
            found.append(Refusal("company" if name == "org_id" else name, "VALIDATION_FAILED", absent))
    return tuple(found)


def waits(response: httpx.Response) -> float | None:
    """Seconds until calls are allowed again: a burst is over in two, the day's tokens are looked for once an hour.

    ``x-ratelimit-reset`` counts seconds (github.com/DavidRouyer/pipedrive-dotnet/issues/36).
    """
    if response.headers.get("x-daily-ratelimit-token-remaining") == "0":
        return LONGEST_RETRY_AFTER
    reset = response.headers.get("x-ratelimit-reset", "")
    return retry_after(response) or (float(reset) if reset.isdigit() and response.status_code == 429 else None)


def _decoded(response: httpx.Response) -> Mapping[str, Any]:
    try:
        told = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
