"""A server that does wrong on purpose, over a real socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Misbehaviour = Callable[[socket.socket], None]


@contextmanager
def listening(behave: Misbehaviour) -> Iterator[str]:
    """The URL of a server that reads the request's head and then does as ``behave`` says."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def one(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.recv(65536)
                behave(connection)

        def accept() -> None:
            while not ended.is_set():
                with suppress(OSError):
                    connection, _ = server.accept()
                    threading.Thread(target=one, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            ended.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)
