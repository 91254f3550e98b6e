"""What a split does in every destination, and what cannot be undone there. Pure: before a split, and after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

from hub.outbox.destination_line import DestinationLine
from hub.sdk.connection import Connection
from hub.sdk.manifest import Capability, Unmerge
from hub.store.due import Standing

Will = Literal["correct", "restore", "recreate", "look", "keep", "create"]

_SAYS: Mapping[Will, str] = {
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
    standings: Mapping[str, Mapping[UUID, Standing]],
) -> list[DestinationLine]:
    """One line per destination and profile, the one that is kept first; destinations that know neither have none.

    ``standings`` (``hub.store.due.standings``) tells by destination how each profile stands there.
    """
    lines: list[DestinationLine] = []
    for name, connection in sorted(connections.items()):
        held = standings.get(name, {})
        if connection.connector.destination is None or not held:
            continue
        unmerge = connection.connector.manifest.unmerge or Unmerge("recreates")
        orders = _takes_orders(connection)
        if kept in held:
            lines.append(DestinationLine(name, kept, "correct", _SAYS["correct"], orders))
        for profile in restored:
            will = _becomes(held.get(profile), unmerge)
            cannot = unmerge.cannot if will in ("restore", "recreate", "look") else ()
            lines.append(DestinationLine(name, profile, will, _SAYS[will], orders, cannot))
    return lines


def _becomes(standing: Standing | None, unmerge: Unmerge) -> Will:
    if standing is None:
        return "create"
    if standing == "merged":
        return "restore" if unmerge.way == "restores" else "recreate"
    return "look" if standing == "uncertain" else "keep"


def _takes_orders(connection: Connection) -> bool:
    destination = connection.connector.destination
    assert destination is not None
    if Capability.ORDERS not in connection.connector.manifest.capabilities:
        return False
    return destination.takes_orders is None or destination.takes_orders(connection.settings)
