"""Mailchimp's webhooks: one for each audience, carrying every topic, with our secret in its address.

Sources: https://mailchimp.com/developer/marketing/api/list-webhooks/ (``events``, ``sources``) and
https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from hub.connectors.mailchimp.manifest import MailchimpSettings
from hub.sdk.http import HttpClient, json_of
from hub.sdk.subscriptions import Subscription, Subscriptions

SECRET = "secret"  # noqa: S105 - the parameter's name
TOPICS = ("subscribe", "unsubscribe", "profile", "upemail", "cleaned")
_MOST_AUDIENCES = "1000"


def audiences(http: HttpClient, settings: MailchimpSettings) -> list[str]:
    """Those of the settings, else all of the account's."""
    if settings.audiences:
        return list(settings.audiences)
    answer = json_of(http.get("/3.0/lists", {"fields": "lists.id", "count": _MOST_AUDIENCES}))
    return [found["id"] for found in answer.get("lists") or ()]


def _path(audience: str, hook: str = "") -> str:
    return f"/3.0/lists/{quote(audience, safe='')}/webhooks" + (f"/{quote(hook, safe='')}" if hook else "")


def _hooks(http: HttpClient, audience: str) -> Sequence[Mapping[str, Any]]:
    return json_of(http.get(_path(audience))).get("webhooks") or ()


def _address(hook: Mapping[str, Any]) -> str:
    """Where it goes, without the secret."""
    return str(hook.get("url")).partition("?")[0]


def _known(hook: Mapping[str, Any], settings: MailchimpSettings) -> bool:
    """Whether its secret is one of ours: with any other its deliveries are refused."""
    given = parse_qs(urlsplit(str(hook.get("url"))).query).get(SECRET, [""])[0]
    return any(secret.get_secret_value() == given for secret in settings.webhook_secret)


def _listed(http: HttpClient, settings: MailchimpSettings) -> Iterator[Subscription]:
    """A topic is active where every audience sends it with one of our secrets; the id names all of its webhooks."""
    asked = audiences(http, settings)
    found = [(audience, hook) for audience in asked for hook in _hooks(http, audience)]
    for url in dict.fromkeys(_address(hook) for _, hook in found):
        own = [(audience, hook) for audience, hook in found if _address(hook) == url]
        every = " ".join(f"{audience}/{hook.get('id')}" for audience, hook in own)
        for topic in TOPICS:
            sending = {a for a, hook in own if _known(hook, settings) and (hook.get("events") or {}).get(topic)}
            yield Subscription(every, topic, url, active=sending == set(asked))


def _create(http: HttpClient, settings: MailchimpSettings, url: str, topics: Sequence[str]) -> None:
    """Every topic from the person, the account's owner and the API, at each audience; a webhook there is changed.

    One with a secret of before is given the newest: Mailchimp takes no second address that differs in its query alone
    (mailchimp/mailchimp-client-lib-codegen#11).
    """
    address = f"{url}?{urlencode({SECRET: settings.webhook_secret[0].get_secret_value()})}"
    for audience in audiences(http, settings):
        own = [hook for hook in _hooks(http, audience) if _address(hook).rstrip("/") == url.rstrip("/")]
        kept = next((hook for hook in own if _known(hook, settings)), own[0] if own else None)
        wanted = dict.fromkeys(TOPICS, True)
        if kept is None:
            sources = {"user": True, "admin": True, "api": True}
            http.post(_path(audience), {"url": address, "events": wanted, "sources": sources})
            continue
        changed: dict[str, Any] = {} if _known(kept, settings) else {"url": address}
        if not all((kept.get("events") or {}).get(topic) for topic in topics):
            changed["events"] = {**(kept.get("events") or {}), **wanted}
        if changed:
            http.request("PATCH", _path(audience, str(kept.get("id"))), body=changed)
        for hook in own:
            if hook is not kept and not _known(hook, settings):
                _delete(http, audience, str(hook.get("id")))


def _remove(http: HttpClient, settings: MailchimpSettings, gone: Subscription) -> None:
    for one in gone.id.split():
        audience, _, hook = one.partition("/")
        _delete(http, audience, hook)


def _delete(http: HttpClient, audience: str, hook: str) -> None:
    http.request("DELETE", _path(audience, hook))


SUBSCRIPTIONS = Subscriptions(_listed, _create, _remove, topics=TOPICS, renews=True)
