"""send: a batch of writes to one result per write, whatever the destination answers. Outside any transaction.

One bad record does not sink the others: a batch that is refused, or that keeps failing, is halved until the record at
fault stands alone. One bad value does not sink its record: what the destination refuses by name is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import structlog

from hub import metrics
from hub.errors import AuthError, ConflictError, HubError, RateLimited, RejectedError, Unavailable
from hub.sdk.destination import Write, WriteResult
from hub.sdk.refusals import Spared, delivered, spare

log = structlog.get_logger()

Call = Callable[[Sequence[Write]], Sequence[WriteResult]]
COSTLY = 5
"""Merges or erasures per batch: with all in one, a destination that answers 429 often would see no batch end."""

FUTILE = 8
"""Failed calls in a row after which halving stops: then it is the destination, not a record."""

ROUNDS = 12
"""How often one write is tried without what was refused last; each time at least one value less is left."""


@dataclass(slots=True)
class Sent:
    """``results`` by write key. ``stopped_by`` is what ended the batch early (rate limit, credentials, outage).

    ``outages`` are the keys of writes whose last call failed; ``last_words`` what the destination said then.
    ``interrupted`` when the caller may send no more, though nothing failed.
    """

    results: dict[str, WriteResult] = field(default_factory=dict)
    stopped_by: RateLimited | AuthError | Unavailable | None = None
    calls_failed: int = 0
    calls_answered: int = 0
    outages: set[str] = field(default_factory=set)
    last_words: str = ""
    interrupted: bool = False


def send(
    writes: Sequence[Write],
    call: Call,
    *,
    destination: str,
    halve_outages: bool,
    may_call: Callable[[], bool] = lambda: True,
    before: Callable[[Sequence[Write]], None] = lambda batch: None,
    prepare: Callable[[], None] | None = None,
    held: Callable[[Write], Mapping[str, Any]] = lambda write: {},
    essential: Collection[str] = frozenset(),
) -> Sent:
    """Send all writes. ``halve_outages``: these rows failed before, so look for one that makes the destination fail.

    ``may_call`` is asked before every call: together they may take longer than the caller's lease. ``before`` notes
    what has to be known should the process end during the call. ``prepare`` makes what Hub needs there once more, when
    the destination says that it is missing. ``held`` is what stood there before; no write goes out without what is
    ``essential``.
    """
    sending = _Sending(call, destination, halve_outages, may_call, before, prepare, held, essential)
    sending.all(writes)
    return sending.sent


@dataclass(slots=True)
class _Sending:
    """Writes on their way to one destination."""

    call: Call
    destination: str
    halve_outages: bool
    may_call: Callable[[], bool]
    before: Callable[[Sequence[Write]], None]
    prepare: Callable[[], None] | None
    held: Callable[[Write], Mapping[str, Any]]
    essential: Collection[str]
    sent: Sent = field(default_factory=Sent)
    waiting: list[Sequence[Write]] = field(default_factory=list)
    spared: dict[str, Spared] = field(default_factory=dict)
    """By write key: what goes out without some of its values."""
    again: list[Write] = field(default_factory=list)
    """What goes out once more, without what was refused."""
    unprepared: list[tuple[Write, WriteResult]] = field(default_factory=list)
    """What was refused because something of Hub's is missing there."""
    refusals: dict[str, WriteResult] = field(default_factory=dict)
    """By write key: the refusal that holds unless another try goes better; none holds where that was cut short."""

    def all(self, writes: Sequence[Write]) -> None:
        self.waiting = _batches(writes)
        for _ in range(ROUNDS):
            self.batches()
            if self.sent.stopped_by or self.sent.interrupted or not (self.again or self.unprepared):
                break
            self.prepare_again()
            self.waiting, self.again = _batches(self.again), []
        if self.sent.stopped_by is None and not self.sent.interrupted:
            self.sent.results = {**self.refusals, **self.sent.results}

    def batches(self) -> None:
        while self.waiting and self.sent.stopped_by is None:
            if not self.may_call():
                self.sent.interrupted = True
                return
            self.batch(self.waiting.pop(0))

    def batch(self, batch: Sequence[Write]) -> None:
        self.before(batch)
        try:
            results = self.call(batch)
        except (RateLimited, AuthError, Unavailable) as error:
            self.ended(self.left(batch, error), error)
        except (RejectedError, ConflictError) as error:
            _count(self.destination, "conflict" if isinstance(error, ConflictError) else "rejected")
            self.sent.calls_answered += 1
            if unfinished := self.left(batch, error):
                self.refused(unfinished, error)
        except psycopg.Error:
            raise  # the database is away, and neither the destination nor a record at fault
        except Exception as error:
            _count(self.destination, "bug")
            log.exception("delivery.bug", destination=self.destination, error=type(error).__name__)
            self.sent.calls_answered += 1
            reason = f"the connector failed to send this ({type(error).__name__})"
            self.halve_or(batch, lambda one: WriteResult(one.key, "rejected", reason=reason))
        else:
            _count(self.destination, "ok")
            self.sent.calls_answered += 1
            by_key = {write.key: write for write in batch}
            for result in results:
                self.settle(by_key.get(result.key), result)

    def left(self, batch: Sequence[Write], error: HubError) -> Sequence[Write]:
        """What of a batch that ended early was not finished; the rest gets its results."""
        by_key = {write.key: write for write in batch}
        for result in error.done:
            if isinstance(result, WriteResult):
                self.settle(by_key.pop(result.key, None), result)
        if len(by_key) < len(batch):
            self.sent.calls_answered += 1
        # what was written of these is looked for before it is written again
        return [replace(write, uncertain=True) if key in error.begun else write for key, write in by_key.items()]

    def ended(self, batch: Sequence[Write], error: RateLimited | AuthError | Unavailable) -> None:
        if isinstance(error, Unavailable):
            _count(self.destination, "unavailable")
            self.outage(batch, error)
            return
        _count(self.destination, "rate_limited" if isinstance(error, RateLimited) else "auth")
        self.sent.stopped_by = error

    def outage(self, batch: Sequence[Write], error: Unavailable) -> None:
        sent = self.sent
        sent.calls_failed += 1
        sent.last_words = str(error)
        futile = sent.calls_failed >= FUTILE and not sent.calls_answered
        if self.halve_outages and len(batch) > 1 and not futile:
            self.waiting[:0] = _halves(batch)
            return
        for write in batch:
            uncertain = error.uncertain or write.key in error.begun
            sent.results[write.key] = WriteResult(write.key, "retry", reason=str(error), uncertain=uncertain)
            sent.outages.add(write.key)
        if futile or not self.halve_outages:
            sent.stopped_by = error

    def refused(self, batch: Sequence[Write], error: RejectedError | ConflictError) -> None:
        reason = str(error)
        if isinstance(error, ConflictError):
            self.halve_or(batch, lambda one: WriteResult(one.key, "retry", reason=reason, uncertain=True))
            return
        missing = tuple(each for each in error.refused if each.missing)
        if missing:  # of no record: it is missing for all of them that have it, and the others go out once more
            names = {each.property for each in missing}
            having = [write for write in batch if names & {*write.properties, *write.mirror}] or batch
            for write in batch:
                if write in having:
                    self.settle(write, WriteResult(write.key, "rejected", reason=reason, refused=missing))
                else:
                    self.refusals[write.key] = WriteResult(write.key, "retry", reason=reason)
                    self.again.append(write)
            return
        self.halve_or(batch, lambda one: WriteResult(one.key, "rejected", reason=reason, refused=error.refused))

    def halve_or(self, batch: Sequence[Write], result: Callable[[Write], WriteResult]) -> None:
        if len(batch) > 1:
            self.waiting[:0] = _halves(batch)
        else:
            self.settle(batch[0], result(batch[0]))

    def settle(self, write: Write | None, result: WriteResult) -> None:
        """Keep a result, unless the write may go out without what was refused."""
        spared = self.spared.get(result.key)
        if result.outcome == "delivered" and spared is not None:
            result = delivered(result, spared, self.held(spared.first))
        if write is None or result.outcome != "rejected" or not result.refused:
            self.sent.results[result.key] = result
            return
        self.refusals[result.key] = result
        if self.prepare is not None and any(each.missing for each in result.refused):
            self.unprepared.append((write, result))
            return
        less = spare(spared or Spared(write, write), result.refused, essential=self.essential)
        if less is None:
            self.sent.results[result.key] = result
        else:
            self.spared[result.key] = less
            self.again.append(less.write)

    def prepare_again(self) -> None:
        """Make once more what Hub needs there; what is missing all the same is left out."""
        if not self.unprepared or self.prepare is None:
            return
        log.warning("delivery.prepared_again", destination=self.destination, rows=len(self.unprepared))
        prepare, unprepared = self.prepare, self.unprepared
        self.prepare, self.unprepared = None, []
        try:
            prepare()
        except (RateLimited, AuthError, Unavailable) as error:
            self.sent.stopped_by = error
        except HubError:
            for write, result in unprepared:
                self.settle(write, result)
        else:
            self.again += [write for write, _ in unprepared]


def _batches(writes: Sequence[Write]) -> list[Sequence[Write]]:
    """Merges, splits and erasures take calls of their own, and go few at a time: what a 429 interrupts begins anew."""
    costly = [write for write in writes if _costly(write)]
    others = [write for write in writes if not _costly(write)]
    return [*(costly[at : at + COSTLY] for at in range(0, len(costly), COSTLY)), *([others] if others else [])]


def _costly(write: Write) -> bool:
    return bool(write.merge or write.merged_ids or write.erase)


def _halves(batch: Sequence[Write]) -> list[Sequence[Write]]:
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


def _count(destination: str, outcome: str) -> None:
    metrics.CALLS.labels(destination, outcome).inc()
