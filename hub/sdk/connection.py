"""One configured account of a connector, and the loading of all of them with every fault at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import ValidationError

from hub.errors import ConfigError, did_you_mean
from hub.mapping.expression.when import Condition, compile_condition
from hub.sdk.destination import Destination
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Capability, ConnectionSettings, Limits, OrderSettings, Role, url_fault
from hub.sdk.oauth import OAuth
from hub.sdk.registry import Connector, get, slugs
from hub.sdk.source import Source
from hub.sdk.tokens import TokenKeeper, TokenStore, ask
from hub.yaml_file import describe

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")

NO_API = "https://no-api.invalid"


@dataclass(frozen=True, slots=True)
class Connection:
    """``name`` is the key under ``connections:`` in the configuration; ``settings`` are validated by the connector.

    ``tokens`` is where its tokens are kept, if it is one of OAuth's; whoever opens the database passes it in.
    """

    name: str
    connector: Connector
    settings: ConnectionSettings
    tokens: TokenStore | None = None

    @property
    def oauth(self) -> OAuth | None:
        """How it gets its tokens; None where its credentials stand in the settings."""
        declared = self.connector.oauth
        return declared(self.settings) if declared else None


def counting_placed_orders(connections: Mapping[str, Connection]) -> frozenset[str]:
    """The names of the connections whose orders count once they are placed (``revenue: placed``)."""
    settings = ((name, connection.settings) for name, connection in connections.items())
    return frozenset(name for name, own in settings if isinstance(own, OrderSettings) and own.revenue == "placed")


@dataclass(frozen=True, slots=True)
class Routing:
    """One route: the destination's connection name, and whether a profile goes there (every one, if None)."""

    to: str
    applies: Condition | None


def load_connections(
    configs: Mapping[str, tuple[str, Mapping[str, Any]]],
    *,
    default_region: str,
    declared: Mapping[str, Connector] | None = None,
) -> dict[str, Connection]:
    """Connections by name, from (connector, options) by name; ``default_region`` holds where a connection sets none.

    ``declared`` are connectors that are declared in files, beside those that are installed.

    Raises ConfigError with the faults of all connections, as ``connections.shop-de.webhook_secret: ...``; a fault
    names the nearest right key and never a value.
    """
    connections, faults = read_connections(configs, default_region=default_region, declared=declared)
    if faults:
        raise ConfigError(faults)
    return connections


def read_connections(
    configs: Mapping[str, tuple[str, Mapping[str, Any]]],
    *,
    default_region: str,
    declared: Mapping[str, Connector] | None = None,
) -> tuple[dict[str, Connection], list[str]]:
    """The connections that are right, and the faults of all others (see ``load_connections``)."""
    connections: dict[str, Connection] = {}
    faults: list[str] = []
    own = declared or {}
    there = (*slugs(), *own)
    for name, (slug, options) in configs.items():
        path = f"connections.{name}"
        if not _NAME.fullmatch(name):
            faults.append(f"{path}: the name may hold small letters, digits and hyphens, as it stands in URLs")
        if slug not in there:
            faults.append(f"{path}.connector: there is no connector {slug!r}{did_you_mean(slug, there)}")
            continue
        try:
            connector = own.get(slug) or get(slug)
            settings = connector.manifest.settings.model_validate({"default_region": default_region, **options})
            connections[name] = Connection(name, connector, settings)
            listed = connector.source is not None and connector.source.backfill is not None
            faults += [
                f"{path}.{key}: connector {slug!r} has no backfill to run"
                for key in ("every", "reconcile")
                if getattr(settings, key) and not listed
            ]
        except ConfigError as error:
            faults += [f"{path}.connector: {fault}" for fault in error.faults]
        except ValidationError as error:
            faults += describe(error, connector.manifest.settings, path)
    return connections, faults


def load_routes(
    routes: Sequence[tuple[str, str | None]],
    connections: Mapping[str, Connection],
    *,
    configured: Collection[str] | None = None,
) -> tuple[Routing, ...]:
    """Routes from (to, when) in the order of the configuration.

    A condition may name the ``configured`` connections, which are more than ``connections`` where some have faults.

    Raises ConfigError with every fault, as ``routes[0].when: ...``: a condition that cannot be read, a connection
    that is no destination. A route to no connection at all is a fault of the settings already.
    """
    known = connections.keys() if configured is None else configured
    loaded: list[Routing] = []
    faults: list[str] = []
    for index, (to, when) in enumerate(routes):
        connection = connections.get(to)
        if connection and connection.connector.destination is None:
            faults.append(f"routes[{index}].to: connector {connection.connector.manifest.slug!r} is no destination")
        elif connection and (lacking := lacks(connection) or _stranger(connection, known)):
            faults.append(f"routes[{index}].to: connections.{to}.{lacking}")
        try:
            loaded.append(Routing(to, compile_condition(when, known) if when else None))
        except ValueError as error:
            faults.append(f"routes[{index}].when: {error}")
    if faults:
        raise ConfigError(faults)
    return tuple(loaded)


def lacks(connection: Connection) -> str | None:
    """The setting without which nothing can be written there, and why; None where nothing lacks."""
    destination = connection.connector.destination
    asked = destination.lacks if destination is not None else None
    return asked(connection.settings) if asked is not None else None


def roles_of(connection: Connection) -> frozenset[Role]:
    """The roles a connection can have as it is set: a source is no destination where it names nothing to write to."""
    roles = connection.connector.manifest.roles
    return roles - {"destination"} if "source" in roles and lacks(connection) else roles


def _stranger(connection: Connection, known: Collection[str]) -> str | None:
    """What is wrong with the connection whose customers a shop's labels are for."""
    named = getattr(connection.settings, "customers_from", None)
    if named is None or named in known:
        return None
    return f"customers_from: there is no connection {named!r}{did_you_mean(named, known)}"


def open_client(
    connection: Connection,
    part: Source[Any] | Destination[Any],
    *,
    transport: httpx.BaseTransport | None = None,
    budget: Budget | None = None,
    background: bool = False,
) -> HttpClient:
    """The HTTP client for one connection in one role: its root, credentials, hosts, limits and status table.

    All clients of a source within this process share its budget, and those in the ``background`` go last.

    Raises ConfigError when neither the connection nor the connector says where the API is. A connector of files, or of
    another protocol, gets a client that leads nowhere. Within a private network only the host of a ``base_url`` is
    called.
    """
    settings, manifest = connection.settings, connection.connector.manifest
    root = settings.base_url or (part.api_root(settings) if part.api_root else None)
    if not root and (manifest.channel == "file" or (isinstance(part, Source) and not part.walks_json)):
        root = NO_API
    if not root:
        raise ConfigError([f"connections.{connection.name}.base_url: is required for this"])
    destination = part if isinstance(part, Destination) else None
    limits = destination.limits(settings) if destination and destination.limits else manifest.limits
    allows = destination.allows_private if destination else None
    keeper = keeper_of(connection, transport=transport)
    fixed = part.authorise(settings) if part.authorise else None
    return HttpClient(
        root,
        allow_private=allows(settings) if allows else settings.base_url is not None,
        headers=keeper.headers if keeper else fixed,
        renew=keeper.renew if keeper else None,
        complete=partial(destination.complete, settings) if destination and destination.complete else None,
        allowed_hosts=manifest.allowed_hosts,
        timeout_seconds=settings.timeout_seconds,
        limits=limits,
        status_table=destination.status_table if destination else None,
        refusals=destination.refusals if destination else None,
        waits=part.waits,
        transport=transport,
        budget=budget or (_shared(connection.name, root, limits) if destination is None and not transport else None),
        background=background,
    )


@lru_cache(maxsize=1024)
def _shared(connection: str, root: str, limits: Limits) -> Budget:
    """The one budget of a source: what is completed for live events and what a history reads are the same account's."""
    return Budget(limits)


def keeper_of(connection: Connection, *, transport: httpx.BaseTransport | None = None) -> TokenKeeper | None:
    """Who gives a connection its tokens; None where its credentials stand in the settings.

    Raises ConfigError when there is nowhere to keep them, or the token server may not be called.
    """
    oauth, settings = connection.oauth, connection.settings
    if oauth is None:
        return None
    path = f"connections.{connection.name}"
    if connection.tokens is None:
        raise ConfigError([f"{path}: its tokens are kept in the database, which is not open here"])
    if fault := url_fault(oauth.token_url, allow_http=settings.allow_http):
        raise ConfigError([f"{path}: the token server's URL {fault}"])
    own = urlsplit(settings.base_url or "").hostname
    asking = partial(
        ask,
        oauth,
        allow_private=own is not None and own == urlsplit(oauth.token_url).hostname,
        timeout_seconds=settings.timeout_seconds,
        transport=transport,
    )
    return TokenKeeper(connection.name, oauth, connection.tokens, asking)


def activities_of(connection: Connection) -> frozenset[str]:
    """The kinds of activities that a destination's settings ask for."""
    destination = connection.connector.destination
    asked = destination.activities if destination is not None else None
    return frozenset(asked(connection.settings)) if asked is not None else frozenset()


def takes_orders(connection: Connection) -> bool:
    """Whether orders go to a destination, as it is set."""
    destination = connection.connector.destination
    if destination is not None and destination.takes_orders is not None:
        return destination.takes_orders(connection.settings)
    return Capability.ORDERS in connection.connector.manifest.capabilities
