"""``hub forms``: what a form's mail and pages say, which mails went out, and one sent again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import orjson
import typer

from hub.cli import output
from hub.cli.database import configured, settings_of
from hub.errors import ConfigError, RefusedError, did_you_mean

app = typer.Typer(
    name="forms",
    help="Newsletter forms: what is mailed, which mails went out, one sent again.",
    no_args_is_help=True,
)


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="Only these: waiting, sent, failed or held.")] = None,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """List the newest mails, and why one failed, is held or waits. No address is shown: `hub inbox show` has it."""
    from typing import get_args

    from hub.store import mails

    with output.exit_codes(json=json), configured(config) as run:
        states = get_args(mails.MailState)
        if state is not None and state not in states:
            raise ConfigError([f"--state {state}: must be one of {', '.join(states)}{did_you_mean(state, states)}"])
        with run.database.session() as session:
            found = mails.page(session, [state] if state else [])  # type: ignore[list-item]
    if json:
        output.show_json(found)
        return
    rows = [(m.id, m.connection, m.state, f"{m.sent_at:%Y-%m-%d %H:%M}" if m.sent_at else "", m.reason) for m in found]
    output.show_table(("event", "connection", "state", "sent", "why"), rows, empty="no form asked for a mail yet")


@app.command()
def resend(
    event: Annotated[int, typer.Argument(help="The event of the form, as `hub forms list` shows it.")],
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Send a form's mail once more; its link works no longer than it would have."""
    from hub.store import mails

    with output.exit_codes(json=json), configured(config) as run:
        with run.database.session() as session:
            known = mails.again(session, event)
        if not known:
            raise RefusedError(f"no form asked for a mail with event {event}")
    if json:
        output.show_json({"event": event, "state": "waiting"})
    else:
        output.show("it goes out within seconds, while `hub up` runs and `mail:` names a server")


@app.command()
def preview(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="A connection of the connector forms.")],
    language: Annotated[str, typer.Option(help="de or en.")] = "de",
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Show the mail that somebody gets who fills in the form. Nothing is sent or stored."""
    import os

    from hub.application.form_mails import wanted_of
    from hub.application.subscribe import address
    from hub.cli.check import checked
    from hub.sdk.source import InboxEntry

    with output.exit_codes(json=json):
        settings, connections = checked(config, os.environ)
        found = connections.get(connection)
        if found is None:
            hint = did_you_mean(connection, connections)
            raise ConfigError([f"connections.{connection}: there is no such connection{hint}"])
        shown = found.settings.model_dump()
        now = datetime.now(UTC)
        form = {
            "type": "submitted", "id": "preview", "at": now.isoformat(), "language": language,
            "fields": {"email": "erika.mustermann@example.com", "first_name": "Erika"},
            "text_version": shown.get("text_version", ""),
            "consent_text": shown.get("consent_text", ""), "newsletter": True,
        }  # fmt: skip
        entry = InboxEntry(connection, "submitted:preview", "submitted", {}, orjson.dumps(form), now)
        made = wanted_of(entry, found)
        if made is None:
            raise RefusedError(f"{connection} mails nothing: it is no form, or it asks for no confirmation")
        mail = made(address(settings.hub.public_url, connection))
    if json:
        told = {"subject": mail.subject, "text": mail.text, "html": mail.html, "unsubscribe": mail.unsubscribe}
        output.show_json(told)
        return
    output.show(f"to: {mail.to}")
    output.show(f"subject: {mail.subject}")
    output.show_block(f"\n{mail.text}")


@app.command("test")
def try_out(
    to: Annotated[str | None, typer.Option(help="Who gets a test mail; else only the account is tried.")] = None,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Try the mail server of `mail:`: connect, sign in, and send a test mail to an address of your own."""
    from hub.sdk import smtp
    from hub.sdk.mail import Mail

    with output.exit_codes(json=json):
        section = settings_of(config).mail
        if not (section.host and section.sender):
            lacks = "sender" if section.host else "host"
            raise ConfigError([f"mail.{lacks}: is missing (docs/forms.md)"])
        if to is None:
            smtp.check(section)
        else:
            now = datetime.now(UTC)
            text = "This is a test of `hub forms test`: mails of your forms come this way."
            mail = Mail(to, "Hub: a test", text, f"<p>{text}</p>", "en")
            smtp.send(smtp.message(mail, section, f"hub.test.{now:%Y%m%d%H%M%S}", now), section)
    if json:
        output.show_json({"ok": True})
    else:
        output.show("sent" if to else "the server takes the account")
