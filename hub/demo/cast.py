"""The people of the demo, what they do in which channel, and what has to be known of them in the end.

Deterministic, but for the day on which it begins.

The day has these parts: ``opening`` (webshops and newsletter), ``counter`` (till and social media, whose events are
partly thin), ``later`` (what joins people, comes late, or comes twice) and an ``evening`` with one change. Within a
part any order will do.
"""

from __future__ import annotations

from hub.demo import doubtful, ordinary, regulars
from hub.demo.roles import Cast, Copy


def cast(scale: int = 1) -> Cast:
    """The cast, ``scale`` times over: each time other people with other homes."""
    made = Cast()
    for index in range(scale):
        for play in (*ordinary.PLAYS, *doubtful.PLAYS):
            play(made, Copy(index))
        for number in range(ordinary.CROWD):
            ordinary.crowd(made, index * ordinary.CROWD + number)
        for number in range(regulars.REGULARS):
            regulars.regular(made, index * regulars.REGULARS + number)
    ordinary.broken(made)
    return made
