"""The identity rules: how far each kind of identifier is trusted, its limits, and values that prove nothing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_serializer,
    field_validator,
)

from hub.mapping.email import email
from hub.mapping.nobody import nobodys
from hub.matching.kinds import BY_NAME, KINDS, NAMES, Kind
from hub.matching.patterns import checked, matcher
from hub.model.identifier import Strength

if TYPE_CHECKING:
    KindName = str
else:
    KindName = Literal[NAMES]

_ROLE_INBOXES = (
    "abuse", "accounting", "accounts", "admin", "anfrage", "auftrag", "bestellung", "bestellungen", "bewerbung",
    "billing", "buchhaltung", "buero", "contact", "datenschutz", "do-not-reply", "donotreply", "einkauf", "empfang",
    "hallo", "hello", "help", "hi", "hostmaster", "hr", "info", "invoice", "invoices", "jobs", "kanzlei", "karriere",
    "kasse", "kontakt", "kundendienst", "kundenservice", "mail", "marketing", "newsletter", "no-reply", "no_reply",
    "noreply", "office", "order", "orders", "personal", "post", "postmaster", "praxis", "presse", "rechnung",
    "rechnungen", "reception", "reservierung", "rezeption", "sales", "sekretariat", "service", "shop", "support",
    "team", "test", "verkauf", "versand", "vertrieb", "verwaltung", "webmaster", "werkstatt", "zentrale",
)  # fmt: skip
# https://developer-docs.amazon.com/sp-api/docs/marketplace-ids has the countries; OTTO's:
# https://otrs.magnalister.com/otrs/public.pl?Action=PublicFAQZoom;ItemID=1728
_RELAY_DOMAINS = (
    *(f"marketplace.amazon.{end}" for end in (
        "ae", "ca", "co.jp", "co.uk", "co.za", "com", "com.au", "com.be", "com.br", "com.mx", "com.tr", "de", "eg",
        "es", "fr", "ie", "in", "it", "nl", "pl", "sa", "se", "sg",
    )),
    *(f"members.ebay.{end}" for end in (
        "at", "be", "ca", "ch", "co.uk", "com", "com.au", "de", "es", "fr", "ie", "it", "nl", "pl",
    )),
    "customer.otto.market", "kundenservice.otto.market", "otto.magnalister.com", "notification.kaufland.com",
)  # fmt: skip
"""Where marketplaces pass mail on to buyers: such an address is another one for each seller or order."""


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _role(value: str) -> str:
    name = value.strip().lower().removesuffix("@")
    if not name or "@" in name:
        raise ValueError("must be the part before the @, such as info")
    return name


def _domain(value: str) -> str:
    point = email(f"x@{value.strip().removeprefix('@')}")
    if point is None or "." not in point.value or "@" in point.value[2:] or " " in point.value:
        raise ValueError("must be a domain, such as marketplace.amazon.de")
    return point.value[2:]


Value = Annotated[str, BeforeValidator(_number_as_text), Field(min_length=1, max_length=320)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Bits = Annotated[float, Field(ge=-100, le=100, allow_inf_nan=False)]
Amount = Annotated[Decimal, Field(ge=1, le=10**12, decimal_places=2)]


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IdentifierRule(_Rules):
    """How one kind of identifier is used. A value beyond any of its limits proves nothing; it stays on the record.

    ``strength``: ``certain`` joins whatever speaks against it, ``strong`` and ``weak`` are weighed, ``off`` is never
    looked at. ``max_people``: people (first names that contradict one another) on one value. ``max_records``: records
    on one value. ``max_per_person``: how many values of this kind one person has (accounts: by network); more, in two
    records or clusters together, speak against. ``within_days``: two records that told the value further apart than
    this, by the source time of when each told it last, are not joined by it. ``blocked``: values
    that are never an identity; ``blocked_patterns``: RE2 expressions found anywhere in a value, in any case.
    """

    strength: Literal["certain", "strong", "weak", "off"]
    max_people: Count = 10
    max_records: Count = 200
    max_per_person: Count | None = None
    within_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    blocked: frozenset[Value] = frozenset()
    blocked_patterns: Annotated[tuple[Annotated[str, AfterValidator(checked)], ...], Field(max_length=100)] = ()

    @field_serializer("blocked")
    def _sorted(self, blocked: frozenset[str]) -> list[str]:
        return sorted(blocked)

    def blocks(self, value: str) -> bool:
        """Whether a pattern is found in the value."""
        return bool(self.blocked_patterns) and matcher(self.blocked_patterns)(value) is not None


class Thresholds(_Rules):
    """Bits from which two records are one person, and from which a person is asked. Each bit doubles the odds."""

    same: Bits = 4.0
    ask: Annotated[Bits, Field(validate_default=True)] = 0.0

    @field_validator("ask")
    @classmethod
    def _in_order(cls, ask: float, info: ValidationInfo) -> float:
        if "same" in info.data and ask >= info.data["same"]:
            raise ValueError("must be less than thresholds.same")
        return ask


MOST_RECORDS = 200
"""Most that ``max_records`` may be: all carriers of one value are compared with one another."""


class Limits(_Rules):
    """Blast radius: a merge whose profile would have more than this waits for a person.

    ``revenue`` is in major units of any one currency.
    """

    records: Count = 100
    orders: Count = 1000
    revenue: Amount = Decimal("100000.00")


def _default(kind: Kind) -> IdentifierRule:
    rule = IdentifierRule(strength=kind.strength, max_per_person=kind.max_per_person)
    return rule if kind.counted else rule.model_copy(update=_UNLIMITED)


_UNLIMITED = {"max_people": 1_000_000, "max_records": 1_000_000}
_DEFAULTS: Mapping[KindName, IdentifierRule] = {kind.name: _default(kind) for kind in KINDS}
_OFF = IdentifierRule(strength="off")
_DAY = 86_400_000_000
"""Microseconds of a day."""


class IdentityRules(_Rules):
    """The identity rules; a file overrides the defaults kind by kind and key by key.

    ``identifiers`` is always complete, and its order is the order of trust: that of the file among the kinds it names;
    the others keep their places.
    """

    identifiers: Mapping[KindName, IdentifierRule] = Field(default_factory=lambda: dict(_DEFAULTS))
    thresholds: Thresholds = Thresholds()
    limits: Limits = Limits()
    role_inboxes: frozenset[Annotated[str, AfterValidator(_role)]] = frozenset(_ROLE_INBOXES)
    relay_domains: frozenset[Annotated[str, AfterValidator(_domain)]] = frozenset(_RELAY_DOMAINS)

    @field_validator("identifiers", mode="before")
    @classmethod
    def _over_defaults(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        named = iter([kind for kind in given if kind in _DEFAULTS])
        order = [next(named) if kind in given else kind for kind in NAMES]
        rules = {
            kind: _overridden(_DEFAULTS[kind], given[kind]) if kind in given else _DEFAULTS[kind] for kind in order
        }
        return rules | {kind: _overridden(_OFF, rule) for kind, rule in given.items() if kind not in rules}

    @field_validator("identifiers")
    @classmethod
    def _normalised(
        cls, rules: Mapping[KindName, IdentifierRule], info: ValidationInfo
    ) -> Mapping[KindName, IdentifierRule]:
        region = (info.context or {}).get("region", "DE")
        for kind, rule in rules.items():
            _limited(kind, rule)
        return {
            kind: rule.model_copy(update={"blocked": frozenset(normalised(kind, v, region) or v for v in rule.blocked)})
            if rule.blocked
            else rule
            for kind, rule in rules.items()
        }

    @field_serializer("role_inboxes", "relay_domains")
    def _sorted(self, values: frozenset[str]) -> list[str]:
        return sorted(values)

    @cached_property
    def certain(self) -> frozenset[str]:
        """The kinds of identifier on which an agreement joins two records for certain."""
        return frozenset(kind for kind, rule in self.identifiers.items() if rule.strength == "certain")

    @cached_property
    def windows(self) -> Mapping[str, int]:
        """By kind that has ``within_days``: the microseconds that two sightings of one value may be apart."""
        return {
            kind: rule.within_days * _DAY for kind, rule in self.identifiers.items() if rule.within_days is not None
        }

    @cached_property
    def order(self) -> Mapping[str, int]:
        """By kind: its place in the order of trust; 0 is trusted most."""
        return {kind: place for place, kind in enumerate(self.identifiers)}


def _limited(kind: KindName, rule: IdentifierRule) -> None:
    if not BY_NAME[kind].counted:
        if (rule.max_people, rule.max_records) != (_DEFAULTS[kind].max_people, _DEFAULTS[kind].max_records):
            raise ValueError(f"{kind} takes no limits: it is the word of a source on two of its records")
    elif rule.max_records > MOST_RECORDS:
        raise ValueError(f"{kind}.max_records must be {MOST_RECORDS} or less")


def _overridden(default: IdentifierRule, rule: Any) -> Any:
    if isinstance(rule, IdentifierRule):
        rule = rule.model_dump(exclude_unset=True)
    return {**default.model_dump(), **rule} if isinstance(rule, Mapping) else default if rule is None else rule


def normalised(kind: str, text: str, region: str = "DE") -> str | None:
    """The value as records carry it, or None when it is no such value. ``region`` is for phones without a country."""
    return BY_NAME[kind].read(text, region)


def usable(kind: str, value: str, rules: IdentityRules) -> Strength | None:
    """How far the rules trust a normalised value, or None when it identifies nobody.

    None: its kind is off, it is blocked, or a marketplace's relay address. A role inbox (info@) is weak at most. What
    is ``certain`` (``IdentityRules.certain``) is "strong" here.
    """
    rule = rules.identifiers.get(kind)
    if rule is None or rule.strength == "off":
        return None
    weak = rule.strength == "weak"
    if kind == "email":
        local, _, domain = value.rpartition("@")
        if domain in rules.relay_domains:
            return None
        weak = weak or _is_role(local, rules)
    elif kind != "phone" and nobodys(value.partition(":")[2] if kind == "account" else value):
        return None
    if rule.blocked and BY_NAME[kind].tidy(value) in rule.blocked:
        return None
    if rule.blocked_patterns and rule.blocks(value):
        return None
    return "weak" if weak else "strong"


def is_role_inbox(address: str, rules: IdentityRules) -> bool:
    """Whether an address is that of a role (info@), with or without a ``+tag``."""
    return _is_role(address.rpartition("@")[0], rules)


def _is_role(local: str, rules: IdentityRules) -> bool:
    return (local.partition("+")[0] if "+" in local else local) in rules.role_inboxes


def dumped(rules: IdentityRules) -> str:
    """Canonical JSON of the rules, complete with defaults, so that a stored version never changes its meaning."""
    return orjson.dumps(rules.model_dump(mode="json"), option=orjson.OPT_INDENT_2).decode()


def loaded(text: str) -> IdentityRules:
    """The inverse of ``dumped``."""
    return IdentityRules.model_validate_json(text)
