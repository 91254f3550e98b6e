"""Kinds of invented, labelled people that identity finds hard, each a set of its own: the same rows for the same seed.

``python -m benchmarks.people 3000 --kind couples > couples.csv`` writes one; ``benchmarks.identity_quality`` runs all.
Names are common ones by how common they are, everything else is made up: mailboxes end in example.com, example.de or
example.org, numbers begin with +49150. Noise is as registers, tills and shops have it, and is told in each module.
"""

from __future__ import annotations

from benchmarks.kinds.registry import COLUMNS, KINDS, TEST, TUNING, Kind, rows

__all__ = ["COLUMNS", "KINDS", "TEST", "TUNING", "Kind", "rows"]
