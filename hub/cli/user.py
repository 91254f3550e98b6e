"""``hub user``: who may log in to the console."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from hub.cli import output
from hub.cli.database import opened, settings_of
from hub.errors import RefusedError

app = typer.Typer(
    name="user", help="Who may log in to the console: add, list, role, password, link, remove.", no_args_is_help=True
)


class Role(StrEnum):
    """Each may do all that those before it may."""

    viewer = "viewer"
    support = "support"
    operator = "operator"
    admin = "admin"


RoleText = "viewer sees no personal data in full; support does; operator also acts; admin all."
Name = Annotated[str, typer.Argument(metavar="NAME", help="What they log in as.")]


@app.command()
def add(
    name: Name,
    role: Annotated[Role, typer.Option("--role", help=RoleText)],
    without_password: Annotated[
        bool, typer.Option("--without-password", help="Only `hub user link` opens the console for them.")
    ] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Add somebody. The password is asked for; elsewhere than on a terminal it is the first line of stdin."""
    from hub.application.sign_in import add_user

    with output.exit_codes(json=json), opened(config) as database:
        password = None if without_password else _password()
        with database.session() as session:
            added = add_user(session, name, role.value, password)
    if json:
        output.show_json({"id": added.id, "name": added.name, "role": added.role})
    else:
        output.show(f"added {added.name} as {added.role}")


@app.command("list")
def list_(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """List users by name and role."""
    from hub.store import users

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        found = users.page(session)
    rows = [(user.id, user.name, user.role, user.created_at) for user in found]
    names = ("id", "name", "role", "created_at")
    if json:
        output.show_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        columns = ("id", "name", "role", "created")
        output.show_table(columns, rows, empty="no users yet; `hub user add NAME --role operator` adds one")


@app.command()
def role(
    name: Name,
    role: Annotated[Role, typer.Argument(help=RoleText)],
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Change what somebody may do; it holds at once, for open sessions too."""
    from hub.application.sign_in import change_role

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        change_role(session, name, role.value)
    if json:
        output.show_json({"name": name, "role": role.value})
    else:
        output.show(f"{name} is {role.value} now")


@app.command()
def password(name: Name, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Give somebody another password, and end their sessions."""
    from hub.application.sign_in import change_password

    with output.exit_codes(json=json), opened(config) as database:
        text = _password()
        with database.session() as session:
            change_password(session, name, text)
    if json:
        output.show_json({"name": name})
    else:
        output.show(f"{name} has another password; their sessions have ended")


@app.command()
def link(name: Name, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Print an address that opens the console for somebody once, within the hour."""
    from hub.application import sign_in

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        url = sign_in.link(session, name, settings_of(config).hub.public_url)
    if json:
        output.show_json({"name": name, "url": url})
    else:
        output.show(url)


@app.command()
def remove(name: Name, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Remove somebody; their sessions end at once."""
    from hub.application.sign_in import remove_user

    with output.exit_codes(json=json), opened(config) as database, database.session() as session:
        remove_user(session, name)
    if json:
        output.show_json({"removed": name})
    else:
        output.show(f"removed {name}")


def _password() -> str:
    if sys.stdin.isatty():
        text: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return text
    text = sys.stdin.readline().rstrip("\r\n")
    if not text:
        raise RefusedError("no password was given: the first line of stdin, or --without-password")
    return text
