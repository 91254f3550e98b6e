"""``hub identity``: how right it is about labelled records, training, and where it stands."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli import output
from hub.cli.database import configured, opened, settings_of
from hub.cli.interrupt import stoppable
from hub.cli.judgement import user
from hub.cli.options import LimitOption
from hub.cli.progress import Shown, shown
from hub.cli.resolving import resolved

if TYPE_CHECKING:
    from hub.application.train import Trained
    from hub.bootstrap import Runtime
    from hub.cli.evaluation import Evaluation
    from hub.matching.weights import Model

app = typer.Typer(name="identity", help="Who is who: evaluate, train, status, retry.", no_args_is_help=True)


class Estimator(StrEnum):
    """Whose estimate counts of how often one person's own values differ."""

    both = "both"
    hub = "hub"
    splink = "splink"


@app.command()
def evaluate(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A csv with record_id, cluster_id and columns such as email.")
    ],
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Measure identity on labelled records: through a throw-away database, with default rules and training."""
    from hub import log
    from hub.cli.evaluation import evaluate as evaluated

    del config  # every command takes it; an evaluation goes by the defaults, whatever is configured here
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
        _show_evaluation(done)


def _show_evaluation(done: Evaluation) -> None:
    told = done.quality
    output.show(f"{done.records:,} records are {done.clusters:,} people")
    rows = [
        ("pairs", *(f"{each:.4f}" for each in (told.precision, told.recall, told.f1))),
        ("B-cubed", "", "", f"{told.b_cubed_f1:.4f}"),
    ]
    output.show_table(("", "precision", "recall", "F1"), rows)
    output.show(f"pairs of people that wait for a decision: {done.review_pairs:,}")
    output.show(f"identifiers that prove nothing, because too many share them: {done.quarantined:,}")
    output.show(f"weights: {'trained on these records' if done.trained else 'as shipped, the records are too few'}")
    steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in done.steps.items())
    output.show(f"{sum(done.steps.values()):.1f} seconds: {steps}")


@app.command()
def train(
    estimator: Annotated[
        Estimator, typer.Option("--estimator", help="Whose estimate counts: Hub's own, Splink's, or both.")
    ] = Estimator.both,
    export: Annotated[
        Path | None, typer.Option("--export", help="Also write the weights to this file, as a Splink model.")
    ] = None,
    brought: Annotated[
        Path | None, typer.Option("--import", help="Put the weights of this Splink model in force instead.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Resolve the records again here, and wait for it.")] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Fit identity's weights to your own records, without labels, and to what people answered to reviews."""
    from hub.cli import splink_file

    if dry_run and wait:
        raise typer.BadParameter("there is nothing to wait for with --dry-run", param_hint="--wait")
    with output.exit_codes(json=json):
        if export:
            splink_file.require_writable(export)
        model = splink_file.read(brought) if brought else None
        with configured(config) as run, shown("records") as show:
            done = _trained(run, show, estimator, model, keep=not dry_run)
            if export:
                splink_file.write(export, done.after)
            waiting = resolved(run, show) if wait else done.queued if done.stored else 0
    if json:
        output.show_json({**_document(done, dry_run=dry_run), "waiting": waiting})
    else:
        _show_trained(done, waiting, dry_run=dry_run, export=export)


def _trained(run: Runtime, show: Shown, estimator: Estimator, brought: Model | None, *, keep: bool) -> Trained:
    from hub.application.train import train as trained
    from hub.store import records

    with run.database.session() as session:
        total = records.count(session)
    step = "read the records"
    show(step, 0, total)
    try:
        with stoppable():
            return trained(
                run.database,
                run.identity,
                by=user(),
                now=datetime.now(UTC),
                estimator=estimator.value,
                brought=brought,
                keep=keep,
                seen=lambda seen: show(step, seen, max(total, seen)),
            )
    except KeyboardInterrupt:
        output.say("stopped; nothing was changed")
        raise typer.Exit(output.FAILED) from None


def _document(done: Trained, *, dry_run: bool) -> dict[str, Any]:
    from hub.learning.changes import changes

    return {
        "records": done.records,
        "answers": done.answers,
        "stored": done.stored,
        "dry_run": dry_run,
        "version": done.version,
        "queued": done.queued,
        "changes": [each.document() for each in changes(done.before, done.after)],
    }


def _show_trained(done: Trained, waiting: int, *, dry_run: bool, export: Path | None) -> None:
    from hub.learning.changes import changes, counted

    output.show(f"read {done.records:,} records and {done.answers:,} answers to reviews")
    for each in changes(done.before, done.after):
        output.show(f"  {each.text}")
    if told := counted(done.after):
        output.show(f"  {told}")
    if export:
        output.show(f"wrote {export}")
    if dry_run:
        output.show(f"nothing was stored; {done.queued:,} records would be resolved again")
    elif not done.stored:
        output.show(f"nothing moved: version {done.version} stays in force")
    elif waiting:
        output.show(f"version {done.version} is in force; {waiting:,} records are to be resolved again")
        output.say("the workers of `hub up` do it in the background; `hub identity train --wait` does it here")
    else:
        output.show(f"version {done.version} is in force; all records are resolved by it")


@app.command()
def retry(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Place once more what was set aside because Hub failed on it, as after an upgrade that mends it."""
    from hub.application.placing import try_all_again

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        count = try_all_again(session)
        session.announce("process")
    if json:
        output.show_json({"retried": count})
    else:
        output.show(f"{count} that were set aside wait to be placed")


@app.command()
def status(limit: LimitOption = 20, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Tell what is in force, what waits, which identifiers are quarantined, and what the limits hold back."""
    from hub import bootstrap
    from hub.cli import identity_status

    with output.exit_codes(json=json):
        settings = settings_of(config)
        _, _, rules, survivorship = bootstrap.configure(settings)
        with bootstrap.opened(settings, stable_plans=False) as database, database.session() as session:
            told = identity_status.collected(session, rules, survivorship, limit)
    told["automatic_training"] = settings.hub.automatic_training
    if json:
        output.show_json(told)
    else:
        identity_status.show(told)
