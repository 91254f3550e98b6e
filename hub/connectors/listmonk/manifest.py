"""listmonk: settings and declaration. Facts: listmonk.app/docs/apis/apis/ and …/docs/apis/subscribers/."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from hub.sdk.crm.mailing import Conditions, MailingSettings
from hub.sdk.manifest import Capability, Limits, Manifest

MOST_LISTS = 20


class ListmonkSettings(MailingSettings):
    """Where listmonk is, an API user, and the lists."""

    base_url: str = Field(description="Where listmonk is, such as https://lists.example.com.")
    username: str = Field(min_length=1, description="Name of an API user (Admin → Users).")
    token: SecretStr = Field(description="Token of the API user.")
    lists: Conditions = Field(
        min_length=1,
        max_length=MOST_LISTS,
        description="Id of a list to who of those that opted in is on it: a condition as in a route's `when`, or "
        "nothing for everybody.",
    )
    lists_ask: bool = Field(
        False,
        description="All of these lists are double opt-in lists, so that listmonk asks people before it mails them; "
        "without it nobody who unsubscribed is asked again.",
    )

    @model_validator(mode="after")
    def _are_lists(self) -> Self:
        if any(not name.isdecimal() for name in self.lists):
            raise ValueError("lists: a list of listmonk's has a number, as the address of its page shows it")
        if self.double_opt_in and not self.lists_ask:
            raise ValueError("double_opt_in needs lists_ask, and lists that are double opt-in in listmonk")
        return self


MANIFEST = Manifest(
    slug="listmonk",
    name="listmonk",
    channel="email",
    roles=frozenset({"source", "destination"}),
    settings=ListmonkSettings,
    docs_url="https://listmonk.app/docs/apis/subscribers/",
    api_version="6.2",
    capabilities=frozenset({Capability.BACKFILL, Capability.CONSENT, Capability.ERASE}),
    topics={"subscriber": "a subscriber of the history, or of a poll, with what it is subscribed to"},
    limits=Limits(batch=100),
    not_offered={
        "merge": "listmonk has none: of two subscribers of one person one is taken off Hub's lists",
        "orders": "listmonk keeps none; number and value of orders are attributes of the subscriber",
        "resubscribe": "who unsubscribed from a list is asked by listmonk, and a blocklisted one is not even asked",
        "properties": "attributes need not be made: they are free JSON",
        "webhook": "listmonk tells of no change by itself: it is polled",
        "deletion": "listmonk tells nobody of a deleted subscriber: the next write finds it gone",
        "privacy": "listmonk sends no data-subject requests",
        "import": "listmonk's import replaces all attributes, and makes anew who was deleted "
        "(listmonk.app/docs/apis/import/)",
        "refused values": "attributes are free JSON, of which listmonk refuses none",
    },
    surveyed=("https://listmonk.app/docs/apis/subscribers/", "https://listmonk.app/docs/apis/import/"),
    personal_paths={"/api/subscribers?": "listmonk finds subscribers by their e-mail in no other way"},
    sample_settings={
        "base_url": "https://lists.example.com",
        "username": "hub",
        "token": "sample-token",
        "lists": {"3": "", "7": "language == 'de'"},
        "lists_ask": True,
    },
)
