"""The root of the ``hub`` command."""

from __future__ import annotations

import typer

from hub import __version__
from hub.cli import check, init, serve
from hub.cli.demo import command as demo

app = typer.Typer(
    name="hub",
    help="Hub, the omni-channel customer hub: every channel in, one golden profile per person, any CRM out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("demo")(demo.command)
app.command("init")(init.command)
app.command("check")(check.command)
app.command("up")(serve.up)
app.command("api")(serve.api)
app.command("worker")(serve.worker)
app.command("scheduler")(serve.scheduler)
app.command("migrate")(serve.migrate)


@app.command("version")
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """The console script."""
    app()
