"""What Evalanche is asked and answers, as XML.

Sources: help.evalanche.cloud/hc/en-us/articles/360042265151-SOAP-Profile, …/360042666831-SOAP-Pool and
…/360049658832-SOAP-extended-Blacklist for namespaces and elements; the vendor's own client,
github.com/SC-Networks/evalanche-soap-api-connector (src/Client), for the names of arguments; its structures,
github.com/SC-Networks/evalanche-soap-api-struct (MassUpdateResult: the id of a profile to the value of the key). Of a
list within a list, and of the blacklist's ``get``, the pages show none: both are written as they show the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

import httpx

from hub.connectors.evalanche.manifest import EvalancheSettings
from hub.connectors.evalanche.mapping import FIELDS, PROFILE_ID, TEXT, TYPES
from hub.errors import ConflictError, RejectedError
from hub.sdk import soap
from hub.sdk.checked import Checked
from hub.sdk.crm.calls import Caller
from hub.sdk.crm.dialect import Call
from hub.sdk.crm.mailing import Contact, State
from hub.sdk.destination import HttpRequest
from hub.sdk.http import HttpClient

ID, MAIL, PERMISSION, BOUNCES, LEFT = "PROFILEID", "EMAIL", "PERMISSION", "HARDBOUNCES", "UNSUBSCRIBE_DATE"
READ = (ID, MAIL, PERMISSION, BOUNCES, LEFT, PROFILE_ID)
"""Attributes by which Hub knows a profile, and how it stands there."""


def request(service: str, operation: str, settings: EvalancheSettings, arguments: Mapping[str, Any]) -> HttpRequest:
    """A call of one of the first generation's services; their namespace is their address."""
    path = f"/soap.php/soap/{service}"
    return soap.request(path, f"{settings.base_url.rstrip('/')}{path}", operation, arguments)


def blacklist(settings: EvalancheSettings) -> HttpRequest:
    """The call for all entries of the customer's blacklist."""
    called = {"CustomerId": settings.customer}
    return soap.request("/api/soap/v1/blacklist", "urn:evalanche:soap:v1:blacklist", "GetIn", called)


def items(values: Iterable[Any]) -> dict[str, list[Any]]:
    """A list as Evalanche takes it."""
    return {"item": list(values)}


def told(response: httpx.Response, operation: str) -> Element:
    """The result of an operation. Raises the error tree as ``hub.sdk.soap.result`` does."""
    return soap.needed(soap.result(response), f"{operation}Result", response)


def pairs(element: Element | None) -> dict[str, str]:
    """An EvalancheHashMap."""
    found = element.iterfind("items/item") if element is not None else ()
    return {one.findtext("key") or "": one.findtext("value") or "" for one in found}


def blocked(response: httpx.Response) -> frozenset[str]:
    """Addresses, and domains with their @, of a blacklist."""
    entries = (one.text for one in soap.result(response).iter() if one.tag.rpartition("}")[2] == "Email")
    return frozenset(text.strip().lower() for text in entries if text)


def contact(told: Mapping[str, str], listed: frozenset[str], settings: EvalancheSettings) -> Contact:
    """How a profile stands there; ``listed`` is the blacklist.

    A date of unsubscribing counts whatever the permission says, and a permission Hub does not know as one that waits.
    """
    email, permission = told.get(MAIL, ""), told.get(PERMISSION, "")
    state: State = "none" if permission in ("", "0") else "pending"
    if permission in settings.granted:
        state = "subscribed"
    if told.get(LEFT, "").strip("0-: "):
        state = "unsubscribed"
    if told.get(BOUNCES, "") not in ("", "0"):
        state = "bounced"
    if {email.lower(), f"@{email.lower().rpartition('@')[2]}"} & listed:
        state = "complained"
    return Contact(told.get(ID, ""), email, state, owner=told.get(PROFILE_ID) or None)


@dataclass(frozen=True, slots=True)
class Written:
    """What massUpdate did: the ids of profiles by the value of the key attribute, in small letters."""

    created: Mapping[str, str]
    updated: Mapping[str, str]
    ignored: frozenset[str]


def written(response: httpx.Response) -> Written:
    """The answer of massUpdate. Raises the error tree."""
    result = told(response, "massUpdate")
    made, changed = (
        {value.lower(): record for record, value in pairs(result.find(name)).items()} for name in ("created", "updated")
    )
    return Written(made, changed, frozenset(one.text or "" for one in result.iterfind("ignored/item")))


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a pool, and the numbers of its options with their labels."""

    name: str
    options: Mapping[str, str]


def attributes(settings: EvalancheSettings) -> Call[Sequence[Attribute]]:
    """All attributes of the pool."""

    def read(response: httpx.Response) -> Sequence[Attribute]:
        return [
            Attribute(
                one.findtext("name") or "",
                {item.findtext("id") or "": item.findtext("value") or "" for item in one.iterfind("options/item")},
            )
            for one in told(response, "getAttributes")
        ]

    return Call(request("pool", "getAttributes", settings, {"pool_id": settings.pool}), read)


def fields(client: HttpClient, settings: EvalancheSettings) -> dict[str, list[str]]:
    """The attributes there are."""
    return {"fields": [one.name for one in Caller(client, settings).ask(attributes(settings))]}


def prepare(client: HttpClient, settings: EvalancheSettings) -> None:
    """Create Hub's attributes that are missing. What exists is left alone."""
    held = set(fields(client, settings)["fields"])
    for name in (PROFILE_ID, *FIELDS):
        if name not in held:
            new = {"pool_id": settings.pool, "name": name, "label": f"Hub: {name.removeprefix('HUB').lower()}"}
            made = request("pool", "addAttribute", settings, {**new, "type_id": TYPES.get(name, TEXT)})
            try:
                told(Caller(client, settings).request(made), "addAttribute")
            except (RejectedError, ConflictError):
                if name == PROFILE_ID:
                    raise


def check(client: HttpClient, settings: EvalancheSettings) -> Checked:
    """Whether the user is taken, and the pool, its attributes and options are there. Writes nothing."""
    caller, found = Caller(client, settings), Checked()
    held = {one.name: one.options for one in caller.ask(attributes(settings))}
    found.works.append(f"pool {settings.pool} can be read")
    for name in (one for one in (MAIL, PERMISSION, BOUNCES, LEFT) if one not in held):
        found.wrong.append(f"pool {settings.pool} has no attribute {name}")
    if permissions := held.get(PERMISSION):
        found.works.append("PERMISSION may be " + ", ".join(f"{key} ({label})" for key, label in permissions.items()))
    options = {number: label for several in held.values() for number, label in several.items()}
    for number in settings.lists:
        if number in options:
            found.works.append(f"option {number} is there: {options[number]}")
        else:
            found.wrong.append(f"option {number} is not there")
    if settings.customer is None:
        found.untested.append("blacklist: no customer is set, so that Evalanche alone heeds it")
    else:
        found.reads("the blacklist", lambda: blocked(caller.request(blacklist(settings))))
    return found
