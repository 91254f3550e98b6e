"""What a business calls a lead, won and lost, and what is done about a score: the file ``config/leads.yaml``. Pure.

leads:
  won: [order]                                   # or {kind: tracked, subject: Deal won}
  lost: [{kind: tracked, subject: Deal lost}]
  days: 90                                       # within which a lead is won, or counts as lost
  task: {score: 80, value: 500}                  # from either on, traits.lead_action is task
  nurture: {score: 30}                           # below it nurture; between the two it is wait
  never: "contains(tags, 'supplier')"            # who is no lead
  usual: {rate: 0.05, worth: 50, bits: {forms: [0, 2.5]}}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.insight.lead_model import TABLE, USUAL_RATE, WORTH, Prior
from hub.insight.leads import FEATURES, Outcome
from hub.mapping.expression import ExpressionError
from hub.mapping.expression.when import Condition, compile_condition
from hub.model.interaction import InteractionKind
from hub.yaml_file import describe

Action = Literal["task", "nurture", "wait"]
_Kind = Literal["order", InteractionKind]
_FeatureName = Literal[
    "visits", "products", "carts", "forms", "mail_clicks", "replies", "messages", "talks", "store_visits", "refusals",
    "silent_days", "known_days", "source", "came_by", "address",
]  # fmt: skip
assert get_args(_FeatureName) == FEATURES
_Bits = Annotated[float, Field(ge=-10, le=10, allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Event(_Section):
    kind: _Kind
    subject: str | None = None


class _Task(_Section):
    score: int = Field(80, ge=1, le=99)
    value: float | None = Field(None, gt=0, allow_inf_nan=False)


class _Nurture(_Section):
    score: int = Field(30, ge=1, le=99)


class _Usual(_Section):
    rate: float = Field(USUAL_RATE, ge=0.001, le=0.9)
    worth: float = Field(WORTH, ge=0, le=10_000)
    bits: dict[_FeatureName, list[_Bits]] = Field(default_factory=dict)


class _Leads(_Section):
    won: tuple[_Kind | _Event, ...] = Field(("order",), min_length=1, strict=False)
    lost: tuple[_Kind | _Event, ...] = Field((), strict=False)
    days: int = Field(90, ge=1, le=730)
    features: list[_FeatureName] | None = Field(None, min_length=1)
    task: _Task = _Task()
    nurture: _Nurture = _Nurture()
    never: str | None = None
    usual: _Usual = _Usual()


@dataclass(frozen=True, slots=True)
class LeadRules:
    """``value`` is in major units of whatever currency a deal is in; ``never`` says who is no lead."""

    won: tuple[Outcome, ...] = (Outcome("order"),)
    lost: tuple[Outcome, ...] = ()
    days: int = 90
    prior: Prior = field(default_factory=Prior)
    task_score: int = 80
    task_value: float | None = None
    nurture_score: int = 30
    never: Condition | None = None

    def action(self, score: int, value: float | None) -> Action:
        """What is to be done about a lead: by its score, or by what its open orders are worth."""
        dear = self.task_value is not None and value is not None and value >= self.task_value
        if dear or score >= self.task_score:
            return "task"
        return "nurture" if score < self.nurture_score else "wait"


def compile_leads(written: Any, connections: Collection[str] | None = None) -> tuple[LeadRules, list[str]]:
    """The rules of a file, and every fault with its path; a name there is none of, with the nearest."""
    if not isinstance(written, Mapping):
        return LeadRules(), ["leads: must hold `name: value` pairs, such as `days: 90`"]
    try:
        told = _Leads.model_validate(dict(written))
    except ValidationError as error:
        return LeadRules(), describe(error, _Leads, "leads")
    faults: list[str] = []
    if told.nurture.score > told.task.score:
        faults.append("leads.nurture.score: is above leads.task.score, and a lead would be both")
    never = None
    if told.never is not None:
        try:
            never = compile_condition(told.never, connections)
        except ExpressionError as error:
            faults.append(f"leads.never: {error}")
    table = []
    for feature in TABLE:
        bits = told.usual.bits.get(feature.name)  # type: ignore[call-overload]
        if bits is not None and len(bits) != len(feature.bits):
            faults.append(f"leads.usual.bits.{feature.name}: must hold {len(feature.bits)} numbers")
        table.append(replace(feature, bits=tuple(map(float, bits))) if bits else feature)
    held = {feature.name for feature in TABLE}
    faults += [
        f"leads.usual.bits.{name}: has no bits before there are outcomes; there are {', '.join(sorted(held))}"
        for name in told.usual.bits
        if name not in held
    ]
    names = FEATURES if told.features is None else tuple(dict.fromkeys(told.features))
    prior = Prior(tuple(table), told.usual.rate, told.usual.worth, names)
    rules = LeadRules(
        tuple(map(_outcome, told.won)),
        tuple(map(_outcome, told.lost)),
        told.days,
        prior,
        told.task.score,
        told.task.value,
        told.nurture.score,
        never,
    )
    return rules, faults


def _outcome(one: str | _Event) -> Outcome:
    return Outcome(one) if isinstance(one, str) else Outcome(one.kind, one.subject)
