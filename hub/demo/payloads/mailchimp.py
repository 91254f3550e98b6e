"""Mailchimp's webhooks: https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from hub.demo.payloads import Delivery, Outcome, Who

CONNECTION = "newsletter"
AUDIENCE = "a6f0c2de41"
_HEADERS = {"content-type": "application/x-www-form-urlencoded", "user-agent": "MailChimp"}


def subscriber_id(email: str) -> str:
    """Audience and the member's id: the MD5 of the lower-case address, as the Marketing API names members."""
    return f"{AUDIENCE}:{hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()}"


def subscribe(who: Who, at: datetime) -> Delivery:
    """Somebody signed up."""
    return _delivery("subscribe", at, {**_member(who), "ip_signup": "192.0.2.17"})


def unsubscribe(who: Who, at: datetime) -> Delivery:
    """Somebody clicked the link at the end of a mail."""
    leaving = {"action": "unsub", "reason": "manual", "campaign_id": "c1b398d21d"}
    return _delivery("unsubscribe", at, {**leaving, **_member(who)})


def new_address(old: str, new: str, at: datetime) -> Delivery:
    """A subscriber changed the address (``upemail``)."""
    fields = {"list_id": AUDIENCE, "new_id": _short(new), "new_email": new, "old_email": old}
    return _delivery("upemail", at, fields)


def campaign(at: datetime) -> Delivery:
    """A campaign was sent: it concerns no person."""
    fields = {"id": "c1b398d21d", "subject": "Frühlingsgrüße", "status": "sent", "reason": "", "list_id": AUDIENCE}
    return _delivery("campaign", at, fields, expect="skipped")


def _member(who: Who) -> dict[str, str]:
    return {
        "id": _short(who.email),
        "email": who.email,
        "email_type": "html",
        "ip_opt": "192.0.2.17",
        "web_id": str(int(_short(who.email), 16) % 1_000_000_000),
        "merges][EMAIL": who.email,
        "merges][FNAME": who.first,
        "merges][LNAME": who.last,
        "merges][ADDRESS": "",
        "merges][PHONE": who.phone,
        "merges][BIRTHDAY": "",
        "list_id": AUDIENCE,
    }


def _delivery(kind: str, at: datetime, fields: Mapping[str, str], *, expect: Outcome = "done") -> Delivery:
    pairs = [("type", kind), ("fired_at", at.strftime("%Y-%m-%d %H:%M:%S"))]
    pairs += [(f"data[{name}]", value) for name, value in fields.items()]
    return Delivery(CONNECTION, kind, _HEADERS, urlencode(pairs).encode(), expect)


def _short(email: str) -> str:
    return hashlib.sha256(email.lower().encode()).hexdigest()[:10]
