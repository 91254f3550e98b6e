"""What the contract kit cannot know about HubSpot."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from hub.connectors.hubspot.destination import DESTINATION, send
from hub.connectors.hubspot.manifest import API_ROOT, HubSpotSettings
from hub.connectors.hubspot.mapping import render
from hub.errors import Unavailable
from hub.model.consent import ConsentState
from hub.model.profile import ConsentSummary, Profile
from hub.sdk.destination import ProfileChange, Write, WriteResult
from hub.sdk.http import HttpClient

SETTINGS = HubSpotSettings.model_validate({"access_token": "t"})
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def profile(number: int = 1, **values: Any) -> Profile:
    known = {"id": UUID(int=number), "created_at": NOW, "updated_at": NOW, "emails": (f"k{number}@example.com",)}
    return Profile(**{**known, **values})


def rendered(change: ProfileChange) -> Write:
    write = render(change, SETTINGS)
    assert write is not None
    return write


def answered(writes: list[Write], *answers: httpx.Response) -> list[WriteResult]:
    left = iter(answers)
    transport = httpx.MockTransport(lambda _: next(left))
    with HttpClient(API_ROOT, status_table=DESTINATION.status_table, transport=transport) as client:
        return list(send(writes, client, SETTINGS))


def consent(channel: Any, state: ConsentState) -> ConsentSummary:
    return ConsentSummary(purpose="marketing", channel=channel, state=state, at=NOW)


def test_an_opt_out_from_everything_is_one_from_every_channel() -> None:
    both = profile(consents=(consent("any", "opted_out"), consent("email", "opted_in")))
    properties = rendered(ProfileChange(both, 1)).properties
    told = {name: value for name, value in properties.items() if name.endswith("_consent")}
    assert set(told.values()) == {"opted_out"}
    assert len(told) == 5


def test_a_value_nobody_supports_any_more_is_cleared_once() -> None:
    before = rendered(ProfileChange(profile(company="Alt GmbH"), 1))
    after = rendered(ProfileChange(profile(), 2, ("501",), before.mirror))
    assert after.properties == {"company": ""}
    assert render(ProfileChange(profile(), 2, ("501",), after.mirror), SETTINGS) is None


@pytest.mark.parametrize(("status", "headers", "seconds"), [(423, {}, 2.0), (477, {"retry-after": "3600"}, 3600.0)])
def test_a_locked_or_moving_account_is_waited_out(status: int, headers: dict[str, str], seconds: float) -> None:
    with pytest.raises(Unavailable) as caught:
        answered([rendered(ProfileChange(profile(), 1))], httpx.Response(status, headers=headers, json={}))
    assert (caught.value.retry_after, caught.value.uncertain) == (seconds, False)


def test_a_record_hubspot_says_nothing_about_is_tried_again_as_uncertain() -> None:
    writes = [rendered(ProfileChange(profile(number), 1)) for number in (1, 2, 3)]
    one = {"id": "501", "properties": {"hub_profile_id": writes[0].key}, "new": True}
    results = answered(writes, httpx.Response(207, json={"results": [one], "errors": []}))
    assert [(r.outcome, r.external_id, r.uncertain) for r in results] == [
        ("delivered", "501", False),
        ("retry", None, True),
        ("retry", None, True),
    ]


def test_a_merged_contact_that_answers_under_its_new_id_is_delivered_there() -> None:
    write = rendered(ProfileChange(profile(company="Neu"), 2, ("501",), rendered(ProfileChange(profile(), 1)).mirror))
    answer = {"results": [{"id": "777", "properties": {"company": "Neu"}}]}
    [result] = answered([write], httpx.Response(200, json=answer))
    assert result == WriteResult(write.key, "delivered", "777")
