"""Amounts as sources write them, to exact decimals in major units."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from babel.numbers import get_currency_precision

from hub.errors import PayloadError
from hub.model.money import Money


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


def at_told_rate(money: Money, currency: str, told: Iterable[tuple[Money, Money] | None]) -> Money:
    """The amount in ``currency``, at a rate the payload tells; where it tells none, the money as it is.

    ``told`` are amounts that the payload gives twice: in the money's currency, and in the other one.
    """
    for pair in told if money.currency != currency else ():
        if pair and pair[0].amount and (pair[0].currency, pair[1].currency) == (money.currency, currency):
            return Money(amount=rounded(money.amount * pair[1].amount / pair[0].amount, currency), currency=currency)
    return money


def rounded(value: Decimal, currency: str) -> Decimal:
    """An amount in major units to the digits the currency has, halves away from nought."""
    return value.quantize(Decimal(1).scaleb(-get_currency_precision(currency)), rounding=ROUND_HALF_UP)
