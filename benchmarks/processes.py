"""Starts, watches and ends the processes under measurement, each by its own id."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Running:
    """A process that runs, with its children."""

    pid: int

    def resident_mb(self) -> float:
        """Resident memory in MB (10^6 bytes); pages shared between processes count in each."""
        return self._sum(lambda member: float(member.memory_info().rss)) / 1e6

    def cpu_seconds(self) -> float:
        """User and system time so far, with that of children that have ended."""
        return self._sum(lambda member: float(sum(member.cpu_times()[:4])))

    def _sum(self, value: Callable[[psutil.Process], float]) -> float:
        parent = psutil.Process(self.pid)
        total = value(parent)
        for child in parent.children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # PostgreSQL's vacuum workers come and go
                total += value(child)
        return total


_PORTS = itertools.cycle(range(20_000, 32_000))
"""Below those that a system gives to whoever asks for any: nobody gets it before the process under test does."""
deque(itertools.islice(_PORTS, os.getpid() * 97 % 12_000), maxlen=0)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now, and this process gave to nobody else."""
    for port in _PORTS:
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("unreachable")


@contextmanager
def running(
    command: Sequence[str], *, port: int, env: Mapping[str, str] | None = None, wait_seconds: float = 60.0
) -> Iterator[Running]:
    """Run a process until the block ends; entered when it listens on ``port``."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(env or {})}, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(port, process, wait_seconds)
            yield Running(process.pid)
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace")[-4000:])
            raise
        finally:
            _end(process)


def _wait_for(port: int, process: subprocess.Popen[bytes], seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode} before it listened")
        with closing(socket.socket()) as probe:
            probe.settimeout(1.0)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"{process.args!r} does not listen on port {port} after {seconds:.0f} s")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
