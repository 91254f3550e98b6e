"""On which days somebody ordered and for how much: a fold over the facts, stored because much is asked of it.

Days are days since 1970 in UTC, amounts are net of refunds, in major units.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from hub.store.database import Row, Session
from hub.store.facts import PARTS

# No purchase is what was cancelled, a test, or deleted, what nobody paid yet, what went back in full, and what a till
# writes as an order with a negative amount.
_DAYS = f"""
    SELECT r.profile_id, (o.happened_at AT TIME ZONE 'UTC')::date - DATE '1970-01-01', o.currency,
        sum(o.amount - parts.refunded)::float8, max(o.happened_at),
        (array_agg(o.connection ORDER BY o.happened_at DESC, o.id))[1],
        (array_agg(o.connection ORDER BY o.happened_at, o.id))[1]
    FROM record r
    CROSS JOIN LATERAL (
        SELECT f.id, f.connection, f.happened_at, f.version_at, f.amount, f.currency, f.aspect
        FROM fact f WHERE f.record_id = r.id AND f.kind = 'order' AND f.counted OFFSET 0) o
    {PARTS}
    WHERE r.profile_id = ANY(%b) AND NOT parts.deleted AND (o.connection = ANY(%b::text[]) OR NOT state.unpaid)
        AND o.currency IS NOT NULL AND o.amount >= 0 AND (o.amount = 0 OR o.amount > parts.refunded)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """


_BY_CONNECTION = f"""
    SELECT o.connection, o.currency, (o.happened_at AT TIME ZONE 'UTC')::date - DATE '1970-01-01',
        count(DISTINCT r.profile_id), sum(o.amount - parts.refunded)::float8
    FROM fact o JOIN record r ON r.id = o.record_id JOIN profile p ON p.id = r.profile_id {PARTS}
    WHERE o.kind = 'order' AND o.counted AND NOT p.suppressed AND NOT parts.deleted
        AND (o.connection = ANY(%b::text[]) OR NOT state.unpaid) AND o.currency IS NOT NULL
        AND o.amount >= 0 AND (o.amount = 0 OR o.amount > parts.refunded)
        AND (o.happened_at AT TIME ZONE 'UTC')::date - DATE '1970-01-01' BETWEEN %s AND %s
    GROUP BY 1, 2, 3
    """


def by_connection(
    session: Session, first: int, last: int, placed: Collection[str]
) -> list[tuple[str, str, int, int, float]]:
    """(connection, currency, day, customers who ordered, net) of the orders of these days, by what counts as one."""
    return session.rows(_BY_CONNECTION, [list(placed), first, last])


@dataclass(frozen=True, slots=True)
class CustomerStat:
    """``nets`` are amounts by day in ``currency``, the one of most order days; 0 on days with orders in others only.

    ``via`` is the connection of the last order, ``first_via`` that of the first.
    """

    days: list[int]
    nets: list[float]
    currency: str
    via: str
    first_via: str = ""


def from_facts(session: Session, profiles: Collection[UUID], placed: Collection[str]) -> dict[UUID, CustomerStat]:
    """Of these profiles, from their orders; who never ordered is left out. ``placed`` as in ``facts``."""
    found: dict[UUID, CustomerStat] = {}
    for profile_id, rows in _by_profile(session.rows(_DAYS, [list(profiles), list(placed)])):
        found[profile_id] = _folded(rows)
    return found


def _by_profile(rows: Iterable[Row]) -> Iterator[tuple[UUID, list[Row]]]:
    held: list[Row] = []
    for row in rows:
        if held and held[0][0] != row[0]:
            yield held[0][0], held
            held = []
        held.append(row)
    if held:
        yield held[0][0], held


def _folded(rows: list[Row]) -> CustomerStat:
    currencies = {row[2] for row in rows}
    if len(currencies) == 1:  # a row is a day then, in ascending order
        newest, oldest = max(rows, key=lambda row: (row[4], row[5])), min(rows, key=lambda row: (row[1], row[6]))
        return CustomerStat([row[1] for row in rows], [row[3] for row in rows], rows[0][2], newest[5], oldest[6])
    number = Counter(row[2] for row in rows)
    currency = min(number, key=lambda one: (-number[one], one))
    nets: dict[int, float] = {}
    for _, day, of, net, *_ in rows:
        nets[day] = nets.get(day, 0.0) + (net if of == currency else 0.0)
    newest = max(rows, key=lambda row: (row[4], row[5]))
    oldest = min(rows, key=lambda row: (row[1], row[6]))
    return CustomerStat(list(nets), list(nets.values()), currency, newest[5], oldest[6])


def stored(session: Session, profiles: Collection[UUID]) -> dict[UUID, CustomerStat]:
    """What is stored of these profiles."""
    rows = session.rows(
        "SELECT profile_id, days, nets, currency, via, first_via FROM customer_stat WHERE profile_id = ANY(%b)",
        [list(profiles)],
    )
    return {row[0]: CustomerStat(*row[1:]) for row in rows}


def write(session: Session, profiles: Collection[UUID], stats: Mapping[UUID, CustomerStat]) -> None:
    """Store what these profiles are now; who has no order any more has no row."""
    if gone := [one for one in profiles if one not in stats]:
        session.run("DELETE FROM customer_stat WHERE profile_id = ANY(%b)", [gone])
    if not stats:
        return
    ordered = sorted(stats)
    # An array of arrays has no rows of different length: each goes as text, which PostgreSQL reads as fast.
    session.run(
        """
        INSERT INTO customer_stat AS held (profile_id, days, nets, currency, via, first_via)
        SELECT profile_id, days::int[], nets::float8[], currency, via, first_via
        FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[])
            AS given (profile_id, days, nets, currency, via, first_via)
        ON CONFLICT (profile_id) DO UPDATE SET days = excluded.days, nets = excluded.nets,
            currency = excluded.currency, via = excluded.via, first_via = excluded.first_via
        WHERE (held.days, held.nets, held.currency, held.via, held.first_via)
            IS DISTINCT FROM (excluded.days, excluded.nets, excluded.currency, excluded.via, excluded.first_via)
        """,
        [
            ordered,
            [_array(stats[one].days) for one in ordered],
            [_array(stats[one].nets) for one in ordered],
            [stats[one].currency for one in ordered],
            [stats[one].via for one in ordered],
            [stats[one].first_via for one in ordered],
        ],
    )


def _array(values: Iterable[float]) -> str:
    return f"{{{','.join(map(repr, values))}}}"


def sample(session: Session, most: int) -> list[tuple[list[int], list[float], str, str]]:
    """Days, amounts, currency and first connection of customers, all or ``most``: always the same, and any kind.

    Profile ids are random, so that those in order of a digest of them are any.
    """
    return session.rows(
        """
        SELECT days, nets, currency, first_via FROM customer_stat
        ORDER BY hashtextextended(profile_id::text, 0) LIMIT %s
        """,
        [most],
    )


def sampled_ids(session: Session, today: int, most: int) -> list[tuple[UUID, str]]:
    """(profile, connection of the last order) of those of ``sample`` who ordered by today, in the same order."""
    return session.rows(
        "SELECT profile_id, via FROM customer_stat WHERE days[1] <= %s "
        "ORDER BY hashtextextended(profile_id::text, 0) LIMIT %s",
        [today, most],
    )


def page(session: Session, after: UUID | None, limit: int) -> list[UUID]:
    """Profiles that have ordered, or have traits, by id."""
    rows = session.rows(
        """
        SELECT p.id FROM profile p WHERE p.id > %s AND NOT p.suppressed AND (p.order_count > 0
            OR EXISTS (SELECT FROM customer_stat s WHERE s.profile_id = p.id)
            OR EXISTS (SELECT FROM trait t WHERE t.profile_id = p.id))
        ORDER BY p.id LIMIT %s
        """,
        [after or UUID(int=0), limit],
    )
    return [row[0] for row in rows]


def everybody(session: Session, after: UUID | None, limit: int) -> list[UUID]:
    """All profiles, by id."""
    rows = session.rows(
        "SELECT id FROM profile WHERE id > %s AND NOT suppressed ORDER BY id LIMIT %s", [after or UUID(int=0), limit]
    )
    return [row[0] for row in rows]


def forget(session: Session, profiles: Collection[UUID]) -> None:
    """Take away what was worked out of profiles that are retired or erased."""
    for table in ("customer_stat", "trait", "behaviour"):
        session.run(f"DELETE FROM {table} WHERE profile_id = ANY(%b)", [list(profiles)])
