"""Which profile id each cluster gets. Pure; the order of the clusters does not matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.model.keys import profile_id


def assign(
    groups: Sequence[Sequence[UUID]],
    active: Mapping[UUID, datetime],
    retired: Mapping[UUID, datetime],
    home: Mapping[UUID, UUID] | None = None,
) -> list[UUID]:
    """A profile id for each cluster. ``active`` and ``retired`` map profile ids to the time the profile was created.

    Every record seeds one id. A cluster keeps the oldest active profile that one of its records seeded. Without one, it
    takes back the oldest retired id that one of them seeded, as when a merge is undone. Else its first record seeds a
    new profile. ``home`` is set when an earlier version of the rules is restored: the profile of each record in that
    version. Records that were one profile then get its id back.
    """
    chosen: list[UUID] = []
    for group in groups:
        seeds = [profile_id(record) for record in group]
        homes = {home.get(record) for record in group} if home else set()
        if len(homes) == 1 and not homes.isdisjoint(seeds):
            chosen.extend(seed for seed in seeds if seed in homes)
            continue
        for known in (active, retired):
            seeded = [(known[seed], seed) for seed in seeds if seed in known]
            if seeded:
                chosen.append(min(seeded)[1])
                break
        else:
            chosen.append(seeds[0])
    return chosen
