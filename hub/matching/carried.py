"""Which identifiers a record carries: kind, value, how far it is trusted, and since which event. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hub.mapping.record_state import State, former, told_since
from hub.matching.blocking import Key, identifiers
from hub.matching.features import Person
from hub.matching.rules import IdentityRules, usable
from hub.model.identifier import CarriedStrength

_RANK: dict[CarriedStrength, int] = {"former": 0, "weak": 1, "strong": 2}
_FIELDS = {
    "email": "emails",
    "phone": "phones",
    "account": "accounts",
    "handle": "handles",
    "loyalty": "loyalty_ids",
    "national_id": "national_ids",
    "link": "links",
}


@dataclass(frozen=True, slots=True)
class Carried:
    """One identifier of one record; ``event`` is the inbox id of the event that told it first."""

    kind: str
    value: str
    strength: CarriedStrength
    event: int


def told(state: State) -> list[Carried]:
    """All identifiers that a record's sources told, in order of kind and value, whatever the rules make of them."""
    found: dict[tuple[str, str], Carried] = {}
    for one in _told(state):
        held = found.get((one.kind, one.value))
        if held is None or _RANK[one.strength] > _RANK[held.strength]:
            found[one.kind, one.value] = one
    return [found[key] for key in sorted(found)]


def carried(state: State, rules: IdentityRules) -> list[Carried]:
    """The identifiers that may join a record to others, as far as the rules let them.

    A role inbox (info@) is weak and a marketplace's relay address is none; unusable and blocked values are none.
    """
    found = []
    for one in told(state):
        trusted = "strong" if one.kind == "link" else usable(one.kind, one.value, rules)
        if trusted is not None:
            weak = one.strength == "strong" and trusted == "weak"
            found.append(Carried(one.kind, one.value, "weak", one.event) if weak else one)
    return found


def key_of(kind: str, value: str) -> Key | None:
    """The blocking key under which the records stand that carry an identifier; None for a kind that nobody has."""
    field = _FIELDS.get(kind)
    return next(identifiers(Person(**{field: (value,)})), None) if field and value else None  # type: ignore[arg-type]


def _told(state: State) -> Iterator[Carried]:
    for kind, name in (("email", "emails"), ("phone", "phones")):
        replaced, since = former(state, name), told_since(state, name)
        for value, ((_, deliverable), _stamp) in state.get(name, {}).items():
            if deliverable:
                yield Carried(kind, value, "former" if value in replaced else "strong", since[value][1])
    replaced = former(state, "accounts")
    for value, (_, stamp) in state.get("accounts", {}).items():
        network, _, name = value.partition(":")
        kind, named = ("handle", name) if network == "handle" else ("account", value)
        yield Carried(kind, named, "former" if value in replaced else "strong", stamp[2])
    replaced = former(state, "loyalty_ids")
    for value, (_, stamp) in state.get("loyalty_ids", {}).items():
        yield Carried("loyalty", value, "former" if value in replaced else "strong", stamp[2])
    if "national_id" in state:
        value, stamp = state["national_id"]
        yield Carried("national_id", value, "strong", stamp[2])
    for key, (strength, stamp) in state.get("identifiers", {}).items():
        kind, _, value = key.partition(":")
        yield Carried(kind, value, strength, stamp[2])
    for digest, (_, stamp) in state.get("links", {}).items():
        yield Carried("link", digest, "strong", stamp[2])
