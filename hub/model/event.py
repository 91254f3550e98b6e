"""Canonical events: what a connector's ``parse`` gives, whatever the channel.

Every event has ``occurred_at``, the source's own time for the state it describes (aware UTC): it decides which of two
states is newer. The time of arrival (``received_at``) belongs to the inbox entry and only breaks ties.
"""

from __future__ import annotations

from typing import Literal

from hub.model.base import Frozen, UtcDatetime
from hub.model.case import Case
from hub.model.consent import Consent
from hub.model.customer import CustomerSnapshot
from hub.model.feedback import Feedback
from hub.model.identifier import Identifier, RecordKey
from hub.model.interaction import Interaction
from hub.model.order import Cart, Fulfilment, Order, Payment, Refund
from hub.model.product import Product
from hub.model.profile import RecordReference

ContactList = Literal["emails", "phones", "accounts", "loyalty_ids"]
"""The lists of a customer whose values a source may replace."""

CONTACT_LISTS: tuple[ContactList, ...] = ("emails", "phones", "accounts", "loyalty_ids")


class Returned(Frozen):
    """Marks the state of a record that Hub writes to as well, as it was read there.

    ``owner`` is the profile's id that the record carries, None where Hub never wrote to it. ``past`` is True for what
    stood there once, as an event of the vendor's tells it, whatever stands there now. ``sent`` is True where a webhook
    brought the state with it: it is of the time at which that was sent (``occurred_at``), however late it comes.
    """

    owner: str | None = None
    past: bool = False
    sent: bool = False


class CustomerEvent(Frozen):
    """A source's state of one customer; merged into the record attribute by attribute, the newest value winning.

    ``whole`` names the lists that this event tells in full, as the source holds them at ``occurred_at``. It is for the
    source's own customer object (a customer resource or webhook, a row of a file), and never for what tells a part: an
    order's contact data, one form, a partial update. Where the newest whole telling of a list has other values than an
    earlier whole telling, the source replaced those that are missing. They are former from then on: kept on the
    record, weak evidence at most, and no value of the profile. A list that tells nothing replaces nothing, a value
    that was only ever told in part is never replaced, and whoever tells a former value again later makes it current.

    ``returned`` is set where Hub writes to the same record: then only what people changed there is the record's own
    (``hub.outbox.echo``). ``released`` names attributes that a person pinned in Hub and let go again.
    """

    occurred_at: UtcDatetime
    customer: CustomerSnapshot
    whole: tuple[ContactList, ...] = ()
    returned: Returned | None = None
    released: tuple[str, ...] = ()


class OrderEvent(Frozen):
    """A state of one order. ``record`` names whose it is, None for an anonymous sale."""

    occurred_at: UtcDatetime
    order: Order
    record: RecordKey | None = None


class OrderPartEvent(Frozen):
    """A refund, payment or fulfilment told apart from its order; ``order_id`` is the order's external id."""

    occurred_at: UtcDatetime
    order_id: str
    part: Refund | Payment | Fulfilment
    record: RecordKey | None = None


class CartEvent(Frozen):
    """A state of one cart or abandoned checkout."""

    occurred_at: UtcDatetime
    cart: Cart
    record: RecordKey | None = None


class InteractionEvent(Frozen):
    """Something that happened, or a later state of it: an appointment that was moved.

    ``waits``: nothing is told of the record but its key, as of a visitor's device. Then it is not made for this. The
    interaction waits under the key, and is found there once anything else tells of the record. ``of`` is the connection
    that told of the record, where it is another than the event's: then it is there, and is not made for this either.
    """

    occurred_at: UtcDatetime
    interaction: Interaction
    record: RecordKey
    waits: bool = False
    of: str | None = None


class CaseEvent(Frozen):
    """A state of one return, complaint or ticket. ``record`` names whose it is, None where the source does not tell."""

    occurred_at: UtcDatetime
    case: Case
    record: RecordKey | None = None


class FeedbackEvent(Frozen):
    """A state of one review, answered survey or rating. ``record`` is None for who did not say who they are."""

    occurred_at: UtcDatetime
    feedback: Feedback
    record: RecordKey | None = None


class ProductEvent(Frozen):
    """A state of one product of the source."""

    occurred_at: UtcDatetime
    product: Product


class ConsentEvent(Frozen):
    """A change of consent that came without the rest of the customer."""

    occurred_at: UtcDatetime
    record: RecordKey
    consent: Consent


class LinkEvent(Frozen):
    """The source itself says that these records are one person (a changed e-mail, number, or a merge there).

    ``once`` is the one of them that can be one person's only, such as a device's: linked to two, it proves nothing and
    belongs to neither, in whichever order it was told. ``of`` is one more record, of another connection. ``by`` is set
    where a person merged them in a system that Hub writes to: that is a judgement, and ``into`` the one that is left.
    ``into`` alone is the id that the same record has there now.
    """

    occurred_at: UtcDatetime
    records: tuple[RecordKey, ...]
    reason: str
    once: RecordKey | None = None
    of: RecordReference | None = None
    by: str | None = None
    into: RecordKey | None = None


class DeletionEvent(Frozen):
    """The source no longer has this record or order. Not an erasure: nothing is forgotten.

    ``kind`` says what was deleted: the ``record``, or the ``order`` with the external id in ``record``.
    """

    occurred_at: UtcDatetime
    record: RecordKey
    kind: Literal["record", "order"] = "record"
    reason: str = "deleted at the source"


class PrivacyEvent(Frozen):
    """A data-subject request that came through a channel (Shopify's three privacy topics).

    ``action`` ``erasure`` and ``access`` concern one person, ``shop_erasure`` the whole connection.
    """

    occurred_at: UtcDatetime
    action: Literal["erasure", "access", "shop_erasure"]
    external_id: str
    record: RecordKey | None = None
    identifiers: tuple[Identifier, ...] = ()
    order_ids: tuple[str, ...] = ()


class Note(Frozen):
    """A part of a delivery that was left out or changed while the rest was read; no event.

    ``path`` is the dotted path in the payload, ``reason`` why, in words; neither holds a personal value. The notes
    stand beside the inbox entry (``hub inbox show``).
    """

    path: str
    reason: str


CanonicalEvent = (
    CustomerEvent
    | OrderEvent
    | OrderPartEvent
    | CartEvent
    | InteractionEvent
    | CaseEvent
    | FeedbackEvent
    | ProductEvent
    | ConsentEvent
    | LinkEvent
    | DeletionEvent
    | PrivacyEvent
)
