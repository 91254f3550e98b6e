"""The way of a command to the database, also beside a running `hub up` on the same data directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hub import log
from hub.cli import output
from hub.errors import ConfigError
from hub.settings import DEFAULT_CONFIG, Settings, load

if TYPE_CHECKING:
    from hub.bootstrap import Runtime
    from hub.store.database import Database


def settings_of(config: Path | None) -> Settings:
    """Read the configuration and set the log up by it. Raises ConfigError, also where there is no Hub at all."""
    settings = load(config, os.environ)
    log.configure(settings.log_level, settings.log_format)
    _require_hub(config, settings)
    return settings


DEFAULT_PORT = 8080


def warn_at_start(config: Path | None, settings: Settings, port: int | None = None) -> None:
    """Say what a role that starts would otherwise begin without: a configuration, and variables that are misspelt.

    With the ``port`` it listens on also that ``public_url`` leads elsewhere.
    """
    lost = [] if port is None else misdirected(settings, port)
    for warning in (*unconfigured(config), *settings.unknown_variables(os.environ), *lost):
        output.say(f"warning: {warning}")


def misdirected(settings: Settings, port: int) -> list[str]:
    """That ``public_url`` leads to this machine, and not to the port that Hub listens on; a proxy's may well differ.

    Of port 0 nobody knows yet which it will be.
    """
    url = urlsplit(settings.hub.public_url)
    named = url.port or (443 if url.scheme == "https" else 80)
    if port in (0, named) or url.hostname not in ("localhost", "127.0.0.1", "::1"):
        return []
    missed = f"hub.public_url: it names port {named}, and Hub listens on {port}: whoever calls or signs it misses Hub"
    return [f"{missed}. Start with --port {named}, or write {port} there"]


def unconfigured(config: Path | None) -> list[str]:
    """That there is no configuration, where it was looked for, and how to make one; nothing where there is one."""
    if _is_named(config):
        return []
    looked = f"there is no configuration: looked for {DEFAULT_CONFIG.absolute()}"
    return [f"{looked}. Hub has no connections without one; `hub init` writes it, --config or HUB_CONFIG names another"]


def _is_named(config: Path | None) -> bool:
    return config is not None or bool(os.environ.get("HUB_CONFIG")) or DEFAULT_CONFIG.exists()


def _require_hub(config: Path | None, settings: Settings) -> None:
    """In the wrong folder a command must not answer from an empty Hub that it made there."""
    if (
        _is_named(config)
        or settings.database_url is not None
        or (settings.data_dir / "postgres" / "PG_VERSION").exists()
    ):
        return
    missing = f"there is no Hub in {Path.cwd()}: no {DEFAULT_CONFIG}, and no data in {settings.data_dir}"
    raise ConfigError([f"{missing}. Go to its folder, name its file with --config, or begin here with `hub init`"])


@contextmanager
def opened(config: Path | None) -> Iterator[Database]:
    """The database alone: no connector is loaded."""
    from hub import bootstrap

    with bootstrap.opened(settings_of(config), stable_plans=False) as database:
        yield database


@contextmanager
def configured(config: Path | None) -> Iterator[Runtime]:
    """Everything that is configured, and the database."""
    from hub import bootstrap

    with bootstrap.runtime(settings_of(config), pool_size=2) as run:
        yield run
