"""Which identifiers a record carries: kind, value, how far it is trusted, and since which event. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hub.mapping.record_state import DATED, State, former, told_since
from hub.matching.blocking import Key
from hub.matching.kinds import BY_NAME, KINDS, Kind
from hub.matching.rules import IdentityRules, usable
from hub.model.identifier import CarriedStrength

_RANK: dict[CarriedStrength, int] = {"former": 0, "weak": 1, "strong": 2}
_PREFIXES = {
    kind.attribute: tuple(other.prefix for other in KINDS if other.attribute == kind.attribute and other.prefix)
    for kind in KINDS
}


@dataclass(frozen=True, slots=True)
class Carried:
    """One identifier of one record; ``event`` is the inbox id of the event that told it first."""

    kind: str
    value: str
    strength: CarriedStrength
    event: int


def identifiers_in(state: State) -> list[Carried]:
    """All identifiers in a record's state, in order of kind and value, whether or not the rules trust them."""
    trusted_most: dict[tuple[str, str], Carried] = {}
    for one in _identifiers_in(state):
        before = trusted_most.get((one.kind, one.value))
        if before is None or _RANK[one.strength] > _RANK[before.strength]:
            trusted_most[one.kind, one.value] = one
    return [trusted_most[key] for key in sorted(trusted_most)]


def carried(state: State, rules: IdentityRules) -> list[Carried]:
    """The identifiers that may join a record to others under the rules.

    A role inbox (info@) is weak and a marketplace's relay address is none; unusable and blocked values are none.
    """
    joining = []
    for one in identifiers_in(state):
        trusted = "strong" if one.kind == "link" else usable(one.kind, one.value, rules)
        if trusted is not None:
            weak = one.strength == "strong" and trusted == "weak"
            joining.append(Carried(one.kind, one.value, "weak", one.event) if weak else one)
    return joining


def key_of(kind: str, value: str) -> Key | None:
    """The blocking key of an identifier, under which its carriers are stored; None for an unknown kind."""
    row = BY_NAME.get(kind)
    return (row.name, row.key(row.tidy(value))) if row and value else None


def _identifiers_in(state: State) -> Iterator[Carried]:
    for kind in KINDS:
        if kind.single:
            if kind.attribute in state:
                value, stamp = state[kind.attribute]
                yield Carried(kind.name, value, "strong", stamp[2])
        elif kind.attribute:
            yield from _listed(state, kind)
    for key, (strength, stamp) in state.get("identifiers", {}).items():
        name, _, value = key.partition(":")
        yield Carried(name, value, strength, stamp[2])


def _listed(state: State, kind: Kind) -> Iterator[Carried]:
    """The values of one list of a state. Two kinds may share a list: then the keys of one begin with its prefix."""
    replaced = former(state, kind.attribute)
    since = told_since(state, kind.attribute) if kind.attribute in DATED else {}
    for key, (told_as, stamp) in state.get(kind.attribute, {}).items():
        of_another = not key.startswith(kind.prefix) if kind.prefix else key.startswith(_PREFIXES[kind.attribute])
        if of_another or (kind.point and not told_as[1]):
            continue
        event = since[key][1] if key in since else stamp[2]
        yield Carried(kind.name, key.removeprefix(kind.prefix), "former" if key in replaced else "strong", event)
