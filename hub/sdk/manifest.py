"""What a connector declares about itself, and the settings every connection shares."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cache
from ipaddress import ip_address
from typing import Annotated, Any, Generic, Literal, Self, TypeVar, get_args
from urllib.parse import quote, urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from hub.mapping.expression import Value
from hub.mapping.fieldmap import PersonMap, as_text, texts_of_person
from hub.mapping.overrides import Applied, Compiled, Overrides, WriteRule
from hub.model.activity import ACTIVITY_KINDS, ActivityKind
from hub.model.order import Order
from hub.model.profile import Profile

Role = Literal["source", "destination"]
Channel = Literal["web", "till", "email", "social", "crm", "file", "any"]


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
    ACTIVITIES = "activities"
    """What happened with a person is appended to their record, where the settings ask for it."""
    PROPERTIES = "properties"
    """``prepare`` creates the custom properties Hub needs there."""


OF_A_CRM = frozenset(
    {
        Capability.FIND,
        Capability.MERGE,
        Capability.ORDERS,
        Capability.CONSENT,
        Capability.ERASE,
        Capability.PROPERTIES,
    }
)
"""What a CRM can do that keeps people and orders, and lets Hub make fields of its own."""

_PERIOD = re.compile(r"([0-9]{1,6})\s*([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def _period(value: Any) -> Any:
    if value is None or isinstance(value, timedelta):
        return value
    match = _PERIOD.fullmatch(str(value).strip())
    if match is None or not int(match[1]):
        raise ValueError("must be a number and m, h or d, such as 15m, 6h or 1d")
    return int(match[1]) * _UNITS[match[2]]


Period = Annotated[timedelta, BeforeValidator(_period)]
"""A length of time as people write it: 15m, 6h, 1d."""


class ConnectionSettings(BaseModel):
    """What every connection may set. Secrets are ``SecretStr``, so that no repr shows them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow_http: bool = Field(
        False, description="Let base_url be http:// beyond this machine and private networks: unencrypted, secrets too."
    )
    base_url: str | None = Field(None, description="Where the vendor's API is; for test servers and self-hosted shops.")
    default_region: str = Field("DE", description="ISO 3166 country of phone numbers that name none.")
    timeout_seconds: float = Field(20.0, gt=0, le=300, description="Limit for one HTTP request to this system.")
    every: Annotated[timedelta | None, BeforeValidator(_period)] = Field(
        None, description="Run the backfill by itself this often: 15m, 6h, 1d. Without it, only when asked to."
    )
    reconcile: Annotated[timedelta | None, BeforeValidator(_period)] = Field(
        None,
        description="Compare the last days of the source with Hub this often, and fetch what lacks: 6h, 1d. "
        "Without it, only when asked to (hub reconcile).",
    )
    rank: int = Field(
        100, ge=0, description="Source rank: the lower wins where two sources give a value of the same time."
    )

    @property
    def secret_texts(self) -> list[str]:
        """The texts of all its secrets, to be hidden or left out wherever one stands; none is empty."""
        told = (getattr(self, name) for name in _secret_names(type(self)))
        several = (
            one.values() if isinstance(one, Mapping) else one if isinstance(one, tuple) else (one,) for one in told
        )
        secrets = (one.get_secret_value() for ones in several for one in ones if isinstance(one, SecretStr))
        return [text for text in secrets if text]

    @field_validator("base_url")
    @classmethod
    def _leads_where_it_may(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is not None and (fault := url_fault(url, allow_http=bool(info.data.get("allow_http")))):
            raise ValueError(fault)
        return url

    @field_validator("*")
    @classmethod
    def _is_no_blank_secret(cls, value: Any) -> Any:
        secrets = [one for one in (value if isinstance(value, tuple) else (value,)) if isinstance(one, SecretStr)]
        if any(not secret.get_secret_value().strip() for secret in secrets):
            raise ValueError("is blank; leave the key out where there is none")
        return value


@cache
def _secret_names(kind: type[ConnectionSettings]) -> tuple[str, ...]:
    """The settings that may hold a secret: every event that comes in asks for them."""
    return tuple(name for name, field in kind.model_fields.items() if _may_be_secret(field.annotation))


def _may_be_secret(annotation: Any) -> bool:
    return annotation in (SecretStr, Any, object) or any(_may_be_secret(one) for one in get_args(annotation))


def url_fault(url: str, *, allow_http: bool) -> str | None:
    """Why a URL is not to be called, or None: secrets go out in the open over http, or stand in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "is no URL"
    if parts.scheme not in ("http", "https") or not host:
        return "needs https:// (or http://) and a host"
    if parts.username or parts.password:
        return "holds a user name or password, which would end up in logs; credentials have settings of their own"
    try:
        address = ip_address(host)
    except ValueError:
        # Names without a dot and those of the machine's own network lead to no one outside.
        near = "." not in host or host.endswith((".localhost", ".local", ".internal", ".lan", ".home.arpa"))
    else:
        if address.is_link_local:
            return "is a link-local address: those belong to the machine's host, such as a cloud's metadata service"
        near = address.is_loopback or address.is_private
    if parts.scheme == "http" and not (near or allow_http):
        return "http is not encrypted; use https, or set allow_http: true beside it"
    return None


class OrderSettings(ConnectionSettings):
    """What every connection to a source of orders may set beside that."""

    revenue: Literal["paid", "placed"] = Field(
        "paid",
        description="When an order counts: once it is paid, or once it is placed (invoice, cash on delivery). Until "
        "then it stands under the profile's open orders.",
    )


class ProfileSettings(ConnectionSettings):
    """What every connection to a destination of people may set beside that; ``own_properties`` is for its mapping."""

    profile_fields: Mapping[str, str] = Field(
        default_factory=dict,
        description="Property or column of yours to what of the profile goes there: custom.NAME, tags, orders.count, "
        "addresses.1.city, or an expression (docs/expressions.md). What Hub writes by itself stays as it is.",
    )

    record_url: str | None = Field(
        None,
        description="Where people see a record of this system, as https://crm.example.com/contacts/{id}: the console "
        "links there.",
    )

    _mapping: Compiled = PrivateAttr(default_factory=Compiled)

    def url_of(self, external_id: str | None) -> str | None:
        """The address of a record for people; None where it is not known."""
        if self.record_url is None or not external_id:
            return None
        return self.record_url.replace("{id}", quote(external_id, safe=""))

    @field_validator("record_url")
    @classmethod
    def _shows_a_record(cls, url: str | None) -> str | None:
        if url is not None and (urlsplit(url).scheme not in ("https", "http") or "{id}" not in url):
            raise ValueError("must be an https address with {id} where the record's id stands")
        return url

    @field_validator("profile_fields")
    @classmethod
    def _leads_somewhere(cls, fields: Mapping[str, str]) -> Mapping[str, str]:
        faults = []
        for name, path in fields.items():
            try:
                PersonMap({name: path})
            except TypeError as error:
                faults.append(f"{name}: {error}")
        if faults:
            raise ValueError("; ".join(faults))
        return fields

    def own_properties(self, profile: Profile) -> dict[str, str]:
        """What of a profile goes to the properties that people named, as text; what it does not know is left out."""
        return texts_of_person(self.profile_fields, profile)

    def with_mapping(self, mapping: Compiled) -> Self:
        """The same settings, with the connection's mapping file."""
        changed = self.model_copy()
        changed._mapping = mapping  # noqa: SLF001 - its own
        return changed

    @property
    def mapping_file(self) -> Compiled:
        """What the mapping file says. It is asked for at every write, and pydantic's own way to it costs 5 us."""
        found: Compiled = (self.__pydantic_private__ or {})["_mapping"]
        return found

    @property
    def overrides(self) -> Mapping[str, Overrides]:
        """What the mapping file changes, by its sections."""
        return {"fields": self.mapping_file.people, "order_fields": self.mapping_file.orders}

    @property
    def mapped_fields(self) -> tuple[str, ...]:
        """The fields of a person that the mapping file writes to, in its order."""
        return tuple(self.mapping_file.people.targets)

    def write_rules(self, section: str) -> Mapping[str, WriteRule]:
        """The fields of a section that are not simply written over, with the rule of each."""
        return self.overrides[section].rules

    @property
    def mapped_order_fields(self) -> tuple[str, ...]:
        """Those of an order."""
        return tuple(self.mapping_file.orders.targets)

    @property
    def mapped_from(self) -> tuple[str, ...]:
        """What of people and orders the mapping file reads, as paths."""
        both = (self.mapping_file.people, self.mapping_file.orders)
        return tuple(sorted(path for one in both for target in one.targets for path in one.fields_of(target)))

    def finished(self, record: Profile | Order, own: Mapping[str, str]) -> dict[str, str]:
        """What the connector's own map gives of a record, changed as the connection's mapping file says; as text."""
        mapped = self.mapping_file
        if not (mapped.people if isinstance(record, Profile) else mapped.orders):
            return dict(own)
        found = ((name, as_text(value)) for name, value in self.applied(record, own).values.items())
        return {name: text for name, text in found if text}

    def applied(self, record: Profile | Order, own: Mapping[str, Value]) -> Applied:
        """The same before it is text, with each field's rule of writing, and what could not be worked out."""
        overrides = self.mapping_file.people if isinstance(record, Profile) else self.mapping_file.orders
        return overrides.apply(record, own)


class ActivitySettings(ProfileSettings):
    """What a connection to a CRM that keeps a history of each person may set beside that."""

    activities: tuple[ActivityKind, ...] = Field(
        (),
        description="What is appended to a person's history there, once each, from now on: "
        f"{', '.join(ACTIVITY_KINDS)}.",
    )
    task_owners: Mapping[str, str] = Field(
        default_factory=dict,
        description="Owner of the funnel to the id of the user there whose tasks theirs are; without one, Hub's user.",
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
    A reason names the page that says so; ``surveyed`` are the pages that list all the vendor has (its topics, its
    resources), and so prove the other reasons by what is not on them.
    ``unmerge`` is needed with the capability ``merge``.
    ``personal_paths`` maps the beginning of a path that holds an e-mail or phone, because the vendor offers no other
    way, to the reason; no other URL may hold one (law L11). ``{name}`` in it stands for one part of the path, and a
    ``?`` at its end for the path's end: then only its query may.
    """

    slug: str
    name: str
    channel: Channel
    roles: frozenset[Role]
    settings: type[Settings]
    docs_url: str
    api_version: str
    capabilities: frozenset[Capability] = frozenset()
    topics: Mapping[str, str] = field(default_factory=dict)
    allowed_hosts: tuple[str, ...] = ()
    limits: Limits = Limits()
    not_offered: Mapping[str, str] = field(default_factory=dict)
    surveyed: tuple[str, ...] = ()
    unmerge: Unmerge | None = None
    personal_paths: Mapping[str, str] = field(default_factory=dict)
    files: Callable[[Settings, bool], Sequence[str]] | None = None
    """What is wrong with the files that the settings name, as ``path: …``; True when they are written to (`hub check`).
    """
    warnings: Callable[[Settings], Sequence[str]] | None = None
    """What an operator should know of these settings though they work, as ``path: …`` (`hub check`)."""
    sample_settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings with invented secrets, for the samples, the contract kit and the demo."""
