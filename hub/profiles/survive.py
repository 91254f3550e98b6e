"""survive: the affected clusters to golden profile versions, stored where they differ.

Takes a resolution, gives the profiles that changed. Orders are summed up again from the facts, never added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from hub import metrics
from hub.mapping.name import fold
from hub.model.consent import SUPPRESSION
from hub.profiles.survivorship import Leaf, SurvivorshipRules, golden
from hub.store import facts, profiles
from hub.store.database import Session
from hub.store.profiles import ChangedProfile, NewVersion
from hub.store.records import ProfileRow, RecordRow

Ranks = Mapping[str, int]
"""Source rank by connection name; the lower wins."""

DEFAULT_RANK = 100

SEARCHED = 8_000
"""Characters of a profile that the search looks in: PostgreSQL refuses to index texts without end."""


def survive(
    session: Session,
    members: Mapping[UUID, Iterable[RecordRow]],
    known: Mapping[UUID, ProfileRow],
    created_at: Mapping[UUID, datetime],
    *,
    ranks: Ranks,
    rules: SurvivorshipRules,
    now: datetime,
    placed: Collection[str] = (),
    heard: Mapping[UUID, Sequence[RecordRow]] | None = None,
) -> list[ChangedProfile]:
    """Fold every affected cluster and store what changed, inside the caller's transaction.

    ``placed`` are the connections whose orders count before they are paid. ``heard`` is what the list of suppressed
    addresses says beside a profile's records.
    """
    summaries = facts.order_summaries(session, members, placed)
    changed: list[ChangedProfile] = []
    versions: list[NewVersion] = []
    for profile_id, rows in members.items():
        listed = (heard or {}).get(profile_id, ())
        values = golden(leaves([*rows, *listed], ranks), summaries.get(profile_id, {}), rules)
        if listed:  # an entry of the list is nobody's record
            values["records"] = [one for one in values["records"] if one["kind"] != SUPPRESSION]
        text = orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()
        before = known.get(profile_id)
        if before is not None and before.golden == text:
            continue
        version = before.version + 1 if before else 1
        versions.append(
            NewVersion(
                profile_id,
                version,
                text,
                search_text(values),
                created_at[profile_id],
                suppressed=bool(values.get("suppressed")),
                orders=values.get("orders", {}).get("count", 0),
                revenue=_revenue(values),
            )
        )
        refused = _refused(values)
        tightened = bool(refused and before is not None and refused - _refused(orjson.loads(before.golden)))
        changed.append(ChangedProfile(profile_id, version, values, created_at[profile_id], now, tightened=tightened))
    profiles.upsert(session, versions, now)
    metrics.SURVIVED.labels("changed").inc(len(changed))
    metrics.SURVIVED.labels("unchanged").inc(len(members) - len(changed))
    return changed


def _refused(values: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What the person refuses: purposes and channels; everything, once they asked to be erased."""
    out = {(one["purpose"], one["channel"]) for one in values.get("consents", ()) if one["state"] == "opted_out"}
    return out | ({("", "")} if values.get("suppressed") else set())


def _revenue(values: Mapping[str, Any]) -> Decimal:
    totals = values.get("orders", {}).get("totals", ())
    return max((Decimal(total["amount"]) for total in totals), default=Decimal(0))


def leaves(rows: Iterable[RecordRow], ranks: Ranks) -> list[Leaf]:
    """Stored records as the input of survivorship, each with the rank of its source."""
    return [
        Leaf(row.id, row.connection, row.kind, row.external_id, ranks.get(row.connection, DEFAULT_RANK), row.state)
        for row in rows
    ]


def search_text(values: Mapping[str, Any]) -> str:
    """What the profile search looks in: folded names, e-mails, phones, date of birth and city."""
    name = values.get("name", {})
    parts = [name.get("full") or "", name.get("first") or "", name.get("last") or "", values.get("company") or ""]
    parts += values.get("emails", [])
    words = [fold(part) for part in parts if part]
    words += [email.lower() for email in values.get("emails", [])]
    words += [phone.lstrip("+") for phone in values.get("phones", [])]
    words += [str(values["birth_date"]).replace("-", "")] if values.get("birth_date") else []
    words += [fold(address["city"]) for address in values.get("addresses", []) if address.get("city")]
    return " ".join(dict.fromkeys(words))[:SEARCHED]
