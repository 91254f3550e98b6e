"""A version of a fact (an order, a part of one, a cart …), and the law by which versions of one are joined. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

LONGEST_NUMBER = 100
"""Characters of an order's number that it is found by."""


def plain_number(text: str) -> str | None:
    """An order's number as people look for it: without ``#``, dashes and capitals. None where nothing is left."""
    return "".join(filter(str.isalnum, text[:LONGEST_NUMBER].lower())) or None


@dataclass(frozen=True, slots=True)
class FactRow:
    """One version of one fact.

    ``amount`` is in major units of ``currency``; ``counted`` is False for orders that are no sale (test, cancelled,
    failed), refunds that failed, and payments that were only promised. ``aspect`` is ``open`` for an order that nobody
    has paid as far as it tells, and ``goods`` or ``money`` for a refund that tells one side only. ``parent_id`` is the
    order a part belongs to. ``payload`` is JSON text. ``record_id`` is the customer that the newest version to name
    one named, of the times ``record_version_at`` and ``record_received_at``. ``number`` is an
    order's own, as it is looked for (``plain_number``).
    """

    id: UUID
    connection: str
    kind: str
    external_id: str
    record_id: UUID | None
    parent_id: UUID | None
    happened_at: datetime
    version_at: datetime
    received_at: datetime
    amount: Decimal | None
    currency: str | None
    counted: bool
    payload: str
    inbox_id: int
    record_version_at: datetime | None = None
    record_received_at: datetime | None = None
    aspect: str | None = None
    number: str | None = None

    @property
    def version(self) -> tuple[datetime, datetime, bytes]:
        """The newer version is the greater: by source time, then arrival, and never by chance."""
        return self.version_at, self.received_at, self.payload.encode()

    @property
    def naming(self) -> tuple[datetime, datetime, UUID] | None:
        """The same for the record it hangs on; None while no version named one."""
        if self.record_id is None or self.record_version_at is None or self.record_received_at is None:
            return None
        return self.record_version_at, self.record_received_at, self.record_id

    def joined(self, other: FactRow) -> FactRow:
        """The newer of two versions, hanging on the record that the newest version to name one named."""
        newer = max(self, other, key=lambda fact: fact.version)
        naming = max((fact for fact in (self, other) if fact.naming), key=lambda fact: fact.naming or (), default=None)
        if naming is None or naming is newer:
            return newer
        return replace(
            newer,
            record_id=naming.record_id,
            record_version_at=naming.record_version_at,
            record_received_at=naming.record_received_at,
        )
