"""Law L7 for every CRM that is read: an opt-out that people set there is heard, and Hub's own is none of theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.model.event import CustomerEvent
from hub.outbox import echo
from hub.outbox.echo import Mirror
from hub.sdk.connection import open_client
from hub.sdk.http import Budget
from hub.sdk.manifest import Limits
from hub.sdk.source import InboxEntry
from tests.support.crm import House, doubles
from tests.support.crm.cast import ANNA, one, person
from tests.support.doubles import at

NOT_HEARD = frozenset({"hubspot", "odoo"})
"""Those whose contacts do not tell it: it hangs on the address there, and is asked for in another way."""

LISTED = frozenset({"dynamics", "twenty"})
"""Those whose doubles know the list of what was changed, and no list by ids."""

READ = sorted(
    slug
    for slug, double in doubles().items()
    if slug != "activecampaign" and House(double()).connection.connector.source is not None
)
"""ActiveCampaign tells what was said to each list as events of their own (tests/integration/test_polled_crm.py)."""


def heard(house: House) -> frozenset[str]:
    """The consents of Anna that people set there, as far as her record tells."""
    source: Any = house.connection.connector.source
    settings = house.connection.settings
    record = one(house.double, ANNA)["id"]
    events: list[Any] = []
    with open_client(house.connection, source, transport=house.hostile, budget=Budget(Limits())) as client:
        pages = source.backfill(client, settings, None, None) if house.double.slug in LISTED else ()
        listed = [item for page in pages for item in page.items]
        for item in listed or source.read_again(client, settings, [record]):
            now = datetime(2026, 3, 9, tzinfo=UTC)
            entry = InboxEntry("crm", item.event_id, item.topic, item.headers, item.body, now)
            while source.completions and (wanted := source.completions(entry, settings)):
                fetched = {each.name: source.complete(each, client, settings) for each in wanted}
                entry = replace(entry, completions={**entry.completions, **fetched})
            events += source.parse(entry, settings)
    told = [event.customer for event in events if isinstance(event, CustomerEvent)]
    read = next(each for each in reversed(told) if each.key.external_id == record)
    assert {each.state for each in read.consents} <= {"opted_out"}, "a reading there loosens a consent"
    mirror = Mirror(source.reads(record, house.mirror_of(ANNA), settings), at(0))
    found = echo.edited(ANNA, read, mirror, (), None)
    return frozenset(field for field in found if field.startswith("consents."))


@pytest.mark.parametrize("slug", READ)
def test_an_opt_out_that_people_set_there_is_heard_and_hubs_own_is_an_echo(slug: str) -> None:
    # given somebody who opted in, and whose record there says nothing else
    house = House(doubles()[slug]()).prepare()
    house.known(person(ANNA, consent="opted_in"))
    house.settle()
    assert heard(house) == frozenset()
    # when somebody there ticks that she wants no mail, it is heard
    theirs = house.copy()
    theirs.double.opt_out_there("anna@example.com")
    assert heard(theirs) == (frozenset() if slug in NOT_HEARD else {"consents.marketing.email"})
    # when Hub tells that she opted out, that is no word of theirs, also where she opted in again since and it stands
    for consent in ("opted_out", "opted_in"):
        house.known(person(ANNA, consent=consent))
        house.settle()
        assert heard(house) == frozenset()
    assert "anna@example.com" in house.double.opted_out
    # and a box that somebody clears there is no opt-in
    house.double.lift_there("anna@example.com")
    assert heard(house) == frozenset()
