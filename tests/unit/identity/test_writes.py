"""What a batch writes depends on what it tells, not on how much is known of the people it is about."""

from __future__ import annotations

from typing import Any

from hub.application.process import Processing, process_batch
from hub.matching.rules import IdentityRules
from hub.model.keys import record_id
from hub.profiles.survivorship import SurvivorshipRules
from hub.store.database import Database
from tests.support.doubles import at, by_name, customer, entry, source, store

MAIL = "anna@example.com"


def written(database: Database) -> dict[Any, str]:
    """Which transaction wrote each record last."""
    with database.session() as session:
        return dict(session.rows("SELECT id, xmin::text FROM record"))


def test_records_that_nothing_was_told_of_are_not_written_again(database: Database) -> None:
    work = Processing(database, by_name(source("shop")), (), IdentityRules(), SurvivorshipRules())
    store(database, [entry([customer(str(n), emails=[MAIL]) for n in range(5)], "e1")])
    process_batch(work)
    before = written(database)
    store(database, [entry([customer("3", when=at(5), emails=[MAIL], company="Berg KG")], "e2")])
    process_batch(work)
    changed = {record for record, transaction in written(database).items() if before[record] != transaction}
    assert changed == {record_id("shop", "customer", "3")}
