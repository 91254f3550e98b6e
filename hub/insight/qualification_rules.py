"""Reads ``config/qualification.yaml`` (``hub.insight.qualification``). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from hub.errors import did_you_mean
from hub.insight.qualification import Apart, Owner, Qualification, State, Work
from hub.mapping.expression import ExpressionError
from hub.mapping.expression.when import Condition, compile_condition
from hub.model.customer import ContactKind
from hub.model.money import CURRENCIES
from hub.model.traits import Leaving
from hub.yaml_file import describe

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,49}$")]
_OWN = ("traits.qualification", "traits.qualified_at", "traits.owner", "traits.follow_up", "traits.left")
"""What follows from the state: a condition of a state that named it would decide about itself."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Owner(_Section):
    name: str = Field(min_length=1, max_length=200)
    when: str | None = None


class _Task(_Section):
    value: float | None = Field(None, gt=0, allow_inf_nan=False)
    currency: str | None = None
    days: int = Field(1, ge=0, le=365)


class _State(_Section):
    title: str | None = None
    when: str | None = None
    keep: str | None = None
    stay: int = Field(1, ge=0, le=3650)
    lives_in: tuple[str, ...] = Field((), strict=False)
    owners: tuple[str | _Owner, ...] = Field((), strict=False)
    task: _Task | None = None
    nurture: str | None = Field(None, min_length=1, max_length=50)


class _Apart(_Section):
    when: str | None = None
    lives_in: tuple[str, ...] = Field((), strict=False)


class _Qualification(_Section):
    states: dict[_Name, _State] = Field(default_factory=dict, max_length=50)
    leaving: dict[str, Leaving] = Field(default_factory=dict)
    apart: dict[ContactKind, _Apart] = Field(default_factory=dict)


def compile_qualification(written: Any, connections: Collection[str] | None = None) -> tuple[Qualification, list[str]]:
    """The funnel of a file, and every fault with its path; a name there is none of, with the nearest.

    ``connections`` are those there are; without them any name goes.
    """
    if not isinstance(written, Mapping):
        return Qualification(), ["qualification: must hold `states`, in the order of the funnel"]
    try:
        told = _Qualification.model_validate(dict(written))
    except ValidationError as error:
        return Qualification(), describe(error, _Qualification, "qualification")
    reading = _Reading(connections, [])
    states = tuple(reading.state(name, state) for name, state in told.states.items())
    apart = tuple(
        Apart(kind, reading.places(f"apart.{kind}", one.lives_in), reading.condition(f"apart.{kind}.when", one.when))
        for kind, one in told.apart.items()
    )
    rules = Qualification(states, told.leaving, apart)
    for name in told.leaving:
        if name not in rules.destinations:
            there = sorted(rules.destinations)
            reading.say(f"leaving.{name}", f"nobody lives in {name!r}{did_you_mean(name, there)}, so that none leaves")
    for place, state in enumerate(states):
        if place and state.when is None:
            reading.say(f"states.{state.name}", "needs `when`: only the first state may have none")
    return rules, reading.faults


class _Reading:
    """Gathers faults; each path is told below ``qualification``."""

    def __init__(self, connections: Collection[str] | None, faults: list[str]) -> None:
        self._connections = connections
        self.faults = faults

    def say(self, path: str, fault: str) -> None:
        self.faults.append(f"qualification.{path}: {fault}")

    def condition(self, path: str, text: str | None) -> Condition | None:
        if text is None:
            return None
        try:
            found = compile_condition(text, self._connections)
        except ExpressionError as error:
            self.say(path, str(error))
            return None
        if own := sorted(name for name in found.fields if name.startswith(_OWN)):
            self.say(path, f"names {own[0]}, which follows from the state itself")
        return found

    def places(self, path: str, names: Collection[str]) -> frozenset[str]:
        known = self._connections
        for name in names:
            if known is not None and name not in known:
                self.say(f"{path}.lives_in", f"there is no connection {name!r}{did_you_mean(name, known)}")
        return frozenset(names)

    def state(self, name: str, told: _State) -> State:
        path = f"states.{name}"
        if told.keep is not None and told.when is None:
            self.say(f"{path}.keep", "needs `when`: without it, everybody stays anyway")
        if told.task and told.task.currency is not None and told.task.currency not in CURRENCIES:
            self.say(f"{path}.task.currency", "is not an ISO 4217 currency")
        owners = tuple(
            Owner(one)
            if isinstance(one, str)
            else Owner(one.name, self.condition(f"{path}.owners[{number}].when", one.when))
            for number, one in enumerate(told.owners)
        )
        return State(
            name,
            told.title or name,
            self.condition(f"{path}.when", told.when),
            self.condition(f"{path}.keep", told.keep),
            timedelta(days=told.stay),
            self.places(path, told.lives_in),
            owners,
            _work(told),
        )


def _work(told: _State) -> Work | None:
    if told.task is None:
        # Nobody asks for a task: no deal is dear enough, and all are nurtured.
        return Work(Decimal("Infinity"), nurture=told.nurture) if told.nurture else None
    value = Decimal(repr(told.task.value)) if told.task.value is not None else None
    return Work(value, told.task.currency, told.task.days, told.nurture)
