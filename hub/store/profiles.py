"""Golden profiles, retired ids, and the history of merges."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError

from hub.errors import UnreadableError
from hub.model.profile import Profile
from hub.store import text
from hub.store.database import Session
from hub.store.hand_overs import HandOver


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A profile version to store; ``golden`` is JSON text, ``search`` folded text.

    What is asked of many profiles at once stands beside the text, so that no statement reads it: ``suppressed``, the
    number of ``orders``, and ``revenue``, the largest total of one currency in major units.
    """

    id: UUID
    version: int
    golden: str
    search: str
    created_at: datetime
    suppressed: bool = False
    orders: int = 0
    revenue: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ChangedProfile:
    """A version that differs from the one before; ``golden`` is its decoded JSON, ``traits`` as they are stored.

    ``stage_changed``: the stage of the life cycle is another one than was told before. ``handed_over`` is the hand-over
    that this change brought. ``tightened``: the person refuses something that they did not refuse before.
    """

    id: UUID
    version: int
    golden: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    traits: Mapping[str, Any] | None = None
    stage_changed: bool = False
    handed_over: HandOver | None = None
    tightened: bool = False

    def profile(self) -> Profile:
        """The same as a canonical profile, without retired ids and destinations."""
        return Profile.model_validate(
            {
                **self.golden,
                "traits": told_traits(self.golden, self.traits),
                "id": self.id,
                "created_at": self.created_at,
                "updated_at": self.updated_at,
            }
        )


def told_traits(golden: Mapping[str, Any], stored: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The traits of a profile: those that are stored; of who has ordered nothing there are none to store."""
    if golden.get("suppressed"):
        return {}
    if stored is None:
        return {} if golden.get("orders", {}).get("count") else {"stage": "potential"}
    return stored


@dataclass(frozen=True, slots=True)
class Merge:
    """``loser`` was retired into ``winner``; ``evidence`` is JSON text."""

    winner: UUID
    loser: UUID
    loser_created_at: datetime
    evidence: str


def upsert(session: Session, versions: Sequence[NewVersion], now: datetime) -> None:
    """Store new versions. The rows are locked by this transaction, or new."""
    if versions:
        session.run(
            """
            INSERT INTO profile (id, version, golden, search, created_at, suppressed, order_count, revenue, updated_at)
            SELECT *, %s FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::text[], %b::timestamptz[], %b::bool[],
                %b::int[], %b::numeric[])
            ON CONFLICT (id) DO UPDATE SET version = excluded.version, golden = excluded.golden,
                search = excluded.search, suppressed = excluded.suppressed, order_count = excluded.order_count,
                revenue = excluded.revenue, updated_at = excluded.updated_at
            """,
            [
                now,
                [v.id for v in versions],
                [v.version for v in versions],
                [v.golden for v in versions],
                [v.search for v in versions],
                [v.created_at for v in versions],
                [v.suppressed for v in versions],
                [v.orders for v in versions],
                [v.revenue for v in versions],
            ],
        )


def retire(session: Session, merges: Sequence[Merge], now: datetime) -> None:
    """Retire the losers: their ids, and those retired into them before, redirect to the winner from now on."""
    if not merges:
        return
    losers, winners = [m.loser for m in merges], [m.winner for m in merges]
    session.run("DELETE FROM profile WHERE id = ANY(%b)", [losers])
    session.run(
        """
        UPDATE alias SET profile_id = given.winner FROM unnest(%b::uuid[], %b::uuid[]) AS given (loser, winner)
        WHERE alias.profile_id = given.loser
        """,
        [losers, winners],
    )
    session.run(
        """
        INSERT INTO alias (id, profile_id, created_at, retired_at)
        SELECT *, %s FROM unnest(%b::uuid[], %b::uuid[], %b::timestamptz[])
        ON CONFLICT (id) DO UPDATE SET profile_id = excluded.profile_id, retired_at = excluded.retired_at
        """,
        [now, losers, winners, [m.loser_created_at for m in merges]],
    )
    session.run(
        """
        INSERT INTO history (profile_id, at, what, other_id, evidence)
        SELECT winner, %s, 'merged', loser, evidence FROM unnest(%b::uuid[], %b::uuid[], %b::text[])
            AS given (winner, loser, evidence)
        """,
        [now, winners, losers, [m.evidence for m in merges]],
    )


def revive(session: Session, splits: Sequence[tuple[UUID, UUID, str]], now: datetime) -> None:
    """Note splits, each as (profile before, profile now, evidence). A profile now may have been retired before."""
    if splits:
        session.run("DELETE FROM alias WHERE id = ANY(%b)", [[new for _, new, _ in splits]])
        session.run(
            """
            INSERT INTO history (profile_id, at, what, other_id, evidence)
            SELECT old, %s, 'split', new, evidence FROM unnest(%b::uuid[], %b::uuid[], %b::text[])
                AS given (old, new, evidence)
            """,
            [now, *map(list, zip(*splits, strict=True))],
        )


def redirect(session: Session, moved: Sequence[tuple[UUID, UUID]]) -> None:
    """Let retired ids lead to another profile: (retired id, profile now). A revived id is no retired id any more."""
    if moved:
        session.run(
            """
            UPDATE alias SET profile_id = given.profile_id FROM unnest(%b::uuid[], %b::uuid[]) AS given (id, profile_id)
            WHERE alias.id = given.id
            """,
            [list(column) for column in zip(*moved, strict=True)],
        )


def aliases(session: Session, profiles: Collection[UUID]) -> list[tuple[UUID, UUID, datetime]]:
    """(retired id, profile it redirects to, when the retired profile was created)."""
    return session.rows(
        "SELECT id, profile_id, created_at FROM alias WHERE profile_id = ANY(%b) ORDER BY id", [list(profiles)]
    )


_FULL = """
    SELECT p.id, p.version, p.golden, p.created_at, p.updated_at,
        ARRAY(SELECT a.id FROM alias a WHERE a.profile_id = p.id ORDER BY a.retired_at, a.id),
        (SELECT json_agg(json_build_object(
                'connection', o.destination, 'external_id', coalesce(x.external_id, (
                    SELECT c.external_id FROM alias a JOIN crosswalk c ON c.key = a.id
                    WHERE a.profile_id = p.id AND c.destination = o.destination AND c.subject = 'profile'
                        AND NOT c.merged AND o.state = 'delivered' ORDER BY c.created_at LIMIT 1)),
                'state', CASE WHEN o.state <> 'delivered' THEN o.state
                    WHEN o.reason = 'not routed' THEN 'not_routed' ELSE 'in_sync' END,
                'at', o.updated_at, 'refused', to_json(string_to_array(o.refused, ', ')))
                ORDER BY o.destination)::text
            FROM outbox o
            LEFT JOIN LATERAL (SELECT c.external_id FROM crosswalk c WHERE c.destination = o.destination
                AND c.key = p.id AND c.subject = 'profile' AND NOT c.merged ORDER BY c.created_at LIMIT 1) x ON true
            WHERE o.profile_id = p.id AND o.subject = 'profile'),
        (SELECT t.told FROM trait t WHERE t.profile_id = p.id)
    FROM profile p
    """


@dataclass(frozen=True, slots=True)
class FullRow:
    """Everything stored about one profile; ``golden``, ``destinations`` and ``traits`` are decoded JSON.

    ``fault`` is why ``golden`` could not be read, "" when it could.
    """

    id: UUID
    version: int
    golden: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    aliases: list[UUID]
    destinations: list[dict[str, Any]]
    fault: str = ""
    traits: Mapping[str, Any] | None = None

    def profile(self) -> Profile:
        """The same as a canonical profile. Raises UnreadableError when it is none, or one of a newer Hub."""
        if self.fault:
            raise UnreadableError(self.fault)
        try:
            return Profile.model_validate(
                {
                    **self.golden,
                    "traits": told_traits(self.golden, self.traits),
                    "id": self.id,
                    "aliases": self.aliases,
                    "created_at": self.created_at,
                    "updated_at": self.updated_at,
                    "destinations": self.destinations,
                }
            )
        except ValidationError as error:
            fields = sorted({str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"]})
            raise UnreadableError(
                f"profile {self.id} cannot be read: {', '.join(fields)} is not as this version of Hub knows it"
            ) from None


def get(session: Session, profile_id: UUID) -> FullRow | None:
    """One profile; a retired id gives the profile it redirects to."""
    rows = _full(
        session,
        "WHERE p.id = coalesce((SELECT a.profile_id FROM alias a WHERE a.id = %(id)s), %(id)s)",
        {"id": profile_id},
    )
    return rows[0] if rows else None


def by_ids(session: Session, ids: Collection[UUID]) -> dict[UUID, FullRow]:
    """Profiles by id; retired ids are not followed."""
    return {row.id: row for row in _full(session, "WHERE p.id = ANY(%(ids)s)", {"ids": list(ids)})}


def suppressed(session: Session, ids: Collection[UUID]) -> set[UUID]:
    """Which of these profiles are of people who asked to be erased."""
    rows = session.rows("SELECT id FROM profile WHERE id = ANY(%b) AND suppressed", [list(set(ids))])
    return {row[0] for row in rows}


_WORDS = "to_tsvector('simple', p.search) @@ to_tsquery('simple', %(query)s)"


def find(
    session: Session,
    *,
    within: Collection[UUID] | None = None,
    words: Sequence[Sequence[str]] = (),
    among: Collection[UUID] = (),
    after: UUID | None = None,
    limit: int,
    updated_since: datetime | None = None,
    after_change: datetime | None = None,
) -> list[FullRow]:
    """Profiles ``within`` these, with all of these folded words, by id.

    Of a word any of its spellings will do. Those in ``among`` are found whatever their words. With ``updated_since``
    only those that changed then or later, in the order of their changes; ``after`` and ``after_change`` are id and
    change of the last one of the page before.

    What is not asked for is not in the statement, so that each question has a plan of its own.
    """
    conditions = ["true"]
    if within is not None:
        conditions.append("p.id = ANY(%(within)s)")
    if words and among:
        conditions.append(f"p.id IN (SELECT unnest(%(among)s::uuid[]) UNION SELECT id FROM profile p WHERE {_WORDS})")
    elif words:
        conditions.append(_WORDS)
    elif among:
        conditions.append("p.id = ANY(%(among)s)")
    order = "p.id"
    if updated_since:
        order = "p.updated_at, p.id"
        conditions.append("p.updated_at >= %(since)s")
    if after:
        conditions.append("(p.updated_at, p.id) > (%(change)s, %(after)s)" if updated_since else "p.id > %(after)s")
    return _full(
        session,
        f"WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT %(limit)s",
        {
            "within": None if within is None else list(within),
            "query": " & ".join(f"({' | '.join(f'{one}:*' for one in spellings)})" for spellings in words),
            "among": list(among),
            "since": updated_since,
            "change": after_change,
            "after": after,
            "limit": limit,
        },
    )


def history(session: Session, profile_id: UUID) -> list[dict[str, Any]]:
    """Merges and splits of a profile and of those retired into it, oldest first."""
    rows = session.rows(
        """
        SELECT profile_id, at, what, other_id, evidence FROM history
        WHERE profile_id = %(id)s OR profile_id IN (SELECT id FROM alias WHERE profile_id = %(id)s) ORDER BY id
        """,
        {"id": profile_id},
    )
    names = ("profile_id", "at", "what", "other_id", "evidence")
    items = [dict(zip(names, row, strict=True)) for row in rows]
    for item in items:
        item["evidence"] = text.or_else(item["evidence"], [])
    return items


def merges(
    session: Session, *, since: datetime | None = None, before: tuple[datetime, int] | None = None, limit: int
) -> list[dict[str, Any]]:
    """What was merged, the newest first, with its evidence and the name of the profile it is in now.

    ``before`` is (at, id) of the last item before. A merge that was undone since is listed too; ``undone`` tells so.
    """
    conditions = ["h.what = 'merged'"]
    if since:
        conditions.append("h.at >= %(since)s")
    if before:
        conditions.append("(h.at, h.id) < (%(at)s, %(id)s)")
    rows = session.rows(
        f"""
        SELECT h.id, h.at, h.profile_id, h.other_id, h.evidence, p.golden,
            NOT EXISTS (SELECT FROM alias a WHERE a.id = h.other_id)
        FROM history h
        LEFT JOIN profile p ON p.id = coalesce((SELECT profile_id FROM alias WHERE id = h.profile_id), h.profile_id)
        WHERE {" AND ".join(conditions)} ORDER BY h.at DESC, h.id DESC LIMIT %(limit)s
        """,
        {"since": since, "at": before[0] if before else None, "id": before[1] if before else None, "limit": limit},
    )
    return [
        {
            "id": id_,
            "at": at,
            "profile_id": winner,
            "other_id": loser,
            "evidence": orjson.loads(evidence),
            "name": (orjson.loads(golden).get("name") or {}).get("full") if golden else None,
            "undone": undone,
        }
        for id_, at, winner, loser, evidence, golden, undone in rows
    ]


def count(session: Session) -> int:
    """How many profiles there are."""
    row = session.one("SELECT count(*) FROM profile")
    return int(row[0]) if row else 0


def _full(session: Session, where: str, parameters: dict[str, Any]) -> list[FullRow]:
    return [_full_row(*row) for row in session.rows(_FULL + where, parameters)]


def _full_row(
    id_: UUID,
    version: int,
    golden: str,
    created: datetime,
    updated: datetime,
    retired: list[UUID],
    places: str | None,
    told: str | None,
) -> FullRow:
    fault = ""
    try:
        values = text.read(golden, f"profile {id_}")
        if not isinstance(values, dict):
            raise UnreadableError(f"profile {id_} cannot be read: it is no object")
    except UnreadableError as error:
        values, fault = {}, str(error)
    traits = text.or_else(told, None) if told else None
    return FullRow(id_, version, values, created, updated, retired, orjson.loads(places or "[]"), fault, traits)
