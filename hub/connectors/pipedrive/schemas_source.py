"""What Pipedrive sends of persons: webhooks of version 2, and the one record that a fetch gives.

Sources: pipedrive.readme.io/docs/guide-for-webhooks-v2, …/webhooks-v2-migration-guide (``merged_to_id`` of what was
merged away), developers.pipedrive.com/docs/api/v1/Persons (API v2).
"""

from __future__ import annotations

from hub.mapping.payload import TimeText, VendorModel


class Meta(VendorModel):
    """What happened, to which record, and by whom; ``id`` is the webhook's own."""

    id: str
    action: str
    entity_id: str
    timestamp: TimeText
    user_id: str | None = None
    merged_to_id: str | None = None


class Delivery(VendorModel):
    """A webhook. What it tells of the record itself may be late, so that it is fetched."""

    meta: Meta


class Record(VendorModel):
    """A person or an organization, as far as it says what it is."""

    name: str | None = None
    org_id: str | None = None
    update_time: TimeText | None = None
    is_deleted: bool = False


class Body(VendorModel):
    """The envelope of a record."""

    data: Record
