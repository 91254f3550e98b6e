"""The company of a person, where the CRM keeps companies as records of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Generic

from hub.errors import ConflictError, RejectedError
from hub.sdk.crm.calls import Caller
from hub.sdk.crm.dialect import Companies, Item
from hub.sdk.manifest import Settings


@dataclass(slots=True)
class Employers(Generic[Settings]):
    """The companies that a batch met so far, by name."""

    companies: Companies[Settings] | None
    caller: Caller[Settings]
    ids: dict[str, str] = field(default_factory=dict)

    def named(self, items: Iterable[Item]) -> list[Item]:
        """The items with the id of the company's record in place of its name.

        A company that the CRM refuses stays out, and the person goes without it.
        """
        listed = list(items)
        companies = self.companies
        if companies is None:
            return listed
        names = dict.fromkeys(str(item.properties.get(companies.name) or "") for item in listed)
        self._know([name for name in names if name and name not in self.ids])
        return [self._with_id(companies, item) for item in listed]

    def stands_for(self, name: str, item: Item) -> bool:
        """True when ``name`` is the company's name and its id was sent instead."""
        return self.companies is not None and name == self.companies.name and self.companies.id in item.properties

    def _with_id(self, companies: Companies[Settings], item: Item) -> Item:
        if companies.name not in item.properties:
            return item
        name, less = item.properties[companies.name], item.without(companies.name)
        if name and name not in self.ids:
            return less
        return replace(less, properties={**less.properties, companies.id: self.ids[name] if name else ""})

    def _know(self, names: list[str]) -> None:
        companies = self.companies
        if companies is None or not names:
            return
        for call in companies.find(names, self.caller.settings):
            for found in self.caller.ask(call):
                for name, value in found.keys:
                    if name == companies.name:
                        self.ids.setdefault(value, found.id)  # of several with one name the first that is found
        alike = {_plain(name): found for name, found in reversed(self.ids.items())}
        for name in names:
            if name not in self.ids and (met := alike.get(_plain(name))):
                self.ids[name] = met
            elif name not in self.ids:
                try:
                    self.ids[name] = self.caller.ask(companies.create(name, self.caller.settings))
                except (RejectedError, ConflictError):
                    continue
                alike[_plain(name)] = self.ids[name]


def _plain(name: str) -> str:
    """A name however it is spelled: two new colleagues need not agree."""
    return " ".join(name.split()).casefold()
