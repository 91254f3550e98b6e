"""Money: an exact decimal amount in major units with its ISO 4217 currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from babel.core import get_global
from pydantic import AfterValidator

from hub.model.base import Frozen

CURRENCIES: frozenset[str] = frozenset(get_global("all_currencies"))
"""ISO 4217 codes, current and historic, as CLDR lists them."""


def _known_currency(value: str) -> str:
    if value not in CURRENCIES:
        raise ValueError("not an ISO 4217 currency")
    return value


Currency = Annotated[str, AfterValidator(_known_currency)]


class Money(Frozen):
    """``amount`` is in major units (12.90 euro is ``Decimal("12.90")``)."""

    amount: Decimal
    currency: Currency
