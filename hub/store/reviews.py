"""Reviews: doubtful matches that wait for a person, one for each pair of profiles, and what people answered.

No row is stored for an open review: it is computed from matches, judgements and dismissals, and never out of date.
Its id is made of the ids of its two profiles and leads back to them, which survives all that happens to their records
short of a merge; whoever answers one that is no more can be told what became of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from hub.mapping.record_state import State
from hub.matching.questions import FREELY, MOST_OPEN
from hub.store import text
from hub.store.database import Row, Session

GROWTH = 1.0
"""Bits by which the evidence has to grow before a rejected review comes back."""

Answer = Literal["accept", "reject", "never"]
Position = tuple[Decimal, int, float, UUID, UUID]
"""Where a review stands in the order: revenue, orders, weight, the two profiles."""

_HALF = 8


@dataclass(frozen=True, slots=True)
class OpenReview:
    """Two profiles (the smaller id first) that may be one person.

    ``weight`` is that of the surest pair of their records; None where a guard holds what no weight joined. ``held`` is
    why a guard holds them apart, None where none does. ``orders`` and ``revenue`` (the largest total of one currency,
    in major units) are those of the smaller profile.
    """

    one: UUID
    other: UUID
    weight: float | None
    held: str | None
    revenue: Decimal
    orders: int

    @property
    def id(self) -> UUID:
        """Of the two profiles' ids the first halves."""
        return review_id(self.one, self.other)

    @property
    def position(self) -> Position:
        """Its place in the order of the list."""
        return self.revenue, self.orders, self.weight or 0.0, self.one, self.other


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records, ``one`` of the review's profile ``one``. ``weight`` is None where only a guard's hold names them."""

    one: UUID
    other: UUID
    weight: float | None


@dataclass(frozen=True, slots=True)
class Answered:
    """What somebody answered to a review, about its surest pair of records."""

    review: UUID
    answer: Answer
    pair: Pair
    by: str
    reason: str
    at: datetime
    judgement_id: int | None = None


def review_id(one: UUID, other: UUID) -> UUID:
    """The id of the review of two profiles, in either order. Profile ids are digests: half of one tells it apart."""
    first, second = sorted((one, other))
    return UUID(bytes=first.bytes[:_HALF] + second.bytes[:_HALF])


# Each of the three sources is a row per pair of profiles; one GROUP BY brings them together without a join of large
# sets, so that the plan is the same whatever the sessions allow. A judgement between any of their records settles a
# pair of profiles: where one may not be joined, the other would be asked in vain.
_DOUBTFUL = """
    WITH told (a, b, weight, pair, dismissed, held, settled) AS (
        SELECT x.profile_id, y.profile_id, m.weight, ARRAY[m.one, m.other], NULL::float8, NULL::text, false
        FROM match m JOIN record x ON x.id = m.one JOIN record y ON y.id = m.other
        WHERE m.asked AND x.profile_id <> y.profile_id {of_match}
        UNION ALL
        SELECT x.profile_id, y.profile_id, NULL, NULL, d.weight, NULL, false
        FROM dismissal d JOIN record x ON x.id = d.one JOIN record y ON y.id = d.other
        WHERE x.profile_id <> y.profile_id {of_dismissal}
        UNION ALL
        SELECT x.profile_id, y.profile_id, NULL, NULL, NULL,
            CASE j.verdict WHEN 'hold' THEN j.reason END, j.verdict <> 'hold'
        FROM judgement j
        CROSS JOIN LATERAL (SELECT DISTINCT profile_id FROM record
            WHERE id = ANY(CASE j.verdict WHEN 'same' THEN j.one || j.other ELSE j.one END)) x
        CROSS JOIN LATERAL (SELECT DISTINCT profile_id FROM record
            WHERE id = ANY(CASE j.verdict WHEN 'same' THEN j.one || j.other ELSE j.other END)) y
        WHERE j.withdrawn_at IS NULL AND x.profile_id <> y.profile_id {of_judgement}
    ), {doubtful} AS (
        SELECT least(a, b) AS one, greatest(a, b) AS other, max(weight) AS weight, max(held) AS held, min(pair) AS pair
        FROM told GROUP BY least(a, b), greatest(a, b)
        HAVING (max(weight) IS NOT NULL OR max(held) IS NOT NULL) AND NOT bool_or(settled)
            AND coalesce(max(dismissed) < coalesce(max(weight), 0) - %(growth)s, true)
    )
    """
# As ``hub.matching.questions.opened`` has it. What a guard holds is always open.
_OPENED = f"""
    , side AS (
        SELECT one AS id, other AS fellow, one, other, weight, held, pair FROM doubtful
        UNION ALL SELECT other, one, one, other, weight, held, pair FROM doubtful
    ), degree AS (
        SELECT id, count(*) AS number FROM side GROUP BY id
    ), ranked AS (
        SELECT s.one, s.other, row_number() OVER (
            PARTITION BY s.id ORDER BY s.weight DESC NULLS LAST, d.number DESC, s.pair) AS place
        FROM side s JOIN degree d ON d.id = s.fellow JOIN degree mine ON mine.id = s.id
        WHERE greatest(mine.number, d.number) > {FREELY}
    ), waiting AS (
        SELECT one, other FROM ranked GROUP BY one, other HAVING min(place) > 1 OR max(place) > {MOST_OPEN}
    ), open AS (
        SELECT one, other, weight, held FROM doubtful LEFT JOIN waiting USING (one, other)
        WHERE held IS NOT NULL OR waiting.one IS NULL
    )
    """
_EVERYWHERE = _DOUBTFUL.format(doubtful="doubtful", of_match="", of_dismissal="", of_judgement="") + _OPENED
_BETWEEN = _DOUBTFUL.format(
    doubtful="open",
    of_match="AND (m.one = ANY(%(records)s) OR m.other = ANY(%(records)s))",
    of_dismissal="AND (d.one = ANY(%(records)s) OR d.other = ANY(%(records)s))",
    of_judgement="""AND j.id = ANY(ARRAY(SELECT judgement_id FROM judgement_record
        WHERE record_id = ANY(%(records)s)))""",
)
# The stakes stand beside the golden profile. To look up a hundred thousand of them takes a while: ``read_stakes``
# does it ahead of time, and what it has not read lately is read here.
_OF_PROFILE = "SELECT ARRAY[p.revenue, p.order_count] FROM profile p WHERE p.id = {of}"
_OF_LATE = """SELECT ARRAY[s.revenue, s.orders] FROM stake s
    WHERE s.profile_id = {of} AND s.at > now() - interval '15 minutes'"""
_STAKE = f"coalesce(({_OF_LATE}), ({_OF_PROFILE}))"
_STAKED = f"""
    , staked AS MATERIALIZED (
        SELECT o.*, least({_STAKE.format(of="o.one")}, {_STAKE.format(of="o.other")}) AS stake FROM open o
    ), ordered AS (
        SELECT one, other, weight, held, stake[1] AS revenue, stake[2]::int AS orders FROM staked
    )
    SELECT one, other, weight, held, revenue, orders FROM ordered
    """


def page(session: Session, *, after: Position | None = None, limit: int) -> list[OpenReview]:
    """Open reviews, those with the most at stake first, then the surest."""
    where = """
        WHERE (-revenue, -orders, -coalesce(weight, 0), one, other)
            > (-%(revenue)s::numeric, -%(orders)s::int, -%(weight)s::float8, %(one)s::uuid, %(other)s::uuid)
    """
    rows = session.rows(
        f"""{_EVERYWHERE} {_STAKED} {where if after else ""}
        ORDER BY revenue DESC, orders DESC, coalesce(weight, 0) DESC, one, other LIMIT %(limit)s""",
        {
            "growth": GROWTH,
            "limit": limit,
            **dict(zip(("revenue", "orders", "weight", "one", "other"), after or (), strict=False)),
        },
    )
    return [OpenReview(*row) for row in rows]


def count(session: Session) -> int:
    """How many reviews are open."""
    row = session.one(f"{_EVERYWHERE} SELECT count(*) FROM open", {"growth": GROWTH})
    return int(row[0]) if row else 0


_PLAIN = "weight >= %(least)s AND weight < %(below)s AND held IS NULL"


def count_plain(session: Session, least: float, below: float) -> int:
    """How many open reviews have so many bits or more, less than ``below``, and no guard that holds them apart."""
    row = session.one(
        f"{_EVERYWHERE} SELECT count(*) FROM open WHERE {_PLAIN}",
        {"growth": GROWTH, "least": least, "below": below},
    )
    return int(row[0]) if row else 0


def surest(session: Session, least: float, below: float, limit: int) -> list[OpenReview]:
    """Those of ``count_plain``, the surest first."""
    rows = session.rows(
        f"""{_EVERYWHERE}
        , chosen AS (SELECT * FROM open WHERE {_PLAIN} ORDER BY weight DESC, one, other LIMIT %(limit)s)
        {_STAKED.replace("FROM open o", "FROM chosen o")} ORDER BY weight DESC, one, other""",
        {"growth": GROWTH, "least": least, "below": below, "limit": limit},
    )
    return [OpenReview(*row) for row in rows]


def read_stakes(session: Session) -> int:
    """Read what is at stake in every open review, so that lists need not; gives how many are open."""
    session.run("DELETE FROM stake WHERE at <= now() - interval '1 day'")
    session.run(
        f"""
        {_EVERYWHERE}
        INSERT INTO stake (profile_id, revenue, orders, at)
        SELECT o.id, s.of[1], s.of[2]::int, now()
        FROM (SELECT one AS id FROM open UNION SELECT other FROM open) o
        CROSS JOIN LATERAL ({_OF_PROFILE.format(of="o.id")}) s (of) ORDER BY o.id
        ON CONFLICT (profile_id) DO UPDATE SET revenue = excluded.revenue, orders = excluded.orders, at = excluded.at
        """,
        {"growth": GROWTH},
    )
    return count(session)


def between(session: Session, one: UUID, other: UUID) -> OpenReview | None:
    """The open review of two profiles, or None when there is nothing (any more) to be answered."""
    first, second = sorted((one, other))
    found = session.rows("SELECT id FROM record WHERE profile_id = %s", [first])
    rows = session.rows(
        f"{_BETWEEN} {_STAKED} WHERE one = %(one)s AND other = %(other)s",
        {"growth": GROWTH, "records": [row[0] for row in found], "one": first, "other": second},
    )
    return OpenReview(*rows[0]) if rows else None


def profiles_of(session: Session, review: UUID) -> tuple[UUID, UUID] | None:
    """The profiles a review's id was made of, as they are now (retired ids lead on), or None for an id of nothing."""
    found = [_profile(session, half) for half in (review.bytes[:_HALF], review.bytes[_HALF:])]
    return (found[0], found[1]) if found[0] and found[1] else None


def _profile(session: Session, half: bytes) -> UUID | None:
    row = session.one(
        """
        SELECT id FROM profile WHERE id BETWEEN %(first)s AND %(last)s
        UNION ALL
        SELECT profile_id FROM alias WHERE id BETWEEN %(first)s AND %(last)s LIMIT 1
        """,
        {"first": UUID(bytes=half + bytes(16 - _HALF)), "last": UUID(bytes=half + b"\xff" * (16 - _HALF))},
    )
    return row[0] if row else None


def pairs(session: Session, reviews: Sequence[OpenReview]) -> dict[UUID, list[Pair]]:
    """The pairs of records behind each review, the surest first; where there are none, the first that a hold names.

    A review that was settled since it was read is left out.
    """
    asked = [[review.one for review in reviews], [review.other for review in reviews]]
    rows = session.rows(
        """
        SELECT given.one, given.other, x.id, y.id, m.weight
        FROM unnest(%b::uuid[], %b::uuid[]) AS given (one, other)
        JOIN record x ON x.profile_id = given.one
        CROSS JOIN LATERAL (
            SELECT other AS id, weight FROM match WHERE one = x.id
            UNION ALL SELECT one, weight FROM match WHERE other = x.id) m
        JOIN record y ON y.id = m.id AND y.profile_id = given.other
        ORDER BY m.weight DESC, x.id, y.id
        """,
        asked,
    )
    found: dict[UUID, list[Pair]] = {}
    for one, other, first, second, weight in rows:
        found.setdefault(review_id(one, other), []).append(Pair(first, second, weight))
    for review in reviews:
        if review.id not in found and (held := _first_held_pair(session, review)):
            found[review.id] = [held]
    return found


def _first_held_pair(session: Session, review: OpenReview) -> Pair | None:
    """The first two records that a hold keeps apart."""
    row = session.one(
        """
        SELECT x.id, y.id
        FROM record x JOIN judgement_record n ON n.record_id = x.id
        JOIN judgement j ON j.id = n.judgement_id AND j.verdict = 'hold'
        JOIN record y ON y.id = ANY(CASE WHEN x.id = ANY(j.one) THEN j.other ELSE j.one END)
            AND y.profile_id = %(other)s
        WHERE x.profile_id = %(one)s ORDER BY x.id, y.id LIMIT 1
        """,
        {"one": review.one, "other": review.other},
    )
    return Pair(row[0], row[1], None) if row else None


def some_records(session: Session, profiles: Collection[UUID], most: int) -> list[tuple[UUID, State]]:
    """(profile, state) of up to ``most`` records of each of these profiles, the first by id."""
    rows = session.rows(
        """
        SELECT given.id, r.state FROM unnest(%b::uuid[]) AS given (id)
        CROSS JOIN LATERAL (SELECT id, state FROM record WHERE profile_id = given.id ORDER BY id LIMIT %s) r
        ORDER BY given.id, r.id
        """,
        [list(profiles), most],
    )
    return text.readable(rows, lambda row: (row[0], text.read(row[1], f"a record of profile {row[0]}")))


def dismiss(session: Session, pairs: Collection[Pair], by: str, reason: str, now: datetime) -> None:
    """Hide these pairs until their weight has grown. Pairs without a weight are hidden until they have one."""
    ordered = sorted((*sorted((pair.one, pair.other)), pair.weight or 0.0) for pair in pairs)
    session.run(
        """
        INSERT INTO dismissal (one, other, weight, by, reason, at)
        SELECT *, %s, %s, %s FROM unnest(%b::uuid[], %b::uuid[], %b::float8[])
        ON CONFLICT (one, other) DO UPDATE SET weight = excluded.weight, by = excluded.by, reason = excluded.reason,
            at = excluded.at
        """,
        [by, reason, now, *map(list, zip(*ordered, strict=True))],
    )


def note(session: Session, answered: Answered) -> None:
    """Keep an answer."""
    session.run(
        """
        INSERT INTO answer (review, answer, one, other, weight, by, reason, at, judgement_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            answered.review,
            answered.answer,
            answered.pair.one,
            answered.pair.other,
            answered.pair.weight,
            answered.by,
            answered.reason,
            answered.at,
            answered.judgement_id,
        ],
    )


def last_answer(session: Session, review: UUID) -> Answered | None:
    """What was answered to a review last."""
    row = session.one(
        """
        SELECT review, answer, one, other, weight, by, reason, at, judgement_id FROM answer
        WHERE review = %s ORDER BY id DESC LIMIT 1
        """,
        [review],
    )
    return Answered(row[0], row[1], Pair(*row[2:5]), *row[5:]) if row else None


def answers(session: Session) -> Mapping[tuple[UUID, UUID], bool]:
    """Pairs of records (the smaller id first) that people said are one person, or are not: what training learns from.

    See ``weighed_answers`` for which answers count.
    """
    return {(one, other): same for one, other, same, _ in _answers(session)}


def weighed_answers(session: Session) -> list[tuple[float, bool]]:
    """Of each answer the bits by which it was asked, and whether the two are one person.

    What only a guard held back has no bits and is left out. The last answer about a pair counts. An answer whose
    judgement was withdrawn does not, nor does one that a judgement made elsewhere says the contrary of.
    """
    return [(weight, same) for _, _, same, weight in _answers(session) if weight is not None]


def _answers(session: Session) -> list[Row]:
    return session.rows(
        """
        SELECT DISTINCT ON (1, 2) least(a.one, a.other), greatest(a.one, a.other), a.answer = 'accept', a.weight
        FROM answer a LEFT JOIN judgement j ON j.id = a.judgement_id
        WHERE j.withdrawn_at IS NULL AND NOT EXISTS (
            SELECT FROM judgement_record x JOIN judgement_record y USING (judgement_id)
            JOIN judgement s ON s.id = x.judgement_id
            WHERE x.record_id = a.one AND y.record_id = a.other
                AND CASE a.answer WHEN 'accept' THEN s.verdict = 'different'
                    AND (a.one = ANY(s.one)) <> (a.other = ANY(s.one)) ELSE s.verdict = 'same' END)
        ORDER BY 1, 2, a.id DESC
        """
    )
