"""Dataverse's set-up: the columns and the table that Hub needs there, and what a live check tells of them.

Sources: learn.microsoft.com/power-apps/developer/data-platform/webapi/create-update-entity-definitions-using-web-api,
…/create-update-column-definitions-using-web-api, …/create-update-entity-relationships-using-web-api, …/define-
alternate-keys-entity (a key's index is built in the background: ``EntityKeyIndexStatus``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.connectors.dynamics.manifest import DynamicsSettings
from hub.connectors.dynamics.schemas import API
from hub.connectors.dynamics.schemas_fields import FIELDS, NAVIGATION, ORDER, ORDER_KEY
from hub.errors import AuthError, Forbidden, RejectedError, Unavailable
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of

DEFINITIONS = f"{API}/EntityDefinitions"
KEY = "hub_order_by_key"
BUILD_SECONDS = 30.0


def prepare(client: HttpClient, settings: DynamicsSettings) -> None:
    """Make what is missing. Raises AuthError where Hub may not; Unavailable while the key of orders is being built."""
    try:
        _columns(client, "contact", settings)
        if settings.orders == "none":
            return
        if not _listed(client, DEFINITIONS, "LogicalName", f"LogicalName eq '{ORDER}'"):
            _make(client, DEFINITIONS, _table(settings))
        _columns(client, ORDER, settings)
        if NAVIGATION.lower() not in _names(client, ORDER):
            _make(client, f"{API}/RelationshipDefinitions", _relationship(settings))
        if not _keys(client):
            _make(client, f"{_of(ORDER)}/Keys", _named({"KeyAttributes": [ORDER_KEY]}, KEY, settings))
    except (Forbidden, RejectedError) as error:
        raise AuthError(f"Dynamics 365 does not make Hub's columns ({error}): see README") from None
    if not any(one.get("EntityKeyIndexStatus") == "Active" for one in _keys(client)):
        raise Unavailable("Dynamics 365 is building the key of Hub's orders", retry_after=BUILD_SECONDS)


def check(client: HttpClient, settings: DynamicsSettings) -> Checked:
    """Try the credentials, and compare columns with what Hub needs. Writes nothing."""
    told = Checked()
    client.get(f"{API}/WhoAmI")
    told.works.append("the application is accepted")
    for table in _tables(settings):
        there = (
            _names(client, table) if _listed(client, DEFINITIONS, "LogicalName", f"LogicalName eq '{table}'") else ()
        )
        lacking = [name for name in FIELDS[table] if name not in there]
        missing = f"{len(lacking)} columns of {table} are missing, and made at the next start: {', '.join(lacking)}"
        told.works.append(missing if lacking else f"all of Hub's columns of {table} are there")
    return told


def fields(client: HttpClient, settings: DynamicsSettings) -> dict[str, list[str]]:
    """The columns of contacts and of Hub's orders."""
    sections = zip(("fields", "order_fields"), _tables(settings), strict=False)
    return {section: sorted(_names(client, table)) for section, table in sections}


def _tables(settings: DynamicsSettings) -> tuple[str, ...]:
    return ("contact", ORDER) if settings.orders != "none" else ("contact",)


def _columns(client: HttpClient, table: str, settings: DynamicsSettings) -> None:
    there = _names(client, table)
    for name, column in FIELDS[table].items():
        if name not in there:
            _make(client, f"{_of(table)}/Attributes", _named(column, name, settings))


def _make(client: HttpClient, path: str, body: Any) -> None:
    response = client.post(path, body)
    if response.headers.get("content-type", "").startswith("text/html"):  # a page of a proxy's, or of maintenance
        raise Unavailable("the answer is a web page", uncertain=True)


def _names(client: HttpClient, table: str) -> set[str]:
    return {str(one.get("LogicalName")) for one in _listed(client, f"{_of(table)}/Attributes", "LogicalName")}


def _keys(client: HttpClient) -> list[Mapping[str, Any]]:
    listed = _listed(client, f"{_of(ORDER)}/Keys", "LogicalName,KeyAttributes,EntityKeyIndexStatus")
    return [one for one in listed if one.get("KeyAttributes") == [ORDER_KEY]]


def _listed(client: HttpClient, path: str, select: str, where: str | None = None) -> list[Mapping[str, Any]]:
    body = json_of(client.get(path, {"$select": select, **({"$filter": where} if where else {})}))
    found = body.get("value") if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise Unavailable("Dynamics 365's answer cannot be read")
    return [one for one in found if isinstance(one, dict)]


def _of(table: str) -> str:
    return f"{DEFINITIONS}(LogicalName='{table}')"


def _label(text: str, settings: DynamicsSettings) -> dict[str, Any]:
    kind = "Microsoft.Dynamics.CRM"
    label = {"@odata.type": f"{kind}.LocalizedLabel", "Label": text, "LanguageCode": settings.language}
    return {"@odata.type": f"{kind}.Label", "LocalizedLabels": [label]}


def _named(made: Mapping[str, Any], name: str, settings: DynamicsSettings) -> dict[str, Any]:
    shown = name.replace("hub_", "Hub ", 1).replace("_", " ")
    return {**made, "SchemaName": name, "DisplayName": _label(shown, settings)}


def _table(settings: DynamicsSettings) -> dict[str, Any]:
    text = "Microsoft.Dynamics.CRM.StringAttributeMetadata"
    name = {"@odata.type": text, "FormatName": {"Value": "Text"}, "MaxLength": 100, "IsPrimaryName": True}
    return {
        **_named({"@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata"}, ORDER, settings),
        "DisplayCollectionName": _label("Hub orders", settings),
        "OwnershipType": "UserOwned",
        "HasActivities": False,
        "HasNotes": False,
        "IsActivity": False,
        "Attributes": [_named(name, "hub_name", settings)],
    }


def _relationship(settings: DynamicsSettings) -> dict[str, Any]:
    """An order's contact: a merge takes the orders along, a deletion leaves them."""
    lookup = {"@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata", "AttributeType": "Lookup"}
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
        "SchemaName": "hub_contact_hub_order",
        "ReferencedAttribute": "contactid",
        "ReferencedEntity": "contact",
        "ReferencingEntity": ORDER,
        "CascadeConfiguration": {
            **dict.fromkeys(("Assign", "Reparent", "Share", "Unshare"), "NoCascade"),
            "Delete": "RemoveLink",
            "Merge": "Cascade",
        },
        "Lookup": _named(lookup, NAVIGATION, settings),
    }
