"""What only the account knows: the keys of its fields. Made where Hub's are missing, learned, and checked.

Sources: developers.pipedrive.com/docs/api/v1/PersonFields and …/DealFields (API v2), …/Users (users/me), pipedrive.
readme.io/docs/core-api-concepts-rate-limiting (x-ratelimit-limit: requests in two seconds).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pydantic import ValidationError

from hub.connectors.pipedrive.manifest import PipedriveSettings
from hub.connectors.pipedrive.schemas import DEFINITIONS, HASH, AccountField, Fields, Kind
from hub.connectors.pipedrive.schemas_fields import MARKETING_STATUS
from hub.connectors.pipedrive.schemas_keys import FieldKey
from hub.errors import AuthError, RejectedError, Unavailable, did_you_mean
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of

WRITTEN: Mapping[Kind, frozenset[str]] = {
    "persons": frozenset({"name", "company"}),
    "deals": frozenset({"title", "value", "stage_id"}),
}
"""Pipedrive's own fields that a mapping file may name and that are written as they are."""

PATHS: Mapping[Kind, str] = {"persons": "/api/v2/personFields", "deals": "/api/v2/dealFields"}


def learn(client: HttpClient, settings: PipedriveSettings) -> PipedriveSettings:
    """The settings with the keys of all fields that are written, as far as the account has them; asks for no others."""
    for kind, pinned in _pinned(settings):
        if any(name not in pinned for name in _needed(kind, settings)):
            settings = known(settings, _fields(client, kind), kind)
    return settings


def known(settings: PipedriveSettings, there: Mapping[str, FieldKey], kind: Kind = "persons") -> PipedriveSettings:
    """The settings with the keys of such fields that are ``there``, by their names. Pure."""
    pinned = dict(_pinned(settings))[kind]
    lacking = [name for name in _needed(kind, settings) if name not in pinned]
    found = {name: key for name in lacking if (key := there.get(_label(kind, name)))}
    name = "person_keys" if kind == "persons" else "deal_keys"
    return settings.model_copy(update={name: {**found, **pinned}})


def by_name(fields: Iterable[AccountField]) -> dict[str, FieldKey]:
    """Fields by their names and by their keys; of several with one name the first is meant. Pure."""
    found: dict[str, FieldKey] = {}
    for field in fields:
        for name in (field.field_name, field.field_code):
            found.setdefault(name, field.key())
    return found


def prepare(client: HttpClient, settings: PipedriveSettings) -> None:
    """Create Hub's fields that are missing; those that the settings name or that have Hub's name are left alone."""
    for kind, pinned in _pinned(settings):
        there = _fields(client, kind)
        for name, (label, field_type) in DEFINITIONS[kind].items():
            if name not in pinned and label not in there:
                try:
                    client.post(PATHS[kind], {"field_name": label, "field_type": field_type})
                except AuthError as error:
                    # The user may not make fields, or the plan's number of them is reached: an operator has to look.
                    raise RejectedError(f"the field {label!r} cannot be made: {error}") from None


def check(client: HttpClient, settings: PipedriveSettings) -> Checked:
    """Try the credentials, and compare the fields and the limit with what Hub needs. Writes nothing."""
    found = Checked()
    answer = client.get("/v1/users/me")
    found.works.append("the credentials are accepted")
    for kind, pinned in _pinned(settings):
        there = _fields(client, kind)
        lacking = [label for name, (label, _) in DEFINITIONS[kind].items() if name not in pinned and label not in there]
        made = f"{len(lacking)} fields of {kind} are missing, and made at the next start: {', '.join(lacking)}"
        found.works.append(made if lacking else f"all fields of {kind} are there")
        for name in _needed(kind, settings):
            if name not in (*DEFINITIONS[kind], *pinned, *there, MARKETING_STATUS):
                found.wrong.append(f"{kind} have no field {name!r}{did_you_mean(name, list(there))}")
        if kind == "persons":
            used = MARKETING_STATUS in {*there, *pinned}
            found.works.append("opt-outs end Campaigns" if used else "Campaigns is not used: there is nothing to end")
    limit = answer.headers.get("x-ratelimit-limit", "")
    if limit.isdigit() and settings.calls_per_2_seconds > int(limit):
        found.wrong.append(f"calls_per_2_seconds is {settings.calls_per_2_seconds}, and Pipedrive allows {limit}")
    left = answer.headers.get("x-daily-ratelimit-token-remaining", "")
    (found.works if left else found.untested).append(f"tokens left today: {left or 'Pipedrive does not tell'}")
    return found


def fields(client: HttpClient, settings: PipedriveSettings) -> dict[str, list[str]]:
    """The fields of persons and deals: their names and their keys, and the names that the settings give to keys."""
    sections = {"persons": "fields", "deals": "order_fields"}
    return {sections[kind]: [*_fields(client, kind), *pinned] for kind, pinned in _pinned(settings)}


def _pinned(settings: PipedriveSettings) -> Iterator[tuple[Kind, Mapping[str, FieldKey]]]:
    yield "persons", settings.person_keys
    if settings.orders != "none":
        yield "deals", settings.deal_keys


def _needed(kind: Kind, settings: PipedriveSettings) -> list[str]:
    mapped = {
        "persons": (MARKETING_STATUS, *settings.profile_fields, *settings.mapped_fields),
        "deals": (*settings.deal_fields, *settings.mapped_order_fields),
    }[kind]
    names = dict.fromkeys((*DEFINITIONS[kind], *mapped))
    return [name for name in names if not HASH.fullmatch(name) and name not in WRITTEN[kind]]


def _label(kind: Kind, name: str) -> str:
    return DEFINITIONS[kind][name][0] if name in DEFINITIONS[kind] else name


def _fields(client: HttpClient, kind: Kind) -> Mapping[str, FieldKey]:
    """All fields, as ``by_name`` has them."""
    found: dict[str, FieldKey] = {}
    query = {"limit": "500"}
    while True:
        try:
            page = Fields.model_validate(json_of(client.get(PATHS[kind], query)))
        except ValidationError:
            raise Unavailable(f"{PATHS[kind]}: the answer is not of Pipedrive's form") from None
        found = {**by_name(page.data or ()), **found}
        if not (page.additional_data and page.additional_data.next_cursor):
            return found
        query = {"limit": "500", "cursor": page.additional_data.next_cursor}
