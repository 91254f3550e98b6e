"""Evalanche: settings and declaration.

Sources: help.evalanche.cloud/hc/en-us/articles/360026462232-SOAP-API-Overview (Basic auth, the right "Webservices 2.0",
at most 10 MB a request), …/24807121751196-Unsubscribe-profile, …/7300998540433-Starting-point-Permission.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, model_validator

from hub.sdk.crm.mailing import Conditions, MailingSettings
from hub.sdk.manifest import Capability, Limits, Manifest

HELP = "https://help.evalanche.cloud/hc/en-us/articles"
MOST_LISTS = 20


class EvalancheSettings(MailingSettings):
    """Where Evalanche is, a user of its own, the pool and the options by which target groups choose."""

    base_url: str = Field(description="Where your Evalanche is, such as https://scnem.com.")
    username: str = Field(min_length=1, description="Name of a user with the right Webservices 2.0, used by Hub alone.")
    password: SecretStr = Field(description="Password of that user.")
    pool: int = Field(ge=1, description="Number of the pool that holds the profiles.")
    granted: tuple[str, ...] = Field(
        min_length=1,
        description="Values of the attribute PERMISSION for profiles that may be mailed; every other value counts as "
        "waiting for an answer.",
    )
    lists: Conditions = Field(
        min_length=1,
        max_length=MOST_LISTS,
        description="Number of an option of the pool by which a target group chooses, to who of those that opted in "
        "has it: a condition as in a route's `when`, or nothing for everybody.",
    )
    customer: int | None = Field(
        None, ge=0, description="Number of the customer (mandator) whose blacklist is read; 0 for the global one."
    )

    @model_validator(mode="after")
    def _are_options(self) -> Self:
        if any(not name.isdecimal() for name in self.lists):
            raise ValueError("lists: an option of a pool's attribute has a number")
        return self


MANIFEST = Manifest(
    slug="evalanche",
    name="Evalanche",
    channel="email",
    roles=frozenset({"destination"}),
    settings=EvalancheSettings,
    docs_url=f"{HELP}/360042265151-SOAP-Profile",
    api_version="SOAP v0",
    capabilities=frozenset({Capability.CONSENT, Capability.ERASE, Capability.PROPERTIES}),
    limits=Limits(batch=100, max_bytes=10_000_000),
    surveyed=(
        f"{HELP}/360026462232-SOAP-API-Overview",
        f"{HELP}/360042265151-SOAP-Profile",
        f"{HELP}/360042666831-SOAP-Pool",
        "https://github.com/SC-Networks/evalanche-soap-api-connector/blob/master/docs/profile.md",
    ),
    not_offered={
        "merge": "the SOAP API has none (what it calls so writes values into one profile): of two profiles of one "
        "person one loses Hub's options",
        "orders": "a pool keeps none; their number and value are attributes of the profile",
        "resubscribe": "Evalanche asks people by its own forms alone, so that Hub asks nobody",
        "webhook": "Evalanche is written to, not read from",
        "refused values": "massUpdate tells which profile was not written, and not of which value",
    },
    sample_settings={
        "base_url": "https://evalanche.example.com",
        "username": "hub",
        "password": "sample-password",
        "pool": 712,
        "granted": ["2"],
        "lists": {"3001": "", "3002": "language == 'de'"},
    },
)
