"""``hub rules``: what other rules would do to the real data, putting them in force, and taking that back."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli import output
from hub.cli.database import configured
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.bootstrap import Runtime
    from hub.identity.trial import Progress
    from hub.rules import RuleSet

app = typer.Typer(
    name="rules",
    help="Identity and survivorship rules: what others would do, apply them, take that back.",
    no_args_is_help=True,
)

File = Annotated[Path, typer.Argument(metavar="FILE", help="Identity or survivorship rules, or both in one file.")]
Limit = Annotated[int, typer.Option("--limit", min=0, help="Cases of each kind to show with their evidence.")]


@app.command("try")
def try_(file: File, limit: Limit = 5, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Show what these rules would do to the real data: merges, splits, values, destination writes. Changes nothing."""
    from hub.workers.what_if import try_rules

    with output.exit_codes(json=json), configured(config) as run:
        rules = _read(run, file)
        with _progress() as progress:
            told = try_rules(run.processing, rules, limit=limit, progress=progress)
    if json:
        output.show_json(told)
        return
    summary(told)
    cases(told)


def _read(run: Runtime, file: Path) -> RuleSet:
    from hub.rules import load_rules

    if not file.is_file():
        raise ConfigError([f"{file}: there is no such file"])
    return load_rules(file, os.environ, region=run.settings.hub.default_region)


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on a terminal; elsewhere a line when the next thing is begun."""
    if not sys.stderr.isatty():
        last: list[str] = []

        def line(what: str, done: int, total: int) -> None:
            if last[-1:] != [what]:
                last.append(what)
                output.say(f"{what} {total} records")

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield show


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
    for which, text in (("new", "would prove nothing any more"), ("gone", "would prove something again")):
        found = told["quarantined"][which]
        if found["count"]:
            output.show(f"{found['count']} shared identifiers {text}")
    for name, writes in told["destinations"].items():
        shown = ", ".join(f"{writes[what]} {what}" for what in _WRITES if writes[what])
        output.show(f"{name}: {shown or 'nothing to write'} (counted by {writes['counted_by']})")
    if told["waiting"]:
        output.say(f"{told['waiting']} records wait to be resolved again: some of this would happen anyway")


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
