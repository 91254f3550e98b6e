"""Identifiers: what can tell that two records are one person."""

from __future__ import annotations

from typing import Literal, NewType
from uuid import UUID

from hub.model.base import Frozen

Strength = Literal["strong", "weak"]
CarriedStrength = Literal["strong", "weak", "former"]
"""How a record carries an identifier: ``former`` once its source has replaced it."""

ProfileId = NewType("ProfileId", UUID)
RecordId = NewType("RecordId", UUID)


class Identifier(Frozen):
    """``kind`` is a name from the identity rules (``hub.matching.kinds``); ``value`` is normalised.

    A strong identifier joins records by itself; a weak one only where the names do not contradict.
    """

    kind: str
    value: str
    strength: Strength = "strong"


class RecordKey(Frozen):
    """Names one source's view of one customer inside its connection, e.g. kind ``customer``, id ``207119551``."""

    kind: str
    external_id: str


PIN = "pin"
"""The kind of the record that holds what people pinned in Hub itself."""

TYPED = frozenset({"contact", PIN})
"""Kinds of records that hold what people typed about a person: in a CRM, or in Hub."""
