"""consent_story: who said what about being contacted, when each destination was told, and what was sent after a no.

It answers "why did this customer get a mail she had unsubscribed from?". Reads only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from hub.application.explain import explained
from hub.application.in_force import InForce
from hub.profiles.timeline import Filter, timeline
from hub.sdk.connection import Connection
from hub.store.database import Session

MOST_SENT = 20
"""Messages after an opt-out that are told."""

_SENT = frozenset({"email_sent", "email_delivered", "message"})

Json = dict[str, Any]

WhySent = Literal["unknown", "on_its_way", "known", "not_told"]
"""Why a message went out after a no: Hub did not know it yet, its sender was not told yet, its sender was told by
then, or Hub never tells its sender."""


def consent_story(
    session: Session, profile_id: UUID, in_force: InForce, connections: Mapping[str, Connection]
) -> list[Json] | None:
    """One story for each purpose and channel; None when there is no such profile.

    ``statements`` are all that was said, the newest first, the one that ``holds`` among them; ``told`` the first
    delivery to each destination after it, with the seconds that took from the event's arrival; ``sent`` the messages
    of that channel after an opt-out, the oldest first, each with its seconds after it and ``why`` (``WhySent``).
    """
    found = explained(session, profile_id, in_force, connections, field="consents", who=False)
    if found is None:
        return None
    arrived = {event["id"]: event for event in found["events"]}
    consents = [value for value in found["values"] if value["field"].startswith("consents.")]
    return [_story(session, found, value, arrived) for value in consents]


def _story(session: Session, found: Json, value: Json, arrived: Mapping[int, Json]) -> Json:
    held = value["value"]
    since = datetime.fromisoformat(value["at"])
    statements = [_statement({**value, "value": {**held, "explicit": value["explicit"]}}, arrived, holds=True)]
    statements += [_statement(lost, arrived, holds=False) for lost in value["lost"]]
    told = _told(found["deliveries"], value["event"], arrived)
    event = arrived.get(value["event"])
    return {
        "purpose": held["purpose"],
        "channel": held["channel"],
        "state": held["state"],
        "at": since,
        "rule": value["rule"],
        "statements": sorted(statements, key=lambda one: (one["at"], one["holds"]), reverse=True),
        "told": told,
        "received_at": event["received_at"] if event else None,
        "sent": [
            {**one, "why": why_sent(one["connection"], one["at"], event["received_at"] if event else None, told)}
            for one in (_sent(session, found["id"], held["channel"], since) if held["state"] == "opted_out" else [])
        ],
    }


def why_sent(sender: str, at: datetime, received_at: datetime | None, told: Sequence[Json]) -> WhySent:
    """Why ``sender`` wrote at that time. ``received_at`` is when Hub heard the no, ``told`` who was told of it when."""
    if received_at is not None and at < received_at:
        return "unknown"
    heard = next((one["at"] for one in told if one["destination"] == sender), None)
    if heard is None:
        return "not_told"
    return "on_its_way" if at < heard else "known"


def _statement(candidate: Json, arrived: Mapping[int, Json], *, holds: bool) -> Json:
    event = arrived.get(candidate["event"])
    return {
        "state": candidate["value"]["state"],
        "explicit": candidate["value"].get("explicit"),
        "evidence": candidate["value"].get("evidence"),
        "record": candidate["record"],
        "event": candidate["event"],
        "at": datetime.fromisoformat(candidate["at"]),
        "received_at": event["received_at"] if event else None,
        "came": event["came"] if event else None,
        "holds": holds,
        "why": candidate.get("why"),
    }


def _told(deliveries: Sequence[Json], event: int, arrived: Mapping[int, Json]) -> list[Json]:
    first: dict[str, Json] = {}
    for item in deliveries:  # the newest first
        if event in item["events"] and item["outcome"] == "delivered":
            first[item["destination"]] = item
    received = arrived[event]["received_at"] if event in arrived else None
    return [
        {
            "destination": name,
            "at": item["at"],
            "seconds": (item["at"] - received).total_seconds() if received else None,
            "confirmed": item["confirmed"],
        }
        for name, item in sorted(first.items())
    ]


def _sent(session: Session, profile_id: UUID, channel: str, since: datetime) -> list[Json]:
    items = timeline(session, profile_id, limit=1_000, only=Filter(kind="interaction", since=since)) or []
    sent = [
        {**item, "seconds": (item["at"] - since).total_seconds()}
        for item in reversed(items)
        if item["at"] > since and _is_sent(item["payload"], channel)
    ]
    return sent[:MOST_SENT]


def _is_sent(payload: Json, channel: str) -> bool:
    kind = payload.get("kind")
    if kind not in _SENT or (kind == "message" and payload.get("direction", "in") != "out"):
        return False
    return channel == "any" or payload.get("channel") == channel
