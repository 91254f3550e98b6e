"""The report on leads: what makes one, in bits per fact, how good that is, and whether it still holds."""

from __future__ import annotations

from collections.abc import Sequence

from hub.application import leads
from hub.application.traits import Insight
from hub.insight.lead_model import DRIFTED, Feature, LeadModel
from hub.insight.leads import NUMBERS, WORDS
from hub.insight.model import Model
from hub.insight.reports import Cell, Report
from hub.store.database import Session

LOOKED_AT = 5_000
"""People among whom the leads of now are."""

_COLUMNS = ("fact", "value", "by", "bits", "share of leads", "drift")


def lead_report(session: Session, insight: Insight, model: Model) -> Report:
    """What makes a lead, in bits per fact, and whether the leads of now are still those it was learned from."""
    if insight.leads is None:
        return Report("leads", "Leads", _COLUMNS, [], ("no leads: `leads:` in the configuration names a file",))
    held = model.leads
    if held is None:
        return Report("leads", "Leads", _COLUMNS, [], ("too little data: nothing is fitted yet (`hub insight run`)",))
    moved = leads.drifted(held, leads.current(session, insight.leads, LOOKED_AT), leads.days(session.now()))
    rows: list[tuple[Cell, ...]] = []
    for feature in held.features:
        told = {**NUMBERS, **WORDS}[feature.name]
        by = "own outcomes" if feature.learned else "table"
        for place, bits in enumerate(feature.bits):
            share = feature.shares[place] if place < len(feature.shares) else None
            rows.append((told, _bin(feature, place), by, round(bits, 2), share, moved.get(feature.name)))
    return Report("leads", "What makes a lead", _COLUMNS, rows, tuple(_notes(held, moved)))


def _notes(held: LeadModel, moved: leads.Drift) -> Sequence[str]:
    notes = [
        f"{held.leads} leads at the fit; {held.won} people won, {held.lost} lost, within {held.days:g} days of a look",
        f"own outcomes weigh {100 * held.share:.0f} %, the table the rest; bits of one fact add up",
        f"a lead of whom nothing is known has {held.base:+.1f} bits, and each bit doubles the odds",
        *held.said,
    ]
    if (told := held.quality) is not None:
        notes.append(
            f"on the {told.leads} newest: AUC {told.auc:.3f} (the table alone {told.auc_table:.3f}), Brier "
            f"{told.brier:.4f} ({told.brier_table:.4f}), chances off by {told.off:.3f} on the mean"
        )
    if drifting := sorted(name for name, index in moved.items() if index > DRIFTED):
        notes.append(f"the leads of now are others than those at the fit, by {', '.join(drifting)}: fit again")
    return notes


def _bin(feature: Feature, place: int) -> str:
    if feature.words or feature.name in WORDS:
        return feature.words[place] or "nobody knows" if place < len(feature.words) else "another"
    edges = feature.edges
    if not edges:
        return "any"
    if not place:
        return f"below {edges[0]:.2g}"
    return f"from {edges[place - 1]:.2g}" + (f" to {edges[place]:.2g}" if place < len(edges) else "")
