"""From an event and a rule to canonical events; every value goes through the normalisers of ``hub.mapping``. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar, cast

from hub.connectors.webhook_in import schemas
from hub.connectors.webhook_in.mapping_parts import (
    converter_of,
    discount,
    fulfilment,
    lines,
    needed,
    parts,
    payment,
    pointer,
    refund,
    returned_line,
    shipping_line,
    state_of,
    tax,
    variant,
)
from hub.errors import PayloadError
from hub.mapping.buyer import weak_contacts
from hub.mapping.custom import note
from hub.mapping.customer import CustomerField, CustomerFields, customer, guest_key, region_of
from hub.mapping.email import email
from hub.mapping.order import unexplained
from hub.mapping.phone import phone
from hub.model.case import Case
from hub.model.consent import Consent
from hub.model.customer import ChannelAccount, CustomerSnapshot
from hub.model.event import (
    CanonicalEvent,
    CaseEvent,
    CustomerEvent,
    DeletionEvent,
    FeedbackEvent,
    InteractionEvent,
    Note,
    OrderEvent,
    OrderPartEvent,
    ProductEvent,
)
from hub.model.feedback import Feedback
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.model.money import Money
from hub.model.order import (
    Order,
    Payment,
    Refund,
)
from hub.model.product import Product
from hub.sdk.incoming.fields import Reader, address_of, own_texts, where

State = TypeVar("State", bound=str)
_ORDER_STATES = {
    **{word: word for word in ("open", "paid", "fulfilled", "completed", "cancelled", "refunded", "failed")},
    "pending": "open", "new": "open", "created": "open", "unpaid": "open", "canceled": "cancelled",
    "complete": "completed", "shipped": "fulfilled", "delivered": "completed",
}  # fmt: skip
_CASE_STATES = {
    **{word: word for word in ("open", "waiting", "accepted", "refused", "solved", "closed", "cancelled")},
    "new": "open", "pending": "waiting", "approved": "accepted", "rejected": "refused", "declined": "refused",
    "resolved": "solved", "canceled": "cancelled",
}  # fmt: skip
_FEEDBACK_STATES = {
    **{word: word for word in ("published", "pending", "rejected", "withdrawn")},
    "approved": "published", "active": "published", "hold": "pending", "spam": "rejected", "deleted": "withdrawn",
}  # fmt: skip
_PRODUCT_STATES = {
    **{word: word for word in ("active", "draft", "archived")},
    "true": "active", "false": "archived", "published": "active", "publish": "active", "inactive": "archived",
}  # fmt: skip
_CONSENT_STATES = {
    **dict.fromkeys(("opted_in", "true", "1", "yes", "on", "subscribed", "active", "ja"), "opted_in"),
    **dict.fromkeys(("opted_out", "false", "0", "no", "off", "unsubscribed", "inactive", "nein"), "opted_out"),
    "pending": "pending", "unconfirmed": "pending", "unknown": "unknown",
}  # fmt: skip


class Told:
    """One event, read by one rule."""

    def __init__(self, rule: schemas.Rule, reader: Reader, path: str, event_id: str, received_at: datetime) -> None:
        self.rule, self.reader, self.path, self.event_id = rule, reader, path, event_id
        self.at = self._one(rule.at, "at")
        self.received_at = received_at

    def _one(self, expression: Any, name: str) -> Any:
        return self.reader.value(expression, converter_of(self.rule, name), f"{self.path}.{name}")

    def events(self) -> Iterator[CanonicalEvent | Note]:
        """Everything the rule tells. Raises PayloadError where something needed is missing."""
        rule, record = self.rule, None
        order = self._order(rule.order) if rule.order else None
        if rule.customer:
            fallback = order.external_id if order else None
            snapshot = self._customer(rule.customer, order, fallback)
            if snapshot:
                record = snapshot.key
                yield CustomerEvent(
                    occurred_at=self._of_person(rule.customer, order), customer=snapshot, whole=rule.customer.whole
                )
        if order:
            yield from unexplained(order)
            yield OrderEvent(occurred_at=self.at or order.placed_at, order=order, record=record)
        if rule.refund:
            back = refund(rule.refund, self.reader, f"{self.path}.refund", "")
            yield self._apart(rule.refund, back, "refund", record)
        if rule.payment:
            paid = payment(rule.payment, self.reader, f"{self.path}.payment", "")
            yield self._apart(rule.payment, paid, "payment", record)
        if rule.interaction and record:
            yield self._interaction(rule.interaction, record)
        if rule.case:
            yield CaseEvent(occurred_at=self.moment, case=self._case(rule.case), record=record)
        if rule.feedback:
            yield FeedbackEvent(occurred_at=self.moment, feedback=self._feedback(rule.feedback), record=record)
        if rule.product:
            yield ProductEvent(occurred_at=self.moment, product=self._product(rule.product))
        if rule.deletion:
            yield self._deletion(rule.deletion)

    @property
    def moment(self) -> datetime:
        """When it happened, as far as it is told; else when it came."""
        return self.at or self.received_at

    def _of_person(self, spec: schemas.CustomerMap, order: Order | None) -> datetime:
        """An order tells of its buyer as of the day it was placed: a later touch of it tells nothing new of them."""
        told = self.reader.value(spec.at, converter_of(spec, "at"), f"{self.path}.customer.at")
        return told or (order.placed_at if order else self.moment)

    def _apart(
        self, spec: schemas.MoneyMap, part: Refund | Payment, name: str, record: RecordKey | None
    ) -> OrderPartEvent:
        path = f"{self.path}.{name}"
        order_id = needed(self.reader.values(spec, path), "order_id", spec, path)
        return OrderPartEvent(occurred_at=part.at or self.moment, order_id=order_id, part=part, record=record)

    # -- people --------------------------------------------------------------------------------------------------------

    def _customer(
        self, spec: schemas.CustomerMap, order: Order | None, fallback: str | None
    ) -> CustomerSnapshot | None:
        path, reader = f"{self.path}.customer", self.reader
        told = reader.values(spec, path)
        fields: CustomerFields = {
            cast("CustomerField", name): value if isinstance(value, tuple) else (value,)
            for name, value in told.items()
            if name not in ("id", "at", "tags")
        }
        addresses = [address_of(place, reader, f"{path}.addresses.{n}") for n, place in enumerate(spec.addresses)]
        if order:
            addresses += [order.billing_address]
        accounts = tuple(filter(None, (self._account(one, path) for one in spec.accounts)))
        known = [address for address in addresses if address]
        region = region_of(fields, known, reader.region)
        if external_id := told.get("id"):
            key = RecordKey(kind=spec.record, external_id=external_id)
        elif any(fields.get(name) for name in ("email", "phone", "loyalty_id", "national_id")) or accounts:
            key = guest_key(fields, region=region, fallback=fallback or self.event_id, addresses=known)
        else:
            return None
        snapshot = customer(
            key,
            fields,
            region=region,
            addresses=addresses,
            accounts=accounts,
            consents=tuple(filter(None, (self._consent(one, f"{path}.consents") for one in spec.consents))),
            tags=told.get("tags", ()),
            contact_kind=spec.kind,
            custom=own_texts(spec.custom, reader, f"{path}.custom"),
        )
        if order is None:
            return snapshot
        beside = weak_contacts(snapshot, emails=[order.contact_email], phones=[order.contact_phone], region=region)
        return snapshot.model_copy(update={"identifiers": beside})

    def _account(self, spec: schemas.AccountMap, path: str) -> ChannelAccount | None:
        told = self.reader.values(spec, f"{path}.accounts")
        if "id" not in told:
            return None
        return ChannelAccount(network=spec.network, account_id=told["id"], handle=told.get("handle"))

    def _consent(self, spec: schemas.ConsentMap, path: str) -> Consent | None:
        if not self.reader.holds(spec.when, f"{path}.when"):
            return None
        told = self.reader.values(spec, path)
        word = told.get("state")
        if word is None:
            return None
        state = state_of(word, spec.states, _CONSENT_STATES, spec.state, self.reader, f"{path}.state")
        if state is None:
            return None
        return Consent(
            purpose=spec.purpose,
            channel=spec.channel,
            state=cast("Any", state),
            at=told.get("at"),
            evidence=told.get("evidence") or (f"webhook event {self.event_id}" if spec.explicit else None),
            explicit=spec.explicit,
        )

    # -- orders --------------------------------------------------------------------------------------------------------

    def _order(self, spec: schemas.OrderMap) -> Order:
        path = f"{self.path}.order"
        currency = self.reader.value(spec.currency, converter_of(spec, "currency"), f"{path}.currency")
        if currency is None:
            raise PayloadError("missing, or no ISO 4217 currency", path=where(spec.currency, f"{path}.currency"))
        reader = self.reader.of_money(currency, minor=spec.minor_units)
        told = reader.values(spec, path)
        billing = address_of(spec.billing_address, reader, f"{path}.billing_address")
        shipping = address_of(spec.shipping_address, reader, f"{path}.shipping_address")
        mail = email(told.get("email"))
        number = phone(
            told.get("phone"), (billing and billing.country) or (shipping and shipping.country) or reader.region
        )
        state = state_of(told.get("state"), spec.states, _ORDER_STATES, spec.state, reader, f"{path}.state")
        return Order(
            external_id=needed(told, "id", spec, path),
            number=told.get("number"),
            state=cast("Any", state or "open"),
            placed_at=needed(told, "placed_at", spec, path),
            currency=currency,
            total=needed(told, "total", spec, path),
            subtotal=told.get("subtotal"),
            discount_total=told.get("discount_total"),
            tax_total=told.get("tax_total"),
            tax_included=told.get("tax_included", False),
            shipping_total=told.get("shipping_total"),
            lines=tuple(line for each in spec.lines for line in lines(each, reader, f"{path}.lines")),
            discounts=parts(spec.discounts, reader, f"{path}.discounts", discount),
            taxes=parts(spec.taxes, reader, f"{path}.taxes", tax),
            shipping=parts(spec.shipping, reader, f"{path}.shipping", shipping_line),
            payments=parts(spec.payments, reader, f"{path}.payments", payment, currency),
            refunds=parts(spec.refunds, reader, f"{path}.refunds", refund, currency),
            fulfilments=parts(spec.fulfilments, reader, f"{path}.fulfilments", fulfilment),
            billing_address=billing,
            shipping_address=shipping,
            contact_email=mail.value if mail and mail.usable else None,
            contact_phone=number.value if number and number.usable else None,
            location=told.get("location"),
            cancelled_at=told.get("cancelled_at"),
            test=told.get("test", False),
            payment_due=told.get("payment_due"),
            note=note(told.get("note")),
            tags=told.get("tags", ()),
            custom=cast("Any", own_texts(spec.custom, reader, f"{path}.custom")),
        )

    # -- all else ------------------------------------------------------------------------------------------------------

    def _interaction(self, spec: schemas.InteractionMap, record: RecordKey) -> InteractionEvent:
        path = f"{self.path}.interaction"
        told = self.reader.values(spec, path)
        made = Interaction(
            external_id=told.pop("id", None) or self.event_id,
            kind=spec.kind,
            channel=spec.channel,
            direction=spec.direction,
            product=pointer(spec.product, self.reader, f"{path}.product"),
            details=own_texts(spec.details, self.reader, f"{path}.details"),
            **told,
        )
        return InteractionEvent(occurred_at=self.moment, interaction=made, record=record)

    def _case(self, spec: schemas.CaseMap) -> Case:
        path = f"{self.path}.case"
        reader, told, price = self._priced(spec, path, "amount")
        state = state_of(told.pop("state", None), spec.states, _CASE_STATES, spec.state, reader, f"{path}.state")
        return Case(
            external_id=needed(told, "id", spec, path),
            kind=spec.kind,
            state=cast("Any", state or "open"),
            opened_at=told.pop("opened_at", None) or self.moment,
            amount=price,
            lines=parts(spec.lines, reader, f"{path}.lines", returned_line),
            custom=own_texts(spec.custom, reader, f"{path}.custom"),
            **{name: value for name, value in told.items() if name != "id"},
        )

    def _feedback(self, spec: schemas.FeedbackMap) -> Feedback:
        path, reader = f"{self.path}.feedback", self.reader
        told = reader.values(spec, path)
        worst, best = told.pop("worst", Decimal(1)), told.pop("best", Decimal(5))
        rating = told.pop("rating", None)
        if best <= worst:
            raise PayloadError("the best rating is not above the worst", path=where(spec.best, f"{path}.best"))
        if rating is not None and not worst <= rating <= best:
            assert spec.rating is not None
            reader.note(spec.rating, f"{path}.rating", "a rating beyond its scale")
            rating = None
        state = state_of(told.pop("state", None), spec.states, _FEEDBACK_STATES, spec.state, reader, f"{path}.state")
        return Feedback(
            external_id=needed(told, "id", spec, path),
            kind=spec.kind,
            channel=spec.channel,
            rating=rating,
            worst=worst,
            best=best,
            state=cast("Any", state),
            answers=own_texts(spec.answers, reader, f"{path}.answers"),
            product=pointer(spec.product, reader, f"{path}.product"),
            **{name: value for name, value in told.items() if name != "id"},
        )

    def _product(self, spec: schemas.ProductMap) -> Product:
        path = f"{self.path}.product"
        reader, told, price = self._priced(spec, path, "price")
        state = state_of(told.pop("state", None), spec.states, _PRODUCT_STATES, spec.state, reader, f"{path}.state")
        return Product(
            external_id=needed(told, "id", spec, path),
            price=price,
            state=cast("Any", state or "active"),
            variants=parts(spec.variants, reader, f"{path}.variants", variant, reader.currency),
            custom=own_texts(spec.custom, reader, f"{path}.custom"),
            **{name: value for name, value in told.items() if name != "id"},
        )

    def _priced(
        self, spec: schemas.CaseMap | schemas.ProductMap, path: str, name: str
    ) -> tuple[Reader, dict[str, Any], Money | None]:
        """The values of what may have a price; without a currency there is none."""
        currency = self.reader.value(spec.currency, converter_of(spec, "currency"), f"{path}.currency") or ""
        reader = self.reader.of_money(currency, minor=spec.minor_units and bool(currency))
        told = reader.values(spec, path)
        told.pop("currency", None)
        amount = told.pop(name, None)
        return reader, told, Money(amount=amount, currency=currency) if amount is not None and currency else None

    def _deletion(self, spec: schemas.DeletionMap) -> DeletionEvent:
        path = f"{self.path}.deletion"
        external_id = needed(self.reader.values(spec, path), "id", spec, path)
        kind = "order" if spec.kind == "order" else spec.record
        return DeletionEvent(
            occurred_at=self.moment, record=RecordKey(kind=kind, external_id=external_id), kind=spec.kind
        )
