"""What a source connector provides: plain functions, gathered in one ``Source``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic

import httpx

from hub.model.customer import CustomerSnapshot
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.http import Authorisation, HttpClient
from hub.sdk.mail import Mail
from hub.sdk.manifest import Settings
from hub.sdk.subscriptions import Subscriptions


@dataclass(frozen=True, slots=True)
class RawDelivery:
    """One HTTP request, as it came. Header names are lower case; ``url`` is the public URL the sender called."""

    method: str
    url: str = field(repr=False)
    """Not in the repr: Mailchimp's secret is a query parameter."""
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: datetime
    family: str = ""
    """``IPv4`` or ``IPv6``, as the sender reached Hub or the proxy before it; "" where it is not known."""


@dataclass(frozen=True, slots=True)
class EventName:
    """``event_id`` is the same on every redelivery and differs between events; ``topic`` is the vendor's event type."""

    event_id: str
    topic: str


UNREADABLE = "unreadable"
"""The topic under which a signed delivery is kept that could not be named; it is named again when it is replayed."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a delivery that is no event: a verification challenge, an unsigned set-up ping.

    ``told`` goes to the log, for the operator: what the vendor wants typed in by hand. Anybody may send a challenge, so
    it is of a form that the connector has checked.
    """

    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    told: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """A body that a thin event lacks. ``name`` is unique within the entry; ``path`` is relative to the API's root."""

    name: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A stored delivery (or backfilled item): all that ``parse`` may look at.

    ``completions`` holds the fetched bodies by name; a body the vendor said does not exist is ``b""``.
    """

    connection: str
    event_id: str
    topic: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: datetime
    completions: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class BackfillItem:
    """One historic object, to be stored like a delivery. ``event_id`` names the object and its version."""

    event_id: str
    topic: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class BackfillPage:
    """``cursor`` (JSON) resumes after this page; ``total`` is how many items there are in all, where known."""

    items: Sequence[BackfillItem]
    cursor: Mapping[str, Any]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A page of one list. ``at`` (JSON) is what the next page is asked for with, None behind the last."""

    items: Sequence[BackfillItem]
    at: Any = None
    total: int | None = None


QUIET = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Listed(Generic[Settings]):
    """One of the lists that a history stands in (``hub.sdk.lists``).

    page    reads on from ``at``, None at the beginning; gives what changed at or after a time, or all
    quiet   how long a poll leaves the list alone at most while it brings nothing; none for what is sold: each poll asks
    least   how long a poll leaves it alone at least: for a list that is long whenever it is asked for
    spare   what the credentials may not be allowed to read, or an older release lacks: then the list is left out, and
            `hub check --live` says so
    late    for what only polls need, because the other lists do not tell it as a change; a history has it in them
    """

    page: Callable[[HttpClient, Settings, datetime | None, Any], Part]
    quiet: timedelta = QUIET
    least: timedelta = timedelta(0)
    late: bool = False
    spare: bool = False


@dataclass(frozen=True, slots=True)
class Public(Generic[Settings]):
    """How a source is called that strangers' browsers and apps post to, with a key that everybody can read. Pure.

    Such a source answers at every path below its own URL, is paced, and never stores more than ``admit`` gives.

    admit      what of a delivery may be stored, or the answer to one of which nothing may; raises VerificationError
    accepted   the answer once that is durable, by what was stored
    asked      the answer to a request that brings nothing (OPTIONS, GET), None for 405
    headers    what every answer carries, by the request's headers: a browser shows a page no answer without them
    pace       how many requests a second one API process takes, of one client and of all together
    """

    admit: Callable[[RawDelivery, Settings], RawDelivery | Reply]
    accepted: Callable[[RawDelivery, Settings], Reply]
    asked: Callable[[RawDelivery, Settings], Reply | None]
    headers: Callable[[Mapping[str, str], Settings], Mapping[str, str]]
    pace: Callable[[Settings], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Source(Generic[Settings]):
    """The functions of a source connector. All but ``complete``, ``backfill``, ``listen`` and ``deleted`` are pure.

    verify      raises VerificationError unless the raw bytes are signed with one of the connection's secrets
    sign        the inverse: the headers (and query) a real sender would add; for samples, the demo and the kit
    name_event  event id and topic of a verified delivery; raises PayloadError when the body cannot be read
    parse       canonical events, and a Note for each part that was left out; raises SkipEvent (with a reason) or
                PayloadError (with a path)
    answer      a Reply for a challenge (GET) or an unsigned set-up ping (POST); None for every real event; raises
                VerificationError for one that has to be signed and is not
    completions what has to be fetched before ``parse``; empty once ``entry.completions`` has it all
    complete    fetches one completion and gives its body; b"" when the vendor says it does not exist
    backfill    pages of history, oldest first where the vendor can; ``cursor`` from an earlier page resumes
    lists       the lists that ``backfill`` walks, by name: a poll asks quiet ones less often (``hub.sdk.lists``)
    deleted     asks the vendor for orders by their ids and gives, for each it has no more, what its own event of the
                deletion would tell; for vendors that delete without a word (`hub reconcile`)
    subscriptions how webhooks are made at the vendor (`hub connector subscribe`)
    changed     whether there may be news since a finished backfill's last cursor, which the next run is then given: for
                files, and for lists that are read on by version; without it, the next run is given a time
    listen      waits for news: True where there is some, then it is read as by ``backfill``, and False every second or
                so without; it ends where the system cannot tell, and raises Unavailable when it is cut off
    walks_json  False where ``backfill`` reads no JSON over HTTP (a mailbox, a feed): its own tests prove it, and
                without an ``api_root`` it gets a client that leads nowhere, and holds its tokens
    public      for a source that browsers and apps post to
    mails       what makes the mail that has to be sent for an entry, once, of the connection's public address; None
                where none has to be. Pure: whether one is wanted is asked for each entry, so it renders nothing
    waits       seconds that a refusing answer asks for, where the vendor says so by other headers than Retry-After
    retry_status the status that makes this vendor send again when we cannot store (Brevo: 429)
    check       harmless requests that need the credentials: what works, what is wrong, what cannot be tested; raises
                the error tree (`hub check --live`)
    reads       for a system that Hub writes to as well: what a record of this id that holds these fields, in the form
                in which Hub writes them, tells of its person. By it an echo is known (``hub.outbox.echo``)
    opt_outs    of such a system, its own fields of opt-outs: what one holds where it stands, and its channels
    read_again  items of what stands in the records of these ids now, for such a system (`hub reconcile --take`)
    surely_reads  True of the body of an item of history that ``parse`` gives events of, told in a fraction of the time;
                False says nothing. A backfill of millions need not read each item twice to say which cannot be read
    """

    parse: Callable[[InboxEntry, Settings], Sequence[CanonicalEvent | Note]]
    verify: Callable[[RawDelivery, Settings], None] | None = None
    sign: Callable[[RawDelivery, Settings], RawDelivery] | None = None
    name_event: Callable[[RawDelivery, Settings], EventName] | None = None
    answer: Callable[[RawDelivery, Settings], Reply | None] | None = None
    completions: Callable[[InboxEntry, Settings], Sequence[Completion]] | None = None
    complete: Callable[[Completion, HttpClient, Settings], bytes] | None = None
    backfill: (
        Callable[[HttpClient, Settings, datetime | None, Mapping[str, Any] | None], Iterator[BackfillPage]] | None
    ) = None
    lists: Mapping[str, Listed[Settings]] = field(default_factory=dict)
    authorise: Callable[[Settings], Authorisation] | None = None
    """Request headers that carry the connection's credentials, for ``complete`` and ``backfill``."""
    api_root: Callable[[Settings], str] | None = None
    """The root URL of the vendor's API when the connection sets no ``base_url``."""
    waits: Callable[[httpx.Response], float | None] | None = None
    retry_status: int = 503
    listen: Callable[[HttpClient, Settings], Iterator[bool]] | None = None
    walks_json: bool = True
    public: Public[Settings] | None = None
    mails: Callable[[InboxEntry, Settings], Callable[[str], Mail] | None] | None = None
    deleted: Callable[[HttpClient, Settings, Sequence[str]], Iterable[BackfillItem]] | None = None
    subscriptions: Subscriptions[Settings] | None = None
    changed: Callable[[Settings, Mapping[str, Any]], bool] | None = None
    check: Callable[[HttpClient, Settings], Checked | None] | None = None
    reads: Callable[[str, Mapping[str, Any], Settings], CustomerSnapshot] | None = None
    read_again: Callable[[HttpClient, Settings, Sequence[str]], Iterable[BackfillItem]] | None = None
    surely_reads: Callable[[bytes, Settings], bool] | None = None
    opt_outs: Mapping[str, tuple[str, Sequence[str]]] = field(default_factory=dict)
