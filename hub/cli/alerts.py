"""``hub alerts``: what is wrong now, and whether the addresses that are told work."""

from __future__ import annotations

import typer

from hub.cli import output
from hub.cli.database import configured, settings_of

app = typer.Typer(
    name="alerts",
    help="What people are alerted of: list what is wrong now, test the addresses.",
    no_args_is_help=True,
)


@app.command("list")
def list_(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """List what is wrong and not over, since when, and when people were told."""
    from hub.application.alerts import listed

    with output.exit_codes(json=json), configured(config) as run, run.database.session() as session:
        found = listed(session)
    if json:
        output.show_json(found)
        return
    rows = [
        (
            one["kind"],
            one["text"],
            f"{one['since']:%Y-%m-%d %H:%M}",
            one["failed"] or (f"{one['sent_at']:%Y-%m-%d %H:%M}" if one["sent_at"] else ""),
        )
        for one in found
    ]
    output.show_table(("kind", "what", "since", "told"), rows, empty="nothing is wrong")


@app.command("test")
def try_out_(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Send a test notice to every address of `alerts:`, and tell which took it. Ends with 1 when one did not."""
    from hub.application.alerts import try_out
    from hub.errors import ConfigError

    with output.exit_codes(json=json):
        settings = settings_of(config)
        if not settings.alerts.to:
            raise ConfigError(["alerts.to: holds no address; add an Apprise URL (docs/insight.md)"])
        sent = try_out([one.get_secret_value() for one in settings.alerts.to])
    if json:
        output.show_json([{"number": one.number, "service": one.service, "ok": one.ok} for one in sent])
    else:
        rows = [(one.number, f"{one.service}://", "sent" if one.ok else "failed") for one in sent]
        output.show_table(("number", "service", ""), rows)
    if not all(one.ok for one in sent):
        output.say("failed: the address, its credentials or the network; nothing more is shown, as it may hold secrets")
        raise typer.Exit(output.FAILED)
