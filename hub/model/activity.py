"""Activities: what of a person's history may stand at their record in a CRM, an entry each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args
from uuid import UUID

ActivityKind = Literal[
    "order",
    "return",
    "click",
    "reply",
    "complaint",
    "ticket",
    "review",
    "message",
    "comment",
    "form",
    "call",
    "appointment",
    "visit",
    "note",
    "stage",
    "hand_over",
    "task",
]
"""What a connection's ``activities`` may name."""

ACTIVITY_KINDS: tuple[ActivityKind, ...] = get_args(ActivityKind)

_OF_INTERACTIONS: Mapping[str, ActivityKind] = {
    "email_clicked": "click",
    "email_replied": "reply",
    "email_complained": "complaint",
    "message": "message",
    "comment": "comment",
    "mention": "comment",
    "lead_form": "form",
    "form_submitted": "form",
    "call": "call",
    "appointment": "appointment",
    "store_visit": "visit",
    "note": "note",
    "task": "task",
}
_OF_CASES: Mapping[str, ActivityKind] = {"return": "return", "complaint": "complaint", "ticket": "ticket"}
_APART = 0xAC << 120


def kind_of(fact_kind: str, payload: Mapping[str, Any], *, counted: bool) -> ActivityKind | None:
    """The kind a fact is shown as; None for all that is no activity: an order that is no sale, a failed refund."""
    if fact_kind == "interaction":
        return _OF_INTERACTIONS.get(str(payload.get("kind")))
    if fact_kind == "case":
        return _OF_CASES.get(str(payload.get("kind")))
    if fact_kind == "feedback":
        return "review"
    if fact_kind == "stage":
        return "stage"
    if fact_kind == "hand_over":
        return "hand_over"
    if fact_kind == "task":
        return "task"
    if not counted:
        return None
    return "order" if fact_kind == "order" else "return" if fact_kind == "refund" else None


def activity_key(key: UUID) -> UUID:
    """Hub's own key of a fact's activity, and back: given that key, the fact's.

    An order is delivered as a deal under the fact's own key, and as an activity under this one.
    """
    return UUID(int=key.int ^ _APART)
