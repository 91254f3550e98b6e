"""Klaviyo: settings and declaration.

Sources: developers.klaviyo.com/en/docs/working_with_system_webhooks, …/en/reference/api_overview (revision header),
…/create_profile (75 a second, 750 a minute), …/bulk_subscribe_profiles ("will remove any UNSUBSCRIBE, SPAM_REPORT or
USER_SUPPRESSED suppressions"), …/add_profiles_to_list (does not change a profile's consent).
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from hub.sdk.crm.mailing import Conditions, MailingSettings
from hub.sdk.manifest import Capability, Limits, Manifest, Secrets

API_ROOT = "https://a.klaviyo.com"
REVISION = "2026-07-15"
MOST_LISTS = 20


class KlaviyoSettings(MailingSettings):
    """A private key and the lists."""

    api_key: SecretStr = Field(
        description="Private API key, with profiles, events, lists, subscriptions and data-privacy:write."
    )
    webhook_secret: Secrets | None = Field(
        None, description="Secret key of the webhook; a list while it changes. For events as they happen."
    )
    own: tuple[str, ...] = Field((), description="Your own addresses and domains: mails to them concern no customer.")
    lists: Conditions = Field(
        default_factory=dict,
        max_length=MOST_LISTS,
        description="Id of a list to who of those that opted in is on it: a condition as in a route's `when`, or "
        "nothing for everybody.",
    )
    list_asks: bool = Field(
        False,
        description="The one list is a double opt-in list, by which Klaviyo asks people (for `double_opt_in`).",
    )

    @model_validator(mode="after")
    def _asks_by_one_list(self) -> Self:
        if self.double_opt_in and not self.list_asks:
            raise ValueError("double_opt_in needs list_asks, and a list that is double opt-in in Klaviyo")
        if self.list_asks and len(self.lists) > 1:
            raise ValueError("list_asks: Klaviyo asks for one list, so that `lists` may name one alone")
        return self


def headers_of(settings: KlaviyoSettings) -> dict[str, str]:
    """The key, and the revision of the API that is spoken."""
    return {
        "authorization": f"Klaviyo-API-Key {settings.api_key.get_secret_value()}",
        "revision": REVISION,
        "accept": "application/vnd.api+json",
    }


MANIFEST = Manifest(
    slug="klaviyo",
    name="Klaviyo",
    channel="email",
    roles=frozenset({"source", "destination"}),
    settings=KlaviyoSettings,
    docs_url="https://developers.klaviyo.com/en/reference/profiles_api_overview",
    api_version=REVISION,
    capabilities=frozenset(
        {Capability.WEBHOOK, Capability.COMPLETE, Capability.BACKFILL, Capability.CONSENT, Capability.ERASE}
    ),
    topics={
        "events": "mails delivered, opened, clicked, bounced, complained; who subscribed and unsubscribed; orders as "
        "something that happened. The profiles behind them are fetched",
        "event": "the same of the history, or of a poll",
        "profile": "a profile of the history, or of a poll, with what it is subscribed to",
    },
    allowed_hosts=("a.klaviyo.com",),
    limits=Limits(batch=100, calls=10, per_seconds=1.0),
    not_offered={
        "merge": "Klaviyo's merge cannot be undone: of two profiles of one person one is taken off Hub's lists",
        "orders": "Klaviyo takes orders as events; their number and value are properties of the profile",
        "resubscribe": "Klaviyo's subscribing lifts an unsubscription by itself, so that Hub asks nobody again",
        "import": "Klaviyo's bulk import makes anew who was deleted, and runs in the background: it is not for small "
        "changes (developers.klaviyo.com/en/docs/use_klaviyos_bulk_profile_import_api)",
        "properties": "properties need not be made: they are free JSON",
        "subscribe": "webhooks are for Advanced KDP accounts and app partners, and are made there, with the secret key",
        "deletion": "Klaviyo tells nobody of a deleted profile: the next write finds it gone",
        "privacy": "Klaviyo sends no data-subject requests",
        "refused values": "Klaviyo refuses a profile by a pointer into the request, and not by the name of a property",
    },
    personal_paths={"/api/profiles?": "Klaviyo finds profiles by their e-mail in no other way"},
    surveyed=(
        "https://developers.klaviyo.com/en/docs/working_with_system_webhooks",
        "https://developers.klaviyo.com/en/reference/profiles_api_overview",
        "https://developers.klaviyo.com/en/reference/events_api_overview",
    ),
    sample_settings={
        "api_key": "pk_sample",
        "lists": {"Y6nRLr": ""},
        "list_asks": True,
        "webhook_secret": ["sample-klaviyo-secret", "sample-klaviyo-old-secret"],
        "own": ["hafenkante.example"],
    },
)
