"""What every page is given: the use-cases of this process, who asks, and how to answer them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from hub.console.live import Live
from hub.console.wording import N_
from hub.sdk.connection import Connection
from hub.store.database import Database, Session
from hub.store.users import Role

if TYPE_CHECKING:
    from hub.application.answer_review import Reviewer
    from hub.application.in_force import InForce
    from hub.application.judge import Judge
    from hub.application.process import Processing


@dataclass(frozen=True, slots=True)
class House:
    """The installation as pages see it.

    ``routed`` are the destinations that some route leads to; ``secure`` is True where cookies go over HTTPS only.
    ``processing``, ``judge``, ``reviewer`` and ``resending`` are the use-cases that the API calls too.
    """

    database: Database
    connections: Mapping[str, Connection]
    routed: Collection[str]
    region: str
    in_force: Callable[[Session], InForce]
    live: Live
    secure: bool = False
    processing: Processing | None = None
    judge: Judge | None = None
    reviewer: Reviewer | None = None
    resending: Callable[..., dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """An entry of the navigation and its routes, which lie under ``/console``.

    ``slug`` is the first part of their path, ``title`` a text that ``N_`` marks, ``icon`` a name of ``icons.html``,
    ``order`` its place, ``role`` the least that may see it.
    """

    slug: str
    title: str
    icon: str
    order: int
    routes: Callable[[House], APIRouter]
    role: Role = "viewer"

    @property
    def path(self) -> str:
        """Where it lies."""
        return f"/console/{self.slug}"


__all__ = ["N_", "House", "Page"]
