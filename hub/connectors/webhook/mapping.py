"""Golden profiles and orders as messages; every message has the receiver's whole truth, not a difference."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from hub.connectors.webhook.manifest import WebhookSettings
from hub.model.order import Fulfilment, Order, Payment, Refund
from hub.sdk.destination import Change, OrderChange, ProfileChange, Write

DIGEST = "digest"
ERASED = "erased"


def render(change: Change, settings: WebhookSettings) -> Write | None:
    """One message, or None when the receiver has this content already. The mirror holds a digest, no person."""
    return _order(change) if isinstance(change, OrderChange) else _profile(change)


def _profile(change: ProfileChange) -> Write | None:
    profile, known = change.profile, change.external_ids
    key = str(profile.id)
    if change.erased or profile.suppressed:
        return _erasure(change)
    # Where the profile stands at destinations changes with every delivery: sending it would never come to rest.
    data = profile.model_dump(mode="json", exclude={"destinations", "suppressed"})
    digest = _digest({name: value for name, value in data.items() if name != "updated_at"})
    if len(known) < 2 and change.mirror.get(DIGEST) == digest:
        return None
    merged = {"merged_ids": sorted({*known[1:]})} if len(known) > 1 else {}
    kind = "profile.merged" if merged else "profile.updated"
    return Write(
        "profile",
        key,
        next(iter(known), None),
        {DIGEST: digest},
        {DIGEST: digest},
        merge=known[1:],
        body=_message(key, change.version, kind, profile.updated_at, {**data, **merged}),
    )


def _erasure(change: ProfileChange) -> Write | None:
    """Ids only: what was told before must go. Somebody the receiver never heard of is not mentioned."""
    profile, known = change.profile, change.external_ids
    if not change.erased and (not known or change.mirror.get(DIGEST) == ERASED):
        return None
    key = str(profile.id)
    data = {"id": key, "aliases": sorted({*map(str, profile.aliases), *known} - {key})}
    return Write(
        "profile",
        key,
        next(iter(known), None),
        {},
        {DIGEST: ERASED},
        merge=known[1:],
        erase=True,
        body=_message(key, change.version, "profile.erased", profile.updated_at, data),
    )


def _order(change: OrderChange) -> Write | None:
    order = change.order.model_dump(mode="json")
    data = order | {"connection": change.connection, "net": format(change.net, "f"), "open": change.is_open}
    if change.deleted:
        data["deleted"] = True
    if change.contact_id:
        data["profile_id"] = change.contact_id
    digest = _digest(data)
    if change.mirror.get(DIGEST) == digest:
        return None
    return Write(
        "order",
        change.key,
        next(iter(change.external_ids), None),
        {DIGEST: digest},
        {DIGEST: digest},
        links=(change.contact_id,) if change.contact_id else (),
        body=_message(change.key, change.version, "order.updated", _changed(change.order), data),
    )


def _message(key: str, version: int, kind: str, at: datetime, data: Mapping[str, Any]) -> dict[str, Any]:
    """``id`` becomes the header webhook-id: the same on every attempt of one version. It may hold no full stop."""
    return {
        "id": f"{key}:{version}".replace(".", "_"),
        "type": kind,
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "data": data,
    }


def _changed(order: Order) -> datetime:
    """The latest thing the order tells the time of."""
    parts: tuple[Payment | Refund | Fulfilment, ...] = (*order.payments, *order.refunds, *order.fulfilments)
    times = (order.placed_at, order.cancelled_at, *(part.at for part in parts))
    return max(at for at in times if at is not None)


def _digest(data: Mapping[str, Any]) -> str:
    return hashlib.blake2b(orjson.dumps(data, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
