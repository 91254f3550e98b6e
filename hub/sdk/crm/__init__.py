"""One way to write a person and an order to a CRM; what differs from CRM to CRM is its dialect."""

from hub.sdk.crm.destination import destination
from hub.sdk.crm.dialect import (
    Activities,
    Batch,
    Call,
    Companies,
    Dialect,
    Found,
    Item,
    Key,
    Lines,
    Made,
    Orders,
    People,
    Problem,
    Script,
)

__all__ = [
    "Activities",
    "Batch",
    "Call",
    "Companies",
    "Dialect",
    "Found",
    "Item",
    "Key",
    "Lines",
    "Made",
    "Orders",
    "People",
    "Problem",
    "Script",
    "destination",
]
