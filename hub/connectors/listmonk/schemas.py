"""What listmonk answers.

Source: listmonk.app/docs/apis/subscribers/ and /lists/; github.com/knadh/listmonk, queries/subscribers.sql (what each
call does to a subscription that is there).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from hub.connectors.listmonk.manifest import ListmonkSettings
from hub.connectors.listmonk.mapping import NAME, NUMBERS, PROFILE_ID
from hub.errors import AuthError
from hub.mapping.payload import PlainValue, TimeText, VendorModel
from hub.mapping.time import maybe_instant
from hub.sdk.checked import Checked
from hub.sdk.crm.mailing import Contact, State
from hub.sdk.http import HttpClient, json_of

SUBSCRIBERS = "/api/subscribers"


class Subscription(VendorModel):
    """A list of a subscriber's. On a single opt-in list an unconfirmed one gets mail too."""

    id: int
    subscription_status: str = ""
    optin: str = "double"
    subscription_updated_at: TimeText | None = None

    @property
    def is_mailed(self) -> bool:
        """Whether campaigns to the list reach the subscriber."""
        single = self.subscription_status == "unconfirmed" and self.optin == "single"
        return self.subscription_status == "confirmed" or single


_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def _latest(subscriptions: Sequence[Subscription]) -> datetime:
    """When the last of these changed; long ago where none tells it."""
    times = (maybe_instant(one.subscription_updated_at, path="subscription_updated_at") for one in subscriptions)
    return max((at for at in times if at), default=_NEVER)


class Subscriber(VendorModel):
    """A subscriber; ``blocklisted`` gets no mail of any list, nor a confirmation mail."""

    id: int
    email: str = ""
    name: str | None = None
    status: str = "enabled"
    updated_at: TimeText | None = None
    attribs: Mapping[str, PlainValue] = Field(default_factory=dict)
    lists: tuple[Subscription, ...] = ()

    def contact(self, settings: ListmonkSettings) -> Contact:
        """How it stands there, by Hub's lists. Why somebody is blocklisted is told to nobody: they are not asked."""
        told = [one for one in self.lists if str(one.id) in settings.lists]
        left = [one for one in told if one.subscription_status == "unsubscribed"]
        owner = self.attribs.get(PROFILE_ID)
        state = self._state(told)
        times = [at for one in left if (at := maybe_instant(one.subscription_updated_at, path="updated_at"))]
        ended = state == "unsubscribed" and self.status == "enabled" and len(times) == len(left)
        since = max(times, default=None) if ended else None
        numbers = frozenset(str(one.id) for one in left)
        return Contact(str(self.id), self.email, state, since, str(owner) if owner else None, numbers)

    def changed_at(self) -> str | None:
        """When it, or what it is subscribed to, was changed last."""
        times = (self.updated_at, *(one.subscription_updated_at for one in self.lists))
        found = [(at, text) for text in times if text and (at := maybe_instant(text, path="updated_at"))]
        return max(found)[1] if found else None

    def held(self) -> dict[str, Any]:
        """Its fields as Hub writes them; what is empty is left out."""
        told = {**self.attribs, NAME: self.name}
        return {name: value for name, value in told.items() if value is not None}

    def _state(self, told: list[Subscription]) -> State:
        if self.status != "enabled":
            return "unsubscribed"
        if any(one.is_mailed for one in told):
            return "subscribed"
        asked = [one for one in told if one.subscription_status == "unconfirmed"]
        left = [one for one in told if one.subscription_status == "unsubscribed"]
        if asked and not (left and _latest(left) > _latest(asked)):
            return "pending"
        return "unsubscribed" if told else "none"


class Page(VendorModel):
    results: tuple[Subscriber, ...] = ()


class Found(VendorModel):
    data: Page = Page()


class Made(VendorModel):
    data: Subscriber


def body_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Name and attributes as listmonk takes them; an empty text clears one."""
    attributes = {
        name: float(value) if value and name in NUMBERS else value for name, value in fields.items() if name != NAME
    }
    named = {"name": fields[NAME]} if fields.get(NAME) else {}
    return {**named, **({"attribs": attributes} if attributes else {})}


def check(client: HttpClient, settings: ListmonkSettings) -> Checked:
    """Whether the token is taken, the lists are there, and ask where they should. Writes nothing."""
    found = Checked()
    client.get(SUBSCRIBERS, {"per_page": "1"})
    found.works.append("the token is accepted")
    for number, told in lists(client, settings).items():
        if told is None:
            found.wrong.append(f"list {number} is not there")
        elif settings.lists_ask and told != "double":
            found.wrong.append(f"list {number} is a {told} opt-in list: whoever is asked would be mailed at once")
        else:
            found.works.append(f"list {number} is there ({told} opt-in)")
    return found


def lists(client: HttpClient, settings: ListmonkSettings) -> dict[str, str | None]:
    """Each list of the settings to its kind of opt-in, None where it is not there."""
    told: dict[str, str | None] = {}
    for number in settings.lists:
        answer = client.get(f"/api/lists/{number}", accept=frozenset({400, 404}))
        told[number] = str(json_of(answer)["data"].get("optin")) if answer.is_success else None
    return told


def prepare(client: HttpClient, settings: ListmonkSettings) -> None:
    """Nothing is made there; raises AuthError, which rests the connection, where a list would mail whom it asks."""
    if settings.lists_ask:
        single = [number for number, kind in lists(client, settings).items() if kind == "single"]
        if single:
            raise AuthError(f"list {', '.join(single)} is single opt-in: whoever is asked would be mailed at once")
