"""Settings that most CRMs have in common, beside those of every destination of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from hub.mapping.fieldmap import OrderMap


def _of_an_order(fields: Mapping[str, str]) -> Mapping[str, str]:
    try:
        OrderMap(fields)
    except TypeError as error:
        raise ValueError(str(error)) from None
    return fields


OrderFields = Annotated[
    Mapping[str, str],
    AfterValidator(_of_an_order),
    Field(
        description="Field of yours to what of the order goes there: note, tags, contact_phone, custom.NAME …",
        default_factory=dict,
    ),
]
"""A field of theirs to what of the order goes there; for a CRM's own setting, such as ``deal_fields``."""

ByName = Annotated[
    Literal["by_name", "none"],
    Field(description="by_name: a person belongs to the company of that name. none: Hub leaves it."),
]
"""Whether a CRM that keeps companies is told whose a person is; for its own setting, such as ``accounts``."""

OneCurrency = Annotated[
    str | None,
    Field(
        pattern="^[A-Z]{3}$",
        description="The account's currency, where it has one only: orders in another get no amount. Leave it out "
        "where multiple currencies are activated.",
    ),
]
"""For a CRM that reads an amount without a currency as its own."""


OrderLines = Annotated[
    Literal["text", "none"], Field(description="text: the lines of an order stand in a text field of its record.")
]
"""Whether a CRM is told what was ordered; lines of its own need products of its catalogue in most."""

StageOpen = Annotated[str, Field(description="Stage of an order that nobody has paid yet.")]
StageWon = Annotated[str, Field(description="Stage of a paid or completed order.")]
StageLost = Annotated[str, Field(description="Stage of a cancelled, failed, deleted or wholly refunded order.")]
"""Where a CRM's own pipeline has an order, by how its sale stands (``facts.sale``)."""
