"""Typed settings: the environment over ``config/hub.yaml``, every fault reported at once (``hub.yaml_file``)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from phonenumbers import SUPPORTED_REGIONS
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
)

from hub.errors import ConfigError, did_you_mean
from hub.settings_sections import AlertsSection, MailSection, RetentionSection
from hub.yaml_file import Reader, add_new, describe, line_hint

DEFAULT_CONFIG = Path("config/hub.yaml")
PARTS = "connections.d"
"""The folder beside the file: each ``*.yaml`` in it holds connections, and routes, of its own."""

_OF_PARTS = frozenset({"connections", "routes"})
ENVIRONMENT: Mapping[str, str] = {
    "HUB_DATABASE_URL": "database_url",
    "HUB_REDIS_URL": "redis_url",
    "HUB_DATA_DIR": "data_dir",
    "HUB_LOG_LEVEL": "log_level",
    "HUB_LOG_FORMAT": "log_format",
    "HUB_PUBLIC_URL": "hub.public_url",
    "HUB_SECRET_KEY": "secret_key",
    "HUB_SUPPRESSION_KEY": "suppression_key",
}
"""Environment variable to the YAML path it stands above. An empty variable counts as unset."""

_OTHERS = ("HUB_CONFIG", "HUB_REFRESH_TOKEN")
_NEARLY = 0.9
"""So near to one of Hub's is a name whose beginning is misspelt: HBU_REDIS_URL, and not REDIS_URL."""

_OF_A_CLUSTER = re.compile(r"HUB_(\w+_)?(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP))(_\w+)?")


def _url(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")  # its own error text would show the password
        if parts.scheme not in schemes or not (parts.netloc or parts.scheme == "unix"):
            raise ValueError(f"must be a URL that begins with {' or '.join(s + '://' for s in schemes)}")
        return value.rstrip("/")

    return AfterValidator(check)


def _region(value: str) -> str:
    if value not in SUPPORTED_REGIONS:
        raise ValueError("must be an ISO 3166 country of two capital letters, such as DE")
    return value


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for each in value:
        try:
            ip_network(each, strict=False)
        except ValueError:
            raise ValueError("must be IP addresses or networks, such as [127.0.0.1, 10.0.0.0/8]") from None
    return value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _keys(value: Any) -> Any:
    parts = value.split(",") if isinstance(value, str) else value
    return [part.strip() for part in parts if part.strip()] if isinstance(parts, list) else parts


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HubSection(_Section):
    """What the whole installation shares."""

    public_url: Annotated[str, _url("http", "https")] = Field(
        "http://127.0.0.1:8080",
        description="Where senders reach this Hub from outside. Square and others sign the URL they call.",
    )
    default_region: Annotated[str, AfterValidator(_region)] = Field(
        "DE", description="ISO 3166 country of phone numbers that name none; a connection may set its own."
    )
    max_body_bytes: int = Field(
        5 * 1024 * 1024,
        ge=1024,
        le=1024**3,
        description="The largest webhook body taken, in bytes; a larger one is answered with 413.",
    )
    trusted_proxies: Annotated[tuple[str, ...], AfterValidator(_networks)] = Field(
        (),
        description="Addresses or networks of reverse proxies: only their X-Forwarded-For says who calls. Without it, "
        "all that comes through a proxy counts as one caller.",
    )
    automatic_training: bool = Field(
        True,
        description="Fit identity's weights to the records by itself: at 100, and whenever they have doubled since.",
    )


class OidcSection(_Section):
    """Sign-in to the console with an OpenID provider."""

    issuer: Annotated[str, _url("https", "http")] = Field(
        description="Its address, as its discovery document has it: https://login.example.com/realms/shop."
    )
    client_id: str = Field(min_length=1, description="What Hub is called there.")
    client_secret: SecretStr = Field(repr=False, description="Its secret there; best ${HUB_OIDC_SECRET}.")
    label: str = Field("OpenID", min_length=1, max_length=40, description="What the button says: Keycloak, Microsoft.")
    scope: str = Field("openid profile email", description="What is asked for.")
    name_claim: str = Field("preferred_username", description="The claim that is the user's name here.")
    groups_claim: str = Field("groups", description="The claim whose values decide the role.")
    roles: dict[str, Literal["viewer", "support", "operator", "admin"]] = Field(
        default_factory=dict,
        description="Value of that claim to role; the highest holds, at each sign-in, and who has none is not let in. "
        "Without this, only users who connected their account under Settings may come in.",
    )

    @field_validator("issuer")
    @classmethod
    def _is_private(cls, url: str) -> str:
        if url.startswith("http://") and urlsplit(url).hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("must begin with https:// beyond this machine: a secret is sent there")
        return url


class ConsoleSection(_Section):
    """The web page."""

    oidc: OidcSection | None = Field(None, description="Sign-in with an OpenID provider, beside password and token.")


class ConnectionConfig(_Section):
    """One entry under ``connections:``, not yet validated by its connector; ``repr`` hides the options."""

    connector: str = Field(min_length=1, description="The connector's name, as `hub connector list` shows it.")
    options: dict[str, Any] = Field(
        default_factory=dict, repr=False, description="All other keys: the connector's own settings."
    )


class Route(_Section):
    """Which profiles go to a destination."""

    to: str = Field(description="The name of the connection that receives the profiles.")
    when: str | None = Field(
        None, description="Condition over the profile (hub/mapping/expression/when.py); without it, every profile."
    )


class Settings(_Section):
    """The whole configuration, in the shape of the YAML file."""

    hub: HubSection = Field(HubSection(), description="What the whole installation shares.")
    connections: dict[str, ConnectionConfig] = Field(
        default_factory=dict, description="The configured accounts of outside systems, by name."
    )
    routes: tuple[Route, ...] = Field((), description="Which profiles go to which destination.")
    identity: Path | None = Field(
        None, description="File with the identity rules, relative to the working directory; sound defaults without it."
    )
    survivorship: Path | None = Field(
        None, description="File with the survivorship rules, relative to the working directory; defaults without it."
    )
    ownership: Path | None = Field(
        None,
        description="File that says which system is the master of which field, and where people's edits hold "
        "(docs/both-ways.md). Relative to the working directory; without it, the newest value counts.",
    )
    segments: Path | None = Field(
        None,
        description="File with the segments, relative to the working directory; none without it (docs/insight.md).",
    )
    leads: Path | None = Field(None, description="File with what leads are; no scores without it (docs/insight.md).")
    qualification: Path | None = Field(
        None,
        description="File with the funnel and where its people live; none without it (docs/hand-over-and-consent.md).",
    )
    destinations: Path | None = Field(
        None,
        description="Folder with declared destinations, <name>.yaml each. Relative to the working directory; without "
        "it, the folder destinations beside this file.",
    )
    mappings: Path | None = Field(
        None,
        description="Folder with mapping files, <connection>.yaml each: what they change about the fields a "
        "destination is written. Relative to the working directory; without it, the folder mappings beside this file.",
    )
    console: ConsoleSection = Field(ConsoleSection(), description="The web page.")
    retention: RetentionSection = Field(RetentionSection(), description="What is removed, and when.")
    alerts: AlertsSection = Field(AlertsSection(), description="What people are told of, and where.")
    mail: MailSection = Field(MailSection(), description="The mail server for what forms ask for.")
    database_url: Annotated[str, _url("postgresql", "postgres")] | None = Field(
        None, repr=False, description="PostgreSQL to use; without it, an embedded one under the data directory."
    )
    redis_url: Annotated[str, _url("redis", "rediss", "unix")] | None = Field(
        None, repr=False, description="Redis or Valkey for wake-ups; without it, the workers run in one process."
    )
    secret_key: Annotated[tuple[SecretStr, ...], BeforeValidator(_keys)] = Field(
        (),
        repr=False,
        description="Keys that seal the tokens of OAuth connections in the database: 32 bytes in base64 each, the one "
        "in use first, earlier ones behind it after a comma. Only such connections need one.",
    )
    suppression_key: Annotated[tuple[SecretStr, ...], BeforeValidator(_keys)] = Field(
        (),
        repr=False,
        description="Keys of the list of addresses nobody may write to, beside the one in the database: 32 bytes in "
        "base64 each, the newest first, all earlier ones behind it after a comma. Once used, they stay needed "
        "(docs/hand-over-and-consent.md).",
    )
    data_dir: Path = Field(Path(".hub"), description="Where the embedded PostgreSQL and other local state live.")
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        "info", description="The least severe level that is logged."
    )
    log_format: Annotated[Literal["json", "console"], BeforeValidator(_lower)] = Field(
        "console", description="One JSON object per line, or lines for people."
    )
    _lines: dict[str, int] = PrivateAttr(default_factory=dict)
    _variables: set[str] = PrivateAttr(default_factory=set)
    _beside: Path | None = PrivateAttr(None)
    _parts: dict[str, Path] = PrivateAttr(default_factory=dict)

    @property
    def destination_folder(self) -> Path | None:
        """Where declared destinations are; None for settings of no file. The folder beside the file may be missing."""
        return self.destinations or (self._beside / "destinations" if self._beside else None)

    @property
    def mapping_folder(self) -> Path | None:
        """Where mapping files are; None for settings of no file. The folder beside the file may be missing."""
        return self.mappings or (self._beside / "mappings" if self._beside else None)

    @property
    def part_folder(self) -> Path | None:
        """Where connections in files of their own are; None for settings of no file. It may be missing."""
        return self._beside / PARTS if self._beside else None

    def locate(self, faults: Iterable[str]) -> list[str]:
        """Put behind each fault where it is: the file of a connection of its own, else the line of the YAML file."""
        return [f"{fault}{self._place(fault)}" for fault in faults]

    def _place(self, fault: str) -> str:
        section, _, rest = fault.partition(".")
        part = self._parts.get(re.split(r"[.:]", rest, maxsplit=1)[0]) if section == "connections" else None
        return f" ({part})" if part else line_hint(fault, self._lines)

    def unknown_variables(self, environment: Mapping[str, str]) -> list[str]:
        """Variables that are named like Hub's and that nothing reads, with the nearest right name; never a value.

        Not those that Kubernetes and Docker set for a service by the name of hub.
        """
        known = (*ENVIRONMENT, *_OTHERS)
        return [
            f"nothing reads the environment variable {name}{did_you_mean(name, known)}"
            for name, value in sorted(environment.items())
            if name not in known and name not in self._variables
            if name.startswith("HUB_") or get_close_matches(name, known, n=1, cutoff=_NEARLY)
            if not _OF_A_CLUSTER.fullmatch(name) and not (name.endswith("_PORT") and value.startswith("tcp://"))
        ]


def load(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """Read the settings; see ``inspect``. Raises ConfigError with every fault."""
    settings, faults = inspect(path, environment)
    if faults:
        raise ConfigError(settings.locate(faults))
    return settings


def inspect(path: Path | None, environment: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """Settings as far as they can be read, and all faults, so that a check can go on to the connections.

    ``path`` None means HUB_CONFIG, else ``config/hub.yaml``; only the last may be missing.
    """
    chosen = path or (Path(environment["HUB_CONFIG"]) if environment.get("HUB_CONFIG") else None)
    reader = Reader(environment)
    data = reader.open(chosen or DEFAULT_CONFIG) if chosen or DEFAULT_CONFIG.exists() else {}
    folder = (chosen or DEFAULT_CONFIG).parent / PARTS if data else None
    parts = _with_parts(data, folder, environment, reader)
    settings = _validated(data, environment, reader.faults)
    settings._parts.update(parts)  # noqa: SLF001
    settings._lines.update(reader.lines)  # noqa: SLF001
    settings._variables.update(reader.variables)  # noqa: SLF001
    if data:
        settings._beside = (chosen or DEFAULT_CONFIG).parent  # noqa: SLF001
    return settings, reader.faults


def _with_parts(
    data: dict[str, Any], folder: Path | None, environment: Mapping[str, str], reader: Reader
) -> dict[str, Path]:
    """Put the connections and routes of the files in the folder beside those of the file; gives whose file is which."""
    found: dict[str, Path] = {}
    for file in sorted(folder.glob("*.yaml")) if folder and folder.is_dir() else ():
        part = Reader(environment)
        read = part.open(file)
        reader.variables |= part.variables
        reader.faults += [f"{file}: {fault}{line_hint(fault, part.lines)}" for fault in part.faults]
        reader.faults += [
            f"{file}: {key}: only connections and routes may stand here" for key in read.keys() - _OF_PARTS
        ]
        own, routes = read.get("connections"), read.get("routes")
        held = data.get("connections") or {}
        for name, options in own.items() if isinstance(own, dict) and isinstance(held, dict) else ():
            if name in held:
                reader.faults.append(f"{file}: connections.{name}: there is a connection of this name already")
            else:
                data["connections"] = held = {**held, name: options}
                found[str(name)] = file
        if isinstance(routes, list) and isinstance(data.get("routes") or [], list):
            data["routes"] = [*(data.get("routes") or []), *routes]
    return found


def _validated(data: dict[str, Any], environment: Mapping[str, str], faults: list[str]) -> Settings:
    """Settings of the parts that are right; appends the faults of the others, once per path."""
    raw = {name: value for name, value in data.items() if value is not None}
    renamed: dict[str, str] = {}
    for variable, path in ENVIRONMENT.items():
        if value := environment.get(variable):
            section, _, key = path.rpartition(".")
            target = raw.setdefault(section, {}) if section else raw
            if isinstance(target, dict):
                target[key] = value
                renamed[path] = variable
    raw["connections"] = _connections(raw.get("connections", {}), faults)
    settings = Settings()
    for _ in range(2):
        try:
            settings = Settings.model_validate(raw)
            break
        except ValidationError as error:
            add_new(faults, describe(error, Settings, renamed=renamed))
            wrong = {item["loc"][0] for item in error.errors(include_input=False)}
            raw = {name: value for name, value in raw.items() if name not in wrong}
    add_new(faults, _references(settings, data))
    return settings


def _connections(found: Any, faults: list[str]) -> dict[str, Any]:
    if not isinstance(found, dict):
        faults.append("connections: must hold one `name: {connector: ...}` per connection")
        return {}
    connections: dict[str, Any] = {}
    for name, options in found.items():
        if not isinstance(options, dict):
            faults.append(f"connections.{name}: must be `{{connector: ..., its settings}}`")
            continue
        kind = options.get("connector")
        if not isinstance(kind, str) or not kind:
            add_new(faults, [f"connections.{name}.connector: must name a connector, such as shopify"])
            continue
        rest = {key: value for key, value in options.items() if key != "connector"}
        connections[str(name)] = {"connector": kind, "options": rest}
    return connections


def _references(settings: Settings, data: Mapping[str, Any]) -> list[str]:
    """Faults of names that lead nowhere: routes to no connection, rule files that are not there."""
    routes, names = data.get("routes"), data.get("connections")
    known = [str(name) for name in names] if isinstance(names, dict) else []
    faults = [
        f"routes[{index}].to: there is no connection {to!r}{did_you_mean(to, known)}"
        for index, route in enumerate(routes if isinstance(routes, list) else [])
        if isinstance(route, dict) and isinstance(to := route.get("to"), str) and to not in known
    ]
    for name in ("identity", "survivorship", "ownership", "segments", "leads", "qualification"):
        path: Path | None = getattr(settings, name)
        if path and not path.is_file():
            faults.append(f"{name}: there is no file {path}")
    if settings.mappings is not None and not settings.mappings.is_dir():
        faults.append(f"mappings: there is no folder {settings.mappings}")
    return faults
