"""What a measurement gives: figures, each with its rounds, its baseline, its target and what went wrong beside it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: the median of ``rounds``. ``ratio`` is the median of the rounds' own ratios to the baseline's.

    ``failures`` counts requests that were not acknowledged and acknowledged events that were not found afterwards.
    """

    benchmark: str
    name: str
    unit: str
    rounds: list[float]
    failures: int = 0
    baseline: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.rounds)

    def as_json(self) -> dict[str, Any]:
        """For the results file."""
        return {"value": self.value, **asdict(self)}


def ratio(rounds: Sequence[float], baseline: Sequence[float]) -> float:
    """Median of the ratios of neighbouring rounds: the weather of a shared machine hits both alike."""
    return statistics.median(mine / theirs for mine, theirs in zip(rounds, baseline, strict=True) if theirs)


def reached(value: float, sense: Literal[">=", "<=", "<"], bound: float, failures: int = 0) -> bool:
    """Whether a target is met; never with failures."""
    met = {">=": value >= bound, "<=": value <= bound, "<": value < bound}[sense]
    return met and not failures


def table(figures: Sequence[Figure]) -> str:
    """A markdown table."""
    lines = ["| benchmark | figure | median | rounds | ratio | failures | target |", "|---|---|---|---|---|---|---|"]
    for figure in figures:
        rounds = " · ".join(_short(value) for value in figure.rounds) if len(figure.rounds) > 1 else ""
        against = f"{figure.ratio:.2f} x {figure.baseline}" if figure.ratio is not None else ""
        verdict = {None: "", True: "met: ", False: "MISSED: "}[figure.met] + figure.target
        lines.append(
            f"| {figure.benchmark} | {figure.name} | {_short(figure.value)} {figure.unit} | {rounds} | {against} "
            f"| {figure.failures} | {verdict} |"
        )
    return "\n".join(lines)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
