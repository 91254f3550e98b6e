"""Sends one signed message per request.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: 2xx is delivered,
redirects are failures and not followed, 410 means the receiver wants no more, the id stays and the timestamp changes
from attempt to attempt, one signature per live secret.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

import orjson

from hub.connectors.webhook.manifest import WebhookSettings
from hub.connectors.webhook.mapping import render
from hub.errors import AuthError, HubError, RejectedError, Unavailable
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
    if not settings.allow_private_addresses:
        refuse_private(http.root)
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


def refuse_private(url: str, resolve: Callable[[str, int], Sequence[str]] | None = None) -> None:
    """Raise AuthError (the connection pauses) if any address of the host is not a public one.

    Raises Unavailable when the name does not resolve. The name is resolved again by the request: a name server that
    answers otherwise a moment later is only kept out by a firewall or an egress proxy.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = (resolve or _resolve)(host, port)
    except OSError as error:
        raise Unavailable(f"{host}: {type(error).__name__}") from None
    if not addresses or not all(_is_public(ip_address(address.partition("%")[0])) for address in addresses):
        raise AuthError(f"{host} is a private address; set allow_private_addresses if that is meant")


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


def _resolve(host: str, port: int) -> Sequence[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return _is_public(inner)
    return address.is_global and not address.is_multicast


def _path(settings: WebhookSettings) -> str:
    parts = urlsplit(settings.url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _origin(settings: WebhookSettings) -> str:
    parts = urlsplit(settings.url)
    return f"{parts.scheme}://{parts.netloc}"


DESTINATION = Destination(render=render, plan=plan, send=send, api_root=_origin, status_table=STATUSES)
