"""What a live check tells of SuiteCRM: whether the client is accepted, and Hub's fields are there.

Source: github.com/SuiteCRM/SuiteCRM Api/V8/Config/routes.php (``meta/fields``), Api/V8/Service/MetaService.php.
"""

from __future__ import annotations

from typing import Any

from hub.connectors.suitecrm.manifest import SuiteSettings
from hub.connectors.suitecrm.schemas import API
from hub.connectors.suitecrm.schemas_fields import ORDER_KEY, ORDERS, PEOPLE, PROFILE_ID
from hub.errors import did_you_mean
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of


def check(client: HttpClient, settings: SuiteSettings) -> Checked:
    """Ask with the client for the fields of contacts and opportunities. Writes nothing."""
    found = Checked()
    for module, own, mapped in (
        ("Contacts", PEOPLE, (*settings.profile_fields, *settings.mapped_fields)),
        ("Opportunities", ORDERS, (*settings.opportunity_fields, *settings.mapped_order_fields)),
    ):
        if module == "Opportunities" and settings.orders == "none":
            continue
        there = _fields(client, module)
        if not found.works:
            found.works.append("the client is accepted")
        lacking = [name for name in own if name not in there]
        for name in (one for one in lacking if one in (PROFILE_ID, ORDER_KEY)):
            found.wrong.append(f"{module} have no field {name}: make it in Studio")
        others = [name for name in lacking if name not in (PROFILE_ID, ORDER_KEY)]
        told = f"left out, as {module} have no field: {', '.join(others)}"
        found.works.append(told if others else f"all of Hub's fields of {module} are there")
        found.wrong += [
            f"{module} have no field {name!r}{did_you_mean(name, list(there))}" for name in mapped if name not in there
        ]
    return found


def fields(client: HttpClient, settings: SuiteSettings) -> dict[str, list[str]]:
    """The fields of contacts and opportunities."""
    modules = {"fields": "Contacts", **({"order_fields": "Opportunities"} if settings.orders != "none" else {})}
    return {section: sorted(_fields(client, module)) for section, module in modules.items()}


def _fields(client: HttpClient, module: str) -> dict[str, Any]:
    told = json_of(client.get(f"{API}/meta/fields/{module}"))
    attributes: dict[str, Any] = (told.get("data") or {}).get("attributes") or {}
    return attributes
