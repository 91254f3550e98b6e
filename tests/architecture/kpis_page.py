"""docs/kpis.md, made from ``hub/insight/kpis.py``: ``python -m tests.architecture.kpis_page``."""

from __future__ import annotations

from pathlib import Path

from hub.insight.kpis import KPIS

PAGE = Path(__file__).parents[2] / "docs/kpis.md"
HEAD = """# Key figures

Made from `hub/insight/kpis.py` by `python -m tests.architecture.kpis_page`; a test compares the two. `hub report kpis`
shows them as of now. What counts as an order, and what the stages mean, is in [insight.md](insight.md). Money is by the
customer's main currency, and amounts of different currencies are never added. An order day is a UTC day with an order.

| figure | unit | owner | definition |
|---|---|---|---|
"""


def page() -> str:
    """The page as it has to be."""
    rows = (f"| {one.name} | {one.unit} | {one.owner} | {one.definition} |\n" for one in KPIS)
    return HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
