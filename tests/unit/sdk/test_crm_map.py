"""What follows from a CRM's tables of fields."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from hub.connectors.dynamics.mapping import MAP as DYNAMICS
from hub.connectors.espocrm.mapping import MAP as ESPOCRM
from hub.connectors.hubspot.mapping import MAP as HUBSPOT
from hub.connectors.odoo.mapping import MAP as ODOO
from hub.connectors.pipedrive.mapping import MAP as PIPEDRIVE
from hub.connectors.salesforce.mapping import MAP as SALESFORCE
from hub.connectors.twenty.mapping import MAP as TWENTY
from hub.connectors.zoho.mapping import MAP as ZOHO
from hub.model.profile import Profile
from hub.sdk.crm import facts
from hub.sdk.crm.mapped import CrmMap
from hub.sdk.crm.rendering import LOST, MAIN, profile_write
from hub.sdk.destination import ProfileChange

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MAPS: dict[str, CrmMap[Any]] = {
    "espocrm": ESPOCRM,
    "hubspot": HUBSPOT,
    "odoo": ODOO,
    "pipedrive": PIPEDRIVE,
    "salesforce": SALESFORCE,
    "twenty": TWENTY,
    "dynamics": DYNAMICS,
    "zoho": ZOHO,
}


def profile(*emails: str) -> Profile:
    return Profile(id=UUID(int=1), emails=emails, created_at=NOW, updated_at=NOW)


@pytest.mark.parametrize("name", MAPS)
def test_every_consent_and_every_opt_out_is_essential_in_every_crm(name: str) -> None:
    crm = MAPS[name]
    consents = {crm.field(f"{channel}_consent") for channel in facts.CHANNELS}
    assert None not in consents
    assert {*consents, *crm.opt_outs, crm.own, crm.order_own} <= crm.essential


def test_an_email_that_an_unseen_creation_may_have_written_is_dropped_from_the_list() -> None:
    # given a creation of unknown outcome: no id is known, and the mirror has what may stand there
    change = ProfileChange(profile("new@example.com"), 2, (), {"emails": "old@example.com", "email": "old@example.com"})
    # when the profile has another e-mail
    wanted = {"email": "new@example.com", "emails": "new@example.com"}
    write = profile_write(change, wanted, own="own", emails="emails", phone="phone", phones="phones", lists=True)
    # then the old one goes, and another is the main one
    assert write is not None
    assert write.body == {LOST: ["old@example.com"], MAIN: ["emails"]}
    assert write.unsure == {"emails": "old@example.com;new@example.com"}
