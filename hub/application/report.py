"""report: the reports there are, read from what is stored and worked out as of now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

import numpy as np

from hub.application import report_attribution, report_leads, report_people, report_qualification
from hub.application.segments import listed
from hub.application.traits import Insight
from hub.errors import NotFound, did_you_mean
from hub.insight import cohorts, digest, forecast, funnel, kpis, reports
from hub.insight.behaviour import LOYAL_DAYS
from hub.insight.calendar import Flags, holidays_of
from hub.insight.customers import Customers, customers, date_of, day_of
from hub.insight.kpis import Besides
from hub.insight.model import Model
from hub.insight.replies import replies
from hub.insight.reports import PERIOD, Cell, Report
from hub.insight.special_functions import Floats
from hub.store import alerts, behaviour, customer_stats, kpi_facts, touches
from hub.store.database import Session

MOST = 2_000_000
"""Customers that a report looks at."""

YEAR = timedelta(days=365)
JOURNEYS = 20
"""Journeys that are shown."""

LONGEST = 3 * 365
"""Days of history that a forecast looks at."""


@dataclass(frozen=True, slots=True)
class Known:
    """What reports are made of."""

    session: Session
    insight: Insight
    model: Model
    customers: Customers
    currencies: list[str]
    vias: list[str]


def _segments(known: Known) -> Report:
    rows = [(one["name"], one["size"], one["title"]) for one in listed(known.session, known.insight.segments)]
    notes = () if rows else ("no segments: `segments:` in the configuration names a file",)
    return Report("segments", "Segments", ("segment", "profiles", "title"), list(rows), notes)


def _forecast(known: Known) -> Report:
    """Orders and revenue of the next four weeks, and how far the method was off on the last sixteen."""
    return _weeks(known, "forecast", "The next four weeks", series_of(known.customers, known.currencies))


def _forecast_by_channel(known: Known) -> Report:
    """The same of each connection, by its own past."""
    title = "The next four weeks by channel"
    today = known.customers.as_of
    rows = customer_stats.by_connection(known.session, today - LONGEST, today - 1, known.insight.placed)
    return _weeks(known, "forecast-by-channel", title, series_by_channel(rows, today))


def series_by_channel(rows: Sequence[tuple[str, str, int, int, float]], today: int) -> list[tuple[str, Floats]]:
    """By what is forecast of each connection, its days up to yesterday, from its first one with an order on."""
    begun: dict[str, int] = {}
    days: dict[str, Counter[int]] = {}
    for connection, currency, day, people, net in rows:
        begun[connection] = min(day, begun.get(connection, day))
        for name, value in ((f"orders by {connection}", people), (f"revenue in {currency} by {connection}", net)):
            days.setdefault(name, Counter())[day] += value  # type: ignore[assignment]
    return [
        (name, np.array([float(each[day]) for day in range(begun[name.rpartition(" by ")[2]], today)]))
        for name, each in sorted(days.items())
    ]


def _weeks(known: Known, name_: str, title: str, series: Sequence[tuple[str, Floats]]) -> Report:
    columns = ("series", "week from", "expected", "low", "high", "method", "off by share")
    found: list[tuple[Cell, ...]] = []
    notes: list[str] = []
    today = known.customers.as_of
    for name, past in series:
        told = forecast.forecast(past, holidays=_holidays(known.insight, today, past))
        if isinstance(told, str):
            notes.append(f"{name}: {told}")
            continue
        for week in range(forecast.HORIZON // forecast.WEEK):
            days = slice(week * forecast.WEEK, (week + 1) * forecast.WEEK)
            spread = (told.high[days] - told.low[days]) / 2
            middle, width = float(told.values[days].sum()), float(np.sqrt((spread**2).sum()))
            row = (name, date_of(today + 7 * week).isoformat(), round(middle, 2), round(max(0.0, middle - width), 2))
            found.append((*row, round(middle + width, 2), told.method, round(told.error, 4)))
    return Report(name_, title, columns, found, tuple(notes) or (() if found else ("too little data: no order yet",)))


def _holidays(insight: Insight, today: int, past: Floats) -> Flags:
    """Of each day of the past, and of those ahead."""
    return holidays_of(insight.region, today - len(past), len(past) + forecast.HORIZON)


def series_of(held: Customers, currencies: list[str]) -> list[tuple[str, Floats]]:
    """By what is forecast, its days up to yesterday, from the first one with an order on."""
    recent = (held.days >= held.as_of - LONGEST) & (held.days < held.as_of)
    days, named = held.days[recent] - (held.as_of - LONGEST), np.array(currencies, dtype=object)
    of = named[held.owner[recent]] if len(named) else named
    weights = {"orders": np.ones(len(days))} | {
        f"revenue in {currency}": np.where(of == currency, held.nets[recent], 0.0)
        for currency in sorted(set(currencies))
    }
    begun = int(days.min()) if len(days) else LONGEST
    return [
        (name, np.bincount(days, weights=each, minlength=LONGEST).astype(np.float64)[begun:])
        for name, each in weights.items()
    ]


def missed_forecasts(session: Session, insight: Insight) -> list[tuple[str, float, float]]:
    """What brought less in the last seven days than was expected a week ago: (what, brought, least expected)."""
    told, currencies, _ = _customers(session)
    found = []
    for name, past in series_of(told, currencies):
        if short := forecast.missed(past, _holidays(insight, told.as_of, past)):
            found.append((name, *short))
    return found


def _products(known: Known) -> Report:
    """What is bought by the same people, the surest first."""
    columns = ("product", "bought too", "by", "of", "share")
    rows = [row for row in touches.every_pair(known.session) if row.item]
    best = sorted(rows, key=lambda row: (-row.score, row.item, row.other))[:50]
    notes = () if best else ("too little data: no two products were bought by five people",)
    found: list[tuple[Cell, ...]] = [(row.item, row.other, row.both, row.bought, row.both / row.bought) for row in best]
    return Report("products", "Bought by the same people", columns, found, notes)


def _funnel(known: Known) -> Report:
    """The shop's funnel, per person."""
    people = [tuple(row[0]) for row in behaviour.firsts(known.session, MOST)]
    return funnel.funnel(people, known.session.now().timestamp())


def _ladder(known: Known) -> Report:
    """The ladder of marketing, per person; of most customers only orders are known."""
    people = [tuple(row[1]) for row in behaviour.firsts(known.session, MOST)]
    ordered = behaviour.only_ordered(known.session, LOYAL_DAYS)
    return funnel.ladder(people, ordered, known.session.now().timestamp())


def _carts(known: Known) -> Report:
    """Who left a cart in the last quarter."""
    now = known.session.now()
    rows = behaviour.carts(known.session, now - timedelta(days=funnel.RECENT))
    people = [funnel.Left(row.carted_at.timestamp(), row.left_at is not None, row.total, row.currency) for row in rows]
    return funnel.carts(people, now.timestamp())


def _journeys(known: Known) -> Report:
    """By which ways most people came to an order."""
    return funnel.journeys(behaviour.journeys(known.session, JOURNEYS))


def _kpis(known: Known) -> Report:
    return kpis.kpis(known.customers, known.currencies, known.model, besides(known.session))


def besides(session: Session) -> Besides:
    """What key figures count besides orders."""
    now = session.now()
    quarter = timedelta(days=PERIOD)
    told = kpi_facts.contacts(session, now - YEAR)
    written = kpi_facts.messages(session, now - quarter)
    waited = replies(((who, at.timestamp(), ours) for who, at, ours in written), now.timestamp())
    opened = [one for one in kpi_facts.complaints(session, now - 2 * quarter) if one[0] <= now]
    recent = [one for one in opened if one[0] >= now - quarter]
    days = [(closed - at).total_seconds() / 86_400 for at, closed in recent if closed is not None and closed >= at]
    return Besides(
        told.emails,
        told.opted_in,
        told.known,
        told.stale,
        waited.hours,
        waited.waiting if written else None,
        len(recent) if opened else None,
        len(opened) - len(recent) if opened else None,
        round(median(days), 1) if days else None,
    )


def _digest(known: Known) -> Report:
    """The week in a minute."""
    now = known.session.now()
    more = besides(known.session)
    carted = behaviour.carts(known.session, now - YEAR)
    left = [row for row in carted if row.left_at and now - timedelta(days=7) <= row.carted_at <= now]
    worth: dict[str, float] = {}
    for row in left:
        if row.currency and row.total:
            worth[row.currency] = worth.get(row.currency, 0.0) + row.total
    week = kpi_facts.complaints(known.session, now - timedelta(days=14))
    recent = sum(at >= now - timedelta(days=7) for at, _ in week)
    ahead = []
    for name, past in series_of(known.customers, known.currencies):
        told = forecast.forecast(past, holidays=_holidays(known.insight, known.customers.as_of, past))
        if not isinstance(told, str):
            ahead.append((name, *forecast.week_ahead(told)))
    seen = digest.Week(
        len(left) if carted else None,
        worth,
        more.waiting,
        recent if week or more.complaints else None,
        len(week) - recent,
        ahead,
        [row.text for row in alerts.page(known.session)],
    )
    return digest.digest(known.customers, known.currencies, known.model, seen)


REPORTS: Mapping[str, Callable[[Known], Report]] = {
    "life-cycle": lambda known: reports.life_cycle(known.customers, known.currencies, known.model),
    "moves": lambda known: reports.moves(known.customers, known.currencies, known.model),
    "rfm": lambda known: reports.rfm_groups(known.customers, known.currencies, known.model),
    "cohorts": lambda known: cohorts.cohorts(known.customers, known.currencies),
    "cohorts-by-channel": lambda known: cohorts.by_channel(known.customers, known.vias),
    "kpis": _kpis,
    "funnel": _funnel,
    "ladder": _ladder,
    "carts": _carts,
    "journeys": _journeys,
    "digest": _digest,
    "segments": _segments,
    "products": _products,
    "attribution": lambda known: report_attribution.by_channel(known.session),
    "campaigns": lambda known: report_attribution.by_campaign(known.session),
    "forecast": _forecast,
    "forecast-by-channel": _forecast_by_channel,
    "personas": lambda known: report_people.persona_report(
        known.session, known.model, known.customers, known.currencies
    ),
    "leads": lambda known: report_leads.lead_report(known.session, known.insight, known.model),
    "qualification": lambda known: report_qualification.funnel_report(known.session, known.insight.qualification),
    "up-sell": lambda known: report_people.up_sell_report(known.session),
    "replenishment": lambda known: report_people.replenishment_report(known.session),
    "holdout": lambda known: report_people.holdout_report(known.session),
}


def report(session: Session, insight: Insight, names: list[str]) -> list[Report]:
    """These reports, as of now. Raises NotFound with the nearest name."""
    for name in names:
        if name not in REPORTS:
            known = ", ".join(REPORTS)
            raise NotFound(f"there is no report {name!r}{did_you_mean(name, REPORTS)}; there are {known}")
    _, model = insight.in_force(session)
    held = Known(session, insight, model, *_customers(session))
    return [REPORTS[name](held) for name in names]


def _customers(session: Session) -> tuple[Customers, list[str], list[str]]:
    """Everybody who has ordered, with the currency and the first connection of each."""
    today = day_of(session.now())
    rows = [row for row in customer_stats.sample(session, MOST) if row[0][0] <= today]
    told = customers([row[0] for row in rows], [row[1] for row in rows], today)
    return told, [row[2] for row in rows], [row[3] for row in rows]
