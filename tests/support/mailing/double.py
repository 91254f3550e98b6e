"""What every double of a mailing system offers to the shared laws, and which there are."""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Literal

import httpx
import orjson

Standing = Literal["subscribed", "pending", "unsubscribed", "bounced", "complained", "none"]


@dataclass
class Kept:
    """A contact as the system keeps it; ``lists`` are those it gets mail of, as far as its state allows that."""

    id: str
    email: str
    state: Standing = "none"
    since: datetime | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    awaits: set[str] = field(default_factory=set)
    """Lists it is put on once the person confirms."""


class Double:
    """A mailing system in memory. It is made without arguments, and can be copied deeply."""

    slug: ClassVar[str]
    own: ClassVar[str]
    """The field with Hub's own id of the profile."""
    final: ClassVar[bool] = False
    """Whether the system blocks for good without telling why, so that nobody can be asked about it."""
    reasks: ClassVar[bool] = True
    """Whether who unsubscribed can be asked again without being subscribed by it."""
    lasting: ClassVar[bool] = False
    """Whether a contact that was deleted for good can never be made again by the API, or only by asking, which it
    cannot."""
    asks: ClassVar[bool] = True
    """Whether the API sends a confirmation mail at all."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.asked: list[str] = []
        """The addresses that got a confirmation mail, in order."""
        self.refused: set[str] = set()
        self.gone: set[str] = set()
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.numbers = 100

    def settings(self) -> dict[str, Any]:
        """The connection's settings as YAML would hold them, with fake secrets."""
        raise NotImplementedError

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        raise NotImplementedError

    def mailable(self) -> set[str]:
        """The addresses that get the next newsletter."""
        return {one.email for one in self.kept.values() if one.state == "subscribed" and one.lists}

    def of(self, email: str) -> Kept | None:
        """The contact of an address."""
        return next((one for one in self.kept.values() if one.email == email.lower()), None)

    def owned(self, owner: object) -> list[Kept]:
        """The contacts that carry this id of Hub's."""
        return [one for one in self.kept.values() if one.fields.get(self.own) == str(owner)]

    def refuse(self, text: str) -> None:
        """From now on a contact with ``text`` in any value is refused, alone, in the vendor's own form."""
        self.refused.add(text)

    def refuses(self, body: Any) -> bool:
        """Whether a body holds such a text."""
        said = orjson.dumps(body).decode()
        return any(text in said for text in self.refused)

    # -- what happens there

    def type_in(self, email: str, state: Standing = "subscribed") -> str:
        """Somebody there typed a contact, on the first list of Hub's; gives the id."""
        made = self.make(email)
        made.state, made.since = state, self.now
        made.lists = {self.main_list()}
        return made.id

    def say(self, email: str, state: Standing) -> None:
        """A person unsubscribes, bounces or complains there."""
        contact = self.of(email)
        if contact is not None and not (state == "unsubscribed" and contact.state in ("bounced", "complained")):
            contact.state, contact.since = state, self.now

    def confirm(self, email: str) -> None:
        """The person clicks in the confirmation mail."""
        contact = self.of(email)
        if contact is not None and contact.awaits and contact.state not in ("bounced", "complained"):
            contact.state, contact.since = "subscribed", self.now
            contact.lists |= contact.awaits
            contact.awaits = set()

    def delete(self, email: str) -> None:
        """Somebody there deletes a contact."""
        contact = self.of(email)
        if contact is not None:
            del self.kept[contact.id]

    def main_list(self) -> str:
        """The list that everybody who opted in is on."""
        raise NotImplementedError

    def make(self, email: str) -> Kept:
        """A new contact, nothing of which is known."""
        self.numbers += 1
        made = Kept(self.id_of(email), email.lower())
        self.kept[made.id] = made
        return made

    def id_of(self, email: str) -> str:
        """The id of a new contact."""
        return str(self.numbers)


def answer(status: int, body: Any = None, **headers: str) -> httpx.Response:
    """An answer as JSON."""
    if body is None:
        return httpx.Response(status)
    return httpx.Response(status, headers={"content-type": "application/json", **headers}, content=orjson.dumps(body))


@cache
def doubles() -> dict[str, type[Double]]:
    """The doubles there are, by connector: every class of this folder's modules that names its ``slug``."""
    found: dict[str, type[Double]] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        for one in vars(import_module(f"{__package__}.{module.name}")).values():
            if isinstance(one, type) and issubclass(one, Double) and isinstance(getattr(one, "slug", None), str):
                found[one.slug] = one
    return dict(sorted(found.items()))
