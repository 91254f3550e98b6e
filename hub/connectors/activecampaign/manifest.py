"""ActiveCampaign: settings and declaration.

Sources: developers.activecampaign.com/reference/url (the API's address is the account's own, and never made of its
name), …/reference/authentication (header Api-Token), …/reference/rate-limits (five requests a second for an account),
…/reference/create-a-new-contact (an e-mail, but where the account opted in to contacts with a phone alone),
…/reference/update-list-status-for-contact (status 1 subscribes also whoever unsubscribed), …/reference/bulk-import-
contacts (queued; its answer names no contact), …/page/webhooks (form bodies, no signature, sent once).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from hub.connectors.activecampaign.schemas_fields import CONTACT_FIELDS, DEAL_FIELDS
from hub.sdk.crm.mailing import Conditions
from hub.sdk.crm.settings import OrderFields, OrderLines
from hub.sdk.manifest import OF_A_CRM, ActivitySettings, Capability, Limits, Manifest, Secrets

Ids = Mapping[str, str]


class ActiveCampaignSettings(ActivitySettings):
    """An account's address and key, its lists, tags and automations, and what becomes of orders."""

    api_token: SecretStr = Field(description="API key of a user made for Hub (Settings, Developer).")
    webhook_secret: Secrets | None = Field(
        None,
        description="Long random text in the webhook's URL as ?secret=…; a list while it changes. Without it, "
        "contacts are polled.",
    )
    own: tuple[str, ...] = Field((), description="Your own addresses and domains: mails to them concern no customer.")
    lists: Conditions = Field(
        default_factory=dict,
        description="Id of a list to who of those that opted in is on it: a condition as in a route's `when`, or "
        "nothing for everybody. Hub puts people on it, and takes them off by an opt-out alone.",
    )
    tags: Conditions = Field(
        default_factory=dict,
        description="A tag to which contacts have it: a condition as in a route's `when`, or nothing for everybody.",
    )
    automations: Conditions = Field(
        default_factory=dict,
        description="Id of an automation to who enters it, once each time the condition comes true; never who refused "
        "e-mail.",
    )
    phone_only: bool = Field(
        False, description="Write people without an e-mail too: the account must allow contacts with a phone alone."
    )
    orders: Literal["deals", "none"] = Field("deals", description="Whether orders are written as deals.")
    pipeline: int | None = Field(None, description="Id of the pipeline of new deals; without it, the account's first.")
    owner: int | None = Field(None, description="Id of the user who owns new deals; without it, the API key's own.")
    stage_open: int | None = Field(None, description="Id of the stage of an order that nobody has paid yet.")
    stage_won: int | None = Field(None, description="Id of the stage of a paid or completed order.")
    stage_lost: int | None = Field(None, description="Id of the stage of a cancelled, failed or refunded order.")
    order_lines: OrderLines = "text"
    deal_fields: OrderFields
    field_ids: Ids = Field(
        default_factory=dict, description="Contact field to its id; what is not named is looked up by its tag or title."
    )
    deal_field_ids: Ids = Field(default_factory=dict, description="The same for fields of deals, by their labels.")
    tag_ids: Ids = Field(default_factory=dict, description="The same for tags, by their names.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.base_url:
            raise ValueError("base_url is missing: the API URL that Settings, Developer shows")
        for name, named in (("lists", self.lists), ("automations", self.automations)):
            if any(not one.isdecimal() for one in named):
                raise ValueError(f"{name}: each has a number, as its address in the browser shows it")
        return self


MANIFEST = Manifest(
    slug="activecampaign",
    name="ActiveCampaign",
    channel="crm",
    roles=frozenset({"source", "destination"}),
    settings=ActiveCampaignSettings,
    docs_url="https://developers.activecampaign.com/reference/overview",
    api_version="3",
    capabilities=OF_A_CRM - {Capability.MERGE} | {Capability.ACTIVITIES, Capability.WEBHOOK, Capability.BACKFILL},
    topics={
        "subscribe": "the contact, with the consent of a form",
        "update": "the contact as it is now",
        "contact_tag_added": "the contact with its tags, but for those that Hub gives",
        "contact_tag_removed": "the contact with its tags, but for those that Hub gives",
        "sms_unsub": "the contact, opted out of text messages",
        "subscriber_note": "the contact, and the note in its timeline",
        "deal_add": "the contact, and the deal as a note in its timeline",
        "deal_update": "the contact, and where the deal stands as a note",
        "deal_note_add": "the contact, and the note of the deal",
        "unsubscribe": "an opt-out from e-mail, where it leaves a list that counts",
        "bounce": "a hard bounce as the end of the address, any other as a delay",
        "open": "a mail opened",
        "click": "a link clicked",
        "reply": "a mail answered",
        "contact": "the contact with lists, fields and tags, as the API gives it (backfill and poll)",
    },
    limits=Limits(batch=20, calls=5, per_seconds=1.0),
    surveyed=(
        "https://developers.activecampaign.com/reference/overview",
        "https://developers.activecampaign.com/page/webhooks",
    ),
    not_offered={
        "merge": "people merge contacts in ActiveCampaign; its API has no call for it, so that a person's second "
        "contact stays, and is told of an opt-out",
        "import": "the bulk import is queued and tells of no contact what became of it",
        "order lines": "a deal has none; they stand as text in its description",
        "resubscribe": "an opt-out is passed on; who left a list or bounced is never put on it again",
        "signature": "ActiveCampaign signs nothing; the secret in the URL is all there is",
        "deleted": "no webhook and no list tells of a deletion",
        "privacy": "a contact that is deleted there is gone there, and erases nobody in Hub",
        "orders": "deals are read as notes: a deal of a salesperson's is no order",
        "sent": "it tells of a campaign and of nobody; who got it is not told",
        "accounts": "a company's name is a field of the contact; accounts are not written",
    },
    personal_paths={
        "/api/3/contacts?": "ActiveCampaign finds a contact by its e-mail in no other way",
    },
    sample_settings={
        "base_url": "https://hafenkante.api-us1.com",
        "api_token": "sample-activecampaign-key",
        "webhook_secret": "sample-activecampaign-secret",
        "own": ["hafenkante.example"],
        "lists": {"3": "", "7": "language == 'de'"},
        "tags": {"vip": "contains(tags, 'vip')"},
        "automations": {"12": "orders.count > `0`"},
        "pipeline": 1,
        "owner": 1,
        "field_ids": {name: str(number) for number, name in enumerate(CONTACT_FIELDS, start=1)},
        "deal_field_ids": {name: str(number) for number, name in enumerate(DEAL_FIELDS, start=1)},
        "tag_ids": {"vip": "20"},
    },
)
