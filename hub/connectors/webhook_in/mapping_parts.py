"""The parts of orders, cases and products, and what every reader of a configured field needs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from hub.connectors.webhook_in import schemas
from hub.errors import PayloadError
from hub.model.case import ReturnedLine
from hub.model.event import Note
from hub.model.money import Money
from hub.model.order import (
    Discount,
    Fulfilment,
    OrderLine,
    Payment,
    ProductReference,
    Refund,
    ShippingLine,
    Tax,
)
from hub.model.product import Variant
from hub.sdk.incoming.fields import Reader, own_texts, where


def parts(specs: Sequence[Any], reader: Reader, path: str, build: Any, *more: Any) -> tuple[Any, ...]:
    """Each part that can be read; one that lacks what it needs costs itself, and a note."""
    found = []
    for spec in specs:
        members = reader.items(spec.items, path) if spec.items is not None else [reader]
        for number, member in enumerate(members):
            if not member.holds(getattr(spec, "when", None), f"{path}.when"):
                continue
            try:
                found.append(build(spec, member, f"{path}.{number}", *more))
            except PayloadError as error:
                if spec.items is not None:
                    reader.notes.append(
                        Note(path=error.path, reason=f"{error.reason}, so this one is left out ({path})")
                    )
    return tuple(found)


def lines(spec: schemas.LineMap, reader: Reader, path: str) -> tuple[OrderLine, ...]:
    return parts([spec], reader, path, _line)


def _line(spec: schemas.LineMap, reader: Reader, path: str) -> OrderLine:
    told = reader.values(spec, path)
    if not told:
        raise PayloadError("nothing is told of it", path=path)
    return OrderLine(
        external_id=told.get("id"),
        product=ProductReference(
            external_id=told.get("product_id"),
            variant_id=told.get("variant_id"),
            sku=told.get("sku"),
            name=told.get("name"),
        ),
        quantity=told.get("quantity", Decimal(1)),
        unit_price=told.get("unit_price"),
        total=told.get("total"),
        discounts=parts(spec.discounts, reader, f"{path}.discounts", discount),
        taxes=parts(spec.taxes, reader, f"{path}.taxes", tax),
        kind=spec.kind,
        custom=cast("Any", own_texts(spec.custom, reader, f"{path}.custom")),
    )


def discount(spec: schemas.DiscountMap, reader: Reader, path: str) -> Discount:
    told = reader.values(spec, path)
    return Discount(code=told.get("code"), title=told.get("title"), amount=abs(needed(told, "amount", spec, path)))


def tax(spec: schemas.TaxMap, reader: Reader, path: str) -> Tax:
    told = reader.values(spec, path)
    return Tax(title=told.get("title"), rate=told.get("rate"), amount=needed(told, "amount", spec, path))


def shipping_line(spec: schemas.ShippingMap, reader: Reader, path: str) -> ShippingLine:
    told = reader.values(spec, path)
    return ShippingLine(title=told.get("title"), amount=needed(told, "amount", spec, path))


def _money(spec: schemas.MoneyMap, reader: Reader, path: str, currency: str) -> tuple[dict[str, Any], Money]:
    own = reader.value(spec.currency, converter_of(spec, "currency"), f"{path}.currency") or currency
    if not own:
        raise PayloadError("no currency", path=where(spec.currency, f"{path}.currency"))
    told = reader.of_money(own, minor=reader.minor).values(spec, path)
    return told, Money(amount=abs(needed(told, "amount", spec, path)), currency=own)


def refund(spec: schemas.RefundMap, reader: Reader, path: str, currency: str) -> Refund:
    """Money given back; sources write it below nought as often as above."""
    told, money = _money(spec, reader, path, currency)
    return Refund(
        external_id=needed(told, "id", spec, path),
        amount=money,
        basis=spec.basis,
        reason=told.get("reason"),
        state=told.get("state"),
        at=told.get("at"),
    )


def payment(spec: schemas.PaymentMap, reader: Reader, path: str, currency: str) -> Payment:
    """Money that came, or was promised."""
    told, money = _money(spec, reader, path, currency)
    return Payment(
        external_id=needed(told, "id", spec, path),
        amount=money,
        method=told.get("method"),
        state=told.get("state"),
        at=told.get("at"),
    )


def fulfilment(spec: schemas.FulfilmentMap, reader: Reader, path: str) -> Fulfilment:
    told = reader.values(spec, path)
    external_id = needed(told, "id", spec, path)
    return Fulfilment(external_id=external_id, kind=spec.kind, **{k: v for k, v in told.items() if k != "id"})


def returned_line(spec: schemas.ReturnedMap, reader: Reader, path: str) -> ReturnedLine:
    product = pointer(spec, reader, path)
    told = reader.values(spec, path)
    if product is None:
        raise PayloadError("no product", path=path)
    return ReturnedLine(product=product, quantity=told.get("quantity", Decimal(1)), reason=told.get("reason"))


def variant(spec: schemas.VariantMap, reader: Reader, path: str, currency: str) -> Variant:
    told = reader.values(spec, path)
    price = told.pop("price", None)
    return Variant(
        external_id=needed(told, "id", spec, path),
        price=Money(amount=price, currency=currency) if price is not None and currency else None,
        **{name: value for name, value in told.items() if name != "id"},
    )


def pointer(spec: schemas.ProductPointer | None, reader: Reader, path: str) -> ProductReference | None:
    told = reader.values(spec, path) if spec else {}
    names = {"external_id": "product_id", "variant_id": "variant_id", "sku": "sku", "name": "name"}
    found = {name: told[own] for name, own in names.items() if own in told}
    return ProductReference(**found) if found else None


def state_of(
    word: str | None, own: Mapping[str, str], known: Mapping[str, str], expression: Any, reader: Reader, path: str
) -> str | None:
    """The canonical word for the source's own; a note where nobody knows it."""
    if word is None:
        return None
    words = {**known, **{name.strip().lower(): state for name, state in own.items()}}
    state = words.get(word.strip().lower())
    if state is None and expression is not None:
        reader.note(expression, path, "a state that is not among states")
    return state


def needed(told: Mapping[str, Any], name: str, spec: Any, path: str) -> Any:
    if told.get(name) is None:
        raise PayloadError("missing, or not readable", path=where(getattr(spec, name), f"{path}.{name}"))
    return told[name]


def converter_of(spec: Any, name: str) -> Any:
    return next(m.convert for m in type(spec).model_fields[name].metadata if hasattr(m, "convert"))
