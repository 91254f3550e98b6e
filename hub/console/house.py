"""What every page is given: the use-cases of this process, who asks, and how to answer them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import APIRouter

from hub.console.jobs import Jobs
from hub.console.live import Live
from hub.console.marking import N_
from hub.sdk.connection import Connection
from hub.settings import Settings
from hub.store.database import Database, Session
from hub.store.users import Role

if TYPE_CHECKING:
    from hub.application.answer_review import Reviewer
    from hub.application.counting import Counting
    from hub.application.field_notes import Notes
    from hub.application.hand_over import HandOvers
    from hub.application.in_force import InForce
    from hub.application.judge import Judge
    from hub.application.oidc import Provider
    from hub.application.process import Processing
    from hub.application.rule_versions import RuleVersions


class Resending(Protocol):
    """Queues everything for a destination again, or ``missing`` only what is not there; tells what it did."""

    def __call__(self, destination: str, *, missing: bool) -> dict[str, Any]:
        """Do it. Raises the error tree when the destination cannot be asked."""


@dataclass(frozen=True)
class House:
    """The installation as pages see it.

    ``routed`` are the destinations that some route leads to, ``settings`` the configuration. ``processing``, ``judge``,
    ``reviewer``, ``resending``, ``notes`` and ``handing`` are the use-cases that the API calls too.
    """

    database: Database
    connections: Mapping[str, Connection]
    routed: Collection[str]
    settings: Settings
    processing: Processing
    judge: Judge
    reviewer: Reviewer
    resending: Resending
    notes: Notes
    handing: HandOvers

    @property
    def region(self) -> str:
        """ISO 3166 alpha-2 country in which a number without one is dialled."""
        return self.settings.hub.default_region

    @property
    def secure(self) -> bool:
        """Whether cookies go over HTTPS only."""
        return self.settings.hub.public_url.startswith("https://")

    @cached_property
    def versions(self) -> RuleVersions:
        """Which rules are in force, and how that changes."""
        from hub.application.rule_versions import RuleVersions

        return RuleVersions(self.database, self.processing.identity, self.processing.survivorship)

    @property
    def data_dir(self) -> Path:
        """The data folder."""
        return self.settings.data_dir

    @cached_property
    def titles(self) -> dict[str, str]:
        """What each connection's vendor is called, by connection."""
        return {name: one.connector.manifest.name for name, one in self.connections.items()}

    @cached_property
    def provider(self) -> Provider | None:
        """Who else vouches for people, if anybody."""
        from hub.application.oidc import Provider

        return Provider(self.settings.console.oidc) if self.settings.console.oidc else None

    @cached_property
    def live(self) -> Live:
        """The live parts of this process's pages."""
        return Live(self.database)

    @cached_property
    def counting(self) -> Counting:
        """Counts of the outbox for all pages of this process."""
        from hub.application.counting import Counting

        return Counting()

    @cached_property
    def jobs(self) -> Jobs:
        """What this process does in the background for its pages."""
        return Jobs()

    def in_force(self, session: Session) -> InForce:
        """The rules and weights that hold now."""
        return self.processing.in_force(session)


def _always(_: House) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Page:
    """An entry of the navigation and its routes, which lie under ``/console``.

    ``slug`` is the first part of their path, ``title`` a text that ``N_`` marks, ``icon`` a name of ``icons.html``,
    ``order`` its place, ``role`` the least that may see it. ``shown`` is asked each time whether it stands there now.
    """

    slug: str
    title: str
    icon: str
    order: int
    routes: Callable[[House], APIRouter]
    role: Role = "viewer"
    shown: Callable[[House], bool] = _always

    @property
    def path(self) -> str:
        """Where it lies."""
        return f"/console/{self.slug}"


__all__ = ["N_", "House", "Page"]
