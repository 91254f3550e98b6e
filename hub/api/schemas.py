"""What ``/api/v1`` answers with, beside the canonical profile."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from hub.model.base import UtcDatetime
from hub.model.profile import OrderSummary, RecordReference


class Answer(BaseModel):
    """Read from rows and dataclasses alike."""

    model_config = ConfigDict(from_attributes=True)


class TimelineItem(Answer):
    """One thing that happened: an order, a part of one, a cart, an interaction, a privacy request."""

    id: UUID
    at: UtcDatetime
    kind: str
    connection: str
    external_id: str
    amount: Decimal | None = Field(description="In major units of `currency`.")
    currency: str | None
    payload: dict[str, Any] = Field(description="The whole canonical fact.")
    event: int = Field(description="Inbox id of the event that told.")


class Told(Answer):
    """A value one record offers."""

    value: Any
    record: RecordReference
    event: int = Field(description="Inbox id of the event that told.")
    at: UtcDatetime = Field(description="Source time.")
    text: str = Field(description="The same in words.")


class Lost(Told):
    """A value that is not used, and why."""

    why: str


class Unused(Lost):
    """What no profile shows: an address or number that cannot be anybody's."""

    field: str


class ExplainedValue(Told):
    """A golden value: who won, by which rule, against whom."""

    field: str
    rule: str
    explicit: bool | None = Field(None, description="Of a consent: an act of the person.")
    lost: list[Lost]


class ToldEvent(Answer):
    """A stored event behind a value; `GET /inbox/{id}` shows it whole."""

    id: int
    connection: str
    topic: str
    event_id: str
    received_at: UtcDatetime
    came: Literal["webhook", "backfill", "file"] = Field(
        description="`webhook`: its signature was verified when it came; `backfill`, `file`: Hub fetched it itself."
    )
    erased: bool = Field(description="Its body is gone.")


class Asked(Answer):
    """A property at a destination that was asked for, and the golden values behind it."""

    destination: str
    property: str
    fields: list[str]
    value: Any = Field(None, description="What the destination is told now.")
    written: Any = Field(None, description="What was written there last.")
    written_at: UtcDatetime | None = None
    external_id: str | None = None
    state: str | None = None
    text: str


class CountedOrder(Answer):
    """An order behind the totals, or one that does not count, and why."""

    connection: str
    external_id: str
    record: RecordReference
    at: UtcDatetime
    amount: Decimal
    refunded: Decimal
    currency: str
    counted: bool
    why: str | None
    event: int
    refunds: list[int] = Field(description="Inbox ids of the events that told of its refunds.")
    text: str


class ExplainedOrders(OrderSummary):
    """What was ordered in all, and from which orders that is added up, the newest first."""

    rule: str
    orders: list[CountedOrder]
    more: bool = Field(description="There are further, older orders.")
    text: str


class EvidenceLine(Answer):
    """What two records agree or differ in; weights in bits, each of which doubles the odds that they are one person."""

    feature: str
    level: str
    weight: float
    one: str | None
    other: str | None
    text: str


class Joined(Answer):
    """Two records that are one person, and what says so."""

    one: RecordReference
    other: RecordReference
    weight: float
    evidence: list[EvidenceLine]
    by: str = Field(
        description="judgement, link or evidence. Of others: different or hold (a judgement), review, guard, doubt."
    )
    judgement: int | None = None
    text: str


class Apart(Joined):
    """A record of this profile and one of another profile that is much like it, and what keeps them apart."""

    profile: UUID


class Guard(Answer):
    """An identifier that proves less than it seems to, or nothing."""

    kind: str
    value: str
    rule: Literal["shared", "crowd", "junk", "role", "blocked"]
    people: int | None = None
    carriers: int | None = None
    text: str


class BindingJudgement(Answer):
    """What a person decided that bears on these records."""

    id: int
    verdict: str
    one: list[dict[str, Any]]
    other: list[dict[str, Any]]
    by: str
    reason: str
    at: UtcDatetime
    text: str


class OnePerson(Answer):
    """Why the records of a profile are one person, and others are not."""

    same: float = Field(description="Bits from which two records are one person.")
    ask: float = Field(description="Bits from which a person is asked.")
    pairs: list[Joined]
    left_out: int = Field(description="Further joins that are not listed.")
    unjoined: list[RecordReference] = Field(description="Records that wait to be resolved again.")
    judgements: list[BindingJudgement]
    guards: list[Guard]
    apart: list[Apart]


class Evidence(Answer):
    """Which record carries which identifier, and since which event."""

    kind: str
    value: str
    shared: bool = Field(description="Carried by too many people to prove anything.")
    strength: str
    connection: str
    record_kind: str
    external_id: str
    event: int


class HistoryItem(Answer):
    """A merge or split; ``evidence`` names the identifiers and records that were joined by them."""

    profile_id: UUID
    at: UtcDatetime
    what: Literal["merged", "split"]
    other_id: UUID
    evidence: Any
    reasons: list[str] = Field(description="The evidence in words.")


class Delivery(Answer):
    """One attempt to write to a destination, with the events behind it."""

    destination: str
    version: int
    at: UtcDatetime
    outcome: str
    reason: str
    events: list[int]
    text: str


class Explanation(Answer):
    """Why a profile is as it is."""

    id: UUID
    asked: list[Asked] = Field(description="Where a property at a destination comes from, when one was asked for.")
    values: list[ExplainedValue]
    unused: list[Unused]
    orders: ExplainedOrders | None
    events: list[ToldEvent]
    one_person: OnePerson | None = Field(description="Null when a single value was asked for.")
    identifiers: list[Evidence]
    history: list[HistoryItem]
    deliveries: list[Delivery]


class InboxItem(Answer):
    """A stored event, without its body."""

    id: int
    connection: str
    event_id: str
    topic: str
    received_at: UtcDatetime
    state: Literal["pending", "done", "skipped", "parked"]
    reason: str


class InboxDetail(InboxItem):
    """A stored event. ``body`` and ``completions`` are text; ``base64`` when they are no UTF-8."""

    headers: dict[str, str]
    body: str | None = Field(description="Null once it was erased.")
    encoding: Literal["utf-8", "base64"]
    completions: dict[str, str] = Field(description="Bodies that were fetched for a thin event, by name.")


class DeadLetterItem(Answer):
    """What waits for a person."""

    id: str = Field(description="`outbox:<connection>:<key>` or `inbox:<id>`.")
    kind: Literal["outbox", "inbox"]
    connection: str
    state: Literal["dead", "rejected", "parked"]
    reason: str
    at: UtcDatetime
    attempts: int
    events: list[int] = Field(description="Inbox ids behind it.")
    subject: str = Field(description="profile, order, or the topic of an inbox entry.")
    profile_id: UUID | None


class Requeued(Answer):
    """It is put back and worked on within seconds."""

    id: int | str
    state: Literal["pending"] = "pending"


class DestinationHealth(Answer):
    """``paused``: left alone until ``not_before``; ``failing``: the last call failed; ``ok`` otherwise."""

    state: Literal["ok", "failing", "paused"]
    failures: int
    not_before: UtcDatetime | None
    reason: str


class BackfillProgress(Answer):
    """How far history was read."""

    state: Literal["finished", "unfinished"]
    stored: int
    total: int | None
    since: datetime | None


class ConnectionItem(Answer):
    """One configured account of a connector; never its secrets."""

    name: str
    connector: str
    title: str
    channel: str
    roles: list[str]
    inbox_lag_seconds: float | None = Field(description="Age of the oldest waiting event; null when none waits.")
    outbox_lag_seconds: float | None = Field(description="Age of the oldest waiting row; null when none waits.")
    destination: DestinationHealth | None
    backfill: BackfillProgress | None


class InboxCounts(Answer):
    pending: int
    done: int
    skipped: int
    parked: int


class OutboxCounts(Answer):
    """``retrying`` counts as pending too."""

    pending: int
    retrying: int
    delivered: int
    rejected: int
    dead: int


class Lag(Answer):
    """Age of the oldest waiting row by connection, in seconds; a connection without one is not there."""

    inbox: dict[str, float]
    outbox: dict[str, float]


class Stats(Answer):
    """What is where."""

    inbox: InboxCounts
    records: int
    profiles: int
    outbox: dict[str, OutboxCounts]
    lag: Lag


class NamedRecord(Answer):
    """A record a judgement names; one that is not stored (any more) has an id alone."""

    id: UUID
    connection: str | None
    kind: str | None
    external_id: str | None


class JudgementItem(Answer):
    """What somebody decided, which holds for ever.

    `same`: all these records are one person. `different`: no record of the one side is the same person as one of the
    other. `hold`: the same as `different`, set by a guard, until a person has looked.
    """

    id: int
    verdict: Literal["same", "different", "hold"]
    one: list[NamedRecord]
    other: list[NamedRecord]
    by: str
    reason: str
    at: UtcDatetime
    withdrawn_at: UtcDatetime | None
    withdrawn_by: str | None


class JudgedItem(Answer):
    """What a decision did, in the same transaction."""

    judgement: JudgementItem
    profiles: list[UUID] = Field(description="Where its records are now.")
    retired: list[UUID] = Field(description="Merged away; each leads to one of `profiles`.")
    restored: list[UUID] = Field(description="Ids that stand for somebody again.")
    destinations: list[Any] = Field(description="What will be written where, and what a destination cannot undo.")
    also: list[JudgementItem] = Field(description="Further judgements that were written with it.")
    withdrawn: list[JudgementItem] = Field(description="Judgements that it ended.")
    undo: list[str] = Field(description="The commands that take it back.")


Reason = Annotated[str, Field(max_length=2_000, description="Why, for those who come after; never logged.")]


class MergeOrder(BaseModel):
    """Two profiles are one person."""

    model_config = ConfigDict(extra="forbid")

    other: UUID = Field(description="The profile that is the same person; a retired id is followed.")
    reason: Reason = ""


class SplitOrder(BaseModel):
    """Some records of a profile are another person."""

    model_config = ConfigDict(extra="forbid")

    records: list[Annotated[str, Field(min_length=1, max_length=1_000)]] = Field(
        min_length=1,
        max_length=10_000,
        description="Each as `connection:kind:external_id`, `connection:external_id`, or a record's id.",
    )
    reason: Reason = ""
