"""report: the reports there are, read from what is stored and worked out as of now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hub.application.segments import listed
from hub.application.traits import Insight
from hub.errors import NotFound, did_you_mean
from hub.insight import cohorts, kpis, reports
from hub.insight.customers import Customers, customers, day_of
from hub.insight.model import Model
from hub.insight.reports import Report
from hub.store import customer_stats
from hub.store.database import Session

MOST = 2_000_000
"""Customers that a report looks at."""


@dataclass(frozen=True, slots=True)
class Known:
    """What reports are made of."""

    session: Session
    insight: Insight
    model: Model
    customers: Customers
    currencies: list[str]


def _segments(known: Known) -> Report:
    rows = [(one["name"], one["size"], one["title"]) for one in listed(known.session, known.insight.segments)]
    notes = () if rows else ("no segments: `segments:` in the configuration names a file",)
    return Report("segments", "Segments", ("segment", "profiles", "title"), list(rows), notes)


REPORTS: Mapping[str, Callable[[Known], Report]] = {
    "life-cycle": lambda known: reports.life_cycle(known.customers, known.currencies, known.model),
    "rfm": lambda known: reports.rfm_groups(known.customers, known.currencies, known.model),
    "cohorts": lambda known: cohorts.cohorts(known.customers, known.currencies),
    "kpis": lambda known: kpis.kpis(known.customers, known.currencies, known.model),
    "segments": _segments,
}


def report(session: Session, insight: Insight, names: list[str]) -> list[Report]:
    """These reports, as of now. Raises NotFound with the nearest name."""
    for name in names:
        if name not in REPORTS:
            known = ", ".join(REPORTS)
            raise NotFound(f"there is no report {name!r}{did_you_mean(name, REPORTS)}; there are {known}")
    _, model = insight.in_force(session)
    today = day_of(session.now())
    rows = [row for row in customer_stats.sample(session, MOST) if row[0][0] <= today]
    told = customers([row[0] for row in rows], [row[1] for row in rows], today)
    held = Known(session, insight, model, told, [row[2] for row in rows])
    return [REPORTS[name](held) for name in names]
