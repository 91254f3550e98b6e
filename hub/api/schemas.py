"""What ``/api/v1`` answers with, beside the canonical profile."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from hub.model.base import UtcDatetime


class Answer(BaseModel):
    """Read from rows and dataclasses alike."""

    model_config = ConfigDict(from_attributes=True)


class TimelineItem(Answer):
    """One thing that happened.

    An order, a part of one, a cart, an interaction, a privacy request; a `sign_up` (`first_seen` of a guest), a
    `profile_change`, a `consent`, a `deletion` at the source; a `stage` of the life cycle that was reached, or a
    `hand_over` between marketing and sales (both of `event` 0).
    """

    id: UUID
    at: UtcDatetime
    kind: str
    connection: str
    external_id: str
    subject: str = Field(description="What it is about, in a few words.")
    amount: Decimal | None = Field(description="In major units of `currency`.")
    currency: str | None
    payload: dict[str, Any] = Field(description="The whole canonical fact, or what was told.")
    event: int = Field(description="Inbox id of the event that told.")


class Recommendation(Answer):
    """A product to offer."""

    product: str = Field(description="Its name, as in the orders.")
    because: str | None = Field(description="The product of theirs that speaks for it most; null for what is popular.")
    why: str
    kind: Literal["next", "up", "again"] = Field(
        description="Bought by the same people; dearer and of the same category; or what they will need again by now."
    )


class MergeItem(Answer):
    """Two profiles that became one."""

    id: int
    at: UtcDatetime
    profile_id: UUID = Field(description="The one that stayed.")
    other_id: UUID = Field(description="The one that was merged away; its id leads to the other.")
    name: str | None = Field(description="Of the profile now.")
    reasons: list[str] = Field(description="The evidence in words.")
    undone: bool = Field(description="It stands for itself again.")


class InboxItem(Answer):
    """A stored event, without its body."""

    id: int
    connection: str
    event_id: str
    topic: str
    received_at: UtcDatetime
    state: Literal["pending", "done", "skipped", "parked"]
    reason: str


class EntryNote(Answer):
    """A part of an event that was left out or changed; no value of it."""

    path: str = Field(description="Where in the payload.")
    reason: str


class InboxDetail(InboxItem):
    """A stored event. ``body`` and ``completions`` are text; ``base64`` when they are no UTF-8."""

    headers: dict[str, str]
    body: str | None = Field(description="Null once it was erased, or no longer kept (`retention.bodies`).")
    encoding: Literal["utf-8", "base64"]
    completions: dict[str, str] = Field(description="Bodies that were fetched for a thin event, by name.")
    notes: list[EntryNote] = Field(
        default_factory=list, description="Parts that were left out or changed while the rest was read."
    )


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


class ConnectionHealth(Answer):
    """How a connection is doing in one role."""

    state: Literal["ok", "failing", "resting", "refused", "paused", "unrouted"] = Field(
        description="`failing`: the last call failed, the next comes by itself; `resting`: left alone until "
        "`not_before`; `refused`: its credentials, or a source's signatures, are not accepted; `paused`: by a person; "
        "`unrouted`: no route leads there."
    )
    since: UtcDatetime | None
    not_before: UtcDatetime | None = Field(description="The next try.")
    failures: int = Field(description="In a row.")
    reason: str
    by: str = Field(description="Who paused it.")
    advice: str = Field(description="What a person can do.")


class BackfillProgress(Answer):
    """How far history was read."""

    state: Literal["finished", "unfinished"]
    stored: int
    total: int | None
    since: datetime | None


class QuotaItem(Answer):
    """Calls that the vendor's last answers said are left."""

    window: Literal["day", "moment"] = Field(description="`moment`: of seconds, and full again at once.")
    allowed: int | None
    left: int
    at: datetime = Field(description="When it was told.")


class ConnectionItem(Answer):
    """One configured account of a connector; never its secrets."""

    name: str
    connector: str
    title: str
    channel: str
    roles: list[str]
    inbox_lag_seconds: float | None = Field(description="Age of the oldest waiting event; null when none waits.")
    outbox_lag_seconds: float | None = Field(description="Age of the oldest waiting row; null when none waits.")
    parked: int = Field(description="Events of it that cannot be read.")
    pending: int
    rejected: int
    dead: int
    source: ConnectionHealth | None
    destination: ConnectionHealth | None
    advice: list[str] = Field(description="What a person can do, a sentence each.")
    backfill: BackfillProgress | None
    quotas: list[QuotaItem] = Field(description="What the vendor told of its limits last, if anything.")


class Resumed(Answer):
    """A destination is written to again."""

    destination: str
    due: int = Field(description="Deliveries that waited for a later time and are due now.")


class Paused(Answer):
    """Nothing is sent there until it is resumed."""

    destination: str
    state: Literal["paused"] = "paused"


class ResendOrder(BaseModel):
    """`all`: everything that is routed there. `missing`: only people who are not there, and their orders."""

    model_config = ConfigDict(extra="forbid")

    what: Literal["all", "missing"]


class ResentItem(Answer):
    """What was queued; it is written within seconds, whole."""

    destination: str
    looked_at: int
    profiles: int
    orders: int
    asked: bool = Field(description="Whether the destination was asked who is there; else Hub's own memory had to do.")


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


class ReviewCounts(Answer):
    open: int


class BulkLoad(Answer):
    """Much is coming in: what cannot be undone at a destination waits for its end."""

    since: UtcDatetime
    reason: str
    held: dict[str, int] = Field(description="Rows that wait, by destination; they count as pending too.")


class Reconciled(Answer):
    """The last comparison of a source's own list with Hub."""

    since: UtcDatetime | None = Field(description="From when on; null from the beginning.")
    at: UtcDatetime
    found: dict[str, int] = Field(description="Items by how they stood here: same, missing, older, deleted …")


class Stats(Answer):
    """What is where."""

    bulk_load: BulkLoad | None = Field(
        None, exclude_if=lambda load: load is None, description="Absent while none goes on."
    )
    inbox: InboxCounts
    records: int
    profiles: int
    reviews: ReviewCounts
    outbox: dict[str, OutboxCounts]
    reconciled: dict[str, Reconciled]
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


class DestinationLine(Answer):
    """What becomes of a profile in one destination."""

    destination: str
    profile: UUID
    will: str = Field(
        description="`merge`, `leave`, `write`, `create` after a merge; `correct`, `restore`, `recreate`, `look`,"
        " `keep`, `create` after a split."
    )
    text: str = Field(description="The same as a sentence.")
    orders: bool = Field(description="Its orders go with it there.")
    cannot: list[str] = Field(description="What nothing undoes there, a sentence each.")


class JudgedItem(Answer):
    """What a decision did, in the same transaction."""

    judgement: JudgementItem
    profiles: list[UUID] = Field(description="Where its records are now.")
    retired: list[UUID] = Field(description="Merged away; each leads to one of `profiles`.")
    restored: list[UUID] = Field(description="Ids that stand for somebody again.")
    destinations: list[DestinationLine] = Field(
        description="What will be written where, and what a destination cannot undo."
    )
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
