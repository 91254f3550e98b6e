"""Mailchimp: settings and declaration.

Facts: https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/ (form bodies, no signature, GET
check, 10 s to answer, retries over 75 minutes) and https://mailchimp.com/developer/marketing/docs/fundamentals/
(Basic auth with any user name, data centre after the key's dash, at most 10 simultaneous connections; no quota per
time, so the budget below is our own). What is written, and how: ``hub.connectors.mailchimp.destination``.
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from hub.sdk.crm.mailing import Conditions, MailingSettings
from hub.sdk.manifest import Capability, Limits, Manifest, Secrets


class MailchimpSettings(MailingSettings):
    """One Mailchimp account, or some audiences of it; contacts are made in one of them."""

    webhook_secret: Secrets = Field(
        description="Long random text, given in the webhook's URL as ?secret=…; a list while it changes."
    )
    api_key: SecretStr | None = Field(
        None, description="Marketing API key (ends in -us21 or the like), for the backfill and to write contacts."
    )
    audiences: tuple[str, ...] = Field((), description="Audience (list) ids to backfill; all of the account if empty.")
    audience: str | None = Field(None, description="Id of the audience that contacts are written to.")
    tags: Conditions = Field(
        default_factory=dict,
        description="A tag to which contacts have it: a condition as in a route's `when`, or nothing for everybody.",
    )


MANIFEST = Manifest(
    slug="mailchimp",
    name="Mailchimp",
    channel="email",
    roles=frozenset({"source", "destination"}),
    settings=MailchimpSettings,
    docs_url="https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/",
    api_version="3.0",
    capabilities=frozenset(
        {
            *(Capability.WEBHOOK, Capability.CHALLENGE, Capability.BACKFILL, Capability.CONSENT),
            *(Capability.ERASE, Capability.PROPERTIES),
        }
    ),
    topics={
        "subscribe": "subscriber, opted in",
        "unsubscribe": "subscriber, opted out; a complaint, or not there any more, where Mailchimp says so",
        "profile": "subscriber's fields; nothing on consent",
        "upemail": "the subscriber under the new address, linked to the old one",
        "cleaned": "hard bounce of the address, or complaint (opted out)",
        "campaign": "skipped: concerns no person",
        "member": "subscriber with state and times, as the Marketing API gives it (backfill)",
    },
    allowed_hosts=("*.api.mailchimp.com",),
    limits=Limits(batch=500, calls=10, per_seconds=1.0),
    surveyed=(
        "https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/",
        "https://mailchimp.com/developer/marketing/api/list-webhooks/",
    ),
    not_offered={
        "signature": "Mailchimp signs nothing; the secret in the URL is all there is",
        "privacy": "Mailchimp tells nobody of a permanent deletion",
        "merge": "Mailchimp has none: of two contacts of one person one is archived",
        "orders": "Mailchimp's e-commerce part is not written to; number and value of orders stand at the contact",
        "resubscribe": "who unsubscribed gets Mailchimp's own confirmation mail, and is never subscribed by Hub",
        "batch of changes": "the call for many sets their subscription too, and /batches answers for no contact "
        "(mailchimp.com/developer/marketing/guides/run-async-requests-batch-endpoint/)",
        "refused values": "an audience's answer names a merge field by its place in the form, if at all",
    },
    sample_settings={
        "webhook_secret": "sample-mailchimp-secret",
        "api_key": "sample0mailchimp0key-us21",
        "audiences": ["a6f0c2de41"],
        "audience": "a6f0c2de41",
        "tags": {"vip": "contains(tags, 'vip')"},
    },
)
