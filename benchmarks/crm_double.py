"""A CRM that takes everything at once and counts what arrives: the far end of the Node-RED flow.

``python -m benchmarks.crm_double --port N``. ``POST /contacts`` takes one JSON contact with an ``event_id``;
``GET /count`` answers ``{"calls": …, "events": …}``, where ``events`` counts distinct event ids.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import cast

import httptools
import orjson
import uvloop


class Counted:
    """What has arrived since the start."""

    def __init__(self) -> None:
        self.calls = 0
        self.events: set[str] = set()


class Double(asyncio.Protocol):
    """One connection to the double."""

    def __init__(self, counted: Counted) -> None:
        self.counted = counted
        self.parser = httptools.HttpRequestParser(self)
        self.transport: asyncio.WriteTransport | None = None
        self.path = b""
        self.parts: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)  # uvloop's is one without inheriting from it

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.path = b""
        self.parts = []

    def on_url(self, url: bytes) -> None:
        self.path += url

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        if self.path == b"/contacts":
            self.counted.calls += 1
            self.counted.events.add(orjson.loads(b"".join(self.parts))["event_id"])
            answer = b"{}"
        else:
            answer = orjson.dumps({"calls": self.counted.calls, "events": len(self.counted.events)})
        assert self.transport is not None
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer)
        )


async def serve(port: int) -> None:
    counted = Counted()
    server = await asyncio.get_running_loop().create_server(lambda: Double(counted), "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="A CRM double that counts what arrives.")
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
