"""``hub webhook``: what Hub reads of a delivery, from a file or as they arrive. Nothing is stored by it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import orjson
import typer

from hub.cli import output
from hub.errors import ConfigError, HubError, RefusedError, VerificationError, did_you_mean

if TYPE_CHECKING:
    from hub.normalise.trial import AsRead
    from hub.sdk.connection import Connection
    from hub.sdk.source import InboxEntry, RawDelivery
    from hub.store.inbox import NewEntry

app = typer.Typer(
    name="webhook", help="What Hub reads of a delivery: from a file, or as they arrive.", no_args_is_help=True
)

_LARGEST = 16 * 1024 * 1024
_ROUNDS = 4


@app.command("try")
def try_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The body of a delivery; - for standard input.")],
    connection: Annotated[str, typer.Option("--connection", help="The connection that is to read it.")],
    header: Annotated[
        list[str] | None, typer.Option("--header", help="A header, as 'name: value'; may be repeated.")
    ] = None,
    query: Annotated[
        list[str] | None, typer.Option("--query", help="A parameter of the URL, as name=value; may be repeated.")
    ] = None,
    fetched: Annotated[
        list[str] | None, typer.Option("--fetched", help="What would be fetched for it, as NAME=FILE; may be repeated.")
    ] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch from the system what it lacks.")] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Read a delivery from a file as a connection would, without storing it; tell what nobody read of it."""
    from hub.cli.check import checked
    from hub.normalise.left_unread import left_unread
    from hub.normalise.trial import as_read

    with output.exit_codes(json=json):
        known = _named(connection, checked(config, os.environ)[1])
        delivery = _delivery(_bytes(file), _pairs(header, ":"), _pairs(query, "="), known.name)
        verified = _verified(known, delivery)
        new = _entry(known, delivery)
        bodies = {name: _bytes(path) for name, path in _pairs(fetched, "=").items()}
        if fetch:
            bodies = _fetched(known, _inbox_entry(new), bodies)
        found = as_read([new], known, fetched=bodies)[0]
        entry = replace(_inbox_entry(new), completions=bodies)
        unread = left_unread(delivery, entry, known) if found.state == "done" else []
        wanted = [f"{one.name}: {one.path}" for one in _lacking(known, entry)] if found.state == "waiting" else []
    if json:
        from hub.cli.as_read import document_of

        output.show_json({**document_of(found), "verification": verified, "left_unread": unread, "would_fetch": wanted})
    else:
        _show(found, verified, unread, wanted)
    if found.state == "parked":
        raise typer.Exit(output.FAILED)


@app.command()
def listen(
    connection: Annotated[str | None, typer.Option("--connection", help="Only this connection.")] = None,
    count: Annotated[int, typer.Option(help="Stop after this many; 0: run until Ctrl-C.")] = 0,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Show what arrives at a running Hub, with what is read of it and what nobody read; end with Ctrl-C."""
    from hub.cli.database import configured
    from hub.store import inbox

    with output.exit_codes(json=json), configured(config) as run:
        if connection is not None:
            _named(connection, run.connections)
        with run.database.session() as session:
            newest = next((row["id"] for row in inbox.page(session, connection=connection, limit=1)), 0)
        output.say("waiting for deliveries")
        shown = 0
        try:
            while not count or shown < count:
                with run.database.session() as session:
                    rows = [r for r in inbox.page(session, connection=connection) if r["id"] > newest]
                    entries = [inbox.get(session, row["id"]) for row in reversed(rows)]
                for entry in filter(None, entries):
                    newest = entry["id"]
                    _show_arrival(entry, run.connections, json=json)
                    shown += 1
                time.sleep(0.5)
        except KeyboardInterrupt:
            output.say("stopped")


def _show_arrival(row: Mapping[str, Any], connections: Mapping[str, Connection], *, json: bool) -> None:
    from hub.cli.as_read import document_of
    from hub.normalise.left_unread import left_unread
    from hub.normalise.trial import as_read
    from hub.store.inbox import NewEntry

    known = connections.get(row["connection"])
    if known is None or row["body"] is None:
        output.show(f"{row['connection']} {row['topic']}: {row['state']}")
        return
    body, headers = bytes(row["body"]), dict(row["headers"])
    new = NewEntry(known.name, row["event_id"], row["topic"], orjson.dumps(headers).decode(), body, row["received_at"])
    found = as_read([new], known, fetched=row["completions"])[0]
    delivery = _delivery(body, headers, {}, known.name)
    entry = replace(_inbox_entry(new), completions=row["completions"])
    unread = left_unread(delivery, entry, known) if found.state == "done" else []
    if json:
        output.show_json_lines([{**document_of(found), "connection": known.name, "left_unread": unread}])
    else:
        _show(found, f"arrived at {known.name}, event {row['id']}", unread, [])


def _show(found: AsRead, head: str, unread: Iterable[str], wanted: Iterable[str]) -> None:
    from hub.cli.as_read import show_one

    output.show(head)
    output.show(f"event {found.entry.event_id}")
    show_one(found)
    for one in wanted:
        output.show(f"   would fetch {one}")
    for path in unread:
        output.show(f"   left unread: {path}")


def _named(name: str, connections: Mapping[str, Connection]) -> Connection:
    known = connections.get(name)
    if known is None:
        raise ConfigError([f"there is no connection {name!r}{did_you_mean(name, connections)}"])
    if known.connector.source is None or known.connector.source.name_event is None:
        raise RefusedError(f"connection {name!r} takes no webhooks")
    return known


def _bytes(file: str) -> bytes:
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as opened:
            found = opened.read(_LARGEST + 1)
    except OSError as error:
        raise ConfigError([f"{file}: cannot be read: {error.strerror}"]) from None
    if len(found) > _LARGEST:
        raise ConfigError([f"{file}: is larger than {_LARGEST // 1024 // 1024} MiB"])
    return found


def _pairs(given: Iterable[str] | None, between: str) -> dict[str, str]:
    found = {}
    for text in given or ():
        name, mark, value = text.partition(between)
        if not mark or not name.strip():
            raise typer.BadParameter(f"needs a name, then {between!r}, then a value")
        found[name.strip() if between == "=" else name.strip().lower()] = value.strip()
    return found


def _delivery(body: bytes, headers: Mapping[str, str], query: Mapping[str, str], name: str) -> RawDelivery:
    from hub.sdk.source import RawDelivery

    form = body.lstrip()[:1] not in (b"{", b"[", b"") and b"=" in body
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    url = f"https://hub.example.com/webhooks/{name}"
    return RawDelivery(
        method="POST",
        url=f"{url}?{urlencode(query)}" if query else url,
        query=query,
        headers={"content-type": kind, **headers},
        body=body.rstrip(b"\r\n") if form else body,
        received_at=datetime.now(UTC),
    )


def _verified(connection: Connection, delivery: RawDelivery) -> str:
    """Whether the delivery proves itself; a body from a file mostly has lost its headers."""
    source = connection.connector.source
    assert source is not None
    if source.verify is None or source.sign is None:
        return "nothing is verified here"
    try:
        source.verify(delivery, connection.settings)
    except VerificationError as error:
        said = f"not verified: {error}"
    else:
        bare = replace(delivery, headers={}, query={})
        return (
            "verified"
            if source.sign(bare, connection.settings) != bare
            else "not verified: verify is none, so anybody may send this"
        )
    source.verify(source.sign(delivery, connection.settings), connection.settings)
    return f"{said}; give the delivery's own headers with --header to test that"


def _entry(connection: Connection, delivery: RawDelivery) -> NewEntry:
    from hub.intake.verify import named

    return named(connection, delivery)


def _inbox_entry(new: NewEntry) -> InboxEntry:
    from hub.sdk.source import InboxEntry

    headers = orjson.loads(new.headers)
    return InboxEntry(new.connection, new.event_id, new.topic, headers, new.body, new.received_at)


def _lacking(connection: Connection, entry: InboxEntry) -> list[Any]:
    source = connection.connector.source
    if source is None or source.completions is None:
        return []
    try:
        return list(source.completions(entry, connection.settings))
    except HubError:
        return []


def _fetched(connection: Connection, entry: InboxEntry, bodies: dict[str, bytes]) -> dict[str, bytes]:
    """What the source asks for, from the system itself. Raises the error tree."""
    from hub.sdk.connection import open_client

    source = connection.connector.source
    if source is None or source.complete is None or not _lacking(connection, replace(entry, completions=bodies)):
        return bodies
    with open_client(connection, source) as client:
        for _ in range(_ROUNDS):
            for one in _lacking(connection, replace(entry, completions=bodies)):
                bodies = {**bodies, one.name: source.complete(one, client, connection.settings)}
    return bodies
