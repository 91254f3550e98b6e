"""Square's webhook subscriptions: one of them carries every topic, and signs with a key of its own.

Sources: https://developer.squareup.com/docs/webhooks/webhook-subscriptions-api (the application's personal access
token; no OAuth token is taken), https://developer.squareup.com/reference/square/webhook-subscriptions-api and
https://developer.squareup.com/reference/square/objects/WebhookSubscription. A subscription is changed and never made
anew where there is one: another would sign with another key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from hub.connectors.square.manifest import MANIFEST, SquareSettings
from hub.errors import ConfigError
from hub.sdk.http import HttpClient, json_of
from hub.sdk.subscriptions import Subscription, Subscriptions

_PATH = "/v2/webhooks/subscriptions"


def _headers(settings: SquareSettings) -> Mapping[str, str]:
    token = settings.application_token or settings.access_token
    if token is None:
        raise ConfigError(["application_token: is needed to make webhooks"])
    return {"authorization": f"Bearer {token.get_secret_value()}"}


def _all(client: HttpClient, settings: SquareSettings) -> Iterator[Mapping[str, Any]]:
    cursor = None
    while True:
        query = {"include_disabled": "true", "limit": "100", **({"cursor": cursor} if cursor else {})}
        found = json_of(client.get(_PATH, query, headers=_headers(settings)))
        yield from found.get("subscriptions") or ()
        following = found.get("cursor") or None
        if following is None or following == cursor:
            return
        cursor = following


def _listed(client: HttpClient, settings: SquareSettings) -> Iterator[Subscription]:
    for one in _all(client, settings):
        for topic in one.get("event_types") or ():
            active = one.get("enabled") is True
            yield Subscription(str(one.get("id")), str(topic), str(one.get("notification_url")), active)


def _create(client: HttpClient, settings: SquareSettings, url: str, topics: Sequence[str]) -> None:
    """Add the topics to the subscription of this address, switched on again where it was off; else make one."""
    own = [one for one in _all(client, settings) if str(one.get("notification_url")).rstrip("/") == url.rstrip("/")]
    wanted = [topic for topic in MANIFEST.topics if topic in topics]
    if own:
        first = sorted(own, key=lambda one: (one.get("enabled") is not True, str(one.get("id"))))[0]
        events = list(dict.fromkeys([*(first.get("event_types") or ()), *wanted]))
        body = {"subscription": {"enabled": True, "event_types": events}}
        client.request("PUT", f"{_PATH}/{quote(str(first.get('id')), safe='')}", body=body, headers=_headers(settings))
        return
    subscription = {
        "name": "Hub", "enabled": True, "event_types": wanted, "notification_url": url,
        "api_version": MANIFEST.api_version,
    }  # fmt: skip
    again = hashlib.sha256(f"{url}\n{sorted(str(one.get('id')) for one in own)}".encode()).hexdigest()[:45]
    client.post(_PATH, {"idempotency_key": again, "subscription": subscription}, headers=_headers(settings))


def _remove(client: HttpClient, settings: SquareSettings, gone: Subscription) -> None:
    client.request("DELETE", f"{_PATH}/{quote(gone.id, safe='')}", headers=_headers(settings))


SUBSCRIPTIONS = Subscriptions(
    _listed,
    _create,
    _remove,
    topics=tuple(topic for topic in MANIFEST.topics if topic != "item.updated"),  # listed, and no event of Square's
    renews=True,
    after="If Square made a new subscription, it signs with a new key: copy it (Developer Console, Webhooks, "
    "Subscriptions, Hub, Signature key) into signature_key of this connection and restart.",
)
