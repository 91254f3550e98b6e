"""Rules and weights, put together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.matching.rules import IdentityRules
from hub.matching.version import identity
from hub.matching.weights import Model


@pytest.mark.parametrize(
    ("same", "ask", "found"),
    [(4.0, 0.0, (6.0, 5.0)), (5.5, 0.0, (7.5, 5.0)), (4.0, 1.5, (6.0, 6.0))],
)
def test_answers_raise_the_thresholds_of_the_rules(same: float, ask: float, found: tuple[float, float]):
    rules = IdentityRules.model_validate({"thresholds": {"same": 6.0, "ask": 5.0}})
    model = identity(rules, replace(Model(), same=same, ask=ask)).model
    assert (model.same, model.ask) == found


def test_without_a_model_the_rules_alone_decide():
    assert identity(IdentityRules()).model == Model()
