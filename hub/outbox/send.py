"""send: a batch of writes to one result per write, whatever the destination answers. Outside any transaction.

One bad record does not sink the others: a batch that is refused, or that keeps failing, is halved until the record at
fault stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from hub import metrics
from hub.errors import AuthError, ConflictError, RateLimited, RejectedError, Unavailable
from hub.sdk.destination import Write, WriteResult

log = structlog.get_logger()

Call = Callable[[Sequence[Write]], Sequence[WriteResult]]
COSTLY = 5
"""Merges or erasures per batch: with all in one, a destination that answers 429 often would see no batch end."""

FUTILE = 8
"""Failed calls in a row after which halving stops: then it is the destination, not a record."""


@dataclass(slots=True)
class Sent:
    """``results`` by write key. ``stopped_by`` is what ended the batch early (rate limit, credentials, outage).

    ``interrupted`` when the caller may send no more, though nothing failed.
    """

    results: dict[str, WriteResult] = field(default_factory=dict)
    stopped_by: RateLimited | AuthError | Unavailable | None = None
    calls_failed: int = 0
    calls_answered: int = 0
    interrupted: bool = False


def send(
    writes: Sequence[Write],
    call: Call,
    *,
    destination: str,
    halve_outages: bool,
    may_call: Callable[[], bool] = lambda: True,
    before: Callable[[Sequence[Write]], None] = lambda batch: None,
) -> Sent:
    """Send all writes. ``halve_outages``: these rows failed before, so look for one that makes the destination fail.

    ``may_call`` is asked before every call: together they may take longer than the caller's lease. ``before`` notes
    what has to be known should the process end during the call.
    """
    sent = Sent()
    waiting = _batches(writes)
    while waiting and sent.stopped_by is None:
        if not may_call():
            sent.interrupted = True
            break
        batch = waiting.pop(0)
        before(batch)
        try:
            results = call(batch)
        except RateLimited as error:
            _count(destination, "rate_limited")
            sent.stopped_by = error
        except AuthError as error:
            _count(destination, "auth")
            sent.stopped_by = error
        except Unavailable as error:
            _count(destination, "unavailable")
            sent.calls_failed += 1
            futile = sent.calls_failed >= FUTILE and not sent.calls_answered
            if halve_outages and len(batch) > 1 and not futile:
                waiting[:0] = _halves(batch)
            else:
                _fail(sent, batch, str(error), uncertain=error.uncertain)
                if futile or not halve_outages:
                    sent.stopped_by = error
        except (RejectedError, ConflictError) as error:
            _count(destination, "conflict" if isinstance(error, ConflictError) else "rejected")
            sent.calls_answered += 1
            if len(batch) > 1:
                waiting[:0] = _halves(batch)
            elif isinstance(error, ConflictError):
                _fail(sent, batch, str(error), uncertain=True)
            else:
                sent.results[batch[0].key] = WriteResult(batch[0].key, "rejected", reason=str(error))
        except Exception as error:
            _count(destination, "bug")
            log.exception("delivery.bug", destination=destination, error=type(error).__name__)
            sent.calls_answered += 1
            if len(batch) > 1:
                waiting[:0] = _halves(batch)
            else:
                reason = f"the connector failed to send this ({type(error).__name__})"
                sent.results[batch[0].key] = WriteResult(batch[0].key, "rejected", reason=reason)
        else:
            _count(destination, "ok")
            sent.calls_answered += 1
            sent.results.update({result.key: result for result in results})
    return sent


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


def _fail(sent: Sent, batch: Sequence[Write], reason: str, *, uncertain: bool) -> None:
    for write in batch:
        sent.results[write.key] = WriteResult(write.key, "retry", reason=reason, uncertain=uncertain)


def _count(destination: str, outcome: str) -> None:
    metrics.CALLS.labels(destination, outcome).inc()
