"""``hub check``: every fault of the configuration with its YAML path; ``--live`` asks the outside systems too."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import psycopg
import redis
import typer

from hub import bootstrap
from hub.application.check_live import Finding, check_live
from hub.application.target_fields import check_targets
from hub.application.token_store import key_faults, sealed_of, with_tokens
from hub.cli import output
from hub.cli.connections import troubles
from hub.cli.database import DEFAULT_PORT, misdirected, unconfigured
from hub.errors import ConfigError, HubError
from hub.outbox.health import line
from hub.rules import (
    load_identity_rules,
    load_leads,
    load_ownership,
    load_qualification,
    load_segments,
    load_survivorship_rules,
)
from hub.sdk.connection import Connection, load_routes, read_connections, roles_of
from hub.sdk.declared.folder import declared
from hub.sdk.mappings import with_mappings
from hub.settings import Settings, inspect
from hub.store import embedded
from hub.store.database import Database, Session
from hub.store.suppression_keys import decoded
from hub.yaml_file import add_new


def command(
    live: Annotated[
        bool,
        typer.Option("--live", help="Also test tokens, scopes, properties, limits and clocks at the outside systems."),
    ] = (False),
    config: output.ConfigOption = None,
    json: output.JsonOption = False,
) -> None:
    """Validate the configuration and print every fault with its YAML path."""
    odd = inspect(config, os.environ)[0].unknown_variables(os.environ)
    with output.exit_codes(json=json):
        settings, connections, faults = inspected(config, os.environ)
        told = check_targets(connections, settings, "always" if live else "never", now=datetime.now(UTC))
        if faults or told.faults:
            _warn(odd)
            raise ConfigError(list(dict.fromkeys([*faults, *told.faults])))
    warnings = told.warnings + odd + unconfigured(config) + unrouted(settings, connections) + doubtful(connections)
    warnings += unmailed(settings, connections) + misdirected(settings, DEFAULT_PORT) + troubles_of(settings)
    findings = [*_asked(settings, connections), *_servers(settings)] if live else []
    rows = [_row(connection) for connection in connections.values()]
    if json:
        output.show_json({"faults": [], "warnings": warnings, "connections": rows, "live": findings})
    else:
        output.show_table(
            ("connection", "connector", "roles"),
            [(row["connection"], row["connector"], ", ".join(row["roles"])) for row in rows],
            empty="no connections yet; `hub init` writes a starter",
        )
        for finding in findings:
            output.show(f"{finding.connection} ({finding.role}): {finding.said}")
    _warn(warnings)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(output.FAILED)


def _asked(settings: Settings, connections: Mapping[str, Connection]) -> list[Finding]:
    """What each system says; those by OAuth are asked with their tokens, where the database runs that keeps them."""
    with ExitStack() as stack:
        if any(one.oauth for one in connections.values()) and _has_database(settings):
            try:
                dsn = stack.enter_context(bootstrap.postgres(settings))
                psycopg.connect(dsn, connect_timeout=3).close()
            except (psycopg.Error, HubError):
                pass  # the servers' own line says so, and each connection that it is not tested
            else:
                database = stack.enter_context(contextlib.closing(Database(dsn, size=1)))
                database.open()
                connections = with_tokens(settings.secret_key, database, connections)
        return [found for each in connections.values() for found in check_live(each)]


def _has_database(settings: Settings) -> bool:
    """Whether there is one to ask: a check starts none."""
    return settings.database_url is not None or embedded.is_running(settings.data_dir)


def _warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        output.say(f"warning: {warning}")


def _address_faults(settings: Settings) -> list[str]:
    """What is wrong with the addresses of alerts, without any of their text."""
    if not settings.alerts.to:
        return []
    from hub.sdk.notices import fault_of

    told = [fault_of(one.get_secret_value()) for one in settings.alerts.to]
    return [f"alerts.to[{place}]: {fault}" for place, fault in enumerate(told) if fault]


def checked(path: Path | None, environment: Mapping[str, str]) -> tuple[Settings, dict[str, Connection]]:
    """Settings and connections. Raises ConfigError with all faults."""
    settings, connections, faults = inspected(path, environment)
    if faults:
        raise ConfigError(faults)
    return settings, connections


def inspected(path: Path | None, environment: Mapping[str, str]) -> tuple[Settings, dict[str, Connection], list[str]]:
    """Settings and connections, as far as they are right, and the faults of all files.

    These are the configuration, its connections, routes, rules and mapping files.
    """
    settings, faults = inspect(path, environment)
    own, wrong = declared(settings.destination_folder)
    # of a declaration with faults those are told, and not that there is none
    broken = {Path(fault.partition(":")[0]).stem for fault in wrong}
    configs = {
        name: (config.connector, config.options)
        for name, config in settings.connections.items()
        if config.connector not in broken
    }
    connections, more = read_connections(configs, default_region=settings.hub.default_region, declared=own)
    add_new(faults, more)
    try:
        load_routes([(r.to, r.when) for r in settings.routes], connections, configured=settings.connections)
    except ConfigError as error:
        add_new(faults, error.faults)
    add_new(faults, _file_faults(settings, connections))
    add_new(faults, _data_dir_faults(settings))
    add_new(faults, key_faults(settings.secret_key, sealed_of(connections)))
    try:
        decoded(settings.suppression_key)
    except ConfigError as error:
        add_new(faults, error.faults)
    add_new(faults, _address_faults(settings))
    located = [*wrong, *settings.locate(faults)]
    connections, more = with_mappings(
        connections, settings.mapping_folder, environment, configured=settings.connections
    )
    located += more
    readers = ((settings.identity, load_identity_rules), (settings.survivorship, load_survivorship_rules))
    for file, read in readers:
        try:
            if file and file.is_file():
                read(file, environment, region=settings.hub.default_region)
        except ConfigError as error:
            located += error.faults
    try:
        if settings.ownership and settings.ownership.is_file():
            load_ownership(settings.ownership, environment, settings.connections)
        if settings.segments and settings.segments.is_file():
            load_segments(settings.segments, environment, settings.connections)
        if settings.leads and settings.leads.is_file():
            load_leads(settings.leads, environment, settings.connections)
        if settings.qualification and settings.qualification.is_file():
            load_qualification(settings.qualification, environment, settings.connections)
    except ConfigError as error:
        located += error.faults
    return settings, connections, list(dict.fromkeys(located))


def _file_faults(settings: Settings, connections: Mapping[str, Connection]) -> list[str]:
    routed = {route.to for route in settings.routes}
    return [
        f"connections.{name}.{fault}"
        for name, connection in connections.items()
        if (look := connection.connector.manifest.files) is not None
        for fault in look(connection.settings, name in routed)
    ]


def _data_dir_faults(settings: Settings) -> list[str]:
    """Of a folder that is made at the start, the nearest one that is there has to take it."""
    if settings.database_url is not None:
        return []
    folder = settings.data_dir.absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not there.is_dir():
        return [f"data_dir: {there} is no folder"]
    return [] if os.access(there, os.W_OK | os.X_OK) else [f"data_dir: {there} cannot be written by this account"]


def unrouted(settings: Settings, connections: Mapping[str, Connection]) -> list[str]:
    """Destinations that get nothing because no route names them."""
    routed = {route.to for route in settings.routes}
    return [
        f"connections.{name}: no route leads to this destination"
        for name, connection in connections.items()
        if connection.connector.destination and not connection.connector.source and name not in routed
    ]


def unmailed(settings: Settings, connections: Mapping[str, Connection]) -> list[str]:
    """Connections that want mails sent while no server is named, or whose links nobody else can open."""
    from hub.api.server import is_loopback

    mailing = [name for name, one in connections.items() if one.connector.source and one.connector.source.mails]
    if not mailing:
        return []
    names, found = ", ".join(mailing), []
    if not (settings.mail.host and settings.mail.sender):
        lacks = "sender" if settings.mail.host else "host"
        found.append(f"mail.{lacks}: is missing, and mails of {names} wait until it is there (docs/forms.md)")
    if is_loopback(urlsplit(settings.hub.public_url).hostname or ""):
        found.append(
            f"hub.public_url: links in mails of {names} lead to {settings.hub.public_url}, which only this machine "
            "can open (docs/forms.md)"
        )
    return found


def doubtful(connections: Mapping[str, Connection]) -> list[str]:
    """Settings that work, and that their connector warns of."""
    return [
        f"connections.{name}.{warning}"
        for name, connection in connections.items()
        if (warns := connection.connector.manifest.warnings) is not None
        for warning in warns(connection.settings)
    ]


def troubles_of(settings: Settings) -> list[str]:
    """What a running Hub noted of its connections. A check starts no database, and waits little for one."""
    if not _has_database(settings):
        return []
    try:
        with bootstrap.postgres(settings) as dsn, psycopg.connect(dsn, connect_timeout=3) as connection:
            return [line(name, health) for name, health in troubles(Session(connection), settings.connections).items()]
    except (psycopg.Error, HubError) as error:
        return [f"the database does not tell how the connections are doing: {type(error).__name__}"]


def _servers(settings: Settings) -> list[Finding]:
    """Whether the servers of our own answer that the configuration names; embedded ones are started when needed."""
    findings = []
    if settings.database_url is not None:
        try:
            psycopg.connect(settings.database_url, connect_timeout=3).close()
            findings.append(Finding("hub", "database", True, "it answers, and accepts the account"))
        except psycopg.Error:
            findings.append(Finding("hub", "database", False, "it does not answer, or refuses the account"))
    if settings.redis_url is not None:
        try:
            with redis.from_url(settings.redis_url, socket_connect_timeout=3, socket_timeout=3) as server:
                server.ping()
            findings.append(Finding("hub", "redis", True, "it answers"))
        except (redis.RedisError, OSError, ValueError):
            findings.append(Finding("hub", "redis", False, "it does not answer, or refuses the account"))
    return findings


def _row(connection: Connection) -> dict[str, Any]:
    manifest = connection.connector.manifest
    return {"connection": connection.name, "connector": manifest.slug, "roles": sorted(roles_of(connection))}
