"""Logs the deliveries that failed, as docs/errors.md promises, without personal data.

A destination's own words may repeat what was sent; they stand with the row (``hub outbox list``), and not here.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from hub.store.outbox import Recorded, Subject

log = structlog.get_logger()

MOST = 20
"""Lines for one batch."""


def tell(destination: str, subject: Subject, recorded: Sequence[Recorded]) -> None:
    """A warning for each row that was refused for good, an error for each that is given up."""
    failed = [row for row in recorded if row.state in ("rejected", "dead")]
    for row in failed[:MOST]:
        say = log.error if row.state == "dead" else log.warning
        say(f"delivery.{row.state}", destination=destination, of=subject, id=str(row.key), attempts=row.attempts)
    if len(failed) > MOST:
        log.warning("delivery.failed_more", destination=destination, rows=len(failed) - MOST)
