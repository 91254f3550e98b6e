"""calibrate: what people's answers say about the thresholds. Reads only."""

from __future__ import annotations

from typing import Any

from hub.learning.calibration import bands, verdict
from hub.matching.weights import Model
from hub.store import identity_status, reviews
from hub.store.database import Session


def calibrated(session: Session, model: Model) -> dict[str, Any]:
    """What people were asked at which bits, what they answered, and what follows from it, as JSON has it."""
    found = bands(reviews.weighed_answers(session), model.same, model.ask)
    joined, taken_apart = identity_status.decided_by_hand(session)
    return {
        "answered": sum(band.answered for band in found),
        "bands": [
            {
                "since": band.since,
                "until": band.until,
                "probability": [round(share, 3) for share in band.meant],
                "answered": band.answered,
                "accepted": band.accepted,
                "refused": band.refused,
            }
            for band in found
        ],
        "joined_by_hand": joined,
        "taken_apart_by_hand": taken_apart,
        "text": verdict(found),
    }
