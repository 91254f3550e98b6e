"""behaviour: how far people came, which cart they left, and how they are reached, kept up with their facts.

``worked`` folds what these people did anew and stores it; it is part of every batch, like the fold of orders.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hub.identity.place import Resolution
from hub.insight.acts import FUNNEL, LADDER, Act, act_of
from hub.insight.behaviour import Behaviour, behaviour, newest
from hub.insight.contact import Contact, Known, contact
from hub.store import behaviour as store
from hub.store.behaviour import BehaviourRow, DoneRow
from hub.store.database import Session
from hub.store.records import golden_of
from hub.store.text import or_else

NAMES = ("funnel", "funnel_since", "ladder", "left_cart_at", "preferred_channel", "best_hour", "language")
"""Traits that follow from what was done."""

Told = dict[str, Any]


def who_acted(session: Session, resolution: Resolution) -> set[UUID]:
    """The profiles of a batch whose acts are to be folded anew; of whom only orders are known there are none.

    Those that it told an act of, those with acts before (another order or consent may change what they say), those
    whose visits waited for them to be known, and everybody where records moved: merges and splits move acts.
    """
    if resolution.moved:
        return set(resolution.members)
    profile_of = {row.id: profile for profile, members in resolution.members.items() for row in members}
    told = {
        profile_of[fact.record_id]
        for fact in resolution.changed
        if fact.kind in store.ACTS and fact.record_id in profile_of
    }
    rest = [one for one in resolution.members if one not in told]
    fresh = [one for one in resolution.fresh if profile_of.get(one) not in told]
    return told | store.concerned(session, rest, fresh)


def worked(
    session: Session,
    profiles: Collection[UUID],
    now: datetime,
    *,
    placed: Collection[str],
    channels: Mapping[str, str],
    known: Mapping[UUID, Mapping[str, Any]] | None = None,
) -> dict[UUID, Told]:
    """The traits of these profiles, by their golden values and what they did; who did nothing is left out.

    ``channels`` are those of the connections, by name; ``known`` are golden values that were read already.
    """
    rows = store.done(session, profiles, placed)
    goldens = {**_goldens(session, [one for one in rows if one not in (known or {})]), **(known or {})}
    found: dict[UUID, Told] = {}
    kept: dict[UUID, BehaviourRow] = {}
    for one, done in rows.items():
        acts = acts_of(done, channels)
        if acts:
            how = behaviour(acts, now.timestamp())
            kept[one] = BehaviourRow(
                how.funnel, how.ladder, how.carted, how.left, how.total, how.currency, how.journeys
            )
            found[one] = told(how, contact(newest(acts, now.timestamp()), reach_of(goldens.get(one, {}))))
    store.write(session, profiles, kept)
    return found


def _goldens(session: Session, profiles: Collection[UUID]) -> dict[UUID, Mapping[str, Any]]:
    read = {one: or_else(text, {}) for one, text in golden_of(session, profiles).items()} if profiles else {}
    return {one: golden for one, golden in read.items() if isinstance(golden, dict)}


def acts_of(rows: Sequence[DoneRow], channels: Mapping[str, str]) -> list[Act]:
    """Stored facts as acts."""
    acts = (act_of(row.kind, row.at.timestamp(), channels.get(row.connection, "any"), row.payload) for row in rows)
    return [one for one in acts if one is not None]


def told(how: Behaviour, reached: Contact) -> Told:
    """As traits are stored."""
    step, rung = how.step, how.rung
    since = None if step is None else how.funnel[step]
    values = {
        "funnel": None if step is None else FUNNEL[step],
        "funnel_since": _moment(since),
        "ladder": None if rung is None else LADDER[rung],
        "left_cart_at": _moment(how.left),
        "preferred_channel": reached.channel,
        "best_hour": reached.hour,
        "language": reached.language,
    }
    return {name: value for name, value in values.items() if value is not None}


def reach_of(golden: Mapping[str, Any]) -> Known:
    """What a golden profile tells of how somebody may be reached."""
    addresses, consents = golden.get("addresses") or (), golden.get("consents") or ()
    states = {one.get("channel"): one.get("state") for one in consents if one.get("purpose") == "marketing"}
    opted_in = {channel for channel, state in states.items() if channel and state == "opted_in"}
    if states.get("any") == "opted_out":
        opted_in = set()
    return Known(frozenset(opted_in), addresses[0].get("country") if addresses else None, golden.get("language"))


def why(
    session: Session, profile_id: UUID, golden: Mapping[str, Any], now: datetime, *, placed: Collection[str],
    channels: Mapping[str, str],
) -> dict[str, list[str]]:  # fmt: skip
    """For each of these traits the facts that decided, in words."""
    acts = acts_of(store.done(session, [profile_id], placed).get(profile_id, ()), channels)
    how, past = behaviour(acts, now.timestamp()), newest(acts, now.timestamp())
    reached = contact(past, reach_of(golden))
    steps = [f"{name} on {_day(at)}" for name, at in zip(FUNNEL, how.funnel, strict=True) if at is not None]
    rungs = [f"{name} on {_day(at)}" for name, at in zip(LADDER, how.ladder, strict=True) if at is not None]
    left = [f"something was put into a cart on {_day(how.left)}, and nothing ordered since"] if how.left else []
    if how.total is not None:
        left.append(f"it held {how.total:.2f} {how.currency}")
    return {
        "funnel": steps[-3:],
        "funnel_since": steps[-3:],
        "ladder": rungs[-3:],
        "left_cart_at": left,
        "preferred_channel": [reached.channel_why],
        "best_hour": [reached.hour_why],
        "language": [reached.language_why],
    }


def _moment(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
