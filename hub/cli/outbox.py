"""``hub outbox``: what waits, what failed, what would go out, and which destinations are written to."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from hub.cli import connections, output
from hub.cli.database import configured, opened, settings_of
from hub.cli.judgement import user
from hub.cli.options import LimitOption, require_known
from hub.errors import ConfigError, NotFound, did_you_mean

if TYPE_CHECKING:
    from hub.bootstrap import Runtime

app = typer.Typer(
    name="outbox", help="Deliveries: list, preview, redrive, pause, resume, retry, resend.", no_args_is_help=True
)


class State(StrEnum):
    """What becomes of a row."""

    PENDING = "pending"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    DEAD = "dead"


OPEN = (State.PENDING, State.RETRYING, State.REJECTED, State.DEAD)
Destination = Annotated[str, typer.Argument(metavar="DESTINATION", help="The name of the connection.")]
DestinationOption = Annotated[str | None, typer.Option("--destination", "--connection", help="Only this destination.")]


@app.command("list")
def list_(
    destination: DestinationOption = None,
    state: Annotated[
        list[State] | None,
        typer.Option("--state", help="Only these; without it what waits, failed, or went out without a value."),
    ] = None,
    limit: LimitOption = 50,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """List deliveries that wait, failed, or went out without a value that the destination refused."""
    from hub.store import outbox

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        rows = outbox.page(session, states=state or OPEN, refused=not state, destination=destination, limit=limit)
        troubles = connections.troubles(session, ())
        if not rows:
            require_known(destination, settings_of(config).connections)
    if json:
        output.show_json(rows)
        return
    columns = ("destination", "subject", "key", "state", "attempts", "due_at", "refused", "reason")
    output.show_table(columns, [[row[column] for column in columns] for row in rows], empty="nothing waits or failed")
    connections.show_troubles(troubles)


@app.command()
def preview(
    key: Annotated[UUID | None, typer.Argument(metavar="ID", help="Only this profile or order.")] = None,
    profile: Annotated[
        UUID | None,
        typer.Option("--profile", metavar="ID", help="This profile and its orders, also when it does not wait."),
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Also read what stands there now. Writes nothing.")] = False,
    destination: DestinationOption = None,
    limit: LimitOption = 100,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Print what would go out now, before and after, and the exact requests. Sends nothing, and shows no secret."""
    from hub.cli.previewing import document, previewed, show

    with output.exit_codes(json=json), configured(config) as run:
        senders = run.senders("preview")
        names = [_known(run, destination)] if destination else list(senders)
        chosen = {name: senders[name] for name in names}
        shown = previewed(run.database, chosen, key=key, profile=profile, limit=limit, live=live)
    if json:
        output.show_json([document(each) for each in shown])
        return
    for each in shown:
        show(each)


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
        if not count:
            require_known(destination, settings_of(config).connections)
        if keys and not count:
            raise NotFound("none of these is dead or rejected")
    if json:
        output.show_json({"redriven": count})
    else:
        output.show(f"{count} deliveries wait to be sent again")


@app.command()
def pause(destination: Destination, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Send nothing to a destination until `resume`. What comes meanwhile waits; what is being sent is finished."""
    from hub.store import destinations

    with output.exit_codes(json=json), configured(config) as run:
        _known(run, destination)
        with run.database.session() as session:
            destinations.pause(session, destination, user())
    if json:
        output.show_json({"destination": destination, "state": "paused"})
    else:
        output.show(f"{destination} gets nothing until `hub outbox resume {destination}`")


@app.command()
def resume(destination: Destination, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Send to a destination again at once: lifts a pause, a breaker and the rest after refused credentials."""
    from hub.store import destinations

    with output.exit_codes(json=json), configured(config) as run:
        _known(run, destination)
        with run.database.session() as session:
            count = destinations.resume(session, destination)
    if not json:
        output.show(f"{destination} is sent to again")
    _show_due(destination, count, json=json)


@app.command()
def retry(destination: Destination, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Try now what waits for a later attempt, also while a breaker rests. A pause set by a person stays."""
    from hub.store import destinations

    with output.exit_codes(json=json), configured(config) as run:
        _known(run, destination)
        with run.database.session() as session:
            count = destinations.retry(session, destination)
            troubles = connections.troubles(session, ())
    _show_due(destination, count, json=json)
    connections.show_troubles({name: health for name, health in troubles.items() if name == destination})


@app.command()
def resend(
    destination: Destination,
    everything: Annotated[bool, typer.Option("--all", help="Everybody and all orders that are routed there.")] = False,
    missing: Annotated[
        bool, typer.Option("--missing", help="Only people who are not there, and their orders; it is asked.")
    ] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Write to a destination again, whole: all of it, or only what is not there. Safe to break off and repeat."""
    from hub.application.resend import resend as resent
    from hub.cli import progress

    if everything == missing:
        raise typer.BadParameter("one of the two is needed", param_hint="--all, --missing")
    with output.exit_codes(json=json), configured(config) as run, progress.shown("profiles") as shown:
        _known(run, destination)
        done = resent(
            run.processing, destination, missing=missing, progress=lambda at, total: shown("looking", at, total)
        )
    if json:
        output.show_json({"destination": destination, **done.document()})
        return
    output.show(f"{done.profiles} people and {done.orders} orders wait to be written to {destination}")
    if missing and not done.asked:
        output.say(
            f"{destination} cannot be asked who is there: these are those that Hub never wrote there; --all writes "
            "everybody"
        )


def _show_due(destination: str, count: int, *, json: bool) -> None:
    if json:
        output.show_json({"destination": destination, "due": count})
    else:
        output.show(f"{destination}: {count} deliveries that waited are due now")


def _known(run: Runtime, destination: str) -> str:
    names = [route.destination for route in run.routes]
    if destination not in names:
        raise ConfigError([f"no route leads to {destination!r}{did_you_mean(destination, names)}"])
    return destination
