"""Shopify's refunds, and what an order is worth after them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hub.connectors.shopify import schemas
from hub.errors import PayloadError
from hub.mapping.money import at_told_rate
from hub.mapping.order import told_once
from hub.model.money import Money
from hub.model.order import Refund


def refunds(order: schemas.Order) -> tuple[Refund, ...]:
    """The order's refunds, each reduction counted once."""
    if not order.refunds:
        return ()
    found = [refund(item, order) for item in order.refunds]
    goods = [item.goods(with_tax=not order.taxes_included) for item in order.refunds]
    now = order.current_total_price
    if now is None or not 0 <= now <= order.total_price:
        return told_once(found, order.currency)
    # current_total_price is less the goods that came back; less, or more, money may have been paid for them
    pairs = zip(goods, found, strict=True)
    apart = [
        came - (made.amount.amount if made.amount.currency == order.currency else 0)
        for came, made in pairs
        if made.basis is None
    ]
    reduction = order.total_price - now - sum(apart, Decimal(0))
    counted = told_once(found, order.currency, reduction=reduction)
    if order.total_outstanding != 0 or not order.paid:
        return counted
    return _exchanged(counted, goods, order.currency, order.total_price - now)


def _exchanged(
    found: Sequence[Refund], goods: Sequence[Decimal], currency: str, reduction: Decimal
) -> tuple[Refund, ...]:
    """Goods that came back and paid for others of the same order are worth what they cost, not what went back in money.

    Nobody owes anything here, so the order is worth what the source says: ``reduction`` less than at first.
    """
    gap = reduction - sum((one.amount.amount for one in found if one.amount.currency == currency), Decimal(0))
    settled: list[Refund] = []
    for one, came in zip(found, goods, strict=True):
        more = (
            min(gap, came - one.amount.amount) if one.basis is None and one.amount.currency == currency else Decimal(0)
        )
        if more > 0:
            gap -= more
            one = one.model_copy(update={"amount": Money(amount=one.amount.amount + more, currency=currency)})
        settled.append(one)
    return tuple(settled)


def refund(given: schemas.Refund, order: schemas.Order | None = None) -> Refund:
    """Money given back: its refund transactions, else the goods that came back.

    Transactions are in the customer's currency. Where the payload tells an amount in both, the refund is in the
    shop's, at that rate, or worth the goods that came back; else it stays in the customer's. Lines hold their tax where
    the order's prices do (``taxes_included``); a webhook does not tell, and the order's next update puts it right.
    Raises PayloadError when no currency is told anywhere.
    """
    shop, customers = _currencies(given, order)
    payouts, goods = given.payouts, given.goods(with_tax=order is not None and not order.taxes_included)
    paid_in = next((t.currency for t in payouts if t.currency), customers or shop) if payouts else shop or customers
    if paid_in is None and not goods:  # a promise of the buyer's bank was called off, and no money moved
        paid_in = next((found.currency for found in given.transactions if found.currency), None)
    if paid_in is None:
        raise PayloadError("no currency", path="transactions.0.currency")
    done = [t for t in payouts if t.status in (None, "success", "pending") and t.currency in (None, paid_in)]
    amount = Money(amount=sum((t.amount for t in done), Decimal(0)) if payouts else goods, currency=paid_in)
    told = [one.pair for one in (*given.sets, order.total_price_set if order else None) if one]
    amount = at_told_rate(amount, shop or paid_in, told)
    if goods and shop and amount.currency != shop:
        amount = Money(amount=goods, currency=shop)  # the goods it is paid for are told in the shop's money
    return Refund(
        external_id=given.id,
        amount=amount,
        basis=("money" if not goods else None) if payouts else ("goods" if goods else None),
        reason=given.note,
        state=payouts[0].status if payouts else None,
        at=given.processed_at or given.created_at,
    )


def _currencies(given: schemas.Refund, order: schemas.Order | None) -> tuple[str | None, str | None]:
    """The shop's currency and the customer's, as far as they are told."""
    shop = [one.shop_money.currency_code for one in given.sets if one.shop_money]
    customers = [one.presentment_money.currency_code for one in given.sets if one.presentment_money]
    if order is not None:
        shop, customers = [order.currency], [order.presentment_currency, *customers]
    return next(filter(None, shop), None), next(filter(None, customers), None)
