"""Why profiles were merged or split, as the JSON that the history keeps."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import orjson

from hub.identity.component import Component
from hub.matching.blocking import hashed, identifiers
from hub.matching.scoring import Score, score
from hub.matching.version import Identity
from hub.matching.wording import trusted_first

MOST = 5
"""Pairs that a merge is explained by; the surest come first."""


def merge_evidence(component: Component, identity: Identity, inside: Collection[UUID], now: Collection[UUID]) -> str:
    """What joined the records ``inside`` a profile that was merged away to the other records they are with ``now``.

    A list of ``{"records": [a, b], "weight", "evidence": [{"feature", "level", "weight"}]}``, ``{"records", "link":
    true}`` and ``{"judgement": id}``. The work grows with ``inside`` alone: thousands of profiles may merge into one.
    Both arguments are sets.
    """

    def joins(records: Collection[UUID]) -> bool:
        return any(record in now and record not in inside for record in records)

    reasons: list[dict[str, Any]] = [
        {"judgement": judgement.id}
        for judgement in component.judgements
        if judgement.verdict == "same" and not judgement.records.isdisjoint(inside) and joins(judgement.records)
    ]
    groups = sorted({number for record in inside for number in component.links_of.get(record, ())})
    reasons += [
        {"records": component.links[number][:MOST], "link": True} for number in groups if joins(component.links[number])
    ]
    sure = {
        pair: component.matches[pair]
        for record in inside
        for pair in component.pairs_of.get(record, ())
        if component.matches[pair] >= identity.model.same and joins(pair)
    }
    for pair in sorted(sure, key=lambda pair: (-sure[pair], pair))[:MOST]:
        scored = component.scores.get(pair)
        if scored is None:
            a, b = pair
            scored = score(component.people[a], component.people[b], identity.model, component.crowd)
        trusted = Score(scored.weight, tuple(trusted_first(scored.evidence, identity.rules)))
        reasons.append({"records": pair, **as_json(trusted)})
    return orjson.dumps(reasons).decode()


def split_evidence(
    component: Component,
    group: Collection[UUID],
    old: UUID,
    before: Mapping[UUID, UUID | None],
    version: Identity | None = None,
) -> str:
    """Why these records left the profile ``old``: a judgement, an identifier that is shared now, or another reason.

    ``version`` is set when they were resolved again because rules or weights changed. The result is a list of
    ``{"judgement": id}``, ``{"kind", "value", "shared": true, "carriers"}`` and, where a version was the only reason,
    ``{"version": id, "restores": id or null}``. It is empty when records changed.
    The work grows with the group and not with the profile it leaves, because that may split into thousands.
    """
    taken = set(group)

    def left(side: Collection[UUID]) -> bool:
        return any(record not in taken and before.get(record) == old for record in side)

    reasons: list[dict[str, Any]] = [
        {"judgement": judgement.id}
        for judgement in component.judgements
        if judgement.verdict != "same"
        and judgement.id > 0
        and (
            (not judgement.one.isdisjoint(taken) and left(judgement.other))
            or (not judgement.other.isdisjoint(taken) and left(judgement.one))
        )
    ]
    if component.newly_shared:
        # A batch holds many people. Only identifiers that these records carry can have split this profile.
        people = component.people
        carried = {hashed(key) for one in taken if one in people for key in identifiers(people[one])}
        reasons += [
            {"kind": row.kind, "value": row.value, "shared": True, "carriers": row.carriers}
            for row in component.newly_shared
            if row.key in carried
        ]
    if not reasons and version is not None and version.version:
        reasons.append({"version": version.version, "restores": version.restores})
    return orjson.dumps(reasons).decode()


def as_json(scored: Score) -> dict[str, Any]:
    """A score as JSON; weights in bits, rounded to hundredths."""
    return {
        "weight": round(scored.weight, 2),
        "evidence": [
            {"feature": line.feature, "level": line.level, "weight": round(line.weight, 2)} for line in scored.evidence
        ],
    }
