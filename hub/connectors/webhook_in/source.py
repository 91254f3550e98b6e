"""Webhook-in as a source: deliveries, what is fetched for them, and lists, as the connection's settings say.

Expressions see the names of the event at the top, and beside them ``_headers`` (small letters), ``_topic``, ``_body``
(the whole delivery), ``_fetched`` (by name) and ``_received_at``; an event that is no object is ``_item``.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from hub.connectors.webhook_in.manifest import WebhookInSettings
from hub.connectors.webhook_in.mapping import Told
from hub.connectors.webhook_in.schemas import Rule
from hub.errors import ConfigError, NotFound, PayloadError, SkipEvent
from hub.mapping import custom
from hub.mapping.body import form_fields, json_tree
from hub.mapping.expression import plain
from hub.mapping.time import UNTOLD
from hub.model.event import CanonicalEvent, Note
from hub.sdk.checked import Checked
from hub.sdk.http import HttpClient, json_of
from hub.sdk.incoming.fields import Reader, where
from hub.sdk.paginate import next_link
from hub.sdk.source import BackfillItem, BackfillPage, Completion, EventName, InboxEntry, RawDelivery, Source

LISTED = "Hub listed"
"""The header of what came from the system's own list: the name it would have been fetched under, or nothing.

No sender can write it, and so have its own body believed instead of what is fetched: names of headers have no blank,
and come in small letters.
"""

DEFAULT_TOPIC = "event"
_MOST_PAGES = 100_000


def verify(delivery: RawDelivery, settings: WebhookInSettings) -> None:
    """Raise VerificationError unless the delivery proves itself as ``verify`` says."""
    scheme = settings.verify.scheme if settings.verify else None
    if scheme is not None:
        scheme.verify(delivery, settings.secrets)


def sign(delivery: RawDelivery, settings: WebhookInSettings) -> RawDelivery:
    """The inverse, with the first secret."""
    scheme = settings.verify.scheme if settings.verify else None
    return scheme.sign(delivery, settings.secrets[0].get_secret_value()) if scheme and settings.secrets else delivery


def name_event(delivery: RawDelivery, settings: WebhookInSettings) -> EventName:
    """Topic, and the event's own id; without one, the digest of the body."""
    body = _tree(delivery.body, delivery.headers, settings)
    reader = _reader(body, settings, delivery.headers, body=body, topic="", received_at=delivery.received_at)
    topic = custom.text(reader.raw(settings.event.topic, "event.topic")) or DEFAULT_TOPIC
    told = custom.text(reader.raw(settings.event.id, "event.id"))
    if not told and settings.verify and settings.verify.standard_webhooks:
        told = delivery.headers.get("webhook-id") or delivery.headers.get("svix-id")
    return EventName(event_id=f"{topic}:{told or hashlib.sha256(delivery.body).hexdigest()}", topic=topic)


def parse(entry: InboxEntry, settings: WebhookInSettings) -> Sequence[CanonicalEvent | Note]:
    """What the rules that fit make of each event. Raises SkipEvent where none fits, PayloadError with a path."""
    events: list[CanonicalEvent | Note] = []
    notes: list[Note] = []
    skipped: list[str] = []
    found = _items(entry, settings)
    for number, reader in enumerate(found):
        alone = len(found) == 1
        try:
            told = list(_told(entry, reader, settings, entry.event_id if alone else f"{entry.event_id}#{number}"))
        except SkipEvent as reason:
            skipped.append(str(reason))
            continue
        except PayloadError as error:
            if alone:
                raise
            reader.notes.append(Note(path=error.path, reason=f"{error.reason}, so this event is left out"))
            told = []
        events += told
        notes += reader.notes if alone else [_of_member(note, number, settings) for note in reader.notes]
    if events:
        return [*events, *dict.fromkeys(notes)]
    if notes:
        raise PayloadError(notes[0].reason, path=notes[0].path)
    raise SkipEvent(skipped[0] if skipped else "there is no event in it")


def _of_member(note: Note, number: int, settings: WebhookInSettings) -> Note:
    within = where(settings.items, "") if settings.items is not None else ""
    return Note(path=".".join(part for part in (within, str(number), note.path) if part), reason=note.reason)


def _told(
    entry: InboxEntry, reader: Reader, settings: WebhookInSettings, event_id: str
) -> Iterator[CanonicalEvent | Note]:
    """What every rule that fits tells of one event. Raises SkipEvent where none does."""
    fitting = [(place, rule) for place, rule in enumerate(settings.read) if rule.fits(entry.topic)]
    if not fitting:
        raise SkipEvent(f"topic not read: {entry.topic}")
    came = UNTOLD if LISTED in entry.headers else entry.received_at
    applied = False
    for place, rule in fitting:
        path = f"read.{place}"
        if reader.holds(rule.when, f"{path}.when"):
            applied = True
            yield from Told(rule, _seen_by(rule, entry, reader), path, event_id, came).events()
    if not applied:
        raise SkipEvent(f"no rule fits this event of topic {entry.topic}")


def _seen_by(rule: Rule, entry: InboxEntry, reader: Reader) -> Reader:
    """The event, or what was fetched for it. Raises SkipEvent where the system has that no more."""
    if rule.of is None or entry.headers.get(LISTED) == rule.of:
        return reader
    body = reader.data["_fetched"].get(rule.of)
    if body is None:
        raise SkipEvent(f"{rule.of} is not there: it was not fetched, or does not exist any more")
    return reader.within(body)


def _items(entry: InboxEntry, settings: WebhookInSettings) -> list[Reader]:
    """A reader for each event of the body."""
    body = _tree(entry.body, entry.headers, settings)
    whole = _reader(body, settings, entry.headers, body=body, topic=entry.topic, received_at=entry.received_at)
    if LISTED in entry.headers:
        members = [body]
    elif settings.items is not None:
        found = whole.raw(settings.items, "items")
        members = found if isinstance(found, list) else [found] if isinstance(found, dict) and found else []
        if not members and found not in (None, [], {}, "", False):
            raise PayloadError("no list of events", path=where(settings.items, "items"))
    else:
        members = body if isinstance(body, list) else [body]
    readers = []
    for number, member in enumerate(members):
        fetched = {
            name: _fetched(entry.completions[f"{name}.{number}"], name)
            for name in settings.complete
            if entry.completions.get(f"{name}.{number}")
        }
        readers.append(
            _reader(
                member,
                settings,
                entry.headers,
                body=body,
                topic=entry.topic,
                received_at=entry.received_at,
                fetched=fetched,
            )
        )
    return readers


def _fetched(body: bytes, name: str) -> Any:
    try:
        return _plain(json_tree(body))
    except PayloadError as error:
        raise PayloadError(error.reason, path=name) from None


def _reader(
    member: Any,
    settings: WebhookInSettings,
    headers: Mapping[str, str],
    *,
    body: Any,
    topic: str,
    received_at: datetime,
    fetched: Mapping[str, Any] | None = None,
) -> Reader:
    beside = {
        "_headers": dict(headers),
        "_topic": topic,
        "_body": body,
        "_fetched": dict(fetched or {}),
        "_received_at": received_at.isoformat(),
    }
    data = {**member, **beside} if isinstance(member, dict) else {**beside, "_item": member}
    return Reader(data, settings.time_zone, settings.default_region, [])


def _tree(body: bytes, headers: Mapping[str, str], settings: WebhookInSettings) -> Any:
    """The body as plain data: JSON, or the fields of a form."""
    form = "x-www-form-urlencoded" in headers.get("content-type", "").lower() or (
        settings.within is not None and body.startswith(f"{settings.within}=".encode())
    )
    tree: Any = form_fields(body) if form else json_tree(body)
    if settings.within is not None and isinstance(tree, dict):
        # some senders let their user choose between a form and JSON, which then holds the event itself
        inner = tree.get(settings.within, None if form else tree)
        if inner in (None, ""):
            raise PayloadError("missing", path=settings.within)
        tree = json_tree(inner.encode()) if isinstance(inner, str) else inner
    if not isinstance(tree, dict | list):
        raise PayloadError("neither an object nor a list")
    return _plain(tree)


def _plain(tree: Any) -> Any:
    try:
        return plain(tree)
    except RecursionError:
        raise PayloadError("nested too deeply") from None


# -- the API -----------------------------------------------------------------------------------------------------------


def completions(entry: InboxEntry, settings: WebhookInSettings) -> Sequence[Completion]:
    """What ``complete`` says, for each event of the body that a rule may read; in rounds where one needs another."""
    if not settings.complete or not any(rule.fits(entry.topic) for rule in settings.read):
        return ()
    wanted = []
    for number, reader in enumerate(_items(entry, settings)):
        for name, fetch in settings.complete.items():
            if f"{name}.{number}" in entry.completions or entry.headers.get(LISTED) == name:
                continue
            data = reader
            if fetch.of is not None and entry.headers.get(LISTED) != fetch.of:
                body = reader.data["_fetched"].get(fetch.of)
                if body is None:
                    continue
                data = reader.within(body)
            path = f"complete.{name}"
            if not data.holds(fetch.when, path):
                continue
            filled = fetch.path.filled(data, path)
            if filled is None:
                continue
            query = {key: template.filled(data, path, safe=None) for key, template in fetch.query.items()}
            told = {key: value for key, value in query.items() if value is not None}
            wanted.append(Completion(name=f"{name}.{number}", path=filled, query=told))
    return wanted


def complete(completion: Completion, client: HttpClient, settings: WebhookInSettings) -> bytes:
    """The body as it is; b"" where the system says that it does not exist."""
    try:
        return client.get(completion.path, completion.query or None).content
    except NotFound:
        return b""


def backfill(
    client: HttpClient, settings: WebhookInSettings, since: datetime | None, cursor: Mapping[str, Any] | None
) -> Iterator[BackfillPage]:
    """The pages of ``list``. The cursor is the path and query of the next one. Raises ConfigError without ``list``."""
    listing = settings.list
    if listing is None:
        raise ConfigError(["list: is needed for the backfill"])
    at = _stamp(since)
    query = {
        name: str(value).replace("{since}", at)
        for name, value in listing.query.items()
        if at or "{since}" not in str(value)
    }
    if listing.page:
        query = {**query, listing.page: "1"}
    place: tuple[str, dict[str, str]] | None = (listing.path, query)
    if cursor is not None:
        place = (str(cursor["path"]), dict(cursor["query"])) if cursor.get("path") else None
    seen: set[bytes] = set()
    while place is not None and (key := orjson.dumps(place)) not in seen and len(seen) < _MOST_PAGES:
        seen.add(key)
        response = client.get(place[0], place[1] or None)
        body = _plain(json_of(response))
        reader = _reader(body, settings, {}, body=body, topic=listing.topic, received_at=UNTOLD)
        items = reader.items(listing.items, "list.items") if listing.items is not None else body
        found = [_item(one.data if isinstance(one, Reader) else one, settings) for one in items]
        place = _following(place, response.headers.get("link"), reader, found, settings)
        yield BackfillPage(
            items=[one for one in found if one],
            cursor={"path": place[0], "query": place[1]} if place else {"path": None, "query": {}},
        )


def _stamp(since: datetime | None) -> str:
    return since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if since else ""


def _item(found: Any, settings: WebhookInSettings) -> BackfillItem | None:
    listing = settings.list
    assert listing is not None
    own = {name: value for name, value in found.items() if not name.startswith("_")} if isinstance(found, dict) else {}
    reader = Reader(own, settings.time_zone, settings.default_region, [])
    external_id = custom.text(reader.raw(listing.id, "list.id"))
    if external_id is None:
        return None
    body = orjson.dumps(own, default=_exact)
    version = custom.text(reader.raw(listing.version, "list.version")) or hashlib.sha256(body).hexdigest()
    headers = {LISTED: listing.fetched_as or ""}
    return BackfillItem(f"list:{listing.topic}:{external_id}:{version}", listing.topic, body, headers)


def _exact(value: Any) -> Any:
    return str(value)  # a Decimal: amounts are read from text as well


def _following(
    place: tuple[str, dict[str, str]],
    link: str | None,
    reader: Reader,
    found: Sequence[Any],
    settings: WebhookInSettings,
) -> tuple[str, dict[str, str]] | None:
    listing = settings.list
    assert listing is not None
    if not found:
        return None
    if listing.page:
        return place[0], {**place[1], listing.page: str(int(place[1][listing.page]) + 1)}
    target = next_link(link) if listing.link_header else custom.text(reader.raw(listing.next, "list.next"))
    if not target:
        return None
    parts = urlsplit(target)
    root = urlsplit(settings.base_url or "").path.rstrip("/")
    # the host is never theirs to choose, and behind a proxy links often say http
    path = parts.path.removeprefix(root) if root and parts.path.startswith(root) else parts.path
    return path or listing.path, dict(parse_qsl(parts.query, keep_blank_values=True))


def authorise(settings: WebhookInSettings) -> Mapping[str, str]:
    """``api_token`` as ``api`` says."""
    if settings.api_token is None:
        return {}
    token = settings.api_token.get_secret_value()
    if settings.api.user is not None:
        return {"authorization": f"Basic {base64.b64encode(f'{settings.api.user}:{token}'.encode()).decode()}"}
    return {settings.api.header: f"{settings.api.prefix}{token}"}


def api_root(settings: WebhookInSettings) -> str:
    """The API's root. Raises ConfigError when ``base_url`` is not set."""
    if settings.base_url is None:
        raise ConfigError(["base_url: is needed for complete and list, the address of the API"])
    return settings.base_url


def check(client: HttpClient, settings: WebhookInSettings) -> Checked:
    """Read the first page of ``list``."""
    found = Checked(untested=["verify: only a real delivery can tell; `hub webhook try` reads one from a file"])
    if settings.list is None:
        found.untested.append("the API: there is no list")
        return found
    page = next(backfill(client, settings, None, None))
    found.works.append(f"the list can be read: {len(page.items)} items on its first page")
    return found


SOURCE = Source(
    parse=parse,
    verify=verify,
    sign=sign,
    name_event=name_event,
    completions=completions,
    complete=complete,
    backfill=backfill,
    authorise=authorise,
    api_root=api_root,
    check=check,
)
