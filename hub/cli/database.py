"""The way of a command to the database, also beside a running `hub up` on the same data directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hub import log
from hub.settings import Settings, load

if TYPE_CHECKING:
    from hub.bootstrap import Runtime
    from hub.store.database import Database


def settings_of(config: Path | None) -> Settings:
    """Read the configuration and set the log up by it. Raises ConfigError."""
    settings = load(config, os.environ)
    log.configure(settings.log_level, settings.log_format)
    return settings


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
