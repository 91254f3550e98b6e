"""Amounts as sources write them, to exact decimals in major units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from babel.numbers import get_currency_precision

from hub.errors import PayloadError
from hub.model.money import Money


def amount(value: str | int | float | Decimal | None, *, path: str) -> Decimal:
    """A decimal from text or number in major units; floats go through their shortest text, whole ones as 12, not 12.0.

    Raises PayloadError naming ``path`` when it is no finite number.
    """
    try:
        number = Decimal(int(value) if isinstance(value, float) and value.is_integer() else str(value).strip())
    except InvalidOperation as error:
        raise PayloadError("not an amount", path=path) from error
    if not number.is_finite():
        raise PayloadError("not an amount", path=path)
    return number


_WRITTEN = re.compile(
    r"(?:[A-Z]{3}|[^\w\s.,'’+-]{1,3})?\s*([+-]?[0-9][0-9.,'’ \u00a0\u202f]*)\s*(?:[A-Z]{3}|[^\w\s.,'’+-]{1,3})?"
)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[.,'’ \u00a0\u202f][0-9]{3})*")


def written_amount(value: str | int | float | Decimal | None, *, path: str) -> Decimal:
    """The same for amounts as people write them: ``1.234,56``, ``1,234.56``, ``12,50 €``, ``EUR 12.50``.

    A lone comma before three digits may stand before thousands or before a fraction: that is not guessed. Raises
    PayloadError naming ``path``.
    """
    with suppress(PayloadError):
        return amount(value, path=path)
    found = _WRITTEN.fullmatch(str(value).strip())
    if found is None:
        raise PayloadError("not an amount", path=path)
    text = found[1].strip()
    at = max(text.rfind("."), text.rfind(","))
    whole, mark, fraction = (text[:at], text[at], text[at + 1 :]) if at >= 0 else (text, "", "")
    if mark and mark in whole:  # 1.234.567: the mark stands between thousands only
        whole, mark, fraction = text, "", ""
    if mark == "," and len(fraction) == 3 and _GROUPED.fullmatch(whole) and not _SEPARATORS.search(whole):
        raise PayloadError("an amount with a comma before three digits, which may mean two things", path=path)
    if mark in _SEPARATORS.findall(whole) or not (_GROUPED.fullmatch(whole) or not _SEPARATORS.search(whole)):
        raise PayloadError("not an amount", path=path)
    return amount(f"{_SEPARATORS.sub('', whole)}.{fraction}" if fraction else _SEPARATORS.sub("", whole), path=path)


_SEPARATORS = re.compile(r"[.,'’ \u00a0\u202f]")


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
