"""What a merge or a split does in every destination, and what cannot be undone there. Pure: before it, and after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from hub.sdk.connection import Connection
from hub.sdk.manifest import Capability, Unmerge
from hub.store.due import AtDestination


@dataclass(frozen=True, slots=True)
class DestinationLine:
    """What becomes of one profile in one destination.

    ``will`` names it, ``text`` says it in a sentence; ``orders`` tells whether orders go there with it; ``cannot`` says
    what stays as the merge left it, or what no split brings back once the merge is done.
    """

    destination: str
    profile: UUID
    will: str
    text: str
    orders: bool
    cannot: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "destination": self.destination,
            "profile": str(self.profile),
            "will": self.will,
            "text": self.text,
            "orders": self.orders,
            "cannot": list(self.cannot),
        }


MergeWill = Literal["merge", "leave", "write", "create"]

_MERGE_SAYS: Mapping[MergeWill, str] = {
    "merge": "the records there become one",
    "leave": "the destination cannot merge: one record is written from now on, the others stay as they are",
    "write": "the record there gets what is known of both",
    "create": "nobody has a record there: one is made if a route takes the profile",
}


def merge_report(
    connections: Mapping[str, Connection],
    destinations: Mapping[str, bool],
    winner: UUID,
    retired: Collection[UUID],
    at_destinations: Mapping[str, Mapping[UUID, AtDestination]],
) -> list[DestinationLine]:
    """One line for each of the routed ``destinations``, which tell whether they take orders.

    ``at_destinations`` (``hub.store.due.at_destinations``) tells by destination how each profile stands there.
    """
    lines = []
    for name, orders in sorted(destinations.items()):
        manifest = connections[name].connector.manifest
        held = at_destinations.get(name, {})
        records = [profile for profile in (winner, *retired) if held.get(profile, "merged") != "merged"]
        will: MergeWill = "create" if not records else "write"
        if len(records) > 1:
            will = "merge" if Capability.MERGE in manifest.capabilities else "leave"
        cannot = manifest.unmerge.cannot if will == "merge" and manifest.unmerge else ()
        lines.append(DestinationLine(name, winner, will, _MERGE_SAYS[will], orders, cannot))
    return lines


SplitWill = Literal["correct", "restore", "recreate", "look", "keep", "create"]

_SPLIT_SAYS: Mapping[SplitWill, str] = {
    "correct": "its record loses what came from the others; what is empty now is cleared",
    "restore": "its own record is there again, under the id it had",
    "recreate": "a second record is made, under a new id",
    "look": "the merge may have been carried out unseen: its record is looked at first, then kept or made again",
    "keep": "the merge was not delivered yet: its record is still there, and is written only where it differs",
    "create": "it had no record of its own there: it gets one if a route takes it",
}


def split_report(
    connections: Mapping[str, Connection],
    kept: UUID,
    restored: Sequence[UUID],
    at_destinations: Mapping[str, Mapping[UUID, AtDestination]],
) -> list[DestinationLine]:
    """One line per destination and profile, the one that is kept first; destinations that know neither have none.

    ``at_destinations`` (``hub.store.due.at_destinations``) tells by destination how each profile stands there.
    """
    lines: list[DestinationLine] = []
    for name, connection in sorted(connections.items()):
        held = at_destinations.get(name, {})
        if connection.connector.destination is None or not held:
            continue
        unmerge = connection.connector.manifest.unmerge or Unmerge("recreates")
        orders = _takes_orders(connection)
        if kept in held:
            lines.append(DestinationLine(name, kept, "correct", _SPLIT_SAYS["correct"], orders))
        for profile in restored:
            will = _becomes(held.get(profile), unmerge)
            cannot = unmerge.cannot if will in ("restore", "recreate", "look") else ()
            lines.append(DestinationLine(name, profile, will, _SPLIT_SAYS[will], orders, cannot))
    return lines


def _becomes(at: AtDestination | None, unmerge: Unmerge) -> SplitWill:
    if at is None:
        return "create"
    if at == "merged":
        return "restore" if unmerge.way == "restores" else "recreate"
    return "look" if at == "uncertain" else "keep"


def _takes_orders(connection: Connection) -> bool:
    destination = connection.connector.destination
    assert destination is not None
    if Capability.ORDERS not in connection.connector.manifest.capabilities:
        return False
    return destination.takes_orders is None or destination.takes_orders(connection.settings)
