"""Webhook-in: declaration and settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from hub.connectors.webhook_in.schemas import Rule
from hub.errors import did_you_mean
from hub.sdk.incoming.calls import ApiAccess, Fetch, Listing
from hub.sdk.incoming.fields import Condition, Part, Text
from hub.sdk.incoming.verification import Verification
from hub.sdk.manifest import Capability, Limits, Manifest, OrderSettings, Secrets

_NONE_VERIFIES = (
    "is required: how a delivery proves who sent it, one of standard_webhooks, hmac, basic, bearer, header, query. "
    "{none: true} takes deliveries from anybody"
)

_NEEDS_URL = "needs base_url beside it, the address of the API"


def _named(value: Any) -> Any:
    return {value: True} if isinstance(value, str) else value


class EventNames(Part):
    """``id`` is the event's own, the same on every redelivery; without it the body's digest is. ``topic`` its type."""

    id: Text = None
    topic: Text = None


class WebhookInSettings(OrderSettings):
    """One system that sends webhooks."""

    verify: Annotated[Verification | None, BeforeValidator(_named)] = Field(
        None,
        validate_default=True,
        description="How a delivery proves who sent it: `standard_webhooks`, `{hmac: {header, algorithm, encoding, "
        "prefix, signed, timestamp, …}}`, `{basic: {user}}`, `bearer`, `{header: NAME}`, `{query: NAME}`; "
        "`{none: true}` takes deliveries from anybody.",
    )
    webhook_secret: Secrets | None = Field(
        None,
        validate_default=True,
        description="The secret of it, or a list while it is being changed: key, password, token or value.",
    )
    event: EventNames = Field(
        default_factory=EventNames,
        description="`id` and `topic` of a delivery, as expressions over its body and `_headers`.",
    )
    within: str | None = Field(
        None, description="Form field, or member of the body, whose text is the JSON that holds the event."
    )
    items: Condition = Field(None, description="Expression for the events of a body that brings several.")
    complete: Mapping[str, Fetch] = Field(
        default_factory=dict,
        description="What is fetched from the API before an event is read, by name: `path`, `query`, `when`, `of`.",
    )
    list: Listing | None = Field(
        None,
        validate_default=True,
        description="The system's own list, for `hub backfill`, `every` and `reconcile`.",
    )
    read: Annotated[tuple[Rule, ...], Field(min_length=1)] = Field(
        description="Rules: `topics` and `when` say of which events, the rest what they tell (docs/webhook-in.md)."
    )
    time_zone: str = Field("UTC", description="Zone of times that name none, such as Europe/Berlin.")
    api_token: SecretStr | None = Field(None, description="Credential of the API, for `complete` and `list`.")
    api: ApiAccess = Field(
        default_factory=ApiAccess,
        description="How it is sent: `header` and `prefix` (authorization, `Bearer `), or `user` for Basic.",
    )

    @field_validator("verify")
    @classmethod
    def _is_said(cls, verify: Verification | None) -> Verification:
        if verify is None:
            raise ValueError(_NONE_VERIFIES)
        return verify

    @field_validator("webhook_secret")
    @classmethod
    def _fits(cls, secrets: tuple[SecretStr, ...] | None, info: ValidationInfo) -> Any:
        verify: Verification | None = info.data.get("verify")
        if verify is None:
            return secrets  # told already
        if (secrets is None) != (verify.scheme is None):
            raise ValueError("is required to verify" if secrets is None else "verifies nothing: verify is none")
        for secret in secrets or ():
            if fault := verify.secret_fault(secret.get_secret_value()):
                raise ValueError(fault)
        return secrets

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, zone: str) -> str:
        from zoneinfo import available_timezones

        if zone not in available_timezones():
            raise ValueError(f"is no time zone{did_you_mean(zone, available_timezones())}")
        return zone

    @field_validator("complete")
    @classmethod
    def _in_order(cls, complete: Mapping[str, Fetch], info: ValidationInfo) -> Mapping[str, Fetch]:
        if complete and "base_url" in info.data and info.data["base_url"] is None:
            raise ValueError(_NEEDS_URL)
        for name, fetch in complete.items():
            earlier = list(complete)[: list(complete).index(name)]
            if fetch.of is not None and fetch.of not in earlier:
                raise ValueError(f"{name}.of: {fetch.of!r} is not fetched before{did_you_mean(fetch.of, earlier)}")
        return complete

    @field_validator("list")
    @classmethod
    def _is_there_where_it_is_needed(cls, listing: Listing | None, info: ValidationInfo) -> Listing | None:
        if listing is None and (info.data.get("every") or info.data.get("reconcile")):
            raise ValueError("is required for every and reconcile: the list that is read")
        if listing is not None and "base_url" in info.data and info.data["base_url"] is None:
            raise ValueError(_NEEDS_URL)
        return listing

    @field_validator("read")
    @classmethod
    def _names_what_is_there(cls, rules: tuple[Rule, ...], info: ValidationInfo) -> tuple[Rule, ...]:
        listing: Listing | None = info.data.get("list")
        names = [*info.data.get("complete", {}), *([listing.fetched_as] if listing and listing.fetched_as else ())]
        event: EventNames | None = info.data.get("event")
        faults = [
            f"[{number}].of: nothing is fetched as {rule.of!r}{did_you_mean(rule.of, names)}"
            for number, rule in enumerate(rules)
            if rule.of is not None and rule.of not in names
        ]
        if event and event.id and not info.data.get("items"):
            for number, rule in enumerate(rules):
                for name, part in _objects(rule):
                    if rule.of is None and part.id is not None and part.id.text == event.id.text:
                        faults.append(
                            f"[{number}].{name}.id: is event.id too, so that every later event of the same {name} "
                            "would be taken for a redelivery; name the event's own id there, or leave event.id out"
                        )
        if faults:
            raise ValueError("; ".join(faults))
        return rules

    @property
    def secrets(self) -> Sequence[SecretStr]:
        """Those that are live."""
        return self.webhook_secret or ()


def _objects(rule: Rule) -> Iterator[tuple[str, Any]]:
    """The objects of a rule that have several events each."""
    for name in ("order", "customer", "case", "product"):
        if part := getattr(rule, name):
            yield name, part


def _warnings(settings: WebhookInSettings) -> list[str]:
    found = []
    if settings.verify and settings.verify.none:
        found.append("verify: none, so whoever knows the address can send anything; what it tells is believed")
    if settings.verify and settings.verify.query:
        found.append("verify: the secret stands in the URL, which the sender's and every proxy's log may keep")
    return found


_SAMPLE_READ: Sequence[Mapping[str, Any]] = (
    {
        "topics": "order.*",
        "at": "updated",
        "customer": {
            "id": "buyer.id",
            "full_name": "buyer.name",
            "email": "buyer.mail",
            "phone": "buyer.phone",
            "country": "ship_to.country",
            "consents": [{"channel": "email", "state": "buyer.newsletter", "at": "buyer.newsletter_at"}],
        },
        "order": {
            "id": "number",
            "state": "status",
            "states": {"bezahlt": "paid", "offen": "open", "storniert": "cancelled"},
            "currency": "currency",
            "total": "total",
            "tax_total": "vat",
            "tax_included": True,
            "placed_at": "placed",
            "lines": {
                "items": "rows", "sku": "article", "name": "text", "quantity": "pieces", "unit_price": "each",
                "total": "sum",
            },
            "shipping": {"title": "'Versand'", "amount": "postage"},
            "refunds": {"items": "refunds", "id": "id", "amount": "amount", "reason": "why", "at": "on"},
            "shipping_address": {
                "street": "ship_to.street", "postal_code": "ship_to.zip", "city": "ship_to.city",
                "country": "ship_to.country",
            },
            "email": "buyer.mail",
            "note": "remark",
        },
    },
    {
        "topics": "contact.changed",
        "at": "updated",
        "customer": {
            "id": "id", "first_name": "first", "last_name": "last", "email": "mails", "phone": "phone",
            "birth_date": "born", "company": "company", "custom": "more", "whole": ["emails"],
        },
    },
    {"topics": "contact.gone", "at": "updated", "deletion": {"id": "id"}},
)  # fmt: skip

MANIFEST: Manifest[WebhookInSettings] = Manifest(
    slug="webhook_in",
    name="Webhook-in",
    channel="any",
    roles=frozenset({"source"}),
    settings=WebhookInSettings,
    docs_url="https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    api_version="",
    capabilities=frozenset(
        {Capability.WEBHOOK, Capability.BACKFILL, Capability.COMPLETE, Capability.ORDERS, Capability.CONSENT}
    ),
    topics={
        "order.changed": "as the sample's rules say: the buyer and the order's new state",
        "contact.changed": "as the sample's rules say: the customer's state",
        "contact.gone": "as the sample's rules say: the record is marked deleted at the source; nothing is erased",
    },
    limits=Limits(calls=5, per_seconds=1.0),
    surveyed=(
        "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    ),
    not_offered={
        "products": "in no sample: the field map of a connection tells where they stand",
        "reviews": "in no sample: the field map of a connection tells where they stand",
        "deleted": "what system it is, and how it is asked for an order that is gone, is not known",

        "subscribe": "every system makes its webhooks in its own way: by hand there",
        "privacy": "which request means what differs by system; `deletion` marks a record as gone",
    },
    warnings=_warnings,
    sample_settings={
        "base_url": "https://api.sample.example.com",
        "webhook_secret": ["sample-webhook-in-1", "sample-webhook-in-2"],
        "api_token": "sample-api-token",
        "verify": {
            "hmac": {"header": "x-sample-signature", "signed": "{timestamp}.{body}", "timestamp": "x-sample-time"}
        },
        "event": {"topic": "type"},
        "read": _SAMPLE_READ,
        "list": {
            "path": "/orders", "query": {"changed_since": "{since}"}, "items": "orders", "next": "next",
            "topic": "order.changed", "id": "number", "version": "updated",
        },
    },
)  # fmt: skip
