"""What the page Insight shows: each measure is a module here with a ``MEASURE``, found by itself.

A measure takes one or more of ``hub report``'s reports and shows them by a template of its own. A report that no
measure takes is shown as the table it is, so that nothing is told by the command alone.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from hub.application.report import REPORTS
from hub.console.insight_words import GROUPED, GROUPS
from hub.insight.reports import Report

Told = Mapping[str, Report]


def _nothing(_: Told) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Measure:
    """``slug`` stands in the address, ``title`` and ``lead`` (what it tells, in a sentence) are texts ``N_`` marks.

    ``template`` gets ``report`` (the first), ``told`` (all, by name), and what ``picture`` makes of them.
    """

    slug: str
    title: str
    order: int
    reports: tuple[str, ...]
    lead: str = ""
    template: str = "insight/table.html"
    picture: Callable[[Told], Mapping[str, Any]] = _nothing


@cache
def measures() -> dict[str, Measure]:
    """All of them by slug, in their order; last the reports that have none."""
    found = [import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__)]
    own = sorted((one.MEASURE for one in found if hasattr(one, "MEASURE")), key=lambda one: one.order)
    taken = {name for one in own for name in one.reports}
    plain = [
        Measure(name, name.replace("-", " ").capitalize(), 1_000, (name,)) for name in REPORTS if name not in taken
    ]
    return {one.slug: one for one in (*own, *plain)}


def group_of(slug: str) -> str:
    """The group in which a measure stands."""
    return GROUPED.get(slug, "more")


@cache
def groups() -> dict[str, list[Measure]]:
    """The measures by group, both in their order; without groups that have none."""
    found: dict[str, list[Measure]] = {name: [] for name in GROUPS}
    for one in measures().values():
        found[group_of(one.slug)].append(one)
    order = list(GROUPED)
    for part in found.values():
        part.sort(key=lambda one: order.index(one.slug) if one.slug in order else len(order))
    return {name: part for name, part in found.items() if part}
