"""Reports of this process: made when somebody looks, and kept a while where making them took long."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from hub.application.report import report
from hub.console.house import House
from hub.insight.reports import Report
from hub.store import customer_stats, insight_models

FACTOR = 20.0
"""A report is kept so many times as long as it took: looking costs a twentieth of the time at most."""

LONGEST = 600.0
FEW = 2_000
"""Customers up to which a report is made within the page; of more the page comes first, and its report after it."""


@dataclass(frozen=True, slots=True)
class Made:
    """Reports by name, and when they were made."""

    told: dict[str, Report]
    at: datetime


@dataclass(frozen=True, slots=True)
class _Held:
    made: Made
    version: int
    until: float


class Kept:
    """The reports. Two people who ask for the same at one time have it made once."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._held: dict[tuple[str, ...], _Held] = {}
        self._lock = threading.Lock()

    def at_once(self, names: Iterable[str]) -> bool:
        """Whether these can be had within a page's time."""
        with self._house.database.session() as session:
            version = insight_models.active_id(session)
            few = len(customer_stats.page(session, None, FEW + 1)) <= FEW
        return few or self._fresh(tuple(names), version) is not None

    def get(self, names: Iterable[str]) -> Made:
        """These reports, as `hub report` makes them."""
        wanted = tuple(names)
        with self._lock, self._house.database.session() as session:
            version = insight_models.active_id(session)
            if made := self._fresh(wanted, version):
                return made
            began = monotonic()
            reports = report(session, self._house.processing.insight, list(wanted))
            made = Made(dict(zip(wanted, reports, strict=True)), session.now())
            now = monotonic()
            self._held[wanted] = _Held(made, version, now + min(LONGEST, FACTOR * (now - began)))
            return made

    def _fresh(self, wanted: tuple[str, ...], version: int) -> Made | None:
        held = self._held.get(wanted)
        return held.made if held and held.version == version and monotonic() < held.until else None
