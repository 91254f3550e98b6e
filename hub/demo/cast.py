"""The people of the demo, what they do in which channel, and what has to be known of them in the end. Deterministic.

The day has these parts: ``opening`` (webshops and newsletter), ``counter`` (till and social media, whose events are
partly thin), ``later`` (what joins people, comes late, or comes twice) and an ``evening`` with one change. Within a
part any order will do.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from hub.demo import doubtful, ordinary, past, regulars
from hub.demo.payloads import DAY
from hub.demo.roles import Cast, Copy


def cast(scale: int = 1, day: datetime = DAY) -> Cast:
    """The cast, ``scale`` times over: each time other people with other homes. ``day`` is when the story begins (UTC).

    One copy plays on one day. More of them play over the two years before it, among customers with a past.
    """
    made = Cast(begins=day)
    for index in range(scale):
        for play in (*ordinary.PLAYS, *doubtful.PLAYS):
            made.begins = day - timedelta(days=_ago(play.__name__, index) if scale > 1 else 0)
            play(made, Copy(index))
        made.begins = day
        for number in range(ordinary.CROWD if scale == 1 else 0):
            ordinary.crowd(made, index * ordinary.CROWD + number)
        for number in range(regulars.REGULARS if scale == 1 else 0):
            regulars.regular(made, number)
        for number in range(past.PEOPLE if scale > 1 else 0):
            past.person(made, index * past.PEOPLE + number)
        for number in range(past.PROSPECTS if scale > 1 else 0):
            past.prospect(made, index * past.PROSPECTS + number)
    if scale > 1:
        past.catalogue(made)
    ordinary.broken(made)
    return made


def _ago(play: str, index: int) -> int:
    return int(past.DAYS * Random(f"{play} {index}").random() ** 1.6)  # noqa: S311 - the same days every time
