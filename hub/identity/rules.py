"""Which identifiers a record carries, how far each is trusted, and which values never are. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.model.customer import CustomerSnapshot
from hub.model.identifier import Strength

_ROLE_INBOXES = (
    "abuse", "admin", "buchhaltung", "bestellung", "billing", "contact", "einkauf", "empfang", "hello", "help", "hi",
    "hallo", "info", "kasse", "kontakt", "kundenservice", "mail", "marketing", "noreply", "no-reply", "office",
    "order", "orders", "post", "postmaster", "rechnung", "sales", "sekretariat", "service", "shop", "support", "team",
    "verkauf", "vertrieb", "webmaster", "zentrale",
)  # fmt: skip
_RELAY_DOMAINS = (
    "marketplace.amazon.de", "marketplace.amazon.com", "marketplace.amazon.co.uk", "members.ebay.com",
    "members.ebay.de", "kundenservice.otto.market", "notification.kaufland.com",
)  # fmt: skip


class IdentifierRule(BaseModel):
    """How one kind of identifier is used.

    ``max_people``: with more persons (first names that contradict one another) than this on one value, the value is
    shared and joins nobody. ``blocked``: values that are never an identity.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    strength: Literal["strong", "weak", "off"]
    max_people: Annotated[int, Field(ge=1, le=1000)] = 4
    blocked: frozenset[str] = frozenset()


def _default_identifiers() -> dict[str, IdentifierRule]:
    return {
        "email": IdentifierRule(strength="strong", max_people=3),
        "phone": IdentifierRule(strength="weak", max_people=5),
        "account": IdentifierRule(strength="strong", max_people=3),
        "loyalty": IdentifierRule(strength="strong", max_people=3),
        "national_id": IdentifierRule(strength="strong", max_people=2),
        "handle": IdentifierRule(strength="weak", max_people=3),
        "link": IdentifierRule(strength="strong", max_people=1000),
    }


class IdentityRules(BaseModel):
    """The identity rules; ``config/identity.yaml`` overrides the defaults kind by kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identifiers: Mapping[str, IdentifierRule] = Field(default_factory=_default_identifiers)
    role_inboxes: frozenset[str] = frozenset(_ROLE_INBOXES)
    relay_domains: frozenset[str] = frozenset(_RELAY_DOMAINS)

    def with_defaults(self) -> IdentityRules:
        """The same rules, with the kinds that were not named at their defaults."""
        return self.model_copy(update={"identifiers": {**_default_identifiers(), **self.identifiers}})


def identifiers(customer: CustomerSnapshot, rules: IdentityRules) -> Iterator[tuple[str, str, Strength]]:
    """(kind, normalised value, strength) of everything on the snapshot that may join it to other records.

    A role inbox (info@) is weak and a marketplace's relay address is none; unusable and blocked values are none.
    """
    for point in customer.emails:
        if point.usable:
            yield from _email(point.value, None, rules)
    for point in customer.phones:
        if point.usable:
            yield from _one("phone", point.value, None, rules)
    for account in customer.accounts:
        if account.network == "handle":
            yield from _one("handle", account.account_id, None, rules)
        else:
            yield from _one("account", f"{account.network}:{account.account_id}", None, rules)
    for loyalty_id in customer.loyalty_ids:
        yield from _one("loyalty", loyalty_id, None, rules)
    if customer.national_id:
        yield from _one("national_id", customer.national_id, None, rules)
    for extra in customer.identifiers:
        if extra.kind == "email":
            yield from _email(extra.value, extra.strength, rules)
        else:
            yield from _one(extra.kind, extra.value, extra.strength, rules)


def _email(value: str, strength: Strength | None, rules: IdentityRules) -> Iterator[tuple[str, str, Strength]]:
    local, _, domain = value.rpartition("@")
    if domain in rules.relay_domains:
        return
    yield from _one("email", value, "weak" if local in rules.role_inboxes else strength, rules)


def _one(kind: str, value: str, strength: Strength | None, rules: IdentityRules) -> Iterator[tuple[str, str, Strength]]:
    rule = rules.identifiers.get(kind)
    if rule is None or rule.strength == "off" or value in rule.blocked:
        return
    trusted: Strength = "weak" if "weak" in (strength, rule.strength) else "strong"
    yield kind, value, trusted
