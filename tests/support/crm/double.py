"""What every double of a CRM offers to the shared laws, and which there are."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypedDict

import httpx


class Person(TypedDict):
    """A live record of a person; ``owner`` is Hub's own id that it carries."""

    id: str
    owner: str | None
    emails: list[str]
    values: dict[str, Any]


class Order(TypedDict):
    """A record of an order; ``person`` is the id of the person's record it hangs on."""

    id: str
    owner: str | None
    person: str | None
    values: dict[str, Any]


class Entry(TypedDict):
    """An entry in the history of a person; ``owner`` is Hub's own key that it carries, in a field or its text."""

    id: str
    owner: str | None
    person: str | None
    values: dict[str, Any]


class Double(Protocol):
    """A CRM in memory. It is made without arguments, and can be copied deeply."""

    slug: str

    @property
    def opted_out(self) -> set[str]:
        """The e-mails that the CRM will not mail."""

    def settings(self) -> dict[str, Any]:
        """The connection's settings as YAML would hold them, with fake secrets."""

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""

    def people(self) -> list[Person]:
        """The live records of people."""

    def orders(self) -> list[Order]:
        """The records of orders."""

    def activities(self) -> list[Entry]:
        """The entries in people's histories, where the CRM's connector appends any."""

    def add_person(self, email: str, **values: str) -> str:
        """Somebody there typed a person; gives the id."""

    def delete_person(self, id: str) -> None:  # noqa: A002
        """Somebody there deleted a person."""

    def delete_order(self, id: str) -> None:  # noqa: A002
        """Somebody there deleted an order's record."""

    def merge_people(self, kept: str, gone: str) -> None:
        """Somebody there merged two people. NotImplementedError where the CRM has no merge."""

    def opt_out_there(self, email: str) -> None:
        """Somebody opts out there, by a link in a mailing or by a person who types it."""

    def lift_there(self, email: str) -> None:
        """Somebody there takes an opt-out back."""

    def refuse(self, text: str) -> None:
        """From now on a record with ``text`` in any value is refused, alone, in the vendor's own form."""


@cache
def doubles() -> dict[str, type[Double]]:
    """The doubles there are, by connector: every class of this folder's modules that names its ``slug``."""
    found: dict[str, type[Double]] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        for one in vars(import_module(f"{__package__}.{module.name}")).values():
            slug = getattr(one, "slug", None)
            if isinstance(one, type) and isinstance(slug, str):
                found[slug] = one
    return dict(sorted(found.items()))
