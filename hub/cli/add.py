"""``hub connector add``: a connection from questions, written, tested live, with what is left to do at the vendor."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli import output
from hub.errors import ConfigError, RefusedError, did_you_mean
from hub.sdk import registry
from hub.sdk.catalogue.set_up import named, set_up

if TYPE_CHECKING:
    from hub.application.add_connection import Draft, Setting
    from hub.application.check_live import Finding
    from hub.sdk.connection import Connection
    from hub.sdk.registry import Connector
    from hub.settings import Settings


@dataclass(frozen=True, slots=True)
class Left:
    """What is left to do: the steps at the vendor, then commands."""

    url: str
    steps: Sequence[str]
    commands: list[str]


def command(
    connector: Annotated[str, typer.Argument(metavar="CONNECTOR", help="As `hub connector list` names it.")],
    name: Annotated[str | None, typer.Option("--name", help="Its name; a free one without.")] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="SETTING=VALUE",
            help="A setting; a list as A,B; a secret as SETTING=@FILE. May be repeated.",
        ),
    ] = None,
    ask_all: Annotated[bool, typer.Option("--all", help="Ask for every setting, not only for what is needed.")] = False,
    route: Annotated[bool, typer.Option("--route", help="Send everybody there: a route without a condition.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the YAML.")] = False,
    live: Annotated[bool, typer.Option("--live/--no-live", help="Ask the system whether the credentials work.")] = True,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Add a connection: asks for what the connector needs, writes its file, tests it, and tells what is left to do.

    On a terminal it asks; elsewhere --set has to tell. The file is connections.d/NAME.yaml beside the configuration;
    secrets go into files of their own there, which only this account may read. Nothing that is there is changed.
    """
    from hub.application.add_connection import free_name, write
    from hub.application.check_live import check_live
    from hub.application.token_store import key_faults

    with output.exit_codes(json=json):
        settings, found, own = _known(connector, config)
        folder = settings.part_folder
        if folder is None:
            raise ConfigError(["there is no configuration to put it beside: `hub init` writes one"])
        called = name or free_name(connector, settings.connections)
        typed = _typed(given or [], found)
        if _is_terminal() and not json:
            typed = {**_asked(found, typed, ask_all=ask_all), **typed}
        made = _drafted(called, found, typed, settings, folder, routed=route)
        if made.faults:
            raise ConfigError([_fault(found, setting, what) for setting, what in made.faults.items()])
        file = None
        if not dry_run:
            if made.seals_tokens and (faults := key_faults(settings.secret_key, [called])):
                raise ConfigError([*faults, "nothing was written"])
            folder.mkdir(mode=0o700, exist_ok=True)
            file = write(folder, made)
        connection = _read_again(called, config) if file else None
        findings = check_live(connection) if live and connection else []
    left = _left(called, found, settings, own=own)
    if found.destination is not None and found.manifest.channel != "web" and not route:  # a shop is a source first
        left.commands.append(f"add `- {{to: {called}}}` to `routes:` in the configuration: nobody is sent there so far")
    if connection is not None and connection.oauth and not connection.oauth.needs_no_person:
        left.commands.insert(0, f"hub connections authorise {called}")
    if json:
        written = {"connection": called, "file": str(file) if file else None, "yaml": made.yaml, "live": findings}
        output.show_json({**written, "webhook_url": left.url, "steps": left.steps, "next": left.commands})
    else:
        _show(made, file, findings, left)
    if not all(finding.ok for finding in findings):
        output.say(f"{file} stays: correct what is wrong in it, then `hub check --live`")
        raise typer.Exit(output.FAILED)
    if file and _is_terminal() and not json:
        _offer(called, found, config)


def _offer(name: str, connector: Connector, config: Path | None) -> None:
    """Do at once what most do next, where the person wants it."""
    from hub.cli import backfill, subscribe

    source = connector.source
    if source is None:
        return
    if source.subscriptions is not None and typer.confirm("make the webhooks at the vendor now?"):
        subscribe.command(name, config=config)
    if source.backfill is not None and typer.confirm("fetch the history now?"):
        backfill.command(name, config=config)


def _known(slug: str, config: Path | None) -> tuple[Settings, Connector, bool]:
    """The settings, the connector, and whether it is one that comes with Hub."""
    from hub.cli.check import checked
    from hub.sdk.declared.folder import declared

    settings = checked(config, os.environ)[0]
    own, _ = declared(settings.destination_folder)
    if slug in own:
        return settings, own[slug], False
    if slug not in registry.slugs():
        raise RefusedError(f"there is no connector {slug!r}{did_you_mean(slug, [*registry.slugs(), *own])}")
    return settings, registry.get(slug), True


def _typed(given: Sequence[str], connector: Connector) -> dict[str, str]:
    """What ``--set`` tells. A secret on a command line is in the list of processes, and in the shell's history."""
    from hub.application.add_connection import settings_of_form

    kinds = {one.name: one.kind for one in settings_of_form(connector)}
    typed: dict[str, str] = {}
    faults: list[str] = []
    for text in given:
        setting, equals, value = text.partition("=")
        if not equals or setting not in kinds:
            faults.append(f"--set {setting}: there is no such setting{did_you_mean(setting, kinds)}")
        elif kinds[setting] in ("secret", "secrets"):
            if not value.startswith("@"):
                faults.append(f"--set {setting}: it is a secret; write it into a file, and give {setting}=@FILE")
                continue
            try:
                typed[setting] = Path(value[1:]).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                faults.append(f"--set {setting}: {value[1:]} cannot be read: {type(error).__name__}")
        else:
            typed[setting] = value
    if faults:
        raise ConfigError(faults)
    return typed


def _fault(connector: Connector, setting: str, what: str) -> str:
    """A fault, with how to tell what is missing."""
    from hub.application.add_connection import settings_of_form

    if what != "is required":
        return f"{setting}: {what}"
    kinds = {one.name: one.kind for one in settings_of_form(connector)}
    value = "@FILE, a file with the secret in it" if kinds.get(setting) in ("secret", "secrets") else "VALUE"
    return f"{setting}: is required; on a terminal it is asked for, elsewhere tell it by --set {setting}={value}"


def _asked(connector: Connector, typed: Mapping[str, str], *, ask_all: bool) -> dict[str, str]:
    """Answers to what is still to be told. Without ``ask_all``: what is required, and every secret of its own."""
    from hub.application.add_connection import settings_of_form

    output.say(f"{connector.manifest.name}: {connector.manifest.docs_url}")
    answers = {}
    for one in settings_of_form(connector):
        wanted = one.required or ask_all or (one.kind in ("secret", "secrets") and not one.common)
        if one.name not in typed and wanted:
            answers[one.name] = _answer(one)
    return {name: text for name, text in answers.items() if text}


def _answer(one: Setting) -> str:
    output.say(f"\n{one.name}{'' if one.required else ' (may be left empty)'}: {one.what}")
    if one.options:
        output.say(f"one of {', '.join(one.options)}")
    default = one.default if one.default or one.required else ""
    text: str = typer.prompt(
        one.name,
        default=default or (None if one.required else ""),
        hide_input=one.kind in ("secret", "secrets"),
        show_default=bool(default),
        err=True,
    )
    return text.strip()


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _drafted(
    name: str, connector: Connector, typed: Mapping[str, str], settings: Settings, folder: Path, *, routed: bool
) -> Draft:
    from hub.application.add_connection import drafted

    if routed and connector.destination is None:
        raise ConfigError([f"--route: {connector.manifest.slug} is no destination"])
    region = settings.hub.default_region
    return drafted(name, connector, typed, known=settings.connections, region=region, folder=folder, routed=routed)


def _read_again(name: str, config: Path | None) -> Connection:
    """The connection as every role will read it."""
    from hub.cli.check import checked

    return checked(config, os.environ)[1][name]


def _left(name: str, connector: Connector, settings: Settings, *, own: bool) -> Left:
    from hub.application.subscribe import address

    source, slug = connector.source, connector.manifest.slug
    public_url = settings.hub.public_url
    steps = set_up(registry.folder(slug) / "README.md", addresses=True) if own else []
    commands = []
    if source is not None:
        if source.subscriptions is not None:
            commands.append(f"hub connector subscribe {name}")
        if source.verify:
            commands.append(f"hub webhook listen --connection {name}")
        if source.backfill is not None:
            commands.append(f"hub backfill {name}")
    if connector.destination is not None and connector.destination.dialect is not None:
        commands.append(f"hub connector try {name}")
    url = address(public_url, name) if source is not None and source.verify else ""
    return Left(url, [named(step, name, public_url) for step in steps], commands)


def _show(made: Draft, file: Path | None, findings: Sequence[Finding], left: Left) -> None:
    output.show(f"wrote {file}" if file else "not written:")
    output.show_block(made.yaml.rstrip())
    for finding in findings:
        output.show(f"{finding.connection} ({finding.role}): {finding.said}")
    if left.url:
        output.show(f"\nwebhook address: {left.url}")
    if left.steps:
        output.show("\nat the vendor:")
        for number, step in enumerate(left.steps, 1):
            output.show(f"{number}. {step}")
    output.show("\nthen:")
    for each in ("hub up  (one that runs takes it up by itself)", *left.commands):
        output.show(f"  {each}")
