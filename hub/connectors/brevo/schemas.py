"""What Brevo answers, and what it is asked. Source: its own OpenAPI description, and the pages named beside each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
from pydantic import Field

from hub.connectors.brevo.manifest import BrevoSettings
from hub.connectors.brevo.mapping import FIELDS, PROFILE_ID, TYPES
from hub.mapping.payload import PlainValue, TimeText, VendorModel
from hub.mapping.time import maybe_instant
from hub.sdk.checked import Checked
from hub.sdk.crm.mailing import Contact, State
from hub.sdk.http import HttpClient, json_of

CONTACTS = "/v3/contacts"
_INDEXES = re.compile(r"indexes? ([0-9, ]+)")


class Happened(VendorModel):
    event_time: TimeText | None = Field(None, alias="eventTime")


class Unsubscriptions(VendorModel):
    user: tuple[Happened, ...] = Field((), alias="userUnsubscription")
    admin: tuple[Happened, ...] = Field((), alias="adminUnsubscription")


class Statistics(VendorModel):
    """Of the last 90 days (developers.brevo.com/reference/get-contact-info)."""

    hard_bounces: tuple[Happened, ...] = Field((), alias="hardBounces")
    complaints: tuple[Happened, ...] = ()
    unsubscriptions: Unsubscriptions = Unsubscriptions()


class Details(VendorModel):
    """A contact. ``emailBlacklisted``: it gets no campaign, because of whatever happened."""

    id: int
    email: str = ""
    blocked: bool = Field(False, alias="emailBlacklisted")
    lists: tuple[int, ...] = Field((), alias="listIds")
    left: tuple[int, ...] | None = Field((), alias="listUnsubscribed")
    attributes: Mapping[str, PlainValue] = Field(default_factory=dict)
    statistics: Statistics = Statistics()
    modified_at: TimeText | None = Field(None, alias="modifiedAt")

    def contact(self, settings: BrevoSettings) -> Contact:
        """How it stands there. Who is asked and did not answer yet is on none of Hub's lists."""
        told = [*self.statistics.unsubscriptions.user, *self.statistics.unsubscriptions.admin]
        times = [at for one in told if (at := maybe_instant(one.event_time, path="eventTime"))]
        since: datetime | None = max(times, default=None) if self.blocked else None
        owner = self.attributes.get(PROFILE_ID)
        left = frozenset(map(str, self.left or ()))
        return Contact(str(self.id), self.email, self._state(settings), since, str(owner) if owner else None, left)

    def _state(self, settings: BrevoSettings) -> State:
        if self.blocked:
            # what is older than 90 days is not told: then nobody is asked either, as nobody knows since when
            if self.statistics.hard_bounces:
                return "bounced"
            return "complained" if self.statistics.complaints else "unsubscribed"
        return "subscribed" if {str(one) for one in self.lists} & settings.lists.keys() else "none"


class Found(VendorModel):
    """Several contacts."""

    contacts: tuple[Details, ...] = ()


class Created(VendorModel):
    """A contact that was made."""

    id: int


def attributes(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as Brevo takes them; an empty text clears one."""
    return {name: float(value) if value and TYPES.get(name) == "float" else value for name, value in fields.items()}


def number(text: str | None) -> int | str | None:
    """An id as Brevo takes it: a number."""
    return int(text) if text and text.isdecimal() else text


def missing(message: str) -> frozenset[int]:
    """The places in a batch of which no contact exists (github.com/sendinblue/APIv3-php-library/issues/257)."""
    found = _INDEXES.search(message)
    return frozenset(int(one) for one in re.findall(r"[0-9]+", found[1])) if found else frozenset()


def waits(response: httpx.Response) -> float | None:
    """Brevo names no Retry-After, but when its window begins anew (developers.brevo.com/docs/limit-headers)."""
    told = response.headers.get("x-sib-ratelimit-reset", "")
    return float(told) if response.status_code == 429 and told.isdecimal() else None


def authorise(settings: BrevoSettings) -> dict[str, str]:
    """The key, where there is one."""
    return {"api-key": settings.api_key.get_secret_value()} if settings.api_key else {}


def check(client: HttpClient, settings: BrevoSettings) -> Checked:
    """Whether the key is taken, and the lists and attributes are there. Writes nothing."""
    found = Checked()
    held = set(fields(client, settings)["fields"])
    found.works.append("the API key is accepted")
    for name in settings.lists:
        answer = client.get(f"{CONTACTS}/lists/{name}", accept=frozenset({400, 404}))
        told = json_of(answer)
        if answer.is_success:
            found.works.append(f"list {name} is there: {told.get('name')}")
        else:
            found.wrong.append(f"list {name} is not there: {told.get('message')}")
    lacking = [name for name in definitions() if name not in held]
    found.works.append(f"made at the next start: {', '.join(lacking)}" if lacking else "all attributes are there")
    if settings.double_opt_in_template is None:
        found.untested.append("double opt-in: no template is set, so that nobody who unsubscribed is asked again")
    return found


def fields(client: HttpClient, settings: BrevoSettings) -> dict[str, list[str]]:
    """The attributes there are. Source: developers.brevo.com/reference/get-attributes."""
    told = json_of(client.get(f"{CONTACTS}/attributes")).get("attributes", [])
    return {"fields": [str(one["name"]) for one in told]}


def definitions() -> dict[str, str]:
    """Each attribute that Hub writes, to its type."""
    return {name: TYPES.get(name, "text") for name in (PROFILE_ID, *FIELDS)}
