"""``hub segments``: named groups of profiles: how large they are, who is in them, and what a file would hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from hub.cli import output
from hub.cli.database import configured
from hub.cli.options import LimitOption
from hub.errors import ConfigError

app = typer.Typer(name="segments", help="Segments: list, show, preview a file.", no_args_is_help=True)


@app.command("list")
def list_(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """List the segments that are configured, with their size."""
    from hub.application.segments import listed

    with output.exit_codes(json=json), configured(config) as run, run.database.session() as session:
        found = listed(session, run.insight.segments)
    if json:
        output.show_json(found)
        return
    rows = [(one["name"], one["size"], one["title"], one["when"]) for one in found]
    output.show_table(
        ("segment", "size", "title", "when"), rows, empty="no segments: `segments:` in the configuration names a file"
    )


@app.command()
def show(
    name: str, limit: LimitOption = 20, json: output.JsonOption = False, config: output.ConfigOption = None
) -> None:
    """Show one segment: size, history, overlap with the others, members."""
    from hub.application.segments import shown

    with output.exit_codes(json=json), configured(config) as run, run.database.session() as session:
        found = shown(session, run.insight.segments, name, limit)
    if json:
        output.show_json(found)
        return
    output.show(f"{found['title']}: {found['size']} profiles")
    output.show(f"  {found['when']}")
    if found["history"]:
        output.show("size by day: " + ", ".join(f"{each['day']} {each['size']}" for each in found["history"][:10]))
    if found["overlap"]:
        output.show("also in: " + ", ".join(f"{other} {number}" for other, number in found["overlap"].items()))
    rows = [(each["id"], each["name"]) for each in found["members"]]
    output.show_table(("id", "name"), rows, empty="nobody is in it")


@app.command()
def preview(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of segments.")],
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Show what the segments of a file would hold: size, who would come and go, overlap. Changes nothing."""
    from hub.application.segments import previewed
    from hub.rules import load_segments

    with output.exit_codes(json=json), configured(config) as run:
        if not file.is_file():
            raise ConfigError([f"{file}: there is no such file"])
        segments = load_segments(file, os.environ, run.connections)
        found = previewed(run.database, segments, run.insight.segments)
    if json:
        output.show_json(found)
        return
    rows = [
        (
            one["name"],
            one["size"],
            f"+{one['gained']} -{one['lost']}" if one["gained"] is not None else "new",
            ", ".join(f"{other} {number}" for other, number in one["overlap"].items()),
            one["when"],
        )
        for one in found
    ]
    output.show_table(("segment", "size", "against now", "also in", "when"), rows, empty="the file holds no segments")
