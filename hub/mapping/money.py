"""Amounts as sources write them, to exact decimals in major units."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from babel.numbers import get_currency_precision

from hub.errors import PayloadError


def amount(value: str | int | float | Decimal | None, *, path: str) -> Decimal:
    """A decimal from text or number in major units; floats go through their shortest text.

    Raises PayloadError naming ``path`` when it is no finite number.
    """
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise PayloadError("not an amount", path=path) from error
    if not number.is_finite():
        raise PayloadError("not an amount", path=path)
    return number


def maybe_amount(value: str | int | float | Decimal | None, *, path: str) -> Decimal | None:
    """Like ``amount``, but None and empty text give None."""
    return None if value is None or value == "" else amount(value, path=path)


def minor_units(value: int, currency: str) -> Decimal:
    """Minor units (cents) to major units, by the currency's own number of digits (JPY has none)."""
    return Decimal(value).scaleb(-get_currency_precision(currency))
