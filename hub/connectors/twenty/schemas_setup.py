"""Twenty's set-up: the fields that Hub needs there, and what a live check tells of them.

Sources: github.com/twentyhq/twenty packages/twenty-docs/developers/extend/api.mdx (metadata API), the OpenAPI of a
workspace at /rest/open-api/metadata (objects with their fields; POST /rest/metadata/fields, one at a time).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from hub.connectors.twenty.manifest import TwentySettings
from hub.connectors.twenty.schemas import answer, names_of
from hub.connectors.twenty.schemas_fields import FIELDS, UNIQUE
from hub.errors import AuthError, ConflictError, RejectedError, Unavailable
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient

METADATA = "/rest/metadata"
Objects = Mapping[str, Mapping[str, Any]]


def prepare(client: HttpClient, settings: TwentySettings) -> None:
    """Make the fields that are missing. Raises AuthError where that fails or a stage lacks: it rests until then."""
    there = _objects(client)
    for kind in _kinds(settings):
        held = _fields(there, kind)
        for name, data_type in FIELDS[kind].items():
            if name not in held:
                _make(client, there[kind]["id"], name, data_type)
    if wrong := _stages(there, settings):
        raise AuthError(f"Twenty: {'; '.join(wrong)}")


def _make(client: HttpClient, kind: str, name: str, data_type: str) -> None:
    label = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()
    body = {"objectMetadataId": kind, "name": name, "label": label, "type": data_type, "isUnique": name in UNIQUE}
    with suppress(ConflictError):  # somebody made it meanwhile
        try:
            answer(client.request("POST", f"{METADATA}/fields", body=body, accept=frozenset({400})))
        except RejectedError as error:
            raise AuthError(f"Twenty does not make the field {name}: {error}") from None


def check(client: HttpClient, settings: TwentySettings) -> Checked:
    """Try the key, and compare fields and stages with what Hub needs. Writes nothing."""
    told = Checked()
    there = _objects(client)
    told.works.append("the API key is accepted")
    for kind in _kinds(settings):
        lacking = [name for name in FIELDS[kind] if name not in _fields(there, kind)]
        missing = f"{len(lacking)} fields of {kind} are missing, and made at the next start: {', '.join(lacking)}"
        told.works.append(missing if lacking else f"all of Hub's fields of {kind} are there")
    told.wrong += _stages(there, settings)
    return told


def fields(client: HttpClient, settings: TwentySettings) -> dict[str, list[str]]:
    """The fields of people and opportunities; parts of composite ones by names of their own."""
    there = _objects(client)
    sections = dict(zip(("fields", "order_fields"), _kinds(settings), strict=False))
    return {
        section: [name for field in _fields(there, kind).values() for name in names_of(field)]
        for section, kind in sections.items()
    }


def _kinds(settings: TwentySettings) -> tuple[str, ...]:
    return ("person", "opportunity") if settings.orders != "none" else ("person",)


def _stages(there: Objects, settings: TwentySettings) -> list[str]:
    listed = _fields(there, "opportunity").get("stage", {}).get("options") or []
    stages = {one.get("value") for one in listed if isinstance(one, dict)}
    named = {} if settings.orders == "none" else {name: getattr(settings, name) for name in _STAGES}
    lacking = [f"{name}: opportunities have no stage {stage!r}" for name, stage in named.items() if stage not in stages]
    return lacking if stages else []


_STAGES = ("stage_open", "stage_won", "stage_lost")


def _objects(client: HttpClient) -> Objects:
    listed = answer(client.get(f"{METADATA}/objects", {"limit": "1000"})).get("objects")
    found = {str(one.get("nameSingular")): one for one in listed or () if isinstance(one, dict)}
    if "person" not in found:
        raise Unavailable("Twenty names no people among its objects")
    return found


def _fields(there: Objects, kind: str) -> dict[str, Mapping[str, Any]]:
    held = there.get(kind, {}).get("fields") or ()
    return {str(one.get("name")): one for one in held if isinstance(one, dict)}
