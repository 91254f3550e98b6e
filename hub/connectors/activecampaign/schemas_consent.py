"""What ActiveCampaign's lists tell of consent to e-mail. Pure.

Those of the settings count, or all where none is named: who is active on none of them and unsubscribed from one has
opted out; who came to one by a form has opted in. That an account's user or an API put somebody on a list is no word of
theirs, and tells nothing (law L7). A row keeps its form when somebody puts who had left on the list again, so that
only the webhook of a form tells that they came back themselves.

Sources: developers.activecampaign.com/reference/contact (status of a list); github.com/leapforce-libraries/
go_activecampaign ContactList.go (``sdate`` is when they were put on the list, ``udate`` when they left it).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.schemas import ACTIVE, BOUNCED, UNCONFIRMED, UNSUBSCRIBED
from hub.connectors.activecampaign.schemas_source import Row
from hub.mapping.time import maybe_instant
from hub.model.consent import Consent


def counts(lists: str | None, settings: ActiveCampaignSettings) -> bool:
    """Whether one of these lists is one of those that consent hangs on."""
    named = (lists or "").split(",") if lists else []
    return not settings.lists or any(one in settings.lists for one in named)


def consents(rows: Sequence[Row], settings: ActiveCampaignSettings) -> Iterator[Consent]:
    """What the lists tell of e-mail, with the time it holds from."""
    counted = [row for row in rows if not settings.lists or row.list in settings.lists]
    active = [row for row in counted if row.status == ACTIVE]
    for row in counted:
        about = f"list {row.list}"
        changed = maybe_instant(row.changed or row.began, path="contactLists.udate")
        if row.status == BOUNCED:
            words = f"activecampaign: {about}: the address is dead: hard bounce"
            yield Consent(channel="email", state="opted_out", at=changed, evidence=words, explicit=False)
        elif row.status == UNSUBSCRIBED and not active:
            yield Consent(
                channel="email", state="opted_out", at=changed, evidence=f"activecampaign: unsubscribed from {about}"
            )
        elif row.status == ACTIVE and row.form and not _came_back(row):
            began = maybe_instant(row.began, path="contactLists.sdate")
            words = f"activecampaign: form {row.form} for {about}"
            yield Consent(channel="email", state="opted_in", at=began, evidence=words, explicit=True)
        elif row.status == UNCONFIRMED and not active:
            words = f"activecampaign: not yet confirmed for {about}"
            yield Consent(channel="email", state="pending", at=changed, evidence=words)


def _came_back(row: Row) -> bool:
    """Whether they had left the list before they were put on it."""
    left, began = (maybe_instant(one, path="contactLists") for one in (row.changed, row.began))
    return left is not None and began is not None and began > left
