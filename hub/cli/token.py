"""``hub token``: who may use the API."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from hub.cli import output
from hub.cli.database import opened, settings_of
from hub.cli.options import span
from hub.errors import NotFound, did_you_mean

if TYPE_CHECKING:
    from hub.store.tokens import Token

app = typer.Typer(name="token", help="Tokens of the API: create, list, revoke.", no_args_is_help=True)


class Role(StrEnum):
    """Each may do all that those before it may."""

    shop = "shop"
    viewer = "viewer"
    operator = "operator"
    admin = "admin"


@app.command()
def create(
    role: Annotated[
        Role,
        typer.Option(
            "--role",
            help="shop is told how to greet the people it knows; viewer reads; operator also replays, redrives, "
            "merges, splits, answers reviews and withdraws judgements; admin all.",
        ),
    ],
    name: Annotated[str, typer.Option("--name", help="What or who it is for.")] = "",
    connection: Annotated[
        str | None, typer.Option("--connection", metavar="CONNECTION", help="Whose it is, for the role shop.")
    ] = None,
    expires_in: Annotated[
        str, typer.Option("--expires-in", metavar="TIME", help="How long it opens anything: 12h, 90d, 52w, or never.")
    ] = "90d",
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Make a token and print it, this once: only a digest is kept."""
    from hub.store import tokens

    lifetime = None if expires_in == "never" else span(expires_in)
    if (role is Role.shop) != (connection is not None):
        raise typer.BadParameter("a token of the role shop, and no other, is a connection's", param_hint="--connection")
    with output.exit_codes(json=json):
        known = settings_of(config).connections
        if connection is not None and connection not in known:
            raise NotFound(f"there is no connection {connection!r}{did_you_mean(connection, known)}")
        with opened(config) as database, database.session() as session:
            now = datetime.now(UTC)
            token, text = tokens.create(session, role.value, name, now, lifetime=lifetime, connection=connection)
    if json:
        made = {"id": token.id, "name": name, "role": token.role, "expires_at": token.expires_at, "token": text}
        output.show_json(made)
    else:
        output.show(text)
        output.say(f"{token.id}: keep it safe, it is not shown again; it expires {_expiry(token)}")


@app.command("list")
def list_(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """List tokens by id, name, role and time of expiry."""
    from hub.store import tokens

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        found = tokens.page(session)
    if json:
        output.show_json(found)
    else:
        rows = [(token.id, token.name, token.role, token.created_at, _expiry(token)) for token in found]
        columns = ("id", "name", "role", "created", "expires")
        output.show_table(columns, rows, empty="no tokens yet; `hub token create` makes one")


@app.command()
def revoke(
    id: Annotated[UUID, typer.Argument(metavar="ID", help="The id `hub token list` shows.")],  # noqa: A002
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Revoke a token; it opens nothing from now on."""
    from hub.store import tokens

    with output.exit_codes(json=json), opened(config) as database:
        with database.session() as session:
            gone = tokens.revoke(session, id)
        if not gone:
            raise NotFound(f"there is no token {id}")
    if json:
        output.show_json({"revoked": id})
    else:
        output.show(f"revoked {id}")


def _expiry(token: Token) -> str:
    if token.expires_at is None:
        return "never"
    return ("expired " if token.expired else "") + f"{token.expires_at:%Y-%m-%d %H:%M}Z"
