"""The baseline: the least an ASGI server can do with a signed webhook, stored nowhere.

Run by uvicorn with uvloop and httptools: read the body, check the HMAC, answer 200.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.payloads import SECRET

KEY = SECRET.encode()
HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"0")]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    given = next((value for name, value in scope["headers"] if name == b"x-shopify-hmac-sha256"), b"")
    expected = base64.b64encode(hmac.digest(KEY, b"".join(parts), hashlib.sha256))
    status = 200 if hmac.compare_digest(given, expected) else 401
    await send({"type": "http.response.start", "status": status, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b""})
