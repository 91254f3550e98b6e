"""Typed settings: the environment over ``config/hub.yaml``, every fault reported at once.

Any text in the file may hold ``${NAME}``, ``${NAME:-default}`` (used when NAME is unset or empty) or
``${file:/run/secrets/x}``; ``$${`` stands for a literal ``${``. Values are put in after the YAML is read, so a secret
can hold any character and never changes the structure. Faults name the YAML path, never the value found there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

import yaml
from phonenumbers import SUPPORTED_REGIONS
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError

from hub.errors import ConfigError, did_you_mean

Model = TypeVar("Model", bound=BaseModel)

DEFAULT_CONFIG = Path("config/hub.yaml")
ENVIRONMENT: Mapping[str, str] = {
    "HUB_DATABASE_URL": "database_url",
    "HUB_REDIS_URL": "redis_url",
    "HUB_DATA_DIR": "data_dir",
    "HUB_LOG_LEVEL": "log_level",
    "HUB_LOG_FORMAT": "log_format",
    "HUB_PUBLIC_URL": "hub.public_url",
}
"""Environment variable to the YAML path it stands above. An empty variable counts as unset."""


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


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


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
        None, description="Condition over the profile (hub/mapping/condition.py); without it, every profile."
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
    database_url: Annotated[str, _url("postgresql", "postgres")] | None = Field(
        None, repr=False, description="PostgreSQL to use; without it, an embedded one under the data directory."
    )
    redis_url: Annotated[str, _url("redis", "rediss", "unix")] | None = Field(
        None, repr=False, description="Redis or Valkey for wake-ups; without it, the workers run in one process."
    )
    data_dir: Path = Field(Path(".hub"), description="Where the embedded PostgreSQL and other local state live.")
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        "info", description="The least severe level that is logged."
    )
    log_format: Annotated[Literal["json", "console"], BeforeValidator(_lower)] = Field(
        "console", description="One JSON object per line, or lines for people."
    )
    _lines: dict[str, int] = PrivateAttr(default_factory=dict)

    def locate(self, faults: Iterable[str]) -> list[str]:
        """Put the line of the YAML file behind each fault whose path, or the nearest part above it, is known."""
        return [f"{fault}{_line_hint(fault, self._lines)}" for fault in faults]


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
    reader = _Reader(environment)
    data = reader.open(chosen or DEFAULT_CONFIG) if chosen or DEFAULT_CONFIG.exists() else {}
    settings = _validated(data, environment, reader.faults)
    settings._lines.update(reader.lines)  # noqa: SLF001
    return settings, reader.faults


def load_file(path: Path, model: type[Model], environment: Mapping[str, str]) -> Model:
    """A rules file (identity, survivorship), read like the settings. Raises ConfigError with every fault."""
    reader = _Reader(environment)
    try:
        value = model.model_validate(reader.open(path))
    except ValidationError as error:
        add_new(reader.faults, describe(error, model))
    if reader.faults:
        raise ConfigError([f"{path}: {fault}{_line_hint(fault, reader.lines)}" for fault in reader.faults])
    return value


def describe(
    error: ValidationError, model: type[BaseModel], prefix: str = "", *, renamed: Mapping[str, str] | None = None
) -> list[str]:
    """Each fault as ``path: what``, with the nearest right name for an unknown key; never a value.

    ``model`` gives the right names, ``renamed`` maps a path to the name the value really came under.
    """
    faults: dict[str, str] = {}
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        names = [part for part in item["loc"] if isinstance(part, int) or re.fullmatch(r"[\w-]+", part)]
        path = join(prefix, *names)
        if item["type"] == "extra_forbidden":
            what = "unknown key" + did_you_mean(str(names[-1]), _keys(model, names[:-1]))
        elif item["type"] == "missing":
            what = "is required"
        else:
            what = item["msg"].removeprefix("Value error, ").removeprefix("Input ")
        faults.setdefault((renamed or {}).get(path, path), what)
    return [f"{path}: {what}" if path else what for path, what in faults.items()]


def join(prefix: str, *names: str | int) -> str:
    """A YAML path: ``routes[0].to``."""
    for name in names:
        prefix += f"[{name}]" if isinstance(name, int) else f".{name}" if prefix else name
    return prefix


def _keys(model: type[BaseModel], names: list[str | int]) -> list[str]:
    """The right names at a path below ``model``."""
    for name in names:
        field = model.model_fields.get(str(name))
        inner = _models(field.annotation) if field else []
        if inner:
            model = inner[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models(part)]


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


def add_new(faults: list[str], more: Iterable[str]) -> None:
    """Append those of ``more`` whose path has no fault yet: one cause, one line."""
    known = {fault.partition(": ")[0] for fault in faults}
    faults += [fault for fault in more if fault.partition(": ")[0] not in known]


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
    for name in ("identity", "survivorship"):
        path: Path | None = getattr(settings, name)
        if path and not path.is_file():
            faults.append(f"{name}: there is no file {path}")
    return faults


def _line_hint(fault: str, lines: Mapping[str, int]) -> str:
    path = fault.partition(": ")[0]
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return f" (line {lines[path]})" if path else ""


class _Loader(yaml.SafeLoader):
    """YAML whose plain words stay words: only true/false, null and numbers are more (``NO`` is Norway)."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # type: ignore[misc,unused-ignore]  # noqa: RUF012

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not supported", mark)
        return super().compose_node(parent, index)


_WORDS = "tag:yaml.org,2002:"
_Loader.add_implicit_resolver(f"{_WORDS}bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(f"{_WORDS}null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(f"{_WORDS}int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))
_Loader.add_implicit_resolver(f"{_WORDS}float", re.compile(r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$"), list("-0123456789"))

_PLAIN: Mapping[str, Callable[[str], Any]] = {
    "bool": lambda text: text.lower() == "true",
    "int": int,
    "float": float,
    "null": lambda _: None,
}
_REFERENCE = re.compile(r"\$?\$\{([^{}\n]*)\}")
_NAMED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?")
_TOKEN = re.compile("\ue000([0-9]+)\ue001")


class _Reader:
    """Reads one YAML text to plain values, noting the line of every path and all faults.

    ``${...}`` holds characters that end a plain word within ``{...}``, so each is a token of private-use characters
    while the YAML is read.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.lines: dict[str, int] = {}
        self.faults: list[str] = []
        self._tokens: list[str] = []

    def open(self, path: Path) -> dict[str, Any]:
        data = self.read(_text(path, "", self.faults))
        if isinstance(data, dict):
            return data
        self.faults.append("the file must hold `name: value` pairs, such as `connections:`")
        return {}

    def read(self, text: str) -> Any:
        try:
            node = yaml.compose(_REFERENCE.sub(self._token, text.replace("\ue000", "")), _Loader)
        except yaml.MarkedYAMLError as error:
            line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
            self.faults.append(f"{line}cannot be read: {_TOKEN.sub('${...}', error.problem or '')}")
            return {}
        except yaml.YAMLError:
            self.faults.append("the file cannot be read: it holds a character that YAML does not allow")
            return {}
        return {} if node is None else self._value(node, "")

    def _token(self, match: re.Match[str]) -> str:
        self._tokens.append(match.group())
        return f"\ue000{len(self._tokens) - 1}\ue001"

    def _value(self, node: yaml.Node, path: str) -> Any:
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, join(path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        kind, text = node.tag.removeprefix(_WORDS), str(node.value)
        if kind == "str":
            return _TOKEN.sub(lambda found: self._resolve(self._tokens[int(found[1])], path), text)
        if kind in _PLAIN:
            return _PLAIN[kind](text)
        self.faults.append(f"{path}: tags (!name) are not supported")
        return None

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if not isinstance(key, yaml.ScalarNode) or _TOKEN.search(name):
                self.faults.append(f"{path or 'the file'}: a key must be a plain word (line {key.start_mark.line + 1})")
            elif name in found:
                self.faults.append(f"{join(path, name)}: is there again in line {key.start_mark.line + 1}")
            else:
                found[name] = self._value(value, join(path, name))
                self.lines[join(path, name)] = key.start_mark.line + 1
        return found

    def _resolve(self, reference: str, path: str) -> str:
        if reference.startswith("$$"):
            return reference[1:]
        inner = reference[2:-1]
        if inner.startswith("file:"):
            return _text(Path(inner.removeprefix("file:")), f"{path}: ", self.faults)
        named = _NAMED.fullmatch(inner)
        if named is None:
            self.faults.append(f"{path}: use ${{NAME}}, ${{NAME:-default}} or ${{file:/path}}")
            return ""
        name, default = named.groups()
        if value := self.environment.get(name):
            return value
        if default is None:
            self.faults.append(f"{path}: environment variable {name} is not set")
        return default or ""


def _text(file: Path, where: str, faults: list[str]) -> str:
    """The file's text, or "" and a fault."""
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        faults.append(f"{where}cannot read {file}: {error.strerror}")
    except UnicodeDecodeError:
        faults.append(f"{where}cannot read {file}: it is not UTF-8")
    return ""
