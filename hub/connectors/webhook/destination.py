"""Sends one signed message per request.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: 2xx is delivered,
redirects are failures and not followed, 410 means the receiver wants no more, the id stays and the timestamp changes
from attempt to attempt, one signature per live secret.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import orjson

from hub.connectors.webhook.manifest import WebhookSettings
from hub.connectors.webhook.mapping import render
from hub.errors import HubError, RejectedError, Unavailable
from hub.sdk.destination import Destination, HttpRequest, Write, WriteResult
from hub.sdk.http import HttpClient, StatusTable
from hub.sdk.signatures import standard_webhooks

STATUSES: StatusTable = {
    **dict.fromkeys((300, 301, 302, 303, 304, 307, 308), Unavailable),
    404: Unavailable,
    408: Unavailable,
    409: RejectedError,
    410: RejectedError,
}
"""A receiver that is away or moved (3xx, 404) is waited for; one that is gone (410) is not."""


def plan(writes: Sequence[Write], settings: WebhookSettings) -> Sequence[HttpRequest]:
    """One POST per message, to the path of ``url``."""
    return [HttpRequest("POST", _path(settings), write.body) for write in writes]


def send(writes: Sequence[Write], http: HttpClient, settings: WebhookSettings) -> Sequence[WriteResult]:
    """Sign and send.

    Raises Unavailable, RateLimited, RejectedError, or AuthError (401, 403, and a private address).
    """
    results: list[WriteResult] = []
    for write in writes:
        content = orjson.dumps(write.body)
        headers = sign(str(write.body["id"]), content, settings, timestamp=int(time.time()))
        try:
            http.request("POST", _path(settings), content=content, headers=headers)
        except HubError as error:
            error.args = (_without_echo(str(error), write.body),)
            raise
        results.append(WriteResult(write.key, "delivered", write.key))
    return results


def sign(message_id: str, content: bytes, settings: WebhookSettings, *, timestamp: int) -> Mapping[str, str]:
    """The three headers of Standard Webhooks, and the content type; ``timestamp`` in seconds."""
    signatures = (
        standard_webhooks(secret.get_secret_value(), message_id=message_id, timestamp=timestamp, body=content)
        for secret in settings.secret
    )
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _without_echo(words: str, body: Mapping[str, Any]) -> str:
    """Many receivers repeat what they refuse: then only method, host and status are kept."""
    said = any(len(text) > 2 and text in words for text in _texts(body["data"]))
    return words.partition(": ")[0] if said else words


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping | list | tuple):
        for child in node.values() if isinstance(node, Mapping) else node:
            yield from _texts(child)


def _path(settings: WebhookSettings) -> str:
    parts = urlsplit(settings.url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _origin(settings: WebhookSettings) -> str:
    parts = urlsplit(settings.url)
    return f"{parts.scheme}://{parts.netloc}"


DESTINATION = Destination(
    render=render,
    plan=plan,
    send=send,
    api_root=_origin,
    status_table=STATUSES,
    allows_private=lambda settings: settings.allow_private_addresses,
)
