"""What Klaviyo answers. Source: its own OpenAPI description (github.com/klaviyo/openapi, openapi/stable)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from hub.connectors.klaviyo.mapping import ATTRIBUTES, LOCATION, NUMBERS, PROFILE_ID
from hub.mapping.payload import PlainValue, TimeText, VendorModel
from hub.mapping.time import maybe_instant
from hub.sdk.crm.mailing import Contact, State

_REASONS: Mapping[str, State] = {
    "HARD_BOUNCE": "bounced",
    "INVALID_EMAIL": "bounced",
    "SPAM_COMPLAINT": "complained",
    "UNSUBSCRIBE": "unsubscribed",
    "USER_SUPPRESSED": "unsubscribed",
}


class Suppression(VendorModel):
    """Why and since when no mail is sent; of one list with ``list_id``."""

    reason: str
    timestamp: TimeText | None = None
    list_id: str | None = None


class Marketing(VendorModel):
    consent: str = "NEVER_SUBSCRIBED"
    consent_timestamp: TimeText | None = None
    double_optin: bool = False
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
        """When it became so; None where a suppression has no time: that of the consent before it is none of its own."""
        if not self.suppression:
            return self.consent_timestamp
        return max((one.timestamp for one in self.suppression if one.timestamp), default=None)


class Email(VendorModel):
    marketing: Marketing = Marketing()


class Subscriptions(VendorModel):
    email: Email = Email()


class Attributes(VendorModel):
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    organization: str | None = None
    updated: TimeText | None = None
    properties: Mapping[str, PlainValue] = Field(default_factory=dict)
    subscriptions: Subscriptions | None = None


class Profile(VendorModel):
    id: str
    attributes: Attributes = Attributes()

    def contact(self) -> Contact:
        """How it stands there."""
        told = self.attributes.subscriptions or Subscriptions()
        marketing = told.email.marketing
        owner = self.attributes.properties.get(PROFILE_ID)
        left = frozenset(one.list_id for one in marketing.list_suppressions if one.list_id)
        since = maybe_instant(marketing.since(), path="timestamp")
        email = self.attributes.email or ""
        return Contact(self.id, email, marketing.state(), since, str(owner) if owner else None, left)

    def held(self) -> dict[str, Any]:
        """Its fields as Hub writes them; what is empty is left out."""
        own = {name: getattr(self.attributes, name) for name in ATTRIBUTES}
        return {name: value for name, value in {**self.attributes.properties, **own}.items() if value is not None}

    def is_double_opt_in(self) -> bool:
        """Whether Klaviyo itself saw the person confirm."""
        told = self.attributes.subscriptions
        return bool(told and told.email.marketing.double_optin)


class One(VendorModel):
    data: Profile


class Many(VendorModel):
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
