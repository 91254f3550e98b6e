"""The root of the ``hub`` command. Each command's module is imported when it is called: ``hub --help`` needs none."""

from __future__ import annotations

import atexit
import gc
import os
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from hub import __version__

_SETTINGS = {"help_option_names": ["-h", "--help"]}


@dataclass(frozen=True, slots=True)
class Lazy:
    """Where a command is (a function, or the ``typer.Typer`` of a group), and the first line of its help."""

    module: str
    attribute: str
    help: str


COMMANDS = {
    "demo": Lazy(
        "hub.demo.command",
        "command",
        "Play a day of two webshops, a till, a newsletter and social media into a sandbox CRM, and check the laws.",
    ),
    "init": Lazy("hub.cli.init", "command", "Write a commented starter config/hub.yaml."),
    "check": Lazy("hub.cli.check", "command", "Validate the configuration and print every fault with its YAML path."),
    "up": Lazy(
        "hub.cli.serve",
        "up",
        "Run everything: API, workers and scheduler, with an embedded PostgreSQL unless HUB_DATABASE_URL is set.",
    ),
    "api": Lazy("hub.cli.serve", "api", "Run the HTTP role: webhooks, REST API, health, metrics."),
    "worker": Lazy("hub.cli.serve", "worker", "Run the actors: process, complete, deliver."),
    "scheduler": Lazy("hub.cli.serve", "scheduler", "Run the sweep and everything else that happens by the clock."),
    "migrate": Lazy("hub.cli.serve", "migrate", "Bring the database schema up to date."),
    "sandbox": Lazy(
        "hub.cli.sandbox", "command", "Run a sandbox CRM that speaks HubSpot's HTTP API, in memory, until Ctrl-C."
    ),
    "connector": Lazy(
        "hub.cli.connector",
        "app",
        "Connectors: list, describe, add, make, check, capture samples; webhooks at the vendor.",
    ),
    "backfill": Lazy(
        "hub.cli.backfill",
        "command",
        "Fetch a connection's history into the inbox. An interrupted run goes on where it was; safe to repeat.",
    ),
    "reconcile": Lazy(
        "hub.cli.reconcile",
        "command",
        "Compare a source's own list with what Hub has of it, or a destination's records with what Hub wrote there.",
    ),
    "webhook": Lazy("hub.cli.webhook", "app", "What Hub reads of a delivery: from a file, or as they arrive."),
    "inbox": Lazy("hub.cli.inbox", "app", "Stored events: list, show, replay."),
    "profile": Lazy(
        "hub.cli.profile",
        "app",
        "Profiles: search, show, note, hand-over, timeline, explain, pin, merge, split, merges, export.",
    ),
    "review": Lazy("hub.cli.review", "app", "Doubtful matches that wait for a person: list, show, accept, reject."),
    "judgement": Lazy("hub.cli.judgement", "app", "What people decided about who is who: list, withdraw."),
    "identity": Lazy("hub.cli.identity", "app", "Who is who: evaluate, train, status, retry."),
    "rules": Lazy(
        "hub.cli.rules", "app", "Identity and survivorship rules: what others would do, apply them, take that back."
    ),
    "insight": Lazy(
        "hub.cli.insight",
        "app",
        "Life cycle, values and other traits: work them out; try, apply and take back what they are weighed by.",
    ),
    "consent": Lazy("hub.cli.consent", "app", "Consent: show, audit, suppress."),
    "segments": Lazy("hub.cli.segments", "app", "Segments: list, show, preview a file."),
    "report": Lazy(
        "hub.cli.report",
        "command",
        "Show reports on customers: what each figure means is in docs/insight.md and docs/kpis.md.",
    ),
    "forms": Lazy("hub.cli.forms", "app", "Newsletter forms: what is mailed, which mails went out, one sent again."),
    "alerts": Lazy("hub.cli.alerts", "app", "What people are alerted of: list what is wrong now, test the addresses."),
    "interactions": Lazy(
        "hub.cli.interactions",
        "app",
        "Messages and mentions: those that sound worst first, and what people say of them.",
    ),
    "outbox": Lazy("hub.cli.outbox", "app", "Deliveries: list, preview, redrive, pause, resume, retry, resend."),
    "connections": Lazy(
        "hub.cli.connections",
        "app",
        "Show how each connection is doing: state, since when, next try, reason, and what to do; give one a token.",
    ),
    "stats": Lazy(
        "hub.cli.stats", "command", "Count inbox, records, profiles, outbox, and tell the lag of each connection."
    ),
    "database": Lazy("hub.cli.storage", "app", "The database: sizes, retention, backup, restore, shell."),
    "token": Lazy("hub.cli.token", "app", "Tokens of the API: create, list, revoke."),
    "user": Lazy("hub.cli.user", "app", "Who may log in to the console: add, list, role, password, link, remove."),
}


def load(name: str) -> Any:
    """The command itself."""
    lazy = COMMANDS[name]
    collecting = gc.isenabled()
    gc.disable()  # a thousand modules stay: looking through them for cycles as they come takes a tenth of the start
    try:
        target = getattr(import_module(lazy.module), lazy.attribute)
    finally:
        if collecting:
            gc.enable()
    if not isinstance(target, typer.Typer):
        single = typer.Typer(add_completion=False, context_settings=_SETTINGS)
        single.command(name)(target)
        target = single
    command = typer.main.get_command(target)
    command.name = name
    return command


class Root(TyperGroup):
    """Lists the commands without importing them, and imports the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order of the table, which is the order in which one needs them."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Name and help only; ``resolve_command`` gives the command that runs."""
        if cmd_name in COMMANDS:
            return TyperCommand(cmd_name, help=COMMANDS[cmd_name].help)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """See ``get_command``."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name in COMMANDS else command, rest


app = typer.Typer(
    name="hub",
    cls=Root,
    help="Hub, the omni-channel customer hub: every channel in, one golden profile per person, any CRM out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=_SETTINGS,
)


@app.callback()
def root() -> None:
    """Hub, the omni-channel customer hub: every channel in, one golden profile per person, any CRM out."""


@app.command("version")
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """The console script."""
    atexit.register(gc.freeze)  # else the interpreter looks for cycles in all of Hub once more, a third of a second
    # Nothing of Hub is a plugin of pydantic: to look for one reads the metadata of every package, at each start.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    app()
