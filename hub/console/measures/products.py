"""Recommendations: what is bought by the same people."""

from __future__ import annotations

from hub.console.marking import N_
from hub.console.measures import Measure

MEASURE = Measure(
    "products",
    N_("Recommendations"),
    80,
    ("products",),
    N_("What is bought by the same people. Each person's page and `traits.next_products` say what to offer them next."),
)
