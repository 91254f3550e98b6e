"""``hub identity``: how right it is about labelled records, training, and where it stands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli import output
from hub.cli.progress import shown

if TYPE_CHECKING:
    from hub.cli.evaluation import Evaluation

app = typer.Typer(name="identity", help="Who is who: evaluate, train, status.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Who is who: evaluate, train, status."""


@app.command()
def evaluate(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A csv with record_id, cluster_id and columns such as email.")
    ],
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Measure identity on labelled records: through a throw-away database, with default rules and training."""
    import os

    from hub import log
    from hub.cli.evaluation import evaluate as evaluated

    log.configure(os.environ.get("HUB_LOG_LEVEL") or "error", "console")
    with output.exit_codes(json=json):
        try:
            with shown("records") as show:
                done = evaluated(file, show)
        except KeyboardInterrupt:
            output.say("stopped; nothing is left behind")
            raise typer.Exit(output.FAILED) from None
    if done.ignored:
        output.say(f"ignored, Hub reads no such columns: {', '.join(done.ignored)}")
    if json:
        output.show_json(done.document())
    else:
        _show(done)


def _show(done: Evaluation) -> None:
    told = done.quality
    output.show(f"{done.records:,} records are {done.clusters:,} people")
    output.show_table(
        ("", "precision", "recall", "F1"),
        [
            ("pairs", f"{told.precision:.4f}", f"{told.recall:.4f}", f"{told.f1:.4f}"),
            ("B-cubed", "", "", f"{told.b_cubed_f1:.4f}"),
        ],
    )
    output.show(f"{done.review_pairs:,} pairs of people wait for somebody to decide (hub review)")
    output.show(f"{done.quarantined:,} identifiers prove nothing: too many people share them")
    output.show("weights: trained on these records" if done.trained else "weights: as shipped, too few to train on")
    steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in done.steps.items())
    output.show(f"{sum(done.steps.values()):.1f} seconds: {steps}")
