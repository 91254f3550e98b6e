"""``hub insight``: work out life cycle and values of customers; versions of what they are weighed by."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

import typer

from hub.cli import output, people
from hub.cli.database import configured
from hub.cli.interrupt import stoppable
from hub.cli.judgement import user
from hub.cli.options import LimitOption
from hub.cli.progress import shown
from hub.errors import ConfigError

app = typer.Typer(
    name="insight",
    help="Life cycle, values and other traits: work them out; try, apply and take back what they are weighed by.",
    no_args_is_help=True,
)

Version = Annotated[int | None, typer.Argument(metavar="VERSION", min=1, help="As `hub insight list` shows it.")]


@app.command()
def run(
    fit: Annotated[
        bool | None, typer.Option("--fit/--no-fit", help="Fit to the business's past now, or not; weekly without it.")
    ] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Fold everybody's orders again first.")] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Work everybody out again. The scheduler of `hub up` does it once a day; what changed goes to the destinations."""
    from hub.application.insight import run as run_now

    with output.exit_codes(json=json), configured(config) as running, shown("profiles") as progress, stoppable():
        done = run_now(
            running.processing, by=user(), fit=fit, anew=anew, progress=lambda number: progress("working out", number)
        )
    if json:
        output.show_json({name: getattr(done, name) for name in done.__slots__})
        return
    output.show(f"{done.profiles} profiles worked out in {done.seconds:.1f} s; {done.changed} have other traits")
    output.show(f"version {done.version} is in force{', fitted just now' if done.fitted else ''}")
    for line in done.said:
        output.say(line)


@app.command()
def status(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Tell what is in force, how good its forecasts were, what there is too little data for, and the last run."""
    from hub.application.insight import status as told

    with output.exit_codes(json=json), configured(config) as running:
        found = told(running.processing)
    if json:
        output.show_json(found)
        return
    rows = [
        ("version", found["version"] or "none yet: fixed days"),
        ("made", found["made_at"]),
        ("note", found["note"]),
    ]
    if last := found["last_run"]:
        rows.append(
            ("last run", f"{last['at']:%Y-%m-%d %H:%M}: {last['profiles']} profiles, {last['changed']} changed")
        )
    rows += _model(found["model"])
    rows += [(f"stage {stage}", number) for stage, number in sorted(found["stages"].items())]
    rows += [("note", line) for line in found["said"]]
    output.show_table(("", ""), [row for row in rows if row[1] is not None])


@app.command("try")
def try_(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Fit to the business's past and show who would change stage. Changes nothing until it is applied."""
    from hub.application.insight import try_fit

    with output.exit_codes(json=json), configured(config) as running:
        found = try_fit(running.processing, user())
    if json:
        output.show_json(found)
        return
    output.show(f"version {found['version']}, of {found['customers']} customers: {found['changed']} would change stage")
    rows = [(move["from"], move["to"], move["customers"]) for move in found["moves"]]
    output.show_table(("from", "to", "customers"), rows, empty="nobody would change stage")
    for line in found["said"]:
        output.say(line)
    output.show(f"to put it in force: hub insight apply {found['version']}")


@app.command()
def apply(version: Version = None, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Put a version that was tried in force, the newest where none is named, and work everybody out by it."""
    from hub.application import insight

    with output.exit_codes(json=json), configured(config) as running:
        applied = insight.apply(running.processing, version, user())
        done = insight.run(running.processing, by=user(), fit=False)
    _put(applied, done, json=json)


@app.command()
def rollback(version: Version = None, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Put an earlier version in force again, the one before where none is named, and work everybody out by it."""
    from hub.application import insight

    with output.exit_codes(json=json), configured(config) as running:
        restored = insight.rollback(running.processing, version, user())
        done = insight.run(running.processing, by=user(), fit=False)
    _put(done.version, done, json=json, restores=restored.id)


@app.command()
def personas(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Show the groups that customers fall into: what sets each apart, its revenue, and typical histories."""
    from hub.application.report import report

    with output.exit_codes(json=json), configured(config) as running, running.database.session() as session:
        [found] = report(session, running.insight, ["personas"])
    if json:
        output.show_json({"personas": found.documents(), "notes": found.notes})
        return
    for row in found.documents():
        share = row["share of revenue"]
        revenue = f", {100 * share:.0f} % of revenue in {row['currency']}" if share is not None else ""
        output.show(f"{row['persona']}: {row['customers']} customers{revenue}")
        output.show(f"  apart by: {row['what sets it apart']}")
        if row["buys more of"]:
            output.show(f"  buys more of: {row['buys more of']}")
        for name in ("lives in", "born"):
            if row[name]:
                output.show(f"  {name}: {row[name]}")
        for name, value in row.items():
            if name.startswith("typical") and value:
                output.show(f"  typical: {value}")
    for note in found.notes:
        output.say(note)


@app.command("set")
def set_(
    id: people.Who,  # noqa: A002
    trait: Annotated[str, typer.Argument(metavar="TRAIT", help="stage or lead_score.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="A stage, or a score from 1 to 99.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is shown with the trait.")],
    until: Annotated[str | None, typer.Option("--until", metavar="DAY", help="Holds up to this day (UTC).")] = None,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Say what stage somebody is in, or what a lead's score is, against what is worked out. It goes out at once."""
    from hub.application.set_traits import SetTraits

    with output.exit_codes(json=json), configured(config) as running:
        with running.database.session() as session:
            wanted = people.one(session, id, config)
        done = SetTraits(running.processing).put(wanted, trait, value, user(), reason, _day(until))
    _said(done, json=json)


@app.command()
def unset(
    id: people.Who,  # noqa: A002
    trait: Annotated[str, typer.Argument(metavar="TRAIT", help="stage or lead_score.")],
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Take back what was set: what is worked out holds again."""
    from hub.application.set_traits import SetTraits

    with output.exit_codes(json=json), configured(config) as running:
        with running.database.session() as session:
            wanted = people.one(session, id, config)
        done = SetTraits(running.processing).withdraw(wanted, trait, user())
    _said(done, json=json)


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time.min, UTC) + timedelta(days=1)
    except ValueError:
        raise ConfigError([f"--until: {text!r} is no day such as 2027-01-31"]) from None


def _said(done: Any, *, json: bool) -> None:
    if json:
        output.show_json({name: getattr(done, name) for name in done.__slots__})
    else:
        output.show(f"{done.trait} of {done.profile}: {done.value if done.value is not None else 'none'}")
        output.show(f"to see why: hub profile explain {done.profile} traits.{done.trait}")


@app.command("list")
def list_(limit: LimitOption = 20, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """List the versions, newest first."""
    from hub.store import insight_models

    with output.exit_codes(json=json), configured(config) as running, running.database.session() as session:
        found = insight_models.page(session, limit)
    if json:
        names = ("id", "by", "made_at", "note", "active", "restores")
        output.show_json([{name: getattr(row, name) for name in names} for row in found])
        return
    rows = [
        (row.id, row.by, f"{row.made_at:%Y-%m-%d %H:%M}", row.note, "in force" if row.active else "") for row in found
    ]
    output.show_table(("id", "by", "made", "note", ""), rows, empty="no version yet: `hub insight run` fits the first")


def _put(version: int, done: Any, *, json: bool, restores: int | None = None) -> None:
    if json:
        output.show_json({"version": version, "restores": restores, "changed": done.changed})
    else:
        again = f", as version {restores} was" if restores else ""
        output.show(f"version {version} is in force{again}; {done.changed} profiles have other traits")
        output.show("to take it back: hub insight rollback")


def _model(model: dict[str, Any]) -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = [
        ("customers", f"{model['customers']}, {model['repeaters']} of them ordered again")
        if model["fitted"]
        else ("", None)
    ]
    if held := model["rhythm"]:
        rows.append(("rhythm", ", ".join(f"{name} {value:.3f}" for name, value in held.items())))
        rows.append(("second order", f"within {model['second_order_days']} days, where it comes"))
    if quality := model["quality"]:
        told = (
            f"Brier {quality['brier']:.4f}, against {quality['brier_rule']:.4f} by the best fixed days "
            f"({quality['rule_days']}); AUC {quality['auc']:.3f}, of recency alone {quality['auc_recency']:.3f}"
        )
        rows.append(("last 90 days", told))
    if groups := model["personas"]:
        named = "; ".join(one["name"] for one in groups["groups"])
        rows.append(("personas", f"{named} (resamples agree by {groups['agreement']:.2f})"))
    if scored := model["leads"]:
        rows.append(("leads", f"{scored['leads']}, by {scored['won']} won and {scored['lost']} lost"))
        if told_of := scored["quality"]:
            told = f"AUC {told_of['auc']:.3f}, the table {told_of['auc_table']:.3f}; off by {told_of['off']:.3f}"
            rows.append(("newest leads", told))
    return rows
