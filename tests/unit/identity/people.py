"""Short ways to write down people for the tests of matching."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hub.mapping.customer import CustomerFields, customer
from hub.mapping.record_state import State, apply_customer
from hub.matching.features import Features, features_of
from hub.matching.rules import IdentityRules
from hub.model.event import CustomerEvent
from hub.model.identifier import RecordKey

RULES = IdentityRules()
AT = datetime(2026, 3, 1, tzinfo=UTC)


def state(**fields: str) -> State:
    """The state of a record that told these customer fields."""
    told: CustomerFields = {name: (value,) for name, value in fields.items()}  # type: ignore[misc]
    record: State = {}
    apply_customer(
        record,
        CustomerEvent(occurred_at=AT, customer=customer(RecordKey(kind="row", external_id="1"), told)),
        [0, 0, 0],
    )
    return record


def who(**fields: str) -> Features:
    """The same, as matching sees it."""
    return features_of(state(**fields), RULES)


HOME: dict[str, Any] = {"street": "Lindenstr. 12", "postal_code": "10969", "city": "Berlin"}
PHONE = "+493023125101"
BORN = date(1980, 4, 17).isoformat()
__all__ = ["AT", "BORN", "HOME", "PHONE", "RULES", "state", "who"]
