"""The roles: ``api``, ``worker``, ``scheduler``, and ``up``, which runs them all in one process group."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from hub import bootstrap, log, metrics
from hub.application.target_fields import check_targets
from hub.cli import interrupt, output
from hub.cli.database import DEFAULT_PORT, settings_of, unconfigured, warn_at_start
from hub.cli.parts import Parts
from hub.errors import ConfigError, HubError
from hub.pipeline import QUEUES
from hub.sdk.connection import Connection
from hub.settings import Settings, load
from hub.store import migrate as schema
from hub.workers import parent
from hub.workers.memory import tune_memory

HostOption = Annotated[str, typer.Option("--host", help="Address to listen on.")]
PortOption = Annotated[int, typer.Option("--port", help="Port to listen on.")]
MetricsPortOption = Annotated[int | None, typer.Option(help="Serve /metrics of this process on this port.")]
MetricsHostOption = Annotated[str, typer.Option(help="Address to serve /metrics on.")]
STATEMENT_SECONDS = 20
"""The longest a question over the REST API may keep the database busy."""
RESTART_SECONDS = 1.0
PORT_SECONDS = 3.0
"""How long `hub up` waits for its port to become free."""


def api(
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    config: output.ConfigOption = None,
    json: output.JsonOption = False,
) -> None:
    """Run the HTTP role: webhooks, REST API, health, metrics.

    Beyond loopback, /metrics, /docs and /openapi.json need a token.
    """
    from hub.api.memory import give_back
    from hub.api.server import is_loopback

    follows = parent.follow()
    with output.exit_codes(json=json), _stopped_by_signal() as stopping:
        settings = _started(config, follows=follows, port=port)
        with bootstrap.role(settings, statement_seconds=STATEMENT_SECONDS, failed=stopping.set) as (run, ground):
            application = bootstrap.api(run, open_pages=is_loopback(host))
            tune_memory()
            give_back()
            serve(application, host, port, stopping, settings.hub.trusted_proxies)
            if ground.fault is not None:
                raise ground.fault


def _started(config: Path | None, *, follows: bool, port: int | None = None) -> Settings:
    settings = settings_of(config)
    if not follows:  # who started this role has said it
        warn_at_start(config, settings, port)
        if settings.mapping_folder is not None and settings.mapping_folder.is_dir():
            _check_targets(settings, bootstrap.configure(settings)[0])
    return settings


def _check_targets(settings: Settings, connections: Mapping[str, Connection]) -> None:
    """Raise ConfigError for fields of mapping files that a CRM does not have; say what could not be asked."""
    told = check_targets(connections, settings, "when_needed", now=datetime.now(UTC))
    for warning in told.warnings:
        output.say(f"warning: {warning}")
    if told.faults:
        raise ConfigError(told.faults)


def serve(app: Any, host: str, port: int, stopping: threading.Event, trusted_proxies: Sequence[str] = ()) -> None:
    """Serve an ASGI application until ``stopping``, or SIGINT or SIGTERM, which uvicorn hands on when it has ended."""
    from hub.api import server as http

    server = uvicorn.Server(http.config(app, host, port, trusted_proxies=trusted_proxies))

    def end() -> None:
        stopping.wait()
        server.should_exit = True

    threading.Thread(target=end, name="end", daemon=True).start()
    server.run()


def worker(
    schedule: Annotated[bool, typer.Option("--schedule/--no-schedule", help="Also run the scheduler here.")] = True,
    queues: Annotated[
        str, typer.Option("--queues", help="Which steps run here, by comma: process, complete, deliver.")
    ] = ",".join(QUEUES),
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = "127.0.0.1",
    config: output.ConfigOption = None,
    json: output.JsonOption = False,
) -> None:
    """Run the actors: process, complete, deliver."""
    chosen = queues.split(",")
    if unknown := set(chosen) - set(QUEUES):
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}", param_hint="--queues")
    follows = parent.follow()
    with (
        output.exit_codes(json=json),
        _stopped_by_signal() as stopping,
        bootstrap.role(_started(config, follows=follows)) as (run, ground),
        _metrics(metrics_host, metrics_port, run),
    ):
        if ground.wait(stopping):
            with bootstrap.worker(run, schedule=schedule, queues=chosen):
                tune_memory()
                stopping.wait()


def scheduler(
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = "127.0.0.1",
    config: output.ConfigOption = None,
    json: output.JsonOption = False,
) -> None:
    """Run the sweep and everything else that happens by the clock."""
    follows = parent.follow()
    with (
        output.exit_codes(json=json),
        _stopped_by_signal() as stopping,
        bootstrap.role(_started(config, follows=follows)) as (run, ground),
        _metrics(metrics_host, metrics_port, run),
    ):
        if ground.wait(stopping):
            with bootstrap.scheduler(run):
                stopping.wait()


def migrate(config: output.ConfigOption = None, json: output.JsonOption = False) -> None:
    """Bring the database schema up to date."""
    with output.exit_codes(json=json):
        settings = settings_of(config)
        rules = bootstrap.rules(settings)
        with bootstrap.postgres(settings) as dsn:
            done = schema.migrate(dsn)
            bootstrap.take_rules(dsn, *rules)
    if json:
        output.show_json({"migrated": done, "version": schema.HEAD})
    else:
        output.show(f"schema is at {schema.HEAD}" + ("" if done else " already"))


def up(
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    config: output.ConfigOption = None,
    json: output.JsonOption = False,
) -> None:
    """Run everything: API, workers and scheduler, with an embedded PostgreSQL unless HUB_DATABASE_URL is set.

    It ends when it is told to. While the database recovers or is away, the API answers 503.
    """
    with output.exit_codes(json=json), _stopped_by_signal() as stopping:
        settings = load(config, os.environ)
        log.configure(settings.log_level, settings.log_format)
        connections, _, identity, survivorship = bootstrap.configure(settings)
        _require_free(host, port)
        warn_at_start(config, settings, port)
        _check_targets(settings, connections)
        if not settings.connections and not unconfigured(config):
            output.say("warning: no connections are configured, webhooks will get 404; `hub init` writes a starter")

        def prepare(dsn: str) -> None:
            bootstrap.take_rules(dsn, identity, survivorship)

        with (
            bootstrap.foundation(settings, prepare=prepare, failed=stopping.set) as ground,
            _shared_counters() as counters,
        ):
            options = ["--config", str(config)] if config else []
            roles = {
                "api": ["api", "--host", host, "--port", str(port), *options],
                "worker": ["worker", *options],
            }
            output.say(f"Hub listens on http://{host}:{port}")
            supervise(
                roles,
                {"HUB_DATABASE_URL": ground.dsn, **counters},
                stopping,
                may_start=lambda role: role == "api" or ground.ready.is_set(),
                changed=Parts(settings.part_folder, config).changed,
            )
            if ground.fault is not None:
                raise ground.fault


@contextmanager
def _shared_counters() -> Iterator[dict[str, str]]:
    """The environment of processes that count together: any of them tells the counters of all."""
    folder = tempfile.mkdtemp(prefix="hub-metrics-")
    try:
        yield {"PROMETHEUS_MULTIPROC_DIR": folder}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_free(host: str, port: int) -> None:
    """Raise HubError when another process listens there: its own restarts would not help the API.

    The API of a Hub that was killed a moment ago is given the time to end.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    give_up = time.monotonic() + PORT_SECONDS
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > give_up:
                    text = f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port"
                    raise HubError(text) from None
            else:
                return
        time.sleep(0.1)


def supervise(
    roles: Mapping[str, Sequence[str]],
    environment: Mapping[str, str],
    stopping: threading.Event,
    *,
    may_start: Callable[[str], bool] = lambda role: True,
    changed: Callable[[], bool] = lambda: False,
) -> None:
    """Run each role as a child process, once it may start, and start it again when it ends, until ``stopping``.

    Where ``changed`` says so all of them end, and start again.
    """
    children: dict[str, subprocess.Popen[bytes]] = {}
    not_before: dict[str, float] = {}
    try:
        while not stopping.wait(0.1):
            if changed():
                for running in children.values():
                    running.terminate()
            for role in roles:
                child = children.get(role)
                if child is not None and child.poll() is not None:
                    output.say(f"{role} ended with {child.returncode}; starting it again")
                    del children[role]
                    not_before[role] = time.monotonic() + RESTART_SECONDS
                if role not in children and time.monotonic() >= not_before.get(role, 0.0) and may_start(role):
                    children[role] = _spawn(roles[role], environment)
    finally:
        for child in children.values():
            child.terminate()
        for child in children.values():
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _spawn(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return parent.spawn([sys.executable, "-m", "hub.cli", *arguments], {**os.environ, **environment})


@contextmanager
def _stopped_by_signal() -> Iterator[threading.Event]:
    """An event that SIGINT, SIGTERM and, unless it is ignored as under nohup, SIGHUP set."""
    stopping = threading.Event()
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in interrupt.signals()}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _metrics(host: str, port: int | None, run: bootstrap.Runtime) -> Iterator[None]:
    if port is None:
        yield
        return
    from prometheus_client import start_http_server

    server, thread = start_http_server(port, addr=host, registry=metrics.registry(run.gauges.readings))
    try:
        yield
    finally:
        server.shutdown()
        thread.join(5)
