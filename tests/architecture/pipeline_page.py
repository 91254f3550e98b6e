"""Writes docs/pipeline.md from hub/pipeline.py: ``python -m tests.architecture.pipeline_page``."""

from __future__ import annotations

from pathlib import Path

from hub.pipeline import STAGES

PAGE = Path(__file__).parents[2] / "docs" / "pipeline.md"


def page() -> str:
    """The page as it should be."""
    rows = [
        f"| {stage.name} | `{stage.module}` | {_escaped(stage.takes)} | {_escaped(stage.gives)} | {stage.law} "
        f"| {stage.queue or 'in the request'} | `{stage.metric}` |"
        for stage in STAGES
    ]
    return "\n".join(
        [
            "# The way of the data",
            "",
            "Made from `hub/pipeline.py` by `python -m tests.architecture.pipeline_page`; a test compares the two.",
            "",
            "| stage | module | takes | gives | law | queue | metric |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _escaped(text: str) -> str:
    return text.replace("|", "/")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
