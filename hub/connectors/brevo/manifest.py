"""Brevo (formerly Sendinblue): settings and declaration.

Sources: developers.brevo.com/docs/api-limits (all of /v3/contacts: 10 calls a second, 36,000 an hour; what is not
listed, such as /v3/account: 100 an hour), …/docs/limit-headers, …/reference/create-doi-contact (template and
redirection URL), …/reference/import-contacts (a background process whose answer names no contact),
…/docs/transactional-webhooks and …/docs/marketing-webhooks (events of mails and contacts; a token, and no signature).
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from hub.sdk.crm.mailing import Conditions, MailingSettings
from hub.sdk.manifest import Capability, Limits, Manifest, Secrets

API_ROOT = "https://api.brevo.com"


class BrevoSettings(MailingSettings):
    """One account: its webhook's token to read what became of mails; its key and lists to write contacts."""

    webhook_secret: Secrets | None = Field(
        None, description="Token of the webhook (authentication: token); a list while it changes. For events of mails."
    )
    own: tuple[str, ...] = Field((), description="Your own addresses and domains: mails to them concern no customer.")
    api_key: SecretStr | None = Field(None, description="API key (v3), from SMTP & API → API Keys, to write contacts.")
    lists: Conditions = Field(
        default_factory=dict,
        description="Id of a list to who of those that opted in is on it: a condition as in a route's `when`, or "
        "nothing for everybody.",
    )
    double_opt_in_template: int | None = Field(
        None, description="Id of the active double opt-in template, by which Brevo asks people."
    )
    double_opt_in_url: str | None = Field(None, description="Where people are led who confirmed; with the template.")

    @model_validator(mode="after")
    def _asks_with_both(self) -> Self:
        if any(not name.isdecimal() for name in self.lists):
            raise ValueError("lists: a list of Brevo's has a number, as its page shows it")
        if (self.double_opt_in_template is None) != (self.double_opt_in_url is None):
            raise ValueError("double_opt_in_template and double_opt_in_url go together")
        if self.double_opt_in and self.double_opt_in_template is None:
            raise ValueError("double_opt_in needs double_opt_in_template and double_opt_in_url")
        return self


MANIFEST = Manifest(
    slug="brevo",
    name="Brevo",
    channel="email",
    roles=frozenset({"source", "destination"}),
    settings=BrevoSettings,
    docs_url="https://developers.brevo.com/docs/synchronise-contact-lists",
    api_version="v3",
    capabilities=frozenset(
        {
            *(Capability.WEBHOOK, Capability.COMPLETE, Capability.BACKFILL, Capability.CONSENT),
            *(Capability.ERASE, Capability.PROPERTIES),
        }
    ),
    topics={
        "mail_events": "mails sent, delivered, opened, clicked, bounced, complained; opt-outs as consent",
        "contacts": "contacts that were changed or put on a list: each is fetched; of a deleted one nothing is told",
        "contact": "a contact of the history, or of a poll; of a blocklisted one is fetched why and since when",
    },
    allowed_hosts=("api.brevo.com",),
    limits=Limits(batch=100, calls=10, per_seconds=1.0),
    surveyed=(
        "https://developers.brevo.com/docs/transactional-webhooks",
        "https://developers.brevo.com/docs/synchronise-contact-lists",
    ),
    not_offered={
        "merge": "Brevo has none: of two contacts of one person one is taken off Hub's lists",
        "orders": "Brevo's e-commerce part is not written to; number and value of orders are attributes of the contact",
        "import": "Brevo's import runs in the background and tells of no contact what became of it",
        "resubscribe": "who unsubscribed is asked by Brevo's own double opt-in, and never unblocked by Hub",
        "signature": "Brevo signs nothing; the token of the webhook is all there is",
        "history of mails": "Brevo's list of events has no ids either: what came by webhook would be told twice",
        "deletion": "the webhook names an address that nobody can look up any more: the next write finds it gone",
        "subscribe": "Brevo takes 40 webhooks at most: which of them Hub may have is for a person to say",
        "privacy": "Brevo sends no data-subject requests",
        "refused values": "Brevo ignores values that do not fit, and names none it refuses",
    },
    personal_paths={"/v3/contacts/": "Brevo finds a contact by its e-mail in no other way"},
    sample_settings={
        "webhook_secret": ["sample-brevo-token", "sample-brevo-old-token"],
        "own": ["hafenkante.example"],
        "api_key": "xkeysib-sample",
        "lists": {"3": "", "7": "language == 'de'"},
        "double_opt_in_template": 12,
        "double_opt_in_url": "https://shop.example.com/confirmed",
    },
)
