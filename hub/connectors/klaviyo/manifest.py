"""Klaviyo: settings and declaration.

Sources: developers.klaviyo.com/en/reference/api_overview (revision header), …/create_profile (75 a second, 750 a
minute), …/bulk_subscribe_profiles ("will remove any UNSUBSCRIBE, SPAM_REPORT or USER_SUPPRESSED suppressions"),
…/add_profiles_to_list (does not change a profile's consent).
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from hub.sdk.crm.mailing import Conditions, MailingSettings
from hub.sdk.manifest import Capability, Limits, Manifest

API_ROOT = "https://a.klaviyo.com"
REVISION = "2026-07-15"
MOST_LISTS = 20


class KlaviyoSettings(MailingSettings):
    """A private key and the lists."""

    api_key: SecretStr = Field(
        description="Private API key, with profiles, lists, subscriptions and data-privacy:write."
    )
    lists: Conditions = Field(
        min_length=1,
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


MANIFEST = Manifest(
    slug="klaviyo",
    name="Klaviyo",
    channel="email",
    roles=frozenset({"destination"}),
    settings=KlaviyoSettings,
    docs_url="https://developers.klaviyo.com/en/reference/profiles_api_overview",
    api_version=REVISION,
    capabilities=frozenset({Capability.CONSENT, Capability.ERASE}),
    allowed_hosts=("a.klaviyo.com",),
    limits=Limits(batch=100, calls=10, per_seconds=1.0),
    not_offered={
        "merge": "Klaviyo's merge cannot be undone: of two profiles of one person one is taken off Hub's lists",
        "orders": "Klaviyo takes orders as events; their number and value are properties of the profile",
        "resubscribe": "Klaviyo's subscribing lifts an unsubscription by itself, so that Hub asks nobody again",
        "import": "Klaviyo's bulk import overwrites whoever has the address, and tells of no profile what became of it",
        "properties": "properties need not be made: they are free JSON",
        "webhook": "Klaviyo is written to, not read from",
        "refused values": "Klaviyo refuses a profile by a pointer into the request, and not by the name of a property",
    },
    personal_paths={"/api/profiles?": "Klaviyo finds profiles by their e-mail in no other way"},
    sample_settings={"api_key": "pk_sample", "lists": {"Y6nRLr": ""}, "list_asks": True},
)
