"""What happened with a person: facts, sign-ups, changes and consents. Only ``timeline`` reads the database.

Facts are rows; the rest follows from the records' states, so that it needs no rows, is the same in whatever order
events came, and is there for records that were stored before there was a timeline.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.mapping.record_state import DATED, State, moment, said_by, told_since
from hub.model.keys import fact_id
from hub.store import facts, profiles, records
from hub.store.database import Session
from hub.store.records import RecordRow

Item = dict[str, Any]
Position = tuple[datetime, UUID]

_ACCOUNTS = frozenset({"customer", "subscriber"})
"""Kinds of records that somebody signed up for; of all others it is told when they were first seen."""

_FIELDS = {
    "name": "name", "birth_date": "date of birth", "company": "company", "emails": "e-mail", "phones": "phone",
    "addresses": "address",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """Which items are wanted: of a kind, of a connection, from ``since`` on, before ``until``. None is any."""

    kind: str | None = None
    connection: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def wants(self, item: Item) -> bool:
        """Whether an item is one of them."""
        return (
            (self.kind is None or item["kind"] == self.kind)
            and (self.connection is None or item["connection"] == self.connection)
            and (self.since is None or item["at"] >= self.since)
            and (self.until is None or item["at"] < self.until)
        )


OF_RECORDS = frozenset({"sign_up", "first_seen", "profile_change", "consent", "deletion"})
"""Kinds that follow from the records' states; a deletion may be a fact as well."""


def timeline(
    session: Session,
    profile_id: UUID,
    *,
    before: Position | None = None,
    limit: int = 50,
    only: Filter = Filter(),
) -> list[Item] | None:
    """The newest first, from ``before`` (the last item's time and id) on; None when there is no such profile.

    Retired ids are followed.
    """
    row = profiles.get(session, profile_id)
    if row is None:
        return None
    found = facts.timeline(
        session, row.id, before=before, limit=limit, kind=only.kind, connection=only.connection, since=only.since,
        until=only.until,
    )  # fmt: skip
    items = [{**item, "subject": subject(item)} for item in found]
    for record in records.of_profile(session, row.id) if only.kind in (None, *OF_RECORDS) else ():
        items += [
            item
            for item in of_record(record)
            if only.wants(item) and (before is None or (item["at"], item["id"]) < before)
        ]
    return sorted(items, key=lambda item: (item["at"], item["id"]), reverse=True)[:limit]


def of_record(row: RecordRow) -> list[Item]:
    """The items of one record: its first event, changes since then, consents, and its deletion."""
    state = row.state
    first_told = {name: told_since(state, name) for name in DATED}
    stamps = [first for firsts in first_told.values() for first in firsts.values()] + _others(state)
    if not stamps:
        return []
    first = min(stamps)
    kind = "sign_up" if row.kind in _ACCOUNTS else "first_seen"
    items = [_item(row, kind, first, f"{row.kind} {row.external_id}", {})]
    items += _changes(row, first_told, first)
    items += [_item(row, "consent", *consent) for consent in _consents(state)]
    if "deleted" in state:
        reason, stamp = state["deleted"]
        items.append(_item(row, "deletion", [stamp[0], stamp[2]], reason, {"reason": reason}))
    return items


def _others(state: State) -> list[list[int]]:
    lists = (item[1] for name in ("accounts", "loyalty_ids", "identifiers") for item in state.get(name, {}).values())
    return [[stamp[0], stamp[2]] for stamp in lists]


def _changes(row: RecordRow, first_told: Mapping[str, Mapping[str, list[int]]], first: list[int]) -> Iterator[Item]:
    """One item per event that changed values of a record after its first event."""
    by_event: defaultdict[int, dict[str, list[str]]] = defaultdict(dict)
    at: dict[int, list[int]] = {}
    for name, values in first_told.items():
        for value, since in values.items():
            if since[1] != first[1]:
                by_event[since[1]].setdefault(name, []).append(_shown(row.state, name, value))
                at[since[1]] = max(at.get(since[1], since), since)
    for event, changed in by_event.items():
        words = ", ".join(f"{_FIELDS[name]}: {'; '.join(values)}" for name, values in changed.items())
        yield _item(row, "profile_change", at[event], words, {"changed": changed})


def _shown(state: State, name: str, value: str) -> str:
    if name != "addresses":
        return value
    parts = state["addresses"][value][0]
    return ", ".join(str(parts[part]) for part in ("line1", "line2", "postal_code", "city", "country") if part in parts)


def _consents(state: State) -> Iterable[tuple[list[int], str, Item]]:
    for key, (evidence, stamp) in state.get("consents", {}).items():
        purpose, channel, consent_state, act = said_by(key)
        payload = {"purpose": purpose, "channel": channel, "state": consent_state, "explicit": act == "explicit"}
        words = f"{purpose} by {channel}: {consent_state.replace('_', ' ')}"
        yield [stamp[0], stamp[2]], words, {**payload, **({"evidence": evidence} if evidence else {})}


def _item(row: RecordRow, kind: str, at: list[int], subject: str, payload: Item) -> Item:
    # Values that one event brought are stamped a microsecond apart.
    return {
        "id": fact_id(row.connection, kind, f"{row.kind}:{row.external_id}:{at[0]}:{at[1]}:{subject}"),
        "at": moment(round(at[0], -3)),
        "kind": kind,
        "connection": row.connection,
        "external_id": row.external_id,
        "subject": subject,
        "amount": None,
        "currency": None,
        "payload": payload,
        "event": at[1],
    }


def subject(fact: Item) -> str:
    """A short title of a fact."""
    payload = fact["payload"]
    get = payload.get
    match fact["kind"]:
        case "order" | "cart":
            return str(get("number") or fact["external_id"])
        case "interaction":
            way = get("direction", "in") if payload["kind"] == "message" else None
            words = (str(payload["kind"]).replace("_", " "), get("channel"), way)
            about = get("subject") or get("campaign") or get("query") or get("text")
            return " ".join(filter(None, words)) + _about(about or (get("product") or {}).get("name") or get("url"))
        case "case":
            words = (str(payload["kind"]), get("number"), str(payload["state"]))
            return " ".join(filter(None, words)) + _about(get("subject") or get("reason") or get("text"))
        case "feedback":
            rating = f"{get('rating')} of {get('best', '5')}" if get("rating") else None
            words = (str(payload["kind"]), rating, (get("product") or {}).get("name"))
            return " ".join(filter(None, words)) + _about(get("title") or get("text"))
        case _:
            return str(get("reason") or get("state") or get("action") or "")


def _about(words: Any) -> str:
    return f": {_short(str(words))}" if words else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST else f"{line[: _MOST - 1]}…"


_MOST = 60
"""Letters of a message that its subject shows."""
