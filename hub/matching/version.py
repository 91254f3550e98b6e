"""What identity decides by: the rules and the weights that are in force, as one thing with a number."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hub.matching.rules import IdentityRules
from hub.matching.weights import Model, trusted

_SHIPPED = Model()


@dataclass(frozen=True, slots=True)
class Identity:
    """Rules and model, with the rules' thresholds. ``version`` is the stored row they came from.

    Version 0: the rules of the configuration, and the shipped weights. ``restores`` is the earlier version that this
    one brings back.
    """

    rules: IdentityRules
    model: Model
    version: int = 0
    restores: int | None = None


def identity(
    rules: IdentityRules, model: Model | None = None, version: int = 0, restores: int | None = None
) -> Identity:
    """Put together; without a model, the shipped weights.

    The rules say where two records become one person. People's answers may have raised that: by as much as the model's
    own thresholds are above the shipped ones.
    """
    model = model or Model()
    same = rules.thresholds.same + model.same - _SHIPPED.same
    ask = min(rules.thresholds.ask + model.ask - _SHIPPED.ask, same)
    return Identity(rules, trusted(replace(model, same=same, ask=ask), rules), version, restores)
