"""What a destination connector provides: plain functions, gathered in one ``Destination``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Literal

import httpx

from hub.errors import Refusal
from hub.mapping.order import is_open, refunded
from hub.mapping.overrides import WriteRule
from hub.model.activity import ActivityKind
from hub.model.order import Order
from hub.model.profile import Profile
from hub.sdk.checked import Checked
from hub.sdk.http import Authorisation, HttpClient, Query, StatusTable
from hub.sdk.manifest import Limits, Settings


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """A profile that differs at this destination.

    ``external_ids`` are the ids this person has there, the one to keep first; further ones belong to profiles that
    were merged into this one. ``mirror`` is what we last wrote, empty before the first write; a value of None stands
    for one that nobody knows, because a write of it may have been carried out unseen.
    ``uncertain`` is True when an earlier create, update or merge may have been carried out unseen (a time-out): look
    before creating, and before writing to a record that may have been merged into another one.
    ``erased`` is True when the person's data must be removed there.
    ``merged_ids`` are ids this person had there that were merged away. With no ``external_ids`` beside them the merge
    was undone: they lead to another person's record and must not be written to.
    """

    profile: Profile
    version: int
    external_ids: tuple[str, ...] = ()
    mirror: Mapping[str, Any] = field(default_factory=dict)
    uncertain: bool = False
    erased: bool = False
    merged_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderChange:
    """An order to be put at this destination, under the person ``contact_id`` (the profile's external id there).

    Beside what the order itself tells stands what was told apart from it: ``refunded`` is all that was given back in
    the order's currency (None: what the order tells), ``paid`` is True once a payment covers an order that tells of
    none, ``deleted`` when the source has it no more.
    """

    order: Order
    connection: str
    key: str
    contact_id: str | None
    version: int
    external_ids: tuple[str, ...] = ()
    mirror: Mapping[str, Any] = field(default_factory=dict)
    uncertain: bool = False
    refunded: Decimal | None = None
    paid: bool = False
    deleted: bool = False

    @property
    def net(self) -> Decimal:
        """What is left of the order's total, in its currency."""
        return self.order.total - (refunded(self.order) if self.refunded is None else self.refunded)

    @property
    def is_open(self) -> bool:
        """True while nobody has paid."""
        return is_open(self.order) and not self.paid


Change = ProfileChange | OrderChange


@dataclass(frozen=True, slots=True)
class ActivityChange:
    """An entry in the history of the person ``contact_id`` (the profile's external id there): appended once.

    ``key`` is Hub's own of it; ``at`` when it happened (UTC). ``title`` is in Hub's words, ``text`` what the person
    wrote, or what it was about, bounded in length. With ``external_ids`` it stands there already. A task of
    Hub's is ``due`` then, and for its ``owner`` as the funnel names them (``hub.insight.qualification``).
    """

    kind: ActivityKind
    key: str
    at: datetime
    title: str
    text: str
    contact_id: str | None
    version: int
    external_ids: tuple[str, ...] = ()
    uncertain: bool = False
    due: datetime | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """The minimal write for one change: what differs, and where it goes. Made by ``render``, without I/O.

    ``kind``        profile, order or activity
    ``key``         Hub's own id of the profile, order or activity; unique in a batch
    ``external_id`` the record to update; None means: find by ``match``, else create
    ``match``       (property, value) pairs under which the destination may know the person already, best first
    ``properties``  only what differs from the mirror
    ``mirror``      what the mirror is once this write is delivered
    ``merge``       external ids to merge into ``external_id`` first
    ``links``       external ids of records this one is associated with
    ``erase``       remove the person instead
    ``merged_ids``  as in ``ProfileChange``
    ``irreversible`` what this write does there that no later write takes back, a word each ("unsubscribe"); merges and
                    erasures need not be named. It waits while a bulk load may still change who is one person
    ``alternatives``  property to further values, best first, to be tried where the destination refuses the first
    ``unsure``      what of the mirror to forget, beside ``properties``, when nobody knows whether this was carried out
    ``rules``       properties that people may have changed there, with the rule by which they are written over
    ``wrote``       what Hub last wrote to these; a list where one of its values may have been written unseen
    """

    kind: Literal["profile", "order", "activity"]
    key: str
    external_id: str | None
    properties: Mapping[str, Any]
    mirror: Mapping[str, Any]
    match: tuple[tuple[str, str], ...] = ()
    merge: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    uncertain: bool = False
    erase: bool = False
    body: Mapping[str, Any] = field(default_factory=dict)
    """For destinations that take a whole document instead of properties."""
    merged_ids: tuple[str, ...] = ()
    unsure: Mapping[str, Any] = field(default_factory=dict)
    irreversible: tuple[str, ...] = ()
    alternatives: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    rules: Mapping[str, WriteRule] = field(default_factory=dict)
    wrote: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it is sent, and shown by ``hub outbox preview``; ``body`` is sent as JSON, a text as it is.

    ``accept`` are statuses beside 2xx that the connector reads itself instead of getting an error for them.
    """

    method: str
    path: str
    body: Any
    query: Query = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    accept: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of one write.

    delivered  ``external_id`` is the record's id there now
    retry      not now (locked, conflict); ``reason`` says why
    rejected   refused for good; ``reason`` holds the destination's own words

    ``mirror`` is what the mirror is now, where less was delivered than the write held; None: ``Write.mirror``.
    ``refused`` are the values the destination refused by name: the write is tried again without them.
    ``confirmed`` is True where an opt-out was read back after it was written; None where none was, or none can be.
    """

    key: str
    outcome: Literal["delivered", "retry", "rejected"]
    external_id: str | None = None
    reason: str = ""
    uncertain: bool = False
    mirror: Mapping[str, Any] | None = None
    refused: tuple[Refusal, ...] = ()
    confirmed: bool | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What Hub delivered of one profile: the id its record has there, and what was written last."""

    external_id: str
    mirror: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Restore(Generic[Settings]):
    """For destinations that hold nothing but what Hub wrote (a file, a table), and may lose it as a whole.

    ``needed``  cheap, asked before every batch: True when what was written there is gone, or not ours any more
    ``write``   writes all of it anew, all or nothing, from a stream that is read once, by profile id; then the batch
                goes on. An empty ``mirror`` is of a record that was erased.

    Both raise Unavailable when that cannot be told or done now.
    """

    needed: Callable[[HttpClient, Settings], bool]
    write: Callable[[Iterable[Kept], HttpClient, Settings], None]


@dataclass(frozen=True, slots=True)
class Destination(Generic[Settings]):
    """The functions of a destination connector.

    render   pure: change and mirror to the minimal write; None when nothing differs
    plan     pure: the exact requests a batch of writes starts with (preview, golden samples)
    send     sends a batch (at most ``limits.batch``) and gives one result per write; raises the error tree for the
             whole batch (RateLimited, Unavailable, AuthError, RejectedError): the caller retries or bisects
    prepare  makes what Hub needs there (custom properties); idempotent; run once per start, and when they are missing
    restore  writes anew what was lost there as a whole
    refusals  pure: the values that a refusing answer names, from its decoded body
    essential  properties nothing is written without: by what a record is found, consents, what an amount means
    check    harmless requests that need the credentials: what works, what is wrong, what cannot be tested; raises the
             error tree (`hub check --live`)
    fields   which fields its people (`fields`) and orders (`order_fields`) have; harmless requests, names alone; raises
             the error tree (`hub.application.target_fields`)
    complete pure: a request's body with the credentials in it, for an API that wants them there; ``plan`` shows bodies
             without (`hub outbox preview`)
    status_table  the vendor's own statuses, over the usual table from status to error (``hub.sdk.http``)
    waits    seconds that a refusing answer asks for, where the vendor says so by other headers than Retry-After
    limits   the connection's own limits, where its settings name others than the manifest
    allows_private  whether the API may be at a private address; without it, where the connection sets ``base_url``
    absent   which of these external ids of profiles do not exist there; one question for many (`hub outbox resend`)
    append   pure: an activity to the write that appends it; None when it stands there. With it goes ``activities``
    activities  the kinds of activities that the connection's settings ask for
    dialect  a CRM's ``hub.sdk.crm.Dialect`` and the settings it asks by, for `hub connector try`
    learns   whether `dialect` asks the account for what nobody configured, so that what is planned without lacks it
    unread   for a connector that is a source too: properties that no reading of a record tells, with whether what Hub
             knows of them ends where a person changed their consent there
    takes_orders  False where the connection's settings switch orders off, though the connector could take them
    lacks    the setting without which nothing can be written there, and why; None where nothing lacks. For a connector
             that is a source too: a route to such a connection is a fault of the configuration
    """

    render: Callable[[Change, Settings], Write | None]
    plan: Callable[[Sequence[Write], Settings], Sequence[HttpRequest]]
    send: Callable[[Sequence[Write], HttpClient, Settings], Sequence[WriteResult]]
    prepare: Callable[[HttpClient, Settings], None] | None = None
    restore: Restore[Settings] | None = None
    refusals: Callable[[Any], Sequence[Refusal]] | None = None
    essential: frozenset[str] = frozenset()
    check: Callable[[HttpClient, Settings], Checked | None] | None = None
    fields: Callable[[HttpClient, Settings], Mapping[str, Collection[str]]] | None = None
    authorise: Callable[[Settings], Authorisation] | None = None
    complete: Callable[[Settings, Any], Any] | None = None
    api_root: Callable[[Settings], str] | None = None
    status_table: StatusTable | None = None
    waits: Callable[[httpx.Response], float | None] | None = None
    limits: Callable[[Settings], Limits] | None = None
    allows_private: Callable[[Settings], bool] | None = None
    takes_orders: Callable[[Settings], bool] | None = None
    lacks: Callable[[Settings], str | None] | None = None
    absent: Callable[[Sequence[str], HttpClient, Settings], Collection[str]] | None = None
    append: Callable[[ActivityChange, Settings], Write | None] | None = None
    activities: Callable[[Settings], Collection[ActivityKind]] | None = None
    dialect: Callable[[HttpClient, Settings], tuple[Any, Settings]] | None = None
    learns: bool = False
    unread: Mapping[str, bool] = field(default_factory=dict)
