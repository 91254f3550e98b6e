"""What all orders have in common: do the parts make the total, is it paid, what is left after refunds. Pure.

Amounts are only ever added within one currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import combinations

from babel.numbers import get_currency_precision

from hub.model.event import Note
from hub.model.money import Money
from hub.model.order import LineKind, Order, OrderLine, Payment, ProductReference, Refund

_NOTHING = Decimal(0)
_PAID = frozenset({"paid", "completed", "captured", "success", "succeeded", "settled"})
_MOST_CHOICES = 6
"""Of more charges than these every choice would be too many to try."""
_REFUSED = frozenset({"failed", "failure", "error", "rejected", "canceled", "cancelled", "voided"})


def charge(
    name: str, amount: Decimal | None, kind: LineKind, *, external_id: str | None = None
) -> tuple[OrderLine, ...]:
    """A part of the total that is no goods, as a line of its own; none where it is nought or was not told."""
    if not amount:
        return ()
    product = ProductReference(name=name)
    return (OrderLine(external_id=external_id, product=product, quantity=Decimal(1), total=amount, kind=kind),)


def with_charges(order: Order, charges: Sequence[OrderLine], perhaps: Sequence[OrderLine] = ()) -> Order:
    """The order with those charges as lines that its total holds.

    A source may tell a charge that is in the total already (a tip that is a line item too) or never was (cash rounding
    of what was received): then the parts make the total without it. Where no choice makes the total, it is ``charges``
    that are kept; ``perhaps`` are those that the total holds at some times only.
    """
    all_of = (*charges, *perhaps)
    if not all_of:
        return order
    sizes = range(len(all_of), -1, -1) if len(all_of) <= _MOST_CHOICES else ()
    for chosen in (chosen for size in sizes for chosen in combinations(all_of, size)):
        whole = _with_lines(order, chosen)
        if not missing(whole):
            return whole
    return _with_lines(order, charges)


def _with_lines(order: Order, lines: Sequence[OrderLine]) -> Order:
    return order.model_copy(update={"lines": (*order.lines, *lines)}) if lines else order


def missing(order: Order) -> Decimal:
    """The total less its parts, in major units of the order's currency; nought where the parts make the total.

    Less than one minor unit is nought: sources that count tax per line keep more digits than the currency has.
    """
    parts = [line.total for line in order.lines]
    parts += [line.amount for line in order.shipping] or [order.shipping_total]
    if not order.tax_included:
        parts.append(order.tax_total)
    gap = order.total - sum([part for part in parts if part is not None], _NOTHING)
    return gap if gap and abs(gap) >= Decimal(1).scaleb(-get_currency_precision(order.currency)) else _NOTHING


def with_tax(order: Order) -> Order:
    """The order with its tax included where only so the parts make the total: for sources without a field for it."""
    included = order.model_copy(update={"tax_included": True})
    return included if missing(order) and not missing(included) else order


def unexplained(order: Order) -> tuple[Note, ...]:
    """A note on what the parts of the order lack of its total, or have beyond it.

    None where they make it, or where the order tells nothing but its total.
    """
    gap = missing(order)
    if not gap or not (order.lines or order.shipping):
        return ()
    side = "less" if gap > 0 else "more"
    return (Note(path="total", reason=f"the parts make {abs(gap):f} {order.currency} {side} than the total"),)


def is_open(order: Order) -> bool:
    """True for an order that was placed and that nobody has paid, as far as it tells itself."""
    return order.state == "open" if order.payment_due is None else order.payment_due


def is_paid(payment: Payment) -> bool:
    """True when the money was received, and not merely promised; a payment without a state was."""
    return payment.state is None or payment.state.lower() in _PAID


def is_given_back(refund: Refund) -> bool:
    """False for a refund that failed or was called off."""
    return (refund.state or "").lower() not in _REFUSED


def refunded(order: Order) -> Decimal:
    """What the order itself tells was given back, in its currency. Another currency's number is never subtracted."""
    if not order.refunds:
        return _NOTHING
    own = [refund for refund in order.refunds if refund.amount.currency == order.currency and is_given_back(refund)]
    by_basis = {basis: _sum(refund for refund in own if refund.basis == basis) for basis in (None, "goods", "money")}
    return by_basis[None] + max(by_basis["goods"], by_basis["money"])


def told_once(refunds: Sequence[Refund], currency: str, *, reduction: Decimal | None = None) -> tuple[Refund, ...]:
    """The refunds of one order with each reduction in one of them only, so that their amounts may be added.

    An item taken off an order is told when it is taken off (``goods``) and when its money goes back (``money``): the
    money that pays for such goods is nought here. ``reduction`` is how much less the source itself says the order is
    worth now than at first, where it says so: no more goods than that are taken off, and money beyond the goods counts
    as far as it reaches.
    """
    own = [refund for refund in refunds if refund.amount.currency == currency and is_given_back(refund)]
    goods = [refund for refund in own if refund.basis == "goods"]
    money = [refund for refund in own if refund.basis == "money"]
    taken_off, paid_back = _sum(goods), _sum(money)
    counted_goods, counted_money = taken_off, max(_NOTHING, paid_back - taken_off)
    if reduction is not None:
        rest = max(_NOTHING, reduction - _sum(refund for refund in own if refund.basis is None))
        counted_goods = min(taken_off, rest)
        counted_money = max(counted_money, min(paid_back, rest - counted_goods))
    settled = _less(goods, taken_off - counted_goods) | _less(money, paid_back - counted_money)
    if goods and money:  # weighed against each other now, so that their amounts are simply added from here on
        settled = {one.external_id: one.model_copy(update={"basis": None}) for one in settled.values()}
    return tuple(settled.get(refund.external_id, refund) for refund in refunds)


def _less(refunds: Iterable[Refund], surplus: Decimal) -> dict[str, Refund]:
    """The refunds by id, with ``surplus`` taken from the first ones."""
    changed: dict[str, Refund] = {}
    for refund in refunds:
        taken = min(surplus, refund.amount.amount)
        surplus -= taken
        left = Money(amount=refund.amount.amount - taken, currency=refund.amount.currency)
        changed[refund.external_id] = refund.model_copy(update={"amount": left})
    return changed


def _sum(refunds: Iterable[Refund]) -> Decimal:
    return sum((refund.amount.amount for refund in refunds), _NOTHING)
