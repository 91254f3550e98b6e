"""Meta's webhooks: the app's, one address for each object, and the pages and WhatsApp accounts that it is let into.

Sources: https://developers.facebook.com/docs/graph-api/webhooks/subscriptions-edge and
https://developers.facebook.com/docs/graph-api/reference/app/subscriptions/ (object, callback_url, fields, verify_token;
an app access token), https://developers.facebook.com/docs/graph-api/reference/page/subscribed_apps (fields are sent
where both the app and the page subscribe; a page access token),
https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account/subscribed_apps/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.connectors.meta.manifest import MetaSettings
from hub.errors import ConfigError, Forbidden, RejectedError
from hub.sdk.http import HttpClient, json_of
from hub.sdk.subscriptions import Subscription, Subscriptions

FIELDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "page": {
        "page.messaging": (
            "messages", "message_echoes", "message_edits", "messaging_postbacks", "messaging_optins",
            "messaging_referrals", "message_reactions", "message_reads", "message_deliveries",
        ),
        "page.feed": ("feed",),
        "page.ratings": ("ratings",),
        "page.mention": ("mention",),
        "page.leadgen": ("leadgen",),
    },
    "instagram": {
        "instagram.messaging": (
            "messages", "messaging_postbacks", "message_reactions", "messaging_seen", "messaging_referral",
        ),
        "instagram.comments": ("comments",),
        "instagram.live_comments": ("live_comments",),
        "instagram.mentions": ("mentions",),
    },
    "whatsapp_business_account": {
        "whatsapp.messages": ("messages",),
        "whatsapp.statuses": ("messages",),
        "whatsapp.smb_message_echoes": ("smb_message_echoes",),
        "whatsapp.history": ("history",),
        "whatsapp.calls": ("calls",),
        "whatsapp.user_preferences": ("user_preferences",),
        "whatsapp.user_id_update": ("user_id_update",),
    },
}  # fmt: skip
"""The fields that make up each topic, by the object that has them. WhatsApp's statuses come with its messages."""


_NEW_AT_PAGES = frozenset({"message_edits", "ratings", "mention"})
"""Fields that not every page, or not every token, can be subscribed to: where Meta refuses them, the others are."""


def _app(settings: MetaSettings) -> tuple[str, Mapping[str, str]]:
    """The app's edge, and the header with its token, ``{app-id}|{app-secret}``.

    https://developers.facebook.com/docs/facebook-login/guides/access-tokens#apptokens
    """
    if settings.app_id is None:
        raise ConfigError(["app_id: is needed to make webhooks"])
    token = f"{settings.app_id}|{settings.app_secret[0].get_secret_value()}"
    return f"/{settings.api_version}/{settings.app_id}/subscriptions", {"authorization": f"Bearer {token}"}


def _own(client: HttpClient, settings: MetaSettings) -> list[Mapping[str, Any]]:
    path, headers = _app(settings)
    return list(json_of(client.get(path, headers=headers)).get("data") or ())


def _fields(one: Mapping[str, Any]) -> set[str]:
    """Names alone, or with the version that each is subscribed in."""
    return {str(field.get("name") if isinstance(field, dict) else field) for field in one.get("fields") or ()}


def _listed(client: HttpClient, settings: MetaSettings) -> Iterator[Subscription]:
    """A topic is there once the app has all its fields and every page or account of the settings lets the app in."""
    for one in _own(client, settings):
        kind, there = str(one.get("object")), _fields(one)
        let_in = all(_lets_in(client, settings, kind, place) for place in _places(settings, kind))
        for topic, fields in FIELDS.get(kind, {}).items():
            if there.issuperset(fields):
                active = one.get("active") is not False and let_in
                yield Subscription(kind, topic, str(one.get("callback_url")), active)


def _create(client: HttpClient, settings: MetaSettings, url: str, topics: Sequence[str]) -> None:
    """Subscribe the app, then let it into each page and account. Meta calls the address at once, so Hub has to run.

    Raises RejectedError where the app's webhook of an object goes elsewhere: Meta keeps one address for each, and this
    one would take the place of the other.
    """
    path, headers = _app(settings)
    there = {str(one.get("object")): one for one in _own(client, settings)}
    for kind, offered in FIELDS.items():
        if not any(topic in topics for topic in offered):
            continue  # also what the settings leave out
        found = there.get(kind, {})
        address = str(found.get("callback_url") or url)
        if address.rstrip("/") != url.rstrip("/") and found.get("active") is not False:
            raise RejectedError(f"the app's webhook of {kind} goes to another address; take it away there first")
        wanted = sorted(_fields(found) | {field for fields in offered.values() for field in fields})
        token = settings.verify_token.get_secret_value()
        body = {"object": kind, "callback_url": url, "verify_token": token, "fields": ",".join(wanted)}
        client.post(path, {**body, "include_values": True}, headers=headers)
        for place in _places(settings, kind):
            _let_in(client, settings, kind, place)


def _remove(client: HttpClient, settings: MetaSettings, gone: Subscription) -> None:
    """The app's subscription to the object as a whole; pages and accounts keep the app, which then hears nothing."""
    path, headers = _app(settings)
    client.request("DELETE", path, query={"object": gone.id}, headers=headers)


def _places(settings: MetaSettings, kind: str) -> Sequence[str]:
    return {"page": settings.pages, "whatsapp_business_account": settings.whatsapp_accounts}.get(kind, ())


def _headers(client: HttpClient, settings: MetaSettings, kind: str, place: str) -> Mapping[str, str]:
    """A page wants its own token, which a user or system user is given (.../reference/page, access_token)."""
    if settings.access_token is None:
        raise ConfigError(["access_token: is needed to let the app into pages and WhatsApp accounts"])
    own = settings.access_token.get_secret_value()
    if kind == "page":
        answer = json_of(client.get(f"/{settings.api_version}/{place}", {"fields": "access_token"}))
        own = str(answer.get("access_token") or own)
    return {"authorization": f"Bearer {own}"}


def _lets_in(client: HttpClient, settings: MetaSettings, kind: str, place: str) -> bool:
    headers = _headers(client, settings, kind, place)
    found = json_of(client.get(f"/{settings.api_version}/{place}/subscribed_apps", headers=headers)).get("data") or ()
    for one in found:
        inner = one.get("whatsapp_business_api_data") or one
        if str(inner.get("id")) == settings.app_id:
            wanted = {field for fields in FIELDS["page"].values() for field in fields} - _NEW_AT_PAGES
            return kind != "page" or wanted.issubset(one.get("subscribed_fields") or ())
    return False


def _let_in(client: HttpClient, settings: MetaSettings, kind: str, place: str) -> None:
    path, headers = f"/{settings.api_version}/{place}/subscribed_apps", _headers(client, settings, kind, place)
    if kind != "page":
        client.request("POST", path, headers=headers)
        return
    wanted = [field for fields in FIELDS["page"].values() for field in fields]
    try:
        client.request("POST", path, query={"subscribed_fields": ",".join(wanted)}, headers=headers)
    except (RejectedError, Forbidden):
        older = ",".join(field for field in wanted if field not in _NEW_AT_PAGES)
        client.request("POST", path, query={"subscribed_fields": older}, headers=headers)


def _topics(settings: MetaSettings) -> Sequence[str]:
    return [topic for kind, offered in FIELDS.items() if kind in settings.objects for topic in offered]


SUBSCRIPTIONS = Subscriptions(_listed, _create, _remove, topics=_topics, renews=True)
