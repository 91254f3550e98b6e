"""The report on marketing and sales: how many are in each state, how long they stay, and who was handed over."""

from __future__ import annotations

from hub.insight.qualification import Qualification
from hub.insight.reports import Cell, Report
from hub.store import hand_overs
from hub.store.database import Session

_COLUMNS = (
    "state", "people", "median days in it", "people ever", "median days before they went on", "came in 30 days",
    "tasks", "nurtured",
)  # fmt: skip
MOVES = 90
"""Days of which hand-overs are counted."""

SHOWN = 12
"""Ways between states that are named."""


def funnel_report(session: Session, rules: Qualification) -> Report:
    """The funnel of states, in the order of the file; a state that the file has no more stands last."""
    if not rules.states:
        return Report(
            "qualification",
            "Marketing and sales",
            _COLUMNS,
            [],
            ("no funnel: `qualification:` in the configuration names a file",),
        )
    told = {row[0]: row for row in hand_overs.funnel(session)}
    names = [state.name for state in rules.states]
    rows: list[tuple[Cell, ...]] = []
    for name in (*names, *sorted(told.keys() - set(names))):
        _, now, days, ever, before, came, tasks, nurtured = told.get(name, (name, 0, None, 0, None, 0, 0, 0))
        rows.append((name, now, _days(days), ever, _days(before), came, tasks, nurtured))
    ways = hand_overs.moves(session, MOVES)
    notes = [f"{one or 'new'} to {other}: {count} in {MOVES} days" for one, other, count in ways[:SHOWN]]
    return Report("qualification", "Marketing and sales", _COLUMNS, rows, tuple(notes))


def _days(value: float | None) -> float | None:
    return None if value is None else round(float(value), 1)
