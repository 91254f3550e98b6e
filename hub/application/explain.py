"""Why a profile is as it is: what its values come from, and why its records are one person, joined. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any, Protocol
from uuid import UUID

from hub.application import explain_who as who
from hub.matching.rules import IdentityRules
from hub.matching.version import Identity
from hub.matching.version import identity as put_together
from hub.profiles.explanation import answers, explanation, is_who
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import Connection
from hub.store import records
from hub.store.database import Session


class InForce(Protocol):
    """The rules and weights that hold now."""

    @property
    def identity(self) -> Identity:
        """Who is who."""

    @property
    def survivorship(self) -> SurvivorshipRules:
        """Which value is shown."""


@dataclass(frozen=True, slots=True)
class Configured:
    """Rules and weights that never change: the defaults, unless given."""

    identity: Identity = default(default_factory=lambda: put_together(IdentityRules()))
    survivorship: SurvivorshipRules = default(default_factory=SurvivorshipRules)


def explained(
    session: Session,
    profile_id: UUID,
    in_force: InForce,
    connections: Mapping[str, Connection],
    *,
    field: str | None = None,
) -> dict[str, Any] | None:
    """The whole explanation as JSON; None when there is no such profile.

    With a ``field``, ``values`` are those behind it, and ``one_person`` is None unless it is ``records``.
    """
    ranks = {name: connection.settings.rank for name, connection in connections.items()}
    found = explanation(session, profile_id, in_force.survivorship, ranks, field=field, connections=connections)
    if found is None:
        return None
    found["found"] = answers(found, field)
    found["history"] = who.history(session, found["history"])
    rows = records.of_profile(session, found["id"]) if is_who(field) else []
    found["one_person"] = who.explain(session, rows, in_force.identity) if rows else None
    return found
