"""What a connector declares about itself, and the settings every connection shares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

Role = Literal["source", "destination"]
Channel = Literal["web", "till", "email", "social", "crm", "file", "any"]
Tier = Literal["gold", "silver", "bronze"]


class Capability(StrEnum):
    """What a connector can do beyond the minimum of its role."""

    WEBHOOK = "webhook"
    BACKFILL = "backfill"
    COMPLETE = "complete"
    """Thin events: the rest is fetched, and stored beside the entry."""
    CHALLENGE = "challenge"
    PRIVACY = "privacy"
    """Erasure or access requests come through this channel."""
    FIND = "find"
    MERGE = "merge"
    ORDERS = "orders"
    CONSENT = "consent"
    ERASE = "erase"
    PROPERTIES = "properties"
    """``prepare`` creates the custom properties Hub needs there."""


_PERIOD = re.compile(r"([0-9]{1,6})\s*([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def _period(value: Any) -> Any:
    if value is None or isinstance(value, timedelta):
        return value
    match = _PERIOD.fullmatch(str(value).strip())
    if match is None or not int(match[1]):
        raise ValueError("must be a number and m, h or d, such as 15m, 6h or 1d")
    return int(match[1]) * _UNITS[match[2]]


class ConnectionSettings(BaseModel):
    """What every connection may set. Secrets are ``SecretStr``, so that no repr shows them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str | None = Field(None, description="Where the vendor's API is; for test servers and self-hosted shops.")
    default_region: str = Field("DE", description="ISO 3166 country of phone numbers that name none.")
    timeout_seconds: float = Field(20.0, gt=0, le=300, description="Limit for one HTTP request to this system.")
    every: Annotated[timedelta | None, BeforeValidator(_period)] = Field(
        None, description="Run the backfill by itself this often: 15m, 6h, 1d. Without it, only when asked to."
    )
    rank: int = Field(
        100, ge=0, description="Source rank: the lower wins where two sources give a value of the same time."
    )


class OrderSettings(ConnectionSettings):
    """What every connection to a source of orders may set beside that."""

    revenue: Literal["paid", "placed"] = Field(
        "paid",
        description="When an order counts: once it is paid, or once it is placed (invoice, cash on delivery). Until "
        "then it stands under the profile's open orders.",
    )


def _secret_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_secret_list), Field(min_length=1)]
"""One secret or a list: all are accepted, so that a secret can be changed without losing an event."""


@dataclass(frozen=True, slots=True)
class Unmerge:
    """What a destination can do when a merge is taken back.

    ``restores``   the second record is there again under the id it had
    ``recreates``  the second record is made anew, under a new id
    ``cannot``     what stays as the merge left it, a sentence each, for the person who splits two profiles
    """

    way: Literal["restores", "recreates"]
    cannot: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What the outside system bears: records per call, bytes per call, calls per ``per_seconds``."""

    batch: int = 1
    max_bytes: int | None = None
    calls: int | None = None
    per_seconds: float = 1.0


Settings = TypeVar("Settings", bound=ConnectionSettings)


@dataclass(frozen=True, slots=True)
class Manifest(Generic[Settings]):
    """The declaration of one connector; pages and forms are derived from it.

    ``topics`` maps every event type the source reads to one line on what becomes of it; each needs a sample.
    ``allowed_hosts`` are the only hosts the connector calls (``*.`` stands for one or more labels) besides the
    connection's own ``base_url``. ``not_offered`` says why a capability users would expect is absent.
    ``unmerge`` is needed with the capability ``merge``.
    ``personal_paths`` maps the beginning of a path that holds an e-mail or phone, because the vendor offers no other
    way, to the reason; no other URL may hold one (law L11).
    """

    slug: str
    name: str
    channel: Channel
    roles: frozenset[Role]
    settings: type[Settings]
    docs_url: str
    api_version: str
    tier: Tier = "silver"
    capabilities: frozenset[Capability] = frozenset()
    topics: Mapping[str, str] = field(default_factory=dict)
    allowed_hosts: tuple[str, ...] = ()
    limits: Limits = Limits()
    not_offered: Mapping[str, str] = field(default_factory=dict)
    unmerge: Unmerge | None = None
    personal_paths: Mapping[str, str] = field(default_factory=dict)
    sample_settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings with invented secrets, for the samples, the contract kit and the demo."""
