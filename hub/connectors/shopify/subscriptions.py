"""Shopify's webhooks, made by the GraphQL Admin API for one shop.

Sources: https://shopify.dev/docs/api/admin-graphql/latest/objects/WebhookSubscription (``uri``; ``callbackUrl`` is
deprecated), .../mutations/webhookSubscriptionCreate, .../mutations/webhookSubscriptionDelete,
.../enums/WebhookSubscriptionTopic. An app sees its own subscriptions alone, and none of those that were made in the
shop's admin (https://shopify.dev/docs/api/admin-rest/latest/resources/webhook). The API version is the app's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.connectors.shopify.manifest import MANIFEST, ShopifySettings
from hub.connectors.shopify.source_graphql import ask
from hub.errors import ConfigError, RejectedError
from hub.sdk.http import HttpClient
from hub.sdk.subscriptions import Subscription, Subscriptions

PRIVACY = ("customers/data_request", "customers/redact", "shop/redact")
"""Mandatory topics: only the app's own configuration subscribes to them
(https://shopify.dev/docs/apps/build/privacy-law-compliance)."""

OF_ANOTHER_SCOPE = ("products/create", "products/update")
"""They need read_products (https://shopify.dev/docs/api/usage/access-scopes), which orders and customers do not: who
wants them subscribes to them in the app's own configuration."""

TOPICS = tuple(topic for topic in MANIFEST.topics if topic not in (*PRIVACY, *OF_ANOTHER_SCOPE))


def name_of(topic: str) -> str:
    """A topic as the API's enumeration has it: ``orders/create`` is ``ORDERS_CREATE``."""
    return topic.replace("/", "_").replace(".", "_").upper()


_TOPIC_OF = {name_of(topic): topic for topic in TOPICS}

_LIST = """query Hub($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { id topic uri }
    pageInfo { hasNextPage endCursor }
  }
}"""
_CREATE = """mutation Hub($topic: WebhookSubscriptionTopic!, $webhook: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $webhook) {
    webhookSubscription { id }
    userErrors { field message }
  }
}"""
_DELETE = """mutation Hub($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } }
}"""


def _require_token(settings: ShopifySettings) -> None:
    if settings.access_token is None:
        raise ConfigError(["access_token: is needed to make webhooks"])


def _listed(client: HttpClient, settings: ShopifySettings) -> Iterator[Subscription]:
    """A subscription that failed too often is removed by Shopify, so none is ever inactive."""
    _require_token(settings)
    after: str | None = None
    while True:
        found = ask(client, settings, _LIST, {"after": after}).get("webhookSubscriptions") or {}
        for one in found.get("nodes") or ():
            topic = str(one.get("topic"))
            yield Subscription(str(one.get("id")), _TOPIC_OF.get(topic, topic), str(one.get("uri")))
        page = found.get("pageInfo") or {}
        following = page.get("endCursor") if page.get("hasNextPage") else None
        if following is None or following == after:
            return
        after = following


def _create(client: HttpClient, settings: ShopifySettings, url: str, topics: Sequence[str]) -> None:
    """Each topic needs a scope of its own: what is granted is made before anything is said of the rest."""
    _require_token(settings)
    refused: list[str] = []
    for topic in topics:
        webhook = {"uri": url, "format": "JSON"}
        try:
            answer = ask(client, settings, _CREATE, {"topic": name_of(topic), "webhook": webhook})
            made = answer.get("webhookSubscriptionCreate") or {}
            words = _user_errors(made)
            if not words and not made.get("webhookSubscription"):
                words = "no subscription came back, and no reason"  # Shopify/shopify-api-js#853
        except RejectedError as error:  # an older API version does not know the topic
            words = str(error)
        if words:
            refused.append(f"{topic}: {words}")
    if refused:
        raise RejectedError(f"Shopify refused {len(refused)} of {len(topics)} topics: {'; '.join(refused)}")


def _remove(client: HttpClient, settings: ShopifySettings, gone: Subscription) -> None:
    """Of one that is gone already Shopify says "does not exist", which is what was wanted."""
    _require_token(settings)
    answer = ask(client, settings, _DELETE, {"id": gone.id})
    words = _user_errors(answer.get("webhookSubscriptionDelete"))
    if words and "not exist" not in words:
        raise RejectedError(f"Shopify kept the webhook of {gone.topic}: {words}")


def _user_errors(answer: Mapping[str, Any] | None) -> str:
    return "; ".join(str(one.get("message")) for one in (answer or {}).get("userErrors") or ())


SUBSCRIPTIONS = Subscriptions(
    _listed,
    _create,
    _remove,
    topics=TOPICS,
    after=f"Enter this address for {', '.join(PRIVACY)} in the app's own configuration: no API subscribes to them.",
)
