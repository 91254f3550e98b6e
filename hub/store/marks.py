"""Marks: records that were recorded and are to be placed. Each is a row of its own, so that nobody waits for another's.

A mark is written in the transaction that changes what a record is compared by, and goes in the one that has placed it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from hub.store.database import Row, Session

LEFT = timedelta(seconds=10)
"""A mark that is older is nobody's: whoever records places at once."""

MOST = 8
"""Marks that are placed at once, beside the one of the batch just recorded."""


@dataclass(slots=True)
class Told:
    """What a batch tells beside its records.

    ``events`` are the inbox ids by record; ``facts`` the facts that changed, True where nobody told of them before;
    ``withdrawn`` the facts that parts were taken from, with the entry. ``shared`` are the keys of identifiers that
    became too common by it. ``back`` is what came back from destinations (``hub.application.returned``).
    """

    events: dict[UUID, set[int]] = field(default_factory=dict)
    facts: dict[UUID, bool] = field(default_factory=dict)
    withdrawn: dict[UUID, int] = field(default_factory=dict)
    shared: set[int] = field(default_factory=set)
    back: list[Any] = field(default_factory=list)

    def text(self) -> str:
        """As JSON."""
        return orjson.dumps(
            {
                "events": {str(record): sorted(ids) for record, ids in self.events.items()},
                "facts": {str(fact): new for fact, new in self.facts.items()},
                "withdrawn": {str(fact): by for fact, by in self.withdrawn.items()},
                "shared": sorted(self.shared),
                "back": self.back,
            }
        ).decode()

    def add(self, other: Told) -> None:
        """Take in what another batch told."""
        for record, ids in other.events.items():
            self.events.setdefault(record, set()).update(ids)
        for fact, new in other.facts.items():
            self.facts[fact] = self.facts.get(fact, False) or new
        self.withdrawn |= other.withdrawn
        self.shared |= other.shared
        self.back += other.back


def _told(text: str) -> Told:
    if not text:
        return Told()
    stored: Mapping[str, Any] = orjson.loads(text)
    return Told(
        {UUID(record): set(ids) for record, ids in stored["events"].items()},
        {UUID(fact): new for fact, new in stored["facts"].items()},
        {UUID(fact): by for fact, by in stored["withdrawn"].items()},
        set(stored["shared"]),
        stored["back"],
    )


@dataclass(slots=True)
class Mark:
    """``compared`` records are compared with whoever may be the same person; of ``folded`` ones the profile is folded.

    ``again``: rules or weights are the reason. ``tries`` is how often others were at these records.
    """

    compared: set[UUID] = field(default_factory=set)
    folded: set[UUID] = field(default_factory=set)
    again: bool = False
    told: Told = field(default_factory=Told)
    tries: int = 0
    id: int = 0

    @property
    def records(self) -> set[UUID]:
        """All of its records."""
        return self.compared | self.folded


def add(session: Session, mark: Mark) -> int:
    """Store a mark; gives its id."""
    row = session.one(
        """
        INSERT INTO mark (compared, folded, again, told, tries) VALUES (%b::uuid[], %b::uuid[], %s, %s, %s) RETURNING id
        """,
        [sorted(mark.compared), sorted(mark.folded - mark.compared), mark.again, mark.told.text(), mark.tries],
    )
    assert row is not None
    return int(row[0])


_TAKE = """
    SELECT id, compared, folded, again, told, tries FROM mark
    WHERE failed IS NULL AND {which} ORDER BY again, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
    """


def take(session: Session, mark: int, *, wait: bool = False) -> Mark | None:
    """One mark, as nobody else has it; None where another worker took it, or placed it while we had to ``wait``."""
    sql = _TAKE.format(which="id = %(mark)s")
    rows = session.rows(sql.replace("SKIP LOCKED", "") if wait else sql, {"mark": mark, "most": 1})
    return _mark(rows[0]) if rows else None


def take_with(session: Session, mark: int) -> list[Mark]:
    """One mark, the first, with those that were put off, or that whoever recorded them did not come to place.

    All of them for the same reason (``again``): others would fill the number, and wait on.
    """
    rows = session.rows(
        """
        SELECT id, compared, folded, again, told, tries FROM mark
        WHERE failed IS NULL AND (id = %(mark)s OR tries > 0 OR at < now() - %(left)s)
            AND again = coalesce((SELECT again FROM mark WHERE id = %(mark)s), false)
        ORDER BY id <> %(mark)s, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
        """,
        {"mark": mark, "left": LEFT, "most": MOST + 1},
    )
    return [_mark(row) for row in rows]


def take_first(session: Session, most: int = MOST) -> list[Mark]:
    """The first marks that nobody else has. They are back when the transaction fails."""
    return [_mark(row) for row in session.rows(_TAKE.format(which="true"), {"most": most})]


def remove(session: Session, marks: Collection[int]) -> None:
    """These are done."""
    session.run("DELETE FROM mark WHERE id = ANY(%b)", [list(marks)])


_TRY_AGAIN = """
    UPDATE mark SET failed = NULL FROM (
        SELECT id, failed FROM mark WHERE failed IS NOT NULL AND {which} ORDER BY id FOR UPDATE) was
    WHERE mark.id = was.id RETURNING was.failed, mark.told
    """


def try_again(session: Session, placed: Collection[UUID]) -> list[tuple[str, list[int]]]:
    """Take up what was set aside of records that are ``placed`` by now; gives why it was, and the entries that told it.

    It is not done by that: who was to be compared may only have been folded, and what it tells nobody else does.
    """
    which = "compared || folded <@ %b::uuid[] AND compared || folded <> '{}'"
    return _taken_up(session.rows(_TRY_AGAIN.replace("{which}", which), [list(placed)]))


def try_all_again(session: Session) -> list[tuple[str, list[int]]]:
    """Take up all that was set aside; gives the same."""
    return _taken_up(session.rows(_TRY_AGAIN.replace("{which}", "true")))


def _taken_up(rows: Sequence[Row]) -> list[tuple[str, list[int]]]:
    return [(reason, sorted({one for ids in _told(text).events.values() for one in ids})) for reason, text in rows]


def fail(session: Session, mark: int, reason: str) -> None:
    """Set a mark aside."""
    session.run("UPDATE mark SET failed = %s WHERE id = %s", [reason, mark])


def pending(session: Session, records: Collection[UUID]) -> set[UUID]:
    """Those of these records that are being compared, or are to be."""
    rows = session.rows(
        "SELECT DISTINCT one FROM mark, unnest(mark.compared) AS one WHERE one = ANY(%b)", [list(records)]
    )
    return {row[0] for row in rows}


def any_due(session: Session) -> bool:
    """Whether anything is to be placed, also what a worker is at just now."""
    return session.one("SELECT 1 FROM mark WHERE failed IS NULL LIMIT 1") is not None


def set_aside(session: Session, limit: int) -> Sequence[tuple[int, list[UUID], str]]:
    """(id, records, reason) of marks that could not be placed, the oldest first."""
    return session.rows(
        "SELECT id, compared || folded, failed FROM mark WHERE failed IS NOT NULL ORDER BY id LIMIT %s", [limit]
    )


def counts(session: Session) -> tuple[int, float, int]:
    """How many are to be placed, the age of the oldest of them in seconds, and how many are set aside."""
    row = session.one(
        """
        SELECT count(*) FILTER (WHERE failed IS NULL),
            coalesce(extract(epoch FROM now() - min(at) FILTER (WHERE failed IS NULL)), 0)::float8,
            count(*) FILTER (WHERE failed IS NOT NULL)
        FROM mark
        """
    )
    assert row is not None
    return int(row[0]), float(row[1]), int(row[2])


def any_again(session: Session) -> bool:
    """Whether anything waits to be placed because rules or weights changed."""
    return session.one("SELECT 1 FROM mark WHERE failed IS NULL AND again LIMIT 1") is not None


def edited(session: Session, destination: str) -> set[UUID]:
    """Whose records there were edited by people, where that is recorded and on its way to their profiles."""
    rows = session.rows("""SELECT told FROM mark WHERE failed IS NULL AND told LIKE '%"edited":{"%'""")
    back = [document for (text,) in rows for document in _told(text).back]
    return {UUID(key) for document in back for key in document["edited"].get(destination, ())}


def _mark(row: Any) -> Mark:
    id_, compared, folded, again, told, tries = row
    return Mark(set(compared), set(folded), again, _told(told), tries, id_)
