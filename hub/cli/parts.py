"""Connections in files of their own: `hub up` takes them up while it runs, once they are free of faults."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from hub import bootstrap
from hub.cli import output
from hub.errors import ConfigError
from hub.settings import load

LOOK_SECONDS = 1.0
"""Between two looks at the folder."""

Stamp = frozenset[tuple[str, int, int]]


class Parts:
    """Tells when the files of the folder have changed. A change with faults is said, and changes nothing."""

    def __init__(self, folder: Path | None, config: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._config, self._clock = folder, config, clock
        self._seen, self._next = self._stamp(), 0.0

    def changed(self) -> bool:
        """Whether the roles have to start again."""
        if self._folder is None or self._clock() < self._next:
            return False
        self._next = self._clock() + LOOK_SECONDS
        if (now := self._stamp()) == self._seen:
            return False
        self._seen = now
        try:
            bootstrap.configure(load(self._config, os.environ))
        except ConfigError as error:
            output.say(f"{self._folder} has changed and is not taken up, as it has faults:")
            for fault in error.faults:
                output.say(fault)
            return False
        output.say(f"{self._folder} has changed; the roles start again with it")
        return True

    def _stamp(self) -> Stamp:
        if self._folder is None or not self._folder.is_dir():
            return frozenset()
        found = []
        for file in self._folder.glob("*.yaml"):
            try:
                told = file.stat()
            except FileNotFoundError:
                continue
            found.append((file.name, told.st_mtime_ns, told.st_size))
        return frozenset(found)
