"""What Freshsales tells about itself: fields and stages.

Sources: developers.freshworks.com/crm/api ("Get all contact fields", "Get all deal fields", selectors).
"""

from __future__ import annotations

from hub.connectors.freshsales.manifest import FreshsalesSettings
from hub.connectors.freshsales.schemas import API
from hub.connectors.freshsales.schemas_fields import FIELDS, ORDER_KEY, PROFILE_ID
from hub.errors import AuthError, Unavailable
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of

OWN = {"contact": PROFILE_ID, "deal": ORDER_KEY}


def prepare(client: HttpClient, settings: FreshsalesSettings) -> None:
    """See that Freshsales keeps Hub's ids. Raises AuthError where it does not: the connection rests until then."""
    for kind in _kinds(settings):
        if OWN[kind] not in _fields(client, kind):
            raise AuthError(f"Freshsales has no field {OWN[kind]} of {kind}s: an administrator has to add it (README)")


def check(client: HttpClient, settings: FreshsalesSettings) -> Checked:
    """Try the key, and compare fields and stages with what Hub needs. Writes nothing."""
    found = Checked()
    for kind in _kinds(settings):
        held = _fields(client, kind)
        lacking = [f"{name} ({told})" for name, told in FIELDS[kind].items() if name not in held]
        found.works.append(f"the fields of {kind}s can be read")
        if lacking:
            found.wrong.append(f"{kind}s have no field {', '.join(lacking)}")
    if settings.orders != "none":
        body = json_of(client.get(f"{API}/selector/deal_stages"))
        listed = body.get("deal_stages") if isinstance(body, dict) else None
        stages = {one.get("id"): one.get("name") for one in listed or () if isinstance(one, dict)}
        found.works.append("stages: " + ", ".join(f"{number} {name}" for number, name in stages.items()))
        for name in ("stage_open", "stage_won", "stage_lost"):
            if (number := getattr(settings, name)) and number not in stages:
                found.wrong.append(f"{name}: deals have no stage {number}")
    return found


def fields(client: HttpClient, settings: FreshsalesSettings) -> dict[str, list[str]]:
    """The fields of contacts and deals."""
    sections = zip(("fields", "order_fields"), _kinds(settings), strict=False)
    return {section: _fields(client, kind) for section, kind in sections}


def _kinds(settings: FreshsalesSettings) -> tuple[str, ...]:
    return ("contact", "deal") if settings.orders != "none" else ("contact",)


def _fields(client: HttpClient, kind: str) -> list[str]:
    body = json_of(client.get(f"{API}/settings/{kind}s/fields"))
    listed = body.get("fields") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise Unavailable(f"Freshsales names no fields of {kind}s")
    return [str(one.get("name")) for one in listed if isinstance(one, dict)]
