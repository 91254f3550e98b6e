"""The roles: ``api``, ``worker``, ``scheduler``, and ``up``, which runs them all in one process group."""

from __future__ import annotations

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
from typing import Annotated, Any

import typer
import uvicorn

from hub import bootstrap, log, metrics
from hub.cli import output
from hub.errors import HubError
from hub.pipeline import QUEUES
from hub.settings import Settings, load
from hub.store import embedded
from hub.store import migrate as schema

HostOption = Annotated[str, typer.Option("--host", help="Address to listen on.")]
PortOption = Annotated[int, typer.Option("--port", help="Port to listen on.")]
MetricsPortOption = Annotated[int | None, typer.Option(help="Serve /metrics of this process on this port.")]
MetricsHostOption = Annotated[str, typer.Option(help="Address to serve /metrics on.")]
STATEMENT_SECONDS = 20
"""The longest a question over the REST API may keep the database busy."""
RESTART_SECONDS = 1.0


def settings_of(config: Any) -> Settings:
    """Read the configuration and set the log up by it."""
    settings = load(config, os.environ)
    log.configure(settings.log_level, settings.log_format)
    return settings


def api(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8080,
    config: output.ConfigOption = None,
    json: output.JsonOption = False,
) -> None:
    """Run the HTTP role: webhooks, REST API, health, metrics."""
    with (
        output.exit_codes(json=json),
        bootstrap.runtime(settings_of(config), statement_seconds=STATEMENT_SECONDS) as run,
    ):
        application = bootstrap.api(run)
        bootstrap.tune_memory()
        serve(application, host, port)


def serve(app: Any, host: str, port: int) -> None:
    """Serve an ASGI application until SIGINT or SIGTERM."""
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        lifespan="on",
        timeout_graceful_shutdown=10,
    )


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
    with (
        output.exit_codes(json=json),
        bootstrap.runtime(settings_of(config)) as run,
        _metrics(metrics_host, metrics_port, run),
        bootstrap.worker(run, schedule=schedule, queues=chosen),
    ):
        bootstrap.tune_memory()
        _until_stopped()


def scheduler(
    metrics_port: MetricsPortOption = None,
    metrics_host: MetricsHostOption = "127.0.0.1",
    config: output.ConfigOption = None,
    json: output.JsonOption = False,
) -> None:
    """Run the sweep and everything else that happens by the clock."""
    with (
        output.exit_codes(json=json),
        bootstrap.runtime(settings_of(config)) as run,
        _metrics(metrics_host, metrics_port, run),
        bootstrap.scheduler(run),
    ):
        _until_stopped()


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
    port: PortOption = 8080,
    config: output.ConfigOption = None,
    json: output.JsonOption = False,
) -> None:
    """Run everything: API, workers and scheduler, with an embedded PostgreSQL unless HUB_DATABASE_URL is set."""
    with output.exit_codes(json=json):
        settings = settings_of(config)
        *_, identity, survivorship = bootstrap.configure(settings)
        _require_free(host, port)
        if not settings.connections:
            output.say("warning: no connections are configured, webhooks will get 404; `hub init` writes a starter")
        with bootstrap.postgres(settings) as dsn, _shared_counters() as counters:
            schema.migrate(dsn)
            bootstrap.take_rules(dsn, identity, survivorship)
            options = ["--config", str(config)] if config else []
            roles = {
                "api": ["api", "--host", host, "--port", str(port), *options],
                "worker": ["worker", *options],
            }
            output.say(f"Hub listens on http://{host}:{port}")
            supervise(roles, {"HUB_DATABASE_URL": dsn, **counters}, tend=lambda: _tend_postgres(settings))


@contextmanager
def _shared_counters() -> Iterator[dict[str, str]]:
    """The environment of processes that count together: any of them tells the counters of all."""
    folder = tempfile.mkdtemp(prefix="hub-metrics-")
    try:
        yield {"PROMETHEUS_MULTIPROC_DIR": folder}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_free(host: str, port: int) -> None:
    """Raise HubError when another process listens there: its own restarts would not help the API."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise HubError(f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port") from None


def _tend_postgres(settings: Settings) -> None:
    """Start the embedded server again when it was killed; it recovers what was committed."""
    if settings.database_url is None and not embedded.is_running(settings.data_dir):
        output.say("PostgreSQL ended; starting it again")
        embedded.start(settings.data_dir)


def supervise(
    roles: Mapping[str, Sequence[str]], environment: Mapping[str, str], *, tend: Callable[[], None] = lambda: None
) -> None:
    """Run each role as a child process and start it again when it ends, until SIGINT or SIGTERM.

    ``tend`` is called over and over, to look after what the roles stand on.
    """
    stopping = threading.Event()
    with _signals(stopping):
        children = {role: _spawn(arguments, environment) for role, arguments in roles.items()}
        try:
            while not stopping.wait(0.2):
                tend()
                for role, child in children.items():
                    if child.poll() is not None:
                        output.say(f"{role} ended with {child.returncode}; starting it again")
                        time.sleep(RESTART_SECONDS)
                        children[role] = _spawn(roles[role], environment)
        finally:
            for child in children.values():
                child.terminate()
            for child in children.values():
                try:
                    child.wait(30)
                except subprocess.TimeoutExpired:
                    child.kill()


def _spawn(arguments: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # A session of their own: Ctrl-C reaches the parent, which stops them in order.
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "hub.cli", *arguments], env={**os.environ, **environment}, start_new_session=True
    )


@contextmanager
def _signals(stopping: threading.Event) -> Iterator[None]:
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _until_stopped() -> None:
    stopping = threading.Event()
    with _signals(stopping):
        while not stopping.wait(0.5):
            pass


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
