"""``hub connector``: the catalogue, the scaffold, the contract kit, and the capture of samples."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any
from uuid import uuid4

import typer
import uvicorn

from hub.cli import add, output, subscribe
from hub.cli.check import checked
from hub.errors import ConfigError, RefusedError
from hub.sdk import registry
from hub.sdk.catalogue.description import description, row
from hub.sdk.catalogue.facts import facts_of
from hub.sdk.catalogue.quality import Facts
from hub.sdk.catalogue.told import Told, told_by
from hub.sdk.declared.connector import read_declaration
from hub.sdk.declared.folder import declared
from hub.sdk.manifest import ConnectionSettings
from hub.sdk.registry import Connector
from hub.sdk.scaffold import scaffold
from hub.sdk.testkit.accept import accept as accept_samples
from hub.sdk.testkit.capture import asgi
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.declared import case_of
from hub.sdk.testkit.kit import Check, checks_of, load_folder
from hub.settings import inspect

app = typer.Typer(
    name="connector",
    help="Connectors: list, describe, add, make, check, capture samples; webhooks at the vendor.",
    no_args_is_help=True,
)

app.command("add")(add.command)
app.command("subscribe")(subscribe.command)

Name = Annotated[str, typer.Argument(help="The connector's name, or the path of its folder or declaration.")]

Named = Annotated[
    str, typer.Argument(metavar="NAME", help="A connector's name or path, or a connection of the configuration.")
]


@dataclass(frozen=True, slots=True)
class Failure:
    """A law that does not hold; ``said`` is a diff where two things should be the same."""

    id: str
    law: str
    promise: str
    said: str


@app.command("list")
def list_(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """List the connectors that are there."""
    rows = []
    for slug in registry.slugs():
        try:
            rows.append(row(facts_of(_case(slug)), registry.get(slug)))
        except ConfigError as error:
            output.say(str(error))
    folder = inspect(config, os.environ)[0].destination_folder
    own, faults = declared(folder)
    rows += [row(_facts_of_declared(connector, folder), connector) for connector in own.values()]
    for fault in faults:
        output.say(fault)
    if json:
        output.show_json(rows)
    else:
        columns = ("name", "roles", "channel", "tier")
        output.show_table(columns, [(r["name"], ", ".join(r["roles"]), r["channel"], r["tier"]) for r in rows])


@app.command()
def show(name: Named, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Describe a connector, or a connection with its own settings: what maps to what, what is left, and its tier."""
    with output.exit_codes(json=json):
        described = description(*_found(name, config))
    if json:
        output.show_json(described)
        return
    output.show(f"{described['title']} ({described['name']}), {described['channel']}, {', '.join(described['roles'])}")
    output.show(f"API{' ' * bool(described['api_version'])}{described['api_version']}: {described['docs_url']}")
    output.show(f"capabilities: {', '.join(described['capabilities']) or 'none'}")
    output.show(f"tier: {described['tier']}; proven against: {', '.join(described['proven_against'])}")
    output.show_table(
        ("setting", "default", "what"), [(s["name"], _default(s), s["what"]) for s in described["settings"]]
    )
    for title in ("topics", "not_offered"):
        if described[title]:
            output.show("")
            output.show_table((title.replace("_", " "), ""), described[title].items())
    for what, mapped in described["maps"].items():
        output.show("")
        output.show_table(
            (f"written of {'an' if what == 'order' else 'a'} {what}", "from"),
            [(row["there"], row["from"]) for row in mapped["written"]],
        )
        output.show(f"goes nowhere: {', '.join(mapped['left']) or 'nothing'}")
    if told := described["tells"]:
        output.show(f"\ntells: {', '.join(told['told'])}")
        output.show(f"never tells: {', '.join(told['left']) or 'nothing'}")
    if missing := described["missing"]:
        output.show("")
        output.show_table((f"missing for {described['next_tier']}", "to do"), missing.items())


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Small letters, digits and underscores.")],
    role: Annotated[str, typer.Option(help="source or destination.")] = "source",
    auth: Annotated[str, typer.Option(help="hmac (signed bodies) or bearer (a secret in a header).")] = "hmac",
    directory: Annotated[Path, typer.Option("--dir", help="Where the connector's folder is made.")] = Path(
        "hub/connectors"
    ),
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Make a connector that passes the contract kit before the first edit."""
    with output.exit_codes(json=json):
        files = scaffold(name, role=role, auth=auth, directory=directory)
    if json:
        output.show_json([str(path) for path in files])
        return
    for path in files:
        output.show(str(path))
    output.say(f"next: hub connector check {directory / name}, then fill manifest.py, schemas.py and mapping.py")


@app.command()
def check(
    name: Name,
    accept: Annotated[bool, typer.Option("--accept", help="Write what it gives now as what is expected.")] = False,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Run the contract kit; print a diff for every sample that differs."""
    with output.exit_codes(json=json):
        case = _case(name)
        accepted = [str(path) for path in _accepted(case)] if accept else []
        case = ConnectorCase(case.connector, case.folder)
    found = checks_of(case)
    failures = [failure for each in found if (failure := _failure(each))]
    if json:
        rows = [{"id": f.id, "law": f.law, "promise": f.promise, "said": f.said} for f in failures]
        output.show_json({"name": case.id, "checks": len(found), "accepted": accepted, "failures": rows})
    else:
        _show_failures(failures, accepted)
        output.show(f"{case.id}: {len(found) - len(failures)} of {len(found)} checks hold")
    if failures:
        raise typer.Exit(output.FAILED)
    if _is_declaration(name) and not json and read_declaration(Path(name)).proof.kit is None:
        output.say(f"write it down for its tier: under `proof:`, `kit: hub connector check {name}`")


@app.command("try")
def try_(
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="The connection, as hub.yaml calls it.")],
    wait: Annotated[int, typer.Option(help="Seconds to wait until a new record can be found.")] = 60,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Write an invented person to a live CRM, change and erase it, and tell which promises the CRM holds."""
    from hub.application.trial_of_crm import try_crm
    from hub.cli.database import configured

    with output.exit_codes(json=json), configured(config) as run:
        known = run.connections.get(connection)
        if known is None:
            raise RefusedError(f"there is no connection {connection!r}")
        promises = try_crm(known, uuid4(), patience=wait)
    if json:
        output.show_json({"connection": connection, "promises": [asdict(each) for each in promises]})
    else:
        output.show_table(("promise", "holds", ""), [(each.name, each.in_words, each.said) for each in promises])
    if any(each.is_broken for each in promises):
        raise typer.Exit(output.FAILED)


@app.command()
def capture(
    name: Name,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8090,
    count: Annotated[int, typer.Option(help="Stop after this many samples; 0: run until Ctrl-C.")] = 0,
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Receive real deliveries and keep them as scrubbed samples; nothing is verified, so use a test account."""
    with output.exit_codes(json=json):
        case = _case(name)
        if case.connector.source is None or case.connector.source.name_event is None:
            raise ConfigError([f"connector {case.id!r} takes no deliveries"])
    left = [count]

    def kept(folder: Path | None, remark: str) -> None:
        if folder is None:
            output.say(remark)
            return
        output.show_json({"sample": str(folder)}) if json else output.show(str(folder))
        left[0] -= 1
        if left[0] == 0:
            server.should_exit = True

    output.say(f"send deliveries to http://{host}:{port}/; then: hub connector check {name} --accept")
    server = uvicorn.Server(uvicorn.Config(asgi(case, kept), host=host, port=port, log_level="warning", lifespan="off"))
    server.run()


def _default(setting: Mapping[str, Any]) -> str:
    if setting["required"]:
        return "required"
    return "" if setting["default"] in (None, "None") else str(setting["default"])


def _case(name: str) -> ConnectorCase:
    """By name, or by the path of a folder or of a declaration. Raises ConfigError."""
    if _is_declaration(name):
        return case_of(Path(name), Path(mkdtemp(prefix="hub-declared-")))
    if name not in registry.slugs() and (Path(name) / "__init__.py").exists():
        return load_folder(Path(name))
    return ConnectorCase(registry.get(name), registry.folder(name))


def _is_declaration(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _found(name: str, config: Path | None) -> tuple[Connector, ConnectionSettings, Facts, Told | None]:
    """A connection by its name, else a connector by its name or path. Raises ConfigError."""
    settings = inspect(config, os.environ)[0]
    own, _ = declared(settings.destination_folder)
    connection = None
    if name in settings.connections and name not in (*registry.slugs(), *own):
        connection = checked(config, os.environ)[1][name]
        name = connection.connector.manifest.slug
    if name in own:
        case, facts = ConnectorCase(own[name], Path(name)), _facts_of_declared(own[name], settings.destination_folder)
    else:
        case = _case(name)
        facts = facts_of(case, declared=read_declaration(Path(name)).proof if _is_declaration(name) else None)
    return case.connector, connection.settings if connection else case.settings, facts, told_by(case)


def _facts_of_declared(connector: Connector, folder: Path | None) -> Facts:
    slug = connector.manifest.slug
    proof = read_declaration((folder or Path()) / f"{slug}.yaml").proof
    return facts_of(ConnectorCase(connector, Path(slug)), declared=proof)


def _accepted(case: ConnectorCase) -> Sequence[Path]:
    try:
        return accept_samples(case)
    except AssertionError as error:
        raise ConfigError([f"cannot accept: {error}"]) from None


def _failure(check: Check) -> Failure | None:
    try:
        check.run()
    except AssertionError as error:
        said = str(error)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    else:
        return None
    return Failure(check.id, check.law, check.promise, said)


def _show_failures(failures: Sequence[Failure], accepted: Sequence[str]) -> None:
    for path in accepted:
        output.show(f"accepted {path}")
    for failure in failures:
        output.show(f"{failure.law} {failure.promise}")
        output.show(f"  {failure.id}")
        output.show_block("\n".join(f"  {line}" for line in failure.said.splitlines()))
