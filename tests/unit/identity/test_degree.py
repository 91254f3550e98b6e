"""Law L8 and the cost of one event: an identifier that very many records carry is nobody's."""

from __future__ import annotations

import pytest

from hub.application.process import Processing, process_batch
from hub.matching.blocking import CAP
from hub.matching.rules import IdentityRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import profiles
from hub.store.database import Database
from tests.support.doubles import by_name, customer, entry, source, store

PHONE = "+4930123456"


@pytest.mark.parametrize("at_once", [True, False])
def test_customers_without_names_on_the_tills_default_phone_stay_apart(database: Database, at_once: bool) -> None:
    work = Processing(database, by_name(source("shop")), (), IdentityRules(), SurvivorshipRules())
    told = [customer(str(n), phones=[PHONE]) for n in range(CAP + 1)]
    for events in [told] if at_once else [told[:100], told[100:-1], told[-1:]]:
        store(database, [entry(events, f"e{len(events)}-{events[0].customer.key.external_id}")])
        process_batch(work)
    with database.session() as session:
        assert profiles.count(session) == CAP + 1
