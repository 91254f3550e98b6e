"""What every CRM is told of a profile in fields of Hub's own."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hub.model.consent import ConsentChannel
from hub.model.profile import ConsentSummary, Profile
from hub.sdk.crm import facts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL = {name: name for name in facts.NAMES}


def profile(**consents: str) -> Profile:
    told = tuple(ConsentSummary(purpose="marketing", channel=c, state=s, at=NOW) for c, s in consents.items())
    return Profile(id=UUID(int=1), created_at=NOW, updated_at=NOW, consents=told)


def test_what_nobody_knows_is_left_out():
    assert facts.of_profile(profile(), ALL, facts.day) == {"profile_id": str(UUID(int=1))}


def test_an_opt_out_from_everything_is_one_from_each_channel():
    told = facts.of_profile(profile(any="opted_out", email="opted_in"), ALL, facts.day_and_time)
    assert {told[f"{channel}_consent"] for channel in facts.CHANNELS} == {"opted_out"}
    assert told["email_consent_at"] == "2026-03-01 12:00:00"
    assert facts.opted_out(profile(any="opted_out")) == set[ConsentChannel](facts.CHANNELS)
