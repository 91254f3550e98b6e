"""What Klaviyo answers. Source: its own OpenAPI description (github.com/klaviyo/openapi, openapi/stable)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from hub.connectors.klaviyo.mapping import ATTRIBUTES, LOCATION, NUMBERS, PROFILE_ID
from hub.mapping.time import maybe_instant
from hub.sdk.crm.mailing import Contact, State

_REASONS: Mapping[str, State] = {
    "HARD_BOUNCE": "bounced",
    "INVALID_EMAIL": "bounced",
    "SPAM_COMPLAINT": "complained",
    "UNSUBSCRIBE": "unsubscribed",
    "USER_SUPPRESSED": "unsubscribed",
}


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Suppression(_Model):
    """Why and since when no mail is sent; of one list with ``list_id``."""

    reason: str
    timestamp: str | None = None
    list_id: str | None = None


class Marketing(_Model):
    consent: str = "NEVER_SUBSCRIBED"
    consent_timestamp: str | None = None
    suppression: tuple[Suppression, ...] = ()
    list_suppressions: tuple[Suppression, ...] = ()

    def state(self) -> State:
        """The worst of what is said. Who never subscribed is mailed all the same, as soon as they are on a list."""
        told = {_REASONS.get(one.reason, "unsubscribed") for one in self.suppression}
        worst: State | None = next((one for one in ("complained", "bounced", "unsubscribed") if one in told), None)
        if worst is not None:
            return worst
        return {"SUBSCRIBED": "subscribed", "UNSUBSCRIBED": "unsubscribed"}.get(self.consent, "none")  # type: ignore[return-value]

    def since(self) -> str | None:
        """When it became so."""
        return max((one.timestamp for one in self.suppression if one.timestamp), default=self.consent_timestamp)


class Email(_Model):
    marketing: Marketing = Marketing()


class Subscriptions(_Model):
    email: Email = Email()


class Attributes(_Model):
    email: str | None = None
    properties: Mapping[str, Any] | None = None
    subscriptions: Subscriptions | None = None


class Profile(_Model):
    id: str
    attributes: Attributes = Attributes()

    def contact(self) -> Contact:
        """How it stands there."""
        told = self.attributes.subscriptions or Subscriptions()
        marketing = told.email.marketing
        owner = (self.attributes.properties or {}).get(PROFILE_ID)
        left = frozenset(one.list_id for one in marketing.list_suppressions if one.list_id)
        since = maybe_instant(marketing.since(), path="timestamp")
        email = self.attributes.email or ""
        return Contact(self.id, email, marketing.state(), since, str(owner) if owner else None, left)


class One(_Model):
    data: Profile


class Many(_Model):
    data: tuple[Profile, ...] = ()


def attributes_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as Klaviyo takes them; null clears one."""
    told = {name: _value(name, value) for name, value in fields.items()}
    own = {name: value for name, value in told.items() if name in ATTRIBUTES}
    place = {name: value for name, value in told.items() if name in LOCATION}
    rest = {name: value for name, value in told.items() if name not in ATTRIBUTES | LOCATION}
    return {**own, **({"location": place} if place else {}), **({"properties": rest} if rest else {})}


def _value(name: str, value: Any) -> Any:
    return float(value) if value and name in NUMBERS else value or None
