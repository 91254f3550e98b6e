"""What ``GET /api/v1/profiles/{id}/explain`` answers with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from hub.api.schemas import Answer
from hub.model.base import UtcDatetime
from hub.model.profile import OrderSummary, RecordReference


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
    refunded_otherwise: list[str] = Field(description="Refunds in another currency; they are subtracted nowhere.")
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
    rule: Literal["shared", "crowd", "junk", "role", "former", "blocked"]
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


class ExplainedTrait(Answer):
    """What Hub worked out of the profile; the facts that weigh most, in words."""

    trait: str
    value: Any
    as_of: UtcDatetime = Field(description="When it was worked out.")
    version: int = Field(description="The version of the model, as `hub insight list` shows it; 0 before the first.")
    why: list[str]


class Explanation(Answer):
    """Why a profile is as it is."""

    id: UUID
    asked: list[Asked] = Field(description="Where a property at a destination comes from, when one was asked for.")
    values: list[ExplainedValue]
    traits: list[ExplainedTrait]
    unused: list[Unused]
    orders: ExplainedOrders | None
    events: list[ToldEvent]
    one_person: OnePerson | None = Field(description="Null when a single value was asked for.")
    identifiers: list[Evidence]
    history: list[HistoryItem]
    deliveries: list[Delivery]
