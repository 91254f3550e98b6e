"""``hub outbox``: what waits, what failed, and what would go out."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from hub.cli import output
from hub.cli.database import configured, opened
from hub.cli.options import LimitOption
from hub.errors import ConfigError, NotFound, did_you_mean

if TYPE_CHECKING:
    from hub.bootstrap import Runtime
    from hub.outbox.preview import Preview

app = typer.Typer(name="outbox", help="Deliveries: list, preview, redrive.", no_args_is_help=True)


class State(StrEnum):
    """What becomes of a row."""

    PENDING = "pending"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    DEAD = "dead"


OPEN = (State.PENDING, State.RETRYING, State.REJECTED, State.DEAD)
DestinationOption = Annotated[str | None, typer.Option("--destination", "--connection", help="Only this destination.")]


@app.command("list")
def list_(
    destination: DestinationOption = None,
    state: Annotated[
        list[State] | None, typer.Option("--state", help="Only these states; all but delivered without it.")
    ] = None,
    limit: LimitOption = 50,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """List deliveries that wait or failed."""
    from hub.store import outbox

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        rows = outbox.page(session, states=state or OPEN, destination=destination, limit=limit)
    if json:
        output.show_json(rows)
        return
    columns = ("destination", "subject", "key", "state", "attempts", "due_at", "reason")
    output.show_table(columns, [[row[column] for column in columns] for row in rows], empty="nothing waits or failed")


@app.command()
def preview(
    key: Annotated[UUID | None, typer.Argument(metavar="ID", help="Only this profile or order.")] = None,
    destination: DestinationOption = None,
    limit: LimitOption = 100,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Print the exact requests that would go out now. Nothing is taken or sent, and no secret is shown."""
    from hub.outbox.preview import preview as previewed

    with output.exit_codes(json=json), configured(config) as run:
        senders = run.senders("preview")
        names = [_known(run, destination)] if destination else list(senders)
        with run.database.session() as session:
            shown = [previewed(session, senders[name], key=key, limit=limit) for name in names]
    if json:
        output.show_json([_document(each) for each in shown])
        return
    for each in shown:
        _show(each)


@app.command()
def redrive(
    keys: Annotated[list[UUID] | None, typer.Argument(metavar="ID", help="Only these profiles or orders.")] = None,
    destination: DestinationOption = None,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Put dead and rejected deliveries back: all, or those named."""
    from hub.store import outbox

    with output.exit_codes(json=json), opened(config) as database:
        with database.session() as session:
            count = outbox.redrive(session, destination=destination, keys=keys or None)
        if keys and not count:
            raise NotFound("none of these is dead or rejected")
    if json:
        output.show_json({"redriven": count})
    else:
        output.show(f"{count} deliveries wait to be sent again")


def _known(run: Runtime, destination: str) -> str:
    names = [route.destination for route in run.routes]
    if destination not in names:
        raise ConfigError([f"no route leads to {destination!r}{did_you_mean(destination, names)}"])
    return destination


def _document(shown: Preview) -> dict[str, Any]:
    return {
        "destination": shown.destination,
        "requests": [{"method": each.method, "path": each.path, "body": each.body} for each in shown.requests],
        "nothing": {str(key): reason for key, reason in shown.nothing.items()},
        "failed": {str(key): reason for key, reason in shown.failed.items()},
        "waiting": shown.waiting,
    }


def _show(shown: Preview) -> None:
    for request in shown.requests:
        output.show(f"{shown.destination}: {request.method} {request.path}")
        output.show_block(output.json_text(request.body, indent=True))
    for key, reason in shown.failed.items():
        output.show(f"{shown.destination}: {key} cannot be rendered: {reason}")
    if shown.nothing:
        output.say(f"{shown.destination}: {len(shown.nothing)} rows need no request")
    if shown.waiting:
        output.say(f"{shown.destination}: {len(shown.waiting)} orders wait for their customers")
    if not (shown.requests or shown.failed):
        output.say(f"{shown.destination}: nothing would go out")
