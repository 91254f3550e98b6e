"""``hub rules``: what other rules would do to the real data, putting them in force, and taking that back."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli import output
from hub.cli.database import configured, opened
from hub.cli.interrupt import stoppable
from hub.cli.judgement import user
from hub.cli.options import LimitOption
from hub.cli.progress import shown
from hub.cli.resolving import resolved
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.application.rule_versions import Applied
    from hub.bootstrap import Runtime
    from hub.rules import RuleSet

app = typer.Typer(
    name="rules",
    help="Identity and survivorship rules: what others would do, apply them, take that back.",
    no_args_is_help=True,
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="Identity or survivorship rules, or both in one file.")]
Wait = Annotated[bool, typer.Option("--wait", help="Resolve the records again here, and wait for it.")]
Limit = Annotated[int, typer.Option("--limit", min=0, help="Cases of each kind to show with their evidence.")]


@app.command("try")
def try_(file: File, limit: Limit = 5, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Show what these rules would do to the real data: merges, splits, values, destination writes. Changes nothing."""
    with output.exit_codes(json=json), configured(config) as run:
        told = _tried(run, _read(run, file), limit)
    if json:
        output.show_json(told)
        return
    summary(told)
    cases(told)


@app.command()
def apply(
    file: File,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    note: Annotated[str, typer.Option("--note", help="What it is for, for those who come after.")] = "",
    wait: Wait = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Put these rules in force, after a look at what they do; the records are resolved again by them."""
    if not yes and (json or not sys.stdin.isatty()):
        raise typer.BadParameter("is needed where nobody can be asked", param_hint="--yes")
    with output.exit_codes(json=json), configured(config) as run:
        rules = _read(run, file)
        told = _tried(run, rules, 0)
        if not json:
            summary(told)
        if not yes and told["rules"] and not typer.confirm("Apply these rules?", err=True):
            output.say("nothing was changed")
            raise typer.Exit(output.FAILED)
        versions = run.rule_versions
        done = versions.apply(rules, by=user(), note=note)
        waiting = _resolved(run, done, wait=wait)
        for which in versions.says_otherwise(rules):
            said = getattr(run.settings, which) or f"no file of {which} rules: the defaults"
            output.say(f"warning: the configuration says otherwise ({said}); what was applied holds until that changes")
    _show_applied(done, waiting, json=json, tried=told)


@app.command("list")
def list_(limit: LimitOption = 20, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """List the versions of rules and weights, newest first."""
    from hub.store import versions

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        found = versions.page(session, limit)
    if json:
        output.show_json(
            [
                {
                    "id": row.id,
                    "by": row.by,
                    "at": row.created_at,
                    "note": row.note,
                    "active": row.active,
                    "restores": row.restores,
                    "records": row.records,
                }
                for row in found
            ]
        )
        return
    rows = [
        (row.id, row.by, f"{row.created_at:%Y-%m-%d %H:%M}", row.note, "in force" if row.active else "")
        for row in found
    ]
    output.show_table(("id", "by", "at", "note", ""), rows, empty="no version yet: what is configured holds")


@app.command()
def rollback(
    version: Annotated[
        int | None, typer.Argument(metavar="VERSION", min=1, help="As `hub rules list` shows it; the one before.")
    ] = None,
    wait: Wait = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Put an earlier version of rules and weights in force again; who is who becomes what it was by it."""
    with output.exit_codes(json=json), configured(config) as run:
        done = run.rule_versions.rollback(version, by=user())
        waiting = _resolved(run, done, wait=wait)
    _show_applied(done, waiting, json=json)


def _tried(run: Runtime, rules: RuleSet, limit: int) -> dict[str, Any]:
    from hub.application.what_if import try_rules

    try:
        with shown("records") as progress, stoppable():
            return try_rules(run.processing, rules, limit=limit, progress=progress)
    except KeyboardInterrupt:
        output.say("stopped; nothing was changed")
        raise typer.Exit(output.FAILED) from None


def _resolved(run: Runtime, done: Applied, *, wait: bool) -> int:
    if not (wait and done.stored):
        return done.waiting
    with shown("records") as show:
        return resolved(run, show)


def _show_applied(done: Applied, waiting: int, *, json: bool, tried: dict[str, Any] | None = None) -> None:
    if json:
        told = {"version": done.version, "stored": done.stored, "restores": done.restores, "waiting": waiting}
        output.show_json({**told, **({"tried": tried} if tried else {})})
    elif not done.stored:
        output.show(f"nothing to do: version {done.version} in force says the same")
    else:
        again = f", as version {done.restores} was" if done.restores else ""
        output.show(f"version {done.version} is in force{again}; {waiting} records wait to be resolved by it")
        output.show("to take it back: hub rules rollback")
        if waiting:
            output.say("the workers of `hub up` do it in the background; --wait does it here")


def _read(run: Runtime, file: Path) -> RuleSet:
    from hub.rules import load_rules

    if not file.is_file():
        raise ConfigError([f"{file}: there is no such file"])
    return load_rules(file, os.environ, region=run.settings.hub.default_region)


def summary(told: dict[str, Any]) -> None:
    """The counts, in a few lines."""
    for rule in told["rules"]:
        output.show(f"changed: {rule['text']}")
    if not told["rules"]:
        output.show("these rules are those in force: nothing would change")
    merges, splits, held, values = (told[name]["count"] for name in ("merges", "splits", "held", "values"))
    output.show(f"{told['records']} records; profiles: {told['profiles']} now, {told['profiles_after']} then")
    output.show(f"{merges} would merge, {splits} would split, {held} merges would wait for a person")
    attributes = ", ".join(f"{name} {number}" for name, number in told["values"]["attributes"].items())
    output.show(f"{values} golden profiles would have other values{f': {attributes}' if attributes else ''}")
    for which, text in _QUARANTINED:
        found = told["quarantined"][which]
        if found["count"]:
            output.show(f"{found['count']} shared identifiers {text}")
    for name, writes in told["destinations"].items():
        shown = ", ".join(f"{writes[what]} {what}" for what in _WRITES if writes[what])
        output.show(f"{name}: {shown or 'nothing to write'} (counted by {writes['counted_by']})")
    if told["waiting"]:
        output.say(f"{told['waiting']} records wait to be resolved again: some of this would happen anyway")


_QUARANTINED = (
    ("new", "would prove nothing any more"),
    ("gone", "would prove something again"),
    ("unused", "would be off or blocked: they prove nothing, as now"),
)
_WRITES = ("creates", "updates", "merges", "restores", "orders", "failed")


def cases(told: dict[str, Any]) -> None:
    """The first cases of each kind, with the evidence."""
    for case in told["merges"]["cases"]:
        others = ", ".join(str(other) for other in case["profiles"] if other != case["profile"])
        output.show(f"\nmerge: {others} into {case['profile']} {_at_stake(case)}")
        _evidence(case)
    for case in told["splits"]["cases"]:
        output.show(f"\nsplit: {case['profile']} {_at_stake(case)}")
        for part in case["leaving"]:
            output.show(f"  leaving as {part['profile']}: {', '.join(map(_record, part['records']))}")
        _evidence(case)
    for case in told["held"]["cases"]:
        sides = " and ".join(", ".join(map(str, case[side])) for side in ("one", "other"))
        output.show(f"\nwaits for a person: {sides}: {case['reason']}")
    for case in told["values"]["cases"]:
        output.show(f"\nvalues: {case['profile']}")
        for name, change in case["attributes"].items():
            output.show(f"  {name}: {_text(change['before'])} -> {_text(change['after'])}")
    for which, text in (("new", "would prove nothing"), ("gone", "would prove something again")):
        for case in told["quarantined"][which]["cases"]:
            output.show(f"\n{case['kind']} {case['value']} {text}: {case['records']} records carry it")
    for case in told["quarantined"]["unused"]["cases"]:
        output.show(f"\n{case['kind']} {case['value']} {case['because']}; {case['records']} records carry it")


def _at_stake(case: dict[str, Any]) -> str:
    return f"({case['stake']['orders']} orders, revenue {case['stake']['revenue']})"


def _evidence(case: dict[str, Any]) -> None:
    for pair in case["evidence"]:
        before, after = pair["before"], pair["after"]
        both = f"{_record(pair['one'])} and {_record(pair['other'])}"
        output.show(f"  {both}: {before['weight']:.1f} bits now, {after['weight']:.1f} then, {after['same']:g} needed")
        told = {line["text"] for line in before["evidence"]} & {line["text"] for line in after["evidence"]}
        for sign, side in (("-", before), ("+", after)):
            for line in side["evidence"]:
                if line["text"] not in told:
                    output.show(f"  {sign} {line['text']}")
        for reason in pair["decided_by"]:
            output.show(f"  decided by {reason}")


def _record(reference: dict[str, Any]) -> str:
    return f"{reference['connection']}:{reference['kind']}:{reference['external_id']}"


def _text(value: Any) -> str:
    import orjson

    return value if isinstance(value, str) else "none" if value is None else orjson.dumps(value).decode()
