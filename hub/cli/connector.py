"""``hub connector``: the catalogue, the scaffold, the contract kit, and the capture of samples."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Any

import typer
import uvicorn
from pydantic_core import PydanticUndefined

from hub.cli import output
from hub.errors import ConfigError
from hub.sdk import registry
from hub.sdk.declared import declared
from hub.sdk.registry import Connector
from hub.sdk.scaffold import scaffold
from hub.sdk.testkit.accept import accept as accept_samples
from hub.sdk.testkit.capture import asgi
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.declared import case_of
from hub.sdk.testkit.kit import Check, checks_of, load_folder
from hub.settings import inspect

app = typer.Typer(
    name="connector", help="Connectors: list, describe, make, check, capture samples.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The connector's name, or the path of its folder or declaration.")]


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
            rows.append(_row(registry.get(slug)))
        except ConfigError as error:
            output.say(str(error))
    own, faults = declared(inspect(config, os.environ)[0].destination_folder)
    rows += [_row(connector) for connector in own.values()]
    for fault in faults:
        output.say(fault)
    if json:
        output.show_json(rows)
    else:
        columns = ("name", "roles", "channel")
        output.show_table(columns, [(r["name"], ", ".join(r["roles"]), r["channel"]) for r in rows])


@app.command()
def show(name: Name, json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Describe one connector: settings, topics, capabilities, limits, and what it does not offer."""
    with output.exit_codes(json=json):
        own, _ = declared(inspect(config, os.environ)[0].destination_folder)
        described = _description(own[name] if name in own else _case(name).connector)
    if json:
        output.show_json(described)
        return
    output.show(f"{described['title']} ({described['name']}), {described['channel']}, {', '.join(described['roles'])}")
    output.show(f"API {described['api_version']}: {described['docs_url']}")
    output.show(f"capabilities: {', '.join(described['capabilities']) or 'none'}")
    output.show_table(
        ("setting", "default", "what"), [(s["name"], s["default"], s["what"]) for s in described["settings"]]
    )
    for title in ("topics", "not_offered"):
        if described[title]:
            output.show("")
            output.show_table((title.replace("_", " "), ""), described[title].items())


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


def _case(name: str) -> ConnectorCase:
    """By name, or by the path of a folder or of a declaration. Raises ConfigError."""
    if name.endswith((".yaml", ".yml")):
        return case_of(Path(name), Path(mkdtemp(prefix="hub-declared-")))
    if name not in registry.slugs() and (Path(name) / "__init__.py").exists():
        return load_folder(Path(name))
    return ConnectorCase(registry.get(name), registry.folder(name))


def _row(connector: Connector) -> dict[str, Any]:
    manifest = connector.manifest
    return {
        "name": manifest.slug,
        "roles": sorted(manifest.roles, reverse=True),
        "channel": manifest.channel,
    }


def _description(connector: Connector) -> dict[str, Any]:
    manifest = connector.manifest
    settings = [
        {
            "name": name,
            "required": field.is_required(),
            "default": None if field.default is PydanticUndefined else str(field.default),
            "what": field.description or "",
        }
        for name, field in manifest.settings.model_fields.items()
    ]
    return {
        **_row(connector),
        "title": manifest.name,
        "docs_url": manifest.docs_url,
        "api_version": manifest.api_version,
        "capabilities": sorted(manifest.capabilities),
        "limits": {
            "batch": manifest.limits.batch,
            "max_bytes": manifest.limits.max_bytes,
            "calls": manifest.limits.calls,
            "per_seconds": manifest.limits.per_seconds,
        },
        "allowed_hosts": list(manifest.allowed_hosts),
        "settings": settings,
        "topics": dict(manifest.topics),
        "not_offered": dict(manifest.not_offered),
    }


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
