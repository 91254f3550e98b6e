"""What people wrote to the business, and what people of the business said of its tone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.store import text
from hub.store.database import Session
from hub.store.facts import NOT_ERASED

_WRITTEN = """f.kind = 'interaction' AND f.payload LIKE '%%"text":"%%'
    AND f.payload NOT LIKE '%%"direction":"out"%%'
    AND substring(f.payload from '"kind":"([a-z_]+)"')
        IN ('message', 'mention', 'comment', 'email_replied', 'lead_form')"""


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """``told`` is the corrected (tone, about, topic), None where nobody said anything.

    ``answered``: the business wrote back since.
    """

    id: UUID
    profile_id: UUID | None
    at: datetime
    connection: str
    kind: str
    channel: str
    text: str
    told: tuple[str, str, str] | None
    answered: bool


def written(session: Session, since: datetime, limit: int) -> list[WrittenRow]:
    """The newest that was written to the business since then."""
    rows = session.rows(
        f"""
        SELECT f.id, r.profile_id, f.happened_at, f.connection, f.payload, t.tone, t.about, t.topic,
            EXISTS (
                SELECT FROM record other JOIN fact a ON a.record_id = other.id
                WHERE other.profile_id = r.profile_id AND a.kind = 'interaction' AND a.happened_at > f.happened_at
                    AND a.payload LIKE '%%"direction":"out"%%' OFFSET 0)
        FROM fact f LEFT JOIN record r ON r.id = f.record_id LEFT JOIN tone t ON t.fact_id = f.id
        WHERE {_WRITTEN} AND f.received_at >= %s AND f.happened_at >= %s AND {NOT_ERASED}
        ORDER BY f.happened_at DESC, f.id LIMIT %s
        """,
        [since, since, limit],
    )
    found = []
    for one, profile, at, connection, payload, tone, about, topic, answered in rows:
        told = text.or_else(payload, None)
        if isinstance(told, dict) and isinstance(told.get("text"), str):
            said = (tone, about, topic) if tone else None
            kind, channel = str(told.get("kind")), str(told.get("channel") or "")
            found.append(WrittenRow(one, profile, at, connection, kind, channel, told["text"], said, answered))
    return found


def correct(session: Session, fact: UUID, tone: str, about: str, topic: str, by: str) -> str | None:
    """Note what somebody said of it; gives its text, None where nothing of that id was written to the business."""
    row = session.one(f"SELECT f.payload FROM fact f WHERE f.id = %s AND {_WRITTEN}", [fact])
    told = text.or_else(row[0], None) if row else None
    if not isinstance(told, dict) or not isinstance(told.get("text"), str):
        return None
    session.run(
        """
        INSERT INTO tone (fact_id, tone, about, topic, by, at) VALUES (%s, %s, %s, %s, %s, now())
        ON CONFLICT (fact_id) DO UPDATE SET tone = excluded.tone, about = excluded.about, topic = excluded.topic,
            by = excluded.by, at = excluded.at
        """,
        [fact, tone, about, topic, by],
    )
    return str(told["text"])


def text_of(session: Session, fact: UUID) -> str | None:
    """What was written under that id; None where nothing was."""
    row = session.one(f"SELECT f.payload FROM fact f WHERE f.id = %s AND {_WRITTEN}", [fact])
    told = text.or_else(row[0], None) if row else None
    return str(told["text"]) if isinstance(told, dict) and isinstance(told.get("text"), str) else None


def state(session: Session) -> tuple[int, datetime | None]:
    """How many corrections there are, and when the newest was made: another pair, another model."""
    row = session.one(
        f"""
        SELECT count(*), max(t.at) FROM tone t JOIN fact f ON f.id = t.fact_id
            LEFT JOIN record r ON r.id = f.record_id WHERE {NOT_ERASED}
        """
    )
    return (row[0], row[1]) if row else (0, None)


def corrections(session: Session, limit: int) -> list[tuple[str, str]]:
    """(text, tone), the newest; what is of erased people is left out."""
    rows = session.rows(
        f"""
        SELECT f.payload, t.tone FROM tone t JOIN fact f ON f.id = t.fact_id LEFT JOIN record r ON r.id = f.record_id
        WHERE {NOT_ERASED} ORDER BY t.at DESC, t.fact_id LIMIT %s
        """,
        [limit],
    )
    read = [(text.or_else(payload, None), tone) for payload, tone in rows]
    return [(str(told["text"]), tone) for told, tone in read if isinstance(told, dict) and told.get("text")]


def forget_orphans(session: Session) -> int:
    """Take away what was said of what is stored no more; gives how many."""
    return session.run("DELETE FROM tone WHERE NOT EXISTS (SELECT FROM fact f WHERE f.id = tone.fact_id)")


def names_of(session: Session, profiles: Sequence[UUID]) -> dict[UUID, str]:
    """The full names of these profiles, where they have one."""
    rows = session.rows("SELECT id, golden FROM profile WHERE id = ANY(%b)", [list(profiles)])
    told = {row[0]: text.or_else(row[1], {}).get("name") or {} for row in rows}
    return {one: name["full"] for one, name in told.items() if name.get("full")}
