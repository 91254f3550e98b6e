"""overrides: a person says what stage somebody is in, or what a lead's score is, against what is worked out.

It holds until a day, or until it is taken back; then what is worked out holds again. Who, when, why and until when
stands in the trait's why and in the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

from hub.errors import NotFound, RejectedError, did_you_mean
from hub.insight.lead_rules import LeadRules
from hub.model.text import tidy
from hub.model.traits import Stage
from hub.store.overrides import OverrideRow
from hub.store.traits import TraitRow

NAMES = ("stage", "lead_score")
"""Traits that people may set."""

LONGEST = 500
"""Characters of a reason."""


def checked(name: str, value: str, reason: str, until: datetime | None, now: datetime) -> tuple[str, str]:
    """The value and the reason as they are kept. Raises NotFound, RejectedError in words."""
    if name not in NAMES:
        raise NotFound(f"{name!r} is nothing people set{did_you_mean(name, NAMES)}; they set {' and '.join(NAMES)}")
    told = value.strip()
    if name == "stage" and told not in get_args(Stage):
        stages = ", ".join(get_args(Stage))
        raise RejectedError(f"there is no stage {told!r}{did_you_mean(told, get_args(Stage))}; there are {stages}")
    if name == "lead_score" and not (told.isdecimal() and told.isascii() and 1 <= int(told) <= 99):
        raise RejectedError("a score is a whole number from 1 to 99")
    words = tidy(reason).strip()
    if not 1 <= len(words) <= LONGEST:
        raise RejectedError(f"a reason has from 1 to {LONGEST} characters")
    if until is not None and until <= now:
        raise RejectedError("it would be over by now")
    return told, words


Overrides = Mapping[UUID, Mapping[str, OverrideRow]]


def applied(said: Overrides, rules: LeadRules | None, rows: Mapping[UUID, TraitRow]) -> dict[UUID, TraitRow]:
    """These rows with what people said in place of what was worked out; each is worked out anew when that ends."""
    return {one: _said(rules, row, said[one]) if one in said else row for one, row in rows.items()}


def _said(rules: LeadRules | None, row: TraitRow, said: Mapping[str, OverrideRow]) -> TraitRow:
    told: dict[str, Any] = {**row.told}
    if (stage := said.get("stage")) is not None and stage.value != told.get("stage"):
        before = told.get("stage", "potential")
        told |= {"stage": stage.value, "stage_before": before, "stage_since": stage.at.date().isoformat()}
    # Who has bought is no lead any more, whatever was said before.
    if (score := said.get("lead_score")) is not None and "lead_score" in told and rules is not None:
        told["lead_score"] = int(score.value)
        worth = told.get("lead_value")
        told["lead_action"] = rules.action(int(score.value), float(worth) if worth else None)
    due = min((at for at in (row.due_at, *(one.until for one in said.values())) if at is not None), default=None)
    return replace(row, told=told, due_at=due)


def in_words(row: OverrideRow) -> str:
    """Who said it, when, until when and why."""
    until = f" until {row.until:%Y-%m-%d}" if row.until else ""
    return f"{row.by} set it on {row.at:%Y-%m-%d}{until}: {row.reason}"
