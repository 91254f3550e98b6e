"""What EspoCRM tells about itself: fields, stages, currencies, and what the API user may do.

Sources: docs.espocrm.com/development/api/metadata (``key`` since 8.2; an older one gives everything),
docs.espocrm.com/development/api ("GET App/user": ``acl``), github.com/espocrm/espocrm application/Espo/Controllers/
FieldManager.php (only an administrator adds fields).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.connectors.espocrm.manifest import EspoSettings
from hub.connectors.espocrm.schemas import API
from hub.connectors.espocrm.schemas_fields import FIELDS, ORDER_KEY, PROFILE_ID
from hub.errors import RejectedError
from hub.sdk.checked import Checked, texts
from hub.sdk.http import HttpClient, json_of

RIGHTS = {
    **dict.fromkeys(("Contact", "Lead"), ("create", "read", "edit", "delete")),
    "Account": ("create", "read"),
    "Opportunity": ("create", "read", "edit"),
}


_PARTS = ("Street", "City", "State", "Country", "PostalCode", "Id", "Type", "Ids", "Currency", "Data", "Date")
"""What EspoCRM puts behind a field's name for the attributes that it is made of, whatever its type."""


def prepare(client: HttpClient, settings: EspoSettings) -> None:
    """See that EspoCRM keeps Hub's ids: fields it does not know it leaves out silently. Raises RejectedError."""
    for entity, own in _kinds(settings).items():
        if own not in _fields(client, entity):
            raise RejectedError(
                f"EspoCRM has no field {own} of {entity}: an administrator has to add it, see the README"
            )


def check(client: HttpClient, settings: EspoSettings) -> Checked:
    """Try the key, and compare fields, rights, stages and currencies with what Hub needs. Writes nothing."""
    found = Checked()
    told = json_of(client.get(f"{API}/App/user"))
    found.works.append("the key is accepted")
    for entity, own in _kinds(settings).items():
        fields = _fields(client, entity)
        known = FIELDS["Opportunity" if own == ORDER_KEY else "people"]
        if own not in fields:
            found.wrong.append(f"{entity} has no field {own}: nothing is written without it")
        if lacking := [f"{name} ({kind})" for name, kind in known.items() if name not in fields]:
            found.untested.append(f"{entity}: EspoCRM leaves out what it has no field for: {', '.join(lacking)}")
        else:
            found.works.append(f"all fields of {entity} are there")
        if own == ORDER_KEY:
            _check_stages(found, fields, settings)
            found.works.append(f"amounts may be in {', '.join(texts(told, 'settings', 'currencyList'))}")
    for entity, needed in RIGHTS.items():
        held = _at(told, "acl", "table", entity)
        denied = [right for right in needed if held.get(right) not in ("yes", "all")]
        if denied and (entity in _kinds(settings) or (entity == "Account" and settings.people == "contacts")):
            found.wrong.append(f"the API user's role lacks for {entity}: {', '.join(denied)} (all)")
    return found


def fields(client: HttpClient, settings: EspoSettings) -> dict[str, list[str]]:
    """The fields of people and opportunities, and the attributes that some of them are made of.

    Source: docs.espocrm.com/development/metadata/fields (actualFields: ``addressCity``, ``assignedUserId``).
    """
    sections = {settings.entity: "fields", "Opportunity": "order_fields"}
    told = {sections[entity]: _fields(client, entity) for entity in _kinds(settings)}
    return {section: [name for one in there for name in _attributes(one)] for section, there in told.items()}


def _attributes(field: str) -> list[str]:
    first = [f"{part}{field[:1].upper()}{field[1:]}" for part in ("first", "last", "middle", "salutation")]
    return [field, *(f"{field}{part}" for part in _PARTS), *(first if field == "name" else ())]


def _kinds(settings: EspoSettings) -> dict[str, str]:
    return {settings.entity: PROFILE_ID, **({"Opportunity": ORDER_KEY} if settings.orders != "none" else {})}


def _fields(client: HttpClient, entity: str) -> Mapping[str, Any]:
    told = json_of(client.get(f"{API}/Metadata", {"key": f"entityDefs.{entity}.fields"}))
    return _at(told, "entityDefs", entity, "fields") or (told if isinstance(told, Mapping) else {})


def _check_stages(found: Checked, fields: Mapping[str, Any], settings: EspoSettings) -> None:
    stages = texts(fields, "stage", "options")
    for name in ("stage_open", "stage_won", "stage_lost"):
        if stages and getattr(settings, name) not in stages:
            found.wrong.append(f"{name}: EspoCRM's opportunities have no stage {getattr(settings, name)!r}")


def _at(told: Any, *path: str) -> Mapping[str, Any]:
    for name in path:
        told = told.get(name) if isinstance(told, Mapping) else None
    return told if isinstance(told, Mapping) else {}
