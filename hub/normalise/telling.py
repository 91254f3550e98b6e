"""What became of entries, in the log: as docs/errors.md promises, and without people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import structlog

from hub.normalise.batch import Outcome

log = structlog.get_logger()

MOST = 20
"""Lines for one batch; a file whose every row cannot be read does not fill the log."""


def tell(outcomes: Sequence[Outcome], connections: Mapping[int, str]) -> None:
    """A warning for each entry that was parked; ``connections`` by inbox id."""
    parked = [outcome for outcome in outcomes if outcome.state == "parked"]
    for outcome in parked[:MOST]:
        log.warning(
            "normalise.parked",
            inbox_id=outcome.inbox_id,
            connection=connections.get(outcome.inbox_id),
            reason=outcome.reason,
        )
    if len(parked) > MOST:
        log.warning("normalise.parked_more", entries=len(parked) - MOST)
    for outcome in outcomes:
        if outcome.state == "skipped":
            log.debug("normalise.skipped", inbox_id=outcome.inbox_id, reason=outcome.reason)
