"""ActiveCampaign's webhooks: one that carries every topic, with our secret in its address.

Source: developers.activecampaign.com/reference/create-a-webhook (``events``, ``sources``), …/list-all-webhooks,
…/delete-a-webhook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.schemas import API
from hub.connectors.activecampaign.source_events import MAILS, TOLD
from hub.errors import ConfigError
from hub.sdk.http import HttpClient, json_of
from hub.sdk.subscriptions import Subscription, Subscriptions

SECRET = "secret"  # noqa: S105 - the parameter's name
EVENTS = (*TOLD, *MAILS)
SOURCES = ("public", "admin", "api", "system")


def _known(hook: Mapping[str, Any], settings: ActiveCampaignSettings) -> bool:
    """Whether its secret is one of ours: with any other its deliveries are refused."""
    given = parse_qs(urlsplit(str(hook.get("url"))).query).get(SECRET, [""])[0]
    return any(secret.get_secret_value() == given for secret in settings.webhook_secret or ())


def _listed(http: HttpClient, settings: ActiveCampaignSettings) -> Iterator[Subscription]:
    for hook in json_of(http.get(f"{API}/webhooks", {"limit": "100"})).get("webhooks") or ():
        sent = hook.get("events") or ()
        for topic in EVENTS:
            url = str(hook.get("url")).partition("?")[0]
            yield Subscription(str(hook["id"]), topic, url, active=topic in sent and _known(hook, settings))


def _create(http: HttpClient, settings: ActiveCampaignSettings, url: str, topics: Sequence[str]) -> None:
    """One webhook for all; an older one to this address goes, so that nothing is told twice."""
    if not settings.webhook_secret:
        raise ConfigError(["webhook_secret: is required, as ActiveCampaign signs nothing"])
    told = {one.id for one in _listed(http, settings) if one.url.rstrip("/") == url.rstrip("/")}
    address = f"{url}?{urlencode({SECRET: settings.webhook_secret[0].get_secret_value()})}"
    body = {"name": "Hub", "url": address, "events": [*EVENTS], "sources": [*SOURCES]}
    http.post(f"{API}/webhooks", {"webhook": body})
    for one in sorted(told):
        http.request("DELETE", f"{API}/webhooks/{one}")


def _remove(http: HttpClient, settings: ActiveCampaignSettings, gone: Subscription) -> None:
    http.request("DELETE", f"{API}/webhooks/{gone.id}")


SUBSCRIPTIONS = Subscriptions(_listed, _create, _remove, topics=EVENTS, renews=True)
