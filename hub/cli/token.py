"""``hub token``: who may use the API."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from hub.cli import output
from hub.cli.database import opened
from hub.errors import NotFound

app = typer.Typer(name="token", help="Tokens of the API: create, list, revoke.", no_args_is_help=True)


class Role(StrEnum):
    """Each may do all that those before it may."""

    viewer = "viewer"
    operator = "operator"
    admin = "admin"


@app.command()
def create(
    role: Annotated[
        Role,
        typer.Option(
            "--role",
            help="viewer reads; operator also replays, redrives, merges, splits, answers reviews and withdraws "
            "judgements; admin all.",
        ),
    ],
    name: Annotated[str, typer.Option("--name", help="What or who it is for.")] = "",
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Make a token and print it, this once: only a digest is kept."""
    from hub.store import tokens

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        token, text = tokens.create(session, role.value, name, datetime.now(UTC))
    if json:
        output.show_json({"id": token.id, "name": name, "role": token.role, "token": text})
    else:
        output.show(text)
        output.say(f"{token.id}: keep it safe, it is not shown again")


@app.command("list")
def list_(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """List tokens by id, name and role."""
    from hub.store import tokens

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        found = tokens.page(session)
    if json:
        output.show_json(found)
    else:
        rows = [(token.id, token.name, token.role, token.created_at) for token in found]
        output.show_table(("id", "name", "role", "created"), rows, empty="no tokens yet; `hub token create` makes one")


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
