"""Segments: named groups of people, each with its size."""

from __future__ import annotations

from hub.console.marking import N_
from hub.console.measures import Measure

MEASURE = Measure(
    "segments",
    N_("Segments"),
    20,
    ("segments",),
    N_("Groups with a name, kept up with every event. They go to destinations by routes and mappings."),
    "insight/segments.html",
)
