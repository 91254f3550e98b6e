"""One HTTP server: uvicorn with Hub's connections and its trusted proxies, and no log that strangers can fill."""

from __future__ import annotations

import ipaddress
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import uvicorn

from hub.api.protocol import Limits, guarded

_SPARE_FILES = 200
"""File descriptors left to the database, the log and everything else."""
_WANTED_FILES = 8_192


def config(
    app: Any, host: str, port: int, *, trusted_proxies: Sequence[str] = (), limits: Limits | None = None
) -> uvicorn.Config:
    """Uvicorn's configuration.

    ``trusted_proxies`` are addresses and networks whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed;
    without any, nobody's are.
    """
    networks = [ipaddress.ip_network(trusted, strict=False) for trusted in trusted_proxies]
    logging.getLogger("uvicorn.error").addFilter(_not_of_strangers)
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http=guarded(limits or _limits(), networks),
        ws="none",
        proxy_headers=bool(networks),
        forwarded_allow_ips=[str(network) for network in networks],
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=True,
        lifespan="on",
        timeout_graceful_shutdown=10,
    )


def is_loopback(host: str) -> bool:
    """True when only this machine can reach a server that listens on ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _limits() -> Limits:
    """The defaults, as far as this process may open files: a connection is one."""
    usual = Limits()
    if sys.platform == "win32":
        return usual
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_FILES if hard == resource.RLIM_INFINITY else min(_WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    if soft == resource.RLIM_INFINITY or soft - _SPARE_FILES >= usual.connections:
        return usual
    connections = max(16, soft - _SPARE_FILES)
    return replace(usual, connections=connections, per_address=max(8, connections // 4))


def _not_of_strangers(record: logging.LogRecord) -> bool:
    # Anyone can make uvicorn say these, as often as they like; the metrics count them.
    return not str(record.msg).startswith(("Invalid HTTP request", "Unsupported upgrade request"))
