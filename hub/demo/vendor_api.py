"""The vendors' own APIs, for events that bring only an id: Square's orders and customers, Meta's leads.

Answers have the shapes of developer.squareup.com/reference/square/orders-api/retrieve-order,
…/customers-api/retrieve-customer and developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class VendorApi:
    """``objects`` by path; ``token`` is asked for. The first ``outages`` calls are answered with 503."""

    token: str
    objects: dict[str, Json] = field(default_factory=dict)
    outages: int = 1
    calls: Counter[int] = field(default_factory=Counter)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The ASGI call."""
        if scope["type"] != "http":
            return
        status, body = self.answer(scope["path"], dict(scope["headers"]).get(b"authorization", b"").decode())
        self.calls[status] += 1
        content = json.dumps(body, ensure_ascii=False).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def answer(self, path: str, authorization: str) -> tuple[int, Json]:
        """Status and body for one GET."""
        if authorization != f"Bearer {self.token}":
            return 401, {"errors": [{"category": "AUTHENTICATION_ERROR", "code": "UNAUTHORIZED"}]}
        if self.outages > 0:
            self.outages -= 1
            return 503, {"errors": [{"category": "API_ERROR", "code": "SERVICE_UNAVAILABLE"}]}
        if path not in self.objects:
            return 404, {"errors": [{"category": "INVALID_REQUEST_ERROR", "code": "NOT_FOUND"}]}
        return 200, self.objects[path]
