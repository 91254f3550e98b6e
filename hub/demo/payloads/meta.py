"""Meta's webhooks (Messenger, Instagram, WhatsApp, lead forms) and the lead they point at.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started,
https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from hub.demo.payloads import Delivery, Who

Json = dict[str, Any]
CONNECTION = "social"
PAGE, INSTAGRAM, WHATSAPP = "104820917356211", "17841406339127745", "113902847561023"
_HEADERS = {"content-type": "application/json", "user-agent": "facebookexternalua", "accept": "*/*"}


def messenger(person: str, text: str, at: datetime, *, sent: datetime | None = None) -> Delivery:
    """A message to the page; ``sent`` is when Meta delivers it, which a redelivery changes."""
    return _conversation("page", PAGE, person, f"m_{person}", text, at, sent or at)


def instagram(person: str, text: str, at: datetime) -> Delivery:
    """A direct message on Instagram."""
    return _conversation("instagram", INSTAGRAM, person, f"aWdf{person}", text, at, at)


def instagram_comment(person: str, handle: str, text: str, at: datetime) -> Delivery:
    """A comment under one of our pictures."""
    value = {
        "from": {"id": person, "username": handle},
        "media": {"id": "17998822110045671", "media_product_type": "FEED"},
        "id": f"178{person}",
        "text": text,
    }
    changes = [{"field": "comments", "value": value}]
    return _delivery("instagram.comments", "instagram", {"id": INSTAGRAM, "time": _seconds(at), "changes": changes})


def whatsapp(who: Who, text: str, at: datetime) -> Delivery:
    """A message on WhatsApp, with the profile's name and the number."""
    number = who.phone.lstrip("+").replace(" ", "")
    user = f"DE.1349{number}"
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "493023125900", "phone_number_id": "106540352242922"},
        "contacts": [{"profile": {"name": who.name}, "wa_id": number, "user_id": user}],
        "messages": [
            {
                "from": number,
                "from_user_id": user,
                "id": f"wamid.HBgM{number}",
                "timestamp": str(_seconds(at)),
                "text": {"body": text},
                "type": "text",
            }
        ],
    }
    changes = [{"value": value, "field": "messages"}]
    return _delivery("whatsapp.messages", "whatsapp_business_account", {"id": WHATSAPP, "changes": changes})


def whatsapp_person(who: Who) -> str:
    """The external id of the person behind ``whatsapp``."""
    return f"whatsapp:{WHATSAPP}:DE.1349{who.phone.lstrip('+').replace(' ', '')}"


def lead_id(number: int) -> str:
    """The id of the ``number``-th filled-in form."""
    return str(1_402_885_573_000_000 + number)


def leadgen(number: int, at: datetime) -> Delivery:
    """Somebody filled in a lead form. The event is thin: it names the lead."""
    value = {
        "ad_id": "23854420117650143",
        "form_id": "881203346517790",
        "leadgen_id": lead_id(number),
        "created_time": _seconds(at),
        "page_id": PAGE,
        "adgroup_id": "23854420117650143",
    }
    changes = [{"field": "leadgen", "value": value}]
    return _delivery("page.leadgen", "page", {"id": PAGE, "time": _seconds(at), "changes": changes})


def lead(number: int, who: Who, at: datetime) -> Json:
    """The lead, as ``GET /{leadgen_id}`` gives it."""
    answers = {
        "first_name": who.first,
        "last_name": who.last,
        "email": who.email,
        "phone_number": who.phone,
        "city": who.city,
        "wunschfarbe": "grün",
    }
    return {
        "created_time": at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "id": lead_id(number),
        "ad_id": "23854420117650143",
        "form_id": "881203346517790",
        "field_data": [{"name": name, "values": [value]} for name, value in answers.items() if value],
    }


def _conversation(
    kind: str, business: str, person: str, message: str, text: str, at: datetime, sent: datetime
) -> Delivery:
    update = {
        "sender": {"id": person},
        "recipient": {"id": business},
        "timestamp": _seconds(at) * 1000,
        "message": {"mid": message, "text": text},
    }
    return _delivery(f"{kind}.messaging", kind, {"id": business, "time": _seconds(sent) * 1000, "messaging": [update]})


def _delivery(topic: str, kind: str, entry: Json) -> Delivery:
    # Meta escapes every non-ASCII character, and signs it so.
    return Delivery(CONNECTION, topic, _HEADERS, json.dumps({"object": kind, "entry": [entry]}).encode())


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
