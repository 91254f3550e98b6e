"""Activities: which facts become entries in a person's history at a destination, and how they read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from hub.model.activity import ActivityKind, activity_key, kind_of
from hub.model.facts import FactRow
from hub.outbox.enqueue import ChangedActivity
from hub.outbox.render import Unreadable
from hub.sdk.destination import ActivityChange
from hub.store.activities import StoredActivity
from hub.store.due import DueRow

LONGEST_AGE = timedelta(days=30)
"""What happened longer ago is history: it is not appended, neither by a backfill nor after a long wait."""

LONGEST_TEXT = 2_000
"""Characters of what a person wrote that an entry holds."""

_TITLES: Mapping[ActivityKind, str] = {
    "order": "Order placed",
    "return": "Return or refund",
    "click": "E-mail clicked",
    "reply": "E-mail answered",
    "complaint": "Complaint",
    "ticket": "Ticket",
    "review": "Review",
    "message": "Message",
    "comment": "Comment",
    "form": "Form sent",
    "call": "Call",
    "appointment": "Appointment",
    "visit": "Visit",
    "note": "Note",
    "stage": "Life cycle",
    "hand_over": "Handed over",
    "task": "Task",
}


def changed_activities(
    facts: Iterable[FactRow], told: Collection[UUID], profile_of: Mapping[UUID, UUID], now: datetime
) -> list[ChangedActivity]:
    """The activities among facts that were ``told`` for the first time; ``profile_of`` is by fact."""
    found = []
    for fact in facts:
        if fact.id not in told or fact.id not in profile_of or fact.happened_at < now - LONGEST_AGE:
            continue
        kind = kind_of(fact.kind, orjson.loads(fact.payload), counted=fact.counted)
        if kind is not None:
            key = activity_key(fact.id)
            found.append(ChangedActivity(key, profile_of[fact.id], fact.inbox_id, kind, fact.connection))
    return found


def activity_changes(
    rows: Sequence[DueRow], facts: Mapping[UUID, StoredActivity], suppressed: Collection[UUID], now: datetime
) -> tuple[dict[UUID, ActivityChange | Unreadable], dict[UUID, str]]:
    """Rows to changes; rows of ``suppressed`` profiles, and what is history by now, are left out with the reason."""
    changes: dict[UUID, ActivityChange | Unreadable] = {}
    left_out: dict[UUID, str] = {}
    for row in rows:
        if row.profile_id in suppressed:
            left_out[row.key] = "suppressed"
            continue
        stored = facts.get(activity_key(row.key))
        if stored is None:
            left_out[row.key] = "no longer so"
            continue
        change = _change(row, stored)
        if change is None:
            changes[row.key] = Unreadable(f"activity {row.key} cannot be read by this version of Hub")
        elif stored.happened_at < now - LONGEST_AGE:
            left_out[row.key] = "too long ago"
        else:
            changes[row.key] = change
    return changes, left_out


def too_old(rows: Sequence[DueRow], facts: Mapping[UUID, StoredActivity], now: datetime) -> list[UUID]:
    """Of rows that wait for their person, those that wait no longer."""
    stored = ((row.key, facts.get(activity_key(row.key))) for row in rows)
    return [key for key, fact in stored if fact is None or fact.happened_at < now - LONGEST_AGE]


def _change(row: DueRow, fact: StoredActivity) -> ActivityChange | None:
    try:
        payload = orjson.loads(fact.payload)
        kind = kind_of(fact.kind, payload, counted=True)
    except (orjson.JSONDecodeError, AttributeError):
        return None
    if kind is None:
        return None
    money = f"{fact.amount:f} {fact.currency}" if fact.amount is not None and fact.currency else ""
    about = payload.get("number") or (fact.external_id if kind == "order" else "") or fact.order_number or ""
    if fact.kind in ("stage", "hand_over", "task"):
        about = _move(payload)
    words = [str(payload[name]) for name in ("subject", "campaign", "reason", "text", "url") if payload.get(name)]
    way = " ".join(str(payload[name]) for name in ("channel", "direction") if payload.get(name))
    source = ", ".join(filter(None, (way, fact.connection)))
    title = ": ".join(filter(None, (_TITLES[kind], " · ".join(filter(None, (str(about), money))))))
    task = payload if fact.kind == "task" else {}
    return ActivityChange(
        kind=kind,
        key=str(row.key),
        at=fact.happened_at,
        title=f"{title} ({source})",
        text=_bounded("\n".join(words)),
        contact_id=row.contact_id,
        version=row.version,
        external_ids=tuple(row.external_ids),
        uncertain=row.uncertain,
        due=datetime.fromisoformat(task["due"]) if task.get("due") else None,
        owner=task.get("owner"),
    )


def _move(payload: Mapping[str, str]) -> str:
    came, due = payload.get("from"), payload.get("due", "")[:10]
    way = f"{came} to {payload.get('to')}" if came else str(payload.get("to"))
    owner = payload.get("owner")
    parts = (way.replace("_", " "), f"for {owner}" if owner else "", f"due {due}" if due else "")
    return ", ".join(filter(None, parts))


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
