"""What identity decides by: the rules and the weights that are in force, as one thing with a number."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hub.identity.rules import IdentityRules
from hub.identity.weights import Model, trusted


@dataclass(frozen=True, slots=True)
class Identity:
    """Rules and model, with the rules' thresholds. ``version`` is the stored row they came from.

    Version 0: the rules of the configuration, and the shipped weights.
    """

    rules: IdentityRules
    model: Model
    version: int = 0


def identity(rules: IdentityRules, model: Model | None = None, version: int = 0) -> Identity:
    """Put together; without a model, the shipped weights."""
    thresholds = rules.thresholds
    decided_by = replace(model or Model(), same=thresholds.same, ask=thresholds.ask)
    return Identity(rules, trusted(decided_by, rules), version)
