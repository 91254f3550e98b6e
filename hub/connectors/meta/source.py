"""Meta's webhook as a source: handshake, signature, and the fetches of what lead forms and mentions leave out.

Sources: https://developers.facebook.com/docs/graph-api/webhooks/getting-started,
https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving,
https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/mentioned_comment,
https://developers.facebook.com/docs/graph-api/guides/error-handling.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import httpx
import orjson

from hub.connectors.meta.manifest import MANIFEST, MetaSettings
from hub.connectors.meta.mapping import comment, feed, lead, mention, rating
from hub.connectors.meta.mapping_messenger import conversation
from hub.connectors.meta.mapping_whatsapp import calls, changed_ids, echoes, history, preferences, whatsapp
from hub.connectors.meta.schemas import (
    VALUES,
    Change,
    Comment,
    Delivery,
    Entry,
    Feed,
    Lead,
    Leadgen,
    Mention,
    Mentioned,
    PageMention,
    Rating,
)
from hub.connectors.meta.schemas_whatsapp import Calls, Echoes, History, IdUpdates, Messages, Preferences
from hub.connectors.meta.subscriptions import SUBSCRIPTIONS
from hub.errors import AuthError, HubError, PayloadError, RateLimited, RejectedError, SkipEvent, Unavailable
from hub.mapping.body import json_tree
from hub.mapping.payload import Reading, VendorModel
from hub.model.event import CanonicalEvent, InteractionEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient
from hub.sdk.signatures import BodyHmac
from hub.sdk.source import Completion, EventName, InboxEntry, RawDelivery, Reply, Source

SIGNATURE: BodyHmac[MetaSettings] = BodyHmac(
    "x-hub-signature-256", encoding="hex", prefix="sha256=", secrets=lambda settings: settings.app_secret
)
"""Over the raw body: Meta escapes non-ASCII, so JSON that is written again would be other bytes."""

_LEAD = "created_time,form_id,field_data,custom_disclaimer_responses"
"""What of a lead needs no permission for ads; the ad stands in the webhook."""
_PREFIXES = {"page": "page", "instagram": "instagram", "whatsapp_business_account": "whatsapp"}
_NETWORKS = {"page": "messenger", "instagram": "instagram"}


def answer(delivery: RawDelivery, settings: MetaSettings) -> Reply | None:
    """The handshake when the webhook is saved: the challenge goes back if the verify token is ours."""
    if delivery.method != "GET":
        return None
    query = delivery.query
    given, token = query.get("hub.verify_token", "").encode(), settings.verify_token.get_secret_value().encode()
    known = bool(token) and hmac.compare_digest(given, token)
    if known and query.get("hub.mode") == "subscribe":
        return Reply(200, query.get("hub.challenge", "").encode())
    return Reply(403)


def name_event(delivery: RawDelivery, settings: MetaSettings) -> EventName:
    """Meta names no delivery. The id is a digest of the content without ``entry.time`` (when it was sent).

    A POST may mix fields: the topic is the first one that is read, so that a known part is never skipped for an
    unknown one before it.
    """
    try:
        body = orjson.loads(delivery.body)
    except orjson.JSONDecodeError:
        body = json_tree(delivery.body)
    if not isinstance(body, dict) or not isinstance(body.get("entry"), list):
        raise PayloadError("no list", path="entry")
    entries = [entry for entry in body["entry"] if isinstance(entry, dict)]
    content = sorted(
        orjson.dumps({k: v for k, v in entry.items() if k != "time"}, option=orjson.OPT_SORT_KEYS) for entry in entries
    )
    digest = hashlib.blake2b(b"\n".join([str(body.get("object")).encode(), *content]), digest_size=16).hexdigest()
    topics = [topic for entry in entries for topic in _topics(str(body.get("object")), entry)]
    known = (topic for topic in topics if topic in MANIFEST.topics)
    return EventName(event_id=digest, topic=next(known, topics[0] if topics else str(body.get("object"))))


def parse(entry: InboxEntry, settings: MetaSettings) -> Sequence[CanonicalEvent | Note]:
    """Every update of one POST stands alone: one that cannot be read costs itself, and a note (see Quirks)."""
    if entry.topic not in MANIFEST.topics:
        raise SkipEvent(f"topic not read: {entry.topic}")
    reading = Reading()
    delivery = reading.read(Delivery, entry.body)
    events = reading.of(_distinct(_events(delivery, entry.completions, reading, settings)))
    if not events:
        raise SkipEvent("nothing in it that is read")
    return events


def completions(entry: InboxEntry, settings: MetaSettings) -> Sequence[Completion]:
    """One fetch per lead and mention that is not there yet; none without an access token (parse parks those)."""
    if settings.access_token is None or entry.topic not in MANIFEST.topics:
        return ()
    wanted: dict[str, Completion] = {}
    reading = Reading()
    for owner, value, _ in _values(reading.read(Delivery, entry.body), reading):
        completion = _completion(owner, value, settings)
        if completion and completion.name not in entry.completions:
            wanted[completion.name] = completion
    return tuple(wanted.values())


def complete(completion: Completion, http: HttpClient, settings: MetaSettings) -> bytes:
    """GET one object. Graph tells by the code in the body, not by the status, what is wrong."""
    response = http.get(completion.path, completion.query, accept=frozenset({400, 403}))
    if response.is_success:
        return response.content
    raise _graph_error(response)


def authorise(settings: MetaSettings) -> Mapping[str, str]:
    """The token travels in a header, never in the URL."""
    return {"authorization": f"Bearer {settings.access_token.get_secret_value()}"} if settings.access_token else {}


def check(http: HttpClient, settings: MetaSettings) -> Checked:
    """Ask whose token it is: https://developers.facebook.com/docs/graph-api/overview#me.

    What it may do, and until when, tells ``debug_token`` to the app's own token alone, and takes a token in the URL.
    """
    found = Checked(untested=["app_secret and verify_token: only a real event and the handshake can tell"])
    if settings.access_token is None:
        found.untested.append("the Graph API: no access_token is set, so leads and mentions are not read")
        return found
    response = http.get(f"/{settings.api_version}/me", {"fields": "id"}, accept=frozenset({400, 403}))
    if not response.is_success:
        raise _graph_error(response)
    found.works.append("the token is accepted")
    found.untested.append("permissions and expiry of the token: Meta tells them to the app alone")
    return found


def _topics(kind: str, entry: Mapping[str, Any]) -> Iterator[str]:
    prefix = _PREFIXES.get(kind, kind)
    if entry.get("messaging") or entry.get("standby"):
        yield f"{prefix}.messaging"
    changes = entry.get("changes")
    for change in (*(changes if isinstance(changes, list) else ()), entry):
        if not isinstance(change, dict) or not (change.get("field") and isinstance(change["field"], str)):
            continue
        value = change.get("value")
        only_statuses = isinstance(value, dict) and value.get("statuses") and not value.get("messages")
        field = "statuses" if prefix == "whatsapp" and only_statuses else change["field"]
        yield f"{prefix}.{field}"


def _values(delivery: Delivery, reading: Reading) -> Iterator[tuple[Entry, VendorModel, str]]:
    """The changes that are read, each with its entry and its path; one that cannot be is noted."""
    prefix = _PREFIXES.get(delivery.object, "")
    for index, entry in enumerate(delivery.entry):
        changes = [(f".changes.{n}.value", change) for n, change in enumerate(entry.changes)]
        if entry.field:
            changes.append((".value", Change(field=entry.field, value=entry.value)))
        for part, change in changes:
            model = VALUES.get(f"{prefix}.{change.field}")
            if model is None:
                continue
            path = f"entry.{index}{part}"
            for value in reading.alone(_value(reading, model, change.value, path)):
                yield entry, value, path


def _value(reading: Reading, model: type[VendorModel], tree: Any, path: str) -> Iterator[VendorModel]:
    yield reading.tree(model, tree, path)


def _events(
    delivery: Delivery, found: Mapping[str, bytes], reading: Reading, settings: MetaSettings
) -> Iterator[CanonicalEvent]:
    network = _NETWORKS.get(delivery.object)
    if network:
        for index, entry in enumerate(delivery.entry):
            for part in ("messaging", "standby"):
                for number, update in enumerate(getattr(entry, part)):
                    path = f"entry.{index}.{part}.{number}"
                    yield from reading.alone(conversation(network, entry, update, path))
    region = settings.default_region
    for entry, value, path in _values(delivery, reading):
        match value:
            case Messages():
                yield from whatsapp(entry.id, value, path, reading, region=region)
            case Preferences():
                yield from preferences(entry.id, value, path, reading, region=region)
            case Echoes():
                yield from echoes(entry.id, value, path, reading, region=region)
            case History():
                yield from history(entry.id, value, path, reading, region=region)
            case Calls():
                yield from calls(entry.id, value, path, reading, region=region)
            case IdUpdates():
                yield from reading.alone(changed_ids(entry.id, value, path, region=region))
            case Comment():
                yield from reading.alone(comment(entry, value, path))
            case Rating():
                yield from reading.alone(rating(entry, value, path))
            case PageMention():
                yield from reading.alone(feed(entry, value, path, "mention"))
            case Feed():
                yield from reading.alone(feed(entry, value, path))
            case Leadgen() | Mention():
                yield from reading.alone(_completed(entry, value, found, reading, settings, path))


def _completed(
    entry: Entry,
    value: Leadgen | Mention,
    found: Mapping[str, bytes],
    reading: Reading,
    settings: MetaSettings,
    path: str,
) -> Iterator[CanonicalEvent]:
    completion = _completion(entry, value, settings)
    if completion is None:
        return
    body = found.get(completion.name)
    if body is None:
        raise PayloadError("its content was not fetched: set access_token and replay", path=path)
    if not body:
        return
    if isinstance(value, Leadgen):
        found_lead = reading.read(Lead, body)
        yield from lead(value, found_lead, settings.lead_consents, region=settings.default_region, path=path)
    else:
        item = reading.read(Mentioned, body)
        yield from mention(entry, value, item.mentioned_comment or item.mentioned_media, path)


def _completion(entry: Entry, value: VendorModel, settings: MetaSettings) -> Completion | None:
    version = settings.api_version
    if isinstance(value, Leadgen):
        return Completion(f"lead/{value.leadgen_id}", f"{version}/{value.leadgen_id}", {"fields": _LEAD})
    if isinstance(value, Mention) and value.comment_id:
        fields = f"mentioned_comment.comment_id({value.comment_id}){{id,text,timestamp,username}}"
        return Completion(f"mention/{value.comment_id}", f"{version}/{entry.id}", {"fields": fields})
    if isinstance(value, Mention) and value.media_id:
        fields = f"mentioned_media.media_id({value.media_id}){{id,caption,permalink,timestamp,username}}"
        return Completion(f"mention/{value.media_id}", f"{version}/{entry.id}", {"fields": fields})
    return None


def _graph_error(response: httpx.Response) -> HubError:
    try:
        error = orjson.loads(response.content)["error"]
        code, subcode = int(error["code"]), int(error.get("error_subcode") or 0)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return RejectedError(f"the Graph API answered {response.status_code}")
    words = f"the Graph API answered {response.status_code}, code {code}, subcode {subcode}"
    if code in (4, 17, 32, 341, 613) or 80_000 <= code <= 80_014:
        return RateLimited(words)
    if code in (1, 2):
        return Unavailable(words)
    if code in (10, 102, 190) or 200 <= code <= 299:
        return AuthError(words)
    if (code, subcode) == (100, 33):
        return PayloadError(f"{words}: it was deleted, or the token lacks the permission to read it")
    return RejectedError(words)


def _distinct(events: Iterable[CanonicalEvent]) -> list[CanonicalEvent]:
    """Meta repeats updates within one POST; facts are one by kind and id, states by being equal."""
    seen: dict[object, CanonicalEvent] = {}
    for event in events:
        if isinstance(event, InteractionEvent):
            seen.setdefault((event.interaction.channel, event.interaction.kind, event.interaction.external_id), event)
        else:
            seen.setdefault(event, event)
    return list(seen.values())


SOURCE = Source(
    parse=parse,
    verify=SIGNATURE.verify,
    sign=SIGNATURE.sign,
    name_event=name_event,
    answer=answer,
    completions=completions,
    complete=complete,
    subscriptions=SUBSCRIPTIONS,
    authorise=authorise,
    check=check,
    api_root=lambda _: "https://graph.facebook.com",
)
