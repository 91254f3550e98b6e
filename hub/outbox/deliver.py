"""deliver: render → send → record for one destination, until nothing is due or the destination wants rest.

One sender per destination at a time (a lease in its row, renewed while it works), many destinations side by side: a
dead or slow one holds up nobody else. So rows need no claim: they are read, sent outside any transaction, and recorded
in another. If we die between, they are still due and sent again, which the destination's match keys make harmless.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from time import perf_counter
from uuid import UUID

import orjson
import structlog
from pydantic import SecretStr

from hub import metrics
from hub.errors import AuthError, HubError, RateLimited, Unavailable
from hub.outbox import record
from hub.outbox.appending import AnyChange, Derived, facts_changes, left_out_late, nothing_derived
from hub.outbox.enqueue import Route
from hub.outbox.hold import hold_back
from hub.outbox.lease import Lease
from hub.outbox.prints import keep_prints
from hub.outbox.render import Rendered, profile_changes, render
from hub.outbox.send import Sent, send
from hub.outbox.telling import tell
from hub.sdk.connection import Connection, open_client
from hub.sdk.destination import Kept, Write, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.manifest import Limits
from hub.store import destinations, due, marks, outbox, profiles, quotas
from hub.store.database import Database
from hub.store.due import DueRow
from hub.store.outbox import Recorded, Subject

log = structlog.get_logger()

CALLS_PER_READ = 10
"""Batches read at once: reading costs more per row the fewer rows it reads."""

PAGE = 5_000
"""Rows read at once when all that was delivered is written anew."""

WAIT_FOR_CUSTOMER = timedelta(seconds=60)
LONGEST_WAIT = timedelta(hours=6)
"""An order whose customer is not known there waits between these, each time as long again as it has waited: of some
no route ever takes the customer. It is called earlier once the customer is known."""
WAIT_FOR_EDIT = timedelta(seconds=5)
EDITED = "people edited it there: it goes out once that is placed"
"""What stands there is known from when an edit is recorded, and the edit is in no profile yet: it would be undone."""
NO_CUSTOMER = "its customer is not there: it goes out once a route leads them there and they are written"


@dataclass(slots=True)
class Sender:
    """One destination in this process: its connection, routes, and HTTP client (with its budget)."""

    database: Database
    connection: Connection
    routes: Sequence[Route]
    owner: str
    client: HttpClient | None = None
    prepared: bool = False
    failing: set[str] = field(default_factory=set)
    """Keys of rows whose last call failed."""
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    """For routes whose conditions name days; what is due goes by PostgreSQL's clock."""
    derived: Derived = nothing_derived
    """Entries of people's history that follow from others."""
    trains: bool = False
    """Weights are trained by themselves: what cannot be undone waits for it during a bulk load (``hold``)."""

    @property
    def limits(self) -> Limits:
        """The connection's own limits, else its connector's."""
        destination = self.connection.connector.destination
        assert destination is not None
        if destination.limits is not None:
            return destination.limits(self.connection.settings)
        return self.connection.connector.manifest.limits


def deliver(sender: Sender, *, enough: Callable[[], bool] = lambda: False) -> int:
    """Deliver what is due; gives the number of rows that were dealt with. Does nothing while another process sends.

    ``enough`` is asked between batches whether to leave the rest for later.
    """
    dealt = 0
    with Lease(sender.database, sender.connection.name, sender.owner) as lease:
        if not lease.held:
            return 0
        lift_pauses([sender], refused=False)
        while not enough():
            rows = sum(_deliver_read(sender, lease, subject, enough) for subject in _subjects(sender.routes))
            if not rows:
                break
            dealt += rows
    return dealt


def lift_pauses(senders: Iterable[Sender], *, refused: bool = True) -> None:
    """Call destinations again at once whose settings changed since they failed: the address, the credentials.

    With ``refused`` also those that refused the credentials, as they are: whoever starts a worker may have put them
    right over there. What a person paused stays paused.
    """
    for sender in senders:
        name = sender.connection.name
        with sender.database.session() as session:
            state = destinations.state_of(session, name)
            changed = state.settings not in ("", _fingerprint(sender.connection))
            if changed or (refused and state.credentials):
                destinations.lift(session, name)
                log.info("delivery.resumed", destination=name, changed=changed)


def _subjects(routes: Sequence[Route]) -> tuple[Subject, ...]:
    subjects: list[Subject] = ["profile"]
    if any(route.orders for route in routes):
        subjects.append("order")
    if any(route.activities for route in routes):
        subjects.append("activity")
    return tuple(subjects)


def _may_call(sender: Sender, lease: Lease) -> bool:
    if not lease.held:
        return False
    with sender.database.session() as session:
        return destinations.may_call(session, sender.connection.name)


def _deliver_read(sender: Sender, lease: Lease, subject: Subject, enough: Callable[[], bool]) -> int:
    """Read due rows, render them all, and send them in batches; gives how many were dealt with."""
    if not _may_call(sender, lease):
        return 0
    name, batch = sender.connection.name, sender.limits.batch
    postponed = 0
    with sender.database.session() as session:
        rows = due.due_rows(session, name, subject, batch * CALLS_PER_READ)
        keys = [row.key for row in rows]
        changes: Mapping[UUID, AnyChange]
        if subject == "profile":
            # Asked before golden values are read: what is placed in between is in them.
            edited = marks.edited(session, name)
            early = {row.key for row in rows if not edited.isdisjoint((row.key, row.mirror_key, *row.merging))}
            outbox.postpone(session, name, early, least=WAIT_FOR_EDIT, most=WAIT_FOR_EDIT, reason=EDITED)
            rows = [row for row in rows if row.key not in early]
            postponed = len(early)
            changes, left_out = profile_changes(rows, profiles.by_ids(session, keys), sender.routes, sender.clock())
        else:
            # an erased person's orders go nowhere, and wait for no record of theirs
            suppressed = profiles.suppressed(session, [row.profile_id for row in rows])
            gone = left_out_late(session, subject, rows, sender.clock(), sender.derived)
            early = {row.key for row in rows if row.contact_id is None and row.profile_id not in suppressed} - gone
            outbox.postpone(session, name, early, least=WAIT_FOR_CUSTOMER, most=LONGEST_WAIT, reason=NO_CUSTOMER)
            rows = [row for row in rows if row.key not in early]
            changes, left_out = facts_changes(session, subject, rows, suppressed, sender.clock(), sender.derived)
            postponed = len(early)
    rendered = render(changes, sender.connection)
    with sender.database.session() as session:
        held = set(hold_back(session, rendered, changes, sender.connection, trains=sender.trains))
    postponed += len(held)
    rows = [row for row in rows if row.key not in held]
    dealt = postponed + _record_unsent(sender, subject, rows, left_out, rendered)
    waiting = [row for row in rows if row.key in rendered.writes]
    for start in range(0, len(waiting), batch):
        part = waiting[start : start + batch]
        if start and (enough() or not _may_call(sender, lease)):
            break
        dealt += _deliver_batch(sender, lease, subject, part, rendered)
    return dealt


def _record_unsent(
    sender: Sender, subject: Subject, rows: Sequence[DueRow], left_out: Mapping[UUID, str], rendered: Rendered
) -> int:
    recorded = [
        record.failed(row, rendered.failed[row.key])
        if row.key in rendered.failed
        else record.unchanged(row, left_out.get(row.key, ""))
        for row in rows
        if row.key not in rendered.writes
    ]
    _record(sender, subject, recorded)
    return len(recorded)


def _deliver_batch(sender: Sender, lease: Lease, subject: Subject, rows: Sequence[DueRow], rendered: Rendered) -> int:
    name = sender.connection.name
    started = perf_counter()
    sent = _send(sender, lease, [rendered.writes[row.key] for row in rows], rows)
    metrics.STAGE_SECONDS.labels("send").observe(perf_counter() - started)
    recorded = []
    for row in rows:
        write = rendered.writes[row.key]
        result = sent.results.get(write.key)
        if result is None and sent.stopped_by is None and not sent.interrupted:
            result = WriteResult(write.key, "retry", reason="the connector gave no result", uncertain=True)
        if result is not None:
            spread = random.random()  # noqa: S311 - spreads retries, guards nothing
            recorded.append(record.of_result(row, write, result, jitter=spread))
        elif sent.stopped_by is not None and write.key in sent.stopped_by.begun:
            recorded.append(record.begun(row, write))
    _record(sender, subject, recorded, sent)
    log.info("delivery.recorded", destination=name, of=subject, rows=len(rows), recorded=len(recorded))
    if sent.stopped_by is not None:
        say = getattr(log, sent.stopped_by.log_level)
        say("delivery.stopped", destination=name, error=type(sent.stopped_by).__name__)
    return len(recorded)


def _record(sender: Sender, subject: Subject, recorded: Sequence[Recorded], sent: Sent | None = None) -> None:
    name = sender.connection.name
    with sender.database.session() as session:
        outbox.record(session, name, subject, recorded)
        if sent is not None:
            quotas.note(session, name, sender.client.news_of_quota() if sender.client else ())
            before = destinations.state_of(session, name)
            fingerprint = _fingerprint(sender.connection)
            after = record.next_state(before, sent, settings=fingerprint, failing=sender.failing)
            if after != before:
                destinations.set_state(session, name, after)
            # A row that is given up is no longer looked at.
            sender.failing -= {str(noted.key) for noted in recorded if noted.state != "retrying"}
            sender.failing |= sent.outages & {str(noted.key) for noted in recorded if noted.state == "retrying"}
    if sent is not None and isinstance(sent.stopped_by, AuthError):
        log.error("delivery.credentials_refused", destination=name)
    tell(name, subject, recorded)
    for outcome, count in Counter(noted.outcome for noted in recorded).items():
        metrics.RESULTS.labels(name, outcome).inc(count)


def _send(sender: Sender, lease: Lease, writes: list[Write], rows: Sequence[DueRow]) -> Sent:
    destination = sender.connection.connector.destination
    assert destination is not None
    try:
        client = _client(sender)
    except (RateLimited, AuthError, Unavailable) as error:
        return Sent(stopped_by=error, calls_failed=1, last_words=str(error))
    except HubError as error:
        # What Hub needs at the destination cannot be created. No record is at fault: an operator has to look.
        return Sent(stopped_by=Unavailable(str(error)), calls_failed=1, last_words=str(error))
    by_key = {write.key: row for write, row in zip(writes, rows, strict=True)}
    noted: set[str] = set()

    def before(batch: Sequence[Write]) -> None:
        keep_prints(sender.database, sender.connection, batch, by_key)
        merging = [(by_key[write.key], write.mirror.keys()) for write in batch if write.merge]
        changing = [write.key for write in batch if record.is_noted(by_key[write.key], write)]
        first = [write.key for write in batch if record.is_first(by_key[write.key], write)]
        if merging or changing or first:
            with sender.database.session() as session:
                if merging:
                    due.unsettle(session, sender.connection.name, merging)
                due.note_sending(session, sender.connection.name, [by_key[key].key for key in (*changing, *first)])
                named = [write for write in batch if write.key in changing and record.names_unknown(write)]
                unsure = {by_key[w.key].mirror_key: record.unheard(by_key[w.key], w) for w in named}
                due.set_mirrors(session, sender.connection.name, unsure)
        if first:
            with sender.database.session() as session:
                due.note_for_winners(session, sender.connection.name, [by_key[key].key for key in first])
        noted.update(changing, first)

    def prepare() -> None:
        sender.prepared = False
        _client(sender)

    def call(batch: Sequence[Write]) -> Sequence[WriteResult]:
        settings = sender.connection.settings
        if destination.restore is not None and destination.restore.needed(client, settings):
            log.warning("delivery.restored", destination=sender.connection.name)
            destination.restore.write(_kept(sender), client, settings)
        return destination.send(batch, client, settings)

    sent = send(
        writes,
        call,
        before=before,
        destination=sender.connection.name,
        may_call=lambda: lease.held,
        halve_outages=max(row.attempts for row in rows) >= 2,
        prepare=prepare if destination.prepare is not None else None,
        held=lambda write: by_key[write.key].mirror,
        essential=destination.essential,
    )
    if (unsent := record.unsent(sent, noted)) and lease.held:
        with sender.database.session() as session:
            due.note_unsent(session, sender.connection.name, [by_key[key].key for key in unsent])
            named = [by_key[write.key] for write in writes if write.key in unsent and record.names_unknown(write)]
            named = [row for row in named if row.mirror]
            due.set_mirrors(session, sender.connection.name, {row.mirror_key: row.mirror for row in named})
    return sent


def _kept(sender: Sender) -> Iterator[Kept]:
    """All that was delivered there, page by page: no transaction stays open while it is written."""
    after: UUID | None = None
    while True:
        with sender.database.session() as session:
            page = due.kept(session, sender.connection.name, after=after, limit=PAGE)
        yield from (Kept(external_id, orjson.loads(mirror)) for _, external_id, mirror in page)
        if len(page) < PAGE:
            return
        after = page[-1][0]


def _client(sender: Sender) -> HttpClient:
    destination = sender.connection.connector.destination
    assert destination is not None
    if sender.client is None:
        sender.client = open_client(sender.connection, destination)
    if not sender.prepared and destination.prepare is not None:
        destination.prepare(sender.client, sender.connection.settings)
    sender.prepared = True
    return sender.client


def _fingerprint(connection: Connection) -> str:
    """Tells whether the credentials changed, without holding them."""
    digest = blake2b(digest_size=8)
    for name, value in connection.settings:
        for part in value if isinstance(value, tuple) else (value,):
            text = part.get_secret_value() if isinstance(part, SecretStr) else str(part)
            digest.update(f"{name}={text}\x1f".encode())
    return digest.hexdigest()
