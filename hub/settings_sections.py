"""Sections of the configuration that stand by themselves: ``retention:``, ``alerts:`` and ``mail:``."""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator

Days = Annotated[int, Field(ge=1, le=36_500)]


class RetentionSection(BaseModel):
    """For how many days what is no longer needed is kept; null keeps it for ever (docs/operations.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bodies: Days | None = Field(
        90,
        description="Bodies of events that are done or skipped, and what was fetched for them. That an event came is "
        "known for ever; without its body it cannot be replayed.",
    )
    attempts: Days | None = Field(
        90, description="Attempts at a destination; the last one of each profile and order stays."
    )
    outcomes: Days | None = Field(365, description="Why events were skipped; afterwards they count as done.")
    visits: Days | None = Field(
        90,
        description="What visitors of a page or an app did of whom nothing else is known: views, searches, clicks. "
        "Once they say who they are, all of it that is still there is theirs, and stays.",
    )


AlertKind = Literal["paused", "backlog", "subscription", "complaints", "forecast"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _is_address(value: SecretStr) -> SecretStr:
    scheme, separator, rest = value.get_secret_value().partition("://")
    if not separator or not rest or not scheme.isalnum():
        raise ValueError("must be an Apprise URL, such as mailto://… or slack://…")
    return value


class AlertsSection(BaseModel):
    """What people are told of by e-mail, Slack, Teams, a webhook …: troubles, and a weekly digest (docs/insight.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: tuple[Annotated[SecretStr, AfterValidator(_is_address)], ...] = Field(
        (),
        repr=False,
        description="Apprise URLs (https://github.com/caronc/apprise/wiki), best each as ${NAME}: they hold secrets.",
    )
    events: tuple[AlertKind, ...] = Field(
        ("paused", "backlog", "subscription", "complaints", "forecast"),
        description="What is told: a destination or source that stands still, work that piles up, webhooks that were "
        "lost, a wave of complaints, less than was forecast.",
    )
    backlog_minutes: int = Field(30, ge=1, le=100_000, description="From which age on what waits is a backlog.")
    repeat_hours: int = Field(24, ge=1, le=1000, description="After which time what goes on is told again.")
    digest: Weekday | None = Field("monday", description="The day of the weekly digest, at 7 UTC; null for none.")


class MailSection(BaseModel):
    """The mail server that sends what forms ask for: a link to confirm a sign-up (docs/forms.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str | None = Field(None, description="The SMTP server; nothing is mailed without it.")
    port: int = Field(587, ge=1, le=65_535, description="Its port: 587 with starttls, 465 with tls.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is encrypted; none only for a server on this machine."
    )
    username: str | None = Field(None, description="The account there; none where it asks for none.")
    password: SecretStr | None = Field(None, repr=False, description="Its password, best as ${NAME}.")
    sender: str = Field("", max_length=320, description="The address mails come from, such as post@shop.example.com.")
    sender_name: str = Field("", max_length=200, description="The name beside it.")
    per_address: int = Field(3, ge=1, le=100, description="Mails to one address in 24 hours; more are held.")
    per_day: int = Field(5_000, ge=1, description="Mails in 24 hours to all; more wait.")

    @field_validator("sender")
    @classmethod
    def _is_an_address(cls, text: str) -> str:
        if text:
            try:
                Address(addr_spec=text)
            except (ValueError, IndexError, MessageError):
                raise ValueError("is no e-mail address, such as post@shop.example.com") from None
        return text
