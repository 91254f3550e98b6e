"""Entries of people's histories that have no facts of their own: changes of stage, hand-overs and their tasks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from hub.application.qualify import stored_hand_overs
from hub.application.stage_changes import stored_changes
from hub.store.activities import StoredActivity
from hub.store.database import Session


def derived_activities(session: Session, asked: Mapping[UUID, UUID], now: datetime) -> dict[UUID, StoredActivity]:
    """These entries as they are now, those that do not follow any more left out; ``asked`` is the profile of each."""
    found = stored_hand_overs(session, asked, now)
    rest = {key: profile for key, profile in asked.items() if key not in found}
    return {**found, **(stored_changes(session, rest, now) if rest else {})}
