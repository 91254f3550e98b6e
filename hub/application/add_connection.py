"""add a connection: what a person typed into a form becomes the YAML of a connection, checked like any other.

Hub writes it only into the folder ``connections.d`` beside its configuration, and only where a person made that folder
and Hub may write to it. Secrets go into files of their own that only Hub's account may read; the YAML names the file.
Everywhere else Hub shows the YAML, with the name of an environment variable in place of each secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hub.errors import ConfigError, RefusedError
from hub.sdk.catalogue.page import is_secret
from hub.sdk.connection import Connection, lacks, read_connections
from hub.sdk.manifest import ConnectionSettings
from hub.sdk.registry import Connector
from hub.yaml_file import Reader, literal

SECRETS = "secrets"
"""The folder of the files with secrets, in that of the connections."""

Kind = Literal["text", "secret", "secrets", "choice", "flag", "yaml"]
"""``secrets`` are several by name, written as YAML."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of the form. ``common`` ones are those that every connection has; ``options`` those of a choice."""

    name: str
    kind: Kind
    required: bool
    common: bool
    default: str
    what: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A connection that is being set up. ``yaml`` holds no secret; ``faults`` are by setting, "" for the whole.

    ``seals_tokens``: its tokens are kept in the database, for which Hub needs a key.
    """

    name: str
    yaml: str
    faults: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: tuple[str, ...] = ()
    seals_tokens: bool = False


def free_name(slug: str, known: Collection[str]) -> str:
    """A name for a connection of this connector that none of the known ones has."""
    base = slug.replace("_", "-")
    return next(name for name in (base, *(f"{base}-{number}" for number in range(2, 999))) if name not in known)


def settings_of_form(connector: Connector) -> list[Setting]:
    """The form of a connector: what is required first, then its own, then what all have."""
    found = [_setting(name, one) for name, one in connector.manifest.settings.model_fields.items()]
    return sorted(found, key=lambda one: (one.common, not one.required))


def _setting(name: str, one: FieldInfo) -> Setting:
    options = _options(one.annotation)
    kind: Kind = "text"
    if is_secret(one):
        kind = "secrets" if "Mapping" in str(one.annotation) else "secret"
    elif one.annotation is bool:
        kind, options = "flag", ("true", "false")
    elif options:
        kind = "choice"
    elif _is_nested(one.annotation):
        kind = "yaml"
    default = "" if one.is_required() or one.default is None else str(one.default)
    shown = default.lower() if kind == "flag" else default if kind in ("text", "choice") else ""
    common = name in ConnectionSettings.model_fields
    return Setting(name, kind, one.is_required(), common, shown, one.description or "", options)


def _options(annotation: Any) -> tuple[str, ...]:
    if get_origin(annotation) is Literal:
        return tuple(str(one) for one in get_args(annotation))
    return next((found for one in get_args(annotation) if (found := _options(one)) and not _is_nested(annotation)), ())


def _is_nested(annotation: Any) -> bool:
    kind = get_origin(annotation) or annotation
    if isinstance(kind, type) and kind is not UnionType:
        return issubclass(kind, BaseModel | Mapping | Sequence) and kind is not str
    return any(_is_nested(one) for one in get_args(annotation))


def drafted(
    name: str,
    connector: Connector,
    typed: Mapping[str, str],
    *,
    known: Collection[str],
    region: str,
    folder: Path | None,
    routed: bool = False,
) -> Draft:
    """What was typed, checked. ``folder`` is where the files go; None: the YAML is only shown.

    A secret that is not typed stands as an environment variable.
    """
    faults: dict[str, str] = {}
    given: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    variables: list[str] = []
    for one in settings_of_form(connector):
        text = typed.get(one.name, "").strip()
        if one.kind == "secret":
            if text and folder is not None:
                given[one.name], secrets[one.name] = text, text
                shown[one.name] = f"${{file:{_secret_file(folder, name, one.name).absolute()}}}"
            elif text or (folder is None and (one.required or typed.get(f"use-{one.name}") == "true")):
                variables.append(_variable(name, one.name))
                given[one.name] = text or "to-be-set-in-the-environment"
                shown[one.name] = f"${{{variables[-1]}}}"
        elif one.kind == "secrets":
            held = _named_secrets(text, faults, one.name) if text else {}
            given |= {one.name: held} if held else {}
            if held and folder is not None:
                secrets |= {f"{one.name}.{key}": value for key, value in held.items()}
                files = {key: _secret_file(folder, name, f"{one.name}.{key}").absolute() for key in held}
                shown[one.name] = {key: f"${{file:{file}}}" for key, file in files.items()}
            elif held:
                names = {key: _variable(name, f"{one.name}_{key}") for key in held}
                variables += names.values()
                shown[one.name] = {key: f"${{{variable}}}" for key, variable in names.items()}
        elif text and not (one.default and text == one.default):
            reader = Reader(None)
            value = reader.read(text) if one.kind in ("yaml", "flag") else text
            if reader.faults:
                faults[one.name] = reader.faults[0]
            elif one.kind == "yaml" and not isinstance(value, list | dict) and _is_list(connector, one.name):
                value = [part.strip() for part in text.split(",") if part.strip()]
            # Whoever may add a connection may not read Hub's environment and files by it.
            given[one.name], shown[one.name] = value, literal(value)
    made, found = _read(name, connector, given, region)
    faults = {**_by_setting(name, found, known=known), **faults}
    if routed and not faults and made and (lacking := lacks(made)):
        setting, _, what = lacking.partition(": ")
        faults[setting] = what
    document: dict[str, Any] = {"connections": {name or "name": {"connector": connector.manifest.slug, **shown}}}
    if routed:
        document["routes"] = [{"to": name}]
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    return Draft(name, text, faults, secrets, tuple(variables), bool(made and made.oauth))


def _is_list(connector: Connector, setting: str) -> bool:
    """Whether a setting holds several values: of those a person types names with commas between."""
    return get_origin(connector.manifest.settings.model_fields[setting].annotation) in (tuple, list)


def _named_secrets(text: str, faults: dict[str, str], setting: str) -> dict[str, str]:
    reader = Reader(None)
    read = reader.read(text)
    if isinstance(read, dict) and not reader.faults and all(re.fullmatch(r"[\w-]{1,80}", str(key)) for key in read):
        return {str(key): str(value) for key, value in read.items()}
    faults[setting] = "must hold `name: secret` pairs"
    return {}


def _read(
    name: str, connector: Connector, given: Mapping[str, Any], region: str
) -> tuple[Connection | None, list[str]]:
    """The connection, where it can be made of this, and what is wrong."""
    slug = connector.manifest.slug
    made, found = read_connections({name: (slug, given)}, default_region=region, declared={slug: connector})
    return made.get(name), found


def _by_setting(name: str, found: Sequence[str], *, known: Collection[str]) -> dict[str, str]:
    faults: dict[str, str] = {}
    for fault in found:
        path, _, what = fault.partition(": ")
        rest = path.removeprefix(f"connections.{name}").removeprefix(".")
        key = re.split(r"[.\[]", rest, maxsplit=1)[0]
        faults.setdefault(key or "name", what if rest in ("", key) else f"{rest}: {what}")
    if name in known:
        faults["name"] = "there is a connection of this name already"
    return faults


def _variable(name: str, setting: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", f"{name}_{setting}".upper())


def _secret_file(folder: Path, name: str, setting: str) -> Path:
    return folder / SECRETS / f"{name}.{setting}"


def writable(folder: Path | None) -> Path | None:
    """The folder where a person lets Hub write connections, else None."""
    return folder if folder is not None and folder.is_dir() and os.access(folder, os.W_OK | os.X_OK) else None


def write(folder: Path, draft: Draft) -> Path:
    """Write the connection, whole or not at all; gives its file. Raises RefusedError, ConfigError."""
    if draft.faults:
        raise ConfigError([f"{name}: {what}" for name, what in draft.faults.items()])
    target = folder / f"{draft.name}.yaml"
    if target.exists():
        raise RefusedError("there is a connection of this name already")
    made: list[Path] = []
    try:
        for setting, text in draft.secrets.items():
            file = _secret_file(folder, draft.name, setting)
            file.parent.mkdir(mode=0o700, exist_ok=True)
            made.append(file)
            _create(file, text)
        made.append(target)
        _create(target, draft.yaml)
    except OSError as error:
        for file in made if not isinstance(error, FileExistsError) else made[:-1]:
            with suppress(OSError):
                file.unlink()
        raise RefusedError(f"the folder {folder} cannot be written: {error.strerror}") from None
    return target


def _create(file: Path, text: str) -> None:
    half = file.with_name(f".{file.name}.part")
    with suppress(FileNotFoundError):
        half.unlink()
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    try:
        os.link(half, file)  # fails where somebody was faster
    finally:
        half.unlink()
