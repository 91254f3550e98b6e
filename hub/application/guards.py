"""Identifiers of records that prove little or nothing: shared, blocked, relay and role addresses. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from hub.mapping.record_state import State, former
from hub.matching.blocking import hashed, keys
from hub.matching.features import Features, features_of
from hub.matching.kinds import BY_NAME, KINDS
from hub.matching.rules import IdentityRules
from hub.store.matches import CrowdRow
from hub.store.records import RecordRow

Json = dict[str, Any]


def shared_guards(
    rows: Sequence[RecordRow], people: Mapping[UUID, Features], crowds: Sequence[CrowdRow], rules: IdentityRules
) -> list[Json]:
    """The identifiers of these records that several people use: those that prove nothing first, by order of trust."""
    carried: dict[int, list[RecordRow]] = {}
    for row in rows:
        for key in keys(people[row.id]):
            carried.setdefault(hashed(key), []).append(row)
    guards = []
    for crowd in sorted(crowds, key=lambda crowd: (not crowd.shared, rules.order[crowd.kind], crowd.value)):
        value = shown(crowd.kind, _as_spelled(crowd, carried.get(crowd.key, ())))
        many = f"{crowd.carriers} records of " + ("many" if crowd.shared else str(crowd.people)) + " people carry it"
        effect = "it proves nothing and joins nobody" if crowd.shared else "an agreement on it counts for less"
        guards.append(
            {
                "kind": crowd.kind,
                "value": value,
                "rule": "shared" if crowd.shared else "crowd",
                "people": crowd.people,
                "carriers": crowd.carriers,
                "text": f"{crowd.kind} {value}: {many}, so {effect}",
            }
        )
    return guards


def shown(kind: str, value: str) -> str:
    """The value, unless it is one that is compared and never shown."""
    return "(not shown)" if kind in BY_NAME and not BY_NAME[kind].shown else value


def _as_spelled(crowd: CrowdRow, carriers: Sequence[RecordRow]) -> str:
    """The value as a record spells it. Crowds are stored under a shorter form, as the last nine digits of a phone."""
    kind = BY_NAME[crowd.kind]
    for row in carriers if kind.point else ():
        for value in row.state.get(kind.attribute, {}):
            if crowd.value == kind.key(kind.tidy(value)):
                return str(value)
    return crowd.value.partition(":")[2] if crowd.value.startswith(f"{crowd.kind}:") else crowd.value


def unused_guards(rows: Sequence[RecordRow], rules: IdentityRules) -> list[Json]:
    """The identifiers of these records that the rules do not let identify anybody, by order of trust."""
    guards: dict[tuple[str, str], tuple[str, str]] = {}
    for row in rows:
        replaced = {value for kind in KINDS if kind.point for value in former(row.state, kind.attribute)}
        for kind, value, usable, state in _values(row.state):
            seen = features_of(state, rules)
            if value in replaced:
                guards[kind, value] = ("former", "its source has replaced it, so it may be somebody else's by now")
            elif not usable:
                guards[kind, value] = ("junk", "it is no address or number that could be somebody's")
            elif seen.roles:
                guards[kind, value] = ("role", "it is the mailbox of a desk, and joins nobody by itself")
            elif seen == Features():
                guards[kind, value] = (
                    "blocked",
                    "the identity rules block it (a blocked value, or a marketplace's relay)",
                )
    return [
        {"kind": kind, "value": value, "rule": rule, "text": f"{kind} {value}: {text}"}
        for (kind, value), (rule, text) in sorted(
            guards.items(), key=lambda each: (rules.order[each[0][0]], each[0][1])
        )
    ]


def _values(state: State) -> Iterator[tuple[str, str, bool, State]]:
    for kind in KINDS:
        for value, item in state.get(kind.attribute, {}).items() if kind.point else ():
            yield kind.name, value, bool(item[0][1]), {kind.attribute: {value: item}}
