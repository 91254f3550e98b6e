"""What a live check of a connection found (``hub check --live``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.errors import AuthError, NotFound


@dataclass(slots=True)
class Checked:
    """Sentences for the operator, never with a secret: what ``works``, what is ``wrong``, what could not be tested."""

    works: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)

    def reads(self, name: str, ask: Callable[[], object]) -> Checked:
        """Note that something can be read once ``ask`` did; its errors pass."""
        ask()
        self.works.append(f"{name} can be read")
        return self

    def may_read(self, name: str, ask: Callable[[], object]) -> Checked:
        """The same of what is left out where the credentials may not read it."""
        try:
            return self.reads(name, ask)
        except (AuthError, NotFound):
            self.untested.append(f"{name}: the credentials may not read them, or there are none, so they are left out")
            return self

    def scopes(self, needed: Iterable[str], granted: Iterable[str]) -> None:
        """Note which of the needed scopes are granted; ``write_x`` grants ``read_x`` too where vendors say so."""
        lacking = sorted(set(needed) - set(granted))
        if lacking:
            self.wrong.append(f"the credentials lack the scope{'s' if lacking[1:] else ''} {', '.join(lacking)}")
        else:
            self.works.append("all scopes are granted")


def texts(body: Any, *path: str) -> list[str]:
    """The texts of a list within decoded JSON; empty where there is none: checks read what vendors may change."""
    for name in path:
        body = body.get(name) if isinstance(body, Mapping) else None
    return [one for one in body if isinstance(one, str)] if isinstance(body, list) else []
