"""Invented leads whose truth is known: who is keener does more and buys more often, by a law that is written down."""

from __future__ import annotations

import numpy as np

from hub.insight.leads import Story, Told, story

NOW = 700.0
_DONE = {
    "page_viewed": 0.8,
    "product_viewed": 0.0,
    "product_added": -1.8,
    "form_submitted": -1.5,
    "email_clicked": -0.5,
}


def leads(size: int, *, seed: int = 1, keen: float = 1.3) -> list[Story]:
    """Each came at any time of the last two years, and buys by a logistic law of keenness and kind of address."""
    dice = np.random.default_rng(seed)
    found = []
    for _ in range(size):
        since, mood, own = float(dice.uniform(0, 600)), float(dice.normal()), bool(dice.random() < 0.3)
        told = [
            Told(since + float(dice.uniform(0, 30)), kind, {"kind": kind})
            for kind, base in _DONE.items()
            for _ in range(min(12, int(dice.poisson(np.exp(base + 0.7 * mood)))))
        ]
        if dice.random() < 1 / (1 + np.exp(2.6 - keen * mood - 0.7 * own)):
            told.append(Told(since + float(dice.uniform(2, 80)), "order"))
        found.append(story(since, told, source="web", email=f"a@{'firm.example' if own else 'gmail.com'}"))
    return found
