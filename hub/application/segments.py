"""segments: how large they are, who is in them, and what others would be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any
from uuid import UUID

from hub.errors import NotFound, did_you_mean
from hub.insight.segments import Segment, belongs
from hub.profiles import view
from hub.profiles.view import Unreadable
from hub.store import customer_stats, profiles, traits
from hub.store.database import Database, Session

PAGE = 500
HISTORY = 30
SHOWN = 5


def listed(session: Session, segments: Sequence[Segment]) -> list[dict[str, Any]]:
    """Every segment that is configured with its size now."""
    sizes = traits.segment_sizes(session)
    return [
        {"name": one.name, "title": one.title, "when": one.when.text, "size": sizes.get(one.name, 0)}
        for one in segments
    ]


def shown(session: Session, segments: Sequence[Segment], name: str, limit: int) -> dict[str, Any]:
    """One segment: size, history, overlap with the others, and members. Raises NotFound with the nearest name."""
    segment = next((one for one in segments if one.name == name), None)
    if segment is None:
        raise NotFound(f"there is no segment {name!r}{did_you_mean(name, [one.name for one in segments])}")
    found = traits.members(session, name, None, limit)
    rows = profiles.by_ids(session, found)
    [told] = listed(session, [segment])
    return {
        **told,
        "history": [{"day": day, "size": size} for day, size in traits.size_history(session, name, HISTORY)],
        "overlap": traits.overlaps(session, name),
        "members": [
            {"id": one, "name": None if isinstance(person := view.listed(rows[one]), Unreadable) else person.name.full}
            for one in found
            if one in rows
        ],
    }


def previewed(database: Database, segments: Sequence[Segment], current: Sequence[Segment]) -> list[dict[str, Any]]:
    """What these segments would hold, asked of every profile; changes nothing.

    ``gained`` and ``lost`` are against segments of the same name that are in force.
    """
    sizes, gained, lost = Counter[str](), Counter[str](), Counter[str]()
    both = Counter[tuple[str, str]]()
    examples: dict[str, list[UUID]] = {}
    asked = 0
    after: UUID | None = None
    while True:
        with database.session() as session:
            now = session.now()
            ids = customer_stats.everybody(session, after, PAGE)
            for row in profiles.by_ids(session, ids).values():
                person = view.listed(row)
                if isinstance(person, Unreadable):
                    continue
                asked += 1
                names, _ = belongs(segments, person, now)
                before = set(person.traits.segments)
                sizes.update(names)
                both.update(combinations(names, 2))
                gained.update(set(names) - before)
                lost.update(before - set(names))
                for name in names:
                    if len(examples.setdefault(name, [])) < SHOWN:
                        examples[name].append(row.id)
        if len(ids) < PAGE:
            break
        after = ids[-1]
    known = {one.name for one in current}
    return [
        {
            "name": one.name,
            "title": one.title,
            "when": one.when.text,
            "size": sizes[one.name],
            "profiles": asked,
            "gained": gained[one.name] if one.name in known else None,
            "lost": lost[one.name] if one.name in known else None,
            "overlap": {
                other: number
                for pair, number in sorted(both.items())
                if one.name in pair
                for other in pair
                if other != one.name
            },
            "members": examples.get(one.name, []),
        }
        for one in segments
    ]
