"""Who is the master of which field, and what people pinned: what stands above the strategies of survivorship. Pure.

``owners`` names, for a field, the connections in the order in which their values count; ``"*"`` stands for all others,
and for them it is at the end where it is not named. Only where the master has no value do the others fill in.

``pinned`` names connections in which people's edits hold against every source that no person speaks in. What a person
pinned in Hub itself holds likewise; then the newest of what people said counts, wherever they said it, because a
pinned value holds until a person changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hub.errors import did_you_mean
from hub.model.identifier import PIN, TYPED

OWNED = (
    *("name", "birth_date", "language", "company", "tags", "emails", "phones", "addresses", "accounts"),
    *("loyalty_ids", "contact_kinds"),
)
"""The fields of a profile that may have a master, and ``custom.NAME`` beside them. Consents have laws of their own."""

OTHERS = "*"

Precedence = tuple[int, int]
"""The least comes first: what people said, then the order of the owners."""


class OwnershipRules(BaseModel):
    """Per field, which connections are its masters, and where people's edits hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    owners: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    pinned: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)

    @field_validator("owners", "pinned", mode="before")
    @classmethod
    def _one_or_several(cls, fields: Any) -> Any:
        if not isinstance(fields, Mapping):
            return fields
        return {name: [names] if isinstance(names, str) else names for name, names in fields.items()}

    @field_validator("owners", "pinned")
    @classmethod
    def _are_fields(cls, fields: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        for name in fields:
            if name not in OWNED and not name.startswith("custom."):
                raise ValueError(f"{name!r} is no field that has a master{did_you_mean(name, OWNED)}")
        return fields


class Source(Protocol):
    """The record that offers a value."""

    @property
    def connection(self) -> str: ...
    @property
    def kind(self) -> str: ...


class Offer(Protocol):
    """A value that one record offers; ``key`` names it in a list, and a custom field."""

    @property
    def leaf(self) -> Source: ...
    @property
    def key(self) -> str: ...


Why = Literal["pin", "edit", "owner"]


def precedence(rules: OwnershipRules, attribute: str, offers: Iterable[Offer]) -> Callable[[Offer], Precedence] | None:
    """What comes before the strategy for these values; None where neither owners nor pins have a say."""
    offers = list(offers)
    pins = {_field(attribute, one) for one in offers if one.leaf.kind == PIN}
    if not pins and not rules.owners and not rules.pinned:
        return None

    def before(one: Offer) -> Precedence:
        field = _field(attribute, one)
        if _is_said(rules, field, one, pinned=field in pins):
            return 0, 0
        return 1, _place(rules.owners.get(field, ()), one.leaf.connection)

    return before


def why(rules: OwnershipRules, attribute: str, winner: Offer, loser: Offer) -> Why:
    """Why the winner came before a loser of another precedence."""
    if winner.leaf.kind == PIN:
        return "pin"
    field = _field(attribute, winner)
    said = winner.leaf.connection in rules.pinned.get(field, ()) or winner.leaf.kind in TYPED
    held = winner.leaf.connection in rules.pinned.get(field, ())
    by_place = _place(rules.owners.get(field, ()), winner.leaf.connection) < _place(
        rules.owners.get(field, ()), loser.leaf.connection
    )
    return "owner" if by_place and not held else "edit" if said else "owner"


def _is_said(rules: OwnershipRules, field: str, one: Offer, *, pinned: bool) -> bool:
    if one.leaf.kind == PIN or one.leaf.connection in rules.pinned.get(field, ()):
        return True
    return pinned and one.leaf.kind in TYPED


def _place(owners: tuple[str, ...], connection: str) -> int:
    if connection in owners:
        return owners.index(connection)
    return owners.index(OTHERS) if OTHERS in owners else len(owners)


def _field(attribute: str, one: Offer) -> str:
    return f"custom.{one.key}" if attribute == "custom" else attribute


def is_released(kind: str, state: Mapping[str, Any], attribute: str, key: str, at: int) -> bool:
    """Whether a pinned value was let go since: then it counts no more."""
    if kind != PIN:
        return False
    released = state.get("released", {}).get(f"custom.{key}" if attribute == "custom" else attribute)
    return released is not None and bool(released[1][0] >= at)
