"""``hub inbox``: stored events."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from hub.cli import output
from hub.cli.database import opened, settings_of
from hub.cli.options import ConnectionOption, LimitOption, SinceOption, require_known
from hub.errors import NotFound

app = typer.Typer(name="inbox", help="Stored events: list, show, replay.", no_args_is_help=True)

PAGE = 500
LARGEST_ID = 2**63 - 1


class State(StrEnum):
    """What became of an event."""

    PENDING = "pending"
    DONE = "done"
    SKIPPED = "skipped"
    PARKED = "parked"


StateOption = Annotated[State | None, typer.Option("--state", help="Only events in this state.")]


@app.command("list")
def list_(
    connection: ConnectionOption = None,
    since: SinceOption = None,
    state: StateOption = None,
    limit: LimitOption = 50,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """List stored events, newest first."""
    from hub.store import inbox

    rows: list[dict[str, Any]] = []
    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        while len(rows) < limit:
            before = rows[-1]["id"] if rows else None
            size = min(PAGE, limit - len(rows))
            page = inbox.page(session, connection=connection, state=state, since=since, before=before, limit=size)
            rows += page
            if len(page) < size:
                break
        if not rows:
            require_known(connection, settings_of(config).connections)
    if json:
        output.show_json(rows)
        return
    columns = ("id", "connection", "topic", "received_at", "state", "reason")
    output.show_table(columns, [[row[column] for column in columns] for row in rows], empty="no such event")


@app.command()
def show(
    id: Annotated[int, typer.Argument(min=1, max=LARGEST_ID, help="Inbox id.")],  # noqa: A002 - the name in --help
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Show one event with its headers and body."""
    from hub.store import inbox

    with output.exit_codes(json=json), opened(config) as database:
        with database.session() as session:
            entry = inbox.get(session, id)
        if entry is None:
            raise NotFound(f"there is no event {id}")
    entry["body"] = _text(entry["body"])
    entry["completions"] = {name: _text(body) for name, body in entry["completions"].items()}
    if json:
        output.show_json(entry)
        return
    for name in ("id", "connection", "event_id", "topic", "received_at", "state", "reason"):
        output.show(f"{name}: {entry[name]}")
    for note in entry["notes"]:
        output.show(f"note: {note['path']}: {note['reason']}")
    for name, value in entry["headers"].items():
        output.show(f"  {name}: {value}")
    output.show("")
    output.show_block(entry["body"] if entry["body"] is not None else inbox.NO_BODY)
    for name, body in entry["completions"].items():
        output.show(f"\n{name}:")
        output.show_block(body)


@app.command()
def replay(
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="ID", min=1, max=LARGEST_ID, help="Only these events.")
    ] = None,
    connection: ConnectionOption = None,
    since: SinceOption = None,
    state: StateOption = None,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Work on stored events again, as if they had just come: all, or those the options name. Safe to repeat."""
    from hub.store import inbox

    with output.exit_codes(json=json), opened(config) as database:
        with database.session() as session:
            count = inbox.requeue(session, ids=ids or None, connection=connection, state=state, since=since)
            gone = inbox.without_body(session, ids=ids or None, connection=connection, state=state, since=since)
        if not count:
            require_known(connection, settings_of(config).connections)
        if ids and not count:
            raise NotFound(f"there is no such event, or {inbox.NO_BODY}")
    if json:
        output.show_json({"replayed": count, "without_body": gone})
    else:
        output.show(f"{count} events wait to be worked on again")
        if gone:
            output.say(f"{gone} events cannot be: of each, {inbox.NO_BODY}")


def _text(body: bytes | None) -> str | None:
    return None if body is None else bytes(body).decode("utf-8", errors="backslashreplace")
