"""``hub connector subscribe``: webhooks at the vendor made, listed, taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from hub.cli import output
from hub.cli.database import configured
from hub.errors import ConfigError, did_you_mean
from hub.sdk.manifest import url_fault

if TYPE_CHECKING:
    from hub.sdk.subscriptions import Standing


def command(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="Its name in the configuration.")],
    listed: Annotated[bool, typer.Option("--list", help="Only show them.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take them away, and watch them no more.")] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Make a source's webhooks at the vendor, put back those it switched off, and watch them from then on."""
    from hub.application.subscribe import address, advice, look, subscribe, unsubscribe
    from hub.store import subscriptions

    with output.exit_codes(json=json), configured(config) as run:
        if listed and remove:
            raise ConfigError(["--list and --remove exclude each other"])
        found = run.connections.get(connection)
        if found is None:
            hint = did_you_mean(connection, run.connections)
            raise ConfigError([f"connections.{connection}: there is no such connection{hint}"])
        url = address(run.settings.hub.public_url, connection)
        if listed:
            before = look(found, url)
        elif remove:
            before = unsubscribe(found, url)
            with run.database.session() as session:
                subscriptions.removed(session, connection)
        else:
            _require_public(url, found.settings.base_url)
            before = subscribe(found, url)
            with run.database.session() as session:
                subscriptions.made(session, connection)
    made = bool(before.lacking) and not listed and not remove
    todo = advice(found) if made else ""
    if json:
        shown = {"connection": connection, "url": url, "topics": _states(before, listed=listed, remove=remove)}
        output.show_json({**shown, **({"advice": todo} if todo else {})})
        return
    output.show(f"{connection}: webhooks to {url}")
    output.show_table(("topic", "state"), sorted(_states(before, listed=listed, remove=remove).items()))
    if todo:
        output.show(todo)


def _states(before: Standing, *, listed: bool, remove: bool) -> dict[str, str]:
    there = {one.topic: "active" for one in before.kept}
    off = {one.topic: "switched off by the vendor" for one in before.inactive}
    lacking = dict.fromkeys(before.lacking, "not there")
    if listed:
        return {**lacking, **off, **there}
    if remove:
        return dict.fromkeys((*there, *off), "removed")
    return {**dict.fromkeys(lacking, "made"), **dict.fromkeys(off, "put back"), **there}


def _require_public(url: str, base_url: str | None) -> None:
    """Raises ConfigError where the vendor could not reach the address: one of this machine, and no vendor beside it."""
    near = urlsplit(base_url or "").scheme == "http"
    if not near and (urlsplit(url).scheme != "https" or url_fault(url, allow_http=False) is not None):
        raise ConfigError(["hub.public_url: the vendor sends there, so it needs https:// and a public host"])
