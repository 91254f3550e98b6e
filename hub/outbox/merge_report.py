"""What a merge does in every destination, and what a later split could not undo there. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal
from uuid import UUID

from hub.outbox.destination_line import DestinationLine
from hub.sdk.connection import Connection
from hub.sdk.manifest import Capability
from hub.store.due import Standing

Will = Literal["merge", "leave", "write", "create"]

_SAYS: Mapping[Will, str] = {
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
    standings: Mapping[str, Mapping[UUID, Standing]],
) -> list[DestinationLine]:
    """One line for each of the routed ``destinations``, which tell whether they take orders.

    ``standings`` (``hub.store.due.standings``) tells by destination how each profile stands there.
    """
    lines = []
    for name, orders in sorted(destinations.items()):
        manifest = connections[name].connector.manifest
        held = standings.get(name, {})
        records = [profile for profile in (winner, *retired) if held.get(profile, "merged") != "merged"]
        will: Will = "create" if not records else "write"
        if len(records) > 1:
            will = "merge" if Capability.MERGE in manifest.capabilities else "leave"
        cannot = manifest.unmerge.cannot if will == "merge" and manifest.unmerge else ()
        lines.append(DestinationLine(name, winner, will, _SAYS[will], orders, cannot))
    return lines
