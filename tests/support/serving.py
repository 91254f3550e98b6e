"""An ASGI application behind Hub's real server, on a port of its own, in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from hub.api import server as http
from hub.api.protocol import Limits


@contextmanager
def served(app: Any, *, limits: Limits | None = None, trusted_proxies: tuple[str, ...] = ()) -> Iterator[str]:
    """The root URL; the server stops, and its lifespan ends, with the block."""
    server = uvicorn.Server(http.config(app, "127.0.0.1", 0, limits=limits, trusted_proxies=trusted_proxies))
    thread = threading.Thread(target=server.run, name="uvicorn")
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive(), "the server ended at its start"
            assert time.monotonic() < deadline, "the server did not start in 60 s"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(15)
